// rlogin, rsh and rexec session: the client's beginning and the server's first byte, then silence: what is typed is nobody's business.
// Keeps facts few: two per connection.

import type { Micros } from '../../base/time.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { CarryBuffer } from '../session-tools.ts'
import { readRshHead, RSH_HEAD_BYTES_MAX } from './message.ts'

/** `head`: the client's strings. `answer`: the server's first byte. `done`: both seen, or lost. */
export type RshState = 'head' | 'answer' | 'done'

/** What happens to each state; printed in the README. */
export const RSH_STATES: readonly { readonly state: RshState; readonly event: string; readonly next: RshState }[] = [
  { state: 'head', event: 'port, two names, and a command or a terminal', next: 'answer' },
  { state: 'head', event: 'anything else, or a gap', next: 'done' },
  { state: 'answer', event: 'first byte of the other side', next: 'done' },
  { state: 'answer', event: 'a gap of the other side', next: 'done' },
]

export class RshSession implements Session {
  readonly #context: SessionContext
  readonly #carry = new CarryBuffer(RSH_HEAD_BYTES_MAX)
  #state: RshState = 'head'
  #client: Direction | null = null

  constructor(context: SessionContext) {
    this.#context = context
  }

  /** Nothing more will be read or told of this flow: whoever feeds it may stop. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (this.#state === 'done' || off >= end) return
    if (this.#state === 'answer') this.#answer(direction, buf, off, at)
    else if (this.#client === null || this.#client === direction) this.#head(direction, buf, off, end, at)
  }

  gap(direction: Direction): void {
    const awaited = this.#state === 'head' ? this.#client ?? direction : this.#client === 0 ? 1 : 0
    if (direction === awaited) this.#state = 'done'
  }

  end(): void {}

  #head(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#client = direction
    this.#carry.fill(buf, off, end, Math.min(RSH_HEAD_BYTES_MAX, this.#carry.length + end - off))
    const head = readRshHead(this.#carry.bytes, 0, this.#carry.length)
    if (head.status === 'more' && this.#carry.length < RSH_HEAD_BYTES_MAX) return
    this.#carry.clear()
    this.#state = head.status === 'yes' ? 'answer' : 'done'
    if (head.status !== 'yes') return
    const isPassword = head.form === 'rexec'
    this.#context.emit({
      at, frame: this.#context.frame(), protocol: 'rsh', kind: 'request', flowId: this.#context.flow.id, form: head.form, clientSide: direction,
      userNames: isPassword || head.form === 'rsh-or-rexec' ? 1 : 2, password: isPassword, command: head.form !== 'rlogin',
    })
  }

  #answer(direction: Direction, buf: Uint8Array, off: number, at: Micros): void {
    if (direction === this.#client) return
    this.#state = 'done'
    const accepted = u8(buf, off) === 0
    const clientSide = this.#client ?? 0
    this.#context.emit({ at, frame: this.#context.frame(), protocol: 'rsh', kind: 'answer', flowId: this.#context.flow.id, clientSide, accepted })
  }
}
