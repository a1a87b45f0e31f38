// Intake bench: runs an intake session over bytes cut in any way and keeps its commands.
// Keeps the seam's promise of borrowed buffers: what was fed is scrubbed after each feed.

import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { CmsIntake } from '../gateway/core/intake/cms-intake.ts'
import type { IntakeCommand } from '../gateway/core/intake/command.ts'
import { DeviceWatch } from '../gateway/core/intake/device-watch.ts'
import { Hl7Intake } from '../gateway/core/intake/hl7-intake.ts'
import type { Numeric, Parameter, Reading } from '../gateway/core/intake/reading.ts'
import type { IntakeSession } from '../gateway/core/intake/stream-intake.ts'

/** 2026-01-05 07:00:00 UTC: as good as any. */
export const BENCH_START: Micros = Date.UTC(2026, 0, 5, 7, 0, 0) * 1000
export const seconds = (n: number): Micros => n * MICROS_PER_SECOND

export interface IntakeRun {
  readonly commands: readonly IntakeCommand[]
  readonly session: IntakeSession
  readonly watch: DeviceWatch
}

export type Pieces = readonly { readonly bytes: Uint8Array; readonly at: Micros }[]

/** `end` false leaves the connection open. */
export function runIntake(kind: 'cms' | 'hl7', pieces: Pieces, end = true): IntakeRun {
  const commands: IntakeCommand[] = []
  const watch = new DeviceWatch()
  const sink = (command: IntakeCommand): void => void commands.push(command)
  const session = kind === 'cms' ? new CmsIntake('bed-1', watch, sink) : new Hl7Intake('bed-1', watch, sink)
  let last = BENCH_START
  for (const { bytes, at } of pieces) {
    const buf = new Uint8Array(bytes.length + 6).fill(0xee)
    buf.set(bytes, 3)
    session.feed(buf, 3, 3 + bytes.length, at)
    buf.fill(0x5a)
    last = at
  }
  if (end) session.end(last)
  return { commands, session, watch }
}

/** All bytes at one moment, in one piece or cut at the positions given. */
export function atOnce(bytes: Uint8Array, cuts: readonly number[] = [], at: Micros = BENCH_START): Pieces {
  const places = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, i) => ({ bytes: bytes.slice(places[i], place), at }))
}

export function readingsOf(commands: readonly IntakeCommand[], kind: 'store' | 'publish' = 'store'): readonly Reading[] {
  return commands.flatMap((command) => (command.kind === kind ? command.readings : []))
}

export function numericsOf(commands: readonly IntakeCommand[]): readonly Numeric[] {
  return readingsOf(commands).filter((reading) => reading.kind === 'numeric')
}

export function lastOf(commands: readonly IntakeCommand[], parameter: Parameter): Numeric | undefined {
  return numericsOf(commands).findLast((reading) => reading.parameter === parameter)
}

export function rulesOf(commands: readonly IntakeCommand[]): readonly string[] {
  return commands.flatMap((command) => (command.kind === 'log' || command.kind === 'close' ? [command.verdict.rule] : []))
}
