// TLS probe: does a direction begin with a client hello, a server hello, or (joined late) with encrypted records?
// Keeps the rule that a no costs one byte: every unknown flow is asked.

import { u16be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { TlsContent, TlsHandshake } from './codes.ts'
import { decodeSsl2Hello } from './message.ts'
import { RECORD_BYTES_MAX, RECORD_HEAD_BYTES } from './stream.ts'

/** Record head, handshake head, version. */
const HELLO_LOOK_BYTES = 11
/** Shortest hello: version, random, empty session, one suite or the chosen one. */
const HELLO_BYTES_MIN = 38
/** OpenSSL takes no longer one. */
const HELLO_BYTES_MAX = 16_384
/** An encrypted record has at least a tag or a MAC behind its data. */
const ENCRYPTED_BYTES_MIN = 17

export function probeTls(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const first = u8(buf, off)
  if (first === TlsContent.handshake) return probeHello(buf, off, end)
  if (first === TlsContent.applicationData) return probeEncrypted(buf, off, end)
  return first === 0x80 ? probeSsl2(buf, off, end) : 'no'
}

/** A hello is the first message of its record; its length fits the record or goes on in the next. */
function probeHello(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const length = end - off
  if (length > 1 && u8(buf, off + 1) !== 3) return 'no'
  if (length > 2 && u8(buf, off + 2) > 4) return 'no'
  if (length > 5 && u8(buf, off + 5) !== TlsHandshake.clientHello && u8(buf, off + 5) !== TlsHandshake.serverHello) return 'no'
  if (length < HELLO_LOOK_BYTES) return 'more'
  const record = u16be(buf, off + 3)
  const message = u8(buf, off + 6) * 0x1_0000 + u16be(buf, off + 7)
  const isVersion = u8(buf, off + 9) === 3 && u8(buf, off + 10) <= 4
  return isVersion && record >= 4 && record <= RECORD_BYTES_MAX && message >= HELLO_BYTES_MIN && message <= HELLO_BYTES_MAX ? 'yes' : 'no'
}

/**
 * Application data of a flow joined late: the record must be followed by the head of another, or end with the packet. Before that nothing
 * is said, and a probe sees at most the bytes of IDENTIFY_BYTES_MAX: a record longer than that is believed by its five bytes.
 */
function probeEncrypted(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const length = end - off
  if (length > 1 && u8(buf, off + 1) !== 3) return 'no'
  if (length > 2 && (u8(buf, off + 2) === 0 || u8(buf, off + 2) > 3)) return 'no'
  if (length < RECORD_HEAD_BYTES) return 'more'
  const record = u16be(buf, off + 3)
  if (record < ENCRYPTED_BYTES_MIN || record > RECORD_BYTES_MAX) return 'no'
  const next = off + RECORD_HEAD_BYTES + record
  if (next === end) return 'yes'
  if (next > end) return end - off >= ENCRYPTED_LOOK_BYTES ? 'yes' : 'more'
  const content = u8(buf, next)
  if (content < TlsContent.changeCipherSpec || content > TlsContent.applicationData) return 'no'
  if (next + 2 >= end) return 'more'
  return u8(buf, next + 1) === 3 && u8(buf, next + 2) === u8(buf, off + 2) ? 'yes' : 'no'
}

/** One Ethernet payload less headers: a record that fills a whole segment cannot show its end. */
const ENCRYPTED_LOOK_BYTES = 1200

function probeSsl2(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off > 2 && u8(buf, off + 2) !== TlsHandshake.clientHello) return 'no'
  if (end - off > 3 && u8(buf, off + 3) !== 3) return 'no'
  if (end - off < 11) return 'more'
  return decodeSsl2Hello(buf, off, end) === null ? 'no' : 'yes'
}
