// traffic-chart: bytes per moment as bars, with the same numbers as a table under it.
// Keeps the chart optional: whoever cannot see it reads the table. uPlot is loaded when a chart is drawn, not before.

import { useEffect, useMemo, useRef, useState } from 'react'
import type uPlot from 'uplot'
import type { Overview } from '../../../src/console/api.ts'
import { formatBytes, formatCount, formatTime, plural } from '../model/format.ts'
import { onThemeChange, resolveColour } from './colours.ts'
import { type Column, DataTable } from './data-table.tsx'
import { When } from './when.tsx'

const HEIGHT = 168
const MICROS = 1_000_000

interface Bucket {
  readonly at: number
  readonly bytes: number
  readonly flows: number
}

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
  useEffect(() => {
    const element = frame.current
    if (!element) return undefined
    return drawBars(element, buckets, setPointed)
  }, [buckets])
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

/** Draws, and draws again when the theme or the width changes. Returns the clean-up. */
function drawBars(element: HTMLElement, buckets: readonly Bucket[], onPoint: (index: number | null) => void): () => void {
  let plot: uPlot | null = null
  let gone = false
  const draw = async (): Promise<void> => {
    const { default: UPlot } = await import('uplot')
    if (gone) return
    plot?.destroy()
    const half = ((buckets[1]?.at ?? 0) - (buckets[0]?.at ?? 0)) / MICROS / 2
    plot = new UPlot(optionsFor(UPlot, element, half, onPoint), [buckets.map((b) => b.at / MICROS), buckets.map((b) => b.bytes)], element)
  }
  const sized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }))
  sized.observe(element)
  const unwatch = onThemeChange(() => void draw())
  void draw()
  return () => {
    gone = true
    sized.disconnect()
    unwatch()
    plot?.destroy()
  }
}

function optionsFor(UPlot: typeof uPlot, element: HTMLElement, half: number, onPoint: (index: number | null) => void): uPlot.Options {
  const axis = { stroke: resolveColour('muted', element), font: '11px system-ui, sans-serif', ticks: { show: false } }
  const grid = { stroke: resolveColour('line', element), width: 1 }
  const bar = resolveColour('accent', element)
  return {
    width: element.clientWidth, height: HEIGHT, legend: { show: false },
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    // Half a bar on each side, so that the first and the last are drawn whole.
    scales: {
      x: { range: (_plot, low, high) => [low - half, high + half] },
      y: { range: (_plot, _low, high) => [0, Math.max(1, high) * 1.08] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 40, space: 64, values: timeLabels },
      { ...axis, grid, size: 60, splits: byteSplits, values: (_plot, values) => values.map((value) => formatBytes(value)) },
    ],
    series: [{}, {
      fill: bar, stroke: bar, width: 0, points: { show: false }, paths: UPlot.paths.bars?.({ size: [0.72, 18], radius: 0.15 }),
    }],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  }
}

/** `07:30:10`, and under it the day where another one begins. */
function timeLabels(_plot: uPlot, seconds: number[]): string[] {
  return seconds.map((second, i) => {
    const [day = '', clock = ''] = formatTime(second * MICROS).replace(/(:00)?Z$/, '').split(' ')
    const before = seconds[i - 1]
    const sameDay = before !== undefined && formatTime(before * MICROS).startsWith(day)
    return sameDay ? clock : `${clock}\n${day}`
  })
}

/** Three to five round values from zero up. */
function byteSplits(_plot: uPlot, _axis: number, _low: number, high: number): number[] {
  const least = high / 4.5
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= least) ?? least
  return [0, 1, 2, 3, 4].map((i) => i * step).filter((value) => value <= high)
}
