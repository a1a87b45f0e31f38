// DICOM: the registry row for the upper layer over TCP, on any port, in either direction.
// Keeps the rule that a port is a hint: 104 needs privileges, so most archives listen somewhere else.

import type { ProtocolRow } from '../protocol.ts'
import { probeDicom } from './probe.ts'
import { DicomSession } from './session.ts'

export const dicom: ProtocolRow = {
  id: 'dicom',
  name: 'DICOM',
  transports: ['tcp'],
  // 104 and 11112 are the registered ports (PS3.8 section 9.1.1); 4242 is what open archives and test tools use.
  hints: [104, 11112, 4242],
  probe: (_transport, _direction, buf, off, end) => probeDicom(buf, off, end),
  open: (context) => new DicomSession(context),
}
