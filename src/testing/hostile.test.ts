// Hostile captures in their short form: work that grows with the packets and no faster, memory within its bound, and a report that names what was dropped.
// Keeps "no timed assertions": work is counted in blocks of our own code, memory in bytes; `npm run soak:wire` has the full sizes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../base/rng.ts'
import { busiest, stepsOf } from './coverage.ts'

const { HOSTILE_STORIES, hostileCapture, storyNamed } = await import('./hostile.ts')
const { checkHostile } = await import('./hostile-check.ts')
const { Sensor } = await import('../sensor/sensor.ts')
const { createCaptureReader } = await import('../wire/capture/reader.ts')

type Story = (typeof HOSTILE_STORIES)[number]

const SEED = 1
const COUNT = 1500
/** Twice the packets may take a little more than twice the work; a square takes four times as much. */
const GROWTH_MAX = 2.5
/** Blocks of our code per packet: above what any story needs by half, below what a scan over all flows would take. */
const STEPS_PER_PACKET_MAX = 6000
/** What is promised of `cordon check` on any capture. */
const MEMORY_BYTES_MAX = 512 * 1024 * 1024

function feed(story: Story, count: number): InstanceType<typeof Sensor> {
  const sensor = new Sensor({ behaviours: [] })
  const reader = createCaptureReader(sensor)
  for (const chunk of hostileCapture(story, count, SEED)) reader.push(chunk)
  reader.end()
  return sensor
}

for (const story of HOSTILE_STORIES) {
  test(`work in proportion to packets: ${story.id}`, (t) => {
    feed(story, 50)
    const [small, medium, large] = [COUNT, 2 * COUNT, 4 * COUNT].map((count) => stepsOf(() => void feed(story, count))) as [number, number, number]
    const perPacket = [small, medium / 2, large / 4].map((steps) => Math.round(steps / COUNT))
    t.diagnostic(`${perPacket.join(', ')} steps per packet at ${COUNT} packets, twice and four times as many`)
    assert.ok(small > COUNT, 'steps are counted')
    const where = busiest(3).map(({ place, runs }) => `${place} ${runs}`).join(', ')
    assert.ok(medium / small < GROWTH_MAX && large / medium < GROWTH_MAX, `${small}, ${medium}, ${large} steps: ${where}`)
    assert.ok(large / COUNT / 4 < STEPS_PER_PACKET_MAX, `${large / COUNT / 4} steps per packet: ${where}`)
  })
}

test('canary: work per packet that grows with the packets before it is seen', () => {
  const story = storyNamed('syn-flood')
  const square = (count: number): number => stepsOf(() => {
    for (let i = 1; i <= 8; i++) feed(story, (count * i) >> 3)
    for (let i = 0; i < count >> 7; i++) feed(story, count >> 3)
  })
  assert.ok(square(4 * COUNT) / square(2 * COUNT) > GROWTH_MAX)
})

test('a story is one capture per seed, ends within its count, and every id is its own', () => {
  assert.equal(new Set(HOSTILE_STORIES.map((s) => s.id)).size, HOSTILE_STORIES.length)
  for (const story of HOSTILE_STORIES) {
    const [once, again] = [1, 2].map(() => Buffer.concat([...hostileCapture(story, 300, SEED)]))
    assert.deepEqual(once, again, story.id)
    assert.equal([...story.frames(300, seededRng(SEED))].length, 300, story.id)
    const sensor = feed(story, 300)
    assert.ok(sensor.counters.packets >= 299, `${story.id}: ${sensor.counters.packets} packets`)
  }
})

for (const story of HOSTILE_STORIES.filter((s) => s.inTests !== undefined)) {
  test(`through cordon check: ${story.what}`, async (t) => {
    const run = await checkHostile(story, story.inTests ?? 0, SEED)
    t.diagnostic(`${run.packets} packets, ${Math.round(run.memoryMost / 1e6)} MB at most, exit ${run.exitCode}`)
    assert.ok(run.exitCode !== null && run.exitCode <= 4 && run.packets > 0, run.stderr)
    for (const name of story.names) assert.ok(run.named.has(name), `${name} is not in the report: ${[...run.named.keys()].join(', ')}`)
    assert.ok(run.memoryMost > 40_000_000, 'memory is measured')
    assert.ok(run.memoryMost < MEMORY_BYTES_MAX, `${run.memoryMost} bytes`)
  })
}
