// Sheet: the texts of a workbook's cells, from the XML parts of an Office Open XML spreadsheet (ECMA-376 part 1, section 18).
// Keeps formulas, formats and macros out: a cell is the text a person saw in it.

import { NO_STYLES, shownNumber, type Styles } from './styles.ts'
import { walkXml } from './xml.ts'

/** MDS2 has about 240 questions, a CMMS list tens of thousands of rows; more is another kind of file. */
export const ROWS_MAX = 100_000
/** Columns read; lists have some dozens. */
export const COLUMNS_MAX = 256
const TEXT_MAX = 32_767

/** Rows of texts; empty cells are ''. */
export type Rows = readonly (readonly string[])[]

/** Where a row stands, for a person who looks it up: sheets and rows counted from 1. */
export interface RowPlace {
  readonly sheet: number
  readonly row: number
}

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
export function sheetRows(xml: string, strings: readonly string[], styles: Styles = NO_STYLES): Rows | null {
  return sheetTable(xml, strings, styles)?.rows ?? null
}

/** The same with the number of each row. A cell merged downwards is the text of all its rows, as a person sees it (18.3.1.55). */
export function sheetTable(xml: string, strings: readonly string[], styles: Styles): { readonly rows: Rows; readonly numbers: readonly number[] } | null {
  const reader = new SheetReader(strings, styles)
  if (!walkXml(xml, reader)) return null
  reader.fillMerged()
  return { rows: reader.rows, numbers: reader.numbers }
}

class SheetReader {
  readonly rows: string[][] = []
  readonly numbers: number[] = []
  readonly #strings: readonly string[]
  readonly #styles: Styles
  readonly #merged: string[] = []
  #row: string[] = []
  #number = 0
  #style = 0
  #column = 0
  #type = ''
  #text = ''
  #isValue = false

  constructor(strings: readonly string[], styles: Styles) {
    this.#strings = strings
    this.#styles = styles
  }

  open(name: string, attribute: (name: string) => string | null): void {
    if (name === 'row') {
      this.#row = []
      this.#column = 0
      this.#number = numberOf(attribute('r')) ?? this.#number + 1
    } else if (name === 'mergeCell') {
      if (this.#merged.length < MERGED_MAX) this.#merged.push(attribute('ref') ?? '')
    } else if (name === 'c') {
      this.#column = columnOf(attribute('r')) ?? this.#column
      this.#type = attribute('t') ?? 'n'
      this.#style = numberOf(attribute('s')) ?? 0
      this.#text = ''
    } else if (name === 'v' || name === 't') this.#isValue = true
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.#isValue = false
    else if (name === 'c') this.#put()
    else if (name === 'row' && this.rows.length < ROWS_MAX) {
      this.rows.push(this.#row)
      this.numbers.push(this.#number)
    }
  }

  /** Downwards in the first column only: a title merged to the right is one text still. */
  fillMerged(): void {
    const at = new Map(this.numbers.map((number, i) => [number, i]))
    let filled = 0
    for (const reference of this.#merged) {
      const [, letters = '', from = '', , to = ''] = /^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$/.exec(reference) ?? []
      const column = columnOf(letters) ?? 0
      const text = this.rows[at.get(Number(from)) ?? -1]?.[column] ?? ''
      if (text === '') continue
      for (let number = Number(from) + 1; number <= Number(to) && filled < ROWS_MAX; number++, filled++) {
        const row = this.rows[at.get(number) ?? -1]
        // A row without any cell of its own stays none: a long merge of an empty column makes no devices.
        if (row === undefined || row.every((cell) => cell === '')) continue
        while (row.length <= column) row.push('')
        row[column] ||= text
      }
    }
  }

  text(part: string): void {
    if (this.#isValue && this.#text.length < TEXT_MAX) this.#text += part
  }

  #value(): string {
    switch (this.#type) {
      case 's': return this.#strings[Number(this.#text)] ?? ''
      case 'b': return boolean(this.#text)
      case 'n': return shownNumber(this.#text, this.#style, this.#styles)
      default: return this.#text
    }
  }

  #put(): void {
    const value = this.#value()
    if (this.#column < COLUMNS_MAX) {
      while (this.#row.length < this.#column) this.#row.push('')
      this.#row[this.#column] = value.trim()
    }
    this.#column++
  }
}

/** Merged cells of one sheet; each is one line of the file. */
const MERGED_MAX = 100_000

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,7}$/.test(text) ? Number(text) : null
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
