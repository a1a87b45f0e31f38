// OutPart: queues, senders and the feed between readings and messages, put together as the one way out that the loop knows.
// Keeps the rule that a target's line says what its queue and its sender say, and nothing is added up that hides one of them.

import type { Micros } from '../../base/time.ts'
import type { TargetConfig } from '../../config/gateway.ts'
import type { TargetLine } from '../core/beds-frame.ts'
import type { LineState, QueueFigures, Sender, TargetQueue } from '../queue/delivery.ts'
import type { KeptLine, OutPart, OwnedReadings } from './parts.ts'

export interface OutPieces {
  readonly targets: readonly TargetConfig[]
  queue(target: string): TargetQueue
  send(target: TargetConfig, queue: TargetQueue): Sender
  /** Readings become messages in the queues. */
  take(readings: OwnedReadings): void
  tick(now: Micros): void
  kept(now: Micros): KeptLine
  /** After the last sender: what was gathered is queued, and the file is closed. */
  close(): void | Promise<void>
}

export function outPart(pieces: OutPieces): OutPart {
  const ends = pieces.targets.map((target) => {
    const queue = pieces.queue(target.name)
    return { target, queue, sender: pieces.send(target, queue) }
  })
  return {
    take: (readings) => pieces.take(readings),
    tick: (now) => pieces.tick(now),
    lines: (now) => ends.map(({ target, queue, sender }) => targetLine(target, sender.state(), queue.figures(now))),
    warnings: () => new Map(ends.map(({ target, sender }) => [target.name, sender.warnings()])),
    kept: (now) => pieces.kept(now),
    async close() {
      await Promise.all(ends.map(({ sender }) => sender.close()))
      await pieces.close()
    },
  }
}

/** One target as a page shows it. Waiting is all that is not delivered and not given up. */
export function targetLine({ name, kind }: TargetConfig, state: LineState, figures: QueueFigures): TargetLine {
  return {
    target: name, kind, state: state.state, why: state.why, isProtected: state.isProtected, clearReason: state.clearReason,
    waiting: figures.waiting + figures.inFlight, ambiguous: figures.ambiguous, refused: figures.refused, delivered: figures.delivered,
    given: figures.given.reduce((sum, stretch) => sum + stretch.count, 0), lagMicros: figures.lagMicros,
  }
}
