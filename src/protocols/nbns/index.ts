// NetBIOS names: the registry row.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import { u16be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { NB_DATAGRAMS } from './codes.ts'
import { decodeNb, readNbName } from './message.ts'
import { openNbns } from './session.ts'

export { encodeNbRegistration } from './message.ts'

/** Name service 137, datagram service 138 (RFC 1002 sections 4.2 and 4.4). */
export const nbns: ProtocolRow = {
  id: 'nbns',
  name: 'NetBIOS names',
  transports: ['udp'],
  hints: [137, 138],
  probe: (_transport, _direction, buf, off, end) => probeNbns(buf, off, end),
  open: openNbns,
}

/** A name of 32 letters where each form has it; of the name service at most one question and sections that fit. */
function probeNbns(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off < 50) return 'no'
  if (u8(buf, off + 12) === 32 && u16be(buf, off + 4) <= 1 && readNbName(buf, off + 12, end)) return decodeNb(buf, off, end) ? 'yes' : 'no'
  return NB_DATAGRAMS.has(u8(buf, off)) && u8(buf, off + 14) === 32 && readNbName(buf, off + 14, end) ? 'yes' : 'no'
}
