// Network: devices with what their texts say, and the wires between them. What a question about a path is asked of.
// Keeps Batfish's words for how a packet ends, and "original and translated": an answer names both, and every hop.

import type { IpVersion, Prefix } from '../../base/ip.ts'
import type { Config, UnknownMatch } from '../rules/model.ts'
import type { PacketPoint } from '../sets/packet-set.ts'

/** How a packet ends. `accepted`: the device itself takes it. `insufficient-info`: what happens next is in no text. */
export const DISPOSITIONS = [
  'accepted', 'delivered-to-segment', 'exits-network', 'denied-in', 'denied-forward', 'denied-out', 'no-route', 'null-route', 'loop',
  'neighbor-unreachable', 'insufficient-info',
] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** The dispositions in which a packet got where it was sent. */
export const ARRIVED: ReadonlySet<Disposition> = new Set(['accepted', 'delivered-to-segment', 'exits-network'])

/** Device hops at most: the usual time to live (RFC 1700). A packet that is still on its way is in a loop. */
export const HOPS_MAX = 64

/** Translations of one packet at most: hospitals translate once or twice; more is a packet that goes round and is changed each time. */
export const TRANSLATIONS_MAX = 8

/** No interface: `oif` of a packet to the device itself, `iif` of one from it. The last of 65,536. */
export const NO_INTERFACE = 65_535n

/** An address of the device itself. */
export interface OwnAddress {
  readonly version: IpVersion
  readonly value: bigint
  readonly length: number
}

/** In the order of Config.interfaces, so that an index means the same in both. */
export interface DeviceInterface {
  readonly name: string
  /** Index into Network.links, or null when the network file puts it on none. */
  readonly link: number | null
  readonly addresses: readonly OwnAddress[]
}

/** What of the platform matters here. `session`: packets of a known connection pass in front of all lists, others of it are dropped. */
export type Manner = 'linux' | 'stateless' | 'session' | 'no-filter'

export interface Device {
  readonly name: string
  readonly manner: Manner
  readonly config: Config
  readonly interfaces: readonly DeviceInterface[]
  /** What of the texts is not understood and stands in no rule: it may do anything to a packet. */
  readonly opaque: readonly UnknownMatch[]
}

/** One wire: which device interfaces share it, which host addresses are on it. */
export interface Link {
  readonly name: string
  readonly ends: readonly { readonly device: number; readonly iface: number }[]
  /** Addresses of hosts on it. */
  readonly prefixes: readonly Prefix[]
  readonly zone: string | null
  /** The edge: what goes here has left the network, and every public address that is on no other link is behind it. */
  readonly internet: boolean
  /** Devices that hosts here use as gateway; null when nobody said, and then any attached one may be. */
  readonly gateways: readonly number[] | null
}

export interface Network {
  readonly name: string
  readonly devices: readonly Device[]
  readonly links: readonly Link[]
}

/** What makes an outcome uncertain: a line of a device's text, or of the network file (device null). */
export interface Blame {
  readonly device: string | null
  readonly line: number
  readonly text: string
  readonly reason: string
}

/** Where a packet begins: as a host on a link, or as the device itself. */
export type Origin = { readonly link: number } | { readonly device: number }

/** Where and how it ended. `link` is where it is after the last hop, or null. */
export interface Ending {
  readonly disposition: Disposition
  readonly device: number | null
  readonly link: number | null
}

export function endingKey({ disposition, device, link }: Ending): string {
  return `${disposition} ${device ?? '-'} ${link ?? '-'}`
}

/** One decision on the way, as the slow interpreter saw it. */
export interface Decision {
  readonly what: 'permit' | 'deny' | 'route' | 'translate' | 'session'
  /** Hook and chain, `route`, or which address is translated. */
  readonly where: string
  readonly line: number
  readonly text: string
}

export interface Hop {
  readonly device: number
  readonly iif: number | null
  readonly oif: number | null
  /** As it came in, and as it went on. */
  readonly before: PacketPoint
  readonly after: PacketPoint
  readonly decisions: readonly Decision[]
}

/** One packet's way, hop by hop. */
export interface Trace {
  readonly origin: Origin
  readonly sent: PacketPoint
  /** As it was when it ended. */
  readonly arrived: PacketPoint
  readonly hops: readonly Hop[]
  readonly ending: Ending
  /** Empty: it certainly may go this way. Otherwise what is not known. */
  readonly because: readonly Blame[]
}

/** Interface addresses and broadcast of their block, as values; everything a device takes without routing it. */
export function ownValues(device: Device, version: IpVersion): readonly bigint[] {
  const bits = version === 4 ? 32 : 128
  return device.interfaces.flatMap(({ addresses }) => addresses.filter((a) => a.version === version).flatMap(({ value, length }) => {
    const hosts = (1n << BigInt(bits - length)) - 1n
    // A block of two or one has no broadcast address (RFC 3021); IPv6 has none at all.
    return version === 4 && length < 31 ? [value, value | hosts] : [value]
  }))
}

/** Multicast and the limited broadcast: heard on the wire, never routed without a multicast router. */
export function unroutedRange(version: IpVersion): readonly { readonly low: bigint; readonly high: bigint }[] {
  if (version === 6) return [{ low: 0xffn << 120n, high: (1n << 128n) - 1n }, { low: 0xfe80n << 112n, high: (0xfec0n << 112n) - 1n }]
  return [{ low: 0xe0000000n, high: 0xefffffffn }, { low: 0xffffffffn, high: 0xffffffffn }]
}
