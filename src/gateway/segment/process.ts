// process: the parent's end: starts the process that faces the segment on sockets it bound, listens to it, and starts it again when it dies.
// Keeps two rules: the parent never reads what a monitor sent, and what the child says is checked before it is passed on.

import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import type net from 'node:net'
import path from 'node:path'
import type { Micros } from '../../base/time.ts'
import type { SegmentConfig } from '../../config/gateway.ts'
import type { MissingHold } from '../../kernel/sandbox.ts'
import type { FromSegment, ToSegment } from '../channel.ts'
import type { BenchOptions } from '../core/checks/bench.ts'
import { bindSockets, closeSockets, socketPlans, type BoundSocket } from './bind.ts'
import { readClock } from './clock.ts'
import { FrameKind, FrameReader, FrameWriter } from './frames.ts'
import { decodeFromSegment, encodeToSegment, FROM_SEGMENT_BYTES_MAX } from './messages.ts'
import type { SegmentPlan, SocketPlan } from './plan.ts'
import { missingFromStatus } from '../../kernel/status.ts'

export interface SegmentOptions {
  readonly config: SegmentConfig
  readonly bench: BenchOptions
  readonly nfsVersions: readonly (2 | 3)[]
  readonly reservedPortsOnly?: boolean
  /** Devices at most: how many descriptors are asked for. */
  readonly devicesMax: number
  /** Everything the segment says, in order. A record's bytes may be kept. */
  readonly onMessage: (message: FromSegment) => void
  /** What a segment that has just started has to know: places, assignments, grants. Asked at each start. */
  readonly onStart: () => readonly ToSegment[]
  /** The parent's own, which the process goes on with; without it the machine's. */
  readonly clock?: () => Micros
  readonly onState?: (state: SegmentState) => void
  /** Tests put a program of their own inside. */
  readonly program?: string
}

export interface SegmentState {
  readonly phase: 'starting' | 'ready' | 'down' | 'closed'
  readonly pid: number | null
  /** How often it died, and why last. */
  readonly deaths: number
  readonly lastDeath: string | null
}

export interface Segment {
  readonly sockets: readonly SocketPlan[]
  state(): SegmentState
  /** Nothing happens while it is down: `onStart` says all that matters again. */
  send(message: ToSegment): void
  /** Reads no further until `resume`: the segment then holds its monitors back, and loses nothing. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

/** Descriptors of one device: six data ports, the HL7 one, and one that has not been noticed to be gone. */
const FILES_PER_DEVICE = 8
const OTHER_FILES = 512
/** Waits before it is started again: doubled each time, from the first on once it stood for a minute. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000
const STEADY_MS = 60_000
/** Told to end and not gone after this: killed. */
const END_MS = 5000
/** Of what it says when it dies. */
const LAST_WORDS_MAX = 2000

/** Binds the sockets, starts the process and resolves when it is closed in and reads. Rejects, with everything given back, when that fails. */
export async function startSegment(options: SegmentOptions): Promise<Segment> {
  const bound = bindSockets(socketPlans(options.config))
  if (!bound.ok) throw new Error(bound.error)
  const keeper = new SegmentKeeper(options, bound.value)
  try {
    await keeper.first()
  } catch (cause) {
    await keeper.close()
    throw cause
  }
  return keeper
}

class SegmentKeeper implements Segment {
  readonly sockets: readonly BoundSocket[]
  readonly #options: SegmentOptions
  #child: ChildProcess | null = null
  #out: FrameWriter | null = null
  #channel: net.Socket | null = null
  #phase: SegmentState['phase'] = 'starting'
  #deaths = 0
  #lastDeath: string | null = null
  #why: string | null = null
  #lastWords = ''
  #wait = FIRST_WAIT_MS
  #readyAt = 0
  #timer: NodeJS.Timeout | null = null
  #isPaused = false
  /** Since when no process reads the sockets. */
  #unreadSince: Micros
  #onFirst: ((fault: string | null) => void) | null = null

  constructor(options: SegmentOptions, sockets: readonly BoundSocket[]) {
    this.#options = options
    this.sockets = sockets
    this.#unreadSince = this.#now()
  }

