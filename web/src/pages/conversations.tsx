// conversations: the matrix of zones, and under it the conversations of the chosen cell or of the filter.

import { useRef } from 'react'
import type { Analysis, Conversation, ZoneMap } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { setQuery } from '../data/use-route.ts'
import { useResource } from '../data/world.ts'
import { buildMatrix } from '../model/matrix.ts'
import type { Route } from '../model/route.ts'
import { matches, parseSearch } from '../model/search.ts'
import { ResultCount } from '../parts/cells.tsx'
import { CONVERSATION_FIELDS, ConversationTable } from '../parts/conversation-table.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { type Chosen, ZoneMatrix } from '../parts/zone-matrix.tsx'
import { PageFrame } from './page.tsx'

export function ConversationsPage({ analysis, route }: { readonly analysis: Analysis; readonly route: Route }) {
  const zones = useResource<ZoneMap>(analysisPath(analysis.id, 'zones'))
  const conversations = useResource<Conversation[]>(analysisPath(analysis.id, 'conversations'))
  return (
    <PageFrame title="Conversations" analysis={analysis}
      lead="Who talks to whom, zone by zone. Beyond the double line is outside the hospital.">
      <Shown resource={zones} what="zones">
        {(map) => (
          <Shown resource={conversations} what="conversations">
            {(all) => <Loaded analysis={analysis} route={route} map={map} all={all} />}
          </Shown>
        )}
      </Shown>
    </PageFrame>
  )
}

function Loaded({ analysis, route, map, all }: {
  readonly analysis: Analysis
  readonly route: Route
  readonly map: ZoneMap
  readonly all: readonly Conversation[]
}) {
  const list = useRef<HTMLHeadingElement>(null)
  const { from = '', to = '', q = '' } = route.query
  const chosen: Chosen | null = from !== '' && to !== '' ? { from, to } : null
  if (all.length === 0) {
    return <Empty title="No conversation.">No two addresses spoke here. Check that the mirrored port carries the ward's traffic.</Empty>
  }
  const choose = (cell: Chosen): void => {
    setQuery(route, { ...cell }, false)
    list.current?.focus()
  }
  const showAll = (): void => setQuery(route, { from: '', to: '' }, false)
  const terms = parseSearch(q)
  const shown = all.filter((c) => (chosen === null || (c.from.zone === from && c.to.zone === to)) && matches(c, terms, CONVERSATION_FIELDS))
  return (
    <>
      <ZoneMatrix matrix={buildMatrix(map)} chosen={chosen} onChoose={choose} />
      <section className="section" aria-labelledby="list-title">
        <div className="panel-head">
          <h2 id="list-title" ref={list} tabIndex={-1}>{chosen === null ? 'All conversations' : `From ${from} to ${to}`}</h2>
          {chosen === null ? null : <button type="button" className="button" onClick={showAll}>Show all zones</button>}
        </div>
        <div className="filters">
          <SearchBox label="Filter conversations" value={q} fields={CONVERSATION_FIELDS} example="verdict:deny port:515"
            onChange={(value) => setQuery(route, { q: value })} />
        </div>
        <ResultCount shown={shown.length} total={all.length} one="conversation" />
        {shown.length === 0
          ? <Empty title="No conversation matches.">Take a word out of the filter, or show all zones.</Empty>
          : <ConversationTable analysis={analysis.id} conversations={shown} caption="Conversations" captionHidden />}
      </section>
    </>
  )
}
