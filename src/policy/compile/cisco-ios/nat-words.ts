// The words of one `ip nat inside|outside source|destination` line as a Translation.
// Keeps "not understood is said": null for a form that is not known, a reason for a word that changes what is translated.

import { IP_BITS, ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { Words, type ConfigLine } from '../text/lines.ts'
import { blockRange, maskLength, oneValue } from '../text/ranges.ts'

export interface Translation {
  readonly side: 'inside' | 'outside'
  readonly what: 'source' | 'destination'
  readonly kind: 'static' | 'dynamic'
  /** Order of evaluation: lower first. */
  readonly rank: number
  readonly proto: number | null
  /** What a static line translates; null for a dynamic one. */
  readonly before: ValueRange | null
  /** What it becomes: a range, or the address of an interface; a pool has neither. */
  readonly after: { readonly range: ValueRange | null; readonly iface: string | null }
  readonly ports: { readonly before: ValueRange | null; readonly after: ValueRange | null }
  readonly list: string | null
  readonly routeMap: string | null
  readonly pool: string | null
  readonly vrf: string | null
  readonly overload: boolean
  readonly reversible: boolean
  /** Reasons that a word is not modelled. */
  readonly unknown: readonly string[]
}

type Options = Pick<Translation, 'routeMap' | 'vrf' | 'overload' | 'reversible' | 'unknown'>

export function parseTranslation(head: ConfigLine): Translation | null {
  const words = new Words(head.words, 2)
  const side = words.take().toLowerCase()
  const what = words.take().toLowerCase()
  if ((side !== 'inside' && side !== 'outside') || (what !== 'source' && !(what === 'destination' && side === 'inside'))) return null
  const kind = words.take().toLowerCase()
  if (kind === 'static' && what === 'source') return staticLine(words, side)
  return kind === 'list' || kind === 'route-map' ? dynamicLine(words, side, what, kind) : null
}

/** `list L pool P overload`, `route-map M interface Gi0/1 overload`. Spaces in the name of an interface are left out. */
function dynamicLine(words: Words, side: Translation['side'], what: Translation['what'], kind: string): Translation | null {
  const name = words.take()
  const word = words.take().toLowerCase()
  const target = word === 'pool' ? words.take() : word === 'interface' ? takeInterface(words) : ''
  const options = takeOptions(words)
  if (name === '' || target === '' || options === null) return null
  return {
    side, what, kind: 'dynamic', rank: 3, proto: null, before: null, ports: { before: null, after: null },
    after: { range: null, iface: word === 'interface' ? target : null }, pool: word === 'pool' ? target : null,
    list: kind === 'list' ? name : null, ...options, routeMap: kind === 'list' ? options.routeMap : name,
  }
}

/** `Gi0/1`, and `Gi 0/1`. */
function takeInterface(words: Words): string {
  const first = words.take()
  return /\d$/.test(first) || !/^\d/.test(words.peek()) ? first : first + words.take()
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 }

/** `A B`, `tcp A 80 B 8080`, `tcp A 80 interface Gi0/1 8080`, `network A B /24`, `A interface Gi0/1`. */
function staticLine(words: Words, side: Translation['side']): Translation | null {
  const isNetwork = words.takeIf('network')
  const proto = isNetwork || !Object.hasOwn(PROTOCOLS, words.peek()) ? null : (PROTOCOLS[words.take().toLowerCase()] ?? null)
  const before = takeAddress(words)
  const portBefore = proto === null ? null : takePort(words)
  const iface = words.takeIf('interface') ? takeInterface(words) : null
  const after = iface === null ? takeAddress(words) : null
  const portAfter = proto === null ? null : takePort(words)
  const length = isNetwork ? takeLength(words) : IP_BITS[4]
  const options = takeOptions(words)
  const ports = proto === null || (portBefore !== null && portAfter !== null)
  if (before === null || (iface ?? after) === null || !ports || length === null || options === null) return null
  const range = (value: bigint): ValueRange => blockRange(value, length, IP_BITS[4])
  return {
    side, what: 'source', kind: 'static', rank: proto !== null ? 0 : isNetwork ? 2 : 1, proto, before: range(before),
    after: { range: after === null ? null : range(after), iface }, ports: { before: portBefore, after: portAfter },
    list: null, pool: null, ...options,
  }
}

function takeAddress(words: Words): bigint | null {
  const ip = parseIp(words.take())
  return ip.ok && ipVersion(ip.value) === 4 ? ipValue(ip.value) : null
}

function takePort(words: Words): ValueRange | null {
  const text = words.take()
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? oneValue(Number(text)) : null
}

/** `/24`, `prefix-length 24` or `255.255.255.0`. */
export function takeLength(words: Words): number | null {
  words.takeIf('netmask')
  const isLength = words.takeIf('prefix-length')
  const text = words.take()
  const plain = /^\/?(\d{1,2})$/.exec(text)
  if (plain !== null && (isLength || text.startsWith('/'))) return Number(plain[1]) <= IP_BITS[4] ? Number(plain[1]) : null
  const mask = parseIp(text)
  return mask.ok && ipVersion(mask.value) === 4 ? maskLength(ipValue(mask.value), IP_BITS[4]) : null
}

/** Words that change nothing about addresses, and how many words follow. */
const QUIET: Readonly<Record<string, number>> = {
  'extendable': 0, 'no-alias': 0, 'no-payload': 0, 'forced': 0, 'mapping-id': 1, 'description': 0, 'match-in-vrf': 0,
}

const ASKS: Readonly<Record<string, readonly [number, string]>> = {
  'add-route': [0, 'adds a route that is not in the text'], 'redundancy': [1, 'which of two devices translates is not in the text'],
  'oer': [0, 'the choice of an interface by measured performance is not modelled'],
}

/** Null for a word that is not known. */
function takeOptions(words: Words): Options | null {
  let made: Options = { routeMap: null, vrf: null, overload: false, reversible: false, unknown: [] }
  while (!words.done) {
    const word = words.take().toLowerCase()
    const asks = Object.hasOwn(ASKS, word) ? ASKS[word] : undefined
    if (word === 'overload') made = { ...made, overload: true }
    else if (word === 'reversible') made = { ...made, reversible: true }
    else if (word === 'vrf') made = { ...made, vrf: words.take() }
    else if (word === 'route-map') made = { ...made, routeMap: words.take() }
    else if (asks !== undefined) {
      words.skip(asks[0])
      made = { ...made, unknown: [...made.unknown, asks[1]] }
    } else if (Object.hasOwn(QUIET, word)) words.skip(QUIET[word] ?? 0)
    else return null
  }
  return made
}
