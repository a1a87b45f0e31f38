// DTLS: TLS over datagrams (RFC 6347, RFC 9147): records and pieces of hellos to hellos, and the facts they teach, which are TLS's.
// Keeps the rules that a record above epoch 0 is encrypted and not looked at, and that a hello in pieces has a bound.

import type { Micros } from '../../base/time.ts'
import { u16be, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { FRAGMENT_WINS } from '../../wire/reassembly/overlap.ts'
import { Pieces } from '../../wire/reassembly/pieces.ts'
import type { ProbeAnswer, Session, SessionContext } from '../protocol.ts'
import { Dtls, TlsContent, TlsHandshake } from './codes.ts'
import type { TlsFact } from './facts.ts'
import { decodeClientHello, decodeServerHello } from './message.ts'
import { type Body, helloWords, serverWords } from './session.ts'

/** Type, version, epoch, sequence number, length (RFC 6347 section 4.1). */
const DTLS_RECORD_HEAD_BYTES = 13
/** Type, length, message number, place and length of the piece (RFC 6347 section 4.2.2). */
const DTLS_MESSAGE_HEAD_BYTES = 12
/** A hello in pieces: some 1800 bytes with a post-quantum key share; OpenSSL takes up to 16 KiB, nobody sends it in datagrams. */
export const DTLS_HELLO_BYTES_MAX = 8192
/** Records of one datagram that are looked at: a flight has up to six messages (RFC 6347 figure 1). */
const RECORDS_MAX = 16
/** Version, random, empty session and cookie, one suite; and the least of a HelloVerifyRequest. */
const HELLO_BYTES_MIN = 38
const VERIFY_BYTES_MIN = 3
/** An encrypted record has a number and a tag or MAC of 8 bytes at least. */
const ENCRYPTED_BYTES_MIN = 9

/** DTLS 1.3 encrypts under a head of its own: 001CSLEE (RFC 9147 section 4). */
const UNIFIED = 0x20
const UNIFIED_MASK = 0xe0

/** Pieces of one hello: a path of 250 bytes cuts the longest in 32. */
const PIECES_MAX = 32

/** The hello of one side as far as it came. */
interface PartialHello {
  readonly message: number
  readonly length: number
  readonly pieces: Pieces
}

export class DtlsSession implements Session {
  readonly #context: SessionContext
  readonly #told = new Set<string>()
  readonly #partial: [PartialHello | null, PartialHello | null] = [null, null]
  readonly #isSealed: [boolean, boolean] = [false, false]
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  /** Both sides encrypt: nothing more can be read. */
  get isDone(): boolean {
    return this.#isSealed[0] && this.#isSealed[1]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    let place = off
    for (let i = 0; i < RECORDS_MAX && end - place >= DTLS_RECORD_HEAD_BYTES; i++) {
      if ((u8(buf, place) & UNIFIED_MASK) === UNIFIED) return this.#sealed(direction, TlsContent.handshake)
      const stop = place + DTLS_RECORD_HEAD_BYTES + u16be(buf, place + 11)
      if (!isVersion(buf, place + 1) || stop > end) return
      if (u16be(buf, place + 3) > 0) return this.#sealed(direction, u8(buf, place))
      if (u8(buf, place) === TlsContent.handshake) this.#handshake(direction, buf, place + DTLS_RECORD_HEAD_BYTES, stop)
      place = stop
    }
  }

  gap(): void {}

  end(): void {}

  #sealed(direction: Direction, content: number): void {
    this.#isSealed[direction] = true
    this.#partial[direction] = null
    // What ends the handshake is encrypted, too: of data alone the hello was not captured.
    const hasHello = this.#told.has('client-hello') || this.#told.has('server-hello')
    if (content === TlsContent.applicationData && !hasHello) this.#tellOnce('encrypted', { kind: 'encrypted', direction })
  }

  /** One record may hold several messages, or pieces of them. */
  #handshake(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    for (let at = off; end - at >= DTLS_MESSAGE_HEAD_BYTES;) {
      const stop = at + DTLS_MESSAGE_HEAD_BYTES + u24(buf, at + 9)
      if (stop > end) return
      const type = u8(buf, at)
      if (type === TlsHandshake.clientHello || type === TlsHandshake.serverHello) this.#piece(direction, type, buf, at, stop)
      at = stop
    }
  }

  /** A whole hello is read where it lies; of one in pieces the newest message counts. */
  #piece(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void {
    if (this.#told.has(type === TlsHandshake.clientHello ? 'client-hello' : 'server-hello')) return
    const [length, message, from] = [u24(buf, off + 1), u16be(buf, off + 4), u24(buf, off + 6)]
    const at = off + DTLS_MESSAGE_HEAD_BYTES
    if (from + end - at > length) return this.#malformed(direction, 'handshake-length')
    if (end - at === length) return this.#hello(direction, type, buf, at, end)
    if (length > DTLS_HELLO_BYTES_MAX) return this.#malformed(direction, 'handshake-length')
    let partial = this.#partial[direction]
    if (partial === null || partial.message !== message || partial.length !== length) partial = { message, length, pieces: new Pieces() }
    this.#partial[direction] = partial
    partial.pieces.insert(from, buf, at, end, FRAGMENT_WINS.first)
    if (partial.pieces.count > PIECES_MAX) {
      this.#partial[direction] = null
      return this.#malformed(direction, 'handshake-length')
    }
    if (partial.pieces.run() < length) return
    this.#partial[direction] = null
    this.#hello(direction, type, partial.pieces.joined(length), 0, length)
  }

  #hello(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void {
    if (type === TlsHandshake.clientHello) {
      const hello = decodeClientHello(buf, off, end, true)
      if (hello === null) this.#malformed(direction, 'client-hello')
      else this.#tellOnce('client-hello', { kind: 'client-hello', direction, ...helloWords(hello, 'd') })
      return
    }
    const hello = decodeServerHello(buf, off, end)
    if (hello === null) this.#malformed(direction, 'server-hello')
    else if (!hello.isRetry) this.#tellOnce('server-hello', { kind: 'server-hello', direction, ...serverWords(hello) })
  }

  #malformed(direction: Direction, reason: 'handshake-length' | 'client-hello' | 'server-hello'): void {
    this.#tellOnce(`malformed${direction}`, { kind: 'malformed', direction, reason })
  }

  #tellOnce(key: string, body: Body<TlsFact>): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'tls', flowId: this.#context.flow.id, ...body })
  }
}

