// SNMP messages of versions 1, 2c and 3: bytes to what may be known of them, and back for tests (RFC 1157, RFC 3416, RFC 3412).
// Keeps the patient-data rule: a community is compared, a user name is measured, a contact is skipped; none becomes text.

import { asciiText, u32be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { berEquals, berInteger, BerItem, berObjectId, BerTag, encodeBer, encodeBerInteger, encodeBerObjectId, expectBer, readBer } from '../ber.ts'
import { hexText } from '../text.ts'
import {
  DEFAULT_COMMUNITIES, SnmpFlag, SnmpPdu, snmpVersionName, SnmpVersion, SYSTEM_ITEMS, SYSTEM_PREFIX, type CommunityClass, type SystemItem,
} from './codes.ts'

/** Bindings walked of one message: a GetBulk answer of one Ethernet packet has some fifty. */
export const BINDINGS_MAX = 512
/** DisplayString of the system group (RFC 3418): 255. */
const VALUE_CHARS_MAX = 255
/** SnmpEngineID (RFC 3411 section 5): 5 to 32 octets. */
const ENGINE_BYTES_MIN = 5
const ENGINE_BYTES_MAX = 32

export interface SystemValue {
  readonly item: SystemItem
  readonly value: string
}

export interface SnmpSecurity {
  readonly engineId: string
  readonly enterprise: number
  readonly hasUserName: boolean
}

export interface SnmpMessage {
  readonly version: '1' | '2c' | '3'
  /** Of versions 1 and 2c; null in version 3. */
  readonly community: CommunityClass | null
  /** Tag of the PDU; null when it is encrypted or broken. */
  readonly pdu: number | null
  readonly system: readonly SystemValue[]
  /** Flags of version 3, else 0. */
  readonly flags: number
  readonly security: SnmpSecurity | null
}

export type SnmpProblem = 'message' | 'pdu' | 'bindings' | 'security'

export interface SnmpDecoded {
  /** Null when not even version and community, or the header of version 3, could be read. */
  readonly message: SnmpMessage | null
  readonly problem: SnmpProblem | null
}

/**
 * A datagram: SEQUENCE that fills it, version 0, 1 or 3, then a community and a PDU, or the header of version 3. LDAP without a connection
 * begins alike but has an operation in the second place.
 */
export function probeSnmp(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (u8(buf, off) !== BerTag.sequence) return 'no'
  const item = new BerItem()
  if (!readBer(buf, off, end, item) || item.end !== end) return 'no'
  if (!expectBer(buf, item.off, end, BerTag.integer, item)) return 'no'
  const version = berInteger(buf, item)
  if (version === null || snmpVersionName(version) === null || !readBer(buf, item.end, end, item)) return 'no'
  if (version === SnmpVersion.v3) return item.tag === BerTag.sequence && expectBer(buf, item.off, item.end, BerTag.integer, item) ? 'yes' : 'no'
  return item.tag === BerTag.octetString && readBer(buf, item.end, end, item) && isPdu(item.tag) ? 'yes' : 'no'
}

function isPdu(tag: number): boolean {
  return tag >= SnmpPdu.get && tag <= SnmpPdu.report
}

const NOT_SNMP: SnmpDecoded = { message: null, problem: 'message' }

export function decodeSnmp(buf: Uint8Array, off: number, end: number): SnmpDecoded {
  const [outer, item] = [new BerItem(), new BerItem()]
  if (!expectBer(buf, off, end, BerTag.sequence, outer) || !expectBer(buf, outer.off, outer.end, BerTag.integer, item)) return NOT_SNMP
  const version = snmpVersionName(berInteger(buf, item) ?? -1)
  if (version === null) return NOT_SNMP
  if (version === '3') return decodeV3(buf, item.end, outer.end)
  if (!expectBer(buf, item.end, outer.end, BerTag.octetString, item)) return NOT_SNMP
  const message = { version, community: communityClass(buf, item), flags: 0, security: null }
  return withPdu(message, buf, item.end, outer.end)
}

/** Compared in place: the text stays in the packet. */
function communityClass(buf: Uint8Array, item: BerItem): CommunityClass {
  return DEFAULT_COMMUNITIES.find((word) => berEquals(buf, item, COMMUNITY_BYTES[word])) ?? 'other'
}

const COMMUNITY_BYTES = { public: [...'public'].map((c) => c.charCodeAt(0)), private: [...'private'].map((c) => c.charCodeAt(0)) } as const

type Head = Omit<SnmpMessage, 'pdu' | 'system'>

function withPdu(head: Head, buf: Uint8Array, off: number, end: number): SnmpDecoded {
  const pdu = new BerItem()
  if (!readBer(buf, off, end, pdu) || !isPdu(pdu.tag)) return { message: { ...head, pdu: null, system: [] }, problem: 'pdu' }
  const system: SystemValue[] = []
  const isWhole = pdu.tag === SnmpPdu.trapV1 ? readTrapV1(buf, pdu, system) : readPdu(buf, pdu, system)
  return { message: { ...head, pdu: pdu.tag, system }, problem: isWhole ? null : 'bindings' }
}

/** Request id, two numbers, bindings (RFC 3416 section 3). */
function readPdu(buf: Uint8Array, pdu: BerItem, system: SystemValue[]): boolean {
  const item = new BerItem()
  let at = pdu.off
  for (let n = 0; n < 3; n++) {
    if (!expectBer(buf, at, pdu.end, BerTag.integer, item)) return false
    at = item.end
  }
  return readBindings(buf, at, pdu.end, system)
}

/** Enterprise, address, two numbers, time, bindings (RFC 1157 section 4.1.6). */
function readTrapV1(buf: Uint8Array, pdu: BerItem, system: SystemValue[]): boolean {
  const item = new BerItem()
  let at = pdu.off
  for (let n = 0; n < 5; n++) {
    if (!readBer(buf, at, pdu.end, item)) return false
    at = item.end
  }
  return readBindings(buf, at, pdu.end, system)
}

function readBindings(buf: Uint8Array, off: number, end: number, system: SystemValue[]): boolean {
  const [list, binding, name, value] = [new BerItem(), new BerItem(), new BerItem(), new BerItem()]
  if (!expectBer(buf, off, end, BerTag.sequence, list)) return false
  let at = list.off
  for (let n = 0; at < list.end && n < BINDINGS_MAX; n++) {
    if (!expectBer(buf, at, list.end, BerTag.sequence, binding)) return false
    at = binding.end
    if (!expectBer(buf, binding.off, binding.end, BerTag.objectId, name) || !readBer(buf, name.end, binding.end, value)) return false
    const item = systemItem(buf, name)
    const text = item === null ? null : valueText(buf, item, value)
    if (item !== null && text) system.push({ item, value: text })
  }
  return true
}

/** 1.3.6.1.2.1.1.n.0 of those that are read. */
function systemItem(buf: Uint8Array, { off, end }: BerItem): SystemItem | null {
  if (end - off !== SYSTEM_PREFIX.length + 2 || u8(buf, end - 1) !== 0) return null
  for (let i = 0; i < SYSTEM_PREFIX.length; i++) if (u8(buf, off + i) !== SYSTEM_PREFIX[i]) return null
  return SYSTEM_ITEMS.get(u8(buf, end - 2)) ?? null
}

function valueText(buf: Uint8Array, item: SystemItem, value: BerItem): string | null {
  if (item === 'object-id') return value.tag === BerTag.objectId ? berObjectId(buf, value) : null
  return value.tag === BerTag.octetString ? lineText(buf, value) : null
}

/** One line: devices put line breaks into their descriptions. */
function lineText(buf: Uint8Array, { off, end }: BerItem): string {
  let text = ''
  for (let i = off; i < end && text.length < VALUE_CHARS_MAX; i++) {
    const byte = u8(buf, i)
    if (byte > 0x20) text += asciiText(buf, i, i + 1)
    else if (text !== '' && !text.endsWith(' ')) text += ' '
  }
  return text.trimEnd()
}

/** Header { id, size, flags, model }, then the user's security parameters in an OCTET STRING (RFC 3412 section 6, RFC 3414 section 2.4). */
function decodeV3(buf: Uint8Array, off: number, end: number): SnmpDecoded {
  const [header, item, parameters] = [new BerItem(), new BerItem(), new BerItem()]
  if (!expectBer(buf, off, end, BerTag.sequence, header)) return NOT_SNMP
  if (!expectBer(buf, header.off, header.end, BerTag.integer, item) || !expectBer(buf, item.end, header.end, BerTag.integer, item)) return NOT_SNMP
  if (!expectBer(buf, item.end, header.end, BerTag.octetString, item) || item.end === item.off) return NOT_SNMP
  const flags = u8(buf, item.off) & 7
  if (!expectBer(buf, header.end, end, BerTag.octetString, parameters)) return NOT_SNMP
  const security = readSecurity(buf, parameters)
  const head: Head = { version: '3', community: null, flags, security }
  const problem = security === null ? 'security' : null
  const closed: SnmpMessage = { ...head, pdu: null, system: [] }
  if ((flags & SnmpFlag.priv) !== 0 || !expectBer(buf, parameters.end, end, BerTag.sequence, item)) return { message: closed, problem }
  const scoped = scopedPdu(buf, item)
  if (scoped === null) return { message: closed, problem: problem ?? 'pdu' }
  const decoded = withPdu(head, buf, scoped, item.end)
  return { ...decoded, problem: problem ?? decoded.problem }
}

/** Context engine and name come before the PDU (RFC 3412 section 6). */
function scopedPdu(buf: Uint8Array, scoped: BerItem): number | null {
  const item = new BerItem()
  if (!expectBer(buf, scoped.off, scoped.end, BerTag.octetString, item) || !expectBer(buf, item.end, scoped.end, BerTag.octetString, item)) return null
  return item.end
}

/** Engine id, boots, time, user name (RFC 3414 section 2.4). The id is empty while an engine is being discovered. */
function readSecurity(buf: Uint8Array, parameters: BerItem): SnmpSecurity | null {
  const [list, engine, item] = [new BerItem(), new BerItem(), new BerItem()]
  if (!expectBer(buf, parameters.off, parameters.end, BerTag.sequence, list)) return null
  if (!expectBer(buf, list.off, list.end, BerTag.octetString, engine)) return null
  if (!expectBer(buf, engine.end, list.end, BerTag.integer, item) || !expectBer(buf, item.end, list.end, BerTag.integer, item)) return null
  if (!expectBer(buf, item.end, list.end, BerTag.octetString, item)) return null
  const length = engine.end - engine.off
  const isEngine = length >= ENGINE_BYTES_MIN && length <= ENGINE_BYTES_MAX
  const engineId = isEngine ? hexText(buf, engine.off, engine.end) : ''
  // The first bit tells the newer form; the rest of four bytes is the enterprise (RFC 3411 section 5).
  return { engineId, enterprise: isEngine ? u32be(buf, engine.off) & 0x7fff_ffff : 0, hasUserName: item.end > item.off }
}

// Encoders, for tests and the twin.

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

/** Text becomes an OCTET STRING, an object identifier in dots one of its own, null a NULL. */
export type Binding = readonly [oid: string, value: string | { readonly oid: string } | null]

export function encodeSnmpPdu(pdu: number, bindings: readonly Binding[]): Uint8Array {
  const list = encodeBer(BerTag.sequence, ...bindings.map(([oid, value]) => encodeBer(BerTag.sequence, encodeBerObjectId(oid), encodeValue(value))))
  if (pdu !== SnmpPdu.trapV1) return encodeBer(pdu, encodeBerInteger(7), encodeBerInteger(0), encodeBerInteger(0), list)
  return encodeBer(pdu, encodeBerObjectId('1.3.6.1.4.1.99999'), encodeBer(0x40, [10, 20, 4, 9]), encodeBerInteger(6), encodeBerInteger(1),
    encodeBerInteger(100, 0x43), list)
}

function encodeValue(value: Binding[1]): Uint8Array {
  if (value === null) return encodeBer(BerTag.null)
  return typeof value === 'string' ? encodeBer(BerTag.octetString, latin(value)) : encodeBerObjectId(value.oid)
}

export function encodeSnmp(version: number, community: string, pdu: Uint8Array): Uint8Array {
  return encodeBer(BerTag.sequence, encodeBerInteger(version), encodeBer(BerTag.octetString, latin(community)), pdu)
}

/** `pdu` null: encrypted. */
export function encodeSnmpV3(flags: number, engineId: readonly number[], userName: string, pdu: Uint8Array | null): Uint8Array {
  const header = encodeBer(BerTag.sequence, encodeBerInteger(1), encodeBerInteger(65_507), encodeBer(BerTag.octetString, [flags]), encodeBerInteger(3))
  const engine = encodeBer(BerTag.octetString, engineId)
  const empty = encodeBer(BerTag.octetString)
  const security = encodeBer(BerTag.sequence, engine, encodeBerInteger(1), encodeBerInteger(2), encodeBer(BerTag.octetString, latin(userName)), empty, empty)
  const scoped = pdu === null ? encodeBer(BerTag.octetString, new Uint8Array(40)) : encodeBer(BerTag.sequence, engine, empty, pdu)
  return encodeBer(BerTag.sequence, encodeBerInteger(SnmpVersion.v3), header, encodeBer(BerTag.octetString, security), scoped)
}
