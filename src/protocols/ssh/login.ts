// SSH log-in watch: packets in clear up to NEWKEYS (RFC 4253 section 6), then only how many bytes the server says in each of its turns.
// Keeps the rule that a refused log-in is told only when every turn of the server fits one; anything else says nothing.

import { u32be, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { CarryBuffer } from '../session-tools.ts'

/** RFC 4253 sections 6.1, 8 and 12: the largest packet everybody must take, and the numbers of messages. */
const PACKET_BYTES_MAX = 35_000
const NEWKEYS = 21
/** KEXDH_REPLY, KEX_ECDH_REPLY and KEX_DH_GEX_GROUP: the server's (RFC 4253 section 8, RFC 5656 section 4, RFC 4419 section 5). */
const KEX_REPLY = 31
/** packet_length, padding_length, message number. */
const HEAD_BYTES = 6

/** SERVICE_ACCEPT for `ssh-userauth`: 24 bytes of blocks and the shortest MAC of 8 (RFC 4253 section 6), to 32 of blocks, 4 of length and a MAC of 64. */
const ACCEPT_BYTES_MIN = 32
const ACCEPT_BYTES_MAX = 104
/** 17 bytes of content against 1: one block of 16 or two of 8, with the least padding that is allowed. */
const SUCCESS_LESS_BYTES = 16
/** What a refusal may have more: every method OpenSSH knows by name (66 characters), or a prompt of that length. */
const REFUSAL_MORE_BYTES = 80
/** A server ends the connection after six (OpenSSH MaxAuthTries); each may take a prompt and an answer. */
const TURNS_MAX = 32

class Clear {
  readonly head = new CarryBuffer(HEAD_BYTES)
  /** Bytes of the packet still to pass. */
  left = 0
  isEncrypted = false
}

export class LoginWatch {
  readonly #sides: readonly [Clear, Clear] = [new Clear(), new Clear()]
  #server: Direction | null = null
  #last: Direction | null = null
  /** Encrypted bytes of the server since the client spoke last. */
  #turn = 0
  /** The turn in which the server changed to encryption may bring an EXT_INFO (RFC 8308 section 2.4), which is none of the answers. */
  #isChangeTurn = false
  #accept = 0
  #answers = 0
  #isOver = false

  /** Nothing more can be learned. */
  get isOver(): boolean {
    return this.#isOver
  }

  giveUp(): void {
    this.#isOver = true
    this.#answers = 0
  }

  /** `direction` speaks; before its bytes are read. */
  turn(direction: Direction): void {
    if (direction !== this.#last && this.#last !== null && this.#last === this.#server) this.#endTurn()
    this.#last = direction
  }

  read(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    const side = this.#sides[direction]
    let next = off
    while (next < end && !side.isEncrypted && !this.#isOver) next = this.#clear(direction, side, buf, next, end)
    if (!side.isEncrypted || direction !== this.#server) return
    this.#turn += end - next
    if (!this.#isChangeTurn && this.#turn > ACCEPT_BYTES_MAX + REFUSAL_MORE_BYTES) this.giveUp()
  }

  /** Null when somebody may have been let in, or too little was seen. */
  refused(): { readonly server: Direction; readonly answers: number } | null {
    if (this.#last === this.#server) this.#endTurn()
    return this.#server === null || this.#answers === 0 ? null : { server: this.#server, answers: this.#answers }
  }

  /** One packet in clear, or as much of it as is here. */
  #clear(direction: Direction, side: Clear, buf: Uint8Array, off: number, end: number): number {
    if (side.left > 0) {
      const taken = Math.min(side.left, end - off)
      side.left -= taken
      return off + taken
    }
    const next = off + side.head.fill(buf, off, end, HEAD_BYTES)
    if (side.head.length < HEAD_BYTES) return next
    const length = u32be(side.head.bytes, 0)
    const message = u8(side.head.bytes, HEAD_BYTES - 1)
    side.head.clear()
    if (length < 2 || length > PACKET_BYTES_MAX) this.giveUp()
    side.left = length - 2
    if (message === KEX_REPLY) this.#server ??= direction
    if (message === NEWKEYS) this.#changed(direction, side)
    return next
  }

  /** The packet's own rest is padding: of the encrypted bytes it is taken off again. */
  #changed(direction: Direction, side: Clear): void {
    side.isEncrypted = true
    if (direction === this.#server) {
      this.#turn = -side.left
      this.#isChangeTurn = true
    }
  }

  #endTurn(): void {
    const bytes = this.#turn
    const isChange = this.#isChangeTurn
    this.#turn = 0
    this.#isChangeTurn = false
    if (this.#isOver || isChange || bytes === 0) return
    if (this.#accept === 0) this.#accepted(bytes)
    else this.#answered(bytes)
  }

  #accepted(bytes: number): void {
    if (bytes < ACCEPT_BYTES_MIN || bytes > ACCEPT_BYTES_MAX) this.giveUp()
    this.#accept = bytes
  }

  #answered(bytes: number): void {
    const isRefusal = bytes > this.#accept - SUCCESS_LESS_BYTES && bytes <= this.#accept + REFUSAL_MORE_BYTES
    if (isRefusal && this.#answers < TURNS_MAX) this.#answers++
    else this.giveUp()
  }
}
