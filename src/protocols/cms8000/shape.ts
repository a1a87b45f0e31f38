// CMS8000 shape: what a stream shows of the things nobody published: its first messages in order, its period, which readings have a value,
// which status codes come, and whether the unnamed bytes hold something. For whoever must tell one firmware from another.
// Keeps the patient-data rule: names and counts; no reading's value, no text, no byte of an unnamed stretch.

import type { Micros } from '../../base/time.ts'
import { i16le, u16le, u8 } from '../../wire/bytes.ts'
import {
  cmsKey, CmsSubtype, CmsType, EcgAt, HEART_RATE_RANGE, NibpAt, PatientAt, PRESSURE_RANGE, RESP_RATE_RANGE, SPO2_RANGE, Spo2At, ST_RANGE,
  TEMPERATURE_RANGE, TemperatureAt, type CmsRange,
} from './codes.ts'
import { f32le } from './value.ts'

/** Distinct messages kept of a stream's beginning: nine are known. */
const OPENING_MAX = 12
/** Ends of a cycle without a loss between them from which a period is told: fewer say nothing about jitter. */
const CYCLES_FOR_PERIOD_MIN = 10
/** Status codes kept; their list is not published, a u8 could name 256. */
const STATUS_CODES_MAX = 32

/** Sub-types are u16, and one value more says "none". */
const SUBTYPES = 0x1_0001

type Form = 'i16' | 'u16' | 'f32'

interface ReadingRow {
  readonly name: string
  readonly subtype: CmsSubtype
  readonly at: number
  readonly form: Form
  readonly range: CmsRange
}

const row = (name: string, subtype: CmsSubtype, at: number, form: Form, range: CmsRange): ReadingRow => ({ name, subtype, at, form, range })

/** Where a reading stands, and what counts as one (codes.ts; all ranges inferred). */
const READINGS: readonly ReadingRow[] = [
  row('heart-rate', CmsSubtype.ecg, EcgAt.heartRate, 'i16', HEART_RATE_RANGE),
  row('respiration-rate', CmsSubtype.ecg, EcgAt.respRate, 'i16', RESP_RATE_RANGE),
  row('st', CmsSubtype.ecg, EcgAt.st, 'f32', ST_RANGE), row('st', CmsSubtype.ecg, EcgAt.st + 4, 'f32', ST_RANGE),
  row('st', CmsSubtype.ecg, EcgAt.st + 8, 'f32', ST_RANGE),
  row('spo2', CmsSubtype.spo2, Spo2At.spo2, 'i16', SPO2_RANGE), row('pulse-rate', CmsSubtype.spo2, Spo2At.pulse, 'i16', HEART_RATE_RANGE),
  row('pressure', CmsSubtype.nibp, NibpAt.systolic, 'u16', PRESSURE_RANGE),
  row('temperature', CmsSubtype.temperature, TemperatureAt.t1, 'f32', TEMPERATURE_RANGE),
  row('temperature', CmsSubtype.temperature, TemperatureAt.t2, 'f32', TEMPERATURE_RANGE),
]

/** Bits of the rows of one sub-type. */
const rowsOf = (subtype: CmsSubtype): number => READINGS.reduce((bits, reading, i) => (reading.subtype === subtype ? bits | (1 << i) : bits), 0)
const READINGS_OF = new Map<number, number>(Object.values(CmsSubtype).map((subtype) => [subtype, rowsOf(subtype)]))

/** Stretches without a published meaning (facts cms8000 2.2, 2.3): type, sub-type or -1, body offset, bytes. */
const UNNAMED = [
  { name: '3e/78', type: CmsType.patient, subtype: -1, at: PatientAt.unnamed78, bytes: 4 },
  { name: '3e/8b', type: CmsType.patient, subtype: -1, at: PatientAt.unnamed8b, bytes: 1 },
  { name: '46/14/394', type: CmsType.telemetry, subtype: CmsSubtype.ecg, at: EcgAt.unnamed394, bytes: 15 },
] as const

