// One entry of a Cisco access list (permit or deny, protocol, source, destination, options) as rules of the common model.
// Keeps "never dropped": words that are not understood make the whole match unknown, with the line and the reason.

import type { IpVersion } from '../../../base/ip.ts'
import { ConnState, type Constraint, type Match, type Rule, type RuleAction, type UnknownMatch } from '../../rules/model.ts'
import { takeSide, type Dialect, type Side } from './cisco-address.ts'
import type { FieldConstraint, ServiceTerm } from './cisco-model.ts'
import { lookUp, TCP_FLAGS } from './cisco-names.ts'
import { icmpNext, icmpVersion, portsNext, protocolValues, takeIcmp, takePorts } from './cisco-service.ts'
import type { ConfigLine, Words } from './lines.ts'
import { inMasks, inValues } from './ranges.ts'

/** What one entry said; `fields` hold for both families, sides and terms say the rest. */
interface Entry {
  terms: readonly ServiceTerm[]
  src: Side
  dst: Side
  readonly fields: FieldConstraint[]
  readonly reasons: string[]
  inactive: boolean
}

const EVERYWHERE: Side = { parts: { 4: 'every', 6: 'every' }, unknown: null }

/**
 * Rules of one entry: none when it is inactive, one for both families when it looks at no address, else one per family it can match.
 * `words` stand behind permit or deny.
 */
export function extendedRules(line: ConfigLine, action: RuleAction, words: Words, dialect: Dialect): readonly Rule[] {
  const entry: Entry = { terms: [], src: EVERYWHERE, dst: EVERYWHERE, fields: [], reasons: [], inactive: false }
  const stopped = readEntry(words, dialect, entry)
  if (stopped !== null) return [unknownRule(line, action, dialect.family, stopped)]
  return entry.inactive ? [] : entryRules(line, action, dialect, entry)
}

/** Rules of a standard entry: a source alone, and `log`. */
export function standardRules(line: ConfigLine, action: RuleAction, words: Words, dialect: Dialect): readonly Rule[] {
  const src = takeSide(words, dialect)
  if (src === null) return [unknownRule(line, action, dialect.family, 'the source is not understood')]
  const entry: Entry = { terms: [{ family: null, fields: [] }], src, dst: EVERYWHERE, fields: [], reasons: [], inactive: false }
  const stopped = readOptions(words, entry)
  return stopped === null ? entryRules(line, action, dialect, entry) : [unknownRule(line, action, dialect.family, stopped)]
}

/** An entry whose match is not known: it may match all or nothing. */
export function unknownRule(line: ConfigLine, action: RuleAction, family: IpVersion | null, reason: string): Rule {
  const unknown: UnknownMatch = { text: line.text, line: line.number, reason }
  return { line: line.number, text: line.text, family, matches: [{ fields: [], unknown: [unknown] }], action }
}

/** Reads the words into the entry; the reason when they end or are not understood. */
function readEntry(words: Words, dialect: Dialect, entry: Entry): string | null {
  const terms = takeProtocol(words, dialect, entry)
  if (terms === null) return 'the protocol is not understood'
  entry.terms = terms
  const src = takeSide(words, dialect)
  if (src === null) return 'the source is not understood'
  entry.src = src
  if (!takeEntryPorts(words, dialect, entry, 'sport')) return 'the source port is not understood'
  const dst = takeSide(words, dialect)
  if (dst === null) return 'the destination is not understood'
  entry.dst = dst
  if (!takeEntryPorts(words, dialect, entry, 'dport')) return 'the destination port is not understood'
  if (!takeEntryIcmp(words, dialect, entry)) return 'the ICMP type is not understood'
  return readOptions(words, entry)
}

function takeProtocol(words: Words, dialect: Dialect, entry: Entry): readonly ServiceTerm[] | null {
  const word = words.take().toLowerCase()
  if (word !== 'object-group' && word !== 'object') return protocolValues(word, dialect.family)
  const found = dialect.groups.service(words.take())
  if (found.unknown === null) return found.terms
  entry.reasons.push(found.unknown)
  return [{ family: null, fields: [] }]
}

