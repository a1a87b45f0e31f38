// Io: where a command writes and what it may know of its surroundings. stdout is data, stderr is talk.

export interface Io {
  readonly out: (text: string) => void
  /** Resolves when the reader of `out` has taken what was written: who writes much waits for it between two pieces. */
  readonly room?: () => Promise<void>
  readonly err: (text: string) => void
  /** stderr is a terminal: progress bars are welcome. */
  readonly isTty: boolean
  /** stdout is a terminal and NO_COLOR is not set. */
  readonly color: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Fires on the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** Exit codes of the product conventions. */
export const Exit = { ok: 0, findings: 1, usage: 2, unreadable: 3, incomplete: 4, interrupted: 130, terminated: 143 } as const
