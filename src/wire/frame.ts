// Frame: one decoded packet as offsets and numbers, reused for every packet so that decoding allocates nothing.
// A frame never throws: what is wrong with the bytes is a status and a set of flags (house habit 3).

/** What decode() made of the bytes. Each step includes the ones before it. */
export const FrameStatus = {
  /** Not even a link header, or a link type nobody here reads. */
  undecoded: 0,
  /** Link header read; the payload is no IP (ARP is here, with arpOff set). */
  link: 1,
  /** An IP header was read; no transport ports (other protocol, later fragment, cut short). */
  network: 2,
  /** IP and a TCP, UDP, SCTP or ICMP header were read. */
  transport: 3,
} as const
export type FrameStatus = (typeof FrameStatus)[keyof typeof FrameStatus]

/** Observations about one frame, as bits in Frame.flags. `frameFlagNames` gives the words. */
export const FrameFlag = {
  /** Captured length is below the length on the wire (snaplen). */
  cutBySnaplen: 1 << 0,
  linkTruncated: 1 << 1,
  linkUnsupported: 1 << 2,
  arpMalformed: 1 << 3,
  ipHeaderTruncated: 1 << 4,
  ipHeaderInvalid: 1 << 5,
  /** The IP total length claims more bytes than the frame carries. */
  ipPayloadTruncated: 1 << 6,
  ipExtensionInvalid: 1 << 7,
  transportTruncated: 1 << 8,
  transportInvalid: 1 << 9,
  /** First or later fragment; payload is not yet a transport message. */
  fragment: 1 << 10,
  tooManyTags: 1 << 11,
  /** More tunnels, label stacks and sessions inside one another than LAYERS_MAX (wire/layers.ts): what is deeper was not read. */
  tunnelTooDeep: 1 << 12,
  /** A tunnel header or what must follow it is not all there; the frame stays at the outer packet. */
  tunnelTruncated: 1 << 13,
  /** A tunnel header no host would accept, or no packet behind it; the frame stays at the outer packet. */
  tunnelInvalid: 1 << 14,
  /** An 802.11 frame whose content is encrypted on the air. */
  wlanProtected: 1 << 15,
  /** An 802.11 frame that is a piece, an aggregate or damaged: its content is not read. */
  wlanUnread: 1 << 16,
  /** A second IPv6 Fragment header in one packet (RFC 8200 section 4.1: each at most once). */
  ipFragmentHeaderAgain: 1 << 24,
  /** An IPv6 hop-by-hop or destination option that IANA has not assigned: room for a covert channel. */
  ipOptionUnknown: 1 << 25,
} as const
export type FrameFlagName = keyof typeof FrameFlag

const FLAG_ROWS = Object.entries(FrameFlag) as [FrameFlagName, number][]

/** The words for a flag set, in bit order. */
export function frameFlagNames(flags: number): FrameFlagName[] {
  return FLAG_ROWS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name)
}

/** Kinds of tunnel a frame was carried in, as bits in Frame.tunnelKinds. `tunnelKindNames` gives the words. */
export const TunnelKind = {
  gre: 1 << 0,
  /** A switch's mirror over IP, types I, II and III. */
  erspan: 1 << 1,
  vxlan: 1 << 2,
  geneve: 1 << 3,
  /** IPv4 or IPv6 directly inside either (protocols 4 and 41). */
  ipInIp: 1 << 4,
  gtpU: 1 << 5,
  teredo: 1 << 6,
  /** Ethernet behind MPLS labels. */
  pseudowire: 1 << 7,
  l2tp: 1 << 8,
} as const
export type TunnelKindName = keyof typeof TunnelKind

const TUNNEL_ROWS = Object.entries(TunnelKind) as [TunnelKindName, number][]

/** The words for a set of tunnel kinds, in bit order. */
export function tunnelKindNames(kinds: number): TunnelKindName[] {
  return TUNNEL_ROWS.filter(([, bit]) => (kinds & bit) !== 0).map(([name]) => name)
}

