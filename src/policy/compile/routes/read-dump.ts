// Reads what people collect from a Linux router: `ip route`, `ip -j route`, `ip rule`, `ip -j rule`, one or several after each other.
// Keeps "never dropped": each part is told from the others by content, and line numbers stay those of the whole text.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import type { IpVersion } from '../../../base/ip.ts'
import type { ReadResult } from '../target.ts'
import { readLinuxRoutes } from './read-routes.ts'
import { readLinuxRules } from './read-rules.ts'

interface Part {
  readonly kind: 'routes' | 'rules'
  readonly text: string
}

/** A rule starts with its priority and a colon; everything else is a route. */
const RULE_LINE = /^\d{1,10}:\s/

/** What a router prints that is no dump of ours: then the text is of another kind altogether. */
const DESTINATION = /^(?:(?:unicast|blackhole|prohibit|unreachable|throw|local|broadcast|anycast|multicast) )?(default\b|[\da-f.:]+)(?:\/\d+)?/
const ROUTE_WORD = /^(?:blackhole|prohibit|unreachable|throw) |\s(?:via|dev|proto|scope|metric|table|nhid|encap)\s/
const isRoute = (line: string): boolean => DESTINATION.test(line) && ROUTE_WORD.test(line)

/** Never throws; null for a text without any line of a dump. */
export function readLinuxDump(text: string, file: string): ReadResult {
  const parts = partsOf(text)
  if (parts.length === 0) return { config: null, diagnostics: [otherText(file)] }
  let interfaces: readonly string[] = []
  const read = parts.map(({ kind, text: own }) => {
    const version = familyOf(own)
    const found = kind === 'routes' ? { rules: [], ...readLinuxRoutes(own, file, { version, interfaces }) }
      : { routes: [], ...readLinuxRules(own, file, interfaces) }
    interfaces = found.interfaces
    return found
  })
  const unknowns = read.flatMap((part) => part.unknowns).sort((a, b) => a.line - b.line)
  return {
    config: {
      target: 'routes-linux', device: '', interfaces, chains: new Map(), bindings: [], nat: [], routes: read.flatMap((part) => part.routes),
      routeRules: read.flatMap((part) => part.rules), sees: 'after-dnat', unknowns,
    },
    diagnostics: read.flatMap((part) => part.diagnostics),
  }
}

function otherText(file: string): Diagnostic {
  const help = 'save the output of ip route, ip rule, or either with -j, unchanged'
  return { severity: 'error', code: 'routes-linux/other-text', message: 'no route and no routing rule in this text', file, line: 0, column: 0, help }
}

/** JSON lists, one after the other, and in between lines of text; text keeps its line numbers by empty lines in front. */
function partsOf(text: string): readonly Part[] {
  const lines = text.split('\n')
  const json = jsonParts(lines)
  const inJson = new Set(json.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i)))
  const plain = lines.map((line, i) => (inJson.has(i) ? '' : line))
  if (json.length === 0 && !plain.some((line) => RULE_LINE.test(line) || isRoute(line))) return []
  const families = familiesOf(plain)
  const only = (wanted: 4 | 6 | 'rule'): string[] => plain.map((line, i) => (families[i] === wanted ? line : ''))
  const said = (kind: Part['kind'], own: readonly string[]): Part[] =>
    (own.some((line) => line.trim() !== '') ? [{ kind, text: own.join('\n') }] : [])
  return [...said('routes', only(4)), ...said('routes', only(6)), ...said('rules', only('rule')), ...json.map(({ part }) => part)]
}

interface JsonPart {
  readonly from: number
  readonly to: number
  readonly part: Part
}

/** Lists as `ip -j` prints them on one line and `ip -j -p` on several. One that never ends is left to the reader of text. */
function jsonParts(lines: readonly string[]): readonly JsonPart[] {
  const parts: JsonPart[] = []
  let endless = false
  for (let from = 0; from < lines.length; from++) {
    const line = lines[from] ?? ''
    if (!/^\[\s*(?:\{|\]|$)/.test(line)) continue
    const later = (): number => lines.findIndex((other, i) => i > from && /^\s*(?:\}\s*)?\]\s*$/.test(other))
    const to: number = /\]\s*$/.test(line) ? from : endless ? -1 : later()
    endless ||= to < 0
    if (to < 0) continue
    const text = lines.slice(from, to + 1).join('\n')
    parts.push({ from, to, part: { kind: /"priority"\s*:/.test(text) ? 'rules' : 'routes', text } })
    from = to
  }
  return parts
}

/** IPv6 when a destination or next hop of the list has a colon in it. */
function familyOf(text: string): IpVersion {
  return /(?:^|["\s])[\da-f]*:[\da-f:]*(?:\/\d+)?["\s]/m.test(text.replaceAll(/^\d{1,10}:\s/gm, '')) ? 6 : 4
}

/** What each line is of. A `default` without a next hop takes the family of the routes below it, else of those above; a hop its route's. */
function familiesOf(lines: readonly string[]): readonly (IpVersion | 'rule')[] {
  const own = lines.map(ownFamily)
  const families: (IpVersion | 'rule')[] = []
  let below: IpVersion | null = null
  const next = own.toReversed().map((family) => (below = typeof family === 'number' ? family : below)).reverse()
  let above: IpVersion = 4
  for (const [i, family] of own.entries()) {
    const found: IpVersion | 'rule' = family === 'default' ? (next[i] ?? above) : family === 'same' ? above : family
    families.push(found)
    if (found !== 'rule') above = found
  }
  return families
}

function ownFamily(line: string): IpVersion | 'rule' | 'default' | 'same' {
  if (RULE_LINE.test(line)) return 'rule'
  if (/^\s/.test(line) || line === '') return 'same'
  const destination = DESTINATION.exec(line)?.[1] ?? ''
  if (destination !== 'default') return destination.includes(':') ? 6 : 4
  const hop = /\bvia (\S+)/.exec(line)?.[1]
  return hop === undefined ? 'default' : hop.includes(':') ? 6 : 4
}
