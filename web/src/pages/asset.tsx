// asset: one device: what it is and why we believe so, its interfaces in time, what it says to whom, what needs a decision.
// Keeps the evidence ladder visible: every claim carries its level, and inferred ones are dashed.

import type { Analysis, AssetInterface, AssetPage as AssetData, AssetRole, AssetRow, Claim, ClaimRow } from '../../../src/console/api.ts'
import { analysisPath } from '../data/client.ts'
import { useResource } from '../data/world.ts'
import { formatCount } from '../model/format.ts'
import { formatRoute } from '../model/route.ts'
import { ROLE_WORDS } from '../model/words.ts'
import { AssetAdvisories } from '../parts/advisory-matches.tsx'
import { CannotSee, DecideHint, SaidByPeople, TalksOutside } from '../parts/asset-known.tsx'
import { Two } from '../parts/cells.tsx'
import { ConversationTable } from '../parts/conversation-table.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { FindingList } from '../parts/finding-list.tsx'
import { Inferred, LevelMark } from '../parts/marks.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { PageFrame } from './page.tsx'

export function AssetPage({ analysis, id }: { readonly analysis: Analysis; readonly id: string }) {
  const resource = useResource<AssetData>(analysisPath(analysis.id, 'assets', id))
  return (
    <>
      <p className="crumb"><a href={formatRoute({ analysis: analysis.id, page: 'assets' })}>Assets</a></p>
      <Shown resource={resource} what="asset">{(page) => <Loaded analysis={analysis} page={page} />}</Shown>
    </>
  )
}

function Loaded({ analysis, page }: { readonly analysis: Analysis; readonly page: AssetData }) {
  const { asset, claims, conversations, findings } = page
  return (
    <PageFrame title={asset.label} lead={identityWords(asset)} analysis={analysis}>
      <p className="asset-seen">First seen <When at={asset.firstAt} />, last seen <When at={asset.lastAt} /></p>
      <TalksOutside page={page} />
      <section className="section" aria-labelledby="asset-findings">
        <h2 id="asset-findings">Findings</h2>
        {findings.length === 0
          ? <Empty title="No finding names this asset.">Not seen doing wrong is no proof that it does right.</Empty>
          : <FindingList analysis={analysis.id} findings={findings} label="Findings of this asset" showAsset={false} />}
      </section>
      <AssetAdvisories analysis={analysis.id} asset={asset.id} />
      <div className="asset-columns">
        <section className="section" aria-labelledby="asset-claims">
          <h2 id="asset-claims">What we believe, and why</h2>
          {claims.length === 0
            ? <Empty title="Nothing but its address.">No packet said what it is. A label, a CMMS entry or a longer capture would.</Empty>
            : (
                <DataTable caption="Claims with their evidence" captionHidden columns={CLAIM_COLUMNS} rows={claims}
                  sort={{ column: 'level', descending: false }} rowKey={(c) => `${c.what} ${c.value} ${c.evidence}`} />
              )}
          <DecideHint asset={asset} />
        </section>
        <section className="section" aria-labelledby="asset-interfaces">
          <h2 id="asset-interfaces">Interfaces in time</h2>
          <Interfaces asset={asset} />
        </section>
      </div>
      <SaidByPeople analysis={analysis.id} page={page} />
      <section className="section" aria-labelledby="asset-conversations">
        <h2 id="asset-conversations">Conversations</h2>
        {conversations.length === 0
          ? <Empty title="No conversation.">It was heard, for example by ARP, but exchanged nothing that passed the capture point.</Empty>
          : <ConversationTable analysis={analysis.id} conversations={conversations} caption="Conversations of this asset" captionHidden />}
      </section>
      <CannotSee texts={page.cannotSee} />
    </PageFrame>
  )
}

function identityWords(asset: AssetRow): string {
  const product = [asset.vendor, asset.model].filter((part) => part !== null).join(' ')
  const place = asset.outside ? 'outside the hospital' : asset.zone === null ? 'in no zone of the policy' : `in zone ${asset.zone}`
  const crosses = asset.talksOutside ? 'It talks, or tries to talk, to addresses outside the hospital.' : ''
  const what = [product === '' ? 'Not identified' : product, ROLE_WORDS[asset.role], place].join(', ')
  return `${what}. ${crosses}`.trim()
}

