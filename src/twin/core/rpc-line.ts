// RpcLine: calls and their replies between one client and one server port, over UDP or TCP, as frames.
// Keeps the rule that the update client says what to ask and what is answered; how it travels is decided here.

import type { Rng } from '../../base/rng.ts'
import type { Micros } from '../../base/time.ts'
import { withRecordMark } from '../../protocols/rpc/encode.ts'
import type { WardFrame } from './packets.ts'
import { TcpTalk, type TalkEnd } from './tcp-talk.ts'
import type { LineEnds } from './udp-line.ts'

/** One path for calls: a UdpLine or a TcpLine. Frames come in time order; `freeAt` is the time of the last one. */
export interface RpcLine {
  readonly freeAt: Micros
  /** A call and its reply. */
  ask(call: Uint8Array, reply: Uint8Array, at: Micros): WardFrame[]
  /** A call that nobody answers. */
  tell(call: Uint8Array, at: Micros): WardFrame[]
  close(at: Micros): WardFrame[]
}

/** One TCP connection, opened with the first call; messages carry record marks (RFC 5531 section 11). */
export class TcpLine implements RpcLine {
  readonly #talk: TcpTalk
  #isOpen = false

  constructor(ends: LineEnds, rng: Rng) {
    const client: TalkEnd = { ...ends.client, port: ends.clientPort }
    this.#talk = new TcpTalk({ client, server: { ...ends.server, port: ends.serverPort }, rng })
  }

  get freeAt(): Micros {
    return this.#talk.freeAt
  }

  /** For the SYNs of a call that never gets its connection. */
  get talk(): TcpTalk {
    return this.#talk
  }

  ask(call: Uint8Array, reply: Uint8Array, at: Micros): WardFrame[] {
    return [...this.tell(call, at), ...this.#talk.send(1, withRecordMark(reply), this.#talk.freeAt)]
  }

  tell(call: Uint8Array, at: Micros): WardFrame[] {
    const opening = this.#isOpen ? [] : this.#talk.open(at)
    this.#isOpen = true
    return [...opening, ...this.#talk.send(0, withRecordMark(call), at)]
  }

  close(at: Micros): WardFrame[] {
    return this.#isOpen ? this.#talk.close(0, at) : []
  }
}
