// Whether a TCP segment's checksum is wrong (RFC 9293 section 3.1), for the few segments about which it matters.
// Keeps the rule that only whole segments are judged: of one that the capture cut nothing can be said.

import { u16be } from '../bytes.ts'
import type { Frame } from '../frame.ts'

/**
 * True when no host takes this segment. Asked only about segments that contradict others: a host that captures its own traffic sees its
 * packets before the network card fills the sums in, so a wrong one alone says nothing.
 */
export function isChecksumWrong(buf: Uint8Array, frame: Frame): boolean {
  const { l4Off, payloadOff, payloadEnd, payloadWireLength } = frame
  if (l4Off < 0 || payloadOff < l4Off || payloadEnd - payloadOff !== payloadWireLength) return false
  return fold(pseudoHeader(frame, payloadEnd - l4Off) + words(buf, l4Off, payloadEnd)) !== 0xffff
}

/** Addresses, protocol and length (RFC 9293 section 3.1; RFC 8200 section 8.1). Below 2^21, so the sum of all stays exact. */
function pseudoHeader(frame: Frame, length: number): number {
  let sum = frame.proto + length
  for (const word of frame.addresses) sum += (word >>> 16) + (word & 0xffff)
  return sum
}

function words(buf: Uint8Array, off: number, end: number): number {
  let sum = 0
  let at = off
  for (; at + 1 < end; at += 2) sum += u16be(buf, at)
  return at < end ? sum + ((buf[at] as number) << 8) : sum
}

function fold(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = Math.floor(folded / 0x10000) + (folded % 0x10000)
  return folded
}
