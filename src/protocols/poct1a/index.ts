// POCT1-A: the registry row for point-of-care devices (glucose meters, blood gas analysers) and their data managers: XML over TCP.
// Keeps the rule that a port is a hint: the standard names none.

import type { ProtocolRow } from '../protocol.ts'
import { probePoct } from './probe.ts'
import { PoctSession } from './session.ts'

export const poct1a: ProtocolRow = {
  id: 'poct1a',
  name: 'POCT1-A',
  transports: ['tcp'],
  hints: [],
  probe: (_transport, _direction, buf, off, end) => probePoct(buf, off, end),
  open: (context) => new PoctSession(context),
}
