// Tests of the words: beds first, a way out is said even where it is as predicted, and what fails a drill.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillWard, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import type { DrillResult, ProbeRow, TalkRow } from './result.ts'
import { drillFailed, wardWords } from './words.ts'

const ROW: TalkRow = { phase: 'station gone', story: 'x', part: 'telemetry', count: 1, expected: 'stopped', rule: 'r', seen: 'stopped', ok: true }
const PROBES: ProbeRow = {
  phase: 'after', resent: 0, lost: 0, escaped: 0, tally: { sent: 1, predicted: 1, passed: 1, equal: 1, explained: [], wrong: 0, examples: [] },
}
const GOOD: DrillResult = {
  layout: drillWard(KEEP_INSIDE).layout, talks: [ROW], probes: [PROBES], assertions: [{ text: 'never a -> b', asked: 1, broken: 0, example: null }],
  oldSession: { words: 'w', denied: true, survived: true, flush: 'f', endedByFlush: true }, leftBehind: [], beds: 12, bedsOnStation: 12,
  escapedAfter: 0, escapedBefore: 7, files: [],
}

test('a drill that held says so, beds first', () => {
  assert.deepEqual(wardWords(GOOD), [
    '12 beds stay on the central station.', 'Nothing of the ward reached the outside; before loading, 7 of its packets did.',
    'When the central station\'s link is down, its beds\' data goes nowhere.', 'The kernel did what the policy says, packet by packet.',
  ])
  assert.equal(drillFailed(GOOD), false)
})

test('one bed is one bed, and beds that disappear are counted', () => {
  assert.equal(wardWords({ ...GOOD, beds: 1, bedsOnStation: 1 })[0], '1 bed stays on the central station.')
  assert.equal(wardWords({ ...GOOD, bedsOnStation: 9 })[0], '9 of 12 beds are on the central station; 3 would DISAPPEAR from it.')
  assert.match(wardWords({ ...GOOD, bedsOnStation: null })[0] ?? '', /names no central station/)
})

test('a way out when the station is gone is said although it is as predicted', () => {
  const words = wardWords({ ...GOOD, talks: [{ ...ROW, expected: 'reaches the outside', seen: 'reaches the outside' }] })
  assert.match(words.join('\n'), /LEAVES the hospital by the default route: give its segment "elsewhere: blackhole"/)
  assert.equal(wardWords({ ...GOOD, talks: [] }).length, 3)
})

test('each kind of difference fails a drill; a session that nobody could flush does not', () => {
  const bad: readonly Partial<DrillResult>[] = [
    { talks: [{ ...ROW, ok: false }] }, { probes: [{ ...PROBES, tally: { ...PROBES.tally, wrong: 1 } }] },
    { assertions: [{ text: 'never a -> b', asked: 2, broken: 1, example: 'p' }] }, { leftBehind: ['+ x'] },
    { oldSession: { words: 'w', denied: true, survived: true, flush: 'f', endedByFlush: false } },
  ]
  for (const one of bad) assert.equal(drillFailed({ ...GOOD, ...one }), true, JSON.stringify(one))
  assert.equal(drillFailed({ ...GOOD, oldSession: null }), false)
  assert.match(wardWords({ ...GOOD, leftBehind: ['+ x'] }).at(-1) ?? '', /did NOT do/)
  assert.match(wardWords({ ...GOOD, escapedAfter: 3 })[1] ?? '', /^3 packets of the ward reached the outside after loading/)
})
