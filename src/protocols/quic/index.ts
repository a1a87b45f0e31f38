// QUIC: the registry row.
// Keeps the rule that a port is a hint: the version in a long header is the judge.

import type { ProtocolRow } from '../protocol.ts'
import { probeQuic } from './message.ts'
import { QuicSession } from './session.ts'

export const quic: ProtocolRow = {
  id: 'quic',
  name: 'QUIC',
  transports: ['udp'],
  hints: [443],
  probe: (_transport, _direction, buf, off, end) => probeQuic(buf, off, end),
  open: (context) => new QuicSession(context),
}
