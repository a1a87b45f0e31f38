// Tests of the event stream over a real socket: what it says, that it beats, that it ends.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fakeWorld, multipart, tinyPcap } from '../testing/fake-console.ts'
import { seedWard } from '../testing/fixture-ward.ts'
import { EVENT_CLIENTS_MAX, formatEvent } from './events.ts'
import { type Console, type ConsoleDeps, createConsole } from './server.ts'

async function withConsole(overrides: Partial<ConsoleDeps>, use: (url: string, app: Console) => Promise<void>): Promise<void> {
  const world = await fakeWorld(overrides)
  await seedWard(world.store)
  const app = await createConsole(world.deps)
  try {
    await use(await app.listen(), app)
  } finally {
    await app.close()
    await world.remove()
  }
}

interface Listener {
  readonly headers: Headers
  /** All that has been heard once `wanted` is in it. */
  hear(wanted: string): Promise<string>
  /** All that was heard until the server ended the stream. */
  toEnd(): Promise<string>
}

async function listenTo(url: string): Promise<Listener> {
  const answer = await fetch(`${url}api/events`)
  assert.equal(answer.status, 200)
  const reader = answer.body?.getReader()
  assert.ok(reader)
  const decoder = new TextDecoder()
  let heard = ''
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read()
    if (value) heard += decoder.decode(value, { stream: true })
    return !done
  }
  return {
    headers: answer.headers,
    async hear(wanted) {
      while (!heard.includes(wanted)) assert.ok(await more(), `the stream ended before ${wanted}`)
      return heard
    },
    async toEnd() {
      while (await more());
      return heard
    },
  }
}

describe('events', () => {
  it('formats one event per block without a line break in the data', () => {
    const text = formatEvent({ name: 'change', data: { analysis: 'a\nb', state: 'complete' } })
    assert.equal(text, 'event: change\ndata: {"analysis":"a\\nb","state":"complete"}\n\n')
  })

  it('is an event stream with the security headers, and beats', async () => {
    await withConsole({ heartbeatMs: 20 }, async (url) => {
      const listener = await listenTo(url)
      assert.match(listener.headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.match(listener.headers.get('content-security-policy') ?? '', /default-src 'self'/)
      assert.equal(listener.headers.get('cache-control'), 'no-store')
      const heard = await listener.hear(': heartbeat\nevent: beat\ndata: {}\n\n: heartbeat')
      assert.match(heard, /^retry: \d+\n/)
    })
  })

  it('carries what it is told and what triage changes', async () => {
    await withConsole({}, async (url, app) => {
      const listener = await listenTo(url)
      app.notify({ name: 'change', data: { analysis: 'live-1', state: 'running' } })
      await listener.hear('{"analysis":"live-1","state":"running"}')
      const answer = await fetch(`${url}api/analyses/an-ward/findings/f-0000000001/triage`, {
        method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"state":"closed"}',
      })
      assert.equal(answer.status, 200)
      await listener.hear('event: change\ndata: {"analysis":"an-ward","state":"complete"}')
    })
  })

  it('reports an upload being read under the browser\'s own mark, then the change', async () => {
    await withConsole({}, async (url) => {
      const listener = await listenTo(url)
      const { payload, headers } = await multipart(tinyPcap(76), 'ward.pcap')
      const answer = await fetch(`${url}api/captures?upload=u-1`, { method: 'POST', body: payload, headers })
      assert.equal(answer.status, 201)
      const heard = await listener.hear('event: change')
      assert.match(heard, /event: progress\ndata: \{"analysis":"an-[0-9a-f]+","bytesRead":25,"bytesTotal":100,"packets":203/)
      assert.ok(heard.includes('"upload":"u-1"'))
      assert.match(heard, /"bytesRead":100,"bytesTotal":100/)
      assert.ok(heard.indexOf('progress') < heard.indexOf('event: change'))
    })
  })

  it('ends every stream when the server closes, without waiting', async () => {
    await withConsole({}, async (url, app) => {
      const listeners = await Promise.all([listenTo(url), listenTo(url)])
      const startedMs = performance.now()
      await app.close()
      for (const listener of listeners) assert.match(await listener.toEnd(), /beat/)
      assert.ok(performance.now() - startedMs < 2000)
    })
  })

  it('keeps a bounded number of streams and frees the place of who left', async () => {
    await withConsole({}, async (url) => {
      const aborts = Array.from({ length: EVENT_CLIENTS_MAX }, () => new AbortController())
      await Promise.all(aborts.map((abort) => fetch(`${url}api/events`, { signal: abort.signal })))
      const refused = await fetch(`${url}api/events`)
      assert.equal(refused.status, 503)
      assert.equal(refused.headers.get('retry-after'), '30')
      aborts[0]?.abort()
      let status = 503
      for (let tries = 0; status !== 200 && tries < 100; tries++) {
        const answer = await fetch(`${url}api/events`)
        status = answer.status
        await answer.body?.cancel()
      }
      assert.equal(status, 200)
      for (const abort of aborts) abort.abort()
    })
  })
})
