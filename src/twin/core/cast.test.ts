// Tests of cast.ts, options.ts, timeline.ts and chance.ts: addresses as planned, parts handed out, bad wishes refused.
// Keeps the rule that the ground truth a sensor is judged by is itself checked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isGroupMac, isLocalMac } from '../../base/mac.ts'
import { castWard, type Host } from './cast.ts'
import { randomBytes, shuffled, streamRng } from './chance.ts'
import { bedsNeeded, SCENARIOS, wardOptions, wardOptionsProblem, type Scenario } from './options.ts'
import { timeline, wardEvents } from './timeline.ts'

const anyScenarios = fc.subarray([...SCENARIOS]).map((list) => new Set<Scenario>(list))
const anyWard = fc.record({ seed: fc.integer(), beds: fc.integer({ min: 4, max: 64 }), scenarios: anyScenarios }).map(wardOptions)

function hosts(cast: ReturnType<typeof castWard>): Host[] {
  const { monitors, central, hl7, gateway, nameServer, nursePc, modality, printer, stranger, intranet, pacs } = cast
  return [...monitors, central, hl7, gateway, nameServer, nursePc, modality, printer, intranet, pacs, ...(stranger ? [stranger] : [])]
}

test('a quiet ward has every monitor in the clinical segment at 20 plus its bed', () => {
  const { monitors, stranger, updater, relayVictim, udpTarget } = castWard(wardOptions({ beds: 12 }))
  assert.deepEqual(monitors.map((m) => m.ip), Array.from({ length: 12 }, (_, i) => `202.114.4.${21 + i}`))
  assert.ok(monitors.every((m) => m.place === 'clinical' && m.centralAnswers && m.hl7Answers && !m.admitted))
  assert.deepEqual([stranger, updater, relayVictim, udpTarget], [null, null, null, null])
})

test('a leak puts the last three into the hospital LAN: two answered from outside, one not', () => {
  const { monitors } = castWard(wardOptions({ beds: 12, scenarios: new Set(['leak']) }))
  const leaked = monitors.filter((m) => m.place === 'dhcp')
  assert.deepEqual(leaked.map((m) => [m.bed, m.ip, m.centralAnswers, m.hl7Answers]), [
    [10, '10.20.4.40', true, true],
    [11, '10.20.4.41', true, false],
    [12, '10.20.4.42', false, false],
  ])
  assert.ok(leaked.every((m) => m.admitted))
  assert.equal(monitors.filter((m) => m.admitted).length, 3)
})

test('an update without a leak puts its failing monitor behind the gateway, at a fixed address', () => {
  const cast = castWard(wardOptions({ beds: 5, scenarios: new Set(['update']) }))
  assert.deepEqual([cast.failedUpdater?.bed, cast.failedUpdater?.place, cast.failedUpdater?.ip], [5, 'static', '10.20.4.35'])
  assert.equal(cast.updater?.place, 'clinical')
})

test('monitors that would stand on a servant\'s address move up by a hundred', () => {
  const clinical = castWard(wardOptions({ beds: 64 })).monitors
  assert.equal(clinical[45]?.ip, '202.114.4.166')
  assert.equal(clinical[29]?.ip, '202.114.4.50')
  const leaked = castWard(wardOptions({ beds: 21, scenarios: new Set(['leak']) })).monitors.slice(-3)
  assert.deepEqual(leaked.map((m) => m.ip), ['10.20.4.49', '10.20.4.150', '10.20.4.51'])
})

test('in any ward addresses and hardware addresses are unique, local and individual', () => {
  fc.assert(fc.property(anyWard, (options) => {
    const all = hosts(castWard(options))
    assert.equal(new Set(all.map((h) => h.ip)).size, all.length)
    const macs = all.flatMap((h) => (h.mac === null ? [] : [h.mac]))
    assert.equal(new Set(macs).size, macs.length)
    assert.ok(macs.every((mac) => isLocalMac(mac) && !isGroupMac(mac)))
  }), { numRuns: 200 })
})

test('in any ward each story that is asked for has its part, on a monitor that is where the story needs it', () => {
  fc.assert(fc.property(anyWard, (options) => {
    const cast = castWard(options)
    const clinicalParts = [['update', cast.updater], ['mitm', cast.relayVictim], ['udp', cast.udpTarget]] as const
    for (const [scenario, part] of clinicalParts) {
      assert.equal(part !== null, options.scenarios.has(scenario))
      assert.ok(part === null || part.place === 'clinical')
    }
    assert.ok(cast.failedUpdater === null || !cast.failedUpdater.centralAnswers)
    assert.equal(cast.stranger !== null, options.scenarios.has('mitm') || options.scenarios.has('udp'))
    assert.deepEqual(cast, castWard(options))
  }), { numRuns: 200 })
})

