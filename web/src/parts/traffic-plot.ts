// traffic-plot: bars over time as a uPlot that is kept while its numbers change, and drawn anew for another theme.
// Keeps uPlot out of the first paint: it is loaded when a chart is started.

import type uPlot from 'uplot'
import { formatBytes, formatTime } from '../model/format.ts'
import { onThemeChange, resolveColour } from './colours.ts'

const HEIGHT = 168
const MICROS = 1_000_000

export interface Bucket {
  /** Start, microseconds. */
  readonly at: number
  readonly bytes: number
  readonly flows: number
}

export interface TrafficPlot {
  show(buckets: readonly Bucket[]): void
  close(): void
}

/** `onPoint` is told the index of the bar under the pointer, or null. */
export function startPlot(element: HTMLElement, onPoint: (index: number | null) => void): TrafficPlot {
  let plot: uPlot | null = null
  let shown: readonly Bucket[] = []
  let gone = false
  const data = (): uPlot.AlignedData => [shown.map((bucket) => bucket.at / MICROS), shown.map((bucket) => bucket.bytes)]
  const half = (): number => ((shown[1]?.at ?? 0) - (shown[0]?.at ?? 0)) / MICROS / 2
  const draw = async (): Promise<void> => {
    const { default: UPlot } = await import('uplot')
    if (gone) return
    plot?.destroy()
    plot = new UPlot(optionsFor(UPlot, element, half, onPoint), data(), element)
  }
  const sized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }))
  sized.observe(element)
  const unwatch = onThemeChange(() => void draw())
  void draw()
  return {
    show(buckets) {
      shown = buckets
      plot?.setData(data())
    },
    close() {
      gone = true
      sized.disconnect()
      unwatch()
      plot?.destroy()
    },
  }
}

type OnPoint = (index: number | null) => void

function optionsFor(UPlot: typeof uPlot, element: HTMLElement, half: () => number, onPoint: OnPoint): uPlot.Options {
  const axis = { stroke: resolveColour('muted', element), font: '11px system-ui, sans-serif', ticks: { show: false } }
  const grid = { stroke: resolveColour('line', element), width: 1 }
  const bar = resolveColour('accent', element)
  return {
    width: element.clientWidth, height: HEIGHT, legend: { show: false },
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    // Half a bar on each side, so that the first and the last are drawn whole.
    scales: {
      x: { range: (_plot, low, high) => [low - half(), high + half()] },
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
