// Backoff: how long to wait before the next try: doubling, bounded, and never the same for two gateways.
// Keeps the rule that a receiver that comes back is not met by everybody at the same moment: the jitter is half of each pause.

import type { Rng } from '../../base/rng.ts'

export interface BackoffLimits {
  readonly firstMs: number
  readonly lastMs: number
}

/** From a second, which outlives a restart of a service, to a minute, which a person would wait. */
export const BACKOFF: BackoffLimits = { firstMs: 1000, lastMs: 60_000 }

/** Pause before the next try after `failures` failures in a row (1 or more), in milliseconds: between half and all of the doubled first pause. */
export function pauseMs(failures: number, rng: Rng, limits: BackoffLimits = BACKOFF): number {
  const whole = Math.min(limits.lastMs, limits.firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(whole / 2 + (whole / 2) * rng.next())
}
