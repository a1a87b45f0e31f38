// Community ID v1: the flow name that Zeek, Suricata, Wireshark and Arkime also print, so that an alert can be looked up anywhere.
// Keeps the rule that the two directions of one flow get one name; source corelight/community-id-spec and its pycommunityid.

import { base64 } from '../base/base64.ts'
import { putIp, V6_BYTES } from '../base/ip.ts'
import { sha1 } from '../base/sha1.ts'
import type { FlowKey } from './flow.ts'
import { IpProto } from './frame.ts'

/**
 * ICMP types that come as request and reply, each with its counterpart. All others are one-way messages.
 * Zeek's ICMP4_counterpart and pycommunityid/icmp.py: echo, router solicitation, timestamp, information, mask.
 */
const ICMP4_PAIRS: readonly (readonly [number, number])[] = [[8, 0], [10, 9], [13, 14], [15, 16], [17, 18]]
/** pycommunityid/icmp6.py: echo, MLD, router and neighbour discovery, node information, home agent discovery. */
const ICMP6_PAIRS: readonly (readonly [number, number])[] = [[128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145]]

const TYPES = 256
const ONE_WAY = -1

function counterpartTable(pairs: readonly (readonly [number, number])[]): Int16Array {
  const table = new Int16Array(TYPES).fill(ONE_WAY)
  for (const [request, reply] of pairs) {
    table[request] = reply
    table[reply] = request
  }
  return table
}

const ICMP4_COUNTERPART = counterpartTable(ICMP4_PAIRS)
const ICMP6_COUNTERPART = counterpartTable(ICMP6_PAIRS)

/** The type that answers `type` (0..255) of ICMP or ICMPv6, or -1 when the message is one-way and has no second direction. */
export function icmpCounterpart(proto: number, type: number): number {
  const table = proto === IpProto.icmp ? ICMP4_COUNTERPART : ICMP6_COUNTERPART
  return table[type] ?? ONE_WAY
}

/** True for the two protocols whose "ports" are a type and a code. */
export function isIcmp(proto: number): boolean {
  return proto === IpProto.icmp || proto === IpProto.icmp6
}

/** Protocols whose hash covers ports (or type and code); all others are hashed by addresses alone. */
function hasPorts(proto: number): boolean {
  return proto === IpProto.tcp || proto === IpProto.udp || proto === IpProto.sctp || isIcmp(proto)
}

/**
 * `1:` and 28 characters. `seed` is 0..65535 (0 unless a site agreed on another). Initiator and responder may be swapped.
 * For ICMP srcPort is the type and dstPort the code, as in FlowKey; VLANs do not count in v1.
 */
export function communityId(key: FlowKey, seed = 0): string {
  let { srcPort, dstPort } = key
  let oneWay = false
  if (isIcmp(key.proto)) {
    const counterpart = icmpCounterpart(key.proto, srcPort)
    oneWay = counterpart === ONE_WAY
    if (!oneWay) dstPort = counterpart
  }
  const srcBytes = putIp(key.src, input, SEED_BYTES)
  const dstBytes = putIp(key.dst, input, SEED_BYTES + srcBytes)
  const order = compareAddresses(srcBytes, dstBytes)
  const isOrdered = oneWay || order < 0 || (order === 0 && srcPort < dstPort)
  if (!isOrdered) {
    putIp(key.dst, input, SEED_BYTES)
    putIp(key.src, input, SEED_BYTES + dstBytes)
  }
  const end = putRest(SEED_BYTES + srcBytes + dstBytes, key.proto, isOrdered ? srcPort : dstPort, isOrdered ? dstPort : srcPort)
  input[0] = seed >>> 8
  input[1] = seed
  return `1:${base64(sha1(input, 0, end))}`
}

/** The hash input: seed, addresses, protocol, a zero byte and, where there are any, ports; all in network order. One call at a time. */
const SEED_BYTES = 2
const REST_BYTES = 6
const input = new Uint8Array(SEED_BYTES + 2 * V6_BYTES + REST_BYTES)

/** What follows the addresses, lower endpoint first; gives the end. */
function putRest(off: number, proto: number, lowPort: number, highPort: number): number {
  input[off] = proto
  input[off + 1] = 0
  if (!hasPorts(proto)) return off + 2
  input[off + 2] = lowPort >>> 8
  input[off + 3] = lowPort
  input[off + 4] = highPort >>> 8
  input[off + 5] = highPort
  return off + REST_BYTES
}

/** The two addresses in `input`: below 0 when the source is the lower one, 0 when they are equal. */
function compareAddresses(srcBytes: number, dstBytes: number): number {
  if (srcBytes !== dstBytes) return srcBytes - dstBytes
  for (let i = SEED_BYTES; i < SEED_BYTES + srcBytes; i++) {
    const difference = (input[i] as number) - (input[i + srcBytes] as number)
    if (difference !== 0) return difference
  }
  return 0
}
