// QUIC session: version of a flow's first packet, and the client's hello put together out of its Initial packets; then silence.
// Keeps the cost bounded: so many packets are opened per flow, so many bytes of a hello are held.

import type { Micros } from '../../base/time.ts'
import { u16be, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { FRAGMENT_WINS } from '../../wire/reassembly/overlap.ts'
import { Pieces } from '../../wire/reassembly/pieces.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { TlsHandshake } from '../tls/codes.ts'
import { decodeClientHello } from '../tls/message.ts'
import { helloWords } from '../tls/session.ts'
import { quicVersion, quicVersionName } from './codes.ts'
import type { QuicFact, QuicUnread } from './facts.ts'
import { clientKeys, openInitial, type InitialKeys } from './initial.ts'
import {
  initialPlace, negotiatedVersions, readFrames, readQuicHeader, versionNames, type CryptoSink, type InitialPlace, type QuicHeader,
} from './message.ts'

/** Initial packets opened per flow: a hello with a post-quantum key share takes two, sent again perhaps four. */
export const QUIC_INITIALS_MAX = 8
/** Bytes of a hello: some 1800 with such a share; four full datagrams hold 4800. */
export const QUIC_HELLO_BYTES_MAX = 8192
/** Packets looked at in one datagram: Initial, 0-RTT and their like stand behind each other (RFC 9000 section 12.2). */
const COALESCED_MAX = 4
const MESSAGE_HEAD_BYTES = 4

/** `waiting`: for a packet of the client's. `reading`: its hello is being put together. `done`: told, or given up. */
export type QuicState = 'waiting' | 'reading' | 'done'

/** What happens to each state; printed in the README. */
export const QUIC_STATES: readonly { readonly state: QuicState; readonly event: string; readonly next: QuicState }[] = [
  { state: 'waiting', event: 'Initial packet whose keys fit', next: 'reading' },
  { state: 'waiting', event: 'Initial packet of which nothing can be opened', next: 'waiting' },
  { state: 'reading', event: 'all of the hello, or damage in it', next: 'done' },
  { state: 'reading', event: 'Retry from the server', next: 'waiting' },
  { state: 'waiting', event: 'eight packets were opened, or could not be', next: 'done' },
  { state: 'reading', event: 'eight packets were opened, or could not be', next: 'done' },
]

type Body<F> = F extends QuicFact ? Omit<F, 'at' | 'frame' | 'protocol' | 'flowId' | 'direction'> : never

/** Bytes of the handshake, in whatever order they come. */
class Hello implements CryptoSink {
  readonly pieces = new Pieces()

  crypto(plain: Uint8Array, off: number, end: number, offset: number): void {
    const stop = Math.min(end, off + QUIC_HELLO_BYTES_MAX - offset)
    if (stop > off) this.pieces.insert(offset, plain, off, stop, FRAGMENT_WINS.first)
  }
}

export class QuicSession implements Session {
  readonly #context: SessionContext
  #state: QuicState = 'waiting'
  #keys: InitialKeys | null = null
  #hello: Hello | null = null
  #client: Direction = 0
  #isStarted = false
  #isNegotiated = false
  #tries = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  /** Nothing more will be read or told of this flow: whoever feeds it may stop. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (this.isDone) return
    let place = off
    for (let n = 0; n < COALESCED_MAX && place < end && !this.isDone; n++) {
      const next = this.#packet(direction, buf, place, end, at)
      if (next === null) return
      place = next
    }
  }

  gap(): void {}

  end(at: Micros): void {
    if (this.#state === 'reading') this.#giveUp(this.#client, 'incomplete', at)
    else if (this.#state === 'waiting' && this.#tries > 0) this.#giveUp(this.#client, 'key', at)
  }

  /** One packet; gives the place of the next in the datagram, or null when there is none that can be found. */
  #packet(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): number | null {
    const header = readQuicHeader(buf, off, end)
    if (header === null) return null
    if (header.version === 0) {
      this.#negotiation(direction, buf, header, end, at)
      return null
    }
    const version = quicVersion(header.version)
    if (!this.#isStarted) this.#start(direction, header, at)
    if (version === null) return null
    if (header.type === version.retryType) this.#retried(direction)
    if (header.type !== version.initialType) return null
    const place = initialPlace(buf, header, end)
    if (place === null) return null
    if (this.#keys === null || direction === this.#client) {
      const keys = this.#keys ?? clientKeys(version, buf, header.destinationOff, header.destinationEnd)
      this.#initial(direction, keys, buf, off, place, at)
    }
    return place.end
  }

  #start(direction: Direction, header: QuicHeader, at: Micros): void {
    this.#isStarted = true
    const destinationIdBytes = header.destinationEnd - header.destinationOff
    this.#tell(direction, { kind: 'start', version: quicVersionName(header.version), destinationIdBytes }, at)
  }

  #negotiation(direction: Direction, buf: Uint8Array, header: QuicHeader, end: number, at: Micros): void {
    if (this.#isNegotiated) return
    this.#isNegotiated = true
    this.#tell(direction, { kind: 'version-negotiation', versions: versionNames(negotiatedVersions(buf, header, end)) }, at)
  }

  /** The client begins again with another id, and with keys of it (RFC 9001 section 5.2). */
  #retried(direction: Direction): void {
    if (this.#keys === null || direction === this.#client) return
    this.#keys = null
    this.#hello = null
    this.#state = 'waiting'
  }

  #initial(direction: Direction, keys: InitialKeys, buf: Uint8Array, off: number, place: InitialPlace, at: Micros): void {
    this.#tries++
    const plain = openInitial(keys, buf, off, place)
    if (plain !== null) {
      this.#keys = keys
      this.#client = direction
      this.#state = 'reading'
      this.#read(direction, plain, at)
    }
    if (this.#tries >= QUIC_INITIALS_MAX && !this.isDone) this.#giveUp(direction, this.#state === 'reading' ? 'incomplete' : 'key', at)
  }

  #read(direction: Direction, plain: Uint8Array, at: Micros): void {
    this.#hello ??= new Hello()
    if (!readFrames(plain, this.#hello)) return this.#giveUp(direction, 'frames', at)
    const { pieces } = this.#hello
    const length = pieces.run()
    if (length < MESSAGE_HEAD_BYTES) return
    const bytes = pieces.joined(length)
    const wanted = MESSAGE_HEAD_BYTES + u8(bytes, 1) * 0x1_0000 + u16be(bytes, 2)
    if (u8(bytes, 0) !== TlsHandshake.clientHello || wanted > QUIC_HELLO_BYTES_MAX) return this.#giveUp(direction, 'hello', at)
    if (length < wanted) return
    const hello = decodeClientHello(bytes, MESSAGE_HEAD_BYTES, wanted)
    if (hello === null) return this.#giveUp(direction, 'hello', at)
    this.#tell(direction, { kind: 'client-hello', ...helloWords(hello, 'q') }, at)
    this.#finish()
  }

  #giveUp(direction: Direction, reason: QuicUnread['reason'], at: Micros): void {
    this.#tell(direction, { kind: 'unread', reason }, at)
    this.#finish()
  }

  #finish(): void {
    this.#state = 'done'
    this.#hello = null
    this.#keys = null
  }

  #tell(direction: Direction, body: Body<QuicFact>, at: Micros): void {
    this.#context.emit({ at, frame: this.#context.frame(), protocol: 'quic', flowId: this.#context.flow.id, direction, ...body })
  }
}
