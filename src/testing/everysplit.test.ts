// Tests of everySplit: it must pass a right session and catch each kind of wrong one.
// Keeps the rule that a check can fail: every bug of the toy row has its test.

import { deepEqual, doesNotThrow, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { everySplit, runSession, type Chunk } from './everysplit.ts'
import { FAKE_EPOCH, FAKE_FRAME_MICROS, fakeContext, fakeFlow } from './fake-context.ts'
import { toyRow } from './toy-row.ts'

const TALK: readonly Chunk[] = [
  { direction: 0, bytes: Uint8Array.of(2, 0x41, 0x42, 3, 0x43) },
  { direction: 1, bytes: Uint8Array.of(1, 0x61) },
  { direction: 0, bytes: Uint8Array.of(0x44, 0x45, 1, 0x46) },
  { direction: 0, bytes: Uint8Array.of(1, 0x47) },
]

const queues = (chunks: readonly Chunk[]): unknown[] =>
  runSession(toyRow(), 'tcp', chunks).facts.map((fact) => (fact.protocol === 'lpd' ? [fact.queue, fact.frame] : null))

test('runSession numbers frames by position and puts facts at the completing frame', () => {
  deepEqual(queues(TALK), [['4142', 1], ['61', 2], ['434445', 3], ['46', 3], ['47', 4]])
})

test('runSession derives packet time from the frame number', () => {
  const facts = runSession(toyRow(), 'tcp', [{ direction: 0, bytes: Uint8Array.of(1, 2), frame: 7 }]).facts
  equal(facts[0]?.at, FAKE_EPOCH + 7 * FAKE_FRAME_MICROS)
  equal(facts[0]?.frame, 7)
})

test('runSession announces lost bytes before the chunk', () => {
  deepEqual(queues([
    { direction: 0, bytes: Uint8Array.of(5, 1, 2) },
    { direction: 0, bytes: Uint8Array.of(1, 9), lost: 3 },
  ]), [['9', 2]])
})

test('everySplit passes a right session on TCP and returns the facts of the whole run', () => {
  equal(everySplit(toyRow(), 'tcp', TALK).length, 5)
})

test('everySplit takes a factory and makes a fresh row for each run', () => {
  let made = 0
  everySplit(() => {
    made += 1
    return toyRow()
  }, 'tcp', TALK)
  // whole, guard, 9 positions inside the four chunks, byte by byte, joined, three trailing.
  equal(made, 2 + 9 + 1 + 1 + 3)
})

for (const bug of ['split-blind', 'keeps-view', 'over-reads', 'trailing'] as const) {
  test(`everySplit catches a session that is ${bug}`, () => {
    throws(() => everySplit(toyRow(bug), 'tcp', TALK), /facts/)
  })
}

test('everySplit without trailing runs forgives what only trailing bytes change', () => {
  doesNotThrow(() => everySplit(toyRow('trailing'), 'tcp', TALK, { trailing: false }))
})

test('everySplit on UDP catches over-reading and passes a right session', () => {
  const datagrams = TALK.slice(1, 2)
  equal(everySplit(toyRow(), 'udp', datagrams).length, 1)
  throws(() => everySplit(toyRow('over-reads'), 'udp', datagrams), /facts/)
})

test('everySplit on UDP checks padding only when told that it means nothing', () => {
  // The toy reads seven zero lengths as seven empty messages: padding does mean something to it.
  throws(() => everySplit(toyRow(), 'udp', TALK.slice(1, 2), { padding: true }), /seven zero bytes/)
})

test('everySplit on UDP cuts each datagram short and wants no throw', () => {
  throws(() => everySplit(toyRow('throws'), 'udp', [{ direction: 0, bytes: Uint8Array.of(2, 0xee, 1) }]), RangeError)
})

test('normalise limits the comparison to what the caller says', () => {
  const chunk: Chunk = { direction: 0, bytes: Uint8Array.of(1, 0x41) }
  throws(() => everySplit(toyRow('split-blind'), 'tcp', [chunk]))
  doesNotThrow(() => everySplit(toyRow(), 'tcp', [chunk], { normalise: (fact) => fact.kind }))
})

test('long conversations are sampled, so that a 2 kB one stays quick', () => {
  const bytes = Uint8Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? 1 : 0x41))
  equal(everySplit(toyRow(), 'tcp', [{ direction: 0, bytes }]).length, 1000)
})

test('fakeContext collects facts and reports the frame it was set to', () => {
  const context = fakeContext('udp', { dstPort: 53, id: 9 })
  context.setFrame(12)
  equal(context.frame(), 12)
  equal(context.flow.dstPort, 53)
  equal(context.flow.id, 9)
  equal(context.flow.proto, 17)
  deepEqual(context.facts, [])
})

test('fakeFlow makes independent counters', () => {
  const first = fakeFlow('tcp')
  first.gapBytes = 5
  equal(fakeFlow('tcp').gapBytes, 0)
  equal(fakeFlow('tcp').state, 'established')
})
