// NFSv4 attributes (RFC 7530 section 5): a bitmap says which follow, packed in the order of their numbers. Type, size, change and handle are kept.
// Keeps the rule that what is not understood ends the reading, not the message: attributes have a length of their own.

import { BITMAP_WORDS_MAX, FH4_BYTES_MAX, OPAQUE_BYTES_MAX } from './nfs4-codes.ts'
import type { FileFacts } from './procedure.ts'
import { padded, type XdrReader } from './xdr.ts'

export interface Attributes4 {
  file: FileFacts | null
  handle: string | null
}

const Attribute = { supported: 0, type: 1, change: 3, size: 4, acl: 12, handle: 19 } as const

/** Bytes of attributes 0 to 19 that are stepped over; supported, acl and handle have lengths of their own (RFC 7530 table 3). */
const FIXED_BYTES: readonly number[] = [0, 4, 4, 8, 8, 4, 4, 4, 16, 4, 4, 4, 0, 4, 4, 4, 4, 4, 4, 0]

/** Words of a bitmap4; a longer one than any RFC's is a fault. */
export function readBitmap(r: XdrReader): number[] {
  const words = r.u32()
  if (words > BITMAP_WORDS_MAX) r.fail('bitmap-length')
  const out: number[] = []
  for (let i = 0; i < words && r.fault === null; i++) out.push(r.u32())
  return out
}

/** fattr4: bitmap and an opaque list. `change` stands for the time of change: it moves whenever the content does. */
export function readAttributes(r: XdrReader): Attributes4 {
  const first = readBitmap(r)[0] ?? 0
  const length = r.u32()
  if (length > OPAQUE_BYTES_MAX) r.fail('attributes-length')
  const out: Attributes4 = { file: null, handle: null }
  if (!r.has(padded(length))) return out
  const stop = r.off + padded(length)
  const messageEnd = r.end
  r.end = r.off + length
  readPacked(r, first, out)
  r.fault = null
  r.off = stop
  r.end = messageEnd
  return out
}

function readPacked(r: XdrReader, bits: number, out: Attributes4): void {
  let type = 0
  let change = 0
  let size: number | null = null
  for (let number = 0; number <= Attribute.handle && r.fault === null; number++) {
    if ((bits & (1 << number)) === 0) continue
    // An access control list has no length of its own; the handle behind it is then not seen.
    if (number === Attribute.acl) break
    if (number === Attribute.supported) readBitmap(r)
    else if (number === Attribute.type) type = r.u32()
    else if (number === Attribute.change) change = r.u64()
    else if (number === Attribute.size) size = sizeOf(r)
    else if (number === Attribute.handle) out.handle = readHandle4(r)
    else r.skip(FIXED_BYTES[number] ?? 0)
  }
  if (size !== null) out.file = { type, size, modified: change }
}

function sizeOf(r: XdrReader): number | null {
  const size = r.u64()
  return r.fault === null ? size : null
}

export function readHandle4(r: XdrReader): string | null {
  const length = r.u32()
  if (length > FH4_BYTES_MAX) r.fail('handle-length')
  return r.hexKey(length)
}
