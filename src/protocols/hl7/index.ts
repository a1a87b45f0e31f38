// HL7 v2: the registry row. Clinical messages over MLLP or bare, on any port, in either direction.
// Keeps the rule that a port is a hint: monitors and interface engines use whatever the hospital gave them.

import type { ProtocolRow } from '../protocol.ts'
import { probeHl7, probeHl7Inside } from './probe.ts'
import { Hl7Session } from './session.ts'

export const hl7: ProtocolRow = {
  id: 'hl7',
  name: 'HL7 v2',
  transports: ['tcp', 'udp'],
  // 2575 is registered for it; 511 is the CMS8000's, 5001 and 7788 are Comen's (facts cms8000 sections 1, 4); 6661: the tapirx captures.
  hints: [2575, 511, 6661, 5001, 7788],
  probe: (_transport, _direction, buf, off, end) => probeHl7(buf, off, end),
  probeInside: (_transport, _direction, buf, off, end) => probeHl7Inside(buf, off, end),
  open: (context) => new Hl7Session(context),
}
