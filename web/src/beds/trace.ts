// trace: samples of one channel on a grid of time, as they will be drawn. Pure; a slot of the grid is one sample's time, or a hole.
// Keeps "holes drawn as holes, never stretched": a sample stands where its number puts it, and what did not come stays empty.

/** Longest sweep that can be drawn again: 80 s is half a metre at the 6.25 mm/s of breathing, and two metres at 25 mm/s. */
export const TRACE_SECONDS = 80

/** Samples come a cycle (1 s) at a time and are drawn this much later, so that a little jitter is no hole. */
export const CUSHION_SECONDS = 0.3

/** Queued further ahead than this, the monitor's clock runs fast: begin anew, with a hole, rather than show an ever older wave. */
export const AHEAD_SECONDS_MAX = 3

/** A slot without a sample. Samples are bytes, so no sample looks like it. */
export const HOLE = -1

export interface Trace {
  readonly rate: number
  /** Samples that came: `from` is the number of the first since the gateway started; `nowSeconds` on the clock that sweeps. */
  add(from: number, samples: readonly number[], nowSeconds: number): void
  /** The sample of a slot, or HOLE. Slot n is drawn at n / rate seconds. */
  at(slot: number): number
  /** Slots ever filled end here (exclusive). */
  readonly end: number
}

export function createTrace(rate: number): Trace {
  const ring = new Int16Array(Math.ceil(TRACE_SECONDS * rate)).fill(HOLE)
  /** Slot of sample number 0. */
  let origin = 0
  let nextNumber: number | null = null
  let end = 0

  function put(slot: number, value: number): void {
    // What lies between is a hole; more than a ring of it is a ring of holes.
    for (let hole = Math.max(end, slot - ring.length); hole < slot; hole++) ring[hole % ring.length] = HOLE
    ring[slot % ring.length] = value
    end = slot + 1
  }

  return {
    rate,
    get end() {
      return end
    },
    add(from, samples, nowSeconds) {
      const now = Math.floor(nowSeconds * rate)
      const due = from + origin
      const isLate = due < now
      const isAhead = nextNumber !== null && due > now + AHEAD_SECONDS_MAX * rate
      const isOther = nextNumber === null || from < nextNumber
      const cushion = Math.round(CUSHION_SECONDS * rate)
      // What was queued and not drawn is dropped, and a hole says so.
      if (isAhead) end = Math.min(end, now + cushion)
      if (isLate || isAhead || isOther) origin = Math.max(end === 0 ? 0 : end + cushion, now + cushion) - from
      for (const [i, sample] of samples.entries()) if (from + i + origin >= end) put(from + i + origin, sample)
      nextNumber = from + samples.length
    },
    at: (slot) => (slot < 0 || slot >= end || slot < end - ring.length ? HOLE : ring[slot % ring.length] ?? HOLE),
  }
}
