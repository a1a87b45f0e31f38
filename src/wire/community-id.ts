// Community ID v1: the flow name that Zeek, Suricata, Wireshark and Arkime also print, so that an alert can be looked up anywhere.
// Keeps the rule that the two directions of one flow get one name; source corelight/community-id-spec and its pycommunityid.

import { base64 } from '../base/base64.ts'
import { ipValue, ipVersion, type Ip } from '../base/ip.ts'
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
  const src = addressBytes(key.src)
  const dst = addressBytes(key.dst)
  const order = compareBytes(src, dst)
  if (oneWay || order < 0 || (order === 0 && srcPort < dstPort)) return digest(seed, src, dst, key.proto, srcPort, dstPort)
  return digest(seed, dst, src, key.proto, dstPort, srcPort)
}

/** The hash input: seed, addresses, protocol, a zero byte and, where there are any, ports; all in network order. */
function digest(seed: number, low: Uint8Array, high: Uint8Array, proto: number, lowPort: number, highPort: number): string {
  const bytes = new Uint8Array(2 + low.length + high.length + 2 + (hasPorts(proto) ? 4 : 0))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, seed)
  bytes.set(low, 2)
  bytes.set(high, 2 + low.length)
  const off = 2 + low.length + high.length
  view.setUint8(off, proto)
  if (hasPorts(proto)) {
    view.setUint16(off + 2, lowPort)
    view.setUint16(off + 4, highPort)
  }
  return `1:${base64(sha1(bytes))}`
}

/** 4 or 16 bytes in network order. */
function addressBytes(ip: Ip): Uint8Array {
  const bytes = new Uint8Array(ipVersion(ip) === 4 ? 4 : 16)
  let rest = ipValue(ip)
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}
