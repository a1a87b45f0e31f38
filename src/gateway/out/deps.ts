// Deps: what a sender or a listener is handed instead of taking it (clock, timers, randomness, a place for words), and what it tells.
// Keeps the rule that time and randomness are arguments, so that tests decide both.

import { seededRng, type Rng } from '../../base/rng.ts'
import type { Micros } from '../../base/time.ts'
import type { Sender } from '../queue/delivery.ts'
import type { BackoffLimits } from './backoff.ts'
import type { TlsFigures } from './tls.ts'

/** A sender that also tells of its connection, for tests. */
export interface ProtectedSender extends Sender {
  /** Of the last connection in TLS; null before the first, and in clear. */
  figures(): TlsFigures | null
}

export interface Timers {
  /** Runs once after so many milliseconds; the answer takes it back. */
  after(ms: number, run: () => void): () => void
}

export interface OutDeps {
  readonly clock: () => Micros
  readonly timers: Timers
  readonly rng: Rng
  /** Words for the log: names of targets, codes, counts; no patient, no address. */
  readonly note: (words: string) => void
  readonly limits?: Partial<SenderLimits>
}

export interface SenderLimits {
  /** Messages of one MLLP connection that wait for their answer: 1 keeps the order whatever the receiver does. */
  readonly window: number
  /** Dial, TLS and all. */
  readonly connectMs: number
  /** From a message to its answer. An integration engine answers when it has stored the message; some ask a database first. */
  readonly answerMs: number
  /** A connection is made anew after so long, so that renewed certificates come into use and ended ones go out of it. */
  readonly connectionMs: number
  /** TCP keep-alive of an idle connection: below the five minutes after which firewalls forget. */
  readonly keepAliveMs: number
  readonly backoff: BackoffLimits
}

export const SENDER_LIMITS: SenderLimits = {
  window: 1, connectMs: 10_000, answerMs: 30_000, connectionMs: 24 * 3600_000, keepAliveMs: 60_000, backoff: { firstMs: 1000, lastMs: 60_000 },
}

/** The machine's own clock, timers and seed. */
export function machineDeps(note: (words: string) => void): OutDeps {
  return { clock: () => Date.now() * 1000, timers: realTimers, rng: seededRng(Date.now() ^ process.pid), note }
}

export const realTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
