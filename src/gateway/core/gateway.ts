// GatewayCore: all beds of one gateway: connections, readings with their owner, freshness, verdicts. Events in, commands out.
// Keeps the first rule of the gateway: no command reaches a monitor; the only thing that can happen to its connection is to be closed.

import type { Micros } from '../../base/time.ts'
import { readAdt, readSwap, type Bed, type PatientRef } from './assignment/adt.ts'
import { Ledger, ownerUnder, type Assignment, type LedgerNote } from './assignment/ledger.ts'
import { CheckBench, RATE_EVERY_MICROS, type BenchOptions } from './checks/bench.ts'
import type { LinkSight } from './checks/continuity.ts'
import { trustOf, type DataVerdict, type Trust, type VerdictWord } from './checks/evidence.ts'
import type { TapReport } from './checks/two-tap.ts'
import { Board } from './freshness/board.ts'
import type { FreshnessLimits } from './freshness/limits.ts'
import type { Presented } from './freshness/present.ts'
import { FEED_SILENT_MICROS } from './intake/bounds.ts'
import { CmsIntake } from './intake/cms-intake.ts'
import { verdict, type IntakeCommand, type Verdict } from './intake/command.ts'
import { DeviceWatch, type FeedFigures } from './intake/device-watch.ts'
import type { DoorFigures } from './intake/door.ts'
import { Hl7Intake } from './intake/hl7-intake.ts'
import { parseHl7 } from './intake/hl7-text.ts'
import type { DeviceId, Reading } from './intake/reading.ts'
import type { IntakeSession } from './intake/stream-intake.ts'

/** A monitor dials at most six data ports and the HL7 one; twice that leaves room for half-open ones after a reconnect. */
export const CONNECTIONS_PER_DEVICE_MAX = 14
/** Sixteen full stations of 64 beds; a larger hospital says so with `devicesMax`. */
export const DEVICES_MAX = 1024

export type ConnectionId = number

export type GatewayEvent =
  /** `speaks` follows from the port: 515 to 520 `cms`, 511 `hl7`. */
  | { readonly kind: 'opened'; readonly connection: ConnectionId; readonly device: DeviceId; readonly speaks: 'cms' | 'hl7'; readonly at: Micros }
  | {
    readonly kind: 'bytes'; readonly connection: ConnectionId; readonly buf: Uint8Array; readonly off: number; readonly end: number
    readonly at: Micros
  }
  | { readonly kind: 'closed'; readonly connection: ConnectionId; readonly at: Micros }
  /** Time passes. At least once a second: a dead feed brings no other event. */
  | { readonly kind: 'tick'; readonly at: Micros }
  /** One ADT message of the hospital, without framing. */
  | { readonly kind: 'adt'; readonly bytes: Uint8Array; readonly at: Micros }
  /** `isPaced`: the patients at this bed are paced; without it what the options say holds. */
  | { readonly kind: 'place'; readonly device: DeviceId; readonly bed: Bed | null; readonly isPaced?: boolean; readonly at: Micros }
  | { readonly kind: 'assign'; readonly bed: Bed; readonly patient: PatientRef | null; readonly at: Micros }
  /** `isConfirmed`: somebody looked at the bed, and this is the monitor that belongs there: later sights are compared with this one. */
  | { readonly kind: 'link'; readonly device: DeviceId; readonly sight: LinkSight; readonly isConfirmed?: boolean; readonly at: Micros }
  | { readonly kind: 'taps'; readonly device: DeviceId; readonly atDevice: TapReport | null; readonly atGateway: TapReport | null; readonly at: Micros }

/** A reading with whose it is and how far it is trusted, both as of the moment it leaves. */
export interface OwnedReading {
  readonly reading: Reading
  readonly patient: PatientRef | null
  readonly dataCheck: VerdictWord
  readonly trust: Trust
}

