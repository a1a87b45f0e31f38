// advisory-matches: advisories that concern devices, one under the other, each with why it matches and why it stands where it stands.
// Keeps "vendor_fix is no fix": what the publisher filed is counted, never called a fix; a decision always carries its reason.

import { type FormEvent, useId, useState } from 'react'
import type { AdvisoryMatch } from '../../../src/console/api.ts'
import { analysisPath, type Failure } from '../data/client.ts'
import { putMatchDecision, useResource, useWorld } from '../data/world.ts'
import { plural } from '../model/format.ts'
import { arrowRows } from './arrow-rows.ts'
import { type Column, DataTable, More } from './data-table.tsx'
import { AssetLink } from './finding.tsx'
import { LevelMark } from './marks.tsx'
import { Empty, Shown } from './states.tsx'

/** More are drawn on request. */
const MATCHES_SHOWN_MAX = 100
/** As the server takes it. */
const REASON_LENGTH_MAX = 500

export const MATCH_WORDS: Readonly<Record<AdvisoryMatch['match']['state'], string>> = {
  affected: 'Affected', 'under-investigation': 'Under investigation', 'not-affected': 'Not its version',
}

/** Section of the asset's page. */
export function AssetAdvisories({ analysis, asset }: { readonly analysis: string; readonly asset: string }) {
  const resource = useResource<AdvisoryMatch[]>(analysisPath(analysis, 'assets', asset, 'advisories'))
  return (
    <section className="section" aria-labelledby="asset-advisories">
      <h2 id="asset-advisories">Advisories</h2>
      <Shown resource={resource} what="advisories">
        {(matches) => (matches.length === 0
          ? <Empty title="No known advisory names this asset.">Without a maker and a model none can. That nothing is known proves nothing.</Empty>
          : <MatchList analysis={analysis} matches={matches} label="Advisories of this asset" showAsset={false} />)}
      </Shown>
    </section>
  )
}

export function MatchList({ analysis, matches, label, showAsset = true }: {
  readonly analysis: string
  readonly matches: readonly AdvisoryMatch[]
  readonly label: string
  readonly showAsset?: boolean
}) {
  const [all, setAll] = useState(false)
  const shown = all ? matches : matches.slice(0, MATCHES_SHOWN_MAX)
  return (
    <>
      <ul className="finding-list" aria-label={label} onKeyDown={arrowRows}>
        {shown.map((one) => <li key={one.match.id}><MatchRow analysis={analysis} one={one} showAsset={showAsset} /></li>)}
      </ul>
      {shown.length < matches.length ? <More words={`Show all ${plural(matches.length, 'match', 'matches')}`} onMore={() => setAll(true)} /> : null}
    </>
  )
}

interface RowProps {
  readonly analysis: string
  readonly one: AdvisoryMatch
  readonly showAsset: boolean
}

function MatchRow({ analysis, one, showAsset }: RowProps) {
  const id = useId()
  const [open, setOpen] = useState(false)
  const { match, decision, askAgain } = one
  const isRejected = decision?.verdict === 'reject' && askAgain === null
  return (
    <article className="finding" data-triage={isRejected || match.state === 'not-affected' ? 'closed' : 'new'} data-open={open}>
      <span className="muted">{MATCH_WORDS[match.state]}</span>
      <div className="finding-words">
        <h3>
          <button type="button" className="finding-toggle" aria-expanded={open} aria-controls={id} data-row-focus onClick={() => setOpen(!open)}>
            {match.advisory.id}: {match.products[0]?.name ?? ''}
          </button>
        </h3>
        <p className="finding-meta">
          {showAsset ? <><AssetLink analysis={analysis} id={match.assetId} label={match.assetLabel} /> · </> : null}
          <LevelMark level={match.level} words /> · SSVC {one.ssvc?.decision ?? 'none'} · {one.because[0]}
        </p>
      </div>
      <span className="finding-state">{decisionWords(one)}</span>
      <div id={id} className="finding-detail" hidden={!open}>{open ? <MatchDetail analysis={analysis} one={one} /> : null}</div>
    </article>
  )
}

function decisionWords({ decision, askAgain }: AdvisoryMatch): string {
  if (decision === null) return 'Not decided'
  if (askAgain !== null) return 'Look again'
  return decision.verdict === 'confirm' ? 'Confirmed' : 'Rejected'
}

