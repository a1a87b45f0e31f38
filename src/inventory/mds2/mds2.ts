// MDS2: a manufacturer's answers about a device's security (ANSI/NEMA HN 1-2019), by question code, out of rows of texts.
// Keeps the answers as the manufacturer's words: what is neither yes nor no stays a text for a person.

import { shortId } from '../../base/short-id.ts'
import { sameModel, sameVendor } from '../listed/names.ts'
import type { Rows } from '../sheet/sheet.ts'

export type Mds2Verdict = 'yes' | 'no' | 'not-applicable' | 'other'

export interface Mds2Answer {
  readonly code: string
  readonly verdict: Mds2Verdict
  /** As written, shortened. */
  readonly answer: string
  readonly note: string
}

export interface Mds2 {
  readonly id: string
  /** DOC-1. */
  readonly manufacturer: string | null
  /** DOC-3, one form may answer for several. */
  readonly models: readonly string[]
  /** DOC-4 and DOC-7. */
  readonly document: string | null
  readonly released: string | null
  readonly answers: Readonly<Record<string, Mds2Answer>>
}

/** Three to five letters, a number and up to three parts of it: `AUDT-2.8.1`, `SBOM-1`. */
const CODE = /^[A-Z]{3,5}-\d{1,2}(?:\.\d{1,2}){0,3}$/
const TEXT_MAX = 500
/** The form of 2019 has about 240 questions; of several sheets the first answer counts. */
const ANSWERS_MAX = 1000
const MODELS_MAX = 200
/** A form with fewer is another document that mentions a code. */
const ANSWERS_MIN = 5

/** Null when the rows are no MDS2 form. */
export function mds2Of(rows: Rows): Mds2 | null {
  const answers: Record<string, Mds2Answer> = {}
  let count = 0
  let columns = DEFAULT_COLUMNS
  for (const row of rows) {
    columns = headColumns(row) ?? columns
    const found = answerIn(row, columns)
    if (!found || Object.hasOwn(answers, found.code) || count >= ANSWERS_MAX) continue
    answers[found.code] = found
    count++
  }
  if (count < ANSWERS_MIN) return null
  const text = (code: string): string | null => answers[code]?.answer || null
  const models = modelsIn(text('DOC-3') ?? '')
  return {
    id: shortId('m', text('DOC-1') ?? '', ...models, text('DOC-4') ?? ''),
    manufacturer: text('DOC-1'), models, document: text('DOC-4'), released: text('DOC-7'), answers,
  }
}

/** Question numbers of the forms of 2008 and 2013: `1-1`, `14-1.2`. */
const OLD_CODE = /^\d{1,2}-\d{1,2}(?:\.\d{1,2})*$/

/** A form of before 2019 says so in its title, or is known by its numbers below the title all forms have. */
export function isOldMds2(rows: Rows): boolean {
  const texts = rows.flat()
  if (texts.some((text) => /HN\s*1-20(?:08|13)/i.test(text))) return true
  return texts.some((text) => /manufacturer disclosure statement for medical device security/i.test(text))
    && texts.filter((text) => OLD_CODE.test(text.trim())).length >= ANSWERS_MIN
}

/** Where answer and note stand, counted from the question's code. */
interface Columns {
  readonly answer: number
  readonly note: number
}
const DEFAULT_COLUMNS: Columns = { answer: 2, note: 3 }

/** The form's head row names its columns: `Question ID`, `Question`, the answer's, `See note`. */
function headColumns(row: readonly string[]): Columns | null {
  const heads = row.map((cell) => cell.toLowerCase())
  const code = heads.findIndex((h) => h === 'question id' || h === 'id' || h === 'question #')
  if (code < 0) return null
  const note = heads.findIndex((h, i) => i > code && /^(?:see )?notes?\b/.test(h))
  const answer = heads.findIndex((h, i) => i > code && /^(?:answer|response|yes)/.test(h))
  return { answer: answer < 0 ? DEFAULT_COLUMNS.answer : answer - code, note: note < 0 ? DEFAULT_COLUMNS.note : note - code }
}

function answerIn(row: readonly string[], columns: Columns): Mds2Answer | null {
  const at = row.findIndex((cell) => CODE.test(codeOf(cell)))
  if (at < 0) return null
  const cell = (offset: number): string => (row[at + offset] ?? '').slice(0, TEXT_MAX)
  // A form without the question's text has the answer beside the code.
  const answer = cell(columns.answer) === '' && verdictOf(cell(1)) !== 'other' ? cell(1) : cell(columns.answer)
  return { code: codeOf(row[at] ?? ''), verdict: verdictOf(answer), answer, note: cell(columns.note) }
}

function codeOf(cell: string): string {
  return cell.trim().toUpperCase().replace(/[.:]$/, '')
}

function verdictOf(answer: string): Mds2Verdict {
  const word = /^(yes|no|n\/a|na|not applicable)(?![a-z])/i.exec(answer.trim())?.[1]?.toLowerCase()
  if (word === 'yes' || word === 'no') return word
  return word === undefined ? 'other' : 'not-applicable'
}

function modelsIn(text: string): readonly string[] {
  return [...new Set(text.split(/[,;\n]|\s\/\s|\sand\s/).map((m) => m.replace(/^\s*models?:?\s+/i, '').trim()).filter((m) => m !== ''))].slice(0, MODELS_MAX)
}

/** True when the form speaks of this model: the model as a whole, and the vendor when both name one. */
export function speaksOf(form: Mds2, vendor: string | null, model: string | null): boolean {
  if (model === null || !form.models.some((m) => sameModel(m, model))) return false
  return vendor === null || form.manufacturer === null || sameVendor(form.manufacturer, vendor)
}
