// Tests of the station: whatever is cut, nothing that was heard before is there to be drawn.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BedsFrame, BedsSetup } from '../../../src/console/api.ts'
import { FRESHNESS } from '../../../src/gateway/core/freshness/limits.ts'
import { present } from '../../../src/gateway/core/intake/reading.ts'
import { createStation, type Station } from './station.ts'

const START = 1_800_000_000_000_000
const SETUP: BedsSetup = { freshness: FRESHNESS, mmPerSecond: 25, cssPixelsPerMm: 3.8, intendedUse: 'display', pages: 2 }

function frameAt(at: number, page = 1): BedsFrame {
  const times = { device: null, received: at, measured: at }
  return {
    at, page, pages: 2, beds: 17, targets: [], notices: [], segment: { state: 'running', since: START, sandbox: [] },
    tiles: [{
      device: '10.0.0.1', bed: 'W^R^1', assignment: { state: 'assigned', since: START, why: null }, waves: [], connections: 1, unknown: [],
      numerics: [{ numeric: present('hr', 72, times), ageMicros: 0 }], dataCheck: { word: 'OK', reasons: [] },
      feed: { state: 'live', framesPerSecond: 5, gaps: 0, clockOffsetMicros: null },
    }],
  }
}

class FakeStream {
  readyState = 1
  readonly page: number
  #listener: ((event: { data?: unknown }) => void) | null = null
  constructor(page: number) {
    this.page = page
  }

  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void {
    if (type === 'beds') this.#listener = listener
  }

  say(data: unknown): void {
    this.#listener?.({ data: typeof data === 'string' ? data : JSON.stringify(data) })
  }

  close(): void {
    this.readyState = 2
  }
}

class World {
  ms = 10_000
  /** How much the monotonic clock fell behind the wall's: a computer that slept. */
  sleptMs = 0
  readonly streams: FakeStream[] = []
  readonly station: Station
  constructor(page = 1) {
    this.station = createStation({
      open: (number) => {
        this.streams.push(new FakeStream(number))
        return this.stream
      },
      monotonicMs: () => this.ms, wallMs: () => this.ms + this.sleptMs, setup: SETUP, page,
    })
  }

  get stream(): FakeStream {
    return this.streams[this.streams.length - 1] as FakeStream
  }

  /** Time passes as a live page sees it: judged twice a second. */
  live(ms: number, isFed: boolean): void {
    for (const end = this.ms + ms; this.ms < end;) {
      this.ms += 500
      this.station.tick()
      if (isFed && this.ms % 1000 === 0) this.stream.say(frameAt(START + this.ms * 1000))
    }
  }

  get isShown(): boolean {
    const { isOffline, frame } = this.station.view()
    assert.equal(frame === null, isOffline, 'a frame is there exactly while the station is heard')
    return !isOffline
  }
}

