// IntelliVue: the registry row. Philips monitors' data export: connect indication, association, polls, on UDP.
// Keeps a cheap probe: two bytes refuse nearly everything, and what they let through must fit to its last byte.

import { u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow } from '../protocol.ts'
import { ASSOCIATION_EVENTS } from './codes.ts'
import { decodeIntellivue } from './message.ts'
import { IntellivueSession } from './session.ts'

function probe(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off < 8) return 'no'
  const first = u8(buf, off)
  const second = u8(buf, off + 1)
  const mayBe = (first === 0xe1 && second === 0) || (first === 0 && second === 0 && u8(buf, off + 2) === 1) || ASSOCIATION_EVENTS.has(first)
  if (!mayBe) return 'no'
  const message = decodeIntellivue(buf, off, end)
  // What begins with a nomenclature version must be a connect indication: zeros and a one open other protocols too.
  if (message === null || (first === 0 && message.kind !== 'connect-indication')) return 'no'
  return 'yes'
}

/** 24005 connect indication (broadcast), 24105 association and data (the guide). */
export const intellivue: ProtocolRow = {
  id: 'intellivue',
  name: 'Philips IntelliVue data export',
  transports: ['udp'],
  hints: [24005, 24105],
  probe: (_transport, _direction, buf, off, end) => probe(buf, off, end),
  open: (context) => new IntellivueSession(context),
}
