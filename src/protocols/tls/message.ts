// TLS handshake messages: client hello, server hello and the first certificate, bytes to value and back (RFC 8446 section 4, RFC 5246 section 7.4).
// Keeps house habit 4: offsets are checked against the message's end at each step, and a hello that breaks is null, not half a value.

import { asciiText, u16be, u8 } from '../../wire/bytes.ts'
import { Dtls, isGrease, TLS_1_3, TlsContent, TlsExtension, TlsHandshake } from './codes.ts'

/** RFC 6066 section 3 with RFC 1035 section 3.1. */
export const SERVER_NAME_CHARS_MAX = 255
/** Protocol names kept of a hello: real ones offer one to five. */
export const ALPN_MAX = 8
/** RFC 7301 section 3.1. */
const ALPN_CHARS_MAX = 255
/** Extensions of one hello: IANA has assigned some sixty, and real hellos send below thirty. */
const EXTENSIONS_MAX = 256
/** RFC 5246 appendix E.2: two length bytes, type, version and three lengths. */
const SSL2_HEAD_BYTES = 11
const RANDOM_BYTES = 32

/** A server hello with this random asks for another client hello (RFC 8446 section 4.1.3): the first four of 32 bytes tell. */
const RETRY_RANDOM_HEAD = 0xcf21ad74

export interface ClientHello {
  /** The field of the message; 0x0303 for TLS 1.3 too. */
  readonly version: number
  readonly ciphers: readonly number[]
  /** Types in order, GREASE included. */
  readonly extensions: readonly number[]
  readonly serverName: string | null
  readonly groups: readonly number[]
  readonly pointFormats: readonly number[]
  readonly signatureAlgorithms: readonly number[]
  /** Of the extension supported_versions; empty without it. */
  readonly versions: readonly number[]
  readonly alpn: readonly string[]
  /** First and last byte of the first protocol name, which JA4 shows; null without one. */
  readonly alpnEnds: readonly [number, number] | null
}

