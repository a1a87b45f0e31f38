// What a worker tells the thread that merges: plain data that can be copied between threads, in the worker's own order.
// Keeps the rule that the order of all events is (packet, phase, flow id), whichever worker tells them.

import type { Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import type { FlowCounts, HealthCounts } from '../../detect/sensor-health.ts'
import type { TalksParts } from '../../detect/talks.ts'
import type { SynSeen } from '../../inventory/hints/syn.ts'
import type { SenderTold } from '../../inventory/senders.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Policy } from '../../policy/index.ts'
import { communityId } from '../../wire/community-id.ts'
import type { CaptureSummary } from '../../wire/capture/capture.ts'
import type { Flow, FlowState } from '../../wire/flow.ts'
import type { EngineCounters, EngineCounts } from '../engine.ts'
import type { FlowSlice } from '../flow-slices.ts'

/** Bytes of one place in the ring between the reading thread and the workers: one read of a file. */
export const PLACE_BYTES = 1024 * 1024
/** Places in the ring: what an inflating step gives at most (4 MiB), twice, and some being worked on. */
export const PLACES = 12

/** Phases of a packet fit below this: three, and one for each packet around it. */
export const PHASES_MAX = 64

export interface WorkerStart {
  readonly ring: SharedArrayBuffer
  readonly seed: number
  readonly owned: readonly number[]
  readonly isLead: boolean
  readonly startPorts: readonly number[]
  /** Whether anybody wants slices of flows: a store. */
  readonly tellsSlices: boolean
  readonly policy: Policy
}

/** Read place `place`, `length` bytes of it, or these bytes; null: the capture is over. */
export type WorkerTask = { readonly place: number; readonly length: number } | { readonly bytes: Uint8Array } | null

/** A flow as it was when it first mattered: what rules read of one. */
export interface FlowTold {
  readonly id: number
  readonly vlan: number
  readonly innerVlan: number
  readonly src: Ip
  readonly dst: Ip
  readonly proto: number
  readonly srcPort: number
  readonly dstPort: number
  readonly firstAt: Micros
  readonly firstFrame: number
  readonly macs: readonly [MacNumber, MacNumber]
  readonly state: FlowState
  readonly protocol: string | null
}

/** What an event is about. A sender's numbers stand in its head; of the others the head says where to find them. */
export const EventKind = { fact: 0, sender: 1, opened: 2, started: 3, broadcast: 4, slice: 5 } as const

/** Slices of live flows are told between two packets: before all that the next one makes happen, in order of id. */
export const SLICE_PHASE = -1

/** A FlowSlice without its flow, which the head points to, and what of the flow is as of now. */
export interface SliceTold extends Omit<FlowSlice, 'flow'> {
  readonly lastAt: Micros
}

/**
 * Numbers of an event's head. `order`: id, as the worker counts, of the flow that ends or is told; 0 when none is. `body`: index of the fact,
 * of the address or of the slice; -1 without. `flow`: index of the flow, of what opens that of its SYN; -1 without. `at`, `vlan` and `mac` of a sender;
 * `vlan` of what opens, `at` of what starts or is broadcast.
 */
export const Head = { frame: 0, phase: 1, order: 2, kind: 3, body: 4, flow: 5, at: 6, vlan: 7, mac: 8 } as const
export const HEAD_NUMBERS = 9

/** What heads point to; sent as one JSON text, which is read in half the time that many objects take to be copied. */
export interface WorkerBodies {
  readonly facts: readonly Fact[]
  /** Each once, unless it changed between two events. */
  readonly flows: readonly FlowTold[]
  readonly ips: readonly Ip[]
  readonly syns: readonly SynSeen[]
  readonly slices: readonly SliceTold[]
}

/** Of one place of the ring. */
export interface WorkerBatch {
  readonly kind: 'batch'
  /** For each flow opened, in order, packet * PHASES_MAX + phase. */
  readonly opened: Float64Array
  /** HEAD_NUMBERS for each event, in order. */
  readonly heads: Float64Array
  /** WorkerBodies; empty when there is no event. */
  readonly bodies: string
  readonly counters: EngineCounters
}

/** Everything else, once the capture is over; the events of the last flows are in `last`. */
export interface WorkerEnd {
  readonly kind: 'end'
  readonly last: WorkerBatch
  readonly summary: CaptureSummary
  readonly counts: EngineCounts
  readonly health: HealthCounts
  readonly ended: FlowCounts
  readonly talks: readonly TalksParts[]
  readonly senders: readonly SenderTold[]
  /** Facts told, also those nobody needed. */
  readonly facts: number
}

export function flowTold(flow: Flow): FlowTold {
  const { id, vlan, innerVlan, src, dst, proto, srcPort, dstPort, firstAt, firstFrame, macs, state, protocol } = flow
  return { id, vlan, innerVlan, src, dst, proto, srcPort, dstPort, firstAt, firstFrame, macs, state, protocol }
}

/** As a Flow with the id that the whole capture gives it. What it carried is not told. */
export function flowOf(told: FlowTold, id: number): Flow {
  const { firstAt } = told
  const none = [0, 0] as const
  const flow: Flow = {
    ...told, id, lastAt: firstAt, packets: none, bytes: none, payloadBytes: none, tcpFlags: none, gapBytes: 0, communityId: () => communityId(told),
  }
  return flow
}
