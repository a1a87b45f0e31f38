// The fixed part of an ARP packet: enough to know where it ends and whether its lengths make sense.
// Keeps the rule that a corrupt header is a flag; the addresses are read by protocols/arp (RFC 826).

import { u16be, u8 } from './bytes.ts'
import { type Frame, FrameFlag, FrameStatus } from './frame.ts'

export const ETHERTYPE_ARP = 0x0806

/** Hardware type, protocol type, two lengths, operation. */
const HEADER_BYTES = 8
const HARDWARE_ETHERNET = 1
const PROTOCOL_IPV4 = 0x0800
const MAC_BYTES = 6
const IPV4_BYTES = 4

/** Sets arpOff and arpEnd when the fixed header is there; arpMalformed when lengths contradict the types or the bytes. */
export function decodeArp(buf: Uint8Array, off: number, end: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) {
    frame.flags |= FrameFlag.arpMalformed
    return FrameStatus.link
  }
  const hardwareBytes = u8(buf, off + 4)
  const protocolBytes = u8(buf, off + 5)
  const arpEnd = off + HEADER_BYTES + 2 * (hardwareBytes + protocolBytes)
  frame.arpOff = off
  frame.arpEnd = arpEnd < end ? arpEnd : end
  const isWrongHardware = u16be(buf, off) === HARDWARE_ETHERNET && hardwareBytes !== MAC_BYTES
  const isWrongProtocol = u16be(buf, off + 2) === PROTOCOL_IPV4 && protocolBytes !== IPV4_BYTES
  if (isWrongHardware || isWrongProtocol || arpEnd > end) frame.flags |= FrameFlag.arpMalformed
  return FrameStatus.link
}
