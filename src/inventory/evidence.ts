// Evidence: from a protocol's fact to claims about the two ends of its flow, as a table. What each row proves, at which ladder level.
// Keeps "wrong labels cost more than missing ones": names come only from a device's own words or its protocol's fingerprint.

import type { Ip } from '../base/ip.ts'
import type { Mac } from '../base/mac.ts'
import type { Fact } from '../protocols/facts.ts'
import type { FlowKey } from '../wire/flow.ts'
import type { NewClaim } from './claims.ts'
import { ftpClaims, httpClaims, rpcClaims, smbClaims, tftpClaims, transferClaims } from './evidence-files.ts'

/** Whom a claim is about: an address on a segment, or a hardware address that has no address yet. */
export type ClaimTarget = { readonly vlan: number; readonly ip: Ip } | { readonly vlan: number; readonly mac: Mac }
export interface TargetedClaim {
  readonly target: ClaimTarget
  readonly claim: NewClaim
}

/** Profile ids of profiles/*.yaml that identification by protocol can reach. */
export const CMS8000_PROFILE = 'contec-cms8000'
export const CENTRAL_PROFILE = 'cms-central-station'

type Ends = readonly [ClaimTarget, ClaimTarget]

const NO_CLAIMS: readonly TargetedClaim[] = []

/** Claims of one fact; `flow` is null for facts of the link (ARP). */
export function claimsOf(fact: Fact, flow: FlowKey | null): readonly TargetedClaim[] {
  // The most frequent facts claim nothing: nothing is built for them.
  if (fact.protocol === 'arp') return NO_CLAIMS
  const ends: Ends | null = flow ? [{ vlan: flow.vlan, ip: flow.src }, { vlan: flow.vlan, ip: flow.dst }] : null
  switch (fact.protocol) {
    case 'dhcp':
      return fact.kind === 'message' ? dhcpClaims(fact, ends) : NO_CLAIMS
    case 'dns':
      return fact.kind === 'answer' ? [about({ vlan: flow?.vlan ?? 0, ip: fact.server }, role('dns-server', 'answers DNS questions'))] : NO_CLAIMS
    case 'lpd':
      return ends ? [about(ends[1], role('printer', 'LPD print commands sent to it (RFC 1179)'))] : NO_CLAIMS
    case 'cms8000':
      return ends ? cmsClaims(fact, ends) : NO_CLAIMS
    case 'hl7':
      return ends && fact.kind === 'message' ? hl7Claims(fact, ends) : NO_CLAIMS
    case 'rpc':
      return ends ? rpcClaims(fact, ends) : NO_CLAIMS
    case 'ftp':
      return ends ? ftpClaims(fact, ends) : NO_CLAIMS
    case 'http':
      return ends ? httpClaims(fact, ends) : NO_CLAIMS
    case 'file-transfer':
      return ends ? transferClaims(fact, ends) : NO_CLAIMS
    case 'smb':
      return ends ? smbClaims(fact, ends) : NO_CLAIMS
    case 'tftp':
      return ends ? tftpClaims(fact, ends) : NO_CLAIMS
  }
}

function about(target: ClaimTarget, claim: NewClaim): TargetedClaim {
  return { target, claim }
}

function role(value: string, evidence: string, inferred = false): NewClaim {
  return { what: 'role', value, level: 'C', evidence, inferred }
}

function dhcpClaims(fact: Extract<Fact, { protocol: 'dhcp'; kind: 'message' }>, ends: Ends | null): TargetedClaim[] {
  const claims: TargetedClaim[] = []
  const serverSpeaks = fact.type === 'ack' || fact.type === 'offer'
  const server = serverSpeaks && fact.server ? { vlan: fact.vlan, ip: fact.server } : null
  if (server) claims.push(about(server, role('dhcp-server', 'hands out DHCP leases')))
  if (serverSpeaks && fact.router) claims.push(about({ vlan: fact.vlan, ip: fact.router }, role('router', 'named as router in DHCP option 3')))
  if (!fact.client || serverSpeaks || !ends) return claims
  const client = { vlan: fact.vlan, mac: fact.client }
  if (fact.hostName) claims.push(about(client, { what: 'host-name', value: fact.hostName, level: 'C', evidence: 'DHCP option 12', inferred: false }))
  if (fact.vendorClass) claims.push(about(client, { what: 'software', value: fact.vendorClass, level: 'C', evidence: 'DHCP option 60', inferred: false }))
  return claims
}

function cmsClaims(fact: Extract<Fact, { protocol: 'cms8000' }>, ends: Ends): TargetedClaim[] {
  const monitor = ends[fact.monitorSide]
  const central = ends[fact.monitorSide === 0 ? 1 : 0]
  if (fact.kind === 'bed') {
    const evidence = 'bed number in the CMS8000 stream'
    return [about(monitor, { what: 'bed', value: String(fact.bed), level: 'C', evidence, inferred: false })]
  }
  if (fact.kind !== 'stream') return []
  const evidence = 'CMS8000 framing (length, 0x05, message type)'
  return [
    about(monitor, { what: 'model', value: CMS8000_PROFILE, level: 'C', evidence, inferred: false }),
    about(monitor, role('patient-monitor', evidence)),
    about(central, role('central-station', 'receives CMS8000 telemetry', true)),
    about(central, { what: 'model', value: CENTRAL_PROFILE, level: 'C', evidence: 'receives CMS8000 telemetry', inferred: true }),
  ]
}

function hl7Claims(fact: Extract<Fact, { protocol: 'hl7'; kind: 'message' }>, ends: Ends): TargetedClaim[] {
  const sender = ends[fact.direction]
  const receiver = ends[fact.direction === 0 ? 1 : 0]
  const claims: TargetedClaim[] = []
  const acknowledges = fact.messageType === 'ACK' || fact.messageType.startsWith('ACK^')
  if (!acknowledges) claims.push(about(receiver, role('hl7-server', 'receives HL7 v2 messages')))
  if (fact.sendingApplication) {
    const evidence = 'HL7 MSH-3, sending application'
    claims.push(about(sender, { what: 'software', value: fact.sendingApplication, level: 'C', evidence, inferred: false }))
  }
  for (const device of fact.devices) {
    const evidence = `HL7 ${device.source} in a message it sent`
    claims.push(about(sender, { what: 'device-identifier', value: device.text, level: 'A', evidence, inferred: false }))
  }
  return claims
}
