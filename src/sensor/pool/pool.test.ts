// The pool: several engines give byte for byte the report of one, and what a store is told, over threads and without; damage, a full ring, a broken worker.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { shippedKnowledge } from '../../testing/check.ts'
import { HOSTILE_STORIES, hostileCapture } from '../../testing/hostile.ts'
import { capturesMissing, manifest, sharedCapture } from '../../testing/shared.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { playWard, SCENARIOS, WARD_DEFAULTS } from '../../twin/core/ward.ts'
import { LinkType } from '../../wire/capture/capture.ts'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import { FLOWS_MAX } from '../../wire/flow-table.ts'
import { ethernet, ip4, tcp } from '../../wire/test-frames.ts'
import { pcapFileHeader, PCAP_RECORD_HEADER_BYTES, putPcapRecord } from '../../wire/capture/writer.ts'
import { analyseFile } from '../analyse.ts'
import { behavioursOf } from '../knowledge.ts'
import { Mind } from '../mind.ts'
import { takePicture } from '../picture.ts'
import { factRecord, flowRecord } from '../records.ts'
import { analysisOf, reportOf } from '../report.ts'
import { Sensor, type Heard } from '../sensor.ts'
import { SHARDS } from '../shards.ts'
import { PLACE_BYTES, PLACES, type WorkerBatch } from './events.ts'
import { Merger } from './merge.ts'
import { Pool, type Listeners } from './pool.ts'
import { Recorder } from './worker.ts'

const knowledge = shippedKnowledge()
const behaviours = behavioursOf(knowledge)

function reportText(heard: Heard): string {
  const picture = takePicture(heard, knowledge)
  return JSON.stringify(reportOf(analysisOf(heard, picture, { id: 't', name: 't', source: 'capture', sha256: null, summary: null }), picture))
}

/** Every slice and fact that a store would be told, in order, as one hash. */
function storeEars(): { readonly listeners: Required<Listeners>; sum(): string } {
  const hash = createHash('sha256')
  const hear = (record: unknown): void => void hash.update(JSON.stringify(record))
  let facts = 0
  return {
    listeners: { onSlice: (slice) => hear(flowRecord('t', slice)), onFact: (fact) => hear(factRecord('t', ++facts, fact)) },
    sum: () => hash.digest('hex'),
  }
}

function alone(pieces: readonly Uint8Array[]): string {
  const ears = storeEars()
  const sensor = new Sensor({ behaviours, ...ears.listeners })
  const reader = createCaptureReader(sensor)
  for (const piece of pieces) reader.push(piece)
  reader.end()
  sensor.finish()
  return reportText(sensor.heard()) + ears.sum()
}

/** As the pool, in one thread: everything that would go between threads is copied as threads copy it. */
function together(pieces: readonly Uint8Array[], workers: number): string {
  const ears = storeEars()
  const mind = new Mind(behaviours, ears.listeners.onFact)
  const merger = new Merger(mind, workers, ears.listeners.onSlice)
  const recorders = Array.from({ length: workers }, (_, i) => new Recorder({
    seed: i, owned: Array.from({ length: SHARDS }, (__, shard) => shard).filter((shard) => shard % workers === i), isLead: i === 0,
    startPorts: [...mind.inventory.startPorts], tellsSlices: true, policy: structuredClone(knowledge.policy),
  }))
  const readers = recorders.map((recorder) => createCaptureReader(recorder.sink))
  for (const piece of pieces) {
    for (const reader of readers) reader.push(piece)
    merger.take(recorders.map((recorder): WorkerBatch => structuredClone(recorder.take())))
  }
  const ends = recorders.map((recorder, i) => structuredClone(recorder.end((readers[i] as (typeof readers)[number]).end())))
  return reportText(merger.heard(ends)) + ears.sum()
}

function captureOf(frames: Iterable<{ readonly at: number; readonly bytes: Uint8Array }>): Uint8Array {
  const parts = [pcapFileHeader(LinkType.ethernet)]
  for (const { at, bytes } of frames) {
    const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + bytes.length)
    putPcapRecord(record, 0, at, bytes.length, bytes, 0, bytes.length)
    parts.push(record)
  }
  return Buffer.concat(parts)
}

const ward = captureOf(playWard({ ...WARD_DEFAULTS, beds: 6, durationSeconds: 60, scenarios: new Set(SCENARIOS) }))

