// Shards against their slow twin, the plain pipeline of the tests: one table, a session for every flow from its first packet, nothing given up early.
// Keeps the rule that what a shard leaves out (objects for datagrams, flows that are done) leaves no fact out.

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import type { Fact } from '../protocols/facts.ts'
import { createRegistry } from '../protocols/registry.ts'
import { replay } from '../testing/replay.ts'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { Sensor } from './sensor.ts'

/** Larger ones say the same again, and take longer. */
const BYTES_MAX = 300_000

/** Facts of flows, in no order: flows end in another order here and there. The numbers of flows count the tunnels here, and not there. */
function told(facts: readonly Fact[]): string[] {
  return facts.filter((fact) => 'flowId' in fact).map((fact) => JSON.stringify({ ...fact, flowId: 0 })).sort()
}

function heard(file: string): Fact[] {
  const facts: Fact[] = []
  const sensor = new Sensor({ behaviours: [], onFact: (fact) => facts.push(fact) })
  const reader = createCaptureReader(sensor)
  reader.push(readFileSync(file))
  reader.end()
  sensor.finish()
  return facts
}

test('every fact of a flow that the plain pipeline finds in the shared captures, and no other', { skip: capturesMissing }, () => {
  let facts = 0
  for (const { file } of manifest().filter((row) => /\.(?:pcap|cap|pcapng)$/.test(row.file))) {
    const path = sharedCapture(file)
    if (statSync(path).size > BYTES_MAX) continue
    const expected = told(replay(path, createRegistry()).facts)
    assert.deepEqual(told(heard(path)), expected, file)
    facts += expected.length
  }
  assert.ok(facts > 1000, `${facts} facts`)
})
