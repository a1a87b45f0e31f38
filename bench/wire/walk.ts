// The floor in JavaScript: walks the records of a pcap and counts them, nothing else. `node bench/wire/walk.ts FILE`
// Keeps the rule that a floor does the least any reader must: every byte is read, every record header is looked at.

import fs from 'node:fs'
import { u32le } from '../../src/wire/bytes.ts'

const CHUNK_BYTES = 4 << 20
const FILE_HEADER = 24
const RECORD_HEADER = 16

/** Records of a little-endian pcap, and the offset after the last whole one among the first `max`. */
export function walk(file: string, max = Number.POSITIVE_INFINITY): { packets: number; end: number } {
  const chunk = new Uint8Array(CHUNK_BYTES)
  const fd = fs.openSync(file, 'r')
  let [packets, base, next] = [0, 0, FILE_HEADER]
  for (;;) {
    const length = fs.readSync(fd, chunk, 0, CHUNK_BYTES, base)
    const limit = base + length
    while (packets < max && next + RECORD_HEADER <= limit) {
      const end = next + RECORD_HEADER + u32le(chunk, next - base + 8)
      packets++
      next = end
    }
    if (packets >= max || length < CHUNK_BYTES) break
    // Each byte is read, as by every tool that looks at packets; only a cut header is read again.
    base = Math.min(limit, next)
  }
  const { size } = fs.fstatSync(fd)
  fs.closeSync(fd)
  return { packets, end: Math.min(next, size) }
}

/** Copies the first `packets` records, for tools that would take all day over all of them. Returns how many there are. */
export function slice(file: string, to: string, max: number): number {
  const { packets, end } = walk(file, max)
  const [from, into] = [fs.openSync(file, 'r'), fs.openSync(to, 'w')]
  const chunk = new Uint8Array(CHUNK_BYTES)
  for (let off = 0; off < end;) {
    const length = fs.readSync(from, chunk, 0, Math.min(CHUNK_BYTES, end - off), off)
    fs.writeSync(into, chunk, 0, length)
    off += length
  }
  fs.closeSync(from)
  fs.closeSync(into)
  return packets
}

if (import.meta.main) process.stdout.write(`${walk(process.argv[2] ?? '').packets}\n`)
