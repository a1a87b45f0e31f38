// LLDP message: the TLVs of one data unit to a value and back (IEEE 802.1AB-2016 clause 8; LLDP-MED: TIA-1057).
// Keeps house habit 3: what is wrong is `problem`, next to everything that was still right.

import { ipFromV4, ipFromWords, ipVersion, type Ip } from '../../base/ip.ts'
import { formatMac, parseMac } from '../../base/mac.ts'
import { u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import { ipBytes, macBytes } from '../octets.ts'
import { asciiBytes, hexText, lineText } from '../text.ts'
import {
  chassisKindName, lldpCapabilities, LldpOui, LldpTlv, MED_CAPABILITIES_SUBTYPE, MED_FIELDS, MED_INVENTORY, PORT_VLAN_SUBTYPE, portKindName,
} from './codes.ts'

/** A frame of 1500 bytes has room for 750 empty TLVs; real ones have some twenty. */
const TLVS_MAX = 128
/** Management addresses kept: one of each family is usual. */
export const LLDP_ADDRESSES_MAX = 8

/** The inventory TLVs of LLDP-MED (TIA-1057 clause 10.2.6) and the class of endpoint; absent ones are null. */
export interface LldpMed {
  /** 1 to 3: endpoint classes I to III; 4: network connectivity; 0: not defined. */
  readonly deviceClass: number | null
  readonly hardware: string | null
  readonly firmware: string | null
  readonly software: string | null
  readonly serial: string | null
  readonly manufacturer: string | null
  readonly model: string | null
  readonly assetId: string | null
}

export interface LldpMessage {
  readonly chassis: string
  /** `mac`, `address`, `local`, ... of `chassis`. */
  readonly chassisKind: string
  readonly port: string
  readonly portKind: string
  /** 0: the sender says goodbye. */
  readonly lifetimeSeconds: number
  readonly portDescription: string | null
  readonly systemName: string | null
  readonly systemDescription: string | null
  /** Enabled ones: `bridge`, `router`, `telephone`, `station`, ... */
  readonly capabilities: readonly string[]
  readonly addresses: readonly Ip[]
  /** VLAN of the port for untagged frames (802.1 annex D.2.1). */
  readonly portVlan: number | null
  readonly med: LldpMed | null
}

export type LldpProblem = 'truncated' | 'order' | 'too-many'

export interface LldpDecoded {
  /** null when one of the three mandatory TLVs is not there. */
  readonly message: LldpMessage | null
  readonly problem: LldpProblem | null
  /** First byte after the end TLV, or after the last whole TLV. */
  readonly end: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Draft = Mutable<Omit<LldpMessage, 'addresses' | 'med'>> & { addresses: Ip[]; med: Mutable<LldpMed> | null }

const NO_MED: LldpMed = {
  deviceClass: null, hardware: null, firmware: null, software: null, serial: null, manufacturer: null, model: null, assetId: null,
}

/** Decodes the data unit at [off, end). Bytes after the end TLV are padding. */
export function decodeLldp(buf: Uint8Array, off: number, end: number): LldpDecoded {
  const draft = emptyDraft()
  let at = off
  for (let count = 0; count < TLVS_MAX; count++) {
    // The end TLV may be missing when the frame ends exactly here (clause 8.5.1).
    if (at === end && count > 2) return { message: draft, problem: null, end: at }
    if (at + 2 > end) return { message: count > 2 ? draft : null, problem: 'truncated', end: at }
    const head = u16be(buf, at)
    const type = head >>> 9
    const next = at + 2 + (head & 0x1ff)
    // Clause 8.3: chassis, port and lifetime, in this order.
    if (count < 3 && type !== count + 1) return { message: null, problem: 'order', end: at }
    if (next > end) return { message: count > 2 ? draft : null, problem: 'truncated', end: at }
    if (type === LldpTlv.end) return { message: draft, problem: null, end: next }
    readTlv(buf, type, at + 2, next, draft)
    at = next
  }
  return { message: draft, problem: 'too-many', end: at }
}

function emptyDraft(): Draft {
  return {
    chassis: '', chassisKind: '', port: '', portKind: '', lifetimeSeconds: 0, portDescription: null, systemName: null, systemDescription: null,
    capabilities: [], addresses: [], portVlan: null, med: null,
  }
}

function readTlv(buf: Uint8Array, type: number, off: number, end: number, draft: Draft): void {
  switch (type) {
    case LldpTlv.chassis:
      draft.chassisKind = end > off ? chassisKindName(u8(buf, off)) : ''
      draft.chassis = identifier(buf, off, end, draft.chassisKind)
      return
    case LldpTlv.port:
      draft.portKind = end > off ? portKindName(u8(buf, off)) : ''
      draft.port = identifier(buf, off, end, draft.portKind)
      return
    case LldpTlv.lifetime:
      if (end - off >= 2) draft.lifetimeSeconds = u16be(buf, off)
      return
    case LldpTlv.portDescription: draft.portDescription = lineText(buf, off, end)
      return
    case LldpTlv.systemName: draft.systemName = lineText(buf, off, end)
      return
    case LldpTlv.systemDescription: draft.systemDescription = lineText(buf, off, end)
      return
    case LldpTlv.capabilities:
      if (end - off >= 4) draft.capabilities = lldpCapabilities(u16be(buf, off + 2))
      return
    case LldpTlv.management: readManagement(buf, off, end, draft)
      return
    case LldpTlv.organisation:
      if (end - off >= 4) readOrganisation(buf, off, end, draft)
  }
}

/** Of a chassis or port: a MAC, an address, or text; bytes that are no text as hex. */
function identifier(buf: Uint8Array, off: number, end: number, kind: string): string {
  const at = off + 1
  if (kind === 'mac' && end - at === 6) return formatMac(u48be(buf, at))
  if (kind === 'address' && end > at) return addressOf(buf, at, end) ?? hexText(buf, at, end)
  return isText(buf, at, end) ? (lineText(buf, at, end) ?? '') : hexText(buf, at, end)
}

function isText(buf: Uint8Array, off: number, end: number): boolean {
  for (let i = off; i < end; i++) if (u8(buf, i) < 0x20 || u8(buf, i) > 0x7e) return u8(buf, i) === 0 && i === end - 1
  return true
}

/** IANA address family numbers: 1 IPv4, 2 IPv6. */
function addressOf(buf: Uint8Array, off: number, end: number): Ip | null {
  const family = u8(buf, off)
  if (family === 1 && end - off === 5) return ipFromV4(u32be(buf, off + 1))
  if (family !== 2 || end - off !== 17) return null
  return ipFromWords(u32be(buf, off + 1), u32be(buf, off + 5), u32be(buf, off + 9), u32be(buf, off + 13))
}

/** Clause 8.5.9: a length, a family and an address; the interface and the object behind them are not read. */
function readManagement(buf: Uint8Array, off: number, end: number, draft: Draft): void {
  if (end - off < 2) return
  const stop = off + 1 + u8(buf, off)
  const address = stop <= end && stop > off + 1 ? addressOf(buf, off + 1, stop) : null
  if (address !== null && draft.addresses.length < LLDP_ADDRESSES_MAX) draft.addresses.push(address)
}

function readOrganisation(buf: Uint8Array, off: number, end: number, draft: Draft): void {
  const oui = (u16be(buf, off) << 8) | u8(buf, off + 2)
  const subtype = u8(buf, off + 3)
  const at = off + 4
  if (oui === LldpOui.ieee8021 && subtype === PORT_VLAN_SUBTYPE && end - at >= 2) {
    const vlan = u16be(buf, at)
    draft.portVlan = vlan === 0 ? null : vlan
  }
  if (oui !== LldpOui.med) return
  const med = draft.med ?? (draft.med = { ...NO_MED })
  if (subtype === MED_CAPABILITIES_SUBTYPE && end - at >= 3) med.deviceClass = u8(buf, at + 2)
  const field = MED_FIELDS.find((name) => MED_INVENTORY[name] === subtype)
  if (field) med[field] = lineText(buf, at, end, 32)
}

/** What an encoder is given: capabilities as bits, the rest as decoded. MAC chassis, interface-name port. */
export interface LldpToWrite {
  readonly chassis: string
  readonly port: string
  readonly lifetimeSeconds: number
  readonly portDescription?: string
  readonly systemName?: string
  readonly systemDescription?: string
  readonly capabilityBits?: number
  readonly addresses?: readonly Ip[]
  readonly portVlan?: number
  readonly med?: Partial<LldpMed>
}

/** The data unit, without Ethernet header. A chassis that is no MAC is written as local text. */
export function encodeLldp(value: LldpToWrite): Uint8Array {
  const out: number[] = []
  const mac = parseMac(value.chassis)
  put(out, LldpTlv.chassis, mac === null ? [7, ...asciiBytes(value.chassis)] : [4, ...macBytes(mac)])
  put(out, LldpTlv.port, [5, ...asciiBytes(value.port)])
  put(out, LldpTlv.lifetime, [value.lifetimeSeconds >>> 8, value.lifetimeSeconds & 255])
  if (value.portDescription !== undefined) put(out, LldpTlv.portDescription, asciiBytes(value.portDescription))
  if (value.systemName !== undefined) put(out, LldpTlv.systemName, asciiBytes(value.systemName))
  if (value.systemDescription !== undefined) put(out, LldpTlv.systemDescription, asciiBytes(value.systemDescription))
  const bits = value.capabilityBits
  if (bits !== undefined) put(out, LldpTlv.capabilities, [bits >>> 8, bits & 255, bits >>> 8, bits & 255])
  for (const address of value.addresses ?? []) put(out, LldpTlv.management, managementBytes(address))
  if (value.portVlan !== undefined) put(out, LldpTlv.organisation, [0x00, 0x80, 0xc2, PORT_VLAN_SUBTYPE, value.portVlan >>> 8, value.portVlan & 255])
  if (value.med) putMed(out, value.med)
  put(out, LldpTlv.end, [])
  return Uint8Array.from(out)
}

function putMed(out: number[], med: Partial<LldpMed>): void {
  put(out, LldpTlv.organisation, [0x00, 0x12, 0xbb, MED_CAPABILITIES_SUBTYPE, 0, 0x33, med.deviceClass ?? 0])
  for (const field of MED_FIELDS) {
    const text = med[field]
    if (typeof text === 'string') put(out, LldpTlv.organisation, [0x00, 0x12, 0xbb, MED_INVENTORY[field], ...asciiBytes(text)])
  }
}

function put(out: number[], type: number, body: readonly number[]): void {
  out.push((type << 1) | (body.length >>> 8), body.length & 255, ...body)
}

function managementBytes(address: Ip): number[] {
  const version = ipVersion(address)
  const bytes = ipBytes(address)
  // Interface numbering unknown (1), number 0, no object (clause 8.5.9.5).
  return [bytes.length + 1, version === 4 ? 1 : 2, ...bytes, 1, 0, 0, 0, 0, 0]
}
