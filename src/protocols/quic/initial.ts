// The protection of Initial packets: keys out of the connection id that stands in clear beside them, header and payload opened (RFC 9001 section 5).
// Keeps the rule that nothing secret is here: these keys protect against mistakes, not against readers (RFC 9001 section 5.2).

import { Aes128, openGcm } from '../../base/aes.ts'
import { hkdfExpandLabel, hkdfExtract } from '../../base/hkdf.ts'
import { u8 } from '../../wire/bytes.ts'
import type { QuicVersion } from './codes.ts'
import type { InitialPlace } from './message.ts'

const SAMPLE_OFFSET = 4

/** What opens the Initial packets of one client. */
export interface InitialKeys {
  readonly packet: Aes128
  readonly iv: Uint8Array
  readonly header: Aes128
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

/** RFC 9001 section 5.2, for what the client sends; the id at [off, end) is the destination's of its first packet. */
export function clientKeys(version: QuicVersion, buf: Uint8Array, off: number, end: number): InitialKeys {
  const initial = hkdfExtract(fromHex(version.salt), buf.slice(off, end))
  const client = hkdfExpandLabel(initial, 'client in', 32)
  const derive = (name: string, length: number): Uint8Array => hkdfExpandLabel(client, `${version.label} ${name}`, length)
  return { packet: new Aes128(derive('key', 16)), iv: derive('iv', 12), header: new Aes128(derive('hp', 16)) }
}

/** The frames of the Initial packet whose first byte is at `off`; null when the keys do not fit (RFC 9001 sections 5.3 and 5.4). */
export function openInitial(keys: InitialKeys, buf: Uint8Array, off: number, place: InitialPlace): Uint8Array | null {
  const mask = new Uint8Array(16)
  keys.header.block(buf, place.numberOff + SAMPLE_OFFSET, mask)
  const first = u8(buf, off) ^ (u8(mask, 0) & 0x0f)
  const numberBytes = (first & 3) + 1
  const head = buf.slice(off, place.numberOff + numberBytes)
  head[0] = first
  const nonce = Uint8Array.from(keys.iv)
  for (let i = 0; i < numberBytes; i++) {
    const byte = u8(buf, place.numberOff + i) ^ u8(mask, 1 + i)
    head[place.numberOff - off + i] = byte
    const at = nonce.length - numberBytes + i
    nonce[at] = (nonce[at] as number) ^ byte
  }
  return openGcm(keys.packet, nonce, head, buf, place.numberOff + numberBytes, place.end)
}
