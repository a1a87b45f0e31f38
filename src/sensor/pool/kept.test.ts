// What check --workers keeps: the store of two and of three threads is row for row that of one, events in the order in which they came.
// Keeps the rule that the check can fail: the captures have flows in several slices, facts, and more than one place of the ring.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbeddedStore } from '../../store/embedded.ts'
import { EVENT_KINDS, RECORD_KINDS, type Store, type StoreRecord } from '../../store/store.ts'
import { shippedKnowledge } from '../../testing/check.ts'
import { HOSTILE_STORIES, hostileCapture } from '../../testing/hostile.ts'
import { memoryStore } from '../../testing/memory-store.ts'
import { capturesMissing, sharedCapture } from '../../testing/shared.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { playWard, SCENARIOS, WARD_DEFAULTS } from '../../twin/core/ward.ts'
import { LinkType } from '../../wire/capture/capture.ts'
import { pcapFileHeader, PCAP_RECORD_HEADER_BYTES, putPcapRecord } from '../../wire/capture/writer.ts'
import { analyseFile } from '../analyse.ts'
import { PLACE_BYTES } from './events.ts'

const knowledge = shippedKnowledge()

function wardFile(folder: string): string {
  const parts = [pcapFileHeader(LinkType.ethernet)]
  for (const { at, bytes } of playWard({ ...WARD_DEFAULTS, beds: 8, durationSeconds: 90, scenarios: new Set(SCENARIOS) })) {
    const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + bytes.length)
    putPcapRecord(record, 0, at, bytes.length, bytes, 0, bytes.length)
    parts.push(record)
  }
  const file = join(folder, 'ward.pcap')
  writeFileSync(file, Buffer.concat(parts))
  return file
}

interface Kept {
  /** In the order of appending. */
  readonly events: readonly StoreRecord[]
  /** Of each kind, as the store gives it back. */
  readonly rows: readonly StoreRecord[]
}

async function kept(file: string, workers: number, store: Store): Promise<Kept> {
  const events: StoreRecord[] = []
  const listening: Store = {
    append(records, replacing) {
      for (const record of records) if ((EVENT_KINDS as readonly string[]).includes(record.kind)) events.push(record)
      return store.append(records, replacing)
    },
    read: (kind, options) => store.read(kind, options), query: (question) => store.query(question), close: () => store.close(),
  }
  const result = await analyseFile(file, { knowledge, store: listening, workers })
  assert.ok(result.ok, result.ok ? '' : result.error.message)
  const rows: StoreRecord[] = []
  for (const kind of [...EVENT_KINDS, ...RECORD_KINDS]) rows.push(...(await store.read(kind)))
  await store.close()
  return { events: JSON.parse(JSON.stringify(events)) as StoreRecord[], rows }
}

/** Threads that start cost most of the time: the many captures are in pool.test.ts, where engines share one thread. */
async function sameWithWorkers(file: string, counts: readonly number[], open: () => Promise<Store> = async () => memoryStore()): Promise<Kept> {
  const one = await kept(file, 1, await open())
  for (const workers of counts) {
    const more = await kept(file, workers, await open())
    assert.deepEqual(more.rows.length, one.rows.length, `${file}, ${workers} workers`)
    assert.equal(JSON.stringify(more.events) === JSON.stringify(one.events), true, `${file}: events of ${workers} workers`)
    assert.equal(JSON.stringify(more.rows) === JSON.stringify(one.rows), true, `${file}: rows of ${workers} workers`)
  }
  return one
}

test('the ward with every scenario, in the store of the product: the same rows with one, two and three workers', async () => {
  const folder = temporaryFolder('cordon-kept')
  const file = wardFile(folder)
  assert.ok(readFileSync(file).length > PLACE_BYTES)
  let opened = 0
  const { rows } = await sameWithWorkers(file, [2, 3], async () => {
    const store = await openEmbeddedStore(join(folder, `data-${opened++}`))
    assert.ok(store.ok)
    return store.value
  })
  const has = (kind: StoreRecord['kind']): readonly StoreRecord[] => rows.filter((row) => row.kind === kind)
  for (const kind of ['fact', 'asset', 'conversation', 'finding', 'analysis'] as const) assert.ok(has(kind).length > 0, kind)
  assert.ok(has('flow').some(({ key }) => key.endsWith('.5')), 'a flow in five slices')
})

test('time that leaps: the same rows', async () => {
  const story = HOSTILE_STORIES.find(({ id }) => id === 'broken-clock')
  assert.ok(story)
  const file = join(temporaryFolder('cordon-kept'), story.id)
  writeFileSync(file, Buffer.concat([...hostileCapture(story, 1000, 7)]))
  assert.ok((await sameWithWorkers(file, [3])).events.length > 1000)
})

test('tunnels of others: the same rows', { skip: capturesMissing }, async () => {
  assert.ok((await sameWithWorkers(sharedCapture('tunnel/ndpi__vxlan.pcap'), [2])).events.length > 0)
})