describe('station', () => {
  it('is offline before the first frame, heard after it, and asks for its page', () => {
    const world = new World(2)
    assert.equal(world.stream.page, 2)
    assert.equal(world.isShown, false)
    world.stream.say(frameAt(START, 2))
    assert.equal(world.isShown, true)
    assert.deepEqual(world.station.view().places, [{ device: '10.0.0.1', bed: 'W^R^1' }])
  })

  it('loses a feed that hangs within five seconds, keeps the places, and says since when', () => {
    const world = new World()
    world.live(3000, true)
    const heard = START + world.ms * 1000
    world.live(4500, false)
    assert.equal(world.isShown, true)
    world.live(500, false)
    assert.equal(world.isShown, false)
    assert.equal(world.station.view().link.lastHeardAt, heard)
    assert.equal(world.station.view().places.length, 1)
  })

  it('opens a silent stream anew, and again, and believes only the newest', () => {
    const world = new World()
    world.live(1000, true)
    const old = world.stream
    world.live(12_000, false)
    assert.equal(world.streams.length, 3)
    assert.equal(old.readyState, 2)
    old.say(frameAt(START + world.ms * 1000))
    assert.equal(world.isShown, false)
    world.live(1000, true)
    assert.equal(world.isShown, true)
  })

  it('opens a refused stream anew', () => {
    const world = new World()
    world.stream.readyState = 2
    world.live(1500, false)
    assert.equal(world.streams.length, 1, 'not at once: a server that refuses is not stormed')
    world.live(500, false)
    assert.equal(world.streams.length, 2)
  })

  it('throws away what waited while the page was stopped, whether the judge or the socket wakes first', () => {
    for (const first of ['judge', 'socket'] as const) {
      const world = new World()
      world.live(2000, true)
      const old = world.stream
      const waiting = Array.from({ length: 30 }, (_, i) => frameAt(START + (world.ms + i * 1000) * 1000))
      world.ms += 30_000
      if (first === 'judge') world.station.tick()
      for (const frame of waiting) {
        old.say(frame)
        assert.equal(world.isShown, false, first)
      }
      assert.equal(world.streams.length, 2)
      world.live(1000, true)
      assert.equal(world.isShown, true)
    }
  })

  it('begins anew after a computer slept, though its monotonic clock did not count it', () => {
    const world = new World()
    world.live(2000, true)
    world.sleptMs = 3_600_000
    world.ms += 100
    world.station.tick()
    assert.equal(world.isShown, false)
  })

  it('does not believe frames that are held up on their way, and begins anew', () => {
    const world = new World()
    world.live(2000, true)
    const start = world.ms
    for (let i = 1; i <= 20; i++) {
      world.ms += 1000
      world.station.tick()
      // Each frame is another second late, as through a proxy that fills up.
      if (world.streams.length === 1) world.stream.say(frameAt(START + (start + i * 500) * 1000))
    }
    assert.ok(world.streams.length > 1)
    assert.equal(world.isShown, false)
  })

  it('takes the numbers off a page that is hidden, and comes back with a new stream only', () => {
    const world = new World()
    world.live(2000, true)
    const old = world.stream
    world.station.hide()
    assert.equal(world.isShown, false)
    old.say(frameAt(START + world.ms * 1000))
    world.station.tick()
    assert.equal(world.isShown, false)
    assert.equal(world.streams.length, 1)
    world.ms += 60_000
    world.station.show()
    assert.equal(world.isShown, false)
    assert.equal(world.streams.length, 2)
    world.live(1000, true)
    assert.equal(world.isShown, true)
  })

  it('hears no nonsense and no other page', () => {
    const world = new World()
    for (const data of ['', '{', 'null', '[]', '{"at":1}', JSON.stringify(frameAt(START, 2))]) {
      world.stream.say(data)
      assert.equal(world.isShown, false, data)
    }
  })

  it('never shows what is older than the limit, whatever happens in whatever order', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 4000 }), ticks: fc.boolean() }),
      fc.record({ kind: fc.constant('say' as const), lateMs: fc.integer({ min: 0, max: 8000 }), old: fc.boolean() }),
      fc.record({ kind: fc.constantFrom('hide' as const, 'show' as const) }),
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World()
      // The slow twin: when the newest frame that was ever said by the stream now open had been sent.
      let sentMs = -Infinity
      for (const one of steps) {
        if (one.kind === 'pass') {
          world.ms += one.ms
          if (one.ticks) world.station.tick()
        } else if (one.kind === 'say') {
          const stream = one.old ? world.streams[0] as FakeStream : world.stream
          // The first frame of a stream cannot be known to be late; a proxy that holds up a fresh connection is not modelled.
          const isFirst = !world.isShown
          const lateMs = isFirst ? 0 : one.lateMs
          if (stream === world.stream) sentMs = Math.max(sentMs, world.ms - lateMs)
          stream.say(frameAt(START + (world.ms - lateMs) * 1000))
        } else world.station[one.kind]()
        world.station.tick()
        if (world.isShown) assert.ok(world.ms - sentMs < 5000 + 1, `${world.ms - sentMs} ms old`)
      }
    }), { numRuns: 300 })
  })
})
