// SlowHl7Scanner: the HL7 scanner byte by byte, with maps and texts: slow twin of protocols/hl7/scanner.ts.
// Keeps the rule that a clever engine has a slow twin: over any bytes in any split both must say the same.

import { isSpace } from '../base/characters.ts'
import { asciiText } from '../wire/bytes.ts'
import {
  HL7_DEVICES_MAX, HL7_DEVICE_TEXT_MAX, HL7_ENCODING_CHARACTERS_MAX, HL7_FILLED_MAX, HL7_HEADER_TEXT_MAX,
  HL7_MESSAGE_HEADER, HL7_SEGMENT_NAMES_MAX, HL7_UNKNOWN_TYPE, Hl7Byte, countedName, isBlankByte, isDelimiterByte, isLineEnd, isNameByte,
  isPatientField, knownMessageType, knownVersion, patientSegmentRow, type Hl7Fault, type PatientSegmentRow,
} from '../protocols/hl7/codes.ts'
import { contentOf, profileOf } from '../protocols/hl7/content.ts'
import type { Hl7DeviceId } from '../protocols/hl7/facts.ts'
import { COLLECTED, DEVICE_RANK, DOT, HIERARCHY_DOTS_MIN, MDC, type Collected, type Glance, type HeaderField } from '../protocols/hl7/fields.ts'
import type { Hl7Reading, Hl7Summary } from '../protocols/hl7/message.ts'
import { HASH_EMPTY, hashByte, wantsAnswer, type Hl7Control } from '../protocols/hl7/pairing.ts'

/** Byte that no delimiter can be: "this message declares none". */
const NONE = -1

const NAME_LETTERS = 3
const TEXT_BYTES_MAX = Math.max(HL7_HEADER_TEXT_MAX, HL7_DEVICE_TEXT_MAX)
const CARET = 0x5e
const UNPRINTABLE = 0x3f
const NO_FIELDS: readonly string[] = []
const NO_DEVICES: readonly Hl7DeviceId[] = []

/** `name`: the letters of a segment; `fields`: behind its first separator; `rest`: to the line end, nothing more to learn. */
type Place = 'name' | 'fields' | 'rest'

/**
 * Reads the bytes of one message, from the M of MSH to its last byte, in any split. Holds no text but that of COLLECTED,
 * each bounded. `finish` gives the reading; `reset` starts the next message.
 */
export class SlowHl7Scanner {
  #place: Place = 'name'
  /** Letters of the segment's name so far, as their bytes in one number, and how many. */
  #letters = 0
  #letterCount = 0
  #name = ''
  /** No header was read yet: the first segment must be one. */
  #wantsHeader = true
  /** Inside the MSH that opened the message; a second one further down teaches nothing. */
  #inHeader = false
  #separator = NONE
  #component = NONE
  #repetition = NONE
  #subcomponent = NONE
  #encoding = ''
  #fault: Hl7Fault | null = null
  #row: PatientSegmentRow | undefined
  #collects: ReadonlyMap<number, Collected> | undefined
  #field = 0
  #componentIndex = 1
  #holdsContent = false
  #isWatched = false
  /** Nothing more to learn from this field. */
  #isIdle = false
  #watchedComponents: readonly number[] | undefined
  #collected: Collected | undefined
  /** What is collected of this field, as printable bytes. */
  readonly #text = new Uint8Array(TEXT_BYTES_MAX)
  #textLength = 0
  #textDone = false
  readonly #header = new Map<HeaderField, string>()
  /** MSH-9 of the message before, and what may be told of it: a sender's messages are of one type. */
  #typeText = ''
  #type = HL7_UNKNOWN_TYPE
  #devices: Hl7DeviceId[] = []
  /** Devices before the segment we are in: a better identifier of the same PRT takes the place of what came behind. */
  #devicesBefore = 0
  #controlHash = HASH_EMPTY
  #answeredHash = HASH_EMPTY
  #hasAnswer = false
  /** Letters of MDC matched in this component; dots and other bytes of OBX-4. */
  #matched = 0
  #dots = 0
  #others = 0
  #mdcObservations = 0
  #hierarchies = 0
  readonly #filled: string[] = []
  #segments: [string, number][] = []

