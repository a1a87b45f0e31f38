// TcpStream against a slow twin: every split, shuffle, overlap and loss of one byte string, at any initial number.
// Keeps the rule that every clever engine has an obvious one beside it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ear, type Segment } from '../../testing/tcp-ear.ts'
import type { Direction } from '../flow.ts'
import { TcpFlag } from '../frame.ts'
import { OVERLAP_POLICIES, SEGMENT_WINS, type OverlapPolicy } from './overlap.ts'
import { TcpBudget } from './tcp.ts'

const { syn } = TcpFlag

/**
 * The obvious reassembler for one direction with a known start and no ACKs: every segment that ever came is kept, and for each place all
 * of them are gone through in their order, asking the policy whether the later one wins.
 */
class SlowStream {
  readonly #segments: { start: number; end: number; bytes: Uint8Array }[] = []
  readonly #policy: OverlapPolicy
  #next = 0
  out = ''

  constructor(policy: OverlapPolicy) {
    this.#policy = policy
  }

  segment(start: number, bytes: Uint8Array): void {
    const from = Math.max(0, this.#next - start)
    if (from < bytes.length) this.#segments.push({ start: start + from, end: start + bytes.length, bytes: bytes.subarray(from) })
    this.#drain()
  }

  finish(): void {
    for (const at of this.#segments.map(({ start }) => start).sort((a, b) => a - b)) {
      if (at < this.#next) continue
      if (at > this.#next) this.out += `<${at - this.#next}>`
      this.#next = at
      this.#drain()
    }
  }

  #valueAt(at: number): number | undefined {
    let owner: { start: number; end: number; bytes: Uint8Array } | undefined
    for (const segment of this.#segments) {
      if (at < segment.start || at >= segment.end) continue
      if (owner === undefined || SEGMENT_WINS[this.#policy](segment.start, segment.end, owner.start, owner.end)) owner = segment
    }
    return owner?.bytes[at - owner.start]
  }

  #drain(): void {
    for (let value = this.#valueAt(this.#next); value !== undefined; value = this.#valueAt(this.#next)) {
      this.out += String.fromCharCode(value)
      this.#next++
    }
  }
}

/** Initial numbers around the wrap and elsewhere. */
const isn = fc.oneof(fc.integer({ min: 0xffffff00, max: 0xffffffff }), fc.nat(0x7fffffff), fc.constantFrom(0, 1, 0x7ffffffe, 0x80000000))
const anywhere = fc.record({ start: fc.nat(80), bytes: fc.uint8Array({ minLength: 1, maxLength: 24, size: 'max' }) })

for (const policy of OVERLAP_POLICIES) {
  test(`random segments, overlapping and lying, ${policy}: the same output as the slow twin, at any initial number`, () => {
    fc.assert(fc.property(isn, fc.array(anywhere, { maxLength: 40, size: 'max' }), (first, segments) => {
      const ear = new Ear(undefined, [policy, 'first']).send({ seq: first, flags: syn })
      const slow = new SlowStream(policy)
      for (const { start, bytes } of segments) {
        // A one-byte segment just behind is a keep-alive by definition; to the twin it is old as well.
        ear.send({ seq: first + 1 + start, bytes })
        slow.segment(start, bytes)
        assert.equal(ear.out[0], slow.out)
      }
      slow.finish()
      assert.equal(ear.finish().out[0], slow.out)
    }), { numRuns: 200 })
  })
}

const PLAIN = Uint8Array.from({ length: 64 }, (_, i) => 33 + i)

test('every two-way and three-way split of one byte string, in every order', () => {
  const text = String.fromCharCode(...PLAIN.subarray(0, 24))
  for (let a = 1; a < 23; a++) {
    for (let b = a + 1; b < 24; b++) {
      const parts = [[0, a], [a, b], [b, 24]] as const
      for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
        const ear = new Ear().send({ seq: 0xfffffff0, flags: syn })
        for (const i of order) {
          const [from, to] = parts[i] as readonly [number, number]
          ear.send({ seq: 0xfffffff1 + from, bytes: PLAIN.subarray(from, to) })
        }
        assert.equal(ear.out[0], text)
      }
    }
  }
})

/** Cut points, an order, repeats, and stretched segments that overlap their neighbours with the same bytes. */
const mangled = fc.uniqueArray(fc.integer({ min: 1, max: 63 }), { maxLength: 12, size: 'max' }).chain((cuts) => {
  const edges = [0, ...cuts.sort((a, b) => a - b), 64]
  const parts = edges.slice(1).map((to, i) => ({ from: edges[i] as number, to }))
  const stretch = fc.record({ left: fc.nat(6), right: fc.nat(6) })
  return fc.record({
    order: fc.shuffledSubarray(parts, { minLength: parts.length }),
    again: fc.array(fc.constantFrom(...parts), { maxLength: 6, size: 'max' }),
    stretches: fc.array(stretch, { minLength: parts.length + 6, maxLength: parts.length + 6 }),
  })
})

test('no loss: any segmentation, order, duplication and overlap of one byte string gives that byte string', () => {
  fc.assert(fc.property(isn, mangled, (first, { order, again, stretches }) => {
    const ear = new Ear().send({ seq: first, flags: syn })
    for (const [i, { from, to }] of [...again.slice(0, 3), ...order, ...again.slice(3)].entries()) {
      const low = Math.max(0, from - (stretches[i]?.left ?? 0))
      const high = Math.min(64, to + (stretches[i]?.right ?? 0))
      ear.send({ seq: first + 1 + low, bytes: PLAIN.subarray(low, high) })
    }
    assert.deepEqual(ear.bytes[0], [...PLAIN])
    assert.deepEqual([ear.finish().gaps[0], ear.stream.observations().overlapDifferent], [[], 0])
  }), { numRuns: 300 })
})

const lossy = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 60, size: 'max' }),
  lost: fc.array(fc.boolean(), { minLength: 60, maxLength: 60, size: 'max' }),
  swaps: fc.array(fc.nat(59), { maxLength: 10, size: 'max' }),
})

