// bdd-cover: is a set within the union of others? Answered by walking down all of them at once, and stopping at the first packet that is not.
// Keeps the table small: no node is made. With 900 adversarial rules what is left of each line takes 8,000 nodes, the question none.

import { FALSE, TRUE, type Bdd } from './bdd.ts'
import { SetLimitError } from './packet-set.ts'

/** Steps of one question. A line that is alive needs some hundreds; beyond this the answer is unknown rather than late. */
export const COVER_STEPS_MAX = 2_000_000

/** Whether every member of `whole` is in one of `parts`. Plain sets only. Throws SetLimitError beyond `stepsMax`. */
export function isCovered(bdd: Bdd, whole: number, parts: readonly number[], stepsMax: number = COVER_STEPS_MAX): boolean {
  /** Places where everything was found to be covered. */
  const known = new Set<string>()
  let steps = 0
  const covered = (a: number, others: readonly number[]): boolean => {
    const open = others.filter((part) => part !== FALSE)
    if (a === FALSE || open.some((part) => part === TRUE || part === a)) return true
    if (open.length === 0) return false
    if (++steps > stepsMax) throw new SetLimitError(`a question of cover takes more than ${stepsMax} steps`)
    const level = open.reduce((lowest, part) => Math.min(lowest, bdd.level(part)), bdd.level(a))
    const at = bdd.level(a) === level
    const [low, high] = at ? [bdd.low(a), bdd.high(a)] : [a, a]
    // Where only one way is left there is nothing to meet again.
    const key = low === FALSE || high === FALSE ? null : `${a} ${[...new Set(open)].sort((x, y) => x - y).join(' ')}`
    if (key !== null && known.has(key)) return true
    const down = (side: 'low' | 'high'): number[] => open.map((part) => (bdd.level(part) === level ? bdd[side](part) : part))
    if (!covered(low, down('low')) || !covered(high, down('high'))) return false
    if (key !== null) known.add(key)
    return true
  }
  return covered(whole, parts)
}
