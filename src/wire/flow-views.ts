// FlowViews: the objects through which others read live flows of a flow table, by place of the flow; none until somebody asks.
// Keeps the rule that a flow which was looked at once costs no object after it: what its view has learnt goes into its record.

import { assert } from '../base/assert.ts'
import { FLOW_STRIDE, FLOW_TURNED, type FlowArrays, FlowView, FlowWord, LEARNT_PROTOCOL_MASK } from './flow-record.ts'
import type { Flow } from './flow.ts'

/** What a view knows beside its record. */
export type Learnt = Pick<Flow, 'protocol' | 'gapBytes' | 'isTurned'>

export class FlowViews {
  readonly #arrays: FlowArrays
  /** By place; null where nobody has asked, or the view was let go. */
  #views: (FlowView | null)[] = []
  /** Names of protocols: FlowWord.learnt holds a place here, plus one. As many as the registry has rows. */
  readonly #protocols: string[] = []
  /** One object, overwritten by every call of learnt. */
  readonly #learnt = { protocol: null as string | null, gapBytes: 0, isTurned: false }
  #size = 0

  constructor(arrays: FlowArrays) {
    this.#arrays = arrays
  }

  /** Views that are kept at this moment. */
  get size(): number {
    return this.#size
  }

  /** The view of a live flow, made when there is none. */
  at(slot: number): FlowView {
    const known = this.#views[slot]
    if (known) return known
    const view = new FlowView(this.#arrays, slot, this.learnt(slot).protocol)
    this.#views[slot] = view
    this.#size++
    return view
  }

  /** What was learnt of a live flow; valid until the next call. */
  learnt(slot: number): Learnt {
    const view = this.#views[slot]
    if (view) return view
    const word = this.#arrays.words[slot * FLOW_STRIDE + FlowWord.learnt] as number
    this.#learnt.protocol = this.#protocols[(word & LEARNT_PROTOCOL_MASK) - 1] ?? null
    this.#learnt.isTurned = (word & FLOW_TURNED) !== 0
    return this.#learnt
  }

  /** Nobody holds the view any more; who asks again gets a new one that knows as much. One that knows of gaps stays. */
  release(slot: number): void {
    const view = this.#views[slot] ?? null
    if (view === null || view.gapBytes > 0) return
    this.#arrays.words[slot * FLOW_STRIDE + FlowWord.learnt] = this.#numberOf(view.protocol) | (view.isTurned ? FLOW_TURNED : 0)
    this.drop(slot)
  }

  /** The flow is over: so is its view. */
  drop(slot: number): void {
    const view = this.#views[slot]
    if (!view) return
    view.close()
    this.#views[slot] = null
    this.#size--
  }

  /** Gives back the memory when no view is kept. */
  shrink(): void {
    if (this.#size === 0) this.#views = []
  }

  #numberOf(protocol: string | null): number {
    if (protocol === null) return 0
    const known = this.#protocols.indexOf(protocol)
    const place = known < 0 ? this.#protocols.push(protocol) - 1 : known
    assert(place < LEARNT_PROTOCOL_MASK, 'more protocols than a flow record can name')
    return place + 1
  }
}
