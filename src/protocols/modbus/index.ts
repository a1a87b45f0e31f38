// Modbus: the registry row, and the probe that it needs: seven bytes say little, so the length must fit the function.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import { u16be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { decodeHead, fitsFunction, MODBUS_HEAD_BYTES } from './message.ts'
import { openModbus } from './session.ts'

export { encodeModbus } from './message.ts'

/** Units a serial line has (V1.1b3 section 2 on addressing), and 255 for the device itself on TCP. */
const UNIT_MAX = 247
const UNIT_SELF = 255

export const modbus: ProtocolRow = {
  id: 'modbus',
  name: 'Modbus/TCP',
  transports: ['tcp'],
  hints: [502],
  probe: (_transport, _direction, buf, off, end) => probeModbus(buf, off, end),
  open: openModbus,
}

/** Bytes of the first message that decide: up to the count of a write of several. */
const PROBE_BYTES = 13

/** A-ASSOCIATE-RJ of DICOM (PS3.8 table 9-21): the same ten bytes would be the answer of unit 0, to which nobody answers, to its 768th question. */
function isRefusedAssociation(buf: Uint8Array, off: number): boolean {
  return u16be(buf, off) === 0x0300 && u16be(buf, off + 4) === 4 && u8(buf, off + 6) === 0
}

function probeModbus(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off >= 4 && u16be(buf, off + 2) !== 0) return 'no'
  if (end - off < MODBUS_HEAD_BYTES) return 'more'
  const head = decodeHead(buf, off)
  if (!head || (u8(buf, off + 6) > UNIT_MAX && u8(buf, off + 6) !== UNIT_SELF)) return 'no'
  const wanted = off + Math.min(head.bytes, PROBE_BYTES)
  if (end < wanted) return 'more'
  if (!fitsFunction(buf, off, head, wanted) || isRefusedAssociation(buf, off)) return 'no'
  // The message is whole, and what follows in the same bytes begins like another.
  const next = off + head.bytes
  if (end < next) return 'more'
  return end - next < MODBUS_HEAD_BYTES || decodeHead(buf, next) ? 'yes' : 'no'
}