function takeEntryPorts(words: Words, dialect: Dialect, entry: Entry, field: 'sport' | 'dport'): boolean {
  if (!portsNext(words, dialect.groups)) return true
  const ports = takePorts(words, dialect.groups)
  if (ports === null) return false
  if (ports.unknown === null) entry.fields.push([field, ports.constraint])
  else entry.reasons.push(ports.unknown)
  return true
}

function takeEntryIcmp(words: Words, dialect: Dialect, entry: Entry): boolean {
  const version = entry.terms[0] === undefined ? null : icmpVersion(entry.terms[0])
  if (version === null) return true
  if (words.peek() === 'object-group') {
    words.skip(1)
    return takeIcmpGroup(words.take(), dialect, entry)
  }
  if (!icmpNext(words, version)) return true
  const icmp = takeIcmp(words, version)
  if (icmp === null) return false
  entry.fields.push(...icmp)
  return true
}

function takeIcmpGroup(name: string, dialect: Dialect, entry: Entry): boolean {
  const found = dialect.groups.service(name)
  if (found.unknown !== null) entry.reasons.push(found.unknown)
  else if (dialect.groups.kind(name) !== 'icmp-type') return false
  else entry.terms = entry.terms.flatMap((term) => found.terms.map((icmp) => ({ family: term.family, fields: [...term.fields,
    ...icmp.fields] })))
  return true
}

/** Options take what belongs to them; a reason means that the words are not understood. */
function readOptions(words: Words, entry: Entry): string | null {
  while (!words.done) {
    const word = words.peek()
    if (isFlagWord(word)) readFlags(words, entry)
    else if (Object.hasOwn(OPTIONS, word)) {
      words.skip(1)
      OPTIONS[word]?.(words, entry)
    } else return `"${word}" is not understood`
  }
  return null
}

type Option = (words: Words, entry: Entry) => void

const LOG_WORDS = new Set([
  'interval', 'disable', 'default', 'alerts', 'critical', 'debugging', 'emergencies', 'errors', 'informational', 'notifications',
  'warnings',
])

/** `log` decides nothing; behind it stand a level, an interval, or a cookie word (IOS). */
function skipLog(words: Words): void {
  while (/^\d{1,6}$/.test(words.peek()) || LOG_WORDS.has(words.peek())) words.skip(1)
}

/** `count` words behind the option belong to it, and it asks for something that rules do not look at. */
function asks(what: string, count: number): Option {
  return (words, entry) => {
    words.skip(count)
    entry.reasons.push(what)
  }
}

const OPTIONS: Readonly<Record<string, Option>> = {
  log: skipLog,
  'log-input': skipLog,
  inactive: (_words, entry) => {
    entry.inactive = true
  },
  /** RFC 9293: every segment after the first SYN has ACK or RST. */
  established: (_words, entry) => {
    entry.fields.push(['proto', inValues(6)], ['flags', anyFlag([16, 4])])
  },
  /** Opens the way back for what matches; the entry itself matches as it stands. */
  reflect: (words) => {
    words.take()
    if (words.takeIf('timeout')) words.take()
  },
  sequence: (words) => words.skip(1),
  'time-range': asks('a time range is not modelled', 1),
  dscp: asks('DSCP is not modelled', 1),
  precedence: asks('precedence is not modelled', 1),
  tos: asks('type of service is not modelled', 1),
  ttl: (words, entry) => {
    words.skip(words.peek() === 'range' ? 3 : 2)
    entry.reasons.push('time to live is not modelled')
  },
  option: asks('IP options are not modelled', 1),
  fragments: asks('fragments are not modelled', 0),
  tracked: asks('tracked connections are not modelled', 0),
  routing: asks('the routing header is not modelled', 0),
  'flow-label': asks('the flow label is not modelled', 1),
  'undetermined-transport': asks('undetermined transport is not modelled', 0),
}

