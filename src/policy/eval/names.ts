// Names: which addresses a zone name stands for, and which zone holds an address.
// Keeps the rule that policy sees no devices: assets arrive as a map from profile id to addresses, handed in from outside.

import { ipScope, type IpScope } from '../../base/ip-scope.ts'
import { IP_BITS, ipValue, ipVersion, prefixContains, type Ip, type Prefix } from '../../base/ip.ts'
import type { BuiltInZone, Policy } from '../language/model.ts'

/** Prefixes by zone name, in the policy's order of zones; of two equally long prefixes the earlier zone's wins. */
export type NameMap = ReadonlyMap<string, readonly Prefix[]>

/**
 * Where an address goes that no zone holds. Documentation and reserved blocks count as Internet: a router with a default route
 * carries them out like any other, so in doubt it leaves. Shared space (RFC 6598) is `private` here and so unzoned, not inside.
 */
const ZONE_OF_SCOPE: Readonly<Record<IpScope, BuiltInZone>> = {
  global: 'internet',
  reserved: 'internet',
  private: 'unzoned',
  'link-local': 'unzoned',
  loopback: 'unzoned',
  unspecified: 'unzoned',
  multicast: 'group',
  broadcast: 'group',
}

/** The one-address prefix of an asset: /32 or /128. */
export function hostPrefix(ip: Ip): Prefix {
  const version = ipVersion(ip)
  return { version, network: ipValue(ip), length: IP_BITS[version] }
}

/**
 * Zone prefixes of the policy plus a host prefix for each asset address whose profile a zone selects.
 * Addresses that name no single device (0.0.0.0 before DHCP, multicast) are left out: they would pull strangers into the zone.
 */
export function policyNames(policy: Policy, assetAddresses: ReadonlyMap<string, readonly Ip[]>): NameMap {
  const names = new Map<string, readonly Prefix[]>()
  for (const zone of policy.zones) {
    const hosts = zone.profiles.flatMap((profile) => assetAddresses.get(profile) ?? []).filter(isOneDevice)
    names.set(zone.name, [...zone.prefixes, ...hosts.map(hostPrefix)])
  }
  return names
}

function isOneDevice(ip: Ip): boolean {
  const scope = ipScope(ip)
  return scope !== 'unspecified' && scope !== 'multicast' && scope !== 'broadcast'
}

/** The built-in zone of an address that no zone's prefix holds. */
export function builtInZoneOf(ip: Ip): BuiltInZone {
  return ZONE_OF_SCOPE[ipScope(ip)]
}

/** Zone name of an address: `group` first, then the longest prefix of any zone, then `internet` or `unzoned`. Slow and obvious. */
export function zoneOf(names: NameMap, ip: Ip): string {
  const builtIn = builtInZoneOf(ip)
  if (builtIn === 'group') return builtIn
  let best: string = builtIn
  let bestLength = -1
  for (const [zone, prefixes] of names) {
    for (const prefix of prefixes) {
      if (prefix.length <= bestLength || !prefixContains(prefix, ip)) continue
      best = zone
      bestLength = prefix.length
    }
  }
  return best
}
