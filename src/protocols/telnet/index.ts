// Telnet: the registry row. Public names of this folder for tests and the twin.
// Keeps the rule that a port is a hint: a shell on port 23 that negotiates nothing is not Telnet.

import type { ProtocolRow } from '../protocol.ts'
import { probeTelnet } from './message.ts'
import { TelnetSession } from './session.ts'

export { encodeTelnet } from './message.ts'

export const telnet: ProtocolRow = {
  id: 'telnet',
  name: 'Telnet',
  transports: ['tcp'],
  hints: [23, 2323],
  probe: (_transport, _direction, buf, off, end) => probeTelnet(buf, off, end),
  open: (context) => new TelnetSession(context),
}
