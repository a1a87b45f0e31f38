// assets: the list a biomedical engineer wants: what it is, where it stands, its addresses, does it talk outside, last seen.

import type { Analysis, AssetRow } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { setQuery } from '../data/use-route.ts'
import { useResource } from '../data/world.ts'
import { formatCount, plural } from '../model/format.ts'
import type { Route } from '../model/route.ts'
import { type Fields, matches, parseSearch } from '../model/search.ts'
import { ROLE_WORDS, severityRank } from '../model/words.ts'
import { ResultCount, Two } from '../parts/cells.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { AssetLink } from '../parts/finding.tsx'
import { LevelMark, SeverityMark } from '../parts/marks.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { PageFrame } from './page.tsx'

export const ASSET_FIELDS: Fields<AssetRow> = {
  label: (a) => [a.label],
  role: (a) => [a.role, ROLE_WORDS[a.role]],
  vendor: (a) => [a.vendor],
  model: (a) => [a.model],
  bed: (a) => [a.bed],
  zone: (a) => [a.zone ?? 'unzoned'],
  ip: (a) => a.interfaces.map((one) => one.ip),
  mac: (a) => a.interfaces.map((one) => one.mac),
  level: (a) => [a.level],
  outside: (a) => [a.talksOutside],
  inside: (a) => [!a.outside],
  medical: (a) => [a.medical],
  identified: (a) => [a.model !== null || a.role !== 'unknown'],
  worst: (a) => [a.worst],
}

export function AssetsPage({ analysis, route }: { readonly analysis: Analysis; readonly route: Route }) {
  const resource = useResource<AssetRow[]>(analysisPath(analysis.id, 'assets'))
  return (
    <PageFrame title="Assets" lead="Devices we believe exist, and why. A maker's network card alone names nobody." analysis={analysis}>
      <Shown resource={resource} what="assets">{(rows) => <Filtered analysis={analysis} route={route} rows={rows} />}</Shown>
    </PageFrame>
  )
}

function Filtered({ analysis, route, rows }: { readonly analysis: Analysis; readonly route: Route; readonly rows: readonly AssetRow[] }) {
  const { q = '' } = route.query
  if (rows.length === 0) {
    return <Empty title="No assets.">No device was heard. Check that the mirrored port carries the ward's traffic.</Empty>
  }
  const terms = parseSearch(q)
  const shown = rows.filter((row) => matches(row, terms, ASSET_FIELDS))
  return (
    <>
      <div className="filters">
        <SearchBox label="Filter assets" value={q} fields={ASSET_FIELDS} example="outside:yes role:monitor"
          onChange={(value) => setQuery(route, { q: value })} />
      </div>
      <ResultCount shown={shown.length} total={rows.length} one="asset" />
      {shown.length === 0
        ? <Empty title="No asset matches.">Take a word out of the filter: {plural(rows.length, 'asset')} are hidden.</Empty>
        : <DataTable caption="Assets" captionHidden columns={columnsFor(analysis.id)} rows={shown} rowKey={(row) => row.id} />}
    </>
  )
}

function columnsFor(analysis: string): Column<AssetRow>[] {
  return [
    { key: 'label', head: 'Asset', rowHeader: true, sort: (a) => a.label, cell: (a) => <Name analysis={analysis} of={a} /> },
    { key: 'model', head: 'Model', sort: (a) => a.model, cell: (a) => <Model of={a} /> },
    { key: 'zone', head: 'Zone', sort: (a) => a.zone, cell: (a) => <Zone of={a} /> },
    { key: 'address', head: 'Address', sort: (a) => a.interfaces[0]?.ip ?? null, cell: (a) => <Addresses of={a} /> },
    { key: 'outside', head: 'Talks outside', descendingFirst: true, sort: (a) => Number(a.talksOutside), cell: (a) => <Outside of={a} /> },
    { key: 'findings', head: 'Findings', descendingFirst: true, sort: badness, cell: (a) => <Worst of={a} /> },
    { key: 'last', head: 'Last seen', descendingFirst: true, sort: (a) => a.lastAt, cell: (a) => <When at={a.lastAt} /> },
  ]
}

function Name({ analysis, of }: { readonly analysis: string; readonly of: AssetRow }) {
  const role = `${ROLE_WORDS[of.role]}${of.bed === null ? '' : `, bed ${of.bed}`}`
  return <Two sub={role}><AssetLink analysis={analysis} id={of.id} label={of.label} rowFocus /></Two>
}

function Zone({ of }: { readonly of: AssetRow }) {
  return of.zone ?? <span className="muted">{of.outside ? 'outside' : 'unzoned'}</span>
}

/** Worst severity first; among equals the number of open findings, which stays far below the step. */
function badness(asset: AssetRow): number {
  return severityRank(asset.worst) * 1e6 + asset.findings
}

function Model({ of }: { readonly of: AssetRow }) {
  if (of.model === null) return <span className="muted">not identified</span>
  const name = [of.vendor, of.model].filter((part) => part !== null).join(' ')
  return of.level === null ? name : <Two sub={<LevelMark level={of.level} words />}>{name}</Two>
}

function Addresses({ of }: { readonly of: AssetRow }) {
  const [first, ...rest] = of.interfaces
  if (!first) return <span className="muted">–</span>
  const more = rest.length > 0 ? ` +${rest.length}` : ''
  return <Two mono sub={`${first.mac ?? ''}${more}`}><span className="mono">{first.ip ?? '–'}</span></Two>
}

function Outside({ of }: { readonly of: AssetRow }) {
  if (of.outside) return <span className="muted">is outside</span>
  if (!of.talksOutside) return <span className="muted">not seen</span>
  return <span className="crosses"><span className="wall-mark" aria-hidden="true" />yes</span>
}

function Worst({ of }: { readonly of: AssetRow }) {
  if (of.worst === null) return <span className="muted">none</span>
  return <Two sub={`${formatCount(of.findings)} open`}><SeverityMark severity={of.worst} /></Two>
}
