// Voice: what one CMS8000 says on port 515, as byte strings made by the protocol's own encoders.
// Keeps the rule that every patient is ZZTEST^CANARY and every value made up; the wire layout is not repeated here.

import type { Rng } from '../../base/rng.ts'
import { randomInt } from '../../base/rng.ts'
import { formatMicros, MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import {
  encodeBed, encodeCycleEnd, encodeEcg, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
  type CmsPatient, type CmsTime,
} from '../../protocols/cms8000/message.ts'
import { concat } from './build.ts'
import type { Monitor } from './cast.ts'
import type { ImaginaryPatient, Vitals } from './waveform.ts'

/** What a cycle carries besides its three blocks. */
export type CycleExtra = 'none' | 'measurement' | 'status'

/** Alarm limits as a monitor ships them; `level` 2 as almost everywhere in the sibling's dump (facts section 2.3). */
const LIMITS = {
  heartRate: { high: 120, low: 50, level: 2 },
  respRate: { high: 30, low: 8, level: 2 },
  st: { high: 0.2, low: -0.2, level: 2 },
  pvc: { high: 10, low: 0, level: 2 },
  spo2: { high: 100, low: 90, level: 2 },
  systolic: { high: 160, low: 90, level: 2 },
  diastolic: { high: 90, low: 50, level: 2 },
  mean: { high: 110, low: 60, level: 2 },
  temperature: { high: 39, low: 36, level: 2 },
  difference: { high: 2, low: 0, level: 2 },
} as const

/** Code byte and text of 0x49; the code table is not published, so the code is made up (facts section 2.1 and 14 no. 7). */
const STATUS_SENSOR_OFF = { code: 0x11, text: 'SPO2 SENSOR OFF' } as const
/** A nurse puts the sensor back within this many cycles. */
const SENSOR_OFF_CYCLES: readonly [number, number] = [3, 8]
/** Cycles between cuff measurements, and between sensors that come off; made up. */
const MEASUREMENT_EVERY: readonly [number, number] = [25, 60]
const STATUS_EVERY: readonly [number, number] = [30, 90]

const NOBODY = {
  department: '', name: '', number: '', admission: null, heightMm: null, weightG: null, birth: null, bloodType: null, doctor: '',
}

/** The record of nobody, or of the canary: a made-up patient that must never show in any output of ours. */
export function patientRecord(monitor: Monitor): CmsPatient {
  if (!monitor.admitted) return { ...NOBODY, bed: monitor.bed }
  const bed = String(monitor.bed).padStart(2, '0')
  return {
    department: 'ZZTEST WARD',
    bed: monitor.bed,
    name: `ZZTEST^CANARY${bed}`,
    number: `ZZTEST-0000${bed}`,
    admission: { year: 2026, month: 1, day: 1 },
    heightMm: 1111,
    weightG: 99_900,
    birth: { year: 1900, month: 1, day: 1 },
    bloodType: 1,
    doctor: 'ZZTEST^DOCTOR',
  }
}

/** One monitor's stream content. Calls advance its patient and its chances; the order of calls is the order on the wire. */
export class MonitorVoice {
  readonly #monitor: Monitor
  readonly #rng: Rng
  readonly #patient: ImaginaryPatient
  #sensorOffCycles = 0
  #untilMeasurement: number
  #untilStatus: number

  /** `patient` must be this voice's own: each cycle moves it on. `rng` decides when something extra happens. */
  constructor(monitor: Monitor, patient: ImaginaryPatient, rng: Rng) {
    this.#monitor = monitor
    this.#rng = rng
    this.#patient = patient
    this.#untilMeasurement = randomInt(rng, 5, MEASUREMENT_EVERY[1])
    this.#untilStatus = randomInt(rng, 5, STATUS_EVERY[1])
  }

  /** 3E, then 45: that they come first, and in this order, is inferred (facts section 14 no. 2). */
  greeting(): Uint8Array {
    return concat(encodePatient(patientRecord(this.#monitor)), encodeBed(this.#monitor.bed))
  }

  /** The record again, as a late listener would want it; the repeat rate is unknown. */
  record(): Uint8Array {
    return this.greeting()
  }

  /** What the next cycle carries; call once per cycle. */
  nextExtra(): CycleExtra {
    this.#untilMeasurement--
    this.#untilStatus--
    if (this.#untilMeasurement <= 0) {
      this.#untilMeasurement = randomInt(this.#rng, ...MEASUREMENT_EVERY)
      return 'measurement'
    }
    if (this.#untilStatus > 0) return 'none'
    this.#untilStatus = randomInt(this.#rng, ...STATUS_EVERY)
    this.#sensorOffCycles = randomInt(this.#rng, ...SENSOR_OFF_CYCLES)
    return 'status'
  }

  /** 46/14, 46/15, 46/17, what is extra, 47: one write, so one or two segments. `at` stamps a measurement. */
  cycle(at: Micros, periodMicros: Micros, extra: CycleExtra): Uint8Array {
    this.#patient.drift()
    const vitals = this.#patient.vitals()
    const waves = this.#patient.waves(periodMicros / MICROS_PER_SECOND)
    const messages = [
      encodeEcg({
        ecg: waves.ecg, resp: waves.resp, heartRate: vitals.heartRate, respRate: vitals.respirationRate, st: [0, 0, 0],
        heartRateLimits: LIMITS.heartRate, respRateLimits: LIMITS.respRate,
        stLimits: [LIMITS.st, LIMITS.st, LIMITS.st], pvcLimits: LIMITS.pvc,
      }),
      this.#oximetry(vitals, waves.pleth),
      temperatures(vitals),
    ]
    if (extra === 'measurement') messages.push(cuff(at, vitals))
    if (extra === 'status') messages.push(encodeStatus(STATUS_SENSOR_OFF.code, STATUS_SENSOR_OFF.text))
    messages.push(encodeCycleEnd())
    return concat(...messages)
  }

  /** Without its sensor the block has flat samples and no values (facts section 2.3: 0xFFFF). */
  #oximetry(vitals: Vitals, pleth: Uint8Array): Uint8Array {
    const off = this.#sensorOffCycles > 0
    this.#sensorOffCycles -= off ? 1 : 0
    return encodeSpo2({
      pleth: off ? new Uint8Array(pleth.length) : pleth,
      spo2: off ? null : vitals.spo2,
      pulse: off ? null : vitals.heartRate,
      spo2Limits: LIMITS.spo2,
      pulseLimits: LIMITS.heartRate,
    })
  }
}

function temperatures(vitals: Vitals): Uint8Array {
  return encodeTemperature({
    t1: vitals.temperature1,
    t2: vitals.temperature2,
    difference: Math.abs(vitals.temperature1 - vitals.temperature2),
    t1Limits: LIMITS.temperature,
    t2Limits: LIMITS.temperature,
    differenceLimits: LIMITS.difference,
  })
}

function cuff(at: Micros, vitals: Vitals): Uint8Array {
  return encodeNibp({
    measuredAt: calendar(at),
    systolic: vitals.systolic,
    diastolic: vitals.diastolic,
    mean: vitals.mean,
    systolicLimits: LIMITS.systolic,
    diastolicLimits: LIMITS.diastolic,
    meanLimits: LIMITS.mean,
  })
}

/** The monitor's own clock, taken to show UTC. */
function calendar(at: Micros): CmsTime {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = formatMicros(at).split(/\D/).map(Number)
  return { year, month, day, hour, minute, second }
}
