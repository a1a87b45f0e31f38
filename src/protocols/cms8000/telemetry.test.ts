// Tests of the 0x46 blocks: the published offsets, round trips, and everything a missing reading may look like.
// Keeps the rule that no reading is null: a sentinel must never pass for a value.

import { deepEqual, doesNotMatch, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { CMS_HEADER_BYTES } from './codes.ts'
import {
  decodeEcg, decodeNibp, decodeSpo2, decodeTemperature, encodeEcg, encodeNibp, encodeSpo2, encodeTemperature,
} from './telemetry.ts'
import { ECG, NIBP, SPO2, SPO2_ABSENT, TEMPERATURE, ecgs, nibps, spo2s, temperatures } from './testdata/samples.ts'
import { writeF32, writeU16 } from './value.ts'

const BODY = CMS_HEADER_BYTES
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('blocks come back as written, with any padding', () => {
  const padding = fc.nat({ max: 60 })
  fc.assert(fc.property(ecgs, padding, (block, pad) => deepEqual(decodeEcg(encodeEcg(block, pad), BODY).reveal(), block)), { numRuns: 40 })
  fc.assert(fc.property(spo2s, padding, (block, pad) => deepEqual(decodeSpo2(encodeSpo2(block, pad), BODY).reveal(), block)))
  fc.assert(fc.property(nibps, padding, (block, pad) => deepEqual(decodeNibp(encodeNibp(block, pad), BODY).reveal(), block)))
  fc.assert(fc.property(temperatures, padding, (block, pad) =>
    deepEqual(decodeTemperature(encodeTemperature(block, pad), BODY).reveal(), block)))
})

test('ECG: a frame of 983 bytes, waves and rates at their offsets', () => {
  const frame = encodeEcg(ECG)
  equal(frame.length, 983)
  equal(hex(frame.slice(0, 8)), 'd503054600001400')
  const at = (off: number, length: number): string => hex(frame.slice(BODY + off, BODY + off + length))
  equal(at(0x004, 2), '7f7f')
  equal(at(0x104, 2), '8080')
  equal(at(0x204, 2), '8181')
  equal(at(0x304, 1), '40')
  equal(at(0x383, 1), '40')
  equal(at(0x384, 4), '3d000d00')
  equal(at(0x388, 12), '0000003f000080be00007ac4')
  equal(at(0x3a3, 6), '780032000200')
  equal(at(0x3a9, 6), '1e0008000200')
  equal(at(0x3af, 10), '00000040000000c00200')
  equal(at(0x3cd, 6), '0a0000000200')
})

test('SpO2 without a sensor: the vector of the facts file', () => {
  const frame = encodeSpo2(SPO2_ABSENT)
  equal(frame.length, 288)
  equal(hex(frame.slice(0, 8)), '1e01054600001500')
  equal(hex(frame.slice(BODY + 0x104, BODY + 0x108)), 'ffffffff')
  deepEqual(decodeSpo2(frame, BODY).reveal(), SPO2_ABSENT)
})

test('NIBP: time, then systolic, diastolic, mean in that order', () => {
  const frame = encodeNibp(NIBP)
  equal(hex(frame.slice(BODY + 4, BODY + 0x11)), 'd1070203040506790051005d00')
  equal(frame.length, BODY + 0x23)
})

test('temperature: three floats, then triples of float, float, u16', () => {
  const frame = encodeTemperature(TEMPERATURE)
  equal(frame.length, BODY + 0x2e)
  equal(hex(frame.slice(BODY + 4, BODY + 16)), '00001242000015420000403f')
  equal(hex(frame.slice(BODY + 0x10, BODY + 0x1a)), '00001c42000010420200')
})

test('heart rates above 255 need the high byte; a high byte of 255 is no reading', () => {
  const frame = encodeEcg({ ...ECG, heartRate: 301 })
  equal(decodeEcg(frame, BODY).reveal().heartRate, 301)
  frame[BODY + 0x385] = 0xff
  equal(decodeEcg(frame, BODY).reveal().heartRate, null)
})

test('SpO2 outside 0..100 is missing, 00FF included, whatever the pulse says', () => {
  for (const raw of [0x00ff, 0xffff, 101, 0x8000, 0x7fff]) {
    const frame = encodeSpo2(SPO2)
    writeU16(frame, BODY + 0x104, raw)
    equal(decodeSpo2(frame, BODY).reveal().spo2, null, raw.toString(16))
    equal(decodeSpo2(frame, BODY).reveal().pulse, 62)
  }
})

test('SpO2 limits in either order read as high and low', () => {
  const frame = encodeSpo2({ ...SPO2, spo2Limits: { high: 90, low: 100, level: 1 } })
  deepEqual(decodeSpo2(frame, BODY).reveal().spo2Limits, { high: 100, low: 90, level: 1 })
})

test('an NIBP block of zeros is "not measured yet": no date, no pressure, no throw', () => {
  const frame = encodeNibp({ ...NIBP, measuredAt: null, systolic: null, diastolic: null, mean: null })
  const { measuredAt, systolic, diastolic, mean } = decodeNibp(frame, BODY).reveal()
  deepEqual([measuredAt, systolic, diastolic, mean], [null, null, null, null])
})

test('an impossible NIBP time is null and leaves the pressures alone', () => {
  for (const [at, value] of [[6, 13], [6, 0], [7, 32], [8, 24], [9, 60], [10, 60]] as const) {
    const frame = encodeNibp(NIBP)
    frame[BODY + at] = value
    const { measuredAt, systolic } = decodeNibp(frame, BODY).reveal()
    equal(measuredAt, null)
    equal(systolic, 121)
  }
})

test('temperatures: NaN, -1000, -100, 0 and Fahrenheit are no reading', () => {
  for (const raw of [Number.NaN, -1000, -100, 0, 98.6, Number.POSITIVE_INFINITY]) {
    const frame = encodeTemperature(TEMPERATURE)
    writeF32(frame, BODY + 4, raw)
    const { t1, t2, difference } = decodeTemperature(frame, BODY).reveal()
    deepEqual([t1, t2, difference], [null, 37.25, null], String(raw))
  }
})

test('the sibling float for "none" is what an encoder writes for a missing ST', () => {
  const frame = encodeEcg({ ...ECG, st: [null, null, null] })
  equal(hex(frame.slice(BODY + 0x388, BODY + 0x38c)), '00007ac4')
})

test('blocks of random bytes decode without a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 0x3d3, maxLength: 0x3d3 }), (body) => {
    for (const block of [decodeEcg(body, 0), decodeSpo2(body, 0), decodeNibp(body, 0), decodeTemperature(body, 0)]) {
      equal(block.isFilled(), true)
    }
  }), { numRuns: 40 })
})

test('waves are copies: the borrowed buffer may change afterwards', () => {
  const frame = encodeEcg(ECG)
  const block = decodeEcg(frame, BODY).reveal()
  frame.fill(0)
  equal(block.ecg[0][0], 0x7f)
})

test('a decoded block shows no value when printed, inspected or serialised', () => {
  const block = decodeNibp(encodeNibp(NIBP), BODY)
  for (const shown of [String(block), JSON.stringify({ block }), inspect(block, { depth: 9 })]) doesNotMatch(shown, /121|81|93/)
})
