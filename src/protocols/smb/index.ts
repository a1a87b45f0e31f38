// SMB: the registry row, over direct TCP and over NetBIOS sessions. Its probe wants a length and the protocol's four bytes behind it.
// Keeps the rule of no shared mutable state on import: each sensor has a row with a budget of its own.

import { u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { Session } from './codes.ts'
import { SmbSession } from './session.ts'
import { isMarkedMessage } from './stream.ts'
import { netbiosName } from './text.ts'

/** A session request: 4 bytes, two names of 34 (RFC 1002 section 4.3.2). */
const REQUEST_BYTES = 4 + 68

function probe(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (off >= end) return 'more'
  const type = u8(buf, off)
  if (type === Session.request) return probeRequest(buf, off, end)
  if (type !== Session.message) return 'no'
  if (end - off >= 8) return isMarkedMessage(buf, off) ? 'yes' : 'no'
  return end - off < 5 || u8(buf, off + 4) >= 0xfc ? 'more' : 'no'
}

function probeRequest(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off >= 4 && (u8(buf, off + 1) !== 0 || u8(buf, off + 2) !== 0 || u8(buf, off + 3) !== REQUEST_BYTES - 4)) return 'no'
  if (end - off < REQUEST_BYTES) return 'more'
  return netbiosName(buf, off + 4, end) !== null && netbiosName(buf, off + 38, end) !== null ? 'yes' : 'no'
}

/** A row whose sessions share a budget for bytes out of order: one per sensor. MS-SMB2 section 2.1: port 445; RFC 1002: 139. */
export function createSmb(): ProtocolRow {
  const held = { bytes: 0 }
  return {
    id: 'smb',
    name: 'SMB',
    transports: ['tcp'],
    hints: [445, 139],
    probe: (_transport, _direction, buf, off, end) => probe(buf, off, end),
    open: (context) => new SmbSession(context, held),
  }
}
