// The engine's order of ends: flows of all shards end in the order in which they began, by silence as at the end of the capture.
// Keeps the rule that what is heard does not depend on which shard a flow falls to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../base/rng.ts'
import { DATAGRAM_IDLE_MICROS } from '../wire/flow-table.ts'
import { storyNamed } from '../testing/hostile.ts'
import { Engine } from './engine.ts'

const WAVE = 3000
const ETHERNET = 1

test('flows end in order of id, whatever their shards: a wave that fell silent, then a wave that is still open', () => {
  const ended: number[] = []
  const nothing = (): undefined => undefined
  const engine = new Engine({
    seed: 1, startPorts: new Set(), tellsEnded: true, overlapOf: undefined,
    events: { fact: nothing, sender: nothing, started: nothing, opened: nothing, broadcast: nothing, ended: (flow) => ended.push(flow.id) },
  })
  let count = 0
  for (const { bytes, at } of storyNamed('flow-spray').frames(2 * WAVE, seededRng(1))) {
    const late = count++ < WAVE ? 0 : 2 * DATAGRAM_IDLE_MICROS
    engine.packet(bytes, 0, bytes.length, at + late, bytes.length, ETHERNET)
  }
  const opened = Array.from({ length: 2 * WAVE }, (_, i) => i + 1)
  assert.ok(engine.shards.every((shard) => shard.flows.counters().opened > WAVE / 8), 'each shard has its part')
  assert.deepEqual(ended, opened.slice(0, WAVE), 'the first wave was silent too long')
  engine.finish()
  assert.deepEqual(ended, opened)
})
