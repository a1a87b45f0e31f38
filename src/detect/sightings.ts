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
  readonly frames: number[]
  readonly flows: Map<number, FlowMark>
}

export function noSightings(at: Micros): Sightings {
  return { firstAt: at, lastAt: at, count: 0, frames: [], flows: new Map() }
}

/** One more; `times` 0 keeps the place without counting it. */
export function sight(seen: Sightings, { at, frame }: { readonly at: Micros; readonly frame: number }, flow: Flow | null, times = 1): void {
  seen.firstAt = Math.min(seen.firstAt, at)
  seen.lastAt = Math.max(seen.lastAt, at)
  seen.count += times
  if (seen.frames.length < FRAMES_MAX) seen.frames.push(frame)
  if (flow && seen.flows.size < FLOWS_MAX && !seen.flows.has(flow.id)) seen.flows.set(flow.id, markOf(flow))
}

/** All of them as one; at least one. */
export function joined(all: readonly Sightings[]): Sightings {
  const sum = noSightings(leastOf(all, (s) => s.firstAt))
  for (const { lastAt, count, frames, flows } of all) {
    sum.lastAt = Math.max(sum.lastAt, lastAt)
    sum.count += count
    sum.frames.push(...frames)
    for (const [id, flow] of flows) sum.flows.set(id, flow)
  }
  return sum
}

/** As a draft has it. */
export function shown({ firstAt, lastAt, count, frames, flows }: Sightings) {
  return { firstAt, lastAt, count, frames, flows: [...flows.values()] } as const
}
