// Conduits of a policy file: who may open which service to whom, in order, first match decides.
// Keeps the rule that a reference names something that exists, and that an order which silences a rule is said aloud.

import { suggest } from '../../base/suggest.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { quote, readChoice, readList, readMap, readName, readText, report, type Fields, type TreeReader } from '../../base/tree-reader.ts'
import { CONDUIT_KEYS } from './keys.ts'
import { ACTIONS, BUILT_IN_ZONES, DEFAULT_RULE, FAIL_MODES, isBuiltInZone, type Conduit } from './model.ts'
import { BUILT_IN_SERVICES } from './services.ts'

/** Largest published hospital rule bases have a few thousand lines. */
export const CONDUITS_MAX = 4096
const SERVICES_PER_CONDUIT_MAX = 256

/** Names a conduit may refer to, those of broken zones and services included: one mistake is reported once. */
export interface KnownNames {
  readonly zones: ReadonlySet<string>
  readonly services: ReadonlySet<string>
}

/** A conduit as written; `conduit` is null when it cannot be used. */
export interface ParsedConduit {
  readonly conduit: Conduit | null
  readonly name: string | null
  readonly nameAt: Position
}

/** Reads `conduits:`; every mistake goes to the reader. */
export function parseConduits(reader: TreeReader, node: TreeNode | undefined, known: KnownNames): readonly ParsedConduit[] {
  return readList(reader, node, '"conduits"', CONDUITS_MAX).map((item) => parseConduit(reader, item, known))
}

function parseConduit(reader: TreeReader, node: TreeNode, known: KnownNames): ParsedConduit {
  const at = positionOf(node)
  const fields = readMap(reader, node, 'a conduit', CONDUIT_KEYS)
  if (fields === null) return { conduit: null, name: null, nameAt: at }
  const name = readRuleName(reader, fields, 'conduit')
  const nameAt = positionOf(fields.get('name') ?? node)
  const what = name === null ? 'a conduit' : `conduit ${name}`
  const from = readZone(reader, fields.get('from'), `"from" of ${what}`, known)
  const to = readZone(reader, fields.get('to'), `"to" of ${what}`, known)
  const services = readServices(reader, fields.get('services'), what, known)
  const action = readChoice(reader, fields.get('action'), `"action" of ${what}`, ACTIONS)
  const fail = readChoice(reader, fields.get('fail'), `"fail" of ${what}`, FAIL_MODES)
  const owner = readText(reader, fields.get('owner'), `"owner" of ${what}`)
  const reason = readText(reader, fields.get('reason'), `"reason" of ${what}`)
  checkSource(reader, fields.get('from') ?? fields.at, from, what)
  if (name === null || from === null || to === null || services === null) return { conduit: null, name, nameAt }
  if (action === null || fail === null || reason === null) return { conduit: null, name, nameAt }
  return { name, nameAt, conduit: { name, from, to, services, action, fail, owner, reason, at } }
}

/** Says so when traffic is to start at `group`. */
export function checkSource(reader: TreeReader, at: Position, from: string | null, what: string): void {
  if (from !== 'group') return
  const message = `${what} starts at "group", which never sends (RFC 1122 section 3.2.1.3)`
  report(reader, at, 'group-source', message, 'Turn it round, or name the zone that sends.')
}

/** The name of a conduit or exception, which verdicts give; null when it is wrong or taken. */
export function readRuleName(reader: TreeReader, fields: Fields, kind: 'conduit' | 'exception'): string | null {
  const name = readName(reader, fields.get('name'), `"name" of ${kind === 'conduit' ? 'a' : 'an'} ${kind}`)
  if (name !== DEFAULT_RULE) return name
  const help = `Choose another name; "${DEFAULT_RULE}" is what verdicts say when no conduit matched.`
  report(reader, fields.get('name') ?? fields.at, 'reserved-name', `${kind} ${quote(name)} takes a reserved name`, help)
  return null
}

/** A zone name that exists, own or built in; else null and a diagnostic. `what` names the place. */
export function readZone(reader: TreeReader, node: TreeNode | undefined, what: string, known: KnownNames): string | null {
  const name = readName(reader, node, what)
  return name !== null && node !== undefined && checkZone(reader, node, name, what, known) ? name : null
}

/** Whether a zone of that name exists; a diagnostic if not. */
export function checkZone(reader: TreeReader, at: Position, name: string, what: string, known: KnownNames): boolean {
  if (known.zones.has(name) || isBuiltInZone(name)) return true
  const all = [...known.zones, ...BUILT_IN_ZONES]
  const near = suggest(name, all)
  const help = near === null ? `Zones: ${all.join(', ')}.` : `Did you mean "${near}"?`
  report(reader, at, 'unknown-zone', `${what} is the unknown zone ${quote(name)}`, help)
  return false
}

/** Names of services that exist, each once; null when any is wrong. */
export function readServices(reader: TreeReader, node: TreeNode | undefined, what: string, known: KnownNames): readonly string[] | null {
  const items = readList(reader, node, `"services" of ${what}`, SERVICES_PER_CONDUIT_MAX, true)
  if (node?.kind === 'list' && items.length === 0) {
    report(reader, node, 'empty-list', `"services" of ${what} is empty, so it matches nothing`, 'List services, or write [any].')
  }
  const names = items.map((item) => readService(reader, item, what, known))
  const good = names.filter((name) => name !== null)
  return good.length === 0 || good.length < names.length ? null : [...new Set(good)]
}

function readService(reader: TreeReader, node: TreeNode, what: string, known: KnownNames): string | null {
  const name = readName(reader, node, `service of ${what}`)
  return name !== null && checkService(reader, node, name, what, known) ? name : null
}

/** Whether a service of that name exists; a diagnostic if not. */
export function checkService(reader: TreeReader, at: Position, name: string, what: string, known: KnownNames): boolean {
  const all = [...known.services, ...BUILT_IN_SERVICES.map((service) => service.name)]
  if (all.includes(name)) return true
  const near = suggest(name, all)
  const define = 'Define it under "services:", or use a built-in one: cordon policy check --json lists them.'
  report(reader, at, 'unknown-service', `${what} names the unknown service ${quote(name)}`,
    near === null ? define : `Did you mean "${near}"?`)
  return false
}
