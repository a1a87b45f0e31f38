// The protocol seam: one row per protocol, one session per flow, facts out. The registry is an array of rows.
// Protocols know no policy and no time of day; a port is a hint, the probe is the judge (only identify.ts sees ports).

import type { Direction, Flow } from '../wire/flow.ts'
import type { Micros } from '../base/time.ts'
import type { Fact } from './facts.ts'

export type Transport = 'tcp' | 'udp'

/** `more` asks for a longer prefix of the same stream; on UDP it means `no`. */
export type ProbeAnswer = 'yes' | 'no' | 'more'

/** Where the bytes stand: on TCP an ordered stream in any split, on UDP one datagram per call. */
export interface SessionContext {
  readonly flow: Flow
  readonly transport: Transport
  /** Frame number of the packet being processed: evidence for the fact. */
  frame(): number
  /** Facts leave here, in order. `at` is packet time. */
  emit(fact: Fact): void
}

/**
 * One conversation of one protocol. Never throws on bytes; keeps named bounds on every buffer.
 * After a gap on a TCP direction it resynchronises or gives that direction up, and says so in its facts.
 */
export interface Session {
  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void
  /** `bytes` of this direction were lost before the next feed. */
  gap(direction: Direction, bytes: number, at: Micros): void
  /** Called once, when the flow ends or is evicted, or once it is done. Emits totals. */
  end(at: Micros): void
  /** All that can be read has been read (what follows is encrypted, or somebody's shell): nothing more need be brought. */
  readonly isDone?: boolean
}

export interface ProtocolRow {
  readonly id: string
  readonly name: string
  readonly transports: readonly Transport[]
  /** Responder ports where this protocol is tried first. */
  readonly hints: readonly number[]
  /** Judges the first bytes of one direction. `transport` as in the context. */
  readonly probe: (transport: Transport, direction: Direction, buf: Uint8Array, off: number, end: number) => ProbeAnswer
  /**
   * Asked when `probe` said no of a flow that was joined late or lost bytes, and of no other: do these bytes hold a beginning further on?
   * Elsewhere the first bytes are the first bytes, and what stands in the middle is somebody's content.
   */
  readonly probeInside?: ProtocolRow['probe']
  /**
   * `flow` is true of one that another flow of this protocol announced (expected.ts): it is opened without a probe. `ports` is asked first,
   * by either end's port: false means that no such flow can be.
   */
  readonly expects?: { ports: (port: number, other: number) => boolean; flow: (transport: Transport, flow: Flow) => boolean }
  readonly open: (context: SessionContext) => Session
}
