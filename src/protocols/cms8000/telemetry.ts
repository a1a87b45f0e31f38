// CMS8000 0x46 blocks: ECG with respiration, SpO2 with pleth, NIBP, temperature. Value, decode, encode.
// Keeps two rules: no reading is null, whatever number stood for it; and vital values leave only inside Tainted.

import { Tainted } from '../../base/tainted.ts'
import { copyOf, i16le, u16le, u8 } from '../../wire/bytes.ts'
import * as codes from './codes.ts'
import { CmsSubtype, CmsType, EcgAt, MISSING_FLOAT, MISSING_I16, MISSING_PRESSURE, NibpAt, Spo2At, TemperatureAt } from './codes.ts'
import { encodeCmsFrame } from './head.ts'
import {
  type CmsDate, type CmsLimits, inRange, isDate, readF32, readFloatLimits, readLimits, readLimitsByValue, writeF32, writeFloatLimits,
  writeLimits, writeU16,
} from './value.ts'

/** Three ECG channels of 256 samples and 128 of respiration, u8, mid-scale about 0x7F [D]; rates per minute. */
export interface CmsEcg {
  readonly ecg: readonly [Uint8Array, Uint8Array, Uint8Array]
  readonly resp: Uint8Array
  readonly heartRate: number | null
  readonly respRate: number | null
  /** mV [D]. */
  readonly st: readonly [number | null, number | null, number | null]
  readonly heartRateLimits: CmsLimits
  readonly respRateLimits: CmsLimits
  /** Taken for the limits of ST1..ST3 by analogy [D][I]. */
  readonly stLimits: readonly [CmsLimits, CmsLimits, CmsLimits]
  readonly pvcLimits: CmsLimits
}

/** 256 pleth samples, u8; SpO2 in %, pulse per minute. */
export interface CmsSpo2 {
  readonly pleth: Uint8Array
  readonly spo2: number | null
  readonly pulse: number | null
  readonly spo2Limits: CmsLimits
  readonly pulseLimits: CmsLimits
}

