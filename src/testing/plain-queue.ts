// plain-queue: the queue of a target in memory, for tests of senders: it shows what each message became, in order.
// Keeps the rules of the seam: only an acknowledgement takes a message out, a lost connection makes what was in flight ambiguous.

import type { Micros } from '../base/time.ts'
import type { QueuedMessage, QueueFigures, TargetQueue } from '../gateway/queue/delivery.ts'

type Row = { -readonly [K in keyof QueuedMessage]: QueuedMessage[K] }

export class PlainQueue implements TargetQueue {
  readonly target: string
  readonly delivered: string[] = []
  readonly refused: { readonly controlId: string; readonly why: string }[] = []
  /** How often a connection was lost with something in flight. */
  losses = 0
  #rows: Row[] = []
  #listener: (() => void) | null = null
  #seq = 0
  readonly #waiters: { readonly count: number; readonly done: () => void }[] = []

  constructor(target = 'engine') {
    this.target = target
  }

  add(controlId: string, body: Uint8Array): void {
    this.#rows.push({ seq: ++this.#seq, controlId, device: '10.0.0.7', enqueuedAt: 0, state: 'waiting', attempts: 0, body })
    this.#listener?.()
  }

  take(countMax: number): readonly QueuedMessage[] {
    const rows = this.#rows.filter((row) => row.state !== 'in-flight').slice(0, countMax)
    for (const row of rows) {
      row.state = 'in-flight'
      row.attempts += 1
    }
    return rows.map((row) => ({ ...row }))
  }

  acknowledge(seqs: readonly number[]): void {
    for (const row of this.#inFlight(seqs)) this.delivered.push(row.controlId)
    this.#rows = this.#rows.filter((row) => !seqs.includes(row.seq))
    this.#tell()
  }

  refuse(seq: number, why: string): void {
    for (const row of this.#inFlight([seq])) this.refused.push({ controlId: row.controlId, why })
    this.#rows = this.#rows.filter((row) => row.seq !== seq)
    this.#tell()
  }

  connectionLost(): void {
    this.losses += 1
    for (const row of this.#rows) if (row.state === 'in-flight') row.state = 'ambiguous'
  }

  figures(_now: Micros): QueueFigures {
    const count = (state: Row['state']): number => this.#rows.filter((row) => row.state === state).length
    return {
      target: this.target, waiting: count('waiting'), inFlight: count('in-flight'), ambiguous: count('ambiguous'), refused: this.refused.length,
      delivered: this.delivered.length, bytes: 0, lagMicros: null, given: [],
    }
  }

  onWork(listener: (() => void) | null): void {
    this.#listener = listener
  }

  /** Control ids that are neither delivered nor refused, in order. */
  held(): readonly string[] {
    return this.#rows.map((row) => row.controlId)
  }

  /** Resolves when so many messages were delivered or refused. */
  settled(count: number): Promise<void> {
    return new Promise((done) => {
      this.#waiters.push({ count, done })
      this.#tell()
    })
  }

  #inFlight(seqs: readonly number[]): readonly Row[] {
    const rows = this.#rows.filter((row) => seqs.includes(row.seq))
    if (rows.length !== seqs.length || rows.some((row) => row.state !== 'in-flight')) throw new Error('only what is in flight can be settled')
    return rows
  }

  #tell(): void {
    for (const { count, done } of this.#waiters) if (this.delivered.length + this.refused.length >= count) done()
  }
}
