// One nft comparison as alternatives of model constraints.
// Keeps "exact or unknown": each comparison becomes the same set of packets, or an unknown match with the reason.

import type { IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, UnknownMatch, ValueMask, ValueRange } from '../../rules/model.ts'
import type { CompareOp, Element, Expr, SetNode } from './ast.ts'
import { exprText } from './expressions.ts'
import { exactValue, familyOf, FIELD_OF, rangeOf, stateOfBit, TYPE_MAX, type FieldUse, type Interfaces } from './fields.ts'

/** One way a rule can match. `anyTransport`: looks at ports without saying which protocol. */
export interface Alternative {
  readonly fields: readonly (readonly [Field, Constraint])[]
  readonly family: IpVersion | null
  readonly unknown: readonly UnknownMatch[]
  readonly anyTransport: boolean
  /** The family when nothing before says one. */
  readonly usual: IpVersion | null
}

/** What the words of a comparison mean in this table. */
export interface Scope {
  readonly sets: ReadonlyMap<string, SetNode>
  /** Sets that rules fill while packets pass. */
  readonly filled: ReadonlySet<string>
  readonly interfaces: Interfaces
  readonly line: number
  readonly text: string
}

export const ALWAYS: Alternative = { fields: [], family: null, unknown: [], anyTransport: false, usual: null }

/** Alternatives of one rule. Concatenated sets have one for each element; a product of two large ones is no ruleset that people run. */
const ALTERNATIVES_MAX = 65536

/** Both must hold. Alternatives of two families together match nothing and are left out. */
export function both(a: readonly Alternative[], b: readonly Alternative[], scope: Scope): readonly Alternative[] {
  if (a.length * b.length > ALTERNATIVES_MAX) return unknown(scope, `more than ${ALTERNATIVES_MAX} combinations`)
  return a.flatMap((left) => b.flatMap((right) => {
    if (left.family !== null && right.family !== null && left.family !== right.family) return []
    return [{
      fields: [...left.fields, ...right.fields], family: left.family ?? right.family ?? right.usual,
        unknown: [...left.unknown, ...right.unknown],
      anyTransport: left.anyTransport || right.anyTransport, usual: null,
    }]
  }))
}

/** A match that may or may not hold. */
export function unknown(scope: Scope, reason: string): readonly Alternative[] {
  return [{ ...ALWAYS, unknown: [{ text: scope.text, line: scope.line, reason }] }]
}

/** `left op right` as alternatives: none when nothing matches, one with an unknown when it is not understood. */
export function lowerMatch(left: Expr, op: CompareOp, right: Expr, scope: Scope): readonly Alternative[] {
  const elements = elementsOf(right, scope)
  if (typeof elements === 'string') return unknown(scope, elements)
  if (elements === null) return single(left, op, right, scope)
  if (op !== 'in' && op !== '==' && op !== '!=') return unknown(scope, 'a set compared in this way')
  if (op === '!=') return none(left, elements, scope)
  if (left.kind === 'concat') return elements.flatMap((item) => oneElement(left, item, scope))
  return anyOf(left, elements, scope)
}

/** One element of a set or verdict map as a match of its own. */
export function oneElement(left: Expr, item: Element, scope: Scope): readonly Alternative[] {
  if (item.expires) return unknown(scope, 'an element that leaves by itself')
  if (left.kind !== 'concat') return single(left, '==', item.key, scope)
  if (item.key.kind === 'any') return [ALWAYS]
  const parts = item.key.kind === 'concat' ? item.key.parts : [item.key]
  if (parts.length !== left.parts.length) return unknown(scope, 'an element with other parts than its key')
  let found: readonly Alternative[] = [ALWAYS]
  for (const [i, part] of left.parts.entries()) found = both(found, single(part, '==', parts[i] as Expr, scope), scope)
  return found
}

/** Elements of a set or named set; null for a plain value; a string says why they are not known. */
export function elementsOf(right: Expr, scope: Scope): readonly Element[] | string | null {
  if (right.kind === 'set') return right.items
  if (right.kind !== 'ref') return null
  const set = scope.sets.get(right.name)
  if (set === undefined) return `the set @${right.name} is not in this text`
  return set.dynamic || scope.filled.has(right.name) ? `the set @${right.name} changes while packets pass` : set.items
}

/** Elements of one field: known values together, each one that is not understood by itself. */
function anyOf(left: Expr, elements: readonly Element[], scope: Scope): readonly Alternative[] {
  const found = elements.flatMap((item) => oneElement(left, item, scope))
  const merged = mergeRanges(found)
  return merged ?? found
}

