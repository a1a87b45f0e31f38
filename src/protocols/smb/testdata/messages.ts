// Messages of SMB 2 and 3 for tests, built field by field from MS-SMB2 section 2.2; chains with their lengths.
// Keeps the rule that every id is the caller's: nothing here remembers anything.

import type { Chunk } from '../../../testing/everysplit.ts'

export const u16 = (n: number): number[] => [n & 255, n >>> 8]
export const u32 = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]
export const u64 = (n: number): number[] => [...u32(n % 2 ** 32), ...u32(Math.floor(n / 2 ** 32))]
export const wide = (text: string): number[] => Array.from(text, (c) => [c.charCodeAt(0), 0]).flat()
export const zeros = (n: number): number[] => Array.from({ length: n }, () => 0)
export const FILE = [7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
export const RELATED = Array.from({ length: 16 }, () => 255)

/** Whose message: session and tree; `isRelated` goes on with those of the message before (MS-SMB2 3.2.4.1.4). */
export interface Whose {
  readonly session?: number
  readonly tree?: number
  readonly isRelated?: boolean
}

/** One message of version 2; `next` is filled in by chain(). */
export function message(command: number, id: number, isResponse: boolean, body: readonly number[], status = 0, whose: Whose = {}): number[] {
  const { session = 1, tree = 5, isRelated = false } = whose
  const ids = isRelated ? Array.from({ length: 12 }, () => 255) : [...u32(tree), ...u64(session)]
  return [
    0xfe, 0x53, 0x4d, 0x42, ...u16(64), 0, 0, ...u32(status), ...u16(command), 0, 0, ...u32((isResponse ? 1 : 0) + (isRelated ? 4 : 0)), ...u32(0),
    ...u64(id), ...u32(0), ...ids, ...zeros(16), ...body,
  ]
}

/** Messages one behind the other at multiples of eight (MS-SMB2 3.2.4.1.4), with the length before. */
export function chain(...messages: readonly (readonly number[])[]): Uint8Array {
  const all = messages.flatMap((m, i) => {
    const padded = [...m, ...zeros(i + 1 < messages.length ? (8 - (m.length % 8)) % 8 : 0)]
    if (i + 1 < messages.length) padded.splice(20, 4, ...u32(padded.length))
    return padded
  })
  return Uint8Array.of(0, all.length >>> 16, (all.length >>> 8) & 255, all.length & 255, ...all)
}

export const create = (id: number, name: string, whose: Whose = {}): number[] =>
  message(5, id, false, [...u16(57), ...zeros(42), ...u16(64 + 56), ...u16(2 * name.length), ...zeros(8), ...wide(name)], 0, whose)
export const created = (id: number, size: number, file: readonly number[] = FILE): number[] =>
  message(5, id, true, [...u16(89), ...zeros(46), ...u64(size), ...zeros(8), ...file, ...zeros(8)])
export const read = (id: number, offset: number, length: number, file: readonly number[] = FILE): number[] =>
  message(8, id, false, [...u16(49), 0, 0, ...u32(length), ...u64(offset), ...file, ...zeros(16)])
export const gave = (id: number, data: Uint8Array): number[] => message(8, id, true, [...u16(17), 80, 0, ...u32(data.length), ...zeros(8), ...data])
export const write = (id: number, offset: number, data: Uint8Array, file: readonly number[] = FILE, whose: Whose = {}): number[] =>
  message(9, id, false, [...u16(49), ...u16(112), ...u32(data.length), ...u64(offset), ...file, ...zeros(16), ...data], 0, whose)
export const took = (id: number, bytes: number, status = 0): number[] => message(9, id, true, [...u16(17), 0, 0, ...u32(bytes), ...zeros(8)], status)
export const close = (id: number, file: readonly number[] = FILE): number[] => message(6, id, false, [...u16(24), ...zeros(6), ...file])
/** With the file's size when the client asked for attributes. */
export const closed = (id: number, size: number | null = null): number[] =>
  message(6, id, true, [...u16(60), ...u16(size === null ? 0 : 1), ...zeros(44), ...u64(size ?? 0), ...zeros(4)])
export const connect = (id: number, path: string, whose: Whose = {}): number[] =>
  message(3, id, false, [...u16(9), 0, 0, ...u16(72), ...u16(2 * path.length), ...wide(path)], 0, whose)
export const connected = (id: number, whose: Whose = {}): number[] => message(3, id, true, [...u16(16), 1, ...zeros(13)], 0, whose)
/** SESSION_SETUP that makes this connection a further channel of a session. */
export const bind = (id: number): number[] => message(1, id, false, [...u16(25), 1, ...zeros(21)])
/** A client asks which other addresses the server has. */
export const askInterfaces = (id: number): number[] => message(11, id, false, [...u16(57), 0, 0, ...u32(0x001401fc), ...zeros(48)])

export const said = (direction: 0 | 1, bytes: Uint8Array): Chunk => ({ direction, bytes })
