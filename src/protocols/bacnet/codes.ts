// BACnet codes: BVLC functions, PDU types, services, and the properties that name a device.
// Source: ANSI/ASHRAE 135 clauses 6 (network layer), 20.1 (application PDUs), 21 (enumerations), annex J (BACnet/IP).

export const BVLC_TYPE = 0x81
/** Type, function, length. */
export const BVLC_BYTES = 4
export const Bvlc = { forwarded: 0x04, distribute: 0x09, unicast: 0x0a, broadcast: 0x0b } as const
/** Functions 0x00 to 0x0c (annex J.2). */
export const BVLC_FUNCTION_MAX = 0x0c

export const PduType = { confirmed: 0, unconfirmed: 1, simpleAck: 2, complexAck: 3, segmentAck: 4, error: 5, reject: 6, abort: 7 } as const

export const Unconfirmed = { iAm: 0, iHave: 1, whoHas: 7, whoIs: 8 } as const
export const Confirmed = { readProperty: 12, readPropertyMultiple: 14 } as const
const WRITES: ReadonlySet<number> = new Set([5, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19, 20, 24, 27])

/** A confirmed request that changes something: writes, creations, deletions, restarts (clause 21, BACnetConfirmedServiceChoice). */
export function writes(service: number): boolean {
  return WRITES.has(service)
}

export const OBJECT_DEVICE = 8
/** Of an object identifier: the type has ten bits, the instance 22 (clause 20.2.14). */
export const INSTANCE_BITS = 22

/** Property identifiers of a device object that name it (clause 12.11, 21). */
const PROPERTIES: ReadonlyMap<number, string> = new Map([
  [12, 'application-software'], [28, 'description'], [44, 'firmware'], [58, 'location'], [70, 'model'], [77, 'object-name'],
  [121, 'vendor'], [372, 'serial-number'],
])

/** null for one that names nothing. */
export function namingProperty(id: number): string | null {
  return PROPERTIES.get(id) ?? null
}

/** In a ReadPropertyMultiple: all, required and optional properties (clause 15.7.3.1.2). The first two hold names. */
export const SEVERAL_PROPERTIES: ReadonlySet<number> = new Set([8, 105])
