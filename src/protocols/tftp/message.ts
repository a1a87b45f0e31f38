// TFTP packets: bytes to values and back (RFC 1350 section 5, RFC 2347 to 2349).
// Keeps the rule that a request is believed only when it is one to its last byte; data is never copied.

import { u16be, u8 } from '../../wire/bytes.ts'
import { baseName, shownName } from '../file-transfer/names.ts'
import { TftpOp } from './codes.ts'

/** Longest request: RFC 2347 section "Packet formats" bounds it to 512 bytes. */
const REQUEST_BYTES_MAX = 512
/** Names of options kept: RFC 2348, 2349 and 7440 define four; a vendor's may come beside them. */
const OPTIONS_MAX = 16

export interface TftpRequest {
  readonly op: 1 | 2
  /** As a fact may hold it; null for an empty name. */
  readonly name: string | null
  /** `octet`, `netascii`, `mail`, in lower case. */
  readonly mode: string
  readonly options: readonly TftpOption[]
}

/** A value of digits as a number, another as null. */
export interface TftpOption {
  readonly name: string
  readonly value: number | null
}

/** True when the bytes can be nothing else: opcode 1 or 2, a printable name, one of the three modes, options in pairs, all of it. */
export function looksLikeRequest(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < 9 || u8(buf, off) !== 0 || (u8(buf, off + 1) !== TftpOp.read && u8(buf, off + 1) !== TftpOp.write)) return false
  return readRequest(buf, off, end) !== null
}

/** A request at [off, end), or null. An empty name is one: the server will refuse it. */
export function readRequest(buf: Uint8Array, off: number, end: number): TftpRequest | null {
  if (end - off < 9 || end - off > REQUEST_BYTES_MAX) return null
  const op = u16be(buf, off)
  if (op !== TftpOp.read && op !== TftpOp.write) return null
  const path = textAt(buf, off + 2, end)
  if (path === '') return blankRequest(op, buf, off, end)
  const mode = path === null ? null : textAt(buf, off + 3 + path.length, end)
  if (path === null || mode === null) return null
  const name = baseName(path)
  const options = readOptions(buf, off + 4 + path.length + mode.length, end)
  if (!isMode(mode.toLowerCase()) || options === null) return null
  return { op, name: name === null ? null : shownName(name), mode: mode.toLowerCase(), options }
}

/** A request whose name was blanked out, as anonymisers of captures do, or left empty: zeros, then the mode. */
function blankRequest(op: 1 | 2, buf: Uint8Array, off: number, end: number): TftpRequest | null {
  let at = off + 2
  while (at < end && u8(buf, at) === 0) at++
  const mode = textAt(buf, at, end)?.toLowerCase() ?? ''
  return isMode(mode) && at + mode.length + 1 === end ? { op, name: null, mode, options: [] } : null
}

/** Pairs of name and value up to the end; null when they do not come out. An empty name stays: fuzzers and old clients send them. */
export function readOptions(buf: Uint8Array, off: number, end: number): TftpOption[] | null {
  const options: TftpOption[] = []
  let at = off
  while (at < end) {
    const name = textAt(buf, at, end)
    const value = name === null ? null : textAt(buf, at + name.length + 1, end)
    if (name === null || value === null) return null
    at += name.length + value.length + 2
    if (options.length < OPTIONS_MAX) options.push({ name: name.toLowerCase(), value: numberOf(value) })
  }
  return options
}

/** Printable text up to a zero; null when another byte or the end comes first. */
function textAt(buf: Uint8Array, off: number, end: number): string | null {
  let text = ''
  for (let at = off; at < end; at++) {
    const byte = u8(buf, at)
    if (byte === 0) return text
    if (byte < 0x20 || byte > 0x7e) return null
    text += String.fromCharCode(byte)
  }
  return null
}

function isMode(mode: string): boolean {
  return mode === 'octet' || mode === 'netascii' || mode === 'mail'
}

function numberOf(text: string): number | null {
  if (text === '' || text.length > 15) return null
  for (const c of text) if (c < '0' || c > '9') return null
  return Number(text)
}

export function optionValue(options: readonly TftpOption[], name: string): number | null {
  return options.find((o) => o.name === name)?.value ?? null
}

// ---- for tests

function ascii(text: string): number[] {
  return Array.from(text, (c) => c.charCodeAt(0) & 0xff)
}

export function encodeTftpRequest(op: 1 | 2, name: string, mode: string, options: Readonly<Record<string, string>> = {}): Uint8Array {
  const pairs = Object.entries(options).flatMap(([key, value]) => [...ascii(key), 0, ...ascii(value), 0])
  return Uint8Array.from([0, op, ...ascii(name), 0, ...ascii(mode), 0, ...pairs])
}

export function encodeTftpData(block: number, data: Uint8Array): Uint8Array {
  return Uint8Array.from([0, TftpOp.data, (block >>> 8) & 255, block & 255, ...data])
}

export function encodeTftpAck(block: number): Uint8Array {
  return Uint8Array.from([0, TftpOp.ack, (block >>> 8) & 255, block & 255])
}

export function encodeTftpOptionAck(options: Readonly<Record<string, string>>): Uint8Array {
  return Uint8Array.from([0, TftpOp.optionAck, ...Object.entries(options).flatMap(([key, value]) => [...ascii(key), 0, ...ascii(value), 0])])
}

export function encodeTftpError(code: number, text: string): Uint8Array {
  return Uint8Array.from([0, TftpOp.error, 0, code, ...ascii(text), 0])
}
