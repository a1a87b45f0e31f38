// The diagrams themselves: canonical, leaf-wise right against truth tables, bounded, and unharmed by growing.
// Keeps "limits answer unknown": the bound is tested at the node where it lies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bdd, FALSE, LEAVES, Op, PASS_BIT, TRUE } from './bdd.ts'

/** Four variables: a function is 16 leaves, index bits from the first level down. */
const LEVELS = 4
const table = fc.array(fc.nat(TRUE), { minLength: 16, maxLength: 16 })

function build(bdd: Bdd, leaves: readonly number[], level = 0): number {
  if (leaves.length === 1) return leaves[0] as number
  const half = leaves.length / 2
  return bdd.node(level, build(bdd, leaves.slice(0, half), level + 1), build(bdd, leaves.slice(half), level + 1))
}

function read(bdd: Bdd, node: number): number[] {
  return Array.from({ length: 16 }, (_, index) => {
    let at = node
    while (at >= LEAVES) at = ((index >> (LEVELS - 1 - bdd.level(at))) & 1) === 1 ? bdd.high(at) : bdd.low(at)
    return at
  })
}

type Name = 'and' | 'or' | 'minus' | 'xor' | 'follow'
const OPERATIONS: readonly (readonly [Name, (x: number, y: number) => number])[] = [
  ['and', (x, y) => x & y], ['or', (x, y) => x | y], ['minus', (x, y) => x & ~y], ['xor', (x, y) => x ^ y],
  ['follow', (x, y) => ((x & PASS_BIT) === 0 ? x : (x & ~PASS_BIT) | y)],
]

test('each operation is right on every leaf, and equal functions are one node', () => {
  fc.assert(fc.property(table, table, (x, y) => {
    const bdd = new Bdd()
    const [a, b] = [build(bdd, x), build(bdd, y)]
    for (const [name, leaf] of OPERATIONS) {
      const expected = x.map((value, i) => leaf(value, y[i] as number))
      const result = bdd.apply(Op[name], a, b)
      assert.deepEqual(read(bdd, result), expected, name)
      assert.equal(result, build(bdd, expected), name)
    }
  }), { seed: 51 })
})

test('expand and move are right on every leaf', () => {
  fc.assert(fc.property(table, fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 15 }), (x, from, to) => {
    const bdd = new Bdd()
    const a = build(bdd, x)
    assert.deepEqual(read(bdd, bdd.expand(a, from)), x.map((leaf) => ((leaf & from) === 0 ? FALSE : TRUE)))
    assert.deepEqual(read(bdd, bdd.move(a, from, to)), x.map((leaf) => ((leaf & from) === 0 ? leaf : (leaf & ~from) | to)))
    assert.equal(bdd.bitsBelow(a), x.reduce((all, leaf) => all | leaf, 0))
  }), { seed: 52 })
})

test('follow is associative', () => {
  fc.assert(fc.property(table, table, table, (x, y, z) => {
    const bdd = new Bdd()
    const [a, b, c] = [build(bdd, x), build(bdd, y), build(bdd, z)]
    const left = bdd.apply(Op.follow, bdd.apply(Op.follow, a, b), c)
    assert.equal(left, bdd.apply(Op.follow, a, bdd.apply(Op.follow, b, c)))
  }), { seed: 53 })
})

/** A path of 20 bits to TRUE: 20 nodes of its own near the top. */
function path(bdd: Bdd, value: number): number {
  let node: number = TRUE
  for (let bit = 0; bit < 20; bit++) node = ((value >> bit) & 1) === 1 ? bdd.node(19 - bit, FALSE, node) : bdd.node(19 - bit, node, FALSE)
  return node
}

test('nodes keep their identity while the table grows', () => {
  const bdd = new Bdd()
  const made = Array.from({ length: 3000 }, (_, i) => path(bdd, i * 349))
  assert.ok(bdd.size > 20_000)
  for (const [i, node] of made.entries()) assert.equal(path(bdd, i * 349), node)
  const size = bdd.size
  const all = made.reduce((sum, node) => bdd.apply(Op.or, sum, node), FALSE)
  for (const node of made) assert.equal(bdd.apply(Op.minus, node, all), FALSE)
  assert.ok(bdd.size > size)
})

test('the node after the last allowed one is an error', () => {
  const bdd = new Bdd(LEAVES + 20)
  path(bdd, 0)
  assert.equal(bdd.size, LEAVES + 20)
  assert.equal(path(bdd, 0), path(bdd, 0))
  assert.throws(() => path(bdd, 1), { name: 'SetLimitError', message: /more than 36 nodes/ })
})