/** Alternatives that differ in one field's ranges only, as a single one; null when they are not of that kind. */
function mergeRanges(found: readonly Alternative[]): readonly Alternative[] | null {
  const known = found.filter((a) => a.unknown.length === 0)
  const first = known[0]
  const last = first?.fields.at(-1)
  if (first === undefined || last === undefined) return null
  const ranges: ValueRange[] = []
  for (const a of known) {
    const [field, constraint] = a.fields.at(-1) ?? []
    if (field !== last[0] || constraint?.kind !== 'ranges' || constraint.not || a.family !== first.family) return null
    ranges.push(...constraint.ranges)
  }
  const joined: Alternative = { ...first, fields: [...first.fields.slice(0, -1), [last[0], { kind: 'ranges', ranges, not: false }]] }
  return [joined, ...found.filter((a) => a.unknown.length > 0)]
}

/** None of the elements: exact for one field; for concatenations of one element, by De Morgan. */
function none(left: Expr, elements: readonly Element[], scope: Scope): readonly Alternative[] {
  if (left.kind === 'concat') return unknown(scope, 'a negated set of concatenations')
  const merged = anyOf(left, elements, scope)
  if (merged.length === 0) return [implied(left)]
  const only = merged.length === 1 ? merged[0] : undefined
  const last = only?.fields.at(-1)
  if (only === undefined || last === undefined || only.unknown.length > 0) return unknown(scope,
    'a negated set with parts that are not understood')
  return [{ ...only, fields: [...only.fields.slice(0, -1), [last[0], negated(last[1])]] }]
}

/** What a selector demands of the packet before any value is compared. */
function implied(left: Expr): Alternative {
  const found = left.kind === 'key' ? FIELD_OF.get(left.name) : undefined
  return found === undefined ? ALWAYS : demanded(found)
}

function demanded(use: FieldUse): Alternative {
  return { ...ALWAYS, fields: use.proto === null ? [] : [['proto', oneOf([BigInt(use.proto)])]], family: use.family,
    anyTransport: use.anyTransport, usual: use.usual }
}

function negated(c: Constraint): Constraint {
  return { ...c, not: !c.not }
}

export function oneOf(values: readonly bigint[]): Constraint {
  return { kind: 'ranges', ranges: values.map((value) => ({ low: value, high: value })), not: false }
}

/** A selector against a plain value. */
function single(left: Expr, op: CompareOp, right: Expr, scope: Scope): readonly Alternative[] {
  if (left.kind === 'bits' && left.op === '&' && left.left.kind === 'key') return maskedBits(left.left.name, left.right, op, right, scope)
  if (left.kind === 'concat') return oneConcat(left, op, right, scope)
  if (left.kind !== 'key') return unknown(scope, 'not a field of the model')
  const use = FIELD_OF.get(left.name)
  if (use === undefined) return unknown(scope, `${left.name} is not a field of the model`)
  if (use.type === 'family') return families(op, right, scope)
  const constraint = constraintOf(use, op, right, scope)
  return typeof constraint === 'string' ? unknown(scope, constraint) : [withField(use, constraint)]
}

function oneConcat(left: Expr, op: CompareOp, right: Expr, scope: Scope): readonly Alternative[] {
  if (op !== '==' && op !== 'in') return unknown(scope, 'a concatenation compared in this way')
  return oneElement(left, { key: right, data: null, expires: false }, scope)
}

function withField(use: FieldUse, constraint: Constraint): Alternative {
  const base = demanded(use)
  return use.field === null ? base : { ...base, fields: [...base.fields, [use.field, constraint]] }
}

function families(op: CompareOp, right: Expr, scope: Scope): readonly Alternative[] {
  if (right.kind === 'any') return [ALWAYS]
  const family = familyOf(right)
  if (family === null || (op !== 'in' && op !== '==' && op !== '!=')) return unknown(scope, 'a family that is neither IPv4 nor IPv6')
  return [{ ...ALWAYS, family: op === '!=' ? (family === 4 ? 6 : 4) : family }]
}

/** The constraint of a comparison; a string says why there is none. */
function constraintOf(use: FieldUse, op: CompareOp, right: Expr, scope: Scope): Constraint | string {
  if (use.type === 'iface') return ifaceConstraint(op, right, scope)
  if (use.type === 'state') return stateConstraint(op, right)
  if (use.type === 'flags' && (op === 'in' || op === '!')) return anyBit(right, op === '!')
  const range = rangeOf(right, use.type)
  if (range === null || (right.kind === 'list' && use.type !== 'flags')) return `"${exprText(right)}" is not understood here`
  return ordered(op, range, TYPE_MAX[use.type] ?? 0n)
}

