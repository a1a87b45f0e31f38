// Tests of the event stream's trust: live only while it is heard, lost when silent, everything asked again on return.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLive, type Live, SILENCE_MS_MAX, type Stream } from './live.ts'

class FakeStream implements Stream {
  readyState = 0
  closed = false
  readonly #listeners = new Map<string, (event: { readonly data?: unknown }) => void>()
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, listener)
  }
  close(): void {
    this.closed = true
  }
  say(type: string, data?: unknown): void {
    this.#listeners.get(type)?.({ data })
  }
}

function setting(): { live: Live; streams: FakeStream[]; told: string[]; clock: { ms: number } } {
  const streams: FakeStream[] = []
  const told: string[] = []
  const clock = { ms: 0 }
  const live = createLive({
    open: () => {
      const stream = new FakeStream()
      streams.push(stream)
      return stream
    },
    nowMs: () => clock.ms,
    onChange: (event) => told.push(`change ${event.analysis}`),
    onProgress: (event) => told.push(`progress ${event.bytesRead}`),
    onReturn: () => told.push('return'),
  })
  live.subscribe(() => told.push(live.state()))
  return { live, streams, told, clock }
}

describe('live', () => {
  it('connects, hears and tells', () => {
    const { live, streams, told } = setting()
    assert.equal(live.state(), 'connecting')
    streams[0]?.say('open')
    streams[0]?.say('change', '{"analysis":"a","state":"complete"}')
    streams[0]?.say('progress', '{"bytesRead":5}')
    streams[0]?.say('beat', '{}')
    assert.deepEqual(told, ['live', 'change a', 'progress 5'])
  })

  it('is lost on error and asks for everything on return', () => {
    const { live, streams, told } = setting()
    streams[0]?.say('open')
    streams[0]?.say('error')
    assert.equal(live.state(), 'lost')
    streams[0]?.say('open')
    assert.deepEqual(told, ['live', 'lost', 'live', 'return'])
  })

  it('does not take a first connection for a return', () => {
    const { streams, told } = setting()
    streams[0]?.say('open')
    assert.deepEqual(told, ['live'])
  })

  it('counts silence as lost and opens another stream', () => {
    const { live, streams, told, clock } = setting()
    streams[0]?.say('open')
    clock.ms = SILENCE_MS_MAX
    live.watch()
    assert.equal(live.state(), 'live')
    clock.ms = SILENCE_MS_MAX + 1
    live.watch()
    assert.equal(live.state(), 'lost')
    assert.ok(streams[0]?.closed)
    assert.equal(streams.length, 2)
    streams[0]?.say('beat')
    assert.equal(live.state(), 'lost', 'the stream that was replaced has no say')
    streams[1]?.say('open')
    assert.deepEqual(told, ['live', 'lost', 'live', 'return'])
  })

  it('opens again what the server refused', () => {
    const { live, streams } = setting()
    const [first] = streams
    assert.ok(first)
    first.say('error')
    live.watch()
    assert.equal(streams.length, 1, 'the browser still tries by itself')
    first.readyState = 2
    live.watch()
    assert.equal(streams.length, 2)
  })

  it('ignores an event that is no JSON', () => {
    const { streams, told } = setting()
    streams[0]?.say('change', '{')
    streams[0]?.say('change', 'null')
    assert.deepEqual(told, ['live'])
  })

  it('closes', () => {
    const { live, streams } = setting()
    live.close()
    assert.ok(streams[0]?.closed)
  })
})
