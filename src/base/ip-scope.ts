// IpScope: what kind of address it is by the IANA special-purpose registries. Decides "private or global", never "inside or outside".

import { assert } from './assert.ts'
import { IP_BITS, ipVersion, parsePrefix, sameV6Bits, v4Number, v6Groups, v6GroupsOf, type Ip, type IpVersion, type Prefix } from './ip.ts'

export type IpScope = 'global' | 'private' | 'link-local' | 'loopback' | 'multicast' | 'broadcast' | 'unspecified' | 'reserved'

/** First match wins. RFC 6890 registries as of 2025; RFC 1918, 6598, 4193, 3927, 4291, 5771, 1112, 5737, 3849. */
const SCOPE_ROWS: readonly (readonly [string, IpScope])[] = [
  ['0.0.0.0/32', 'unspecified'],
  ['0.0.0.0/8', 'reserved'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'private'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'reserved'],
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['fe80::/10', 'link-local'],
  ['fc00::/7', 'private'],
  ['ff00::/8', 'multicast'],
  ['2001:db8::/32', 'reserved'],
  ['2000::/3', 'global'],
  ['::/0', 'reserved'],
]

/** Rows of one IP version as plain numbers, for IPv4 with the divisor that leaves the network bits: this is asked for every flow. */
const V4_ROWS = rowsOf(4).map(({ network, hostBits, scope }) => ({ network: Number(network), divisor: 2 ** Number(hostBits), scope }))
const V6_ROWS = rowsOf(6).map(({ network, hostBits, scope }) => ({ groups: v6GroupsOf(network << hostBits), length: IP_BITS[6] - Number(hostBits), scope }))

function rowsOf(version: IpVersion): { network: bigint; hostBits: bigint; scope: IpScope }[] {
  return SCOPE_ROWS.flatMap(([text, scope]) => {
    const parsed = parsePrefix(text)
    assert(parsed.ok, `the scope table has a bad block: ${text}`)
    if (parsed.value.version !== version) return []
    const hostBits = BigInt(IP_BITS[version] - parsed.value.length)
    return [{ network: parsed.value.network >> hostBits, hostBits, scope }]
  })
}

/** Addresses in a /8. */
const OCTET = 2 ** 24

/** The scope of each /8, or null for the few that hold more than one. */
const V4_OCTETS: readonly (IpScope | null)[] = Array.from({ length: 256 }, (_, octet) => {
  const inside = V4_ROWS.some((row) => row.divisor < OCTET && Math.floor((row.network * row.divisor) / OCTET) === octet)
  return inside ? null : v4Scope(octet * OCTET)
})

function v4Scope(value: number): IpScope {
  for (const row of V4_ROWS) if (Math.floor(value / row.divisor) === row.network) return row.scope
  return 'global'
}

export function ipScope(ip: Ip): IpScope {
  if (ipVersion(ip) === 4) {
    const value = v4Number(ip)
    return V4_OCTETS[value >>> 24] ?? v4Scope(value)
  }
  const groups = v6Groups(ip)
  for (const row of V6_ROWS) if (sameV6Bits(row.groups, groups, row.length)) return row.scope
  return 'global'
}

/** Blocks of one version at whose edges the scope may change, in no useful order: between two edges every address has one scope. */
export function scopeBlocks(version: IpVersion): readonly Prefix[] {
  const length = (hostBits: bigint): number => IP_BITS[version] - Number(hostBits)
  return rowsOf(version).map(({ network, hostBits }) => ({ version, network: network << hostBits, length: length(hostBits) }))
}

/** Multicast or limited broadcast: no single receiver. Directed broadcasts need a netmask and are not seen here. */
export function isGroupIp(ip: Ip): boolean {
  const scope = ipScope(ip)
  return scope === 'multicast' || scope === 'broadcast'
}

/** Same block of the usual size: /24 for IPv4, /64 for IPv6. A guess at the segment, where nothing states the netmask. */
export function sameUsualSegment(a: Ip, b: Ip): boolean {
  if (ipVersion(a) === 4 && ipVersion(b) === 4) return v4Number(a) >>> 8 === v4Number(b) >>> 8
  if (ipVersion(a) !== ipVersion(b)) return false
  const [a0, a1, a2, a3] = v6Groups(a)
  const b64 = v6Groups(b)
  return a0 === b64[0] && a1 === b64[1] && a2 === b64[2] && a3 === b64[3]
}

/** A key that addresses of one usual segment share. */
export function usualSegment(ip: Ip): string {
  const version = ipVersion(ip)
  return version === 4 ? `4 ${v4Number(ip) >>> 8}` : `6 ${v6Groups(ip).subarray(0, 4).join(':')}`
}
