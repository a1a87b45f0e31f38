// Merge: the events of several workers in the one order of the capture, flows numbered as one thread would number them.
// Keeps the rule that the mind hears exactly what it would hear from one engine.

import { assert } from '../../base/assert.ts'
import { noFlows, sumFlows } from '../../detect/sensor-health.ts'
import { snapshotOfParts } from '../../detect/talks.ts'
import { addCounts } from '../engine.ts'
import type { Mind } from '../mind.ts'
import { namedCounts, type Heard } from '../sensor.ts'
import { flowOf, type FlowTold, type WorkerBatch, type WorkerEnd, type WorkerEvent } from './events.ts'

/** Ids of a worker's flows in the whole capture, by the worker's own id less one. 4 bytes a flow. */
class Ids {
  #ids = new Uint32Array(1024)
  #size = 0

  add(id: number): void {
    if (this.#size === this.#ids.length) {
      const longer = new Uint32Array(2 * this.#size)
      longer.set(this.#ids)
      this.#ids = longer
    }
    this.#ids[this.#size++] = id
  }

  of(own: number): number {
    return own === 0 ? 0 : (this.#ids[own - 1] as number)
  }
}

export class Merger {
  readonly #mind: Mind
  readonly #ids: readonly Ids[]
  #opened = 0

  constructor(mind: Mind, workers: number) {
    this.#mind = mind
    this.#ids = Array.from({ length: workers }, () => new Ids())
  }

  /** The capture's id of a worker's flow. */
  idOf(worker: number, own: number): number {
    return (this.#ids[worker] as Ids).of(own)
  }

  /** The batches of all workers about the same bytes. */
  take(batches: readonly WorkerBatch[]): void {
    this.#number(batches.map(({ opened }) => opened))
    const at = batches.map(() => 0)
    for (let w = this.#next(batches, at); w >= 0; w = this.#next(batches, at)) {
      this.#tell(w, batches[w]?.events[at[w] as number] as WorkerEvent)
      at[w] = (at[w] as number) + 1
    }
  }

  /** All that was heard, once every worker has come to its end. */
  heard(ends: readonly WorkerEnd[]): Heard {
    this.take(ends.map(({ last }) => last))
    for (const told of ends.flatMap(({ senders }) => senders)) this.#mind.heardMore(told)
    const { inventory, detectors } = this.#mind
    const { counts, health } = ends[0] as WorkerEnd
    const observations: Record<string, number> = {}
    for (const end of ends) addCounts(observations, end.counts.observations)
    const talks = ends.flatMap((end, w) => end.talks.map((parts) => ({ parts, idOf: (own: number) => this.idOf(w, own) })))
    return {
      counters: { ...counts.counters, facts: ends.reduce((n, { facts }) => n + facts, 0) }, detectors, inventory, flowsOpened: this.#opened,
      observations: namedCounts(observations, inventory.refused), ...snapshotOfParts(talks),
      healthCounts: (dropped) => ({ ...health, ended: sumFlows(ends.map(({ ended }) => ended)), live: noFlows(), dropped }),
    }
  }

  #number(lists: readonly Float64Array[]): void {
    const at = lists.map(() => 0)
    for (;;) {
      let first = -1
      let least = Number.POSITIVE_INFINITY
      for (const [w, list] of lists.entries()) {
        const key = list[at[w] as number]
        if (key === undefined || key >= least) continue
        least = key
        first = w
      }
      if (first < 0) return
      at[first] = (at[first] as number) + 1
      ;(this.#ids[first] as Ids).add(++this.#opened)
    }
  }

  /** The worker whose next event comes first, or -1. */
  #next(batches: readonly WorkerBatch[], at: readonly number[]): number {
    let first = -1
    let head: WorkerEvent | null = null
    for (const [w, { events }] of batches.entries()) {
      const event = events[at[w] as number]
      if (event === undefined || (head !== null && !this.#isBefore(w, event, first, head))) continue
      first = w
      head = event
    }
    return first
  }

  #isBefore(w: number, a: WorkerEvent, v: number, b: WorkerEvent): boolean {
    if (a.frame !== b.frame) return a.frame < b.frame
    if (a.phase !== b.phase) return a.phase < b.phase
    return this.idOf(w, a.order) < this.idOf(v, b.order)
  }

  #tell(worker: number, event: WorkerEvent): void {
    const mind = this.#mind
    switch (event.kind) {
      case 'fact':
        return mind.fact(event.fact, event.flow && this.#flow(worker, event.flow))
      case 'sender':
        return mind.sender(event.vlan, event.mac, event.ip, event.at, event.frame)
      case 'opened':
        return mind.opened(event.vlan, event.ip, event.syn)
      case 'started':
        return mind.started(this.#flow(worker, event.flow), event.at, event.frame)
      case 'broadcast':
        return mind.broadcast(this.#flow(worker, event.flow), event.at, event.frame)
    }
  }

  #flow(worker: number, told: FlowTold): ReturnType<typeof flowOf> {
    const id = this.idOf(worker, told.id)
    assert(id > 0, 'a flow is numbered before it is told of')
    return flowOf(told, id)
  }
}
