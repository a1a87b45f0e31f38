// Analysis: one body of work (a dropped capture, the demo ward, later a live interface) and how complete its view is.

import type { Micros } from '../base/time.ts'
import type { HealthFinding } from './health-findings.ts'

export interface Analysis {
  readonly id: string
  /** File name or `demo ward`. */
  readonly name: string
  readonly source: 'capture' | 'demo' | 'live'
  /**
   * `partial`: the bytes were damaged or cut; what could be read is there. `broken-off`: a watch that ended without saying so: its process was
   * killed, or the power went.
   */
  readonly state: 'running' | 'complete' | 'partial' | 'failed' | 'broken-off'
  readonly sha256: string | null
  readonly format: string | null
  readonly packets: number
  readonly bytes: number
  readonly flows: number
  readonly firstAt: Micros | null
  readonly lastAt: Micros | null
  /** Of a watch: when it last said that it listens, by this machine's clock. */
  readonly keptAt?: Micros
  /** What could not be read, each with its place. */
  readonly problems: readonly { readonly code: string; readonly message: string }[]
  /** What was odd in the packets, by name, with counts and, where somebody wrote it down, what it means. */
  readonly observations: readonly { readonly name: string; readonly count: number; readonly means?: string }[]
  /** What is wrong with the sensor itself, gravest first: who hears nothing reports nothing. */
  readonly health: readonly HealthFinding[]
  /** "What we cannot see": sentences, e.g. that forty seconds of capture prove nothing about night shifts. */
  readonly blindSpots: readonly string[]
}
