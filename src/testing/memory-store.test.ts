// Tests of the in-memory store: the sentences of the Store seam, one by one.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StoreRecord } from '../store/store.ts'
import { memoryStore } from './memory-store.ts'

const record = (part: Partial<StoreRecord>): StoreRecord => ({ kind: 'asset', analysis: 'a1', key: 'k', at: 1, body: {}, ...part })

describe('memory store', () => {
  it('replaces a record of the same kind, analysis and key', async () => {
    const store = memoryStore()
    await store.append([record({ body: { n: 1 } }), record({ at: 2, body: { n: 2 } })])
    assert.deepEqual(await store.read('asset'), [record({ at: 2, body: { n: 2 } })])
  })

  it('writes an event once', async () => {
    const store = memoryStore()
    await store.append([record({ kind: 'flow', body: { bytes: 1 } })])
    await store.append([record({ kind: 'flow', body: { bytes: 9 } })])
    assert.deepEqual((await store.read('flow')).map((r) => r.body), [{ bytes: 1 }])
  })

  it('reads ascending by at, then key, and pages', async () => {
    const store = memoryStore()
    await store.append([record({ key: 'c', at: 2 }), record({ key: 'b', at: 1 }), record({ key: 'a', at: 2 })])
    assert.deepEqual((await store.read('asset')).map((r) => r.key), ['b', 'a', 'c'])
    assert.deepEqual((await store.read('asset', { offset: 1, limit: 1 })).map((r) => r.key), ['a'])
  })

  it('filters by analysis, key and time', async () => {
    const store = memoryStore()
    await store.append([record({ key: 'a', at: 1 }), record({ key: 'b', at: 5 }), record({ key: 'a', at: 9, analysis: 'a2' })])
    assert.equal((await store.read('asset', { analysis: 'a1' })).length, 2)
    assert.equal((await store.read('asset', { key: 'a' })).length, 2)
    assert.deepEqual((await store.read('asset', { fromAt: 2, toAt: 8 })).map((r) => r.key), ['b'])
  })

  it('hands out copies', async () => {
    const store = memoryStore()
    const body = { n: 1 }
    await store.append([record({ body })])
    body.n = 2
    const [first] = await store.read('asset')
    ;(first?.body as { n: number }).n = 3
    assert.deepEqual((await store.read('asset'))[0]?.body, { n: 1 })
  })

  it('answers its questions over events of one analysis', async () => {
    const store = memoryStore()
    const flow = (key: string, at: number, src: string, bytes: number, analysis = 'a1'): StoreRecord =>
      record({ kind: 'flow', key, at, analysis, body: { src, bytes } })
    await store.append([
      flow('1', 3, '10.0.0.1', 5), flow('2', 14, '10.0.0.2', 10), flow('3', 12, '10.0.0.1', 1), flow('4', 12, '10.0.0.9', 99, 'a2'),
      record({ kind: 'fact', key: '1' }),
    ])
    assert.deepEqual(await store.query({ name: 'event-counts', analysis: 'a1' }), [{ kind: 'fact', count: 1 }, { kind: 'flow', count: 3 }])
    assert.deepEqual(await store.query({ name: 'traffic-series', analysis: 'a1', bucketMicros: 10 }), [
      { at: 0, flows: 1, bytes: 5 }, { at: 10, flows: 2, bytes: 11 },
    ])
    assert.deepEqual(await store.query({ name: 'top-sources', analysis: 'a1', limit: 1 }), [{ ip: '10.0.0.2', flows: 1, bytes: 10 }])
  })

  it('refuses use after close', async () => {
    const store = memoryStore()
    await store.close()
    await assert.rejects(store.read('asset'), /after close/)
    await assert.rejects(store.append([]), /after close/)
  })
})
