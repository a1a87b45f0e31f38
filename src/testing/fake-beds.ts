// fake-beds: a beds feed made up from a seed: imaginary patients as the twin has them, one cycle a second, and every state a tile can be in.
// Keeps a patient's name inside on purpose, in fields the types do not name, so that tests see that none comes out.

import { performance } from 'node:perf_hooks'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { seededRng } from '../base/rng.ts'
import type { BedNumeric, BedsFrame, BedsSetup, BedTile, BedWave, TargetLine } from '../console/api.ts'
import { TILES_PER_PAGE } from '../console/api.ts'
import { INTENDED_USE } from '../gateway/core/beds-frame.ts'
import type { BedsFeed } from '../console/deps.ts'
import { FRESHNESS } from '../gateway/core/freshness/limits.ts'
import { type Channel, missing, type Numeric, type Parameter, present, type Times } from '../gateway/core/intake/reading.ts'
import { ECG_SAMPLES, ImaginaryPatient, RESP_SAMPLES } from '../twin/core/waveform.ts'
import { CANARY } from './fixture-ward.ts'

export interface FakeBedsOptions {
  readonly beds: number
  readonly seed?: number
  /** Beds in states worth looking at, in the order of BED_TROUBLES; without it every bed is quiet. */
  readonly troubled?: boolean
  readonly targets?: readonly TargetLine[]
  readonly mmPerSecond?: number
}

export interface FakeBeds extends BedsFeed {
  /** The gateway hangs: subscribers stay, nothing comes any more. */
  hang(): void
  /** And goes on, with the whole page at once. */
  goOn(): void
  /** Every value of a bed jumps, as far as numbers go: what a layout must bear. */
  shake(): void
  subscribers(): number
  close(): void
}

type Trouble = (tile: BedTile, now: Micros) => BedTile

const silentFor = (seconds: number): Trouble => (tile) => ({
  ...tile, waves: [], feed: { ...tile.feed, state: seconds < 30 ? 'silent' : 'lost', framesPerSecond: 0 },
  numerics: tile.numerics.map((one) => ({ ...one, ageMicros: one.ageMicros + seconds * MICROS_PER_SECOND })),
})

const check = (word: BedTile['dataCheck']['word'], ...reasons: string[]): Trouble => (tile) => ({ ...tile, dataCheck: { word, reasons } })

const without = (absent: NonNullable<Numeric['absent']>, ...parameters: Parameter[]): Trouble => (tile) => ({
  ...tile, numerics: tile.numerics.map((one) => (parameters.includes(one.numeric.parameter)
    ? { ...one, numeric: missing(one.numeric.parameter, absent, one.numeric.times) } : one)),
})

/** By place on the page; places that are not named are quiet. */
export const BED_TROUBLES: ReadonlyMap<number, Trouble> = new Map<number, Trouble>([
  [1, silentFor(7)],
  [2, (tile) => ({ ...tile, assignment: { state: 'unassigned', since: null, why: null } })],
  [4, check('CHECK BEDSIDE', 'HR of the waveform and HR sent differ by 18 /min for 34 s')],
  [5, silentFor(95)],
  [7, (tile) => ({ ...tile, assignment: { state: 'contested', since: tile.assignment.since, why: 'two devices stand at this bed' } })],
  [9, check('NOT TRUSTED', 'payload at the device and at the gateway differ', 'a second card claims this address')],
  [10, (tile) => ({ ...without('sensor-off', 'spo2', 'pr')(tile, 0), waves: tile.waves.filter((wave) => wave.channel !== 'pleth') })],
  [11, without('not-measured', 'hr', 'spo2', 'pr', 'rr')],
  [12, (tile) => ({ ...tile, unknown: [['46/1b', 12], ['OBX 149522^MDC_PULS_RATE: code not known', 3]] })],
  [13, (tile) => ({ ...tile, numerics: tile.numerics.map((one) => ({ ...one, numeric: { ...one.numeric, quality: 'demo' } })) })],
  [14, (tile) => ({
    ...tile, numerics: [], waves: [], connections: 0, feed: { state: 'never', framesPerSecond: 0, gaps: 0, clockOffsetMicros: null },
    dataCheck: { word: 'NOT CHECKED', reasons: [] },
  })],
])

export const FAKE_TARGETS: readonly TargetLine[] = [
  target({ target: 'engine', kind: 'pcd01', state: 'connected', delivered: 48_210, waiting: 2, lagMicros: 400_000 }),
  target({
    target: 'archive', kind: 'fhir', state: 'down', why: 'connection refused', waiting: 1240, ambiguous: 1, refused: 2, given: 3, lagMicros: 312_000_000,
  }),
  target({ target: 'old-engine', kind: 'pcd01', state: 'connected', isProtected: false, clearReason: 'the engine on ward 3 has no TLS until March' }),
]

function target(line: Partial<TargetLine> & Pick<TargetLine, 'target' | 'kind' | 'state'>): TargetLine {
  return {
    why: null, isProtected: true, clearReason: null, waiting: 0, ambiguous: 0, refused: 0, delivered: 0, given: 0, lagMicros: 0, ...line,
  }
}

class FakeBed {
  readonly #index: number
  readonly #patient: ImaginaryPatient
  readonly #troubles: Trouble | undefined
  #cuffAt: Micros
  #cycle = 0
  #shaken = false
  #waves: readonly BedWave[] = []

