// toy-row: a four-line protocol with known bugs on request, so that the testing tools can be shown to catch them.
// Keeps the rule that a check must be able to fail: each bug here is one a tool must find.

import type { Fact } from '../protocols/facts.ts'
import type { ProtocolRow, Session, SessionContext } from '../protocols/protocol.ts'
import type { Direction } from '../wire/flow.ts'

/** `split-blind` forgets partial messages; `keeps-view` keeps the caller's buffer; `over-reads` looks past end; `throws` on 0xee. */
export type ToyBug = 'none' | 'split-blind' | 'keeps-view' | 'over-reads' | 'throws' | 'long-text' | 'trailing'

/** u8 length (1..9), then that many bytes; a fact per message. UDP: one message per datagram. Reuses the LPD fact as its carrier. */
export function toyRow(bug: ToyBug = 'none'): ProtocolRow {
  return {
    id: 'toy',
    name: 'Toy',
    transports: ['tcp', 'udp'],
    hints: [9],
    probe(_transport, _direction, buf, off, end) {
      if (off >= end) return 'more'
      const length = buf[off] as number
      return length >= 1 && length <= 9 ? 'yes' : 'no'
    },
    open: (context) => new ToySession(context, bug),
  }
}

class ToySession implements Session {
  readonly #context: SessionContext
  readonly #bug: ToyBug
  readonly #held: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)]

  constructor(context: SessionContext, bug: ToyBug) {
    this.#context = context
    this.#bug = bug
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: number): void {
    const stop = this.#bug === 'over-reads' ? Math.min(end + 2, buf.length) : end
    const fresh = this.#bug === 'keeps-view' ? buf.subarray(off, stop) : buf.slice(off, stop)
    const held = this.#held[direction]
    let bytes = held.length === 0 ? fresh : Uint8Array.from([...held, ...fresh])
    if (this.#bug === 'throws' && bytes.includes(0xee)) throw new RangeError('toy')
    if (this.#bug === 'trailing' && bytes.at(-1) === 0xff) bytes = new Uint8Array(0)
    while (bytes.length > 0 && bytes.length > (bytes[0] as number)) {
      const length = bytes[0] as number
      this.#emit(bytes.subarray(1, 1 + length), at)
      bytes = bytes.subarray(1 + length)
    }
    this.#held[direction] = this.#bug === 'split-blind' || this.#context.transport === 'udp' ? new Uint8Array(0) : bytes
  }

  gap(direction: Direction): void {
    this.#held[direction] = new Uint8Array(0)
  }

  end(): void {}

  #emit(message: Uint8Array, at: number): void {
    const queue = Array.from(message, (b) => b.toString(16)).join('').slice(0, 64)
    const text = this.#bug === 'long-text' ? queue.repeat(500) : queue
    const fact: Fact = {
      at, frame: this.#context.frame(), protocol: 'lpd', kind: 'command', flowId: this.#context.flow.id, command: 'toy', queue: text,
    }
    this.#context.emit(fact)
  }
}