export type GatewayCommand =
  | { readonly kind: 'store' | 'publish'; readonly device: DeviceId; readonly bed: Bed | null; readonly at: Micros; readonly items: readonly OwnedReading[] }
  | { readonly kind: 'log'; readonly device: DeviceId | null; readonly at: Micros; readonly verdict: Verdict | LedgerNote }
  | { readonly kind: 'close'; readonly connection: ConnectionId; readonly at: Micros; readonly verdict: Verdict }
  | { readonly kind: 'data-check'; readonly device: DeviceId; readonly at: Micros; readonly verdict: DataVerdict }
  | { readonly kind: 'assignment'; readonly device: DeviceId; readonly at: Micros; readonly assignment: Assignment }

/** One tile's worth. */
export interface BedView {
  readonly device: DeviceId
  readonly bed: Bed | null
  readonly assignment: Assignment
  readonly values: readonly Presented[]
  readonly feed: FeedFigures
  readonly dataCheck: DataVerdict
  readonly connections: readonly DoorFigures[]
}

interface Device {
  readonly id: DeviceId
  /** Order of appearance. */
  readonly number: number
  readonly watch: DeviceWatch
  readonly board: Board
  readonly bench: CheckBench
  readonly connections: Set<ConnectionId>
  /** Whose the board's content is: a change clears it. */
  ownerKey: string
  /** As the ledger has them: looked up when something touched them, not with every reading. */
  assignment: Assignment
  bed: Bed | null
  /** What `word` and `trust` were taken from. */
  judged: DataVerdict | null
  word: VerdictWord
  trust: Trust
}

const NOT_PLACED: Assignment = { state: 'unassigned', why: 'nobody said at which bed this device stands' }

interface Connection {
  readonly device: Device
  readonly session: IntakeSession
}

export interface GatewayOptions extends BenchOptions {
  /** Devices this gateway takes; DEVICES_MAX when nothing is said. */
  readonly devicesMax?: number
}

