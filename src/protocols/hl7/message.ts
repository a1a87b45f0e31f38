// HL7 v2 message: what one message says about itself, as a value; reading a whole one; and writing one.
// Keeps the patient-data rule by type: a summary has room for header texts, device identifiers and names of fields, for nothing else.

import { assert } from '../../base/assert.ts'
import { HL7_MESSAGE_HEADER, Hl7Byte, type Hl7Fault } from './codes.ts'
import type { Hl7Message } from './facts.ts'
import type { Hl7Control } from './pairing.ts'
import { Hl7Scanner } from './scanner.ts'

/** The part of a message fact that is read from its text. */
export type Hl7Summary = Omit<Hl7Message, 'protocol' | 'kind' | 'flowId' | 'direction' | 'framing' | 'at' | 'frame' | 'times'>
export type Hl7Reading =
  | { readonly ok: true; readonly summary: Hl7Summary; readonly control: Hl7Control }
  | { readonly ok: false; readonly fault: Hl7Fault }

/** Reads one whole message in [off, end), without its framing bytes. */
export function readHl7(buf: Uint8Array, off: number, end: number): Hl7Reading {
  const scanner = new Hl7Scanner()
  scanner.scan(buf, off, end)
  return scanner.finish()
}

/** A segment to write: its name, then its fields from 1 on, escaped. Of MSH, field 1 is the separator and 2 the encoding characters. */
export type Hl7Segment = readonly string[]

/** Segments as text, each ended by CR as the standard wants (section 2.5.2), in UTF-8; `mllp` adds 0x0B before and 0x1C 0x0D after. */
export function encodeHl7(segments: readonly Hl7Segment[], framing: 'mllp' | 'bare' = 'mllp'): Uint8Array {
  const [name, separator] = segments[0] ?? []
  assert(name !== undefined && separator?.length === 1, 'the first segment of an HL7 message is a header with its field separator')
  const text = segments.map((segment) => `${segmentText(segment, separator)}\r`).join('')
  return framing === 'mllp' ? encodeMllp(text) : new TextEncoder().encode(text)
}

/** The separator of a header segment stands for itself: it is not written twice. */
function segmentText(segment: Hl7Segment, separator: string): string {
  const [name = '', first = ''] = segment
  const isHeader = name === HL7_MESSAGE_HEADER || name === 'FHS' || name === 'BHS'
  return isHeader && first === separator ? `${name}${separator}${segment.slice(2).join(separator)}` : segment.join(separator)
}

/** One MLLP block around the text of one or more messages. */
export function encodeMllp(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  const block = new Uint8Array(bytes.length + 3)
  block[0] = Hl7Byte.startBlock
  block.set(bytes, 1)
  block[bytes.length + 1] = Hl7Byte.endBlock
  block[bytes.length + 2] = Hl7Byte.cr
  return block
}

/** MSH-1 and MSH-2 as nearly everybody sends them. */
export const HL7_USUAL_SEPARATOR = '|'
export const HL7_USUAL_ENCODING = '^~\\&'

const ESCAPES: Readonly<Record<string, string>> = {
  '|': '\\F\\', '^': '\\S\\', '~': '\\R\\', '\\': '\\E\\', '&': '\\T\\', '\r': '\\X0D\\', '\n': '\\X0A\\',
}

/** Text made safe for one component under the usual encoding characters (section 2.7). */
export function escapeHl7(text: string): string {
  let escaped = ''
  for (const character of text) escaped += ESCAPES[character] ?? character
  return escaped
}