/** Address words: source in [0..3], destination in [4..7], most significant first; IPv4 uses [3] and [7] only, the rest are 0. */
export type AddressWords = Uint32Array

/**
 * A mirror of a data centre's overlay of a provider's tunnel nests 4; Zeek's default is 2 tunnels, Suricata counts 16 with every
 * Ethernet and IP header in it, which is the same 8.
 */
export const LAYERS_MAX = 8

/** One IP packet around the one the frame speaks of: who carried it. */
export class OuterPacket {
  /** 4, 6, or 0 when there is none. */
  ipVersion = 0
  readonly addresses: AddressWords = new Uint32Array(8)
  proto = -1
  /** Ports when the tunnel runs over UDP, else 0. */
  srcPort = 0
  dstPort = 0
  srcMac = -1
  dstMac = -1
  vlan = 0
  innerVlan = 0
  /** More than 1 when it was put together from fragments (wire/datagram.ts). */
  packets = 1
  /** IP bytes on the wire, of all its packets. */
  ipBytes = 0
}

/**
 * One decoded packet. Offsets are into the buffer handed to decode(); -1 means absent.
 * Reset and filled by decodeFrame (wire/decode.ts); valid until the next call.
 */
export class Frame {
  /** 1-based, in capture order. */
  number = 0
  /** Packet time in integer microseconds. */
  at = 0
  /** Bytes on the wire, as the capture says; never below capturedLength. */
  wireLength = 0
  capturedLength = 0
  flags = 0

  srcMac = -1
  dstMac = -1
  etherType = 0
  /** Outer 802.1Q VLAN id (behind an ERSPAN header without a tag the id the switch wrote there), 0 when untagged (or priority-tagged). */
  vlan = 0
  /** Inner VLAN id of QinQ, 0 when there is one tag or none. */
  innerVlan = 0

  /** First byte behind the link header of a frame that is neither IP nor ARP, else -1. */
  linkOff = -1
  arpOff = -1
  arpEnd = -1

  /** 4, 6 or 0. */
  ipVersion = 0
  ipOff = -1
  readonly addresses: AddressWords = new Uint32Array(8)
  /** IP protocol number after extension headers; -1 when there is no IP header. */
  proto = -1
  ttl = 0
  fragmentId = 0
  /** Byte offset of this fragment in its datagram. */
  fragmentOffset = 0
  moreFragments = false

  /** First byte after the IP header and its extensions; end of the IP payload (bounded by the captured bytes). */
  l4Off = -1
  l4End = -1

  /** Ports for TCP, UDP and SCTP; type and code for ICMP and ICMPv6. */
  srcPort = 0
  dstPort = 0

  tcpSeq = 0
  tcpAck = 0
  /** FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  tcpFlags = 0
  tcpWindow = 0

  /** Application bytes; -1 when there is no transport header. payloadWireLength is what the IP length promised. */
  payloadOff = -1
  payloadEnd = -1
  payloadWireLength = 0

  // All fields above are those of the innermost packet; MACs and VLANs of the innermost Ethernet frame.
  /** Headers opened on the way in: tunnels, MPLS stacks, PPPoE sessions. At most LAYERS_MAX. */
  layers = 0
  /** Those of them that are tunnels, and their kinds (TunnelKind bits). 0 for plain traffic. */
  tunnels = 0
  tunnelKinds = 0
  /**
   * Virtual network of 24 bits (VXLAN and Geneve VNI, NVGRE VSID) of the innermost tunnel that has one, else 0:
   * as a VLAN does, it tells apart tenants who use the same addresses.
   */
  segment = 0
  /** The IP packets around this one, outermost first; the first `outerCount` of them are meant. */
  readonly outers: readonly OuterPacket[] = Array.from({ length: LAYERS_MAX }, () => new OuterPacket())
  outerCount = 0
}

export const TcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const

/** IP protocol numbers this house names (IANA). */
export const IpProto = { icmp: 1, ipv4: 4, tcp: 6, udp: 17, ipv6: 41, ipv6Fragment: 44, gre: 47, icmp6: 58, sctp: 132 } as const
