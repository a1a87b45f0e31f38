// advisories: which published advisory concerns which device here, first what to look at first; observed traffic before any score.

import type { AdvisoryMatch, Analysis } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { setQuery } from '../data/use-route.ts'
import { useResource } from '../data/world.ts'
import { formatCount, plural } from '../model/format.ts'
import type { Route } from '../model/route.ts'
import { type Fields, matches, parseSearch } from '../model/search.ts'
import { MatchList, MATCH_WORDS } from '../parts/advisory-matches.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { PageFrame } from './page.tsx'

const FIELDS: Fields<AdvisoryMatch> = {
  asset: ({ match }) => [match.assetLabel],
  advisory: ({ match }) => [match.advisory.id],
  product: ({ match }) => match.products.flatMap(({ vendor, name }) => [vendor, name]),
  cve: ({ match }) => match.vulnerabilities.map(({ cve }) => cve),
  state: ({ match }) => [match.state, MATCH_WORDS[match.state]],
  level: ({ match }) => [match.level],
  ssvc: ({ ssvc }) => [ssvc?.decision ?? null],
  traffic: ({ tier }) => [tier],
  exploited: ({ match }) => [match.vulnerabilities.some(({ exploited }) => exploited)],
  decision: ({ decision }) => [decision?.verdict ?? 'none'],
}

export function AdvisoriesPage({ analysis, route }: { readonly analysis: Analysis; readonly route: Route }) {
  const resource = useResource<AdvisoryMatch[]>(analysisPath(analysis.id, 'advisories'))
  const lead = 'Published advisories whose maker and product meet what a device is known to be. Observed traffic first, then SSVC; never a score alone.'
  return (
    <PageFrame title="Advisories" lead={lead} analysis={analysis}>
      <Shown resource={resource} what="advisories">{(all) => <Filtered analysis={analysis} route={route} all={all} />}</Shown>
    </PageFrame>
  )
}

function Filtered({ analysis, route, all }: { readonly analysis: Analysis; readonly route: Route; readonly all: readonly AdvisoryMatch[] }) {
  const { q = '' } = route.query
  if (all.length === 0) {
    return (
      <Empty title="No match.">
        No device here is known by a maker and a model that a known advisory names. A list of the hospital&apos;s devices tells more.
      </Empty>
    )
  }
  const terms = parseSearch(q)
  const shown = all.filter((one) => matches(one, terms, FIELDS))
  return (
    <>
      <div className="filters">
        <SearchBox label="Filter advisories" value={q} fields={FIELDS} example="state:affected -decision:reject"
          onChange={(value) => setQuery(route, { q: value })} />
      </div>
      <h2 className="sr-only">First what to look at first</h2>
      <p className="result-count" role="status">
        {shown.length === all.length ? plural(all.length, 'match', 'matches') : `${formatCount(shown.length)} of ${plural(all.length, 'match', 'matches')}`}
      </p>
      {shown.length === 0
        ? <Empty title="No match fits.">Take a word out of the filter: {plural(all.length, 'match', 'matches')} are hidden.</Empty>
        : <MatchList analysis={analysis.id} matches={shown} label="Advisory matches" />}
    </>
  )
}
