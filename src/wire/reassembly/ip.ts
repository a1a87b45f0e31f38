// IpReassembler: fragments of IPv4 and IPv6 datagrams put together again, within bounds, with a note of every oddity.
// Keeps the rule that strange bytes are observations: overlaps, lies about the end and tiny heads are counted, never thrown.

import { ipAt, type Ip } from '../../base/ip.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { u16be, u8 } from '../bytes.ts'
import { FlowAges } from '../flow-ages.ts'
import { FLOW_KEY_WORDS, FlowIndex } from '../flow-index.ts'
import { FrameFlag, IpProto, type Frame } from '../frame.ts'
import { FRAGMENT_WINS, OVERLAP_DEFAULT, type OverlapOf, type Wins } from './overlap.ts'
import { PieceNote } from './pieces.ts'
import { Lender, Runs } from './runs.ts'

/** An IP datagram's length field has 16 bits (RFC 791 section 3.1, RFC 8200 section 3). */
export const DATAGRAM_BYTES_MAX = 65_535
/** Fragment offsets count 8 bytes (RFC 791 section 3.2): no more pieces than this make sense. */
const OFFSET_UNIT_BYTES = 8
export const DATAGRAM_PIECES_MAX = Math.ceil(DATAGRAM_BYTES_MAX / OFFSET_UNIT_BYTES)
/** Linux net.ipv4.ipfrag_high_thresh: 4 MiB for all datagrams in flight. */
export const FRAGMENT_BYTES_MAX = 4 * 1024 * 1024
/** With 8-byte fragments the objects outweigh the bytes, so they are counted too: 4 MiB of 1 KiB datagrams. */
export const DATAGRAMS_MAX = 4096
/** Linux net.ipv4.ipfrag_time: 30 s (RFC 1122 section 3.3.2 asks for a fixed value). */
export const TIMEOUT_V4_MICROS = 30 * MICROS_PER_SECOND
/** RFC 8200 section 4.5: 60 s after the first-arriving fragment. */
export const TIMEOUT_V6_MICROS = 60 * MICROS_PER_SECOND

const IP6_HEADER_BYTES = 40
/** Classes of FlowAges: IPv4 and IPv6 have different patience. */
const VERSIONS = 2

/** RFC 791 section 3.1: the bit in byte 6 of the header. */
const DONT_FRAGMENT = 0x40
/**
 * Shorter than this no fragment but the last is made by a router: every link carries 68 bytes (RFC 791 section 3.2: whole units behind any
 * header make 64 or more) or 1280 (RFC 8200 section 5: 1232 behind two headers).
 */
const FRAGMENT_PACKET_BYTES_MIN = { 4: 64, 6: 1272 } as const

/** What a first fragment must hold so that a filter can see ports and flags (RFC 1858 section 3.1, RFC 7112). */
const FIRST_BYTES_MIN: { readonly [proto: number]: number } = {
  [IpProto.tcp]: 20, [IpProto.udp]: 8, [IpProto.icmp]: 8, [IpProto.icmp6]: 8, [IpProto.sctp]: 12,
}
/** RFC 1858 section 4: a TCP fragment at offset 8 is there to overwrite the flags. */
const TCP_OVERWRITE_OFFSET = 8

/** A datagram that is whole. [off, end) of `buf` is the IP payload; valid until some more datagrams are whole (runs.ts). */
export interface Reassembled {
  readonly buf: Uint8Array
  readonly off: number
  readonly end: number
  /** Packets and IP bytes it came in, duplicates included: the arguments of FlowTable.observe. */
  readonly packets: number
  readonly ipBytes: number
}

/** Why a datagram never became whole. `discarded`: IPv6 fragments overlapped (RFC 5722). */
export type IncompleteReason = 'timeout' | 'evicted' | 'discarded' | 'finish'

/** A datagram that was given up: its packets were on the wire, so someone should count them. Valid during the call. */
export interface Incomplete {
  readonly why: IncompleteReason
  readonly ipVersion: number
  readonly vlan: number
  readonly innerVlan: number
  /** As Frame.addresses. */
  readonly addresses: Uint32Array
  readonly proto: number
  readonly packets: number
  readonly ipBytes: number
  readonly firstAt: Micros
  readonly firstFrame: number
}

export interface IpReassemblerOptions {
  /** Hash seed; a live sensor passes a random one. It never shows in the output. */
  readonly seed?: number
  readonly datagramsMax?: number
  readonly bytesMax?: number
  readonly onIncomplete?: (datagram: Incomplete) => void
  /** How the host a datagram goes to puts overlapping fragments together; left out: OVERLAP_DEFAULT for every host. */
  readonly overlapOf?: OverlapOf | undefined
}

