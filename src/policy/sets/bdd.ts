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
export const Op = { and: 0, or: 1, minus: 2, xor: 3, follow: 4, expand: 5, move: 6, forget: 7 } as const
type BinaryOp = 0 | 1 | 2 | 3 | 4

/** Wider than any field (IPv6 addresses have 128 bits): makes one number of a field's place. */
const FIELD_BITS_MAX = 1024

/** Four words per node: level and leaf bits below, low child, high child, next node of the same bucket. */
const WORDS = 4
const LEVEL_MASK = 0xffff
const LEAF_LEVEL = LEVEL_MASK
const BITS_SHIFT = 16
const BITS_MASK = ~LEVEL_MASK

/** Small questions should not pay for large tables: 4,096 nodes are 64 KiB. */
const NODES_START = 1 << 12

/** Growing means hashing everything again; four times more makes that rare. */
const GROWTH = 4

/**
 * Computed-table entries of four words: arguments, operation, result. The first argument of an entry is never the leaf 0, so zeroed memory
 * is an empty table. 2^20 take 16 MiB, and more gave nothing on 5,000-rule lists (bench/prove.ts).
 */
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
    const buckets = this.#buckets
    const bucket = hash(level, low, high) & (buckets.length - 1)
    const first = buckets[bucket] as number
    let at = first
    while (at !== 0) {
      const off = at * WORDS
      if (nodes[off + 1] === low && nodes[off + 2] === high && ((nodes[off] as number) & LEVEL_MASK) === level) return at
      at = nodes[off + 3] as number
    }
    const id = this.#count++
    const off = id * WORDS
    nodes[off] = level | (((nodes[low * WORDS] as number) | (nodes[high * WORDS] as number)) & BITS_MASK)
    nodes[off + 1] = low
    nodes[off + 2] = high
    nodes[off + 3] = first
    buckets[bucket] = id
    if (off + WORDS === nodes.length || id === this.#nodesMax) this.#grow()
    return id
  }

  #grow(): void {
    if (this.#count > this.#nodesMax) throw new SetLimitError(`the diagram needs more than ${this.#nodesMax} nodes`)
    const capacity = (this.#nodes.length / WORDS) * GROWTH
    const nodes = new Int32Array(capacity * WORDS)
    nodes.set(this.#nodes)
    const buckets = new Int32Array(capacity)
    const end = this.#count * WORDS
    for (let off = LEAVES * WORDS; off < end; off += WORDS) {
      const bucket = hash((nodes[off] as number) & LEVEL_MASK, nodes[off + 1] as number, nodes[off + 2] as number) & (capacity - 1)
      nodes[off + 3] = buckets[bucket] as number
      buckets[bucket] = off / WORDS
    }
    this.#nodes = nodes
    this.#buckets = buckets
    // Results known so far are dropped: finding them again costs less than carrying them over.
    if (this.#cache.length < CACHE_MAX * WORDS) this.#cache = new Int32Array(Math.min(CACHE_MAX, capacity) * WORDS)
  }

  /** A binary operation, leaf by leaf. Time is at most the product of both sizes. Throws SetLimitError. */
  apply(op: BinaryOp, a: number, b: number): number {
    const known = op === Op.follow ? this.#followKnown(a, b) : leafOrSame(op, a, b)
    if (known >= 0) return known
    if (a > b && (op === Op.and || op === Op.or || op === Op.xor)) [a, b] = [b, a]
    const slot = this.#slot(op, a, b)
    const cache = this.#cache
    if (cache[slot] === a && cache[slot + 1] === b && cache[slot + 2] === op) return cache[slot + 3] as number
    const result = this.#descend(op, a, b)
    this.#remember(op, a, b, result)
    return result
  }

  #descend(op: BinaryOp, a: number, b: number): number {
    const nodes = this.#nodes
    const offA = a * WORDS
    const offB = b * WORDS
    const levelA = (nodes[offA] as number) & LEVEL_MASK
    const levelB = (nodes[offB] as number) & LEVEL_MASK
    const level = levelA < levelB ? levelA : levelB
    let lowA = a
    let highA = a
    let lowB = b
    let highB = b
    if (levelA === level) {
      lowA = nodes[offA + 1] as number
      highA = nodes[offA + 2] as number
    }
    if (levelB === level) {
      lowB = nodes[offB + 1] as number
      highB = nodes[offB + 2] as number
    }
    const low = this.apply(op, lowA, lowB)
    return this.node(level, low, this.apply(op, highA, highB))
  }

  #slot(op: number, a: number, b: number): number {
    return (hash(op, a, b) & (this.#cache.length / WORDS - 1)) * WORDS
  }

  #remember(op: number, a: number, b: number, result: number): void {
    const slot = this.#slot(op, a, b)
    const cache = this.#cache
    cache[slot] = a
    cache[slot + 1] = b
    cache[slot + 2] = op
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

  /** The plain set where the bits of levels `first` to `first + bits - 1` may be anything: there is some value that was in it. */
  forget(a: number, first: number, bits: number): number {
    if (a < LEAVES) return a
    const level = this.level(a)
    if (level >= first + bits) return a
    const code = first * FIELD_BITS_MAX + bits
    const slot = this.#slot(Op.forget, a, code)
    const cache = this.#cache
    if (cache[slot] === a && cache[slot + 1] === code && cache[slot + 2] === Op.forget) return cache[slot + 3] as number
    const low = this.forget(this.low(a), first, bits)
    const high = this.forget(this.high(a), first, bits)
    const result = level < first ? this.node(level, low, high) : this.apply(Op.or, low, high)
    this.#remember(Op.forget, a, code, result)
    return result
  }

  #rewrite(op: 5 | 6, a: number, code: number): number {
    if (a < LEAVES) return rewriteLeaf(op, a, code)
    if ((this.bitsBelow(a) & code & TRUE) === 0) return op === Op.expand ? FALSE : a
    const slot = this.#slot(op, a, code)
    const cache = this.#cache
    if (cache[slot] === a && cache[slot + 1] === code && cache[slot + 2] === op) return cache[slot + 3] as number
    const result = this.node(this.level(a), this.#rewrite(op, this.low(a), code), this.#rewrite(op, this.high(a), code))
    this.#remember(op, a, code, result)
    return result
  }
}

/** Linear on purpose: nodes made one after the other have children made one after the other, and so buckets that share a cache line. */
function hash(x: number, y: number, z: number): number {
  return x * 4099 + y + z * 7
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
