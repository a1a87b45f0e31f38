// overview: does it talk outside, what needs a decision, how much was seen. Sentence, picture, list, numbers: in this order.
// Keeps "no invented risk score": counts and sentences only.

import type { Analysis, Conversation, Overview } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { useResource } from '../data/world.ts'
import { formatCount } from '../model/format.ts'
import { crossings } from '../model/matrix.ts'
import { formatRoute, type Route } from '../model/route.ts'
import { headline, lead } from '../model/sentences.ts'
import { SEVERITY_ORDER } from '../model/words.ts'
import { CrossingFigure } from '../parts/crossing-figure.tsx'
import { FindingList } from '../parts/finding-list.tsx'
import { SeverityMark } from '../parts/marks.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { TrafficChart } from '../parts/traffic-chart.tsx'
import { PageFrame } from './page.tsx'

export function OverviewPage({ analysis }: { readonly analysis: Analysis }) {
  const resource = useResource<Overview>(analysisPath(analysis.id, 'overview'))
  const conversations = useResource<Conversation[]>(analysisPath(analysis.id, 'conversations'))
  return (
    <Shown resource={resource} what="overview">
      {(overview) => (
        <PageFrame title="Overview" heading={headline(overview)} lead={lead(overview)} analysis={overview.analysis}>
          <Shown resource={conversations} what="conversations">
            {(all) => <CrossingFigure overview={overview} crossings={crossings(all)} />}
          </Shown>
          <div className="overview-columns">
            <Decide overview={overview} />
            <Seen overview={overview} />
          </div>
        </PageFrame>
      )}
    </Shown>
  )
}

function Decide({ overview }: { readonly overview: Overview }) {
  const { analysis, top, findings } = overview
  const total = SEVERITY_ORDER.reduce((sum, severity) => sum + findings[severity], 0)
  return (
    <section aria-labelledby="decide-title" className="panel">
      <div className="panel-head">
        <h2 id="decide-title">What needs a decision</h2>
        <a href={formatRoute({ analysis: analysis.id, page: 'findings' })}>All findings</a>
      </div>
      <SeverityCounts analysis={analysis.id} findings={findings} />
      {total === 0
        ? <Empty title="No open finding.">Nothing that Cordon looks for was seen. Before you rely on that, read what it cannot see.</Empty>
        : <FindingList analysis={analysis.id} findings={top} label="Worst findings" />}
    </section>
  )
}

function SeverityCounts({ analysis, findings }: { readonly analysis: string; readonly findings: Overview['findings'] }) {
  return (
    <ul className="severity-counts" aria-label="Open findings by severity">
      {SEVERITY_ORDER.map((severity) => (
        <li key={severity} data-none={findings[severity] === 0}>
          <a href={formatRoute({ analysis, page: 'findings', query: { severity } })}>
            <b>{formatCount(findings[severity])}</b> <SeverityMark severity={severity} />
          </a>
        </li>
      ))}
    </ul>
  )
}

/** Label, value, and where the rows behind the number are. */
type Counted = readonly [label: string, value: number, to: Partial<Route>]

function Seen({ overview }: { readonly overview: Overview }) {
  const { analysis, assets, conversations } = overview
  const filtered = (page: Route['page'], q: string): Partial<Route> => ({ page, query: { q } })
  const counts: readonly Counted[] = [
    ['Assets inside', assets.total, filtered('assets', 'inside:yes')],
    ['of them medical', assets.medical, filtered('assets', 'inside:yes medical:yes')],
    ['of them not identified', assets.unidentified, filtered('assets', 'inside:yes identified:no')],
    ['Conversations', conversations.total, { page: 'conversations' }],
    ['leaving the hospital', conversations.leaving, filtered('conversations', 'leaves:yes')],
    ['denied by the policy', conversations.denied, filtered('conversations', 'verdict:deny')],
  ]
  return (
    <section aria-labelledby="seen-title" className="panel">
      <div className="panel-head"><h2 id="seen-title">What was seen</h2></div>
      <dl className="counts">
        {counts.map(([label, value, to]) => (
          <div key={label} className={/^[a-z]/.test(label) ? 'counts-part' : undefined}>
            <dt>{label}</dt><dd><a href={formatRoute({ analysis: analysis.id, ...to })}>{formatCount(value)}</a></dd>
          </div>
        ))}
      </dl>
      <h3>Traffic over time</h3>
      <TrafficChart traffic={overview.traffic} />
    </section>
  )
}
