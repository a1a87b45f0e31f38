// What a reader could not understand of a text: unknown matches for the proof, diagnostics for the person.
// Keeps both in step: nothing becomes unknown without a line that a person can look up.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import type { NatRule, Rule, UnknownMatch } from '../../rules/model.ts'
import { LINES_MAX, LINE_CHARS_MAX, type ConfigLine, type ConfigLines } from './lines.ts'

/** Collects while a text is read; one per text. */
export class Findings {
  readonly #file: string
  readonly #prefix: string
  readonly #unknowns: UnknownMatch[] = []
  readonly #diagnostics: Diagnostic[] = []

  /** `prefix` is the target id, first part of every diagnostic code. */
  constructor(prefix: string, file: string) {
    this.#prefix = prefix
    this.#file = file
  }

  /** A line that may change what passes, and is not modelled. */
  unknown(line: ConfigLine, reason: string): UnknownMatch {
    const unknown: UnknownMatch = { text: line.text, line: line.number, reason }
    this.note(unknown)
    return unknown
  }

  /** An unknown that already stands in a rule. */
  note(unknown: UnknownMatch): void {
    this.#unknowns.push(unknown)
    this.warn('unknown', unknown.line, `"${unknown.text}": ${unknown.reason}`,
      'the proof takes this line as possibly true and possibly false')
  }

  /** The unknown matches and actions of rules. */
  noteRules(rules: readonly Rule[]): void {
    const seen = new Set<string>()
    for (const rule of rules) {
      const why = rule.action.kind === 'unknown' ? [rule.action.why] : []
      for (const unknown of [...why, ...rule.matches.flatMap((match) => match.unknown)]) {
        const key = `${unknown.line} ${unknown.reason}`
        if (!seen.has(key)) this.note(unknown)
        seen.add(key)
      }
    }
  }

  /** Unknown matches of translations, each once. */
  noteRows(rows: readonly NatRule[]): void {
    const seen = new Set<string>()
    for (const unknown of rows.flatMap(({ match }) => match.unknown)) {
      const key = `${unknown.line} ${unknown.text} ${unknown.reason}`
      if (!seen.has(key)) this.note(unknown)
      seen.add(key)
    }
  }

  warn(code: string, line: number, message: string, help: string): void {
    this.#diagnostics.push({ severity: 'warning', code: `${this.#prefix}/${code}`, message, file: this.#file, line, column: 0, help })
  }

  error(code: string, line: number, message: string, help: string): void {
    this.#diagnostics.push({ severity: 'error', code: `${this.#prefix}/${code}`, message, file: this.#file, line, column: 0, help })
  }

  /** Says what the line splitter had to leave out. */
  limits(read: ConfigLines): void {
    const help = 'read the device in parts, or check that this is the right file'
    if (read.dropped > 0) {
      const reason = `${read.dropped} lines behind the first ${LINES_MAX} were not read`
      this.note({ text: '(end of what was read)', line: LINES_MAX, reason })
      this.error('too-long', LINES_MAX, reason, help)
    }
    for (const number of read.cut) this.note({ text: '(long line)', line: number,
      reason: `the line is longer than ${LINE_CHARS_MAX} characters` })
  }

  /** In line order. */
  get unknowns(): readonly UnknownMatch[] {
    return [...this.#unknowns].sort((a, b) => a.line - b.line)
  }

  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics].sort((a, b) => a.line - b.line)
  }
}