/** A role is a code of ours; everything else is shown as it was found. */
function claimWords({ what, value }: Claim): string {
  return what === 'role' && Object.hasOwn(ROLE_WORDS, value) ? ROLE_WORDS[value as AssetRole] : value
}

const CLAIM_COLUMNS: readonly Column<ClaimRow>[] = [
  { key: 'what', head: 'Claim', rowHeader: true, sort: (c) => c.what, cell: (c) => <Value of={c} /> },
  { key: 'level', head: 'Level', sort: (c) => c.level, cell: (c) => <Level of={c} /> },
  { key: 'evidence', head: 'Evidence', cell: (c) => <Evidence of={c} /> },
]

function Value({ of }: { readonly of: ClaimRow }) {
  return <Two sub={of.what.replace('-', ' ')}><b className="claim-value">{claimWords(of)}</b></Two>
}

/** The rung, and how sure that is in a word. */
function Level({ of }: { readonly of: ClaimRow }) {
  return <Two sub={of.confidence}><LevelMark level={of.level} inferred={of.inferred} /></Two>
}

function Evidence({ of }: { readonly of: ClaimRow }) {
  return <Two sub={<Seen of={of} />}>{of.evidence}{of.inferred ? <> <Inferred /></> : null}</Two>
}

/** A packet's claim names the frame to open; a person's or a list's the moment it was made. */
function Seen({ of }: { readonly of: ClaimRow }) {
  const often = of.count === 1 ? 'once' : `${formatCount(of.count)} times`
  const about = of.about === undefined ? null : <>, of <span className="mono">{of.about.join(', ')}</span></>
  if (of.source !== undefined) return <>{of.source === 'person' ? 'said' : 'read'} <When at={of.firstAt} besides={null} />{about}</>
  return <>first in frame {formatCount(of.frame)} <When at={of.firstAt} />, last <When at={of.lastAt} />, {often}{about}</>
}

const BOUND_BY: Readonly<Record<AssetInterface['evidence'], string>> = { arp: 'ARP', dhcp: 'DHCP', traffic: 'its own packets' }

function Interfaces({ asset }: { readonly asset: AssetRow }) {
  if (asset.interfaces.length === 0) {
    return <Empty title="No interface on this segment.">Its packets come through a router, so its MAC address is not seen here.</Empty>
  }
  const first = Math.min(...asset.interfaces.map((one) => one.firstAt))
  const last = Math.max(...asset.interfaces.map((one) => one.lastAt))
  return (
    <DataTable caption="MAC and IP address bindings" captionHidden columns={interfaceColumns(first, last)} rows={asset.interfaces}
      rowKey={(one) => JSON.stringify(one)} />
  )
}

function interfaceColumns(first: number, last: number): Column<AssetInterface>[] {
  return [
    { key: 'ip', head: 'Address', rowHeader: true, sort: (i) => i.ip, cell: (i) => <Addresses of={i} /> },
    { key: 'bound', head: 'Bound by', cell: (i) => <Two sub={i.vlan === 0 ? 'untagged' : `VLAN ${i.vlan}`}>{BOUND_BY[i.evidence]}</Two> },
    { key: 'time', head: 'Seen', sort: (i) => i.firstAt, cell: (i) => <TimeBar of={i} first={first} last={last} /> },
  ]
}

function Addresses({ of }: { readonly of: AssetInterface }) {
  return <Two mono sub={of.mac ?? 'MAC not seen'}><span className="mono">{of.ip ?? 'no IP'}</span></Two>
}

/** When in the capture: a bar over the time all interfaces of the asset were seen. */
function TimeBar({ of, first, last }: { readonly of: AssetInterface; readonly first: number; readonly last: number }) {
  const whole = Math.max(1, last - first)
  const from = ((of.firstAt - first) / whole) * 100
  const width = Math.max(2, ((of.lastAt - of.firstAt) / whole) * 100)
  return (
    <span className="time-bar">
      <span className="time-track" aria-hidden="true">
        <span className="time-fill" style={{ left: `${Math.min(98, from)}%`, width: `${width}%` }} />
      </span>
      <span className="sub"><When at={of.firstAt} /> to <When at={of.lastAt} /></span>
    </span>
  )
}
