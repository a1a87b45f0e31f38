// Exceptions of a policy file: what is allowed for a while, by whom, until when; and the policy with those in effect.
// Keeps the rule that an exception ends by itself: without its day nothing is allowed, after it a warning is all that is left.

import { assert } from '../../base/assert.ts'
import { suggest } from '../../base/suggest.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { quote, readChoice, readList, readMap, readName, readText, report, type Fields, type TreeReader } from '../../base/tree-reader.ts'
import { checkSource, readRuleName, readServices, readZone, type KnownNames, type ParsedConduit } from './conduits.ts'
import { isDay } from './dates.ts'
import { EXCEPTION_KEYS } from './keys.ts'
import type { Conduit, PolicyException, WrittenPolicy } from './model.ts'

/** As many as would fill an afternoon's review; more exceptions than that are the policy. */
export const EXCEPTIONS_MAX = 512

/** An exception as written; `exception` is null when it cannot be used. */
export interface ParsedException {
  readonly exception: PolicyException | null
  readonly name: string | null
  readonly nameAt: Position
}

/** Whose traffic it is: the lifted conduit's or its own. */
type Traffic = Pick<PolicyException, 'conduit' | 'from' | 'to' | 'services'>

/** Reads `exceptions:`; every mistake goes to the reader. `today` as `2026-12-24`, or null when the caller does not know. */
export function parseExceptions(
  reader: TreeReader, node: TreeNode | undefined, known: KnownNames, conduits: readonly ParsedConduit[], today: string | null,
): readonly ParsedException[] {
  assert(today === null || isDay(today), 'today is a day')
  const parsed = readList(reader, node, '"exceptions"', EXCEPTIONS_MAX).map((item) => parseException(reader, item, known, conduits))
  for (const { name, nameAt } of parsed) checkName(reader, name, nameAt, conduits)
  for (const { exception } of parsed) {
    if (exception === null || today === null || isInEffect(exception, today)) continue
    const message = `exception ${exception.name} ended on ${exception.expires} and has no effect`
    const help = `Delete it, or have ${quote(exception.owner)} set a new day.`
    report(reader, exception.at, 'exception-expired', message, help, 'warning')
  }
  if (today === null && parsed.length > 0 && node !== undefined) {
    const message = 'exceptions have no effect here, because nobody said which day it is'
    const help = 'Nothing is wrong with the file; the answer is of its conduits alone.'
    report(reader, node, 'exceptions-undated', message, help, 'warning')
  }
  return parsed
}

/** Whether an exception still counts on a day; its last day included. */
export function isInEffect(exception: PolicyException, today: string): boolean {
  return today <= exception.expires
}

/**
 * The policy as it is on a day: exceptions in effect become conduits. One that lifts a conduit stands right before it, so what earlier
 * conduits decide stays decided; one with its own traffic stands before all. Applying it twice is applying it once.
 */
export function effectivePolicy(policy: WrittenPolicy, today: string): WrittenPolicy {
  assert(isDay(today), 'today is a day')
  const taken = new Set(policy.conduits.map((conduit) => conduit.name))
  const active = policy.exceptions.filter((exception) => isInEffect(exception, today) && !taken.has(exception.name))
  if (active.length === 0) return policy
  const first = active.filter((exception) => exception.conduit === null).map((exception) => asConduit(exception, 'closed'))
  const conduits = policy.conduits.flatMap((conduit) => {
    const lifting = active.filter((exception) => exception.conduit === conduit.name)
    return [...lifting.map((exception) => asConduit(exception, conduit.fail)), conduit]
  })
  return { ...policy, conduits: [...first, ...conduits] }
}

/** When the enforcing box fails, an exception changes nothing: what its conduit says stays, and without one it stops. */
function asConduit(exception: PolicyException, fail: Conduit['fail']): Conduit {
  const { name, from, to, services, action, owner, at } = exception
  const reason = `${exception.reason} Exception until ${exception.expires}.`
  return { name, from, to, services, action, fail, owner, reason, at }
}

