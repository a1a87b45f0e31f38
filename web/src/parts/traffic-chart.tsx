// traffic-chart: bytes per moment as bars, with the same numbers as a table under it.
// Keeps the chart optional: whoever cannot see it reads the table.

import { useEffect, useMemo, useRef, useState } from 'react'
import type { Overview } from '../../../src/console/api.ts'
import { formatBytes, formatCount, formatTime, plural } from '../model/format.ts'
import { type Column, DataTable } from './data-table.tsx'
import { type Bucket, startPlot, type TrafficPlot } from './traffic-plot.ts'
import { When } from './when.tsx'

const MICROS = 1_000_000

export function TrafficChart({ traffic }: { readonly traffic: Overview['traffic'] }) {
  // Kept while the numbers are the same: a new array would draw the chart anew.
  const buckets = useMemo(
    () => traffic.at.map((at, i): Bucket => ({ at: at * MICROS, bytes: traffic.bytes[i] ?? 0, flows: traffic.flows[i] ?? 0 })), [traffic],
  )
  const [first, second] = buckets
  if (!first) return <p className="muted">No flow carries a time, so there is nothing to draw.</p>
  return (
    <>
      {second ? <Bars buckets={buckets} /> : null}
      <details className="twin">
        <summary>The same as a table</summary>
        <DataTable caption="Traffic per moment" columns={COLUMNS} rows={buckets} rowKey={(bucket) => String(bucket.at)}
          sort={{ column: 'at', descending: false }} />
      </details>
    </>
  )
}

const COLUMNS: readonly Column<Bucket>[] = [
  { key: 'at', head: 'From', rowHeader: true, sort: (b) => b.at, cell: (b) => <When at={b.at} /> },
  { key: 'bytes', head: 'Volume', numeric: true, descendingFirst: true, sort: (b) => b.bytes, cell: (b) => formatBytes(b.bytes) },
  { key: 'flows', head: 'Flows begun', numeric: true, descendingFirst: true, sort: (b) => b.flows, cell: (b) => formatCount(b.flows) },
]

function Bars({ buckets }: { readonly buckets: readonly Bucket[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const plot = useRef<TrafficPlot | null>(null)
  useEffect(() => {
    if (!frame.current) return undefined
    const started = startPlot(frame.current, setPointed)
    plot.current = started
    return () => started.close()
  }, [])
  useEffect(() => plot.current?.show(buckets), [buckets])
  const bucket = pointed === null ? undefined : buckets[pointed]
  return (
    <figure className="chart">
      <div ref={frame} className="chart-canvas" aria-hidden="true" />
      <figcaption className="sub">{bucket ? bucketWords(bucket) : peakWords(buckets)}</figcaption>
    </figure>
  )
}

function bucketWords({ at, bytes, flows }: Bucket): string {
  return `${formatTime(at)}: ${formatBytes(bytes)} in ${plural(flows, 'flow')}`
}

function peakWords(buckets: readonly Bucket[]): string {
  const peak = buckets.reduce((best, bucket) => (bucket.bytes > best.bytes ? bucket : best))
  const silent = buckets.filter((bucket) => bucket.flows === 0).length
  const quiet = `${formatCount(silent)} of ${formatCount(buckets.length)} moments`
  return `Busiest at ${formatTime(peak.at)} with ${formatBytes(peak.bytes)}; no new flow in ${quiet}.`
}