function isFlagWord(word: string): boolean {
  return word === 'match-any' || word === 'match-all' || lookUp(TCP_FLAGS, word) !== null
}

/** `syn ack` or `match-any +syn -ack`: one of them; `match-all`: all of them (IOS security command reference, "permit (IP)"). */
function readFlags(words: Words, entry: Entry): void {
  const all = words.peek() === 'match-all'
  if (words.peek().startsWith('match-')) words.skip(1)
  const set: number[] = []
  const clear: number[] = []
  for (let bit = flagBit(words.peek()); bit !== null; bit = flagBit(words.peek())) {
    const list = words.peek().startsWith('-') ? clear : set
    list.push(bit)
    words.skip(1)
  }
  entry.fields.push(['proto', inValues(6)], ['flags', all ? allFlags(set, clear) : anyFlag(set, clear)])
}

function flagBit(word: string): number | null {
  return lookUp(TCP_FLAGS, word.replace(/^[+-]/, ''))
}

function anyFlag(set: readonly number[], clear: readonly number[] = []): Constraint {
  const masks = [...set.map((bit) => ({ value: BigInt(bit), mask: BigInt(bit) })), ...clear.map((bit) => ({ value: 0n,
    mask: BigInt(bit) }))]
  return inMasks(masks)
}

function allFlags(set: readonly number[], clear: readonly number[]): Constraint {
  const sum = (bits: readonly number[]): bigint => BigInt(bits.reduce((total, bit) => total | bit, 0))
  return inMasks([{ value: sum(set), mask: sum(set) | sum(clear) }])
}

function entryRules(line: ConfigLine, action: RuleAction, dialect: Dialect, entry: Entry): readonly Rule[] {
  const reasons = [...entry.reasons, ...[entry.src.unknown, entry.dst.unknown].filter((why) => why !== null)]
  const unknown = reasons.map((reason): UnknownMatch => ({ text: line.text, line: line.number, reason }))
  const rule = (family: IpVersion | null, matches: readonly Match[]): Rule => ({ line: line.number, text: line.text, family, matches,
    action })
  const families: readonly IpVersion[] = dialect.family === null ? [4, 6] : [dialect.family]
  if (families.length > 1 && isFamilyBlind(entry)) return [rule(null, familyMatches(entry, 4, unknown))]
  const rules = families.map((family) => rule(family, familyMatches(entry, family, unknown))).filter((r) => r.matches.length > 0)
  return rules.length > 0 ? rules : [rule(dialect.family, [])]
}

function isFamilyBlind(entry: Entry): boolean {
  const sides = [entry.src.parts[4], entry.src.parts[6], entry.dst.parts[4], entry.dst.parts[6]]
  return sides.every((part) => part === 'every') && entry.terms.every((term) => term.family === null)
}

function familyMatches(entry: Entry, family: IpVersion, unknown: readonly UnknownMatch[]): readonly Match[] {
  const src = entry.src.parts[family]
  const dst = entry.dst.parts[family]
  if (src === 'none' || dst === 'none') return []
  const sides: FieldConstraint[] = []
  if (dst !== 'every') sides.push(['dst', dst])
  if (src !== 'every') sides.push(['src', src])
  return entry.terms.filter((term) => term.family === null || term.family === family)
    .map((term) => ({ fields: [...sides, ...term.fields, ...entry.fields], unknown }))
}

/** `evaluate LIST`: what a reflexive list opened, which is only ever packets of connections that were seen. */
export function evaluateRule(line: ConfigLine, family: IpVersion): Rule {
  const unknown: UnknownMatch = { text: line.text, line: line.number,
    reason: 'which connections a reflexive list holds depends on traffic' }
  const match: Match = { fields: [['state', inValues(ConnState.established)]], unknown: [unknown] }
  return { line: line.number, text: line.text, family, matches: [match], action: { kind: 'permit' } }
}
