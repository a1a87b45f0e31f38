// neighbour: what LLDP and CDP announcements prove of their sender, as claims about its card and its management addresses.
// Keeps "wrong labels cost more than missing ones": make and model only in the device's own words.

import type { CdpNeighbour } from '../../protocols/cdp/facts.ts'
import type { LldpNeighbour } from '../../protocols/lldp/facts.ts'
import type { NewClaim } from '../claims.ts'
import type { ClaimTarget, TargetedClaim } from '../evidence.ts'

/** Whoever an announcement speaks of: its addresses, and the card it was sent with. */
function targetsOf(fact: LldpNeighbour | CdpNeighbour): ClaimTarget[] {
  const { vlan, mac, addresses } = fact
  return [...addresses.map((ip) => ({ vlan, ip })), ...(mac === null ? [] : [{ vlan, mac }])]
}

function claim(what: NewClaim['what'], value: string | null, evidence: string): NewClaim[] {
  return value === null || value === '' ? [] : [{ what, value, level: 'C', evidence, inferred: false }]
}

function claimsOfLldp(fact: LldpNeighbour): NewClaim[] {
  const { med } = fact
  const product = [med?.manufacturer, med?.model].filter((word) => typeof word === 'string').join(' ')
  return [
    ...claim('host-name', fact.systemName, 'LLDP system name'),
    ...claim('software', fact.systemDescription, 'LLDP system description'),
    ...claim('product', product, 'LLDP-MED manufacturer and model'),
    ...claim('serial-number', med?.serial ?? null, 'LLDP-MED serial number'),
    ...claim('software', med?.firmware ?? null, 'LLDP-MED firmware revision'),
    ...claim('software', med?.software ?? null, 'LLDP-MED software revision'),
    ...claim('role', neighbourRole(fact.capabilities), 'LLDP capabilities'),
  ]
}

function claimsOfCdp(fact: CdpNeighbour): NewClaim[] {
  return [
    ...claim('host-name', fact.systemName ?? fact.device, fact.systemName === null ? 'CDP device id' : 'CDP system name'),
    ...claim('product', fact.platform, 'CDP platform'),
    ...claim('software', fact.version, 'CDP software version'),
    ...claim('role', neighbourRole(fact.capabilities), 'CDP capabilities'),
  ]
}

/** The one thing people call it; null for a plain station. */
export function neighbourRole(capabilities: readonly string[]): string | null {
  if (capabilities.includes('telephone')) return 'telephone'
  if (capabilities.includes('access-point')) return 'access-point'
  if (isForwarder(capabilities)) return capabilities.includes('switch') || capabilities.includes('bridge') ? 'switch' : 'router'
  return null
}

/** It passes on the packets of others: its ports are places where devices hang. */
export function isForwarder(capabilities: readonly string[]): boolean {
  return !capabilities.includes('telephone') && ['bridge', 'switch', 'router', 'repeater', 'source-route-bridge'].some((name) => capabilities.includes(name))
}

/** Nothing of a goodbye (lifetime 0). */
export function neighbourClaims(fact: LldpNeighbour | CdpNeighbour): TargetedClaim[] {
  if (fact.lifetimeSeconds === 0) return []
  const claims = fact.protocol === 'lldp' ? claimsOfLldp(fact) : claimsOfCdp(fact)
  return targetsOf(fact).flatMap((target) => claims.map((one) => ({ target, claim: one })))
}
