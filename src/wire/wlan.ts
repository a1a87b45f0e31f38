// 802.11 data frames with and without a radiotap header: addresses, LLC, EtherType.
// Keeps the rule that what is encrypted, a piece, an aggregate or damaged is flagged and not read.

import { u16le, u32le, u48be, u8 } from './bytes.ts'
import { linkCut, readLlc, readTags } from './ethernet.ts'
import { type Frame, FrameFlag } from './frame.ts'

/** Frame control, duration, three addresses, sequence control (IEEE 802.11-2020 clause 9.3.2.1). */
const DATA_HEADER_BYTES = 24
const ADDRESS_BYTES = 6
const QOS_BYTES = 2
const HT_CONTROL_BYTES = 4
/** The first half of the frame control field, low byte first: version (2 bits), type (2), subtype (4). */
const VERSION_AND_TYPE = 0x0f
const DATA = 0x08
/** Subtype bits of data frames: QoS control follows; no data follows. */
const SUBTYPE_QOS = 0x80
const SUBTYPE_NO_DATA = 0x40
const TO_DS = 0x01
const FROM_DS = 0x02
const MORE_FRAGMENTS = 0x04
const PROTECTED = 0x40
const ORDER = 0x80
const FRAGMENT_NUMBER = 0x0f
/** QoS control: the body is an A-MSDU, several frames in one. */
const AGGREGATE = 0x80

/** Version, pad, length, first word of present bits (radiotap.org). */
const RADIOTAP_BYTES_MIN = 8
const PRESENT_TSFT = 1
const PRESENT_FLAGS = 2
const PRESENT_MORE = 0x80000000
/** Captures carry up to 4 antennas, one word each, and the first; more is no radio. */
const PRESENT_WORDS_MAX = 8
const TSFT_BYTES = 8
const FLAG_PADDED = 0x20
const FLAG_BAD_FCS = 0x40

/** A radiotap header and the frame behind it. Answers as decodeLink. */
export function decodeRadiotap(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < RADIOTAP_BYTES_MIN) return linkCut(frame)
  const length = u16le(buf, off + 2)
  if (u8(buf, off) !== 0 || length < RADIOTAP_BYTES_MIN) {
    frame.flags |= FrameFlag.linkUnsupported
    return -1
  }
  if (length > end - off) return linkCut(frame)
  const flags = radiotapFlags(buf, off, off + length)
  if ((flags & FLAG_BAD_FCS) !== 0) {
    frame.flags |= FrameFlag.wlanUnread
    return off + length
  }
  return readWlan(buf, off + length, end, (flags & FLAG_PADDED) !== 0, frame)
}

/** The flags field of the header [off, end), 0 when it has none: it stands after the present words and the time, which is aligned to 8. */
function radiotapFlags(buf: Uint8Array, off: number, end: number): number {
  const present = u32le(buf, off + 4)
  if ((present & PRESENT_FLAGS) === 0) return 0
  let pos = off + RADIOTAP_BYTES_MIN
  let word = present
  for (let i = 0; i < PRESENT_WORDS_MAX && (word & PRESENT_MORE) !== 0 && end - pos >= 4; i++) {
    word = u32le(buf, pos)
    pos += 4
  }
  if ((present & PRESENT_TSFT) !== 0) pos = off + Math.ceil((pos - off) / TSFT_BYTES) * TSFT_BYTES + TSFT_BYTES
  return pos < end ? u8(buf, pos) : 0
}

/** An 802.11 frame without a radio header. Answers as decodeLink. */
export function decodeWlan(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  return readWlan(buf, off, end, false, frame)
}

/** `padded`: the header was padded to four bytes by the card (radiotap flag 0x20). */
function readWlan(buf: Uint8Array, off: number, end: number, padded: boolean, frame: Frame): number {
  if (end - off < 2) return linkCut(frame)
  const type = u8(buf, off)
  const bits = u8(buf, off + 1)
  // Management and control frames speak to the radio, not to a network.
  if ((type & VERSION_AND_TYPE) !== DATA) return off
  const headerBytes = headerBytesOf(type, bits)
  if (end - off < headerBytes) return linkCut(frame)
  readAddresses(buf, off, bits, frame)
  const body = off + (padded ? Math.ceil(headerBytes / 4) * 4 : headerBytes)
  if ((type & SUBTYPE_NO_DATA) !== 0) return off
  if ((bits & PROTECTED) !== 0) frame.flags |= FrameFlag.wlanProtected
  else if (isUnreadable(buf, off, type, bits)) frame.flags |= FrameFlag.wlanUnread
  else return readBody(buf, body, end, frame)
  return off
}

function headerBytesOf(type: number, bits: number): number {
  const isQos = (type & SUBTYPE_QOS) !== 0
  const fourth = (bits & TO_DS) !== 0 && (bits & FROM_DS) !== 0 ? ADDRESS_BYTES : 0
  return DATA_HEADER_BYTES + fourth + (isQos ? QOS_BYTES : 0) + (isQos && (bits & ORDER) !== 0 ? HT_CONTROL_BYTES : 0)
}

/** Who sent it and for whom, by the direction bits (IEEE 802.11-2020 table 9-30). */
function readAddresses(buf: Uint8Array, off: number, bits: number, frame: Frame): void {
  const toDs = (bits & TO_DS) !== 0
  const fromDs = (bits & FROM_DS) !== 0
  frame.dstMac = u48be(buf, off + (toDs ? 16 : 4))
  if (toDs && fromDs) frame.srcMac = u48be(buf, off + 24)
  else frame.srcMac = u48be(buf, off + (fromDs ? 16 : 10))
}

/** One piece of a frame, or several frames in one. */
function isUnreadable(buf: Uint8Array, off: number, type: number, bits: number): boolean {
  if ((bits & MORE_FRAGMENTS) !== 0 || (u8(buf, off + 22) & FRAGMENT_NUMBER) !== 0) return true
  const qos = off + DATA_HEADER_BYTES + ((bits & TO_DS) !== 0 && (bits & FROM_DS) !== 0 ? ADDRESS_BYTES : 0)
  return (type & SUBTYPE_QOS) !== 0 && (u8(buf, qos) & AGGREGATE) !== 0
}

function readBody(buf: Uint8Array, body: number, end: number, frame: Frame): number {
  if (body > end) return linkCut(frame)
  const pos = readLlc(buf, body, end, frame)
  return readTags(buf, frame.etherType, pos, end, frame)
}
