// Flow slices: long flows told to the store piece by piece, as NetFlow's active timeout does (RFC 7011 section 8 leaves the value open).
// Without them a day-long stream would appear in the store once, at its end, as if all its bytes had come in one moment.

import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import type { Flow } from '../wire/flow.ts'

/** What one flow did since its last slice. */
export interface FlowSlice {
  readonly flow: Flow
  /** 1 for the first slice of a flow. */
  readonly part: number
  readonly at: Micros
  readonly packets: number
  readonly bytes: number
}

/** Fine enough for a chart of minutes, coarse enough to be one record in some thousand packets. */
export const FLOW_SLICE_MICROS = 10 * MICROS_PER_SECOND

interface Told {
  part: number
  packets: number
  bytes: number
}

export class FlowSlices {
  readonly #onSlice: (slice: FlowSlice) => void
  readonly #told = new Map<number, Told>()
  #nextAt: Micros = Number.NEGATIVE_INFINITY

  constructor(onSlice: (slice: FlowSlice) => void) {
    this.#onSlice = onSlice
  }

  /** True once per FLOW_SLICE_MICROS of packet time. */
  isDue(at: Micros): boolean {
    if (at < this.#nextAt) return false
    const isFirst = this.#nextAt === Number.NEGATIVE_INFINITY
    this.#nextAt = (Math.floor(at / FLOW_SLICE_MICROS) + 1) * FLOW_SLICE_MICROS
    return !isFirst
  }

  /** Tells what is new in these flows; silent ones are passed over. `at` is stamped on flows that were told before. */
  tell(flows: Iterable<Flow>, at: Micros): void {
    for (const flow of flows) this.#tell(flow, at)
  }

  ended(flow: Flow): void {
    this.#tell(flow, flow.lastAt)
    this.#told.delete(flow.id)
  }

  #tell(flow: Flow, at: Micros): void {
    const told = this.#told.get(flow.id) ?? { part: 0, packets: 0, bytes: 0 }
    const packets = flow.packets[0] + flow.packets[1]
    const bytes = flow.bytes[0] + flow.bytes[1]
    if (packets === told.packets) return
    const slice = { flow, part: told.part + 1, at: told.part === 0 ? flow.firstAt : at, packets: packets - told.packets, bytes: bytes - told.bytes }
    this.#told.set(flow.id, { part: slice.part, packets, bytes })
    this.#onSlice(slice)
  }
}