function MatchDetail({ analysis, one }: Omit<RowProps, 'showAsset'>) {
  const { match, decision, askAgain } = one
  const { hash, revision, updated, url } = match.advisory
  return (
    <>
      <Decide analysis={analysis} one={one} />
      <dl className="facts">
        <div className="fact"><dt>Why it matches</dt><dd>{match.sentence}</dd></div>
        <div className="fact"><dt>Why it stands here</dt><dd><Lines lines={one.because} /></dd></div>
        {match.open.length > 0 ? <div className="fact"><dt>To find out</dt><dd><Lines lines={match.open} /></dd></div> : null}
        <div className="fact"><dt>Revision</dt><dd>{revision} of {updated}, <code>{hash.of} sha256 {hash.sha256}</code></dd></div>
        {url === null ? null : <div className="fact"><dt>To read</dt><dd><code>{url}</code></dd></div>}
        {decision === null
          ? null
          : <div className="fact"><dt>Decided</dt><dd>{decision.verdict} by {decision.by}: {decision.reason} {askAgain ?? ''}</dd></div>}
      </dl>
      <DataTable caption={`Findings: ${plural(match.vulnerabilities.length, 'entry', 'entries')}`} columns={FINDING_COLUMNS} rows={match.vulnerabilities}
        rowKey={(row) => `${row.cve ?? ''} ${row.cwe ?? ''} ${row.vector ?? ''}`} />
    </>
  )
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  return <ul className="inferred-list">{lines.map((line) => <li key={line}>{line}</li>)}</ul>
}

type Vulnerability = AdvisoryMatch['match']['vulnerabilities'][number]

const FINDING_COLUMNS: readonly Column<Vulnerability>[] = [
  { key: 'cve', head: 'Finding', rowHeader: true, sort: (v) => v.cve, cell: (v) => <span className="mono">{v.cve ?? 'no number'}</span> },
  { key: 'state', head: 'This device', sort: (v) => v.state, cell: (v) => MATCH_WORDS[v.state] },
  { key: 'cwe', head: 'Weakness', sort: (v) => v.cwe, cell: (v) => v.cwe ?? '–' },
  { key: 'score', head: 'CVSS', descendingFirst: true, sort: (v) => v.score, cell: (v) => (v.score === null ? '–' : v.score.toFixed(1)) },
  { key: 'exploited', head: 'Known exploited', sort: (v) => 2 * Number(v.exploited) + Number(v.exploitedUnconfirmed),
    cell: (v) => <Exploited is={v.exploited} said={v.exploitedUnconfirmed} /> },
  { key: 'remarks', head: 'Remediation', cell: (v) => v.remarks },
]

function Exploited({ is, said }: { readonly is: boolean; readonly said: boolean }) {
  return is ? <b>yes</b> : said ? <span>unconfirmed</span> : <span className="muted">not listed</span>
}

/** A reason first, then one press: a decision without one is not taken. */
function Decide({ analysis, one }: Omit<RowProps, 'showAsset'>) {
  const { resources } = useWorld()
  const id = useId()
  const [reason, setReason] = useState('')
  const [error, setError] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const decide = async (verdict: 'confirm' | 'reject'): Promise<void> => {
    setBusy(true)
    const answer = await putMatchDecision(analysis, one.match.id, verdict, reason)
    setBusy(false)
    setError(answer.ok ? null : answer.error)
    if (answer.ok) {
      setReason('')
      resources.refresh((path) => path.startsWith(analysisPath(analysis)))
    }
  }
  const stop = (event: FormEvent): void => event.preventDefault()
  const isEmpty = reason.trim() === ''
  return (
    <form className="match-decide" aria-label={`Decide on ${one.match.advisory.id} for ${one.match.assetLabel}`} onSubmit={stop} aria-busy={busy}>
      <label htmlFor={id}>Reason</label>
      <input id={id} type="text" value={reason} maxLength={REASON_LENGTH_MAX} onChange={(event) => setReason(event.target.value)} />
      <button type="button" className="button" disabled={isEmpty || busy} onClick={() => void decide('confirm')}>Confirm</button>
      <button type="button" className="button" disabled={isEmpty || busy} onClick={() => void decide('reject')}>Reject</button>
      {error ? <p className="triage-error" role="alert">{error.message} {error.help}</p> : null}
    </form>
  )
}
