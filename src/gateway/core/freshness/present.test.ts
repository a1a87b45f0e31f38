// Tests of freshness: the limits, the two judges, and each stale-value bug that other products had in public, by name.
// Keeps the rule that offline is never normal: no path shows an old number as a live one.

import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeCycleEnd, encodeEcg, encodeNibp, encodeSpo2 } from '../../../protocols/cms8000/message.ts'
import { ECG, NIBP, SPO2, SPO2_ABSENT, stream } from '../../../protocols/cms8000/testdata/samples.ts'
import { BENCH_START, readingsOf, runIntake, seconds } from '../../../testing/intake-bench.ts'
import { PARAMETERS, isNibp, missing, present, type Parameter, type Times } from '../intake/reading.ts'
import { Board } from './board.ts'
import { FRESHNESS, ageLimits } from './limits.ts'
import { isLinkAlive, presentedValue, presentedWave, sightingFrom, type Presented } from './present.ts'
import { NO_NUMBER, nibpText, valueText } from './words.ts'

const at = (n: number): number => BENCH_START + seconds(n)
const minutes = (n: number): number => at(60 * n)
const fresh = (received: number): Times => ({ device: null, received, measured: received })
const look = (tile: Board, parameter: Parameter, now: number): Presented => presentedValue(parameter, tile.sighting(parameter), now, FRESHNESS)

function board(pieces: readonly { bytes: Uint8Array; at: number }[]): Board {
  const result = new Board()
  for (const command of runIntake('cms', pieces, false).commands) {
    if (command.kind === 'publish') result.take(command.readings, command.at)
  }
  return result
}

test('table A.3: each parameter is live, then stale, then gone, at its own limits', () => {
  const ages = (parameter: Parameter, list: readonly number[]): string[] => list.map((age) => (
    presentedValue(parameter, { numeric: present(parameter, 5, fresh(at(0))), seenAt: at(0) }, at(age), FRESHNESS).state))
  for (const parameter of PARAMETERS) {
    const { staleMicros, goneMicros } = ageLimits(parameter, FRESHNESS)
    const [stale, gone] = [staleMicros / 1e6, goneMicros / 1e6]
    deepEqual(ages(parameter, [0, stale - 1, stale, gone - 1, gone, gone * 9]), ['live', 'live', 'stale', 'stale', 'no-data', 'no-data'])
  }
  deepEqual(['hr', 't1', 'nibp-sys'].map((p) => ageLimits(p as Parameter, FRESHNESS).staleMicros / 1e6), [5, 30, 17 * 60])
  deepEqual(['hr', 't1', 'nibp-sys'].map((p) => ageLimits(p as Parameter, FRESHNESS).goneMicros / 1e6), [10, 60, 4 * 3600])
})

test('TeleICU: the last blood pressure, re-sent with every packet, does not stay fresh', () => {
  const nibp = encodeNibp(NIBP)
  const pieces = Array.from({ length: 6000 }, (_, i) => ({ bytes: nibp, at: at(3 * i) }))
  const full = board(pieces)
  const soon = look(full, 'nibp-sys', at(3 * 5999))
  deepEqual([soon.state, soon.state === 'no-data' && soon.why], ['no-data', 'too-old'])
  const early = look(board(pieces.slice(0, 100)), 'nibp-sys', at(300))
  deepEqual([early.state, early.state === 'stale' && early.isAgeExact], ['stale', false], 'an undated measurement is never live')
})

test('TeleICU: a value that is empty now takes the old one away at once, not when it expires', () => {
  const tile = board([{ bytes: encodeSpo2(SPO2), at: at(0) }, { bytes: encodeSpo2(SPO2_ABSENT), at: at(1) }])
  const now = look(tile, 'spo2', at(1))
  deepEqual([now.state, now.state === 'no-data' && now.why, 'value' in now], ['no-data', 'not-measured', false])
})

test('Open MCT #6109: staleness can be asked for, of every value, at any time', () => {
  const tile = board([{ bytes: stream(encodeEcg(ECG), encodeSpo2(SPO2)), at: at(0) }])
  for (const presented of tile.present(at(6), FRESHNESS)) ok(presented.state !== 'live', presented.parameter)
})

