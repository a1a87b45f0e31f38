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
  const name = readConduitName(reader, fields)
  const nameAt = positionOf(fields.get('name') ?? node)
  const what = name === null ? 'a conduit' : `conduit ${name}`
  const from = readZone(reader, fields.get('from'), `"from" of ${what}`, known)
  const to = readZone(reader, fields.get('to'), `"to" of ${what}`, known)
  const services = readServices(reader, fields.get('services'), what, known)
  const action = readChoice(reader, fields.get('action'), `"action" of ${what}`, ACTIONS)
  const fail = readChoice(reader, fields.get('fail'), `"fail" of ${what}`, FAIL_MODES)
  const owner = readText(reader, fields.get('owner'), `"owner" of ${what}`)
  const reason = readText(reader, fields.get('reason'), `"reason" of ${what}`)
  checkSource(reader, fields, from, what)
  if (name === null || from === null || to === null || services === null) return { conduit: null, name, nameAt }
  if (action === null || fail === null || reason === null) return { conduit: null, name, nameAt }
  return { name, nameAt, conduit: { name, from, to, services, action, fail, owner, reason, at } }
}

function checkSource(reader: TreeReader, fields: Fields, from: string | null, what: string): void {
  if (from !== 'group') return
  const message = `${what} starts at "group", which never sends (RFC 1122 section 3.2.1.3)`
  report(reader, fields.get('from') ?? fields.at, 'group-source', message, 'Turn it round, or name the zone that sends.')
}

function readConduitName(reader: TreeReader, fields: Fields): string | null {
  const name = readName(reader, fields.get('name'), '"name" of a conduit')
  if (name !== DEFAULT_RULE) return name
  const help = `Choose another name; "${DEFAULT_RULE}" is what verdicts say when no conduit matched.`
  report(reader, fields.get('name') ?? fields.at, 'reserved-name', `conduit ${quote(name)} takes a reserved name`, help)
  return null
}

function readZone(reader: TreeReader, node: TreeNode | undefined, what: string, known: KnownNames): string | null {
  const name = readName(reader, node, what)
  if (name === null || node === undefined) return null
  if (known.zones.has(name) || isBuiltInZone(name)) return name
  const all = [...known.zones, ...BUILT_IN_ZONES]
  const near = suggest(name, all)
  const help = near === null ? `Zones: ${all.join(', ')}.` : `Did you mean "${near}"?`
  report(reader, node, 'unknown-zone', `${what} is the unknown zone ${quote(name)}`, help)
  return null
}

/** Null when any is wrong. */
function readServices(reader: TreeReader, node: TreeNode | undefined, what: string, known: KnownNames): readonly string[] | null {
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
  if (name === null || known.services.has(name)) return name
  const all = [...known.services, ...BUILT_IN_SERVICES.map((service) => service.name)]
  if (all.includes(name)) return name
  const near = suggest(name, all)
  const define = 'Define it under "services:", or use a built-in one: cordon policy check --json lists them.'
  report(reader, node, 'unknown-service', `${what} names the unknown service ${quote(name)}`,
    near === null ? define : `Did you mean "${near}"?`)
  return null
}
