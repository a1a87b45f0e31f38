// scanner: a stream of XML into the few elements that matter, byte by byte in any split, with what is between them as text around.
// Keeps it small on purpose: no entity is expanded, no attribute read, a document type ends it, and nothing is held but one name and one text.

import { asciiText, u8 } from '../../wire/bytes.ts'
import { DEPTH_MAX, ELEMENTS, NAME_BYTES_MAX, TEXT_BYTES_MAX, type ElementName, type Take } from './codes.ts'

export interface ScannerSink {
  /** A known element begins; one that closes itself only when it is to be counted. */
  begin(name: ElementName): void
  /** A known element of text, whole: printable ASCII, cut at the bound; of a `filled` one the text is empty or a star. */
  leaf(name: ElementName, text: string, parent: ElementName | null): void
  /** A known element that is no leaf ends. */
  finish(name: ElementName): void
  /** A document type declaration: where entities would be defined. Nothing is read after it. */
  doctype(): void
}

/**
 * `text`: between tags. `name`: behind `<`. `tag`: behind the name. `single`, `double`: in a quoted attribute.
 * `bang`: behind `<!`. `comment`, `cdata`, `instruction`: until their own end. `stopped`: a document type came.
 */
export type ScanState = 'text' | 'name' | 'tag' | 'single' | 'double' | 'bang' | 'comment' | 'cdata' | 'instruction' | 'stopped'

const LT = 0x3c
const GT = 0x3e
const SLASH = 0x2f
const BANG = 0x21
const QUESTION = 0x3f
const COLON = 0x3a
const DASH = 0x2d
const BRACKET_OPEN = 0x5b
const BRACKET_CLOSE = 0x5d
const UNKNOWN = -1

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const takeOf = (index: number): Take | null => ELEMENTS[index]?.take ?? null

export class XmlScanner {
  readonly #sink: ScannerSink
  #state: ScanState = 'text'
  readonly #name = new Uint8Array(NAME_BYTES_MAX)
  #nameLength = 0
  #isEnd = false
  #last = 0
  #beforeLast = 0
  readonly #text = new Uint8Array(TEXT_BYTES_MAX)
  #textLength = 0
  #textSeen = false
  /** Indices of open elements, and how many are open in all. */
  readonly #stack = new Int8Array(DEPTH_MAX)
  #depth = 0
  /** No tag since the innermost element began. */
  #isLeaf = false

  constructor(sink: ScannerSink) {
    this.#sink = sink
  }

  /** Forgets everything: a new document, or bytes were lost. A stream that was stopped stays so unless `fresh`. */
  reset(fresh: boolean): void {
    if (this.#state !== 'stopped' || fresh) this.#state = 'text'
    this.#depth = 0
    this.#isLeaf = false
    this.#wipe()
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    for (let at = off; at < end && this.#state !== 'stopped'; at++) this.#byte(u8(buf, at))
  }

  #byte(byte: number): void {
    switch (this.#state) {
      case 'text': this.#onText(byte); break
      case 'name': this.#onName(byte); break
      case 'tag': this.#onTag(byte); break
      case 'single': if (byte === 0x27) this.#state = 'tag'; break
      case 'double': if (byte === 0x22) this.#state = 'tag'; break
      case 'bang': this.#onBang(byte); break
      case 'comment': if (byte === GT && this.#last === DASH && this.#beforeLast === DASH) this.#state = 'text'; break
      case 'cdata': if (byte === GT && this.#last === BRACKET_CLOSE && this.#beforeLast === BRACKET_CLOSE) this.#state = 'text'; break
      case 'instruction': if (byte === GT && this.#last === QUESTION) this.#state = 'text'; break
      default:
    }
    this.#beforeLast = this.#last
    this.#last = byte
  }

  #onText(byte: number): void {
    if (byte === LT) {
      this.#state = 'name'
      this.#nameLength = 0
      this.#isEnd = false
    } else if (this.#isLeaf && (this.#textSeen || !isBlank(byte))) this.#take(byte)
  }

  #take(byte: number): void {
    this.#textSeen = true
    if (takeOf(this.#top()) === 'text' && this.#textLength < TEXT_BYTES_MAX) this.#text[this.#textLength++] = byte
  }

  #onName(byte: number): void {
    if (this.#nameLength === 0 && byte === SLASH && !this.#isEnd) this.#isEnd = true
    else if (this.#nameLength === 0 && byte === BANG && !this.#isEnd) this.#state = 'bang'
    else if (this.#nameLength === 0 && byte === QUESTION && !this.#isEnd) this.#state = 'instruction'
    else if (byte === GT) this.#close(false)
    else if (byte === SLASH || isBlank(byte)) this.#state = 'tag'
    else if (byte === COLON) this.#nameLength = 0
    else if (this.#nameLength < NAME_BYTES_MAX) this.#name[this.#nameLength++] = byte
  }

  #onTag(byte: number): void {
    if (byte === 0x27) this.#state = 'single'
    else if (byte === 0x22) this.#state = 'double'
    else if (byte === GT) this.#close(this.#last === SLASH)
  }

  /** `<!--`, `<![`, or a declaration; anything else is skipped as a tag. */
  #onBang(byte: number): void {
    if (byte === DASH) this.#state = 'comment'
    else if (byte === BRACKET_OPEN) this.#state = 'cdata'
    else if (byte === 0x44 || byte === 0x45) {
      this.#state = 'stopped'
      this.#wipe()
      this.#sink.doctype()
    } else this.#state = 'tag'
  }

  /** A tag ends; `isEmpty` for one that closes itself. */
  #close(isEmpty: boolean): void {
    this.#state = 'text'
    const index = this.#known()
    if (this.#isEnd) this.#pop(index)
    else if (isEmpty) this.#empty(index)
    else this.#push(index)
    this.#wipe()
  }

  #empty(index: number): void {
    this.#isLeaf = false
    const element = ELEMENTS[index]
    if (element?.take === 'count') this.#sink.begin(element.name)
  }

  #push(index: number): void {
    if (this.#depth < DEPTH_MAX) this.#stack[this.#depth] = index
    this.#depth++
    this.#isLeaf = true
    const element = ELEMENTS[index]
    if (element) this.#sink.begin(element.name)
  }

  #pop(index: number): void {
    const top = this.#top()
    const element = ELEMENTS[top]
    this.#depth = Math.max(0, this.#depth - 1)
    const wasLeaf = this.#isLeaf
    this.#isLeaf = false
    if (!element || top !== index) return
    if (element.take === 'text' && wasLeaf) this.#sink.leaf(element.name, this.#said(), this.#parent())
    else if (element.take === 'filled' && wasLeaf) this.#sink.leaf(element.name, this.#textSeen ? '*' : '', this.#parent())
    else if (element.take === 'tag') this.#sink.finish(element.name)
  }

  #said(): string {
    return asciiText(this.#text, 0, this.#textLength, TEXT_BYTES_MAX).trim()
  }

  #top(): number {
    return this.#depth === 0 || this.#depth > DEPTH_MAX ? UNKNOWN : (this.#stack[this.#depth - 1] as number)
  }

  #parent(): ElementName | null {
    return ELEMENTS[this.#top()]?.name ?? null
  }

  #known(): number {
    for (const [index, { name }] of ELEMENTS.entries()) {
      if (name.length !== this.#nameLength) continue
      let same = 0
      while (same < name.length && this.#name[same] === name.charCodeAt(same)) same++
      if (same === name.length) return index
    }
    return UNKNOWN
  }

  #wipe(): void {
    this.#text.fill(0, 0, this.#textLength)
    this.#textLength = 0
    this.#textSeen = false
  }
}