  reset(): void {
    this.#place = 'name'
    this.#letters = this.#letterCount = 0
    this.#name = ''
    this.#wantsHeader = true
    this.#inHeader = false
    this.#separator = this.#component = this.#repetition = this.#subcomponent = NONE
    this.#encoding = ''
    this.#fault = null
    this.#header.clear()
    this.#devices = []
    this.#controlHash = this.#answeredHash = HASH_EMPTY
    this.#hasAnswer = false
    this.#mdcObservations = this.#hierarchies = 0
    this.#filled.length = 0
    this.#segments = []
  }

  scan(buf: Uint8Array, off: number, end: number): void {
    let i = off
    while (i < end) {
      if (this.#place === 'rest') i = toLineEnd(buf, i, end, NONE)
      else if (this.#place === 'fields' && this.#isIdle) i = toLineEnd(buf, i, end, this.#separator)
      if (i >= end) return
      const c = buf[i++] as number
      if (isLineEnd(c)) this.#endLine()
      else if (this.#place === 'fields') this.#onFieldByte(c)
      else if (this.#place === 'name') this.#onNameByte(c)
    }
  }

  /** The message is over. Sorted by code unit: PID-11 stands before PID-3. */
  finish(): Hl7Reading {
    this.#endLine()
    const messageType = this.#header.get('messageType') ?? ''
    const fault = this.#fault ?? (this.#wantsHeader ? 'no-header' : messageType === '' ? 'no-message-type' : null)
    if (fault !== null) return { ok: false, fault }
    if (messageType !== this.#typeText) {
      this.#typeText = messageType
      this.#type = knownMessageType(messageType)
    }
    const type = this.#type
    const text = (field: HeaderField): string => (type === HL7_UNKNOWN_TYPE ? '' : this.#header.get(field) ?? '')
    const profile = profileOf(text('profile'))
    const summary: Hl7Summary = {
      sendingApplication: text('sendingApplication'),
      sendingFacility: text('sendingFacility'),
      receivingApplication: text('receivingApplication'),
      receivingFacility: text('receivingFacility'),
      messageType: type,
      version: knownVersion(text('version')),
      profile,
      content: contentOf(type, profile, this.#mdcObservations > 0 && this.#hierarchies > 0),
      devices: this.#devices.length === 0 ? NO_DEVICES : this.#devices,
      filledPatientFields: this.#filled.length === 0 ? NO_FIELDS : [...this.#filled].sort(),
      segments: this.#segments,
    }
    return { ok: true, summary, control: this.#control() }
  }

  #control(): Hl7Control {
    const answerCode = this.#hasAnswer ? this.#header.get('answerCode') ?? '' : null
    const conditions = [this.#header.get('acceptAnswer') ?? '', this.#header.get('applicationAnswer') ?? ''] as const
    return { id: this.#controlHash, answers: this.#answeredHash, answerCode, wantsAnswer: answerCode === null && wantsAnswer(...conditions) }
  }

  #onNameByte(c: number): void {
    if (this.#letterCount < NAME_LETTERS) {
      if (!isNameByte(c, this.#letterCount)) {
        this.#place = 'rest'
        return
      }
      this.#letters = (this.#letters << 8) | c
      if (++this.#letterCount === NAME_LETTERS) this.#name = String.fromCharCode(this.#letters >>> 16, (this.#letters >>> 8) & 0xff, this.#letters & 0xff)
    } else if (this.#wantsHeader) this.#openHeader(c)
    else if (c === this.#separator) this.#openSegment(1)
    else this.#place = 'rest'
  }

  /** MSH-1 is the byte behind the name; MSH-2 follows it without one of its own (HL7 v2 section 2.14.9.1). */
  #openHeader(c: number): void {
    if (this.#name !== HL7_MESSAGE_HEADER || !isDelimiterByte(c)) {
      this.#place = 'rest'
      return
    }
    this.#separator = c
    this.#wantsHeader = false
    this.#inHeader = true
    this.#openSegment(2)
  }

  #openSegment(firstField: number): void {
    this.#countSegment()
    this.#row = patientSegmentRow(this.#name)
    this.#collects = this.#inHeader || this.#name !== HL7_MESSAGE_HEADER ? COLLECTED.get(this.#name) : undefined
    this.#devicesBefore = this.#devices.length
    if (this.#name === 'MSA') this.#hasAnswer = true
    this.#place = this.#row !== undefined || this.#collects !== undefined ? 'fields' : 'rest'
    this.#openField(firstField)
  }

  #countSegment(): void {
    const name = countedName(this.#name)
    for (const segment of this.#segments) {
      if (segment[0] !== name) continue
      segment[1]++
      return
    }
    if (this.#segments.length < HL7_SEGMENT_NAMES_MAX) this.#segments.push([name, 1])
  }

  #openField(field: number): void {
    this.#field = field
    this.#componentIndex = 1
    this.#holdsContent = false
    this.#isWatched = this.#row !== undefined && isPatientField(this.#row, field)
    this.#watchedComponents = this.#isWatched ? this.#row?.components?.[field] : undefined
    this.#collected = this.#collects?.get(field)
    this.#textLength = 0
    this.#textDone = false
    this.#matched = this.#dots = this.#others = 0
    this.#isIdle = !this.#isWatched && this.#collected === undefined && !(this.#inHeader && field === 2)
  }

  #onFieldByte(c: number): void {
    if (c === this.#separator) {
      this.#endField()
      this.#openField(this.#field + 1)
    } else if (this.#inHeader && this.#field === 2) this.#encoding += String.fromCharCode(c)
    else if (c === this.#repetition) this.#endRepetition()
    else if (c === this.#component) this.#endComponent()
    else this.#onContent(c)
    if (this.#encoding.length > HL7_ENCODING_CHARACTERS_MAX) this.#refuseEncoding()
  }

  #onContent(c: number): void {
    if (this.#collected?.glance !== undefined) this.#look(this.#collected.glance, c)
    if (this.#collected !== undefined && !this.#textDone && this.#textLength < this.#collected.textMax) {
      this.#text[this.#textLength++] = c >= 0x20 && c < 0x7f ? c : UNPRINTABLE
    }
    if (!this.#isWatched || this.#holdsContent || c === this.#subcomponent || isBlankByte(c)) return
    this.#holdsContent = this.#watchedComponents?.includes(this.#componentIndex) !== false
    this.#isIdle = this.#holdsContent && this.#collected === undefined
  }

  #look(what: Glance, c: number): void {
    if (what === 'control-id') this.#controlHash = hashByte(this.#controlHash, c)
    else if (what === 'answered-id') this.#answeredHash = hashByte(this.#answeredHash, c)
    else if (what === 'coding-system') this.#matched = MDC[this.#matched] === c ? this.#matched + 1 : MDC.length + 1
    else if (c === DOT) this.#dots += 1
    else if (c < 0x30 || c > 0x39) this.#others += 1
  }

  /** A component of OBX-3 is over: was it the coding system, and was it MDC? */
  #endGlance(): void {
    const what = this.#collected?.glance
    const isSystem = this.#componentIndex === 3 || this.#componentIndex === 6
    if (what === 'coding-system' && isSystem && this.#matched === MDC.length) this.#mdcObservations += 1
    if (what === 'hierarchy' && this.#componentIndex === 1 && this.#others === 0 && this.#dots >= HIERARCHY_DOTS_MIN) this.#hierarchies += 1
    this.#matched = 0
  }

  /** A device id is its first component that holds anything; a header text goes on to its last. */
  #endComponent(): void {
    this.#endGlance()
    this.#componentIndex += 1
    const collected = this.#collected
    if (collected === undefined || this.#textDone) return
    if (collected.device !== undefined) this.#textDone = this.#cleanText() !== ''
    else if (this.#componentIndex > collected.componentsMax) this.#textDone = true
    else if (this.#textLength < collected.textMax) this.#text[this.#textLength++] = CARET
  }

  /** Repetitions of a device field are devices of their own; of a header field only the first is kept. */
  #endRepetition(): void {
    this.#endGlance()
    this.#componentIndex = 1
    if (this.#collected?.device === undefined) this.#textDone = true
    else this.#keepDevice(this.#collected.device)
  }

  #endField(): void {
    this.#endGlance()
    if (this.#holdsContent) this.#fill(`${this.#name}-${this.#field}`)
    if (this.#collected?.header !== undefined) this.#header.set(this.#collected.header, this.#cleanText())
    if (this.#collected?.device !== undefined) this.#keepDevice(this.#collected.device)
    if (this.#inHeader && this.#field === 2) this.#readEncoding()
  }

  #fill(field: string): void {
    if (this.#filled.length < HL7_FILLED_MAX && !this.#filled.includes(field)) this.#filled.push(field)
  }

  #cleanText(): string {
    return this.#textLength === 0 ? '' : cleanText(asciiText(this.#text, 0, this.#textLength, TEXT_BYTES_MAX))
  }

  #keepDevice(source: Hl7DeviceId['source']): void {
    const text = this.#cleanText()
    this.#textLength = 0
    this.#textDone = false
    if (text === '') return
    const rank = DEVICE_RANK[source]
    const others = this.#devices.slice(this.#devicesBefore)
    if (others.some((device) => DEVICE_RANK[device.source] > rank)) return
    if (others.some((device) => DEVICE_RANK[device.source] < rank)) this.#devices.length = this.#devicesBefore
    const isKnown = this.#devices.some((device) => device.source === source && device.text === text)
    if (!isKnown && this.#devices.length < HL7_DEVICES_MAX) this.#devices.push({ source, text })
  }

  /** Component, repetition, escape, subcomponent (HL7 v2 section 2.5.4); later ones are allowed and not needed. */
  #readEncoding(): void {
    const codes = [...this.#encoding].map((character) => character.charCodeAt(0))
    if (codes.length < 1 || !codes.every(isDelimiterByte)) return this.#refuseEncoding()
    this.#component = codes[0] ?? NONE
    this.#repetition = codes[1] ?? NONE
    this.#subcomponent = codes[3] ?? NONE
  }

  #refuseEncoding(): void {
    this.#fault = 'encoding-characters'
    this.#encoding = ''
    this.#place = 'rest'
  }

  /** A line of three letters: a segment without fields (DSC), but never taken for a local one. */
  #isBareName(): boolean {
    return this.#place === 'name' && this.#letterCount === NAME_LETTERS && !this.#wantsHeader && !this.#name.startsWith('Z')
  }

  #endLine(): void {
    if (this.#place === 'fields') this.#endField()
    else if (this.#isBareName()) this.#countSegment()
    this.#inHeader = false
    this.#place = this.#fault === null ? 'name' : 'rest'
    this.#letters = this.#letterCount = 0
    this.#name = ''
  }
}

/** First line end or separator of [off, end). */
function toLineEnd(buf: Uint8Array, off: number, end: number, separator: number): number {
  let i = off
  while (i < end && buf[i] !== separator && buf[i] !== Hl7Byte.cr && buf[i] !== Hl7Byte.lf) i++
  return i
}

/** Without outer blanks, empty trailing components, and HL7's `""` for nothing. */
function cleanText(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '^' || isSpace(text[end - 1]))) end--
  const trimmed = text.slice(0, end).trimStart()
  return trimmed === '""' ? '' : trimmed
}
