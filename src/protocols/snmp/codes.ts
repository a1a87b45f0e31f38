// SNMP codes: versions, PDU types, and the objects of the system group that name a device.
// Source: RFC 1157, RFC 3416 section 3, RFC 3418 (system group), RFC 3412 and RFC 3414.

/** The version field of the message (RFC 3584 section 5, RFC 3412 section 6). */
export const SnmpVersion = { v1: 0, v2c: 1, v3: 3 } as const

export function snmpVersionName(version: number): '1' | '2c' | '3' | null {
  return version === SnmpVersion.v1 ? '1' : version === SnmpVersion.v2c ? '2c' : version === SnmpVersion.v3 ? '3' : null
}

/** Context-specific constructed tags of PDUs. */
export const SnmpPdu = {
  get: 0xa0, getNext: 0xa1, response: 0xa2, set: 0xa3, trapV1: 0xa4, getBulk: 0xa5, inform: 0xa6, trapV2: 0xa7, report: 0xa8,
} as const

export type SnmpOperation = 'read' | 'write' | 'answer' | 'notify'

export function snmpOperation(pdu: number): SnmpOperation {
  if (pdu === SnmpPdu.set) return 'write'
  if (pdu === SnmpPdu.response || pdu === SnmpPdu.report) return 'answer'
  return pdu === SnmpPdu.trapV1 || pdu === SnmpPdu.trapV2 || pdu === SnmpPdu.inform ? 'notify' : 'read'
}

export type SystemItem = 'description' | 'object-id' | 'name' | 'location'

/** 1.3.6.1.2.1.1.n.0 (RFC 3418 section 2); sysContact, n = 4, is a person and never read. */
export const SYSTEM_PREFIX = [0x2b, 6, 1, 2, 1, 1] as const
export const SYSTEM_ITEMS: ReadonlyMap<number, SystemItem> = new Map([[1, 'description'], [2, 'object-id'], [5, 'name'], [6, 'location']])

/** Communities that devices come with; what else is in the field is never kept. */
export const DEFAULT_COMMUNITIES = ['public', 'private'] as const
export type CommunityClass = (typeof DEFAULT_COMMUNITIES)[number] | 'other'

/** Flags of the v3 header (RFC 3412 section 6.4). */
export const SnmpFlag = { auth: 1, priv: 2, reportable: 4 } as const
