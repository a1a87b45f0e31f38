// SegmentKeeper: the process that faces the monitors, started, watched, and started again when it ends.
// Keeps the rule that a start that fails for ever is tried ever less often, and that its state is always known: running or down, and since when.

import { err, ok, type Result } from '../../base/result.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import type { FromSegment, ToSegment } from '../channel.ts'
import type { SegmentState } from './beds.ts'
import type { GatewayParts, SegmentProcess } from './parts.ts'

/** Pause before a new start: doubled up to half a minute, and short again once it was ready. */
export const PAUSE_MS_MIN = 500
export const PAUSE_MS_MAX = 30_000

export interface SegmentHearer {
  onMessage(message: FromSegment): void
  /** `isEnd`: it was closed by us. */
  onDown(why: string, isEnd: boolean): void
}

export class SegmentKeeper {
  readonly #config: GatewayConfig
  readonly #parts: GatewayParts
  readonly #hearer: SegmentHearer
  #process: SegmentProcess | null = null
  /** Told before the start of the process had come back to us. */
  #early: ToSegment[] = []
  #state: SegmentState
  #pauseMs = PAUSE_MS_MIN
  #restarts = 0
  #isClosing = false
  #cancel: (() => void) | null = null
  #firstReady: ((result: Result<null>) => void) | null = null

  constructor(config: GatewayConfig, parts: GatewayParts, hearer: SegmentHearer) {
    this.#config = config
    this.#parts = parts
    this.#hearer = hearer
    this.#state = { state: 'down', since: parts.clock(), sandbox: [] }
  }

  get state(): SegmentState {
    return this.#state
  }

  get isRunning(): boolean {
    return this.#state.state === 'running'
  }

  get restarts(): number {
    return this.#restarts
  }

  /** The first start. A failure is an answer, not tried again: the ports are taken, or the address is not ours. */
  async start(): Promise<Result<null>> {
    const ready = new Promise<Result<null>>((resolve) => {
      this.#firstReady = resolve
    })
    await this.#launch()
    const result = await ready
    if (!result.ok) this.#isClosing = true
    return result
  }

  tell(message: ToSegment): void {
    if (this.#process === null) this.#early.push(message)
    else this.#process.tell(message)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#cancel?.()
    const process = this.#process
    this.#process = null
    await process?.close()
  }

  async #launch(): Promise<void> {
    // What an earlier process still says, or that it ended, is not said of this one.
    let isOver = false
    const ear = {
      onMessage: (message: FromSegment) => {
        if (isOver) return
        if (message.kind === 'ready') this.#onReady(message)
        this.#hearer.onMessage(message)
      },
      onEnd: (why: string) => {
        if (isOver) return
        isOver = true
        this.#onEnd(why)
      },
    }
    try {
      const process = await this.#parts.startSegment(this.#config, ear)
      if (this.#isClosing) await process.close()
      else if (!isOver) this.#use(process)
    } catch (cause) {
      ear.onEnd(cause instanceof Error ? cause.message : String(cause))
    }
  }

  #use(process: SegmentProcess): void {
    this.#process = process
    for (const message of this.#early) process.tell(message)
    this.#early = []
  }

  #onReady(message: Extract<FromSegment, { kind: 'ready' }>): void {
    this.#state = { state: 'running', since: message.at, sandbox: message.sandbox }
    this.#pauseMs = PAUSE_MS_MIN
    this.#firstReady?.(ok(null))
    this.#firstReady = null
  }

  #onEnd(why: string): void {
    this.#process = null
    this.#early = []
    if (this.#state.state === 'running') this.#state = { state: 'down', since: this.#parts.clock(), sandbox: [] }
    this.#hearer.onDown(why, this.#isClosing)
    if (this.#firstReady !== null) {
      this.#firstReady(err(why))
      this.#firstReady = null
      return
    }
    if (this.#isClosing) return
    this.#cancel = this.#parts.after(this.#pauseMs, () => {
      this.#restarts += 1
      void this.#launch()
    })
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX)
  }
}
