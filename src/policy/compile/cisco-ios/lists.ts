// Access lists of IOS: numbered and named, standard and extended, IPv4 and IPv6, in the order of their sequence numbers.
// Keeps "first match decides" true to the device: sequence numbers order the entries, not their place in the text.

import type { IpVersion } from '../../../base/ip.ts'
import type { Match, Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import { evaluateRule, extendedRules, standardRules } from '../text/cisco-ace.ts'
import type { Dialect } from '../text/cisco-address.ts'
import type { CiscoGroups } from '../text/cisco-model.ts'
import { startsWith, Words, type ConfigLine } from '../text/lines.ts'
import { inValues } from '../text/ranges.ts'

export interface ListEntry {
  /** null: after all before it. */
  readonly sequence: number | null
  readonly rules: readonly Rule[]
  /** Set for a line that is no entry, so that nobody knows what it did to the list. */
  readonly unknown: UnknownMatch | null
}

export interface AccessList {
  readonly name: string
  readonly family: IpVersion
  readonly entries: ListEntry[]
  remarks: number
}

export interface ListHead {
  readonly name: string
  readonly family: IpVersion
  readonly standard: boolean
  /** The entry that stands on the line of the list itself (`access-list 10 permit any`). */
  readonly entry: ConfigLine | null
}

/** `access-list ...`, `ip access-list ...`, `ipv6 access-list ...`. */
export function isListHead(line: ConfigLine): boolean {
  return startsWith(line, 'access-list') || startsWith(line, 'ip access-list') || startsWith(line, 'ipv6 access-list')
}

const KINDS: ReadonlySet<string> = new Set(['standard', 'extended'])

/** `extended` behind `ip access-list` is a name when nothing follows it. */
export function listHead(line: ConfigLine): ListHead {
  const family = startsWith(line, 'ipv6') ? 6 : 4
  const plain = startsWith(line, 'access-list')
  const words = new Words(line.words, plain ? 1 : 2)
  const kindFirst = !plain && KINDS.has(words.peek()) && words.peek(1) !== ''
  const first = kindFirst ? words.take().toLowerCase() : ''
  const name = words.take()
  const kindAfter = plain && KINDS.has(words.peek()) ? words.take().toLowerCase() : ''
  const rest = words.rest()
  const entry = rest === '' ? null : { ...line, words: rest.split(' ') }
  return { name, family, standard: isStandard(first === '' ? kindAfter : first, name, family), entry }
}

/** Without a word for it, the number says it: 1-99 and 1300-1999 are standard (IOS security command reference, "access-list"). */
function isStandard(kind: string, name: string, family: IpVersion): boolean {
  if (kind !== '') return kind === 'standard' && family === 4
  const number = /^\d+$/.test(name) ? Number(name) : 0
  return (number >= 1 && number <= 99) || (number >= 1300 && number <= 1999)
}

const ACTIONS: Readonly<Record<string, RuleAction>> = { permit: { kind: 'permit' }, deny: { kind: 'deny', reject: false } }

/** Words inside a list that change no packet's fate. */
const QUIET = new Set(['remark', 'statistics', 'counters', 'exit'])

/** Adds the line to the list; a reason when it is not understood as any entry. */
export function readListLine(line: ConfigLine, list: AccessList, standard: boolean, groups: CiscoGroups): string | null {
  const words = new Words(line.words)
  words.takeIf('sequence')
  const sequence = /^\d{1,10}$/.test(words.peek()) ? Number(words.take()) : null
  const word = words.take().toLowerCase()
  if (QUIET.has(word)) {
    list.remarks++
    return null
  }
  const rules = entryRules(line, word, words, { standard, dialect: { family: list.family, masks: 'wildcard', groups } })
  if (rules === null) return 'this line of an access list is not understood'
  list.entries.push({ sequence: sequence ?? trailingSequence(line), rules, unknown: null })
  return null
}

interface EntryContext {
  readonly standard: boolean
  readonly dialect: Dialect
}

function entryRules(line: ConfigLine, word: string, words: Words, { standard, dialect }: EntryContext): readonly Rule[] | null {
  if (word === 'evaluate') return [evaluateRule(line, dialect.family ?? 4)]
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined
  if (action === undefined) return null
  return standard ? standardRules(line, action, words, dialect) : extendedRules(line, action, words, dialect)
}

/** IPv6 lists print the number behind: `permit tcp any any sequence 20`. */
function trailingSequence(line: ConfigLine): number | null {
  const at = line.words.findIndex((word) => word.toLowerCase() === 'sequence')
  const text = at > 0 ? (line.words[at + 1] ?? '') : ''
  return /^\d{1,10}$/.test(text) ? Number(text) : null
}

/** Step between entries that carry no number (IOS: 10). */
const SEQUENCE_STEP = 10

/** The rules in the order the device asks them, with what the system adds at the end. */
export function sortedRules(list: AccessList): readonly Rule[] {
  let last = 0
  const placed = list.entries.map((entry) => {
    const sequence = entry.sequence ?? last + SEQUENCE_STEP
    last = Math.max(last, sequence)
    return { sequence, rules: entry.unknown === null ? entry.rules : [strayRule(entry.unknown, list.family)] }
  })
  const rules = placed.sort((a, b) => a.sequence - b.sequence).flatMap((entry) => entry.rules)
  return list.family === 6 && rules.length > 0 ? [...rules, ...NEIGHBOUR_RULES] : rules
}

/** A line that is no entry may have done anything to the list, for any packet. */
function strayRule(why: UnknownMatch, family: IpVersion): Rule {
  return { line: why.line, text: why.text, family, matches: [{ fields: [], unknown: [why] }], action: { kind: 'unknown', why } }
}

/** IPv6 lists let neighbour discovery pass in front of their final deny (IOS IPv6 command reference, "ipv6 access-list"). */
const NEIGHBOUR_RULES: readonly Rule[] = [136, 135].map((type) => {
  const match: Match = { fields: [['proto', inValues(58)], ['icmpType', inValues(type)]], unknown: [] }
  return { line: 0, text: `implicit permit icmp any any ${type === 136 ? 'nd-na' : 'nd-ns'}`, family: 6, matches: [match],
    action: { kind: 'permit' } }
})
