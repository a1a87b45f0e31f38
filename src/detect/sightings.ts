// Sightings: when, how often and where something was seen, as a finding needs it.
// Keeps the rule that lists of evidence are bounded and counts are not.

import { leastOf } from '../base/extent.ts'
import type { Micros } from '../base/time.ts'
import type { Flow } from '../wire/flow.ts'
import { markOf, type FlowMark } from './flow-mark.ts'

/** What a finding shows (rule.ts). */
const FRAMES_MAX = 20
const FLOWS_MAX = 10

export interface Sightings {
  firstAt: Micros
  lastAt: Micros
  count: number
  frames: readonly number[]
  /** Each flow once. */
  flows: readonly FlowMark[]
}

const NO_FRAMES: readonly number[] = []
const NO_FLOWS: readonly FlowMark[] = []

export function noSightings(at: Micros): Sightings {
  return { firstAt: at, lastAt: at, count: 0, frames: NO_FRAMES, flows: NO_FLOWS }
}

/** One more; `times` 0 keeps the place without counting it. */
export function sight(seen: Sightings, { at, frame }: { readonly at: Micros; readonly frame: number }, flow: Flow | null, times = 1): void {
  seen.firstAt = Math.min(seen.firstAt, at)
  seen.lastAt = Math.max(seen.lastAt, at)
  seen.count += times
  // Lists exactly as long as they are, made anew each of the few times: of most that is seen there is one, and thousands are kept.
  if (seen.frames.length < FRAMES_MAX) seen.frames = seen.frames.concat(frame)
  if (flow && seen.flows.length < FLOWS_MAX && !seen.flows.some(({ flowId }) => flowId === flow.id)) seen.flows = seen.flows.concat(markOf(flow))
}

/** All of them as one; at least one. */
export function joined(all: readonly Sightings[]): Sightings {
  const sum = noSightings(leastOf(all, (s) => s.firstAt))
  const flows = new Map<number, FlowMark>()
  for (const { lastAt, count, flows: some } of all) {
    sum.lastAt = Math.max(sum.lastAt, lastAt)
    sum.count += count
    for (const flow of some) flows.set(flow.flowId, flow)
  }
  sum.frames = all.flatMap(({ frames }) => frames)
  sum.flows = [...flows.values()]
  return sum
}

/** As a draft has it. */
export function shown({ firstAt, lastAt, count, frames, flows }: Sightings) {
  return { firstAt, lastAt, count, frames, flows } as const
}
