// POCT1-A framing: bytes of one direction in any split -> elements of XML as they open and close, and attributes as they come.
// Keeps the rule that no message is stored: of an element its name is held, of an attribute as much as its reader asks for.

import { printable } from '../../wire/bytes.ts'
import { isNameByte, isSpaceByte, POCT_NAME_MAX, POCT_TEXT_MAX } from './codes.ts'

export interface XmlSink {
  open(element: string): void
  /** Value of an attribute, printable and bounded; asked for first by `wants`. */
  attribute(element: string, value: string, isFilled: boolean): void
  /** Whether the text of this element's attribute `V` is wanted; else only whether it holds anything. */
  wants(element: string): boolean
  close(element: string): void
}

/**
 * `text`: between tags. `tag`: behind `<`. `name`, `end-name`: of an element that opens or closes. `inside`: in a tag, between attributes.
 * `key`, `equals`, `value`: of an attribute. `mark`: declaration, document type, comment, to its `>`. `comment`: to `-->`.
 */
export type XmlState = 'text' | 'tag' | 'name' | 'end-name' | 'inside' | 'key' | 'equals' | 'value' | 'mark' | 'comment'

const LESS = 0x3c
const GREATER = 0x3e
const SLASH = 0x2f
const EQUALS = 0x3d
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const DASH = 0x2d
const LETTER_V = 0x56

/** The tags of one direction. Text between tags is passed over; entities in values are left as they are. */
export class XmlStream {
  readonly #sink: XmlSink
  #state: XmlState = 'text'
  #element = ''
  /** The tag ends with `/`: the element closes with it. */
  #isEmpty = false
  /** The attribute's name is `V` so far. */
  #isV = false
  #quote = 0
  #value = ''
  #isFilled = false
  #isWanted = false
  /** Dashes in a row: `<!--` opens a comment, `-->` ends it. */
  #dashes = 0
  #markLength = 0

  constructor(sink: XmlSink) {
    this.#sink = sink
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    for (let at = off; at < end; at++) {
      // Most bytes between tags are line ends, most bytes of a foreign stretch are none of ours.
      if (this.#state === 'text' && buf[at] !== LESS) continue
      this.#byte(buf[at] as number)
    }
  }

  /** Bytes are missing: the next `<` begins a tag. */
  gap(): void {
    this.#state = 'text'
  }

  #byte(c: number): void {
    switch (this.#state) {
      case 'text': this.#state = 'tag'; return
      case 'tag': return this.#tag(c)
      case 'name': case 'end-name': return this.#name(c)
      case 'inside': return this.#inside(c)
      case 'key': return this.#key(c)
      case 'equals': return this.#equals(c)
      case 'value': return this.#valueByte(c)
      case 'mark': return this.#mark(c)
      case 'comment': return this.#comment(c)
    }
  }

  #tag(c: number): void {
    this.#element = ''
    this.#isEmpty = false
    this.#dashes = this.#markLength = 0
    if (c === SLASH) this.#state = 'end-name'
    else if (isNameByte(c)) {
      this.#state = 'name'
      this.#element = String.fromCharCode(c)
    } else if (c === 0x21 || c === 0x3f) this.#state = 'mark'
    else this.#state = c === LESS ? 'tag' : 'text'
  }

  #name(c: number): void {
    if (isNameByte(c)) {
      if (this.#element.length < POCT_NAME_MAX) this.#element += String.fromCharCode(c)
      return
    }
    if (this.#state === 'name') this.#sink.open(this.#element)
    else this.#sink.close(this.#element)
    const closes = this.#state === 'end-name'
    this.#state = 'inside'
    // What stands behind the name of an end tag is nothing (XML section 3.1).
    if (closes) this.#element = ''
    this.#inside(c)
  }

  #inside(c: number): void {
    if (c === GREATER) {
      if (this.#isEmpty && this.#element !== '') this.#sink.close(this.#element)
      this.#state = 'text'
    } else if (c === LESS) this.#state = 'tag'
    else if (c === SLASH) this.#isEmpty = true
    else if (isNameByte(c)) {
      this.#state = 'key'
      this.#isV = c === LETTER_V
      this.#isEmpty = false
    }
  }

  #key(c: number): void {
    if (isNameByte(c)) this.#isV = false
    else if (c === EQUALS || isSpaceByte(c)) {
      this.#state = 'equals'
      this.#equals(c)
    } else {
      this.#state = 'inside'
      this.#inside(c)
    }
  }

  #equals(c: number): void {
    if (c === EQUALS || isSpaceByte(c)) return
    if (c === DOUBLE_QUOTE || c === SINGLE_QUOTE) {
      this.#state = 'value'
      this.#quote = c
      this.#value = ''
      this.#isFilled = false
      this.#isWanted = this.#isV && this.#sink.wants(this.#element)
    } else {
      this.#state = 'inside'
      this.#inside(c)
    }
  }

  #valueByte(c: number): void {
    if (c === this.#quote) {
      this.#state = 'inside'
      if (this.#isV && this.#element !== '') this.#sink.attribute(this.#element, this.#value.trim(), this.#isFilled)
    } else {
      if (!isSpaceByte(c)) this.#isFilled = true
      if (this.#isWanted && this.#value.length < POCT_TEXT_MAX) this.#value += String.fromCharCode(printable(c))
    }
  }

  #mark(c: number): void {
    this.#markLength += 1
    if (c === DASH && this.#markLength <= 2) this.#dashes += 1
    if (this.#dashes === 2 && this.#markLength === 2) {
      this.#state = 'comment'
      this.#dashes = 0
    } else if (c === GREATER) this.#state = 'text'
  }

  #comment(c: number): void {
    if (c === GREATER && this.#dashes >= 2) this.#state = 'text'
    else this.#dashes = c === DASH ? this.#dashes + 1 : 0
  }
}
