// List file: a hospital's list or a manufacturer's form from disk as rows or JSON, whatever it is: CSV, XLSX or JSON, told by content.
// Keeps the rule that nothing unbounded is read, and that a wrong file ends in a sentence.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { decodeList, parseCsv, type DelimiterName, type ListEncoding } from '../inventory/sheet/csv.ts'
import { sharedStrings, sheetTable, type RowPlace, type Rows } from '../inventory/sheet/sheet.ts'
import { stylesOf } from '../inventory/sheet/styles.ts'
import { fileDiagnostic, systemDiagnostic } from './text-file.ts'
import { readZip } from './zip.ts'

/** A list of 100 000 devices has some 30 MB. */
export const LIST_BYTES_MAX = 64 * 1024 * 1024

export type ListFile =
  | {
    readonly kind: 'rows'
    readonly rows: Rows
    readonly places: readonly RowPlace[]
    readonly encoding: ListEncoding | 'xlsx'
    readonly delimiter: DelimiterName
    readonly problems: readonly string[]
  }
  | { readonly kind: 'json'; readonly body: unknown }

export interface ListFileOptions {
  readonly encoding?: ListEncoding | null
  readonly delimiter?: DelimiterName | null
}

export function readListFile(path: string, options: ListFileOptions = {}): Result<ListFile, Diagnostic> {
  const bytes = readBytes(path)
  if (!bytes.ok) return bytes
  // PK\3\4: the signature of a zip archive's first part.
  if (bytes.value[0] === 0x50 && bytes.value[1] === 0x4b) return workbook(bytes.value, path)
  // The compound file of old office programs ([MS-CFB] 2.2): .xls, and any workbook with a password.
  if (bytes.value[0] === 0xd0 && bytes.value[1] === 0xcf) {
    return err(fileDiagnostic(path, 'xls', `${path} is an old .xls file, or has a password`, 'Save it as XLSX without a password, or export CSV.'))
  }
  const { text, encoding } = decodeList(bytes.value, options.encoding ?? null)
  if (/^\s*[[{]/.test(text)) return json(text, path)
  if (text.includes('\0')) return err(fileDiagnostic(path, 'binary', `${path} is binary, not a list`, 'Export the list as CSV, XLSX or JSON.'))
  const table = parseCsv(text, options.delimiter ?? null)
  if (table.rows.length === 0) return err(fileDiagnostic(path, 'empty', `${path} has no rows`, 'Name the exported list.'))
  return ok({ kind: 'rows', encoding, ...table, problems: [...table.problems, ...replacedIn(text, encoding)] })
}

/** A told encoding that is the wrong one leaves replacement characters. */
function replacedIn(text: string, encoding: ListEncoding): readonly string[] {
  const count = text.split('\ufffd').length - 1
  return count === 0 ? [] : [`${count} characters are no ${encoding}; tell the right encoding in the columns file, or save the list as UTF-8`]
}

function readBytes(path: string): Result<Uint8Array, Diagnostic> {
  let fd: number | null = null
  try {
    fd = openSync(path, 'r')
    const stats = fstatSync(fd)
    if (!stats.isFile()) return err(fileDiagnostic(path, 'not-a-file', `${path} is not a file`, 'Name a file.'))
    if (stats.size > LIST_BYTES_MAX) {
      return err(fileDiagnostic(path, 'too-large', `${path} is larger than ${LIST_BYTES_MAX / 1024 / 1024} MiB`, 'Export fewer rows or columns.'))
    }
    const bytes = new Uint8Array(stats.size)
    let used = 0
    while (used < bytes.length) {
      const count = readSync(fd, bytes, used, bytes.length - used, null)
      if (count === 0) break
      used += count
    }
    return ok(bytes.subarray(0, used))
  } catch (error) {
    return err(systemDiagnostic(error, path))
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

function json(text: string, path: string): Result<ListFile, Diagnostic> {
  try {
    return ok({ kind: 'json', body: JSON.parse(text) as unknown })
  } catch {
    return err(fileDiagnostic(path, 'json', `${path} begins like JSON and is none`, 'Export it again; a download may have been cut short.'))
  }
}

/** Programs choose the names of parts themselves; most number them. */
const SHEET = /^xl\/worksheets\/[^/]+\.xml$/i
const PARTS: ReadonlySet<string> = new Set(['xl/sharedstrings.xml', 'xl/styles.xml', 'xl/workbook.xml'])

/** The rows of all sheets, one after the other: forms spread over several. */
function workbook(bytes: Uint8Array, path: string): Result<ListFile, Diagnostic> {
  const parts = readZip(bytes, (name) => SHEET.test(name) || PARTS.has(name.toLowerCase()))
  const wrong = (message: string): Result<ListFile, Diagnostic> =>
    err(fileDiagnostic(path, 'xlsx', `${path} cannot be read as a spreadsheet: ${message}`, 'Open it, save it again as XLSX, or export CSV.'))
  if (!parts.ok) return wrong(parts.error)
  const textOf = (part: Uint8Array): string => new TextDecoder().decode(part)
  const byName = new Map([...parts.value].map(([name, part]) => [name.toLowerCase(), part]))
  const partOf = (name: string): string | null => (byName.has(name) ? textOf(byName.get(name) as Uint8Array) : null)
  const shared = partOf('xl/sharedstrings.xml')
  const strings = shared === null ? [] : sharedStrings(shared)
  const styles = stylesOf(partOf('xl/styles.xml'), partOf('xl/workbook.xml'))
  const sheets = [...parts.value].filter(([name]) => SHEET.test(name)).sort(([a], [b]) => sheetNumber(a) - sheetNumber(b) || (a < b ? -1 : 1))
  if (strings === null || sheets.length === 0) return wrong(sheets.length === 0 ? 'it has no sheet' : 'its texts are damaged')
  const rows: (readonly string[])[] = []
  const places: RowPlace[] = []
  for (const [sheet, [name, part]] of sheets.entries()) {
    const read = sheetTable(textOf(part), strings, styles)
    if (read === null) return wrong(`${name} is damaged`)
    // One by one: a sheet's rows as arguments would not fit on the stack.
    for (const [i, row] of read.rows.entries()) {
      if (!row.some((cell) => cell !== '')) continue
      rows.push(row)
      places.push({ sheet: sheet + 1, row: read.numbers[i] ?? i + 1 })
    }
  }
  return ok({ kind: 'rows', rows, places, encoding: 'xlsx', delimiter: 'comma', problems: [] })
}

function sheetNumber(name: string): number {
  return Number(/(\d+)\.xml$/i.exec(name)?.[1] ?? 0)
}
