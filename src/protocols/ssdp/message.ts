// SSDP message: HTTP's form in one datagram, to a value and back (UPnP Device Architecture 2.0 sections 1.2 and 1.3).
// Keeps house habit 3: a message without its type is no value; other fields may be absent.

import { hasText, u8 } from '../../wire/bytes.ts'
import { asciiBytes, lineText } from '../text.ts'
import { SSDP_FIELDS, START_LINES, type SsdpField } from './codes.ts'

/** Header lines read; real messages have some dozen. */
const LINES_MAX = 64
const LF = 0x0a
const COLON = 0x3a

export interface SsdpMessage {
  readonly kind: 'notify' | 'search' | 'response'
  readonly fields: ReadonlyMap<SsdpField, string>
  readonly isWhole: boolean
}

/** What the first line says; null when it is none of the three. */
export function startOf(buf: Uint8Array, off: number, end: number): SsdpMessage['kind'] | null {
  for (const [line, kind] of START_LINES) if (end - off >= line.length && hasText(buf, off, line)) return kind
  return null
}

/** Decodes [off, end); null when the first line is another. The first of two equal fields counts. */
export function decodeSsdp(buf: Uint8Array, off: number, end: number): SsdpMessage | null {
  const kind = startOf(buf, off, end)
  if (kind === null) return null
  const fields = new Map<SsdpField, string>()
  let at = lineEnd(buf, off, end)
  let lines = 0
  for (; at < end && lines < LINES_MAX; lines++) {
    const stop = lineEnd(buf, at, end)
    readField(buf, at, stop, fields)
    at = stop
  }
  return { kind, fields, isWhole: at >= end }
}

/** First byte behind the line that begins at `off`. */
function lineEnd(buf: Uint8Array, off: number, end: number): number {
  for (let i = off; i < end; i++) if (u8(buf, i) === LF) return i + 1
  return end
}

/** Longest name of a field that is looked for. */
const NAME_MAX = Math.max(...SSDP_FIELDS.map((name) => name.length))

function readField(buf: Uint8Array, off: number, end: number, fields: Map<SsdpField, string>): void {
  let colon = off
  while (colon < end && colon - off <= NAME_MAX && u8(buf, colon) !== COLON) colon++
  if (colon >= end || u8(buf, colon) !== COLON) return
  const name = lineText(buf, off, colon)?.toLowerCase()
  const field = SSDP_FIELDS.find((known) => known === name)
  const value = field && !fields.has(field) ? lineText(buf, colon + 1, end) : null
  if (field && value !== null) fields.set(field, value)
}

/** The datagram; values are written as given. */
export function encodeSsdp(kind: SsdpMessage['kind'], fields: Readonly<Partial<Record<SsdpField, string>>>): Uint8Array {
  const start = START_LINES.find(([, known]) => known === kind)?.[0] ?? ''
  const lines = Object.entries(fields).map(([name, value]) => `${name.toUpperCase()}: ${value}\r\n`)
  return Uint8Array.from(asciiBytes(`${start}\r\nHOST: 239.255.255.250:1900\r\n${lines.join('')}\r\n`))
}
