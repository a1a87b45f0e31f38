// Waveforms: an ECG of three leads, breathing and pulse as unsigned bytes, from a heart rate and a seed.
// Keeps the rule that every value of the twin is made up: sums of Gaussians and sines, no recording of anybody.

import { randomInt, type Rng } from '../../base/rng.ts'

/** Samples per cycle (facts section 2.3 and 3): ECG 256 x 3, and as many of the pleth; RESP 128. */
export const ECG_SAMPLES = 256
export const RESP_SAMPLES = 128
/** u8 zero line of ECG and RESP (facts section 2.3: about 0x7F/0x80). */
export const MID_SCALE = 0x80

interface Bump {
  /** Place in the beat, 0 to 1. */
  readonly phase: number
  readonly width: number
  /** Deflection in u8 steps. */
  readonly height: number
}

/** Textbook shapes of one beat; heights stay far from the rails so that III = II - I never clips. */
const LEAD_I: readonly Bump[] = [
  { phase: 0.18, width: 0.025, height: 6 },
  { phase: 0.285, width: 0.008, height: -4 },
  { phase: 0.3, width: 0.011, height: 45 },
  { phase: 0.318, width: 0.009, height: -8 },
  { phase: 0.52, width: 0.045, height: 11 },
]
const LEAD_II: readonly Bump[] = [
  { phase: 0.18, width: 0.025, height: 10 },
  { phase: 0.285, width: 0.008, height: -6 },
  { phase: 0.3, width: 0.011, height: 80 },
  { phase: 0.318, width: 0.009, height: -14 },
  { phase: 0.52, width: 0.045, height: 20 },
]
/** Upstroke about a fifth of a beat after the QRS, then the dicrotic wave; the sibling's range is 7 to 93 (facts section 2.3). */
const PLETH: readonly Bump[] = [
  { phase: 0.5, width: 0.07, height: 78 },
  { phase: 0.72, width: 0.09, height: 34 },
]
const PLETH_FLOOR = 8
const RESP_HEIGHT = 40

/** What the numbers on the screen are; all made up. */
export interface Vitals {
  readonly heartRate: number
  readonly respirationRate: number
  readonly spo2: number
  readonly systolic: number
  readonly diastolic: number
  readonly mean: number
  /** Degrees Celsius. */
  readonly temperature1: number
  readonly temperature2: number
}

export interface CycleWaves {
  /** Leads I, II and III. */
  readonly ecg: readonly [Uint8Array, Uint8Array, Uint8Array]
  readonly resp: Uint8Array
  readonly pleth: Uint8Array
}

/** How each number wanders: its range, its largest step per cycle, and how many steps make one unit. */
const DRIFT: readonly (readonly [keyof Omit<Vitals, 'mean'>, number, number, number])[] = [
  ['heartRate', 58, 96, 1],
  ['respirationRate', 12, 20, 1],
  ['spo2', 95, 99, 1],
  ['systolic', 108, 138, 1],
  ['diastolic', 64, 84, 1],
  ['temperature1', 36.2, 37.4, 10],
  ['temperature2', 36, 37.2, 10],
]

/** Noise of the amplifier on leads I and II, and so on III: without any, the same beat comes again to the last step, as it never does from skin. */
export interface EcgNoise {
  /** A source of its own, so that the rest of the body stays what it is without noise. */
  readonly rng: Rng
  /** Largest deflection in u8 steps, 1 to ECG_NOISE_MAX. */
  readonly steps: number
}

/** A tenth of the R peak of lead II: above that beats would no longer be told from noise. */
export const ECG_NOISE_MAX = 8

/** One imaginary body: numbers that drift, and the phase of heart and breath, which runs on from cycle to cycle. */
export class ImaginaryPatient {
  readonly #rng: Rng
  readonly #noise: EcgNoise | null
  readonly #values: number[]
  #heartPhase: number
  #breathPhase: number

  constructor(rng: Rng, noise: EcgNoise | null = null) {
    this.#rng = rng
    this.#noise = noise
    this.#values = DRIFT.map(([, low, high, parts]) => randomInt(rng, Math.round(low * parts), Math.round(high * parts)) / parts)
    this.#heartPhase = rng.next()
    this.#breathPhase = rng.next()
  }

