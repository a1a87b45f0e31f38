// dhcp: what a lease and the words in it prove, as claims about the client's card and the server.
// Keeps the rule that a client's own words name only itself, and a relay's words only the port it wrote.

import type { Mac } from '../../base/mac.ts'
import type { DhcpMessage } from '../../protocols/dhcp/facts.ts'
import type { NewClaim } from '../claims.ts'
import type { ClaimTarget, TargetedClaim } from '../evidence.ts'
import { dhcpHints } from '../hints/dhcp.ts'

function claim(what: NewClaim['what'], value: string | null, evidence: string): NewClaim[] {
  return value === null ? [] : [{ what, value, level: 'C', evidence, inferred: false }]
}

/** `hasFlow`: the message was seen on the wire itself, not told by a relay's record. */
export function dhcpClaims(fact: DhcpMessage, hasFlow: boolean): TargetedClaim[] {
  const serverSpeaks = fact.type === 'ack' || fact.type === 'offer'
  const claims = serverSpeaks ? serverClaims(fact) : []
  if (fact.client && hasFlow) claims.push(...clientClaims(fact, fact.client, serverSpeaks))
  return claims
}

function serverClaims({ vlan, server, router }: DhcpMessage): TargetedClaim[] {
  const at = (ip: ClaimTarget, value: string, evidence: string): TargetedClaim[] => claim('role', value, evidence).map((one) => ({ target: ip, claim: one }))
  return [
    ...(server ? at({ vlan, ip: server }, 'dhcp-server', 'hands out DHCP leases') : []),
    ...(router ? at({ vlan, ip: router }, 'router', 'named as router in DHCP option 3') : []),
  ]
}

function clientClaims(fact: DhcpMessage, mac: Mac, serverSpeaks: boolean): TargetedClaim[] {
  const words = serverSpeaks ? [] : [
    ...claim('host-name', fact.hostName, 'DHCP option 12'),
    ...claim('host-name', fact.fullName, 'DHCP option 81'),
    ...claim('software', fact.vendorClass, 'DHCP option 60'),
  ]
  const hints = serverSpeaks ? [] : dhcpHints(fact)
  return [...words, ...hints, ...claim('attached-to', portOf(fact), 'DHCP option 82, written by the relay or access switch')]
    .map((one) => ({ target: { vlan: fact.vlan, mac }, claim: one }))
}

function portOf({ circuit, remote }: DhcpMessage): string | null {
  if (circuit === null) return remote === null ? null : `relay ${remote}`
  return remote === null ? `port ${circuit}` : `${remote}, port ${circuit}`
}
