// The pcapng file (draft-ietf-opsawg-pcapng): sections of typed blocks, each section with its own byte order, each interface with its own link type and clock.
// Keeps the rule that a block nobody here reads is passed over, and that after a length that lies reading goes on with the next sound block.

import { BlockSearch } from './block-search.ts'
import { u16, u32 } from './endian.ts'
import { BLOCK_BYTES_MAX, CAPTURED_BYTES_MAX, isBlockTrailer, keptText, paddedTo4, type RecordParser, type Tally } from './parser.ts'
import { DEFAULT_UNITS, offsetMicrosAt, timestampMicros, type TimeUnits } from './timestamp.ts'

/** Section Header Block type: the same four bytes in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE = 1
const PACKET_OBSOLETE = 2
const SIMPLE_PACKET = 3
const INTERFACE_STATISTICS = 5
const ENHANCED_PACKET = 6

const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const BLOCK_HEADER_BYTES = 8
const TRAILER_BYTES = 4
const EMPTY_BLOCK_BYTES = BLOCK_HEADER_BYTES + TRAILER_BYTES
/** Type, length and the byte-order magic, without which the length cannot be read. */
const SECTION_START_BYTES = 12

/** Fixed bytes of each block we read, header and trailer included. Any other block needs its header and trailer only. */
const BLOCK_BYTES_MIN: ReadonlyMap<number, number> = new Map([
  [SECTION_HEADER, 28],
  [INTERFACE, 20],
  [PACKET_OBSOLETE, 32],
  [SIMPLE_PACKET, 16],
  [INTERFACE_STATISTICS, 24],
  [ENHANCED_PACKET, 32],
])

/** The obsolete Packet Block numbers interfaces with 16 bits; no section has more. */
const INTERFACES_MAX = 65_536
/** Keys of TLS and the like: passed over as they come, however short, so that nothing of them is ever kept. */
const SECRETS = 10
/** Blocks that may be long: names, journal entries, secrets, custom blocks. Their numbers are in the draft; Sysdig has 0x200 to 0x2ff. */
const LONG: ReadonlySet<number> = new Set([4, 9, SECRETS, 0x00000bad, 0x40000bad])
const SYSDIG = 0x200
const SYSDIG_MASK = 0xffffff00
/** Any other block: a packet with many options, or a type nobody knows, which damage makes too. Longer would swallow what comes behind it. */
const OTHER_BLOCK_BYTES_MAX = 1024 * 1024

/** Section versions in use; 1.2 was written by some tools without any change of layout (draft section 4.1). */
const MINOR_VERSIONS: readonly number[] = [0, 2]

const OPTION_END = 0
const OPTION_IF_TSRESOL = 9
const OPTION_IF_TSOFFSET = 14
const OPTION_ISB_IFDROP = 5
const OPTION_ISB_OSDROP = 7
const OPTION_EPB_DROPCOUNT = 4
/** The obsolete Packet Block says so where its writer could not know (draft-ietf-opsawg-pcapng, Packet Block). */
const DROPS_UNKNOWN = 0xffff

interface Interface {
  readonly linkType: number
  /** 0 means no limit. */
  readonly snapLength: number
  readonly units: TimeUnits
  /** Cumulative counts of the last statistics block; 0 until one came. */
  droppedByStatistics: number
  /** Sum of what single packets say was lost since the packet before. */
  droppedByPackets: number
  /** What of it stands in the tally. */
  dropped: number
}

type OptionVisitor = (code: number, valueOff: number, length: number) => void

/** Parser of one pcapng stream, from its first byte. */
export class PcapngParser implements RecordParser {
  readonly format = 'pcapng'
  need = SECTION_START_BYTES
  skip = 0
  stopped = false
  pendingFrom = -1
  readonly #tally: Tally
  #little = false
  /** A section of another version: blocks are stepped over until the next section (draft section 4.1). */
  #foreignSection = false
  #interfaces: Interface[] = []
  /** Length of the block being passed over, whose trailer is still to come; 0 when there is none. */
  #passing = 0
  /** Simple Packet Blocks carry no time: they take the time of the packet before them. */
  #lastAt = 0
  /** Set when the block at hand is damaged: where the next one begins is not known. */
  #isLost = false
  /** After damage, until a block ends where the bytes at hand end: what came since, in a buffer of its own. */
  #search: BlockSearch | null = null
  /** `need` of the blocks in that buffer; towards the reader it is 1, for every byte is taken. */
  #searchNeed = BLOCK_HEADER_BYTES

  constructor(tally: Tally) {
    this.#tally = tally
  }