test('with enough monitors no one plays two parts', () => {
  const cast = castWard(wardOptions({ beds: 12, scenarios: new Set(SCENARIOS) }))
  const beds = [cast.updater, cast.failedUpdater, cast.relayVictim, cast.udpTarget].map((m) => m?.bed)
  assert.equal(new Set(beds).size, 4)
})

test('the defaults are fine, and each bad wish is refused with a sentence that names it', () => {
  assert.equal(wardOptionsProblem(wardOptions()), null)
  assert.equal(wardOptionsProblem(wardOptions({ durationSeconds: Infinity })), null)
  const refused: readonly (readonly [Parameters<typeof wardOptions>[0], RegExp])[] = [
    [{ beds: 0 }, /beds .* 1 to 64, not 0/],
    [{ beds: 65 }, /beds .* 1 to 64, not 65/],
    [{ beds: 2.5 }, /beds/],
    [{ beds: 2, scenarios: new Set(['leak']) }, /leak needs at least 3 beds/],
    [{ beds: 3, scenarios: new Set(['leak', 'mitm']) }, /needs at least 4 beds/],
    [{ beds: 1, scenarios: new Set(['update']) }, /needs at least 2 beds/],
    [{ seed: 1.5 }, /seed/],
    [{ durationSeconds: 0 }, /seconds must be above 0/],
    [{ durationSeconds: Number.NaN }, /seconds/],
    [{ startAt: -1 }, /start/],
    [{ startAt: 2 ** 32 * 1e6 }, /start .* 2106/],
    [{ cyclePeriodMicros: 1000 }, /period .* 500 and 10000/],
    [{ jitterMicros: 300_000 }, /jitter/],
    [{ updateSynRetries: 9 }, /retries/],
    [{ recordEveryCycles: 0 }, /record/],
    [{ ecgNoise: 9 }, /noise .* 0 to 8, not 9/],
    [{ ecgNoise: -1 }, /noise/],
  ]
  for (const [wish, words] of refused) assert.match(wardOptionsProblem(wardOptions(wish)) ?? 'accepted', words)
})

test('any set of stories fits the number of beds they say they need', () => {
  for (const scenarios of [new Set<Scenario>(), ...SCENARIOS.map((s) => new Set([s])), new Set(SCENARIOS)]) {
    const options = wardOptions({ beds: bedsNeeded(scenarios), scenarios })
    assert.equal(wardOptionsProblem(options), null)
    assert.doesNotThrow(() => castWard(options))
  }
})

test('the late story is late: three quarters into a ward that ends, two minutes into one that does not', () => {
  const short = wardOptions({ durationSeconds: 120 })
  assert.equal(timeline(short).broadcastAt - short.startAt, 90e6)
  assert.equal(timeline(short).endAt - short.startAt, 120e6)
  const endless = timeline(wardOptions({ durationSeconds: Infinity }))
  assert.equal(endless.broadcastAt - short.startAt, 120e6)
  assert.equal(endless.endAt, Infinity)
  assert.deepEqual([timeline(short).powerCycleAt, endless.powerCycleAt - short.startAt], [Infinity, 420e6])
})

test('the events tell every story that is played, in order, and no other', () => {
  fc.assert(fc.property(anyWard, (options) => {
    const events = wardEvents(options, castWard(options))
    assert.deepEqual(new Set(events.map((e) => e.scenario)), options.scenarios)
    assert.ok(events.every((e, i) => i === 0 || e.at >= (events[i - 1]?.at ?? 0)))
    assert.ok(events.every((e) => e.who !== '' && e.at < timeline(options).endAt))
  }), { numRuns: 100 })
})

test('each named stream has its own chances, from seed and name alone', () => {
  const first = (seed: number, name: string): number => streamRng(seed, name).next()
  assert.equal(first(1, 'bed 1'), first(1, 'bed 1'))
  assert.notEqual(first(1, 'bed 1'), first(1, 'bed 2'))
  assert.notEqual(first(1, 'bed 1'), first(2, 'bed 1'))
})

test('shuffling keeps every item and leaves the list alone; noise fills the asked length', () => {
  const list = [1, 2, 3, 4, 5, 6, 7, 8]
  const mixed = shuffled(streamRng(3, 'x'), list)
  assert.deepEqual(mixed.toSorted((a, b) => a - b), list)
  assert.notDeepEqual(mixed, list)
  assert.equal(new Set(randomBytes(streamRng(3, 'y'), 4000)).size, 256)
})
