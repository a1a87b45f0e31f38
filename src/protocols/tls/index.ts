// TLS: the registry row. Public names of this folder for QUIC, tests and the twin.
// Keeps the rule that a port is a hint: HL7 and DICOM over TLS have ports of their own, and are TLS by content.

import type { ProtocolRow } from '../protocol.ts'
import { probeTls } from './probe.ts'
import { TlsSession } from './session.ts'

export { encodeCertificate } from './certificate.ts'
export { encodeCertificates, encodeClientHello, encodeServerHello } from './message.ts'

export const tls: ProtocolRow = {
  id: 'tls',
  name: 'TLS',
  transports: ['tcp'],
  // 443 web, 636 directory, 2762 DICOM (PS3.15), 6514 syslog (RFC 5425), 8443 by custom.
  hints: [443, 636, 2762, 6514, 8443],
  probe: (_transport, _direction, buf, off, end) => probeTls(buf, off, end),
  open: (context) => new TlsSession(context),
}