/** By the monitor's own clock, no zone. */
export interface CmsTime extends CmsDate {
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** mmHg. `measuredAt` is null for a blank or impossible time. */
export interface CmsNibp {
  readonly measuredAt: CmsTime | null
  readonly systolic: number | null
  readonly diastolic: number | null
  readonly mean: number | null
  readonly systolicLimits: CmsLimits
  readonly diastolicLimits: CmsLimits
  readonly meanLimits: CmsLimits
}

/** Degrees C. A difference without both probes is none. */
export interface CmsTemperature {
  readonly t1: number | null
  readonly t2: number | null
  readonly difference: number | null
  readonly t1Limits: CmsLimits
  readonly t2Limits: CmsLimits
  readonly differenceLimits: CmsLimits
}

/** An empty body of one sub-type; the padding is zeros, of any length (facts cms8000 2.3). */
function blockBody(subtype: number, bytes: number, paddingBytes: number): Uint8Array {
  const body = new Uint8Array(bytes + paddingBytes)
  writeU16(body, 2, subtype)
  return body
}

const triple = <T>(make: (i: number) => T): [T, T, T] => [make(0), make(1), make(2)]

/** Reads 46/14; the body must hold its 0x3D3 bytes. Copies the samples. */
export function decodeEcg(buf: Uint8Array, off: number): Tainted<CmsEcg> {
  const wave = (at: number, samples: number): Uint8Array => copyOf(buf, off + at, off + at + samples)
  return new Tainted({
    ecg: triple((i) => wave(EcgAt.ecg1 + i * codes.ECG_SAMPLES, codes.ECG_SAMPLES)),
    resp: wave(EcgAt.resp, codes.RESP_SAMPLES),
    heartRate: inRange(i16le(buf, off + EcgAt.heartRate), codes.HEART_RATE_RANGE),
    respRate: inRange(i16le(buf, off + EcgAt.respRate), codes.RESP_RATE_RANGE),
    st: triple((i) => inRange(readF32(buf, off + EcgAt.st + i * 4), codes.ST_RANGE)),
    heartRateLimits: readLimits(buf, off + EcgAt.heartRateLimits),
    respRateLimits: readLimits(buf, off + EcgAt.respRateLimits),
    stLimits: triple((i) => readFloatLimits(buf, off + EcgAt.stLimits + i * 10)),
    pvcLimits: readLimits(buf, off + EcgAt.pvcLimits),
  })
}

/** A whole 46/14 frame of 983 bytes and more. Waves longer than their field are cut, shorter ones end in zeros. */
export function encodeEcg(block: CmsEcg, paddingBytes = 0): Uint8Array {
  const body = blockBody(CmsSubtype.ecg, EcgAt.end, paddingBytes)
  for (const [i, wave] of block.ecg.entries()) body.set(wave.subarray(0, codes.ECG_SAMPLES), EcgAt.ecg1 + i * codes.ECG_SAMPLES)
  body.set(block.resp.subarray(0, codes.RESP_SAMPLES), EcgAt.resp)
  writeU16(body, EcgAt.heartRate, block.heartRate ?? MISSING_I16)
  writeU16(body, EcgAt.respRate, block.respRate ?? MISSING_I16)
  for (const [i, st] of block.st.entries()) writeF32(body, EcgAt.st + i * 4, st ?? MISSING_FLOAT)
  writeLimits(body, EcgAt.heartRateLimits, block.heartRateLimits)
  writeLimits(body, EcgAt.respRateLimits, block.respRateLimits)
  for (const [i, limits] of block.stLimits.entries()) writeFloatLimits(body, EcgAt.stLimits + i * 10, limits)
  writeLimits(body, EcgAt.pvcLimits, block.pvcLimits)
  return encodeCmsFrame(CmsType.telemetry, body)
}

/** Reads 46/15; the body must hold its 0x114 bytes. FFFF (no sensor) and 00FF (perhaps "attached, no reading") are both null. */
export function decodeSpo2(buf: Uint8Array, off: number): Tainted<CmsSpo2> {
  return new Tainted({
    pleth: copyOf(buf, off + Spo2At.pleth, off + Spo2At.pleth + codes.PLETH_SAMPLES),
    spo2: inRange(i16le(buf, off + Spo2At.spo2), codes.SPO2_RANGE),
    pulse: inRange(i16le(buf, off + Spo2At.pulse), codes.HEART_RATE_RANGE),
    spo2Limits: readLimitsByValue(buf, off + Spo2At.spo2Limits),
    pulseLimits: readLimitsByValue(buf, off + Spo2At.pulseLimits),
  })
}

/** A whole 46/15 frame: 288 bytes with the usual padding. */
export function encodeSpo2(block: CmsSpo2, paddingBytes = codes.SPO2_PADDING_BYTES): Uint8Array {
  const body = blockBody(CmsSubtype.spo2, Spo2At.end, paddingBytes)
  body.set(block.pleth.subarray(0, codes.PLETH_SAMPLES), Spo2At.pleth)
  writeU16(body, Spo2At.spo2, block.spo2 ?? MISSING_I16)
  writeU16(body, Spo2At.pulse, block.pulse ?? MISSING_I16)
  writeLimits(body, Spo2At.spo2Limits, block.spo2Limits)
  writeLimits(body, Spo2At.pulseLimits, block.pulseLimits)
  return encodeCmsFrame(CmsType.telemetry, body)
}

function readTime(buf: Uint8Array, off: number): CmsTime | null {
  const time = {
    year: u16le(buf, off), month: u8(buf, off + 2), day: u8(buf, off + 3),
    hour: u8(buf, off + 4), minute: u8(buf, off + 5), second: u8(buf, off + 6),
  }
  return isDate(time) && time.hour < 24 && time.minute < 60 && time.second < 60 ? time : null
}

function writeTime(body: Uint8Array, off: number, time: CmsTime | null): void {
  if (time === null) return
  writeU16(body, off, time.year)
  body.set([time.month, time.day, time.hour, time.minute, time.second], off + 2)
}

/** Reads 46/16; the body must hold its 0x23 bytes. */
export function decodeNibp(buf: Uint8Array, off: number): Tainted<CmsNibp> {
  const pressure = (at: number): number | null => inRange(u16le(buf, off + at), codes.PRESSURE_RANGE)
  return new Tainted({
    measuredAt: readTime(buf, off + NibpAt.time),
    systolic: pressure(NibpAt.systolic),
    diastolic: pressure(NibpAt.diastolic),
    mean: pressure(NibpAt.mean),
    systolicLimits: readLimits(buf, off + NibpAt.systolicLimits),
    diastolicLimits: readLimits(buf, off + NibpAt.diastolicLimits),
    meanLimits: readLimits(buf, off + NibpAt.meanLimits),
  })
}

/** A whole 46/16 frame. */
export function encodeNibp(block: CmsNibp, paddingBytes = 0): Uint8Array {
  const body = blockBody(CmsSubtype.nibp, NibpAt.end, paddingBytes)
  writeTime(body, NibpAt.time, block.measuredAt)
  writeU16(body, NibpAt.systolic, block.systolic ?? MISSING_PRESSURE)
  writeU16(body, NibpAt.diastolic, block.diastolic ?? MISSING_PRESSURE)
  writeU16(body, NibpAt.mean, block.mean ?? MISSING_PRESSURE)
  writeLimits(body, NibpAt.systolicLimits, block.systolicLimits)
  writeLimits(body, NibpAt.diastolicLimits, block.diastolicLimits)
  writeLimits(body, NibpAt.meanLimits, block.meanLimits)
  return encodeCmsFrame(CmsType.telemetry, body)
}

/** Reads 46/17; the body must hold its 0x2E bytes. NaN, -1000, -100 and 0 all are no reading. */
export function decodeTemperature(buf: Uint8Array, off: number): Tainted<CmsTemperature> {
  const probe = (at: number): number | null => inRange(readF32(buf, off + at), codes.TEMPERATURE_RANGE)
  const t1 = probe(TemperatureAt.t1)
  const t2 = probe(TemperatureAt.t2)
  const difference = inRange(readF32(buf, off + TemperatureAt.difference), codes.TEMPERATURE_DIFFERENCE_RANGE)
  return new Tainted({
    t1,
    t2,
    difference: t1 === null || t2 === null ? null : difference,
    t1Limits: readFloatLimits(buf, off + TemperatureAt.t1Limits),
    t2Limits: readFloatLimits(buf, off + TemperatureAt.t2Limits),
    differenceLimits: readFloatLimits(buf, off + TemperatureAt.differenceLimits),
  })
}

/** A whole 46/17 frame. */
export function encodeTemperature(block: CmsTemperature, paddingBytes = 0): Uint8Array {
  const body = blockBody(CmsSubtype.temperature, TemperatureAt.end, paddingBytes)
  writeF32(body, TemperatureAt.t1, block.t1 ?? MISSING_FLOAT)
  writeF32(body, TemperatureAt.t2, block.t2 ?? MISSING_FLOAT)
  writeF32(body, TemperatureAt.difference, block.difference ?? MISSING_FLOAT)
  writeFloatLimits(body, TemperatureAt.t1Limits, block.t1Limits)
  writeFloatLimits(body, TemperatureAt.t2Limits, block.t2Limits)
  writeFloatLimits(body, TemperatureAt.differenceLimits, block.differenceLimits)
  return encodeCmsFrame(CmsType.telemetry, body)
}
