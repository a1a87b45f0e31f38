// Sheet: the texts of a workbook's cells, from the XML parts of an Office Open XML spreadsheet (ECMA-376 part 1, section 18).
// Keeps formulas, formats and macros out: a cell is the text a person saw in it.

import { walkXml } from './xml.ts'

/** MDS2 has about 240 questions, a CMMS list tens of thousands of rows; more is another kind of file. */
export const ROWS_MAX = 100_000
/** Columns read; lists have some dozens. */
export const COLUMNS_MAX = 256
const TEXT_MAX = 32_767

/** Rows of texts; empty cells are ''. */
export type Rows = readonly (readonly string[])[]

/** The table of shared strings (section 18.4.9), or null when it is no XML. Phonetic runs (18.4.6) are not what a person reads. */
export function sharedStrings(xml: string): readonly string[] | null {
  const strings: string[] = []
  let text = ''
  let isText = false
  let phonetic = 0
  const whole = walkXml(xml, {
    open(name) {
      if (name === 'si') text = ''
      else if (name === 'rPh') phonetic++
      else if (name === 't') isText = phonetic === 0
    },
    close(name) {
      if (name === 'si') strings.push(text)
      else if (name === 'rPh') phonetic--
      else if (name === 't') isText = false
    },
    text(part) {
      if (isText && text.length < TEXT_MAX) text += part
    },
  })
  return whole ? strings : null
}

/** One worksheet (section 18.3.1.99), or null when it is no XML. */
export function sheetRows(xml: string, strings: readonly string[]): Rows | null {
  const reader = new SheetReader(strings)
  return walkXml(xml, reader) ? reader.rows : null
}

class SheetReader {
  readonly rows: string[][] = []
  readonly #strings: readonly string[]
  #row: string[] = []
  #column = 0
  #type = ''
  #text = ''
  #isValue = false

  constructor(strings: readonly string[]) {
    this.#strings = strings
  }

  open(name: string, attribute: (name: string) => string | null): void {
    if (name === 'row') {
      this.#row = []
      this.#column = 0
    } else if (name === 'c') {
      this.#column = columnOf(attribute('r')) ?? this.#column
      this.#type = attribute('t') ?? 'n'
      this.#text = ''
    } else if (name === 'v' || name === 't') this.#isValue = true
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.#isValue = false
    else if (name === 'c') this.#put()
    else if (name === 'row' && this.rows.length < ROWS_MAX) this.rows.push(this.#row)
  }

  text(part: string): void {
    if (this.#isValue && this.#text.length < TEXT_MAX) this.#text += part
  }

  #put(): void {
    const value = this.#type === 's' ? (this.#strings[Number(this.#text)] ?? '') : this.#type === 'b' ? boolean(this.#text) : this.#text
    if (this.#column < COLUMNS_MAX) {
      while (this.#row.length < this.#column) this.#row.push('')
      this.#row[this.#column] = value.trim()
    }
    this.#column++
  }
}

function boolean(text: string): string {
  return text === '1' ? 'TRUE' : 'FALSE'
}

const LETTER_A = 0x40

/** `AB12` is column 27, counted from 0; null when the reference is left out. */
function columnOf(reference: string | null): number | null {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0]
  return letters === undefined ? null : [...letters].reduce((n, c) => n * 26 + (c.charCodeAt(0) - LETTER_A), 0) - 1
}
