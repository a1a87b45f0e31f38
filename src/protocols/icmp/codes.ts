// ICMP codes: the types that teach something, and the words for why a packet did not arrive.
// Source: RFC 792, RFC 1256, RFC 4443, RFC 4861, RFC 8106, IANA "ICMP Parameters" and "ICMPv6 Parameters".

export const Icmp4 = { unreachable: 3, redirect: 5, routerAdvertisement: 9 } as const
export const Icmp6 = { unreachable: 1, routerAdvertisement: 134, neighbourSolicitation: 135, neighbourAdvertisement: 136, redirect: 137 } as const

/** Options of neighbour discovery (RFC 4861 section 4.6, RFC 8106 section 5.1). */
export const NdOption = { sourceLink: 1, targetLink: 2, prefix: 3, dnsServers: 25 } as const

const REASONS4: ReadonlyMap<number, string> = new Map([
  [0, 'network'], [1, 'host'], [2, 'protocol'], [3, 'port'], [4, 'fragmentation-needed'], [5, 'source-route'], [9, 'network-prohibited'],
  [10, 'host-prohibited'], [13, 'administratively-prohibited'],
])
const REASONS6: ReadonlyMap<number, string> = new Map([
  [0, 'no-route'], [1, 'administratively-prohibited'], [2, 'scope'], [3, 'address'], [4, 'port'], [5, 'ingress-egress-policy'], [6, 'reject-route'],
])

/** `code-N` for what has no word. */
export function unreachableReason(version: number, code: number): string {
  return (version === 4 ? REASONS4 : REASONS6).get(code) ?? `code-${code}`
}
