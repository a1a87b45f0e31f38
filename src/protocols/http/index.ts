// HTTP/1: the registry row. Its probe takes a request line or a status line, and nothing that goes on without the words HTTP/1.
// Keeps the rule of no shared mutable state on import: each sensor has a row with a budget of its own.

import type { ProtocolRow } from '../protocol.ts'
import { probeHttp } from './message.ts'
import { HttpSession } from './session.ts'

/** Ports of IANA, and where devices put their pages; IPP (631) is HTTP too. */
const HINTS: readonly number[] = [80, 8080, 8000, 8008, 631, 5357]

/** A row whose sessions share a budget for bytes out of order: one per sensor. */
export function createHttp(): ProtocolRow {
  const held = { bytes: 0 }
  return {
    id: 'http',
    name: 'HTTP/1',
    transports: ['tcp'],
    hints: HINTS,
    probe: (_transport, _direction, buf, off, end) => probeHttp(buf, off, end),
    open: (context) => new HttpSession(context, held),
  }
}
