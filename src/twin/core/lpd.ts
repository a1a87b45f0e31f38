// Lpd: one print job as its client says it (RFC 1179). A control: TCP 515 that is a printer and no monitor.
// Keeps the rule that the job holds nothing of anybody: a page of filler.

import { ascii, concat } from './build.ts'

/** The server's answer to every step: one octet of zeros (RFC 1179 section 6). */
export const LPD_ACKNOWLEDGE = Uint8Array.of(0)

/** Who prints what, where. */
export interface PrintJob {
  readonly queue: string
  readonly host: string
  readonly user: string
  /** 0 to 999. */
  readonly number: number
  readonly page: Uint8Array
}

/** What the client sends, in order; the server acknowledges each step before the next. */
export function lpdSteps(job: PrintJob): Uint8Array[] {
  const tail = `${String(job.number).padStart(3, '0')}${job.host}`
  const control = controlFile(job, tail)
  return [
    ascii(`\x02${job.queue}\n`),
    ascii(`\x02${control.length} cfA${tail}\n`),
    concat(control, LPD_ACKNOWLEDGE),
    ascii(`\x03${job.page.length} dfA${tail}\n`),
    concat(job.page, LPD_ACKNOWLEDGE),
  ]
}

/** RFC 1179 section 7: host, user, print literally, remove afterwards, name of the source. */
function controlFile(job: PrintJob, tail: string): Uint8Array {
  return ascii([`H${job.host}`, `P${job.user}`, `ldfA${tail}`, `UdfA${tail}`, 'Nfiller.txt', ''].join('\n'))
}

/** `lines` lines that say what they are. */
export function fillerPage(lines: number): Uint8Array {
  return ascii(Array.from({ length: lines }, (_, i) => `ZZTEST printer filler, line ${i + 1}\r\n`).join(''))
}
