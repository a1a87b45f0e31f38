// Reading: what the zone firewall readers share: zone indexes, diagnostics, groups without cycles, and the Config at the end.
// Keeps "all unknowns are named": the list in Config.unknowns is collected from the rules themselves, so none is forgotten.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import type { Binding, Chain, Config, NatRule, Route, Rule, UnknownMatch } from '../../rules/model.ts'
import type { ReadResult } from '../target.ts'

/** Zone names to indexes of Config.interfaces, in order of first mention. */
export class ZoneIndex {
  readonly names: string[] = []
  readonly #index = new Map<string, number>()

  of(name: string): number {
    const known = this.#index.get(name)
    if (known !== undefined) return known
    this.#index.set(name, this.names.length)
    this.names.push(name)
    return this.names.length - 1
  }

  has(name: string): boolean {
    return this.#index.has(name)
  }
}

/** Diagnostics of one text; warnings keep the meaning, errors name what was not read. */
export class Notes {
  readonly list: Diagnostic[] = []
  readonly #target: string
  readonly #file: string

  constructor(target: string, file: string) {
    this.#target = target
    this.#file = file
  }

  warn(code: string, line: number, message: string, help: string): void {
    this.#add('warning', code, line, message, help)
  }

  error(code: string, line: number, message: string, help: string): void {
    this.#add('error', code, line, message, help)
  }

  #add(severity: Diagnostic['severity'], code: string, line: number, message: string, help: string): void {
    if (this.list.length >= DIAGNOSTICS_MAX) return
    this.list.push({ severity, code: `${this.#target}/${code}`, message, file: this.#file, line, column: 0, help })
  }
}

/** More than a person reads; the unknowns of the rules are not among them and are all kept. */
const DIAGNOSTICS_MAX = 1_000

export function unknownOf(text: string, line: number, reason: string): UnknownMatch {
  return { text, line, reason }
}

/** A rule that may do anything to any packet: for text that filters and is not modelled. */
export function unknownRule(why: UnknownMatch): Rule {
  return { line: why.line, text: why.text, family: null, matches: [{ fields: [], unknown: [] }], action: { kind: 'unknown', why } }
}

/**
 * Resolves named groups depth first, each once. `build` gets the name and a way to ask for members; `cyclic` stands for a name that is
 * asked while it is being built. Depth is bounded by the number of names, and by GROUP_DEPTH_MAX.
 */
export function groupResolver<T>(build: (name: string, member: (name: string) => T) => T, cyclic: (name: string) => T): (name: string) =>
  T {
  const done = new Map<string, T>()
  const open = new Set<string>()
  const resolve = (name: string): T => {
    const known = done.get(name)
    if (known !== undefined) return known
    if (open.has(name) || open.size >= GROUP_DEPTH_MAX) return cyclic(name)
    open.add(name)
    const value = build(name, resolve)
    open.delete(name)
    done.set(name, value)
    return value
  }
  return resolve
}

/** Groups within groups: devices allow far fewer; a longer chain is taken for a cycle and becomes unknown. */
const GROUP_DEPTH_MAX = 200

export interface ConfigParts {
  readonly target: string
  readonly device: string
  readonly zones: ZoneIndex
  /** The first one is bound to the forward hook. */
  readonly chains: readonly Chain[]
  /** Bindings of the others. */
  readonly bindings?: readonly Binding[]
  readonly nat: readonly NatRule[]
  readonly routes: readonly Route[]
  readonly sees: Config['sees']
}

export function configOf(parts: ConfigParts, notes: Notes): ReadResult {
  const unknowns = [...parts.chains.flatMap((c) => c.rules.flatMap(ruleUnknowns)), ...parts.nat.flatMap((n) => n.match.unknown)]
  const config: Config = {
    target: parts.target,
    device: parts.device,
    interfaces: parts.zones.names,
    chains: new Map(parts.chains.map((c) => [c.name, c])),
    bindings: [...parts.chains.slice(0, 1).map((c): Binding => ({ hook: 'forward', iface: null, family: null, chain: c.name })),
      ...(parts.bindings ?? [])],
    nat: parts.nat,
    routes: parts.routes,
    routeRules: [],
    sees: parts.sees,
    unknowns: distinct(unknowns).sort((a, b) => a.line - b.line),
  }
  return { config, diagnostics: notes.list }
}

function ruleUnknowns(rule: Rule): UnknownMatch[] {
  const why = rule.action.kind === 'unknown' ? [rule.action.why] : []
  return [...rule.matches.flatMap((m) => m.unknown), ...why]
}

function distinct(list: readonly UnknownMatch[]): UnknownMatch[] {
  return [...new Map(list.map((u) => [`${u.line}\0${u.text}\0${u.reason}`, u])).values()]
}
