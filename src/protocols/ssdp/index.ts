// SSDP: the registry row.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { decodeSsdp, startOf } from './message.ts'
import { openSsdp } from './session.ts'

export { encodeSsdp } from './message.ts'

/** Multicast to 239.255.255.250 and ff02::c, port 1900 (UPnP Device Architecture 2.0 section 1.1). */
export const ssdp: ProtocolRow = {
  id: 'ssdp',
  name: 'SSDP',
  transports: ['udp'],
  hints: [1900],
  probe: (_transport, _direction, buf, off, end) => probeSsdp(buf, off, end),
  open: openSsdp,
}

/** A response must say that it is one: HTTP over UDP has other users. */
function probeSsdp(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const kind = startOf(buf, off, end)
  if (kind === null) return 'no'
  const fields = decodeSsdp(buf, off, end)?.fields
  return fields?.has(kind === 'notify' ? 'nt' : 'st') === true ? 'yes' : 'no'
}
