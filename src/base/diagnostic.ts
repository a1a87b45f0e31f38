// Diagnostic: what is wrong in a user's file, where, and what to do about it.
// One shape for policy, profiles and config, so that terminal, console and editor print the same words.

export type DiagnosticSeverity = 'error' | 'warning'

export interface Diagnostic {
  readonly severity: DiagnosticSeverity
  /** Stable id for tests and docs, e.g. `policy/unknown-key`. */
  readonly code: string
  /** What is wrong, naming the offending text. */
  readonly message: string
  readonly file: string
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number
  /** 1-based; 0 when the whole line is meant. */
  readonly column: number
  /** What to do: a suggestion a person can act on. */
  readonly help: string
}

/** `file:line:column: severity code: message` and the help on the next line, as compilers print it. */
export function formatDiagnostic(d: Diagnostic): string {
  const where = d.line > 0 ? `${d.file}:${d.line}${d.column > 0 ? `:${d.column}` : ''}` : d.file
  return `${where}: ${d.severity} ${d.code}: ${d.message}\n  help: ${d.help}`
}
