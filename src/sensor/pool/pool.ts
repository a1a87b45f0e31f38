// Pool: one capture read by several threads. This thread hands the bytes out, the workers read them all and keep the flows of their
// shards, and what they tell is put in order here. Keeps the rule that the answer is byte for byte that of one thread.

import { Worker } from 'node:worker_threads'
import type { Behaviour } from '../../inventory/inventory.ts'
import type { Policy } from '../../policy/index.ts'
import type { CaptureReader, CaptureSummary } from '../../wire/capture/capture.ts'
import { Mind } from '../mind.ts'
import type { Heard, SensorOptions } from '../sensor.ts'
import { SHARDS } from '../shards.ts'
import { PLACE_BYTES, PLACES, type WorkerBatch, type WorkerEnd, type WorkerStart, type WorkerTask } from './events.ts'
import { Merger } from './merge.ts'

/** Where reading waits: an inflating step fills four places at most, a read one. */
const FREE_MIN = 5

export type Listeners = Pick<SensorOptions, 'onSlice' | 'onFact'>

interface Hand {
  readonly worker: Worker
  readonly batches: WorkerBatch[]
  end: WorkerEnd | null
}

export class Pool implements CaptureReader {
  readonly #mind: Mind
  readonly #merger: Merger
  readonly #hands: readonly Hand[]
  readonly #ring = new SharedArrayBuffer(PLACES * PLACE_BYTES)
  readonly #bytes = new Uint8Array(this.#ring)
  /** Places handed out and not yet answered by all, oldest first; their number is bounded by PLACES. */
  #sent = 0
  #merged = 0
  #filled = 0
  /** The place being filled, or memory of its own when all places are out. */
  #into: Uint8Array = this.#bytes
  #wake: (() => void) | null = null
  #failure: Error | null = null

  /** `listeners` hear what a sensor's would, in the same order: the store's feed. */
  constructor(workers: number, behaviours: readonly Behaviour[], policy: Policy, { onSlice, onFact }: Listeners = {}) {
    this.#mind = new Mind(behaviours, onFact)
    this.#merger = new Merger(this.#mind, workers, onSlice)
    this.#hands = Array.from({ length: workers }, (_, i) => this.#hire(i, workers, policy, onSlice !== undefined))
  }

  #hire(i: number, workers: number, policy: Policy, tellsSlices: boolean): Hand {
    const owned = Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) => shard % workers === i)
    const startPorts = [...this.#mind.inventory.startPorts]
    const start: WorkerStart = { ring: this.#ring, seed: 0, owned, isLead: i === 0, startPorts, tellsSlices, policy }
    // Beside this file, in whichever form the product runs.
    const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
    const worker = new Worker(file, { workerData: start })
    const hand: Hand = { worker, batches: [], end: null }
    worker.on('message', (told: WorkerBatch | WorkerEnd) => this.#hear(hand, told))
    worker.on('error', (cause) => {
      this.#failure = cause as Error
      this.#wakeUp()
    })
    return hand
  }

  #hear(hand: Hand, told: WorkerBatch | WorkerEnd): void {
    if (told.kind === 'end') hand.end = told
    else hand.batches.push(told)
    while (this.#hands.every(({ batches }) => batches.length > 0)) {
      this.#merger.take(this.#hands.map(({ batches }) => batches.shift() as WorkerBatch))
      this.#merged++
    }
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = null
  }

  /** Packets read by all so far. */
  get packets(): number {
    return Math.min(...this.#hands.map(({ batches, end }) => end?.counts.counters.packets ?? batches.at(-1)?.counters.packets ?? 0))
  }

  /** Gathers the bytes in places of the ring. The caller waits for `room` between steps; what finds no place goes as a copy of its own. */
  push(chunk: Uint8Array): void {
    for (let off = 0; off < chunk.length; ) {
      if (this.#filled === 0) this.#into = this.#sent - this.#merged < PLACES ? this.#bytes.subarray(...this.#place()) : new Uint8Array(PLACE_BYTES)
      const count = Math.min(chunk.length - off, PLACE_BYTES - this.#filled)
      this.#into.set(chunk.subarray(off, off + count), this.#filled)
      this.#filled += count
      off += count
      if (this.#filled === PLACE_BYTES) this.#send()
    }
  }

  /** Where the next place begins and ends. */
  #place(): [number, number] {
    const from = (this.#sent % PLACES) * PLACE_BYTES
    return [from, from + PLACE_BYTES]
  }

  #send(): void {
    const isPlace = this.#into.buffer === this.#ring
    const task: WorkerTask = isPlace ? { place: this.#sent % PLACES, length: this.#filled } : { bytes: this.#into.slice(0, this.#filled) }
    for (const { worker } of this.#hands) worker.postMessage(task, [])
    this.#sent++
    this.#filled = 0
  }

  /** Resolves when a step's bytes find room; rejects when a worker broke. */
  async room(): Promise<void> {
    while (this.#failure === null && PLACES - (this.#sent - this.#merged) < FREE_MIN) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#failure !== null) throw this.#failure
  }

  /** The summary comes with `heard`; a reader's end is here only that no more bytes come. */
  end(): CaptureSummary {
    if (this.#filled > 0) this.#send()
    for (const { worker } of this.#hands) worker.postMessage(null, [])
    return { format: null, compressed: false, packets: 0, bytes: 0, linkTypes: [], problems: [] }
  }

  /** After `end`: what the reader says of the capture, and all that was heard. */
  async heard(): Promise<{ readonly summary: CaptureSummary; readonly heard: Heard }> {
    while (this.#failure === null && this.#hands.some(({ end }) => end === null)) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#failure !== null) throw this.#failure
    const ends = this.#hands.map(({ end }) => end as WorkerEnd)
    return { summary: (ends[0] as WorkerEnd).summary, heard: this.#merger.heard(ends) }
  }

  /** Whatever happened, the workers end. */
  async close(): Promise<void> {
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()))
  }
}
