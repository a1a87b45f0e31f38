// Tests of propose: what it writes is a policy, allows all of its own input, and nothing else between the addresses it knows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIp, type Ip } from '../../base/ip.ts'
import { parseYaml } from '../../config/yaml.ts'
import { createEvaluator, type Evaluator } from '../eval/evaluator.ts'
import { policyNames } from '../eval/names.ts'
import type { FiveTuple } from '../eval/evaluate.ts'
import type { Policy } from '../language/model.ts'
import { parsePolicy } from '../language/policy.ts'
import { ZONES_MAX } from '../language/zones.ts'
import { replay, type ReplayConversation, type ReplayDevice, type UnseenFlow } from '../replay/index.ts'
import { propose, type Proposal, type ProposeInput } from './index.ts'

const MONDAY = 1_767_571_200_000_000

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function device(address: string, what = 'unknown'): ReplayDevice {
  const bed = what === 'patient-monitor' ? Number(address.split('.')[3]) : null
  return { id: `a-${address}`, label: `host ${address}`, ip: ip(address), function: what, bed, lastSeen: MONDAY }
}

function talk(from: ReplayDevice, to: ReplayDevice, dstPort: number, change: Partial<ReplayConversation> = {}): ReplayConversation {
  return {
    from, to, tuple: { src: from.ip, dst: to.ip, proto: 6, srcPort: 0, dstPort }, flows: 2, attempts: 0, bytes: 10, firstAt: MONDAY,
    lastAt: MONDAY + 60_000_000, times: [], protocol: null, leaves: false, telemetry: false, documented: null, ...change,
  }
}

const BED = (n: number): ReplayDevice => device(`10.0.1.${n}`, 'patient-monitor')
const CENTRAL = device('10.0.9.9', 'central-station')

const make = (conversations: readonly ReplayConversation[], change: Partial<ProposeInput> = {}): Proposal =>
  propose({ name: 'draft', conversations, unseen: [], inForce: null, ...change })

/** The policy of a proposal; any diagnostic fails. */
function policyOf(text: string): Policy {
  const { tree, diagnostics } = parseYaml(text, 'draft.yaml')
  assert.ok(tree !== null, `${JSON.stringify(diagnostics)}\n${text}`)
  const parsed = parsePolicy(tree)
  assert.deepEqual([...diagnostics, ...parsed.diagnostics], [], text)
  assert.ok(parsed.policy !== null)
  return parsed.policy
}

function evaluatorOf(text: string): Evaluator {
  const policy = policyOf(text)
  return createEvaluator(policy, policyNames(policy, new Map()))
}

