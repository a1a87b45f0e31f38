// TLS: the registry row. Public names of this folder for QUIC, tests and the twin.
// Keeps the rule that a port is a hint: HL7 and DICOM over TLS have ports of their own, and are TLS by content.

import type { ProtocolRow } from '../protocol.ts'
import { DtlsSession, probeDtls } from './dtls.ts'
import { probeTls } from './probe.ts'
import { TlsSession } from './session.ts'

export { encodeCertificate } from './certificate.ts'
export { encodeCertificates, encodeClientHello, encodeServerHello } from './message.ts'

export const tls: ProtocolRow = {
  id: 'tls',
  name: 'TLS',
  transports: ['tcp', 'udp'],
  // 443 web (and VPNs over DTLS), 4433 and 5684 by custom and for CoAP (RFC 7252), 636 directory, 2762 DICOM (PS3.15), 6514 syslog (RFC 5425), 8443 by custom.
  hints: [443, 636, 2762, 4433, 5684, 6514, 8443],
  probe: (transport, _direction, buf, off, end) => (transport === 'udp' ? probeDtls(buf, off, end) : probeTls(buf, off, end)),
  open: (context) => (context.transport === 'udp' ? new DtlsSession(context) : new TlsSession(context)),
}
