// ASTM records: bytes of one direction to record types, header texts and filled patient fields; and frames written.
// Keeps the patient-data rule by construction: only four fields of the header are ever collected, of a patient's one bit each.

import { printable } from '../../wire/bytes.ts'
import { ASTM_HEADER, ASTM_PATIENT, ASTM_PATIENT_FIELD_MAX, ASTM_TEXT_MAX, AstmByte, AstmHeaderField, isDelimiter, isRecordLetter } from './codes.ts'

export interface AstmHeaderTexts {
  readonly sender: string
  readonly receiver: string
  readonly processing: string
  readonly version: string
  readonly hasPassword: boolean
}

/** What the records of one frame said. */
export interface AstmRead {
  /** Letters of the record types, in order; 0 for none of them. */
  readonly records: readonly number[]
  readonly headers: readonly AstmHeaderTexts[]
  /** Numbers of patient fields that hold something. */
  readonly filled: readonly number[]
}

/** Where in a record we are. All of it is numbers and short texts, so that a frame can be taken back. */
interface Place {
  /** `type`: at a record's first letter; `delimiters`: of a header; `fields`; `rest`: nothing more to learn. */
  at: 'type' | 'delimiters' | 'fields' | 'rest'
  letter: number
  separator: number
  component: number
  /** As the standard counts: the type is field 1. */
  field: number
  text: string
  isFilled: boolean
  sender: string
  receiver: string
  processing: string
  version: string
  hasPassword: boolean
}

const VERTICAL_BAR = 0x7c
const CARET = 0x5e

const start = (): Place => ({
  at: 'type', letter: 0, separator: VERTICAL_BAR, component: CARET, field: 1, text: '', isFilled: false, sender: '', receiver: '', processing: '',
  version: '', hasPassword: false,
})

/** Reads the texts of frames. `begin` each, then `bytes` in any split, then `keep` or `takeBack`: a damaged or repeated frame says nothing. */
export class AstmRecords {
  #place: Place = start()
  #before: Place = start()
  #records: number[] = []
  #headers: AstmHeaderTexts[] = []
  #filled: number[] = []

  begin(): void {
    this.#before = { ...this.#place }
    this.#records = []
    this.#headers = []
    this.#filled = []
  }

  bytes(buf: Uint8Array, off: number, end: number): void {
    for (let i = off; i < end; i++) this.#byte(buf[i] as number)
  }

  /** The frame counts. `isLast`: it ended with ETX, and its last record with it, CR or not. */
  keep(isLast: boolean): AstmRead {
    if (isLast) this.#endRecord()
    return { records: this.#records, headers: this.#headers, filled: this.#filled }
  }

  takeBack(): void {
    this.#place = { ...this.#before }
  }

  /** What comes next begins a record, whatever was before it. Delimiters stay as declared. */
  fresh(): void {
    this.#place = { ...start(), separator: this.#place.separator, component: this.#place.component }
  }

  /** Something is missing: what follows belongs to no record until the next begins. A patient must not end up in a header. */
  lose(): void {
    this.fresh()
    this.#place.at = 'rest'
  }

  #byte(c: number): void {
    const place = this.#place
    if (c === AstmByte.cr || c === AstmByte.lf) this.#endRecord()
    else if (place.at === 'fields') this.#fieldByte(place, c)
    else if (place.at === 'type') this.#typeByte(place, c)
    else if (place.at === 'delimiters') this.#delimiterByte(place, c)
  }

  /** The letter, then the separator: of a header it is declared here (LIS2-A2 section 7.1.2), of others it must be that. */
  #typeByte(place: Place, c: number): void {
    if (place.letter === 0) {
      place.letter = isRecordLetter(c) ? c : -1
      return
    }
    const isHeader = place.letter === ASTM_HEADER
    if (isHeader ? !isDelimiter(c) : c !== place.separator) place.letter = -1
    if (isHeader && place.letter > 0) place.separator = c
    place.field = 2
    place.text = ''
    place.isFilled = false
    place.at = place.letter < 0 ? 'rest' : isHeader ? 'delimiters' : place.letter === ASTM_PATIENT ? 'fields' : 'rest'
  }

  /** Repeat, component, escape. */
  #delimiterByte(place: Place, c: number): void {
    if (c !== place.separator) {
      if (place.text.length === 1) place.component = c
      if (place.text.length < 3) place.text += '.'
      return
    }
    place.text = ''
    place.field = 3
    place.at = 'fields'
  }

  #fieldByte(place: Place, c: number): void {
    if (c === place.separator) {
      this.#endField(place)
      place.field += 1
      place.text = ''
      place.isFilled = false
    } else if (place.letter === ASTM_PATIENT) place.isFilled ||= c > 0x20 && c !== place.component
    else if (place.field === AstmHeaderField.password) place.hasPassword ||= c > 0x20
    else if (isKept(place.field) && place.text.length < ASTM_TEXT_MAX) place.text += c === place.component ? '^' : String.fromCharCode(printable(c))
  }

  #endField(place: Place): void {
    if (place.letter === ASTM_PATIENT) {
      if (place.isFilled && place.field > 2 && place.field <= ASTM_PATIENT_FIELD_MAX) this.#filled.push(place.field)
    } else if (place.field === AstmHeaderField.sender) place.sender = cleanText(place.text)
    else if (place.field === AstmHeaderField.receiver) place.receiver = cleanText(place.text)
    else if (place.field === AstmHeaderField.processing) place.processing = cleanText(place.text)
    else if (place.field === AstmHeaderField.version) place.version = cleanText(place.text)
  }

  #endRecord(): void {
    const place = this.#place
    if (place.at === 'fields') this.#endField(place)
    const { letter, separator, component, sender, receiver, processing, version, hasPassword } = place
    if (letter !== 0) this.#records.push(Math.max(0, letter))
    if (letter === ASTM_HEADER) this.#headers.push({ sender, receiver, processing, version, hasPassword })
    this.#place = { ...start(), separator, component }
  }
}

function isKept(field: number): boolean {
  return field === AstmHeaderField.sender || field === AstmHeaderField.receiver || field === AstmHeaderField.processing || field === AstmHeaderField.version
}

/** Without outer blanks and empty trailing components. */
function cleanText(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '^' || text[end - 1] === ' ')) end--
  return text.slice(0, end).trimStart()
}

/** One frame: STX, number, text, ETX (or ETB when the text goes on), checksum, CR LF (E1381 section 6.3.1). */
export function encodeFrame(number: number, text: string, isLast = true): Uint8Array {
  const body = [0x30 + (number & 7), ...Array.from(text, (c) => c.charCodeAt(0)), isLast ? AstmByte.etx : AstmByte.etb]
  const sum = body.reduce((a, b) => (a + b) & 255, 0).toString(16).toUpperCase().padStart(2, '0')
  return Uint8Array.from([AstmByte.stx, ...body, sum.charCodeAt(0), sum.charCodeAt(1), AstmByte.cr, AstmByte.lf])
}
