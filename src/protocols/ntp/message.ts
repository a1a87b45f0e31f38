// NTP header to a value and back (RFC 5905 section 7.3); extensions and the digest behind it are not read.
// Keeps the rule that the probe has looked at the length: a decode of 48 bytes cannot fail.

import { ipFromV4, v4Number } from '../../base/ip.ts'
import { u32be, u8 } from '../../wire/bytes.ts'

export const NTP_BYTES = 48

export interface NtpMessage {
  /** 0 to 3; 3: the clock is not synchronised. */
  readonly leap: number
  readonly version: number
  readonly mode: number
  readonly stratum: number
  readonly poll: number
  /** Log2 seconds, signed. */
  readonly precision: number
  readonly reference: string | null
}

/** null below 48 bytes. */
export function decodeNtp(buf: Uint8Array, off: number, end: number): NtpMessage | null {
  if (end - off < NTP_BYTES) return null
  const first = u8(buf, off)
  const stratum = u8(buf, off + 1)
  return {
    leap: first >>> 6, version: (first >>> 3) & 7, mode: first & 7, stratum, poll: u8(buf, off + 2), precision: (u8(buf, off + 3) << 24) >> 24,
    reference: referenceOf(buf, off + 12, stratum),
  }
}

/** Four letters below stratum 2 (a clock, or a kiss code), an address above (of IPv6 servers a hash: it is then no address of theirs). */
function referenceOf(buf: Uint8Array, off: number, stratum: number): string | null {
  const word = u32be(buf, off)
  if (word === 0) return null
  if (stratum > 1) return ipFromV4(word)
  let text = ''
  for (let i = off; i < off + 4 && u8(buf, i) !== 0; i++) {
    if (u8(buf, i) < 0x20 || u8(buf, i) > 0x7e) return null
    text += String.fromCharCode(u8(buf, i))
  }
  return text.trim() === '' ? null : text.trim()
}

/** Times are given in seconds since 1900; 0 leaves the field empty. */
export function encodeNtp(message: NtpMessage, receiveSeconds = 0, transmitSeconds = 0): Uint8Array {
  const out = new Uint8Array(NTP_BYTES)
  const view = new DataView(out.buffer)
  out.set([(message.leap << 6) | (message.version << 3) | message.mode, message.stratum, message.poll, message.precision & 255])
  if (message.reference !== null) {
    const address = message.stratum > 1 ? v4Number(message.reference) : -1
    if (address >= 0) view.setUint32(12, address)
    else out.set(Array.from(message.reference.slice(0, 4), (c) => c.charCodeAt(0) & 0x7f), 12)
  }
  view.setUint32(32, receiveSeconds)
  view.setUint32(40, transmitSeconds)
  return out
}
