// watch: what an interface gives, live into the same sensor as a file: counted every second, kept in files when asked, told in the same report.
// Keeps two rules: what was lost stands beside what was seen, by who lost it, and a gap is told with its times.

import type { Micros } from '../../base/time.ts'
import type { Analysis } from '../../detect/analysis.ts'
import type { PacketSink } from '../../wire/capture/capture.ts'
import type { Knowledge } from '../knowledge.ts'
import { takePicture, type Picture } from '../picture.ts'
import { analysisOf, reportOf, type Report } from '../report.ts'
import type { Sensor } from '../sensor.ts'
import { gapSentence, type Gap } from './gap.ts'
import type { RotatingFiles } from './rotation.ts'

/** One second, or the whole. */
export interface LiveLoss {
  readonly kernelDrops: number
  /** Before any ring; null when the interface is gone. */
  readonly interfaceLost: number | null
  readonly ours: number
}

/** Between the rings and those that want their packets. */
export class LiveSink implements PacketSink {
  packets = 0
  bytes = 0
  readonly #sensor: Sensor
  readonly #files: RotatingFiles | null
  readonly #packetsMax: number
  readonly #onEnough: () => void

  constructor(sensor: Sensor, files: RotatingFiles | null, packetsMax: number, onEnough: () => void) {
    this.#sensor = sensor
    this.#files = files
    this.#packetsMax = packetsMax
    this.#onEnough = onEnough
  }

  packet(buf: Uint8Array, off: number, end: number, at: number, wireLength: number, linkType: number): void {
    if (this.packets >= this.#packetsMax) return
    this.packets++
    this.bytes += wireLength
    // Written first: the sensor may look at the frame only.
    this.#files?.packet(buf, off, end, at, wireLength)
    this.#sensor.packet(buf, off, end, at, wireLength, linkType)
    if (this.packets >= this.#packetsMax || this.#files?.isOver === true) this.#onEnough()
  }
}

export interface LiveEnd {
  readonly id: string
  readonly name: string
  /** Now, by this machine's clock. */
  readonly keptAt: Micros
  readonly loss: LiveLoss
  readonly gaps: readonly Gap[]
  readonly gapsNotKept: number
  /** Packets that left by the interface meanwhile, by whomever; null when nobody knows. */
  readonly interfaceSent: number | null
  /** Sentences of the source: tcpdump's own words, files that could not be written. */
  readonly notes: readonly string[]
}

/** The same report as of a file. What was lost is an observation and, in a sentence, something we cannot see. */
export function liveReport(
  sensor: Sensor, knowledge: Knowledge, end: LiveEnd, state: Analysis['state'],
): { readonly report: Report; readonly picture: Picture } {
  const heard = sensor.heard()
  const picture = takePicture(heard, knowledge)
  const { loss } = end
  const dropped = loss.kernelDrops + loss.ours + (loss.interfaceLost ?? 0)
  const { packets, bytes } = heard.counters
  const summary = { format: null, compressed: false, packets, bytes, linkTypes: [], dropped, problems: [] }
  const plain = analysisOf(heard, picture, { id: end.id, name: end.name, source: 'live', sha256: null, summary })
  const counts: readonly (readonly [string, number])[] = [
    ['captureDroppedByKernel', loss.kernelDrops], ['captureDroppedByInterface', loss.interfaceLost ?? 0], ['captureDroppedByUs', loss.ours],
    ['captureGaps', end.gaps.length + end.gapsNotKept], ['interfaceSent', end.interfaceSent ?? 0],
  ]
  const analysis: Analysis = {
    ...plain, state, keptAt: end.keptAt,
    observations: [...plain.observations, ...counts.filter(([, n]) => n > 0).map(([name, count]) => ({ name, count }))],
    blindSpots: [...end.gaps.map(gapSentence), ...lossSentences(end), ...plain.blindSpots],
  }
  return { report: reportOf(analysis, picture), picture }
}

function lossSentences({ loss, gapsNotKept, interfaceSent, notes }: LiveEnd): string[] {
  const rows: readonly (readonly [boolean, string])[] = [
    [gapsNotKept > 0, `${gapsNotKept} more gaps are not told one by one.`],
    [loss.kernelDrops > 0, `The kernel dropped ${loss.kernelDrops} packets because the ring was full: a larger one is -B KIB, fewer packets are a filter.`],
    [(loss.interfaceLost ?? 0) > 0, `The interface lost ${loss.interfaceLost} packets before any ring saw them.`],
    [loss.ours > 0, `${loss.ours} packets or blocks could not be read.`],
    [loss.interfaceLost === null, 'What the interface itself lost cannot be told: it is gone, or the kernel does not say.'],
    [(interfaceSent ?? 0) > 0, `${interfaceSent} packets left by this interface: not Cordon's, which cannot send, but the kernel's or another program's.`],
  ]
  return [...rows.filter(([holds]) => holds).map(([, words]) => words), ...notes]
}
