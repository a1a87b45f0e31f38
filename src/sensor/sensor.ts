// Sensor: the loop from packets to facts. Capture -> frame -> datagram or stream -> protocol -> facts -> inventory and rules.
// Keeps S1 by having nothing to transmit with, and honesty by counting what it could not read.

import type { Micros } from '../base/time.ts'
import type { Detector } from '../detect/rule.ts'
import { addFlow, noFlows, type HealthCounts } from '../detect/sensor-health.ts'
import { snapshotOf, type StreamSpan, type Talk } from '../detect/talks.ts'
import type { Behaviour, Inventory } from '../inventory/inventory.ts'
import type { Fact } from '../protocols/facts.ts'
import type { PacketSink } from '../wire/capture/capture.ts'
import type { Flow } from '../wire/flow.ts'
import type { OverlapOf } from '../wire/reassembly/overlap.ts'
import { Engine } from './engine.ts'
import { FlowSlices, type FlowSlice } from './flow-slices.ts'
import { Mind } from './mind.ts'

export interface SensorOptions {
  /** Mixed into every hash, so that a stranger cannot aim at one place of a table: random when live. It never shows in the output. */
  readonly seed?: number
  /** Start-up behaviours of the profiles (evidence level D). */
  readonly behaviours: readonly Behaviour[]
  /** Called with what each flow did, piece by piece; the store's feed. */
  readonly onSlice?: ((slice: FlowSlice) => void) | undefined
  /** Called with each fact, in order. */
  readonly onFact?: ((fact: Fact) => void) | undefined
  /** How the host at an address puts overlapping fragments and segments together; left out: the product's default for all. */
  readonly overlapOf?: OverlapOf | undefined
}

export interface SensorCounters {
  readonly packets: number
  readonly bytes: number
  readonly firstAt: Micros | null
  readonly lastAt: Micros | null
  readonly arpFrames: number
  readonly ipPackets: number
  readonly facts: number
}

export interface Observation {
  readonly name: string
  readonly count: number
}

/** All that is known at one moment: what a picture and a report are made of. */
export interface Heard {
  readonly counters: SensorCounters
  readonly detectors: readonly Detector[]
  readonly flowsOpened: number
  /** Names sorted. */
  readonly observations: readonly Observation[]
  readonly inventory: Inventory
  readonly talks: readonly Talk[]
  readonly spans: readonly StreamSpan[]
  /** `dropped` is what the capturing machine says it lost. */
  healthCounts(dropped: number): HealthCounts
}

export class Sensor implements PacketSink {
  readonly #engine: Engine
  readonly #mind: Mind
  readonly #slices: FlowSlices | null

  constructor(options: SensorOptions) {
    const { seed = 0, behaviours, onSlice, onFact, overlapOf } = options
    const mind = new Mind(behaviours, onFact)
    const slices = onSlice ? new FlowSlices(onSlice) : null
    this.#mind = mind
    this.#slices = slices
    this.#engine = new Engine({
      seed, overlapOf, startPorts: mind.inventory.startPorts, tellsEnded: slices !== null,
      events: {
        fact: (fact, flow) => mind.fact(fact, flow),
        sender: (shard, row, frame) => mind.sender(frame.vlan, frame.srcMac, shard.senders.ip(row), frame.at, frame.number),
        started: (flow, frame) => mind.started(flow, frame.at, frame.number),
        opened: (shard, row, syn) => mind.opened(shard.senders.vlan(row), shard.senders.ip(row), syn),
        broadcast: (flow, frame) => mind.broadcast(flow, frame.at, frame.number),
        ended: (flow) => slices?.ended(flow),
      },
    })
  }

  packet(buf: Uint8Array, off: number, end: number, at: Micros, wireLength: number, linkType: number): void {
    if (this.#slices?.isDue(at)) this.#slices.tell(this.#engine.live(), at)
    this.#engine.packet(buf, off, end, at, wireLength, linkType)
  }

  /** Ends every flow. The capture is over, or the watch stops. */
  finish(): void {
    this.#engine.finish()
  }

  get counters(): SensorCounters {
    return { ...this.#engine.counters, facts: this.#mind.facts }
  }

  /** Live flows, in order of first packet. */
  liveFlows(): Flow[] {
    return this.#engine.live()
  }

  /** As of now. */
  heard(): Heard {
    const engine = this.#engine
    engine.tellRepeats()
    for (const shard of engine.shards) {
      shard.settle()
      shard.senders.drain((told) => this.#mind.heardMore(told))
    }
    const { inventory, detectors } = this.#mind
    return {
      counters: this.counters, detectors, inventory, flowsOpened: engine.opened,
      observations: this.observations(),
      ...snapshotOf(engine.shards.map((shard) => ({ talks: shard.talks, eachLive: (tell) => shard.eachLive(tell) }))),
      healthCounts: (dropped) => this.healthCounts(dropped),
    }
  }

  /** What was odd, by name, with counts; names sorted. */
  observations(): Observation[] {
    return namedCounts(this.#engine.counts().observations, this.#mind.inventory.refused)
  }

  /** What the sensor knows of itself as of now; `dropped` is what the capturing machine says it lost. */
  healthCounts(dropped: number): HealthCounts {
    const engine = this.#engine
    const live = noFlows()
    for (const shard of engine.shards) shard.eachLive((sum) => addFlow(live, sum))
    return engine.health.counts(engine.counts().ended, live, dropped)
  }
}

/** What is above zero, names sorted. `hostsRefused`: hosts that found no room beyond those the counts know. */
export function namedCounts(counts: Readonly<Record<string, number>>, hostsRefused: number): Observation[] {
  const all = { ...counts, hostsNotKept: (counts['hostsNotKept'] ?? 0) + hostsRefused }
  return Object.entries(all).filter(([, count]) => count > 0).map(([name, count]) => ({ name, count })).sort((a, b) => (a.name < b.name ? -1 : 1))
}
