// Reading integers out of a byte buffer at an offset. Callers check the length once at the door, then read.
// Keeps the rule (buf, off, end): nothing here makes a view, a slice or a string on the frame path.

import { letters, LETTERS_MAX, textOfLetters } from '../base/letters.ts'

export function u8(buf: Uint8Array, off: number): number {
  return buf[off] as number
}

export function u16be(buf: Uint8Array, off: number): number {
  return ((buf[off] as number) << 8) | (buf[off + 1] as number)
}

export function u16le(buf: Uint8Array, off: number): number {
  return (buf[off] as number) | ((buf[off + 1] as number) << 8)
}

export function i16le(buf: Uint8Array, off: number): number {
  return (u16le(buf, off) << 16) >> 16
}

export function u32be(buf: Uint8Array, off: number): number {
  return (((buf[off] as number) << 24) | ((buf[off + 1] as number) << 16) | ((buf[off + 2] as number) << 8) | (buf[off + 3] as number)) >>> 0
}

export function u32le(buf: Uint8Array, off: number): number {
  return (((buf[off + 3] as number) << 24) | ((buf[off + 2] as number) << 16) | ((buf[off + 1] as number) << 8) | (buf[off] as number)) >>> 0
}

/** 48 bits, big endian, as an exact number (a MAC address). */
export function u48be(buf: Uint8Array, off: number): number {
  return u16be(buf, off) * 0x1_0000_0000 + u32be(buf, off + 2)
}

/** Where `byte` stands first in [off, end); -1 without. Not indexOf, which would look on through all that was read of the capture. */
export function findByte(buf: Uint8Array, byte: number, off: number, end: number): number {
  for (let i = off; i < end; i++) if (buf[i] === byte) return i
  return -1
}

/** Bytes of their own. Not slice(), which of a Buffer is a view: it would change with what is read next, and keep all that was read alive. */
export function copyOf(buf: Uint8Array, off: number, end: number): Uint8Array {
  return new Uint8Array(buf.subarray(off, end))
}

/** The characters of `text` stand at `off`, one byte each. The caller has looked at the end. */
export function hasText(buf: Uint8Array, off: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (buf[off + i] !== text.charCodeAt(i)) return false
  return true
}

/** Printable ASCII of [off, end); any other byte becomes `?`. Stops at `max` characters. For names, never for patient fields. */
export function asciiText(buf: Uint8Array, off: number, end: number, max = 256): string {
  const stop = Math.min(end, off + max)
  let text = ''
  for (let from = off; from < stop; from += LETTERS_MAX) {
    const length = Math.min(LETTERS_MAX, stop - from)
    for (let i = 0; i < length; i++) letters[i] = printable(u8(buf, from + i))
    text += textOfLetters(length)
  }
  return text
}

/** The byte of a printable character, or that of `?`. */
export function printable(c: number): number {
  return c >= 0x20 && c < 0x7f ? c : 0x3f
}
