// CSV in: bytes of any list a hospital exports to rows of texts. Encoding and delimiter are found out, and can be told (RFC 4180 quoting).
// Keeps each cell's text as it stands, so that the same columns can go out again.

import { COLUMNS_MAX, ROWS_MAX, type RowPlace, type Rows } from './sheet.ts'

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const
export type ListEncoding = (typeof ENCODINGS)[number]
export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const
export type DelimiterName = keyof typeof DELIMITERS

export interface CsvText {
  readonly text: string
  readonly encoding: ListEncoding
}

export interface CsvTable {
  readonly rows: Rows
  readonly places: readonly RowPlace[]
  readonly delimiter: DelimiterName
  /** Rows, columns or quotes that were cut off or never closed, in words. */
  readonly problems: readonly string[]
}

/** A byte order mark decides; then zero bytes in every second place; then whether it is UTF-8. Everything is text in windows-1252. */
export function decodeList(bytes: Uint8Array, told: ListEncoding | null = null): CsvText {
  const encoding = told ?? detectEncoding(bytes)
  return { text: new TextDecoder(encoding).decode(bytes), encoding }
}

/** Bytes looked at for zeros: a head row is enough. */
const SAMPLE_BYTES = 4096

function detectEncoding(bytes: Uint8Array): ListEncoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const zeros = [0, 0]
  const end = Math.min(bytes.length, SAMPLE_BYTES)
  for (let i = 0; i < end; i++) if (bytes[i] === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1
  // Latin text in UTF-16 has a zero byte in most pairs.
  if ((zeros[1] ?? 0) > end / 8) return 'utf-16le'
  if ((zeros[0] ?? 0) > end / 8) return 'utf-16be'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    return 'windows-1252'
  }
}

/** Lines whose delimiters are counted. */
const SAMPLE_ROWS = 20

/** The delimiter with which most rows have the same number of cells, two or more, and the more the better; `sep=;` in the first line decides. */
export function detectDelimiter(text: string): DelimiterName {
  const told = /^sep=(.)\r?\n/i.exec(text)?.[1]
  const names = Object.keys(DELIMITERS) as DelimiterName[]
  const known = names.find((name) => DELIMITERS[name] === told)
  if (known) return known
  let best: DelimiterName = 'comma'
  let bestScore = 0
  for (const name of names) {
    const { rows } = splitRows(text, DELIMITERS[name], SAMPLE_ROWS)
    for (const width of new Set(rows.map((row) => row.length))) {
      // A title above the list has one cell with any delimiter.
      const score = width < 2 ? 0 : rows.filter((row) => row.length === width).length / rows.length + width / COLUMNS_MAX
      if (score > bestScore) [best, bestScore] = [name, score]
    }
  }
  return best
}

export function parseCsv(text: string, told: DelimiterName | null = null): CsvTable {
  const delimiter = told ?? detectDelimiter(text)
  const bare = text.replace(/^sep=.\r?\n/i, '')
  const { rows, numbers, problems } = splitRows(bare, DELIMITERS[delimiter], ROWS_MAX)
  // The line that names the separator is a row too, for whoever opens the file as text.
  const above = bare.length < text.length ? 1 : 0
  return { rows, places: numbers.map((number) => ({ sheet: 1, row: number + above })), delimiter, problems }
}

/** Quotes hold delimiters, line ends and doubled quotes; a quote inside a plain cell is a character. Empty lines are no rows. */
function splitRows(
  text: string, delimiter: string, rowsMax: number,
): { readonly rows: string[][]; readonly numbers: readonly number[]; readonly problems: string[] } {
  const rows: string[][] = []
  const numbers: number[] = []
  let number = 1
  const problems: string[] = []
  let row: string[] = []
  let at = 0
  while (at <= text.length && rows.length < rowsMax) {
    const cell = readCell(text, at, delimiter)
    if (cell.isOpen) problems.push(`row ${number}: a quote is never closed`)
    if (row.length < COLUMNS_MAX) row.push(cell.value)
    at = cell.end
    if (text[at] === delimiter) {
      at++
      continue
    }
    if (row.length > 1 || row[0] !== '') {
      rows.push(row)
      numbers.push(number)
    }
    row = []
    number++
    if (at >= text.length) break
    at += text.startsWith('\r\n', at) ? 2 : 1
  }
  if (at < text.length && rows.length >= rowsMax && rowsMax === ROWS_MAX) problems.push(`more than ${ROWS_MAX} rows; the rest was not read`)
  return { rows, numbers, problems }
}

interface Cell {
  readonly value: string
  readonly end: number
  readonly isOpen: boolean
}

function readCell(text: string, from: number, delimiter: string): Cell {
  if (text[from] !== '"') {
    const end = plainEnd(text, from, delimiter)
    return { value: text.slice(from, end), end, isOpen: false }
  }
  let value = ''
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return { value: value + text.slice(at), end: text.length, isOpen: true }
    value += text.slice(at, quote)
    at = quote + 1
    if (text[at] !== '"') break
    value += '"'
    at++
  }
  // Text behind the closing quote, as careless writers have it, belongs to the cell.
  const end = plainEnd(text, at, delimiter)
  return { value: value + text.slice(at, end), end, isOpen: false }
}

function plainEnd(text: string, from: number, delimiter: string): number {
  for (let i = from; i < text.length; i++) {
    const c = text[i]
    if (c === delimiter || c === '\n' || c === '\r') return i
  }
  return text.length
}

/** The rows again as text: quotes only where they are needed, CRLF. `parseCsv` gives the same rows back. */
export function formatCsv(rows: Rows, delimiter: DelimiterName): string {
  const mark = DELIMITERS[delimiter]
  const quoted = (cell: string): string => (/["\r\n]/.test(cell) || cell.includes(mark) ? `"${cell.replaceAll('"', '""')}"` : cell)
  return rows.map((row) => `${row.length === 1 && row[0] === '' ? '""' : row.map(quoted).join(mark)}\r\n`).join('')
}
