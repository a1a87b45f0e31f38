// POCT1-A probe: whether the first element of an XML text is one of the standard's messages.
// Keeps the rule that the probe is cheap: what does not begin with `<` or a blank is refused at once.

import type { ProbeAnswer } from '../protocol.ts'
import { isMessageName, isNameByte, isSpaceByte, mayBecomeMessageName, POCT_NAME_MAX, POCT_PROLOGUE_BYTES_MAX } from './codes.ts'

const LESS = 0x3c
const GREATER = 0x3e
/** Byte order mark of UTF-8. */
const MARK: readonly number[] = [0xef, 0xbb, 0xbf]
/** Line ends and blanks before the first tag. */
const BLANKS_MAX = 8

export function probePoct(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  let at = skipBlanks(buf, off, end)
  for (;;) {
    if (at >= end) return at - off > POCT_PROLOGUE_BYTES_MAX ? 'no' : 'more'
    if (buf[at] !== LESS || at - off > POCT_PROLOGUE_BYTES_MAX) return 'no'
    if (at + 1 >= end) return 'more'
    const c = buf[at + 1] as number
    if (c !== 0x3f && c !== 0x21) return probeName(buf, at + 1, end)
    // A declaration, a document type or a comment without `>` in it: to its end.
    while (at < end && buf[at] !== GREATER) at++
    if (at < end) at = skipBlanks(buf, at + 1, end)
  }
}

function skipBlanks(buf: Uint8Array, off: number, end: number): number {
  let at = off
  if (buf[at] === MARK[0] && at < end) for (let i = 0; i < MARK.length && at < end && buf[at] === MARK[i]; i++) at++
  const start = at
  while (at < end && at - start < BLANKS_MAX && isSpaceByte(buf[at] as number)) at++
  return at
}

function probeName(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  let name = ''
  for (let at = off; at < end; at++) {
    const c = buf[at] as number
    if (!isNameByte(c)) return isMessageName(name) && (c === GREATER || c === 0x2f || isSpaceByte(c)) ? 'yes' : 'no'
    name += String.fromCharCode(c)
    if (name.length > POCT_NAME_MAX || !mayBecomeMessageName(name)) return 'no'
  }
  return 'more'
}
