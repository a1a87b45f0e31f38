// ASTM probe: whether bytes begin a header record, framed or bare, or a sound frame of any record.
// Keeps the rule that letters are not enough: a header must declare its delimiters, another frame must have its checksum.

import type { ProbeAnswer } from '../protocol.ts'
import { ASTM_HEADER, AstmByte, hexValue, isDelimiter, isRecordLetter } from './codes.ts'

/** ENQs before the first frame: a receiver that is busy is asked again. */
const ENQUIRIES_MAX = 6
/** Text of a frame in the middle of a flow that is looked through for its checksum: what E1381 allows. */
const FRAME_LOOK_MAX = 250

export function probeAstm(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  let at = off
  while (at < end && at - off < ENQUIRIES_MAX && buf[at] === AstmByte.enq) at++
  if (at >= end) return 'more'
  if (buf[at] === ASTM_HEADER) return at === off ? probeHeader(buf, at, end) : 'no'
  if (buf[at] !== AstmByte.stx) return 'no'
  if (at + 1 >= end) return 'more'
  const number = buf[at + 1] as number
  if (number < 0x30 || number > 0x37) return 'no'
  if (at + 2 >= end) return 'more'
  if (buf[at + 2] === ASTM_HEADER) return probeHeader(buf, at + 2, end)
  return isRecordLetter(buf[at + 2] as number) ? probeFrame(buf, at + 1, end) : 'no'
}

/** H, a separator, three other delimiters, the separator again (LIS2-A2 section 7.1.2); some senders leave the escape out. */
function probeHeader(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const separator = buf[off + 1] as number
  if (off + 1 >= end) return 'more'
  if (!isDelimiter(separator)) return 'no'
  for (let i = off + 2; i < off + 6; i++) {
    if (i >= end) return 'more'
    const c = buf[i] as number
    if (c === separator) return i - off >= 4 && buf[off + 2] !== buf[off + 3] ? 'yes' : 'no'
    if (!isDelimiter(c)) return 'no'
  }
  return 'no'
}

/** The letter, a delimiter, and at the end a checksum that fits. `off` is at the frame's number. */
function probeFrame(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (off + 2 < end && !isDelimiter(buf[off + 2] as number)) return 'no'
  let sum = 0
  for (let at = off; at < end; at++) {
    const c = buf[at] as number
    sum = (sum + c) & 255
    if (c === AstmByte.etx || c === AstmByte.etb) {
      if (at + 2 >= end) return 'more'
      return ((hexValue(buf[at + 1] as number) << 4) | hexValue(buf[at + 2] as number)) === sum ? 'yes' : 'no'
    }
    if (at - off > FRAME_LOOK_MAX || (c < 0x20 && c !== AstmByte.cr)) return 'no'
  }
  return 'more'
}
