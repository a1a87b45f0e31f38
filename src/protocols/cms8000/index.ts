// CMS8000: the registry row. Telemetry of the CONTEC CMS8000 and its white labels on TCP 515 to 520.
// Keeps the rule that the probe is the judge: 515 belongs to printers, 202.114.4.119 stands in other makers' manuals too.

import { u16le, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { ProbeAnswer, ProtocolRow, Transport } from '../protocol.ts'
import { CMS_HEADER_BYTES, CmsType } from './codes.ts'
import { HEAD_NO, HEAD_YES, isCmsHead, judgeHead, judgeHeadInNoise } from './head.ts'
import { Cms8000Session } from './session.ts'

/** How far a late start is searched: one full segment holds the start of a frame, since real frames stay near 1.1 kB (facts cms8000 2). */
const PROBE_SEARCH_BYTES_MAX = 1500

/** Frames of unknown type skipped before a known one must come: a greeting of newer firmware, no more. */
const PROBE_HOPS_MAX = 4
/** Types that may be hopped over: around the known ones, 0x3E to 0x49 [I]. */
const HOP_TYPE_MIN = 0x30
const HOP_TYPE_MAX = 0x5f

/** `yes` for a known frame whose follower, if there, is a frame too, at the start or behind unknown ones. */
function probe(transport: Transport, _direction: Direction, buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (transport !== 'tcp') return 'no'
  let at = off
  for (let hops = 0; hops <= PROBE_HOPS_MAX; hops++) {
    const judgement = judgeHead(buf, at, end)
    if (judgement === HEAD_YES) return followerFits(buf, at, end) ? 'yes' : 'no'
    if (judgement !== HEAD_NO) return 'more'
    if (!isHop(buf, at, end)) break
    at += u16le(buf, at) + 2
  }
  return 'no'
}

/** A frame by length and mark, of a type near the known ones, though nobody knows it or its sub-type. */
function isHop(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < CMS_HEADER_BYTES || !isCmsHead(buf, off)) return false
  const type = u8(buf, off + 3)
  return type >= HOP_TYPE_MIN && type <= HOP_TYPE_MAX
}

/** The bytes after the first frame, as far as they are there, must start another one of any type. */
function followerFits(buf: Uint8Array, off: number, end: number): boolean {
  const next = off + u16le(buf, off) + 2
  return end - next < CMS_HEADER_BYTES || isCmsHead(buf, next)
}

/**
 * A capture that begins inside a frame: telemetry heads carry eight fixed bytes and prove themselves;
 * the short ones (bed, end of cycle, hello) must be followed by one of a known type.
 */
function probeInside(_transport: Transport, _direction: Direction, buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const stop = Math.min(end, off + PROBE_SEARCH_BYTES_MAX)
  for (let at = off + 1; at < stop; at++) {
    if (judgeHeadInNoise(buf, at, end) !== HEAD_YES) continue
    if (u8(buf, at + 3) === CmsType.telemetry) return 'yes'
    const next = at + u16le(buf, at) + 2
    if (next < end && judgeHead(buf, next, end) === HEAD_YES) return 'yes'
  }
  return 'no'
}

export const cms8000: ProtocolRow = {
  id: 'cms8000',
  name: 'CONTEC CMS8000 telemetry',
  transports: ['tcp'],
  hints: [515, 516, 517, 518, 519, 520],
  probe,
  probeInside,
  open: (context) => new Cms8000Session(context),
}