function ordered(op: CompareOp, range: ValueRange, max: bigint): Constraint | string {
  const plain = (low: bigint, high: bigint, not = false): Constraint => ({ kind: 'ranges', ranges: low > high ? [] : [{ low, high }], not })
  if (op === 'in' || op === '==') return plain(range.low, range.high)
  if (op === '!=') return plain(range.low, range.high, true)
  if (range.low !== range.high) return 'a range compared by order'
  if (op === '<') return plain(0n, range.low - 1n)
  if (op === '<=') return plain(0n, range.low)
  if (op === '>') return plain(range.low + 1n, max)
  return op === '>=' ? plain(range.low, max) : 'a comparison that is not known'
}

function ifaceConstraint(op: CompareOp, right: Expr, scope: Scope): Constraint | string {
  if (op !== 'in' && op !== '==' && op !== '!=') return 'interfaces have no order'
  if (right.kind === 'any') return { kind: 'ranges', ranges: [], not: op !== '!=' }
  if (right.kind !== 'value') return `"${exprText(right)}" is no interface`
  return { ...oneOf(scope.interfaces.covered(right.text).map(BigInt)), not: op === '!=' }
}

/** nft keeps states as bits and compares exactly, but for `ct state a,b`, which asks for any of them. A packet has one bit. */
function stateConstraint(op: CompareOp, right: Expr): Constraint | string {
  const bits = exactValue(right, 'state')
  if (bits === null) return `"${exprText(right)}" is no connection state of the model`
  if (op === 'in' || op === '!') {
    const states = bitsIn(bits).map(stateOfBit)
    if (states.includes(null)) return 'a connection state that is not in the model'
    return { ...oneOf(states.filter((state) => state !== null)), not: op === '!' }
  }
  if (op !== '==' && op !== '!=') return 'connection states have no order'
  const state = stateOfBit(bits)
  if (state === null && bitsIn(bits).length === 1) return 'a connection state that is not in the model'
  // Two bits at once are in no packet: equal to them is never, unlike them is always.
  return { ...oneOf(state === null ? [] : [state]), not: op === '!=' }
}

/** Bits of a number, as numbers. Fields with bits have at most 16. */
function bitsIn(value: bigint): readonly bigint[] {
  return Array.from({ length: BITS_MAX }, (_, i) => 1n << BigInt(i)).filter((bit) => (value & bit) !== 0n)
}

const BITS_MAX = 16

/** `tcp flags syn,ack`: any of them; with `!`, none of them. */
function anyBit(right: Expr, not: boolean): Constraint | string {
  const bits = exactValue(right, 'flags')
  if (bits === null || bits > 255n) return `"${exprText(right)}" are no TCP flags`
  return { kind: 'masks', masks: bitsIn(bits).map((bit) => ({ value: bit, mask: bit })), not }
}

/** `tcp flags & (fin | syn) == syn`, `ip daddr & 0.0.0.255 == 1`, `ct state & established != 0`. */
function maskedBits(key: string, maskExpr: Expr, op: CompareOp, right: Expr, scope: Scope): readonly Alternative[] {
  const use = FIELD_OF.get(key)
  if (use === undefined || use.field === null || use.type === 'iface') return unknown(scope, `${key} is not a field of the model`)
  const mask = exactValue(maskExpr, use.type)
  const value = exactValue(right, use.type)
  if (mask === null || value === null || (op !== 'in' && op !== '==' && op !== '!=')) return unknown(scope,
    'bits compared in a way that is not understood')
  if (use.type === 'state') return maskedState(use, mask, value, op, scope)
  // A value with bits outside the mask is never equal.
  const masks: readonly ValueMask[] = (value & ~mask) === 0n ? [{ value, mask }] : []
  return [withField(use, { kind: 'masks', masks, not: op === '!=' })]
}

function maskedState(use: FieldUse, mask: bigint, value: bigint, op: CompareOp, scope: Scope): readonly Alternative[] {
  if (value !== 0n) return unknown(scope, 'connection state bits compared with other than zero')
  const constraint = stateConstraint('in', { kind: 'value', text: String(mask) })
  if (typeof constraint === 'string') return unknown(scope, constraint)
  return [withField(use, op === '!=' ? constraint : negated(constraint))]
}
