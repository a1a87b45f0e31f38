// Line: how a sender stands, and the three times it may wait for: the next try, an answer, the end of a connection's life.
// Keeps the rule that a target without TLS says so, and why, in every state.

import type { Micros } from '../../base/time.ts'
import type { TargetConfig } from '../../config/gateway.ts'
import type { LineState } from '../queue/delivery.ts'
import { pauseMs } from './backoff.ts'
import { SENDER_LIMITS, type OutDeps, type SenderLimits } from './deps.ts'
import { step, type TalkTable } from './talk-table.ts'

type Wait = 'pause' | 'watch' | 'age'

export class Line {
  readonly target: TargetConfig
  readonly limits: SenderLimits
  readonly #deps: OutDeps
  #state: LineState['state'] = 'idle'
  #why: string | null = null
  #since: Micros
  #failures = 0
  /** The fault that was told last, and since when it is one. */
  #fault: { readonly why: string; readonly since: Micros } | null = null
  readonly #waits = new Map<Wait, () => void>()

  constructor(target: TargetConfig, deps: OutDeps) {
    this.target = target
    this.limits = { ...SENDER_LIMITS, ...deps.limits }
    this.#deps = deps
    this.#since = deps.clock()
  }

  now(): Micros {
    return this.#deps.clock()
  }

  state(): LineState {
    const { name, protection } = this.target
    const isProtected = protection.kind === 'tls'
    return {
      target: name, state: this.#state, why: this.#why, since: this.#since, isProtected, clearReason: isProtected ? null : protection.reason,
    }
  }

  set(state: Exclude<LineState['state'], 'down'>): void {
    this.#become(state, null)
  }

  /** The same reason at the next try is the same stretch: told once, `since` stays. */
  down(why: string): void {
    const isNew = this.#fault?.why !== why
    this.#fault = this.#fault?.why === why ? this.#fault : { why, since: this.now() }
    this.#become('down', why)
    this.#since = this.#fault.since
    if (isNew) this.note(why)
  }

  note(words: string): void {
    this.#deps.note(`target ${this.target.name}: ${words}`)
  }

  #become(state: LineState['state'], why: string | null): void {
    if (this.#state === state && this.#why === why) return
    this.#state = state
    this.#why = why
    this.#since = this.now()
  }

  /** The receiver did its part: the next pause is a short one, and the next fault is told. */
  calm(): void {
    this.#failures = 0
    this.#fault = null
  }

  /** Waits for the next try, at least `leastMs`: what the receiver asked for. */
  pause(run: () => void, leastMs = 0): void {
    this.#failures += 1
    this.wait('pause', Math.max(leastMs, pauseMs(this.#failures, this.#deps.rng, this.limits.backoff)), run)
  }

  /** One wait of a kind at a time. */
  wait(kind: Wait, ms: number, run: () => void): void {
    this.stop(kind)
    this.#waits.set(kind, this.#deps.timers.after(ms, () => {
      this.#waits.delete(kind)
      run()
    }))
  }

  stop(kind: Wait): void {
    this.#waits.get(kind)?.()
    this.#waits.delete(kind)
  }
}

/** Runs a table: events in, one at a time and in order, also those that an action causes. */
export class Talk<S extends string, E extends string, A extends string> {
  readonly #table: TalkTable<S, E, A>
  readonly #act: (action: A) => void
  readonly #events: E[] = []
  #state: S
  #isRunning = false

  constructor(table: TalkTable<S, E, A>, state: S, act: (action: A) => void) {
    this.#table = table
    this.#state = state
    this.#act = act
  }

  get state(): S {
    return this.#state
  }

  on(event: E): void {
    this.#events.push(event)
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next)
    } finally {
      this.#isRunning = false
    }
  }

  #step(event: E): void {
    const { to, actions } = step(this.#table, this.#state, event)
    this.#state = to
    for (const action of actions) this.#act(action)
  }
}
