// pick: of all packets in a set, the one a person would have named: TCP to a known port between ordinary addresses.
// Keeps "same set, same member" for every engine: the steps use set operations only, and the rest is the lowest value field by field.

import type { IpVersion } from '../../base/ip.ts'
import type { Constraint, Field, Match } from '../rules/model.ts'
import { Proto } from './fields.ts'
import type { PacketPoint, PacketSet, PacketSpace } from './packet-set.ts'

const span = (low: bigint, high: bigint): Constraint => ({ kind: 'ranges', ranges: [{ low, high }], not: false })
const only = (...numbers: bigint[]): readonly Constraint[] => numbers.map((n) => span(n, n))

/** Private blocks first (RFC 1918), then the documentation block (RFC 5737: a reader sees "anywhere"), then any unicast address. */
const V4_ADDRESSES = [
  span(0x0a000000n, 0x0affffffn), span(0xc0a80000n, 0xc0a8ffffn), span(0xac100000n, 0xac1fffffn), span(0xcb007100n, 0xcb0071ffn),
  span(0x01000000n, 0xdfffffffn),
]

/** RFC 4193 local addresses, RFC 3849 documentation, global unicast. */
const V6_ADDRESSES = [
  span(0xfdn << 120n, (0xfen << 120n) - 1n), span(0x20010db8n << 96n, (0x20010db9n << 96n) - 1n), span(1n << 125n, (1n << 126n) - 1n),
]

/** HTTPS, HTTP, SSH, DNS, LPD (the CMS8000's data port), DICOM, HL7; then well-known ports, then any but 0. */
const PORTS = [...only(443n, 80n, 22n, 53n, 515n, 104n, 2575n), span(1n, 1023n), span(1n, 65_535n)]

/** What most clients send from (RFC 6335), then what the rest does. */
const CLIENT_PORTS = [span(49_152n, 65_535n), span(1024n, 65_535n)]

/** In this order: the first alternative that leaves something is taken. */
function steps(version: IpVersion): readonly (readonly [Field, readonly Constraint[]])[] {
  const addresses = version === 4 ? V4_ADDRESSES : V6_ADDRESSES
  return [
    ['proto', only(Proto.tcp, Proto.udp, version === 4 ? Proto.icmp : Proto.icmpv6)],
    ['state', only(0n)],
    ['dport', PORTS],
    ['src', addresses],
    ['dst', addresses],
    ['sport', CLIENT_PORTS],
    // SYN opens, ACK answers.
    ['flags', only(2n, 16n)],
    // Echo request: RFC 792, RFC 4443.
    ['icmpType', only(version === 4 ? 8n : 128n)],
    ['icmpCode', only(0n)],
  ]
}

/** The most human member, or null when empty. `lowest` gives the member with the lowest values in the order of FIELDS. */
export function pickHuman(space: PacketSpace, set: PacketSet, lowest: (set: PacketSet) => PacketPoint | null): PacketPoint | null {
  if (space.isEmpty(set)) return null
  let left = set
  for (const [field, alternatives] of steps(space.version)) left = narrow(space, left, field, alternatives)
  const point = lowest(left)
  return point && hostAddress(space, set, hostAddress(space, set, point, 'src'), 'dst')
}

function narrow(space: PacketSpace, set: PacketSet, field: Field, alternatives: readonly Constraint[]): PacketSet {
  for (const constraint of alternatives) {
    const match: Match = { fields: [[field, constraint]], unknown: [] }
    const part = space.and(set, space.of(match))
    if (!space.isEmpty(part)) return part
  }
  return set
}

/** The address of a network is no host's: the next one, when that is in the set too. */
function hostAddress(space: PacketSpace, set: PacketSet, point: PacketPoint, field: 'src' | 'dst'): PacketPoint {
  if ((point[field] & 0xffn) !== 0n) return point
  const next = { ...point, [field]: point[field] + 1n }
  return space.contains(set, next) ? next : point
}
