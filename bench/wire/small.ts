// The worst case: nothing but 64-byte frames, each of a flow chosen at random, so that neither bytes nor order help anybody.
// Keeps the rule that what is inside is honest: handshakes, sequence numbers that go on, right checksums.

import { randomInt, seededRng, type Rng } from '../../src/base/rng.ts'
import { internetChecksum } from '../../src/twin/core/packets.ts'
import type { RecordWriter } from './record-writer.ts'

const FRAME_BYTES = 64
const START_MICROS = 1_700_000_000_000_000
/** 3 M packets in five minutes. */
const GAP_MICROS = 100
const ETHERNET = 14
const TRANSPORT = ETHERNET + 20
const TCP = 20
const UDP = 8
const TCP_DATA_BYTES = FRAME_BYTES - TRANSPORT - TCP
const HANDSHAKE_TURNS = 3
const NET = 0x0a000000
/** Clients are 10.0.0.0 and up, servers 10.128.0.0 and up. */
const FIRST_SERVER = 0x800000
/** As a desktop has them at one time. */
const FLOWS_PER_CLIENT = 20
const SERVERS = 256
const FIRST_CLIENT_PORT = 20_000
/** Of no service: what is not there cannot be identified, and every probe has to look. */
const SERVER_PORT = 4_000
const LETTER_A = 0x61

const Flag = { syn: 2, push: 8, ack: 16 } as const

export interface SmallOptions {
  readonly seed: number
  readonly flows: number
  readonly packets: number
}

/** Even flows are TCP, odd ones UDP. Each packet takes a flow at random; both directions take turns. */
export function writeSmall({ seed, flows, packets }: SmallOptions, out: RecordWriter): void {
  const rng = seededRng(seed)
  const turns = new Uint32Array(flows)
  for (let i = 0; i < packets; i++) {
    const flow = i < flows ? i : randomInt(rng, 0, flows - 1)
    const turn = turns[flow] as number
    turns[flow] = turn + 1
    const off = out.begin(START_MICROS + i * GAP_MICROS, FRAME_BYTES, FRAME_BYTES)
    putFrame(out.buf.subarray(off, off + FRAME_BYTES), flow, turn, rng)
    out.done(off, off + FRAME_BYTES)
  }
}

/** `turn` counts the packets of this flow: client and server alternate, so an odd turn is the server's. */
function putFrame(frame: Uint8Array, flow: number, turn: number, rng: Rng): void {
  const view = new DataView(frame.buffer, frame.byteOffset, FRAME_BYTES)
  const client = Math.floor(flow / FLOWS_PER_CLIENT)
  const server = FIRST_SERVER + (flow % SERVERS)
  const isAnswer = turn % 2 === 1
  const isTcp = flow % 2 === 0
  const end = isTcp && turn < HANDSHAKE_TURNS ? TRANSPORT + TCP : FRAME_BYTES
  frame.fill(0)
  putMac(view, 0, isAnswer ? client : server)
  putMac(view, 6, isAnswer ? server : client)
  view.setUint16(12, 0x0800)
  putIp(frame, view, { end, proto: isTcp ? 6 : 17, from: isAnswer ? server : client, to: isAnswer ? client : server })
  const clientPort = FIRST_CLIENT_PORT + (flow % FLOWS_PER_CLIENT)
  view.setUint16(TRANSPORT, isAnswer ? SERVER_PORT : clientPort)
  view.setUint16(TRANSPORT + 2, isAnswer ? clientPort : SERVER_PORT)
  if (isTcp) putTcp(view, turn)
  else view.setUint16(TRANSPORT + 4, end - TRANSPORT)
  for (let i = TRANSPORT + (isTcp ? TCP : UDP); i < end; i++) frame[i] = randomInt(rng, LETTER_A, LETTER_A + 25)
  const pseudo = sum16(view, ETHERNET + 12, TRANSPORT) + (isTcp ? 6 : 17) + (end - TRANSPORT)
  const checksum = internetChecksum(frame, TRANSPORT, end, pseudo)
  // RFC 768: zero would mean "no checksum".
  view.setUint16(TRANSPORT + (isTcp ? 16 : 6), !isTcp && checksum === 0 ? 0xffff : checksum)
}

/** Locally administered, so that no maker's device is played. */
function putMac(view: DataView, at: number, host: number): void {
  view.setUint16(at, 0x0200)
  view.setUint32(at + 2, host)
}

function putIp(frame: Uint8Array, view: DataView, ip: { end: number; proto: number; from: number; to: number }): void {
  view.setUint16(ETHERNET, 0x4500)
  view.setUint16(ETHERNET + 2, ip.end - ETHERNET)
  view.setUint16(ETHERNET + 6, 0x4000)
  view.setUint16(ETHERNET + 8, (64 << 8) | ip.proto)
  view.setUint32(ETHERNET + 12, NET + ip.from)
  view.setUint32(ETHERNET + 16, NET + ip.to)
  view.setUint16(ETHERNET + 10, internetChecksum(frame, ETHERNET, TRANSPORT, 0))
}

/** SYN, SYN and ACK, ACK, which Ethernet pads to its least length, then one segment each in turn. */
function putTcp(view: DataView, turn: number): void {
  view.setUint32(TRANSPORT + 4, sequence(turn))
  view.setUint32(TRANSPORT + 8, turn === 0 ? 0 : sequence(turn + 1))
  const flags = turn === 0 ? Flag.syn : turn === 1 ? Flag.syn | Flag.ack : turn === 2 ? Flag.ack : Flag.push | Flag.ack
  view.setUint16(TRANSPORT + 12, ((TCP / 4) << 12) | flags)
  view.setUint16(TRANSPORT + 14, 0xffff)
}

/** Of the sender of this turn: both begin at 0, a SYN takes one, data begins with turn 3. */
function sequence(turn: number): number {
  if (turn < 2) return 0
  const sent = turn % 2 === 1 ? (turn - 3) / 2 : Math.max(0, (turn - 4) / 2)
  return 1 + sent * TCP_DATA_BYTES
}

function sum16(view: DataView, from: number, end: number): number {
  let sum = 0
  for (let i = from; i < end; i += 2) sum += view.getUint16(i)
  return sum
}
