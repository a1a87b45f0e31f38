// Freshness limits: how old a value may be before it is greyed, and before it is taken away. Start values of table A.3, configurable.
// Keeps the rule that the limits are data that the screen shows beside the value; they are an engineering choice, from no standard.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import { isNibp, type Parameter } from '../intake/reading.ts'

export interface AgeLimits {
  /** From this age on the value is greyed and carries its age. */
  readonly staleMicros: Micros
  /** From this age on there is no number, only since when there is none. */
  readonly goneMicros: Micros
}

export interface FreshnessLimits {
  readonly stream: AgeLimits
  readonly temperature: AgeLimits
  /** Stale: the configured interval and two minutes. */
  readonly nibp: AgeLimits
  readonly wave: AgeLimits
  /** The line between the judge and what feeds it: silence of this length means that nothing shown is known to be true. */
  readonly linkSilentMicros: Micros
  /** A value from further in the future than this is not believed: the judge's clock was set back. */
  readonly clockSlackMicros: Micros
}

/** A usual cuff interval; a ward that measures less often says so. */
export const NIBP_INTERVAL_MICROS = 15 * MICROS_PER_MINUTE
const NIBP_GRACE_MICROS = 2 * MICROS_PER_MINUTE

export const FRESHNESS: FreshnessLimits = {
  stream: { staleMicros: 5 * MICROS_PER_SECOND, goneMicros: 10 * MICROS_PER_SECOND },
  temperature: { staleMicros: 30 * MICROS_PER_SECOND, goneMicros: 60 * MICROS_PER_SECOND },
  nibp: { staleMicros: NIBP_INTERVAL_MICROS + NIBP_GRACE_MICROS, goneMicros: 240 * MICROS_PER_MINUTE },
  wave: { staleMicros: MICROS_PER_SECOND, goneMicros: 5 * MICROS_PER_SECOND },
  linkSilentMicros: 5 * MICROS_PER_SECOND,
  clockSlackMicros: 2 * MICROS_PER_SECOND,
}

export function ageLimits(parameter: Parameter, limits: FreshnessLimits): AgeLimits {
  if (isNibp(parameter)) return limits.nibp
  return parameter === 't1' || parameter === 't2' || parameter === 'td' ? limits.temperature : limits.stream
}
