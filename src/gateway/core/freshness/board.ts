// Board: the last thing known of each parameter of one device: what a tile is drawn from.
// Keeps two rules: a missing value replaces the number before it, and a measurement sent again keeps the time it was first seen.

import type { Micros } from '../../../base/time.ts'
import { PARAMETERS, PARAMETER_INDEX, isNibp, type Numeric, type Parameter, type Reading } from '../intake/reading.ts'
import type { FreshnessLimits } from './limits.ts'
import { presentedValue, type Link, type Presented, type Sighting } from './present.ts'

export class Board {
  /** By PARAMETER_INDEX. */
  readonly #sightings: (Sighting | null)[] = PARAMETERS.map(() => null)
  /** When each was received: most readings need to know no more of the one before. */
  readonly #receivedAt: Micros[] = PARAMETERS.map(() => Number.NEGATIVE_INFINITY)

  /** `seenAt` on the clock of whoever owns the board. */
  take(readings: readonly Reading[], seenAt: Micros): void {
    for (const reading of readings) if (reading.kind === 'numeric') this.#takeOne(reading, seenAt)
  }

  /** One value seen through another judge's eyes (the browser's). */
  takeSighting(sighting: Sighting): void {
    this.#takeOne(sighting.numeric, sighting.seenAt)
  }

  #takeOne(numeric: Numeric, seenAt: Micros): void {
    const place = PARAMETER_INDEX[numeric.parameter]
    const { received } = numeric.times
    if (received < (this.#receivedAt[place] as number)) return
    const before = isNibp(numeric.parameter) ? this.#sightings[place] ?? null : null
    if (before !== null && isSameMeasurement(before.numeric, numeric)) {
      // Sent again: first seen when it was first seen. A clock that became known since then may date it now.
      const measured = before.numeric.times.measured ?? numeric.times.measured
      const times = { ...before.numeric.times, measured }
      this.#sightings[place] = { numeric: { ...numeric, times }, seenAt: before.seenAt }
      return
    }
    this.#receivedAt[place] = received
    this.#sightings[place] = { numeric, seenAt }
  }

  /** Another patient, or none: nothing of the last one stays. */
  clear(): void {
    this.#sightings.fill(null)
    this.#receivedAt.fill(Number.NEGATIVE_INFINITY)
  }

  sighting(parameter: Parameter): Sighting | null {
    return this.#sightings[PARAMETER_INDEX[parameter]] ?? null
  }

  /** Every parameter, in the fixed order, as it may be shown now. Reads only. */
  present(now: Micros, limits: FreshnessLimits, link?: Link): readonly Presented[] {
    return PARAMETERS.map((parameter) => presentedValue(parameter, this.sighting(parameter), now, limits, link))
  }
}

/** For the cuff: of a stream each reading is a measurement of its own. A cuff measurement is told from the next by its stamp, or by its value. */
function isSameMeasurement(before: Numeric, after: Numeric): boolean {
  if (before.value === null || before.value !== after.value) return false
  return before.times.device?.at === after.times.device?.at
}
