// Tests of replay: classes, groups, and the safety rules S3, S4, S5, S8 of the product by name.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIp, type Ip } from '../../base/ip.ts'
import { MICROS_PER_MINUTE } from '../../base/time.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import { createEvaluator } from '../eval/evaluator.ts'
import { evaluate } from '../eval/evaluate.ts'
import { policyNames } from '../eval/names.ts'
import type { Policy } from '../language/model.ts'
import { parsePolicy } from '../language/policy.ts'
import { EXAMPLES_MAX } from './groups.ts'
import { REPLAY_CLASSES, type DocumentedFunction, type ReplayConversation, type ReplayDevice, type ReplayInput, type ReplayPolicy,
  type UnseenFlow } from './model.ts'
import { replay } from './replay.ts'
import { sameFunction, unseenSentence } from './unseen.ts'

const HOUR = 60 * MICROS_PER_MINUTE
const DAY = 24 * HOUR
/** Monday 2026-01-05, 00:00 UTC. */
const MONDAY = 1_767_571_200_000_000
const NOW = MONDAY + 8 * DAY

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function policyOf(conduits: PlainValue[], fallback = 'deny'): Policy {
  const { policy, diagnostics } = parsePolicy(treeFromValue({
    version: '1', name: 'draft',
    zones: [
      { name: 'ward', kind: 'medical', prefixes: ['10.0.1.0/24'] },
      { name: 'central', kind: 'medical', prefixes: ['10.0.9.0/24'] },
    ],
    conduits, default: fallback,
  }, 'draft'))
  assert.ok(policy !== null, JSON.stringify(diagnostics))
  return policy
}

const conduit = (name: string, services: string[], action = 'allow', to = 'central'): PlainValue =>
  ({ name, from: 'ward', to, services, action, fail: 'open', reason: `${name} is said.` })

function eyes(policy: Policy): ReplayPolicy {
  const evaluator = createEvaluator(policy, policyNames(policy, new Map()))
  return { local: evaluator, leaving: evaluator }
}

const OPEN = eyes(policyOf([conduit('vitals', ['cms8000', 'icmp'])]))
const SHUT = eyes(policyOf([conduit('ping', ['icmp'])]))

const VITALS: DocumentedFunction = {
  name: 'vitals', blocked: 'The bed disappears from the central station.', occurs: 'continuous', expected: 'routine', source: 'test',
}
const UPDATE: DocumentedFunction = {
  name: 'update', blocked: 'Nothing on the ward.', occurs: 'user-action', expected: 'rare', source: 'test',
}

function monitor(bed: number, lastSeen: number | null = NOW): ReplayDevice {
  const label = `CMS8000 monitor, bed ${bed}`
  return { id: `a-${bed}`, label, ip: ip(`10.0.1.${bed}`), function: 'patient-monitor', bed, lastSeen }
}

const CENTRAL: ReplayDevice = {
  id: 'a-c', label: 'central station', ip: ip('10.0.9.9'), function: 'central-station', bed: null, lastSeen: NOW,
}

function talk(bed: number, change: Partial<ReplayConversation> = {}): ReplayConversation {
  return {
    from: monitor(bed), to: CENTRAL, tuple: { src: ip(`10.0.1.${bed}`), dst: CENTRAL.ip, proto: 6, srcPort: 0, dstPort: 515 },
    flows: 3, attempts: 0, bytes: 1000, firstAt: MONDAY, lastAt: NOW - 2 * MICROS_PER_MINUTE, times: [], protocol: 'cms8000', leaves: false,
    telemetry: true, documented: { side: 'from', what: VITALS }, ...change,
  }
}

/** Eight whole days, nothing lost, every device seen: what a pass asks for. */
function input(change: Partial<ReplayInput> = {}): ReplayInput {
  return {
    conversations: [talk(7)], unseen: [], draft: OPEN, inForce: null, now: NOW, reason: null,
    observation: { watches: [{ from: MONDAY, to: NOW }], lost: 0, damaged: false, devices: [monitor(7)], utcOffsetMinutes: 0 }, ...change,
  }
}

const UNSEEN: UnseenFlow = { device: monitor(7), what: { ...VITALS, occurs: 'at-start' }, tuples: [talk(7).tuple], notAsked: null }