function u24(buf: Uint8Array, off: number): number {
  return u8(buf, off) * 0x1_0000 + u16be(buf, off + 1)
}

function isVersion(buf: Uint8Array, off: number): boolean {
  const version = u16be(buf, off)
  return version === Dtls.v10 || version === Dtls.v12 || version === Dtls.openssl
}

/**
 * A datagram that begins with a hello (or the question for one with a cookie) in epoch 0, or, joined late, with encrypted records that end with
 * the datagram.
 */
export function probeDtls(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const content = u8(buf, off)
  if (content !== TlsContent.handshake && content !== TlsContent.applicationData) return 'no'
  if (end - off < DTLS_RECORD_HEAD_BYTES || !isVersion(buf, off + 1)) return 'no'
  if (content === TlsContent.applicationData) return isEncrypted(buf, off, end) ? 'yes' : 'no'
  const record = u16be(buf, off + 11)
  const at = off + DTLS_RECORD_HEAD_BYTES
  if (u16be(buf, off + 3) !== 0 || record < DTLS_MESSAGE_HEAD_BYTES || at + record > end) return 'no'
  const [type, length, from, piece] = [u8(buf, at), u24(buf, at + 1), u24(buf, at + 6), u24(buf, at + 9)]
  if (from + piece > length || piece === 0 || piece + DTLS_MESSAGE_HEAD_BYTES > record) return 'no'
  if (type === TlsHandshake.helloVerify) return length >= VERIFY_BYTES_MIN && length < 3 + 256 ? 'yes' : 'no'
  if (type !== TlsHandshake.clientHello && type !== TlsHandshake.serverHello) return 'no'
  return length >= HELLO_BYTES_MIN && length <= DTLS_HELLO_BYTES_MAX ? 'yes' : 'no'
}

function isEncrypted(buf: Uint8Array, off: number, end: number): boolean {
  let at = off
  for (let i = 0; i < RECORDS_MAX && at < end; i++) {
    if (end - at < DTLS_RECORD_HEAD_BYTES || !isVersion(buf, at + 1) || u16be(buf, at + 3) === 0) return false
    const record = u16be(buf, at + 11)
    if (record < ENCRYPTED_BYTES_MIN) return false
    at += DTLS_RECORD_HEAD_BYTES + record
  }
  return at === end
}

/** A record of epoch 0 with one piece of a handshake message; `message` is its number. */
export function encodeDtlsPiece(type: number, body: Uint8Array, message: number, from: number, to: number, version: number = Dtls.v12): Uint8Array {
  const three = (n: number): number[] => [n >>> 16, (n >>> 8) & 255, n & 255]
  const piece = [type, ...three(body.length), message >>> 8, message & 255, ...three(from), ...three(to - from), ...body.slice(from, to)]
  return Uint8Array.from([TlsContent.handshake, version >>> 8, version & 255, 0, 0, 0, 0, 0, 0, 0, message, piece.length >>> 8, piece.length & 255, ...piece])
}