test('a ward of monitors becomes two zones and one conduit, each line with what earned it', () => {
  const { text, exact, zones, conduits } = make([1, 2, 3].map((n) => talk(BED(n), CENTRAL, 515, { protocol: 'cms8000' })))
  assert.deepEqual([exact, zones, conduits], [true, 2, 1])
  assert.match(text, / {6}- "10\.0\.1\.2\/32" {2}# bed 2\n/)
  const span = '2026-01-05T00:00:00Z to 2026-01-05T00:01:00Z'
  assert.ok(text.includes(`      - tcp-515  # 3 conversations, 6 flows, ${span}; e.g. 10.0.1.1 to 10.0.9.9\n`), text)
  const policy = policyOf(text)
  assert.deepEqual(policy.zones.map((z) => [z.name, z.kind, z.prefixes.length]),
    [['patient-monitor-1', 'medical', 3], ['central-station-1', 'medical', 1]])
  assert.deepEqual(policy.conduits.map((c) => [c.name, c.services, c.action, c.fail]),
    [['patient-monitor-1-to-central-station-1', ['tcp-515'], 'allow', 'open']])
  assert.equal(policy.default, 'deny')
})

test('a monitor with a habit of its own gets a zone of its own', () => {
  const { text } = make([talk(BED(1), CENTRAL, 515), talk(BED(2), CENTRAL, 515), talk(BED(2), CENTRAL, 22)])
  const draft = evaluatorOf(text)
  const ask = (from: ReplayDevice, dstPort: number): string =>
    draft.evaluate({ src: from.ip, dst: CENTRAL.ip, proto: 6, srcPort: 0, dstPort }).action
  assert.deepEqual([ask(BED(1), 515), ask(BED(2), 515), ask(BED(2), 22), ask(BED(1), 22)], ['allow', 'allow', 'allow', 'deny'])
})

const HL7: UnseenFlow = {
  device: BED(1), notAsked: null,
  what: { name: 'hl7', blocked: 'Values are missing.', occurs: 'at-start', expected: 'routine', source: 'test' },
  tuples: [511, 512, 513].map((dstPort) => ({ src: BED(1).ip, dst: ip('10.0.9.8'), proto: 6, srcPort: 0, dstPort })),
}

test('a routine documented flow is in it although nobody saw it; a rare one, and one to a public address, are listed only', () => {
  const inside = make([talk(BED(1), CENTRAL, 515)], { unseen: [HL7] })
  assert.match(inside.text, /- tcp-511-513 {2}# never seen; documented: hl7; e\.g\. 10\.0\.1\.1 to 10\.0\.9\.8\n/)
  const tuple = HL7.tuples[1] as FiveTuple
  assert.equal(evaluatorOf(inside.text).evaluate(tuple).action, 'allow')
  const outside = { ...HL7, tuples: [{ ...tuple, dst: ip('202.114.4.120') }] }
  const rare = { ...HL7, what: { ...HL7.what, name: 'update', expected: 'rare' as const } }
  const left = make([talk(BED(1), CENTRAL, 515)], { unseen: [outside, rare, { ...HL7, tuples: [], notAsked: 'its port is negotiated' }] })
  assert.equal(left.leftOut.length, 3)
  assert.match(left.text, /# Documented, and not allowed here:\n# {3}bed 1: hl7: its other side, 202\.114\.4\.120, is a public address/)
  assert.doesNotMatch(left.text, /tcp-511/)
})

test('what leaves the hospital is said at the top and at its line', () => {
  const out = device('202.114.4.119')
  const { text, leaving } = make([talk(BED(1), { ...out, id: null }, 515, { leaves: true })])
  assert.deepEqual(leaving, ['tcp-515 10.0.1.1 to 202.114.4.119'])
  assert.match(text, /^# LEAVES THE HOSPITAL, decide: tcp-515 10\.0\.1\.1 to 202\.114\.4\.119$/m)
  const policy = policyOf(text)
  assert.deepEqual(policy.zones.map((z) => z.kind), ['medical', 'external'])
  assert.deepEqual(policy.conduits.map((c) => c.fail), ['closed'])
  // The same address may also be a machine here: then its zone is not external, and the way out still fails closed.
  const both = make([talk(BED(1), CENTRAL, 515, { leaves: true }), talk(CENTRAL, BED(2), 80)])
  assert.deepEqual(policyOf(both.text).conduits.map((c) => c.fail), ['closed', 'open'])
})

test('what the language cannot say narrowly is listed, and not widened', () => {
  const group = talk(BED(1), CENTRAL, 9)
  const odd = [
    talk(BED(1), CENTRAL, 0, { tuple: { ...group.tuple, proto: 47, dstPort: 0 } }), talk(BED(1), CENTRAL, 0),
    talk(BED(1), CENTRAL, 9, { tuple: { ...group.tuple, src: ip('224.0.0.1') } }),
  ]
  const { text, notExpressed, conduits } = make(odd)
  assert.equal(conduits, 0)
  assert.deepEqual(notExpressed.map((n) => n.why), [
    'the policy language cannot name IP protocol 47 alone', 'the policy language cannot name tcp 0 alone', 'its sender is a group address',
  ])
  assert.match(text, /# Seen, and not allowed here:\n# {3}IP protocol 47 from 10\.0\.1\.1 to 10\.0\.9\.9: the policy language cannot/)
  assert.equal(evaluatorOf(text).evaluate(group.tuple).action, 'deny')
})

test('what the policy in force allows and nobody used is listed', () => {
  const policy = policyOf(make([talk(BED(1), CENTRAL, 515), talk(BED(1), CENTRAL, 22), talk(CENTRAL, BED(1), 80)]).text)
  const evaluator = createEvaluator(policy, policyNames(policy, new Map()))
  const inForce = { policy, eyes: { local: evaluator, leaving: evaluator } }
  const { neverUsed, text } = make([talk(BED(1), CENTRAL, 515)], { inForce })
  assert.deepEqual(neverUsed, [
    { conduit: 'patient-monitor-1-to-central-station-1', services: ['tcp-22'], entirely: false },
    { conduit: 'central-station-1-to-patient-monitor-1', services: ['tcp-80'], entirely: true },
  ])
  assert.match(text, /never used:\n# {3}patient-monitor-1-to-central-station-1: not tcp-22\n# {3}central-.*: nothing of it/)
})

test('a label from the network cannot write a line of the policy', () => {
  const evil = { ...device('10.0.3.3', 'x"\nconduits: ['), label: 'pc\ndefault: allow\u2028#' }
  const { text } = make([talk(evil, CENTRAL, 80, { protocol: 'a\nb' })])
  assert.equal(policyOf(text).default, 'deny')
  assert.equal(text.split('\n').filter((line) => line.startsWith('default:')).length, 1)
})

test('nothing seen makes a policy that denies everything', () => {
  const { text, zones } = make([])
  assert.equal(zones, 0)
  const { policy } = parsePolicy(parseYaml(text, 'x').tree ?? assert.fail())
  assert.deepEqual([policy?.conduits.length, policy?.default], [0, 'deny'])
})

test('more neighbourhoods than zones: joined by function, still all of its input, and it says so', () => {
  const many = Array.from({ length: ZONES_MAX + 50 }, (_, i) => talk(device(`10.1.${i >> 8}.${i & 255}`), CENTRAL, 1000 + i))
  const { text, exact, zones } = make(many)
  assert.deepEqual([exact, zones], [false, 2])
  assert.match(text, /^# There were too many kinds of neighbourhood/m)
  const draft = evaluatorOf(text)
  for (const c of many) assert.equal(draft.evaluate(c.tuple).action, 'allow')
})

test('property: parses without a complaint, replays as all permitted on its own input, and allows no other pair or port', () => {
  const hosts = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.9.9', '8.8.8.8', 'fd00::7', '0.0.0.0', '239.1.1.1', '255.255.255.255']
  const functions = ['patient-monitor', 'central-station', 'unknown', 'Größe 9', 'internet']
  const hostArb = fc.nat(hosts.length - 1)
  const row = fc.record({
    from: hostArb.filter((i) => i < 7), to: hostArb, proto: fc.constantFrom(6, 17, 1, 2, 58), port: fc.constantFrom(53, 515, 65_535),
    leaves: fc.boolean(),
  })
  const describe = (i: number): ReplayDevice => device(hosts[i] ?? '', functions[i % functions.length])
  fc.assert(fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
    const conversations = rows.map(({ from, to, proto, port, leaves }) => {
      const [a, b] = [describe(from), describe(to)]
      const dstPort = proto === 6 || proto === 17 ? port : 0
      return talk(a, b, port, { leaves, tuple: { src: a.ip, dst: b.ip, proto, srcPort: 0, dstPort } })
    })
    const proposal = make(conversations)
    assert.deepEqual(proposal.notExpressed, [])
    const draft = rows.length === 0 ? null : evaluatorOf(proposal.text)
    if (draft === null) return
    const r = replay({
      conversations, unseen: [], draft: { local: draft, leaving: draft }, inForce: null, now: MONDAY, reason: null,
      observation: { watches: [], lost: 0, damaged: false, devices: [], utcOffsetMinutes: 0 },
    })
    assert.equal(r.counts.permitted.conversations, conversations.length, proposal.text)
    const groups = ['239.1.1.1', '255.255.255.255']
    const kind = (proto: number): number => (proto === 58 ? 1 : proto)
    const seen = new Set(conversations.map(({ tuple: t }) => `${t.src} ${t.dst} ${kind(t.proto)} ${t.dstPort}`))
    for (const src of hosts.slice(0, 7)) {
      for (const dst of hosts.filter((h) => !groups.includes(h))) {
        for (const [proto, dstPort] of [[6, 53], [6, 515], [6, 514], [17, 53], [1, 0], [2, 0]] as const) {
          const { action } = draft.evaluate({ src: ip(src), dst: ip(dst), proto, srcPort: 0, dstPort })
          const wanted = seen.has(`${src} ${dst} ${proto} ${dstPort}`) ? 'allow' : 'deny'
          assert.equal(action, wanted, `${src} ${dst} ${proto}/${dstPort}\n${proposal.text}`)
        }
      }
    }
  }), { numRuns: 150 })
})
