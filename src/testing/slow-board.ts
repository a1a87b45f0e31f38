// SlowBoard: the board of a device written plainly, a map of readings: slow twin of gateway/core/freshness/board.ts.
// Keeps the rule that a clever engine has a slow twin: after any readings both must give the same sightings.

import type { Micros } from '../base/time.ts'
import type { Sighting } from '../gateway/core/freshness/present.ts'
import { isNibp, type Numeric, type Parameter, type Reading } from '../gateway/core/intake/reading.ts'

/** As Board. */
export class SlowBoard {
  readonly #sightings = new Map<Parameter, Sighting>()

  /** `seenAt` on the clock of whoever owns the board. */
  take(readings: readonly Reading[], seenAt: Micros): void {
    for (const reading of readings) if (reading.kind === 'numeric') this.#takeOne(reading, seenAt)
  }

  /** One value seen through another judge's eyes (the browser's). */
  takeSighting(sighting: Sighting): void {
    this.#takeOne(sighting.numeric, sighting.seenAt)
  }

  #takeOne(numeric: Numeric, seenAt: Micros): void {
    const before = this.#sightings.get(numeric.parameter)
    if (before !== undefined && numeric.times.received < before.numeric.times.received) return
    if (before !== undefined && isSameMeasurement(before.numeric, numeric)) {
      // Sent again: first seen when it was first seen. A clock that became known since then may date it now.
      const measured = before.numeric.times.measured ?? numeric.times.measured
      const times = { ...before.numeric.times, measured }
      this.#sightings.set(numeric.parameter, { numeric: { ...numeric, times }, seenAt: before.seenAt })
      return
    }
    this.#sightings.set(numeric.parameter, { numeric, seenAt })
  }

  /** Another patient, or none: nothing of the last one stays. */
  clear(): void {
    this.#sightings.clear()
  }

  sighting(parameter: Parameter): Sighting | null {
    return this.#sightings.get(parameter) ?? null
  }
}

/** Of a stream each reading is a measurement of its own. A cuff measurement is told from the next by its stamp, or by its value. */
function isSameMeasurement(before: Numeric, after: Numeric): boolean {
  if (!isNibp(after.parameter) || before.value === null || before.value !== after.value) return false
  return before.times.device?.at === after.times.device?.at
}
