// TcpStream: handshakes, holes, overlaps, bounds and forgeries, each as a small story.
// Random segmentations and the slow twin are in tcp-twin.test.ts; captures against Wireshark in ../flow-captures.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ear, type Segment } from '../../testing/tcp-ear.ts'
import { Frame, FrameFlag, TcpFlag } from '../frame.ts'
import {
  HELD_BYTES_MAX, HELD_PIECES_MAX, noCounts, PATIENCE_MICROS, PATIENCE_PACKETS, TcpBudget, TcpStream, WINDOW_BYTES_MAX,
} from './tcp.ts'
import { SUMMED_BYTES_MAX } from './recent.ts'

const { syn, fin, rst } = TcpFlag

const OPEN: readonly Segment[] = [{ seq: 99, flags: syn }, { side: 1, seq: 499, flags: syn, acks: 100 }, { seq: 100, acks: 500 }]

function opened(): Ear {
  return new Ear().send(...OPEN)
}

test('a conversation in order passes through uncopied', () => {
  const ear = opened().send(
    { seq: 100, bytes: 'hello ', acks: 500 }, { side: 1, seq: 500, bytes: 'yes', acks: 106 }, { seq: 106, bytes: 'world', acks: 503 },
  )
  assert.deepEqual(ear.out, ['hello world', 'yes'])
  assert.equal(ear.passed, 3)
  assert.deepEqual(ear.finish().notes(), {})
  assert.equal(ear.ends, 1)
})

test('FINs of both sides end the stream, once; what comes later is only counted', () => {
  const ear = opened().send({ seq: 100, bytes: 'bye', flags: fin, acks: 500 })
  assert.equal(ear.stream.ended, false)
  ear.send({ side: 1, seq: 500, acks: 104 }, { side: 1, seq: 500, bytes: 'ok', flags: fin, acks: 104 })
  assert.deepEqual([ear.stream.ended, ear.ends, ear.out], [true, 1, ['bye', 'ok']])
  ear.send({ seq: 103, bytes: 'late', acks: 503 }, { seq: 100, bytes: 'bye', acks: 503 }).finish()
  assert.deepEqual([ear.ends, ear.notes()], [1, { dataAfterEnd: 1, retransmission: 1 }])
})

test('a FIN that overtook its data waits for it', () => {
  const ear = opened().send({ side: 1, seq: 500, flags: fin, acks: 100 }, { seq: 103, flags: fin, acks: 501 })
  assert.equal(ear.stream.ended, false)
  ear.send({ seq: 100, bytes: 'abc', acks: 501 })
  assert.deepEqual([ear.stream.ended, ear.out[0]], [true, 'abc'])
})

test('data in a SYN is data (RFC 7413), and told: few hosts do it, and old ones drop it', () => {
  const ear = new Ear().send({ seq: 99, flags: syn, bytes: 'GET' }, { seq: 103, bytes: ' /' }).finish()
  assert.deepEqual([ear.out[0], ear.notes()], ['GET /', { synData: 1 }])
})

test('a simultaneous open is one connection, and told once', () => {
  const ear = new Ear().send({ seq: 99, flags: syn }, { side: 1, seq: 499, flags: syn }, { seq: 99, flags: syn, acks: 500 })
  ear.send({ side: 1, seq: 499, flags: syn, acks: 100 }, { seq: 100, bytes: 'a', acks: 500 }, { side: 1, seq: 500, bytes: 'b', acks: 101 })
  assert.deepEqual([ear.finish().out, ear.notes()], [['a', 'b'], { simultaneousOpen: 1 }])
  assert.deepEqual(opened().notes(), {})
})

