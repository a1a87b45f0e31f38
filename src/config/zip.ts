// Zip: the wanted entries of a small archive, inflated (PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16). For spreadsheets.
// Keeps the rule that a bomb is a sentence: the central directory tells sizes, and no entry or archive may grow beyond its maximum.

import { inflateRawSync } from 'node:zlib'
import { err, ok, type Result } from '../base/result.ts'

/** A workbook has some dozens of parts. */
const ENTRIES_MAX = 10_000
/** One part: 100 000 rows of a sheet have some 60 MB as XML. */
export const ENTRY_BYTES_MAX = 96 * 1024 * 1024
/** All wanted parts together. */
const TOTAL_BYTES_MAX = 192 * 1024 * 1024

const END_SIGNATURE = 0x0605_4b50
const CENTRAL_SIGNATURE = 0x0201_4b50
const LOCAL_SIGNATURE = 0x0403_4b50
const END_BYTES = 22
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30
/** A comment behind the end record has at most this many bytes (section 4.3.16). */
const COMMENT_BYTES_MAX = 65_535
const ENCRYPTED = 1
const STORED = 0
const DEFLATED = 8

interface Entry {
  readonly name: string
  readonly method: number
  readonly packed: number
  readonly size: number
  readonly local: number
}

/** The entries that `wanted` says yes to, by name. The error is a sentence about the archive. */
export function readZip(bytes: Uint8Array, wanted: (name: string) => boolean): Result<ReadonlyMap<string, Uint8Array>> {
  const entries = centralDirectory(bytes)
  if (!entries.ok) return entries
  const found = new Map<string, Uint8Array>()
  let total = 0
  for (const entry of entries.value) {
    if (!wanted(entry.name)) continue
    total += entry.size
    if (entry.size > ENTRY_BYTES_MAX || total > TOTAL_BYTES_MAX) return err(`its part ${entry.name} is larger than any list (${entry.size} bytes)`)
    const content = inflate(bytes, entry)
    if (!content.ok) return content
    found.set(entry.name, content.value)
  }
  return ok(found)
}

function centralDirectory(bytes: Uint8Array): Result<readonly Entry[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = endRecord(view)
  if (end < 0) return err('it is cut short, or no zip archive: its end is missing')
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  const entries: Entry[] = []
  for (let i = 0; i < Math.min(count, ENTRIES_MAX); i++) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== CENTRAL_SIGNATURE) return err('its directory is damaged')
    if ((view.getUint16(at + 8, true) & ENCRYPTED) !== 0) return err('it is protected by a password')
    const nameBytes = view.getUint16(at + 28, true)
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes)),
      method: view.getUint16(at + 10, true), packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true), local: view.getUint32(at + 42, true),
    })
    at += CENTRAL_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return ok(entries)
}

function endRecord(view: DataView): number {
  const least = Math.max(0, view.byteLength - END_BYTES - COMMENT_BYTES_MAX)
  for (let at = view.byteLength - END_BYTES; at >= least; at--) if (view.getUint32(at, true) === END_SIGNATURE) return at
  return -1
}

function inflate(bytes: Uint8Array, entry: Entry): Result<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { local, name } = entry
  if (local + LOCAL_BYTES > bytes.length || view.getUint32(local, true) !== LOCAL_SIGNATURE) return err(`its part ${name} is damaged`)
  const from = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
  const packed = bytes.subarray(from, from + entry.packed)
  if (packed.length < entry.packed) return err(`its part ${name} is cut short`)
  if (entry.method === STORED) return ok(packed)
  if (entry.method !== DEFLATED) return err(`its part ${name} is packed in a way that spreadsheets do not use`)
  try {
    return ok(inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) }))
  } catch {
    return err(`its part ${name} is damaged, or larger than it says`)
  }
}
