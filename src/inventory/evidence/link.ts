// link: what ICMP and IGMP prove of an address, as claims.
// Keeps the rule that a role is claimed only by who plays it: a router says so itself, a querier may be a switch.

import type { IcmpFact } from '../../protocols/icmp/facts.ts'
import type { IgmpFact } from '../../protocols/igmp/facts.ts'
import type { TargetedClaim } from '../evidence.ts'

export function icmpClaims(fact: IcmpFact): TargetedClaim[] {
  if (fact.kind !== 'router' || fact.lifetimeSeconds === 0) return []
  const evidence = fact.version === 4 ? 'ICMP router advertisement (RFC 1256)' : 'ICMPv6 router advertisement (RFC 4861)'
  return fact.routers.map((ip) => ({ target: { vlan: fact.vlan, ip }, claim: { what: 'role', value: 'router', level: 'C', evidence, inferred: false } }))
}

export function igmpClaims(fact: IgmpFact): TargetedClaim[] {
  if (fact.kind !== 'querier' || fact.from === null) return []
  const name = fact.family === 'igmp' ? 'IGMP' : 'MLD'
  const claim = { what: 'service', value: 'multicast querier', level: 'C', evidence: `${name} version ${fact.version} queries`, inferred: false } as const
  return [{ target: { vlan: fact.vlan, ip: fact.from }, claim }]
}
