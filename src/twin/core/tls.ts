// Tls: one TLS 1.3 exchange as its records show on the wire (RFC 8446): hellos in clear, the rest noise. A control.
// Keeps the rule that background traffic is recognisable as what it is, and that nothing in it can be decrypted to anything.

import type { Rng } from '../../base/rng.ts'
import { ascii, concat, u16be, u24be } from './build.ts'
import { randomBytes } from './chance.ts'

/** RFC 8446 section 5.1: handshake 22, application data 23, change cipher spec 20. */
const RECORD = { changeCipherSpec: 20, handshake: 22, applicationData: 23 } as const
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
/** Legacy version of every record and hello (section 4.1.2); the first record of a client may say 3.1. */
const LEGACY_VERSION = 0x0303
const TLS13 = 0x0304
const TLS_AES_128_GCM_SHA256 = 0x1301
const X25519 = 0x001d
const ECDSA_P256_SHA256 = 0x0403
const RSA_PSS_SHA256 = 0x0804
/** RFC 8446 section 4.2 and RFC 6066. */
const EXTENSION = { serverName: 0, supportedGroups: 10, signatureAlgorithms: 13, supportedVersions: 43, keyShare: 51 } as const
const KEY_BYTES = 32
const SESSION_ID_BYTES = 32
const RANDOM_BYTES = 32
/** Encrypted Finished: a SHA-256 MAC with handshake header, content type and tag. */
const FINISHED_BYTES = 32 + 4 + 1 + 16
/** RFC 8446 section 5.2: record payload limit. */
const RECORD_BYTES_MAX = 16_384 + 256

/** The three flights that open a connection; the client's and the server's hello share one session id, as section 4.1.3 asks. */
export interface TlsOpening {
  readonly clientHello: Uint8Array
  /** ServerHello, the compatibility change of cipher (appendix D.4), and the encrypted handshake with the certificate. */
  readonly serverFlight: Uint8Array
  readonly clientFinished: Uint8Array
}

export function tlsOpening(rng: Rng, serverName: string, certificateBytes: number): TlsOpening {
  const sessionId = randomBytes(rng, SESSION_ID_BYTES)
  return {
    clientHello: clientHello(rng, serverName, sessionId),
    serverFlight: concat(serverHello(rng, sessionId), changeCipherSpec(), applicationData(rng, certificateBytes)),
    clientFinished: concat(changeCipherSpec(), applicationData(rng, FINISHED_BYTES)),
  }
}

/** The server's name goes in clear (RFC 6066 section 3). */
function clientHello(rng: Rng, serverName: string, sessionId: Uint8Array): Uint8Array {
  const extensions = concat(
    extension(EXTENSION.serverName, vector16(concat(Uint8Array.of(0), vector16(ascii(serverName))))),
    extension(EXTENSION.supportedGroups, vector16(u16be(X25519))),
    extension(EXTENSION.signatureAlgorithms, vector16(concat(u16be(ECDSA_P256_SHA256), u16be(RSA_PSS_SHA256)))),
    extension(EXTENSION.supportedVersions, vector8(u16be(TLS13))),
    extension(EXTENSION.keyShare, vector16(concat(u16be(X25519), vector16(randomBytes(rng, KEY_BYTES))))),
  )
  const suites = vector16(u16be(TLS_AES_128_GCM_SHA256))
  const noCompression = vector8(Uint8Array.of(0))
  return handshake(CLIENT_HELLO, concat(helloHead(rng, sessionId), suites, noCompression, vector16(extensions)))
}

function serverHello(rng: Rng, sessionId: Uint8Array): Uint8Array {
  const extensions = concat(
    extension(EXTENSION.supportedVersions, u16be(TLS13)),
    extension(EXTENSION.keyShare, concat(u16be(X25519), vector16(randomBytes(rng, KEY_BYTES)))),
  )
  return handshake(SERVER_HELLO, concat(helloHead(rng, sessionId), u16be(TLS_AES_128_GCM_SHA256), Uint8Array.of(0), vector16(extensions)))
}

function helloHead(rng: Rng, sessionId: Uint8Array): Uint8Array {
  return concat(u16be(LEGACY_VERSION), randomBytes(rng, RANDOM_BYTES), vector8(sessionId))
}

/** `bytes` of noise as application data records. */
export function applicationData(rng: Rng, bytes: number): Uint8Array {
  const records: Uint8Array[] = []
  for (let left = bytes; left > 0; left -= RECORD_BYTES_MAX) {
    records.push(record(RECORD.applicationData, randomBytes(rng, Math.min(left, RECORD_BYTES_MAX))))
  }
  return concat(...records)
}

function changeCipherSpec(): Uint8Array {
  return record(RECORD.changeCipherSpec, Uint8Array.of(1))
}

function handshake(type: number, body: Uint8Array): Uint8Array {
  return record(RECORD.handshake, concat(Uint8Array.of(type), u24be(body.length), body))
}

function record(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type), u16be(LEGACY_VERSION), u16be(body.length), body)
}

function extension(type: number, body: Uint8Array): Uint8Array {
  return concat(u16be(type), vector16(body))
}

function vector8(body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(body.length), body)
}

function vector16(body: Uint8Array): Uint8Array {
  return concat(u16be(body.length), body)
}
