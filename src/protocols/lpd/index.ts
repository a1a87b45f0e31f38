// LPD: the registry row, and its probe: one whole command line. Public names of this folder for the twin and the registry.
// Keeps the rule that a port is a hint: TCP 515 is also where a CMS8000 sends its data, and the first three bytes tell them apart.

import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { readLpdCommand } from './message.ts'
import { LpdSession } from './session.ts'

export { LpdCommandCode, LpdSubcommandCode } from './codes.ts'
export { encodeLpdCommand, encodeLpdFile } from './message.ts'

function probe(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  return readLpdCommand(buf, off, end).status
}

/** RFC 1179 section 3.1: the daemon listens on 515. */
export const lpd: ProtocolRow = {
  id: 'lpd',
  name: 'LPD',
  transports: ['tcp'],
  hints: [515],
  probe: (_transport, _direction, buf, off, end) => probe(buf, off, end),
  open: (context) => new LpdSession(context),
}
