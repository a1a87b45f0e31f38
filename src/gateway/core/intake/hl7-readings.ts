// Hl7Readings: the OBX segments of an ORU as readings, and every observation the gateway does not know by its name.
// Keeps the rule that a sentinel is no number: -999 and 8388607 are what senders write when there is nothing (facts gateway C.1).

import type { Micros } from '../../../base/time.ts'
import { isRefIdOf, parameterOfMdc, CODES, UNITS } from '../codes/table.ts'
import type { DeviceWatch } from './device-watch.ts'
import { hl7Time, type Hl7SegmentText, type Hl7Text } from './hl7-text.ts'
import { isNibp, type Absent, type DeviceTime, type Limits, type Numeric, type Parameter, type Quality, type Times } from './reading.ts'

export interface Hl7Observations {
  readonly readings: readonly Numeric[]
  /** `OBX 149522^MDC_PULS_RATE: code not known`. Codes and reasons only. */
  readonly unknown: readonly string[]
}

/** Numbers that stand for "no value" in sample messages (facts gateway C.1); 0 is one for everything that cannot be 0. */
const SENTINELS: readonly number[] = [-1, -100, -999, -99.9, -1000, -10_000, 32_767, 8_388_607]
/** Zero can be a reading here: an asystole is a rate of 0, and a difference or an ST level passes through it. */
const ZERO_IS_A_VALUE: readonly Parameter[] = ['hr', 'pr', 'rr', 'td', 'st1', 'st2', 'st3', 'pvc']

/** Local numbers of the closest OEM (facts cms8000 4: Comen; a parser's stress input, not a statement about the CMS8000). */
const LOCAL_CODES: Readonly<Record<string, Parameter>> = {
  '40^HR': 'hr', '44^PR': 'pr', '188^SPO2': 'spo2', '91^NIBP_M': 'nibp-mean', '100^T1': 't1', '92^RR': 'rr',
}

/** Units as they are written, for each of ours. */
const UNIT_NAMES: Readonly<Record<string, readonly string[]>> = {
  beats: ['bpm', '/min', 'MDC_DIM_BEAT_PER_MIN'],
  breaths: ['rpm', '/min', 'MDC_DIM_RESP_PER_MIN'],
  percent: ['%', 'MDC_DIM_PERCENT'],
  mmHg: ['mmHg', 'mm[Hg]', 'MDC_DIM_MMHG'],
  celsius: ['C', 'Cel', '\u00b0C', 'MDC_DIM_DEGC'],
  millivolt: ['mV', 'MDC_DIM_MILLI_VOLT'],
}

/** OBX-8 of a sender that has no value (facts gateway C.1). */
const ABSENT_WORDS: Readonly<Record<string, Absent>> = { NAV: 'not-measured', NI: 'not-measured', OFF: 'sensor-off', INV: 'invalid', BUSY: 'not-measured' }

export function hl7Readings(message: Hl7Text, received: Micros, watch: DeviceWatch): Hl7Observations {
  const readings: Numeric[] = []
  const unknown: string[] = []
  let orderTime = ''
  for (const segment of message.segments) {
    if (segment.name === 'OBR') orderTime = segment.text(7)
    if (segment.name !== 'OBX') continue
    const parameter = parameterOf(segment)
    if (typeof parameter !== 'object') readings.push(numeric(segment, parameter, message, orderTime, received, watch))
    else if (parameter.why !== null) unknown.push(`OBX ${codeName(segment)}: ${parameter.why}`)
  }
  return { readings, unknown }
}

/** A code as it may be told: digits and the letters of a reference id, nothing else. */
function codeName(segment: Hl7SegmentText): string {
  return `${segment.text(3)}^${segment.text(3, 2)}`.replaceAll(/[^A-Za-z0-9_^]/g, '?').slice(0, 60)
}

/** Containment rows (no value, no type) are structure and no reading: `why` is null. */
function parameterOf(segment: Hl7SegmentText): Parameter | { readonly why: string | null } {
  const [code, name] = [segment.text(3), segment.text(3, 2)]
  const isStructure = segment.text(2) === '' && segment.text(5) === ''
  const parameter = segment.text(3, 3) === 'MDC' ? mdcParameter(Number(code), name) : LOCAL_CODES[`${code}^${name}`] ?? null
  if (parameter === null) return { why: isStructure ? null : 'code not known' }
  if (typeof parameter === 'object') return parameter
  if (segment.text(2) !== 'NM' && segment.text(5) !== '') return { why: `type ${segment.text(2).slice(0, 3)} is no number` }
  const unit = [segment.text(6), segment.text(6, 2)].filter((text) => text !== '')
  const row = CODES[parameter]
  const isOurs = unit.some((text) => UNIT_NAMES[row.unit]?.includes(text) === true || text === String(UNITS[row.unit].mdc.code))
  return unit.length === 0 || isOurs ? parameter : { why: 'unit not expected' }
}

function mdcParameter(code: number, refId: string): Parameter | { readonly why: string } | null {
  const parameter = parameterOfMdc(code)
  if (parameter === null) return null
  return refId === '' || isRefIdOf(parameter, code, refId) ? parameter : { why: 'code and name contradict each other' }
}

function numeric(
  segment: Hl7SegmentText, parameter: Parameter, message: Hl7Text, orderTime: string, received: Micros, watch: DeviceWatch,
): Numeric {
  const status = segment.repetitions(8)
  const absent = absentReason(segment, parameter, status)
  const times = timesOf(segment.text(14) || orderTime || message.header.text(7), parameter, received, watch)
  const quality: Quality = message.processing !== 'P' && message.processing !== '' ? 'demo' : qualityOf(status)
  const value = absent === null ? Number(segment.text(5)) : null
  return { kind: 'numeric', parameter, value, absent, quality, limits: limitsOf(segment.text(7)), times }
}

function qualityOf(status: readonly string[]): Quality {
  if (status.includes('DEMO') || status.includes('TEST')) return 'demo'
  return status.includes('QUES') || status.includes('CAL') ? 'questionable' : 'plain'
}

function absentReason(segment: Hl7SegmentText, parameter: Parameter, status: readonly string[]): Absent | null {
  const stated = status.flatMap((word) => ABSENT_WORDS[word] ?? [])[0]
  if (stated !== undefined) return stated
  const text = segment.text(5)
  if (text === '' || segment.text(11) === 'X') return 'not-measured'
  const value = /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) return 'unreadable'
  if (SENTINELS.includes(value) && !(parameter.startsWith('st') && value === -1)) return 'not-measured'
  return value === 0 && !ZERO_IS_A_VALUE.includes(parameter) ? 'not-measured' : null
}

/** A stamp with a zone dates by itself; one without is a wall clock. Of the cuff only a changed stamp or a known clock dates it. */
function timesOf(text: string, parameter: Parameter, received: Micros, watch: DeviceWatch): Times {
  const device: DeviceTime | null = hl7Time(text)
  if (!isNibp(parameter)) return { device, received, measured: received }
  if (device === null) return { device, received, measured: null }
  return device.hasZone ? { device, received, measured: Math.min(device.at, received) } : watch.date(device, received)
}

/** OBX-7 `low-high`, both numbers (facts gateway B: alarm limits). */
function limitsOf(text: string): Limits | null {
  const match = /^(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)$/.exec(text)
  if (match === null) return null
  const [low, high] = [Number(match[1]), Number(match[2])]
  return { low: Math.min(low, high), high: Math.max(low, high) }
}
