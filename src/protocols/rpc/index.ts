// The RPC row: identity and probe without state, and createRpc(), which gives each sensor a row with a memory of its own.
// Keeps the rule of no shared mutable state on import, and that the probe judges content, never ports.

import { u32be } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { ProbeAnswer, ProtocolRow, Transport } from '../protocol.ts'
import { MessageType } from './codes.ts'
import { RpcMemory } from './files.ts'
import { CALL_BYTES_MIN, CALL_FIXED_BYTES, looksLikeCall, looksLikeReply } from './message.ts'
import { RpcSession } from './session.ts'
import { isPlausibleMark } from './stream.ts'

/** portmap, NFS, and the port BusyBox mount falls back to (facts cms8000 section 6). mountd lives anywhere. */
const HINTS: readonly number[] = [111, 2049, 635]
const MARK_BYTES = 4
/** Enough to judge a TCP stream: mark and the fixed part of a call, which is as long as a reply's. */
const TCP_JUDGED_BYTES = MARK_BYTES + CALL_FIXED_BYTES

function probe(transport: Transport, _direction: Direction, buf: Uint8Array, off: number, end: number): ProbeAnswer {
  return transport === 'udp' ? probeDatagram(buf, off, end) : probeStream(buf, off, end)
}

/** Only calls: a reply alone names no procedure, and its 24 mostly zero bytes would be a weak reason to claim a flow. */
function probeDatagram(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  return looksLikeCall(buf, off, end) ? 'yes' : 'no'
}

/** A record mark and a call; or, on a flow joined midstream, a mark and an accepted reply that fit each other. */
function probeStream(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const have = end - off
  if (have >= MARK_BYTES && !isPlausibleMark(u32be(buf, off))) return 'no'
  if (have >= MARK_BYTES + 8 && u32be(buf, off + 8) > MessageType.reply) return 'no'
  if (have < TCP_JUDGED_BYTES) return have === 0 || couldBeMark(buf, off, end) ? 'more' : 'no'
  if (u32be(buf, off + 8) === MessageType.call) return isMarkedCall(buf, off, end) ? 'yes' : 'no'
  return isStrongReply(buf, off, end) ? 'yes' : 'no'
}

/** First byte of a mark with a sane length: the last-fragment bit and seven zero bits. */
function couldBeMark(buf: Uint8Array, off: number, end: number): boolean {
  return ((buf[off] as number) & 0x7f) === 0 || end === off
}

/** A first fragment that may hold the whole call, or, when more fragments follow, at least its fixed part. */
function isMarkedCall(buf: Uint8Array, off: number, end: number): boolean {
  const mark = u32be(buf, off)
  const length = mark & 0x7fff_ffff
  const message = off + MARK_BYTES
  if (mark > 0x7fff_ffff && length < CALL_BYTES_MIN) return false
  return looksLikeCall(buf, message, Math.min(end, message + length))
}

/** The last (only) fragment, an accepted reply, and the segment ends with it or goes on with another plausible mark. */
function isStrongReply(buf: Uint8Array, off: number, end: number): boolean {
  const mark = u32be(buf, off)
  const next = off + MARK_BYTES + (mark & 0x7fff_ffff)
  if (mark <= 0x7fff_ffff || next > end || !looksLikeReply(buf, off + MARK_BYTES, next)) return false
  return next === end || (end - next >= MARK_BYTES && isPlausibleMark(u32be(buf, next)))
}

/** What RPC is and how it is recognised; holds no state. */
export const rpcIdentity: Omit<ProtocolRow, 'open'> = {
  id: 'rpc',
  name: 'ONC RPC: portmap, mount, NFS',
  transports: ['tcp', 'udp'],
  hints: HINTS,
  probe,
}

/** A row whose sessions share one memory of exports and files: one per sensor, or per replay. */
export function createRpc(): ProtocolRow {
  const memory = new RpcMemory()
  return { ...rpcIdentity, open: (context) => new RpcSession(context, memory) }
}
