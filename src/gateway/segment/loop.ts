// loop: monitors' connections in, readings out: sockets, the gateway's core, and the pipe to the hospital's side.
// Keeps two rules: nothing here can write to a monitor (`MonitorSocket` has no such method), and who cannot be read from waits, uncut.

import net from 'node:net'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { FromSegment, SegmentCounts, StandingView, ToldEvent } from '../channel.ts'
import type { BedView, ConnectionId, GatewayCommand, GatewayCore } from '../core/gateway.ts'
import { FRESHNESS } from '../core/freshness/limits.ts'
import type { DeviceId } from '../core/intake/reading.ts'
import { RecordEncoder, type StoredReadings } from '../core/record.ts'
import type { ServerCounts } from '../nfs-server.ts'
import { FrameKind, type FrameWriter } from './frames.ts'
import { encodeControl, type ControlMessage } from './messages.ts'

/** All that the loop can do to a monitor's connection. */
export type MonitorSocket = Pick<net.Socket, 'on' | 'pause' | 'resume' | 'destroy' | 'resetAndDestroy' | 'destroyed'>

/** More than this not taken by the hospital's side, and all monitors wait; five seconds of 1,000 beds. */
export const HOLD_BYTES = 8 * 1024 * 1024
/** Below this they go on. */
export const RELEASE_BYTES = 1024 * 1024
/** Views are told in so many parts of a second, so that no turn of the loop is long. */
export const SLICES_PER_SECOND = 20
const SLICE_MICROS = MICROS_PER_SECOND / SLICES_PER_SECOND
/** Sixteen full stations of 64 beds each second; beyond that devices take turns. A view costs both processes some 60 us (docs/gateway-sandbox.md). */
export const VIEWS_PER_SECOND_MAX = 1024
/** After monitors had to wait, at least this long what is read counts as old; then until this many ticks in a row came in time. */
const LATE_MICROS_MIN = MICROS_PER_SECOND / 2
const CALM_TICKS = 2
/** A half-open connection is noticed by the kernel's own probes, which carry no payload: first after this, then ten, a second apart. */
const KEEP_ALIVE_MS = 30_000
/** Six data ports and the HL7 one. */
const PORTS_PER_DEVICE = 7

export interface LoopOptions {
  readonly core: GatewayCore
  readonly clock: () => Micros
  readonly out: FrameWriter
  readonly updates: () => ServerCounts
  readonly connectionsMax: number
}

export class SegmentLoop {
  readonly #options: LoopOptions
  readonly #encoder = new RecordEncoder()
  readonly #open = new Map<ConnectionId, { readonly socket: MonitorSocket; readonly device: DeviceId; readonly isStranger: boolean }>()
  readonly #servers: net.Server[] = []
  #timer: NodeJS.Timeout | null = null
  #lastId = 0
  #secondAt: Micros = Number.NEGATIVE_INFINITY
  #sliceAt: Micros = Number.NEGATIVE_INFINITY
  /** Devices still to be told of, and when the first of them was. */
  #turn: DeviceId[] = []
  #turnAt: Micros = Number.NEGATIVE_INFINITY
  #refused = 0
  /** Open connections of devices that nobody placed when they came. */
  #strangers = 0
  #holds = 0
  #isHolding = false
  /** Bytes may have waited since then: what is read now is taken for as old as that, until nothing waits any more. */
  #lateSince: Micros | null = null
  #heldAt: Micros = 0
  #lateUntil: Micros = Number.NEGATIVE_INFINITY
  #tickAt: Micros = Number.NEGATIVE_INFINITY
  #calmTicks = 0

  constructor(options: LoopOptions) {
    this.#options = options
  }

  /** `since`: when those who dialled began to wait for a reader. */
  begin(since: Micros): void {
    this.#late(since)
  }

