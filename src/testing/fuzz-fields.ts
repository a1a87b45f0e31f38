// fuzz-fields: where each format has its lengths, counts and offsets, found by walks of our own that share nothing with the decoders.
// Keeps structure-aware fuzzing honest: a length is set to 0, 1 and its most where it stands, not where dice fall.

import type { LengthField } from './fuzz-mutate.ts'

/** Fields of one input: enough to reach every header, few enough to try them all. */
const FIELDS_MAX = 512
/** IP in IP that is walked. */
const NEST_MAX = 8
const PCAPNG_MAGIC = 0x0a0d0d0a

const be = (off: number, bytes: 1 | 2 | 4): LengthField => ({ off, bytes, little: false })

function u16(input: Uint8Array, off: number): number {
  return ((input[off] ?? 0) << 8) | (input[off + 1] ?? 0)
}

function u32(input: Uint8Array, off: number, little: boolean): number {
  const [a = 0, b = 0, c = 0, d = 0] = input.subarray(off, off + 4)
  return little ? ((d << 24) | (c << 16) | (b << 8) | a) >>> 0 : ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

/** Lengths inside one frame that begins with Ethernet: tags, IPv4, IPv6 with its extensions, TCP, UDP, and one IP inside another. */
export function frameFields(input: Uint8Array, off = 0, end = input.length): LengthField[] {
  let at = off + 12
  const fields: LengthField[] = []
  while ([0x8100, 0x88a8, 0x9100].includes(u16(input, at)) && at < end) {
    fields.push(be(at, 2))
    at += 4
  }
  const type = u16(input, at)
  fields.push(be(at, 2))
  if (type === 0x0800 || type === 0x86dd) fields.push(...ipFields(input, at + 2, end))
  else if (type === 0x8864) fields.push(be(at + 6, 2), ...ipFields(input, at + 10, end))
  else if (type === 0x0806) fields.push(be(at + 2, 2), be(at + 6, 1), be(at + 7, 1), be(at + 8, 2))
  return fields
}

/** From the version nibble on. */
export function ipFields(input: Uint8Array, off: number, end: number, depth = 0): LengthField[] {
  // A header of no length that names itself would go on for ever.
  if (off >= end || depth > NEST_MAX) return []
  const version = (input[off] ?? 0) >> 4
  if (version === 4) {
    const header = ((input[off] ?? 0) & 15) * 4
    // Version and header length, total length, fragment offset, protocol.
    return [be(off, 1), be(off + 2, 2), be(off + 6, 2), be(off + 9, 1), ...transportFields(input, input[off + 9] ?? 0, off + header, end, depth)]
  }
  if (version !== 6) return [be(off, 1)]
  return [be(off + 4, 2), be(off + 6, 1), ...transportFields(input, input[off + 6] ?? 0, off + 40, end, depth)]
}

const EXTENSIONS: readonly number[] = [0, 43, 44, 51, 60, 135, 139, 140]

function transportFields(input: Uint8Array, proto: number, off: number, end: number, depth: number): LengthField[] {
  const fields: LengthField[] = []
  let next = proto
  let at = off
  while (EXTENSIONS.includes(next) && at < end && fields.length < FIELDS_MAX) {
    fields.push(be(at, 1), be(at + 1, 1), ...(next === 44 ? [be(at + 2, 2)] : []))
    const length = input[at + 1] ?? 0
    const size = next === 44 ? 8 : next === 51 ? (length + 2) * 4 : (length + 1) * 8
    next = input[at] ?? 59
    at += size
  }
  if (next === 6) fields.push(be(at + 12, 1), be(at + 18, 2))
  else if (next === 17) fields.push(be(at, 2), be(at + 2, 2), be(at + 4, 2))
  else if (next === 4 || next === 41) fields.push(...ipFields(input, at, end, depth + 1))
  else if (next === 47) fields.push(be(at, 2), be(at + 2, 2))
  return fields
}

/** Lengths of a pcap or pcapng file, and of the frames in it. */
export function captureFields(input: Uint8Array): LengthField[] {
  return u32(input, 0, false) === PCAPNG_MAGIC ? pcapngFields(input) : pcapFields(input)
}

function pcapFields(input: Uint8Array): LengthField[] {
  const little = (input[0] ?? 0) !== 0xa1
  // Version, link type.
  const fields: LengthField[] = [{ off: 4, bytes: 2, little }, { off: 20, bytes: 4, little }]
  for (let at = 24; at + 16 <= input.length && fields.length < FIELDS_MAX;) {
    const captured = u32(input, at + 8, little)
    fields.push(...[at, at + 4, at + 8, at + 12].map((off): LengthField => ({ off, bytes: 4, little })))
    fields.push(...frameFields(input, at + 16, Math.min(input.length, at + 16 + captured)))
    at += 16 + captured
  }
  return fields
}

function pcapngFields(input: Uint8Array): LengthField[] {
  const fields: LengthField[] = []
  let little = true
  for (let at = 0; at + 12 <= input.length && fields.length < FIELDS_MAX;) {
    if (u32(input, at, false) === PCAPNG_MAGIC) little = u32(input, at + 8, true) === 0x1a2b3c4d
    const type = u32(input, at, little)
    const length = u32(input, at + 4, little)
    fields.push({ off: at, bytes: 4, little }, { off: at + 4, bytes: 4, little }, { off: at + length - 4, bytes: 4, little })
    for (const off of [8, 12, 16, 20, 24].filter((o) => o < length - 4)) fields.push({ off: at + off, bytes: 4, little })
    if (type === 6) fields.push(...frameFields(input, at + 28, Math.min(input.length, at + length)))
    at += Math.max(12, Math.ceil(length / 4) * 4)
  }
  return fields
}

/** DNS: the four counts, then every label length and pointer by its looks; behind two bytes of length on TCP. */
export function dnsFields(input: Uint8Array, off: number, end: number, isTcp: boolean): LengthField[] {
  const head = isTcp ? off + 2 : off
  const fields = [...(isTcp ? [be(off, 2)] : []), be(head + 2, 2), ...[4, 6, 8, 10].map((o) => be(head + o, 2))]
  for (let at = head + 12; at < end && fields.length < FIELDS_MAX; at++) {
    const byte = input[at] ?? 0
    if (byte >= 0xc0) fields.push(be(at, 2))
    else if (byte <= 0x3f && byte > 0 && at + byte < end) fields.push(be(at, 1))
  }
  return fields
}

/** Sun RPC: the record mark, and every XDR word, for each of them may be a length, a count or a kind. */
export function rpcFields(_input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 4 <= end && fields.length < FIELDS_MAX; at += 4) fields.push(be(at, 4))
  return fields
}

