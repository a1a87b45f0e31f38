// when: a moment, in UTC on the page and in local time as a hint.
// Keeps columns narrow: on the day of the capture, which the page names at its top, only the clock is shown.

import { createContext, useContext } from 'react'
import { formatTime, isoTime, localHint } from '../model/format.ts'

/** A moment of the day the page speaks of, microseconds; null: always show the day. */
export const DayContext = createContext<number | null>(null)

/** `at` in microseconds. `besides`: leave the day out when it is the same as this one's; null shows it always. */
export function When({ at, besides }: { readonly at: number; readonly besides?: number | null }) {
  const day = useContext(DayContext)
  const same = besides === undefined ? day : besides
  return <time dateTime={isoTime(at)} title={localHint(at)}>{formatTime(at, same ?? undefined)}</time>
}

/** From one moment to another, with the day, once when they share it. */
export function Span({ from, to }: { readonly from: number; readonly to: number }) {
  return <span className="nowrap"><When at={from} besides={null} /> to <When at={to} besides={from} /></span>
}
