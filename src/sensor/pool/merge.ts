// Merge: the events of several workers in the one order of the capture, flows numbered as one thread would number them.
// Keeps the rule that the mind hears exactly what it would hear from one engine.

import { assert } from '../../base/assert.ts'
import type { Ip } from '../../base/ip.ts'
import { noFlows, sumFlows } from '../../detect/sensor-health.ts'
import { snapshotOfParts } from '../../detect/talks.ts'
import type { SynSeen } from '../../inventory/hints/syn.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import { addCounts } from '../engine.ts'
import type { FlowSlice } from '../flow-slices.ts'
import type { Mind } from '../mind.ts'
import { namedCounts, type Heard } from '../sensor.ts'
import { EventKind, flowOf, Head, HEAD_NUMBERS, type FlowTold, type SliceTold, type WorkerBatch, type WorkerBodies, type WorkerEnd } from './events.ts'

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
  readonly #onSlice: ((slice: FlowSlice) => void) | undefined
  readonly #ids: readonly Ids[]
  #opened = 0

  /** `onSlice` as a sensor's: told in the order of one. */
  constructor(mind: Mind, workers: number, onSlice?: (slice: FlowSlice) => void) {
    this.#mind = mind
    this.#onSlice = onSlice
    this.#ids = Array.from({ length: workers }, () => new Ids())
  }

  /** The capture's id of a worker's flow. */
  idOf(worker: number, own: number): number {
    return (this.#ids[worker] as Ids).of(own)
  }

  /** The batches of all workers about the same bytes. */
  take(batches: readonly WorkerBatch[]): void {
    this.#number(batches.map(({ opened }) => opened))
    const lists = batches.map((batch, worker) => new Events(batch, (own) => this.idOf(worker, own)))
    for (let next = this.#next(lists); next !== null; next = this.#next(lists)) {
      if (next.head(Head.kind) === EventKind.slice) this.#onSlice?.(next.slice())
      else next.tell(this.#mind)
      next.at += HEAD_NUMBERS
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

  /** The list whose next event comes first, or null. */
  #next(lists: readonly Events[]): Events | null {
    let first: Events | null = null
    for (const list of lists) if (!list.isOver && (first === null || isBefore(list, first))) first = list
    return first
  }
}

function isBefore(a: Events, b: Events): boolean {
  const frame = a.head(Head.frame) - b.head(Head.frame)
  if (frame !== 0) return frame < 0
  const phase = a.head(Head.phase) - b.head(Head.phase)
  if (phase !== 0) return phase < 0
  return a.idOf(a.head(Head.order)) < b.idOf(b.head(Head.order))
}

/** The events of one worker's batch, of which those before `at` are told. */
class Events {
  at = 0
  readonly idOf: (own: number) => number
  readonly #heads: Float64Array
  readonly #bodies: WorkerBodies
  /** Made when first asked for. */
  readonly #flows: Flow[] = []

  constructor({ heads, bodies }: WorkerBatch, idOf: (own: number) => number) {
    this.idOf = idOf
    this.#heads = heads
    this.#bodies = bodies === '' ? NO_BODIES : (JSON.parse(bodies) as WorkerBodies)
  }

  get isOver(): boolean {
    return this.at >= this.#heads.length
  }

  /** A number of the next event. */
  head(number: number): number {
    return this.#heads[this.at + number] as number
  }

  tell(mind: Mind): void {
    const { facts, ips, syns } = this.#bodies
    const [body, at, frame] = [this.head(Head.body), this.head(Head.at), this.head(Head.frame)]
    switch (this.head(Head.kind)) {
      case EventKind.fact:
        return mind.fact(this.#numbered(facts[body] as Fact), this.head(Head.flow) < 0 ? null : this.#flow())
      case EventKind.sender:
        return mind.sender(this.head(Head.vlan), this.head(Head.mac), ips[body] as Ip, at, frame)
      case EventKind.opened:
        return mind.opened(this.head(Head.vlan), ips[body] as Ip, syns[this.head(Head.flow)] as SynSeen)
      case EventKind.started:
        return mind.started(this.#flow(), at, frame)
      default:
        return mind.broadcast(this.#flow(), at, frame)
    }
  }

  /** A fact says its flow by the worker's number; it was parsed for us alone, so the capture's is put in its place. */
  #numbered(fact: Fact): Fact {
    if ('flowId' in fact) (fact as { flowId: number }).flowId = this.idOf(fact.flowId)
    return fact
  }

  slice(): FlowSlice {
    const { lastAt, ...slice } = this.#bodies.slices[this.head(Head.body)] as SliceTold
    return { ...slice, flow: { ...this.#flow(), lastAt } }
  }

  #flow(): Flow {
    const index = this.head(Head.flow)
    const known = this.#flows[index]
    if (known) return known
    const told = this.#bodies.flows[index] as FlowTold
    const id = this.idOf(told.id)
    assert(id > 0, 'a flow is numbered before it is told of')
    const flow = flowOf(told, id)
    this.#flows[index] = flow
    return flow
  }
}

const NO_BODIES: WorkerBodies = { facts: [], flows: [], ips: [], syns: [], slices: [] }
