// fake-gateway: made-up parts of the gateway's hospital side: a clock that is turned by hand, a segment that says what a test says.
// The patient in it is the canary; nothing that people read may hold it.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { parseIp, type Ip } from '../base/ip.ts'
import { treeFromValue, type PlainValue } from '../base/tree.ts'
import { parseGateway } from '../config/gateway-file.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import type { FromSegment, ToSegment } from '../gateway/channel.ts'
import { patientRef, type PatientRef } from '../gateway/core/assignment/adt.ts'
import type { Assignment } from '../gateway/core/assignment/ledger.ts'
import type { TargetLine } from '../gateway/core/beds-frame.ts'
import { missing, present, type Reading, type Times, type Wave } from '../gateway/core/intake/reading.ts'
import type { GatewayParts, Granting, KeptLine, OwnedReadings, SegmentEar } from '../gateway/hospital/parts.ts'
import type { SegmentView } from '../gateway/hospital/tile.ts'

export const START = Date.UTC(2026, 0, 5, 7, 0, 0) * 1000
export const CANARY: PatientRef = patientRef('ZZTEST4711', 'ZZAUTH', 'ZZTEST', 'CANARY')
export const CANARY_WORDS = /ZZTEST|CANARY|ZZAUTH/

const LEAST: { readonly [key: string]: PlainValue } = {
  version: 1, name: 'GW', eui64: '0200000000000001', facility: 'H', systems: { device: 'urn:a:1', patient: 'urn:a:2' },
  beds: [{ device: '10.20.4.31', bed: '4W^401^A' }, { device: '10.20.4.32', bed: '4W^401^B' }],
  targets: [{ name: 'engine', kind: 'pcd01', to: 'engine.example:2575', clear: 'the engine has no TLS yet' }], console: { port: 0 },
}

export function fakeConfig(folder: string, changes: { readonly [key: string]: PlainValue } = {}): GatewayConfig {
  const { config, diagnostics } = parseGateway(treeFromValue({ ...LEAST, folder, ...changes }, 'gateway.yaml'), folder)
  if (config === null) throw new Error(JSON.stringify(diagnostics))
  return config
}

/** Short: a socket's path has 107 bytes. */
export function gatewayFolder(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gw-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'data')
}

export function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

export const times = (at: number): Times => ({ device: null, received: at, measured: at })
export const heartRate = (value: number | null, at: number): Reading =>
  value === null ? missing('hr', 'sensor-off', times(at)) : present('hr', value, times(at))
export const wave = (samples: readonly number[], at: number): Wave =>
  ({ kind: 'wave', channel: 'ecg2', samples: Uint8Array.from(samples), rate: 256, times: times(at) })

export function owned(device: string, at: number, readings: readonly Reading[], patient: PatientRef | null = CANARY): OwnedReadings {
  return { device, bed: bedOf(device), at, items: readings.map((reading) => ({ reading, patient, dataCheck: 'OK', trust: 'plain' })) }
}

/** As the made-up files place them: 10.20.4.31 at 4W^401^A, and so on up to .90; others are strangers. */
function bedOf(device: string): string | null {
  const host = Number(device.split('.').at(-1))
  return host >= 31 && host <= 90 ? `4W^${370 + host}^A` : null
}

export const assigned = (since: number, patient: PatientRef = CANARY): Assignment => ({ state: 'assigned', patient, since, by: 'adt' })

export function view(device: string, bed: string, assignment: Assignment, changes: Partial<SegmentView> = {}): SegmentView {
  return {
    device, bed, assignment,
    feed: { state: 'live', framesPerSecond: 6, cycleMicros: 1e6, gaps: 0, longestGapMicros: 0, clockOffsetMicros: null, lastFrameAt: START },
    dataCheck: { word: 'OK', reasons: [], fits: ['pressure-order'], untold: [] },
    connections: [{ bytes: 1, frames: 1, resyncs: 0, skippedBytes: 0, malformed: 0, unknown: [['46/1b', 2]], untoldLogs: 0 }], ...changes,
  }
}

export const line = (changes: Partial<TargetLine> = {}): TargetLine => ({
  target: 'engine', kind: 'pcd01', state: 'connected', why: null, isProtected: false, clearReason: 'the engine has no TLS yet', waiting: 0, ambiguous: 0,
  refused: 0, delivered: 7, given: 0, lagMicros: null, ...changes,
})

const kept = (what: KeptLine['what']): KeptLine => ({ what, bytes: 1234, nextDeletion: START + 3600e6, rule: '1 hour' })

