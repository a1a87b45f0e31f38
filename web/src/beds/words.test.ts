// Tests of a tile's words: a number that is not live carries its mark, nothing reads like a verdict on a patient.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BedTile, TargetLine } from '../../../src/console/api.ts'
import { FRESHNESS } from '../../../src/gateway/core/freshness/limits.ts'
import { missing, type Numeric, type Parameter, present } from '../../../src/gateway/core/intake/reading.ts'
import { layoutFor, pageIn, tileForKey } from './layout.ts'
import {
  assignmentWords, bedWords, deviceClock, feedWords, presentOffline, presentTile, reasonWords, shownCuff, shownValue, targetWords, waveWords, zoneClock,
} from './words.ts'

const NOW = Date.UTC(2026, 0, 5, 7, 0, 0) * 1000
const SECOND = 1_000_000
const clock = zoneClock('UTC')

function tileOf(numerics: readonly (readonly [Numeric, number])[]): BedTile {
  return {
    device: '10.0.0.1', bed: 'Ward 3^Room 4^7', assignment: { state: 'unassigned', since: null, why: null }, waves: [], connections: 1,
    unknown: [], dataCheck: { word: 'NOT CHECKED', reasons: [] }, numerics: numerics.map(([numeric, ageMicros]) => ({ numeric, ageMicros })),
    feed: { state: 'live', framesPerSecond: 5, gaps: 0, clockOffsetMicros: null },
  }
}
const times = (received: number, device: number | null = null) =>
  ({ device: device === null ? null : { at: device, hasZone: false }, received, measured: received })
const at = (now: number, lateMicros = 0) => ({ arrivedAt: NOW, lateMicros, now })
const shown = (numeric: Numeric, age: number, now = NOW, late = 0) => {
  const value = presentTile(tileOf([[numeric, age]]), at(now, late), FRESHNESS).get(numeric.parameter)
  assert.ok(value)
  return shownValue(value, clock)
}

describe('words of a value', () => {
  it('is the number alone while it is live, and carries its mark from then on', () => {
    const hr = present('hr', 72, times(NOW))
    assert.deepEqual(shown(hr, 0), { state: 'live', number: '72', mark: '' })
    assert.deepEqual(shown(hr, 4 * SECOND, NOW + 2 * SECOND), { state: 'stale', number: '72', mark: 'OLD (6 s)' })
    assert.deepEqual(shown(hr, 8 * SECOND, NOW + 2 * SECOND), { state: 'no-data', number: '—?—', mark: 'NO DATA since 06:59:52' })
  })

  it('counts what a frame waited on its way as age', () => {
    assert.equal(shown(present('hr', 72, times(NOW)), 2 * SECOND, NOW, 3 * SECOND).mark, 'OLD (5 s)')
  })

  it('says why there is none, of a demonstration that it is one, and what is in doubt', () => {
    assert.equal(shown(missing('spo2', 'sensor-off', times(NOW)), 0).mark, 'SENSOR OFF since 07:00:00')
    assert.equal(shown({ ...present('hr', 72, times(NOW)), quality: 'demo' }, 0).mark, 'DEMO')
    assert.equal(shown({ ...present('hr', 72, times(NOW)), quality: 'questionable' }, 0).mark, 'IN DOUBT')
  })

  it('gives the cuff its time always: the monitor\'s own figures, in no other zone', () => {
    const cuff = (parameter: Parameter, value: number) => [present(parameter, value, times(NOW - 300 * SECOND, NOW - 342 * SECOND)), 300 * SECOND] as const
    const tile = tileOf([cuff('nibp-sys', 120), cuff('nibp-dia', 80), cuff('nibp-mean', 93)])
    assert.deepEqual(shownCuff(presentTile(tile, at(NOW), FRESHNESS), zoneClock('Asia/Tokyo')),
      { state: 'live', number: '120/80 (93)', mark: '06:54, 5 min old' })
    const old = shownCuff(presentTile(tile, { ...at(NOW + 4 * SECOND), arrivedAt: NOW + 4 * SECOND, lateMicros: 0 }, {
      ...FRESHNESS, nibp: { staleMicros: SECOND, goneMicros: 400 * SECOND } }), clock)
    assert.deepEqual(old, { state: 'stale', number: '120/80 (93)', mark: '06:54, 5 min old OLD' })
    assert.equal(shownCuff(presentTile(tileOf([]), at(NOW), FRESHNESS), clock).mark, 'NO DATA yet')
    assert.equal(deviceClock({ at: NOW, hasZone: true }, zoneClock('Asia/Tokyo')), '16:00:00')
  })

  it('has no digit of a value anywhere while offline, whatever was known', () => {
    for (const value of presentOffline(NOW, FRESHNESS).values()) {
      assert.deepEqual(shownValue(value, clock), { state: 'no-data', number: '—?—', mark: 'STATION OFFLINE' })
    }
  })

  it('never shows a number without a mark once it is past its limit, at any age and delay', () => {
    const micros = fc.integer({ min: 0, max: 30 * SECOND })
    fc.assert(fc.property(micros, micros, micros, (age, late, later) => {
      const { state, number, mark } = shown(present('hr', 72, times(NOW)), age, NOW + later, late)
      const whole = age + late + later
      if (late + later >= FRESHNESS.linkSilentMicros) assert.match(mark, /^STATION OFFLINE/)
      else if (whole >= 10 * SECOND) assert.match(mark, /^NO DATA since/)
      else if (whole >= 5 * SECOND) assert.match(mark, /^OLD/)
      else assert.equal(mark, '')
      assert.equal(number === '72', state !== 'no-data')
    }))
  })
})

