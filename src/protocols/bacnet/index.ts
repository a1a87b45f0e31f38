// BACnet/IP: the registry row and its probe.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import { u16be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { BVLC_FUNCTION_MAX, BVLC_TYPE } from './codes.ts'
import { openBacnet } from './session.ts'

export { encodeIAm, encodeReadAnswer } from './encode.ts'

/** 0xBAC0 (annex J.1.2). */
export const bacnet: ProtocolRow = {
  id: 'bacnet',
  name: 'BACnet/IP',
  transports: ['udp'],
  hints: [47808],
  probe: (_transport, _direction, buf, off, end) => probeBacnet(buf, off, end),
  open: openBacnet,
}

/** Type 0x81, a known function, the datagram's own length, and for those that carry one a network header of version 1. */
function probeBacnet(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off < 4 || u8(buf, off) !== BVLC_TYPE) return 'no'
  const what = u8(buf, off + 1)
  if (what > BVLC_FUNCTION_MAX || u16be(buf, off + 2) !== end - off) return 'no'
  const at = what >= 0x09 && what <= 0x0b ? off + 4 : what === 0x04 ? off + 10 : -1
  return at < 0 || (at + 2 <= end && u8(buf, at) === 1) ? 'yes' : 'no'
}
