// finding: one finding as a row that opens. Ward sentence first; the engineer's sentence, evidence and triage behind it.
// Keeps S8 (ward words first) and shows inferred statements as inferred.

import { type ReactNode, useId } from 'react'
import type { EvidenceFlow, TriagedFinding } from '../../../src/console/api.ts'
import { formatCount, plural } from '../model/format.ts'
import { formatRoute } from '../model/route.ts'
import { TRIAGE_WORDS } from '../model/words.ts'
import { CopyText } from './copy.tsx'
import { DataTable, type Column } from './data-table.tsx'
import { Inferred, SeverityMark } from './marks.tsx'
import { TriageControl } from './triage.tsx'
import { Span, When } from './when.tsx'

export interface FindingRowProps {
  readonly analysis: string
  readonly finding: TriagedFinding
  readonly open: boolean
  readonly onToggle: () => void
  /** False on the asset's own page. */
  readonly showAsset?: boolean
}

export function FindingRow({ analysis, finding, open, onToggle, showAsset = true }: FindingRowProps) {
  const id = useId()
  return (
    <article className="finding" data-severity={finding.severity} data-triage={finding.triage} data-open={open}>
      <SeverityMark severity={finding.severity} />
      <div className="finding-words">
        <h3>
          <button type="button" className="finding-toggle" aria-expanded={open} aria-controls={id} data-row-focus onClick={onToggle}>
            {finding.ward}
          </button>
        </h3>
        <p className="finding-meta">
          {showAsset ? <><AssetLink analysis={analysis} id={finding.assetId} label={finding.assetLabel} /> · </> : null}
          seen {finding.count === 1 ? 'once' : `${formatCount(finding.count)} times`}, last <When at={finding.lastAt} />
          {finding.inferred.length > 0 ? <> · <Inferred>partly inferred</Inferred></> : null}
        </p>
      </div>
      <span className="finding-state" data-triage={finding.triage}>{TRIAGE_WORDS[finding.triage]}</span>
      <div id={id} className="finding-detail" hidden={!open}>
        {open ? <FindingDetail analysis={analysis} finding={finding} /> : null}
      </div>
    </article>
  )
}

/** `rowFocus`: the arrows stop here when walking through rows. */
export function AssetLink({ analysis, id, label, rowFocus = false }: {
  readonly analysis: string
  readonly id: string
  readonly label: string
  readonly rowFocus?: boolean
}) {
  return <a href={formatRoute({ analysis, page: 'assets', item: id })} data-row-focus={rowFocus ? '' : undefined}>{label}</a>
}

function FindingDetail({ analysis, finding }: { readonly analysis: string; readonly finding: TriagedFinding }) {
  const { evidence } = finding
  return (
    <>
      <TriageControl analysis={analysis} finding={finding} />
      <dl className="facts">
        <Fact name="What to do">{finding.help}</Fact>
        <Fact name="Seen on the wire"><span className="technical">{finding.technical}</span></Fact>
        <Fact name="First and last"><Span from={finding.firstAt} to={finding.lastAt} /></Fact>
        {finding.inferred.length > 0 ? <Fact name="Inferred"><InferredList statements={finding.inferred} /></Fact> : null}
        {evidence.details.map(([name, value]) => <Fact key={`${name} ${value}`} name={name}><code>{value}</code></Fact>)}
        {finding.attack.length > 0 ? <Fact name="ATT&CK">{finding.attack.map((tag) => <AttackLine key={tag.id} {...tag} />)}</Fact> : null}
        <Fact name="Frames"><Frames frames={evidence.frames} /></Fact>
        <Fact name="Rule"><code>{finding.rule}</code></Fact>
      </dl>
      {evidence.flows.length > 0
        ? (
            <DataTable caption={`Flows: ${plural(evidence.flows.length, 'example')}`} columns={FLOW_COLUMNS} rows={evidence.flows}
              rowKey={(flow) => String(flow.flowId)} />
          )
        : null}
    </>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return <div className="fact"><dt>{name}</dt><dd>{children}</dd></div>
}

function InferredList({ statements }: { readonly statements: readonly string[] }) {
  return <ul className="inferred-list">{statements.map((text) => <li key={text}>{text}</li>)}</ul>
}

function AttackLine({ id, name, matrix }: TriagedFinding['attack'][number]) {
  return <span className="attack"><b>{id}</b> {name} <span className="muted">({matrix === 'ics' ? 'ICS' : 'Enterprise'})</span></span>
}

/** Frame numbers as a Wireshark display filter: the fastest way from a sentence to the packets. */
function Frames({ frames }: { readonly frames: readonly number[] }) {
  if (frames.length === 0) return <>No frame is named.</>
  return <CopyText what="display filter" text={`frame.number in {${frames.join(', ')}}`} />
}

const FLOW_COLUMNS: readonly Column<EvidenceFlow>[] = [
  { key: 'flow', head: 'Flow', rowHeader: true, cell: (flow) => <span className="mono">{flow.flowId}</span> },
  { key: 'from', head: 'From', cell: (flow) => <Socket ip={flow.src} port={flow.srcPort} /> },
  { key: 'to', head: 'To', cell: (flow) => <Socket ip={flow.dst} port={flow.dstPort} /> },
  { key: 'transport', head: 'Transport', cell: (flow) => flow.transport },
  { key: 'vlan', head: 'VLAN', cell: (flow) => (flow.vlan === 0 ? 'untagged' : flow.vlan) },
  { key: 'community', head: 'Community ID', cell: (flow) => <CopyText what="Community ID" text={flow.communityId} /> },
]

function Socket({ ip, port }: { readonly ip: string; readonly port: number }) {
  return <span className="mono">{ip}{port > 0 ? <span className="muted"> :{port}</span> : null}</span>
}