  vitals(): Vitals {
    const value = (name: (typeof DRIFT)[number][0]): number => this.#values[DRIFT.findIndex((row) => row[0] === name)] as number
    const [systolic, diastolic] = [value('systolic'), value('diastolic')]
    return {
      heartRate: value('heartRate'),
      respirationRate: value('respirationRate'),
      spo2: value('spo2'),
      systolic,
      diastolic,
      mean: Math.round(diastolic + (systolic - diastolic) / 3),
      temperature1: value('temperature1'),
      temperature2: value('temperature2'),
    }
  }

  /** One in eight cycles moves a number by one step, inside its range. */
  drift(): void {
    for (const [i, [, low, high, parts]] of DRIFT.entries()) {
      const roll = randomInt(this.#rng, 0, 15)
      const step = roll === 0 ? 1 : roll === 1 ? -1 : 0
      const moved = (Math.round((this.#values[i] as number) * parts) + step) / parts
      if (moved >= low && moved <= high) this.#values[i] = moved
    }
  }

  /** Waves of one cycle of `seconds`; the next call continues where this one stopped. */
  waves(seconds: number): CycleWaves {
    const { heartRate, respirationRate } = this.vitals()
    const beats = (heartRate / 60) * seconds
    const breaths = (respirationRate / 60) * seconds
    const one = beatWave(BEAT_I, MID_SCALE, this.#heartPhase, beats)
    const two = beatWave(BEAT_II, MID_SCALE, this.#heartPhase, beats)
    if (this.#noise !== null) for (const lead of [one, two]) addNoise(lead, this.#noise)
    // Einthoven: III = II - I, exactly, on the rounded samples.
    const three = one.map((value, i) => MID_SCALE + (two[i] as number) - value)
    const pleth = beatWave(BEAT_PLETH, PLETH_FLOOR, this.#heartPhase, beats)
    const resp = breathWave(this.#breathPhase, breaths)
    this.#heartPhase = (this.#heartPhase + beats) % 1
    this.#breathPhase = (this.#breathPhase + breaths) % 1
    return { ecg: [one, two, three], resp, pleth }
  }
}

/** Steps of one beat in the tables below: eight per sample at one beat a second. */
const BEAT_STEPS = 2048
const BEAT_I = beatTable(LEAD_I)
const BEAT_II = beatTable(LEAD_II)
const BEAT_PLETH = beatTable(PLETH)

/** One beat of a shape, sampled once: a ward of 64 beds asks for 50 000 samples a second. */
function beatTable(bumps: readonly Bump[]): Float64Array {
  return Float64Array.from({ length: BEAT_STEPS }, (_, i) => bumpSum(bumps, i / BEAT_STEPS))
}

/** Sum of the bumps at a phase from 0 to 1; each bump is taken at its nearest distance on the circle. */
function bumpSum(bumps: readonly Bump[], phase: number): number {
  let sum = 0
  for (const { phase: centre, width, height } of bumps) {
    const direct = Math.abs(phase - centre)
    const distance = Math.min(direct, 1 - direct) / width
    sum += height * Math.exp(-0.5 * distance * distance)
  }
  return sum
}

/** A cycle of `beats` beats from `phase` on. */
function beatWave(table: Float64Array, base: number, phase: number, beats: number): Uint8Array {
  const out = new Uint8Array(ECG_SAMPLES)
  for (let i = 0; i < ECG_SAMPLES; i++) {
    const place = (phase + (beats * i) / ECG_SAMPLES) % 1
    out[i] = Math.round(base + (table[Math.floor(place * BEAT_STEPS)] as number))
  }
  return out
}

/** Whole steps, evenly between both ends; the shapes stay so far from the rails that none is reached. */
function addNoise(lead: Uint8Array, { rng, steps }: EcgNoise): void {
  for (let i = 0; i < lead.length; i++) lead[i] = (lead[i] as number) + randomInt(rng, -steps, steps)
}

function breathWave(phase: number, breaths: number): Uint8Array {
  const out = new Uint8Array(RESP_SAMPLES)
  for (let i = 0; i < RESP_SAMPLES; i++) {
    out[i] = Math.round(MID_SCALE + RESP_HEIGHT * Math.sin(2 * Math.PI * (phase + (breaths * i) / RESP_SAMPLES)))
  }
  return out
}
