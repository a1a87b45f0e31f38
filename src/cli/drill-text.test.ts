// Tests of the drill's text: what differs is named, what was not tried is said, and each end of an old session and of a rollback has its words.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillResult, ProbeRow } from '../drill/core/result.ts'
import { drillWard, KEEP_INSIDE } from '../testing/drill-ward.ts'
import { drillText } from './drill-text.ts'

const PROBES: ProbeRow = {
  phase: 'after', resent: 4, lost: 0, escaped: 0,
  tally: { sent: 100, predicted: 40, passed: 40, equal: 100, explained: [{ reason: 'multicast is not routed', count: 6 }], wrong: 0, examples: [] },
}
const RESULT: DrillResult = {
  layout: drillWard(KEEP_INSIDE).layout, probes: [PROBES], leftBehind: [], beds: 3, bedsOnStation: 3, escapedAfter: 0, escapedBefore: 9, files: [],
  talks: [{
    phase: 'after', story: 'telemetry to the central station', part: 'telemetry', count: 3, expected: 'reaches central', rule: 'bedside-vitals',
    seen: 'reaches central', ok: true,
  }],
  assertions: [{ text: 'never a -> b', asked: 7, broken: 0, example: null }],
  oldSession: { words: 'telemetry of bed 1', denied: true, survived: true, flush: 'conntrack -D -s 10.20.3.11', endedByFlush: true },
}
const text = (change: Partial<DrillResult> = {}): string => drillText({ ...RESULT, ...change }, { color: false })

test('ward words stand first, then who tried what, then probes and assertions', () => {
  const all = text()
  assert.match(all, /^3 beds stay on the central station\.\nNothing of the ward reached the outside; before loading, 9 of its packets did\.\n/)
  assert.match(all, /after +3 x telemetry to the central station +reaches central +bedside-vitals +reaches central +as predicted/)
  assert.match(all, /after +100 +40 +40 +100 +0 +4 +0 +as predicted/)
  assert.match(all, /never a -> b +7 +0 +held/)
  assert.match(all, /Allowed by the policy and not forwarded all the same, as predicted: 6 multicast is not routed\./)
  assert.match(all, /The rollback left the router exactly as it was before/)
})

test('a probe that differs is shown with its packet, and more than are shown are counted', () => {
  const examples = [{ kind: 'leaked' as const, words: '10.20.3.7 -> 202.114.4.1, tcp 515, sent by bedside' }]
  const all = text({ probes: [{ ...PROBES, tally: { ...PROBES.tally, wrong: 12, equal: 88, examples } }] })
  assert.match(all, /after: 12 of 100 probes differ, the first 1:\n {2}leaked: 10\.20\.3\.7 -> 202\.114\.4\.1, tcp 515, sent by bedside\n/)
  assert.match(all, /DIFFERENT/)
  assert.match(all, /The kernel did NOT do what the policy says/)
})

test('an assertion without probes was not tried, and is not held', () => {
  const all = text({ assertions: [{ text: 'never a -> b', asked: 0, broken: 0, example: null }] })
  assert.match(all, /not tried: no probe is of this kind/)
  assert.equal(/held/.test(all), false)
  assert.match(text({ assertions: [] }), /The policy states no assertions\./)
  assert.match(text({ assertions: [{ text: 'never a -> b', asked: 2, broken: 1, example: 'x -> y, tcp 1' }] }), /2 +1 +BROKEN +x -> y, tcp 1/)
})

test('an old session: that it goes on, the command that ends it, and whether that was tried', () => {
  const session = RESULT.oldSession ?? assert.fail()
  const words = (change: Partial<typeof session>): string => text({ oldSession: { ...session, ...change } })
  assert.match(text(), /An old session that the policy denies goes on after loading: telemetry of bed 1\./)
  assert.match(text(), /End such sessions with\n {2}conntrack -D -s 10\.20\.3\.11\n {2}\(tried here: it ended\)/)
  assert.match(words({ endedByFlush: false }), /IT DID NOT END/)
  assert.match(words({ endedByFlush: null }), /not tried here: conntrack is not installed/)
  assert.match(words({ denied: false }), /An old session goes on; the policy allows it/)
  assert.match(words({ survived: false, endedByFlush: null }), /An old session ended when the rules were loaded/)
  assert.match(text({ oldSession: null }), /No old session was tried/)
})

test('what a rollback leaves behind is shown line by line', () => {
  assert.match(text({ leftBehind: ['+ table inet x {', '- default via 192.0.2.13'] }),
    /The rollback DID NOT restore the router:\n {2}\+ table inet x \{\n {2}- default via 192\.0\.2\.13\n/)
})
