// Lines of a device's text: number, indent and words, and a cursor over the words of one line.
// Keeps "never throws, whatever the text": a text that is too long is cut at a named bound, and the reader says so.

/** A large campus router prints some 30,000 lines; ten times that is a wrong file. */
export const LINES_MAX = 300_000
/** Longest line looked at; IOS and ASA take 254 and 512 characters, comments of people run longer. */
export const LINE_CHARS_MAX = 4_096

export interface ConfigLine {
  /** 1-based. */
  readonly number: number
  /** Spaces and tabs in front. */
  readonly indent: number
  readonly words: readonly string[]
  /** Without indent, trailing blanks and inline comment. */
  readonly text: string
}

export interface ConfigLines {
  readonly lines: readonly ConfigLine[]
  /** Lines that were not looked at, because of LINES_MAX. */
  readonly dropped: number
  /** Numbers of lines longer than LINE_CHARS_MAX: cut, so not to be trusted. */
  readonly cut: readonly number[]
}

/** A `!` that stands alone starts a comment in Cisco text; blank lines and whole-line comments are left out. */
export function configLines(text: string): ConfigLines {
  const raw = text.split('\n', LINES_MAX + 1)
  const lines: ConfigLine[] = []
  const cut: number[] = []
  for (const [index, full] of raw.slice(0, LINES_MAX).entries()) {
    if (full.length > LINE_CHARS_MAX) cut.push(index + 1)
    const line = configLine(full.slice(0, LINE_CHARS_MAX), index + 1)
    if (line !== null) lines.push(line)
  }
  return { lines, dropped: raw.length > LINES_MAX ? countLines(text) - LINES_MAX : 0, cut }
}

function countLines(text: string): number {
  let count = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}

function configLine(raw: string, number: number): ConfigLine | null {
  const indent = raw.length - raw.trimStart().length
  const text = withoutComment(raw.trim())
  if (text === '') return null
  return { number, indent, words: text.split(/\s+/), text }
}

function withoutComment(text: string): string {
  if (text.startsWith('!')) return ''
  const found = /\s!(?:\s|$)/.exec(text)
  return found === null ? text : text.slice(0, found.index).trimEnd()
}

/** Words of one line, taken one after the other. */
export class Words {
  readonly #words: readonly string[]
  #at: number

  constructor(words: readonly string[], at = 0) {
    this.#words = words
    this.#at = at
  }

  get done(): boolean {
    return this.#at >= this.#words.length
  }

  /** In lower case; the empty string at the end. */
  peek(ahead = 0): string {
    return (this.#words[this.#at + ahead] ?? '').toLowerCase()
  }

  /** As written (names are case sensitive); the empty string at the end. */
  take(): string {
    return this.#words[this.#at++] ?? ''
  }

  /** Takes the word when it is this one. */
  takeIf(word: string): boolean {
    if (this.peek() !== word) return false
    this.#at++
    return true
  }

  skip(count: number): void {
    this.#at += count
  }

  /** What is left, as text. */
  rest(): string {
    return this.#words.slice(this.#at).join(' ')
  }
}

/** True when the line begins with these words, in any case. */
export function startsWith(line: ConfigLine, prefix: string): boolean {
  const words = prefix.split(' ')
  return words.every((word, i) => line.words[i]?.toLowerCase() === word)
}
