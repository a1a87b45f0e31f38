// runs: how often a property is tried: as often as finds something here, and CORDON_RUNS times as often where there is time (npm run test:long).
// Keeps one number per property: the long form is the same test, only longer.

const TIMES = Math.max(1, Number(process.env['CORDON_RUNS'] ?? 1) || 1)

export function runs(usual: number): number {
  return Math.ceil(usual * TIMES)
}
