// fuzz-wire-targets: the wire's readers against hostile bytes: capture files, compressed ones, frames of every link type, fragments, segments.
// Keeps "nothing throws on bytes", the same answer at every split, and each packet accounted for once.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readCapture } from '../sensor/source.ts'
import type { CaptureSummary } from '../wire/capture/capture.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { beginFrame, decodeFrame, decodeTransport } from '../wire/decode.ts'
import { Frame, FrameFlag, FrameStatus, TcpFlag } from '../wire/frame.ts'
import { DATAGRAM_BYTES_MAX, IpReassembler } from '../wire/reassembly/ip.ts'
import { TcpBudget, TcpStream, type TcpSink } from '../wire/reassembly/tcp.ts'
import { frameFields as fieldsOfFrame, OFFSET_FIELDS, sampleFrames } from '../wire/test-frames.ts'
import type { WireTarget } from './fuzz-engine.ts'
import { captureFields, frameFields, ipFields } from './fuzz-fields.ts'
import { chunkPlaces, conversationFields, decodeConversation } from './fuzz-conversation.ts'
import { joinBytes } from './fuzz-mutate.ts'
import { captureSeeds, fragmentSeeds, segmentSeeds } from './fuzz-wire-seeds.ts'

/** What a capture reader said: each packet as one line, and its summary. */
interface Read {
  readonly packets: readonly string[]
  readonly summary: CaptureSummary
}

function lineOf(buf: Uint8Array, off: number, end: number, at: number, wireLength: number, linkType: number): string {
  assert.ok(off >= 0 && off <= end && end <= buf.length, `packet [${off}, ${end}) of ${buf.length}`)
  assert.ok(Number.isFinite(at) && wireLength >= end - off && linkType >= 0, `at ${at}, ${wireLength} on the wire, link ${linkType}`)
  let sum = 0
  for (let i = off; i < end; i++) sum = (Math.imul(sum, 31) + (buf[i] as number)) | 0
  return `${end - off} ${at} ${wireLength} ${linkType} ${sum}`
}

function readPieces(pieces: readonly Uint8Array[]): Read {
  const packets: string[] = []
  const reader = createCaptureReader({ packet: (...packet) => void packets.push(lineOf(...packet)) })
  for (const piece of pieces) {
    // A copy that is wiped afterwards: bytes are borrowed for the call only.
    const borrowed = piece.slice()
    reader.push(borrowed)
    borrowed.fill(0xa5)
  }
  return { packets, summary: reader.end() }
}

/** Byte by byte costs a push per byte: what is longer is cut in three. */
const BYTEWISE_MAX = 600

function runCapture(input: Uint8Array): void {
  const whole = readPieces([input])
  const { summary } = whole
  assert.equal(summary.packets, whole.packets.length)
  assert.equal(summary.bytes, input.length)
  for (const p of summary.problems) assert.ok(p.message !== '' && p.offset >= 0 && p.offset <= input.length + 4, `problem ${p.code} at ${p.offset}`)
  const third = Math.floor(input.length / 3)
  assert.deepEqual(readPieces([input.subarray(0, third), input.subarray(third, third * 2 + 1), input.subarray(third * 2 + 1)]), whole, 'cut in three')
  if (input.length <= BYTEWISE_MAX) assert.deepEqual(readPieces(Array.from(input, (byte) => Uint8Array.of(byte))), whole, 'byte by byte')
}

async function readThrough(pieces: readonly Uint8Array[]): Promise<Read & { readonly problems: readonly string[] }> {
  const packets: string[] = []
  const reader = createCaptureReader({ packet: (...packet) => void packets.push(lineOf(...packet)) })
  const read = await readCapture('-', reader, { stdin: Readable.from(pieces) })
  assert.ok(read.ok, 'a stream of bytes is never unusable')
  return { packets, summary: read.value, problems: read.value.problems.map((p) => p.code) }
}

/** Of a damaged stream zlib may lose what the failing call unpacked, so a cut one may tell less or more, never something else. */
async function runCompressed(input: Uint8Array): Promise<void> {
  const whole = await readThrough([input])
  const half = await readThrough([input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)].filter((p) => p.length > 0))
  const shorter = Math.min(whole.packets.length, half.packets.length)
  assert.deepEqual(half.packets.slice(0, shorter), whole.packets.slice(0, shorter))
  if (whole.problems.length === 0) assert.deepEqual(half.packets, whole.packets)
}

/** Bytes before and after the packet that no decoder may look at. */
const GUARD_BYTES = 32

