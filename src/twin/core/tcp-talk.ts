// TcpTalk: a scripted TCP conversation as both sides' frames, with right sequence numbers, acknowledgements and checksums.
// Keeps the rule that the twin is a ward seen from a mirror port: one object writes both ends, so nothing needs a network.

import { assert } from '../../base/assert.ts'
import type { Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import { randomInt, type Rng } from '../../base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { TcpFlag } from '../../wire/frame.ts'
import { ip4Number, TCP_MSS, tcpFrame, type Route, type WardFrame } from './packets.ts'

/** Someone as the mirror port sees it: behind a router, `mac` is the router's and `ttl` what is left. */
export interface Standpoint {
  readonly mac: MacNumber
  readonly ip: Ip
  readonly ttl: number
  /** From a frame towards this end passing the mirror port to its answer passing back. */
  readonly turnMicros: Micros
}

/** One end of a TCP conversation. */
export interface TalkEnd extends Standpoint {
  readonly port: number
}

export interface TalkSetup {
  readonly client: TalkEnd
  readonly server: TalkEnd
  /** Initial sequence numbers and IPv4 identifications come from here. */
  readonly rng: Rng
}

/** 0: the client (it sends the SYN); 1: the server. */
export type Side = 0 | 1

/** Someone in the middle who passes every frame on and can add bytes of its own towards the client. */
export interface Relay {
  readonly mac: MacNumber
  /** From taking a frame in to sending it on. */
  readonly delayMicros: Micros
}

/** Serialisation of a full frame on a 100 Mbit/s port: 1538 octets with preamble and gap. */
export const SEGMENT_SPACING_MICROS = 124
/** Between what one call returned and what the next begins with: a system call and a copy. */
const GAP_MICROS = 40
/** RFC 9293 section 3.8.6.3: an acknowledgement at least for every second full segment. */
const SEGMENTS_PER_ACK = 2
/** No window scaling is offered; a plain receive window of an embedded Linux. */
const WINDOW = 32_120
const FOUR_GIGA = 2 ** 32

interface Segment {
  readonly side: Side
  readonly flags: number
  readonly at: Micros
  readonly data?: Uint8Array
  readonly off?: number
  readonly end?: number
}

/** One way over the segment. `added` shifts the server's numbers: its own sequence number, or the client's answer to it. */
interface Hop {
  readonly srcMac: MacNumber
  readonly dstMac: MacNumber
  readonly ttl: number
  readonly added: number
}

/** Methods return frames in time order, never before those returned earlier: a call with an earlier time is put off. */
export class TcpTalk {
  readonly #ends: readonly [TalkEnd, TalkEnd]
  /** Next sequence number of each side, as that side counts. */
  readonly #next: [number, number]
  readonly #id: [number, number]
  #relay: Relay | null = null
  /** Bytes a relay added towards the client: what the client counts ahead of the server. */
  #added = 0
  #freeAt: Micros = -Infinity

  constructor(setup: TalkSetup) {
    this.#ends = [setup.client, setup.server]
    this.#next = [randomInt(setup.rng, 0, FOUR_GIGA - 1), randomInt(setup.rng, 0, FOUR_GIGA - 1)]
    this.#id = [randomInt(setup.rng, 0, 0xffff), randomInt(setup.rng, 0, 0xffff)]
  }

  /** Time of the last frame returned; -Infinity before the first. */
  get freeAt(): Micros {
    return this.#freeAt
  }

  /** One SYN, answered or not. Call again with the same talk to retransmit it: the sequence number stays (RFC 9293 section 3.8.1). */
  syn(at: Micros): WardFrame[] {
    return this.#finish([...this.#segment({ side: 0, flags: TcpFlag.syn, at: this.#start(at) })])
  }

  /** The three-way handshake (RFC 9293 section 3.5). */
  open(at: Micros): WardFrame[] {
    const answered = this.#answerAt(1, this.#start(at))
    const frames = this.#segment({ side: 0, flags: TcpFlag.syn, at: this.#start(at) })
    this.#advance(0, 1)
    frames.push(...this.#segment({ side: 1, flags: TcpFlag.syn | TcpFlag.ack, at: answered }))
    this.#advance(1, 1)
    frames.push(...this.#segment({ side: 0, flags: TcpFlag.ack, at: this.#answerAt(0, answered) }))
    return this.#finish(frames)
  }

  /** Data from one side, cut into segments, with the other side's acknowledgements. */
  send(side: Side, data: Uint8Array, at: Micros): WardFrame[] {
    const other: Side = side === 0 ? 1 : 0
    const frames: WardFrame[] = []
    let sentAt = this.#start(at)
    for (let off = 0, count = 1; off < data.length; off += TCP_MSS, count++) {
      const end = Math.min(data.length, off + TCP_MSS)
      const last = end === data.length
      frames.push(...this.#segment({ side, flags: TcpFlag.ack | (last ? TcpFlag.psh : 0), at: sentAt, data, off, end }))
      this.#advance(side, end - off)
      if (last || count % SEGMENTS_PER_ACK === 0) {
        frames.push(...this.#segment({ side: other, flags: TcpFlag.ack, at: this.#answerAt(other, sentAt) }))
      }
      sentAt += SEGMENT_SPACING_MICROS
    }
    return this.#finish(frames)
  }

  /** FIN from `side`, FIN from the other, last acknowledgement (RFC 9293 section 3.6). */
  close(side: Side, at: Micros): WardFrame[] {
    const other: Side = side === 0 ? 1 : 0
    const answered = this.#answerAt(other, this.#start(at))
    const frames = this.#segment({ side, flags: TcpFlag.fin | TcpFlag.ack, at: this.#start(at) })
    this.#advance(side, 1)
    frames.push(...this.#segment({ side: other, flags: TcpFlag.fin | TcpFlag.ack, at: answered }))
    this.#advance(other, 1)
    frames.push(...this.#segment({ side, flags: TcpFlag.ack, at: this.#answerAt(side, answered) }))
    return this.#finish(frames)
  }

  /** From now on every frame goes through `relay`: seen twice, once on the way in and once on the way out. */
  divert(relay: Relay): void {
    this.#relay = relay
  }

  /** The relay writes to the client in the server's name; it swallows the answer, which the server must not see. */
  inject(data: Uint8Array, at: Micros): WardFrame[] {
    const relay = this.#relay
    assert(relay !== null, 'only a relay can inject')
    assert(data.length <= TCP_MSS, 'injected bytes fit one segment')
    const sentAt = this.#start(at)
    const [client, server] = this.#ends
    const push: Segment = { side: 1, flags: TcpFlag.ack | TcpFlag.psh, at: sentAt, data }
    const forged = this.#frame(push, { srcMac: relay.mac, dstMac: client.mac, ttl: server.ttl - 1, added: this.#added })
    this.#added += data.length
    const receipt: Segment = { side: 0, flags: TcpFlag.ack, at: sentAt }
    const answer = this.#frame(receipt, { srcMac: client.mac, dstMac: relay.mac, ttl: client.ttl, added: this.#added })
    return this.#finish([{ at: sentAt, bytes: forged }, { at: sentAt + client.turnMicros, bytes: answer }])
  }

  #start(at: Micros): Micros {
    return Math.max(at, this.#freeAt + GAP_MICROS)
  }

  #advance(side: Side, bytes: number): void {
    this.#next[side] = (this.#next[side] + bytes) % FOUR_GIGA
  }

  /** Sorts what belongs together: acknowledgements and relayed copies overlap later segments. */
  #finish(frames: WardFrame[]): WardFrame[] {
    frames.sort((a, b) => a.at - b.at)
    this.#freeAt = frames.at(-1)?.at ?? this.#freeAt
    return frames
  }

  #segment(s: Segment): WardFrame[] {
    const from = this.#ends[s.side]
    const to = this.#ends[s.side === 0 ? 1 : 0]
    const relay = this.#relay
    if (relay === null) return [{ at: s.at, bytes: this.#frame(s, { srcMac: from.mac, dstMac: to.mac, ttl: from.ttl, added: 0 }) }]
    // The client counts the added bytes, the server does not: the relay rewrites both fields, or the talk would stall.
    const [heardAdded, passedAdded] = s.side === 0 ? [this.#added, 0] : [0, this.#added]
    const heard = this.#frame(s, { srcMac: from.mac, dstMac: relay.mac, ttl: from.ttl, added: heardAdded })
    const passed = this.#frame(s, { srcMac: relay.mac, dstMac: to.mac, ttl: from.ttl - 1, added: passedAdded })
    return [{ at: s.at, bytes: heard }, { at: s.at + relay.delayMicros, bytes: passed }]
  }

  /** When the answer of `side` to a frame sent at `sentAt` passes: its own turn, and the relay's when there is one. */
  #answerAt(side: Side, sentAt: Micros): Micros {
    return sentAt + this.#ends[side].turnMicros + (this.#relay?.delayMicros ?? 0)
  }

  #frame(s: Segment, hop: Hop): Uint8Array {
    const from = this.#ends[s.side]
    const to = this.#ends[s.side === 0 ? 1 : 0]
    const route: Route = { srcMac: hop.srcMac, dstMac: hop.dstMac, src: ip4Number(from.ip), dst: ip4Number(to.ip), ttl: hop.ttl }
    const server = (this.#next[1] + hop.added) % FOUR_GIGA
    const [seq, ack] = s.side === 0 ? [this.#next[0], server] : [server, this.#next[0]]
    const id = this.#id[s.side]
    this.#id[s.side] = (id + 1) % 0x10000
    const mss = (s.flags & TcpFlag.syn) !== 0 ? TCP_MSS : null
    const acked = (s.flags & TcpFlag.ack) !== 0 ? ack : 0
    const head = { srcPort: from.port, dstPort: to.port, seq, ack: acked, flags: s.flags, window: WINDOW, mss }
    return tcpFrame(route, head, id, s.data, s.off, s.end)
  }
}

/**
 * RFC 1122 section 4.2.3.1 as Linux 2.6.27 did it: first wait 3 s, then doubled. The wait after the last SYN ends the attempt.
 * Five retries (tcp_syn_retries) give SYNs at 0, 3, 9, 21, 45 and 93 s and the end at 189 s.
 */
export const SYN_FIRST_WAIT_MICROS = 3 * MICROS_PER_SECOND
export const SYN_RETRIES = 5

/** SYNs that nobody answers, doubled waits between them; returns when the sender gives up. */
export function* unansweredSyns(talk: TcpTalk, at: Micros, retries: number): Generator<WardFrame, Micros, undefined> {
  let sentAt = at
  let wait = SYN_FIRST_WAIT_MICROS
  for (let i = 0; i <= retries; i++) {
    yield* talk.syn(sentAt)
    sentAt += wait
    wait *= 2
  }
  return sentAt
}
