// Hl7Text: one HL7 v2 message as segments of fields of repetitions of components, unescaped; and its times.
// Keeps two rules: a message from a monitor or a hospital is bounded before it is split; what cannot be read is a reason, not a throw.

import { err, ok, type Result } from '../../../base/result.ts'
import type { Micros } from '../../../base/time.ts'
import { MESSAGE_SEGMENTS_MAX, SEGMENT_FIELDS_MAX } from './bounds.ts'

/** Delimiters of MSH-1 and MSH-2. */
interface Delimiters {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly escape: string
  readonly subcomponent: string
}

export class Hl7SegmentText {
  readonly name: string
  readonly #fields: readonly string[]
  readonly #delimiters: Delimiters

  constructor(line: string, delimiters: Delimiters) {
    const parts = line.split(delimiters.field, SEGMENT_FIELDS_MAX)
    this.name = parts[0] ?? ''
    // MSH-1 is the separator itself (HL7 v2 section 2.14.9.1), so the fields of a header stand one place further on.
    this.#fields = this.name === 'MSH' ? ['MSH', delimiters.field, ...parts.slice(1)] : parts
    this.#delimiters = delimiters
  }

  /** Text of one component, both counted from 1; '' when absent, and for HL7's `""`. */
  text(field: number, component = 1, repetition = 1): string {
    const repetitions = (this.#fields[field] ?? '').split(this.#delimiters.repetition)
    const raw = (repetitions[repetition - 1] ?? '').split(this.#delimiters.component)[component - 1] ?? ''
    const text = unescapeHl7(raw.split(this.#delimiters.subcomponent)[0] ?? '', this.#delimiters).trim()
    return text === '""' ? '' : text
  }

  /** First components of all repetitions. */
  repetitions(field: number): readonly string[] {
    return (this.#fields[field] ?? '').split(this.#delimiters.repetition).map((_, i) => this.text(field, 1, i + 1)).filter((t) => t !== '')
  }
}

export interface Hl7Text {
  readonly header: Hl7SegmentText
  readonly segments: readonly Hl7SegmentText[]
  /** `ORU^R01`, `ADT^A01`. */
  readonly type: string
  readonly controlId: string
  /** MSH-11: P is production, D and T are not about a patient. */
  readonly processing: string
}

const UTF8 = new TextDecoder('utf-8')

/** Reads one message without its framing bytes; CR, LF and CRLF end a segment. */
export function parseHl7(bytes: Uint8Array): Result<Hl7Text> {
  const lines = UTF8.decode(bytes).split(/\r\n|\r|\n/).filter((line) => line.trim() !== '')
  const head = lines[0] ?? ''
  const delimiters = readDelimiters(head)
  if (delimiters === null) return err('the first segment is no MSH with its encoding characters')
  if (lines.length > MESSAGE_SEGMENTS_MAX) return err(`${lines.length} segments; at most ${MESSAGE_SEGMENTS_MAX} are read`)
  const segments = lines.map((line) => new Hl7SegmentText(line, delimiters))
  const header = segments[0] as Hl7SegmentText
  const code = header.text(9)
  if (code === '') return err('MSH-9 is empty: nothing says what the message is')
  return ok({ header, segments, type: `${code}^${header.text(9, 2)}`, controlId: header.text(10), processing: header.text(11) })
}

function readDelimiters(head: string): Delimiters | null {
  const field = head[3]
  if (!head.startsWith('MSH') || field === undefined || /[A-Za-z0-9\s]/.test(field)) return null
  const [component, repetition = '~', escape = '\\', subcomponent = '&'] = head.slice(4).split(field)[0] ?? ''
  if (component === undefined || /[A-Za-z0-9\s]/.test(component)) return null
  return { field, component, repetition, escape, subcomponent }
}

/** Section 2.7: \F\ \S\ \R\ \E\ \T\ and \Xhh..\; other sequences are dropped (they are layout). */
function unescapeHl7(text: string, delimiters: Delimiters): string {
  if (!text.includes(delimiters.escape)) return text
  const plain: Readonly<Record<string, string>> = {
    F: delimiters.field, S: delimiters.component, R: delimiters.repetition, E: delimiters.escape, T: delimiters.subcomponent,
  }
  const [first, ...rest] = text.split(delimiters.escape)
  let out = first ?? ''
  for (const [i, piece] of rest.entries()) out += i % 2 === 1 ? piece : plain[piece] ?? hexText(piece)
  return out
}

function hexText(sequence: string): string {
  if (!/^X(?:[0-9A-Fa-f]{2})+$/.test(sequence)) return ''
  return UTF8.decode(Uint8Array.from(sequence.slice(1).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))
}

const TIME = /^(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6})\d*)?([+-]\d{4})?$/

/** Of births and of what is yet to come. Below 100 Date.UTC would take a year for 19xx, and from 2256 on microseconds are no exact numbers. */
const YEAR_MIN = 1850
const YEAR_MAX = 2199

/** A TS or DTM: YYYY[MM[DD[HH[MM[SS[.S]]]]]][+-ZZZZ]. Without a zone it is the sender's wall clock read as if it were UTC. */
export function hl7Time(text: string): { readonly at: Micros; readonly hasZone: boolean } | null {
  const match = TIME.exec(text)
  if (match === null) return null
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone] = match
  const millis = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const isDate = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31 && Number(hour) <= 24
    && Number(year) >= YEAR_MIN && Number(year) <= YEAR_MAX
  if (!isDate || !Number.isFinite(millis)) return null
  const offsetMinutes = zone === undefined ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5)))
  const at = (millis - offsetMinutes * 60_000) * 1000 + Number(fraction.padEnd(6, '0'))
  return { at, hasZone: zone !== undefined }
}