function decodeGuarded(packet: Uint8Array, wire: number, linkType: number, guard: number): { readonly frame: Frame; readonly status: FrameStatus } {
  const buf = new Uint8Array(packet.length + 2 * GUARD_BYTES).fill(guard)
  buf.set(packet, GUARD_BYTES)
  const frame = new Frame()
  beginFrame(frame, 1, 0, wire, packet.length)
  return { frame, status: decodeFrame(buf, GUARD_BYTES, GUARD_BYTES + packet.length, linkType, frame) }
}

export const LINK_TYPES: readonly number[] = [...new Set(sampleFrames().map((s) => s.linkType)), 14, 105, 127, 9, 160]
const FRAME_HEAD_BYTES = 2

/** First byte: the link type. Second: how much longer it was on the wire. */
function runFrame(input: Uint8Array): void {
  const linkType = LINK_TYPES[(input[0] ?? 0) % LINK_TYPES.length] as number
  const packet = input.subarray(FRAME_HEAD_BYTES)
  const wire = packet.length + (input[1] ?? 0)
  const { frame, status } = decodeGuarded(packet, wire, linkType, 0)
  const other = decodeGuarded(packet, wire, linkType, 0xff)
  assert.deepEqual([fieldsOfFrame(other.frame), other.status], [fieldsOfFrame(frame), status], 'bytes around the packet change what is read')
  for (const name of OFFSET_FIELDS) {
    const at = frame[name]
    assert.ok(at === -1 || (at >= GUARD_BYTES && at <= GUARD_BYTES + packet.length), `${name} is ${at - GUARD_BYTES} of ${packet.length}`)
  }
  assert.ok(frame.payloadOff <= frame.payloadEnd && frame.l4Off <= frame.l4End && frame.arpOff <= frame.arpEnd)
  assert.ok(frame.payloadOff < 0 || frame.payloadWireLength >= frame.payloadEnd - frame.payloadOff, 'less on the wire than here')
  assert.ok(frame.vlan >= 0 && frame.vlan < 4096 && frame.innerVlan < 4096 && frame.srcPort <= 0xffff && frame.dstPort <= 0xffff)
  if (status >= FrameStatus.network) assert.ok(frame.ipVersion === 4 || frame.ipVersion === 6)
}

/** Small bounds, so that short inputs reach them. */
const DATAGRAMS_MAX = 6
const FRAGMENT_BYTES_MAX = 4096

/** Each chunk is a packet from its IP header on; a direction of 1 lets 20 s pass first. */
function runFragments(input: Uint8Array): void {
  let given = 0
  let back = 0
  const reassembler = new IpReassembler({ datagramsMax: DATAGRAMS_MAX, bytesMax: FRAGMENT_BYTES_MAX, onIncomplete: (d) => (back += d.packets) })
  const frame = new Frame()
  let at = 0
  for (const [index, { direction, bytes }] of decodeConversation(input).entries()) {
    at += direction * 20_000_000
    beginFrame(frame, index + 1, at, bytes.length, bytes.length)
    if (decodeFrame(bytes, 0, bytes.length, 101, frame) < FrameStatus.network || (frame.flags & FrameFlag.fragment) === 0) continue
    // Without a readable payload it is no fragment to keep; then the frame says why.
    if (frame.l4Off >= 0) given++
    else assert.notEqual(frame.flags & (FrameFlag.ipHeaderInvalid | FrameFlag.ipHeaderTruncated | FrameFlag.ipExtensionInvalid), 0)
    const whole = reassembler.add(bytes, frame)
    if (whole === null) continue
    back += whole.packets
    assert.ok(whole.end - whole.off <= DATAGRAM_BYTES_MAX)
    decodeTransport(whole.buf, whole.off, whole.end, frame)
    assert.ok(frame.payloadEnd <= whole.end)
  }
  reassembler.finish()
  assert.equal(back, given, `${given} fragments went in, ${back} are accounted for`)
}

/** What a stream told of one direction, as ranges that must follow each other. */
class Told implements TcpSink {
  readonly bytes: [number, number] = [0, 0]
  readonly lost: [number, number] = [0, 0]
  ended = 0

  data(direction: 0 | 1, buf: Uint8Array, off: number, end: number): void {
    assert.ok(this.ended === 0 && off >= 0 && off < end && end <= buf.length, `data [${off}, ${end}) of ${buf.length}`)
    this.bytes[direction] += end - off
  }

