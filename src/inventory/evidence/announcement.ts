// announcement: what a device says about itself by mDNS, LLMNR, NetBIOS and SSDP, as claims about its address.
// Keeps the rule that words name only their sender: a name for another's address is no claim.

import type { Ip } from '../../base/ip.ts'
import type { DnsAnnouncement } from '../../protocols/dns/facts.ts'
import { HOST_SUFFIXES } from '../../protocols/nbns/codes.ts'
import type { NbnsFact } from '../../protocols/nbns/facts.ts'
import type { SsdpFact } from '../../protocols/ssdp/facts.ts'
import type { NewClaim } from '../claims.ts'
import type { TargetedClaim } from '../evidence.ts'

function of(vlan: number, ip: Ip, what: NewClaim['what'], value: string | null, evidence: string): TargetedClaim[] {
  return value === null || value === '' ? [] : [{ target: { vlan, ip }, claim: { what, value, level: 'C', evidence, inferred: false } }]
}

/** TXT keys by what they name. */
const SOFTWARE_KEYS = new Set(['fv', 'fw', 'firmware', 'version', 'srcvers'])
const SERIAL_KEYS = new Set(['sn', 'serial', 'serialnumber'])

export function announcementClaims(fact: DnsAnnouncement, vlan: number): TargetedClaim[] {
  const { device } = fact
  const how = fact.how === 'mdns' ? 'mDNS announcement' : 'LLMNR answer'
  const own = fact.hosts.filter((host) => host.addresses.includes(device))
  return [
    ...own.flatMap((host) => of(vlan, device, 'host-name', host.name.endsWith('.local') ? host.name.slice(0, -'.local'.length) : host.name, how)),
    ...fact.services.flatMap((service) => of(vlan, device, 'service', service, 'mDNS service announcement')),
    ...fact.product.flatMap(({ key, text }) => of(vlan, device, subjectOf(key), text, `mDNS TXT record, key ${key}`)),
  ]
}

function subjectOf(key: string): NewClaim['what'] {
  if (SERIAL_KEYS.has(key)) return 'serial-number'
  return SOFTWARE_KEYS.has(key) ? 'software' : 'product'
}

export function nbnsClaims(fact: NbnsFact, vlan: number): TargetedClaim[] {
  if (fact.kind !== 'name' || fact.isGroup || fact.owner !== fact.from || !HOST_SUFFIXES.has(fact.suffix)) return []
  return of(vlan, fact.from, 'host-name', fact.name, `NetBIOS name, ${fact.how}`)
}

export function ssdpClaims(fact: SsdpFact, vlan: number): TargetedClaim[] {
  if (fact.kind !== 'announce' || fact.state === 'ssdp:byebye') return []
  return [
    ...of(vlan, fact.device, 'software', fact.server, 'SSDP SERVER field'),
    ...(fact.type.startsWith('urn:') ? of(vlan, fact.device, 'service', fact.type, 'SSDP announcement') : []),
  ]
}
