// Health watch: the sensor's health window by window while it listens. A condition is told when it lasts, and taken back when it is over.
// Keeps the alert budget: one bad window is no finding, and one good window does not close one.

import { ACK_EVERY_MICROS, healthFindings, type HealthFinding, type HealthId } from './health-findings.ts'
import type { FlowCounts, HealthCounts } from './sensor-health.ts'

/** Windows in a row before a condition is told, and good ones before it is taken back: with windows of a minute, two and three minutes. */
export const RAISE_WINDOWS = 2
export const CLEAR_WINDOWS = 3
/** A jump of the clock and lost packets are done, not going on, and too little is judged over many windows: told at once. */
const AT_ONCE: ReadonlySet<HealthId> = new Set<HealthId>(['clock-went-back', 'clock-went-ahead', 'packets-dropped', 'hears-too-little'])

interface Condition {
  bad: number
  good: number
  /** As last seen; null until told. */
  told: HealthFinding | null
}

export class HealthWatch {
  readonly #conditions = new Map<HealthId, Condition>()
  #before: HealthCounts | null = null
  /** Where the present quarter of an hour began, and what the last one said. */
  #quarter: HealthCounts | null = null
  #tooLittle: HealthFinding[] = []

  /** The counts at the end of one more window, as SensorHealth gives them. Returns what holds now, gravest first. */
  step(counts: HealthCounts): HealthFinding[] {
    const window = healthFindings(this.#before ? windowOf(counts, this.#before) : counts).filter(({ id }) => id !== 'hears-too-little')
    this.#before = counts
    const seen = [...window, ...this.#overQuarter(counts)]
    for (const finding of seen) this.#bad(finding)
    const ids = new Set(seen.map(({ id }) => id))
    for (const [id, condition] of this.#conditions) if (!ids.has(id)) this.#good(id, condition)
    return this.#told()
  }

  /** One acknowledgement in a quarter of an hour cannot be judged in a minute: this one condition has windows of its own. */
  #overQuarter(counts: HealthCounts): HealthFinding[] {
    this.#quarter ??= counts
    if (counts.lastAt - this.#quarter.lastAt < ACK_EVERY_MICROS) return this.#tooLittle
    this.#tooLittle = healthFindings(windowOf(counts, this.#quarter)).filter(({ id }) => id === 'hears-too-little')
    this.#quarter = counts
    return this.#tooLittle
  }

  #bad(finding: HealthFinding): void {
    const condition = this.#conditions.get(finding.id) ?? { bad: 0, good: 0, told: null }
    this.#conditions.set(finding.id, condition)
    condition.bad++
    condition.good = 0
    if (condition.told !== null || condition.bad >= RAISE_WINDOWS || AT_ONCE.has(finding.id)) condition.told = finding
  }

  #good(id: HealthId, condition: Condition): void {
    condition.bad = 0
    condition.good++
    if (condition.told === null || condition.good >= CLEAR_WINDOWS) this.#conditions.delete(id)
  }

  #told(): HealthFinding[] {
    const told = [...this.#conditions.values()].flatMap(({ told: finding }) => (finding === null ? [] : [finding]))
    return ['high', 'medium', 'low'].flatMap((severity) => told.filter((finding) => finding.severity === severity))
  }
}

/**
 * What happened between two moments. Live flows count as they stand now: in a ward most connections are older than any window.
 * The window begins where the one before ended, so that silence in it has a length; the largest jump is that of the whole watch.
 */
export function windowOf(now: HealthCounts, before: HealthCounts): HealthCounts {
  const less = (key: Exclude<keyof HealthCounts, 'ended' | 'live'>): number => now[key] - before[key]
  return {
    ...now, firstAt: before.lastAt,
    packets: less('packets'), unicastFrames: less('unicastFrames'), groupFrames: less('groupFrames'), acks: less('acks'),
    cutPackets: less('cutPackets'), cutBytes: less('cutBytes'), backJumps: less('backJumps'), aheadJumps: less('aheadJumps'),
    aheadMicros: less('aheadMicros'),
    probes: less('probes'), copies: less('copies'), dropped: less('dropped'), ended: flowsLess(now.ended, before.ended),
  }
}

function flowsLess(now: FlowCounts, before: FlowCounts): FlowCounts {
  return {
    flows: now.flows - before.flows, oneSided: now.oneSided - before.oneSided,
    payloadBytes: now.payloadBytes - before.payloadBytes, gapBytes: now.gapBytes - before.gapBytes,
  }
}
