// Tests of numbers and times as they are shown.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatBytes, formatCount, formatDuration, formatService, formatTime, isoTime, localHint, plural } from './format.ts'

const AT = 1_767_598_200_000_000
const SECOND = 1_000_000

describe('formatBytes', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'], [640, '640 B'], [999, '999 B'], [1000, '1.00 kB'], [48_000, '48.0 kB'], [98_240, '98.2 kB'], [999_600, '1.00 MB'],
    [512 * 1024 * 1024, '537 MB'], [1.25e9, '1.25 GB'], [5e15, '5000 TB'],
  ]
  for (const [bytes, text] of cases) it(`shows ${bytes} as ${text}`, () => assert.equal(formatBytes(bytes), text))

  it('never shows four digits before the unit below terabytes', () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), (bytes) => assert.match(formatBytes(bytes), /^\d{1,3}(\.\d{1,2})? [kMG]?B$/)))
  })
})

describe('times', () => {
  it('are UTC, with the day unless it is known', () => {
    assert.equal(formatTime(AT), '2026-01-05 07:30:00Z')
    assert.equal(formatTime(AT + 31 * SECOND, AT), '07:30:31Z')
    assert.equal(formatTime(AT + 86_400 * SECOND, AT), '2026-01-06 07:30:00Z')
    assert.equal(isoTime(AT + 125_000), '2026-01-05T07:30:00.125Z')
  })

  it('hint at the local clock', () => {
    assert.equal(localHint(AT, 'Europe/Berlin'), '08:30:00 in Europe/Berlin, 5 January 2026')
    assert.equal(localHint(AT + 16 * 3600 * SECOND, 'Europe/Berlin'), '00:30:00 in Europe/Berlin, 6 January 2026')
  })

  it('do not fail on times no calendar has', () => {
    for (const at of [Number.NaN, 1e300, -1e300]) {
      assert.equal(formatTime(at), '–')
      assert.equal(isoTime(at), '')
      assert.equal(localHint(at, 'UTC'), '')
    }
  })
})

describe('formatDuration', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, 'less than a second'], [1, '1 second'], [40, '40 seconds'], [119, '119 seconds'], [120, '2 minutes'], [7199, '120 minutes'],
    [7200, '2 hours'], [11_100, '3 hours 5 minutes'], [86_400, '24 hours'], [187_200, '2 days 4 hours'], [90_061, '25 hours 1 minute'],
  ]
  for (const [seconds, text] of cases) it(`says ${text}`, () => assert.equal(formatDuration(seconds * SECOND), text))
})

describe('words', () => {
  it('count', () => {
    assert.equal(plural(1, 'asset'), '1 asset')
    assert.equal(plural(0, 'asset'), '0 assets')
    assert.equal(plural(1200, 'address', 'addresses'), '1,200 addresses')
    assert.equal(formatCount(12_480), '12,480')
    assert.equal(formatService('tcp', 515), 'tcp/515')
    assert.equal(formatService('icmp', 0), 'icmp')
  })
})
