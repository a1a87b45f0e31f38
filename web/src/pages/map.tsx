// map: zones and conduits as a drawing and, equal to it, as tables. Pointing at a row marks its line on the map.

import { useState } from 'react'
import type { Analysis, ZoneMap } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { useResource } from '../data/world.ts'
import { formatBytes, formatCount } from '../model/format.ts'
import { type ZonePair, zonePairs } from '../model/matrix.ts'
import { formatRoute } from '../model/route.ts'
import { ZONE_KIND_WORDS, zoneHolds } from '../model/words.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { ZoneMapDrawing } from '../parts/zone-map.tsx'
import { PageFrame } from './page.tsx'

type Zone = ZoneMap['zones'][number]

export function MapPage({ analysis }: { readonly analysis: Analysis }) {
  const resource = useResource<ZoneMap>(analysisPath(analysis.id, 'zones'))
  return (
    <PageFrame title="Zones and conduits" analysis={analysis}
      lead="Who may talk to whom by the policy, and who did. Without a conduit the answer is deny.">
      <Shown resource={resource} what="zones">{(map) => <Loaded analysis={analysis} map={map} />}</Shown>
    </PageFrame>
  )
}

function Loaded({ analysis, map }: { readonly analysis: Analysis; readonly map: ZoneMap }) {
  const [pointed, setPointed] = useState<ZonePair | null>(null)
  if (map.zones.length === 0) {
    return <Empty title="No zones yet.">Write a policy with a zone for the ward's monitors (cordon policy); open the capture again.</Empty>
  }
  return (
    <>
      <ZoneMapDrawing map={map} pointed={pointed} />
      <section className="section" aria-labelledby="pairs-title">
        <h2 id="pairs-title">Between zones</h2>
        <DataTable caption="Conduits and conversations between zones" captionHidden columns={pairColumns(analysis.id)} rows={zonePairs(map)}
          rowKey={(pair) => JSON.stringify([pair.from, pair.to])} onPoint={setPointed}
          rowState={(pair) => ((pair.cell?.denied ?? 0) > 0 ? 'deny' : undefined)} />
      </section>
      <section className="section" aria-labelledby="zones-title">
        <h2 id="zones-title">Zones</h2>
        <DataTable caption="Zones" captionHidden columns={ZONE_COLUMNS} rows={map.zones} rowKey={(zone) => zone.name} />
      </section>
    </>
  )
}

const COUNTED = { numeric: true, descendingFirst: true } as const

function pairColumns(analysis: string): Column<ZonePair>[] {
  return [
    { key: 'from', head: 'From zone', rowHeader: true, sort: (p) => p.from, cell: (p) => <PairLink analysis={analysis} pair={p} /> },
    { key: 'to', head: 'To zone', sort: (p) => p.to, cell: (p) => p.to },
    { key: 'conduits', head: 'Policy', cell: (p) => <PolicyCell pair={p} /> },
    { key: 'seen', head: 'Conversations', ...COUNTED, sort: (p) => p.cell?.conversations ?? 0, cell: (p) => <Seen pair={p} /> },
    { key: 'denied', head: 'Denied', ...COUNTED, sort: (p) => p.cell?.denied ?? 0, cell: (p) => <Denied count={p.cell?.denied ?? 0} /> },
    { key: 'bytes', head: 'Volume', ...COUNTED, sort: (p) => p.cell?.bytes ?? 0, cell: (p) => (p.cell ? formatBytes(p.cell.bytes) : '') },
    { key: 'protocols', head: 'Services seen', cell: (p) => p.cell?.protocols.join(', ') ?? '' },
  ]
}

function PairLink({ analysis, pair }: { readonly analysis: string; readonly pair: ZonePair }) {
  if (pair.cell === null) return <span tabIndex={0} data-row-focus>{pair.from}</span>
  return <a data-row-focus href={formatRoute({ analysis, page: 'conversations', query: { from: pair.from, to: pair.to } })}>{pair.from}</a>
}

/** Within a zone no conduit is needed; between zones its absence means deny. */
function PolicyCell({ pair }: { readonly pair: ZonePair }) {
  if (pair.conduits.length > 0) return <>allow {pair.conduits.join(', ')}</>
  return <span className="muted">{pair.from === pair.to ? 'inside one zone' : 'no conduit'}</span>
}

function Seen({ pair }: { readonly pair: ZonePair }) {
  return pair.cell ? formatCount(pair.cell.conversations) : <span className="muted">none</span>
}

function Denied({ count }: { readonly count: number }) {
  return count > 0 ? <span className="verdict" data-verdict="deny">{formatCount(count)} deny</span> : <span className="muted">0</span>
}

const OTHER_ADDRESSES: Readonly<Record<Zone['kind'], string>> = {
  medical: 'no address block', it: 'no address block', external: 'any other', unzoned: 'private ones no zone names',
  group: 'multicast and broadcast',
}

const ZONE_COLUMNS: readonly Column<Zone>[] = [
  { key: 'name', head: 'Zone', rowHeader: true, sort: (z) => z.name, cell: (z) => z.name },
  { key: 'kind', head: 'Kind', sort: (z) => ZONE_KIND_WORDS[z.kind], cell: (z) => ZONE_KIND_WORDS[z.kind] },
  { key: 'assets', head: 'Holds', descendingFirst: true, sort: (z) => z.assets, cell: zoneHolds },
  { key: 'prefixes', head: 'Addresses', cell: (z) => <Prefixes of={z} /> },
]

function Prefixes({ of }: { readonly of: Zone }) {
  if (of.prefixes.length === 0) return <span className="muted">{OTHER_ADDRESSES[of.kind]}</span>
  return <code>{of.prefixes.join(', ')}</code>
}
