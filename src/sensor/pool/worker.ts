// A worker of the pool: the whole reader over the same bytes as its brothers, and the flows of the shards that are its own.
// Keeps the rule that it has nothing but the ring it is handed: no file, no socket, no clock.

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import type { Micros } from '../../base/time.ts'
import { noFlows } from '../../detect/sensor-health.ts'
import type { SenderTold } from '../../inventory/senders.ts'
import type { PacketSink } from '../../wire/capture/capture.ts'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import { Engine } from '../engine.ts'
import { FlowSlices } from '../flow-slices.ts'
import { overlapOf } from '../knowledge.ts'
import { PHASES_MAX, PLACE_BYTES, SLICE_PHASE, type WorkerBatch, type WorkerEnd, type WorkerStart, type WorkerTask } from './events.ts'
import { Told, type Moment } from './told.ts'

/** An engine whose events wait to be sent. */
export class Recorder implements PacketSink {
  readonly engine: Engine
  facts = 0
  #opened: number[] = []
  readonly #told = new Told()
  readonly #slices: FlowSlices | null
  /** Between two packets: the slices of live flows are told. */
  #isBetween = false
  #isOver = false

  constructor({ seed, owned, isLead, startPorts, tellsSlices, policy }: Omit<WorkerStart, 'ring'>) {
    const slices = tellsSlices ? new FlowSlices((slice) => this.#told.slice(this.#isBetween ? this.#beforeNext(slice.flow.id) : this.#now(), slice)) : null
    this.#slices = slices
    this.engine = new Engine({
      seed, owned, isLead, startPorts: new Set(startPorts), tellsEnded: tellsSlices, overlapOf: overlapOf(policy),
      onOpen: () => void this.#opened.push(this.engine.frameNumber * PHASES_MAX + this.engine.phase),
      events: {
        fact: (fact, flow) => {
          this.facts++
          this.#told.fact(this.#now(), fact, flow)
        },
        sender: (shard, row, frame) => this.#told.sender(this.#now(), frame.vlan, frame.srcMac, shard.senders.ip(row), frame.at),
        started: (flow, frame) => this.#told.flow(this.#now(), 'started', flow, frame.at),
        opened: (shard, row, syn) => this.#told.opened(this.#now(), shard.senders.vlan(row), shard.senders.ip(row), syn),
        broadcast: (flow, frame) => this.#told.flow(this.#now(), 'broadcast', flow, frame.at),
        ended: (flow) => slices?.ended(flow),
      },
    })
  }

  /** What packets go into. */
  get sink(): PacketSink {
    return this.#slices === null ? this.engine : this
  }

  /** As Sensor.packet: every worker sees every packet, so slices are due for all at the same one. */
  packet(buf: Uint8Array, off: number, end: number, at: Micros, wireLength: number, linkType: number): void {
    if (this.#slices?.isDue(at)) {
      this.#isBetween = true
      this.#slices.tell(this.engine.live(), at)
      this.#isBetween = false
    }
    this.engine.packet(buf, off, end, at, wireLength, linkType)
  }

  #beforeNext(order: number): Moment {
    return { frame: this.engine.frameNumber + 1, phase: SLICE_PHASE, order }
  }

  #now(): Moment {
    const { frameNumber, phase, order } = this.engine
    // What ends with the capture comes after every packet of it.
    return { frame: this.#isOver ? Number.MAX_SAFE_INTEGER : frameNumber, phase, order }
  }

  /** What was told since the last time. */
  take(): WorkerBatch {
    const batch = { kind: 'batch', opened: Float64Array.from(this.#opened), ...this.#told.take(), counters: this.engine.counters } as const
    this.#opened = []
    return batch
  }

  /** Ends every flow and tells the rest; `summary` is the reader's. */
  end(summary: WorkerEnd['summary']): WorkerEnd {
    const { engine } = this
    this.#isOver = true
    engine.finish()
    const senders: SenderTold[] = []
    for (const shard of engine.shards) shard.senders.drain((told) => senders.push(told))
    const counts = engine.counts()
    return {
      kind: 'end', last: this.take(), summary, counts, health: engine.health.counts(noFlows(), noFlows(), 0), ended: counts.ended,
      talks: engine.shards.map((shard) => shard.talks.parts()), senders, facts: this.facts,
    }
  }
}

function work(start: WorkerStart, port: NonNullable<typeof parentPort>): void {
  const recorder = new Recorder(start)
  const reader = createCaptureReader(recorder.sink)
  const ring = Buffer.from(start.ring)
  const bytes = new Uint8Array(PLACE_BYTES)
  port.on('message', (task: WorkerTask) => {
    if (task === null) {
      port.postMessage(recorder.end(reader.end()))
      port.close()
      return
    }
    if ('bytes' in task) reader.push(task.bytes)
    else {
      // Out of the shared memory first: what is decoded cannot change meanwhile. Not by set(), which copies shared memory byte by byte.
      const off = task.place * PLACE_BYTES
      ring.copy(bytes, 0, off, off + task.length)
      reader.push(bytes.subarray(0, task.length))
    }
    const batch = recorder.take()
    port.postMessage(batch, [batch.opened.buffer as ArrayBuffer, batch.heads.buffer as ArrayBuffer])
  })
}

if (parentPort) {
  assert((workerData as WorkerStart).ring instanceof SharedArrayBuffer, 'a worker is started with a ring')
  work(workerData as WorkerStart, parentPort)
}
