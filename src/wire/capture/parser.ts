// What the container formats share: the contract between the reader, which owns split input, and a format, which owns records.
// Keeps house habit 8: one contract for readers, and a problem says what, where and what was kept.

import type { CaptureFormat, CaptureProblem, PacketSink } from './capture.ts'

/** libpcap MAXIMUM_SNAPLEN, Wireshark WTAP_MAX_PACKET_SIZE_STANDARD: no Ethernet capture holds a longer packet; more is damage. */
export const CAPTURED_BYTES_MAX = 262_144
/** Wireshark MAX_BLOCK_SIZE and the first limit of libpcap's pcapng reader: 16 MiB for one block, so also for the carry-over buffer. */
export const BLOCK_BYTES_MAX = 16 * 1024 * 1024
/** One row per problem code, so this only guards against a code nobody foresaw being made per packet. */
const PROBLEMS_MAX = 32

/**
 * One container format. The reader calls `take` only when `skip` is 0 and at least `need` bytes are contiguous.
 * `take` handles whole records, returns the offset of the first byte it did not use, and then has set `need` or `skip`.
 * Given exactly `need` bytes it either uses all of them or uses none and raises `need`.
 */
export interface RecordParser {
  readonly format: CaptureFormat
  need: number
  skip: number
  /** Set for good when nothing after this point can be trusted. */
  stopped: boolean
  /** Stream offset of a record whose first bytes were used and whose end is still to come; -1 when there is none. */
  readonly pendingFrom: number
  /** `base + position in buf` is the offset in the uncompressed stream. */
  take(buf: Uint8Array, off: number, end: number, base: number): number
  /** No more bytes come; [off, end) are those not used yet. Returns as `take`: what is still not used is a record cut short. */
  finish?(buf: Uint8Array, off: number, end: number, base: number): number
}

/** What a parser leaves behind: packets to the sink, and the rows of the summary. */
export class Tally {
  readonly sink: PacketSink
  packets = 0
  /** Packets the capturing machine says it lost; null when the file does not say. */
  dropped: number | null = null
  readonly linkTypes: number[] = []
  readonly #problems = new Map<string, { problem: CaptureProblem; count: number }>()

  constructor(sink: PacketSink) {
    this.sink = sink
  }

  addLinkType(linkType: number): void {
    if (!this.linkTypes.includes(linkType)) this.linkTypes.push(linkType)
  }

  /** Notes a problem. A code seen before is counted, and keeps the offset of its first time. */
  note(code: string, message: string, offset: number): void {
    const row = this.#problems.get(code)
    if (row) row.count += 1
    else if (this.#problems.size < PROBLEMS_MAX) this.#problems.set(code, { problem: { code, message, offset }, count: 1 })
  }

  problems(): CaptureProblem[] {
    return [...this.#problems.values()].map(({ problem, count }) =>
      count === 1 ? problem : { ...problem, message: `${problem.message} (the first of ${count})` })
  }
}

/** Blocks of pcapng begin at multiples of 4 from each other. */
export function paddedTo4(length: number): number {
  return Math.ceil(length / 4) * 4
}

/** Some writers forget the padding in the length; Wireshark reads such files, so both forms are right. */
export function isBlockTrailer(trailer: number, length: number): boolean {
  return trailer === length || trailer === paddedTo4(length)
}

/** `the 1 packet before it was kept`, `the 2 packets before it were kept`: the end of every sentence about damage. */
export function keptText(packets: number): string {
  if (packets === 0) return 'nothing came before it'
  return packets === 1 ? 'the 1 packet before it was kept' : `the ${packets} packets before it were kept`
}