test('a RST no host would take is told apart: before what was acknowledged, or beyond any window', () => {
  const at = (seq: number): unknown => opened().send({ seq: 100, bytes: 'abcdef', acks: 500 }, { side: 1, seq: 500, acks: 103 }, { seq, flags: rst }).notes()
  for (const seq of [103, 106, 200, 106 + WINDOW_BYTES_MAX]) assert.deepEqual(at(seq), { reset: 1 }, `${seq}`)
  for (const seq of [102, 0, 107 + WINDOW_BYTES_MAX, 0x80000000]) assert.deepEqual(at(seq), { reset: 1, resetOutOfWindow: 1 }, `${seq}`)
  assert.deepEqual(new Ear().send({ seq: 77, flags: rst }).notes(), { reset: 1 }, 'of a side nothing is known about nothing can be said')
  assert.deepEqual(opened().send({ seq: 120, bytes: 'held', acks: 500 }, { seq: 124, flags: rst }).notes(), { outOfOrder: 1, reset: 1 })
})

test('urgent data stays where it is in the stream and is told: a target may read it apart', () => {
  const ear = opened().send({ seq: 100, bytes: 'ROO', acks: 500 }, { seq: 103, bytes: 'xT', flags: TcpFlag.urg, acks: 500 })
  assert.deepEqual([ear.out[0], ear.notes()], ['ROOxT', { urgent: 1 }])
})

test('a side whose TTL changes: another way, or somebody else', () => {
  const ear = opened().send({ seq: 100, bytes: 'GO', acks: 500 }, { seq: 102, bytes: 'xx', acks: 500, ttl: 2 }, { seq: 102, bytes: 'OD', acks: 500 })
  ear.send({ side: 1, seq: 500, bytes: 'y', acks: 104 })
  assert.deepEqual([ear.out[0], ear.notes()], ['GOxx', { retransmission: 1, overlapDifferent: 1, ttlDiffers: 2 }])
  const other = opened().send({ side: 1, seq: 500, bytes: 'y', acks: 100, ttl: 128 })
  assert.deepEqual(other.notes(), { ttlDiffers: 1 })
})

test('streams that share their counters count together', () => {
  const counts = noCounts()
  const budget = new TcpBudget()
  const streams = [new TcpStream(budget, counts), new TcpStream(budget, counts)]
  for (const stream of streams) stream.segment(0, new Uint8Array(0), new Frame(), opened())
  assert.deepEqual([counts.badHeader, streams[0]?.observations().badHeader], [2, 2])
})

test('retransmissions, whole and partly new', () => {
  const ear = opened().send({ seq: 100, bytes: 'abcdef' }, { seq: 100, bytes: 'abcdef' }, { seq: 103, bytes: 'def' })
  ear.send({ seq: 104, bytes: 'efgh' })
  assert.equal(ear.out[0], 'abcdefgh')
  assert.deepEqual(ear.notes(), { retransmission: 2, overlap: 1 })
})

test('what was handed on stays, what is held goes by the policy, and the difference is told', () => {
  const past = opened().send({ seq: 100, bytes: 'GOOD' }, { seq: 100, bytes: 'EVIL' })
  assert.deepEqual([past.out[0], past.notes()], ['GOOD', { retransmission: 1, overlapDifferent: 1 }])
  const longer = opened().send({ seq: 100, bytes: 'GOOD' }, { seq: 104, bytes: 'DAY' }, { seq: 100, bytes: 'GOODBAY!' })
  assert.deepEqual([longer.out[0], longer.notes()], ['GOODDAY!', { overlap: 1, overlapDifferent: 1 }])
  for (const [policy, text] of [['first', 'GOODMORE'], ['linux', 'GOODEVIL']] as const) {
    const held = new Ear(undefined, [policy, policy]).send(...OPEN, { seq: 104, bytes: 'MORE' }, { seq: 102, bytes: 'ODEVIL' }, { seq: 100, bytes: 'GO' })
    assert.deepEqual([held.out[0], held.notes()], [text, { outOfOrder: 2, overlap: 1, overlapDifferent: 1 }])
  }
})

test('a byte changed anywhere in the summed part of a retransmission is noticed', () => {
  const bytes = Uint8Array.from({ length: SUMMED_BYTES_MAX + 3 }, (_, i) => i & 255)
  for (let i = 0; i < SUMMED_BYTES_MAX; i++) {
    const changed = bytes.slice()
    changed[i] = (changed[i] as number) ^ 1
    const ear = opened().send({ seq: 100, bytes }, { seq: 100, bytes }, { seq: 100, bytes: changed })
    assert.equal(ear.stream.observations().overlapDifferent, 1, `byte ${i}`)
  }
})