type Ready = Extract<FromSegment, { kind: 'ready' }>
export const ready = (at: number, sandbox: readonly string[] = [], holes: Ready['missing'] = []): Ready => ({ kind: 'ready', at, sandbox, missing: holes })

export const standing = (at: number, views: readonly SegmentView[], requests: Readonly<Record<string, number>> = {}): FromSegment => ({
  kind: 'beds', at, views, updates: { requests, duplicates: 0, connectionsRefused: 0, connectionsDropped: 0, noCalls: 0 },
  segment: { connections: 0, accepted: 0, refused: 0, holds: 0, isHolding: false },
})

/** All parts, and what they were given. Records are an index into `records`. */
export class FakeGateway implements GatewayParts {
  now = START
  readonly told: ToSegment[] = []
  readonly log: string[] = []
  readonly sent: OwnedReadings[] = []
  readonly records: OwnedReadings[] = []
  ear: SegmentEar | null = null
  granting: Granting = { grants: [], refused: [], releases: [], problem: null }
  targets: readonly TargetLine[] = [line()]
  arp: string | null = null
  adtTake: ((bytes: Uint8Array) => void) | null = null
  adtWhy: string | null = null
  adtRefused: string | null = null
  adtWarnings: readonly string[] = []
  targetWarnings: readonly string[] = []
  /** Why the segment's process cannot start. */
  startFault: string | null = null
  append: () => void | Promise<void> = () => undefined
  readonly #timers: { readonly every: number; readonly call: () => void; at: number; isOver: boolean }[] = []

  readonly clock = (): number => this.now
  readonly arpTable = (): string | null => this.arp
  readonly loadGrants = async (): Promise<Granting> => this.granting

  every(ms: number, call: () => void): () => void {
    return this.#timer(ms, ms * 1000, call)
  }

  after(ms: number, call: () => void): () => void {
    return this.#timer(ms, Number.POSITIVE_INFINITY, call)
  }

  #timer(ms: number, every: number, call: () => void): () => void {
    const timer = { every, call, at: this.now + ms * 1000, isOver: false }
    this.#timers.push(timer)
    return () => {
      timer.isOver = true
    }
  }

  /** Turns the clock in steps of 100 ms and lets what waits run in between. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.now += Math.min(100, left) * 1000
      for (const timer of [...this.#timers]) {
        if (timer.isOver || timer.at > this.now) continue
        timer.at += timer.every
        if (timer.every === Number.POSITIVE_INFINITY) timer.isOver = true
        timer.call()
      }
      await this.settle()
    }
  }

  /** Lets promises that need no clock run out. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }

  async startSegment(_config: GatewayConfig, ear: SegmentEar) {
    if (this.startFault !== null) throw new Error(this.startFault)
    this.ear = ear
    this.startAgain()
    return {
      tell: (message: ToSegment) => void this.told.push(message), pause: () => void this.log.push('paused'), resume: () => void this.log.push('resumed'),
      close: async () => {
        this.log.push('segment closed')
        ear.onDown('closed')
      },
    }
  }

  /** As if its process had come up: it asks what it must know, and is ready. */
  startAgain(): void {
    this.log.push('segment started')
    this.told.push(...(this.ear?.onStart() ?? []))
    this.hear(ready(this.now, ['no-new-privileges']))
  }

  hear(message: FromSegment): void {
    this.ear?.onMessage(message)
  }

  async openStores() {
    return { readings: this.#readings(), out: this.#out() }
  }

  #readings() {
    return {
      decode: (record: Uint8Array) => this.records[record[0] ?? -1] ?? null,
      append: () => this.append(),
      kept: () => kept('readings'),
      close: async () => void this.log.push('readings closed'),
    }
  }

  #out() {
    return {
      take: (readings: OwnedReadings) => void this.sent.push(readings), tick: () => undefined, lines: () => this.targets,
      warnings: () => new Map([['engine', this.targetWarnings]]), kept: () => kept('queue'),
      close: async () => void this.log.push('out closed'),
    }
  }

  async startAdt(_config: unknown, take: (bytes: Uint8Array) => void) {
    this.adtTake = take
    return {
      why: () => this.adtWhy, refused: () => this.adtRefused, warnings: () => this.adtWarnings, close: async () => void this.log.push('adt closed'),
    }
  }

  /** As if the segment's process had sent this frame's readings. */
  say(readings: OwnedReadings): void {
    this.records.push(readings)
    this.hear({ kind: 'readings', record: Uint8Array.of(this.records.length - 1) })
  }
}
