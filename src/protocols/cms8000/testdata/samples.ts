// Sample values for the CMS8000 tests: one fake patient, one block of each sub-type, and generators of many.
// Keeps the rule that test patients are ZZTEST^CANARY with obviously fake data; imported by tests only.

import fc from 'fast-check'
import type { CmsEcg, CmsNibp, CmsPatient, CmsSpo2, CmsTemperature } from '../message.ts'

export const CANARY = 'ZZTEST^CANARY'

export const PATIENT: CmsPatient = {
  department: `${CANARY} WARD`,
  bed: 7,
  name: CANARY,
  number: 'ZZTEST-000000',
  admission: { year: 2001, month: 2, day: 3 },
  heightMm: 1111,
  weightG: 22_200,
  birth: { year: 1901, month: 1, day: 1 },
  bloodType: 3,
  doctor: `DR ${CANARY}`,
}

/** What a monitor sends before anyone typed a name. */
export const EMPTY_PATIENT: CmsPatient = {
  department: '', bed: 0, name: '', number: '', admission: null, heightMm: null, weightG: null, birth: null, bloodType: null, doctor: '',
}

const wave = (samples: number, level: number): Uint8Array => new Uint8Array(samples).fill(level)

export const ECG: CmsEcg = {
  ecg: [wave(256, 0x7f), wave(256, 0x80), wave(256, 0x81)],
  resp: wave(128, 0x40),
  heartRate: 61,
  respRate: 13,
  st: [0.5, -0.25, null],
  heartRateLimits: { high: 120, low: 50, level: 2 },
  respRateLimits: { high: 30, low: 8, level: 2 },
  stLimits: [{ high: 2, low: -2, level: 2 }, { high: 1, low: -1, level: 1 }, { high: 0.5, low: -0.5, level: 0 }],
  pvcLimits: { high: 10, low: 0, level: 2 },
}

export const SPO2: CmsSpo2 = {
  pleth: wave(256, 50), spo2: 97, pulse: 62, spo2Limits: { high: 100, low: 90, level: 2 }, pulseLimits: { high: 120, low: 50, level: 2 },
}

export const SPO2_ABSENT: CmsSpo2 = { ...SPO2, pleth: wave(256, 0), spo2: null, pulse: null }

export const NIBP: CmsNibp = {
  measuredAt: { year: 2001, month: 2, day: 3, hour: 4, minute: 5, second: 6 },
  systolic: 121, diastolic: 81, mean: 93,
  systolicLimits: { high: 160, low: 90, level: 2 },
  diastolicLimits: { high: 90, low: 50, level: 2 },
  meanLimits: { high: 110, low: 60, level: 2 },
}

export const TEMPERATURE: CmsTemperature = {
  t1: 36.5, t2: 37.25, difference: 0.75,
  t1Limits: { high: 39, low: 36, level: 2 }, t2Limits: { high: 39, low: 36, level: 2 }, differenceLimits: { high: 2, low: 0, level: 2 },
}

/** Plain objects, so that deep equality with decoded values is about values only. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record<T>(model, { noNullPrototype: true })
const u16 = fc.integer({ min: 0, max: 0xffff })
const limits = record({ high: u16, low: u16, level: u16 })
const f32 = fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x))
const floatLimits = record({ high: f32, low: f32, level: u16 })
const ordered = limits.map(({ high, low, level }) => ({ high: Math.max(high, low), low: Math.min(high, low), level }))
const reading = (min: number, max: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min, max }))
const floatReading = (min: number, max: number): fc.Arbitrary<number | null> =>
  fc.option(fc.integer({ min: min * 8, max: max * 8 }).map((eighths) => eighths / 8))
const samples = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n })

const day = { year: fc.integer({ min: 1, max: 9999 }), month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 31 }) }
const date = record(day)
/** At most 31 bytes of UTF-8 without blanks at the ends, as a decoder gives it back. */
const text = fc.oneof(
  fc.stringMatching(/^[!-~]{0,15}$/),
  fc.constantFrom('', CANARY, '\u00dcBUNG', '\u6d4b\u8bd5'),
)

export const patients: fc.Arbitrary<CmsPatient> = record({
  department: text, bed: fc.nat({ max: 255 }), name: text, number: text, admission: fc.option(date),
  heightMm: fc.option(fc.integer({ min: 1, max: 0xfffe })), weightG: fc.option(fc.integer({ min: 1, max: 0xfffe }).map((n) => n * 100)),
  birth: fc.option(date), bloodType: fc.option(fc.integer({ min: 1, max: 0xfe })), doctor: text,
})

export const ecgs: fc.Arbitrary<CmsEcg> = record({
  ecg: fc.tuple(samples(256), samples(256), samples(256)), resp: samples(128),
  heartRate: reading(0, 350), respRate: reading(0, 200), st: fc.tuple(floatReading(-20, 20), floatReading(-20, 20), floatReading(-20, 20)),
  heartRateLimits: limits, respRateLimits: limits, stLimits: fc.tuple(floatLimits, floatLimits, floatLimits), pvcLimits: limits,
})

export const spo2s: fc.Arbitrary<CmsSpo2> = record({
  pleth: samples(256), spo2: reading(0, 100), pulse: reading(0, 350), spo2Limits: ordered, pulseLimits: ordered,
})

export const nibps: fc.Arbitrary<CmsNibp> = record({
  measuredAt: fc.option(record({
    ...day, hour: fc.nat({ max: 23 }), minute: fc.nat({ max: 59 }), second: fc.nat({ max: 59 }),
  })),
  systolic: reading(1, 400), diastolic: reading(1, 400), mean: reading(1, 400),
  systolicLimits: limits, diastolicLimits: limits, meanLimits: limits,
})

export const temperatures: fc.Arbitrary<CmsTemperature> = record({
  t1: floatReading(10, 50), t2: floatReading(10, 50), difference: floatReading(-40, 40),
  t1Limits: floatLimits, t2Limits: floatLimits, differenceLimits: floatLimits,
}).map((block) => (block.t1 === null || block.t2 === null ? { ...block, difference: null } : block))

/** Frames glued together. */
export function stream(...frames: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...frame]))
}
