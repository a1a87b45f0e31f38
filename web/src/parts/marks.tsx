// marks: severity, evidence level and verdict as shape, colour and text together.
// Keeps "never colour alone" (WCAG 1.4.1): every mark has its own shape and its word beside it or for the screen reader.

import type { ReactNode } from 'react'
import type { EvidenceLevel, Severity } from '../../../src/console/api.ts'
import { LEVEL_WORDS, levelRungs, SEVERITY_WORDS } from '../model/words.ts'

/** Corners speak: octagon to stop, triangle to warn, diamond, disc, ring. */
const SHAPES: Readonly<Record<Severity, ReactNode>> = {
  critical: <><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" /><path d="M8 4.4v4.4M8 11v.6" className="mark-cut" /></>,
  high: <><path d="M8 1.2 15.4 14.6H.6z" fill="currentColor" /><path d="M8 6v3.8M8 12v.4" className="mark-cut" /></>,
  medium: <path d="M8 1 15 8 8 15 1 8z" fill="currentColor" />,
  low: <circle cx="8" cy="8" r="5.6" fill="currentColor" />,
  info: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="2" />,
}

/** Shape and, unless `bare`, the word. */
export function SeverityMark({ severity, bare = false }: { readonly severity: Severity; readonly bare?: boolean }) {
  return (
    <span className="severity" data-severity={severity}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">{SHAPES[severity]}</svg>
      <span className={bare ? 'sr-only' : undefined}>{SEVERITY_WORDS[severity]}</span>
    </span>
  )
}

/** Five rungs, filled from below; the letter beside it. Inferred claims have hollow rungs. */
export function LevelMark({ level, inferred = false, words = false }: {
  readonly level: EvidenceLevel
  readonly inferred?: boolean
  readonly words?: boolean
}) {
  const rungs = levelRungs(level)
  return (
    <span className="level" data-inferred={inferred} title={`Evidence level ${level}: ${LEVEL_WORDS[level]}`}>
      <svg viewBox="0 0 20 14" width="20" height="14" aria-hidden="true">
        {[0, 1, 2, 3, 4].map((i) => (
          <rect key={i} x={i * 4 + 0.5} y={10 - i * 2.4} width="3" height={3.5 + i * 2.4} className={i < rungs ? 'rung rung-on' : 'rung'} />
        ))}
      </svg>
      <span className="sr-only">evidence level </span>
      <b>{level}</b>
      {words ? <span className="muted"> {LEVEL_WORDS[level]}</span> : null}
    </span>
  )
}

/** A step from bytes to statement that is ours. Dashed everywhere in the console. */
export function Inferred({ children = 'inferred' }: { readonly children?: ReactNode }) {
  return <span className="inferred">{children}</span>
}

export function Verdict({ verdict }: { readonly verdict: 'allow' | 'deny' }) {
  return <span className="verdict" data-verdict={verdict}>{verdict}</span>
}
