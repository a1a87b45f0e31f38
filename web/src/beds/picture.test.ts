// Tests of the picture: what tile, table and single bed are drawn from holds no number, wave or verdict once the station is not heard.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BedsFrame, BedsSetup } from '../../../src/console/api.ts'
import { FRESHNESS } from '../../../src/gateway/core/freshness/limits.ts'
import { present } from '../../../src/gateway/core/intake/reading.ts'
import { pictureOf } from './picture.ts'
import type { StationView } from './station.ts'
import { createWaves } from './waves.ts'
import { zoneClock } from './words.ts'

const NOW = Date.UTC(2026, 0, 5, 7, 0, 0) * 1000
const SETUP: BedsSetup = { freshness: FRESHNESS, mmPerSecond: 25, cssPixelsPerMm: 3.8, intendedUse: 'display', pages: 1 }
const clock = zoneClock('UTC')

const FRAME: BedsFrame = {
  at: NOW, page: 1, pages: 1, beds: 2, targets: [], notices: [], segment: { state: 'running', since: NOW, sandbox: [] },
  tiles: ['10.0.0.1', '10.0.0.2'].map((device, i) => ({
    device, bed: `W^R^${i + 1}`, assignment: { state: 'assigned' as const, since: NOW, why: null }, connections: 1, unknown: [],
    numerics: [{ numeric: present('hr', 72, { device: null, received: NOW, measured: NOW }), ageMicros: 0 }],
    waves: [{ channel: 'ecg2' as const, rate: 100, from: 0, samples: [1, 2, 3] }], dataCheck: { word: 'OK' as const, reasons: [] },
    feed: { state: 'live', framesPerSecond: 5, gaps: 0, clockOffsetMicros: null },
  })),
}
const VIEW: StationView = {
  isOffline: false, now: NOW, link: { lastHeardAt: NOW }, frame: FRAME, arrival: { at: NOW, lateMicros: 0 },
  places: FRAME.tiles, pages: 1, beds: 2,
}
const OFFLINE: StationView = { ...VIEW, isOffline: true, frame: null, arrival: null, link: { lastHeardAt: NOW - 9_000_000 } }

describe('picture', () => {
  it('is the frame, bed by bed in its order, while it is heard', () => {
    const picture = pictureOf(VIEW, SETUP, clock, () => NOW)
    assert.deepEqual(picture.tiles.map((tile) => tile.name), ['Bed 1', 'Bed 2'])
    assert.equal(picture.tiles[0]?.values.get('hr')?.state, 'live')
    assert.equal(picture.tiles[0]?.waves.ecg2, '')
    assert.equal(picture.offlineWords, '')
    assert.equal(picture.frame, FRAME)
  })

  it('keeps the places and nothing else while it is not', () => {
    const picture = pictureOf(OFFLINE, SETUP, clock, () => NOW)
    assert.deepEqual(picture.tiles.map((tile) => tile.name), ['Bed 1', 'Bed 2'])
    assert.equal(picture.offlineWords, 'STATION OFFLINE since 06:59:51')
    assert.equal(picture.frame, null)
    for (const tile of picture.tiles) {
      assert.equal(tile.tile, null)
      assert.ok([...tile.values.values()].every((value) => value.state === 'no-data' && value.why === 'station-offline'))
      assert.ok(Object.values(tile.waves).every((words) => words === 'STATION OFFLINE since 06:59:51'))
      assert.deepEqual([tile.dataCheck, tile.dataCheckWord, tile.assignment], ['Data check: not known', null, 'Assignment not known'])
    }
    assert.doesNotMatch(JSON.stringify(picture.tiles.map((tile) => [...tile.values.values()])), /"value"/)
  })

  it('says so when nothing was ever heard', () => {
    const picture = pictureOf({ ...OFFLINE, now: null, link: { lastHeardAt: null }, places: [] }, SETUP, clock, () => null)
    assert.deepEqual([picture.offlineWords, picture.tiles], ['STATION OFFLINE', []])
  })
})

describe('waves', () => {
  it('keeps the traces of the page, each with when it was last fed, less what the frame waited', () => {
    const waves = createWaves()
    waves.add(FRAME, { at: NOW, lateMicros: 700_000 }, 10)
    assert.equal(waves.get('10.0.0.1', 'ecg2')?.lastSampleAt, NOW - 700_000)
    assert.equal(waves.get('10.0.0.1', 'pleth'), null)
    waves.add({ ...FRAME, tiles: FRAME.tiles.slice(1) }, { at: NOW, lateMicros: 0 }, 11)
    assert.equal(waves.get('10.0.0.1', 'ecg2'), null, 'a device that left the page takes its traces along')
    waves.clear()
    assert.equal(waves.get('10.0.0.2', 'ecg2'), null)
  })

  it('takes no wave without samples or rate, and begins anew at another rate', () => {
    const waves = createWaves()
    const say = (rate: number, samples: number[]): void => waves.add({
      ...FRAME, tiles: FRAME.tiles.map((tile) => ({ ...tile, waves: [{ channel: 'ecg2', rate, from: 0, samples }] })),
    }, { at: NOW, lateMicros: 0 }, 10)
    say(100, [])
    say(0, [1])
    say(Number.NaN, [1])
    assert.equal(waves.get('10.0.0.1', 'ecg2'), null)
    say(100, [1])
    const first = waves.get('10.0.0.1', 'ecg2')?.trace
    say(100, [1])
    assert.equal(waves.get('10.0.0.1', 'ecg2')?.trace, first)
    say(200, [1])
    assert.equal(waves.get('10.0.0.1', 'ecg2')?.trace.rate, 200)
  })
})