test('a draft that keeps everything of a complete week passes and is open for approval', () => {
  const r = replay(input({ unseen: [UNSEEN] }))
  assert.deepEqual([r.verdict, r.approval, r.because], ['pass', 'open', []])
  assert.deepEqual(r.counts.permitted, { conversations: 1, flows: 3 })
})

test('the four classes: what the draft says against what happened', () => {
  const tried = { attempts: 3 }
  const other = { tuple: { ...talk(7).tuple, dstPort: 22 }, documented: null, protocol: null }
  const r = replay(input({ conversations: [talk(7), talk(7, tried), talk(7, other), talk(7, { ...other, ...tried })] }))
  assert.deepEqual([...r.classes].map((c) => REPLAY_CLASSES[c]), ['permitted', 'misdropped', 'escaped', 'rejected'])
  assert.deepEqual([r.misdropped.length, r.escaped.length, r.rejected.length], [1, 1, 1])
})

test('what was only tried breaks nothing when denied; one flow that got through does', () => {
  assert.equal(replay(input({ draft: SHUT, conversations: [talk(7, { flows: 5, attempts: 5 })] })).verdict, 'pass')
  assert.equal(replay(input({ draft: SHUT, conversations: [talk(7, { flows: 5, attempts: 4 })] })).verdict, 'break')
})

test('S3: every deny carries a verdict; observed, unseen and unknown each hold approval until a reason is stated', () => {
  const observed = replay(input({ draft: SHUT }))
  assert.deepEqual([observed.verdict, observed.approval], ['break', 'held'])
  const unseen = replay(input({ draft: SHUT, conversations: [], unseen: [UNSEEN] }))
  assert.deepEqual([unseen.verdict, unseen.approval, unseen.unseen[0]?.state], ['break', 'held', 'broken'])
  assert.deepEqual(unseen.because, ['Documented, not seen: Bed 7 disappears from the central station.'])
  const unknown = replay(input({ unseen: [{ ...UNSEEN, tuples: [], notAsked: 'its port is negotiated' }] }))
  assert.deepEqual([unknown.verdict, unknown.approval], ['unknown', 'held'])
  assert.match(unknown.because[0] ?? '', /port is negotiated/)
  for (const change of [{ draft: SHUT }, { unseen: [{ ...UNSEEN, tuples: [] }] }]) {
    assert.equal(replay(input({ ...change, reason: '  ' })).approval, 'held', 'blanks are no reason')
    const stated = replay(input({ ...change, reason: 'agreed with the ward' }))
    assert.equal(stated.approval, 'open')
    assert.notEqual(stated.verdict, 'pass', 'a reason approves, it does not make the verdict better')
  }
})

test('S3: a rare function that a deny conduit names is on purpose; one that falls to the default is broken', () => {
  const update: UnseenFlow = { device: monitor(7), what: UPDATE, tuples: [{ ...talk(7).tuple, dstPort: 2049 }], notAsked: null }
  const said = eyes(policyOf([conduit('vitals', ['cms8000']), conduit('no-update', ['nfs'], 'deny')]))
  assert.deepEqual(replay(input({ draft: said, unseen: [update] })).unseen.map((u) => u.state), ['on-purpose'])
  assert.equal(replay(input({ draft: said, unseen: [update] })).verdict, 'pass')
  assert.deepEqual(replay(input({ unseen: [update] })).unseen.map((u) => u.state), ['broken'])
  const routine = { ...update, what: { ...UPDATE, expected: 'routine' as const } }
  assert.equal(replay(input({ draft: said, unseen: [routine] })).verdict, 'break', 'a routine one needs a stated reason')
})

test('S3: a documented flow of which the draft keeps some ports is partly, and holds', () => {
  const both = { ...UNSEEN, tuples: [UNSEEN.tuples[0], { ...talk(7).tuple, dstPort: 521 }].flatMap((t) => t ?? []) }
  const r = replay(input({ unseen: [both] }))
  assert.deepEqual([r.unseen[0]?.state, r.verdict], ['partly', 'break'])
})

test('S3: what would never pause and is missing from a complete record is unused; from a short one it is broken', () => {
  const always = { ...UNSEEN, what: VITALS }
  const nothing = { draft: SHUT, conversations: [], unseen: [always] }
  assert.deepEqual([replay(input(nothing)).unseen[0]?.state, replay(input(nothing)).verdict], ['unused', 'pass'])
  const short = input(nothing)
  const brief = { ...short, observation: { ...short.observation, watches: [{ from: NOW - HOUR, to: NOW }] } }
  assert.deepEqual([replay(brief).unseen[0]?.state, replay(brief).verdict], ['broken', 'break'])
})

