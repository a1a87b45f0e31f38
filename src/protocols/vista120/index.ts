// Vista 120: the registry row. What Draeger's Vista 120 (an Edan design) sends to its central station, and the central's broadcast.
// Keeps the rule that the probe is the judge: these monitors share a factory address with the CMS8000, and nothing else.

import { u16le, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow, Transport } from '../protocol.ts'
import { VISTA_HEAD_BYTES, VISTA_S_HEAD_BYTES, VISTA_S_MAGIC, VISTA_TIME_BYTES } from './codes.ts'
import { isAnnouncement, isVistaHead, isVistaSHead, isVistaTimeMessage, timeHeadMatch, vistaBlockAt } from './message.ts'
import { Vista120Session } from './session.ts'

/** [I] Blocks of other types that may come before a known one. */
const PROBE_HOPS_MAX = 4

function probe(transport: Transport, buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (transport === 'udp') return isAnnouncement(buf, off, end) ? 'yes' : 'no'
  if (off >= end) return 'more'
  if (u8(buf, off) === VISTA_S_MAGIC[0]) {
    const answer = probeHidden(buf, off, end)
    if (answer !== 'no') return answer
  }
  const agreed = timeHeadMatch(buf, off, end)
  if (agreed >= 4 && end - off < VISTA_TIME_BYTES) return 'more'
  return isVistaTimeMessage(buf, off, end) ? 'yes' : probeBlocks(buf, off, end)
}

function probeHidden(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off >= 2 && u8(buf, off + 1) !== VISTA_S_MAGIC[1]) return 'no'
  if (end - off < VISTA_S_HEAD_BYTES) return 'more'
  return isVistaSHead(buf, off) ? 'yes' : 'no'
}

/** A known block, type and length agreeing, whose follower, if there, is a block; or one behind a few unknown ones. */
function probeBlocks(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  let at = off
  for (let hops = 0; hops <= PROBE_HOPS_MAX; hops++) {
    if (end - at < VISTA_HEAD_BYTES) return isHeadSoFar(buf, at, end) ? 'more' : 'no'
    if (vistaBlockAt(buf, at)) return followerFits(buf, at, end) ? 'yes' : 'no'
    if (!isVistaHead(buf, at)) return 'no'
    at += u16le(buf, at) + 2
  }
  return 'no'
}

/** Fewer than six bytes, none of which refutes a head. */
function isHeadSoFar(buf: Uint8Array, off: number, end: number): boolean {
  return end - off < 4 || isVistaHead(buf, off)
}

function followerFits(buf: Uint8Array, off: number, end: number): boolean {
  const next = off + u16le(buf, off) + 2
  return end - next < VISTA_HEAD_BYTES || isVistaHead(buf, next)
}

/** 9500 Vista 120, 9600 Vista 120S, 9610 the central's broadcast (facts cms8000 section 9). */
export const vista120: ProtocolRow = {
  id: 'vista120',
  name: 'Draeger Vista 120 telemetry',
  transports: ['tcp', 'udp'],
  hints: [9500, 9600, 9610],
  probe: (transport, _direction, buf, off, end) => probe(transport, buf, off, end),
  open: (context) => new Vista120Session(context),
}
