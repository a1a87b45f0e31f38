// crossing-figure: the hospital's boundary as a line, and everything that was seen going over it. The first picture of the overview.
// Keeps the console's one question in front: does it talk outside? A list in the markup, a drawing on the screen.

import type { Overview } from '../../../src/console/api.ts'
import type { Crossing } from '../model/matrix.ts'
import { formatBytes, plural } from '../model/format.ts'
import { formatRoute } from '../model/route.ts'
import { lookedFor } from '../model/sentences.ts'
import { AssetLink } from './finding.tsx'
import { Verdict } from './marks.tsx'

/** More go to the conversations page: a figure of ten lines is still read at one glance. */
const CROSSINGS_SHOWN_MAX = 8

export function CrossingFigure({ overview, crossings }: { readonly overview: Overview; readonly crossings: readonly Crossing[] }) {
  const { analysis, assets } = overview
  const shown = crossings.slice(0, CROSSINGS_SHOWN_MAX)
  const all = formatRoute({ analysis: analysis.id, page: 'conversations', query: { q: 'leaves:yes' } })
  const outside = new Set(crossings.map((crossing) => crossing.to.ip)).size
  return (
    <section className="cordon" aria-labelledby="cordon-title">
      <h2 id="cordon-title" className="sr-only">What crosses the hospital's boundary</h2>
      <div className="cordon-row cordon-head">
        <p className="cordon-from"><b>{plural(assets.total, 'asset')}</b> inside<span className="sub">{insideWords(assets)}</span></p>
        <span className="cordon-track" />
        <span className="cordon-wall" />
        <span className="cordon-beyond" />
        <p className="cordon-to"><b>{plural(outside, 'address', 'addresses')}</b> outside<span className="sub">reached or tried</span></p>
      </div>
      <ol className="cordon-list">
        {shown.map((crossing) => <CrossingRow key={crossing.key} analysis={analysis.id} crossing={crossing} />)}
        {shown.length === 0
          ? (
              <li className="cordon-row cordon-quiet">
                <span className="cordon-from">Nothing was seen crossing the line.</span>
                <span className="cordon-track" /><span className="cordon-wall" /><span className="cordon-beyond" />
                <span className="cordon-to">{lookedFor(analysis)}</span>
              </li>
            )
          : null}
      </ol>
      {shown.length < crossings.length
        ? <p className="cordon-more"><a href={all}>All {crossings.length} that cross</a></p>
        : null}
    </section>
  )
}

function insideWords({ medical, unidentified }: Overview['assets']): string {
  const parts = [medical > 0 ? `${medical} medical` : '', unidentified > 0 ? `${unidentified} not identified` : '']
  return parts.filter((part) => part !== '').join(', ')
}

function CrossingRow({ analysis, crossing }: { readonly analysis: string; readonly crossing: Crossing }) {
  const { from, to, denied } = crossing
  return (
    <li className="cordon-row" data-verdict={denied ? 'deny' : 'allow'}>
      <span className="cordon-from">
        {from.assetId === null ? from.label : <AssetLink analysis={analysis} id={from.assetId} label={from.label} />}
        <span className="sub">{from.zone}</span>
      </span>
      <span className="cordon-track">
        <span className="cordon-service">{crossing.services.join(', ')} · {formatBytes(crossing.bytes)}</span>
      </span>
      <span className="cordon-wall"><span className="sr-only"> crosses the boundary to </span></span>
      <span className="cordon-beyond" />
      <span className="cordon-to">
        <span className="mono">{to.ip}</span> <Verdict verdict={denied ? 'deny' : 'allow'} />
        {to.label === to.ip ? null : <span className="sub">{to.label}</span>}
      </span>
    </li>
  )
}
