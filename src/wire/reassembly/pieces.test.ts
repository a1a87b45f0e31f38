// Pieces against a plain array of bytes with "first one wins": the slow twin of both reassemblers' store.
// Keeps the rule that every clever engine has an obvious one beside it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PieceNote, Pieces } from './pieces.ts'

const { fresh, overlap, different } = PieceNote

function insert(pieces: Pieces, start: number, ...values: number[]): number {
  return pieces.insert(start, Uint8Array.from(values), 0, values.length)
}

/** Every piece as text, e.g. `3:abc` or `3:lost 2`. */
function drained(pieces: Pieces): string[] {
  const out: string[] = []
  for (let piece = pieces.shift(); piece !== null; piece = pieces.shift()) {
    out.push(piece.bytes === null ? `${piece.start}:lost ${piece.end - piece.start}` : `${piece.start}:${[...piece.bytes].join(',')}`)
  }
  return out
}

test('bytes ahead of their turn come out sorted', () => {
  const pieces = new Pieces()
  assert.equal(insert(pieces, 10, 1, 2), fresh)
  assert.equal(insert(pieces, 5, 3), fresh)
  assert.equal(insert(pieces, 7, 4), fresh)
  assert.deepEqual([pieces.count, pieces.covered, pieces.held], [3, 4, 4])
  assert.deepEqual([pieces.first()?.start, pieces.last()?.end], [5, 12])
  assert.deepEqual(drained(pieces), ['5:3', '7:4', '10:1,2'])
  assert.deepEqual([pieces.count, pieces.covered, pieces.held, pieces.first(), pieces.last()], [0, 0, 0, null, null])
})

test('the first to arrive wins; what differs is noted', () => {
  const pieces = new Pieces()
  insert(pieces, 2, 20, 21)
  assert.equal(insert(pieces, 2, 20, 21), overlap, 'the same again')
  assert.equal(insert(pieces, 3, 99), overlap | different)
  assert.equal(insert(pieces, 0, 10, 11, 20, 21, 30), fresh | overlap)
  assert.equal(insert(pieces, 0, 0, 0, 0, 0, 0, 0), fresh | overlap | different)
  assert.deepEqual(drained(pieces), ['0:10,11', '2:20,21', '4:30', '5:0'])
})

test('touching is no overlap, and nothing inserted is nothing noted', () => {
  const pieces = new Pieces()
  insert(pieces, 4, 1)
  assert.equal(insert(pieces, 5, 2), fresh)
  assert.equal(insert(pieces, 3, 0), fresh)
  assert.equal(insert(pieces, 4), 0)
  assert.equal(pieces.overlaps(0, 3), false)
  assert.equal(pieces.overlaps(5, 9), true)
  assert.equal(pieces.overlaps(6, 9), false)
})

test('a lost stretch counts as covered, holds no memory, and agrees with any byte', () => {
  const pieces = new Pieces()
  assert.equal(pieces.insertLost(0, 4), fresh)
  assert.equal(insert(pieces, 2, 7, 7, 7), fresh | overlap)
  assert.equal(pieces.insertLost(3, 6), fresh | overlap)
  assert.deepEqual([pieces.covered, pieces.held], [6, 1])
  assert.deepEqual(drained(pieces), ['0:lost 4', '4:7', '5:lost 1'])
})

test('it copies: the caller may reuse its buffer, a Node Buffer too, whose slice() would be a view', () => {
  for (const buf of [Uint8Array.of(9, 1, 2, 9), Buffer.from([9, 1, 2, 9])]) {
    const pieces = new Pieces()
    pieces.insert(0, buf, 1, 3)
    buf.fill(0)
    assert.deepEqual(drained(pieces), ['0:1,2'])
  }
})

test('clear forgets all', () => {
  const pieces = new Pieces()
  insert(pieces, 1, 1, 2, 3)
  pieces.clear()
  assert.deepEqual([pieces.count, pieces.covered, pieces.held], [0, 0, 0])
  assert.equal(insert(pieces, 1, 5), fresh)
})

const arrival = fc.record({ start: fc.nat(60), values: fc.array(fc.nat(3), { maxLength: 20, size: 'max' }), lost: fc.boolean() })

test('random arrivals: content, notes and counters agree with an array of bytes', () => {
  fc.assert(fc.property(fc.array(arrival, { maxLength: 40, size: 'max' }), (arrivals) => {
    const pieces = new Pieces()
    const twin = new Map<number, number | 'lost'>()
    for (const { start, values, lost } of arrivals) {
      const notes = lost ? pieces.insertLost(start, start + values.length) : insert(pieces, start, ...values)
      let expected = 0
      for (const [i, value] of values.entries()) {
        const known = twin.get(start + i)
        if (known === undefined) twin.set(start + i, lost ? 'lost' : value)
        expected |= known === undefined ? fresh : overlap
        if (known !== undefined && known !== 'lost' && !lost && known !== value) expected |= different
      }
      assert.equal(notes, expected)
    }
    assert.equal(pieces.covered, twin.size)
    assert.equal(pieces.held, [...twin.values()].filter((v) => v !== 'lost').length)
    let last = -1
    for (let piece = pieces.shift(); piece !== null; piece = pieces.shift()) {
      assert.ok(piece.start >= last && piece.end > piece.start, 'sorted, not empty, not overlapping')
      last = piece.end
      for (let at = piece.start; at < piece.end; at++) assert.equal(piece.bytes?.[at - piece.start] ?? 'lost', twin.get(at))
    }
  }))
})
