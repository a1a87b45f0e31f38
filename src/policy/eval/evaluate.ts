// Evaluate: one 5-tuple against one policy, slow and obvious. The twin every clever engine is compared with.
// Keeps the rule "first matching conduit decides, else the default": no other input, no state, no clock.

import type { Ip } from '../../base/ip.ts'
import { portRangesInclude } from '../../base/port-range.ts'
import { DEFAULT_RULE, type Action, type Policy, type PolicyTransport, type Service } from '../language/model.ts'
import { zoneOf, type NameMap } from './names.ts'

/** A flow as seen from its initiator. Ports are ignored unless `proto` is 6 or 17. */
export interface FiveTuple {
  readonly src: Ip
  readonly dst: Ip
  /** IP protocol number. */
  readonly proto: number
  readonly srcPort: number
  readonly dstPort: number
}

/** What a policy says of one flow, and which rule said it. */
export interface Verdict {
  readonly action: Action
  /** Name of the conduit that decided, or `default`. */
  readonly rule: string
  /** The conduit's reason, or what the default says of this flow. */
  readonly reason: string
  /** Zone of the source: a zone of the policy, `internet`, `group` or `unzoned`. */
  readonly from: string
  readonly to: string
}

/** IP protocol numbers by policy transport (IANA Assigned Internet Protocol Numbers). `any` matches them all. */
export const PROTOCOLS_OF: Readonly<Record<PolicyTransport, readonly number[]>> = {
  tcp: [6],
  udp: [17],
  icmp: [1, 58],
  igmp: [2],
  any: [],
}

const PROTO_NAMES: ReadonlyMap<number, string> = new Map([[1, 'icmp'], [2, 'igmp'], [6, 'tcp'], [17, 'udp'], [58, 'ipv6-icmp']])

/** `tcp 515`, `icmp`, `IP protocol 47`. */
export function describeService(tuple: FiveTuple): string {
  const name = PROTO_NAMES.get(tuple.proto) ?? `IP protocol ${tuple.proto}`
  return carriesPorts(tuple.proto) ? `${name} ${tuple.dstPort}` : name
}

/** TCP and UDP: the two protocols whose ports a policy names. */
export function carriesPorts(proto: number): boolean {
  return proto === 6 || proto === 17
}

/** Whether a service covers a flow: a transport matches and, for TCP and UDP, the responder port is in a range. */
export function serviceMatches(service: Service, tuple: FiveTuple): boolean {
  if (service.transports.includes('any')) return true
  if (!service.transports.some((transport) => PROTOCOLS_OF[transport].includes(tuple.proto))) return false
  if (!carriesPorts(tuple.proto)) return true
  return portRangesInclude(service.ports, tuple.dstPort)
}

/** The verdict of a policy on a flow. `names` usually comes from policyNames. */
export function evaluate(policy: Policy, names: NameMap, tuple: FiveTuple): Verdict {
  const from = zoneOf(names, tuple.src)
  const to = zoneOf(names, tuple.dst)
  for (const conduit of policy.conduits) {
    if (conduit.from !== from || conduit.to !== to) continue
    const services = policy.services.filter((service) => conduit.services.includes(service.name))
    if (!services.some((service) => serviceMatches(service, tuple))) continue
    return { action: conduit.action, rule: conduit.name, reason: conduit.reason, from, to }
  }
  return { action: policy.default, rule: DEFAULT_RULE, reason: defaultReason(policy.default, from, to, tuple), from, to }
}

/** What is said of a flow that no conduit names. */
export function defaultReason(action: Action, from: string, to: string, tuple: FiveTuple): string {
  const verb = action === 'deny' ? 'denied' : 'allowed'
  return `No conduit from ${from} to ${to} names ${describeService(tuple)}; what is not named is ${verb}.`
}
