// Initial packets sealed by node:crypto, for goldens and tests: nothing of our own AES or HKDF is used, so that both have a judge.
// Keeps the names: versions and labels come from RFC 9001 and RFC 9369, ids are of our own making.

import { createCipheriv, createHmac } from 'node:crypto'
import { quicVersion } from '../codes.ts'

/** The connection id of RFC 9001 appendix A. */
export const ID = Uint8Array.of(0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08)

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac('sha256', key).update(data).digest())
}

function derive(secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = [...Buffer.from(`tls13 ${label}`)]
  return hmac(secret, Uint8Array.from([0, length, full.length, ...full, 0, 1])).slice(0, length)
}

/** RFC 9000 section 16, two or four bytes. */
export function varint(value: number): number[] {
  return value < 0x4000 ? [0x40 | (value >> 8), value & 255] : [0x80 | (value >>> 24), (value >> 16) & 255, (value >> 8) & 255, value & 255]
}

/** A CRYPTO frame. */
export function cryptoFrame(offset: number, data: Uint8Array): number[] {
  return [6, ...varint(offset), ...varint(data.length), ...data]
}

export interface InitialParts {
  readonly version?: number
  readonly id?: Uint8Array
  /** Keys come from this id; default `id`. */
  readonly keyId?: Uint8Array
  readonly number?: number
  readonly token?: readonly number[]
  readonly frames: readonly number[]
  /** Whole datagram is filled up to this with padding; a client's has at least 1200 bytes. */
  readonly bytes?: number
}

/** One Initial packet of a client (RFC 9000 section 17.2.2, RFC 9001 section 5). */
export function sealInitial(parts: InitialParts): Uint8Array {
  const number = parts.version ?? 1
  const version = quicVersion(number)
  if (!version) throw new Error('unknown version')
  const id = parts.id ?? ID
  const head = [0xc1 | (version.initialType << 4), number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255, id.length, ...id, 0]
  const token = parts.token ?? []
  const padding = Math.max(0, (parts.bytes ?? 1200) - head.length - 2 - token.length - 4 - 2 - 16 - parts.frames.length)
  const plain = Uint8Array.from([...parts.frames, ...new Uint8Array(padding)])
  const full = Uint8Array.from([...head, ...varint(token.length), ...token, ...varint(2 + plain.length + 16), 0, parts.number ?? 0])
  const client = derive(hmac(Buffer.from(version.salt, 'hex'), parts.keyId ?? id), 'client in', 32)
  const [key, iv, headerKey] = [derive(client, `${version.label} key`, 16), derive(client, `${version.label} iv`, 12), derive(client, `${version.label} hp`, 16)]
  iv[11] = (iv[11] as number) ^ (parts.number ?? 0)
  const cipher = createCipheriv('aes-128-gcm', key, iv).setAAD(full)
  const sealed = Uint8Array.from([...cipher.update(plain), ...cipher.final(), ...cipher.getAuthTag()])
  const packet = Uint8Array.from([...full, ...sealed])
  const numberAt = full.length - 2
  const mask = createCipheriv('aes-128-ecb', headerKey, null).update(packet.slice(numberAt + 4, numberAt + 20))
  packet[0] = (packet[0] as number) ^ ((mask[0] as number) & 0x0f)
  for (let i = 0; i < 2; i++) packet[numberAt + i] = (packet[numberAt + i] as number) ^ (mask[1 + i] as number)
  return packet
}
