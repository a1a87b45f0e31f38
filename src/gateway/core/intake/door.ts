// Door: what every intake connection shares: quotas of bytes and of log lines, and the way commands leave.
// Keeps the rule that a flood is closed with a reason and that what is not told is counted.

import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import {
  BYTES_PER_SECOND_MAX, LOGS_PER_MINUTE_MAX, LOG_WINDOW_MICROS, RATE_WINDOW_MICROS, Tally,
} from './bounds.ts'
import { verdict, type CommandSink, type Rule, type Verdict } from './command.ts'
import type { DeviceId, Reading } from './reading.ts'

/** What one connection is doing, in counts. */
export interface DoorFigures {
  readonly bytes: number
  readonly frames: number
  readonly resyncs: number
  readonly skippedBytes: number
  readonly malformed: number
  /** Kinds nobody has described, by name: `46/1b`, `OBX 188^SPO9`. */
  readonly unknown: readonly (readonly [string, number])[]
  readonly untoldLogs: number
}

export class Door {
  readonly device: DeviceId
  readonly unknown = new Tally()
  readonly #sink: CommandSink
  readonly #framelessBytesMax: number
  #isClosed = false
  #bytes = 0
  #bytesSinceFrame = 0
  #windowStart: Micros | null = null
  #windowBytes = 0
  #logStart: Micros | null = null
  #logs = 0
  #untold = 0
  frames = 0
  resyncs = 0
  skippedBytes = 0
  malformed = 0

  constructor(device: DeviceId, sink: CommandSink, framelessBytesMax: number) {
    this.device = device
    this.#framelessBytesMax = framelessBytesMax
    this.#sink = sink
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Counts a segment before it is read. False when the connection is over. */
  admit(bytes: number, at: Micros): boolean {
    if (this.#isClosed) return false
    this.#bytes += bytes
    this.#bytesSinceFrame += bytes
    if (this.#windowStart === null || at - this.#windowStart >= RATE_WINDOW_MICROS || at < this.#windowStart) {
      this.#windowStart = at
      this.#windowBytes = 0
    }
    this.#windowBytes += bytes
    const most = (BYTES_PER_SECOND_MAX * RATE_WINDOW_MICROS) / MICROS_PER_SECOND
    if (this.#windowBytes > most) this.close(at, 'too-fast', `more than ${BYTES_PER_SECOND_MAX} bytes a second over ten seconds`)
    return !this.#isClosed
  }

  /** Called after a segment was read: a peer that never shows a frame is sent away. */
  judge(at: Micros): void {
    if (this.#bytesSinceFrame <= this.#framelessBytesMax) return
    this.close(at, 'not-a-monitor', `${this.#bytesSinceFrame} bytes without one whole frame`)
  }

  frame(): void {
    this.frames += 1
    this.#bytesSinceFrame = 0
  }

  readings(at: Micros, readings: readonly Reading[]): void {
    if (readings.length === 0 || this.#isClosed) return
    this.#sink({ kind: 'store', device: this.device, at, readings })
    this.#sink({ kind: 'publish', device: this.device, at, readings })
  }

  log(at: Micros, action: Verdict['action'], rule: Rule, why: string): void {
    if (this.#logStart === null || at - this.#logStart >= LOG_WINDOW_MICROS || at < this.#logStart) {
      this.#logStart = at
      this.#logs = 0
    }
    this.#logs += 1
    if (this.#logs > LOGS_PER_MINUTE_MAX) this.#untold += 1
    else this.#sink({ kind: 'log', device: this.device, at, verdict: verdict(action, rule, why) })
    if (this.#logs === LOGS_PER_MINUTE_MAX + 1) this.#tellQuota(at)
  }

  #tellQuota(at: Micros): void {
    const why = `more than ${LOGS_PER_MINUTE_MAX} lines in a minute from this connection; the rest is counted`
    this.#sink({ kind: 'log', device: this.device, at, verdict: verdict('note', 'log-quota', why) })
  }

  close(at: Micros, rule: Rule, why: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sink({ kind: 'close', device: this.device, at, verdict: verdict('close', rule, why) })
  }

  figures(): DoorFigures {
    const { frames, resyncs, skippedBytes, malformed } = this
    return { bytes: this.#bytes, frames, resyncs, skippedBytes, malformed, unknown: this.unknown.rows(), untoldLogs: this.#untold }
  }
}
