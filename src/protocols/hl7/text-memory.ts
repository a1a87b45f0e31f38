// Texts met before: a sender's names are the same in each of its messages, and making a text costs more than comparing its bytes.
// Keeps the rule that what is remembered is bounded, and is only what may leave in a fact.

import { asciiText } from '../../wire/bytes.ts'
import { HL7_DEVICE_TEXT_MAX, HL7_HEADER_TEXT_MAX } from './codes.ts'

/** Fields whose text is collected: ten of MSH, one of MSA, four of devices, with room. */
const FIELDS_COLLECTED_MAX = 16
const BYTES_MAX = Math.max(HL7_HEADER_TEXT_MAX, HL7_DEVICE_TEXT_MAX)

/** The last text of each collected field. */
export class TextMemory {
  readonly #bytes: (Uint8Array | undefined)[] = []
  readonly #lengths = new Uint8Array(FIELDS_COLLECTED_MAX)
  readonly #texts: string[] = []

  /** The first `length` bytes, printable, as `clean` makes text of them; `field` is the place of the field in the table. */
  of(field: number, bytes: Uint8Array, length: number, clean: (text: string) => string): string {
    const known = this.#bytes[field]
    if (known !== undefined && this.#lengths[field] === length && isStart(known, bytes, length)) return this.#texts[field] as string
    const copy = known ?? new Uint8Array(BYTES_MAX)
    for (let i = 0; i < length; i++) copy[i] = bytes[i] as number
    const text = clean(asciiText(bytes, 0, length, BYTES_MAX))
    this.#bytes[field] = copy
    this.#lengths[field] = length
    this.#texts[field] = text
    return text
  }
}

function isStart(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Names of segments by their three letters, and of their fields; other names than these are made anew. */
const NAMES_MAX = 1024
const FIELDS_MAX = 128
const names = new Map<number, string>()
const fields = new Map<string, string[]>()

/** Three letters, of which each is a byte of the number. */
export function segmentName(letters: number): string {
  const known = names.get(letters)
  if (known !== undefined) return known
  const name = String.fromCharCode(letters >>> 16, (letters >>> 8) & 0xff, letters & 0xff)
  if (names.size < NAMES_MAX) names.set(letters, name)
  return name
}

/** As `PID-3`. */
export function fieldName(segment: string, field: number): string {
  const known = fields.get(segment)?.[field]
  if (known !== undefined) return known
  const name = `${segment}-${field}`
  const list = fields.get(segment)
  if (list === undefined && fields.size < NAMES_MAX) fields.set(segment, [])
  if (list !== undefined && field < FIELDS_MAX) list[field] = name
  return name
}
