// Multipart: a form on its way (RFC 7578): its parts are found by their delimiter (RFC 2046 section 5.1.1), and those that are files are told.
// Keeps the rule of one pass in any split: of what may be a delimiter only its length so far is kept, for its bytes are known.

import { u8 } from '../../wire/bytes.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import { shownName } from '../file-transfer/names.ts'
import { LineReader } from '../line-reader.ts'
import { Body, type MessageBody, type TellFile } from './body.ts'
import { FIELDS_MAX, LINE_BYTES_MAX } from './codes.ts'
import { dispositionName, holdsWord, parameterOf, valueOf, valueText } from './message.ts'

/** RFC 2046 section 5.1.1: a boundary has 1 to 70 characters. */
const BOUNDARY_CHARS_MAX = 70
/** Files told of one form: servers take 20 to 100 (PHP's max_file_uploads is 20). What follows passes unread, and that is said. */
export const FORM_FILES_MAX = 64

const CR = 0x0d
const HYPHEN = 0x2d

/**
 * `before`: the first delimiter, or the next one after a loss, is looked for. `line`: the rest of a delimiter's line. `head`: fields of a part.
 * `content`: its bytes. `after`: the last delimiter has been, or there are too many files.
 */
type State = 'before' | 'line' | 'head' | 'content' | 'after'

/** The boundary of a Content-Type that is a form; null of any other, and of one that cannot be (RFC 2046 section 5.1.1). */
export function formBoundary(contentType: string): string | null {
  const boundary = contentType.toLowerCase().startsWith('multipart/form-data') ? parameterOf(contentType, 'boundary') : null
  return boundary === null || boundary === '' || boundary.length > BOUNDARY_CHARS_MAX ? null : boundary
}

export class Multipart implements MessageBody {
  readonly #held: HeldBudget
  readonly #tell: TellFile
  readonly #tooMany: () => void
  readonly #delimiter: Uint8Array
  /** Knuth, Morris and Pratt: where to go on when the next byte does not fit. */
  readonly #shorter: Uint8Array
  readonly #lines = new LineReader(LINE_BYTES_MAX)
  #state: State = 'before'
  /** Bytes of the delimiter that the last ones may be. A form begins as if a line end stood before it. */
  #matched = 2
  #part: Body | null = null
  #isTorn = false
  #files = 0
  #fields = 0
  #name: string | null = null
  #isCoded = false

  constructor(boundary: string, held: HeldBudget, tell: TellFile, tooMany: () => void) {
    this.#held = held
    this.#tell = tell
    this.#tooMany = tooMany
    this.#delimiter = Uint8Array.from(`\r\n--${boundary}`, (c) => c.charCodeAt(0))
    this.#shorter = shorterMatches(this.#delimiter)
  }

  add(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end && this.#state !== 'after') {
      at = this.#state === 'line' || this.#state === 'head' ? this.#lines.feed(buf, at, end, this.#onLine) : this.#search(buf, at, end)
    }
  }

  /** What was lost may hold delimiters: how long the part is, is not known any more. */
  lose(bytes: number): void {
    if (this.#state === 'content') {
      this.#part?.lose(this.#matched + bytes)
      this.#isTorn = true
    } else if (this.#state !== 'after') this.#state = 'before'
    this.#matched = 0
  }

  finish(): void {
    this.#endPart(false)
    this.#state = 'after'
  }

  /** Content up to the next delimiter or the end of what is here; gives where reading stopped. */
  #search(buf: Uint8Array, off: number, end: number): number {
    const delimiter = this.#delimiter
    const carried = this.#matched
    let matched = carried
    let at = off
    while (at < end && matched < delimiter.length) {
      const c = u8(buf, at++)
      if (matched === 0 && c !== CR) continue
      while (matched > 0 && c !== delimiter[matched]) matched = u8(this.#shorter, matched - 1)
      if (c === delimiter[matched]) matched++
    }
    this.#content(carried, buf, off, at - matched)
    this.#matched = matched === delimiter.length ? 0 : matched
    if (matched === delimiter.length) this.#delimited()
    return at
  }

  /** Content that ends at `stop`, which lies before `off` when what was carried over is still undecided; it begins with what was. */
  #content(carried: number, buf: Uint8Array, off: number, stop: number): void {
    if (this.#part === null) return
    const decided = Math.min(carried, stop - off + carried)
    if (decided > 0) this.#part.add(this.#delimiter, 0, decided)
    if (stop > off) this.#part.add(buf, off, stop)
  }

  #delimited(): void {
    this.#endPart(true)
    this.#lines.reset()
    this.#state = 'line'
  }

  readonly #onLine = (buf: Uint8Array, off: number, end: number): boolean => {
    if (this.#state === 'line') {
      const isLast = end - off >= 2 && u8(buf, off) === HYPHEN && u8(buf, off + 1) === HYPHEN
      const isFull = !isLast && this.#files >= FORM_FILES_MAX
      if (isFull) this.#tooMany()
      this.#state = isLast || isFull ? 'after' : 'head'
      this.#fields = 0
      this.#name = null
      this.#isCoded = false
      return this.#state === 'head'
    }
    if (off === end) this.#beginPart()
    else if (++this.#fields <= FIELDS_MAX) this.#field(buf, off, end)
    return off < end
  }

  #field(buf: Uint8Array, off: number, end: number): void {
    const disposition = valueOf(buf, off, end, 'content-disposition')
    if (disposition >= 0) this.#name = dispositionName(valueText(buf, disposition, end))
    const coding = valueOf(buf, off, end, 'content-transfer-encoding')
    // Deprecated (RFC 7578 section 4.7): base64 and quoted-printable are not the file's bytes.
    if (coding >= 0) this.#isCoded = holdsWord(buf, coding, end, 'base64') || holdsWord(buf, coding, end, 'quoted-printable')
  }

  #beginPart(): void {
    const name = this.#name === null ? null : shownName(this.#name)
    const head = { name, isFile: name !== null, isCoded: this.#isCoded, from: 0, wholeSize: null }
    this.#part = new Body(head, this.#held, this.#told)
    this.#isTorn = false
    this.#matched = 0
    this.#state = 'content'
  }

  #endPart(isWhole: boolean): void {
    this.#part?.finish(isWhole && !this.#isTorn)
    this.#part = null
  }

  readonly #told: TellFile = (name, measure) => {
    this.#files++
    this.#tell(name, measure)
  }
}

/** Of each beginning of the delimiter, how long the longest shorter beginning is that it ends in. */
function shorterMatches(delimiter: Uint8Array): Uint8Array {
  const shorter = new Uint8Array(delimiter.length)
  let length = 0
  for (let i = 1; i < delimiter.length; i++) {
    while (length > 0 && delimiter[i] !== delimiter[length]) length = u8(shorter, length - 1)
    if (delimiter[i] === delimiter[length]) length++
    shorter[i] = length
  }
  return shorter
}
