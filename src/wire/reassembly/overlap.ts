// Overlap: for two pieces that claim the same place, whether the later one's bytes are what the target keeps.
// Keeps the rule that the sensor reads what the target reads: the tables are the published ones, one line per policy.

import type { Ip } from '../../base/ip.ts'
import type { OverlapPolicy } from '../../base/overlap.ts'

export { OVERLAP_DEFAULT, OVERLAP_POLICIES, type OverlapPolicy } from '../../base/overlap.ts'

/** The policy of the host that puts the pieces together. Pure: the same address always has the same answer. */
export type OverlapOf = (target: Ip) => OverlapPolicy

/** Whether a piece [start, end) that came later beats one [oldStart, oldEnd) that is here, where they overlap. Whole pieces, as they came. */
export type Wins = (start: number, end: number, oldStart: number, oldEnd: number) => boolean

const never: Wins = () => false
const always: Wins = () => true
const beginsBefore: Wins = (start, _end, oldStart) => start < oldStart

/** IPv4 fragments: Shankar and Paxson, "Active Mapping" (2003); Novak and Sturges (2005). */
export const FRAGMENT_WINS: Readonly<Record<OverlapPolicy, Wins>> = {
  first: never,
  last: always,
  bsd: beginsBefore,
  linux: (start, _end, oldStart) => start <= oldStart,
  windows: (start, end, oldStart, oldEnd) => start < oldStart && end > oldEnd,
}

/** TCP segments that wait for a hole to be filled: Novak and Sturges (2007). What was handed on stays in any policy. */
export const SEGMENT_WINS: Readonly<Record<OverlapPolicy, Wins>> = {
  first: never,
  last: always,
  bsd: beginsBefore,
  linux: (start, end, oldStart, oldEnd) => start < oldStart || (start === oldStart && end > oldEnd),
  windows: beginsBefore,
}
