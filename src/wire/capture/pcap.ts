// The classic pcap file: a 24-byte header, then records of any length up to the libpcap maximum.
// Keeps the rule that packets are handed on in place, by (buf, off, end); layout from draft-ietf-opsawg-pcap section 4 and 5.

import { MICROS_PER_SECOND } from '../../base/time.ts'
import { u16, u32 } from './endian.ts'
import { CAPTURED_BYTES_MAX, keptText, type RecordParser, type Tally } from './parser.ts'

interface PcapVariant {
  /** First four bytes of the file, read big endian. */
  readonly magic: number
  readonly little: boolean
  /** Divides the fraction field to microseconds. */
  readonly fractionsPerMicro: number
  readonly recordHeaderBytes: number
}

/** The record header: seconds, fraction, captured length, original length. */
const RECORD_HEADER_BYTES = 16
/** Kuznetzov's patched libpcap (Red Hat 6.1) adds interface index, protocol and packet type to each record. */
const PATCHED_RECORD_HEADER_BYTES = 24
const FILE_HEADER_BYTES = 24

const VARIANTS: readonly PcapVariant[] = [
  { magic: 0xa1b2c3d4, little: false, fractionsPerMicro: 1, recordHeaderBytes: RECORD_HEADER_BYTES },
  { magic: 0xd4c3b2a1, little: true, fractionsPerMicro: 1, recordHeaderBytes: RECORD_HEADER_BYTES },
  { magic: 0xa1b23c4d, little: false, fractionsPerMicro: 1000, recordHeaderBytes: RECORD_HEADER_BYTES },
  { magic: 0x4d3cb2a1, little: true, fractionsPerMicro: 1000, recordHeaderBytes: RECORD_HEADER_BYTES },
  { magic: 0xa1b2cd34, little: false, fractionsPerMicro: 1, recordHeaderBytes: PATCHED_RECORD_HEADER_BYTES },
  { magic: 0x34cdb2a1, little: true, fractionsPerMicro: 1, recordHeaderBytes: PATCHED_RECORD_HEADER_BYTES },
]

/** The row for a magic number (first four bytes, big endian), or null when this is no pcap file. */
export function pcapVariant(magic: number): PcapVariant | null {
  return VARIANTS.find((row) => row.magic === magic) ?? null
}

/** The upper six bits tell the length of a frame check sequence, not the link type (draft-ietf-opsawg-pcap section 4). */
const LINK_TYPE_MASK = 0x03ffffff
const VERSION_MAJOR = 2
/** tcpdump of DG/UX wrote 543.0 with the two lengths of a record swapped (libpcap sf-pcap.c). */
const VERSION_MAJOR_DGUX = 543
/** Before 2.3 the two lengths stood in the other order; 2.3 itself was written both ways (libpcap sf-pcap.c). */
const VERSION_MINOR_MIXED = 3

type LengthOrder = 'captured-first' | 'original-first' | 'smaller-is-captured'

function lengthOrder(major: number, minor: number): LengthOrder {
  if (major === VERSION_MAJOR_DGUX || minor < VERSION_MINOR_MIXED) return 'original-first'
  return minor === VERSION_MINOR_MIXED ? 'smaller-is-captured' : 'captured-first'
}

/** Parser of one pcap stream, from its first byte. */
export class PcapParser implements RecordParser {
  readonly format = 'pcap'
  need = FILE_HEADER_BYTES
  skip = 0
  stopped = false
  readonly pendingFrom = -1
  readonly #tally: Tally
  readonly #variant: PcapVariant
  #headerRead = false
  #linkType = 0
  #order: LengthOrder = 'captured-first'

  constructor(variant: PcapVariant, tally: Tally) {
    this.#variant = variant
    this.#tally = tally
  }

  take(buf: Uint8Array, off: number, end: number, base: number): number {
    if (this.#headerRead) return this.#takeRecords(buf, off, end, base)
    this.#readHeader(buf, off, base)
    if (this.stopped) return off
    this.need = this.#variant.recordHeaderBytes
    return this.#takeRecords(buf, off + FILE_HEADER_BYTES, end, base)
  }

  #readHeader(buf: Uint8Array, off: number, base: number): void {
    const { little } = this.#variant
    this.#headerRead = true
    const major = u16(buf, off + 4, little)
    const minor = u16(buf, off + 6, little)
    if (major < VERSION_MAJOR) {
      this.stopped = true
      const message = `This pcap file has version ${major}.${minor}; versions from 2.0 on are read. Nothing was kept.`
      this.#tally.note('unsupported-format', message, base + off + 4)
      return
    }
    this.#order = lengthOrder(major, minor)
    this.#linkType = u32(buf, off + 20, little) & LINK_TYPE_MASK
    this.#tally.addLinkType(this.#linkType)
  }

  #takeRecords(buf: Uint8Array, off: number, end: number, base: number): number {
    const { little, fractionsPerMicro, recordHeaderBytes } = this.#variant
    const tally = this.#tally
    let pos = off
    this.need = recordHeaderBytes
    while (end - pos >= recordHeaderBytes) {
      let captured = u32(buf, pos + 8, little)
      let original = u32(buf, pos + 12, little)
      if (this.#order !== 'captured-first' && (this.#order === 'original-first' || captured > original)) {
        const first = captured
        captured = original
        original = first
      }
      if (captured > CAPTURED_BYTES_MAX) return this.#stopAtLength(pos, base, captured)
      const packet = pos + recordHeaderBytes
      if (end - packet < captured) {
        this.need = recordHeaderBytes + captured
        return pos
      }
      const fraction = u32(buf, pos + 4, little)
      const at = u32(buf, pos, little) * MICROS_PER_SECOND + (fractionsPerMicro === 1 ? fraction : Math.floor(fraction / fractionsPerMicro))
      tally.packets += 1
      tally.sink.packet(buf, packet, packet + captured, at, original < captured ? captured : original, this.#linkType)
      pos = packet + captured
    }
    return pos
  }

  #stopAtLength(pos: number, base: number, captured: number): number {
    const claim = `claims ${captured} captured bytes, more than the ${CAPTURED_BYTES_MAX} that any capture writes`
    this.stopped = true
    this.#tally.note('bad-length', `The record at byte ${base + pos} ${claim}; ${keptText(this.#tally.packets)}.`, base + pos)
    return pos
  }
}