test('keep-alive probes, with and without their garbage byte, are no data', () => {
  const ear = opened().send({ seq: 100, bytes: 'abc', acks: 500 }, { seq: 102, bytes: '\0', acks: 500 }, { seq: 102, acks: 500 })
  ear.send({ side: 1, seq: 500, acks: 103 }, { seq: 103, bytes: 'd', acks: 500 })
  assert.deepEqual([ear.out[0], ear.notes()], ['abcd', { keepAlive: 2 }])
})

test('a start in the middle takes the first bytes seen as the start', () => {
  const ear = new Ear().send({ seq: 5000, bytes: 'in the ', acks: 77 }, { side: 1, seq: 77, bytes: 'ok', acks: 5007 })
  ear.send({ seq: 5007, bytes: 'middle', acks: 79 })
  assert.deepEqual([ear.out, ear.finish().notes()], [['in the middle', 'ok'], { midstream: 2 }])
})

test('a start in the middle at a keep-alive probe loses no byte and invents none', () => {
  const ear = new Ear().send({ seq: 4999, acks: 77 }, { side: 1, seq: 77, acks: 5000 }, { seq: 5000, bytes: 'data', acks: 77 })
  assert.equal(ear.finish().out[0], 'data')
})

test('an ACK that overtook the data it is for, at the start of a capture', () => {
  const ear = new Ear().send({ side: 1, seq: 77, acks: 5004 }, { seq: 5000, bytes: 'data', acks: 77 }, { seq: 5004, bytes: '!', acks: 77 })
  assert.equal(ear.finish().out[0], 'data!')
})

test('ACK before data by a few packets is patience, not loss: each direction of a mirror may lag', () => {
  const ear = opened()
  for (let i = 0; i < 100; i++) {
    const byte = (n: number): Segment => ({ seq: 100 + n, bytes: 'x', acks: 500 })
    ear.send({ side: 1, seq: 500, acks: 101 + i })
    if (i >= PATIENCE_PACKETS - 8) ear.send(byte(i - (PATIENCE_PACKETS - 8)))
  }
  assert.deepEqual(ear.gaps[0], [])
  assert.equal(ear.out[0], 'x'.repeat(100 - (PATIENCE_PACKETS - 8)))
})

test('loss is a gap of the right size: after patience in packets, or in time, or at the end', () => {
  const lost: Segment[] = [{ seq: 100, bytes: 'abc', acks: 500 }, { seq: 110, bytes: 'klm', acks: 500 }]
  const packets = opened().send(...lost)
  for (let i = 0; i < PATIENCE_PACKETS; i++) packets.send({ side: 1, seq: 500, acks: 113 })
  assert.equal(packets.out[0], 'abc')
  packets.send({ side: 1, seq: 500, acks: 113 })
  assert.equal(packets.out[0], 'abc<7>klm')
  const time = opened().send(...lost, { side: 1, seq: 500, acks: 113, at: 10 }, { side: 1, seq: 500, acks: 113, at: 10 + PATIENCE_MICROS })
  assert.equal(time.out[0], 'abc')
  assert.equal(time.send({ side: 1, seq: 500, acks: 113, at: 11 + PATIENCE_MICROS }).out[0], 'abc<7>klm')
  const atEnd = opened().send(...lost)
  assert.equal(atEnd.finish().out[0], 'abc<7>klm')
  assert.deepEqual(atEnd.notes(), { outOfOrder: 1, gap: 1 })
})

test('without any ACK a hole waits: the tap may see one side only', () => {
  const ear = new Ear().send({ seq: 99, flags: syn }, { seq: 103, bytes: 'def' })
  for (let i = 0; i < 50; i++) ear.send({ seq: 106, at: i * PATIENCE_MICROS })
  assert.equal(ear.out[0], '')
  assert.equal(ear.send({ seq: 100, bytes: 'abc' }).out[0], 'abcdef')
})

