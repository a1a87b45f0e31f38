// Tests of the laboratory evidence: names by the device's own words, parts inferred from who sends results.
// Keeps "wrong labels cost more than missing ones".

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { AstmFact } from '../protocols/astm/facts.ts'
import { astm } from '../protocols/astm/index.ts'
import { ENQ, FRAMES, glued } from '../protocols/astm/testdata/samples.ts'
import { runSession } from '../testing/everysplit.ts'
import { FAKE_INITIATOR, FAKE_RESPONDER } from '../testing/fake-context.ts'
import type { FlowEnds } from './claim-about.ts'
import type { TargetedClaim } from './evidence.ts'
import { astmClaims } from './evidence-lab.ts'

const ENDS: FlowEnds = [{ vlan: 0, ip: FAKE_INITIATOR }, { vlan: 0, ip: FAKE_RESPONDER }]

const words = (claims: readonly TargetedClaim[]): string[] => claims.map(({ target, claim }) => (
  `${target === ENDS[0] ? 'initiator' : 'responder'} ${claim.what} ${claim.value}${claim.inferred ? '?' : ''} ${claim.level}: ${claim.evidence}`
))

test('ASTM: the sender is named by H-5, and who sends results is taken for an analyser', () => {
  const { facts } = runSession(astm, 'tcp', [{ direction: 0, bytes: glued(ENQ, ...FRAMES) }])
  deepEqual(facts.flatMap((fact) => (fact.protocol === 'astm' ? words(astmClaims(fact, ENDS)) : [])), [
    'initiator software ANALYSER^1.2^SN0001 C: ASTM H-5, sender name', 'initiator role lab-analyser? C: sends ASTM results',
    'responder role laboratory-system? C: is the peer of what sends ASTM results',
  ])
})

test('ASTM: a query from the responder, and a header without a name', () => {
  const base = { at: 1, frame: 1, protocol: 'astm', flowId: 1 } as const
  const query: AstmFact = { ...base, kind: 'sends', direction: 1, record: 'query' }
  deepEqual(words(astmClaims(query, ENDS)).map((text) => text.split(' ')[0]), ['responder', 'initiator'])
  const nameless = { framing: 'bare', sender: '', receiver: 'LIS', processing: '', version: '', hasPassword: false } as const
  deepEqual(astmClaims({ ...base, kind: 'header', direction: 0, ...nameless }, ENDS), [])
})
