// The capture seam: a file, a pipe or a twin hands packets to one sink, in capture order, bytes by reference.
// Keeps the rule that a damaged file gives what could be read plus a problem that says where and what.

import type { Micros } from '../../base/time.ts'

/** LINKTYPE_ values (tcpdump.org/linktypes.html) this house decodes. */
export const LinkType = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  pppHdlc: 50,
  raw: 101,
  ciscoHdlc: 104,
  wlan: 105,
  loop: 108,
  linuxSll: 113,
  wlanRadiotap: 127,
  pppWithDirection: 204,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const

/** The bytes [off, end) are valid only during the call. Times are microseconds; wireLength >= end - off. */
export interface PacketSink {
  packet(buf: Uint8Array, off: number, end: number, at: Micros, wireLength: number, linkType: number): void
}

export type CaptureFormat = 'pcap' | 'pcapng'

/** Why reading stopped early or skipped something. A capture with any problem is never exit code 0. */
export interface CaptureProblem {
  /** Stable id: `truncated`, `bad-length`, `bad-magic`, `not-a-capture`, `unsupported-format`, `gzip-damaged`, ... */
  readonly code: string
  /** One sentence: what, where (byte offset in the uncompressed stream), what was kept. */
  readonly message: string
  readonly offset: number
}

/** What the reader knows once the bytes have ended. */
export interface CaptureSummary {
  /** null when the content is no capture at all. */
  readonly format: CaptureFormat | null
  readonly compressed: boolean
  readonly packets: number
  readonly bytes: number
  readonly linkTypes: readonly number[]
  /** Packets the capturing machine says it lost (pcapng statistics blocks); absent when the file does not say. */
  readonly dropped?: number
  readonly problems: readonly CaptureProblem[]
}

/**
 * A push parser: bytes in any split, packets out to the sink it was made with. Never throws on content.
 * `end` is called once after the last push and returns the summary; a partial record left over is a `truncated` problem.
 */
export interface CaptureReader {
  push(chunk: Uint8Array): void
  end(): CaptureSummary
}
