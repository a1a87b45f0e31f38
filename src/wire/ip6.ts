// The IPv6 header and its extension headers (RFC 8200 sections 3 and 4, RFC 4302 for AH): one bounded walk to the transport.
// Keeps the rule that a chain, however long or forged, costs a bounded number of steps and reads nothing past the end.

import { u16be, u32be, u8 } from './bytes.ts'
import { type Frame, FrameFlag, FrameStatus } from './frame.ts'
import { decodeTransportHeader } from './transport.ts'

export const ETHERTYPE_IPV6 = 0x86dd

const HEADER_BYTES = 40
const VERSION = 6
const FRAGMENT_HEADER_BYTES = 8
const AH_HEADER_BYTES_MIN = 12
/** KAME and FreeBSD net.inet6.ip6.hdrnestlimit: hosts drop a packet with more extension headers. */
const EXTENSIONS_MAX = 15

/** Extension headers by protocol number (IANA). ESP (50) and "no next header" (59) end the walk, as any transport does. */
const Extension = { hopByHop: 0, routing: 43, fragment: 44, ah: 51, destination: 60, mobility: 135, hip: 139, shim6: 140 } as const

/** Decodes [off, end); `wireEnd` (>= end) is where the frame ended on the wire. */
export function decodeIp6(buf: Uint8Array, off: number, end: number, wireEnd: number, frame: Frame): FrameStatus {
  if (end - off < HEADER_BYTES) {
    frame.flags |= FrameFlag.ipHeaderTruncated
    return FrameStatus.link
  }
  if (u8(buf, off) >>> 4 !== VERSION) {
    frame.flags |= FrameFlag.ipHeaderInvalid
    return FrameStatus.link
  }
  frame.ipVersion = VERSION
  frame.ipOff = off
  frame.proto = u8(buf, off + 6)
  frame.ttl = u8(buf, off + 7)
  for (let i = 0; i < 8; i++) frame.addresses[i] = u32be(buf, off + 8 + 4 * i)
  const length = u16be(buf, off + 4)
  // 0 is a jumbogram (RFC 2675) or segmentation offload: what is there counts.
  const promised = length === 0 ? wireEnd : off + HEADER_BYTES + length
  if (promised > wireEnd) frame.flags |= FrameFlag.ipPayloadTruncated
  return walkExtensions(buf, off + HEADER_BYTES, promised < end ? promised : end, promised, frame)
}

/**
 * Walks from frame.proto at `off` to the transport header and decodes it. Sets proto, l4Off, l4End and the fragment fields.
 * A fragment keeps its place: l4Off is the first byte after the Fragment header, also when more extensions follow there.
 */
export function walkExtensions(buf: Uint8Array, off: number, end: number, promised: number, frame: Frame): FrameStatus {
  let pos = off
  let sawFragmentHeader = false
  frame.l4End = end
  for (let steps = 0; steps <= EXTENSIONS_MAX; steps++) {
    frame.l4Off = pos
    if (!isExtension(frame.proto)) return decodeTransportHeader(buf, pos, end, promised, frame)
    if (frame.proto === Extension.fragment) {
      if (end - pos < FRAGMENT_HEADER_BYTES) return brokenChain(frame)
      if (sawFragmentHeader) frame.flags |= FrameFlag.ipFragmentHeaderAgain
      sawFragmentHeader = true
      pos = readFragmentHeader(buf, pos, frame)
      if ((frame.flags & FrameFlag.fragment) !== 0) return decodeFragment(buf, pos, end, promised, frame)
      continue
    }
    const next = extensionEnd(buf, pos, end, frame.proto)
    if (next < 0) return brokenChain(frame)
    if (frame.proto === Extension.hopByHop || frame.proto === Extension.destination) readOptions(buf, pos + 2, next, frame)
    frame.proto = u8(buf, pos)
    pos = next
  }
  return brokenChain(frame)
}

function isExtension(proto: number): boolean {
  switch (proto) {
    case Extension.hopByHop:
    case Extension.routing:
    case Extension.fragment:
    case Extension.ah:
    case Extension.destination:
    case Extension.mobility:
    case Extension.hip:
    case Extension.shim6:
      return true
    default:
      return false
  }
}

/** End of the extension header at `pos`, or -1 when it is not all there or its length is impossible. */
function extensionEnd(buf: Uint8Array, pos: number, end: number, kind: number): number {
  if (end - pos < 2) return -1
  const units = u8(buf, pos + 1)
  const bytes = kind === Extension.ah ? (units + 2) * 4 : (units + 1) * 8
  if (bytes > end - pos || (kind === Extension.ah && bytes < AH_HEADER_BYTES_MIN)) return -1
  return pos + bytes
}

/** Pad1, the only option without a length (RFC 8200 section 4.2). */
const OPTION_PAD1 = 0
/**
 * Options with a standard: RFC 8200, 2473, 2711, 2675, 4782, 5570, 6275, 6553, 6621, 6744, 6788, 6971, 7731, 8250, 9008, 9268, 9343, 9486. One that
 * is newer shows as unknown until it is added; experiments (RFC 4727) always do.
 */
const OPTION_IS_KNOWN = new Uint8Array(256)
for (const type of [
  0x00, 0x01, 0x04, 0x05, 0x07, 0x08, 0x0f, 0x11, 0x12, 0x23, 0x26, 0x30, 0x31, 0x63, 0x6d, 0x8a, 0x8b, 0x8c, 0xc2, 0xc9, 0xee,
]) OPTION_IS_KNOWN[type] = 1

/** Goes once through the options at [pos, end); each step moves on by at least a byte. */
function readOptions(buf: Uint8Array, pos: number, end: number, frame: Frame): void {
  let at = pos
  while (at < end) {
    const type = u8(buf, at)
    if (OPTION_IS_KNOWN[type] === 0) frame.flags |= FrameFlag.ipOptionUnknown
    if (type !== OPTION_PAD1 && at + 1 >= end) return
    at += type === OPTION_PAD1 ? 1 : 2 + u8(buf, at + 1)
  }
}

/** The IP header stands; what follows it cannot be told. frame.proto stays at the header that was broken. */
function brokenChain(frame: Frame): FrameStatus {
  frame.flags |= FrameFlag.ipExtensionInvalid
  frame.l4Off = -1
  frame.l4End = -1
  return FrameStatus.network
}

/** An atomic fragment (offset 0, no more to come; RFC 6946) is a whole packet and gets no fragment flag. */
function readFragmentHeader(buf: Uint8Array, pos: number, frame: Frame): number {
  const field = u16be(buf, pos + 2)
  frame.proto = u8(buf, pos)
  frame.fragmentOffset = field & 0xfff8
  frame.moreFragments = (field & 1) !== 0
  frame.fragmentId = u32be(buf, pos + 4)
  if (frame.moreFragments || frame.fragmentOffset > 0) frame.flags |= FrameFlag.fragment
  return pos + FRAGMENT_HEADER_BYTES
}

function decodeFragment(buf: Uint8Array, pos: number, end: number, promised: number, frame: Frame): FrameStatus {
  frame.l4Off = pos
  return frame.fragmentOffset > 0 ? FrameStatus.network : decodeTransportHeader(buf, pos, end, promised, frame)
}
