// SNMP: the registry row. Public names of this folder for tests and the twin.
// Keeps the rule that a port is a hint: a whole message in BER is the judge.

import type { ProtocolRow } from '../protocol.ts'
import { probeSnmp } from './message.ts'
import { SnmpSession } from './session.ts'

export { SnmpPdu, SnmpVersion } from './codes.ts'
export { encodeSnmp, encodeSnmpPdu, encodeSnmpV3 } from './message.ts'

export const snmp: ProtocolRow = {
  id: 'snmp',
  name: 'SNMP',
  transports: ['udp'],
  // Agents, notifications (RFC 3417 section 3).
  hints: [161, 162],
  probe: (_transport, _direction, buf, off, end) => probeSnmp(buf, off, end),
  open: (context) => new SnmpSession(context),
}
