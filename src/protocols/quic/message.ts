// QUIC packets with long headers: offsets of an Initial packet, the versions of a negotiation, and the parts of a hello inside (RFC 9000).
// Keeps house habit 4: every offset is checked against the datagram's end before it is believed.

import { u32be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { quicVersion, quicVersionName, QuicFrame } from './codes.ts'

/** RFC 9000 section 17.2: connection ids of version 1 have at most 20 bytes. */
const ID_BYTES_MAX = 20
/** Header byte, version, and the length of an id. */
const HEAD_BYTES_MIN = 6
/** Header sample and packet number: 4 bytes are left for the number before the sample (RFC 9001 section 5.4.2). */
const NUMBER_BYTES_MAX = 4
/** Versions of a negotiation that are told. */
export const NEGOTIATED_MAX = 16
/** Frames of one packet: padding counts once, and 1500 bytes hold hundreds of the shortest. */
const FRAMES_MAX = 512

/** Header of a long-header packet at [off, end) of its datagram. */
export interface QuicHeader {
  readonly version: number
  /** The two type bits. */
  readonly type: number
  readonly destinationOff: number
  readonly destinationEnd: number
  /** First byte behind both ids. */
  readonly next: number
}

/** Null when it has no long header, or ids that overrun. */
export function readQuicHeader(buf: Uint8Array, off: number, end: number): QuicHeader | null {
  if (end - off < HEAD_BYTES_MIN || u8(buf, off) < 0x80) return null
  const destinationOff = off + HEAD_BYTES_MIN
  const destinationEnd = destinationOff + u8(buf, off + 5)
  if (destinationEnd - destinationOff > ID_BYTES_MAX || destinationEnd >= end) return null
  const next = destinationEnd + 1 + u8(buf, destinationEnd)
  if (next - destinationEnd - 1 > ID_BYTES_MAX || next > end) return null
  return { version: u32be(buf, off + 1), type: (u8(buf, off) >> 4) & 3, destinationOff, destinationEnd, next }
}

/** A datagram of a version that is known, or a negotiation that offers one. The version's 32 bits are the signature. */
export function probeQuic(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (u8(buf, off) < 0x80) return 'no'
  const header = readQuicHeader(buf, off, end)
  if (header === null) return 'no'
  if (header.version === 0) return negotiatedVersions(buf, header, end).some((version) => quicVersion(version) !== null) ? 'yes' : 'no'
  return quicVersion(header.version) !== null && (u8(buf, off) & 0x40) !== 0 && header.next < end ? 'yes' : 'no'
}

/** What follows the ids of a Version Negotiation packet: whole words, or nothing. */
export function negotiatedVersions(buf: Uint8Array, { next }: QuicHeader, end: number): number[] {
  const versions: number[] = []
  if ((end - next) % 4 !== 0) return versions
  for (let at = next; at < end && versions.length < NEGOTIATED_MAX; at += 4) versions.push(u32be(buf, at))
  return versions
}

/** Those that are no GREASE (RFC 9000 section 15: 0x?a?a?a?a). */
export function versionNames(versions: readonly number[]): string[] {
  return versions.filter((v) => ((v & 0x0f0f0f0f) >>> 0) !== 0x0a0a0a0a).map(quicVersionName)
}

/** A number of RFC 9000 section 16 at `off`: value and length; null when it is cut. Values above 2^53 are no length of anything. */
export function readVarint(buf: Uint8Array, off: number, end: number): { readonly value: number; readonly next: number } | null {
  if (off >= end) return null
  const bytes = 1 << (u8(buf, off) >> 6)
  if (off + bytes > end) return null
  let value = u8(buf, off) & 0x3f
  for (let i = 1; i < bytes; i++) value = value * 256 + u8(buf, off + i)
  return { value, next: off + bytes }
}

/** Where an Initial packet's protected part begins and ends. */
export interface InitialPlace {
  readonly numberOff: number
  readonly end: number
}

/** Token and length of an Initial packet (RFC 9000 section 17.2.2); null when they overrun, or leave no room for a sample. */
export function initialPlace(buf: Uint8Array, header: QuicHeader, end: number): InitialPlace | null {
  const token = readVarint(buf, header.next, end)
  const length = token && readVarint(buf, token.next + token.value, end)
  if (!length || length.next + length.value > end || length.value < NUMBER_BYTES_MAX + 16) return null
  return { numberOff: length.next, end: length.next + length.value }
}

export interface CryptoSink {
  /** [off, end) of `plain` stands at `offset` of the handshake. */
  crypto(plain: Uint8Array, off: number, end: number, offset: number): void
}

/** Walks the frames of an opened Initial packet; false when one of them is not allowed there or overruns. */
export function readFrames(plain: Uint8Array, sink: CryptoSink): boolean {
  let at = 0
  for (let frames = 0; frames < FRAMES_MAX; frames++) {
    while (at < plain.length && u8(plain, at) === QuicFrame.padding) at++
    if (at >= plain.length) return true
    const type = u8(plain, at)
    const next = type === QuicFrame.ping ? at + 1 : type === QuicFrame.crypto ? cryptoFrame(plain, at + 1, sink) : skipAck(plain, at)
    if (next === null) return false
    at = next
  }
  return false
}

function cryptoFrame(plain: Uint8Array, off: number, sink: CryptoSink): number | null {
  const offset = readVarint(plain, off, plain.length)
  const length = offset && readVarint(plain, offset.next, plain.length)
  if (!offset || !length || length.next + length.value > plain.length) return null
  sink.crypto(plain, length.next, length.next + length.value, offset.value)
  return length.next + length.value
}

/** Largest, delay, count, first range, ranges in pairs, and three counts with ECN (RFC 9000 section 19.3). Other frames: null. */
function skipAck(plain: Uint8Array, off: number): number | null {
  const type = u8(plain, off)
  if (type !== QuicFrame.ack && type !== QuicFrame.ackEcn) return null
  let at = off + 1
  let left = 4
  for (let i = 0; i < left; i++) {
    const number = readVarint(plain, at, plain.length)
    if (number === null) return null
    at = number.next
    if (i === 2) left += 2 * Math.min(number.value, plain.length) + (type === QuicFrame.ackEcn ? 3 : 0)
  }
  return at
}
