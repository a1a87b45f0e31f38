// BACnet/IP message: BVLC, network header and the head of the application PDU to a value; I-Am and read properties of devices.
// Keeps house habit 3: what is cut or unknown is no value; the datagram is looked at once, front to back.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { asciiBytes, lineText } from '../text.ts'
import { Bvlc, BVLC_TYPE, Confirmed, OBJECT_DEVICE, PduType, Unconfirmed } from './codes.ts'

const BVLC_BYTES = 4
/** Clause 20.1.2.5: the instance has 22 bits, the type ten. */
const INSTANCE_BITS = 22

export interface BacnetMessage {
  /** Origin of a forwarded message (annex J.2.5), else null. */
  readonly origin: Ip | null
  /** Source network behind a router, or null. */
  readonly network: number | null
  readonly type: number
  /** Service choice; -1 when the PDU has none here. */
  readonly service: number
  /** Service data. */
  readonly off: number
  readonly end: number
}

/** The application message in the datagram [off, end), or null: another function, a network message, a segment, or cut. */
export function decodeBacnet(buf: Uint8Array, off: number, end: number): BacnetMessage | null {
  if (end - off < BVLC_BYTES + 2 || u8(buf, off) !== BVLC_TYPE || u16be(buf, off + 2) > end - off) return null
  const stop = off + u16be(buf, off + 2)
  const what = u8(buf, off + 1)
  const isForwarded = what === Bvlc.forwarded
  if (!isForwarded && what !== Bvlc.unicast && what !== Bvlc.broadcast && what !== Bvlc.distribute) return null
  const at = off + BVLC_BYTES + (isForwarded ? 6 : 0)
  const network = at + 2 <= stop ? networkHead(buf, at, stop) : null
  if (!network) return null
  return applicationHead(buf, network.off, stop, isForwarded ? ipFromV4(u32be(buf, off + BVLC_BYTES)) : null, network.source)
}

/** Clause 6.2: version 1, control, destination, source, hop count. */
function networkHead(buf: Uint8Array, off: number, end: number): { off: number; source: number | null } | null {
  const control = u8(buf, off + 1)
  // Bit 7: a message of the network layer, without application data.
  if (u8(buf, off) !== 1 || (control & 0x80) !== 0) return null
  let at = off + 2
  const hasDestination = (control & 0x20) !== 0
  if (hasDestination) {
    if (at + 3 > end) return null
    at += 3 + u8(buf, at + 2)
  }
  let source: number | null = null
  if ((control & 0x08) !== 0) {
    if (at + 3 > end) return null
    source = u16be(buf, at)
    at += 3 + u8(buf, at + 2)
  }
  return { off: hasDestination ? at + 1 : at, source }
}

/** Clause 20.1: what stands before the service choice depends on the type; segments are not put together. */
function applicationHead(buf: Uint8Array, off: number, end: number, origin: Ip | null, network: number | null): BacnetMessage | null {
  if (off + 2 > end) return null
  const type = u8(buf, off) >>> 4
  const isSegmented = (u8(buf, off) & 0x08) !== 0
  const base = { origin, network, type }
  switch (type) {
    case PduType.unconfirmed: return { ...base, service: u8(buf, off + 1), off: off + 2, end }
    case PduType.confirmed: return isSegmented || off + 4 > end ? null : { ...base, service: u8(buf, off + 3), off: off + 4, end }
    case PduType.complexAck: return isSegmented || off + 3 > end ? null : { ...base, service: u8(buf, off + 2), off: off + 3, end }
    default: return type > PduType.abort ? null : { ...base, service: -1, off: end, end }
  }
}

export interface IAm {
  readonly instance: number
  readonly vendor: number
}

/** Object identifier (tag C4), longest PDU, segmentation, vendor (clause 16.10): application tags in this order. */
export function decodeIAm(buf: Uint8Array, message: BacnetMessage): IAm | null {
  if (message.type !== PduType.unconfirmed || message.service !== Unconfirmed.iAm) return null
  const { off, end } = message
  if (off + 5 > end || u8(buf, off) !== 0xc4) return null
  const identifier = u32be(buf, off + 1)
  if (identifier >>> INSTANCE_BITS !== OBJECT_DEVICE) return null
  let at = off + 5
  for (const tag of [2, 9]) {
    if (at >= end || u8(buf, at) >>> 4 !== tag) return null
    at += 1 + (u8(buf, at) & 7)
  }
  const vendor = at < end && u8(buf, at) >>> 4 === 2 ? unsignedAt(buf, at + 1, u8(buf, at) & 7, end) : -1
  return vendor < 0 ? null : { instance: identifier & 0x3fffff, vendor }
}

