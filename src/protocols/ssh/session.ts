// SSH session: the first line of each side that is an identification string, then only sizes: whether the log-in was refused (login.ts).
// Keeps the rule that what is encrypted costs nothing: once a log-in is taken, or nothing can be said of it, the flow is not looked at again.

import type { Micros } from '../../base/time.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { CarryBuffer } from '../session-tools.ts'
import type { SshMalformed } from './facts.ts'
import { LoginWatch } from './login.ts'
import { decodeSshIdentification, lineEnd, SSH_LINE_BYTES_MAX } from './message.ts'

/** Bytes a server may say before its identification (RFC 4253 section 4.2 sets no bound): a page of legal text. */
export const SSH_BEFORE_BYTES_MAX = 8192

/** `line`: inside a line. `skip`: inside a line too long to be one. `done`: told, or given up. */
export type SshState = 'line' | 'skip' | 'done'

/** What happens to each state; printed in the README. */
export const SSH_STATES: readonly { readonly state: SshState; readonly event: string; readonly next: SshState }[] = [
  { state: 'line', event: 'identification string', next: 'done' },
  { state: 'line', event: 'another line', next: 'line' },
  { state: 'line', event: '255 bytes without a line feed', next: 'skip' },
  { state: 'skip', event: 'line feed', next: 'line' },
  { state: 'line', event: '8192 bytes, or a gap', next: 'done' },
  { state: 'skip', event: '8192 bytes, or a gap', next: 'done' },
]

class Side {
  readonly carry = new CarryBuffer(SSH_LINE_BYTES_MAX)
  state: SshState = 'line'
  seen = 0

  isDone(): boolean {
    return this.state === 'done'
  }
}

export class SshSession implements Session {
  readonly #context: SessionContext
  readonly #sides: readonly [Side, Side] = [new Side(), new Side()]
  readonly #login = new LoginWatch()

  constructor(context: SessionContext) {
    this.#context = context
  }

  /** Nothing more will be read or told of this flow: whoever feeds it may stop. */
  get isDone(): boolean {
    return this.#sides[0].isDone() && this.#sides[1].isDone() && this.#login.isOver
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const side = this.#sides[direction]
    let next = off
    if (!this.#login.isOver) this.#login.turn(direction)
    while (next < end && !side.isDone()) {
      const stop = Math.min(end, next + SSH_BEFORE_BYTES_MAX - side.seen)
      const taken = side.state === 'skip' ? skip(side, buf, next, stop) : this.#line(direction, side, buf, next, stop, at)
      side.seen += taken - next
      next = taken
      if (!side.isDone() && side.seen >= SSH_BEFORE_BYTES_MAX) this.#giveUp(direction, side, 'no-identification', at)
    }
    if (next < end && !this.#login.isOver) this.#login.read(direction, buf, next, end)
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    const side = this.#sides[direction]
    this.#login.giveUp()
    if (!side.isDone()) this.#giveUp(direction, side, 'gap', at)
  }

  end(at: Micros): void {
    const told = this.#login.refused()
    if (told === null) return
    const { server, answers } = told
    this.#context.emit({
      at, frame: this.#context.frame(), protocol: 'ssh', kind: 'refused', flowId: this.#context.flow.id, direction: server, answers,
    })
  }

  /** One line, or as much of it as is here. */
  #line(direction: Direction, side: Side, buf: Uint8Array, off: number, end: number, at: Micros): number {
    const lf = lineEnd(buf, off, end)
    const stop = lf < 0 ? end : lf
    const room = SSH_LINE_BYTES_MAX - side.carry.length
    if (stop - off >= room) {
      side.carry.clear()
      side.state = 'skip'
      return off + room
    }
    const isWhole = lf >= 0 && side.carry.length === 0
    if (!isWhole) side.carry.fill(buf, off, stop, side.carry.length + stop - off)
    if (lf < 0) return end
    const words = isWhole ? decodeSshIdentification(buf, off, stop) : decodeSshIdentification(side.carry.bytes, 0, side.carry.length)
    side.carry.clear()
    if (words) {
      side.state = 'done'
      // Version 1 has other packets; 1.99 speaks 2 with who speaks 2 (RFC 4253 section 5.1).
      if (words.version !== '2.0' && words.version !== '1.99') this.#login.giveUp()
      this.#context.emit({ at, frame: this.#context.frame(), protocol: 'ssh', kind: 'banner', flowId: this.#context.flow.id, direction, ...words })
    }
    return stop + 1
  }

  #giveUp(direction: Direction, side: Side, reason: SshMalformed['reason'], at: Micros): void {
    side.state = 'done'
    side.carry.clear()
    this.#login.giveUp()
    this.#context.emit({ at, frame: this.#context.frame(), protocol: 'ssh', kind: 'malformed', flowId: this.#context.flow.id, direction, reason })
  }
}

function skip(side: Side, buf: Uint8Array, off: number, end: number): number {
  for (let i = off; i < end; i++) {
    if (u8(buf, i) !== 0x0a) continue
    side.state = 'line'
    return i + 1
  }
  return end
}
