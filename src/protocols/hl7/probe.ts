// HL7 probe: whether bytes begin an HL7 v2 message or batch, framed by MLLP or bare.
// Keeps the rule that letters are not enough: a header must declare a separator and encoding characters, and close them.

import { HL7_ENCODING_CHARACTERS_MAX, Hl7Byte, isBlankByte, isDelimiterByte, isLineEnd } from './codes.ts'
import type { ProbeAnswer } from '../protocol.ts'

/** What a flow may open with. */
const OPENERS: readonly string[] = ['MSH', 'FHS', 'BHS']
/** Line ends and blanks some senders put before an unframed header. */
const LEADING_BLANKS_MAX = 8
/** Component and repetition are declared by every version. */
const ENCODING_CHARACTERS_MIN = 2

/** A header at the start, behind line ends, blanks and a 0x0B; of a flow that begins with a 0x0B also in a later block. */
export function probeHl7(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  let at = off
  while (at < end && at - off < LEADING_BLANKS_MAX && (isLineEnd(buf[at] as number) || isBlankByte(buf[at] as number))) at++
  if (at >= end || buf[at] !== Hl7Byte.startBlock) return probeHeader(buf, at, end)
  const answer = probeHeader(buf, at + 1, end)
  return answer === 'no' ? probeHl7Inside(buf, at + 1, end) : answer
}

/** A header behind a 0x0B further on, in a flow picked up inside a message. Elsewhere it may be what somebody prints or copies. */
export function probeHl7Inside(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  for (let at = off; at < end; at++) {
    if (buf[at] === Hl7Byte.startBlock && probeHeader(buf, at + 1, end) === 'yes') return 'yes'
  }
  return 'no'
}

/** Three letters, a separator, encoding characters of which the first two differ, and the separator again or a line end. */
function probeHeader(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const letters = Math.min(3, end - off)
  if (!OPENERS.some((name) => startsWith(buf, off, letters, name))) return 'no'
  if (end - off < 4) return 'more'
  const separator = buf[off + 3] as number
  if (!isDelimiterByte(separator)) return 'no'
  return probeEncoding(buf, off + 4, end, separator)
}

function startsWith(buf: Uint8Array, off: number, length: number, name: string): boolean {
  for (let i = 0; i < length; i++) if (buf[off + i] !== name.charCodeAt(i)) return false
  return true
}

function probeEncoding(buf: Uint8Array, off: number, end: number, separator: number): ProbeAnswer {
  for (let at = off; at < end; at++) {
    const c = buf[at] as number
    if (c === separator || isLineEnd(c)) {
      const isSane = at - off >= ENCODING_CHARACTERS_MIN && buf[off] !== buf[off + 1]
      return isSane ? 'yes' : 'no'
    }
    if (!isDelimiterByte(c) || at - off >= HL7_ENCODING_CHARACTERS_MAX) return 'no'
  }
  return 'more'
}
