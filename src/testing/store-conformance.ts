// store-conformance: what every Store must do, run on each implementation by store.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Store, StoreRecord } from '../store/store.ts'

const flow = (key: string, at: number, src = '10.0.0.1', bytes = 100): StoreRecord =>
  ({ kind: 'flow', analysis: 'a', key, at, body: { src, bytes } })
const asset = (key: string, at: number, body: unknown = { label: key }, analysis = 'a'): StoreRecord => ({ kind: 'asset', analysis, key, at, body })

/** `open` gives an empty store; each test closes what it opened. */
export function storeConformance(name: string, open: () => Promise<Store>): void {
  const withStore = (title: string, run: (store: Store) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const store = await open()
      try {
        await run(store)
      } finally {
        await store.close()
      }
    })
  }

  withStore('an empty store answers with nothing', async (store) => {
    assert.deepEqual(await store.read('asset'), [])
    assert.deepEqual(await store.read('flow'), [])
    assert.deepEqual(await store.query({ name: 'event-counts', analysis: 'a' }), [])
    assert.deepEqual(await store.query({ name: 'traffic-series', analysis: 'a', bucketMicros: 10 }), [])
    assert.deepEqual(await store.query({ name: 'last-event', analysis: 'a' }), [{ at: null }])
    await store.append([])
  })

  withStore('a record of the same key is replaced, an event is written once', async (store) => {
    await store.append([asset('x', 1, { n: 1 }), flow('1', 5, '10.0.0.1', 1)])
    await store.append([asset('x', 2, { n: 2 }), flow('1', 6, '10.0.0.2', 2), flow('1', 7)])
    assert.deepEqual(await store.read('asset'), [asset('x', 2, { n: 2 })])
    assert.deepEqual(await store.read('flow'), [flow('1', 5, '10.0.0.1', 1)])
  })

  withStore('reads are ordered by time, then key, and cut by limit and offset', async (store) => {
    await store.append([asset('c', 2), asset('b', 1), asset('a', 2), asset('other', 0, {}, 'b')])
    const keys = async (options: Parameters<Store['read']>[1]): Promise<string[]> => (await store.read('asset', options)).map((r) => r.key)
    assert.deepEqual(await keys({ analysis: 'a' }), ['b', 'a', 'c'])
    assert.deepEqual(await keys({ analysis: 'a', limit: 1, offset: 1 }), ['a'])
    assert.deepEqual(await keys({ analysis: 'a', fromAt: 2 }), ['a', 'c'])
    assert.deepEqual(await keys({ analysis: 'a', toAt: 1 }), ['b'])
    assert.deepEqual(await keys({ key: 'other' }), ['other'])
    assert.deepEqual(await keys({}), ['other', 'b', 'a', 'c'])
  })

  withStore('a replaced set leaves nothing behind, and touches nothing else', async (store) => {
    await store.append([asset('old', 1), asset('kept', 1, {}, 'b'), { ...asset('f', 1), kind: 'finding' }])
    await store.append([asset('new', 2)], [{ kind: 'asset', analysis: 'a' }])
    assert.deepEqual((await store.read('asset')).map((r) => r.key), ['kept', 'new'])
    assert.equal((await store.read('finding')).length, 1)
  })

  withStore('the questions are answered per analysis', async (store) => {
    await store.append([flow('1', 3, '10.0.0.1', 5), flow('2', 12, '10.0.0.2', 7), flow('3', 13, '10.0.0.2', 1), { ...flow('1', 3), kind: 'fact' }])
    await store.append([{ ...flow('9', 3), analysis: 'b' }])
    assert.deepEqual(await store.query({ name: 'event-counts', analysis: 'a' }), [{ kind: 'fact', count: 1 }, { kind: 'flow', count: 3 }])
    const series = await store.query({ name: 'traffic-series', analysis: 'a', bucketMicros: 10 })
    assert.deepEqual(series, [{ at: 0, flows: 1, bytes: 5 }, { at: 10, flows: 2, bytes: 8 }])
    assert.deepEqual(await store.query({ name: 'last-event', analysis: 'a' }), [{ at: 13 }])
    assert.deepEqual(await store.query({ name: 'top-sources', analysis: 'a', limit: 1 }), [{ ip: '10.0.0.2', flows: 2, bytes: 8 }])
  })

  withStore('any JSON body comes back as it went in', async (store) => {
    let n = 0
    await fc.assert(fc.asyncProperty(fc.jsonValue(), async (body) => {
      const key = String(++n)
      await store.append([asset(key, n, body), { ...flow(key, n), kind: 'fact', body }])
      const expected = JSON.parse(JSON.stringify(body)) as unknown
      assert.deepEqual((await store.read('asset', { key }))[0]?.body, expected)
      assert.deepEqual((await store.read('fact', { key }))[0]?.body, expected)
    }), { numRuns: 25, seed: 1 })
  })

  withStore('appends that overlap are all kept', async (store) => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.append([flow(String(i), i), asset(String(i), i)])))
    assert.equal((await store.read('flow')).length, 20)
    assert.equal((await store.read('asset')).length, 20)
  })
}
