// HL7 scanner: reads one message in pieces of any size, in tight loops that run to the next byte that matters.
// Keeps the patient-data rule by construction: only the listed header and device fields are ever collected, of all others one bit.

import { printable } from '../../wire/bytes.ts'
import { HL7_ENCODING_CHARACTERS_MAX, Hl7Byte, isBlankByte, isDelimiterByte, isLineEnd, isNameByte, toFieldEnd, type Hl7Fault } from './codes.ts'
import type { Hl7DeviceId } from './facts.ts'
import { DOT, HEADER_FIELDS, HIERARCHY_DOTS_MIN, MDC, type Collected } from './fields.ts'
import { Gathered } from './gathered.ts'
import type { Hl7Reading } from './message.ts'
import { HASH_EMPTY, hashByte, wantsAnswer, type Hl7Control } from './pairing.ts'
import { ANSWER_LETTERS, Ask, HEADER_LETTERS, HEADER_PLAN, fieldKey, isLocal, segmentPlan, tableField, type FieldAsk, type SegmentPlan } from './segments.ts'
import { clean, collecting } from './text.ts'

/** Byte that no delimiter can be: "this message declares none". */
const NONE = -1
const NAME_LETTERS = 3
/** Matches no further letter. */
const MDC_MISSED = MDC.length + 1
const CARET = 0x5e
const ANSWER_CODE = HEADER_FIELDS.indexOf('answerCode')
const ACCEPT_ANSWER = HEADER_FIELDS.indexOf('acceptAnswer')
const APPLICATION_ANSWER = HEADER_FIELDS.indexOf('applicationAnswer')

/** `name`: the letters of a segment; `fields`: behind its first separator; `rest`: to the line end, nothing more to learn. */
type Place = 'name' | 'fields' | 'rest'

/**
 * Reads the bytes of one message, from the M of MSH to its last byte, in any split. Holds no text but that of COLLECTED,
 * each bounded. `finish` gives the reading; `reset` starts the next message.
 */
export class Hl7Scanner {
  #place: Place = 'name'
  /** Letters of the segment's name so far, as their bytes in one number, and how many. */
  #letters = 0
  #letterCount = 0
  /** No header was read yet: the first segment must be one. */
  #wantsHeader = true
  #separator = NONE
  #component = NONE
  #repetition = NONE
  #subcomponent = NONE
  /** Encoding characters so far, and whether one of them cannot be one. */
  #encodingLength = 0
  #isEncodingBad = false
  #fault: Hl7Fault | null = null
  readonly #gathered = new Gathered()
  #plan: SegmentPlan = HEADER_PLAN
  #field = 0
  /** What is still asked of this field: nothing once it has been answered. */
  #what: number = Ask.nothing
  #componentIndex = 1
  /** Bytes of `collecting` that are this field's; between two pieces they are parked here. */
  #textLength = 0
  #textDone = false
  /** So long was the text of a device when it was found to hold nothing: it is not looked at again before it grew. */
  #emptyLength = 0
  #parked: Uint8Array | null = null
  #controlHash = HASH_EMPTY
  #answeredHash = HASH_EMPTY
  #hasAnswer = false
  /** Letters of MDC matched in this component; dots and other bytes of OBX-4. */
  #matched = 0
  #dots = 0
  #others = 0

  reset(): void {
    this.#place = 'name'
    this.#letters = this.#letterCount = 0
    this.#wantsHeader = true
    this.#separator = this.#component = this.#repetition = this.#subcomponent = NONE
    this.#encodingLength = 0
    this.#isEncodingBad = false
    this.#fault = null
    this.#what = Ask.nothing
    this.#textLength = 0
    this.#parked = null
    this.#gathered.reset()
    this.#controlHash = this.#answeredHash = HASH_EMPTY
    this.#hasAnswer = false
  }

