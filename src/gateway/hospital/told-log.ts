// ToldLog: places, movements and hands, in order with their times, as they were told to the segment's process.
// Keeps the rule that a process that starts anew comes to the same assignments as the one before: the ledger is a function of this list.

import type { ToldEvent } from '../channel.ts'
import type { DeviceId } from '../core/intake/reading.ts'

/** Movements remembered, in memory only: a week of a busy hospital; older ones are forgotten, which leaves beds unassigned, never wrong. */
export const TOLD_MAX = 20_000
/** Bytes of them in all. */
export const TOLD_BYTES_MAX = 64 * 1024 * 1024

type Place = Extract<ToldEvent, { kind: 'place' }>

export class ToldLog {
  readonly #events: ToldEvent[] = []
  /** Of what was forgotten, where each device stands: no movement says so again. One for each device that the gateway takes. */
  readonly #places = new Map<DeviceId, Place>()
  #pushed = 0
  #bytes = 0

  /** What a device's link is like and what a sensor saw is told again by itself. */
  push(event: ToldEvent): void {
    if (event.kind === 'link' || event.kind === 'taps') return
    this.#events.push(event)
    this.#pushed += 1
    this.#bytes += sizeOf(event)
    while (this.#events.length > TOLD_MAX || this.#bytes > TOLD_BYTES_MAX) this.#forgetOldest()
  }

  /** How many were pushed so far. */
  get end(): number {
    return this.#pushed
  }

  /** Those from number `from` on that are still remembered, in order; from the first on with all places. */
  since(from: number): readonly ToldEvent[] {
    const rest = this.#events.slice(Math.max(0, from - (this.#pushed - this.#events.length)))
    return from === 0 ? [...this.#places.values(), ...rest] : rest
  }

  #forgetOldest(): void {
    const event = this.#events.shift()
    this.#bytes -= sizeOf(event)
    if (event?.kind !== 'place') return
    // In the order of the last word on each: a bed that was given up comes before who stands there now.
    this.#places.delete(event.device)
    if (event.bed !== null) this.#places.set(event.device, event)
  }
}

const sizeOf = (event: ToldEvent | undefined): number => (event?.kind === 'adt' ? event.bytes.length : 100)