  constructor(index: number, seed: number, now: Micros, troubled: boolean) {
    this.#index = index
    this.#patient = new ImaginaryPatient(seededRng(seed * 1000 + index))
    this.#troubles = troubled ? BED_TROUBLES.get(index % TILES_PER_PAGE) : undefined
    this.#cuffAt = now - (index % 14) * MICROS_PER_MINUTE - 20 * MICROS_PER_SECOND
  }

  cycle(): void {
    const waves = this.#patient.waves(1)
    const wave = (channel: Channel, rate: number, samples: Uint8Array): BedWave =>
      ({ channel, rate, from: this.#cycle * rate, samples: [...samples] })
    this.#waves = [
      ...waves.ecg.map((lead, i) => wave((['ecg1', 'ecg2', 'ecg3'] as const)[i] ?? 'ecg1', ECG_SAMPLES, lead)),
      wave('resp', RESP_SAMPLES, waves.resp), wave('pleth', ECG_SAMPLES, waves.pleth),
    ]
    this.#cycle++
    this.#patient.drift()
  }

  shake(): void {
    this.#shaken = !this.#shaken
  }

  tile(now: Micros, withWaves: boolean): BedTile {
    const bed = `Ward 3^Room ${301 + Math.floor(this.#index / 2)}^Bed ${this.#index + 1}`
    const tile: BedTile = {
      device: `10.20.4.${31 + this.#index}`, bed, connections: 2, unknown: [],
      assignment: { state: 'assigned', since: now - (this.#index + 1) * 37 * MICROS_PER_MINUTE, why: null },
      numerics: this.#numerics(now), waves: withWaves ? this.#waves : [],
      feed: { state: 'live', framesPerSecond: 5, gaps: this.#index % 3, clockOffsetMicros: -42 * MICROS_PER_SECOND },
      dataCheck: { word: 'OK', reasons: [] },
    }
    const named = { ...tile, patientName: CANARY, assignment: { ...tile.assignment, patient: { name: CANARY, id: CANARY } } }
    return this.#troubles ? this.#troubles(named, now) : named
  }

  #numerics(now: Micros): readonly BedNumeric[] {
    const v = this.#patient.vitals()
    const big = this.#shaken
    const stream: Times = { device: null, received: now, measured: now }
    const cuff: Times = { device: { at: this.#cuffAt - 42 * MICROS_PER_SECOND, hasZone: false }, received: this.#cuffAt, measured: this.#cuffAt }
    const live: readonly (readonly [Parameter, number])[] = [
      ['hr', big ? 248 : v.heartRate], ['pr', big ? 249 : v.heartRate], ['rr', big ? 120 : v.respirationRate], ['spo2', big ? 100 : v.spo2],
      ['t1', v.temperature1], ['t2', v.temperature2], ['td', Math.abs(v.temperature1 - v.temperature2)], ['pvc', big ? 10 : 0],
      ['st1', 0.02], ['st2', big ? -0.35 : 0.03],
    ]
    const held: readonly (readonly [Parameter, number])[] = [
      ['nibp-sys', big ? 255 : v.systolic], ['nibp-dia', big ? 198 : v.diastolic], ['nibp-mean', big ? 217 : v.mean],
    ]
    const limits = { low: 50, high: 120 }
    return [
      ...live.map(([parameter, value]) => ({ numeric: present(parameter, value, stream, parameter === 'hr' ? limits : null), ageMicros: 0 })),
      ...held.map(([parameter, value]) => ({ numeric: present(parameter, value, cuff), ageMicros: now - this.#cuffAt })),
    ]
  }
}

/** The wall clock at the start and a clock that cannot jump after it. */
function steadyNow(): () => Micros {
  const start = Math.round(Date.now() * 1000 - performance.now() * 1000)
  return () => start + Math.round(performance.now() * 1000)
}

export function fakeBeds({ beds, seed = 7, troubled = false, targets = FAKE_TARGETS, mmPerSecond = 25 }: FakeBedsOptions): FakeBeds {
  const now = steadyNow()
  const startedAt = now()
  const ward = Array.from({ length: beds }, (_, index) => new FakeBed(index, seed, startedAt, troubled))
  const pages = Math.max(1, Math.ceil(beds / TILES_PER_PAGE))
  const listeners = new Map<(frame: BedsFrame) => void, number>()
  let hangs = false
  const frame = (page: number, withWaves: boolean): BedsFrame => ({
    at: now(), page, pages, beds, targets, notices: troubled ? ['A17 (bed swap) was not read: look at beds 3 and 8'] : [],
    tiles: ward.slice((page - 1) * TILES_PER_PAGE, page * TILES_PER_PAGE).map((bed) => bed.tile(now(), withWaves)),
    segment: { state: 'running', since: startedAt - 3600 * MICROS_PER_SECOND, sandbox: ['no new privileges', 'seccomp', 'Landlock'] },
  })
  const tell = (withWaves: boolean): void => {
    if (!hangs) for (const [listener, page] of listeners) listener(frame(page, withWaves))
  }
  const timer = setInterval(() => {
    for (const bed of ward) bed.cycle()
    tell(true)
  }, 1000)
  const setup: BedsSetup = { freshness: FRESHNESS, mmPerSecond, cssPixelsPerMm: 3.7795, intendedUse: INTENDED_USE, pages }
  return {
    setup: () => setup,
    subscribe(page, listener) {
      listeners.set(listener, page)
      if (!hangs) listener(frame(page, false))
      return () => void listeners.delete(listener)
    },
    hang() {
      hangs = true
    },
    goOn() {
      hangs = false
      tell(false)
    },
    shake() {
      for (const bed of ward) bed.shake()
      tell(false)
    },
    subscribers: () => listeners.size,
    close: () => clearInterval(timer),
  }
}
