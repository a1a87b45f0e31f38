// Waveforms: an ECG of three leads, breathing and pulse as unsigned bytes, from a heart rate and a seed.
// Keeps the rule that every value of the twin is made up: sums of Gaussians and sines, no recording of anybody.

import { randomInt, type Rng } from '../../base/rng.ts'

/** Samples per cycle (facts section 2.3 and 3: ECG 256 x 3, RESP 128, pleth 256). */
export const ECG_SAMPLES = 256
export const RESP_SAMPLES = 128
export const PLETH_SAMPLES = 256
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

/** One imaginary body: numbers that drift, and the phase of heart and breath, which runs on from cycle to cycle. */
export class ImaginaryPatient {
  readonly #rng: Rng
  readonly #values: number[]
  #heartPhase: number
  #breathPhase: number

  constructor(rng: Rng) {
    this.#rng = rng
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
    const one = sample(ECG_SAMPLES, (i) => MID_SCALE + curve(LEAD_I, this.#heartPhase + (beats * i) / ECG_SAMPLES))
    const two = sample(ECG_SAMPLES, (i) => MID_SCALE + curve(LEAD_II, this.#heartPhase + (beats * i) / ECG_SAMPLES))
    // Einthoven: III = II - I, exactly, on the rounded samples.
    const three = sample(ECG_SAMPLES, (i) => MID_SCALE + (two[i] as number) - (one[i] as number))
    const breath = (i: number): number => Math.sin(2 * Math.PI * (this.#breathPhase + (breaths * i) / RESP_SAMPLES))
    const resp = sample(RESP_SAMPLES, (i) => MID_SCALE + RESP_HEIGHT * breath(i))
    const pleth = sample(PLETH_SAMPLES, (i) => PLETH_FLOOR + curve(PLETH, this.#heartPhase + (beats * i) / PLETH_SAMPLES))
    this.#heartPhase = (this.#heartPhase + beats) % 1
    this.#breathPhase = (this.#breathPhase + breaths) % 1
    return { ecg: [one, two, three], resp, pleth }
  }
}

function sample(count: number, value: (i: number) => number): Uint8Array {
  const out = new Uint8Array(count)
  for (let i = 0; i < count; i++) out[i] = Math.round(value(i))
  return out
}

/** Sum of the bumps at a phase of any size; each bump is taken at its nearest distance on the circle. */
function curve(bumps: readonly Bump[], phase: number): number {
  const place = phase % 1
  let sum = 0
  for (const { phase: centre, width, height } of bumps) {
    const direct = Math.abs(place - centre)
    const distance = Math.min(direct, 1 - direct) / width
    sum += height * Math.exp(-0.5 * distance * distance)
  }
  return sum
}
