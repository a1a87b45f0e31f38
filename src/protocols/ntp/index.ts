// NTP: the registry row.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import type { ProtocolRow } from '../protocol.ts'
import { probeNtp } from './probe.ts'
import { openNtp } from './session.ts'

export { encodeControl, encodePrivate } from './management.ts'
export { encodeNtp } from './message.ts'

export const ntp: ProtocolRow = {
  id: 'ntp',
  name: 'NTP',
  transports: ['udp'],
  hints: [123],
  probe: (_transport, _direction, buf, off, end) => probeNtp(buf, off, end),
  open: openNtp,
}
