// LPD codes: daemon commands and receive-job subcommands, as tables from number to a word.
// Source: RFC 1179 sections 5 and 6.

/** Section 5: the first byte of a line to the daemon. */
export const LpdCommandCode = { printWaiting: 1, receiveJob: 2, queueShort: 3, queueLong: 4, removeJobs: 5 } as const

const COMMAND_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'print-waiting'], [2, 'receive-job'], [3, 'queue-short'], [4, 'queue-long'], [5, 'remove-jobs'],
])

/** Section 6: the first byte of a line inside a receive-job command. */
export const LpdSubcommandCode = { abortJob: 1, controlFile: 2, dataFile: 3 } as const

/** Commands that may name users and jobs behind the queue (sections 5.3 to 5.5). */
const LISTING_COMMANDS: ReadonlySet<number> = new Set([3, 4, 5])

/** `print-waiting`, ...; null for a byte that is no command. */
export function lpdCommandName(code: number): string | null {
  return COMMAND_NAMES.get(code) ?? null
}

export function lpdTakesList(code: number): boolean {
  return LISTING_COMMANDS.has(code)
}
