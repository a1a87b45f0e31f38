// Tests of the beds over a real socket: setup, the stream, its bounds, its end, and that no field but the named ones leaves.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { INTENDED_USE } from '../gateway/core/beds-frame.ts'
import { fakeBeds, type FakeBeds } from '../testing/fake-beds.ts'
import { fakeWorld } from '../testing/fake-console.ts'
import { CANARY } from '../testing/fixture-ward.ts'
import type { BedsFrame, BedsSetup } from './api.ts'
import { BEDS_BACKLOG_BYTES_MAX, BEDS_CLIENTS_MAX } from './beds.ts'
import { bedsFrameOf, bedsSetupOf } from './beds-door.ts'
import type { BedsFeed } from './deps.ts'
import { type Console, createConsole } from './server.ts'

async function withBeds(beds: BedsFeed | undefined, use: (url: string, app: Console) => Promise<void>): Promise<void> {
  const world = await fakeWorld(beds ? { beds } : {})
  const app = await createConsole(world.deps)
  try {
    await use(await app.listen(), app)
  } finally {
    await app.close()
    await world.remove()
    const own = beds as Partial<FakeBeds> | undefined
    own?.close?.()
  }
}

/** A feed that says what the test tells it to. */
function handFeed(pages = 3): BedsFeed & { readonly said: Map<(frame: BedsFrame) => void, number>; tell(frame: Partial<BedsFrame>): void } {
  const made = fakeBeds({ beds: 1 })
  made.close()
  const said = new Map<(frame: BedsFrame) => void, number>()
  let first: BedsFrame | null = null
  made.subscribe(1, (frame) => {
    first = frame
  })()
  return {
    said,
    setup: () => ({ ...made.setup(), pages }),
    subscribe(page, listener) {
      said.set(listener, page)
      if (first) listener({ ...first, page })
      return () => void said.delete(listener)
    },
    tell(frame) {
      for (const [listener, page] of said) if (first) listener({ ...first, page, ...frame })
    },
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    assert.ok(tries < 2000, `never came: ${what.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Reads the stream until it has `count` frames. */
async function frames(answer: Response, count: number): Promise<BedsFrame[]> {
  const reader = answer.body?.getReader()
  assert.ok(reader)
  const decoder = new TextDecoder()
  let heard = ''
  for (;;) {
    const whole = heard.split('\n\n').slice(0, -1).flatMap((block) => /^event: beds\ndata: (.*)$/.exec(block)?.[1] ?? [])
    if (whole.length >= count) return whole.map((text) => JSON.parse(text) as BedsFrame)
    const { done, value } = await reader.read()
    assert.ok(!done, 'the stream ended early')
    heard += decoder.decode(value, { stream: true })
  }
}

describe('beds over HTTP', () => {
  it('answers 404 in words where no gateway runs', async () => {
    await withBeds(undefined, async (url) => {
      for (const path of ['api/beds', 'api/beds/stream?page=1']) {
        const answer = await fetch(url + path)
        assert.equal(answer.status, 404)
        assert.equal(((await answer.json()) as { error: { code: string } }).error.code, 'no-gateway')
      }
      assert.equal(((await (await fetch(`${url}api/health`)).json()) as { hasBeds: boolean }).hasBeds, false)
    })
  })

  it('gives the setup, and says in health that there are beds', async () => {
    await withBeds(fakeBeds({ beds: 20 }), async (url) => {
      const setup = (await (await fetch(`${url}api/beds`)).json()) as BedsSetup
      assert.equal(setup.intendedUse, INTENDED_USE)
      assert.equal(setup.pages, 2)
      assert.equal(setup.freshness.stream.goneMicros, 10_000_000)
      assert.equal(((await (await fetch(`${url}api/health`)).json()) as { hasBeds: boolean }).hasBeds, true)
    })
  })

  it('streams the page asked for: whole at once, then with the samples since', async () => {
    await withBeds(fakeBeds({ beds: 20 }), async (url) => {
      const answer = await fetch(`${url}api/beds/stream?page=2`)
      assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'self'/)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      const [first, second] = await frames(answer, 2)
      assert.deepEqual(first?.tiles.map((tile) => tile.bed?.split('^')[2]), ['Bed 17', 'Bed 18', 'Bed 19', 'Bed 20'])
      assert.deepEqual(first?.tiles[0]?.waves, [])
      assert.deepEqual(second?.tiles[0]?.waves.map((wave) => wave.samples.length), [256, 256, 256, 128, 256])
      assert.deepEqual(first?.tiles.map((tile) => tile.device), second?.tiles.map((tile) => tile.device))
    })
  })

  it('lets no name of a patient out, though the feed has one', async () => {
    const feed = fakeBeds({ beds: 1 })
    feed.subscribe(1, (frame) => assert.ok(JSON.stringify(frame).includes(CANARY), 'the canary must be there to be missed'))()
    await withBeds(feed, async (url) => {
      const [frame] = await frames(await fetch(`${url}api/beds/stream?page=1`), 1)
      assert.ok(!JSON.stringify(frame).includes(CANARY))
    })
  })

  for (const page of ['0', '4', '-1', '1.5', 'x', '', '99999', '1%20', '1&page=2']) {
    it(`answers a page that is none in words: ${JSON.stringify(page)}`, async () => {
      await withBeds(handFeed(), async (url) => {
        const answer = await fetch(`${url}api/beds/stream?page=${page}`)
        assert.equal(answer.status, 400)
        assert.match(((await answer.json()) as { error: { help: string } }).error.help, /1 to 3/)
      })
    })
  }

  it('takes the first page when none is named, and page 1 of a ward without beds', async () => {
    const feed = handFeed(0)
    await withBeds(feed, async (url) => {
      assert.equal((await frames(await fetch(`${url}api/beds/stream`), 1))[0]?.page, 1)
    })
  })

  it('keeps a bounded number of streams, frees the place of who left and stops listening for them', async () => {
    const feed = handFeed()
    await withBeds(feed, async (url) => {
      const aborts = Array.from({ length: BEDS_CLIENTS_MAX }, () => new AbortController())
      await Promise.all(aborts.map((abort) => fetch(`${url}api/beds/stream?page=1`, { signal: abort.signal })))
      assert.equal((await fetch(`${url}api/beds/stream?page=1`)).status, 503)
      assert.equal(feed.said.size, BEDS_CLIENTS_MAX)
      aborts[0]?.abort()
      await until(() => feed.said.size < BEDS_CLIENTS_MAX)
      const answer = await fetch(`${url}api/beds/stream?page=1`)
      assert.equal(answer.status, 200)
      await answer.body?.cancel()
      for (const abort of aborts) abort.abort()
      await until(() => feed.said.size === 0)
    })
  })

  it('drops a client that does not read: what it would read is old', async () => {
    const feed = handFeed()
    await withBeds(feed, async (url) => {
      const { hostname, port } = new URL(url)
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.write(`GET /api/beds/stream?page=1 HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
      socket.pause()
      await until(() => feed.said.size === 1)
      const notices = ['x'.repeat(BEDS_BACKLOG_BYTES_MAX / 4)]
      for (let told = 0; feed.said.size > 0; told++) {
        assert.ok(told < 400, 'the client was never dropped')
        feed.tell({ notices })
        await new Promise((resolve) => setImmediate(resolve))
      }
      socket.destroy()
    })
  })

  it('ends every stream with the server, and lets the feed go', async () => {
    const feed = handFeed()
    await withBeds(feed, async (url, app) => {
      const answers = await Promise.all([fetch(`${url}api/beds/stream?page=1`), fetch(`${url}api/beds/stream?page=2`)])
      assert.deepEqual([...feed.said.values()].sort(), [1, 2])
      await app.close()
      for (const answer of answers) assert.match(await answer.text(), /event: beds/)
      assert.equal(feed.said.size, 0)
    })
  })

  it('says nothing by itself: a feed that hangs is silence on the wire', async () => {
    const feed = handFeed()
    await withBeds(feed, async (url, app) => {
      const answer = await fetch(`${url}api/beds/stream?page=1`)
      await app.close()
      const said = (await answer.text()).split('\n\n').filter((block) => block !== '')
      assert.deepEqual(said.map((block) => block.split('\n')[0]), ['retry: 1000', 'event: beds'])
    })
  })
})

