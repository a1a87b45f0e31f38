// Tests of the laboratory evidence: names by the device's own words, parts inferred from who sends results.
// Keeps "wrong labels cost more than missing ones".

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { AstmFact } from '../../protocols/astm/facts.ts'
import { astm } from '../../protocols/astm/index.ts'
import { ENQ, FRAMES, glued } from '../../protocols/astm/testdata/samples.ts'
import { poct1a } from '../../protocols/poct1a/index.ts'
import { bytes, HELLO } from '../../protocols/poct1a/testdata/samples.ts'
import { runSession } from '../../testing/everysplit.ts'
import { FAKE_INITIATOR, FAKE_RESPONDER } from '../../testing/fake-context.ts'
import type { FlowEnds } from './claim-about.ts'
import type { TargetedClaim } from '../evidence.ts'
import { astmClaims, poctClaims } from './lab.ts'

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

test('POCT1-A: a hello names its device; the serial number is level A; who is greeted is inferred', () => {
  const { facts } = runSession(poct1a, 'tcp', [{ direction: 1, bytes: bytes(HELLO) }])
  deepEqual(facts.flatMap((fact) => (fact.protocol === 'poct1a' ? words(poctClaims(fact, ENDS)) : [])), [
    'responder role point-of-care-device C: says hello by POCT1-A (HEL.R01)',
    'initiator role point-of-care-manager? C: is said hello to by POCT1-A (HEL.R01)',
    'responder vendor ACME C: POCT1-A DEV.vendor_id or manufacturer_name',
    'responder device-identifier SN0001 A: POCT1-A DEV.serial_id or device_id in a message it sent',
    'responder model METER-3 C: POCT1-A DEV.model_id or device_name', 'responder software 2.3.1 C: POCT1-A DEV.sw_version',
  ])
})

test('POCT1-A: a hello that says little claims little', () => {
  const texts = { deviceId: 'D1', vendor: '', model: '', serial: '', name: 'Meter', hardware: '', software: '' }
  const claims = poctClaims({ at: 1, frame: 1, protocol: 'poct1a', flowId: 1, kind: 'device', direction: 0, ...texts }, ENDS)
  deepEqual(claims.slice(2).map(({ claim }) => `${claim.what} ${claim.value}`), ['device-identifier D1', 'model Meter'])
})
