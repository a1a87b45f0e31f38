// Record writer: pcap records through one large buffer, with the count of packets, bytes and flows and the SHA-256 of all of it.
// Keeps the rule that memory is one buffer, however long the output is.

import { createHash } from 'node:crypto'
import { u16be, u32be } from '../../src/wire/bytes.ts'
import { LinkType } from '../../src/wire/capture/capture.ts'
import { PCAP_FILE_HEADER_BYTES, PCAP_RECORD_HEADER_BYTES, pcapFileHeader, putPcapRecordHeader } from '../../src/wire/capture/writer.ts'
import { networkOffset } from './address.ts'

/** Large writes: the disk's part of building is small. */
const BUFFER_BYTES = 8 << 20

export interface Written {
  readonly packets: number
  readonly bytes: number
  /** Distinct undirected 5-tuples of the outer IPv4 or IPv6 header, by a 52-bit hash. */
  readonly flows: number
  readonly sha256: string
}

/** Takes bytes that are valid only during the call. */
export type ByteSink = (bytes: Uint8Array) => void

export class RecordWriter {
  readonly buf = new Uint8Array(BUFFER_BYTES)
  readonly #sink: ByteSink
  readonly #hash = createHash('sha256')
  /** null where nobody asks: a set of all flows would be most of the cost of a stream. */
  readonly #flows: Set<number> | null
  #used = PCAP_FILE_HEADER_BYTES
  #packets = 0
  #bytes = 0

  constructor(sink: ByteSink, countFlows = true) {
    this.#sink = sink
    this.#flows = countFlows ? new Set() : null
    this.buf.set(pcapFileHeader(LinkType.ethernet))
  }

  /** Writes the record header and returns where in `buf` the caller puts the `captured` bytes, before `done`. */
  begin(at: number, captured: number, wireLength: number): number {
    if (this.#used + PCAP_RECORD_HEADER_BYTES + captured > BUFFER_BYTES) this.#flush()
    return putPcapRecordHeader(this.buf, this.#used, at, captured, wireLength)
  }

  /** The packet at [start, end) of `buf` is complete. */
  done(start: number, end: number): void {
    this.#used = end
    this.#packets++
    if (this.#flows === null) return
    const flow = flowHash(this.buf, start, end)
    if (flow >= 0) this.#flows.add(flow)
  }

  end(): Written {
    this.#flush()
    return { packets: this.#packets, bytes: this.#bytes, flows: this.#flows?.size ?? 0, sha256: this.#hash.digest('hex') }
  }

  #flush(): void {
    const bytes = this.buf.subarray(0, this.#used)
    this.#hash.update(bytes)
    this.#sink(bytes)
    this.#bytes += this.#used
    this.#used = 0
  }
}

/** The same for both directions; -1 for what has no IP header. Fragments after the first count as ports 0, 0. */
function flowHash(buf: Uint8Array, off: number, end: number): number {
  const at = networkOffset(buf, off, end)
  const type = at <= end ? u16be(buf, at - 2) : 0
  if (type === 0x0800 && end - at >= 20) {
    const isWhole = (u16be(buf, at + 6) & 0x1fff) === 0
    const ports = isWhole ? at + ((buf[at] as number) & 15) * 4 : end
    return pairHash(buf, { src: at + 12, dst: at + 16, length: 4, ports, end, proto: buf[at + 9] as number })
  }
  if (type === 0x86dd && end - at >= 40) {
    return pairHash(buf, { src: at + 8, dst: at + 24, length: 16, ports: at + 40, end, proto: buf[at + 6] as number })
  }
  return -1
}

interface Ends {
  readonly src: number
  readonly dst: number
  readonly length: number
  readonly ports: number
  readonly end: number
  readonly proto: number
}

function pairHash(buf: Uint8Array, { src, dst, length, ports, end, proto }: Ends): number {
  const hasPorts = (proto === 6 || proto === 17 || proto === 132) && end - ports >= 4
  let [a, b] = [hasPorts ? u16be(buf, ports) : 0, hasPorts ? u16be(buf, ports + 2) : 0]
  for (let i = 0; i < length; i += 4) {
    a = mix(a, u32be(buf, src + i))
    b = mix(b, u32be(buf, dst + i))
  }
  const [low, high] = a < b ? [a, b] : [b, a]
  return (mix(mix(low, high), proto) & 0x3ffffff) * 0x4000000 + (mix(mix(high ^ 0x5bd1e995, low), proto) & 0x3ffffff)
}

/** The finaliser of MurmurHash3; the product keeps `hash` and `value` from making up for each other. */
function mix(hash: number, value: number): number {
  let h = Math.imul(Math.imul(hash, 0x9e3779b1) ^ value, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
