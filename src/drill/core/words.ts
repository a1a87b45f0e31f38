// Words: what a drill means for the ward, in sentences, and whether it held.
// Keeps "ward words first": beds before packets, and a way out that stays open is said even where the policy allows it.

import type { DrillResult } from './result.ts'
import { OUTSIDE } from './layout.ts'

export const DENIED_STAY = 'An old session that the policy denies goes on after loading'

/** Whether anything differs from the prediction, an assertion broke, or the rollback did not restore the router. */
export function drillFailed(result: Pick<DrillResult, 'talks' | 'probes' | 'assertions' | 'leftBehind' | 'oldSession'>): boolean {
  return result.talks.some(({ ok }) => !ok) || result.probes.some(({ tally }) => tally.wrong > 0)
    || result.assertions.some(({ broken }) => broken > 0) || result.leftBehind.length > 0 || result.oldSession?.endedByFlush === false
}

/** The first lines that people read. */
export function wardWords(result: DrillResult): readonly string[] {
  return [stationWords(result), outsideWords(result), ...goneWords(result), drillFailed(result)
    ? 'The kernel did NOT do what the policy says: see what differs below.' : 'The kernel did what the policy says, packet by packet.']
}

function stationWords({ beds, bedsOnStation }: DrillResult): string {
  if (bedsOnStation === null) return 'The policy names no central station (no conduit allows cms8000), so no bed was tried on one.'
  if (bedsOnStation === beds) return `${bedsWords(beds)} on the central station.`.replace(' on', beds === 1 ? ' stays on' : ' stay on')
  return `${bedsOnStation} of ${bedsWords(beds)} are on the central station; ${beds - bedsOnStation} would DISAPPEAR from it.`
}

function bedsWords(beds: number): string {
  return beds === 1 ? '1 bed' : `${beds} beds`
}

function outsideWords({ escapedBefore, escapedAfter }: DrillResult): string {
  const before = `before loading, ${escapedBefore === 0 ? 'nothing did either' : `${escapedBefore} of its packets did`}`
  return escapedAfter === 0 ? `Nothing of the ward reached the outside; ${before}.`
    : `${escapedAfter} packets of the ward reached the outside after loading; ${before}.`
}

/** Where the beds' data goes when the station's link is down: the way out that nobody looks for. */
function goneWords({ talks }: DrillResult): readonly string[] {
  const rows = talks.filter(({ phase }) => phase === 'station gone')
  if (rows.length === 0) return []
  const leaves = rows.some(({ seen }) => seen.includes(OUTSIDE))
  return [leaves
    ? 'When the central station\'s link is down, its beds\' data LEAVES the hospital by the default route: give its segment "elsewhere: blackhole".'
    : 'When the central station\'s link is down, its beds\' data goes nowhere.']
}
