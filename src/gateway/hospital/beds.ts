// BedsFeed: the screen's view of all beds: readings, assignments, checks and the segment's state in; frames of one page out.
// Keeps three rules: no tile moves, nothing of one patient is in a frame after a change, and a quiet or dead ward still sends a frame a second.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import { INTENDED_USE, TILES_PER_PAGE, type BedsFrame, type BedsSetup, type TargetLine } from '../core/beds-frame.ts'
import type { FromSegment } from '../channel.ts'
import { FRESHNESS } from '../core/freshness/limits.ts'
import type { DeviceId } from '../core/intake/reading.ts'
import type { OwnedReadings } from './parts.ts'
import { Tile, type SegmentView } from './tile.ts'

/** A pulse every 200 ms: at most five frames a second. */
export const PULSE_MS = 200
/** A quiet page is sent again after this; with the pulse between, that is at least once a second. */
const QUIET_MICROS = 0.8 * MICROS_PER_SECOND

export interface BedsSurroundings {
  readonly clock: () => Micros
  readonly targets: (now: Micros) => readonly TargetLine[]
  readonly notices: () => readonly string[]
}

interface Subscriber {
  readonly page: number
  readonly listener: (frame: BedsFrame) => void
  /** Next sample not yet sent, by device and channel. */
  readonly cursors: Map<string, number>
  sentAt: Micros
}

export type SegmentState = BedsFrame['segment']
type Note = Extract<FromSegment, { kind: 'note' }>['command']

export class Beds {
  readonly #config: GatewayConfig
  readonly #around: BedsSurroundings
  /** In the order of the configuration; devices that it does not name follow in the order they appeared. */
  readonly #tiles = new Map<DeviceId, Tile>()
  readonly #order: DeviceId[] = []
  readonly #placeOf = new Map<DeviceId, number>()
  readonly #subscribers = new Set<Subscriber>()
  readonly #changed = new Set<number>()
  #segment: SegmentState

  constructor(config: GatewayConfig, around: BedsSurroundings) {
    this.#config = config
    this.#around = around
    this.#segment = { state: 'down', since: around.clock(), sandbox: [] }
    for (const { device, bed } of config.beds) this.#add(device, bed)
  }

  setup(): BedsSetup {
    const { mmPerSecond, cssPixelsPerMm } = this.#config.console
    return { freshness: FRESHNESS, mmPerSecond, cssPixelsPerMm, intendedUse: INTENDED_USE, pages: this.#pages() }
  }

  /** Pages count from 1; one that is not there is the last. */
  subscribe(page: number, listener: (frame: BedsFrame) => void): () => void {
    const subscriber: Subscriber = { page: Number.isInteger(page) ? Math.max(1, page) : 1, listener, cursors: new Map(), sentAt: 0 }
    for (const tile of this.#tiles.values()) for (const [channel, next] of tile.tails()) subscriber.cursors.set(`${tile.device} ${channel}`, next)
    this.#subscribers.add(subscriber)
    this.#send(subscriber)
    return () => void this.#subscribers.delete(subscriber)
  }

  takeReadings(readings: OwnedReadings): void {
    const tile = this.#tile(readings.device)
    // Where the monitor stood when it said this: what was under way while it was moved is not of the bed it stands at now.
    tile?.place(readings.bed)
    tile?.take(readings.items.map((item) => item.reading), readings.at)
    this.#touch(readings.device)
  }

  takeNote(command: Note): void {
    if (command.kind === 'assignment') this.#tile(command.device)?.assign(command.assignment)
    else if (command.kind === 'data-check') this.#tile(command.device)?.judge(command.verdict)
    if (command.device !== null) this.#touch(command.device)
  }

  takeViews(views: readonly SegmentView[]): void {
    for (const view of views) {
      this.#tile(view.device)?.see(view)
      this.#touch(view.device)
    }
  }

  /** By hand: a device at another bed. */
  place(device: DeviceId, bed: string | null): void {
    this.#tile(device)?.place(bed)
    this.#touch(device)
  }

  segment(state: SegmentState): void {
    this.#segment = state
    if (state.state === 'down') for (const tile of this.#tiles.values()) tile.lose()
    this.#touchAll()
  }

  /** Whose data the tiles hold cannot be known: a movement came that nobody could apply, or the one who applied them started anew. */
  forget(why: string): void {
    for (const tile of this.#tiles.values()) tile.assign({ state: 'unassigned', why })
    this.#touchAll()
  }

  #touchAll(): void {
    for (let page = 1; page <= this.#pages(); page++) this.#changed.add(page)
  }

  tiles(): readonly Tile[] {
    return this.#order.flatMap((device) => this.#tiles.get(device) ?? [])
  }

  /** Time passed: sends what changed, and what was quiet for long. */
  pulse(): void {
    const now = this.#around.clock()
    for (const subscriber of this.#subscribers) {
      const quietFor = Math.abs(now - subscriber.sentAt)
      if (this.#changed.has(this.#pageOf(subscriber)) || quietFor >= QUIET_MICROS) this.#send(subscriber)
    }
    this.#changed.clear()
  }

  frame(page: number, cursors: Map<string, number>): BedsFrame {
    const now = this.#around.clock()
    const isDown = this.#segment.state === 'down'
    const tiles = this.tiles().slice((page - 1) * TILES_PER_PAGE, page * TILES_PER_PAGE).map((tile) => tile.draw(now, isDown, (channel, tail) => {
      const key = `${tile.device} ${channel}`
      const fresh = tail.since(cursors.get(key) ?? 0)
      cursors.set(key, tail.next)
      return fresh
    }))
    return {
      at: now, page, pages: this.#pages(), beds: this.#order.length, tiles, targets: this.#around.targets(now), segment: this.#segment,
      notices: this.#around.notices(),
    }
  }

  #send(subscriber: Subscriber): void {
    subscriber.sentAt = this.#around.clock()
    subscriber.listener(this.frame(this.#pageOf(subscriber), subscriber.cursors))
  }

  #pageOf({ page }: Subscriber): number {
    return Math.min(page, this.#pages())
  }

  #pages(): number {
    return Math.max(1, Math.ceil(this.#order.length / TILES_PER_PAGE))
  }

  /** Null when there are as many devices as were planned for: the segment refuses them too. */
  #tile(device: DeviceId): Tile | null {
    const known = this.#tiles.get(device)
    if (known !== undefined || this.#order.length >= this.#config.devicesMax) return known ?? null
    return this.#add(device, null)
  }

  #add(device: DeviceId, bed: string | null): Tile {
    const tile = new Tile(device, bed)
    this.#tiles.set(device, tile)
    this.#placeOf.set(device, this.#order.length)
    this.#order.push(device)
    return tile
  }

  #touch(device: DeviceId): void {
    const at = this.#placeOf.get(device)
    if (at !== undefined) this.#changed.add(Math.floor(at / TILES_PER_PAGE) + 1)
  }
}
