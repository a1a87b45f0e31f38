// out-world: what the tests of the senders share: timers in the test's hand, words that can be waited for, messages of the canary patient.
// Keeps the rule that no test waits for a clock: short pauses run at once, long ones when the test says so.

import type { TestContext } from 'node:test'
import { encodeBundle } from '../gateway/core/out/fhir.ts'
import { encodePcd01 } from '../gateway/core/out/pcd01.ts'
import { OUTBOUND, SENDER } from '../gateway/core/out/testdata/outbound.ts'
import type { OutDeps, ProtectedSender, SenderLimits, Timers } from '../gateway/out/deps.ts'
import { startSender } from '../gateway/out/sender.ts'
import type { Protection, TargetConfig, TlsFiles } from '../config/gateway.ts'
import { seededRng } from '../base/rng.ts'
import { PlainQueue } from './plain-queue.ts'

/** Pauses of these tests are below, all other waits above. */
const AT_ONCE_MS = 100

export class HandTimers implements Timers {
  readonly #held = new Map<number, { readonly ms: number; readonly run: () => void }>()
  #next = 0
  /** Every wait that was asked for, in order. */
  readonly asked: number[] = []
  holdPauses = false

  after(ms: number, run: () => void): () => void {
    const id = this.#next++
    this.asked.push(ms)
    this.#held.set(id, { ms, run })
    if (ms < AT_ONCE_MS && !this.holdPauses) setImmediate(() => this.#fire(id))
    return () => void this.#held.delete(id)
  }

  #fire(id: number): void {
    const wait = this.#held.get(id)
    this.#held.delete(id)
    wait?.run()
  }

  /** Runs every wait of this length, or of a length the test accepts; says how many there were. */
  fire(which: number | ((ms: number) => boolean)): number {
    const ids = [...this.#held].filter(([, { ms }]) => (typeof which === 'number' ? ms === which : which(ms))).map(([id]) => id)
    for (const id of ids) this.#fire(id)
    return ids.length
  }

  held(): readonly number[] {
    return [...this.#held.values()].map(({ ms }) => ms)
  }
}

export interface OutWorld {
  readonly deps: OutDeps
  readonly timers: HandTimers
  readonly notes: string[]
  /** Resolves with the first note that matches, also one that was made before. */
  readonly noted: (pattern: RegExp) => Promise<string>
  now: number
}

export const WORLD_LIMITS: Partial<SenderLimits> = { backoff: { firstMs: 2, lastMs: 16 } }

export function outWorld(limits: Partial<SenderLimits> = {}): OutWorld {
  const notes: string[] = []
  const waiters: { readonly pattern: RegExp; readonly done: (note: string) => void }[] = []
  const timers = new HandTimers()
  const note = (words: string): void => {
    notes.push(words)
    for (const { pattern, done } of waiters) if (pattern.test(words)) done(words)
  }
  const world: OutWorld = {
    timers, notes, now: Date.now() * 1000,
    deps: { clock: () => world.now, timers, rng: seededRng(7), note, limits: { ...WORLD_LIMITS, ...limits } },
    noted: (pattern) => new Promise((done) => {
      const before = notes.find((words) => pattern.test(words))
      if (before === undefined) waiters.push({ pattern, done })
      else done(before)
    }),
  }
  return world
}

/** Turns of the event loop of a millisecond or more: far beyond what anything here needs, so that a test that fails also ends. */
const TURNS_MAX = 20_000

/** Turns of the event loop until it holds; for what has no event of its own. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn >= TURNS_MAX) throw new Error(`never held: ${holds.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

export interface SenderStage {
  readonly world: OutWorld
  readonly queue: PlainQueue
  readonly sender: ProtectedSender
}

/** A sender of a target over a queue that holds these messages already; closed after the test. */
export function stageSender(
  t: TestContext, target: TargetConfig, ids: readonly string[], body: (id: string) => Uint8Array, limits: Partial<SenderLimits> = {},
): SenderStage {
  const world = outWorld(limits)
  const queue = new PlainQueue(target.name)
  for (const id of ids) queue.add(id, body(id))
  const sender = startSender(target, queue, world.deps)
  t.after(() => sender.close())
  return { world, queue, sender }
}

export const tlsBy = (files: TlsFiles): Protection => ({ kind: 'tls', files })
export const CLEAR: Protection = { kind: 'clear', reason: 'the engine on this machine speaks no TLS' }

export function mllpTarget(port: number, protection: Protection): TargetConfig {
  return { name: 'engine', kind: 'pcd01', to: `127.0.0.1:${port}`, protection, everyMicros: 60_000_000, waveforms: false }
}

export function fhirTarget(port: number, protection: Protection): TargetConfig {
  const to = `${protection.kind === 'tls' ? 'https' : 'http'}://127.0.0.1:${port}/fhir`
  return { name: 'store', kind: 'fhir', to, protection, everyMicros: 60_000_000, waveforms: false }
}

/** A message of the canary patient under this control id. */
export function pcd01Body(controlId: string, framing: 'mllp' | 'bare' = 'bare'): Uint8Array {
  return encodePcd01({ ...OUTBOUND, controlId }, SENDER, framing) as Uint8Array
}

export function fhirBody(controlId: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(encodeBundle({ ...OUTBOUND, controlId }, SENDER)))
}