test('a side that is never seen is told by what the other acknowledges', () => {
  const ear = new Ear().send({ side: 1, seq: 500, acks: 1000 })
  for (let i = 1; i <= 40; i++) ear.send({ side: 1, seq: 500, acks: 1000 + i * 100 })
  const known = ear.finish().gaps[0].reduce((sum, n) => sum + n, 0)
  assert.equal(known, 4000)
})

test('one forged ACK, taken back by the next true one, gives nothing up', () => {
  const ear = opened().send({ seq: 100, bytes: 'abc', acks: 500 })
  for (let i = 0; i < 5; i++) {
    const at = i * 10 * PATIENCE_MICROS
    ear.send({ side: 1, seq: 500, acks: 5000, at }, { side: 1, seq: 500, acks: 103, at: at + 1 })
  }
  assert.equal(ear.send({ seq: 103, bytes: 'def', acks: 500 }).out[0], 'abcdef')
})

test('ACKs beyond any window give nothing up, however often they come, unless data is seen there too', () => {
  const far = 103 + 2 * WINDOW_BYTES_MAX
  const ear = opened().send({ seq: 100, bytes: 'abc', acks: 500 })
  for (let i = 0; i < 3 * PATIENCE_PACKETS; i++) ear.send({ side: 1, seq: 500, acks: far })
  assert.equal(ear.send({ seq: 103, bytes: 'def', acks: 500 }).out[0], 'abcdef')
  ear.send({ seq: far, bytes: 'after a long loss', acks: 500 })
  for (let i = 0; i < 3 * PATIENCE_PACKETS; i++) ear.send({ side: 1, seq: 500, acks: far + 17 })
  assert.equal(ear.out[0], `abcdef<${far - 106}>after a long loss`)
})

test('a FIN the tap missed its data for: the gap counts the data, not the FIN', () => {
  const ear = opened().send({ seq: 110, flags: fin, acks: 500 }, { side: 1, seq: 500, acks: 111 }).finish()
  assert.deepEqual(ear.gaps[0], [10])
})

test('a segment the snaplen cut: its tail is a gap, in order and out of order', () => {
  const inOrder = opened().send({ seq: 100, bytes: 'abc', wire: 10 }, { seq: 110, bytes: 'klm' })
  assert.deepEqual([inOrder.out[0], inOrder.notes()], ['abc<7>klm', { cutBySnaplen: 1 }])
  const early = opened().send({ seq: 110, bytes: 'klm', wire: 5 }, { seq: 115, bytes: 'pq' }, { seq: 100, bytes: 'abcdefghij' })
  assert.deepEqual([early.out[0], early.notes()], ['abcdefghijklm<2>pq', { cutBySnaplen: 1, outOfOrder: 2 }])
  const nothing = opened().send({ seq: 100, wire: 20 }, { seq: 120, bytes: 'u' })
  assert.equal(nothing.out[0], '<20>u')
  const behind = opened().send({ seq: 100, bytes: 'abcdef' }, { seq: 102, bytes: 'cd', wire: 8 }, { seq: 110, bytes: '!' })
  assert.equal(behind.out[0], 'abcdef<4>!')
})

test('after a RST, or after a FIN, data still comes out and is counted: anyone can send either', () => {
  const reset = opened().send({ side: 1, seq: 500, flags: rst }, { seq: 100, bytes: 'still here', acks: 500 })
  assert.deepEqual([reset.out[0], reset.stream.wasReset, reset.notes()], ['still here', true, { reset: 1, dataAfterReset: 1 }])
  const half = opened().send({ seq: 100, bytes: 'abc', flags: fin }, { seq: 103, bytes: 'def' })
  assert.deepEqual([half.out[0], half.notes()], ['abcdef', { dataAfterFin: 1 }])
})

test('RST, FIN, and then the real SYN+ACK (capture frag/sv__bug-3286-03)', () => {
  const ear = new Ear().send(
    { seq: 99, flags: syn }, { side: 1, seq: 8000, flags: rst, acks: 100 }, { side: 1, seq: 8000, flags: fin, acks: 100 },
    { side: 1, seq: 499, flags: syn, acks: 100 }, { seq: 100, bytes: 'GET', acks: 500 }, { side: 1, seq: 500, bytes: '200', acks: 103 },
  )
  assert.deepEqual(ear.finish().out, ['GET', '200'])
})

