// hostile: captures that an attacker would send past a sensor, out of a seed: sprays, floods, bombs, lies about length and time.
// Keeps one seed, one capture; each story says what a report on it must name, for what was dropped must not be silence.

import { randomInt, seededRng, type Rng } from '../base/rng.ts'
import { block, BLOCK, LITTLE, option, section } from '../wire/capture/test-captures.ts'
import { pcapFileHeader, PCAP_RECORD_HEADER_BYTES } from '../wire/capture/writer.ts'
import { arp, be16, be32, bytes, ethernet, extension, icmp, ip4, ip6, mac, tcp, udp } from '../wire/test-frames.ts'
import { encodeHl7 } from '../protocols/hl7/message.ts'
import { ADMISSION } from '../protocols/hl7/testdata/samples.ts'
import { joinBytes } from './fuzz-mutate.ts'

/** One packet of a story: its bytes, valid until the next is asked for. */
export interface HostileFrame {
  readonly bytes: Uint8Array
  /** Microseconds since the first packet; may run backwards. */
  readonly at: number
  /** On the wire, as the record says; default: the bytes. */
  readonly wireLength?: number
  /** Captured, as the record says; default: the bytes. A lie ends the reading. */
  readonly capturedLength?: number
}

export interface HostileStory {
  readonly id: string
  readonly what: string
  /** Packets in the long form. */
  readonly full: number
  readonly frames: (count: number, rng: Rng) => Generator<HostileFrame>
  /** Observations, or codes of problems, that the report of the long form must have. */
  readonly names: readonly string[]
  /** Packets, in the tests, through the command in a process of its own, where already so few meet a bound. */
  readonly inTests?: number
  /** Goes before the packets in place of the usual pcap header. */
  readonly head?: () => Uint8Array
}

const START_SECONDS = 1_767_598_200
const ETHERNET_BYTES = 14
const IP_BYTES = 20
const SRC_AT = ETHERNET_BYTES + 12
const L4_AT = ETHERNET_BYTES + IP_BYTES
const TEN_MICROS = 10

function put16(buf: Uint8Array, off: number, value: number): void {
  buf[off] = value >>> 8
  buf[off + 1] = value
}

function put32(buf: Uint8Array, off: number, value: number): void {
  put16(buf, off, value >>> 16)
  put16(buf, off + 2, value)
}

/** The i-th of 2^24 senders in 10.0.0.0/8, with i spread over the bits so that neighbours differ everywhere. */
function sender(i: number): number {
  return 0x0a00_0000 | (Math.imul(i, 0x9e37_79b1) >>> 8)
}

/** Sender, source port and MAC of the i-th tuple into a frame of Ethernet and IPv4 without options. */
function nameTuple(frame: Uint8Array, i: number): void {
  put32(frame, SRC_AT, sender(i))
  put16(frame, L4_AT, 1024 + (i % 60_000))
  put32(frame, 8, i)
}

