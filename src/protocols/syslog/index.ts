// Syslog: the registry row. Public names of this folder for tests and the twin.
// Keeps the rule that a port is a hint: TCP 514 is also rsh's, and the first bytes tell them apart.

import type { ProtocolRow } from '../protocol.ts'
import { probeSyslogDatagram, probeSyslogStream } from './message.ts'
import { SyslogSession } from './session.ts'

export { encodeSyslog } from './message.ts'

export const syslog: ProtocolRow = {
  id: 'syslog',
  name: 'syslog',
  transports: ['udp', 'tcp'],
  // RFC 5426 section 3.3; 601 of RFC 3195, 1468 and 5514 by custom.
  hints: [514, 601, 1468, 5514],
  probe: (transport, _direction, buf, off, end) => (transport === 'udp' ? probeSyslogDatagram(buf, off, end) : probeSyslogStream(buf, off, end)),
  open: (context) => new SyslogSession(context),
}
