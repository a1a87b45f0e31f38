// ICMP messages that teach something: bytes behind the type, code and checksum to values and back.
// Keeps house habit 3: what is wrong is a fixed word instead of a value, never a throw.

import { ipFromV4, ipFromWords, type Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import { u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import { ipBytes, macBytes } from '../octets.ts'
import { Icmp6, NdOption } from './codes.ts'

/** Options of one message: each has at least 8 bytes, a packet of 1500 at most 180. */
const OPTIONS_MAX = 64
/** Kept of each list; a link has a prefix or two. */
export const ND_LIST_MAX = 16
const HEAD_BYTES = 8
const OPTION_UNIT_BYTES = 8

export interface NdOptions {
  readonly sourceLink: MacNumber | null
  readonly targetLink: MacNumber | null
  readonly prefixes: readonly string[]
  readonly dnsServers: readonly Ip[]
  readonly problem: 'option-length' | null
}

export interface Solicitation {
  readonly target: Ip
  readonly options: NdOptions
}

export interface Advertisement extends Solicitation {
  readonly isRouter: boolean
  readonly solicited: boolean
}

export interface RouterAdvertisement {
  readonly lifetimeSeconds: number
  readonly managed: boolean
  readonly otherConfig: boolean
  readonly options: NdOptions
}

export function ip6At(buf: Uint8Array, off: number): Ip {
  return ipFromWords(u32be(buf, off), u32be(buf, off + 4), u32be(buf, off + 8), u32be(buf, off + 12))
}

/** Neighbour solicitation (RFC 4861 section 4.3), from the type byte on; null when it is cut. */
export function decodeSolicitation(buf: Uint8Array, off: number, end: number): Solicitation | null {
  return end - off < HEAD_BYTES + 16 ? null : { target: ip6At(buf, off + HEAD_BYTES), options: readOptions(buf, off + HEAD_BYTES + 16, end) }
}

/** Neighbour advertisement (section 4.4). */
export function decodeAdvertisement(buf: Uint8Array, off: number, end: number): Advertisement | null {
  const message = decodeSolicitation(buf, off, end)
  return message && { ...message, isRouter: (u8(buf, off + 4) & 0x80) !== 0, solicited: (u8(buf, off + 4) & 0x40) !== 0 }
}

/** Router advertisement (section 4.2). */
export function decodeRouterAdvertisement(buf: Uint8Array, off: number, end: number): RouterAdvertisement | null {
  if (end - off < 16) return null
  const flags = u8(buf, off + 5)
  return {
    lifetimeSeconds: u16be(buf, off + 6), managed: (flags & 0x80) !== 0, otherConfig: (flags & 0x40) !== 0, options: readOptions(buf, off + 16, end),
  }
}

/** Router advertisement of IPv4 (RFC 1256 section 3): a count, the words per entry, a lifetime, and the entries. */
export function decodeRouters4(buf: Uint8Array, off: number, end: number): { routers: Ip[]; lifetimeSeconds: number } | null {
  if (end - off < HEAD_BYTES) return null
  const stride = 4 * u8(buf, off + 5)
  const routers: Ip[] = []
  const count = stride < 4 ? 0 : Math.min(u8(buf, off + 4), ND_LIST_MAX)
  for (let i = 0, at = off + HEAD_BYTES; i < count && at + 4 <= end; i++, at += stride) {
    routers.push(ipFromV4(u32be(buf, at)))
  }
  return routers.length === 0 ? null : { routers, lifetimeSeconds: u16be(buf, off + 6) }
}

/** Redirect of IPv4 (RFC 792): the gateway, and whose header is quoted. */
export function decodeRedirect4(buf: Uint8Array, off: number, end: number): { gateway: Ip; destination: Ip } | null {
  if (end - off < HEAD_BYTES + 20) return null
  return { gateway: ipFromV4(u32be(buf, off + 4)), destination: ipFromV4(u32be(buf, off + HEAD_BYTES + 16)) }
}

/** Redirect of IPv6 (RFC 4861 section 4.5). */
export function decodeRedirect6(buf: Uint8Array, off: number, end: number): { gateway: Ip; destination: Ip } | null {
  return end - off < HEAD_BYTES + 32 ? null : { gateway: ip6At(buf, off + HEAD_BYTES), destination: ip6At(buf, off + HEAD_BYTES + 16) }
}

/** Each option has a type and a length in units of eight bytes; 0 would stand still (RFC 4861 section 4.6: discard the packet). */
function readOptions(buf: Uint8Array, off: number, end: number): NdOptions {
  const prefixes: string[] = []
  const dnsServers: Ip[] = []
  let sourceLink: MacNumber | null = null
  let targetLink: MacNumber | null = null
  let at = off
  for (let count = 0; count < OPTIONS_MAX && at + 2 <= end; count++) {
    const next = at + OPTION_UNIT_BYTES * u8(buf, at + 1)
    if (next === at || next > end) return { sourceLink, targetLink, prefixes, dnsServers, problem: 'option-length' }
    const type = u8(buf, at)
    if (type === NdOption.sourceLink && next - at === 8) sourceLink = u48be(buf, at + 2)
    else if (type === NdOption.targetLink && next - at === 8) targetLink = u48be(buf, at + 2)
    else if (type === NdOption.prefix && next - at === 32 && prefixes.length < ND_LIST_MAX) prefixes.push(`${ip6At(buf, at + 16)}/${u8(buf, at + 2)}`)
    else if (type === NdOption.dnsServers) for (let a = at + 8; a + 16 <= next && dnsServers.length < ND_LIST_MAX; a += 16) dnsServers.push(ip6At(buf, a))
    at = next
  }
  return { sourceLink, targetLink, prefixes, dnsServers, problem: null }
}

/** The message with checksum zero, from the type byte on. `link` is the option a card writes about itself. */
export function encodeNeighbour(
  type: 'solicitation' | 'advertisement', target: Ip, link: MacNumber | null, flags: { isRouter?: boolean; solicited?: boolean } = {},
): Uint8Array {
  const bits = (flags.isRouter ? 0x80 : 0) | (flags.solicited ? 0x40 : 0)
  const code = type === 'solicitation' ? Icmp6.neighbourSolicitation : Icmp6.neighbourAdvertisement
  const option = type === 'solicitation' ? NdOption.sourceLink : NdOption.targetLink
  return Uint8Array.from([code, 0, 0, 0, bits, 0, 0, 0, ...ipBytes(target), ...linkOption(option, link)])
}

export function encodeRouterAdvertisement(
  lifetimeSeconds: number, flags: { managed?: boolean; otherConfig?: boolean }, link: MacNumber | null, prefix: { ip: Ip; length: number } | null,
  dns: readonly Ip[],
): Uint8Array {
  const bits = (flags.managed ? 0x80 : 0) | (flags.otherConfig ? 0x40 : 0)
  const prefixOption = prefix ? [NdOption.prefix, 4, prefix.length, 0xc0, ...new Uint8Array(12).fill(1, 0, 8), ...ipBytes(prefix.ip)] : []
  const dnsOption = dns.length > 0 ? [NdOption.dnsServers, 1 + 2 * dns.length, 0, 0, 0, 0, 0, 60, ...dns.flatMap(ipBytes)] : []
  return Uint8Array.from([
    Icmp6.routerAdvertisement, 0, 0, 0, 64, bits, lifetimeSeconds >>> 8, lifetimeSeconds & 255, ...new Uint8Array(8),
    ...linkOption(NdOption.sourceLink, link), ...prefixOption, ...dnsOption,
  ])
}

function linkOption(type: number, mac: MacNumber | null): number[] {
  return mac === null ? [] : [type, 1, ...macBytes(mac)]
}
