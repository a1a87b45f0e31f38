// DHCP probe: a fixed part with plausible bytes and the magic cookie; without a cookie, a BOOTP message that is strict in every field.
// Keeps the rule "a port is a hint, the probe is the judge".

import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { BOOTP_BYTES_MIN, DHCP_COOKIE, DHCP_FIXED_BYTES, DHCP_HARDWARE_BYTES_MAX } from './message.ts'

/** RFC 1542 section 4.1.1: a relay drops what has passed 16 others. */
const HOPS_MAX = 16

export function probeDhcp(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off < DHCP_FIXED_BYTES || !isPlausibleHead(buf, off)) return 'no'
  if (end - off >= DHCP_FIXED_BYTES + 4 && u32be(buf, off + DHCP_FIXED_BYTES) === DHCP_COOKIE) return 'yes'
  return end - off >= BOOTP_BYTES_MIN && isStrictBootp(buf, off) ? 'yes' : 'no'
}

function isPlausibleHead(buf: Uint8Array, off: number): boolean {
  const operation = u8(buf, off)
  return (operation === 1 || operation === 2) && u8(buf, off + 1) !== 0
    && u8(buf, off + 2) <= DHCP_HARDWARE_BYTES_MAX && u8(buf, off + 3) <= HOPS_MAX
}

/** Ethernet, a MAC and zeros behind it, no reserved flag, names of printable text that end in zero (RFC 951 section 3). */
function isStrictBootp(buf: Uint8Array, off: number): boolean {
  if (u8(buf, off + 1) !== 1 || u8(buf, off + 2) !== 6 || (u16be(buf, off + 10) & 0x7fff) !== 0) return false
  if (isAll(buf, off + 28, off + 34, 0) || !isAll(buf, off + 34, off + 44, 0)) return false
  return isText(buf, off + 44, off + 108) && isText(buf, off + 108, off + DHCP_FIXED_BYTES)
}

function isAll(buf: Uint8Array, off: number, end: number, byte: number): boolean {
  for (let i = off; i < end; i++) if (u8(buf, i) !== byte) return false
  return true
}

/** Printable ASCII up to a zero; what stands behind the zero does not matter. */
function isText(buf: Uint8Array, off: number, end: number): boolean {
  for (let i = off; i < end; i++) {
    const byte = u8(buf, i)
    if (byte === 0) return true
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return false
}
