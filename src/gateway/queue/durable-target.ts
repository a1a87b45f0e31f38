// DurableTarget: the queue of one target over the tables of queue.db.
// Keeps the rule of delivery.ts: only a receiver's answer takes a message out; what is given up is a stretch with its times.

import type { Micros } from '../../base/time.ts'
import type { QueuedMessage, QueueFigures, TargetQueue } from './delivery.ts'
import { MESSAGE_OVERHEAD_BYTES, REFUSED_MAX, STRETCHES_MAX, WHY_MAX, type RefusedMessage } from './queue.ts'
import { AMBIGUOUS, IN_FLIGHT, idOf, seqOf, type Statements } from './queue-tables.ts'

interface Stretch {
  readonly id: number
  readonly lastSeq: number
  readonly from: Micros
  readonly to: Micros
  readonly count: number
}

/** A copy of what the file says, so that figures cost nothing. */
export interface TargetState {
  id: number
  prefix: string
  /** Of the last message. */
  count: number
  /** Not delivered, in flight or not. */
  messages: number
  bytes: number
  readonly flights: Map<number, typeof IN_FLIGHT | typeof AMBIGUOUS>
  delivered: number
  refused: number
  refusedKept: number
  refusedBytes: number
  given: readonly Stretch[]
}

const sizeOf = (length: number): number => length + MESSAGE_OVERHEAD_BYTES

export class DurableTarget implements TargetQueue {
  readonly target: string
  state: TargetState
  readonly #sql: Statements
  /** One transaction; on failure every target reads its state anew. */
  readonly #change: (run: () => void) => void
  #listener: (() => void) | null = null

  constructor(name: string, sql: Statements, change: (run: () => void) => void) {
    this.target = name
    this.#sql = sql
    this.#change = change
    this.state = this.#read()
  }

  reload(): void {
    this.state = this.#read()
  }

