// Captures for tests: pcap and pcapng in either byte order, built field by field, and a sink that remembers what it was given.
// Keeps the rule that a test shows the bytes it means. Imported by tests only.

import type { CaptureSummary, PacketSink } from './capture.ts'
import { createCaptureReader } from './reader.ts'

/** Integers in the byte order of one capture. */
export interface Order {
  readonly little: boolean
  readonly u16: (value: number) => number[]
  readonly u32: (value: number) => number[]
  /** `value` up to 2^64, negative as two's complement. */
  readonly u64: (value: bigint) => number[]
}

function order(little: boolean): Order {
  const put = (list: number[]): number[] => (little ? list.reverse() : list)
  return {
    little,
    u16: (value) => put([(value >>> 8) & 255, value & 255]),
    u32: (value) => put([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]),
    u64: (value) => put(Array.from({ length: 8 }, (_, i) => Number((BigInt.asUintN(64, value) >> BigInt(56 - 8 * i)) & 255n))),
  }
}

export const LITTLE = order(true)
export const BIG = order(false)

export function join(...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** `count` bytes that differ from each other and from those of another `seed`. */
export function packet(count: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (seed * 31 + i) & 255)
}

export interface PcapFields {
  readonly magic?: number
  readonly major?: number
  readonly minor?: number
  readonly linkType?: number
}

export function pcapHeader(o: Order, fields: PcapFields = {}): number[] {
  const { magic = 0xa1b2c3d4, major = 2, minor = 4, linkType = 1 } = fields
  return [...o.u32(magic), ...o.u16(major), ...o.u16(minor), ...o.u32(0), ...o.u32(0), ...o.u32(65535), ...o.u32(linkType)]
}

/** `fraction` is micro- or nanoseconds, as the magic says. */
export function pcapRecord(o: Order, seconds: number, fraction: number, data: Uint8Array, wireLength = data.length): Uint8Array {
  return join(o.u32(seconds), o.u32(fraction), o.u32(data.length), o.u32(wireLength), data)
}

/** A pcapng block around `body`, padded; its length stands on both ends. */
export function block(o: Order, type: number, body: readonly number[] | Uint8Array): Uint8Array {
  const padding = new Uint8Array((4 - (body.length % 4)) % 4)
  const length = o.u32(12 + body.length + padding.length)
  return join(o.u32(type), length, body, padding, length)
}

/** An option: code, length, value padded to four bytes. */
export function option(o: Order, code: number, value: readonly number[] | Uint8Array): Uint8Array {
  return join(o.u16(code), o.u16(value.length), value, new Uint8Array((4 - (value.length % 4)) % 4))
}

export const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 2, simple: 3, names: 4, statistics: 5, enhanced: 6, secrets: 10 } as const

export function section(o: Order, major = 1, minor = 0): Uint8Array {
  return block(o, BLOCK.section, [...o.u32(0x1a2b3c4d), ...o.u16(major), ...o.u16(minor), ...o.u64(-1n)])
}

export function iface(o: Order, linkType = 1, snapLength = 0, options: readonly Uint8Array[] = []): Uint8Array {
  return block(o, BLOCK.interface, join(o.u16(linkType), o.u16(0), o.u32(snapLength), ...options))
}

/** `time` counts the units of the interface. */
export function enhanced(
  o: Order, id: number, time: bigint, data: Uint8Array, wireLength = data.length, options: readonly Uint8Array[] = [],
): Uint8Array {
  const high = Number(BigInt.asUintN(64, time) >> 32n)
  const low = Number(BigInt.asUintN(32, time))
  const padding = new Uint8Array(options.length > 0 ? (4 - (data.length % 4)) % 4 : 0)
  return block(o, BLOCK.enhanced, join(o.u32(id), o.u32(high), o.u32(low), o.u32(data.length), o.u32(wireLength), data, padding, ...options))
}

export function obsolete(o: Order, id: number, time: bigint, data: Uint8Array, wireLength = data.length, drops = 0): Uint8Array {
  const high = Number(time >> 32n)
  const low = Number(BigInt.asUintN(32, time))
  return block(o, BLOCK.packet, join(o.u16(id), o.u16(drops), o.u32(high), o.u32(low), o.u32(data.length), o.u32(wireLength), data))
}

export function simple(o: Order, data: Uint8Array, wireLength = data.length): Uint8Array {
  return block(o, BLOCK.simple, join(o.u32(wireLength), data))
}

/** isb_ifdrop (5) and isb_osdrop (7) of interface `id`. */
export function statistics(o: Order, id: number, ifDrop: bigint | null, osDrop: bigint | null = null): Uint8Array {
  const drops = [[5, ifDrop], [7, osDrop]] as const
  const options = drops.flatMap(([code, value]) => (value === null ? [] : [option(o, code, o.u64(value))]))
  return block(o, BLOCK.statistics, join(o.u32(id), o.u32(0), o.u32(0), ...options, option(o, 0, [])))
}

export interface SeenPacket {
  readonly at: number
  readonly wireLength: number
  readonly linkType: number
  readonly data: readonly number[]
}

/** A sink that copies every packet. */
export function recorder(): { sink: PacketSink; packets: SeenPacket[] } {
  const packets: SeenPacket[] = []
  const sink: PacketSink = {
    packet: (buf, off, end, at, wireLength, linkType) => {
      packets.push({ at, wireLength, linkType, data: [...buf.subarray(off, end)] })
    },
  }
  return { sink, packets }
}

export interface ReadBack {
  readonly packets: SeenPacket[]
  readonly summary: CaptureSummary
}

/** Reads `file` pushed in the given chunks. */
export function readChunks(chunks: readonly Uint8Array[]): ReadBack {
  const { sink, packets } = recorder()
  const reader = createCaptureReader(sink)
  for (const chunk of chunks) reader.push(chunk)
  return { packets, summary: reader.end() }
}

export function readWhole(file: Uint8Array): ReadBack {
  return readChunks([file])
}

/** `file` cut at the given positions, each chunk a copy that is overwritten after use, as a reused read buffer would be. */
export function readSplit(file: Uint8Array, cuts: readonly number[]): ReadBack {
  const { sink, packets } = recorder()
  const reader = createCaptureReader(sink)
  const edges = [0, ...[...cuts].sort((a, b) => a - b), file.length]
  for (const [i, edge] of edges.entries()) {
    if (i === 0) continue
    const chunk = Uint8Array.from(file.subarray(edges[i - 1], edge))
    reader.push(chunk)
    chunk.fill(0xee)
  }
  return { packets, summary: reader.end() }
}

/** The codes of the problems, in order. */
export function codes(summary: CaptureSummary): string[] {
  return summary.problems.map((problem) => problem.code)
}
