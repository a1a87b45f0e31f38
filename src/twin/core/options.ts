// Options of a synthetic ward: what can be asked for, the defaults, and what is refused.
// Keeps the rule that everything a ward does follows from these values: no clock, no network, no chance outside the seed.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { ECG_NOISE_MAX } from './waveform.ts'

/** Stories a ward can play on top of its quiet day. */
export const SCENARIOS = ['leak', 'update', 'mitm', 'udp'] as const
export type Scenario = (typeof SCENARIOS)[number]

/** One sentence per story, for help texts and the printed cast. */
export const SCENARIO_WORDS: { readonly [S in Scenario]: string } = {
  leak: 'three monitors sit in the hospital LAN and reach for 202.114.4.119 through the default gateway; two are answered from outside',
  update: 'one monitor mounts /pm and copies three files from the central\'s address; another tries and nobody answers',
  mitm: 'a stranger claims the central\'s address towards one monitor, relays its stream and adds bytes of its own',
  udp: 'a stranger sends UDP to one monitor, then a broadcast after which every stream of the segment stops',
}

export interface WardOptions {
  /** Any 32-bit integer; the same options give the same bytes. */
  readonly seed: number
  /** Monitors, 1 to BEDS_MAX. */
  readonly beds: number
  readonly scenarios: ReadonlySet<Scenario>
  /** Packet time of the first moment. */
  readonly startAt: Micros
  /** Above 0; Infinity for a ward that never ends. */
  readonly durationSeconds: number
  /** Time between two telemetry cycles of a monitor; 1 s is inferred (facts/cms8000.md section 3). */
  readonly cyclePeriodMicros: Micros
  /** Each cycle comes up to this much late. */
  readonly jitterMicros: Micros
  /** How the update client speaks MOUNT and NFS: BusyBox before 1.19 uses UDP, later TCP (facts section 6). */
  readonly updateTransport: 'udp' | 'tcp'
  /** Retries of the unanswered update's SYN. Linux 2.6.27 has 5 (189 s); 2 (21 s) lets the fall-back fit into two minutes. */
  readonly updateSynRetries: number
  /** Cycles between two patient records; the real rate is unknown (facts section 14 no. 2). */
  readonly recordEveryCycles: number
  /** Noise on the ECG in steps of a sample, 0 for none: then five seconds of it may repeat exactly, as a simulator's do. */
  readonly ecgNoise: number
}

/** LOCAL NET NO. 1..64 (facts section 1); a CMS9000 central lists up to 64 beds (section 14 no. 15). */
export const BEDS_MAX = 64
/** Below the round trip to the outside plus its spread, cycles would pile up behind their acknowledgements. */
export const CYCLE_PERIOD_MICROS_MIN = 500_000
/** Waves are 256 samples a cycle: above 10 s they would no longer show a beat. */
export const CYCLE_PERIOD_MICROS_MAX = 10 * MICROS_PER_SECOND
/** 2026-01-05T07:30:00Z, a made-up Monday morning. */
export const START_AT_DEFAULT: Micros = 1_767_598_200 * MICROS_PER_SECOND

export const WARD_DEFAULTS: WardOptions = {
  seed: 1,
  beds: 12,
  scenarios: new Set<Scenario>(),
  startAt: START_AT_DEFAULT,
  durationSeconds: 120,
  cyclePeriodMicros: MICROS_PER_SECOND,
  jitterMicros: 20_000,
  updateTransport: 'udp',
  updateSynRetries: 2,
  recordEveryCycles: 60,
  ecgNoise: 0,
}

/** The defaults with some values replaced. */
export function wardOptions(wanted: Partial<WardOptions> = {}): WardOptions {
  return { ...WARD_DEFAULTS, ...wanted }
}

/** Fewest beds the stories need: leak takes three, and every other story one that is not leaked; update a second one to fail with. */
export function bedsNeeded(scenarios: ReadonlySet<Scenario>): number {
  const others = scenarios.has('update') || scenarios.has('mitm') || scenarios.has('udp')
  if (scenarios.has('leak')) return others ? 4 : 3
  return scenarios.has('update') ? 2 : 1
}

/** What is wrong with the options as one sentence for a person, or null. */
export function wardOptionsProblem(options: WardOptions): string | null {
  return CHECKS.find(([bad]) => bad(options))?.[1](options) ?? null
}

type Check = readonly [bad: (o: WardOptions) => boolean, message: (o: WardOptions) => string]

const CHECKS: readonly Check[] = [
  [(o) => !isWithin(o.beds, 1, BEDS_MAX), (o) => `beds must be a whole number from 1 to ${BEDS_MAX}, not ${o.beds}`],
  [(o) => o.beds < bedsNeeded(o.scenarios), tooFewBeds],
  [(o) => !Number.isInteger(o.seed), (o) => `seed must be a whole number, not ${o.seed}`],
  [(o) => !(o.durationSeconds > 0), (o) => `seconds must be above 0, not ${o.durationSeconds}`],
  [
    (o) => !isWithin(o.startAt, 0, PCAP_SECONDS_MAX * MICROS_PER_SECOND),
    () => 'start must lie between 1970 and 2106, the range of a pcap time stamp',
  ],
  [
    (o) => !isWithin(o.cyclePeriodMicros, CYCLE_PERIOD_MICROS_MIN, CYCLE_PERIOD_MICROS_MAX),
    () => `period must lie between ${CYCLE_PERIOD_MICROS_MIN / 1000} and ${CYCLE_PERIOD_MICROS_MAX / 1000} milliseconds`,
  ],
  [(o) => !isWithin(o.jitterMicros, 0, o.cyclePeriodMicros / 4), () => 'jitter must lie between 0 and a quarter of the period'],
  [(o) => !isWithin(o.updateSynRetries, 0, 6), () => 'update retries must lie between 0 and 6'],
  [(o) => !isWithin(o.ecgNoise, 0, ECG_NOISE_MAX), (o) => `ECG noise must be a whole number of steps from 0 to ${ECG_NOISE_MAX}, not ${o.ecgNoise}`],
  [(o) => !isWithin(o.recordEveryCycles, 1, 1_000_000), () => 'the patient record repeats every 1 to 1000000 cycles'],
]

/** A pcap record counts seconds in 32 bits. */
const PCAP_SECONDS_MAX = 2 ** 32 - 1

function isWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high
}

function tooFewBeds(o: WardOptions): string {
  return `scenario ${[...o.scenarios].join(',')} needs at least ${bedsNeeded(o.scenarios)} beds, not ${o.beds}`
}
