// finding-list: findings one under the other; which of them are open is kept here, arrows walk between them.

import { useState } from 'react'
import type { TriagedFinding } from '../../../src/console/api.ts'
import { formatCount } from '../model/format.ts'
import { arrowRows } from './arrow-rows.ts'
import { More } from './data-table.tsx'
import { FindingRow } from './finding.tsx'

/** More are drawn on request; nobody reads past this many without a filter. */
export const FINDINGS_SHOWN_MAX = 100

export function FindingList({ analysis, findings, label, showAsset = true, opened }: {
  readonly analysis: string
  readonly findings: readonly TriagedFinding[]
  readonly label: string
  readonly showAsset?: boolean
  /** Id of a finding to show opened, e.g. from a link. */
  readonly opened?: string
}) {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(opened === undefined ? [] : [opened]))
  const [all, setAll] = useState(false)
  const shown = all ? findings : findings.slice(0, FINDINGS_SHOWN_MAX)
  const toggle = (id: string): void => {
    setOpen((old) => {
      const next = new Set(old)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }
  return (
    <>
      <ul className="finding-list" aria-label={label} onKeyDown={arrowRows}>
        {shown.map((finding) => (
          <li key={finding.id}>
            <FindingRow analysis={analysis} finding={finding} showAsset={showAsset} open={open.has(finding.id)}
              onToggle={() => toggle(finding.id)} />
          </li>
        ))}
      </ul>
      {shown.length < findings.length
        ? <More words={`Show all ${formatCount(findings.length)} findings`} onMore={() => setAll(true)} />
        : null}
    </>
  )
}
