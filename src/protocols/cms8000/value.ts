// CMS8000 field codecs: little-endian numbers, NUL-padded text and ASCII dates, as bytes and back.
// Keeps the rule that what is no reading is null, never a number that looks like one. Used off the frame path only.

import { isDigits } from '../../base/characters.ts'
import { u16le, u32le } from '../../wire/bytes.ts'
import type { CmsRange } from './codes.ts'

export interface CmsDate {
  readonly year: number
  /** 1..12 */
  readonly month: number
  /** 1..31 */
  readonly day: number
}

/** Alarm triple. `level` is an enumeration or an on/off word, meaning unknown [I]. */
export interface CmsLimits {
  readonly high: number
  readonly low: number
  readonly level: number
}

export function readF32(buf: Uint8Array, off: number): number {
  return new DataView(buf.buffer, buf.byteOffset + off, 4).getFloat32(0, true)
}

const FLOAT_BITS = new Uint32Array(1)
const FLOAT = new Float32Array(FLOAT_BITS.buffer)

/** As readF32, without a view: for what is looked at in every frame. */
export function f32le(buf: Uint8Array, off: number): number {
  FLOAT_BITS[0] = u32le(buf, off)
  return FLOAT[0] as number
}

export function writeF32(buf: Uint8Array, off: number, value: number): void {
  new DataView(buf.buffer, buf.byteOffset + off, 4).setFloat32(0, value, true)
}

/** Low 16 bits of an integer, so that -1 becomes FF FF. */
export function writeU16(buf: Uint8Array, off: number, value: number): void {
  buf[off] = value & 0xff
  buf[off + 1] = (value >> 8) & 0xff
}

/** The value when it is a reading, else null. NaN is never in range. */
export function inRange(value: number, range: CmsRange): number | null {
  return value >= range.min && value <= range.max ? value : null
}

/** Three u16 in the order high, low, level. */
export function readLimits(buf: Uint8Array, off: number): CmsLimits {
  return { high: u16le(buf, off), low: u16le(buf, off + 2), level: u16le(buf, off + 4) }
}

/** As readLimits, but the order of the first two is not trusted: the greater is the high limit (facts cms8000 2.3, 0x15). */
export function readLimitsByValue(buf: Uint8Array, off: number): CmsLimits {
  const { high, low, level } = readLimits(buf, off)
  return { high: Math.max(high, low), low: Math.min(high, low), level }
}

export function writeLimits(buf: Uint8Array, off: number, limits: CmsLimits): void {
  writeU16(buf, off, limits.high)
  writeU16(buf, off + 2, limits.low)
  writeU16(buf, off + 4, limits.level)
}

/** f32 high, f32 low, u16 level. */
export function readFloatLimits(buf: Uint8Array, off: number): CmsLimits {
  return { high: readF32(buf, off), low: readF32(buf, off + 4), level: u16le(buf, off + 8) }
}

export function writeFloatLimits(buf: Uint8Array, off: number, limits: CmsLimits): void {
  writeF32(buf, off, limits.high)
  writeF32(buf, off + 4, limits.low)
  writeU16(buf, off + 8, limits.level)
}

/** Text up to the first NUL, trimmed. UTF-8 [C1]; when that fails, GB18030, as a Chinese build may send [I]. Never throws. */
export function readText(buf: Uint8Array, off: number, end: number): string {
  let stop = off
  while (stop < end && buf[stop] !== 0) stop++
  const bytes = buf.subarray(off, stop)
  const text = new TextDecoder('utf-8').decode(bytes)
  return (text.includes('\ufffd') ? new TextDecoder('gb18030').decode(bytes) : text).trim()
}

/** Writes UTF-8 and at least one NUL into `size` bytes; text that does not fit is cut between characters. */
export function writeText(buf: Uint8Array, off: number, size: number, text: string): void {
  const { written } = new TextEncoder().encodeInto(text, buf.subarray(off, off + size - 1))
  buf.fill(0, off + written, off + size)
}

/** Number in an ASCII field, 0 for a blank one, NaN for anything else. */
function readDecimal(buf: Uint8Array, off: number, size: number): number {
  const text = readText(buf, off, off + size)
  if (text === '') return 0
  return isDigits(text) ? Number(text) : Number.NaN
}

/** "2020\0" "01\0" "31\0"; null when blank, zero or no date. */
export function readDate(buf: Uint8Array, off: number): CmsDate | null {
  const date = { year: readDecimal(buf, off, 5), month: readDecimal(buf, off + 5, 3), day: readDecimal(buf, off + 8, 3) }
  return isDate(date) ? date : null
}

export function isDate({ year, month, day }: CmsDate): boolean {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

/** A null date is written as blanks (all NUL). */
export function writeDate(buf: Uint8Array, off: number, date: CmsDate | null): void {
  if (date === null) return
  writeText(buf, off, 5, String(date.year))
  writeText(buf, off + 5, 3, String(date.month).padStart(2, '0'))
  writeText(buf, off + 8, 3, String(date.day).padStart(2, '0'))
}

/** Whether [off, end) holds any byte that is neither NUL nor in `blanks`: the one thing a fact may say of a patient's field. */
export function holdsBytes(buf: Uint8Array, off: number, end: number, blanks: readonly number[]): boolean {
  for (let i = off; i < end; i++) {
    const c = buf[i] as number
    if (c !== 0 && !blanks.includes(c)) return true
  }
  return false
}
