// UdpLine: questions and answers by datagram between two ports, as frames in time order.
// Keeps the rule that a datagram above the MTU travels as IPv4 fragments, as large NFS replies do.

import { randomInt, type Rng } from '../../base/rng.ts'
import type { Micros } from '../../base/time.ts'
import { ip4Number, udpFrames, type WardFrame } from './packets.ts'
import { SEGMENT_SPACING_MICROS, type Standpoint } from './tcp-talk.ts'

/** Both ends of datagrams, or of one connection. */
export interface LineEnds {
  readonly client: Standpoint
  readonly clientPort: number
  readonly server: Standpoint
  readonly serverPort: number
}

/** Datagrams; replies above the MTU are IPv4 fragments. */
export class UdpLine {
  readonly #ends: LineEnds
  #id: number
  #freeAt: Micros = 0

  constructor(ends: LineEnds, rng: Rng) {
    this.#ends = ends
    this.#id = randomInt(rng, 0, 0xffff)
  }

  get freeAt(): Micros {
    return this.#freeAt
  }

  /** A question and its answer. */
  ask(call: Uint8Array, reply: Uint8Array, at: Micros): WardFrame[] {
    const { client, clientPort, server, serverPort } = this.#ends
    const asked = this.tell(call, at)
    return [...asked, ...this.#datagram(server, serverPort, client, clientPort, reply, this.#freeAt + server.turnMicros)]
  }

  /** A datagram that nobody answers. */
  tell(call: Uint8Array, at: Micros): WardFrame[] {
    const { client, clientPort, server, serverPort } = this.#ends
    return this.#datagram(client, clientPort, server, serverPort, call, at)
  }

  /** Nothing to close: here so that a caller need not know which line it has. */
  close(): WardFrame[] {
    return []
  }

  #datagram(from: Standpoint, fromPort: number, to: Standpoint, toPort: number, payload: Uint8Array, at: Micros): WardFrame[] {
    const route = { srcMac: from.mac, dstMac: to.mac, src: ip4Number(from.ip), dst: ip4Number(to.ip), ttl: from.ttl }
    this.#id = (this.#id + 1) % 0x10000
    const start = Math.max(at, this.#freeAt)
    const packets = udpFrames(route, fromPort, toPort, payload, this.#id)
    const frames = packets.map((bytes, i) => ({ at: start + i * SEGMENT_SPACING_MICROS, bytes }))
    this.#freeAt = frames.at(-1)?.at ?? start
    return frames
  }
}
