// triage: the four states of a finding as four buttons; the current one is pressed. One press is one decision and one audit line.

import { useState } from 'react'
import type { TriagedFinding, TriageState } from '../../../src/console/api.ts'
import { analysisPath, type Failure } from '../data/client.ts'
import { putTriage, useWorld } from '../data/world.ts'
import { TRIAGE_ORDER, TRIAGE_WORDS } from '../model/words.ts'

export function TriageControl({ analysis, finding }: { readonly analysis: string; readonly finding: TriagedFinding }) {
  const { resources } = useWorld()
  const [error, setError] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const decide = async (state: TriageState): Promise<void> => {
    setBusy(true)
    const answer = await putTriage(analysis, finding.id, state)
    setBusy(false)
    setError(answer.ok ? null : answer.error)
    if (answer.ok) resources.refresh((path) => path.startsWith(analysisPath(analysis)))
  }
  return (
    <div className="triage">
      <div className="segments" role="group" aria-label={`Triage: ${finding.ward}`} aria-busy={busy}>
        {TRIAGE_ORDER.map((state) => (
          <button key={state} type="button" aria-pressed={finding.triage === state} onClick={() => void decide(state)}>
            {TRIAGE_WORDS[state]}
          </button>
        ))}
      </div>
      {error ? <p className="triage-error" role="alert">{error.message} {error.help}</p> : null}
    </div>
  )
}
