// Told: the events of a worker between two batches, as heads of numbers and one text.
// Keeps the rule that a flow is written once for all its events, unless it changed meanwhile.

import type { Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import type { SynSeen } from '../../inventory/hints/syn.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Flow } from '../../wire/flow.ts'
import type { FlowSlice } from '../flow-slices.ts'
import { EventKind, flowTold, HEAD_NUMBERS, type FlowTold, type SliceTold, type WorkerBodies } from './events.ts'

const HEADS_AT_START = 256
const NONE = -1

/** Where and when in the capture an event happened. */
export interface Moment {
  readonly frame: number
  readonly phase: number
  readonly order: number
}

export class Told {
  #heads = new Float64Array(HEADS_AT_START * HEAD_NUMBERS)
  #count = 0
  #facts: Fact[] = []
  #flows: FlowTold[] = []
  #ips: Ip[] = []
  #syns: SynSeen[] = []
  #slices: SliceTold[] = []
  /** The last index of each flow, by its id. */
  readonly #flowIndex = new Map<number, number>()

  fact(moment: Moment, fact: Fact, flow: Flow | null): void {
    this.#add(moment, EventKind.fact, this.#facts.push(fact) - 1, this.#flow(flow), 0, 0, NONE)
  }

  sender(moment: Moment, vlan: number, mac: MacNumber, ip: Ip, at: Micros): void {
    this.#add(moment, EventKind.sender, this.#ips.push(ip) - 1, NONE, at, vlan, mac)
  }

  opened(moment: Moment, vlan: number, ip: Ip, syn: SynSeen): void {
    this.#add(moment, EventKind.opened, this.#ips.push(ip) - 1, this.#syns.push(syn) - 1, 0, vlan, NONE)
  }

  flow(moment: Moment, kind: 'started' | 'broadcast', flow: Flow, at: Micros): void {
    this.#add(moment, EventKind[kind], NONE, this.#flow(flow), at, 0, NONE)
  }

  slice(moment: Moment, { flow, part, at, packets, bytes }: FlowSlice): void {
    const body = this.#slices.push({ part, at, packets, bytes, lastAt: flow.lastAt }) - 1
    this.#add(moment, EventKind.slice, body, this.#flow(flow), 0, 0, NONE)
  }

  /** What was told since the last time: heads, and their bodies as JSON. */
  take(): { readonly heads: Float64Array<ArrayBuffer>; readonly bodies: string } {
    const heads = this.#heads.slice(0, this.#count * HEAD_NUMBERS)
    const told: WorkerBodies = { facts: this.#facts, flows: this.#flows, ips: this.#ips, syns: this.#syns, slices: this.#slices }
    const bodies = this.#count === 0 ? '' : JSON.stringify(told)
    this.#count = 0
    this.#facts = []
    this.#flows = []
    this.#ips = []
    this.#syns = []
    this.#slices = []
    this.#flowIndex.clear()
    return { heads, bodies }
  }

  #flow(flow: Flow | null): number {
    if (flow === null) return NONE
    const known = this.#flowIndex.get(flow.id)
    if (known !== undefined && isAsTold(flow, this.#flows[known] as FlowTold)) return known
    const index = this.#flows.push(flowTold(flow)) - 1
    this.#flowIndex.set(flow.id, index)
    return index
  }

  #add({ frame, phase, order }: Moment, kind: number, body: number, flow: number, at: Micros, vlan: number, mac: MacNumber): void {
    const base = this.#count * HEAD_NUMBERS
    if (base === this.#heads.length) this.#grow()
    this.#heads.set([frame, phase, order, kind, body, flow, at, vlan, mac], base)
    this.#count++
  }

  #grow(): void {
    const longer = new Float64Array(2 * this.#heads.length)
    longer.set(this.#heads)
    this.#heads = longer
  }
}

/** What a live flow can change of what is told. */
function isAsTold(flow: Flow, told: FlowTold): boolean {
  const [out, back] = flow.macs
  return flow.protocol === told.protocol && flow.state === told.state && out === told.macs[0] && back === told.macs[1]
}
