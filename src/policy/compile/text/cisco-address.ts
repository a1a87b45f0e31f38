// Addresses in Cisco access lists: any, host, block, address with wildcard (IOS) or subnet mask (ASA), object, object-group.
// Keeps the mask trap visible: the same four numbers mean opposite things on IOS and ASA (facts on segmentation, section 6 item 2).

import { IP_BITS, ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { Constraint, ValueMask, ValueRange } from '../../rules/model.ts'
import type { CiscoGroups } from './cisco-model.ts'
import type { Words } from './lines.ts'
import { addressMax, blockRange, inMasks, inRanges, maskedAddress, maskLength, oneValue } from './ranges.ts'

/** What one side of an entry covers in one family. */
export type Part = Constraint | 'every' | 'none'

export interface Side {
  readonly parts: Readonly<Record<IpVersion, Part>>
  /** Why the addresses are not known; the parts then say `every` where the address may lie. */
  readonly unknown: string | null
}

export interface Dialect {
  /** The family of the list; null for ASA lists, which hold both. */
  readonly family: IpVersion | null
  /** Ones of a wildcard are free, ones of a subnet mask are fixed. */
  readonly masks: 'wildcard' | 'subnet'
  readonly groups: CiscoGroups
}

/** Ranges or masks of one address as written. */
export interface AddressSpan {
  readonly version: IpVersion
  readonly span: ValueRange | ValueMask
}

const ANY: Readonly<Record<string, readonly IpVersion[]>> = { any: [4, 6], any4: [4], any6: [6] }

/** One side of an entry, its words taken; null when the words are not an address at all. */
export function takeSide(words: Words, dialect: Dialect): Side | null {
  const word = words.peek()
  const any = Object.hasOwn(ANY, word) ? ANY[word] : undefined
  if (any !== undefined) {
    words.skip(1)
    return { parts: { 4: any.includes(4) ? 'every' : 'none', 6: any.includes(6) ? 'every' : 'none' }, unknown: null }
  }
  if (word === 'object' || word === 'object-group' || word === 'addrgroup') {
    words.skip(1)
    return groupSide(words.take(), dialect.groups)
  }
  if (word === 'interface') {
    words.skip(1)
    return unknownSide(`the address of interface ${words.take()} is looked up by the device`)
  }
  const span = takeSpan(words, dialect)
  return span === null ? null : spanSide(span)
}

function spanSide({ version, span }: AddressSpan): Side {
  const part = 'mask' in span ? inMasks([span]) : rangePart([span], version)
  return { parts: version === 4 ? { 4: part, 6: 'none' } : { 4: 'none', 6: part }, unknown: null }
}

function groupSide(name: string, groups: CiscoGroups): Side {
  const found = groups.network(name)
  if (found.unknown !== null) return unknownSide(found.unknown)
  return { parts: { 4: rangePart(found.ranges[4], 4), 6: rangePart(found.ranges[6], 6) }, unknown: null }
}

function rangePart(ranges: readonly ValueRange[], version: IpVersion): Part {
  const [first] = ranges
  if (first === undefined) return 'none'
  return first.low === 0n && first.high === addressMax(version) ? 'every' : inRanges(ranges)
}

function unknownSide(why: string): Side {
  return { parts: { 4: 'every', 6: 'every' }, unknown: why }
}

/** `host A`, `A/len`, `A mask`, or A alone; null when it is none of these. */
export function takeSpan(words: Words, dialect: Pick<Dialect, 'masks' | 'groups'>): AddressSpan | null {
  const host = words.takeIf('host')
  const text = dialect.groups.nameOf(words.take())
  const slash = text.indexOf('/')
  if (slash >= 0) return host ? null : blockSpan(text, slash)
  const ip = parseIp(text)
  if (!ip.ok) return null
  const version = ipVersion(ip.value)
  const value = ipValue(ip.value)
  const mask = host || version === 6 ? null : parseIp(words.peek())
  if (mask === null || !mask.ok || ipVersion(mask.value) !== 4) return { version, span: oneValue(value) }
  words.skip(1)
  const bits = ipValue(mask.value)
  return { version, span: maskedAddress(value, dialect.masks === 'subnet' ? bits : addressMax(4) - bits, IP_BITS[4]) }
}

/** `10.1.2.3/8` with host bits set means its block, as devices take it. */
function blockSpan(text: string, slash: number): AddressSpan | null {
  const ip = parseIp(text.slice(0, slash))
  const lengthText = text.slice(slash + 1)
  if (!ip.ok || !/^\d{1,3}$/.test(lengthText)) return null
  const version = ipVersion(ip.value)
  const length = Number(lengthText)
  if (length > IP_BITS[version]) return null
  return { version, span: blockRange(ipValue(ip.value), length, IP_BITS[version]) }
}

/** An address with a mask that would be usual on the other system (255.255.255.0 on IOS, 0.0.0.255 on ASA), as written; or null. */
export function suspectMask(words: readonly string[], masks: Dialect['masks']): string | null {
  const at = words.findIndex((word, i) => {
    const address = parseIp(word)
    const mask = parseIp(words[i + 1] ?? '')
    if (!address.ok || !mask.ok || ipVersion(address.value) !== 4 || ipVersion(mask.value) !== 4) return false
    const bits = ipValue(mask.value)
    const foreign = maskLength(masks === 'wildcard' ? bits : addressMax(4) - bits, IP_BITS[4])
    return foreign !== null && foreign > 0 && foreign < IP_BITS[4]
  })
  return at < 0 ? null : `${words[at]} ${words[at + 1]}`
}