  take(buf: Uint8Array, off: number, end: number, base: number): number {
    if (this.#search) return this.#takeSearched(this.#search, buf, off, end)
    const pos = this.#takeBlocks(buf, off, end, base)
    if (!this.#isLost) return pos
    this.#search = new BlockSearch(base + pos)
    this.#search.add(buf, pos, end)
    this.#search.seek(1)
    return this.#takeSearched(this.#search, buf, end, end)
  }

  /** Returns where the last whole block ended: less than `need` is left, bytes are to be skipped, or the block there is damaged. */
  #takeBlocks(buf: Uint8Array, off: number, end: number, base: number): number {
    let pos = off
    while (!this.stopped && this.skip === 0 && end - pos >= this.need) {
      const next = this.#passing > 0 ? this.#takeTrailer(buf, pos) : this.#takeBlock(buf, pos, end, base)
      if (next === pos) return pos
      pos = next
    }
    return pos
  }

  /** Takes all of [off, end) into the search's buffer and reads what blocks it gives. */
  #takeSearched(search: BlockSearch, buf: Uint8Array, off: number, end: number): number {
    search.add(buf, off, end)
    this.need = this.#searchNeed
    while (!this.stopped) {
      if (this.#isLost && !this.#findBlock(search)) break
      search.start = this.#takeBlocks(search.buf, search.start, search.end, search.base)
      if (this.#isLost) search.seek(search.start + 1)
      else if (!this.#skipSearched(search)) break
    }
    this.#searchNeed = this.need
    if (!this.#isLost && search.start === search.end) this.#search = null
    else this.need = 1
    if (this.#passing === 0) this.pendingFrom = this.#search && !this.#isLost ? search.base + search.start : -1
    return end
  }

  /** A block that the end of the file cuts was cut, or its length lies and there are more behind: then those are read. */
  finish(buf: Uint8Array, off: number, end: number, base: number): number {
    if (this.#passing > 0) return off
    const search = this.#search ?? new BlockSearch(base + off)
    search.add(buf, off, end)
    while (!this.stopped && !this.#isLost && search.end > search.start) {
      const cut = search.base + search.start
      search.seek(search.start + 1)
      if (search.find(this.#little) < 0) {
        this.pendingFrom = cut
        return end
      }
      this.#lose('bad-length', 'claims more bytes than there are up to the end', cut, 0)
      this.#search = search
      this.#takeSearched(search, buf, end, end)
    }
    return end
  }

  #findBlock(search: BlockSearch): boolean {
    const found = search.find(this.#little)
    if (found < 0) return false
    const offset = search.base + found
    this.#isLost = false
    this.need = BLOCK_HEADER_BYTES
    this.#tally.note('resynchronised', `After the damage reading went on with the block at byte ${offset}; what is between is missing.`, offset)
    return true
  }

  /** Skips what a block passed over needs, as the reader does for bytes that are not in the buffer yet. True when there is more to read. */
  #skipSearched(search: BlockSearch): boolean {
    const count = Math.min(this.skip, search.end - search.start)
    this.skip -= count
    search.start += count
    return count > 0 && this.skip === 0
  }

  /** Returns `pos` when the block is not whole yet (need raised) or the reader stopped. */
  #takeBlock(buf: Uint8Array, pos: number, end: number, base: number): number {
    const offset = base + pos
    if (!this.#readByteOrder(buf, pos, end, offset)) return pos
    const type = u32(buf, pos, this.#little)
    const length = u32(buf, pos + 4, this.#little)
    const read = type === SECTION_HEADER || !this.#foreignSection
    const isLong = LONG.has(type) || (type & SYSDIG_MASK) === SYSDIG
    const least = (read ? BLOCK_BYTES_MIN.get(type) : undefined) ?? EMPTY_BLOCK_BYTES
    if (length < least || length > (isLong ? BLOCK_BYTES_MAX : OTHER_BLOCK_BYTES_MAX)) {
      return this.#lose('bad-length', `claims a length of ${length} bytes`, offset, pos)
    }
    if (type === SECRETS || length > OTHER_BLOCK_BYTES_MAX) return this.#passOver(pos, length, offset)
    const padded = paddedTo4(length)
    if (end - pos < padded) {
      this.need = padded
      return pos
    }
    this.need = BLOCK_HEADER_BYTES
    if (!isBlockTrailer(u32(buf, pos + padded - TRAILER_BYTES, this.#little), length)) return this.#loseAtTrailer(offset, pos)
    if (read) this.#readBlock(type, buf, pos, pos + length, offset)
    return this.stopped || this.#isLost ? pos : pos + padded
  }

  /** A section header first says its byte order. False: more bytes are needed, or the magic is wrong. */
  #readByteOrder(buf: Uint8Array, pos: number, end: number, offset: number): boolean {
    if (u32(buf, pos, false) !== SECTION_HEADER) return true
    if (end - pos < SECTION_START_BYTES) {
      this.need = SECTION_START_BYTES
      return false
    }
    const magic = u32(buf, pos + 8, false)
    this.#little = magic !== BYTE_ORDER_MAGIC
    if (u32(buf, pos + 8, this.#little) === BYTE_ORDER_MAGIC) return true
    this.#lose('bad-magic', 'is a section header without a byte-order magic', offset, pos)
    return false
  }

  #passOver(pos: number, length: number, offset: number): number {
    this.#passing = length
    this.pendingFrom = offset
    this.skip = paddedTo4(length) - EMPTY_BLOCK_BYTES
    this.need = TRAILER_BYTES
    return pos + BLOCK_HEADER_BYTES
  }

  #takeTrailer(buf: Uint8Array, pos: number): number {
    const length = this.#passing
    const from = this.pendingFrom
    this.#passing = 0
    this.pendingFrom = -1
    this.need = BLOCK_HEADER_BYTES
    if (!isBlockTrailer(u32(buf, pos, this.#little), length)) return this.#loseAtTrailer(from, pos)
    return pos + TRAILER_BYTES
  }

  /** The block cannot be read and does not tell where the next one begins; returns `pos` so that callers can return it. */
  #lose(code: string, what: string, offset: number, pos: number): number {
    this.#isLost = true
    this.#tally.note(code, `The block at byte ${offset} ${what}; ${keptText(this.#tally.packets)}.`, offset)
    return pos
  }

  /** Also when its ends agree: they do by chance too, and then what lies between them is worth a look. */
  #loseAtCaptured(captured: number, offset: number): void {
    this.#lose('bad-length', `claims ${captured} captured bytes, more than it holds or any capture writes`, offset, 0)
  }

  #loseAtTrailer(offset: number, pos: number): number {
    return this.#lose('bad-length', 'has a length at its end that differs from the one at its start', offset, pos)
  }

  /** `end` is the end of the block as its length says, trailer included, padding not. */
  #readBlock(type: number, buf: Uint8Array, pos: number, end: number, offset: number): void {
    if (type === ENHANCED_PACKET) this.#readPacket(buf, pos, end, offset, u32(buf, pos + 8, this.#little))
    else if (type === PACKET_OBSOLETE) this.#readPacket(buf, pos, end, offset, u16(buf, pos + 8, this.#little))
    else if (type === SIMPLE_PACKET) this.#readSimplePacket(buf, pos, end, offset)
    else if (type === INTERFACE) this.#readInterface(buf, pos, end, offset)
    else if (type === INTERFACE_STATISTICS) this.#readStatistics(buf, pos, end)
    else if (type === SECTION_HEADER) this.#readSection(buf, pos, offset)
  }

  #readSection(buf: Uint8Array, pos: number, offset: number): void {
    const major = u16(buf, pos + 12, this.#little)
    const minor = u16(buf, pos + 14, this.#little)
    this.#interfaces = []
    this.#foreignSection = major !== 1 || !MINOR_VERSIONS.includes(minor)
    if (!this.#foreignSection) return
    const message = `The section at byte ${offset} has version ${major}.${minor}; 1.0 is read. Its packets are left out.`
    this.#tally.note('unsupported-version', message, offset)
  }

  #readInterface(buf: Uint8Array, pos: number, end: number, offset: number): void {
    if (this.#interfaces.length >= INTERFACES_MAX) {
      this.stopped = true
      const what = `describes one interface more than the ${INTERFACES_MAX} a section can number`
      return this.#tally.note('too-many-interfaces', `The block at byte ${offset} ${what}; ${keptText(this.#tally.packets)}.`, offset)
    }
    let { resolution, offsetMicros } = DEFAULT_UNITS
    const little = this.#little
    eachOption(buf, pos + 16, end - TRAILER_BYTES, little, (code, valueOff, length) => {
      if (code === OPTION_IF_TSRESOL && length === 1) resolution = buf[valueOff] as number
      else if (code === OPTION_IF_TSOFFSET && length === 8) offsetMicros = offsetMicrosAt(buf, valueOff, little)
    })
    const linkType = u16(buf, pos + 8, little)
    const snapLength = u32(buf, pos + 12, little)
    this.#interfaces.push({ linkType, snapLength, units: { resolution, offsetMicros }, droppedByStatistics: 0, droppedByPackets: 0, dropped: 0 })
    this.#tally.addLinkType(linkType)
  }

  /** Enhanced and obsolete Packet Blocks differ only in how wide the interface number is. */
  #readPacket(buf: Uint8Array, pos: number, end: number, offset: number, interfaceId: number): void {
    const little = this.#little
    const captured = u32(buf, pos + 20, little)
    const original = u32(buf, pos + 24, little)
    const packet = pos + 28
    if (captured > CAPTURED_BYTES_MAX || captured > end - TRAILER_BYTES - packet) {
      return this.#loseAtCaptured(captured, offset)
    }
    const from = this.#interfaces[interfaceId]
    if (!from) return this.#noteInterface(interfaceId, offset)
    this.#lastAt = timestampMicros(u32(buf, pos + 12, little), u32(buf, pos + 16, little), from.units)
    const isObsolete = u32(buf, pos, little) === PACKET_OBSOLETE
    const lost = isObsolete ? u16(buf, pos + 10, little) : droppedBefore(buf, packet + paddedTo4(captured), end - TRAILER_BYTES, little)
    if (lost > 0 && !(isObsolete && lost === DROPS_UNKNOWN)) {
      from.droppedByPackets += lost
      this.#tellDropped(from)
    }
    this.#emit(buf, packet, packet + captured, original, from)
  }

  /** Captured length is not stated: it is the original length, cut by the snap length and by the block (draft section 4.4). */
  #readSimplePacket(buf: Uint8Array, pos: number, end: number, offset: number): void {
    const from = this.#interfaces[0]
    if (!from) return this.#noteInterface(0, offset)
    const original = u32(buf, pos + 8, this.#little)
    const packet = pos + 12
    const snapLength = from.snapLength === 0 ? original : from.snapLength
    const captured = Math.min(original, snapLength, end - TRAILER_BYTES - packet)
    if (captured > CAPTURED_BYTES_MAX) {
      return this.#loseAtCaptured(captured, offset)
    }
    this.#emit(buf, packet, packet + captured, original, from)
  }

  #emit(buf: Uint8Array, off: number, end: number, original: number, from: Interface): void {
    this.#tally.packets += 1
    this.#tally.sink.packet(buf, off, end, this.#lastAt, Math.max(original, end - off), from.linkType)
  }

  /** The block is well delimited, so only this packet is lost. */
  #noteInterface(interfaceId: number, offset: number): void {
    const message = `The packet at byte ${offset} names interface ${interfaceId}, which its section does not describe; it was left out.`
    this.#tally.note('bad-interface', message, offset)
  }

  /** isb_ifdrop and isb_osdrop count since the start of the capture, so the last block of an interface replaces the one before. */
  #readStatistics(buf: Uint8Array, pos: number, end: number): void {
    const from = this.#interfaces[u32(buf, pos + 8, this.#little)]
    if (!from) return
    let dropped: number | null = null
    const little = this.#little
    eachOption(buf, pos + 20, end - TRAILER_BYTES, little, (code, valueOff, length) => {
      if ((code !== OPTION_ISB_IFDROP && code !== OPTION_ISB_OSDROP) || length !== 8) return
      dropped = (dropped ?? 0) + u64(buf, valueOff, little)
    })
    if (dropped === null) return
    from.droppedByStatistics = dropped
    this.#tellDropped(from)
  }

  /** Statistics count what packets count too, so the larger of the two is what an interface lost: neither twice, nor what only one tells left out. */
  #tellDropped(from: Interface): void {
    const dropped = Math.max(from.droppedByStatistics, from.droppedByPackets)
    this.#tally.dropped = (this.#tally.dropped ?? 0) - from.dropped + dropped
    from.dropped = dropped
  }
}

/** epb_dropcount among the options in [off, end): packets lost between the one before of the same interface and this. 0 when it is not there. */
function droppedBefore(buf: Uint8Array, off: number, end: number, little: boolean): number {
  let pos = off
  while (end - pos >= 4) {
    const code = u16(buf, pos, little)
    const length = u16(buf, pos + 2, little)
    if (code === OPTION_END || length > end - pos - 4) return 0
    if (code === OPTION_EPB_DROPCOUNT && length === 8) return u64(buf, pos + 4, little)
    pos += 4 + paddedTo4(length)
  }
  return 0
}

/** Counts only: above 2^53 the last digits are lost. */
function u64(buf: Uint8Array, off: number, little: boolean): number {
  return u32(buf, off + (little ? 4 : 0), little) * 0x1_0000_0000 + u32(buf, off + (little ? 0 : 4), little)
}

/** Visits the options in [off, end): code, length, value padded to 4 bytes. A length that runs over ends the walk. */
function eachOption(buf: Uint8Array, off: number, end: number, little: boolean, visit: OptionVisitor): void {
  let pos = off
  while (end - pos >= 4) {
    const code = u16(buf, pos, little)
    const length = u16(buf, pos + 2, little)
    if (code === OPTION_END || length > end - pos - 4) return
    visit(code, pos + 4, length)
    pos += 4 + paddedTo4(length)
  }
}
