// bdd: reduced ordered decision diagrams with four truth values at once, in typed arrays.
// Keeps "limits answer unknown, never hang": the node table has a bound, and reaching it is an error the prover names.

import { SetLimitError } from './packet-set.ts'

/**
 * A leaf is a number of four bits, so one diagram is four sets that share their nodes. A plain set uses the leaves FALSE and TRUE only.
 * Node ids below LEAVES are the leaves themselves. Bryant 1986 for the diagrams; no complement edges, no reference counts: a table lives
 * as long as one question.
 */
export const LEAVES = 16
export const FALSE = 0
export const TRUE = LEAVES - 1

/** The leaf bit that `follow` looks at: the upper diagram has not decided. */
export const PASS_BIT = 8

/** Binary operations on leaves, bit by bit. `follow`: what the first decides stays, where it may pass the second goes on. */
export const Op = { and: 0, or: 1, minus: 2, xor: 3, follow: 4, expand: 5, move: 6 } as const
type BinaryOp = 0 | 1 | 2 | 3 | 4

/** Four words per node: level and leaf bits below, low child, high child, next node of the same bucket. */
const WORDS = 4
const LEVEL_MASK = 0xffff
const LEAF_LEVEL = LEVEL_MASK
const BITS_SHIFT = 16

/** Small questions should not pay for large tables: 16,384 nodes are 256 KiB. */
const NODES_START = 1 << 14

/** Computed-table entries; 2^20 take 16 MiB, and more gave nothing on 5,000-rule lists (bench/prove.ts). */
const CACHE_MAX = 1 << 20

/** Default bound: 8 M nodes are 160 MB with their buckets. Lists of 10,000 rules stay below a quarter of it (bench/prove.ts). */
export const NODES_MAX = 1 << 23

/** A table of nodes and the operations on them. Node ids are meaningless outside their table. */
export class Bdd {
  #nodes = new Int32Array(NODES_START * WORDS)
  #buckets = new Int32Array(NODES_START)
  #cache = new Int32Array(NODES_START * WORDS)
  #count = LEAVES
  readonly #nodesMax: number

  constructor(nodesMax: number = NODES_MAX) {
    this.#nodesMax = nodesMax
    for (let leaf = 0; leaf < LEAVES; leaf++) this.#nodes[leaf * WORDS] = LEAF_LEVEL | (leaf << BITS_SHIFT)
    this.#cache.fill(-1)
  }

  /** Nodes made so far, leaves included. */
  get size(): number {
    return this.#count
  }

