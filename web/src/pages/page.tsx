// page: the frame of each page: title, capture line, body. Moves the focus to the title when the page changes.

import { type ReactNode, useEffect, useRef } from 'react'
import type { Analysis } from '../../../src/console/api.ts'
import { isoTime } from '../model/format.ts'
import { DayContext } from '../parts/when.tsx'
import { CaptureLine } from '../shell/blind-spots.tsx'

/** A capture within one day names the day once, at the top; a longer one names it at every time. */
function onlyDay({ firstAt, lastAt }: Analysis): number | null {
  return firstAt !== null && lastAt !== null && isoTime(firstAt).slice(0, 10) === isoTime(lastAt).slice(0, 10) ? firstAt : null
}

/** False until the first page is shown: a fresh load leaves the focus where the browser put it. */
let arrived = false

export function PageFrame({ title, heading, lead, analysis, children }: {
  /** For the window and the history. */
  readonly title: string
  /** When the first line says more than the title, e.g. the overview's sentence. */
  readonly heading?: ReactNode
  readonly lead?: ReactNode
  readonly analysis: Analysis
  readonly children: ReactNode
}) {
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${analysis.name} · Cordon`
  }, [title, analysis.name])
  useEffect(() => {
    if (arrived) head.current?.focus()
    arrived = true
  }, [])
  return (
    <DayContext value={onlyDay(analysis)}>
      <header className="page-head">
        <h1 ref={head} tabIndex={-1}>{heading ?? title}</h1>
        {lead ? <p className="lead">{lead}</p> : null}
        <CaptureLine analysis={analysis} />
      </header>
      {children}
    </DayContext>
  )
}
