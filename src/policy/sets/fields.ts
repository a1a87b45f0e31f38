// fields: how wide each field of a packet is, which protocols have it, and so which packets can exist.
// One table for all engines: if they disagreed about what a packet is, their answers could not be compared.

import { IP_BITS, type IpVersion } from '../../base/ip.ts'
import { FIELDS, type Field } from '../rules/model.ts'
import type { PacketPoint } from './packet-set.ts'

/** Interface numbers are 16 bits wide: more than the largest chassis has, and a diagram pays nothing for bits nobody looks at. */
export const INTERFACES_MAX = 65_536

/** IANA protocol numbers that decide which other fields exist. */
export const Proto = { icmp: 1n, tcp: 6n, udp: 17n, icmpv6: 58n, sctp: 132n } as const

const PORTS = [Proto.tcp, Proto.udp, Proto.sctp]
const ICMP = [Proto.icmp, Proto.icmpv6]

/** Protocols that have the field; null: all. */
export const FIELD_PROTOCOLS: Readonly<Record<Field, readonly bigint[] | null>> = {
  dst: null, src: null, proto: null, dport: PORTS, sport: PORTS, flags: [Proto.tcp], icmpType: ICMP, icmpCode: ICMP,
  state: null, iif: null, oif: null,
}

const WIDTHS: Readonly<Record<Exclude<Field, 'dst' | 'src'>, number>> = {
  proto: 8, dport: 16, sport: 16, flags: 8, icmpType: 8, icmpCode: 8, state: 2, iif: 16, oif: 16,
}

/** Bits of a field in packets of this version. */
export function fieldBits(field: Field, version: IpVersion): number {
  return field === 'dst' || field === 'src' ? IP_BITS[version] : WIDTHS[field]
}

/** The largest value a field can have; `interfaces` is how many there are. */
export function fieldMax(field: Field, version: IpVersion, interfaces: number): bigint {
  if (field === 'iif' || field === 'oif') return BigInt(interfaces - 1)
  return (1n << BigInt(fieldBits(field, version))) - 1n
}

/** Whether packets of this protocol have the field. */
export function protocolHas(proto: bigint, field: Field): boolean {
  const protocols = FIELD_PROTOCOLS[field]
  return protocols === null || protocols.includes(proto)
}

/** Whether such a packet can exist: every value fits, and fields its protocol does not have are 0. */
export function isWellFormed(point: PacketPoint, version: IpVersion, interfaces: number = INTERFACES_MAX): boolean {
  return FIELDS.every((field) => {
    const value = point[field]
    if (value < 0n || value > fieldMax(field, version, interfaces)) return false
    return value === 0n || protocolHas(point.proto, field)
  })
}

/** The packet of all zeros with these fields set. */
export function packetPoint(fields: Partial<PacketPoint>): PacketPoint {
  const zeros = { dst: 0n, src: 0n, proto: 0n, dport: 0n, sport: 0n, flags: 0n, icmpType: 0n, icmpCode: 0n, state: 0n, iif: 0n, oif: 0n }
  return { ...zeros, ...fields }
}