describe('words of a bed', () => {
  it('puts the ward\'s words first', () => {
    assert.deepEqual(bedWords({ device: 'd', bed: 'Ward 3^Room 4^7' }), { name: 'Bed 7', where: 'Room 4, Ward 3' })
    assert.deepEqual(bedWords({ device: 'd', bed: 'ICU^^Bed B' }), { name: 'Bed B', where: 'ICU' })
    assert.deepEqual(bedWords({ device: '10.0.0.1', bed: null }), { name: 'No named bed', where: '10.0.0.1' })
  })

  it('says whose the data are as a state, never as a name', () => {
    assert.equal(assignmentWords({ state: 'assigned', since: NOW + 72 * 60 * SECOND, why: null }, clock), 'Patient assigned since 08:12')
    assert.equal(assignmentWords({ state: 'unassigned', since: null, why: null }, clock), 'UNASSIGNED')
    assert.equal(assignmentWords({ state: 'contested', since: NOW, why: 'two devices' }, clock), 'CONTESTED: look')
  })

  it('names reasons and unknown kinds', () => {
    const tile = { ...tileOf([]), assignment: { state: 'contested' as const, since: NOW, why: 'two devices' } }
    assert.equal(reasonWords(tile), 'two devices')
    assert.equal(reasonWords({ ...tile, dataCheck: { word: 'CHECK BEDSIDE', reasons: ['HR differs'] }, unknown: [['46/1b', 3]] }),
      'two devices; HR differs; 1 unknown kind of data')
    assert.equal(feedWords(tile), 'feed 5.0 frames/s, 1 connection')
  })

  it('says of a wave when it stopped', () => {
    assert.equal(waveWords(null, NOW, FRESHNESS, clock), 'NO WAVE yet')
    assert.equal(waveWords(NOW - 2 * SECOND, NOW, FRESHNESS, clock), '')
    assert.equal(waveWords(NOW - 6 * SECOND, NOW, FRESHNESS, clock), 'NO WAVE since 06:59:54')
  })

  it('warns of a target without protection, with the reason', () => {
    const line: TargetLine = {
      target: 'engine', kind: 'pcd01', state: 'down', why: 'refused', isProtected: false, clearReason: 'no TLS there', waiting: 2, ambiguous: 1,
      refused: 3, delivered: 4, given: 5, lagMicros: 61 * SECOND,
    }
    assert.deepEqual(targetWords(line), {
      state: 'down: refused, lag 61 seconds', warning: 'NOT PROTECTED: no TLS there',
      counts: '2 waiting, 1 ambiguous, 3 refused, 5 given up, 4 delivered',
    })
    assert.match(targetWords({ ...line, clearReason: null }).warning, /^NOT PROTECTED: /)
    assert.equal(targetWords({ ...line, isProtected: true, lagMicros: null }).warning, '')
  })
})

describe('layout', () => {
  it('depends on the number of beds alone', () => {
    const columns = [1, 2, 4, 5, 8, 9, 12, 13, 16, 17, 64].map((beds) => layoutFor(beds)).map((one) => `${one.columns}x${one.rows}`)
    assert.deepEqual(columns, ['1x1', '2x2', '2x2', '4x2', '4x2', '4x3', '4x3', '4x4', '4x4', '4x4', '4x4'])
    for (let beds = 1; beds <= 16; beds++) assert.ok(layoutFor(beds).columns * layoutFor(beds).rows >= beds)
  })

  it('moves the focus by rows and columns and not beyond the page', () => {
    assert.equal(tileForKey('ArrowDown', 1, 16, 4), 5)
    assert.equal(tileForKey('ArrowUp', 1, 16, 4), null)
    assert.equal(tileForKey('ArrowRight', 15, 16, 4), null)
    assert.equal(tileForKey('End', 0, 16, 4), 15)
    assert.equal(tileForKey('x', 0, 16, 4), null)
    assert.deepEqual(['2', '9', '0', 'x', undefined].map((text) => pageIn(text, 3)), [2, 1, 1, 1, 1])
  })
})
