// Value ranges as sets: merge, meet, complement, and address text to ranges. Shared by the zone firewalls (SRX, PAN-OS, FortiOS).
// Keeps "never wider": every function here is exact, and text that is no address is null, never a guess.

import { IP_BITS, ipFromValue, ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { intersectRanges, mergeRanges } from '../ranges.ts'

export { intersectRanges, mergeRanges } from '../ranges.ts'

export type Ranges = readonly ValueRange[]

/** An address text that was understood: one family, one range. */
export interface AddressRange {
  readonly version: IpVersion
  readonly range: ValueRange
}

const PORT_LAST = 65_535n

export const ALL_PORTS: ValueRange = { low: 0n, high: PORT_LAST }

export function allAddresses(version: IpVersion): ValueRange {
  return { low: 0n, high: (1n << BigInt(IP_BITS[version])) - 1n }
}

/** What is in `space` and not in `ranges`. */
export function complementRanges(ranges: Ranges, space: ValueRange): ValueRange[] {
  const out: ValueRange[] = []
  let next = space.low
  for (const range of mergeRanges(ranges)) {
    if (range.high < next) continue
    if (range.low > space.high) break
    if (range.low > next) out.push({ low: next, high: range.low - 1n })
    next = range.high + 1n
  }
  if (next <= space.high) out.push({ low: next, high: space.high })
  return out
}

/** What is in `a` and not in `b`. */
export function subtractRanges(a: Ranges, b: Ranges, space: ValueRange): Ranges {
  return intersectRanges(a, complementRanges(b, space))
}

/** True when the (merged) ranges hold every value of `space`. */
export function isAll(ranges: Ranges, space: ValueRange): boolean {
  const only = ranges.length === 1 ? ranges[0] : undefined
  return only !== undefined && only.low <= space.low && only.high >= space.high
}

/** `10.1.2.3`, `10.1.2.3/24` (host bits are cut, as the devices do), `2001:db8::/32`; null for anything else. */
export function prefixRange(text: string): AddressRange | null {
  const slash = text.indexOf('/')
  const parsed = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (!parsed.ok) return null
  const version = ipVersion(parsed.value)
  const bits = IP_BITS[version]
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(lengthText) || Number(lengthText) > bits) return null
  return { version, range: blockAt(ipValue(parsed.value), bits - Number(lengthText)) }
}

function blockAt(value: bigint, hostBits: number): ValueRange {
  const low = (value >> BigInt(hostBits)) << BigInt(hostBits)
  return { low, high: low + (1n << BigInt(hostBits)) - 1n }
}

/** Address and contiguous subnet mask, as FortiOS writes them; null when the mask has a hole or either is no IPv4 address. */
export function maskRange(address: string, mask: string): AddressRange | null {
  const a = parseIp(address)
  const m = parseIp(mask)
  if (!a.ok || !m.ok || ipVersion(a.value) !== 4 || ipVersion(m.value) !== 4) return null
  const host = 0xffffffffn - ipValue(m.value)
  if ((host & (host + 1n)) !== 0n) return null
  return { version: 4, range: blockAt(ipValue(a.value), host.toString(2).replace(/^0$/, '').length) }
}

/** From the first to the last address, both of one family, in order; null otherwise. */
export function spanRange(first: string, last: string): AddressRange | null {
  const a = parseIp(first)
  const b = parseIp(last)
  if (!a.ok || !b.ok || ipVersion(a.value) !== ipVersion(b.value)) return null
  const range = { low: ipValue(a.value), high: ipValue(b.value) }
  return range.low <= range.high ? { version: ipVersion(a.value), range } : null
}

/** `80` or `8000-8010`, within 0..max; null otherwise. */
export function numberRange(text: string, max: bigint): ValueRange | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (!match) return null
  const low = BigInt(match[1] ?? '')
  const high = match[2] === undefined ? low : BigInt(match[2])
  return low <= high && high <= max ? { low, high } : null
}

export function portRange(text: string): ValueRange | null {
  return numberRange(text, PORT_LAST)
}

/** The block's `address/length` when the range is exactly one block; null when it is not. */
export function prefixText(version: IpVersion, range: ValueRange): string | null {
  const size = range.high - range.low + 1n
  if ((size & (size - 1n)) !== 0n || range.low % size !== 0n) return null
  return `${ipFromValue(version, range.low)}/${IP_BITS[version] - (size.toString(2).length - 1)}`
}

/** Blocks that hold exactly the range, fewest and in order. At most 2 per address bit. */
export function rangePrefixes(version: IpVersion, range: ValueRange): string[] {
  const out: string[] = []
  for (let low = range.low; low <= range.high;) {
    const size = largestBlock(low, range.high, IP_BITS[version])
    out.push(`${ipFromValue(version, low)}/${IP_BITS[version] - (size.toString(2).length - 1)}`)
    low += size
  }
  return out
}

function largestBlock(low: bigint, high: bigint, bits: number): bigint {
  let size = 1n << BigInt(bits)
  while (low % size !== 0n || low + size - 1n > high) size >>= 1n
  return size
}