test('Open MCT PR #6108: a value that was stale before anyone looked is stale at the first look', () => {
  const tile = board([{ bytes: encodeEcg(ECG), at: at(0) }])
  equal(look(tile, 'hr', at(7)).state, 'stale')
  equal(look(tile, 'hr', at(3600)).state, 'no-data')
})

test('Open MCT #8200: a value from before the window that is looked at is not taken for a live one', () => {
  const tile = board([{ bytes: encodeEcg(ECG), at: at(0) }])
  const windowStart = at(8)
  const seen = look(tile, 'hr', windowStart + seconds(1))
  equal(seen.state, 'stale')
  ok(seen.state === 'stale' && seen.ageMicros > seconds(1), 'its age counts from the measurement, not from the window')
})

test('Open MCT PR #8345: a value turns stale although nothing with a newer time stamp arrives', () => {
  const tile = board([{ bytes: encodeEcg(ECG), at: at(0) }])
  deepEqual([0, 4, 5, 9, 10].map((n) => look(tile, 'hr', at(n)).state), ['live', 'live', 'stale', 'stale', 'no-data'])
})

test('Open MCT #7670: the age of one value or bed marks no other', () => {
  const one = board([{ bytes: encodeSpo2(SPO2), at: at(0) }, { bytes: encodeEcg(ECG), at: at(6) }])
  const two = board([{ bytes: encodeEcg(ECG), at: at(0) }])
  deepEqual([look(one, 'spo2', at(6)).state, look(one, 'hr', at(6)).state, look(two, 'hr', at(6)).state], ['stale', 'live', 'stale'])
})

test('Signal K #2689: without a new value the number becomes none, and says since when', () => {
  const tile = board([{ bytes: encodeEcg(ECG), at: at(2) }])
  const later = look(tile, 'hr', at(3600))
  equal(valueText(later), `${NO_NUMBER} NO DATA since 07:00:02`)
})

test('Nightscout #1915: the mark of an old value is in its text, whatever draws it', () => {
  const parameters = fc.constantFrom(...PARAMETERS)
  fc.assert(fc.property(parameters, fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 }), (parameter, value, age) => {
    const seen = presentedValue(parameter, { numeric: present(parameter, value, fresh(at(0))), seenAt: at(0) }, at(age), FRESHNESS)
    const text = valueText(seen)
    if (seen.state === 'stale') match(text, /OLD/)
    if (seen.state === 'no-data') ok(text.startsWith(NO_NUMBER) && !/^\d/.test(text))
    if (seen.state === 'live') ok(!text.includes('OLD'))
  }))
})

test('Nightscout #1392: server and browser judge alike, each on its own clock, however far apart the clocks', () => {
  const skew = fc.integer({ min: -1e9, max: 1e9 })
  fc.assert(fc.property(skew, fc.nat({ max: 30 }), fc.nat({ max: 30 }), (skewSeconds, sentAfter, judgedAfter) => {
    const numeric = present('hr', 60, fresh(at(0)))
    const server = presentedValue('hr', { numeric, seenAt: at(0) }, at(sentAfter + judgedAfter), FRESHNESS)
    const arrived = at(sentAfter + skewSeconds)
    const browser = presentedValue('hr', sightingFrom(numeric, seconds(sentAfter), arrived), arrived + seconds(judgedAfter), FRESHNESS)
    equal(browser.state, server.state)
  }))
})

test('the browser alone finds out that the station is gone: every tile, whatever it showed', () => {
  const tile = board([{ bytes: stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeNibp(NIBP), encodeCycleEnd()), at: at(0) }])
  const dead = tile.present(at(6), FRESHNESS, { lastHeardAt: at(1) })
  ok(dead.every((p) => p.state === 'no-data' && p.why === 'station-offline'))
  match(valueText(dead[0] as Presented), /STATION OFFLINE since 07:00:01/)
  ok(tile.present(at(2), FRESHNESS, { lastHeardAt: at(1) }).some((p) => p.state === 'live'))
  equal(isLinkAlive({ lastHeardAt: null }, at(0), FRESHNESS), false)
})

test('a clock set back shows nothing as live', () => {
  const numeric = present('hr', 60, fresh(at(100)))
  const back = presentedValue('hr', { numeric, seenAt: at(100) }, at(50), FRESHNESS)
  deepEqual([back.state, back.state === 'no-data' && back.why], ['no-data', 'clock'])
  equal(presentedWave(at(100), at(50), FRESHNESS), 'no-data')
})