/** More flows of one pair of addresses than its shard keeps. */
function* scan(count: number): Generator<{ at: number; bytes: Uint8Array }> {
  for (let i = 0; i < count; i++) {
    const syn = tcp(1024 + (i % 512), 1 + Math.floor(i / 512), new Uint8Array(0), { flags: 2 })
    yield { at: i, bytes: ethernet(0x0800, ip4(6, syn)) }
  }
}

test('the ward with every scenario: two, three and four engines tell what one tells, in any pieces', () => {
  const capture = ward
  const expected = alone([capture])
  assert.match(expected, /update-pulled/)
  for (const workers of [2, 3, 4]) {
    for (const size of [capture.length, 70_001]) {
      const pieces = Array.from({ length: Math.ceil(capture.length / size) }, (_, i) => capture.subarray(i * size, (i + 1) * size))
      assert.equal(together(pieces, workers) === expected, true, `${workers} engines, pieces of ${size}`)
    }
  }
})

test('hostile captures, full tables among them: what is dropped is the same however many share the work', () => {
  for (const story of HOSTILE_STORIES) {
    const pieces = [...hostileCapture(story, 400, 7)]
    assert.equal(together(pieces, 2) === alone(pieces), true, story.id)
  }
  const full = [captureOf(scan(FLOWS_MAX / SHARDS + 1000))]
  const expected = alone(full)
  assert.match(expected, /flowsEvicted/)
  assert.equal(together(full, 2) === expected, true)
})

test('tunnels, fragments and medical captures of others: the same with two and four engines', { skip: capturesMissing }, () => {
  const files = manifest().map(({ file }) => file).filter((file) => /^(?:tunnel|frag|medical|nfs|inventory)\//.test(file))
  assert.ok(files.length > 20)
  for (const file of files) {
    const pieces = [readFileSync(sharedCapture(file))]
    const expected = alone(pieces)
    for (const workers of [2, 4]) assert.equal(together(pieces, workers) === expected, true, `${file}, ${workers} engines`)
  }
})

test('over threads: a file, a gzip of it, and one that is cut give the report of one thread', async () => {
  const folder = temporaryFolder('cordon-pool')
  const capture = ward
  const files = { plain: capture, gzip: gzipSync(capture), cut: capture.subarray(0, -5), damaged: gzipSync(capture).subarray(0, -40) }
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(folder, name)
    writeFileSync(file, bytes)
    const [one, two] = await Promise.all([1, 2].map((workers) => analyseFile(file, { knowledge, store: null, workers })))
    assert.ok(one?.ok && two?.ok, name)
    assert.deepEqual(two.value.report.analysis, one.value.report.analysis, name)
    assert.equal(JSON.stringify(two.value.report) === JSON.stringify(one.value.report), true, name)
    assert.equal(two.value.report.analysis.state, name === 'plain' || name === 'gzip' ? 'complete' : 'partial')
  }
})

test('what is no capture is refused as by one thread', async () => {
  const file = join(temporaryFolder('cordon-pool'), 'words')
  writeFileSync(file, 'no capture at all, only words')
  const [one, two] = await Promise.all([1, 2].map((workers) => analyseFile(file, { knowledge, store: null, workers })))
  assert.ok(one && two && !one.ok && !two.ok)
  assert.deepEqual(two.error, one.error)
})

test('more bytes at once than the ring has places are kept, in order; a worker that cannot read breaks the reading, not silently', async () => {
  const capture = ward
  const copies = Math.ceil(((PLACES + 2) * PLACE_BYTES) / capture.length)
  const records = capture.subarray(pcapFileHeader(LinkType.ethernet).length)
  const long = Buffer.concat([capture, ...Array.from({ length: copies }, () => records)])
  const ears = storeEars()
  const pool = new Pool(SHARDS, behaviours, knowledge.policy, ears.listeners)
  try {
    pool.push(long)
    pool.end()
    const { summary, heard } = await pool.heard()
    assert.equal(summary.problems.length, 0)
    assert.equal(reportText(heard) + ears.sum() === alone([long]), true)
  } finally {
    await pool.close()
  }
  const broken = new Pool(2, behaviours, { zones: null } as never)
  await assert.rejects(async () => {
    broken.push(capture)
    broken.end()
    await broken.heard()
  })
  await broken.close()
})
