// ARP message: the 28 bytes of IPv4 over Ethernet to a value and back (RFC 826).
// Keeps house habit 3: what no such ARP has is a fixed word in `problem`, never a throw.

import { MAC_BROADCAST, type MacNumber } from '../../base/mac.ts'
import { u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import { ARP_PROTOCOL_IPV4, ArpHardware, ArpOperation, isOtherArpOperation } from './codes.ts'

/** Types, lengths and operation. */
const ARP_HEAD_BYTES = 8
/** The head and twice a MAC and an IPv4 address. */
export const ARP_BYTES = 28
const MAC_BYTES = 6
const IPV4_BYTES = 4

/** Addresses as numbers: MACs of 48 bits, IPv4 addresses of 32. */
export interface ArpMessage {
  readonly operation: number
  readonly senderMac: MacNumber
  readonly senderIp: number
  readonly targetMac: MacNumber
  readonly targetIp: number
}

/**
 * `sender-hardware`: zero or broadcast, which no interface has. `sender-address`: a group address, or 0.0.0.0 in a reply.
 * `truncated`: fewer bytes than the lengths promise.
 */
export type ArpProblem = 'truncated' | 'hardware-type' | 'protocol-type' | 'hardware-length' | 'protocol-length' | 'operation'
  | 'sender-hardware' | 'sender-address'

/** The message at [off, end), or why it is none. Bytes after the 28th are Ethernet padding. */
export function decodeArpMessage(buf: Uint8Array, off: number, end: number): ArpMessage | ArpProblem {
  if (end - off < ARP_HEAD_BYTES) return 'truncated'
  const hardware = u16be(buf, off)
  if (hardware !== ArpHardware.ethernet && hardware !== ArpHardware.ieee802) return 'hardware-type'
  if (u16be(buf, off + 2) !== ARP_PROTOCOL_IPV4) return 'protocol-type'
  if (u8(buf, off + 4) !== MAC_BYTES) return 'hardware-length'
  if (u8(buf, off + 5) !== IPV4_BYTES) return 'protocol-length'
  const operation = u16be(buf, off + 6)
  if (operation !== ArpOperation.request && operation !== ArpOperation.reply && !isOtherArpOperation(operation)) return 'operation'
  if (end - off < ARP_BYTES) return 'truncated'
  return {
    operation,
    senderMac: u48be(buf, off + 8),
    senderIp: u32be(buf, off + 14),
    targetMac: u48be(buf, off + 18),
    targetIp: u32be(buf, off + 24),
  }
}

/** Whether the sender fields can be true of one interface; null when they can. A request from 0.0.0.0 is a probe (RFC 5227 section 1.1). */
export function arpSenderProblem(message: ArpMessage): ArpProblem | null {
  if (message.senderMac === 0 || message.senderMac === MAC_BROADCAST) return 'sender-hardware'
  // 224.0.0.0 and above: multicast, reserved, broadcast.
  if (message.senderIp >= 0xe0000000) return 'sender-address'
  return message.senderIp === 0 && message.operation === ArpOperation.reply ? 'sender-address' : null
}

/** The 28 bytes, without Ethernet header or padding. */
export function encodeArp(message: ArpMessage): Uint8Array {
  const out = new Uint8Array(ARP_BYTES)
  const view = new DataView(out.buffer)
  view.setUint16(0, ArpHardware.ethernet)
  view.setUint16(2, ARP_PROTOCOL_IPV4)
  out[4] = MAC_BYTES
  out[5] = IPV4_BYTES
  view.setUint16(6, message.operation)
  putMac(view, 8, message.senderMac)
  view.setUint32(14, message.senderIp)
  putMac(view, 18, message.targetMac)
  view.setUint32(24, message.targetIp)
  return out
}

function putMac(view: DataView, off: number, mac: MacNumber): void {
  view.setUint16(off, Math.floor(mac / 0x1_0000_0000))
  view.setUint32(off + 2, mac % 0x1_0000_0000)
}
