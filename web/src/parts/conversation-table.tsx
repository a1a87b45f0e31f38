// conversation-table: who says what to whom, and what the policy says of it.

import type { Conversation, Endpoint } from '../../../src/console/api.ts'
import { formatBytes, formatCount, formatService } from '../model/format.ts'
import type { Fields } from '../model/search.ts'
import { Two } from './cells.tsx'
import { type Column, DataTable } from './data-table.tsx'
import { AssetLink } from './finding.tsx'
import { Verdict } from './marks.tsx'
import { When } from './when.tsx'

export const CONVERSATION_FIELDS: Fields<Conversation> = {
  from: (c) => [c.from.label, c.from.ip],
  to: (c) => [c.to.label, c.to.ip],
  zone: (c) => [c.from.zone, c.to.zone],
  protocol: (c) => [c.protocol],
  transport: (c) => [c.transport],
  port: (c) => [c.port],
  verdict: (c) => [c.verdict],
  leaves: (c) => [c.leaves],
  rule: (c) => [c.rule],
}

export function ConversationTable({ analysis, conversations, caption, captionHidden = false }: {
  readonly analysis: string
  readonly conversations: readonly Conversation[]
  readonly caption: string
  readonly captionHidden?: boolean
}) {
  return (
    <DataTable caption={caption} captionHidden={captionHidden} columns={columnsFor(analysis)} rows={conversations} rowKey={(c) => c.id}
      rowState={(c) => (c.verdict === 'deny' ? 'deny' : undefined)} />
  )
}

function columnsFor(analysis: string): Column<Conversation>[] {
  return [
    { key: 'from', head: 'From', rowHeader: true, sort: (c) => c.from.label, cell: (c) => <End analysis={analysis} end={c.from} /> },
    { key: 'to', head: 'To', sort: (c) => c.to.label, cell: (c) => <End analysis={analysis} end={c.to} leaves={c.leaves} /> },
    { key: 'service', head: 'Service', sort: (c) => c.protocol ?? formatService(c.transport, c.port), cell: (c) => <Service of={c} /> },
    { key: 'verdict', head: 'Policy says', sort: (c) => c.verdict, descendingFirst: true, cell: (c) => <Policy of={c} /> },
    { key: 'flows', head: 'Flows', numeric: true, descendingFirst: true, sort: (c) => c.flows, cell: (c) => <Flows of={c} /> },
    { key: 'bytes', head: 'Volume', numeric: true, descendingFirst: true, sort: (c) => c.bytes, cell: (c) => formatBytes(c.bytes) },
    { key: 'last', head: 'Last seen', descendingFirst: true, sort: (c) => c.lastAt, cell: (c) => <When at={c.lastAt} /> },
  ]
}

function End({ analysis, end, leaves = false }: { readonly analysis: string; readonly end: Endpoint; readonly leaves?: boolean }) {
  const address = end.label === end.ip ? '' : `${end.ip} · `
  return (
    <span className="end">
      {leaves ? <span className="wall-mark"><span className="sr-only">outside the hospital: </span></span> : null}
      <span>
        {end.assetId === null
          ? <span className="mono">{end.label}</span>
          : <AssetLink analysis={analysis} id={end.assetId} label={end.label} />}
        <span className="sub">{address}{end.zone}</span>
      </span>
    </span>
  )
}

function Service({ of }: { readonly of: Conversation }) {
  return <Two mono sub={formatService(of.transport, of.port)}>{of.protocol ?? <span className="muted">not identified</span>}</Two>
}

function Policy({ of }: { readonly of: Conversation }) {
  return <span className="policy-word"><Verdict verdict={of.verdict} /><span className="sub">{of.reason}</span></span>
}

function Flows({ of }: { readonly of: Conversation }) {
  return <>{formatCount(of.flows)}{of.attempts > 0 ? <span className="sub">{formatCount(of.attempts)} only tried</span> : null}</>
}
