// Tests of Board against its slow twin: readings of any kind in any order, re-sent cuffs, late ones, other patients.
// Keeps the promise that a board in columns gives back every reading whole.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BENCH_START, seconds } from '../../../testing/intake-bench.ts'
import { SlowBoard } from '../../../testing/slow-board.ts'
import { PARAMETERS, type Numeric } from '../intake/reading.ts'
import { Board } from './board.ts'

const moment = fc.integer({ min: -20, max: 20 }).map((n) => BENCH_START + seconds(n))
const PLAIN = { noNullPrototype: true } as const
const times = fc.record({
  device: fc.option(fc.record({ at: moment, hasZone: fc.boolean() }, PLAIN)), received: moment, measured: fc.option(moment),
}, PLAIN)
const rest = {
  kind: fc.constant('numeric' as const), parameter: fc.constantFrom(...PARAMETERS, 'nibp-sys' as const, 'nibp-dia' as const),
  quality: fc.constantFrom('plain' as const, 'questionable' as const, 'demo' as const),
  limits: fc.option(fc.record({ low: fc.integer({ min: 0, max: 90 }), high: fc.integer({ min: 90, max: 200 }) }, PLAIN)), times,
}
const numeric: fc.Arbitrary<Numeric> = fc.oneof(
  fc.record({ ...rest, value: fc.constantFrom(0, 60, 61, 36.6, -0.25), absent: fc.constant(null) }, PLAIN),
  fc.record({
    ...rest, value: fc.constant(null),
    absent: fc.constantFrom('not-measured' as const, 'sensor-off' as const, 'invalid' as const, 'unreadable' as const),
  }, PLAIN),
)

test('slow twin: after any readings every sighting is the same, and clear leaves none', () => {
  const step = fc.oneof({ weight: 12, arbitrary: fc.record({ numeric, seenAt: moment }) }, { weight: 1, arbitrary: fc.constant(null) })
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const [fast, slow] = [new Board(), new SlowBoard()]
    for (const next of steps) {
      for (const board of [fast, slow]) {
        if (next === null) board.clear()
        else board.take([next.numeric], next.seenAt)
      }
      for (const parameter of PARAMETERS) deepEqual(fast.sighting(parameter), slow.sighting(parameter))
    }
  }), { numRuns: 300 })
})

test('a fresh board and a cleared one know nothing', () => {
  const board = new Board()
  for (const parameter of PARAMETERS) equal(board.sighting(parameter), null)
  board.takeSighting({ numeric: { kind: 'numeric', parameter: 'hr', value: 60, absent: null, quality: 'plain', limits: null,
    times: { device: null, received: 1, measured: 1 } }, seenAt: 1 })
  equal(board.sighting('hr')?.numeric.value, 60)
  board.clear()
  equal(board.sighting('hr'), null)
})
