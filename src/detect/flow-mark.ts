// FlowMark: what it takes to name a flow as evidence. Cheap to keep of many; the names are computed for the few that are shown.
// Keeps the rule that evidence can be found again in the capture, by flow, by addresses and by Community ID.

import type { Ip } from '../base/ip.ts'
import { communityId } from '../wire/community-id.ts'
import type { FlowKey } from '../wire/flow.ts'
import { IpProto } from '../wire/frame.ts'
import type { EvidenceFlow } from './finding.ts'

export interface FlowMark {
  readonly flowId: number
  readonly src: Ip
  readonly srcPort: number
  readonly dst: Ip
  readonly dstPort: number
  readonly proto: number
  readonly vlan: number
}

const TRANSPORT_NAMES: ReadonlyMap<number, string> = new Map([
  [IpProto.icmp, 'icmp'], [IpProto.tcp, 'tcp'], [IpProto.udp, 'udp'], [IpProto.icmp6, 'ipv6-icmp'], [IpProto.sctp, 'sctp'],
])

/** `tcp`, `udp`, ... or `ip-47` for protocols without a name here. */
export function transportName(proto: number): string {
  return TRANSPORT_NAMES.get(proto) ?? `ip-${proto}`
}

export function markOf(flow: FlowKey & { readonly id: number }): FlowMark {
  const { id, src, srcPort, dst, dstPort, proto, vlan } = flow
  return { flowId: id, src, srcPort, dst, dstPort, proto, vlan }
}

/** The mark as people and JSON get it. Which end began does not matter to the Community ID, nor do the VLANs. */
export function evidenceFlow(mark: FlowMark): EvidenceFlow {
  const { flowId, src, srcPort, dst, dstPort, proto, vlan } = mark
  return {
    flowId, communityId: communityId({ vlan, innerVlan: 0, src, dst, proto, srcPort, dstPort }), src, srcPort, dst, dstPort,
    transport: transportName(proto), vlan,
  }
}