/** CMS8000: two little-endian bytes of length and a type begin each frame; the walk goes on by that length. */
export function cmsFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 4 <= end && fields.length < FIELDS_MAX;) {
    const length = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)
    fields.push({ off: at, bytes: 2, little: true }, be(at + 2, 1), be(at + 3, 1))
    at += Math.max(3, length + 2)
  }
  return fields
}

/** HL7: framing bytes, separators and line ends: where one byte decides what all that follows is. */
export function hl7Fields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at < end && fields.length < FIELDS_MAX; at++) {
    if ([0x0b, 0x1c, 0x0d, 0x0a, 0x7c, 0x5e, 0x7e, 0x5c, 0x26].includes(input[at] ?? 0)) fields.push(be(at, 1))
  }
  return fields
}

/** DHCP: kind, hardware type and length, and the length of each option behind the cookie (RFC 2131, 2132). */
export function dhcpFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields = [be(off, 1), be(off + 1, 1), be(off + 2, 1)]
  for (let at = off + 240; at + 2 <= end && input[at] !== 255 && fields.length < FIELDS_MAX;) {
    fields.push(be(at, 1), be(at + 1, 1))
    at += input[at] === 0 ? 1 : 2 + (input[at + 1] ?? 0)
  }
  return fields
}

/**
 * TLVs one after the other: a head of `headBytes` whose last two bytes (masked) are a length. LLDP counts behind the head, CDP from it, DHCPv6
 * and CDP begin after four bytes of their own: each of these reads far enough to meet every length of a seed now and then.
 */
export function tlvFields(headBytes: number, mask: number): (input: Uint8Array, off: number, end: number) => LengthField[] {
  return (input, off, end) => {
    const fields: LengthField[] = []
    for (let at = headBytes === 2 ? off : off + 4; at + headBytes <= end && fields.length < FIELDS_MAX;) {
      fields.push(be(at, 1), be(at + headBytes - 2, 2))
      const length = (((input[at + headBytes - 2] ?? 0) << 8) | (input[at + headBytes - 1] ?? 0)) & mask
      at += Math.max(headBytes, length + (headBytes === 2 ? 2 : 4))
    }
    return fields
  }
}

/** DICOM: a PDU's type and length, then of a P-DATA-TF its values' lengths and control bits, of an association each item's length. */
export function dicomFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 6 <= end && fields.length < FIELDS_MAX;) {
    const [type, length] = [input[at] ?? 0, u32(input, at + 2, false)]
    const stop = Math.min(end, at + 6 + length)
    fields.push(be(at, 1), be(at + 2, 4))
    if (type === 4) fields.push(...dataValueFields(input, at + 6, stop))
    else if (type <= 2) fields.push(...itemFields(input, at + 74, stop))
    at += 6 + Math.max(1, length)
  }
  return fields
}

function dataValueFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 6 <= end && fields.length < FIELDS_MAX; at += 4 + Math.max(2, u32(input, at, false))) {
    fields.push(be(at, 4), be(at + 4, 1), be(at + 5, 1), { off: at + 10, bytes: 4, little: true })
  }
  return fields
}

function itemFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 4 <= end && fields.length < FIELDS_MAX; at += 4 + u16(input, at + 2)) fields.push(be(at, 1), be(at + 2, 2))
  return fields
}

/** ASTM: control bytes, frame numbers and separators: where one byte decides what all that follows is. */
export function astmFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at < end && fields.length < FIELDS_MAX; at++) {
    const byte = input[at] ?? 0
    if (byte < 0x20 || [0x7c, 0x5e, 0x5c, 0x26].includes(byte)) fields.push(be(at, 1))
    if (byte === 2) fields.push(be(at + 1, 1), be(at + 2, 1))
  }
  return fields
}

/** BER: every tag and every length, walked into each constructed item. */
export function berFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 2 <= end && fields.length < FIELDS_MAX;) {
    const [tag, length] = [input[at] ?? 0, input[at + 1] ?? 0]
    fields.push(be(at, 1), be(at + 1, 1))
    const head = 2 + (length >= 0x80 ? length & 0x7f : 0)
    at += (tag & 0x20) === 0 && length < 0x80 ? head + length : head
  }
  return fields
}

/** TLS: type and length of each record, and of the handshake message at its beginning; every pair of bytes of a hello may be a length. */
export function tlsFields(input: Uint8Array, off: number, end: number): LengthField[] {
  const fields: LengthField[] = []
  for (let at = off; at + 5 <= end && fields.length < FIELDS_MAX / 2; at += 5 + u16(input, at + 3)) {
    fields.push(be(at, 1), be(at + 3, 2), be(at + 5, 1), be(at + 7, 2))
  }
  for (let at = off + 43; at + 2 <= end && fields.length < FIELDS_MAX; at++) fields.push(be(at, 2))
  return fields
}