/**
 * fragments, completed: what came and what came of it. duplicate: the same bytes again. overlap, overlapDifferent: some bytes
 * twice, and with another value. small: no router makes such a short one. tinyFirst: RFC 1858, RFC 3128.
 * dontFragment: a fragment that forbids fragments. ttlDiffers: another TTL than the fragment before it, so that one of the two
 * may die before the target (Ptacek and Newsham 1998, section 5.2). oversize: beyond 65,535 (ping of death). endConflict: two ends, or bytes
 * past the end. unaligned: not a multiple of 8 before the end. empty: no bytes. cutShort: bytes the IP length promised are not there.
 * tooManyPieces, timeout, evicted, discarded: given up. afterDiscard: more of a discarded datagram.
 */
const NOTES = [
  'fragments', 'completed', 'duplicate', 'overlap', 'overlapDifferent', 'small', 'tinyFirst', 'dontFragment', 'ttlDiffers', 'oversize', 'endConflict',
  'unaligned', 'empty', 'cutShort', 'tooManyPieces', 'timeout', 'evicted', 'discarded', 'afterDiscard',
] as const
export type IpNote = (typeof NOTES)[number]

function noIpCounts(): Record<IpNote, number> {
  return Object.fromEntries(NOTES.map((name) => [name, 0])) as Record<IpNote, number>
}

/** A datagram in flight. The object is used again for another. */
class Datagram implements Incomplete {
  why: IncompleteReason = 'finish'
  /** Its place in the index. */
  slot = -1
  ipVersion = 0
  vlan = 0
  innerVlan = 0
  readonly addresses = new Uint32Array(8)
  firstAt: Micros = 0
  firstFrame = 0
  /** Next header as the first fragment says (RFC 8200 section 4.5); until it comes, what any fragment said. */
  proto = 0
  packets = 0
  ipBytes = 0
  /** Where the last fragment ends, or -1. */
  total = -1
  discarded = false
  ttl = 0
  wins: Wins = FRAGMENT_WINS[OVERLAP_DEFAULT]
  readonly runs: Runs

  constructor(lender: Lender) {
    this.runs = new Runs(lender)
  }

  begin(slot: number, frame: Frame, wins: Wins): this {
    this.slot = slot
    this.packets = 0
    this.ipBytes = 0
    this.total = -1
    this.discarded = false
    this.ttl = frame.ttl
    this.wins = wins
    this.ipVersion = frame.ipVersion
    this.vlan = frame.vlan
    this.innerVlan = frame.innerVlan
    for (let i = 0; i < this.addresses.length; i++) this.addresses[i] = frame.addresses[i] as number
    this.firstAt = frame.at
    this.firstFrame = frame.number
    this.proto = frame.proto
    return this
  }
}

/** Feed it every frame with the fragment flag, in capture order, with the bytes the frame was decoded from. */
export class IpReassembler {
  readonly #index: FlowIndex
  /** Per IP version, oldest first. */
  readonly #ages = new FlowAges(VERSIONS)
  readonly #datagrams: (Datagram | null)[] = []
  /** Objects to be used again, at most as many as are ever in flight. */
  readonly #free: Datagram[] = []
  readonly #lender = new Lender()
  readonly #key = new Int32Array(FLOW_KEY_WORDS)
  readonly #bytesMax: number
  readonly #onIncomplete: (datagram: Incomplete) => void
  readonly #overlapOf: OverlapOf | null
  readonly #counts = noIpCounts()
  #held = 0

  constructor(options: IpReassemblerOptions = {}) {
    this.#index = new FlowIndex(options.datagramsMax ?? DATAGRAMS_MAX, options.seed ?? 0)
    this.#bytesMax = options.bytesMax ?? FRAGMENT_BYTES_MAX
    this.#onIncomplete = options.onIncomplete ?? ((): void => {})
    this.#overlapOf = options.overlapOf ?? null
  }