  gap(direction: 0 | 1, bytes: number): void {
    assert.ok(this.ended === 0 && bytes > 0 && Number.isSafeInteger(bytes), `a gap of ${bytes}`)
    this.lost[direction] += bytes
  }

  end(): void {
    this.ended++
  }
}

const SEGMENT_HEAD_BYTES = 4
const TCP_FLAGS: readonly number[] = [TcpFlag.ack, TcpFlag.syn, TcpFlag.fin | TcpFlag.ack, TcpFlag.rst, TcpFlag.ack | TcpFlag.psh, 0, 0x3f, TcpFlag.urg]
/** Small, so that short inputs fill it. */
const TCP_BUDGET_BYTES = 2048

/** Each chunk: flags, two bytes of sequence offset, one of acknowledgement and time, then payload; a loss is a tail cut by the snap length. */
function runSegments(input: Uint8Array): void {
  const budget = new TcpBudget(TCP_BUDGET_BYTES)
  const stream = new TcpStream(budget)
  const told = new Told()
  const frame = new Frame()
  const sent: [number, number] = [0, 0]
  let at = 0
  for (const { direction, lost = 0, bytes } of decodeConversation(input)) {
    const [kind = 0, high = 0, low = 0, more = 0] = bytes
    at += (more & 15) * 100_000
    Object.assign(frame, { at, tcpFlags: TCP_FLAGS[kind & 7], flags: 0, payloadOff: Math.min(SEGMENT_HEAD_BYTES, bytes.length), payloadEnd: bytes.length })
    // The top bits stretch the offset over the whole space, to the wrap and to both sides of it.
    frame.tcpSeq = ((((high << 8) | low) << ((kind >> 3) & 3) * 8) + 0xffff_ff00) >>> 0
    frame.tcpAck = (frame.tcpSeq + (more >> 4) * 512) >>> 0
    frame.payloadWireLength = frame.payloadEnd - frame.payloadOff + lost
    sent[direction] += frame.payloadWireLength
    stream.segment(direction, bytes, frame, told)
    assert.ok(budget.held <= TCP_BUDGET_BYTES + bytes.length, `${budget.held} bytes held of ${TCP_BUDGET_BYTES}`)
  }
  stream.finish(at, told)
  assert.equal(told.ended, 1)
  assert.equal(budget.held, 0, 'bytes held after the end')
  for (const side of [0, 1] as const) assert.ok(told.bytes[side] <= sent[side], `${told.bytes[side]} bytes told of ${sent[side]} sent`)
}

const packetFields = conversationFields((input, off, end) => ipFields(input, off, end))
const segmentFields = conversationFields((_input, off) => [{ off, bytes: 1, little: false }, { off: off + 1, bytes: 2, little: false }])

export const WIRE_TARGETS: readonly WireTarget[] = [
  {
    id: 'capture', holds: 'pcap and pcapng in any split give the same packets and the same problems, each packet inside the bytes given',
    seeds: captureSeeds, run: runCapture, fields: captureFields, stepsPerByte: 40, stepsFloor: 20_000,
  },
  {
    id: 'compressed', holds: 'gzip and zstd, damaged or not: packets in the same order however the stream is cut, never an error',
    seeds: () => captureSeeds().flatMap((seed) => [gzipSync(seed), zstdCompressSync(seed)]).filter((seed) => seed.length < 2000),
    run: runCompressed, stepsPerByte: 4000, stepsFloor: 200_000,
  },
  {
    id: 'frame', holds: 'offsets lie inside the packet, bytes around it change nothing, at every link type',
    seeds: () => sampleFrames().map((s) => joinBytes(Uint8Array.of(LINK_TYPES.indexOf(s.linkType), 0), s.packet)), run: runFrame,
    fields: (input) => frameFields(input, FRAME_HEAD_BYTES), stepsPerByte: 20, stepsFloor: 2000,
  },
  {
    id: 'fragments', holds: 'every fragment is accounted for once: in a whole datagram or in one given up; no datagram beyond 65,535 bytes',
    seeds: fragmentSeeds, run: runFragments, fields: packetFields, stepsPerByte: 60, stepsFloor: 5000,
  },
  {
    id: 'segments', holds: 'no more bytes told than sent, held bytes within the budget, none held after the end, one end',
    seeds: segmentSeeds, run: runSegments, fields: segmentFields, stepsPerByte: 60, stepsFloor: 5000,
  },
]

/** How many packets a conversation-like input holds: for tests of the seeds. */
export function chunkCount(input: Uint8Array): number {
  return chunkPlaces(input).length
}