  first(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onFirst = (fault) => (fault === null ? resolve() : reject(new Error(`the process that faces the segment did not start: ${fault}`)))
      this.#start()
    })
  }

  state(): SegmentState {
    return { phase: this.#phase, pid: this.#child?.pid ?? null, deaths: this.#deaths, lastDeath: this.#lastDeath }
  }

  send(message: ToSegment): void {
    if (this.#phase === 'ready') this.#put(message)
  }

  pause(): void {
    this.#isPaused = true
    this.#channel?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#channel?.resume()
  }

  async close(): Promise<void> {
    this.#setPhase('closed')
    if (this.#timer) clearTimeout(this.#timer)
    const child = this.#child
    if (child !== null) {
      const gone = new Promise((resolve) => child.once('close', resolve))
      const killer = setTimeout(() => child.kill('SIGKILL'), END_MS)
      this.resume()
      this.#put({ kind: 'close' })
      await gone
      clearTimeout(killer)
    }
    closeSockets(this.sockets)
  }

  #put(message: ToSegment): void {
    this.#out?.put(FrameKind.control, encodeToSegment(message))
  }

  #start(): void {
    this.#setPhase('starting')
    this.#why = null
    this.#lastWords = ''
    const enter = path.join(import.meta.dirname, `enter${path.extname(import.meta.filename)}`)
    const child = spawn(process.execPath, [enter, JSON.stringify(this.#plan())], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...this.sockets.map((s) => s.fd)], cwd: '/', env: { TZ: 'UTC', NODE_NO_WARNINGS: '1' },
    })
    this.#child = child
    const channel = child.stdio[3] as net.Socket
    this.#channel = channel
    this.#out = new FrameWriter(channel)
    child.stderr?.on('data', (piece: Buffer) => (this.#lastWords = printable(this.#lastWords + piece.toString('latin1')).slice(-LAST_WORDS_MAX)))
    const reader = new FrameReader(FROM_SEGMENT_BYTES_MAX, (kind, bytes) => this.#frame(child, kind, bytes))
    channel.on('data', (piece: Buffer) => {
      const fault = reader.push(piece)
      if (fault !== null) this.#end(child, fault)
    })
    channel.on('error', () => undefined)
    child.on('error', (cause) => (this.#why = cause.message))
    child.on('close', (code, signal) => this.#died(signal ?? `exit code ${code}`))
    if (this.#isPaused) channel.pause()
  }

  #now(): Micros {
    return this.#options.clock?.() ?? Date.now() * 1000
  }

  #plan(): SegmentPlan {
    const { options, sockets } = { options: this.#options, sockets: this.sockets }
    return {
      program: options.program ?? 'main', user: options.config.user, bench: { ...options.bench, devicesMax: options.devicesMax },
      nfsVersions: options.nfsVersions, clock: options.clock === undefined ? null : readClock(options.clock()), holds: [],
      reservedPortsOnly: options.reservedPortsOnly ?? true, filesMax: options.devicesMax * FILES_PER_DEVICE + OTHER_FILES,
      sockets: sockets.map(({ service, transport, address, port }) => ({ service, transport, address, port })),
    }
  }

  #frame(child: ChildProcess, kind: number, bytes: Uint8Array): void {
    // What it said before it was found to talk nonsense counts, nothing after it.
    if (child !== this.#child || this.#why !== null) return
    const message = decodeFromSegment(kind, bytes)
    if (!message.ok) this.#end(child, message.error)
    else if (message.value.kind === 'ready') this.#ready(child, message.value)
    else this.#options.onMessage(message.value)
  }

  /** Passed on with what the kernel itself says of the process. */
  #ready(child: ChildProcess, message: Extract<FromSegment, { kind: 'ready' }>): void {
    this.#readyAt = performance.now()
    this.#setPhase('ready')
    for (const told of [...this.#options.onStart(), { kind: 'read', since: this.#unreadSince } as const]) this.#put(told)
    this.#options.onMessage({ ...message, missing: [...message.missing, ...seenMissing(child.pid ?? 0)] })
    this.#onFirst?.(null)
    this.#onFirst = null
  }

  #end(child: ChildProcess, why: string): void {
    this.#why ??= `it sent ${why}`
    child.kill('SIGKILL')
  }

  #died(how: string): void {
    this.#child = null
    this.#out = null
    this.#channel = null
    if (this.#phase === 'closed') return
    if (this.#phase === 'ready') this.#unreadSince = this.#now()
    this.#deaths += 1
    this.#lastDeath = [this.#why ?? how, this.#lastWords.trim()].filter((text) => text !== '').join(': ')
    if (this.#onFirst !== null) {
      this.#onFirst(this.#lastDeath)
      this.#onFirst = null
      return
    }
    this.#setPhase('down')
    if (this.#readyAt > 0 && performance.now() - this.#readyAt > STEADY_MS) this.#wait = FIRST_WAIT_MS
    this.#timer = setTimeout(() => this.#start(), this.#wait)
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2)
    this.#readyAt = 0
  }

  #setPhase(phase: SegmentState['phase']): void {
    if (this.#phase === 'closed') return
    this.#phase = phase
    this.#options.onState?.(this.state())
  }
}

/** A process that was taken over may say anything before it dies: one line, no control characters. */
function printable(text: string): string {
  return text.replaceAll(/[^ -~\n]/g, '?')
}

function seenMissing(pid: number): MissingHold[] {
  try {
    return missingFromStatus(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return [{ what: 'the kernel confirms the sandbox', why: `/proc/${pid}/status cannot be read`, isVital: false }]
  }
}
