// SDC: the registry row. IEEE 11073 service-oriented device connectivity: WS-Discovery 1.1 on UDP, SOAP in clear on TCP.
// Keeps a cheap probe: one byte refuses nearly everything; only what opens like XML or a POST is looked through for a name.

import { u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer, ProtocolRow, Transport } from '../protocol.ts'
import { DISCOVERY_NAMESPACE } from './codes.ts'
import { SdcSession } from './session.ts'

/** The namespace stands in the envelope's tag, with some twenty others; SOAP over UDP has 4096 bytes at most. */
const LOOK_BYTES_MAX = 4096
/** A POST's head: what an HTTP server takes as a limit for it (8 kB is usual); the identification shows 2048 bytes. */
const HEAD_BYTES_MAX = 2048
const POST = 'POST '
const SOAP_TYPE = 'application/soap+xml'
const HEAD_END = '\r\n\r\n'

function probe(transport: Transport, buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (off >= end) return 'more'
  if (transport === 'tcp') return probePost(buf, off, end)
  const at = u8(buf, off) === 0xef ? off + 3 : off
  if (at >= end || u8(buf, at) !== 0x3c) return 'no'
  return indexOf(buf, at, Math.min(end, off + LOOK_BYTES_MAX), DISCOVERY_NAMESPACE) >= 0 ? 'yes' : 'no'
}

/** A POST of SOAP 1.2: the type is in its head. */
function probePost(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  for (let i = 0; i < POST.length; i++) {
    if (off + i >= end) return 'more'
    if (u8(buf, off + i) !== POST.charCodeAt(i)) return 'no'
  }
  const stop = Math.min(end, off + HEAD_BYTES_MAX)
  const headEnd = indexOf(buf, off, stop, HEAD_END)
  if (indexOf(buf, off, headEnd < 0 ? stop : headEnd, SOAP_TYPE) >= 0) return 'yes'
  return headEnd < 0 && end - off < HEAD_BYTES_MAX ? 'more' : 'no'
}

/** Where `text` (ASCII, lower case counts as upper) begins in [off, end); -1 when nowhere. One pass with a first byte to look for. */
function indexOf(buf: Uint8Array, off: number, end: number, text: string): number {
  const first = text.charCodeAt(0)
  for (let at = off; at <= end - text.length; at++) {
    if (lower(u8(buf, at)) !== first) continue
    let same = 1
    while (same < text.length && lower(u8(buf, at + same)) === text.charCodeAt(same)) same++
    if (same === text.length) return at
  }
  return -1
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
}

/** 3702 is WS-Discovery's; the services' ports are free. */
export const sdc: ProtocolRow = {
  id: 'sdc',
  name: 'IEEE 11073 SDC and WS-Discovery 1.1',
  transports: ['tcp', 'udp'],
  hints: [3702],
  probe: (transport, _direction, buf, off, end) => probe(transport, buf, off, end),
  open: (context) => new SdcSession(context),
}
