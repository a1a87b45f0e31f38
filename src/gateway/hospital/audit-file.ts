// AuditFile: what the gateway did and was told, one JSON line each, a file a month, mode 0600.
// Keeps two rules: no line holds a patient, and a disk that is full stops no data: it is told as a notice.

import fs from 'node:fs'
import path from 'node:path'
import { formatMicros, MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import { makeFolder } from '../../store/make-folder.ts'
import type { KeptLine } from './parts.ts'

/** Findings and audit are kept six years (docs/threat-model.md). */
export const AUDIT_MONTHS = 72
/** Lines of one minute of what monitors can cause as often as they like; beyond it they are counted in one line. */
export const LINES_PER_MINUTE_MAX = 600
/** Those kinds. A flood must not hide who was assigned, what was granted, or that the gateway stopped: nothing else is ever left out. */
const FLOODED: readonly string[] = ['intake', 'data-check']

type Word = string | number | boolean | null
export type AuditFields = Readonly<Record<string, Word | readonly Word[]>>

export class AuditFile {
  readonly #folder: string
  readonly #onFault: (why: string | null) => void
  #month = ''
  #fd: number | null = null
  #minute = 0
  #lines = 0
  #untold = 0
  #at: Micros = 0

  /** `onFault`: why nothing can be written, or null when it can again. */
  constructor(folder: string, onFault: (why: string | null) => void) {
    this.#folder = path.join(folder, 'audit')
    this.#onFault = onFault
  }

  write(at: Micros, kind: string, fields: AuditFields = {}): void {
    const minute = Math.floor(at / MICROS_PER_MINUTE)
    if (minute !== this.#minute) {
      this.#tellUntold(at)
      this.#minute = minute
      this.#lines = 0
    }
    this.#at = at
    if (!FLOODED.includes(kind) || this.#lines++ < LINES_PER_MINUTE_MAX) this.#put(at, { kind, ...fields })
    else this.#untold += 1
  }

  kept(): KeptLine {
    return auditKept(this.#folder)
  }

  /** What the last minute had too much of is told, too. */
  close(): void {
    this.#tellUntold(this.#at)
    this.#shut()
  }

  #tellUntold(at: Micros): void {
    if (this.#untold > 0) this.#put(at, { kind: 'untold', lines: this.#untold })
    this.#untold = 0
  }

  #shut(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd)
    this.#fd = null
  }

  #put(at: Micros, fields: AuditFields): void {
    try {
      fs.writeSync(this.#open(at), `${JSON.stringify({ at: formatMicros(at), ...fields })}\n`)
      this.#onFault(null)
    } catch (cause) {
      this.#onFault(cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown')
    }
  }

  #open(at: Micros): number {
    const month = formatMicros(at).slice(0, 7)
    if (this.#fd !== null && month === this.#month) return this.#fd
    this.#shut()
    makeFolder(this.#folder, 0o700)
    for (const name of filesOf(this.#folder)) if (name < `${monthsBefore(month, AUDIT_MONTHS)}.jsonl`) fs.rmSync(path.join(this.#folder, name))
    this.#fd = fs.openSync(path.join(this.#folder, `${month}.jsonl`), 'a', 0o600)
    this.#month = month
    return this.#fd
  }
}

/** Also where nothing runs: `folder` is the one with the files. */
export function auditKept(folder: string): KeptLine {
  const names = filesOf(folder)
  const bytes = names.reduce((sum, name) => sum + (fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
  const oldest = names[0]
  const next = oldest === undefined ? null : Date.parse(`${monthsBefore(oldest.slice(0, 7), -AUDIT_MONTHS - 1)}-01T00:00:00Z`) * 1000
  return { what: 'audit', bytes, nextDeletion: next, rule: `${AUDIT_MONTHS} months` }
}

const filesOf = (folder: string): string[] =>
  fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort() : []

function monthsBefore(month: string, count: number): string {
  const total = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 - count
  return `${String(Math.floor(total / 12)).padStart(4, '0')}-${String((total % 12) + 1).padStart(2, '0')}`
}
