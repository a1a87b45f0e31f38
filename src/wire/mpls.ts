// The MPLS label stack (RFC 3032) and what is under it: IP by its first nibble, or an Ethernet pseudowire (RFC 4448).
// Keeps the rule that labels name nothing here: MPLS does not say what it carries, so the bytes must, and in doubt it stays a link.

import { u32be, u8 } from './bytes.ts'
import { enterEthernet } from './enter.ts'
import { type Frame, FrameFlag, TunnelKind } from './frame.ts'
import { fittingIpAt, isEthernetAt, isFromCardAt } from './plausible.ts'

export const ETHERTYPE_MPLS = 0x8847
export const ETHERTYPE_MPLS_MULTICAST = 0x8848

const LABEL_BYTES = 4
const BOTTOM_OF_STACK = 0x100
/** No network stacks more: Linux routes at most 30 (MAX_NEW_LABELS), switches read 5 to 12. */
export const LABELS_MAX = 16
/** A pseudowire's control word begins with a nibble of 0 (RFC 4385 section 3), so that it is never taken for IP. */
const CONTROL_WORD_BYTES = 4
const CONTROL_WORD_BEFORE = 0x10

/** Offset of what the stack at `off` carries, with frame.etherType set; -1 when that cannot be told. `wireEnd` as in decodeNetwork. */
export function openMpls(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): number {
  const pos = bottomOf(buf, off, end, frame)
  if (pos < 0) return -1
  const etherType = fittingIpAt(buf, pos, end, wireEnd)
  if (etherType !== 0) {
    frame.etherType = etherType
    return pos
  }
  // Without a control word first: read with one, a tagged frame would lose its tag to the place of the source address.
  if (isFromCardAt(buf, pos, end) && isEthernetAt(buf, pos, end, wireEnd)) return enterEthernet(buf, pos, end, frame, TunnelKind.pseudowire)
  const hasControlWord = end - pos >= CONTROL_WORD_BYTES && u8(buf, pos) < CONTROL_WORD_BEFORE
  if (!hasControlWord || !isEthernetAt(buf, pos + CONTROL_WORD_BYTES, end, wireEnd)) return -1
  return enterEthernet(buf, pos + CONTROL_WORD_BYTES, end, frame, TunnelKind.pseudowire)
}

/** The first byte after the label with the bottom bit, or -1. */
function bottomOf(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  let pos = off
  for (let labels = 0; labels < LABELS_MAX; labels++) {
    if (end - pos < LABEL_BYTES) {
      frame.flags |= FrameFlag.tunnelTruncated
      return -1
    }
    const entry = u32be(buf, pos)
    pos += LABEL_BYTES
    if ((entry & BOTTOM_OF_STACK) !== 0) return pos
  }
  frame.flags |= FrameFlag.tunnelTooDeep
  return -1
}