  scan(buf: Uint8Array, off: number, end: number): void {
    if (this.#parked !== null) this.#unpark()
    let i = off
    while (i < end) {
      if (this.#place === 'fields') i = this.#fields(buf, i, end)
      else i = this.#place === 'name' ? this.#onName(buf, i, end) : toFieldEnd(buf, i, end, NONE)
      if (i < end && isLineEnd(buf[i] as number)) {
        this.#endLine()
        i++
      }
    }
    if (this.#textLength > 0) this.#parked = collecting.slice(0, this.#textLength)
  }

  /** The message is over. */
  finish(): Hl7Reading {
    if (this.#parked !== null) this.#unpark()
    this.#endLine()
    if (this.#fault !== null) return { ok: false, fault: this.#fault }
    if (this.#wantsHeader) return { ok: false, fault: 'no-header' }
    const summary = this.#gathered.summary()
    return summary === null ? { ok: false, fault: 'no-message-type' } : { ok: true, summary, control: this.#control() }
  }

  #unpark(): void {
    const parked = this.#parked as Uint8Array
    for (let i = 0; i < parked.length; i++) collecting[i] = parked[i] as number
    this.#parked = null
  }

  #control(): Hl7Control {
    const answerCode = this.#hasAnswer ? this.#gathered.text(ANSWER_CODE) : null
    const wants = answerCode === null && wantsAnswer(this.#gathered.text(ACCEPT_ANSWER), this.#gathered.text(APPLICATION_ANSWER))
    return { id: this.#controlHash, answers: this.#answeredHash, answerCode, wantsAnswer: wants }
  }

  /** The letters of a name and the byte behind them; returns where it stopped, at a line end for one. */
  #onName(buf: Uint8Array, off: number, end: number): number {
    let letters = this.#letters
    let count = this.#letterCount
    let i = off
    let c = 0
    for (; i < end && count < NAME_LETTERS; i++, count++) {
      c = buf[i] as number
      if (!isNameByte(c, count)) break
      letters = (letters << 8) | c
    }
    this.#letters = letters
    this.#letterCount = count
    if (i >= end) return end
    c = buf[i] as number
    if (isLineEnd(c)) return i
    if (count === NAME_LETTERS) this.#afterName(c)
    else this.#place = 'rest'
    return i + 1
  }

  /** MSH-1 is the byte behind the name; MSH-2 follows it without one of its own (HL7 v2 section 2.14.9.1). */
  #afterName(c: number): void {
    if (!this.#wantsHeader) {
      if (c === this.#separator) this.#openSegment(segmentPlan(this.#letters), 1)
      else this.#place = 'rest'
    } else if (this.#letters !== HEADER_LETTERS || !isDelimiterByte(c)) this.#place = 'rest'
    else {
      this.#separator = c
      this.#wantsHeader = false
      this.#openSegment(HEADER_PLAN, 2)
    }
  }

  #openSegment(plan: SegmentPlan, firstField: number): void {
    this.#plan = plan
    this.#gathered.openSegment(plan.counted)
    if (plan.letters === ANSWER_LETTERS) this.#hasAnswer = true
    this.#place = plan.asksAny ? 'fields' : 'rest'
    if (plan.asksAny) this.#openField(firstField)
  }

  #openField(field: number): void {
    this.#field = field
    this.#what = this.#plan.whats[tableField(field)] as number
    if (field > this.#plan.last) this.#place = 'rest'
    if (this.#what === Ask.nothing || this.#isAnswered(field)) return
    this.#componentIndex = 1
    this.#textLength = this.#emptyLength = 0
    this.#textDone = false
    this.#matched = this.#dots = this.#others = 0
  }

  /** What is asked of this field is known of one before it. */
  #isAnswered(field: number): boolean {
    const isAnswered = this.#what === Ask.content
      ? this.#gathered.isNewest(fieldKey(this.#plan.row, field))
      : (this.#what === Ask.codingSystem && this.#gathered.hasMdc) || (this.#what === Ask.hierarchy && this.#gathered.hasHierarchy)
    if (isAnswered) this.#what = Ask.nothing
    return isAnswered
  }

  /** Reads fields up to the line end; returns where it stopped. */
  #fields(buf: Uint8Array, off: number, end: number): number {
    let i = off
    while (this.#place === 'fields') {
      i = this.#what === Ask.nothing ? this.#skip(buf, i, end) : this.#inField(buf, i, end)
      if (i >= end || buf[i] !== this.#separator) return i
      i++
      this.#endField()
      this.#openField(this.#field + 1)
    }
    return i
  }

  /** To the separator before the next field that is asked something, or to the line end. */
  #skip(buf: Uint8Array, off: number, end: number): number {
    const separator = this.#separator
    const { whats } = this.#plan
    let field = this.#field
    let i = off
    for (; i < end; i++) {
      const c = buf[i] as number
      if (c === separator) {
        if (whats[tableField(field + 1)] !== Ask.nothing) break
        field++
      } else if (c === Hl7Byte.cr || c === Hl7Byte.lf) break
    }
    this.#field = field
    return i
  }

  /** Bytes of one field up to its separator or the line end, which are left. */
  #inField(buf: Uint8Array, off: number, end: number): number {
    switch (this.#what) {
      case Ask.content:
        return this.#lookForContent(buf, off, end)
      case Ask.headerText:
      case Ask.deviceText:
        return this.#collect(buf, off, end)
      case Ask.controlId:
        this.#controlHash = this.#hashed(this.#controlHash, buf, off, end)
        return toFieldEnd(buf, off, end, this.#separator)
      case Ask.answeredId:
        this.#answeredHash = this.#hashed(this.#answeredHash, buf, off, end)
        return toFieldEnd(buf, off, end, this.#separator)
      case Ask.encoding:
        return this.#onEncoding(buf, off, end)
      case Ask.codingSystem:
        return this.#onCodingSystem(buf, off, end)
      default:
        return this.#onHierarchy(buf, off, end)
    }
  }

  get #ask(): FieldAsk {
    return this.#plan.asks[tableField(this.#field)] as FieldAsk
  }

  #lookForContent(buf: Uint8Array, off: number, end: number): number {
    const separator = this.#separator
    const component = this.#component
    const repetition = this.#repetition
    const subcomponent = this.#subcomponent
    const { components } = this.#ask
    let index = this.#componentIndex
    let i = off
    for (; i < end; i++) {
      const c = buf[i] as number
      if (c === separator || c === Hl7Byte.cr || c === Hl7Byte.lf) break
      if (c === repetition) index = 1
      else if (c === component) index++
      else if (c !== subcomponent && !isBlankByte(c) && (components === null || components.includes(index))) {
        this.#gathered.fill(fieldKey(this.#plan.row, this.#field))
        this.#what = Ask.nothing
        return this.#skip(buf, i + 1, end)
      }
    }
    this.#componentIndex = index
    return i
  }

  #hashed(before: number, buf: Uint8Array, off: number, end: number): number {
    let hash = before
    for (let i = off; i < end; i++) {
      const c = buf[i] as number
      if (c === this.#separator || c === Hl7Byte.cr || c === Hl7Byte.lf) break
      if (c !== this.#repetition && c !== this.#component) hash = hashByte(hash, c)
    }
    return hash
  }

  /** Component, repetition, escape, subcomponent (HL7 v2 section 2.5.4); later ones are allowed and not needed. */
  #onEncoding(buf: Uint8Array, off: number, end: number): number {
    for (let i = off; i < end; i++) {
      const c = buf[i] as number
      if (c === this.#separator || isLineEnd(c)) return i
      if (this.#encodingLength >= HL7_ENCODING_CHARACTERS_MAX) {
        this.#refuseEncoding()
        return i
      }
      if (!isDelimiterByte(c)) this.#isEncodingBad = true
      if (this.#encodingLength === 0) this.#component = c
      else if (this.#encodingLength === 1) this.#repetition = c
      else if (this.#encodingLength === 3) this.#subcomponent = c
      this.#encodingLength++
    }
    return end
  }

  #refuseEncoding(): void {
    this.#fault = 'encoding-characters'
    this.#place = 'rest'
  }

  /** The text of a field, joined by `^` whatever the message uses. */
  #collect(buf: Uint8Array, off: number, end: number): number {
    const separator = this.#separator
    const component = this.#component
    const repetition = this.#repetition
    const collected = this.#ask.collected as Collected
    let room = this.#textDone ? 0 : collected.textMax
    let i = off
    for (; i < end; i++) {
      const c = buf[i] as number
      if (c === separator || c === Hl7Byte.cr || c === Hl7Byte.lf) break
      if (c === repetition || c === component) {
        if (c === repetition) this.#endRepetition(collected)
        else this.#endComponent(collected)
        room = this.#textDone ? 0 : collected.textMax
      } else if (this.#textLength < room) collecting[this.#textLength++] = printable(c)
    }
    return i
  }

  /** A device id is its first component that holds anything; a header text goes on to its last. */
  #endComponent(collected: Collected): void {
    this.#componentIndex += 1
    if (this.#textDone) return
    if (collected.device !== undefined) this.#endDeviceComponent()
    else if (this.#componentIndex > collected.componentsMax) this.#textDone = true
    else if (this.#textLength < collected.textMax) collecting[this.#textLength++] = CARET
  }

  /** Blanks of component after component are looked through once for each length of the text, which has a bound, not once a component. */
  #endDeviceComponent(): void {
    if (this.#textLength === this.#emptyLength) return
    this.#textDone = clean(this.#textLength)
    if (!this.#textDone) this.#emptyLength = this.#textLength
  }

  /** Repetitions of a device field are devices of their own; of a header field only the first is kept. */
  #endRepetition(collected: Collected): void {
    this.#componentIndex = 1
    if (collected.device === undefined) this.#textDone = true
    else this.#keepDevice(collected.device)
  }

  #keepDevice(source: Hl7DeviceId['source']): void {
    this.#gathered.keepDevice(source, this.#textLength)
    this.#textLength = this.#emptyLength = 0
    this.#textDone = false
  }

  /** OBX-3: is one of its coding systems MDC? */
  #onCodingSystem(buf: Uint8Array, off: number, end: number): number {
    let matched = this.#matched
    let i = off
    for (; i < end; i++) {
      const c = buf[i] as number
      if (c === this.#separator || c === Hl7Byte.cr || c === Hl7Byte.lf) break
      if (c === this.#repetition || c === this.#component) {
        this.#matched = matched
        this.#endCodingSystem()
        matched = 0
        this.#componentIndex = c === this.#repetition ? 1 : this.#componentIndex + 1
      } else matched = MDC[matched] === c ? matched + 1 : MDC_MISSED
    }
    this.#matched = matched
    return i
  }

  #endCodingSystem(): void {
    if (this.#matched === MDC.length && (this.#componentIndex === 3 || this.#componentIndex === 6)) this.#gathered.hasMdc = true
  }

  /** OBX-4: is it a place in a device's tree? */
  #onHierarchy(buf: Uint8Array, off: number, end: number): number {
    let i = off
    for (; i < end; i++) {
      const c = buf[i] as number
      if (c === this.#separator || c === Hl7Byte.cr || c === Hl7Byte.lf) break
      if (c === this.#repetition || c === this.#component) {
        this.#endHierarchy()
        this.#componentIndex = c === this.#repetition ? 1 : this.#componentIndex + 1
      } else if (c === DOT) this.#dots++
      else if (c < 0x30 || c > 0x39) this.#others++
    }
    return i
  }

  #endHierarchy(): void {
    if (this.#componentIndex === 1 && this.#others === 0 && this.#dots >= HIERARCHY_DOTS_MIN) this.#gathered.hasHierarchy = true
  }

  #endField(): void {
    switch (this.#what) {
      case Ask.headerText:
        this.#gathered.keepText(this.#ask.slot, this.#textLength)
        this.#textLength = 0
        break
      case Ask.deviceText:
        this.#keepDevice((this.#ask.collected as Collected).device as Hl7DeviceId['source'])
        break
      case Ask.codingSystem:
        this.#endCodingSystem()
        break
      case Ask.hierarchy:
        this.#endHierarchy()
        break
      case Ask.encoding:
        if (this.#encodingLength === 0 || this.#isEncodingBad) this.#refuseEncoding()
        break
      default:
    }
  }

  /** A line of three letters: a segment without fields (DSC), but never taken for a local one. */
  #isBareName(): boolean {
    return this.#place === 'name' && this.#letterCount === NAME_LETTERS && !this.#wantsHeader && !isLocal(this.#letters)
  }

  #endLine(): void {
    if (this.#place === 'fields') this.#endField()
    else if (this.#isBareName()) this.#gathered.countSegment(segmentPlan(this.#letters).counted)
    this.#place = this.#fault === null ? 'name' : 'rest'
    this.#letters = this.#letterCount = 0
    this.#what = Ask.nothing
  }
}
