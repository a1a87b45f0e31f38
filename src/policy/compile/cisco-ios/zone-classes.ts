// Inspection classes of IOS (`class-map type inspect`) as matches of one family: lists, protocols and other classes, any or all of them.
// Keeps "never dropped": a match that is not modelled is an unknown match with its line; `match not` takes out exactly or says it cannot.

import type { IpVersion } from '../../../base/ip.ts'
import type { Chain, Match, UnknownMatch } from '../../rules/model.ts'
import { startsWithAny, type Block } from '../text/blocks.ts'
import type { FieldConstraint } from '../text/cisco-model.ts'
import { startsWith, type ConfigLine } from '../text/lines.ts'
import { inRanges, inValues, oneValue } from '../text/ranges.ts'
import { joined, permittedWays, without } from '../ways.ts'

export interface ClassText {
  readonly classes: ReadonlyMap<string, InspectClass>
  readonly chains: ReadonlyMap<string, Chain>
}

export interface InspectClass {
  readonly all: boolean
  readonly lines: readonly ConfigLine[]
}

/** Words behind `class-map type inspect` that make it a class of one protocol's content. */
const CONTENT = /^class-map\s+type\s+inspect\s+(?!match-(?:any|all)\b)\S+\s+\S/i

/** By name; what is entered twice adds up. `match-all` when neither is said (IOS zone-based firewall guide). */
export function inspectClasses(blocks: readonly Block[]): ReadonlyMap<string, InspectClass> {
  const found = new Map<string, InspectClass>()
  for (const { head, body } of blocks) {
    if (!startsWith(head, 'class-map type inspect') || CONTENT.test(head.text)) continue
    const word = head.words[3]?.toLowerCase() ?? ''
    const name = (word.startsWith('match-') ? head.words[4] : head.words[3]) ?? ''
    const lines = [...(found.get(name)?.lines ?? []), ...body.filter((line) => !startsWith(line, 'description'))]
    found.set(name, { all: word !== 'match-any', lines })
  }
  return found
}

/** Classes in classes: deeper than any people write, small enough for the stack. */
const DEPTH_MAX = 16
const WAYS_MAX = 4096

export function classWays(name: string, line: ConfigLine, family: IpVersion, text: ClassText, depth = 0): readonly Match[] {
  const found = text.classes.get(name)
  if (found === undefined) return unknownWay(line, `class ${name} is not defined in this text`)
  if (depth >= DEPTH_MAX) return unknownWay(line, `class ${name} holds itself, or is nested deeper than ${DEPTH_MAX}`)
  if (found.lines.length === 0) return unknownWay(line, `class ${name} is empty`)
  let ways: readonly Match[] = found.all ? [{ fields: [], unknown: [] }] : []
  for (const one of found.lines) {
    const more = lineWays(one, family, text, depth)
    if (ways.length * (found.all ? more.length : 1) + more.length > WAYS_MAX) return unknownWay(one, `class ${name} has too many ways`)
    ways = found.all ? ways.flatMap((way) => more.map((match) => joined(way, match))) : [...ways, ...more]
  }
  return ways
}

function unknownWay(line: ConfigLine, reason: string): readonly Match[] {
  const why: UnknownMatch = { text: line.text, line: line.number, reason }
  return [{ fields: [], unknown: [why] }]
}

function lineWays(line: ConfigLine, family: IpVersion, text: ClassText, depth: number): readonly Match[] {
  if (!startsWith(line, 'match')) return unknownWay(line, 'this line of a class is not understood')
  const not = line.words[1]?.toLowerCase() === 'not'
  const words = line.words.slice(not ? 2 : 1)
  const ways = wordsWays(words, line, family, text, depth)
  return not ? without([{ fields: [], unknown: [] }], { matches: ways, text: line.text, line: line.number }) : ways
}

function wordsWays(words: readonly string[], line: ConfigLine, family: IpVersion, text: ClassText, depth: number): readonly Match[] {
  const [kind = '', first = '', second = '', ...more] = words
  const name = first.toLowerCase() === 'name' ? second : first
  if (kind.toLowerCase() === 'access-group' && more.length === 0) return listWays(name, line, family, text)
  if (kind.toLowerCase() === 'class-map' && second === '') return classWays(first, line, family, text, depth + 1)
  if (kind.toLowerCase() === 'any' && first === '') return [{ fields: [], unknown: [] }]
  const protocol = kind.toLowerCase() === 'protocol' && second === '' ? protocolWays(first.toLowerCase(), family) : null
  return protocol ?? unknownWay(line, 'this match of a class is not modelled')
}

/** A list of the other family matches nothing here. */
function listWays(name: string, line: ConfigLine, family: IpVersion, { chains }: ClassText): readonly Match[] {
  const key = family === 4 ? name : `${name} (ipv6)`
  const other = family === 4 ? `${name} (ipv6)` : name
  const chain = chains.get(key)
  if (chain === undefined) return chains.has(other) ? [] : unknownWay(line, `list ${name} is not defined in this text`)
  return chain.rules.some((rule) => rule.line > 0) ? permittedWays(chain) : unknownWay(line, `list ${name} has no entries`)
}

/** Protocols by their usual ports (`show ip port-map`); `ip port-map` lines that add others are unknown lines of their own. */
const TCP_PORTS: Readonly<Record<string, number>> = {
  'bgp': 179, 'dns': 53, 'finger': 79, 'ftp': 21, 'gopher': 70, 'http': 80, 'https': 443, 'ident': 113, 'imap': 143, 'imaps': 993, 'ldap': 389,
  'ldaps': 636, 'nntp': 119, 'pop3': 110, 'pop3s': 995, 'smtp': 25, 'ssh': 22, 'telnet': 23, 'tacacs': 49,
}
const UDP_PORTS: Readonly<Record<string, number>> = {
  bootpc: 68, bootps: 67, dns: 53, isakmp: 500, ntp: 123, snmp: 161, snmptrap: 162, syslog: 514, tftp: 69,
}

function protocolWays(word: string, family: IpVersion): readonly Match[] | null {
  const way = (fields: readonly FieldConstraint[]): Match => ({ fields, unknown: [] })
  if (word === 'tcp' || word === 'udp') return [way([['proto', inValues(word === 'tcp' ? 6 : 17)]])]
  if (word === 'icmp') return [way([['proto', inValues(family === 4 ? 1 : 58)]])]
  const ways = ([[6, TCP_PORTS], [17, UDP_PORTS]] as const).flatMap(([proto, ports]) => {
    const port = Object.hasOwn(ports, word) ? ports[word] : undefined
    return port === undefined ? [] : [way([['proto', inValues(proto)], ['dport', inRanges([oneValue(port)])]])]
  })
  return ways.length === 0 ? null : ways
}

/** Lines of a policy that carry a class and what is done with it. */
export function isClassLine(line: ConfigLine): boolean {
  return startsWithAny(line, ['class'])
}
