// NetBIOS name service and datagram heads to a value and back (RFC 1002 sections 4.2 and 4.4).
// Keeps house habit 3: what is wrong is `problem`, next to everything that was still right.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { formatMac, type Mac } from '../../base/mac.ts'
import { u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import { ipBytes, macBytes } from '../octets.ts'
import { lineText } from '../text.ts'
import { NB_DATAGRAMS, NB_GROUP, NB_OPCODES, NbOpcode, NbType } from './codes.ts'

const HEADER_BYTES = 12
const ENCODED_BYTES = 32
const NAME_BYTES = 16
/** Names of one status answer: it has one byte for their number, a datagram room for some thirty. */
export const NB_NAMES_MAX = 32
/** Labels of a scope behind the name: none in practice. */
const SCOPE_LABELS_MAX = 8

export interface NbName {
  readonly name: string
  readonly suffix: number
}

export interface NbOwned extends NbName {
  /** null in a status answer: the sender's own. */
  readonly owner: Ip | null
  readonly isGroup: boolean
}

export interface NbMessage {
  readonly kind: 'query' | 'registration' | 'answer' | 'status' | 'datagram' | 'other'
  readonly asked: (NbName & { readonly isStatus: boolean }) | null
  readonly names: readonly NbOwned[]
  readonly mac: Mac | null
  readonly problem: 'truncated' | null
}

const NOTHING: NbMessage = { kind: 'other', asked: null, names: [], mac: null, problem: null }

/** The first-level encoding at `off` (RFC 1001 section 14.1): a length of 32 and letters A to P. Null when it is none. */
export function readNbName(buf: Uint8Array, off: number, end: number): NbName | null {
  if (off + 1 + ENCODED_BYTES > end || u8(buf, off) !== ENCODED_BYTES) return null
  const bytes = new Uint8Array(NAME_BYTES)
  for (let i = 0; i < NAME_BYTES; i++) {
    const high = u8(buf, off + 1 + 2 * i) - 0x41
    const low = u8(buf, off + 2 + 2 * i) - 0x41
    if (high < 0 || high > 15 || low < 0 || low > 15) return null
    bytes[i] = (high << 4) | low
  }
  return { name: lineText(bytes, 0, NAME_BYTES - 1) ?? '', suffix: u8(bytes, NAME_BYTES - 1) }
}

/** First byte behind the name at `off`: a pointer, or the labels and their zero; -1 when it does not end. */
function behindName(buf: Uint8Array, off: number, end: number): number {
  let at = off
  for (let i = 0; i <= SCOPE_LABELS_MAX && at < end; i++) {
    const length = u8(buf, at)
    if (length >= 0xc0) return at + 2
    if (length === 0) return at + 1
    at += 1 + length
  }
  return -1
}

/** Decodes the datagram [off, end); null when it is neither form. */
export function decodeNb(buf: Uint8Array, off: number, end: number): NbMessage | null {
  if (end - off > 14 && NB_DATAGRAMS.has(u8(buf, off)) && readNbName(buf, off + 14, end)) return decodeDatagram(buf, off, end)
  if (end - off < HEADER_BYTES + 1 + ENCODED_BYTES) return null
  const name = readNbName(buf, off + HEADER_BYTES, end)
  const opcode = (u8(buf, off + 2) >>> 3) & 15
  const isResponse = (u8(buf, off + 2) & 0x80) !== 0
  const at = behindName(buf, off + HEADER_BYTES, end)
  if (!name || !NB_OPCODES.has(opcode) || at < 0 || at + 4 > end) return null
  const type = u16be(buf, at)
  if (type !== NbType.name && type !== NbType.status) return null
  if (isResponse) return answer(buf, name, type, at, end)
  if (opcode === NbOpcode.query) return { ...NOTHING, kind: 'query', asked: { ...name, isStatus: type === NbType.status } }
  if (opcode === NbOpcode.release || opcode === NbOpcode.wait) return NOTHING
  return registration(buf, name, at + 4, end)
}

/** Source address, port, length, offset, and the name of the one who speaks. */
function decodeDatagram(buf: Uint8Array, off: number, end: number): NbMessage {
  const name = readNbName(buf, off + 14, end)
  const owner = u32be(buf, off + 4)
  return { ...NOTHING, kind: 'datagram', names: name ? [{ ...name, owner: owner === 0 ? null : ipFromV4(owner), isGroup: false }] : [] }
}

/** The question is followed by one record: its name (a pointer), type, class, time, length, flags and address. */
function registration(buf: Uint8Array, name: NbName, off: number, end: number): NbMessage {
  const at = behindName(buf, off, end)
  if (at < 0 || at + 16 > end) return { ...NOTHING, kind: 'registration', problem: 'truncated' }
  return { ...NOTHING, kind: 'registration', names: [owned(buf, name, at + 10)] }
}

function owned(buf: Uint8Array, name: NbName, off: number): NbOwned {
  return { ...name, owner: ipFromV4(u32be(buf, off + 2)), isGroup: (u16be(buf, off) & NB_GROUP) !== 0 }
}

/** `at`: type, class, time and length of the answer, then pairs of flags and address, or the table of names. */
function answer(buf: Uint8Array, name: NbName, type: number, at: number, end: number): NbMessage {
  const data = at + 10
  const stop = data <= end ? data + u16be(buf, at + 8) : end + 1
  if (stop > end) return { ...NOTHING, kind: 'answer', problem: 'truncated' }
  if (type === NbType.status) return statusAnswer(buf, data, stop)
  const names: NbOwned[] = []
  for (let pos = data; pos + 6 <= stop && names.length < NB_NAMES_MAX; pos += 6) names.push(owned(buf, name, pos))
  return { ...NOTHING, kind: 'answer', names }
}

/** RFC 1002 section 4.2.18: a count, rows of 18 bytes, and statistics that begin with the card's address. */
function statusAnswer(buf: Uint8Array, off: number, end: number): NbMessage {
  const count = off < end ? Math.min(u8(buf, off), NB_NAMES_MAX) : 0
  const names: NbOwned[] = []
  let at = off + 1
  for (let i = 0; i < count && at + 18 <= end; i++, at += 18) {
    const name = lineText(buf, at, at + 15)
    if (name !== null) names.push({ name, suffix: u8(buf, at + 15), owner: null, isGroup: (u16be(buf, at + 16) & NB_GROUP) !== 0 })
  }
  const mac = at + 6 <= end ? u48be(buf, at) : 0
  return { ...NOTHING, kind: 'status', names, mac: mac === 0 ? null : formatMac(mac), problem: names.length < count && at + 18 > end ? 'truncated' : null }
}

/** 34 bytes: length, 32 letters, and the root. */
export function encodeNbName({ name, suffix }: NbName): number[] {
  const bytes = [...Array.from(name.slice(0, 15).padEnd(15), (c) => c.charCodeAt(0) & 0x7f), suffix]
  return [ENCODED_BYTES, ...bytes.flatMap((byte) => [0x41 + (byte >>> 4), 0x41 + (byte & 15)]), 0]
}

export function encodeNbQuery(name: NbName, isStatus = false): Uint8Array {
  return Uint8Array.from([0, 1, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0, ...encodeNbName(name), 0, isStatus ? NbType.status : NbType.name, 0, 1])
}

export function encodeNbRegistration(name: NbName, owner: Ip, isGroup = false): Uint8Array {
  return Uint8Array.from([
    0, 1, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, ...encodeNbName(name), 0, NbType.name, 0, 1, 0xc0, 12, 0, NbType.name, 0, 1, 0, 0, 1, 44, 0, 6,
    isGroup ? 0x80 : 0, 0, ...ipBytes(owner),
  ])
}

export function encodeNbAnswer(name: NbName, owner: Ip): Uint8Array {
  return Uint8Array.from([0, 1, 0x85, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...encodeNbName(name), 0, NbType.name, 0, 1, 0, 0, 1, 44, 0, 6, 0, 0, ...ipBytes(owner)])
}

export function encodeNbStatus(names: readonly (NbName & { readonly isGroup: boolean })[], mac: number): Uint8Array {
  const rows = names.flatMap(({ name, suffix, isGroup }) => [...Array.from(name.padEnd(15), (c) => c.charCodeAt(0) & 0x7f), suffix, isGroup ? 0x84 : 4, 0])
  const data = [names.length, ...rows, ...macBytes(mac), ...new Uint8Array(40)]
  const head = [0, 1, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...encodeNbName({ name: '*', suffix: 0 }), 0, NbType.status, 0, 1, 0, 0, 0, 0]
  return Uint8Array.from([...head, data.length >>> 8, data.length & 255, ...data])
}

/** The head of a broadcast datagram and both names; no user data. */
export function encodeNbDatagram(name: NbName, owner: Ip, to: NbName): Uint8Array {
  return Uint8Array.from([0x11, 2, 0, 1, ...ipBytes(owner), 0, 138, 0, 68, 0, 0, ...encodeNbName(name), ...encodeNbName(to)])
}
