// Tests of the talks: who plays which part follows from the policy, patients are the canary, and what is expected in each phase.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillWard, KEEP_INSIDE, type DrillWard } from '../../testing/drill-ward.ts'
import { castParts, expectTalk, hostsOf, listens, outcomeWords, planTalks, type Talk } from './talks.ts'

const KEEP = drillWard(KEEP_INSIDE)
const SHIPPED = drillWard()
const partsOf = ({ policy, layout, full }: DrillWard, beds = 12) => ({ policy, layout, routed: full, beds, seed: 7 })

const rows = (ward: DrillWard, loaded: DrillWard['full']): ReadonlyMap<string, string> =>
  new Map(planTalks(partsOf(ward)).map((talk) => [talk.story, outcomeWords(expectTalk(talk, loaded, ward.layout), ward.layout)]))

test('beds, station and witness come from the policy', () => {
  const cast = castParts(partsOf(KEEP))
  assert.equal(cast.bedside?.label, 'bedside')
  assert.equal(cast.central?.label, 'central')
  assert.equal(cast.beds.length, 12)
  assert.equal(cast.beds[0], '10.20.3.11')
  assert.equal(cast.station, '202.114.4.119')
  assert.equal(cast.witness, '202.114.4.1')
})

test('a zone of named devices has those beds and no more, in both IP versions', () => {
  assert.deepEqual(castParts(partsOf(SHIPPED)).beds, ['10.20.3.7', '10.20.3.8', 'fd00:3::7'])
  const telemetry = planTalks(partsOf(SHIPPED)).filter(({ part }) => part === 'telemetry')
  assert.deepEqual(telemetry.map(({ from, to }) => [from, to]),
    [['10.20.3.7', '202.114.4.119'], ['10.20.3.8', '202.114.4.119'], ['fd00:3::7', 'fd00:3::119']])
})

test('hosts are never next hops, and stay in their own zone', () => {
  const hospital = KEEP.layout.sides[2]
  assert.ok(hospital)
  const hosts = hostsOf(KEEP.layout, hospital, 300)
  assert.equal(new Set(hosts).size, hosts.length)
  assert.ok(!hosts.includes('10.20.0.3' as never) && hosts.every((host) => !host.startsWith('10.20.3.')))
})

test('every patient is the canary', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  const telemetry = planTalks(partsOf(KEEP)).filter(({ part, proto }) => part === 'telemetry' && proto === 'tcp')
  assert.equal(telemetry.length, 12)
  for (const [i, talk] of telemetry.entries()) assert.ok(text(talk.payload).includes(`ZZTEST^CANARY${String(i + 1).padStart(2, '0')}`))
})

test('before: the beds\' telemetry, HL7 and update leave the hospital, and attacks arrive', () => {
  const seen = rows(KEEP, KEEP.bare)
  for (const story of ['telemetry to the central station', 'HL7 to the HL7 server', 'update: mount /pm', 'telemetry to the Internet']) {
    assert.equal(seen.get(story), 'reaches the outside', story)
  }
  assert.equal(seen.get('telnet from the office to a monitor'), 'reaches bedside')
  assert.equal(seen.get('UDP from the Internet to a monitor'), 'reaches bedside')
})

test('after: the beds are on the station, and everything else is stopped', () => {
  const seen = rows(KEEP, KEEP.full)
  assert.equal(seen.get('telemetry to the central station'), 'reaches central')
  assert.equal(seen.get('HL7 to the HL7 server'), 'reaches central')
  for (const [story, words] of seen) if (!/station$|HL7 server$/.test(story) || story.startsWith('remote')) assert.equal(words, 'stopped', story)
})

test('after, by the default policy: administration of the station goes on, the share does not', () => {
  const seen = rows(SHIPPED, SHIPPED.full)
  assert.equal(seen.get('remote desktop from the office to the central station'), 'reaches central')
  assert.equal(seen.get('update: NFS'), 'stopped')
  assert.equal(seen.get('the central station to the Internet'), 'stopped')
})

test('a session needs its way back: whoever the fake Internet takes for its own gets no answer from it', () => {
  const talk = planTalks(partsOf(KEEP)).find(({ story }) => story === 'the central station to the Internet')
  assert.ok(talk)
  assert.deepEqual(expectTalk(talk, KEEP.bare, KEEP.layout), { at: 3, talked: false, rule: 'no rules' })
})

test('somebody listens where the responder lives and at the fake Internet, and nowhere else', () => {
  const talk = planTalks(partsOf(KEEP))[0] as Talk
  assert.deepEqual([0, 1, 2, 3].map((side) => listens(talk, side, KEEP.layout)), [false, true, false, true])
})

test('a policy without a central station has no telemetry, and a ward of 64 beds has 64', () => {
  const conduits = KEEP.policy.conduits.filter(({ name }) => name !== 'bedside-vitals')
  const talks = planTalks({ ...partsOf(KEEP), policy: { ...KEEP.policy, conduits } })
  assert.ok(talks.length > 0 && talks.every(({ part }) => part !== 'telemetry'))
  assert.equal(planTalks(partsOf(KEEP, 64)).filter(({ part }) => part === 'telemetry').length, 64)
})