  /** Reads a socket that is bound already. */
  async listen(fd: number, speaks: 'cms' | 'hl7'): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) =>
      this.accept(socket, socket.remoteAddress ?? '', speaks))
    this.#servers.push(server)
    await new Promise<void>((done, failed) => {
      server.once('error', failed)
      server.listen({ fd }, done)
    })
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), 1000 / SLICES_PER_SECOND)
  }

  /** A connection that was taken. One that was gone before we looked has no address. */
  accept(socket: MonitorSocket, address: string, speaks: 'cms' | 'hl7'): void {
    socket.on('error', () => undefined)
    const isStranger = !this.#options.core.isPlaced(address)
    if (address === '' || this.#open.size >= this.#options.connectionsMax || (isStranger && !this.#hasRoomForStranger())) {
      this.#refused += 1
      socket.resetAndDestroy()
      return
    }
    const connection = ++this.#lastId
    this.#open.set(connection, { socket, device: address, isStranger })
    if (isStranger) this.#strangers += 1
    socket.on('data', (bytes: Buffer) => {
      this.#give(this.#options.core.handle({ kind: 'bytes', connection, buf: bytes, off: 0, end: bytes.length, at: this.#receivedAt() }))
    })
    // Half of it closed: a monitor that says no more is done. Destroying sends our FIN and no byte.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#closed(connection))
    if (this.#isHolding) socket.pause()
    this.#give(this.#options.core.handle({ kind: 'opened', connection, device: address, speaks, at: this.#options.clock() }))
  }

  /** The rest is kept for the monitors that stand at a bed: whoever has many addresses keeps none of those out. */
  #hasRoomForStranger(): boolean {
    const { core, connectionsMax } = this.#options
    return this.#strangers < connectionsMax - PORTS_PER_DEVICE * core.placedCount()
  }

  told(event: ToldEvent): void {
    this.#give(this.#options.core.handle(event))
  }

  /** Some twenty times a second, or late: time passes for the core once in each, and some devices are told of. */
  tick(): void {
    const at = this.#options.clock()
    this.#settle(at)
    // A timer is never early, often late: half a slice is not worth another wait.
    const isSecond = at - this.#secondAt >= MICROS_PER_SECOND - SLICE_MICROS / 2
    if (isSecond) {
      this.#secondAt = at
      this.#give(this.#options.core.handle({ kind: 'tick', at }))
    }
    this.#tellBeds(at, isSecond)
    this.#balance()
  }

  counts(): SegmentCounts {
    return { connections: this.#open.size, accepted: this.#lastId, refused: this.#refused, holds: this.#holds, isHolding: this.#isHolding }
  }

  tell(message: ControlMessage): void {
    this.#options.out.put(FrameKind.control, encodeControl(message))
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
    for (const server of this.#servers) server.close()
    for (const { socket } of this.#open.values()) socket.destroy()
  }

  /** The hospital's side took something. */
  drained(): void {
    this.#balance()
  }

  #closed(connection: ConnectionId): void {
    if (!this.#open.has(connection)) return
    // Known while the core says its end: a note without a device is taken for one about the hospital's own messages.
    this.#give(this.#options.core.handle({ kind: 'closed', connection, at: this.#options.clock() }))
    this.#forget(connection)
  }

  #give(commands: readonly GatewayCommand[]): void {
    for (const command of commands) {
      if ('items' in command) this.#store(command)
      else if (command.kind === 'close') this.#reset(command)
      else this.tell({ kind: 'note', command })
    }
    if (!this.#isHolding) this.#balance()
  }

  /** `publish` is not said: the parent publishes what it has stored. */
  #store(command: StoredReadings & { readonly kind: 'store' | 'publish' }): void {
    if (command.kind === 'store') this.#options.out.put(FrameKind.readings, this.#encoder.encode(command))
  }

  /** Closed without a payload byte, and told: the command itself goes nowhere else. */
  #reset(command: Extract<GatewayCommand, { kind: 'close' }>): void {
    const found = this.#open.get(command.connection)
    this.#forget(command.connection)
    found?.socket.resetAndDestroy()
    this.tell({ kind: 'note', command: { kind: 'log', device: found?.device ?? null, at: command.at, verdict: command.verdict } })
  }

  #late(since: Micros): void {
    const now = this.#options.clock()
    this.#lateSince = Math.min(this.#lateSince ?? since, since, now)
    this.#lateUntil = now + LATE_MICROS_MIN
    this.#calmTicks = 0
  }

  /** Never later than it came: a movement that was told while it waited must not make it the next patient's. */
  #receivedAt(): Micros {
    return this.#lateSince ?? this.#options.clock()
  }

  /** What waited is read when the loop has time again: its ticks come when they are due. */
  #settle(at: Micros): void {
    const isDue = at - this.#tickAt < 2 * SLICE_MICROS
    this.#tickAt = at
    if (this.#lateSince === null || this.#isHolding) return
    this.#calmTicks = isDue && at >= this.#lateUntil ? this.#calmTicks + 1 : 0
    if (this.#calmTicks >= CALM_TICKS) this.#lateSince = null
  }

  #forget(connection: ConnectionId): void {
    if (this.#open.get(connection)?.isStranger === true) this.#strangers -= 1
    this.#open.delete(connection)
  }

  #balance(): void {
    const { queuedBytes } = this.#options.out
    if (!this.#isHolding && queuedBytes > HOLD_BYTES) {
      this.#isHolding = true
      this.#holds += 1
      this.#heldAt = this.#options.clock()
      for (const { socket } of this.#open.values()) socket.pause()
    } else if (this.#isHolding && queuedBytes < RELEASE_BYTES) {
      this.#isHolding = false
      this.#late(this.#heldAt)
      for (const { socket } of this.#open.values()) socket.resume()
    }
  }

  /** The next devices in turn, none twice in a second. Nothing while the other side takes nothing: views would pile up on what waits. */
  #tellBeds(at: Micros, isSecond: boolean): void {
    const { core, updates } = this.#options
    const passed = Math.min(at - this.#sliceAt, MICROS_PER_SECOND)
    this.#sliceAt = at
    if (this.#isHolding) return
    if (this.#turn.length === 0 && at - this.#turnAt >= MICROS_PER_SECOND - SLICE_MICROS / 2) {
      this.#turn = [...core.devices()]
      this.#turnAt = at
    }
    const aSecond = Math.min(core.devices().length, VIEWS_PER_SECOND_MAX)
    const devices = this.#turn.splice(0, Math.ceil((aSecond * passed) / MICROS_PER_SECOND))
    if (devices.length === 0 && !isSecond) return
    const views = devices.flatMap((device): StandingView[] => standing(core.view(device, at, FRESHNESS)))
    this.tell({ kind: 'beds', at, views, updates: updates(), segment: this.counts() } satisfies FromSegment)
  }
}

function standing(view: BedView | null): StandingView[] {
  if (view === null) return []
  const { values: _, ...rest } = view
  return [rest]
}
