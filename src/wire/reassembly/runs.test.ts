// Runs against their slow twin, plain pieces: what they say, hold and give is the same for fragments in any order, under each policy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FRAGMENT_WINS, OVERLAP_POLICIES } from './overlap.ts'
import { PieceNote, Pieces } from './pieces.ts'
import { Lender, Runs } from './runs.ts'

interface Bit {
  readonly start: number
  readonly bytes: Uint8Array
  /** Only asked about. */
  readonly isCompared: boolean
}

const bits = fc.array(fc.record({
  start: fc.nat(12).map((n) => n * 8), bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }), isCompared: fc.boolean(), follows: fc.boolean(),
}), { maxLength: 12 }).map((list): Bit[] => {
  let end = 0
  return list.map(({ start, bytes, isCompared, follows }) => {
    const bit = { start: follows ? end : start, bytes, isCompared: isCompared && !follows }
    if (follows) end += bytes.length
    return bit
  })
})

test('they say, hold and give what pieces do', () => {
  const lender = new Lender()
  fc.assert(fc.property(bits, fc.constantFrom(...OVERLAP_POLICIES), (list, policy) => {
    const wins = FRAGMENT_WINS[policy]
    const runs = new Runs(lender)
    const pieces = new Pieces()
    for (const { start, bytes, isCompared } of list) {
      const around = Uint8Array.from([7, 7, ...bytes, 7])
      const end = 2 + bytes.length
      if (isCompared) assert.equal(runs.compare(start, around, 2, end, wins), pieces.compare(start, around, 2, end))
      else assert.equal(runs.insert(start, around, 2, end, wins), pieces.insert(start, around, 2, end, wins))
      assert.deepEqual([runs.covered, runs.held, runs.end], [pieces.covered, pieces.held, pieces.last()?.end ?? 0])
      assert.equal(runs.count, pieces.count)
    }
    if (runs.covered !== runs.end) return
    const expected = new Uint8Array(pieces.covered)
    for (let piece = pieces.shift(); piece !== null; piece = pieces.shift()) if (piece.bytes) expected.set(piece.bytes, piece.start)
    assert.deepEqual(runs.take().slice(0, expected.length), expected)
    assert.deepEqual([runs.covered, runs.held, runs.count], [0, 0, 0])
  }), { numRuns: 400 })
})

test('fragments in order take no new memory once some datagrams have gone through', () => {
  const lender = new Lender()
  const bytes = new Uint8Array(1480)
  const wins = FRAGMENT_WINS.first
  const seen = new Set<ArrayBufferLike>()
  for (let i = 0; i < 1000; i++) {
    const runs = new Runs(lender)
    for (let n = 0; n < 4; n++) assert.equal(runs.insert(n * 1480, bytes, 0, 1480, wins), PieceNote.fresh)
    seen.add(runs.take().buffer)
  }
  assert.ok(seen.size <= 20, `${seen.size} buffers for a thousand datagrams`)
})