test('S4: twenty minutes of capture cannot make a green tick', () => {
  const base = input()
  const r = replay({ ...base, observation: { ...base.observation, watches: [{ from: NOW - 20 * MICROS_PER_MINUTE, to: NOW }] } })
  assert.deepEqual([r.verdict, r.approval], ['unknown', 'held'])
  assert.match(r.because.join('\n'), /20 minutes[\s\S]*early, late, night shifts[\s\S]*weekend/)
})

test('S4: losses, damage, unseen devices and rare rhythms each hold a verdict that would be pass', () => {
  const base = input()
  const cases: readonly (readonly [RegExp, ReplayInput])[] = [
    [/lost on the way/, { ...base, observation: { ...base.observation, lost: 1 } }],
    [/damaged/, { ...base, observation: { ...base.observation, damaged: true } }],
    [/bed 8 \(last seen 2026-01-04T/, { ...base, observation: { ...base.observation, devices: [monitor(8, MONDAY - HOUR)] } }],
    [/Nothing was watched/, { ...base, observation: { ...base.observation, watches: [] } }],
    [/every 6 days: watch 18 days/, { ...base, conversations: [talk(7, { times: [MONDAY + DAY, MONDAY + 7 * DAY] })] }],
  ]
  for (const [gap, broken] of cases) {
    const r = replay(broken)
    assert.equal(r.verdict, 'unknown', String(gap))
    assert.match(r.because.join('\n'), gap)
  }
})

test('S5: a device that sent telemetry in the last minutes is named in line one of the change', () => {
  const conversations = Array.from({ length: 40 }, (_, i) => talk(i + 1))
  const shut = replay(input({ draft: SHUT, conversations }))
  assert.match(shut.lineOne, /^In use now, and this change stops something of it: Bed 1 \(2 minutes ago\)/)
  for (const c of conversations) assert.match(shut.lineOne, new RegExp(`\\bbed ${c.from.bed} `, 'i'), 'all of them, however many')
  const old = replay(input({ draft: SHUT, conversations: [talk(7, { lastAt: NOW - 11 * MICROS_PER_MINUTE })] }))
  assert.match(old.lineOne, /no device was seen to send telemetry in the 10 minutes.*Not seen is not unused/)
  const kept = replay(input())
  assert.match(kept.lineOne, /^In use now: bed 7 sent telemetry .* nothing seen of it stops/)
})

test('S5: a device in use is named too when only a documented flow of it breaks', () => {
  const hl7 = { ...UNSEEN, what: { ...UNSEEN.what, name: 'hl7' }, tuples: [{ ...talk(7).tuple, dstPort: 511 }] }
  const r = replay(input({ unseen: [hl7] }))
  assert.match(r.lineOne, /stops something of it: Bed 7/)
})

test('S8: ward words first: the bed and what disappears, before any port', () => {
  const r = replay(input({ draft: SHUT }))
  assert.equal(r.escaped[0]?.sentence, 'Bed 7 disappears from the central station.')
  assert.equal(r.because[0], r.escaped[0]?.sentence)
  const plain = replay(input({ draft: SHUT, conversations: [talk(7, { documented: null })] }))
  assert.equal(plain.escaped[0]?.sentence, 'Bed 7 disappears from the central station.')
  const unnamed = replay(input({ draft: SHUT, conversations: [talk(7, { documented: null, protocol: null })] }))
  assert.equal(unnamed.escaped[0]?.sentence, 'Bed 7 no longer reaches central station (tcp 515).')
})

test('groups are per device and function, beds in order, with exact sums and few examples', () => {
  const many = Array.from({ length: 30 }, (_, i) => talk(i % 2 === 0 ? 12 : 2, { lastAt: MONDAY + i, bytes: i }))
  const r = replay(input({ draft: SHUT, conversations: many }))
  const rows = r.escaped.map((g) => [g.device.bed, g.function, g.conversations, g.flows])
  assert.deepEqual(rows, [[2, 'vitals', 15, 45], [12, 'vitals', 15, 45]])
  assert.equal(r.escaped.reduce((n, g) => n + g.bytes, 0), (29 * 30) / 2)
  assert.equal(r.escaped[0]?.examples.length, EXAMPLES_MAX)
  assert.deepEqual(r.escaped[0]?.examples.map((e) => e.conversation.lastAt - MONDAY), [29, 27, 25, 23, 21])
})

test('documented flows are in the order of the ward, whatever order the record has, and beds of one function share a sentence', () => {
  const unseen = [11, 2, 1, 10].map((bed) => ({ ...UNSEEN, device: { ...UNSEEN.device, ...monitor(bed) } }))
  const r = replay(input({ draft: SHUT, conversations: [], unseen }))
  assert.deepEqual(r.unseen.map((u) => u.flow.device.bed), [1, 2, 10, 11])
  assert.deepEqual(sameFunction(r.unseen).map(unseenSentence), ['Bed 1, bed 2, bed 10, bed 11: The bed disappears from the central station.'])
  assert.equal(unseenSentence(r.unseen.slice(0, 1)), 'Bed 1 disappears from the central station.')
  assert.deepEqual(replay(input({ draft: SHUT, conversations: [], unseen: unseen.toReversed() })).because, r.because)
})

test('against the policy in force: what is newly denied and newly allowed is counted', () => {
  assert.deepEqual([replay(input()).newlyDenied, replay(input()).newlyAllowed], [null, null])
  const tighter = replay(input({ draft: SHUT, inForce: OPEN }))
  assert.deepEqual([tighter.newlyDenied, tighter.newlyAllowed, tighter.escaped[0]?.examples[0]?.inForce], [1, 0, 'allow'])
  const wider = replay(input({ draft: OPEN, inForce: SHUT }))
  assert.deepEqual([wider.newlyDenied, wider.newlyAllowed], [0, 1])
})

test('conversations that leave are asked of the policy for leaving packets', () => {
  const r = replay(input({ draft: { local: OPEN.local, leaving: SHUT.local }, conversations: [talk(7), talk(7, { leaves: true })] }))
  assert.deepEqual([...r.classes], [0, 2])
})

test('a label from the network cannot break a line', () => {
  const named = { ...monitor(7), bed: null, label: 'x\n\u001b[31m\u2028RED' }
  const r = replay(input({ draft: SHUT, conversations: [talk(7, { from: named })] }))
  assert.doesNotMatch(`${r.lineOne}${r.escaped[0]?.sentence}`, /[\n\p{Cc}\u2028]/u)
})

test('property: classes agree with the slow evaluator, counts add up, and a denied flow that got through never passes', () => {
  const draft = policyOf([conduit('vitals', ['cms8000', 'dns']), conduit('no-nfs', ['nfs'], 'deny')])
  const names = policyNames(draft, new Map())
  const tuple = fc.record({
    src: fc.constantFrom('10.0.1.7', '10.0.2.1', '8.8.8.8').map(ip), dst: fc.constantFrom('10.0.9.9', '10.0.1.8', '224.0.0.1').map(ip),
    proto: fc.constantFrom(6, 17, 1, 47), srcPort: fc.constant(0), dstPort: fc.constantFrom(53, 515, 520, 2049),
  })
  const row = fc.record({ tuple, flows: fc.integer({ min: 1, max: 4 }), attempts: fc.integer({ min: 0, max: 4 }) })
    .map((r) => talk(7, { ...r, attempts: Math.min(r.attempts, r.flows) }))
  fc.assert(fc.property(fc.array(row, { maxLength: 20 }), (conversations) => {
    const r = replay(input({ draft: eyes(draft), conversations }))
    conversations.forEach((c, i) => {
      const allowed = evaluate(draft, names, c.tuple).action === 'allow'
      const passed = c.attempts < c.flows
      const expected = allowed ? (passed ? 'permitted' : 'misdropped') : (passed ? 'escaped' : 'rejected')
      assert.equal(REPLAY_CLASSES[r.classes[i] ?? 9], expected)
    })
    assert.equal(REPLAY_CLASSES.reduce((n, c) => n + r.counts[c].conversations, 0), conversations.length)
    if (r.counts.escaped.conversations > 0) assert.equal(r.verdict, 'break')
    if (r.verdict !== 'pass') assert.equal(r.approval, 'held')
    assert.equal(r.verdict === 'pass', r.because.length === 0)
  }), { numRuns: 200 })
})