/** What a flow showed of it. */
export interface CmsShapeSaid {
  /** Keys of the first messages in order of appearance, each once; empty when the beginning was not seen. */
  readonly opening: readonly string[]
  /** Mean time between ends of cycles in milliseconds; null below ten cycles in a row. */
  readonly cycleMillis: number | null
  /** Names of readings that had a value at least once. */
  readonly readings: readonly string[]
  /** Codes of status texts and how often each came; their meaning is not published. */
  readonly statusCodes: readonly (readonly [number, number])[]
  /** Unnamed stretches that held something else than zeros. */
  readonly unnamed: readonly string[]
}

export class CmsShape {
  #isOpen: boolean
  readonly #opening: number[] = []
  /** One bit per row of READINGS and UNNAMED. */
  #present = 0
  #unnamed = 0
  readonly #codes = new Map<number, number>()
  #cycles = 0
  #firstCycleAt: Micros = 0
  #lastCycleAt: Micros = 0

  constructor(startSeen: boolean) {
    this.#isOpen = startSeen
  }

  /** Bytes were lost, or fitted no frame: what follows is no beginning, and the time until now no period. */
  interrupt(): void {
    this.#isOpen = false
    this.#cycles = 0
  }

  /** A body that classifyCms called known. Allocates nothing after a stream's beginning. */
  add(type: number, subtype: number, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (this.#isOpen) this.#open(type * SUBTYPES + subtype + 1)
    if (type === CmsType.cycleEnd) this.#cycle(at)
    else if (type === CmsType.status) this.#code(u8(buf, off))
    else if (type === CmsType.telemetry) this.#readings(subtype, buf, off)
    if (type === CmsType.patient || subtype === CmsSubtype.ecg) this.#stretches(type, subtype, buf, off, end)
  }

  said(): CmsShapeSaid {
    const isLong = this.#cycles >= CYCLES_FOR_PERIOD_MIN
    return {
      opening: this.#opening.map((key) => cmsKey(Math.floor(key / SUBTYPES), (key % SUBTYPES) - 1)),
      cycleMillis: isLong ? Math.round((this.#lastCycleAt - this.#firstCycleAt) / (this.#cycles - 1) / 1000) : null,
      readings: [...new Set(READINGS.filter((_, i) => (this.#present & (1 << i)) !== 0).map(({ name }) => name))],
      statusCodes: [...this.#codes].sort(([a], [b]) => a - b),
      unnamed: UNNAMED.filter((_, i) => (this.#unnamed & (1 << i)) !== 0).map(({ name }) => name),
    }
  }

  #open(key: number): void {
    if (this.#opening.includes(key)) return
    this.#opening.push(key)
    if (this.#opening.length >= OPENING_MAX) this.#isOpen = false
  }

  #cycle(at: Micros): void {
    if (this.#cycles === 0) this.#firstCycleAt = at
    this.#lastCycleAt = at
    this.#cycles++
  }

  #code(code: number): void {
    const before = this.#codes.get(code)
    if (before !== undefined || this.#codes.size < STATUS_CODES_MAX) this.#codes.set(code, (before ?? 0) + 1)
  }

  /** What had a value once is not looked at again. */
  #readings(subtype: number, buf: Uint8Array, off: number): void {
    for (let wanted = (READINGS_OF.get(subtype) ?? 0) & ~this.#present; wanted !== 0; wanted &= wanted - 1) {
      const i = 31 - Math.clz32(wanted & -wanted)
      const reading = READINGS[i] as ReadingRow
      const value = valueAt(reading.form, buf, off + reading.at)
      if (value >= reading.range.min && value <= reading.range.max) this.#present |= 1 << i
    }
  }

  #stretches(type: number, subtype: number, buf: Uint8Array, off: number, end: number): void {
    for (let i = 0; i < UNNAMED.length; i++) {
      const stretch = UNNAMED[i] as (typeof UNNAMED)[number]
      if (stretch.type !== type || stretch.subtype !== subtype || (this.#unnamed & (1 << i)) !== 0) continue
      const stop = Math.min(end, off + stretch.at + stretch.bytes)
      for (let at = off + stretch.at; at < stop; at++) if (u8(buf, at) !== 0) this.#unnamed |= 1 << i
    }
  }
}

/** Not a number compares as out of every range. */
function valueAt(form: Form, buf: Uint8Array, at: number): number {
  return form === 'i16' ? i16le(buf, at) : form === 'u16' ? u16le(buf, at) : f32le(buf, at)
}
