// CDP codes: the SNAP header it is found by, TLV types and capability bits.
// Source: Cisco's published "Cisco Discovery Protocol" frame formats (CDP version 2) and the bits capture tools agree on.

/** LLC with SNAP (AA AA 03), Cisco's OUI 00-00-0C, protocol 0x2000. */
export const CDP_SNAP: readonly number[] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00]

export const CdpTlv = {
  deviceId: 1, addresses: 2, port: 3, capabilities: 4, version: 5, platform: 6, nativeVlan: 0x0a, voiceVlan: 0x0e, systemName: 0x14, management: 0x16,
} as const

/** From bit 0. */
const CAPABILITIES = [
  'router', 'bridge', 'source-route-bridge', 'switch', 'host', 'igmp', 'repeater', 'telephone', 'remote', 'camera',
] as const

export function cdpCapabilities(bits: number): string[] {
  return CAPABILITIES.filter((_, bit) => (bits & (1 << bit)) !== 0)
}
