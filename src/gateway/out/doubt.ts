// Doubt: the message at the head of a queue that no try gets rid of, and the proof that it is the message and not the receiver.
// Keeps the rule that a message is set apart only when the receiver took another one just before, and that an outage sets none apart.

import type { QueuedMessage } from '../queue/delivery.ts'

/** Tries of one message that end without an answer that counts, before another goes first: about five minutes with the usual pauses. */
export const DOUBT_TRIES = 10
/** Messages in a row that step aside: each further one after as many tries again. */
const ASIDE_MAX = 8

export class Doubt {
  #head: number | null = null
  #tries = 0
  #proving: number | null = null
  /** Taken from the queue and not sent yet, in order. */
  held: QueuedMessage[] = []

  /** How many messages at the head of the queue step aside for the one behind them. */
  aside(): number {
    return Math.min(ASIDE_MAX, Math.floor(this.#tries / DOUBT_TRIES))
  }

  /** The receiver has just taken another one: what becomes of this try is of the message. */
  prove({ seq }: QueuedMessage): void {
    this.#proving = seq
  }

  answered({ seq }: QueuedMessage): void {
    if (seq === this.#proving) this.#proving = null
    if (seq === this.#head) this.#settle()
  }

  /** The connection is given up. Returns the message that is proved to be the one that is never taken, with how often it was tried. */
  lost(owed: readonly QueuedMessage[]): { readonly message: QueuedMessage; readonly tries: number } | null {
    const [head] = owed
    this.held = []
    if (head === undefined) return null
    this.#tries = head.seq === this.#head ? this.#tries + 1 : 1
    this.#head = head.seq
    const message = owed.find(({ seq }) => seq === this.#proving)
    this.#proving = null
    if (message === undefined) return null
    const tries = this.#tries
    this.#settle()
    return { message, tries }
  }

  /** Our own end proves nothing. */
  forget(): void {
    this.#proving = null
  }

  #settle(): void {
    this.#head = null
    this.#tries = 0
  }
}
