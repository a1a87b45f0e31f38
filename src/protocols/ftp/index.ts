// FTP: the registry row. Its probe takes a server's greeting; data connections are known because they were announced.
// Keeps the rule of no shared mutable state on import: each sensor has a row with a memory of its own.

import { ExpectedFlows } from '../expected.ts'
import type { ProtocolRow } from '../protocol.ts'
import { FtpDataSession } from './data.ts'
import { probeFtp } from './message.ts'
import { FtpSession, type FtpMemory } from './session.ts'

/** A row whose flows share what was announced: one per sensor, or per replay. RFC 959 section 8: port 21. */
export function createFtp(): ProtocolRow {
  const memory: FtpMemory = { expected: new ExpectedFlows(), held: { bytes: 0 } }
  return {
    id: 'ftp',
    name: 'FTP',
    transports: ['tcp'],
    hints: [21],
    probe: (_transport, _direction, buf, off, end) => probeFtp(buf, off, end),
    expects: { ports: (a, b) => memory.expected.has(a, b), flow: (transport, flow) => transport === 'tcp' && memory.expected.of(flow) !== null },
    open: (context) => {
      const link = memory.expected.of(context.flow)
      return link === null ? new FtpSession(context, memory) : new FtpDataSession(context, link)
    },
  }
}
