// gap: a time in which nobody read the ring, because the reader or the whole watch died: from when to when, and what was lost meanwhile.
// Keeps the rule that a gap is told as one, with its times, also when the ring had room for all of it.

import { formatMicros, type Micros } from '../../base/time.ts'

export interface Gap {
  /** Time of the last packet before; null when there was none. */
  readonly from: Micros | null
  /** Time of the first packet after; null while there is none. */
  to: Micros | null
  /** Packets that the kernel dropped in between, because the ring was full. */
  lost: number
  readonly why: string
  /** Nobody could start it again: the watch ended there. */
  readonly isOver?: boolean
  /** The whole watch before this one died: there was no ring, so nobody counted what came. */
  readonly isBefore?: boolean
}

/** Gaps that are told one by one; more are counted only. A reader is started again at most every tenth of a second. */
export const GAPS_MAX = 100

export function gapSentence({ from, to, lost, why, isOver = false, isBefore = false }: Gap): string {
  const start = from === null ? 'the start' : formatMicros(from)
  if (isOver) return `From ${start} on nothing was read: ${why}, and could not be started again.`
  const end = to === null ? 'the end' : formatMicros(to)
  if (isBefore) {
    const clock = from !== null && to !== null && to < from ? ' The clock of this machine went back meanwhile.' : ''
    return `A gap from ${start} to ${end}: nobody listened, because ${why}; what came meanwhile is in no watch.${clock}`
  }
  const cost = lost === 0 ? 'the ring had room for all that came meanwhile' : `${lost} packets were lost meanwhile`
  return `A gap from ${start} to ${end}: the process that reads the interface ended (${why}) and was started again; ${cost}.`
}
