// asset-known: of one asset, where it talks outside, what people and the hospital's list say of it, and what this view cannot show.
// Keeps the packets' own answer beside every decision, and silence apart from safety.

import type { AssetPage, AssetRow, ListedSight, OutsideContact } from '../../../src/console/api.ts'
import { formatRoute } from '../model/route.ts'
import { plural } from '../model/format.ts'
import { type Column, DataTable } from './data-table.tsx'
import { Span, When } from './when.tsx'

/** The first question of a biomedical engineer, answered with the evidence. */
export function TalksOutside({ page }: { readonly page: AssetPage }) {
  const { asset, outside } = page
  return (
    <section className="section" aria-labelledby="asset-outside">
      <h2 id="asset-outside">Does it talk outside?</h2>
      {asset.outside ? <p>It is outside the hospital itself.</p> : null}
      {!asset.outside && outside.length === 0
        ? <p><b>Not seen to.</b> <span className="muted">Of what passed the capture point, nothing it sent was for an address outside.</span></p>
        : null}
      {outside.length > 0
        ? (
            <>
              <p><b className="crosses"><span className="wall-mark" aria-hidden="true" />Yes</b>, to {plural(outside.length, 'service')}.</p>
              <DataTable caption="Addresses outside that it sent to" captionHidden columns={OUTSIDE_COLUMNS} rows={outside}
                rowKey={(o) => JSON.stringify(o)} />
            </>
          )
        : null}
    </section>
  )
}

const OUTSIDE_COLUMNS: readonly Column<OutsideContact>[] = [
  { key: 'ip', head: 'Address', rowHeader: true, sort: (o) => o.ip, cell: (o) => <span className="mono">{o.ip}</span> },
  { key: 'service', head: 'Service', sort: (o) => o.service, cell: (o) => (o.protocol === null ? o.service : `${o.protocol}, ${o.service}`) },
  { key: 'answer', head: 'Answered', sort: (o) => Number(o.answered), cell: (o) => (o.answered ? 'yes' : 'no, only tried') },
  { key: 'seen', head: 'Seen', sort: (o) => o.firstAt, cell: (o) => <Span from={o.firstAt} to={o.lastAt} /> },
]

/** Decisions, the list and suggestions; nothing when only packets speak of it. */
export function SaidByPeople({ analysis, page }: { readonly analysis: string; readonly page: AssetPage }) {
  const { asset, listed } = page
  const { composition, perhaps = [] } = asset
  if (!composition && listed.length === 0 && perhaps.length === 0) return null
  return (
    <section className="section" aria-labelledby="asset-said">
      <h2 id="asset-said">What people and the list say</h2>
      <ul className="plain">
        {listed.map((row) => <li key={row.where}><ListRow row={row} /></li>)}
        {(composition?.contradictions ?? []).map((text) => <li key={text}><b>Contradiction:</b> {text}.</li>)}
        {(composition?.decisions ?? []).map((d) => (
          <li key={d.id}>
            <b>{d.words}</b>, decided by {d.by}, <When at={d.at} besides={null} />: {d.reason}{' '}
            <span className="muted">Take back: <code>cordon inventory undo {d.id}</code></span>
          </li>
        ))}
        {perhaps.map((p) => (
          <li key={p.asset}>
            Perhaps one box with <a href={formatRoute({ analysis, page: 'assets', item: p.asset })}>{p.label}</a>: {p.signs.join(', ')}.{' '}
            <span className="muted">If so: <code>cordon inventory merge {asset.id} {p.asset}</code></span>
          </li>
        ))}
        {composition ? <li className="muted">The packets alone: {composition.bare.map((b) => b.label).join(' and ')}.</li> : null}
      </ul>
    </section>
  )
}

function ListRow({ row }: { readonly row: ListedSight }) {
  const names = [row.tag === null ? null : `tag ${row.tag}`, row.serial === null ? null : `serial ${row.serial}`].filter((t) => t !== null).join(', ')
  return (
    <>
      <b>{row.retired ? `On the list as ${row.status ?? 'retired'}, and still here` : 'On the hospital\'s list'}</b>: {names || 'no tag'}{' '}
      <span className="muted">({row.where}, matched by {row.matchedBy.replace('-', ' ')} {row.value})</span>
    </>
  )
}

/** Hatched like the whole capture's limits at the foot of the page, but of this device. */
export function CannotSee({ texts }: { readonly texts: readonly string[] }) {
  if (texts.length === 0) return null
  return (
    <section className="blind asset-blind" aria-labelledby="asset-blind">
      <h2 id="asset-blind">What we cannot see of it</h2>
      <ul className="plain">{texts.map((text) => <li key={text}>{text}</li>)}</ul>
    </section>
  )
}

/** How people tell Cordon better: the commands with this asset's id in them. */
export function DecideHint({ asset }: { readonly asset: AssetRow }) {
  return (
    <details className="twin">
      <summary>Is it something else?</summary>
      <p>Read its label, then say so. A decision needs a reason, stays beside the packets, and can be taken back.</p>
      <ul className="plain">
        {COMMANDS.map(([words, command]) => <li key={command}>{words}: <code>cordon inventory {command.replace('ASSET', asset.id)} --reason "…"</code></li>)}
      </ul>
    </details>
  )
}

const COMMANDS: readonly (readonly [string, string])[] = [
  ['Confirm what it is', 'confirm ASSET model=…'], ['Call it by another name', 'rename ASSET "…"'],
  ['Two cards are one box', 'merge ASSET OTHER'], ['One address is another box', 'split ASSET ADDRESS'],
]
