// Pieces against a plain array of bytes where each policy says who wins: the slow twin of both reassemblers' store.
// Keeps the rule that every clever engine has an obvious one beside it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FRAGMENT_WINS, OVERLAP_POLICIES, SEGMENT_WINS, type Wins } from './overlap.ts'
import { PieceNote, Pieces } from './pieces.ts'

const { fresh, overlap, different } = PieceNote

function insert(pieces: Pieces, start: number, ...values: number[]): number {
  return pieces.insert(start, Uint8Array.from(values), 0, values.length, FRAGMENT_WINS.first)
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

test('the run from the start, and its bytes, against a plain array', () => {
  const piece = fc.record({ start: fc.nat(20), length: fc.nat(6), isLost: fc.boolean() })
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(26), (list, wanted) => {
    const pieces = new Pieces()
    const plain: (number | null | undefined)[] = []
    list.forEach(({ start, length, isLost }, n) => {
      if (isLost) pieces.insertLost(start, start + length)
      else insert(pieces, start, ...Array.from({ length }, () => n + 1))
      for (let i = start; i < start + length; i++) plain[i] = plain[i] === undefined ? (isLost ? null : n + 1) : plain[i]
    })
    const hole = Array.from({ length: 27 }, (_, i) => plain[i]).findIndex((byte) => byte === undefined || byte === null)
    assert.equal(pieces.run(), hole)
    const end = Math.min(wanted, hole)
    assert.deepEqual([...pieces.joined(end)], plain.slice(0, end))
  }))
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
  const compared = (start: number, ...values: number[]): number => pieces.compare(start, Uint8Array.from(values), 0, values.length)
  assert.equal(compared(0, 7, 7, 7), 0)
  assert.equal(compared(5, 2, 9), overlap)
  assert.equal(compared(2, 7, 0, 1, 9, 7), overlap | different)
  assert.equal(compared(6, 9), 0)
  assert.equal(pieces.count, 3, 'comparing keeps nothing')
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
    pieces.insert(0, buf, 1, 3, FRAGMENT_WINS.first)
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

test('the later one wins where the policy says so: what is left of the earlier one stands around it', () => {
  const pieces = new Pieces()
  const late = (start: number, ...values: number[]): number => pieces.insert(start, Uint8Array.from(values), 0, values.length, FRAGMENT_WINS.last)
  late(0, 1, 1, 1, 1, 1)
  assert.equal(late(1, 2, 2), overlap | different)
  assert.equal(late(3, 1), overlap, 'the same byte again is no difference')
  assert.equal(late(4, 3, 3), fresh | overlap | different)
  assert.deepEqual([pieces.covered, pieces.held], [6, 6])
  assert.deepEqual(drained(pieces), ['0:1', '1:2,2', '3:1', '4:3', '5:3'])
})

test('known bytes take the place of lost ones, never the other way', () => {
  const pieces = new Pieces()
  pieces.insertLost(0, 4)
  assert.equal(pieces.insert(1, Uint8Array.of(5, 6), 0, 2, FRAGMENT_WINS.last), overlap)
  assert.deepEqual([pieces.covered, pieces.held], [4, 2])
  assert.equal(pieces.insertLost(0, 4), overlap)
  assert.deepEqual(drained(pieces), ['0:lost 1', '1:5,6', '3:lost 1'])
})

test('a piece whose tail was not captured reaches to where its packet ended when policies compare', () => {
  const pieces = new Pieces()
  pieces.insert(4, Uint8Array.of(1), 0, 1, SEGMENT_WINS.linux, 9)
  pieces.insertLost(5, 9, 4)
  assert.equal(pieces.insert(4, Uint8Array.of(2, 2, 2), 0, 3, SEGMENT_WINS.linux), overlap | different, 'begins with it and ends before it')
  assert.deepEqual(drained(pieces), ['4:1', '5:lost 4'])
})

const arrival = fc.record({
  start: fc.nat(60), values: fc.array(fc.nat(3), { maxLength: 20, size: 'max' }), lost: fc.boolean(), wire: fc.nat(3),
})

interface Owned {
  readonly value: number | 'lost'
  readonly from: number
  readonly to: number
}

/** Every place with its owner; each arrival asks the policy at each place. */
class SlowPieces {
  readonly places = new Map<number, Owned>()
  readonly #wins: Wins

  constructor(wins: Wins) {
    this.#wins = wins
  }

  insert(start: number, values: readonly number[], to: number, lost: boolean): number {
    let notes = 0
    for (const [i, value] of values.entries()) {
      const known = this.places.get(start + i)
      notes |= known === undefined ? fresh : overlap
      if (known !== undefined && known.value !== 'lost' && !lost && known.value !== value) notes |= different
      if (known === undefined || (!lost && this.#wins(start, to, known.from, known.to))) {
        this.places.set(start + i, { value: lost ? 'lost' : value, from: start, to })
      }
    }
    return notes
  }
}

for (const [kind, table] of Object.entries({ fragments: FRAGMENT_WINS, segments: SEGMENT_WINS })) {
  for (const policy of OVERLAP_POLICIES) {
    test(`${kind}, ${policy}: random arrivals: content, notes and counters agree with an array of bytes`, () => {
      fc.assert(fc.property(fc.array(arrival, { maxLength: 40, size: 'max' }), (arrivals) => {
        const pieces = new Pieces()
        const twin = new SlowPieces(table[policy])
        for (const { start, values, lost, wire } of arrivals) {
          const end = start + values.length
          const notes = lost
            ? pieces.insertLost(start, end)
            : pieces.insert(start, Uint8Array.from(values), 0, values.length, table[policy], end + wire)
          assert.equal(notes, twin.insert(start, values, lost ? end : end + wire, lost))
        }
        const places = [...twin.places.values()]
        assert.equal(pieces.covered, places.length)
        assert.equal(pieces.held, places.filter((place) => place.value !== 'lost').length)
        let last = -1
        for (let piece = pieces.shift(); piece !== null; piece = pieces.shift()) {
          assert.ok(piece.start >= last && piece.end > piece.start, 'sorted, not empty, not overlapping')
          last = piece.end
          for (let at = piece.start; at < piece.end; at++) assert.equal(piece.bytes?.[at - piece.start] ?? 'lost', twin.places.get(at)?.value)
        }
        assert.deepEqual([pieces.covered, pieces.held], [0, 0])
      }))
    })
  }
}
