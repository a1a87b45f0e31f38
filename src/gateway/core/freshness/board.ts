// Board: the last thing known of each parameter of one device: what a tile is drawn from.
// Keeps two rules: a missing value replaces the number before it, and a measurement sent again keeps the time it was first seen.

import type { Micros } from '../../../base/time.ts'
import {
  PARAMETERS, PARAMETER_INDEX, isNibp, type Absent, type Limits, type Numeric, type Parameter, type Quality, type Reading,
} from '../intake/reading.ts'
import type { FreshnessLimits } from './limits.ts'
import { presentedValue, type Link, type Presented, type Sighting } from './present.ts'

/** Numbers of one sighting, in their order. What is null is NaN: no reading is. */
const FIELDS = 7
const [VALUE, DEVICE_AT, RECEIVED, MEASURED, SEEN_AT, LOW, HIGH] = [0, 1, 2, 3, 4, 5, 6] as const
/** What is no number, in one byte a parameter: whether it was seen, whether its stamp has a zone, why it is absent, its quality. */
const SEEN = 1
const ZONE = 2
const ABSENT_SHIFT = 2
const QUALITY_SHIFT = 5
const ABSENTS: readonly (Absent | null)[] = [null, 'not-measured', 'sensor-off', 'invalid', 'unreadable']
const QUALITIES: readonly Quality[] = ['plain', 'questionable', 'demo']

/** Numbers in columns, no objects: with ten thousand beds whatever outlives its second is what a garbage collection costs. */
export class Board {
  #numbers: Float64Array | null = null
  readonly #flags = new Uint8Array(PARAMETERS.length)

  /** `seenAt` on the clock of whoever owns the board. */
  take(readings: readonly Reading[], seenAt: Micros): void {
    for (const reading of readings) if (reading.kind === 'numeric') this.#takeOne(reading, seenAt)
  }

  /** One value seen through another judge's eyes (the browser's). */
  takeSighting(sighting: Sighting): void {
    this.#takeOne(sighting.numeric, sighting.seenAt)
  }

  #takeOne(numeric: Numeric, seenAt: Micros): void {
    this.#numbers ??= new Float64Array(PARAMETERS.length * FIELDS)
    const numbers = this.#numbers
    const place = PARAMETER_INDEX[numeric.parameter]
    const row = place * FIELDS
    const { device, received, measured } = numeric.times
    const isKnown = (this.#flags[place] as number) !== 0
    if (isKnown && received < (numbers[row + RECEIVED] as number)) return
    if (isKnown && isNibp(numeric.parameter) && isSameMeasurement(numbers, row, numeric)) {
      // Sent again: first seen when it was first seen. A clock that became known since then may date it now.
      if (Number.isNaN(numbers[row + MEASURED])) numbers[row + MEASURED] = orNaN(measured)
      const zone = (this.#flags[place] as number) & ZONE
      this.#flags[place] = flagsOf(numeric) | zone
    } else {
      numbers[row + VALUE] = orNaN(numeric.value)
      numbers[row + DEVICE_AT] = device === null ? Number.NaN : device.at
      numbers[row + RECEIVED] = received
      numbers[row + MEASURED] = orNaN(measured)
      numbers[row + SEEN_AT] = seenAt
      this.#flags[place] = flagsOf(numeric) | (device?.hasZone === true ? ZONE : 0)
    }
    numbers[row + LOW] = numeric.limits === null ? Number.NaN : numeric.limits.low
    numbers[row + HIGH] = numeric.limits === null ? Number.NaN : numeric.limits.high
  }

  /** Another patient, or none: nothing of the last one stays. */
  clear(): void {
    this.#flags.fill(0)
    this.#numbers?.fill(0)
  }

  sighting(parameter: Parameter): Sighting | null {
    const place = PARAMETER_INDEX[parameter]
    const flags = this.#flags[place] as number
    if (flags === 0 || this.#numbers === null) return null
    const [value = 0, deviceAt = 0, received = 0, measured, seenAt = 0, low = 0, high = 0] = this.#numbers.subarray(place * FIELDS, (place + 1) * FIELDS)
    const limits: Limits | null = Number.isNaN(low) ? null : { low, high }
    const device = Number.isNaN(deviceAt) ? null : { at: deviceAt, hasZone: (flags & ZONE) !== 0 }
    const numeric: Numeric = {
      kind: 'numeric', parameter, value: orNull(value), absent: ABSENTS[(flags >> ABSENT_SHIFT) & 7] ?? null,
      quality: QUALITIES[flags >> QUALITY_SHIFT] ?? 'plain', limits, times: { device, received, measured: orNull(measured) },
    }
    return { numeric, seenAt }
  }

  /** Every parameter, in the fixed order, as it may be shown now. Reads only. */
  present(now: Micros, limits: FreshnessLimits, link?: Link): readonly Presented[] {
    return PARAMETERS.map((parameter) => presentedValue(parameter, this.sighting(parameter), now, limits, link))
  }
}

const orNaN = (value: number | null): number => value ?? Number.NaN
const orNull = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)
const flagsOf = ({ absent, quality }: Numeric): number => SEEN | (ABSENTS.indexOf(absent) << ABSENT_SHIFT) | (QUALITIES.indexOf(quality) << QUALITY_SHIFT)

/** For the cuff: of a stream each reading is a measurement of its own. A cuff measurement is told from the next by its stamp, or by its value. */
function isSameMeasurement(numbers: Float64Array, row: number, after: Numeric): boolean {
  const stamp = numbers[row + DEVICE_AT] as number
  const isSameStamp = after.times.device === null ? Number.isNaN(stamp) : stamp === after.times.device.at
  return isSameStamp && after.value !== null && numbers[row + VALUE] === after.value
}
