// TFTP: the registry row. Its probe takes a whole request; the data's flow, which has ports of its own, is known because it was announced.
// Keeps the rule of no shared mutable state on import: each sensor has a row with a memory of its own.

import { ExpectedFlows } from '../expected.ts'
import type { ProtocolRow } from '../protocol.ts'
import { looksLikeRequest } from './message.ts'
import { TftpSession, type TftpMemory } from './session.ts'

/** A row whose flows share what was announced: one per sensor, or per replay. RFC 1350 section 4: requests go to port 69. */
export function createTftp(): ProtocolRow {
  const memory: TftpMemory = { expected: new ExpectedFlows(), held: { bytes: 0 } }
  return {
    id: 'tftp',
    name: 'TFTP',
    transports: ['udp'],
    hints: [69],
    probe: (_transport, _direction, buf, off, end) => (looksLikeRequest(buf, off, end) ? 'yes' : 'no'),
    expects: { ports: (a, b) => memory.expected.has(a, b), flow: (transport, flow) => transport === 'udp' && memory.expected.of(flow) !== null },
    open: (context) => new TftpSession(context, memory, memory.expected.of(context.flow)),
  }
}
