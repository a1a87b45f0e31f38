// canonical: one way to write a JSON value, so that what is signed is what is read: keys sorted, no blanks, integers only.
// Keeps the rule of OLPC canonical JSON, as TUF uses it, for the values that permits have.

import { err, ok, type Result } from '../../../base/result.ts'

export type PlainValue = string | number | boolean | null | readonly PlainValue[] | { readonly [key: string]: PlainValue }

/** Deepest nesting of a document; permits have three levels. */
const DEPTH_MAX = 16

/** The text, or what cannot be written: fractions, huge numbers, undefined, too deep. */
export function canonicalJson(value: unknown, depth = 0): Result<string> {
  if (depth > DEPTH_MAX) return err(`is nested deeper than ${DEPTH_MAX}`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return ok(JSON.stringify(value))
  if (typeof value === 'number') return Number.isSafeInteger(value) ? ok(String(value)) : err(`has ${value}, which is no exact integer`)
  if (Array.isArray(value)) return joined(value.map((item) => canonicalJson(item, depth + 1)), '[', ']')
  if (typeof value !== 'object') return err(`has a ${typeof value}`)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return joined(entries.map(([key, item]) => {
    const text = canonicalJson(item, depth + 1)
    return text.ok ? ok(`${JSON.stringify(key)}:${text.value}`) : text
  }), '{', '}')
}

function joined(parts: readonly Result<string>[], open: string, close: string): Result<string> {
  const texts: string[] = []
  for (const part of parts) {
    if (!part.ok) return part
    texts.push(part.value)
  }
  return ok(`${open}${texts.join(',')}${close}`)
}
