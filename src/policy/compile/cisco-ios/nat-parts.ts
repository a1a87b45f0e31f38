// What lines of translation point at: pools of addresses, and route maps as matches.
// Keeps "never dropped": a pool that is not one range has none, and a clause of a route map that is not modelled is an unknown match.

import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Chain, Match, UnknownMatch, ValueRange } from '../../rules/model.ts'
import type { Block } from '../text/blocks.ts'
import type { Findings } from '../text/findings.ts'
import { startsWith, Words, type ConfigLine } from '../text/lines.ts'
import { inValues, joinRanges } from '../text/ranges.ts'
import { joined, permittedWays } from '../ways.ts'
import { takeLength } from './nat-words.ts'

export const ALWAYS: Match = { fields: [], unknown: [] }

export interface Pool {
  /** Null: not one range, or not understood. */
  readonly range: ValueRange | null
}

/** `ip nat pool P first last netmask M`, and the form whose ranges stand on lines of their own. */
export function pools(blocks: readonly Block[], findings: Findings): ReadonlyMap<string, Pool> {
  const found = new Map<string, Pool>()
  for (const { head, body } of blocks) {
    if (!startsWith(head, 'ip nat pool')) continue
    const words = new Words(head.words, 3)
    const name = words.take()
    const inline = parseIp(words.peek()).ok ? takeRange(words) : undefined
    const lines = body.map((line) => takeRange(new Words(line.words, 1)))
    const ranges = [...(inline === undefined ? [] : [inline]), ...lines]
    const understood = poolOptions(words) && ranges.every((range) => range !== null)
    if (!understood) findings.unknown(head, 'this pool of addresses is not understood')
    const joinedUp = joinRanges(ranges.filter((range) => range !== null))
    found.set(name, { range: understood && joinedUp.length === 1 ? (joinedUp[0] ?? null) : null })
  }
  return found
}

function takeRange(words: Words): ValueRange | null {
  const [low, high] = [parseIp(words.take()), parseIp(words.take())]
  if (!low.ok || !high.ok || ipVersion(low.value) !== 4 || ipVersion(high.value) !== 4) return null
  const range = { low: ipValue(low.value), high: ipValue(high.value) }
  return range.low <= range.high ? range : null
}

/** `type match-host` keeps the host part of each address: not one of the range, but a certain one. */
function poolOptions(words: Words): boolean {
  while (!words.done) {
    const word = words.peek()
    if (word === 'netmask' || word === 'prefix-length') {
      if (takeLength(words) === null) return false
    } else if (word === 'type' && words.peek(1) === 'rotary') words.skip(2)
    else if (word === 'accounting') words.skip(2)
    else if (word === 'arp-ping' || word === 'no-alias') words.skip(1)
    else return false
  }
  return true
}

function why(line: ConfigLine, reason: string): UnknownMatch {
  return { text: line.text, line: line.number, reason }
}

/** Lists and interfaces that a route map of permits asks for. A `deny` or any other clause may or may not hold. */
export function routeMapWays(name: string, head: ConfigLine, blocks: readonly Block[], chains: ReadonlyMap<string, Chain>,
  interfaces: readonly string[]): readonly Match[] {
  const parts = blocks.filter((block) => startsWith(block.head, 'route-map') && block.head.words[1] === name)
  if (parts.length === 0) return [{ fields: [], unknown: [why(head, `route map ${name} is not defined in this text`)] }]
  const denied = parts.find((block) => block.head.words[2]?.toLowerCase() === 'deny')
  if (denied !== undefined) return [{ fields: [], unknown: [why(denied.head, 'a deny of a route map is not modelled')] }]
  return parts.flatMap(({ body }) => body.filter((line) => startsWith(line, 'match'))
    .reduce<readonly Match[]>((ways, line) => both(ways, clause(line, chains, interfaces), line), [ALWAYS]))
}

const CLAUSES_MAX = 4096

function both(ways: readonly Match[], more: readonly Match[], line: ConfigLine): readonly Match[] {
  if (ways.length * more.length > CLAUSES_MAX) return [{ fields: [], unknown: [why(line, 'too many ways through a route map')] }]
  return ways.flatMap((way) => more.map((match) => joined(way, match)))
}

/** Any of the lists, or any of the interfaces, of one line. */
function clause(line: ConfigLine, chains: ReadonlyMap<string, Chain>, interfaces: readonly string[]): readonly Match[] {
  const unknown = (reason: string): readonly Match[] => [{ fields: [], unknown: [why(line, reason)] }]
  const names = line.words.slice(3)
  if (startsWith(line, 'match ip address') && names[0]?.toLowerCase() !== 'prefix-list') {
    return names.flatMap((name) => {
      const chain = chains.get(name)
      return chain === undefined ? unknown(`list ${name} is not defined in this text`) : permittedWays(chain)
    })
  }
  if (!startsWith(line, 'match interface')) return unknown('this clause of a route map is not modelled')
  const found = line.words.slice(2).map((name) => interfaces.findIndex((known) => known.toLowerCase() === name.toLowerCase()))
  return found.includes(-1) ? unknown('an interface that is not in this text') : [{ fields: [['oif', inValues(...found)]], unknown: [] }]
}