test('waves: a hole from 1 s on, no trace from 5 s on', () => {
  deepEqual([0, 0.9, 1, 4.9, 5, 99].map((n) => presentedWave(at(0), at(n), FRESHNESS)), ['live', 'live', 'gap', 'gap', 'no-data', 'no-data'])
  equal(presentedWave(null, at(0), FRESHNESS), 'no-data')
  equal(presentedWave(at(0), at(0), FRESHNESS, { lastHeardAt: null }), 'no-data')
})

test('NIBP is written with its own time, always', () => {
  const stamp = { ...NIBP, measuredAt: { year: 2026, month: 1, day: 5, hour: 10, minute: 16, second: 0 } }
  const before = { ...stamp, systolic: 99, measuredAt: { ...stamp.measuredAt, minute: 1 } }
  const tile = board([{ bytes: encodeNibp(before), at: minutes(0) }, { bytes: encodeNibp(stamp), at: minutes(15) }])
  const text = (now: number): string => nibpText(look(tile, 'nibp-sys', now), look(tile, 'nibp-dia', now), look(tile, 'nibp-mean', now))
  equal(text(minutes(16)), '121/81 (93) 10:16')
  equal(text(minutes(40)), '121/81 (93) 10:16 OLD (25 min)')
  match(text(minutes(300)), /NO NEW MEASUREMENT since 07:15:00/)
})

test('a cuff measurement with the same numbers but a new stamp is a new one', () => {
  const stamp = (minute: number) => encodeNibp({ ...NIBP, measuredAt: { year: 2026, month: 1, day: 5, hour: 10, minute, second: 0 } })
  const tile = board([{ bytes: stamp(0), at: minutes(0) }, { bytes: stamp(15), at: minutes(15) }, { bytes: stamp(30), at: minutes(30) }])
  const now = look(tile, 'nibp-sys', minutes(31))
  deepEqual([now.state, now.state === 'live' && now.ageMicros], ['live', seconds(60)])
})

test('a reading that was received earlier never replaces a later one', () => {
  const tile = new Board()
  tile.take([present('hr', 80, fresh(at(5)))], at(5))
  tile.take([present('hr', 40, fresh(at(4)))], at(6))
  const now = look(tile, 'hr', at(6))
  equal(now.state === 'live' && now.value, 80)
})

test('after clear nothing is left', () => {
  const tile = board([{ bytes: stream(encodeEcg(ECG), encodeNibp(NIBP)), at: at(0) }])
  tile.clear()
  ok(tile.present(at(0), FRESHNESS).every((p) => p.state === 'no-data' && p.why === 'never'))
})

test('a demonstration is marked in the text', () => {
  const numeric = { ...present('hr', 60, fresh(at(0))), quality: 'demo' as const }
  equal(valueText(presentedValue('hr', { numeric, seenAt: at(0) }, at(0), FRESHNESS)), '60 DEMO')
})

test('slow twin: the state of any history is that of its last reading alone', () => {
  const event = fc.record({ pause: fc.nat({ max: 8 }), value: fc.option(fc.integer({ min: 30, max: 200 })) })
  fc.assert(fc.property(fc.array(event, { maxLength: 20 }), fc.nat({ max: 30 }), (events, wait) => {
    const tile = new Board()
    let now = at(0)
    for (const { pause, value } of events) {
      now += seconds(pause)
      tile.take([value === null ? missing('hr', 'not-measured', fresh(now)) : present('hr', value, fresh(now))], now)
    }
    const last = events.at(-1)
    const seen = look(tile, 'hr', now + seconds(wait))
    const expected = last === undefined || last.value === null || wait >= 10 ? 'no-data' : wait >= 5 ? 'stale' : 'live'
    equal(seen.state, expected)
    if (seen.state !== 'no-data') equal(seen.value, last?.value)
  }))
})

test('every published reading reaches the board or is a wave', () => {
  const { commands } = runIntake('cms', [{ bytes: stream(encodeEcg(ECG), encodeSpo2(SPO2)), at: at(0) }], false)
  const tile = new Board()
  tile.take(readingsOf(commands, 'publish'), at(0))
  for (const parameter of ['hr', 'rr', 'spo2', 'pr'] as const) notEqual(tile.sighting(parameter), null)
  ok(!isNibp('hr') && isNibp('nibp-mean'))
})
