// dhcp6: what a DHCPv6 message proves, as claims about its sender, or about the card that a relay saw.
// Keeps the rule that a DUID binds no address: it may name another card of the same device.

import type { Dhcp6Message } from '../../protocols/dhcp6/facts.ts'
import type { NewClaim } from '../claims.ts'
import type { ClaimTarget, TargetedClaim } from '../evidence.ts'

const SERVER_TYPES = new Set(['advertise', 'reply', 'reconfigure'])

export function dhcp6Claims(fact: Dhcp6Message): TargetedClaim[] {
  const { vlan, from, client } = fact
  if (SERVER_TYPES.has(fact.type)) {
    return fact.relayed ? [] : of({ vlan, ip: from }, 'role', 'dhcp-server', 'hands out DHCPv6 leases')
  }
  // Behind a relay the sender of the datagram is the relay.
  const target: ClaimTarget | null = !fact.relayed ? { vlan, ip: from } : client === null ? null : { vlan, mac: client }
  if (target === null) return []
  return [
    ...of(target, 'host-name', fact.fullName, 'DHCPv6 option 39'),
    ...of(target, 'software', fact.vendorClass, 'DHCPv6 option 16, vendor class'),
    ...of(target, 'attached-to', fact.interfaceId === null ? null : `port ${fact.interfaceId}`, 'DHCPv6 option 18, written by the relay'),
  ]
}

function of(target: ClaimTarget, what: NewClaim['what'], value: string | null, evidence: string): TargetedClaim[] {
  return value === null ? [] : [{ target, claim: { what, value, level: 'C', evidence, inferred: false } }]
}
