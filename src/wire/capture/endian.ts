// Integers of either byte order: a capture file is written in the order of the machine that took it.
// Keeps the rule (buf, off, end): callers check the length once at the door, nothing here makes a view.

import { u16be, u16le, u32be, u32le } from '../bytes.ts'

/** Unsigned 16 bits at `off`. */
export function u16(buf: Uint8Array, off: number, little: boolean): number {
  return little ? u16le(buf, off) : u16be(buf, off)
}

/** Unsigned 32 bits at `off`. */
export function u32(buf: Uint8Array, off: number, little: boolean): number {
  return little ? u32le(buf, off) : u32be(buf, off)
}