describe('door of the beds', () => {
  const feed = fakeBeds({ beds: 3, troubled: true })
  feed.close()

  it('passes every named field of the setup and of a frame unchanged', () => {
    assert.deepEqual(bedsSetupOf(feed.setup()), feed.setup())
    feed.subscribe(1, (frame) => {
      const out = bedsFrameOf(frame)
      assert.deepEqual(bedsFrameOf(out), out)
      assert.deepEqual(out.tiles.map((tile) => tile.numerics), frame.tiles.map((tile) => tile.numerics))
      assert.deepEqual({ ...out, tiles: [] }, { ...frame, tiles: [] })
    })()
  })

  it('never lets a canary through in fields nobody named, at any depth', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.string(), (value, key) => {
      feed.subscribe(1, (frame) => {
        const more = { [`x-${key}`]: [value, CANARY] }
        const tiles = frame.tiles.map((tile) => ({
          ...tile, ...more, feed: { ...tile.feed, ...more }, bed: { text: CANARY },
          numerics: tile.numerics.map((one) => ({ ...one, ...more, numeric: { ...one.numeric, ...more, times: { ...one.numeric.times, ...more } } })),
        }))
        assert.ok(!JSON.stringify(bedsFrameOf({ ...frame, ...more, tiles })).includes(CANARY))
      })()
    }), { numRuns: 50 })
  })
})
