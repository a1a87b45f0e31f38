// ber: one reader of ASN.1's tag, length, content (X.690), shared by certificates (DER) and SNMP (RFC 3417 section 8).
// Keeps (buf, off, end): an item is offsets checked once at the door, never a view; nesting costs the caller's loop, never a stack.

import { u8 } from '../wire/bytes.ts'

/** Tags of the universal class that are read here (X.680 section 8.6); constructed ones with their bit 0x20. */
export const BerTag = {
  integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, objectId: 0x06, utf8: 0x0c, printable: 0x13, teletex: 0x14, ia5: 0x16,
  utcTime: 0x17, generalizedTime: 0x18, bmp: 0x1e, sequence: 0x30, set: 0x31,
} as const

/** Length octets after the first that are believed: 4 reach 4 GiB, more than any packet or stream buffer here. */
const LENGTH_OCTETS_MAX = 4
/** Sub-identifiers of one OBJECT IDENTIFIER (RFC 2578 section 3.5). */
export const OID_PARTS_MAX = 128
/** Value of a sub-identifier (RFC 2578 section 3.5): 2^32 - 1. */
const OID_PART_MAX = 0xffff_ffff

/** One item: its tag byte and where its content lies; the next one begins at `end`. */
export class BerItem {
  tag = 0
  off = 0
  end = 0
}

/**
 * Reads the item at `off`; false when [off, end) does not hold it whole, when its tag has more than one byte, or when its length is
 * indefinite: neither format allows that (X.690 section 10.1; RFC 3417 section 8).
 */
export function readBer(buf: Uint8Array, off: number, end: number, item: BerItem): boolean {
  if (end - off < 2) return false
  const tag = u8(buf, off)
  const first = u8(buf, off + 1)
  if ((tag & 0x1f) === 0x1f) return false
  const octets = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || octets > LENGTH_OCTETS_MAX || off + 2 + octets > end) return false
  let length = octets === 0 ? first : 0
  for (let i = 0; i < octets; i++) length = length * 256 + u8(buf, off + 2 + i)
  const content = off + 2 + octets
  if (content + length > end) return false
  item.tag = tag
  item.off = content
  item.end = content + length
  return true
}

/** As readBer, and the tag must be this one. */
export function expectBer(buf: Uint8Array, off: number, end: number, tag: number, item: BerItem): boolean {
  return readBer(buf, off, end, item) && item.tag === tag
}

/** An INTEGER of at most six content octets as a number; null when it is longer or empty. */
export function berInteger(buf: Uint8Array, { off, end }: BerItem): number | null {
  if (end <= off || end - off > 6) return null
  let value = u8(buf, off) >= 0x80 ? -1 : 0
  for (let i = off; i < end; i++) value = value * 256 + u8(buf, i)
  return value
}

/** `1.3.6.1.2.1.1.1.0`; null when the content is no OBJECT IDENTIFIER (X.690 section 8.19) or has a part above 2^32 - 1. */
export function berObjectId(buf: Uint8Array, { off, end }: BerItem): string | null {
  if (end <= off || u8(buf, end - 1) >= 0x80) return null
  const parts: number[] = []
  let part = 0
  for (let i = off; i < end; i++) {
    const byte = u8(buf, i)
    part = part * 128 + (byte & 0x7f)
    if (part > OID_PART_MAX || parts.length >= OID_PARTS_MAX) return null
    if (byte >= 0x80) continue
    if (parts.length === 0) {
      const top = Math.min(2, Math.floor(part / 40))
      parts.push(top, part - 40 * top)
    } else parts.push(part)
    part = 0
  }
  return parts.join('.')
}

/** Content of an item is exactly these bytes. */
export function berEquals(buf: Uint8Array, { off, end }: BerItem, bytes: readonly number[]): boolean {
  if (end - off !== bytes.length) return false
  for (let i = 0; i < bytes.length; i++) if (u8(buf, off + i) !== bytes[i]) return false
  return true
}

/** Tag, definite length in its shortest form, content: for encoders of tests and the twin. */
export function encodeBer(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const length = contents.reduce((sum, c) => sum + c.length, 0)
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Uint8Array.from([tag, ...(length < 0x80 ? [length] : [0x80 | octets.length, ...octets]), ...contents.flatMap((c) => [...c])])
}

/** A non-negative INTEGER below 2^47, in its shortest form. */
export function encodeBerInteger(value: number, tag: number = BerTag.integer): Uint8Array {
  const octets: number[] = [value % 256]
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return encodeBer(tag, (octets[0] as number) >= 0x80 ? [0, ...octets] : octets)
}

export function encodeBerObjectId(text: string): Uint8Array {
  const [top = 0, second = 0, ...rest] = text.split('.').map(Number)
  return encodeBer(BerTag.objectId, [top * 40 + second, ...rest].flatMap(septets))
}

function septets(value: number): number[] {
  const out = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) out.unshift(0x80 | (rest % 128))
  return out
}
