// fuzz-mutate: hostile edits of bytes, out of a seed: bits, lengths at 0, 1 and their most, cuts, repeats, nests, words the code looks for.
// Keeps one seed, one input; and lengths are known, not guessed: a target says where its format has them.

import { randomInt, type Rng } from '../base/rng.ts'

/** A number of a format that says how much follows, or how many: `bytes` wide, at `off`. */
export interface LengthField {
  readonly off: number
  readonly bytes: 1 | 2 | 4
  readonly little: boolean
}

export interface MutateOptions {
  readonly lengthMax: number
  /** Numbers and texts worth trying. */
  readonly words: readonly Uint8Array[]
  readonly fields: (input: Uint8Array) => readonly LengthField[]
}

/** Nests deeper than any reader's own bound. */
const REPEATS_MAX = 64
const STRETCH_MAX = 64
const EDITS_MAX = 5

type Edit = (input: Uint8Array, rng: Rng, others: readonly Uint8Array[], options: MutateOptions) => Uint8Array

export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[randomInt(rng, 0, items.length - 1)] as T
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function readField(input: Uint8Array, { off, bytes, little }: LengthField): number {
  let value = 0
  for (let i = 0; i < bytes; i++) value = value * 256 + (input[little ? off + bytes - 1 - i : off + i] ?? 0)
  return value
}

export function withField(input: Uint8Array, { off, bytes, little }: LengthField, value: number): Uint8Array {
  const out = input.slice()
  for (let i = 0; i < bytes; i++) out[little ? off + i : off + bytes - 1 - i] = Math.floor(value / 256 ** i) & 0xff
  return out
}

/** What a length is set to: nothing, one, around itself, around signs, all there is. */
export function hostileValues(now: number, bytes: number): number[] {
  const most = 256 ** bytes - 1
  return [...new Set([0, 1, 2, now - 1, now + 1, now * 2, (most + 1) / 2 - 1, (most + 1) / 2, most - 1, most])].filter((v) => v >= 0 && v <= most && v !== now)
}

function stretch(input: Uint8Array, rng: Rng): readonly [number, number] {
  const at = randomInt(rng, 0, input.length)
  return [at, Math.min(input.length, at + randomInt(rng, 1, STRETCH_MAX))]
}

function fieldEdit(input: Uint8Array, rng: Rng, options: MutateOptions): Uint8Array {
  const fields = options.fields(input).filter((f) => f.off + f.bytes <= input.length)
  if (fields.length === 0) return input
  const field = pick(rng, fields)
  return withField(input, field, pick(rng, hostileValues(readField(input, field), field.bytes)))
}

function put(input: Uint8Array, at: number, word: Uint8Array): Uint8Array {
  const out = input.slice()
  out.set(word.subarray(0, Math.max(0, out.length - at)), Math.min(at, out.length))
  return out
}

function setByte(input: Uint8Array, rng: Rng, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return input
  const at = randomInt(rng, 0, input.length - 1)
  const out = input.slice()
  out[at] = change(out[at] as number)
  return out
}

const EDITS: readonly Edit[] = [
  (input, rng) => setByte(input, rng, (byte) => byte ^ (1 << randomInt(rng, 0, 7))),
  (input, rng) => setByte(input, rng, () => pick(rng, [0, 1, 0x7f, 0x80, 0xc0, 0xff, 0x0a, 0x0d, 0x20])),
  (input, rng) => setByte(input, rng, (byte) => byte + pick(rng, [-2, -1, 1, 2, 4, 8])),
  (input, rng) => setByte(input, rng, () => randomInt(rng, 0, 255)),
  (input, rng, _others, options) => fieldEdit(input, rng, options),
  (input, rng, _others, options) => fieldEdit(input, rng, options),
  (input, rng) => input.slice(0, randomInt(rng, 0, input.length)),
  (input, rng) => {
    const [at, to] = stretch(input, rng)
    return joinBytes(input.subarray(0, at), input.subarray(to))
  },
  (input, rng) => {
    const [at, to] = stretch(input, rng)
    const nest = Array.from({ length: randomInt(rng, 1, REPEATS_MAX) }, () => input.subarray(at, to))
    return joinBytes(input.subarray(0, at), ...nest, input.subarray(at))
  },
  (input, rng, _others, options) => put(input, randomInt(rng, 0, input.length), pick(rng, options.words)),
  (input, rng, _others, options) => {
    const at = randomInt(rng, 0, input.length)
    return joinBytes(input.subarray(0, at), pick(rng, options.words), input.subarray(at))
  },
  (input, rng) => {
    const [at, to] = stretch(input, rng)
    return joinBytes(input.subarray(0, at), Uint8Array.from({ length: to - at }, () => randomInt(rng, 0, 255)), input.subarray(to))
  },
  (input, rng, others) => {
    const other = pick(rng, others)
    const [from, to] = stretch(other, rng)
    const [at] = stretch(input, rng)
    return joinBytes(input.subarray(0, at), other.subarray(from, to), input.subarray(at))
  },
  (input, rng, others) => joinBytes(input.subarray(0, randomInt(rng, 0, input.length)), pick(rng, others)),
]

/** One to five edits of `input`; `others` are what pieces may be taken from. */
export function mutateBytes(input: Uint8Array, others: readonly Uint8Array[], rng: Rng, options: MutateOptions): Uint8Array {
  let out = input
  for (let n = randomInt(rng, 1, EDITS_MAX); n > 0; n--) out = pick(rng, EDITS)(out, rng, others, options)
  return out.length > options.lengthMax ? out.slice(0, options.lengthMax) : out
}

/** The edits that are made of every seed, whatever the dice say: each cut (evenly thinned above `cutsMax`), each length at each hostile value. */
export function* systematic(input: Uint8Array, fields: readonly LengthField[], cutsMax: number): Generator<Uint8Array> {
  const stride = Math.max(1, Math.ceil(input.length / cutsMax))
  for (let end = 0; end < input.length; end += stride) yield input.slice(0, end)
  for (const field of fields) {
    if (field.off + field.bytes > input.length) continue
    for (const value of hostileValues(readField(input, field), field.bytes)) yield withField(input, field, value)
  }
}

/** Numbers in the widths formats use, in both orders, and texts as they are. */
export function wordsOf(named: { readonly numbers: readonly number[]; readonly texts: readonly string[] }): Uint8Array[] {
  const numbers = named.numbers.flatMap((n) => {
    if (n <= 0xff) return [Uint8Array.of(n), Uint8Array.of(0, n), Uint8Array.of(0, 0, 0, n)]
    if (n <= 0xffff) return [Uint8Array.of(n >> 8, n & 255), Uint8Array.of(n & 255, n >> 8), Uint8Array.of(0, 0, n >> 8, n & 255)]
    return n <= 0xffffffff ? [fourBytes(n), fourBytes(n).reverse()] : []
  })
  return [...numbers, ...named.texts.map((text) => new TextEncoder().encode(text))]
}

function fourBytes(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)
}
