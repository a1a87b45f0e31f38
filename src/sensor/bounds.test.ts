// What a flood leaves behind, counted in objects and bytes and not in time: flows nobody reads any more cost their record alone.
// Keeps the bounds that docs/fuzz.md promises, at counts a test can afford; `npm run soak:wire` has the full sizes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostileCapture, storyNamed, type HostileStory } from '../testing/hostile.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { ethernet, ip4, udp } from '../wire/test-frames.ts'
import { Engine } from './engine.ts'
import { STREAMS_MAX } from './shard.ts'

/** An engine with the product's start ports (the behaviour of a monitor is TCP 515), and nobody who listens. */
function heard(story: HostileStory, count: number): Engine {
  const nothing = (): undefined => undefined
  const engine = new Engine({
    seed: 1, startPorts: new Set([515]), tellsEnded: false, overlapOf: undefined,
    events: { fact: nothing, sender: nothing, started: (flow) => assert.equal(typeof flow.src, 'string'), opened: nothing, broadcast: nothing, ended: nothing },
  })
  const reader = createCaptureReader(engine)
  for (const chunk of hostileCapture(story, count, 1)) reader.push(chunk)
  reader.end()
  return engine
}

const viewed = (engine: Engine): number => engine.shards.reduce((sum, shard) => sum + shard.flows.viewed, 0)
const live = (engine: Engine): number => engine.shards.reduce((sum, shard) => sum + shard.flows.counters().live, 0)

/** A story behind a TFTP request (RFC 1350 section 5), so that every unknown datagram is asked whether it was announced. */
function announcing(story: HostileStory): HostileStory {
  const request = Uint8Array.from([0, 1, 0x66, 0, ...Buffer.from('octet'), 0])
  const first = ethernet(0x0800, ip4(17, udp(40_000, 69, request)))
  return {
    ...story,
    *frames(count, rng) {
      yield { bytes: first, at: 0 }
      yield* story.frames(count - 1, rng)
    },
  }
}

test('connections that were told when they began leave no object behind', () => {
  const engine = heard(storyNamed('syn-flood'), 3000)
  assert.deepEqual([live(engine), viewed(engine)], [3000, 0])
})

test('datagrams that were asked whether another flow announced them leave no object behind; the one that is read keeps its own', () => {
  const engine = heard(announcing(storyNamed('flow-spray')), 3000)
  assert.deepEqual([live(engine), viewed(engine)], [3000, 1])
})

test('connections that are pushed out of reading keep what was learnt of them and no object', () => {
  const count = STREAMS_MAX + 4000
  const engine = heard(storyNamed('half-cms'), count)
  assert.equal(live(engine), count)
  assert.ok(viewed(engine) <= STREAMS_MAX, `${viewed(engine)} views`)
  engine.finish()
  const talks = engine.shards.flatMap((shard) => shard.talks.snapshot([]).talks)
  assert.equal(talks.filter((t) => t.protocol === 'cms8000').length, count)
})
