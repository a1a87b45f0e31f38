// Verdicts of single denies: what got through breaks, what is only documented breaks, an incomplete record is unknown, the rest passes.
// Keeps S3: every denying conduit and the default have a row, whatever was seen.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYaml } from '../../config/index.ts'
import { ip } from '../../testing/emit-check.ts'
import { createEvaluator } from '../eval/evaluator.ts'
import { policyNames } from '../eval/names.ts'
import { parsePolicy } from '../language/policy.ts'
import { replay, type Replay, type ReplayConversation, type ReplayDevice, type ReplayPolicy } from '../replay/index.ts'
import { denyVerdicts, type DenyVerdict } from './denies.ts'

const TEXT = `
version: 1
name: ward
zones:
  - { name: ward, kind: medical, prefixes: [10.20.3.0/24], inside: rest }
  - { name: rest, kind: it, prefixes: [10.0.0.0/8] }
conduits:
  - { name: no-telnet, from: ward, to: rest, services: [telnet], action: deny, fail: closed, reason: r }
  - { name: no-ssh, from: ward, to: rest, services: [ssh], action: deny, fail: closed, reason: r }
  - { name: web, from: ward, to: rest, services: [http], action: allow, fail: open, reason: r }
default: deny
`

function policy() {
  const { tree } = parseYaml(TEXT, 'test.yaml')
  const parsed = tree === null ? null : parsePolicy(tree).policy
  return parsed ?? assert.fail('the policy is sound')
}

const device = (address: string): ReplayDevice => ({ id: address, label: address, ip: ip(address), function: 'unknown', bed: null, lastSeen: 0 })

function talk(port: number, attempts: number): ReplayConversation {
  return {
    from: device('10.20.3.7'), to: device('10.9.9.9'), tuple: { src: ip('10.20.3.7'), dst: ip('10.9.9.9'), proto: 6, srcPort: 0, dstPort: port },
    flows: 2, attempts, bytes: 10, firstAt: 0, lastAt: 1, times: [], protocol: null, leaves: false, telemetry: false, documented: null,
  }
}

function verdicts(conversations: readonly ReplayConversation[], change: (result: Replay) => Replay = (result) => result): readonly DenyVerdict[] {
  const model = policy()
  const evaluator = createEvaluator(model, policyNames(model, new Map()))
  const draft: ReplayPolicy = { local: evaluator, leaving: evaluator }
  const observation = { watches: [], lost: 0, damaged: false, devices: [], utcOffsetMinutes: 0 }
  const result = replay({ conversations, unseen: [], observation, draft, inForce: null, now: 0, reason: null })
  return denyVerdicts(model, draft, conversations, change(result))
}

/** As if a week had been watched whole. */
const complete = (result: Replay): Replay => ({ ...result, coverage: { ...result.coverage, gaps: [] } })
const words = (rows: readonly DenyVerdict[]): readonly string[] => rows.map((r) => `${r.rule} ${r.verdict} ${r.stops} ${r.tried}`)

test('each deny is judged by what it would stop itself', () => {
  const seen = [talk(23, 0), talk(22, 2), talk(80, 0), talk(443, 0)]
  assert.deepEqual(words(verdicts(seen, complete)), ['no-telnet break 1 0', 'no-ssh pass 0 1', 'default break 1 0'])
})

test('an incomplete record passes nothing, and what got through breaks all the same', () => {
  assert.deepEqual(words(verdicts([talk(23, 0)])), ['no-telnet break 1 0', 'no-ssh unknown 0 0', 'default unknown 0 0'])
  assert.match(verdicts([]).at(-1)?.why ?? '', /the record is not complete: /)
})

test('what is documented and would stop breaks its rule; on purpose is said and does not', () => {
  const unseen = (state: Replay['unseen'][number]['state'], rule: string): Replay['unseen'][number] => ({
    flow: {
      device: device('10.20.3.7'), tuples: [], notAsked: null,
      what: { name: 'service', blocked: 'x', occurs: 'unknown', expected: 'rare', source: 's' },
    },
    state, sentence: 'Service is lost.', rule, why: 'w',
  })
  const rows = verdicts([], (result) => complete({ ...result, unseen: [unseen('broken', 'no-telnet'), unseen('on-purpose', 'no-ssh')] }))
  assert.deepEqual(words(rows), ['no-telnet break 0 0', 'no-ssh pass 0 0', 'default pass 0 0'])
  assert.deepEqual(rows[0]?.documented, ['Service is lost.'])
  assert.match(rows[1]?.why ?? '', /1 documented flow is stopped on purpose/)
})