  /** Counters by name; every name is always there. */
  observations(): Record<IpNote, number> {
    return { ...this.#counts }
  }

  /**
   * Takes one fragment. When it completes its datagram, returns the payload, sets frame.proto to that of the first fragment,
   * and the caller goes on with decodeTransport(result.buf, result.off, result.end, frame). Else null.
   */
  add(buf: Uint8Array, frame: Frame): Reassembled | null {
    if ((frame.flags & FrameFlag.fragment) === 0 || frame.l4Off < 0) return null
    this.#counts.fragments++
    this.#expire(frame.at)
    const datagram = this.#find(frame)
    datagram.packets++
    datagram.ipBytes += frame.l4End - frame.ipOff
    this.#judgeHeader(datagram, buf, frame)
    if (datagram.discarded) this.#counts.afterDiscard++
    else this.#take(datagram, buf, frame)
    if (datagram.runs.covered !== datagram.total) {
      this.#shrink(datagram)
      return null
    }
    const held = datagram.runs.held
    const whole = { buf: datagram.runs.take(), off: 0, end: datagram.total, packets: datagram.packets, ipBytes: datagram.ipBytes }
    // The frame learns the protocol of the first fragment, decodeTransport sets the rest.
    frame.proto = datagram.proto
    this.#forget(datagram, held)
    this.#counts.completed++
    return whole
  }

  /** Gives up what is still in flight, oldest first. */
  finish(): void {
    for (let version = 0; version < VERSIONS; version++) {
      for (let slot = this.#ages.oldest(version); slot >= 0; slot = this.#ages.oldest(version)) this.#giveUp(this.#at(slot), 'finish')
    }
  }

  #at(slot: number): Datagram {
    return this.#datagrams[slot] as Datagram
  }

  #find(frame: Frame): Datagram {
    fillKey(this.#key, frame)
    const known = this.#index.find(this.#key)
    if (known >= 0) return this.#at(known)
    if (this.#index.isFull) this.#evictOldest(null)
    const slot = this.#index.add(this.#key)
    const wins = FRAGMENT_WINS[this.#overlapOf?.(targetOf(frame)) ?? OVERLAP_DEFAULT]
    const datagram = (this.#free.pop() ?? new Datagram(this.#lender)).begin(slot, frame, wins)
    this.#datagrams[slot] = datagram
    this.#ages.add(slot, versionClass(frame.ipVersion))
    return datagram
  }

  #judgeHeader(datagram: Datagram, buf: Uint8Array, frame: Frame): void {
    if (datagram.ttl !== frame.ttl) this.#counts.ttlDiffers++
    datagram.ttl = frame.ttl
    if (frame.ipVersion === 4 && (u8(buf, frame.ipOff + 6) & DONT_FRAGMENT) !== 0) this.#counts.dontFragment++
    if (frame.moreFragments && promisedEnd(buf, frame) - frame.ipOff < FRAGMENT_PACKET_BYTES_MIN[frame.ipVersion === 4 ? 4 : 6]) this.#counts.small++
  }

  /** Judges one fragment and keeps what is new of it. */
  #take(datagram: Datagram, buf: Uint8Array, frame: Frame): void {
    const end = this.#usableEnd(buf, frame)
    if (end < 0 || !this.#agreesOnEnd(datagram, buf, frame, end)) return
    if (datagram.runs.count >= DATAGRAM_PIECES_MAX) {
      this.#counts.tooManyPieces++
      return
    }
    if (frame.fragmentOffset === 0) datagram.proto = frame.proto
    if (isTiny(frame, end)) this.#counts.tinyFirst++
    const before = datagram.runs.held
    const captured = frame.l4Off + (end - frame.fragmentOffset)
    const notes = datagram.runs.insert(frame.fragmentOffset, buf, frame.l4Off, captured, datagram.wins)
    this.#held += datagram.runs.held - before
    this.#judgeOverlap(datagram, notes)
  }

  /** Where in the datagram the fragment's usable bytes end, or -1 when none are. */
  #usableEnd(buf: Uint8Array, frame: Frame): number {
    let length = frame.l4End - frame.l4Off
    if (promisedEnd(buf, frame) > frame.l4End) return this.#refuse('cutShort')
    if (frame.moreFragments && length % OFFSET_UNIT_BYTES !== 0) {
      // RFC 8200 section 4.5 discards the fragment; IPv4 stacks (Linux ip_frag_queue) cut it to a multiple of 8.
      if (frame.ipVersion === 6) return this.#refuse('unaligned')
      this.#counts.unaligned++
      length -= length % OFFSET_UNIT_BYTES
    }
    if (length === 0) return this.#refuse('empty')
    const end = frame.fragmentOffset + length
    const headerBytes = frame.ipVersion === 4 ? frame.l4Off - frame.ipOff : 0
    if (end + headerBytes > DATAGRAM_BYTES_MAX) return this.#refuse('oversize')
    return end
  }

  #refuse(name: IpNote): number {
    this.#counts[name]++
    return -1
  }

  /** The first end that was told stays; a fragment that contradicts it, or what is here already, is left out. */
  #agreesOnEnd(datagram: Datagram, buf: Uint8Array, frame: Frame, end: number): boolean {
    const highest = datagram.runs.end
    const known = datagram.total
    const conflict = frame.moreFragments ? known >= 0 && end > known : (known >= 0 && end !== known) || end < highest
    if (!conflict) {
      if (!frame.moreFragments) datagram.total = end
      return true
    }
    this.#counts.endConflict++
    // frag/ws__crack-traces_teardrop: the second fragment ends the datagram inside the first. Left out, but still an overlap.
    const notes = datagram.runs.compare(frame.fragmentOffset, buf, frame.l4Off, frame.l4Off + (end - frame.fragmentOffset), datagram.wins)
    if ((notes & PieceNote.overlap) !== 0) this.#counts.overlap++
    if ((notes & PieceNote.different) !== 0) this.#counts.overlapDifferent++
    return false
  }