function parseException(
  reader: TreeReader, node: TreeNode, known: KnownNames, conduits: readonly ParsedConduit[],
): ParsedException {
  const at = positionOf(node)
  const fields = readMap(reader, node, 'an exception', EXCEPTION_KEYS)
  if (fields === null) return { exception: null, name: null, nameAt: at }
  const name = readRuleName(reader, fields, 'exception')
  const nameAt = positionOf(fields.get('name') ?? node)
  const what = name === null ? 'an exception' : `exception ${name}`
  const traffic = readTraffic(reader, fields, what, known, conduits)
  const action = readChoice(reader, fields.get('action'), `"action" of ${what}`, ['allow'])
  const owner = readText(reader, fields.get('owner'), `"owner" of ${what}`)
  const reason = readText(reader, fields.get('reason'), `"reason" of ${what}`)
  const expires = readDay(reader, fields.get('expires'), `"expires" of ${what}`)
  if (name === null || traffic === null || action === null) return { exception: null, name, nameAt }
  if (owner === null || reason === null || expires === null) return { exception: null, name, nameAt }
  return { name, nameAt, exception: { name, ...traffic, action, owner, reason, expires, at } }
}

const OWN_TRAFFIC = ['from', 'to', 'services'] as const

function readTraffic(
  reader: TreeReader, fields: Fields, what: string, known: KnownNames, conduits: readonly ParsedConduit[],
): Traffic | null {
  const lifted = fields.get('conduit')
  const own = OWN_TRAFFIC.filter((key) => fields.get(key) !== undefined)
  if (lifted !== undefined) {
    if (own.length === 0) return readLifted(reader, lifted, what, conduits)
    const help = 'Name the conduit to lift it whole, or from, to and services for less; not both.'
    report(reader, lifted, 'exception-both', `${what} names a conduit and "${own.join('", "')}"`, help)
    return null
  }
  for (const key of OWN_TRAFFIC.filter((each) => !own.includes(each))) {
    report(reader, fields.at, 'missing-key', `${what} has no "${key}"`, 'Add from, to and services, or "conduit:" with a denying one.')
  }
  const from = readZone(reader, fields.get('from'), `"from" of ${what}`, known)
  const to = readZone(reader, fields.get('to'), `"to" of ${what}`, known)
  const services = readServices(reader, fields.get('services'), what, known)
  checkSource(reader, fields.get('from') ?? fields.at, from, what)
  return from === null || to === null || services === null ? null : { conduit: null, from, to, services }
}

/** The conduit that is lifted; null when it does not exist, allows anyway, or is broken, which was told where it stands. */
function readLifted(reader: TreeReader, node: TreeNode, what: string, conduits: readonly ParsedConduit[]): Traffic | null {
  const name = readName(reader, node, `"conduit" of ${what}`)
  if (name === null) return null
  const found = conduits.find((conduit) => conduit.name === name)
  if (found === undefined) {
    const names = conduits.flatMap((conduit) => conduit.name ?? [])
    const near = suggest(name, names)
    const help = near === null ? 'Write the "name" of a conduit of this file.' : `Did you mean "${near}"?`
    report(reader, node, 'unknown-conduit', `${what} lifts the unknown conduit ${quote(name)}`, help)
    return null
  }
  if (found.conduit === null) return null
  const { from, to, services, action } = found.conduit
  if (action === 'deny') return { conduit: name, from, to, services }
  report(reader, node, 'exception-of-allow', `${what} lifts conduit ${name}, which allows already`, 'Name one that denies, or delete this.')
  return null
}

function readDay(reader: TreeReader, node: TreeNode | undefined, what: string): string | null {
  const text = readText(reader, node, what)
  if (text === null || node === undefined || isDay(text)) return text
  report(reader, node, 'bad-day', `${what} is no day: ${quote(text)}`, 'Write year-month-day, e.g. 2026-12-24.')
  return null
}

/** Verdicts name conduits and exceptions alike, so they share their names. */
function checkName(reader: TreeReader, name: string | null, at: Position, conduits: readonly ParsedConduit[]): void {
  const other = conduits.find((conduit) => name !== null && conduit.name === name)
  if (name === null || other === undefined) return
  const where = other.nameAt.line > 0 ? ` The conduit is on line ${other.nameAt.line}.` : ''
  report(reader, at, 'duplicate-name', `an exception and a conduit are called ${quote(name)}`, `Rename one of them.${where}`)
}
