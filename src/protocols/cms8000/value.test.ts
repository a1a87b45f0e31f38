// Tests of the CMS8000 field codecs: sentinels, blank dates, damaged text.
// Keeps the rule that a field holding nonsense reads as missing and never throws.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  holdsBytes, inRange, isDate, readDate, readF32, readFloatLimits, readLimits, readLimitsByValue, readText, writeDate, writeF32,
  writeFloatLimits, writeLimits, writeText, writeU16,
} from './value.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const dateBytes = (year: string, month: string, day: string): Uint8Array =>
  bytes(year.padEnd(5, '\0') + month.padEnd(3, '\0') + day.padEnd(3, '\0'))

test('a reading outside its range, or NaN, is null', () => {
  const range = { min: 0, max: 100 }
  equal(inRange(0, range), 0)
  equal(inRange(100, range), 100)
  for (const value of [-1, 101, Number.NaN, Number.POSITIVE_INFINITY]) equal(inRange(value, range), null)
})

test('a date is read from ASCII decimals with or without leading zeros', () => {
  deepEqual(readDate(dateBytes('2020', '01', '31'), 0), { year: 2020, month: 1, day: 31 })
  deepEqual(readDate(dateBytes('2020', '1', '5'), 0), { year: 2020, month: 1, day: 5 })
})

test('blank, zero, out-of-range and non-decimal dates are null', () => {
  const wrong: readonly (readonly [string, string, string])[] = [
    ['', '', ''], ['0', '0', '0'], ['0000', '00', '00'], ['    ', '  ', '  '], ['2020', '13', '01'], ['2020', '00', '10'],
    ['2020', '01', '32'], ['20x0', '01', '01'], ['-1', '01', '01'], ['\u00ff\u00ff', '01', '01'],
  ]
  for (const [year, month, day] of wrong) equal(readDate(dateBytes(year, month, day), 0), null, `${year}-${month}-${day}`)
})

test('isDate guards every part', () => {
  equal(isDate({ year: 1, month: 1, day: 1 }), true)
  equal(isDate({ year: 0, month: 1, day: 1 }), false)
  equal(isDate({ year: 10_000, month: 1, day: 1 }), false)
  equal(isDate({ year: Number.NaN, month: 1, day: 1 }), false)
})

test('dates come back as written; null is all NUL', () => {
  const buf = new Uint8Array(11).fill(0)
  writeDate(buf, 0, { year: 1901, month: 2, day: 3 })
  deepEqual(buf, dateBytes('1901', '02', '03'))
  deepEqual(readDate(buf, 0), { year: 1901, month: 2, day: 3 })
  const blank = new Uint8Array(11)
  writeDate(blank, 0, null)
  equal(holdsBytes(blank, 0, 11, []), false)
})

test('text ends at the first NUL, at the field end, and is trimmed', () => {
  equal(readText(bytes('ab\0cd'), 0, 5), 'ab')
  equal(readText(bytes('abcd'), 1, 3), 'bc')
  equal(readText(bytes('  ab  '), 0, 6), 'ab')
  equal(readText(new Uint8Array(4), 0, 4), '')
})

test('text that is not UTF-8 is tried as GB18030 and never throws', () => {
  equal(readText(Uint8Array.of(0xb2, 0xe2, 0xca, 0xd4), 0, 4), '\u6d4b\u8bd5')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 32 }), (buf) => typeof readText(buf, 0, buf.length) === 'string'))
})

test('text longer than its field is cut between characters and stays NUL-terminated', () => {
  const buf = new Uint8Array(6).fill(0xee)
  writeText(buf, 0, 5, '\u6d4b\u8bd5')
  deepEqual([...buf], [0xe6, 0xb5, 0x8b, 0, 0, 0xee])
  writeText(buf, 0, 5, 'abcdefgh')
  equal(readText(buf, 0, 5), 'abcd')
})

test('u16 takes the low 16 bits, so -1 is FF FF', () => {
  const buf = new Uint8Array(2)
  writeU16(buf, 0, -1)
  deepEqual([...buf], [0xff, 0xff])
  writeU16(buf, 0, 0x1234)
  deepEqual([...buf], [0x34, 0x12])
})

test('floats are little-endian at any offset of a view', () => {
  const whole = new Uint8Array(12)
  const view = whole.subarray(3)
  writeF32(view, 2, -1000)
  deepEqual(view.slice(2, 6), Uint8Array.of(0x00, 0x00, 0x7a, 0xc4))
  equal(readF32(view, 2), -1000)
})

test('limits are high, low, level; by value the order of the first two does not matter', () => {
  const buf = new Uint8Array(6)
  writeLimits(buf, 0, { high: 90, low: 100, level: 2 })
  deepEqual(readLimits(buf, 0), { high: 90, low: 100, level: 2 })
  deepEqual(readLimitsByValue(buf, 0), { high: 100, low: 90, level: 2 })
})

test('float limits come back as written', () => {
  const buf = new Uint8Array(10)
  writeFloatLimits(buf, 0, { high: 39.5, low: 36, level: 2 })
  deepEqual(readFloatLimits(buf, 0), { high: 39.5, low: 36, level: 2 })
})

test('holdsBytes ignores NUL and the given blanks only', () => {
  equal(holdsBytes(Uint8Array.of(0, 0x20, 0), 0, 3, [0x20]), false)
  equal(holdsBytes(Uint8Array.of(0, 0x20, 0), 0, 3, []), true)
  equal(holdsBytes(Uint8Array.of(0, 0, 1), 0, 2, []), false)
})