  take(countMax: number, _at: Micros): readonly QueuedMessage[] {
    if (this.state.messages === this.#countOf(IN_FLIGHT)) return []
    const taken: QueuedMessage[] = []
    this.#change(() => {
      for (const row of this.#sql.idle.all(...this.#span(), countMax)) {
        const id = Number(row['id'])
        const attempts = Number(row['attempts']) + 1
        this.#sql.setFlight.run(id, IN_FLIGHT)
        this.state.flights.set(seqOf(id), IN_FLIGHT)
        taken.push({
          seq: seqOf(id), controlId: String(row['control']), device: String(row['device']), enqueuedAt: Number(row['at']), state: 'in-flight', attempts,
          body: row['body'] as Uint8Array,
        })
      }
    })
    return taken
  }

  acknowledge(seqs: readonly number[], _at: Micros): void {
    const sent = [...new Set(seqs)].filter((seq) => this.state.flights.has(seq))
    if (sent.length === 0) return
    this.#change(() => {
      for (const seq of sent) this.#remove(seq)
      this.#sql.addDelivered.run(sent.length, this.state.id)
      this.state.delivered += sent.length
    })
  }

  refuse(seq: number, why: string, at: Micros): void {
    if (!this.state.flights.has(seq)) return
    this.#change(() => {
      this.#sql.keepRefused.run(at, why.slice(0, WHY_MAX), this.#id(seq))
      const size = this.#remove(seq)
      this.#sql.addRefused.run(this.state.id)
      this.state.refused += 1
      this.state.refusedKept += 1
      this.state.refusedBytes += size
      if (this.state.refusedKept > REFUSED_MAX) this.#forgetRefused()
    })
  }

  connectionLost(_at: Micros): void {
    if (this.#countOf(IN_FLIGHT) === 0) return
    this.#change(() => {
      this.#sql.setFlightState.run(AMBIGUOUS, ...this.#span(), IN_FLIGHT)
      for (const seq of this.state.flights.keys()) this.state.flights.set(seq, AMBIGUOUS)
    })
  }

  figures(now: Micros): QueueFigures {
    const { state } = this
    const oldest = this.#sql.oldest.get(...this.#span())
    return {
      target: this.target, waiting: state.messages - state.flights.size, inFlight: this.#countOf(IN_FLIGHT), ambiguous: this.#countOf(AMBIGUOUS),
      refused: state.refused, delivered: state.delivered, bytes: state.bytes,
      lagMicros: oldest === undefined ? null : Math.max(0, now - Number(oldest['at'])),
      given: state.given.map(({ from, to, count }) => ({ from, to, count })),
    }
  }

  onWork(listener: (() => void) | null): void {
    this.#listener = listener
  }

  tellWork(): void {
    this.#listener?.()
  }

  refusedMessages(countMax: number): readonly RefusedMessage[] {
    return this.#sql.refused.all(...this.#span(), countMax).map((row) => ({
      controlId: String(row['control']), device: String(row['device']), enqueuedAt: Number(row['at']), refusedAt: Number(row['refused_at']),
      why: String(row['why']),
    }))
  }

  /** Within the queue's transaction: a message was inserted. */
  added(length: number): void {
    this.state.messages += 1
    this.state.bytes += sizeOf(length)
  }

  /** Within the queue's transaction: the oldest is given up. Messages that followed each other are one stretch. */
  giveUp(seq: number, at: Micros): void {
    this.#remove(seq)
    const last = this.state.given.at(-1)
    if (last !== undefined && last.lastSeq === seq - 1) {
      this.#sql.setStretch.run(seq, Math.min(last.from, at), Math.max(last.to, at), last.count + 1, last.id)
    } else {
      this.#sql.addStretch.run(this.state.id, seq, at, at)
      if (this.state.given.length >= STRETCHES_MAX) this.#joinOldest()
    }
    this.state.given = this.#stretches()
  }

  #joinOldest(): void {
    const [first, second] = this.state.given
    if (first === undefined || second === undefined) return
    const [from, to] = [Math.min(first.from, second.from), Math.max(first.to, second.to)]
    this.#sql.setStretch.run(second.lastSeq, from, to, first.count + second.count, second.id)
    this.#sql.dropStretch.run(first.id)
  }

  /** The count stays. */
  #forgetRefused(): void {
    const row = this.#sql.oldestRefused.get(...this.#span())
    if (row === undefined) return
    this.#sql.dropRefused.run(Number(row['id']))
    this.state.refusedKept -= 1
    this.state.refusedBytes -= sizeOf(Number(row['length']))
  }

  /** Takes a message out; returns its size. */
  #remove(seq: number): number {
    const id = this.#id(seq)
    const size = sizeOf(Number(this.#sql.message.get(id)?.['length'] ?? 0))
    this.#sql.dropMessage.run(id)
    this.#sql.dropFlight.run(id)
    this.state.flights.delete(seq)
    this.state.messages -= 1
    this.state.bytes -= size
    return size
  }

  #id(seq: number): number {
    return idOf(this.state.id, seq)
  }

  /** Ids of this target lie between. */
  #span(): [number, number] {
    return [idOf(this.state.id, 0), idOf(this.state.id + 1, 0)]
  }

  #countOf(wanted: number): number {
    let count = 0
    for (const state of this.state.flights.values()) if (state === wanted) count += 1
    return count
  }

  #read(): TargetState {
    const row = this.#sql.target.get(this.target) ?? {}
    const id = Number(row['id'])
    const span: [number, number] = [idOf(id, 0), idOf(id + 1, 0)]
    const sums = this.#sql.sums.get(...span) ?? {}
    const kept = this.#sql.refusedSums.get(...span) ?? {}
    const [messages, refusedKept] = [Number(sums['count']), Number(kept['count'])]
    const flights = this.#sql.flights.all(...span).map((f) => [seqOf(Number(f['id'])), Number(f['state']) === IN_FLIGHT ? IN_FLIGHT : AMBIGUOUS] as const)
    return {
      id, prefix: String(row['prefix']), count: Number(row['count']), messages, bytes: Number(sums['bytes']) + messages * MESSAGE_OVERHEAD_BYTES,
      flights: new Map(flights), delivered: Number(row['delivered']), refused: Number(row['refused']), refusedKept,
      refusedBytes: Number(kept['bytes']) + refusedKept * MESSAGE_OVERHEAD_BYTES, given: this.#stretches(id),
    }
  }

  #stretches(id = this.state.id): readonly Stretch[] {
    return this.#sql.stretches.all(id).map((row) => ({
      id: Number(row['id']), lastSeq: Number(row['last_seq']), from: Number(row['from_at']), to: Number(row['to_at']), count: Number(row['count']),
    }))
  }
}