test('loss with ACKs: every byte handed on stands where it belongs, and data plus gaps is the whole stream', () => {
  fc.assert(fc.property(isn, lossy, (first, { sizes, lost, swaps }) => {
    const value = (pos: number): number => (pos * 7 + (pos >> 8)) & 255
    const segments: Segment[] = []
    let pos = 0
    for (const [i, size] of sizes.entries()) {
      const from = pos
      const bytes = Uint8Array.from({ length: size }, (_, k) => value(from + k))
      if (lost[i] === false) segments.push({ seq: first + 1 + pos, bytes, acks: 501 })
      pos += size
      segments.push({ side: 1, seq: 501, acks: first + 1 + pos })
    }
    for (const at of swaps) {
      const [a, b] = [segments[at], segments[at + 1]]
      if (a && b) [segments[at], segments[at + 1]] = [b, a]
    }
    // The last word must be the true one: an ACK that a lower one follows counts as taken back.
    segments.push({ side: 1, seq: 501, acks: first + 1 + pos })
    const ear = new Ear().send({ seq: first, flags: syn }, { side: 1, seq: 500, flags: syn, acks: first + 1 }, ...segments).finish()
    const gapBytes = ear.gaps[0].reduce((sum, n) => sum + n, 0)
    assert.equal(ear.bytes[0].length + gapBytes, pos)
    const lostBytes = sizes.reduce((sum, size, i) => sum + (lost[i] === false ? 0 : size), 0)
    assert.equal(gapBytes, lostBytes)
    for (const { pos: at, value: got } of ear.placed) assert.equal(got, value(at))
  }), { numRuns: 200 })
})

test('random everything: never a throw, one end, and memory given back', () => {
  const wild = fc.record({
    side: fc.constantFrom<Direction>(0, 1), seq: isn, bytes: fc.uint8Array({ maxLength: 9, size: 'max' }), flags: fc.nat(63),
    acks: fc.option(isn, { nil: undefined }), at: fc.nat(5_000_000), extra: fc.nat(3),
  })
  fc.assert(fc.property(fc.array(wild, { maxLength: 60, size: 'max' }), (segments) => {
    const budget = new TcpBudget(64)
    const ear = new Ear(budget, ['last', 'linux'])
    for (const { extra, acks, ...s } of segments) {
      const wire = s.bytes.length + (extra === 3 ? 4 : 0)
      ear.send(acks === undefined ? { ...s, wire } : { ...s, acks, wire })
    }
    ear.finish()
    assert.equal(ear.ends, 1)
    assert.equal(budget.held, 0)
  }), { numRuns: 300 })
})
