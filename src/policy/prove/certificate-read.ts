// readCertificate: a certificate's file as a value, or the place where it is none. The file comes from somebody else.
// Keeps "parse, don't validate": a key nobody knows, a missing one or a value of another kind is refused, and keys get one order.

import { err, ok, type Result } from '../../base/result.ts'
import { quote } from '../../base/tree-reader.ts'
import { FIELDS } from '../rules/model.ts'
import { CERTIFICATE_FORMAT, CLAIMS, type Certificate } from './certificate.ts'

/** What stands at a place of the file; `optional` keys may be missing. */
type Shape =
  | { readonly kind: 'text' | 'line' | 'number' }
  | { readonly kind: 'one'; readonly of: readonly (string | number | null)[] }
  | { readonly kind: 'textOrNull' }
  | { readonly kind: 'list'; readonly item: Shape }
  | { readonly kind: 'map'; readonly keys: Readonly<Record<string, Shape>>; readonly optional?: true }

const text: Shape = { kind: 'text' }
const line: Shape = { kind: 'line' }
const number: Shape = { kind: 'number' }
const textOrNull: Shape = { kind: 'textOrNull' }
const one = (...of: readonly (string | number | null)[]): Shape => ({ kind: 'one', of })
const list = (item: Shape): Shape => ({ kind: 'list', item })
const map = (keys: Readonly<Record<string, Shape>>): Shape => ({ kind: 'map', keys })

const CUBES = list({ kind: 'map', keys: Object.fromEntries(FIELDS.map((field) => [field, list(text)])), optional: true })
const DECISION = map({ action: one('permit', 'deny'), path: list(map({ chain: text, rule: number, line: number, text })) })
const PART = map({
  title: text, ipVersion: one(4, 6), claim: one(...CLAIMS), asked: map({ packets: CUBES, except: CUBES }), count: text,
  assumed: list(map({ line: number, text })), groups: list(map({ by: list(DECISION), cubes: CUBES })),
})
const CERTIFICATE = map({
  format: one(CERTIFICATE_FORMAT), verdict: one('proved'),
  question: map({
    kind: one('reach', 'liveness', 'equal', 'policy'), ipVersion: one(4, 6, null), chain: textOrNull, from: textOrNull, to: textOrNull,
    service: textOrNull, assets: list(line), day: textOrNull,
  }),
  inputs: list(map({ name: line, sha256: line, target: line })), parts: list(PART),
})

/** The error says where, e.g. `parts[0].claim must be one of never, always, equal`. */
export function readCertificate(file: string): Result<Certificate> {
  let value: unknown
  try {
    value = JSON.parse(file)
  } catch {
    return err('it is not JSON')
  }
  try {
    return ok(shaped(value, CERTIFICATE, '') as Certificate)
  } catch (cause) {
    if (cause instanceof Misshapen) return err(cause.message)
    throw cause
  }
}

class Misshapen extends Error {}

/** Words that verify prints: they move no cursor and pretend no second line. */
function isLine(value: unknown): boolean {
  return typeof value === 'string' && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(value)
}

function shaped(value: unknown, shape: Shape, at: string): unknown {
  const refuse = (must: string): never => {
    throw new Misshapen(`${at === '' ? 'the file' : at.replace(/^\./, '')} must be ${must}`)
  }
  switch (shape.kind) {
    case 'text':
      return typeof value === 'string' ? value : refuse('text')
    case 'line':
      return isLine(value) ? value : refuse('text of one line')
    case 'textOrNull':
      return value === null || isLine(value) ? value : refuse('text of one line or null')
    case 'number':
      return Number.isSafeInteger(value) ? value : refuse('a whole number')
    case 'one':
      return shape.of.some((allowed) => allowed === value) ? value : refuse(`one of ${shape.of.join(', ')}`)
    case 'list':
      return Array.isArray(value) ? value.map((item, i) => shaped(item, shape.item, `${at}[${i}]`)) : refuse('a list')
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('a map')
      const given = new Map(Object.entries(value))
      const strange = [...given.keys()].find((key) => !Object.hasOwn(shape.keys, key))
      if (strange !== undefined) return refuse(`without the key ${quote(strange)}`)
      const rows = Object.entries(shape.keys).filter(([key]) => !(shape.optional && !given.has(key)))
      return Object.fromEntries(rows.map(([key, inner]) => [key, shaped(given.get(key), inner, `${at}.${key}`)]))
    }
  }
}
