// parsePolicy: a tree becomes a Policy, or a list of everything that is wrong with it.
// Keeps the rule "all errors, not the first": each part is read even when another is broken, and each mistake is told once.

import type { Diagnostic } from '../../base/diagnostic.ts'
import type { Position, TreeNode } from '../../base/tree.ts'
import { createReader, hasErrors, quote, readChoice, readMap, readText, report, type Fields,
  type TreeReader } from '../../base/tree-reader.ts'
import { parseAssertions } from './assertions.ts'
import { parseConduits } from './conduits.ts'
import { silencedConduits } from './coverage.ts'
import { parseExceptions } from './exceptions.ts'
import { POLICY_KEYS } from './keys.ts'
import { ACTIONS, zoneKind, type Conduit, type Policy, type PolicyException, type Service, type WrittenPolicy } from './model.ts'
import { parseSegments } from './segments.ts'
import { parseServices } from './services-file.ts'
import { builtInService } from './services.ts'
import { parseZones } from './zones.ts'

/** The one version of the language so far. */
export const POLICY_VERSIONS = ['1'] as const

/** What the caller knows and the file cannot. */
export interface PolicyOptions {
  /** Ids of the device profiles that exist; without them profile names are not checked. */
  readonly profiles?: ReadonlySet<string>
  /** The day it is, `2026-12-24`, for exceptions that ended. They have no effect by parsing alone: see effectivePolicy. */
  readonly today?: string
}

/** The model, or why there is none. */
export interface PolicyResult {
  /** null when there is at least one error; warnings leave it usable. */
  readonly policy: WrittenPolicy | null
  /** In file order. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads a whole policy. Never throws, whatever the tree; language in docs/policy.md. */
export function parsePolicy(tree: TreeNode, options: PolicyOptions = {}): PolicyResult {
  const reader = createReader('policy')
  const fields = readMap(reader, tree, 'the policy', POLICY_KEYS)
  const policy = fields === null ? null : readPolicy(reader, fields, options)
  const diagnostics = [...reader.diagnostics].sort((a, b) => a.line - b.line || a.column - b.column)
  return { policy: hasErrors(diagnostics) ? null : policy, diagnostics }
}

function readPolicy(reader: TreeReader, fields: Fields, options: PolicyOptions): WrittenPolicy {
  readChoice(reader, fields.get('version'), '"version" of the policy', POLICY_VERSIONS)
  const name = readText(reader, fields.get('name'), '"name" of the policy') ?? 'policy'
  const description = readText(reader, fields.get('description'), '"description" of the policy')
  const zones = parseZones(reader, fields.get('zones'), options.profiles ?? null)
  const services = parseServices(reader, fields.get('services'))
  const known = { zones: namesOf(zones), services: namesOf(services) }
  const conduits = parseConduits(reader, fields.get('conduits'), known)
  const exceptions = parseExceptions(reader, fields.get('exceptions'), known, conduits, options.today ?? null)
  const assertions = parseAssertions(reader, fields.get('assertions'), known)
  const segments = parseSegments(reader, fields.get('segments'), known, zones)
  const fallback = readChoice(reader, fields.get('default'), '"default" of the policy', ACTIONS) ?? 'deny'
  const goodConduits = conduits.flatMap((c) => c.conduit ?? [])
  const goodExceptions = exceptions.flatMap((e) => e.exception ?? [])
  checkDuplicates(reader, 'zone', zones)
  checkDuplicates(reader, 'service', services)
  checkDuplicates(reader, 'conduit', conduits)
  checkDuplicates(reader, 'exception', exceptions)
  const used = usedBuiltIns([...goodConduits, ...goodExceptions, ...assertions], known.services)
  const policy: WrittenPolicy = {
    name, description, zones: zones.flatMap((z) => z.zone ?? []), services: [...services.flatMap((s) => s.service ?? []), ...used],
    conduits: goodConduits, default: fallback, exceptions: goodExceptions, assertions, segments,
  }
  warnOfInternet(reader, policy, fields)
  warnOfSilenced(reader, policy)
  return policy
}

function namesOf(parsed: readonly { readonly name: string | null }[]): ReadonlySet<string> {
  return new Set(parsed.flatMap((item) => item.name ?? []))
}

function usedBuiltIns(users: readonly Pick<Conduit, 'services'>[], own: ReadonlySet<string>): readonly Service[] {
  const names = new Set(users.flatMap((user) => user.services))
  return [...names].filter((name) => !own.has(name)).sort().flatMap((name) => builtInService(name) ?? [])
}

interface Named {
  readonly name: string | null
  readonly nameAt: Position
}

function checkDuplicates(reader: TreeReader, what: string, items: readonly Named[]): void {
  const seen = new Map<string, Position>()
  for (const { name, nameAt } of items) {
    if (name === null) continue
    const first = seen.get(name)
    if (first === undefined) {
      seen.set(name, nameAt)
      continue
    }
    const where = first.line > 0 ? ` The first is on line ${first.line}.` : ''
    report(reader, nameAt, 'duplicate-name', `two ${what}s are called ${quote(name)}`, `Rename or delete one of them.${where}`)
  }
}

/** Not an error: a site may have a reason. But it is what this product exists to prevent, so it is never silent. */
function warnOfInternet(reader: TreeReader, policy: WrittenPolicy, fields: Fields): void {
  const help = 'CISA ICSMA-25-030-01 asks to cut Internet access; route it through an owned zone if it must be.'
  for (const conduit of policy.conduits) warnIfToInternet(reader, policy, 'conduit', conduit, help)
  for (const exception of policy.exceptions) warnIfToInternet(reader, policy, 'exception', exception, help)
  if (policy.default !== 'allow' || !policy.zones.some((zone) => zone.kind === 'medical')) return
  const message = 'the default lets medical zones reach whatever no conduit names, the Internet included'
  report(reader, fields.get('default') ?? fields.at, 'medical-internet', message, 'Write "default: deny".', 'warning')
}

function warnIfToInternet(reader: TreeReader, policy: Policy, what: string, rule: Conduit | PolicyException, help: string): void {
  const { name, from, to, action, at } = rule
  const medical = [from, to].find((zone) => zoneKind(policy, zone) === 'medical')
  if (action !== 'allow' || medical === undefined || ![from, to].includes('internet')) return
  report(reader, at, 'medical-internet', `${what} ${name} lets the medical zone ${medical} and the Internet talk`, help, 'warning')
}

function warnOfSilenced(reader: TreeReader, policy: Policy): void {
  const services = new Map(policy.services.map((service) => [service.name, service]))
  for (const { conduit, by } of silencedConduits(policy.conduits, services)) {
    const names = by.map((other) => `${other.name}${other.at.line > 0 ? ` (line ${other.at.line})` : ''}`).join(', ')
    const message = `conduit ${conduit.name} never decides: all its traffic is taken before by ${names}`
    report(reader, conduit.at, 'silenced', message, 'Move it up, or delete it: the first match decides.', 'warning')
  }
}