function* sprayed(count: number, frame: Uint8Array, change: (frame: Uint8Array, i: number) => void): Generator<HostileFrame> {
  for (let i = 0; i < count; i++) {
    nameTuple(frame, i)
    change(frame, i)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

const unchanged = (): void => undefined

/** First fragments, later ones, and ones that overlap with other bytes; no datagram ever becomes whole. */
function* fragmentSpray(count: number, rng: Rng): Generator<HostileFrame> {
  const first = ethernet(0x0800, ip4(17, udp(2049, 700, new Uint8Array(16), 4000), { more: true }))
  const later = ethernet(0x0800, ip4(17, new Uint8Array(24).fill(7), { fragmentUnits: 2, more: true }))
  for (let i = 0; i < count; i++) {
    const frame = i % 3 === 2 ? later : first
    // Every third one meets the datagram before it.
    const id = i % 3 === 2 ? i - 1 : i
    put16(frame, ETHERNET_BYTES + 4, id)
    put32(frame, SRC_AT, sender(id >>> 16))
    frame[frame.length - 1] = randomInt(rng, 0, 255)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** Fragments of 8 bytes of few datagrams, with holes: pieces outweigh bytes. */
function* fragmentCombs(count: number): Generator<HostileFrame> {
  const frame = ethernet(0x0800, ip4(17, new Uint8Array(8), { more: true }))
  for (let i = 0; i < count; i++) {
    put16(frame, ETHERNET_BYTES + 4, i >>> 12)
    put16(frame, ETHERNET_BYTES + 6, 0x2000 | ((i & 4095) * 2))
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** Tags, extension headers, IP in IP, GRE and VXLAN in themselves, as deep as a frame is long. */
function* tunnelBombs(count: number): Generator<HostileFrame> {
  const inner = ip4(17, udp(53, 53, new Uint8Array(20)))
  const nest = (times: number, wrap: (payload: Uint8Array) => Uint8Array, from: Uint8Array): Uint8Array => {
    let packet = from
    for (let i = 0; i < times; i++) packet = wrap(packet)
    return packet
  }
  const bombs = [
    ethernet(0x0800, inner, Array.from({ length: 340 }, (_, i) => [0x8100, i & 4095] as const)),
    ethernet(0x86dd, ip6(60, nest(180, (payload) => extension(60, 0, payload), new Uint8Array(8)))),
    ethernet(0x86dd, ip6(0, nest(90, (payload) => extension(43, 1, payload), new Uint8Array(8)))),
    ethernet(0x0800, nest(60, (payload) => ip4(4, payload), inner)),
    ethernet(0x86dd, nest(30, (payload) => ip6(41, payload), new Uint8Array(8))),
    ethernet(0x0800, nest(50, (payload) => ip4(47, bytes(be16(0), be16(0x0800), payload)), inner)),
    ethernet(0x0800, nest(25, (payload) => ip4(17, udp(4789, 4789, bytes(8, 0, 0, 0, 0, 0, 7, 0, ethernet(0x0800, payload)))), inner)),
    ethernet(0x0800, nest(40, (payload) => ip4(17, udp(2152, 2152, bytes(0x30, 0xff, be16(payload.length), be32(1), payload))), inner)),
    ethernet(0x0800, nest(20, (payload) => ip4(47, bytes(be16(0x1000), be16(0x88be), be32(1), be32(0x10000000), be32(0), ethernet(0x0800, payload))), inner)),
  ]
  for (let i = 0; i < count; i++) yield { bytes: bombs[i % bombs.length] as Uint8Array, at: i * TEN_MICROS }
}

/** Lengths of 2^31 and 2^32 - 1 on the wire, IP and UDP lengths of 65,535, and at last a record that claims 2^31 captured bytes. */
function* lies(count: number): Generator<HostileFrame> {
  const frames = [
    ethernet(0x0800, ip4(17, udp(53, 53, new Uint8Array(40), 65_535), { total: 65_535 })),
    ethernet(0x0800, ip4(6, tcp(1025, 515, new Uint8Array(40)), { total: 65_535 })),
    ethernet(0x86dd, ip6(17, udp(1, 2, new Uint8Array(40), 0), 65_535)),
    ethernet(0x0800, ip4(17, udp(53, 53, new Uint8Array(40), 3), { total: 0 })),
    ethernet(0x0800, ip4(6, tcp(1025, 515, new Uint8Array(40), { words: 15 }), { headerWords: 15 })),
  ]
  for (let i = 0; i < count - 1; i++) {
    const wireLength = [0x7fff_ffff, 0xffff_ffff, 0x8000_0000][i % 3] as number
    yield { bytes: frames[i % frames.length] as Uint8Array, at: i * TEN_MICROS, wireLength }
  }
  yield { bytes: frames[0] as Uint8Array, at: count * TEN_MICROS, capturedLength: 0x8000_0000 }
}

const DAY_MICROS = 86_400_000_000

/** Time that stands, leaps over decades and runs back, under flows that then end and begin. */
function* brokenClock(count: number, rng: Rng): Generator<HostileFrame> {
  const frame = ethernet(0x0800, ip4(6, tcp(1, 515, bytes(2, 0, 5, 0x47))))
  for (let i = 0; i < count; i++) {
    nameTuple(frame, i % 500)
    put32(frame, L4_AT + 4, i)
    const leap = i % 7 === 0 ? randomInt(rng, -20_000, 29_000) * DAY_MICROS : 0
    yield { bytes: frame, at: i * TEN_MICROS + leap }
  }
}

/** Streams of 1400 bytes whose second piece never comes: what follows is held until a bound says no. */
function* tcpHoles(count: number): Generator<HostileFrame> {
  const frame = ethernet(0x0800, ip4(6, tcp(1, 2575, new Uint8Array(1400).fill(0x41), { flags: 0x10 })))
  const perFlow = 700
  for (let i = 0; i < count; i++) {
    nameTuple(frame, Math.floor(i / perFlow))
    // The first piece, then the last ones first, with a hole before every piece.
    const place = i % perFlow
    put32(frame, L4_AT + 4, place === 0 ? 0 : (perFlow - place + 1) * 1401)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** As many streams as there are flows, each with a piece that keeps its place behind a hole. */
function* tcpHeld(count: number): Generator<HostileFrame> {
  const frame = ethernet(0x0800, ip4(6, tcp(1, 2575, new Uint8Array(8).fill(0x41), { flags: 0x10 })))
  for (let i = 0; i < count; i++) {
    nameTuple(frame, i >>> 1)
    put32(frame, L4_AT + 4, (i & 1) * 5000)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** A TCP stream for each tuple that begins with these bytes and says no more: whatever is held for it stays held. */
function halfSaid(payload: Uint8Array, port: number): HostileStory['frames'] {
  return (count) => sprayed(count, ethernet(0x0800, ip4(6, tcp(1, port, payload))), unchanged)
}

function dnsQuestion(): Uint8Array {
  const label = Array.from('n00000000', (c) => c.charCodeAt(0))
  return bytes(be16(7), be16(0x0100), be16(1), be16(0), be16(0), be16(0), 9, label, 4, [0x77, 0x61, 0x72, 0x64], 0, be16(1), be16(1))
}

/** Where the digits of the name stand in the frame. */
const DNS_DIGITS_AT = L4_AT + 8 + 12 + 2
const DNS_DIGITS = 8

function putDigits(frame: Uint8Array, off: number, value: number): void {
  let rest = value
  for (let at = off + DNS_DIGITS - 1; at >= off; at--) {
    frame[at] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

const XDR_HANDLE_BYTES = 32

function rpcCall(program: number, version: number, procedure: number, body: readonly number[]): Uint8Array {
  return bytes(be32(7), be32(0), be32(2), be32(program), be32(version), be32(procedure), be32(0), be32(0), be32(0), be32(0), body)
}

/** NFS READ calls with a handle of its own each, from one client in every two hundred. */
function* rpcFlood(count: number): Generator<HostileFrame> {
  const handle = [...be32(XDR_HANDLE_BYTES), ...new Uint8Array(XDR_HANDLE_BYTES)]
  const call = rpcCall(100_003, 3, 6, [...handle, ...be32(0), ...be32(0), ...be32(4096)])
  const frame = ethernet(0x0800, ip4(17, udp(700, 2049, call)))
  const handleAt = L4_AT + 8 + 40 + 4
  for (let i = 0; i < count; i++) {
    nameTuple(frame, Math.floor(i / 200))
    put32(frame, L4_AT + 8, i)
    put32(frame, handleAt, i)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** MOUNT calls for a path of its own each, by a client of its own each. */
function* mountFlood(count: number): Generator<HostileFrame> {
  const path = Array.from('/p/00000000', (c) => c.charCodeAt(0))
  const frame = ethernet(0x0800, ip4(17, udp(700, 635, rpcCall(100_005, 3, 1, [...be32(11), ...path, 0]))))
  const digitsAt = L4_AT + 8 + 40 + 4 + 3
  yield* sprayed(count, frame, (bytesOf, i) => {
    put32(bytesOf, L4_AT + 8, i)
    putDigits(bytesOf, digitsAt, i)
  })
}

/** ARP claims: a MAC and an address of their own each. */
function* arpFlood(count: number): Generator<HostileFrame> {
  const frame = ethernet(0x0806, arp(2, 0x0200_0000_0000, 0x0a00_0001, 0x0200_0000_0001, 0x0a00_0002))
  for (let i = 0; i < count; i++) {
    put32(frame, 8, i)
    put32(frame, ETHERNET_BYTES + 10, i)
    put32(frame, ETHERNET_BYTES + 14, sender(i))
    put32(frame, ETHERNET_BYTES + 24, sender(i + 1))
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** DHCP discoveries: a client of its own each. */
function* dhcpFlood(count: number): Generator<HostileFrame> {
  const message = bytes(1, 1, 6, 0, be32(1), new Uint8Array(20), mac(0x0200_0000_0000), new Uint8Array(202), [0x63, 0x82, 0x53, 0x63], [53, 1, 1],
    [12, 9, ...Array.from('h00000000', (c) => c.charCodeAt(0))], 255)
  const frame = ethernet(0x0800, ip4(17, udp(68, 67, message)))
  put32(frame, SRC_AT, 0)
  const at = L4_AT + 8
  for (let i = 0; i < count; i++) {
    put32(frame, 8, i)
    put32(frame, at + 4, i)
    put32(frame, at + 30, i)
    putDigits(frame, at + 240 + 3 + 3, i)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

/** Times before 1970: pcapng only, an interface whose offset is far below zero. */
function* beforeTime(count: number): Generator<HostileFrame> {
  const frame = ethernet(0x0800, ip4(1, icmp(8, 0, new Uint8Array(30))))
  for (let i = 0; i < count; i++) {
    nameTuple(frame, i)
    yield { bytes: frame, at: i * TEN_MICROS }
  }
}

function beforeTimeHead(): Uint8Array {
  const offset = option(LITTLE, 14, LITTLE.u64(-(2n ** 40n)))
  return joinBytes(section(LITTLE), block(LITTLE, BLOCK.interface, joinBytes(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0]), offset)))
}

const CMS_HEAD = bytes(0x40, 0x1f, 5, 0x46, 0, 0, 0x14, 0)
const LOST_FLOWS = ['flowsEvicted']

export const HOSTILE_STORIES: readonly HostileStory[] = [
  {
    id: 'fragment-spray', what: 'a million fragments of distinct datagrams, some overlapping with other bytes, none ever whole',
    inTests: 40_000, full: 1_000_000,
    frames: fragmentSpray, names: ['ip evicted', 'ip packetsOfIncompleteDatagrams'],
  },
  {
    id: 'fragment-combs', what: 'datagrams in 8-byte pieces with a hole after each', full: 1_000_000,
    frames: fragmentCombs, names: ['ip packetsOfIncompleteDatagrams'],
  },
  {
    id: 'flow-spray', what: 'five million 5-tuples, one datagram each', full: 5_000_000,
    frames: (count) => sprayed(count, ethernet(0x0800, ip4(17, udp(1, 9, new Uint8Array(8)))), (f, i) => put16(f, L4_AT + 2, i >>> 8)),
    names: LOST_FLOWS,
  },
  {
    id: 'syn-flood', what: 'SYNs from forged senders to one server', full: 3_000_000,
    frames: (count) => sprayed(count, ethernet(0x0800, ip4(6, tcp(1, 515, new Uint8Array(0), { flags: 2 }))), (f, i) => put32(f, L4_AT + 4, i)),
    names: LOST_FLOWS,
  },
  {
    id: 'tunnel-bombs', what: 'tags, extension headers and tunnels nested as deep as a frame is long', inTests: 10_000, full: 500_000,
    frames: tunnelBombs, names: ['tooManyTags'],
  },
  {
    id: 'lies', what: 'lengths of 2^31 and more on the wire, of 65,535 in headers, and a record of 2^31 captured bytes', inTests: 10_000, full: 500_000,
    frames: lies, names: ['bad-length', 'cutBySnaplen'],
  },
  { id: 'broken-clock', what: 'time that leaps decades forth and back', full: 500_000, frames: brokenClock, names: [] },
  {
    id: 'before-1970', what: 'times below zero', full: 200_000, frames: beforeTime, names: ['hostsNotKept'], head: beforeTimeHead,
  },
  {
    id: 'tcp-holes', what: 'streams of which every second piece is missing, until no more can be held', inTests: 20_000, full: 500_000,
    frames: tcpHoles, names: ['tcp outOfOrder'],
  },
  {
    id: 'tcp-held', what: 'a piece held behind a hole in each of a million streams', full: 2_000_000,
    frames: tcpHeld, names: LOST_FLOWS,
  },
  {
    id: 'half-cms', what: 'streams that begin an 8 kB block of a monitor and say no more', full: 1_000_000,
    frames: halfSaid(CMS_HEAD, 515), names: LOST_FLOWS,
  },
  {
    id: 'half-hl7', what: 'streams that send half a patient admission', full: 1_000_000,
    frames: halfSaid(encodeHl7(ADMISSION).slice(0, 150), 2575), names: LOST_FLOWS,
  },
  {
    id: 'half-rpc', what: 'streams that begin a record of remote calls', full: 1_000_000,
    frames: halfSaid(bytes(be32(0x8000_0400), rpcCall(100_003, 3, 0, [])), 2049), names: LOST_FLOWS,
  },
  {
    id: 'half-dns', what: 'streams that begin a DNS message of 64 kB', full: 1_000_000,
    frames: halfSaid(bytes(be16(0xffff), dnsQuestion()), 53), names: LOST_FLOWS,
  },
  {
    id: 'undecided', what: 'streams of one byte that may yet become anything', full: 1_000_000,
    frames: halfSaid(Uint8Array.of(0x4d), 2575), names: LOST_FLOWS,
  },
  {
    id: 'hl7-flood', what: 'a whole patient admission in each of a million streams', full: 1_000_000,
    frames: halfSaid(encodeHl7(ADMISSION), 2575), names: LOST_FLOWS,
  },
  {
    id: 'dns-flood', what: 'questions for distinct names', full: 1_000_000,
    frames: (count) => sprayed(count, ethernet(0x0800, ip4(17, udp(1, 53, dnsQuestion()))), (f, i) => putDigits(f, DNS_DIGITS_AT, i)),
    names: LOST_FLOWS,
  },
  { id: 'rpc-flood', what: 'READs of distinct files', full: 1_000_000, frames: rpcFlood, names: [] },
  { id: 'mount-flood', what: 'MOUNTs of distinct paths by distinct clients', full: 1_000_000, frames: mountFlood, names: LOST_FLOWS },
  { id: 'arp-flood', what: 'ARP claims with forged addresses', full: 1_000_000, frames: arpFlood, names: ['hostsNotKept'] },
  { id: 'dhcp-flood', what: 'DHCP discoveries with forged clients', inTests: 80_000, full: 1_000_000, frames: dhcpFlood, names: ['hostsNotKept'] },
]

export function storyNamed(id: string): HostileStory {
  const story = HOSTILE_STORIES.find((s) => s.id === id)
  if (story === undefined) throw new Error(`there is no hostile story ${id}`)
  return story
}

/** Chunks of the capture file, each its own memory. */
const CHUNK_BYTES = 256 * 1024
const SECONDS_MAX = 0xffff_ffff

export function* hostileCapture(story: HostileStory, count: number, seed: number): Generator<Uint8Array> {
  yield story.head === undefined ? pcapFileHeader(1) : story.head()
  const put = story.head === undefined ? putRecord : putBlock
  let chunk = new Uint8Array(CHUNK_BYTES)
  let length = 0
  for (const frame of story.frames(count, seededRng(seed))) {
    if (length + frame.bytes.length + 64 > CHUNK_BYTES) {
      yield chunk.subarray(0, length)
      chunk = new Uint8Array(CHUNK_BYTES)
      length = 0
    }
    length = put(chunk, length, frame)
  }
  yield chunk.subarray(0, length)
}

function putRecord(chunk: Uint8Array, off: number, frame: HostileFrame): number {
  const view = new DataView(chunk.buffer)
  const seconds = START_SECONDS + Math.floor(frame.at / 1_000_000)
  view.setUint32(off, Math.max(0, Math.min(SECONDS_MAX, seconds)), true)
  view.setUint32(off + 4, frame.at - Math.floor(frame.at / 1_000_000) * 1_000_000, true)
  view.setUint32(off + 8, frame.capturedLength ?? frame.bytes.length, true)
  view.setUint32(off + 12, frame.wireLength ?? frame.bytes.length, true)
  chunk.set(frame.bytes, off + PCAP_RECORD_HEADER_BYTES)
  return off + PCAP_RECORD_HEADER_BYTES + frame.bytes.length
}

/** An Enhanced Packet Block of the only interface. */
function putBlock(chunk: Uint8Array, off: number, frame: HostileFrame): number {
  const view = new DataView(chunk.buffer)
  const padded = Math.ceil(frame.bytes.length / 4) * 4
  const words = [BLOCK.enhanced, 32 + padded, 0, Math.floor(frame.at / 2 ** 32), frame.at % 2 ** 32, frame.bytes.length, frame.wireLength ?? frame.bytes.length]
  for (const [i, word] of words.entries()) view.setUint32(off + 4 * i, word, true)
  chunk.set(frame.bytes, off + 28)
  view.setUint32(off + 28 + padded, 32 + padded, true)
  return off + 32 + padded
}
