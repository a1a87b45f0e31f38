// Evidence: from a protocol's fact to claims about the two ends of its flow, as a table. What each row proves, at which ladder level.
// Keeps "wrong labels cost more than missing ones": names come only from a device's own words or its protocol's fingerprint.

import type { Ip } from '../base/ip.ts'
import type { Mac } from '../base/mac.ts'
import type { Fact } from '../protocols/facts.ts'
import type { FlowKey } from '../wire/flow.ts'
import type { NewClaim } from './claims.ts'
import { announcementClaims, nbnsClaims, ssdpClaims } from './evidence/announcement.ts'
import { claimAbout, inferredAbout, type FlowEnds } from './evidence/claim-about.ts'
import { bacnetClaims, modbusClaims, ntpClaims } from './evidence/building.ts'
import { dhcp6Claims } from './evidence/dhcp6.ts'
import { dhcpClaims } from './evidence/dhcp.ts'
import { icmpClaims, igmpClaims } from './evidence/link.ts'
import { neighbourClaims } from './evidence/neighbour.ts'
import { astmClaims, poctClaims } from './evidence/lab.ts'
import { dicomClaims } from './evidence/dicom.ts'
import { hl7Claims } from './evidence/hl7.ts'
import { carescapeClaims, intellivueClaims, mindrayClaims, sdcClaims, vistaClaims } from './evidence/bedside.ts'
import { adminClaims } from './evidence/admin.ts'
import { quicClaims, tlsClaims } from './evidence/tls.ts'
import { ftpClaims, httpClaims, rpcClaims, smbClaims, tftpClaims, transferClaims } from './evidence/files.ts'

/** Whom a claim is about: an address on a segment, or a hardware address that has no address yet. */
export type ClaimTarget = { readonly vlan: number; readonly ip: Ip } | { readonly vlan: number; readonly mac: Mac }
export interface TargetedClaim {
  readonly target: ClaimTarget
  readonly claim: NewClaim
}

/** Profile ids of profiles/*.yaml that identification by protocol can reach. */
export const CMS8000_PROFILE = 'contec-cms8000'
export const CENTRAL_PROFILE = 'cms-central-station'

const NO_CLAIMS: readonly TargetedClaim[] = []

/** Claims of one fact; `flow` is null for facts of the link (ARP). */
export function claimsOf(fact: Fact, flow: FlowKey | null): readonly TargetedClaim[] {
  // The most frequent facts claim nothing: nothing is built for them.
  if (fact.protocol === 'arp') return NO_CLAIMS
  const ends: FlowEnds | null = flow ? [{ vlan: flow.vlan, ip: flow.src }, { vlan: flow.vlan, ip: flow.dst }] : null
  switch (fact.protocol) {
    case 'dhcp':
      return fact.kind === 'message' ? dhcpClaims(fact, ends !== null) : NO_CLAIMS
    case 'bacnet': return bacnetClaims(fact, flow?.vlan ?? 0)
    case 'modbus': return ends ? modbusClaims(fact, ends[1]) : NO_CLAIMS
    case 'nbns': return nbnsClaims(fact, flow?.vlan ?? 0)
    case 'ntp': return ntpClaims(fact, flow?.vlan ?? 0)
    case 'ssdp': return ssdpClaims(fact, flow?.vlan ?? 0)
    case 'dns':
      if (fact.kind === 'announcement') return announcementClaims(fact, flow?.vlan ?? 0)
      return fact.kind === 'answer' ? [claimAbout({ vlan: flow?.vlan ?? 0, ip: fact.server }, 'role', 'dns-server', 'answers DNS questions')] : NO_CLAIMS
    case 'lpd':
      return ends ? [claimAbout(ends[1], 'role', 'printer', 'LPD print commands sent to it (RFC 1179)')] : NO_CLAIMS
    case 'cms8000':
      return ends ? cmsClaims(fact, ends) : NO_CLAIMS
    case 'hl7':
      return ends && fact.kind === 'message' ? [...hl7Claims(fact, ends), ...mindrayClaims(fact, flow, ends)] : NO_CLAIMS
    case 'dhcp6': return fact.kind === 'message' ? dhcp6Claims(fact) : NO_CLAIMS
    case 'icmp': return icmpClaims(fact)
    case 'igmp': return igmpClaims(fact)
    case 'lldp':
    case 'cdp':
      return fact.kind === 'neighbour' ? neighbourClaims(fact) : NO_CLAIMS
    case 'astm':
      return ends ? astmClaims(fact, ends) : NO_CLAIMS
    case 'poct1a':
      return ends ? poctClaims(fact, ends) : NO_CLAIMS
    case 'dicom':
      return ends ? dicomClaims(fact, ends) : NO_CLAIMS
    case 'rpc':
      return ends ? rpcClaims(fact, ends) : NO_CLAIMS
    case 'carescape':
      return ends ? carescapeClaims(fact, ends) : NO_CLAIMS
    case 'intellivue':
      return ends ? intellivueClaims(fact, ends) : NO_CLAIMS
    case 'sdc':
      return ends ? sdcClaims(fact, ends) : NO_CLAIMS
    case 'vista120':
      return ends ? vistaClaims(fact, ends) : NO_CLAIMS
    case 'quic':
      return flow ? quicClaims(fact, flow) : NO_CLAIMS
    case 'rsh':
    case 'snmp':
    case 'ssh':
    case 'syslog':
    case 'telnet':
      return flow ? adminClaims(fact, flow) : NO_CLAIMS
    case 'tls':
      return flow ? tlsClaims(fact, flow) : NO_CLAIMS
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

function cmsClaims(fact: Extract<Fact, { protocol: 'cms8000' }>, ends: FlowEnds): TargetedClaim[] {
  const monitor = ends[fact.monitorSide]
  const central = ends[fact.monitorSide === 0 ? 1 : 0]
  if (fact.kind === 'bed') {
    const evidence = 'bed number in the CMS8000 stream'
    return [claimAbout(monitor, 'bed', String(fact.bed), evidence)]
  }
  if (fact.kind !== 'stream') return []
  const evidence = 'CMS8000 framing (length, 0x05, message type)'
  return [
    claimAbout(monitor, 'model', CMS8000_PROFILE, evidence),
    claimAbout(monitor, 'role', 'patient-monitor', evidence),
    inferredAbout(central, 'role', 'central-station', 'receives CMS8000 telemetry'),
    inferredAbout(central, 'model', CENTRAL_PROFILE, 'receives CMS8000 telemetry'),
  ]
}