export interface ServerHello {
  /** The field of the message; 0x0303 for TLS 1.3 too. */
  readonly legacyVersion: number
  /** The version both will speak. */
  readonly version: number
  readonly cipher: number
  /** Types in order. */
  readonly extensions: readonly number[]
  readonly alpn: string | null
  /** A HelloRetryRequest: the real answer comes later. */
  readonly isRetry: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The body of a client hello at [off, end); DTLS has a cookie behind the session (RFC 6347 section 4.2.1). */
export function decodeClientHello(buf: Uint8Array, off: number, end: number, hasCookie = false): ClientHello | null {
  const sessionAt = off + 2 + RANDOM_BYTES
  if (sessionAt >= end) return null
  const cookieAt = sessionAt + 1 + u8(buf, sessionAt)
  if (hasCookie && cookieAt >= end) return null
  const ciphersAt = hasCookie ? cookieAt + 1 + u8(buf, cookieAt) : cookieAt
  if (ciphersAt + 2 > end) return null
  const compressionAt = ciphersAt + 2 + u16be(buf, ciphersAt)
  if (compressionAt >= end || (compressionAt - ciphersAt) % 2 !== 0) return null
  const extensionsAt = compressionAt + 1 + u8(buf, compressionAt)
  if (extensionsAt > end) return null
  const hello: Mutable<ClientHello> = {
    version: u16be(buf, off), ciphers: numbers(buf, ciphersAt + 2, compressionAt), extensions: [], serverName: null, groups: [], pointFormats: [],
    signatureAlgorithms: [], versions: [], alpn: [], alpnEnds: null,
  }
  // SSL 3.0 and early TLS end here (RFC 5246 section 7.4.1.2).
  return extensionsAt === end || readExtensions(buf, extensionsAt, end, hello) ? hello : null
}

function numbers(buf: Uint8Array, off: number, end: number): number[] {
  const list: number[] = []
  for (let i = off; i + 2 <= end; i += 2) list.push(u16be(buf, i))
  return list
}

function readExtensions(buf: Uint8Array, off: number, end: number, hello: Mutable<ClientHello>): boolean {
  if (off + 2 > end || off + 2 + u16be(buf, off) > end) return false
  const stop = off + 2 + u16be(buf, off)
  const types: number[] = []
  for (let at = off + 2; at < stop;) {
    if (types.length >= EXTENSIONS_MAX || at + 4 > stop || at + 4 + u16be(buf, at + 2) > stop) return false
    const next = at + 4 + u16be(buf, at + 2)
    const type = u16be(buf, at)
    if (!types.includes(type)) readExtension(buf, type, at + 4, next, hello)
    types.push(type)
    at = next
  }
  hello.extensions = types
  return true
}

/** One extension's content at [off, end); a content that does not fit its own lengths leaves the field empty. */
function readExtension(buf: Uint8Array, type: number, off: number, end: number, hello: Mutable<ClientHello>): void {
  switch (type) {
    case TlsExtension.serverName:
      hello.serverName = serverNameOf(buf, off, end)
      break
    case TlsExtension.supportedGroups:
      hello.groups = numbers(buf, off + 2, Math.min(end, listEnd16(buf, off, end)))
      break
    case TlsExtension.pointFormats:
      hello.pointFormats = end > off ? [...buf.subarray(off + 1, Math.min(end, off + 1 + u8(buf, off)))] : []
      break
    case TlsExtension.signatureAlgorithms:
      hello.signatureAlgorithms = numbers(buf, off + 2, Math.min(end, listEnd16(buf, off, end)))
      break
    case TlsExtension.supportedVersions:
      hello.versions = end > off ? numbers(buf, off + 1, Math.min(end, off + 1 + u8(buf, off))) : []
      break
    case TlsExtension.alpn:
      hello.alpn = protocolNames(buf, off, end)
      hello.alpnEnds = firstNameEnds(buf, off, end)
  }
}

function listEnd16(buf: Uint8Array, off: number, end: number): number {
  return off + 2 > end ? off : off + 2 + u16be(buf, off)
}

/** RFC 6066 section 3: list length, then type 0 and a name with its length. */
function serverNameOf(buf: Uint8Array, off: number, end: number): string | null {
  if (off + 5 > end || u8(buf, off + 2) !== 0) return null
  const length = u16be(buf, off + 3)
  return length === 0 || off + 5 + length > end ? null : asciiText(buf, off + 5, off + 5 + length, SERVER_NAME_CHARS_MAX).toLowerCase()
}

/** RFC 7301 section 3.1. */
function protocolNames(buf: Uint8Array, off: number, end: number): string[] {
  const names: string[] = []
  let at = off + 2
  while (at < end && names.length < ALPN_MAX) {
    const next = at + 1 + u8(buf, at)
    if (next > end || next === at + 1) break
    if (!(next === at + 3 && isGrease(u16be(buf, at + 1)))) names.push(asciiText(buf, at + 1, next, ALPN_CHARS_MAX))
    at = next
  }
  return names
}

function firstNameEnds(buf: Uint8Array, off: number, end: number): readonly [number, number] | null {
  let at = off + 2
  // Chrome's GREASE is one of the two-byte values; JA4 takes the first that is none.
  if (at + 3 <= end && u8(buf, at) === 2 && isGrease(u16be(buf, at + 1))) at += 3
  const length = at < end ? u8(buf, at) : 0
  return length === 0 || at + 1 + length > end ? null : [u8(buf, at + 1), u8(buf, at + length)]
}

/** The body of a server hello at [off, end). */
export function decodeServerHello(buf: Uint8Array, off: number, end: number): ServerHello | null {
  const sessionAt = off + 2 + RANDOM_BYTES
  if (sessionAt >= end) return null
  const cipherAt = sessionAt + 1 + u8(buf, sessionAt)
  if (cipherAt + 3 > end) return null
  const hello: Mutable<ServerHello> = {
    legacyVersion: u16be(buf, off), version: u16be(buf, off), cipher: u16be(buf, cipherAt), extensions: [], alpn: null,
    isRetry: u16be(buf, off + 2) * 0x1_0000 + u16be(buf, off + 4) === RETRY_RANDOM_HEAD,
  }
  let at = cipherAt + 5
  const stop = at > end ? end : Math.min(end, at + u16be(buf, at - 2))
  const types: number[] = []
  while (at + 4 <= stop) {
    const next = at + 4 + u16be(buf, at + 2)
    if (next > stop || types.length >= EXTENSIONS_MAX) return null
    types.push(u16be(buf, at))
    if (u16be(buf, at) === TlsExtension.supportedVersions && next === at + 6) hello.version = u16be(buf, at + 4)
    if (u16be(buf, at) === TlsExtension.alpn) hello.alpn = protocolNames(buf, at + 4, next)[0] ?? null
    at = next
  }
  hello.extensions = types
  return hello
}

/**
 * A client hello in SSL 2.0 form (RFC 5246 appendix E.2), as old stacks open even TLS 1.0. `length` counts all of it; null when [off, end)
 * does not begin one, or is too short to tell.
 */
export function decodeSsl2Hello(buf: Uint8Array, off: number, end: number): { readonly version: number; readonly length: number } | null {
  if (end - off < SSL2_HEAD_BYTES) return null
  const length = u16be(buf, off) & 0x7fff
  const [ciphers, session, challenge] = [u16be(buf, off + 5), u16be(buf, off + 7), u16be(buf, off + 9)]
  const isHello = u8(buf, off) >= 0x80 && u8(buf, off + 2) === TlsHandshake.clientHello
  const fits = ciphers > 0 && ciphers % 3 === 0 && (session === 0 || session === 16) && challenge >= 16 && challenge <= 32
  return isHello && fits && length === SSL2_HEAD_BYTES - 2 + ciphers + session + challenge ? { version: u16be(buf, off + 3), length: 2 + length } : null
}

/** Where the first certificate of a certificate message (TLS 1.2 and before) lies: [off, end) of its DER; null without one in these bytes. */
export function firstCertificate(buf: Uint8Array, off: number, end: number): { readonly off: number; readonly end: number } | null {
  if (off + 6 > end) return null
  const length = u8(buf, off + 3) * 0x1_0000 + u16be(buf, off + 4)
  return length === 0 || off + 6 + length > end ? null : { off: off + 6, end: off + 6 + length }
}

// Encoders, for tests and the twin.

const pair = (n: number): number[] => [(n >>> 8) & 255, n & 255]
const bytes = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))
const counted = (list: readonly number[]): number[] => [...pair(list.length), ...list]

