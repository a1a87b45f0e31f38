// What a packet filter says, as a tree: primitives with all their qualifiers, joined by and, or, not.
// Keeps the rule that a primitive says all that it needs: after `vlan` the words that follow look behind the tag, and so say how many they look behind.

export type BpfDirection = 'src' | 'dst' | 'src or dst' | 'src and dst'

/** Ports are carried by these (pcap-filter(7)). */
export const PORT_PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const
export type PortProtocol = keyof typeof PORT_PROTOCOLS

/** What an IPv4 address can stand in. */
export type Carrier4 = 'ip' | 'arp' | 'rarp'

export type BpfPrimitive =
  | { readonly kind: 'ethertype'; readonly value: number }
  /** Of IPv4, IPv6 or both; in IPv6 behind one fragment header too. */
  | { readonly kind: 'protocol'; readonly versions: readonly (4 | 6)[]; readonly value: number }
  /** IPv4 words as one number; `arp`: senders and targets of ARP and RARP too. */
  | { readonly kind: 'net4'; readonly direction: BpfDirection; readonly address: number; readonly mask: number; readonly in: readonly Carrier4[] }
  | { readonly kind: 'net6'; readonly direction: BpfDirection; readonly address: readonly number[]; readonly mask: readonly number[] }
  | { readonly kind: 'port'; readonly direction: BpfDirection; readonly protocols: readonly PortProtocol[]; readonly low: number; readonly high: number }
  | { readonly kind: 'ether'; readonly direction: BpfDirection; readonly address: readonly number[] }
  | { readonly kind: 'ether multicast' }
  | { readonly kind: 'ip multicast' }
  | { readonly kind: 'ip6 multicast' }
  | { readonly kind: 'vlan'; readonly id: number | null }
  | { readonly kind: 'length'; readonly atLeast: boolean; readonly value: number }

export type BpfExpression =
  /** `depth`: tags that earlier words have looked behind. */
  | { readonly op: 'test'; readonly test: BpfPrimitive; readonly depth: number }
  | { readonly op: 'and' | 'or'; readonly left: BpfExpression; readonly right: BpfExpression }
  | { readonly op: 'not'; readonly inner: BpfExpression }

export const ETHERTYPES = { ip: 0x0800, arp: 0x0806, rarp: 0x8035, ip6: 0x86dd } as const
/** 802.1Q, 802.1ad, and what came before it: what libpcap takes for a tag. */
export const TAG_TYPES = [0x8100, 0x88a8, 0x9100] as const
export const IP6_FRAGMENT = 44
