// Tests of the page's memory: asks when someone looks, keeps old data, never piles requests up, forgets what nobody looks at.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answer } from './client.ts'
import { createResources, IDLE_RESOURCES_MAX, type Resources } from './resources.ts'

interface Asked {
  readonly path: string
  readonly answer: (value: Answer<unknown>) => Promise<void>
}

/** A server that answers when told to. */
function slowServer(): { readonly asked: Asked[]; readonly resources: Resources; readonly clock: { ms: number } } {
  const asked: Asked[] = []
  const clock = { ms: 1000 }
  const resources = createResources((path) => new Promise((resolve) => {
    asked.push({ path, answer: async (value) => {
      resolve(value)
      await new Promise(setImmediate)
    } })
  }), () => clock.ms)
  return { asked, resources, clock }
}

const good = (value: unknown): Answer<unknown> => ({ ok: true, value })
const bad: Answer<unknown> = { ok: false, error: { code: 'unreachable', message: 'gone', help: 'wait' } }

describe('resources', () => {
  it('ask once for any number of listeners and tell each', async () => {
    const { asked, resources } = slowServer()
    let told = 0
    resources.subscribe('a', () => told++)
    resources.subscribe('a', () => told++)
    assert.deepEqual(resources.read('a'), { data: null, error: null, asOfMs: null })
    await asked[0]?.answer(good(7))
    assert.equal(asked.length, 1)
    assert.equal(told, 2)
    assert.deepEqual(resources.read('a'), { data: 7, error: null, asOfMs: 1000 })
    assert.equal(resources.read('a'), resources.read('a'), 'the same object until it changes')
  })

  it('keep old data and its time when a later request fails', async () => {
    const world = slowServer()
    world.resources.subscribe('a', () => {})
    await world.asked[0]?.answer(good(7))
    world.clock.ms = 9000
    world.resources.refresh(() => true)
    await world.asked[1]?.answer(bad)
    assert.deepEqual(world.resources.read('a'), { data: 7, error: { code: 'unreachable', message: 'gone', help: 'wait' }, asOfMs: 1000 })
    assert.equal(world.resources.oldestMs(), 1000)
    world.resources.refresh(() => true)
    await world.asked[2]?.answer(good(8))
    assert.deepEqual(world.resources.read('a'), { data: 8, error: null, asOfMs: 9000 })
  })

  it('keep the same object while it says the same', async () => {
    const { asked, resources, clock } = slowServer()
    resources.subscribe('a', () => {})
    await asked[0]?.answer(good([{ n: 1 }]))
    const before = resources.read('a').data
    clock.ms = 5000
    resources.refresh(() => true)
    await asked[1]?.answer(good([{ n: 1 }]))
    assert.equal(resources.read('a').data, before)
    assert.equal(resources.read('a').asOfMs, 5000)
    resources.refresh(() => true)
    await asked[2]?.answer(good([{ n: 2 }]))
    assert.deepEqual(resources.read('a').data, [{ n: 2 }])
  })

  it('do not pile up: a change during a request is asked for once, after it', async () => {
    const { asked, resources } = slowServer()
    resources.subscribe('a', () => {})
    for (let i = 0; i < 5; i++) resources.refresh(() => true)
    assert.equal(asked.length, 1)
    await asked[0]?.answer(good('before the change'))
    assert.equal(asked.length, 2)
    await asked[1]?.answer(good('after it'))
    assert.equal(asked.length, 2)
    assert.equal(resources.read('a').data, 'after it')
  })

  it('ask again only for what is looked at, and forget the rest', async () => {
    const { asked, resources } = slowServer()
    const leave = resources.subscribe('api/analyses/x/assets', () => {})
    resources.subscribe('api/analyses/y/assets', () => {})
    for (const one of asked) await one.answer(good(1))
    leave()
    resources.refresh((path) => path.includes('/x/'))
    assert.equal(asked.length, 2)
    assert.equal(resources.read('api/analyses/x/assets').data, null)
    assert.equal(resources.read('api/analyses/y/assets').data, 1)
    assert.equal(resources.oldestMs(), 1000)
  })

  it('show kept data at once when coming back, and ask again', async () => {
    const { asked, resources } = slowServer()
    const leave = resources.subscribe('a', () => {})
    await asked[0]?.answer(good(1))
    leave()
    resources.subscribe('a', () => {})
    assert.equal(resources.read('a').data, 1)
    assert.equal(asked.length, 2)
  })

  it('keep a bounded number nobody looks at', async () => {
    const { asked, resources } = slowServer()
    for (let i = 0; i < IDLE_RESOURCES_MAX + 10; i++) {
      const leave = resources.subscribe(`p${i}`, () => {})
      await asked[i]?.answer(good(i))
      leave()
    }
    assert.equal(resources.read('p0').data, null)
    assert.equal(resources.read(`p${IDLE_RESOURCES_MAX + 9}`).data, IDLE_RESOURCES_MAX + 9)
  })

  it('take a change in place', async () => {
    const { asked, resources } = slowServer()
    resources.subscribe('a', () => {})
    resources.update<number>('a', (n) => n + 1)
    assert.equal(resources.read('a').data, null)
    await asked[0]?.answer(good(1))
    resources.update<number>('a', (n) => n + 1)
    assert.equal(resources.read('a').data, 2)
  })
})
