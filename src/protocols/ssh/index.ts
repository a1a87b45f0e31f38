// SSH: the registry row. Public names of this folder for tests and the twin.
// Keeps the rule that a port is a hint: either side's first line tells, on any port.

import type { ProtocolRow } from '../protocol.ts'
import { startsSsh } from './message.ts'
import { SshSession } from './session.ts'

export { encodeSshIdentification } from './message.ts'

export const ssh: ProtocolRow = {
  id: 'ssh',
  name: 'SSH',
  transports: ['tcp'],
  hints: [22],
  probe: (_transport, _direction, buf, off, end) => startsSsh(buf, off, end),
  open: (context) => new SshSession(context),
}
