// Fingerprints of hellos: JA3 and JA3S (MD5 of lists; both under BSD) and JA4 (the TLS client fingerprint alone, which is under BSD; nothing of JA4+).
// Keeps the rule that GREASE is no part of either: it is noise by design (RFC 8701).

import { md5Hex } from '../../base/md5.ts'
import { Sha256 } from '../../base/sha256.ts'
import { Dtls, hex16, isDtlsVersion, isGrease, TlsExtension } from './codes.ts'
import type { ClientHello, ServerHello } from './message.ts'

/** Characters of a truncated SHA-256 in JA4. */
const JA4_HASH_CHARS = 12
const JA4_NOTHING = '0'.repeat(JA4_HASH_CHARS)
const JA4_COUNT_MAX = 99

const JA4_VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'], [0x0303, '12'], [0x0302, '11'], [0x0301, '10'], [0x0300, 's3'], [2, 's2'], [Dtls.v10, 'd1'], [Dtls.v12, 'd2'],
  [Dtls.v13, 'd3'],
])

function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

function plain(values: readonly number[]): number[] {
  return values.filter((value) => !isGrease(value))
}

/** The text that JA3 hashes: version, ciphers, extensions, groups and point formats in decimal, in the order of the hello. */
export function ja3Text(hello: ClientHello): string {
  const lists = [plain(hello.ciphers), plain(hello.extensions), plain(hello.groups), hello.pointFormats]
  return [String(hello.version), ...lists.map((list) => list.join('-'))].join(',')
}

export function ja3(hello: ClientHello): string {
  return md5Hex(ascii(ja3Text(hello)))
}

/** The text that JA3S hashes: the message's version, the chosen cipher and the extensions in decimal, in the order of the hello. */
export function ja3sText({ legacyVersion, cipher, extensions }: ServerHello): string {
  return `${legacyVersion},${cipher},${extensions.join('-')}`
}

export function ja3s(hello: ServerHello): string {
  return md5Hex(ascii(ja3sText(hello)))
}

/** Highest version offered, GREASE aside; of DTLS, whose numbers fall, the lowest. */
export function offeredVersion(hello: ClientHello): number {
  const versions = plain(hello.versions)
  if (versions.length === 0) return hello.version
  return isDtlsVersion(hello.version) ? Math.min(...versions) : Math.max(...versions)
}

/** `t` over TCP, `d` over datagrams, `q` in QUIC. */
export type Carrier = 't' | 'd' | 'q'

export function ja4(hello: ClientHello, carrier: Carrier): string {
  const ciphers = plain(hello.ciphers)
  const extensions = plain(hello.extensions)
  const head = [
    carrier, JA4_VERSIONS.get(offeredVersion(hello)) ?? '00', extensions.includes(TlsExtension.serverName) ? 'd' : 'i',
    twoDigits(ciphers.length), twoDigits(extensions.length), alpnText(hello.alpnEnds),
  ].join('')
  const others = sortedHex(extensions.filter((type) => type !== TlsExtension.serverName && type !== TlsExtension.alpn))
  const algorithms = plain(hello.signatureAlgorithms).map((a) => hex16(a)).join(',')
  const last = others === '' ? JA4_NOTHING : hash(algorithms === '' ? others : `${others}_${algorithms}`)
  return `${head}_${ciphers.length === 0 ? JA4_NOTHING : hash(sortedHex(ciphers))}_${last}`
}

function twoDigits(count: number): string {
  return String(Math.min(count, JA4_COUNT_MAX)).padStart(2, '0')
}

function sortedHex(values: readonly number[]): string {
  return values.map((value) => hex16(value)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(',')
}

function hash(text: string): string {
  return new Sha256().update(ascii(text)).hex().slice(0, JA4_HASH_CHARS)
}

/** First and last character, or of the hexadecimal text where either is not a letter or digit. */
function alpnText(ends: readonly [number, number] | null): string {
  if (ends === null) return '00'
  if (ends.every(isAlphanumeric)) return String.fromCharCode(...ends)
  return ends[0].toString(16).padStart(2, '0').charAt(0) + (ends[1] & 15).toString(16)
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}
