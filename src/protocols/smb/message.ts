// SMB messages: headers and the few bodies that name shares and files or carry their bytes (MS-SMB2 section 2.2, MS-CIFS section 2.2.4).
// Keeps the rule that every offset a message states is checked against its end before it is used.

import { u16le, u32le, u8 } from '../../wire/bytes.ts'
import { SMB1_FLAG_REPLY, SMB1_FLAG2_UNICODE, SMB1_HEADER_BYTES, SMB2_FLAG_RELATED, SMB2_FLAG_RESPONSE, SMB2_HEADER_BYTES } from './codes.ts'
import { oneByte, utf16, utf16z } from './text.ts'

const WORD = 0x1_0000_0000

/** What both versions' headers say. `id` joins a response to its request. */
export interface SmbHeader {
  readonly command: number
  readonly status: number
  readonly isResponse: boolean
  readonly id: number
  readonly tree: number
  /** The two words of version 2's session; one connection may carry several, each with trees of its own (MS-SMB2 3.3.1.9). */
  readonly sessionLow: number
  readonly sessionHigh: number
  /** Version 2: session, tree and file are those of the message before it. */
  readonly isRelated: boolean
  /** Version 2: bytes to the next message of a chain; 0 for the last. */
  readonly next: number
}

/** 64 bits as a number: exact up to 2^53, which no file is longer than. */
export function u64le(buf: Uint8Array, off: number): number {
  return u32le(buf, off) + u32le(buf, off + 4) * WORD
}

/** Needs SMB2_HEADER_BYTES. */
export function smb2Header(buf: Uint8Array, off: number): SmbHeader {
  return {
    command: u16le(buf, off + 12), status: u32le(buf, off + 8), isResponse: (u32le(buf, off + 16) & SMB2_FLAG_RESPONSE) !== 0,
    id: u64le(buf, off + 24), tree: u32le(buf, off + 36), sessionLow: u32le(buf, off + 40), sessionHigh: u32le(buf, off + 44),
    isRelated: (u32le(buf, off + 16) & SMB2_FLAG_RELATED) !== 0, next: u32le(buf, off + 20),
  }
}

/** Needs SMB1_HEADER_BYTES and the count of words behind it. */
export function smb1Header(buf: Uint8Array, off: number): SmbHeader {
  return {
    command: u8(buf, off + 4), status: u32le(buf, off + 5), isResponse: (u8(buf, off + 9) & SMB1_FLAG_REPLY) !== 0,
    id: u16le(buf, off + 26) * 0x1_0000 + u16le(buf, off + 30), tree: u16le(buf, off + 24), sessionLow: 0, sessionHigh: 0, isRelated: false, next: 0,
  }
}

/** A tree of a session. */
export function treeKey({ sessionLow, sessionHigh, tree }: SmbHeader): string {
  return `${sessionHigh}.${sessionLow}.${tree}`
}

/** A piece of a message: [from, to) within it. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** `length` bytes at `offset` behind `off`; null when they are not all there. */
export function spanAt(off: number, offset: number, length: number, end: number): Span | null {
  const from = off + offset
  return from + length > end ? null : { from, to: from + length }
}

/** The body of version 2 begins behind its header; true when `bytes` of it are there. */
export function hasBody(off: number, end: number, bytes: number): boolean {
  return end - off >= SMB2_HEADER_BYTES + bytes
}

/** Text of version 2 at the two words `field` behind the header: offset, length. */
export function smb2Text(buf: Uint8Array, off: number, end: number, field: number): string | null {
  const at = off + SMB2_HEADER_BYTES + field
  const span = spanAt(off, u16le(buf, at), u16le(buf, at + 2), end)
  return span === null ? null : utf16(buf, span.from, span.to)
}

/** 16 bytes as a key; `null` for all ones: the file that the chain before it opened (MS-SMB2 3.2.4.1.4). */
export function fileKey(buf: Uint8Array, off: number): string | null {
  const words = [u32le(buf, off), u32le(buf, off + 4), u32le(buf, off + 8), u32le(buf, off + 12)]
  return words.every((w) => w === 0xffff_ffff) ? null : words.join('.')
}

/** Where words and bytes of one SMB1 command lie; an AndX chain has several in one message. */
export interface Smb1Block {
  readonly words: number
  readonly wordCount: number
  readonly bytes: number
  readonly bytesEnd: number
}

/** The block at `at`; null when its counts go past the end. Of a message whose data is still to come the byte count may. */
export function smb1Block(buf: Uint8Array, at: number, end: number): Smb1Block | null {
  if (at >= end) return null
  const wordCount = u8(buf, at)
  const bytes = at + 1 + 2 * wordCount + 2
  if (bytes > end) return null
  return { words: at + 1, wordCount, bytes, bytesEnd: Math.min(end, bytes + u16le(buf, bytes - 2)) }
}

export function smb1IsUnicode(buf: Uint8Array, off: number): boolean {
  return (u16le(buf, off + 10) & SMB1_FLAG2_UNICODE) !== 0
}

/** Text in the bytes of a block: UTF-16 begins at an even place of the message. */
export function smb1Text(buf: Uint8Array, off: number, at: number, end: number): string {
  if (!smb1IsUnicode(buf, off)) return oneByte(buf, at, end)
  return utf16z(buf, at + ((at - off) % 2), end)
}

/** True when the bytes at `off` are the header of version 1, with something behind it. */
export function hasSmb1(off: number, end: number): boolean {
  return end - off > SMB1_HEADER_BYTES + 2
}
