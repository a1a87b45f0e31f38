// mutate: hostile edits of text, out of a seed: lines and words lost, swapped and repeated, numbers too large, nesting, names of prototypes.
// Keeps one seed, one text: what a run found can be made again from the number it printed.

import { randomInt, type Rng } from '../base/rng.ts'

/** Words that parsers trip over. */
export const HOSTILE_WORDS: readonly string[] = [
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '\u0000',
  '\ufeff', '\u2028', '\ud800', '\u0661\u0662', 'é', '-1', '0', '255.255.255.255',
  '99999999999999999999999999', '1e309', '0x', 'NaN', '4294967296', '65536', '-65535', '10.0.0.0/33', '::/129', '1.2.3', '::1::', '"', "'", '\\', '`',
  '{', '}', '[', ']', '(',
  ')', ';', ',', '!', '#', '/*', '*/', '<', '>', '|', '&', ':', '=', '\t', '\r', '\n', '\n\n', ' ', '', 'any', 'no', 'end', 'next', 'exit',
]

/** Nesting beyond any real text, and small enough to stay cheap. */
const DEPTH_MAX = 400
const REPEAT_MAX = 300

type Edit = (text: string, rng: Rng, seeds: readonly string[]) => string

function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[randomInt(rng, 0, items.length - 1)] as T
}

/** A stretch of text between two positions, at most so long. */
function stretch(text: string, rng: Rng, longest: number): readonly [number, number] {
  const at = randomInt(rng, 0, text.length)
  return [at, Math.min(text.length, at + randomInt(rng, 0, longest))]
}

function inLines(change: (lines: string[], rng: Rng) => void): Edit {
  return (text, rng) => {
    const lines = text.split('\n')
    change(lines, rng)
    return lines.join('\n')
  }
}

/** Words with the white space around them; odd indexes are white space. */
function inWords(change: (words: string[], at: number, rng: Rng) => void): Edit {
  return (text, rng) => {
    const words = text.split(/(\s+)/)
    change(words, randomInt(rng, 0, (words.length - 1) / 2) * 2, rng)
    return words.join('')
  }
}

const EDITS: readonly Edit[] = [
  inLines((lines, rng) => void lines.splice(randomInt(rng, 0, lines.length - 1), randomInt(rng, 1, 3))),
  inLines((lines, rng) => void lines.splice(randomInt(rng, 0, lines.length), 0, pick(rng, lines))),
  inLines((lines, rng) => {
    const [a, b] = [randomInt(rng, 0, lines.length - 1), randomInt(rng, 0, lines.length - 1)]
    ;[lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? '']
  }),
  inWords((words, at, rng) => {
    const other = randomInt(rng, 0, (words.length - 1) / 2) * 2
    ;[words[at], words[other]] = [words[other] ?? '', words[at] ?? '']
  }),
  inWords((words, at, rng) => void (words[at] = pick(rng, HOSTILE_WORDS))),
  inWords((words, at) => void words.splice(at, 2)),
  inWords((words, at, rng) => void (words[at] = `${words[at] ?? ''} `.repeat(randomInt(rng, 2, REPEAT_MAX)))),
  (text, rng) => text.slice(0, randomInt(rng, 0, text.length)),
  (text, rng) => {
    const [at] = stretch(text, rng, 0)
    return text.slice(0, at) + pick(rng, HOSTILE_WORDS) + text.slice(at)
  },
  (text, rng) => {
    const [at, to] = stretch(text, rng, 40)
    return text.slice(0, at) + text.slice(at, to).repeat(randomInt(rng, 0, 4)) + text.slice(to)
  },
  (text, rng) => {
    const [at] = stretch(text, rng, 0)
    return text.slice(0, at) + pick(rng, ['{', '[', '(', '{ "a": ', '- ', '! ', '{ a ', '"']).repeat(randomInt(rng, 2, DEPTH_MAX)) + text.slice(at)
  },
  (text, rng, seeds) => {
    const [at, to] = stretch(text, rng, 80)
    const other = pick(rng, seeds)
    const [from, until] = stretch(other, rng, 200)
    return text.slice(0, at) + other.slice(from, until) + text.slice(to)
  },
]

/** Longest text handed on: edits of edits must not grow without end. */
export const MUTATED_LENGTH_MAX = 60_000

/** One to six edits of one of the seeds. */
export function mutate(seeds: readonly string[], rng: Rng): string {
  let text = pick(rng, seeds)
  for (let n = randomInt(rng, 1, 6); n > 0; n--) text = pick(rng, EDITS)(text, rng, seeds).slice(0, MUTATED_LENGTH_MAX)
  return text
}