  #judgeOverlap(datagram: Datagram, notes: number): void {
    if ((notes & PieceNote.overlap) === 0) return
    const different = (notes & PieceNote.different) !== 0
    if (different) this.#counts.overlapDifferent++
    if (!different && (notes & PieceNote.fresh) === 0) {
      this.#counts.duplicate++
      return
    }
    this.#counts.overlap++
    if (datagram.ipVersion === 6) this.#discard(datagram)
  }

  /** RFC 5722 section 4: the whole datagram goes, and so does what is still to come of it. */
  #discard(datagram: Datagram): void {
    this.#counts.discarded++
    this.#held -= datagram.runs.held
    datagram.discarded = true
    datagram.total = -1
    datagram.runs.clear()
  }

  /** Back under the memory bound; the datagram being worked on goes last. */
  #shrink(current: Datagram): void {
    while (this.#held > this.#bytesMax) this.#evictOldest(current)
  }

  #evictOldest(spare: Datagram | null): void {
    const four = this.#oldest(0, spare)
    const six = this.#oldest(1, spare)
    const victim = (four === null || (six !== null && six.firstFrame < four.firstFrame) ? six : four) ?? spare
    if (victim === null) return
    this.#counts.evicted++
    this.#giveUp(victim, 'evicted')
  }

  #expire(now: Micros): void {
    this.#expireVersion(0, now - TIMEOUT_V4_MICROS)
    this.#expireVersion(1, now - TIMEOUT_V6_MICROS)
  }

  #expireVersion(version: number, before: Micros): void {
    for (let slot = this.#ages.oldest(version); slot >= 0 && this.#at(slot).firstAt < before; slot = this.#ages.oldest(version)) {
      this.#counts.timeout++
      this.#giveUp(this.#at(slot), 'timeout')
    }
  }

  /** The oldest of a version, but for `spare`. */
  #oldest(version: number, spare: Datagram | null): Datagram | null {
    const first = this.#ages.oldest(version)
    if (first < 0) return null
    if (this.#at(first) !== spare) return this.#at(first)
    const second = this.#ages.younger(first)
    return second < 0 ? null : this.#at(second)
  }

  /** `held` bytes of it counted against the bound. The object may begin another datagram from here on. */
  #forget(datagram: Datagram, held: number): void {
    const { slot, ipVersion } = datagram
    this.#ages.remove(slot, versionClass(ipVersion))
    this.#index.remove(slot)
    this.#datagrams[slot] = null
    this.#held -= held
    datagram.runs.clear()
    this.#free.push(datagram)
  }

  #giveUp(datagram: Datagram, why: IncompleteReason): void {
    this.#forget(datagram, datagram.runs.held)
    datagram.why = datagram.discarded ? 'discarded' : why
    this.#onIncomplete(datagram)
  }
}

/** RFC 791 section 3.2: addresses, protocol and id. RFC 8200 section 4.5: addresses and id. Both within one VLAN of one tenant. */
function fillKey(key: Int32Array, frame: Frame): void {
  for (let i = 0; i < frame.addresses.length; i++) key[i] = frame.addresses[i] as number
  key[8] = frame.fragmentId
  key[9] = (frame.vlan << 20) | (frame.innerVlan << 8) | (frame.ipVersion === 4 ? frame.proto & 0xff : 0)
  key[10] = frame.ipVersion | (frame.segment << 8)
}

function versionClass(ipVersion: number): number {
  return ipVersion === 4 ? 0 : 1
}

function targetOf({ ipVersion, addresses }: Frame): Ip {
  return ipAt(addresses, 4, ipVersion)
}

/** Where the IP length field puts the end of the fragment, as an offset into buf; 0 in the field means what was captured. */
function promisedEnd(buf: Uint8Array, frame: Frame): number {
  const length = u16be(buf, frame.ipOff + (frame.ipVersion === 4 ? 2 : 4))
  if (length === 0) return frame.l4End
  return frame.ipOff + length + (frame.ipVersion === 4 ? 0 : IP6_HEADER_BYTES)
}

function isTiny(frame: Frame, end: number): boolean {
  if (frame.fragmentOffset === 0) return frame.moreFragments && end < (FIRST_BYTES_MIN[frame.proto] ?? 0)
  return frame.fragmentOffset === TCP_OVERWRITE_OFFSET && frame.proto === IpProto.tcp
}
