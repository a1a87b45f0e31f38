// coverage: runs our own sources with counters in them, in this process: which blocks ran, how often, and how many steps a body took.
// Keeps one order of things: import this first, and import what is counted with `await import`, for only then do its counters exist.

import fs from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { COUNTERS_NAME, instrument } from './instrument.ts'

/** The product has some 12,000 blocks; what is beyond is not counted. */
const BLOCKS_MAX = 1 << 15

/** How often each block ran since the counters were last emptied. */
export const counters = new Uint32Array(BLOCKS_MAX)

const SRC = path.join(import.meta.dirname, '..')
/** The tools are not what is measured. */
const NOT_COUNTED = /\/testing\/|\.test\.ts$|\/test-[\w-]+\.ts$|\/testdata\//

const places: string[] = []
const numbers = new Set<number>()
const texts = new Set<string>()

Object.defineProperty(globalThis, COUNTERS_NAME, { value: counters })

registerHooks({
  load(url, context, next) {
    const file = url.startsWith('file:') && url.endsWith('.ts') ? fileURLToPath(url) : ''
    if (!file.startsWith(`${SRC}${path.sep}`) || NOT_COUNTED.test(file)) return next(url, context)
    return { format: 'module', source: counted(file), shortCircuit: true }
  },
})

function counted(file: string): string {
  const plain = stripTypeScriptTypes(fs.readFileSync(file, 'utf8'))
  const woven = instrument(plain, places.length)
  if (places.length + woven.blocks.length > BLOCKS_MAX) return plain
  const name = path.relative(SRC, file)
  for (const at of woven.blocks) places.push(`${name}:${plain.slice(0, at).split('\n').length}`)
  for (const n of woven.numbers) numbers.add(n)
  for (const text of woven.texts) texts.add(text)
  return woven.code
}

/** Blocks there are so far; more come with every import. */
export function blockCount(): number {
  return places.length
}

/** `wire/link.ts:71` of a block. */
export function placeOf(block: number): string {
  return places[block] ?? '?'
}

/** Numbers and short texts that the counted sources name. */
export function namedValues(): { readonly numbers: readonly number[]; readonly texts: readonly string[] } {
  return { numbers: [...numbers], texts: [...texts] }
}

export function emptyCounters(): void {
  counters.fill(0, 0, places.length)
}

/** Blocks run since the counters were emptied. */
export function stepsNow(): number {
  let sum = 0
  for (let i = 0; i < places.length; i++) sum += counters[i] as number
  return sum
}

/** How many blocks of counted code `body` runs: the same number on every machine. */
export function stepsOf(body: () => void): number {
  emptyCounters()
  body()
  return stepsNow()
}

/** The blocks that ran most, for a person who wonders where the steps go. */
export function busiest(count: number): { readonly place: string; readonly runs: number }[] {
  return places.map((place, i) => ({ place, runs: counters[i] as number })).toSorted((a, b) => b.runs - a.runs).slice(0, count)
}
