// CDP message: version, lifetime, checksum and TLVs to a value and back.
// Keeps house habit 3; the checksum is not judged: a sensor's copy may be padded, and an announcement is a claim in any case.

import { ipFromV4, ipFromWords, type Ip } from '../../base/ip.ts'
import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { ipBytes } from '../octets.ts'
import { asciiBytes, lineText } from '../text.ts'
import { cdpCapabilities, CdpTlv } from './codes.ts'

const HEAD_BYTES = 4
const TLV_HEAD_BYTES = 4
/** A frame of 1500 bytes holds 374 empty TLVs; real ones have some twenty-five. */
const TLVS_MAX = 128
export const CDP_ADDRESSES_MAX = 8
/** Frame checks that a capture may keep behind the message: of the frame, and of an ISL frame around it (4 bytes each). */
const TRAILER_BYTES_MAX = 8

export interface CdpMessage {
  readonly device: string
  readonly port: string | null
  readonly platform: string | null
  readonly version: string | null
  readonly systemName: string | null
  /** `switch`, `router`, `telephone`, `host`, ... */
  readonly capabilities: readonly string[]
  readonly addresses: readonly Ip[]
  readonly nativeVlan: number | null
  readonly lifetimeSeconds: number
}

export type CdpProblem = 'truncated' | 'version' | 'length' | 'no-device' | 'too-many'

export interface CdpDecoded {
  /** null without a device id: then nobody speaks. */
  readonly message: CdpMessage | null
  readonly problem: CdpProblem | null
  readonly end: number
}

type Draft = { -readonly [K in keyof CdpMessage]: CdpMessage[K] } & { addresses: Ip[] }

/** Decodes [off, end), which begins at the version byte. A TLV of type 0 is Ethernet padding, and the end. */
export function decodeCdp(buf: Uint8Array, off: number, end: number): CdpDecoded {
  if (end - off < HEAD_BYTES) return { message: null, problem: 'truncated', end }
  if (u8(buf, off) !== 1 && u8(buf, off) !== 2) return { message: null, problem: 'version', end }
  const draft: Draft = {
    device: '', port: null, platform: null, version: null, systemName: null, capabilities: [], addresses: [], nativeVlan: null,
    lifetimeSeconds: u8(buf, off + 1),
  }
  let at = off + HEAD_BYTES
  for (let count = 0; count < TLVS_MAX; count++) {
    if (at + TLV_HEAD_BYTES > end || u16be(buf, at) === 0) return done(draft, null, at)
    const length = u16be(buf, at + 2)
    if (length < TLV_HEAD_BYTES) return done(draft, 'length', at)
    if (at + length > end) return done(draft, end - at <= TRAILER_BYTES_MAX ? null : 'truncated', at)
    readTlv(buf, u16be(buf, at), at + TLV_HEAD_BYTES, at + length, draft)
    at += length
  }
  return done(draft, 'too-many', at)
}

function done(draft: Draft, problem: CdpProblem | null, end: number): CdpDecoded {
  return draft.device === '' ? { message: null, problem: problem ?? 'no-device', end } : { message: draft, problem, end }
}

function readTlv(buf: Uint8Array, type: number, off: number, end: number, draft: Draft): void {
  switch (type) {
    case CdpTlv.deviceId: draft.device = lineText(buf, off, end) ?? ''
      return
    case CdpTlv.port: draft.port = lineText(buf, off, end)
      return
    case CdpTlv.platform: draft.platform = lineText(buf, off, end)
      return
    case CdpTlv.version: draft.version = lineText(buf, off, end)
      return
    case CdpTlv.systemName: draft.systemName = lineText(buf, off, end)
      return
    case CdpTlv.capabilities:
      if (end - off >= 4) draft.capabilities = cdpCapabilities(u32be(buf, off))
      return
    case CdpTlv.nativeVlan:
      if (end - off >= 2) draft.nativeVlan = u16be(buf, off)
      return
    case CdpTlv.addresses:
    case CdpTlv.management: readAddresses(buf, off, end, draft.addresses)
  }
}

/** A count, then for each: protocol type, its length, the protocol, two bytes of length, the address. */
function readAddresses(buf: Uint8Array, off: number, end: number, into: Ip[]): void {
  if (end - off < 4) return
  const count = u32be(buf, off)
  let at = off + 4
  for (let i = 0; i < count && i < CDP_ADDRESSES_MAX && at + 2 <= end; i++) {
    const lengthAt = at + 2 + u8(buf, at + 1)
    if (lengthAt + 2 > end) return
    const addressAt = lengthAt + 2
    const next = addressAt + u16be(buf, lengthAt)
    if (next > end) return
    const ip = addressIn(buf, addressAt, next)
    if (ip !== null && !into.includes(ip) && into.length < CDP_ADDRESSES_MAX) into.push(ip)
    at = next
  }
}

/** By its length: NLPID 0xCC (IPv4) has four bytes, 802.2 with EtherType 0x86DD (IPv6) sixteen; others are not read. */
function addressIn(buf: Uint8Array, off: number, end: number): Ip | null {
  if (end - off === 4) return u32be(buf, off) === 0 ? null : ipFromV4(u32be(buf, off))
  return end - off === 16 ? ipFromWords(u32be(buf, off), u32be(buf, off + 4), u32be(buf, off + 8), u32be(buf, off + 12)) : null
}

export interface CdpToWrite {
  readonly device: string
  readonly port?: string
  readonly platform?: string
  readonly version?: string
  readonly systemName?: string
  readonly capabilityBits?: number
  readonly addresses?: readonly Ip[]
  readonly nativeVlan?: number
}

/** From the version byte on; the checksum is left zero. */
export function encodeCdp(value: CdpToWrite): Uint8Array {
  const out: number[] = [2, 180, 0, 0]
  put(out, CdpTlv.deviceId, asciiBytes(value.device))
  if (value.addresses) put(out, CdpTlv.addresses, [0, 0, 0, value.addresses.length, ...value.addresses.flatMap(addressBytes)])
  if (value.port !== undefined) put(out, CdpTlv.port, asciiBytes(value.port))
  if (value.capabilityBits !== undefined) put(out, CdpTlv.capabilities, [0, 0, value.capabilityBits >>> 8, value.capabilityBits & 255])
  if (value.version !== undefined) put(out, CdpTlv.version, asciiBytes(value.version))
  if (value.platform !== undefined) put(out, CdpTlv.platform, asciiBytes(value.platform))
  if (value.nativeVlan !== undefined) put(out, CdpTlv.nativeVlan, [value.nativeVlan >>> 8, value.nativeVlan & 255])
  if (value.systemName !== undefined) put(out, CdpTlv.systemName, asciiBytes(value.systemName))
  return Uint8Array.from(out)
}

function put(out: number[], type: number, body: readonly number[]): void {
  const length = body.length + TLV_HEAD_BYTES
  out.push(type >>> 8, type & 255, length >>> 8, length & 255, ...body)
}

function addressBytes(ip: Ip): number[] {
  const bytes = ipBytes(ip)
  const protocol = bytes.length === 4 ? [1, 1, 0xcc] : [2, 8, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x86, 0xdd]
  return [...protocol, 0, bytes.length, ...bytes]
}
