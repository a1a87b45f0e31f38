// Static and connected routes in Cisco text, IOS and ASA, as routes of the common model.
// Keeps "not understood is said": a null return is the caller's unknown line.

import { IP_BITS, ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { Route } from '../../rules/model.ts'
import type { Words } from './lines.ts'
import { maskLength } from './ranges.ts'

export interface RouteBlock {
  readonly version: IpVersion
  readonly value: bigint
  readonly network: bigint
  readonly length: number
}

/** `A.B.C.D mask`, `A.B.C.D/len` or `v6/len`; null when it is no block or the mask has holes. */
export function takeBlock(words: Words): RouteBlock | null {
  const [address = '', lengthText] = words.take().split('/')
  const ip = parseIp(address)
  if (!ip.ok) return null
  const version = ipVersion(ip.value)
  const length = lengthText === undefined ? takeMaskLength(words, version) : lengthOf(lengthText, version)
  if (length === null) return null
  const host = BigInt(IP_BITS[version] - length)
  const value = ipValue(ip.value)
  return { version, value, network: (value >> host) << host, length }
}

function lengthOf(text: string, version: IpVersion): number | null {
  return /^\d{1,3}$/.test(text) && Number(text) <= IP_BITS[version] ? Number(text) : null
}

function takeMaskLength(words: Words, version: IpVersion): number | null {
  const mask = parseIp(words.peek())
  if (version === 6 || !mask.ok || ipVersion(mask.value) !== 4) return null
  words.skip(1)
  return maskLength(ipValue(mask.value), IP_BITS[4])
}

/** Administrative distance of a static route when none is written (IOS and ASA: 1). */
const STATIC_DISTANCE = 1

/** Options behind a static route that do not change where it leads, and how many words follow. */
const ROUTE_OPTIONS: Readonly<Record<string, number>> = { name: 1, tag: 1, permanent: 0, multicast: 0 }

/**
 * The words behind `ip route`, `ipv6 route` or `route IFNAME`. `interfaceOf` gives the index of an interface name, or null.
 * Null when any word is not understood, as with `track`: whether such a route is up is not in the text.
 */
export function takeStaticRoute(words: Words, line: number, table: string, interfaceOf: (name: string) => number | null): Route | null {
  const block = takeBlock(words)
  if (block === null) return null
  const base = { version: block.version, network: block.network, length: block.length, table, line }
  const nullRoute = /^null ?0$/.test(words.peek())
  const iface = nullRoute ? null : interfaceOf(words.peek())
  if (nullRoute || iface !== null) words.skip(1)
  const hop = nullRoute ? null : takeHop(words, block.version)
  if (!nullRoute && iface === null && hop === null) return null
  const metric = takeOptions(words)
  if (metric === null) return null
  if (nullRoute) return { ...base, kind: 'blackhole', nextHop: null, iface: null, metric }
  return { ...base, kind: hop === null ? 'connected' : 'via', nextHop: hop, iface, metric }
}

function takeHop(words: Words, version: IpVersion): bigint | null {
  const ip = parseIp(words.peek())
  if (!ip.ok || ipVersion(ip.value) !== version) return null
  words.skip(1)
  return ipValue(ip.value)
}

function takeOptions(words: Words): number | null {
  let metric = STATIC_DISTANCE
  while (!words.done) {
    const word = words.peek()
    if (/^\d{1,3}$/.test(word)) metric = Number(word)
    else if (Object.hasOwn(ROUTE_OPTIONS, word)) words.skip(ROUTE_OPTIONS[word] ?? 0)
    else return null
    words.skip(1)
  }
  return metric
}
