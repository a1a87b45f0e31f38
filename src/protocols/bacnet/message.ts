// BACnet/IP message: BVLC, network header and the head of the application PDU to a value; and I-Am (read.ts has what is read of a device).
// Keeps house habit 3: what is cut or unknown is no value; the datagram is looked at once, front to back.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { Bvlc, BVLC_BYTES, BVLC_TYPE, INSTANCE_BITS, OBJECT_DEVICE, PduType, Unconfirmed } from './codes.ts'
import { unsignedAt } from './tags.ts'

export interface BacnetMessage {
  /** Origin of a forwarded message (annex J.2.5), else null. */
  readonly origin: Ip | null
  /** Source network behind a router, or null. */
  readonly network: number | null
  readonly type: number
  /** Service choice; -1 when the PDU has none here. */
  readonly service: number
  /** Sequence number of one piece of a longer message (clause 5.2), whose service data are not read; -1 of a whole one. */
  readonly segment: number
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
  const isRequest = type === PduType.confirmed
  const isSegment = (isRequest || type === PduType.complexAck) && (u8(buf, off) & 0x08) !== 0
  // A segment has its sequence number and window before the service choice.
  const service = type === PduType.unconfirmed ? 1 : isRequest ? 3 : 2
  const at = off + service + (isSegment ? 2 : 0)
  if (type !== PduType.unconfirmed && !isRequest && type !== PduType.complexAck) {
    return type > PduType.abort ? null : { origin, network, type, segment: -1, service: -1, off: end, end }
  }
  if (at >= end) return null
  return { origin, network, type, segment: isSegment ? u8(buf, at - 2) : -1, service: u8(buf, at), off: isSegment ? end : at + 1, end }
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
