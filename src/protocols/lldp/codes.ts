// LLDP codes: TLV types, subtypes and capability bits as tables from number to word.
// Source: IEEE 802.1AB-2016 clauses 8.4 and 8.5, annex D (802.1 TLVs); ANSI/TIA-1057 clause 10.2 (LLDP-MED).

export const ETHERTYPE_LLDP = 0x88cc

export const LldpTlv = {
  end: 0, chassis: 1, port: 2, lifetime: 3, portDescription: 4, systemName: 5, systemDescription: 6, capabilities: 7, management: 8, organisation: 127,
} as const

export const LldpOui = { ieee8021: 0x0080c2, med: 0x0012bb } as const
/** Subtypes under those OUIs that are read. */
export const PORT_VLAN_SUBTYPE = 1
export const MED_CAPABILITIES_SUBTYPE = 1

/** TIA-1057 clauses 10.2.6.1 to 10.2.6.7: the inventory TLVs, by subtype. */
export const MED_INVENTORY = {
  hardware: 5, firmware: 6, software: 7, serial: 8, manufacturer: 9, model: 10, assetId: 11,
} as const
export type MedInventoryField = keyof typeof MED_INVENTORY
export const MED_FIELDS = Object.keys(MED_INVENTORY) as readonly MedInventoryField[]

const CHASSIS_KINDS = ['chassis', 'interface-alias', 'port-component', 'mac', 'address', 'interface', 'local'] as const
const PORT_KINDS = ['interface-alias', 'port-component', 'mac', 'address', 'interface', 'circuit', 'local'] as const

/** Clause 8.5.2.2, table 8-2; `kind-N` for others. */
export function chassisKindName(subtype: number): string {
  return CHASSIS_KINDS[subtype - 1] ?? `kind-${subtype}`
}

/** Clause 8.5.3.2, table 8-3. */
export function portKindName(subtype: number): string {
  return PORT_KINDS[subtype - 1] ?? `kind-${subtype}`
}

/** Clause 8.5.8.1, table 8-4, from bit 0. */
const CAPABILITIES = [
  'other', 'repeater', 'bridge', 'access-point', 'router', 'telephone', 'docsis', 'station', 'c-vlan', 's-vlan', 'two-port-relay',
] as const

export function lldpCapabilities(bits: number): string[] {
  return CAPABILITIES.filter((_, bit) => (bits & (1 << bit)) !== 0)
}
