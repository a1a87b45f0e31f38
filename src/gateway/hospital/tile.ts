// Tile: what is known of one device on the hospital's side: its board, the tail of its waveforms, how it stands.
// Keeps the rule that a change of assignment clears all of it, and that no patient's name or number is kept here at all.

import type { Micros } from '../../base/time.ts'
import type { BedTile, BedWave } from '../core/beds-frame.ts'
import type { BedView } from '../core/gateway.ts'
import type { Assignment } from '../core/assignment/ledger.ts'
import type { DataVerdict } from '../core/checks/evidence.ts'
import { Board } from '../core/freshness/board.ts'
import { FRESHNESS } from '../core/freshness/limits.ts'
import { CHANNELS, PARAMETERS, type Channel, type DeviceId, type Reading } from '../core/intake/reading.ts'
import { WaveTail } from './wave-tail.ts'

export type SegmentView = Omit<BedView, 'values'>

/** Names of unknown kinds on one tile; each connection has as many. */
const UNKNOWN_MAX = 64
const UNTOLD: BedTile['dataCheck'] = { word: 'NOT CHECKED', reasons: [] }
const DOWN: BedTile['dataCheck'] = { word: 'NOT CHECKED', reasons: ['the process that reads the monitors is down'] }

export class Tile {
  readonly device: DeviceId
  readonly #board = new Board()
  readonly #waves = new Map<Channel, { rate: number; readonly tail: WaveTail }>()
  #view: SegmentView | null = null
  #bed: string | null
  #assignment: BedTile['assignment'] = { state: 'unassigned', since: null, why: 'nothing was heard of this bed yet' }
  #owner = ''
  #dataCheck = UNTOLD

  constructor(device: DeviceId, bed: string | null) {
    this.device = device
    this.#bed = bed
  }

  get state(): BedTile['assignment']['state'] {
    return this.#assignment.state
  }

  /** How the feed stands; `never` before anything was heard. */
  get feed(): SegmentView['feed']['state'] {
    return this.#view?.feed.state ?? 'never'
  }

  get dataCheck(): BedTile['dataCheck']['word'] {
    return this.#dataCheck.word
  }

  get connections(): number {
    return this.#view?.connections.length ?? 0
  }

  take(readings: readonly Reading[], at: Micros): void {
    this.#board.take(readings, at)
    for (const reading of readings) if (reading.kind === 'wave') this.#wave(reading.channel, reading.rate).push(reading.samples)
  }

  /** Another patient, or nobody: nothing of the last one stays. */
  assign(assignment: Assignment): void {
    const owner = assignment.state === 'assigned' ? `${assignment.patient.key}@${assignment.since}` : `${assignment.state} ${assignment.why}`
    if (owner !== this.#owner) this.#forget()
    this.#owner = owner
    this.#assignment = { state: assignment.state, since: assignment.state === 'assigned' ? assignment.since : null, why: whyOf(assignment) }
  }

  judge(verdict: DataVerdict): void {
    this.#dataCheck = { word: verdict.word, reasons: verdict.reasons.map((evidence) => evidence.why) }
  }

  /** Moved: what was measured at the bed before stays there. */
  place(bed: string | null): void {
    if (bed !== this.#bed) this.#forget()
    this.#bed = bed
  }

  see(view: SegmentView): void {
    this.#view = view
    this.place(view.bed)
    this.assign(view.assignment)
    this.judge(view.dataCheck)
  }

  /** The process that read this device is gone: what it said of connections and checks holds no more; values age by themselves. */
  lose(): void {
    this.#view = null
    this.#dataCheck = DOWN
  }

  /** `isDown`: the segment's process is not running, so nothing is heard of any device. */
  draw(now: Micros, isDown: boolean, wavesOf: (channel: Channel, tail: WaveTail) => ReturnType<WaveTail['since']>): BedTile {
    const feed = this.#view?.feed
    return {
      device: this.device, bed: this.#bed, assignment: this.#assignment,
      numerics: PARAMETERS.flatMap((parameter) => {
        const sighting = this.#board.sighting(parameter)
        return sighting === null ? [] : [{ numeric: sighting.numeric, ageMicros: ageAt(sighting.seenAt, now) }]
      }),
      waves: this.#drawWaves(wavesOf),
      feed: {
        state: isDown ? 'lost' : feed?.state ?? 'never', framesPerSecond: feed?.framesPerSecond ?? 0, gaps: feed?.gaps ?? 0,
        clockOffsetMicros: feed?.clockOffsetMicros ?? null,
      },
      connections: isDown ? 0 : this.connections, unknown: this.#unknown(), dataCheck: isDown ? DOWN : this.#dataCheck,
    }
  }

  /** Where each channel stands now: what a new reader has seen already. */
  tails(): readonly (readonly [Channel, number])[] {
    return [...this.#waves].map(([channel, { tail }]) => [channel, tail.next])
  }

  #drawWaves(wavesOf: (channel: Channel, tail: WaveTail) => ReturnType<WaveTail['since']>): BedWave[] {
    return CHANNELS.flatMap((channel) => {
      const wave = this.#waves.get(channel)
      if (wave === undefined) return []
      const fresh = wavesOf(channel, wave.tail)
      return fresh.samples.length === 0 ? [] : [{ channel, rate: wave.rate, ...fresh }]
    })
  }

  #wave(channel: Channel, rate: number): WaveTail {
    const known = this.#waves.get(channel) ?? { rate, tail: new WaveTail() }
    known.rate = rate
    this.#waves.set(channel, known)
    return known.tail
  }

  #forget(): void {
    this.#board.clear()
    for (const { tail } of this.#waves.values()) tail.clear()
    this.#dataCheck = UNTOLD
  }

  #unknown(): BedTile['unknown'] {
    const counts = new Map<string, number>()
    for (const { unknown } of this.#view?.connections ?? []) for (const [name, count] of unknown) counts.set(name, (counts.get(name) ?? 0) + count)
    return [...counts].slice(0, UNKNOWN_MAX)
  }
}

/** A value from the future: the clock was set back, and nobody knows how old it is. It is then older than anything that is shown. */
function ageAt(seenAt: Micros, now: Micros): Micros {
  return seenAt - now > FRESHNESS.clockSlackMicros ? FRESHNESS.nibp.goneMicros : Math.max(0, now - seenAt)
}

function whyOf(assignment: Assignment): string {
  if (assignment.state === 'assigned') return assignment.by === 'hand' ? 'assigned by hand' : 'assigned by the hospital\'s ADT'
  return assignment.why
}
