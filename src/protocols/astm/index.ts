// ASTM: the registry row for laboratory analysers: E1394 (LIS2-A2) records in E1381 (LIS01-A2) frames, or bare, over TCP.
// Keeps the rule that a port is a hint: no port is registered, serial lines become TCP in whatever box the hospital bought.

import type { ProtocolRow } from '../protocol.ts'
import { probeAstm } from './probe.ts'
import { AstmSession } from './session.ts'

export const astm: ProtocolRow = {
  id: 'astm',
  name: 'ASTM E1394',
  transports: ['tcp'],
  hints: [],
  probe: (_transport, _direction, buf, off, end) => probeAstm(buf, off, end),
  open: (context) => new AstmSession(context),
}
