// analysis-switch: which body of work is shown. Changing it keeps the page, so that two captures can be compared view by view.

import { useId } from 'react'
import type { Analysis } from '../../../src/console/api.ts'
import { formatTime } from '../model/format.ts'
import type { Route } from '../model/route.ts'
import { go } from '../data/use-route.ts'

const SOURCE_WORDS: Readonly<Record<Analysis['source'], string>> = { capture: 'capture', demo: 'demo ward', live: 'live interface' }

export function AnalysisSwitch({ analyses, current, route }: {
  readonly analyses: readonly Analysis[]
  readonly current: Analysis
  readonly route: Route
}) {
  const id = useId()
  const choose = (next: string): void => go({ analysis: next, page: route.page })
  return (
    <div className="switch">
      <label htmlFor={id}>Analysis</label>
      <select id={id} value={current.id} onChange={(event) => choose(event.target.value)}>
        {analyses.map((one) => <option key={one.id} value={one.id}>{optionWords(one)}</option>)}
      </select>
    </div>
  )
}

function optionWords({ name, source, firstAt, state }: Analysis): string {
  const kind = SOURCE_WORDS[source] === name ? '' : SOURCE_WORDS[source]
  const parts = [name, kind, firstAt === null ? '' : formatTime(firstAt).slice(0, 16), state === 'complete' ? '' : state]
  return parts.filter((part) => part !== '').join(' · ')
}