test('a second SYN: sent again it is nothing, contradicting delivered bytes it is ignored and told', () => {
  const ear = opened().send({ seq: 99, flags: syn }, { seq: 100, bytes: 'abc' })
  ear.send({ seq: 9999, flags: syn, acks: 1 }, { seq: 103, bytes: 'def' })
  assert.deepEqual([ear.out[0], ear.notes()], ['abcdef', { synConflict: 1 }])
})

test('a header that no host would take, or that is not there, moves nothing', () => {
  const ear = opened()
  const f = new Frame()
  f.tcpSeq = 100
  ear.stream.segment(0, new Uint8Array(0), f, ear)
  f.payloadOff = 0
  f.payloadEnd = 0
  f.flags = FrameFlag.transportInvalid
  ear.stream.segment(0, new Uint8Array(0), f, ear)
  assert.deepEqual([ear.out, ear.notes()], [['', ''], { badHeader: 2 }])
})

test('held bytes and held pieces are bounded; the hole is given up, nothing else is lost', () => {
  const segment = new Uint8Array(16 * 1024).fill(0x61)
  const big = new Ear().send({ seq: 99, flags: syn })
  const count = HELD_BYTES_MAX / segment.length
  for (let i = 0; i <= count; i++) big.send({ seq: 110 + i * segment.length, bytes: segment })
  assert.deepEqual(big.gaps[0], [10])
  assert.equal(big.bytes[0].length, (count + 1) * segment.length)
  const many = new Ear().send({ seq: 99, flags: syn })
  for (let i = 0; i <= HELD_PIECES_MAX; i++) many.send({ seq: 101 + i * 2, bytes: 'x' })
  assert.deepEqual([many.gaps[0], many.bytes[0].length], [[1], 1])
  assert.equal(many.finish().bytes[0].length, HELD_PIECES_MAX + 1)
  assert.equal(many.gaps[0].length, HELD_PIECES_MAX + 1)
})

test('streams share a budget, and give it back', () => {
  const budget = new TcpBudget(100)
  const one = new Ear(budget).send({ seq: 99, flags: syn }, { seq: 110, bytes: 'x'.repeat(60) })
  const two = new Ear(budget).send({ seq: 99, flags: syn }, { seq: 110, bytes: 'y'.repeat(60) })
  assert.deepEqual([one.out[0], two.gaps[0], budget.held], ['', [10], 60], 'the second one passes what it cannot hold')
  one.finish()
  two.finish()
  assert.equal(budget.held, 0)
  assert.equal(two.stream.observations().boundExceeded, 1)
})

test('a stream nobody reads any more is discarded: its memory comes back and nothing comes out', () => {
  const budget = new TcpBudget()
  const ear = new Ear(budget).send({ seq: 99, flags: syn }, { seq: 110, bytes: 'held' })
  ear.send({ side: 1, seq: 9, bytes: 'x' }, { side: 1, seq: 20, bytes: 'y' })
  assert.equal(budget.held, 5)
  ear.stream.discard()
  ear.send({ seq: 100, bytes: '0123456789' }).finish()
  assert.deepEqual([budget.held, ear.out[0], ear.ends, ear.stream.ended], [0, '', 0, true])
})

test('segments forged far ahead cannot drag the stream away', () => {
  const ear = opened().send({ seq: 100, bytes: 'abc', acks: 500 }, { side: 1, seq: 500, acks: 103 })
  const far = 103 + WINDOW_BYTES_MAX + 1
  for (let i = 0; i <= HELD_PIECES_MAX; i++) ear.send({ seq: far + i * 2, bytes: '!' })
  ear.send({ seq: 103, bytes: 'def', acks: 500 }).finish()
  assert.equal(ear.out[0], 'abcdef')
  assert.equal(ear.stream.observations().outOfWindow, HELD_PIECES_MAX + 1)
})