  /** LEAF_LEVEL for leaves. */
  level(node: number): number {
    return (this.#nodes[node * WORDS] as number) & LEVEL_MASK
  }

  low(node: number): number {
    return this.#nodes[node * WORDS + 1] as number
  }

  high(node: number): number {
    return this.#nodes[node * WORDS + 2] as number
  }

  /** The union of the leaves that can be reached from here. */
  bitsBelow(node: number): number {
    return (this.#nodes[node * WORDS] as number) >>> BITS_SHIFT
  }

  /** The node that asks `level` and goes to `low` on 0 and `high` on 1. Both children ask later levels. */
  node(level: number, low: number, high: number): number {
    if (low === high) return low
    const nodes = this.#nodes
    const bits = ((nodes[low * WORDS] as number) | (nodes[high * WORDS] as number)) >>> BITS_SHIFT
    const head = level | (bits << BITS_SHIFT)
    const bucket = hash(level, low, high) & (this.#buckets.length - 1)
    let at = this.#buckets[bucket] as number
    while (at !== 0) {
      const off = at * WORDS
      if (nodes[off + 1] === low && nodes[off + 2] === high && nodes[off] === head) return at
      at = nodes[off + 3] as number
    }
    return this.#add(head, low, high, bucket)
  }

  #add(head: number, low: number, high: number, bucket: number): number {
    if (this.#count >= this.#nodesMax) throw new SetLimitError(`the diagram needs more than ${this.#nodesMax} nodes`)
    const id = this.#count++
    const off = id * WORDS
    this.#nodes[off] = head
    this.#nodes[off + 1] = low
    this.#nodes[off + 2] = high
    this.#nodes[off + 3] = this.#buckets[bucket] as number
    this.#buckets[bucket] = id
    if (this.#count * WORDS === this.#nodes.length) this.#grow()
    return id
  }

  #grow(): void {
    const capacity = (this.#nodes.length / WORDS) * 2
    const nodes = new Int32Array(capacity * WORDS)
    nodes.set(this.#nodes)
    const buckets = new Int32Array(capacity)
    for (let id = LEAVES; id < this.#count; id++) {
      const off = id * WORDS
      const bucket = hash((nodes[off] as number) & LEVEL_MASK, nodes[off + 1] as number, nodes[off + 2] as number) & (capacity - 1)
      nodes[off + 3] = buckets[bucket] as number
      buckets[bucket] = id
    }
    this.#nodes = nodes
    this.#buckets = buckets
    if (capacity <= CACHE_MAX) this.#growCache(capacity)
  }

  #growCache(capacity: number): void {
    const old = this.#cache
    const cache = new Int32Array(capacity * WORDS).fill(-1)
    for (let off = 0; off < old.length; off += WORDS) {
      const a = old[off] as number
      if (a < 0) continue
      const to = (hash(old[off + 1] as number, a, old[off + 2] as number) & (capacity - 1)) * WORDS
      for (let word = 0; word < WORDS; word++) cache[to + word] = old[off + word] as number
    }
    this.#cache = cache
  }

  /** A binary operation, leaf by leaf. Time is at most the product of both sizes. Throws SetLimitError. */
  apply(op: BinaryOp, a: number, b: number): number {
    const known = op === Op.follow ? this.#followKnown(a, b) : leafOrSame(op, a, b)
    if (known >= 0) return known
    if ((op === Op.and || op === Op.or || op === Op.xor) && a > b) [a, b] = [b, a]
    const slot = (hash(op, a, b) & (this.#cache.length / WORDS - 1)) * WORDS
    const cache = this.#cache
    if (cache[slot] === a && cache[slot + 1] === op && cache[slot + 2] === b) return cache[slot + 3] as number
    const result = this.#descend(op, a, b)
    this.#remember(op, a, b, result)
    return result
  }

  #descend(op: BinaryOp, a: number, b: number): number {
    const levelA = this.level(a)
    const levelB = this.level(b)
    const level = levelA < levelB ? levelA : levelB
    const splitA = levelA === level
    const splitB = levelB === level
    const low = this.apply(op, splitA ? this.low(a) : a, splitB ? this.low(b) : b)
    const high = this.apply(op, splitA ? this.high(a) : a, splitB ? this.high(b) : b)
    return this.node(level, low, high)
  }

  #remember(op: number, a: number, b: number, result: number): void {
    const cache = this.#cache
    const slot = (hash(op, a, b) & (cache.length / WORDS - 1)) * WORDS
    cache[slot] = a
    cache[slot + 1] = op
    cache[slot + 2] = b
    cache[slot + 3] = result
  }

  #followKnown(a: number, b: number): number {
    if ((this.bitsBelow(a) & PASS_BIT) === 0 || a === b || b === PASS_BIT) return a
    if (a === PASS_BIT) return b
    return a < LEAVES && b < LEAVES ? (a & ~PASS_BIT) | b : -1
  }

  /** The plain set of what has any of these leaf bits. */
  expand(a: number, bits: number): number {
    return this.#rewrite(Op.expand, a, bits)
  }

  /** Leaves with any bit of `from` lose those and get `to` instead. */
  move(a: number, from: number, to: number): number {
    return this.#rewrite(Op.move, a, from | (to << 4))
  }

  #rewrite(op: 5 | 6, a: number, code: number): number {
    if (a < LEAVES) return rewriteLeaf(op, a, code)
    if ((this.bitsBelow(a) & code & TRUE) === 0) return op === Op.expand ? FALSE : a
    const slot = (hash(op, a, code) & (this.#cache.length / WORDS - 1)) * WORDS
    const cache = this.#cache
    if (cache[slot] === a && cache[slot + 1] === op && cache[slot + 2] === code) return cache[slot + 3] as number
    const result = this.node(this.level(a), this.#rewrite(op, this.low(a), code), this.#rewrite(op, this.high(a), code))
    this.#remember(op, a, code, result)
    return result
  }
}

function hash(x: number, y: number, z: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b) ^ Math.imul(z, 0xc2b2ae35)
  h ^= h >>> 15
  h = Math.imul(h, 0x2c1b3c6d)
  return h ^ (h >>> 13)
}

function rewriteLeaf(op: 5 | 6, leaf: number, code: number): number {
  if (op === Op.expand) return (leaf & code) === 0 ? FALSE : TRUE
  const from = code & TRUE
  return (leaf & from) === 0 ? leaf : (leaf & ~from) | (code >>> 4)
}

/** The result when it needs no descent, else -1. */
function leafOrSame(op: BinaryOp, a: number, b: number): number {
  if (a < LEAVES && b < LEAVES) return leafOperation(op, a, b)
  switch (op) {
    case Op.and:
      if (a === FALSE || b === FALSE) return FALSE
      return a === b || b === TRUE ? a : a === TRUE ? b : -1
    case Op.or:
      if (a === TRUE || b === TRUE) return TRUE
      return a === b || b === FALSE ? a : a === FALSE ? b : -1
    case Op.minus:
      return a === FALSE || b === TRUE || a === b ? FALSE : b === FALSE ? a : -1
    default:
      return a === b ? FALSE : b === FALSE ? a : a === FALSE ? b : -1
  }
}

function leafOperation(op: BinaryOp, a: number, b: number): number {
  if (op === Op.and) return a & b
  if (op === Op.or) return a | b
  return op === Op.minus ? a & ~b : a ^ b
}