/** Up to four bytes, as BACnet writes numbers; -1 when they are not there. */
function unsignedAt(buf: Uint8Array, off: number, bytes: number, end: number): number {
  if (bytes < 1 || bytes > 4 || off + bytes > end) return -1
  let value = 0
  for (let i = 0; i < bytes; i++) value = value * 256 + u8(buf, off + i)
  return value
}

export interface ReadProperty {
  readonly instance: number
  readonly property: number
  readonly text: string
}

/** The text in the answer to a ReadProperty of a device object (clause 15.5): context tags 0 to 3, a character string inside. */
export function decodeReadProperty(buf: Uint8Array, message: BacnetMessage): ReadProperty | null {
  if (message.type !== PduType.complexAck || message.service !== Confirmed.readProperty) return null
  const { off, end } = message
  if (off + 6 > end || u8(buf, off) !== 0x0c) return null
  const identifier = u32be(buf, off + 1)
  const propertyBytes = u8(buf, off + 5) >>> 3 === 3 ? u8(buf, off + 5) & 7 : 0
  const property = unsignedAt(buf, off + 6, propertyBytes, end)
  const at = off + 6 + propertyBytes
  if (identifier >>> INSTANCE_BITS !== OBJECT_DEVICE || property < 0 || at + 1 > end || u8(buf, at) !== 0x3e) return null
  const text = characterString(buf, at + 1, end)
  return text === null ? null : { instance: identifier & 0x3fffff, property, text }
}

/** Application tag 7; a length of 5 says that it follows in a byte (clause 20.2.1.3.1); encoding 0 is ANSI or UTF-8. */
function characterString(buf: Uint8Array, off: number, end: number): string | null {
  if (off + 2 > end || u8(buf, off) >>> 4 !== 7) return null
  const short = u8(buf, off) & 7
  const at = short === 5 ? off + 2 : off + 1
  const length = short === 5 ? u8(buf, off + 1) : short
  return length < 1 || length > 253 || at + length > end || u8(buf, at) !== 0 ? null : lineText(buf, at + 1, at + length)
}

function datagram(type: number, apdu: readonly number[], network: number | null): Uint8Array {
  const npdu = network === null ? [1, 0] : [1, 8, network >>> 8, network & 255, 1, 7]
  const length = BVLC_BYTES + npdu.length + apdu.length
  return Uint8Array.from([BVLC_TYPE, type, length >>> 8, length & 255, ...npdu, ...apdu])
}

function objectId(instance: number): number[] {
  const word = (OBJECT_DEVICE << INSTANCE_BITS) | instance
  return [(word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]
}

export function encodeIAm({ instance, vendor }: IAm, network: number | null = null): Uint8Array {
  return datagram(Bvlc.broadcast, [0x10, Unconfirmed.iAm, 0xc4, ...objectId(instance), 0x22, 5, 0xc4, 0x91, 3, 0x22, vendor >>> 8, vendor & 255], network)
}

export function encodeWhoIs(): Uint8Array {
  return datagram(Bvlc.broadcast, [0x10, Unconfirmed.whoIs], null)
}

/** A confirmed request with these service data. */
export function encodeConfirmed(service: number, data: readonly number[]): Uint8Array {
  return datagram(Bvlc.unicast, [0, 4, 1, service, ...data], null)
}

/** The answer to a ReadProperty whose value is a text. */
export function encodeReadAnswer({ instance, property, text }: ReadProperty): Uint8Array {
  const number = property > 255 ? [0x1a, property >>> 8, property & 255] : [0x19, property]
  const value = [0x75, text.length + 1, 0, ...asciiBytes(text)]
  return datagram(Bvlc.unicast, [0x30, 1, Confirmed.readProperty, 0x0c, ...objectId(instance), ...number, 0x3e, ...value, 0x3f], null)
}