export class GatewayCore {
  readonly #options: GatewayOptions
  readonly #devicesMax: number
  readonly #ledger = new Ledger()
  /** Told with the place, which comes before the device's first connection. */
  readonly #paced = new Map<DeviceId, boolean>()
  readonly #devices = new Map<DeviceId, Device>()
  /** By number. */
  readonly #row: Device[] = []
  /** By number: before this moment a device has no silence to tell. A tick over ten thousand reads this row, not the devices. */
  readonly #nextTellAt: Micros[] = []
  readonly #connections = new Map<ConnectionId, Connection>()
  #out: GatewayCommand[] = []
  /** Readings with their owners of the last `store`, and the readings they were made of: its `publish` says the same. */
  #items: readonly OwnedReading[] = []
  #itemsOf: readonly Reading[] = []

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#devicesMax = options.devicesMax ?? DEVICES_MAX
  }

  /** Takes one event, gives the commands it causes, in order. */
  handle(event: GatewayEvent): readonly GatewayCommand[] {
    this.#out = []
    switch (event.kind) {
      case 'opened':
        this.#open(event.connection, event.device, event.speaks, event.at)
        break
      case 'bytes':
        this.#feed(event)
        break
      case 'closed':
        this.#connections.get(event.connection)?.session.end(event.at)
        this.#forget(event.connection)
        break
      case 'tick':
        this.#tick(event.at)
        break
      default:
        this.#told(event)
    }
    return this.#out
  }

  /** What may be shown of a device now; reads only. */
  view(id: DeviceId, now: Micros, limits: FreshnessLimits): BedView | null {
    const device = this.#devices.get(id)
    if (device === undefined) return null
    return {
      device: id, bed: this.#ledger.bedOf(id), assignment: this.#ledger.assignment(id), values: device.board.present(now, limits),
      feed: device.watch.figures(now), dataCheck: device.bench.verdict(),
      connections: [...device.connections].flatMap((c) => this.#connections.get(c)?.session.figures() ?? []),
    }
  }

  /** Whether somebody said at which bed it stands. */
  isPlaced(id: DeviceId): boolean {
    return this.#ledger.bedOf(id) !== null
  }

  placedCount(): number {
    return this.#ledger.placedCount
  }

  devices(): readonly DeviceId[] {
    return [...this.#devices.keys()]
  }

  /** Beds that need a decision: two patients in one, one patient in two. */
  flags(): readonly LedgerNote[] {
    return this.#ledger.flags()
  }

  #told(event: Exclude<GatewayEvent, { kind: 'opened' | 'bytes' | 'closed' | 'tick' }>): void {
    const { at } = event
    if (event.kind === 'adt') this.#adt(event.bytes, at)
    else if (event.kind === 'place') this.#place(event)
    else if (event.kind === 'assign') {
      this.#note(event.patient === null ? this.#ledger.vacate(event.bed, at) : this.#ledger.assign(event.bed, event.patient, at), at)
    } else {
      const device = this.#devices.get(event.device)
      if (event.kind === 'link') device?.bench.takeLink(event.sight, event.isConfirmed)
      else device?.bench.takeTaps(event.atDevice, event.atGateway)
      if (device !== undefined) this.#judge(device, at)
    }
    this.#settleTouched(at)
  }

  #place({ device, bed, at, isPaced = this.#options.isPaced }: Extract<GatewayEvent, { kind: 'place' }>): void {
    this.#ledger.place(device, bed, at)
    this.#paced.set(device, isPaced)
    this.#devices.get(device)?.bench.setPaced(isPaced)
  }

  /** Only those that the ledger names, in their order of appearance. */
  #settleTouched(at: Micros): void {
    const devices = this.#ledger.takeTouched().flatMap((id) => this.#devices.get(id) ?? [])
    for (const device of devices.sort((a, b) => a.number - b.number)) this.#settle(device, at)
  }

  #feed({ connection, buf, off, end, at }: Extract<GatewayEvent, { kind: 'bytes' }>): void {
    const found = this.#connections.get(connection)
    if (found === undefined) return
    found.session.feed(buf, off, end, at)
    // Whatever the bytes were: no silence before this. A feed that goes on is looked at when it would have been silent.
    const { number } = found.device
    if (at + FEED_SILENT_MICROS < (this.#nextTellAt[number] as number)) this.#nextTellAt[number] = at + FEED_SILENT_MICROS
  }

  #adt(bytes: Uint8Array, at: Micros): void {
    const message = parseHl7(bytes)
    const swap = message.ok ? readSwap(message.value) : null
    if (swap !== null) return this.#note(this.#ledger.swap(swap.patients, swap.beds, at), at)
    const event = message.ok ? readAdt(message.value) : message
    if (event.ok) this.#note(this.#ledger.apply(event.value, at), at)
    else this.#out.push({ kind: 'log', device: null, at, verdict: verdict('drop', 'text-unreadable', event.error) })
  }

  #note(note: LedgerNote, at: Micros): void {
    this.#out.push({ kind: 'log', device: null, at, verdict: note })
  }

  /** Another owner or bed than before, or none: nothing of the last one stays on the board or in the evidence. */
  #settle(device: Device, at: Micros): void {
    const assignment = this.#ledger.assignment(device.id)
    device.assignment = assignment
    device.bed = this.#ledger.bedOf(device.id)
    const key = assignment.state === 'assigned' ? `${assignment.patient.key}@${assignment.since}` : `${assignment.state} ${device.bed ?? ''}`
    if (key === device.ownerKey) return
    device.ownerKey = key
    device.board.clear()
    device.bench.reset()
    this.#out.push({ kind: 'assignment', device: device.id, at, assignment })
    this.#judge(device, at)
  }

  #open(connection: ConnectionId, id: DeviceId, speaks: 'cms' | 'hl7', at: Micros): void {
    const device = this.#device(id)
    if (device === null || device.connections.size >= CONNECTIONS_PER_DEVICE_MAX) {
      const why = device === null ? `more than ${this.#devicesMax} devices` : `more than ${CONNECTIONS_PER_DEVICE_MAX} connections of one device`
      this.#out.push({ kind: 'close', connection, at, verdict: verdict('close', 'too-many', why) })
      return
    }
    const sink = (command: IntakeCommand): void => this.#onCommand(connection, device, command)
    const session = speaks === 'cms' ? new CmsIntake(id, device.watch, sink) : new Hl7Intake(id, device.watch, sink)
    this.#connections.set(connection, { device, session })
    device.connections.add(connection)
    this.#settle(device, at)
  }

  #device(id: DeviceId): Device | null {
    const known = this.#devices.get(id)
    if (known !== undefined) return known
    if (!this.#hasRoom(id)) return null
    const device: Device = {
      id, number: this.#row.length, watch: new DeviceWatch(), board: new Board(), bench: new CheckBench(this.#options, this.#phase()),
      connections: new Set(), ownerKey: '', assignment: NOT_PLACED, bed: null, judged: null, word: 'NOT CHECKED', trust: 'plain',
    }
    device.bench.setPaced(this.#paced.get(id) ?? this.#options.isPaced)
    this.#devices.set(id, device)
    this.#row.push(device)
    this.#nextTellAt.push(Number.POSITIVE_INFINITY)
    return device
  }

  /** Strangers take no room of a monitor that stands at a bed: whoever has many addresses on the segment keeps none of those out. */
  #hasRoom(id: DeviceId): boolean {
    if (this.isPlaced(id)) return true
    const reserved = this.#ledger.placed().filter((placed) => !this.#devices.has(placed)).length
    return this.#devices.size + reserved < this.#devicesMax
  }

  /** Beds take turns with their waveforms: the golden ratio spreads any number of them evenly. */
  #phase(): Micros {
    return Math.floor(((this.#devices.size * 0.618033988749895) % 1) * RATE_EVERY_MICROS)
  }

  #onCommand(connection: ConnectionId, device: Device, command: IntakeCommand): void {
    switch (command.kind) {
      case 'store':
        device.board.take(command.readings, command.at)
        device.bench.take(command.readings, command.at)
        this.#judge(device, command.at)
        this.#items = this.#owned(device, command.readings)
        this.#give('store', device, command.at)
        break
      case 'publish':
        // Always the same readings as the store before it, and nothing came between: the same owners.
        if (this.#itemsOf !== command.readings) this.#items = this.#owned(device, command.readings)
        this.#give('publish', device, command.at)
        break
      case 'log':
        this.#out.push({ kind: 'log', device: device.id, at: command.at, verdict: command.verdict })
        break
      case 'close':
        this.#out.push({ kind: 'close', connection, at: command.at, verdict: command.verdict })
        this.#forget(connection)
    }
  }

  #owned(device: Device, readings: readonly Reading[]): readonly OwnedReading[] {
    const { word: dataCheck, trust, assignment } = device
    this.#itemsOf = readings
    return readings.map((reading): OwnedReading => ({ reading, patient: ownerUnder(assignment, reading), dataCheck, trust }))
  }

  #give(kind: 'store' | 'publish', device: Device, at: Micros): void {
    this.#out.push({ kind, device: device.id, bed: device.bed, at, items: this.#items })
  }

  #judge(device: Device, at: Micros): void {
    const found = device.bench.verdict()
    if (found === device.judged) return
    device.judged = found
    const trust = trustOf(found)
    if (found.word === device.word && trust === device.trust) return
    device.word = found.word
    device.trust = trust
    this.#out.push({ kind: 'data-check', device: device.id, at, verdict: found })
  }

  /** Silence is rare: a device is asked only when its silence could have lasted. */
  #tick(at: Micros): void {
    const times = this.#nextTellAt
    for (let number = 0; number < times.length; number++) if (at >= (times[number] as number)) this.#askSilence(this.#row[number] as Device, at)
  }

  #askSilence(device: Device, at: Micros): void {
    const word = device.watch.tick(at)
    this.#nextTellAt[device.number] = device.watch.nextTellAt
    if (word === null) return
    const why = word === 'feed-lost' ? 'nothing was received for 30 s' : 'nothing was received for 5 s'
    this.#out.push({ kind: 'log', device: device.id, at, verdict: verdict('note', word, why) })
  }

  #forget(connection: ConnectionId): void {
    this.#connections.get(connection)?.device.connections.delete(connection)
    this.#connections.delete(connection)
  }
}
