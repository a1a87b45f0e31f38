// findings: everything that needs a decision, worst first, filtered by severity, triage and words.

import type { Analysis, Severity, TriagedFinding, TriageState } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { setQuery } from '../data/use-route.ts'
import { useResource } from '../data/world.ts'
import { formatCount, plural } from '../model/format.ts'
import type { Route } from '../model/route.ts'
import { type Fields, matches, parseSearch } from '../model/search.ts'
import { SEVERITY_ORDER, TRIAGE_ORDER, TRIAGE_WORDS } from '../model/words.ts'
import { ResultCount } from '../parts/cells.tsx'
import { FindingList } from '../parts/finding-list.tsx'
import { SeverityMark } from '../parts/marks.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { PageFrame } from './page.tsx'

const FIELDS: Fields<TriagedFinding> = {
  text: (f) => [f.ward, f.technical, f.help],
  asset: (f) => [f.assetLabel],
  rule: (f) => [f.rule],
  severity: (f) => [f.severity],
  triage: (f) => [f.triage],
  attack: (f) => f.attack.flatMap((tag) => [tag.id, tag.name]),
  ip: (f) => f.evidence.flows.flatMap((flow) => [flow.src, flow.dst]),
}

export function FindingsPage({ analysis, route }: { readonly analysis: Analysis; readonly route: Route }) {
  const resource = useResource<TriagedFinding[]>(analysisPath(analysis.id, 'findings'))
  return (
    <PageFrame title="Findings" lead="Something true that needs a decision. Worst first." analysis={analysis}>
      <Shown resource={resource} what="findings">{(findings) => <Filtered analysis={analysis} route={route} findings={findings} />}</Shown>
    </PageFrame>
  )
}

function Filtered({ analysis, route, findings }: {
  readonly analysis: Analysis
  readonly route: Route
  readonly findings: readonly TriagedFinding[]
}) {
  const { q = '', severity = '', triage = '' } = route.query
  if (findings.length === 0) {
    return <Empty title="No findings.">Nothing that Cordon looks for was seen. A longer capture, at another place, may show more.</Empty>
  }
  const terms = parseSearch(q)
  const isChosen = (f: TriagedFinding): boolean => (severity === '' || f.severity === severity) && (triage === '' || f.triage === triage)
  const shown = findings.filter((f) => isChosen(f) && matches(f, terms, FIELDS))
  return (
    <>
      <div className="filters">
        <SearchBox label="Filter findings" value={q} fields={FIELDS} example="asset:monitor -triage:closed"
          onChange={(value) => setQuery(route, { q: value })} />
        <SeverityFilter findings={findings} chosen={severity} onChoose={(value) => setQuery(route, { severity: value })} />
        <TriageFilter findings={findings} chosen={triage} onChoose={(value) => setQuery(route, { triage: value })} />
      </div>
      <h2 className="sr-only">Worst first</h2>
      <ResultCount shown={shown.length} total={findings.length} one="finding" />
      {shown.length === 0
        ? <Empty title="No finding matches.">Take a filter away: {plural(findings.length, 'finding')} are hidden.</Empty>
        : <FindingList analysis={analysis.id} findings={shown} label="Findings" opened={route.query['open']} />}
    </>
  )
}

interface FilterProps {
  readonly findings: readonly TriagedFinding[]
  readonly chosen: string
  readonly onChoose: (value: string) => void
}

function SeverityFilter({ findings, chosen, onChoose }: FilterProps) {
  const count = (severity: Severity): number => findings.filter((f) => f.severity === severity).length
  return (
    <div className="segments" role="group" aria-label="Severity">
      {SEVERITY_ORDER.map((severity) => (
        <button key={severity} type="button" aria-pressed={chosen === severity}
          onClick={() => onChoose(chosen === severity ? '' : severity)}>
          <SeverityMark severity={severity} /> {formatCount(count(severity))}
        </button>
      ))}
    </div>
  )
}

function TriageFilter({ findings, chosen, onChoose }: FilterProps) {
  const count = (state: TriageState): number => findings.filter((f) => f.triage === state).length
  return (
    <div className="segments" role="group" aria-label="Triage state">
      {TRIAGE_ORDER.map((state) => (
        <button key={state} type="button" aria-pressed={chosen === state} onClick={() => onChoose(chosen === state ? '' : state)}>
          {TRIAGE_WORDS[state]} {formatCount(count(state))}
        </button>
      ))}
    </div>
  )
}
