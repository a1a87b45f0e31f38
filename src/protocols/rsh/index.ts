// rlogin, rsh and rexec: the registry row. Public names of this folder for tests and the twin.
// Keeps the rule that a port is a hint: the three are told apart by what the client says first.

import type { ProtocolRow } from '../protocol.ts'
import { probeRsh } from './message.ts'
import { RshSession } from './session.ts'

export { encodeRsh } from './message.ts'

export const rsh: ProtocolRow = {
  id: 'rsh',
  name: 'rlogin, rsh, rexec',
  transports: ['tcp'],
  // exec, login, shell (IANA).
  hints: [512, 513, 514],
  probe: (_transport, _direction, buf, off, end) => probeRsh(buf, off, end),
  open: (context) => new RshSession(context),
}
