// The mix: every Ethernet packet of the real captures, laid over five minutes and repeated with hosts of its own, in time order.
// Keeps the rule that the same captures and the same seed give the same bytes, and that no file of the folder is left out silently.

import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { randomInt, seededRng } from '../../src/base/rng.ts'
import { LinkType } from '../../src/wire/capture/capture.ts'
import { createCaptureReader } from '../../src/wire/capture/reader.ts'
import { shiftFrame } from './address.ts'
import type { RecordWriter } from './record-writer.ts'

export const WINDOW_MICROS = 300_000_000
/** Cards move always. */
const ETHERNET_ADDRESSES = 12
/** 2023-11-14T22:13:20Z: any moment that every tool takes for a date. */
const START_MICROS = 1_700_000_000_000_000
/** A sort key holds the time in the window above the number of the packet: 29 and 23 bits, exact in a double. */
const PACKETS_PER_WINDOW_MAX = 1 << 23

export interface SourcePacket {
  readonly bytes: Uint8Array
  readonly wireLength: number
  /** Microseconds since the file's first packet; never less than the packet before it. */
  readonly at: number
}

export interface SourceFile {
  readonly name: string
  readonly packets: readonly SourcePacket[]
  /** Time of the last packet; below WINDOW_MICROS. */
  readonly span: number
  /** Whether a copy has hosts of its own. */
  readonly isMovable: boolean
}

export interface Sources {
  readonly files: readonly SourceFile[]
  /** Files without one Ethernet packet that can be read. */
  readonly left: readonly string[]
}

/** Reads the folder, in order of names. A damaged file gives what was before the damage. */
export function readSources(folder: string): Sources {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
    .filter((name) => !name.endsWith('.tsv') && fs.statSync(path.join(folder, name)).isFile())
  const all = names.map((name) => sourceOf(name, fs.readFileSync(path.join(folder, name))))
  return { files: all.filter((f) => f.packets.length > 0), left: all.filter((f) => f.packets.length === 0).map((f) => f.name) }
}

export function sourceOf(name: string, raw: Uint8Array): SourceFile {
  const found: SourcePacket[] = []
  let first = 0
  let last = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType) {
      if (linkType !== LinkType.ethernet) return
      if (found.length === 0) first = at
      last = Math.max(last, at - first)
      found.push({ bytes: new Uint8Array(buf.subarray(off, end)), wireLength, at: last })
    },
  })
  reader.push(raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw)
  reader.end()
  // A capture of hours, or one whose clock jumps by years, is pressed into the window.
  const press = last < WINDOW_MICROS ? 1 : (WINDOW_MICROS - 1) / last
  const packets = press === 1 ? found : found.map((p) => ({ ...p, at: Math.floor(p.at * press) }))
  return { name, packets, span: Math.floor(last * press), isMovable: isMovable(packets) }
}

/**
 * Whether most packets get other addresses in a copy. From 0.0.0.0 to all, or inside MPLS, they do not: copies would make one flow of
 * half a million packets, and measure how a tool bears that (Suricata 7: fifty times slower) instead of the mix.
 */
function isMovable(packets: readonly SourcePacket[]): boolean {
  let moved = 0
  for (const { bytes } of packets) {
    const copy = new Uint8Array(bytes)
    shiftFrame(copy, 0, copy.length, 1)
    if (Buffer.compare(copy.subarray(ETHERNET_ADDRESSES), bytes.subarray(ETHERNET_ADDRESSES)) !== 0) moved++
  }
  return moved * 2 > packets.length
}

export interface MixOptions {
  readonly seed: number
  /** Copies of every movable file inside one window, each with its own hosts, each beginning at a moment of its own; of others one. */
  readonly copies: number
  /** Windows one after the other. */
  readonly windows: number
  /** Whether each window has hosts of its own, or the same hosts go on talking. */
  readonly newHosts: boolean
}

/** Writes all windows. Each window is sorted by itself: memory does not grow with their number. */
export function writeMix(files: readonly SourceFile[], options: MixOptions, out: RecordWriter): void {
  const packets = files.flatMap((f) => f.packets)
  for (let window = 0; window < options.windows; window++) {
    const keys = windowKeys(files, packets.length, options, window)
    const start = START_MICROS + window * WINDOW_MICROS
    const firstCopy = options.newHosts ? window * options.copies : 0
    for (const key of keys) {
      const number = key % PACKETS_PER_WINDOW_MAX
      const packet = packets[number % packets.length] as SourcePacket
      const at = start + Math.floor(key / PACKETS_PER_WINDOW_MAX)
      const off = out.begin(at, packet.bytes.length, packet.wireLength)
      const end = off + packet.bytes.length
      out.buf.set(packet.bytes, off)
      shiftFrame(out.buf, off, end, firstCopy + Math.floor(number / packets.length))
      out.done(off, end)
    }
  }
}

/** Time and number of every packet of one window, sorted: packets of one file at one moment keep their order. */
function windowKeys(files: readonly SourceFile[], packets: number, { seed, copies }: MixOptions, window: number): Float64Array {
  if (copies * packets > PACKETS_PER_WINDOW_MAX) throw new Error(`${copies} copies of ${packets} packets are more than ${PACKETS_PER_WINDOW_MAX}`)
  const rng = seededRng(seed + window)
  const keys = new Float64Array(copies * packets)
  let [count, number] = [0, 0]
  for (let copy = 0; copy < copies; copy++) {
    for (const file of files) {
      const phase = randomInt(rng, 0, WINDOW_MICROS - 1 - file.span)
      const isLaid = copy === 0 || file.isMovable
      for (const packet of file.packets) {
        if (isLaid) keys[count++] = (phase + packet.at) * PACKETS_PER_WINDOW_MAX + number
        number++
      }
    }
  }
  return keys.subarray(0, count).sort()
}
