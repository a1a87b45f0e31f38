// Does a packet begin here? Looks for what a tunnel claims to carry, before the outer packet is left for the inner one.
// Keeps the rule that a look changes nothing; each is a handful of reads.

import { ETHERTYPE_ARP } from './arp-header.ts'
import { u16be, u32be, u8 } from './bytes.ts'
import { ETHERNET_BYTES, ETHERTYPE_MIN, isTag, LENGTH_MAX } from './ethernet.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'

const IP4_BYTES = 20
const IP4_WORDS_MIN = 5
const IP6_BYTES = 40
const ARP_HARDWARE_ETHERNET = 1
/** MPLS unicast and multicast, PPPoE session, 802.1X, LLDP: what bridges forward besides IP and ARP. */
const OTHER_TYPES: readonly number[] = [0x8847, 0x8848, 0x8864, 0x888e, 0x88cc]
/** The group bit of a MAC address's first byte: no card sends from such an address. */
const GROUP_BIT = 1

/** EtherType of the IP header that begins at `off`, by its version and least length; 0 when none does. */
export function ipAt(buf: Uint8Array, off: number, end: number): number {
  if (end - off < IP4_BYTES) return 0
  const first = u8(buf, off)
  if (first >>> 4 === 4) return (first & 0x0f) >= IP4_WORDS_MIN ? ETHERTYPE_IPV4 : 0
  return first >>> 4 === 6 && end - off >= IP6_BYTES ? ETHERTYPE_IPV6 : 0
}

/** As ipAt, where nothing but the bytes themselves says that it is IP: its length must fit what was on the wire too. */
export function fittingIpAt(buf: Uint8Array, off: number, end: number, wireEnd: number): number {
  const etherType = ipAt(buf, off, end)
  if (etherType === ETHERTYPE_IPV4) {
    const total = u16be(buf, off + 2)
    return total >= (u8(buf, off) & 0x0f) * 4 && total <= wireEnd - off ? etherType : 0
  }
  return etherType === ETHERTYPE_IPV6 && u16be(buf, off + 4) + IP6_BYTES <= wireEnd - off ? etherType : 0
}

/** Whether the source of the Ethernet frame at `off` is a card: where nothing else says that a frame begins here, this must hold too. */
export function isFromCardAt(buf: Uint8Array, off: number, end: number): boolean {
  return end - off >= ETHERNET_BYTES && (u8(buf, off + 6) & GROUP_BIT) === 0
}

/**
 * Whether an Ethernet frame can begin at `off`: a type this house knows, with what that type must begin with. The addresses do not count:
 * who wants to stay unseen would only have to send from a group address, and hosts take such frames.
 */
export function isEthernetAt(buf: Uint8Array, off: number, end: number, wireEnd: number): boolean {
  if (end - off < ETHERNET_BYTES) return false
  const type = u16be(buf, off + 12)
  const pos = off + ETHERNET_BYTES
  if (isTag(type)) return end - pos >= 4
  if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return ipAt(buf, pos, end) === type
  if (type === ETHERTYPE_ARP) return end - pos >= 8 && u32be(buf, pos) === ARP_HARDWARE_ETHERNET * 0x10000 + ETHERTYPE_IPV4
  if (type <= LENGTH_MAX) return type >= 3 && type <= wireEnd - pos
  return type >= ETHERTYPE_MIN && OTHER_TYPES.includes(type)
}