/** One record (RFC 8446 section 5.1). */
export function encodeRecord(content: number, body: readonly number[] | Uint8Array, version = 0x0301): Uint8Array {
  return Uint8Array.from([content, ...pair(version), ...pair(body.length), ...body])
}

export function encodeHandshake(type: number, body: readonly number[] | Uint8Array): Uint8Array {
  const head = [type, body.length >>> 16, ...pair(body.length)]
  return Uint8Array.from([...head, ...body])
}

/** A client hello in one record. The extensions' order is that of `extensions`; types without a field here are empty. */
export function encodeClientHello(hello: ClientHello): Uint8Array {
  return encodeRecord(TlsContent.handshake, encodeHandshake(TlsHandshake.clientHello, clientHelloBody(hello, null)))
}

/** Without its head; a cookie, which may be empty, makes it DTLS's. */
export function clientHelloBody(hello: ClientHello, cookie: readonly number[] | null): number[] {
  const extensions = hello.extensions.flatMap((type) => [...pair(type), ...counted(extensionBody(hello, type))])
  return [
    ...pair(hello.version), ...Array.from({ length: RANDOM_BYTES }, (_, i) => i), 0, ...(cookie === null ? [] : [cookie.length, ...cookie]),
    ...counted(hello.ciphers.flatMap(pair)), 1, 0, ...(hello.extensions.length === 0 ? [] : counted(extensions)),
  ]
}

function extensionBody(hello: ClientHello, type: number): number[] {
  switch (type) {
    case TlsExtension.serverName: return counted([0, ...counted(bytes(hello.serverName ?? ''))])
    case TlsExtension.supportedGroups: return counted(hello.groups.flatMap(pair))
    case TlsExtension.pointFormats: return [hello.pointFormats.length, ...hello.pointFormats]
    case TlsExtension.signatureAlgorithms: return counted(hello.signatureAlgorithms.flatMap(pair))
    case TlsExtension.supportedVersions: return [2 * hello.versions.length, ...hello.versions.flatMap(pair)]
    case TlsExtension.alpn: return counted(hello.alpn.flatMap((name) => [name.length, ...bytes(name)]))
    default: return []
  }
}

/** A server hello in one record; TLS 1.3 is said in an extension. */
export function encodeServerHello(hello: ServerHelloWords): Uint8Array {
  return encodeRecord(TlsContent.handshake, encodeHandshake(TlsHandshake.serverHello, serverHelloBody(hello)), 0x0303)
}

type ServerHelloWords = Pick<ServerHello, 'version' | 'cipher' | 'alpn' | 'isRetry'>

export function serverHelloBody({ version, cipher, alpn, isRetry }: ServerHelloWords): number[] {
  const isNew = version === TLS_1_3 || version === Dtls.v13
  const extensions = [
    ...(isNew ? [...pair(TlsExtension.supportedVersions), ...counted(pair(version))] : []),
    ...(alpn === null ? [] : [...pair(TlsExtension.alpn), ...counted(counted([alpn.length, ...bytes(alpn)]))]),
  ]
  const random = Array.from({ length: RANDOM_BYTES }, (_, i) => (isRetry && i < 4 ? (RETRY_RANDOM_HEAD >>> (24 - 8 * i)) & 255 : i))
  const field = !isNew ? version : version === TLS_1_3 ? 0x0303 : Dtls.v12
  return [...pair(field), ...random, 0, ...pair(cipher), 0, ...counted(extensions)]
}

/** A certificate message with one or more certificates, in one record. */
export function encodeCertificates(certificates: readonly Uint8Array[]): Uint8Array {
  const list = certificates.flatMap((c) => [c.length >>> 16, ...pair(c.length), ...c])
  return encodeRecord(TlsContent.handshake, encodeHandshake(TlsHandshake.certificate, [list.length >>> 16, ...pair(list.length), ...list]), 0x0303)
}
