// Tests of the ward against the whole sensor: each story is found on the right device, the quiet ward finds nothing.
// Keeps the rule that the twin and the sensor agree on what happened, for any seed, number of beds and transport.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ip } from '../base/ip.ts'
import { loadKnowledge } from '../cli/load-knowledge.ts'
import { behavioursOf } from '../sensor/knowledge.ts'
import { takePicture, type Picture } from '../sensor/picture.ts'
import { Sensor } from '../sensor/sensor.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { describeWard, playWard, SCENARIOS, wardOptions, type Scenario, type WardOptions } from './core/ward.ts'

const loaded = loadKnowledge(undefined)
assert.ok(loaded.ok)
const knowledge = loaded.value

/** Everything the sensor ever said of a ward, as one text for the canary search. */
interface Watched {
  readonly options: WardOptions
  readonly picture: Picture
  readonly facts: string
}

function watch(scenarios: readonly Scenario[], more: Partial<WardOptions> = {}): Watched {
  const options = wardOptions({ scenarios: new Set(scenarios), durationSeconds: 60, beds: 6, ...more })
  const facts: unknown[] = []
  const sensor = new Sensor({ behaviours: behavioursOf(knowledge), onFact: (fact) => void facts.push(fact) })
  for (const { at, bytes } of playWard(options)) sensor.packet(bytes, 0, bytes.length, at, bytes.length, LinkType.ethernet)
  return { options, picture: takePicture(sensor.heard(), knowledge), facts: JSON.stringify(facts) }
}

/** Rules that found something, each once. */
function rules({ picture }: Watched): string[] {
  return [...new Set(picture.findings.map((f) => f.rule))].toSorted((a, b) => (a < b ? -1 : 1))
}

function addressOf({ picture }: Watched, rule: string): (Ip | null | undefined)[] {
  return picture.findings.filter((f) => f.rule === rule).map((f) => picture.assets.find((a) => a.id === f.assetId)?.interfaces[0]?.ip)
}

test('the quiet ward gives no finding, whatever its seed and size', () => {
  for (const [seed, beds] of [[1, 1], [2, 6], [3, 12]] as const) {
    assert.deepEqual(rules(watch([], { seed, beds })), [], `seed ${seed}, ${beds} beds`)
  }
})

test('a leak is found on the two that are answered, the vain search on the others', () => {
  const watched = watch(['leak'])
  assert.deepEqual(rules(watched), ['indicator-contact', 'patient-data-in-clear', 'talks-outside'])
  assert.deepEqual(addressOf(watched, 'talks-outside'), ['10.20.4.34', '10.20.4.35'])
  assert.deepEqual(addressOf(watched, 'patient-data-in-clear'), ['10.20.4.34', '10.20.4.35'])
})

for (const updateTransport of ['udp', 'tcp'] as const) {
  test(`an update over ${updateTransport} is found, its three files whole, and so is the one nobody answered`, () => {
    const watched = watch(['update'], { updateTransport })
    assert.deepEqual(rules(watched), ['indicator-contact', 'update-attempted', 'update-pulled'])
    assert.deepEqual(addressOf(watched, 'update-attempted'), ['10.20.4.36'])
    const files = JSON.parse(watched.facts) as { protocol: string; kind: string; complete?: boolean; name?: string; magic?: string }[]
    const read = files.filter((f) => f.protocol === 'file-transfer')
    const seen = read.map((f) => [f.name, f.complete, f.magic])
    assert.deepEqual(seen, [['monitor', true, 'elf'], ['update', true, 'elf'], ['run.sh', true, 'script']])
  })
}

test('the stranger between is found by its claims, its place and its bytes', () => {
  const watched = watch(['mitm'])
  assert.deepEqual(rules(watched), ['address-claimed-twice', 'one-card-two-addresses', 'server-payload'])
  const victim = describeWard(watched.options).members.find((m) => m.label === describeWard(watched.options).events[0]?.who)
  assert.deepEqual(addressOf(watched, 'server-payload'), [victim?.ip])
})

test('UDP to one monitor and the death of all are found', () => {
  const watched = watch(['udp'])
  assert.deepEqual(rules(watched), ['inbound-udp', 'streams-lost'])
  assert.equal(watched.picture.findings.find((f) => f.rule === 'streams-lost')?.count, 6)
})

test('all stories together are all found', () => {
  const watched = watch(SCENARIOS, { beds: 12, durationSeconds: 120 })
  assert.deepEqual(rules(watched), [
    'address-claimed-twice', 'inbound-udp', 'indicator-contact', 'one-card-two-addresses', 'patient-data-in-clear', 'server-payload',
    'streams-lost', 'talks-outside', 'update-attempted', 'update-pulled',
  ])
})

test('no fact, asset, conversation or finding holds the canary, though it was on the wire', () => {
  const { picture, facts, options } = watch(['leak'])
  const wire = [...playWard(options)].some((f) => Buffer.from(f.bytes).includes('ZZTEST^CANARY'))
  assert.ok(wire)
  assert.ok(facts.length > 1000)
  for (const text of [facts, JSON.stringify(picture.findings), JSON.stringify(picture.assets), JSON.stringify(picture.conversations)]) {
    assert.doesNotMatch(text, /CANARY|ZZTEST/)
  }
})

test('every monitor is known by its bed, its address and its card', () => {
  const { picture, options } = watch([], { beds: 12 })
  const monitors = picture.assets.filter((a) => a.role === 'patient-monitor')
  const known = monitors.map((a) => `${a.bed} ${a.interfaces[0]?.ip} ${a.interfaces[0]?.mac}`)
  const truth = describeWard(options).members.filter((m) => m.bed !== null).map((m) => `${m.bed} ${m.ip} ${m.mac}`)
  assert.deepEqual(new Set(known), new Set(truth))
})
