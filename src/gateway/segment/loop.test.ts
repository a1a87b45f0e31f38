// Tests of the loop with sockets and a pipe that a test holds: holding monitors back, letting go, bounds, and who is told of when.
// Keeps the rule that a monitor's connection has no way to be written to: the socket of these tests has none.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { MICROS_PER_SECOND } from '../../base/time.ts'
import { encodeCycleEnd, encodeEcg, encodeSpo2 } from '../../protocols/cms8000/message.ts'
import { ECG, SPO2, stream } from '../../protocols/cms8000/testdata/samples.ts'
import type { FromSegment } from '../channel.ts'
import { patientRef } from '../core/assignment/adt.ts'
import { GatewayCore } from '../core/gateway.ts'
import { decodeRecord } from '../core/record.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { HOLD_BYTES, RELEASE_BYTES, SegmentLoop, SLICES_PER_SECOND, type MonitorSocket } from './loop.ts'
import { decodeFromSegment, FROM_SEGMENT_BYTES_MAX } from './messages.ts'

const CYCLE = Buffer.from(stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd()))
const START = 1_767_600_000 * MICROS_PER_SECOND

class FakeSocket extends EventEmitter {
  isPaused = false
  destroyed = false
  wasReset = false

  pause(): this {
    this.isPaused = true
    return this
  }

  resume(): this {
    this.isPaused = false
    return this
  }

  destroy(): this {
    this.destroyed = true
    this.emit('close')
    return this
  }

  resetAndDestroy(): this {
    this.wasReset = true
    return this.destroy()
  }
}

/** A pipe whose other end takes pieces when it is told to. */
class Pipe extends Writable {
  readonly messages: FromSegment[] = []
  isOpen = true
  readonly #held: (() => void)[] = []
  readonly #reader = new FrameReader(FROM_SEGMENT_BYTES_MAX, (kind, bytes) => {
    const found = decodeFromSegment(kind, Buffer.from(bytes))
    if (!found.ok) throw new Error(found.error)
    this.messages.push(found.value)
  })

  override _write(piece: Buffer, _: string, done: () => void): void {
    const take = (): void => {
      this.#reader.push(piece)
      done()
    }
    if (this.isOpen) take()
    else this.#held.push(take)
  }

  open(): void {
    this.isOpen = true
    for (let take = this.#held.shift(); take; take = this.#held.shift()) take()
  }
}

function world(connectionsMax = 100) {
  const pipe = new Pipe()
  const out = new FrameWriter(pipe)
  let now = START
  const loop = new SegmentLoop({
    core: new GatewayCore({ leads: 'inferred', isPaced: false }), clock: () => now, out, connectionsMax,
    updates: () => ({ requests: {}, duplicates: 0, connectionsRefused: 0, connectionsDropped: 0, noCalls: 0 }),
  })
  const accept = (address: string): FakeSocket => {
    const socket = new FakeSocket()
    loop.accept(socket as unknown as MonitorSocket, address, 'cms')
    return socket
  }
  const pass = (micros: number): number => (now += micros)
  /** The pipe takes nothing any more, and the monitor speaks until all are held back. */
  const holdBack = (socket: FakeSocket): void => {
    pipe.isOpen = false
    for (let fed = 0; !loop.counts().isHolding && fed < 100_000; fed++) {
      pass(10_000)
      socket.emit('data', CYCLE)
    }
    ok(loop.counts().isHolding)
  }
  return { pipe, out, loop, accept, pass, holdBack }
}

const views = (messages: readonly FromSegment[]): string[] => messages.flatMap((m) => (m.kind === 'beds' ? m.views.map((v) => v.device) : []))

test('what cannot be handed on holds every monitor back, new ones too; once it is taken all go on, and nothing is missing', async () => {
  const { pipe, out, loop, accept, pass } = world()
  const sockets = Array.from({ length: 8 }, (_, i) => accept(`10.0.0.${i}`))
  pipe.isOpen = false
  let fed = 0
  for (; !loop.counts().isHolding && fed < 100_000; fed++) {
    pass(1000)
    sockets[fed % sockets.length]?.emit('data', CYCLE)
  }
  ok(out.queuedBytes > HOLD_BYTES && out.queuedBytes < HOLD_BYTES + 100_000, `${out.queuedBytes}`)
  ok(sockets.every((s) => s.isPaused))
  ok(accept('10.0.0.99').isPaused, 'one that comes now waits too')
  equal(loop.counts().holds, 1)
  pipe.open()
  await turn()
  ok(out.queuedBytes < RELEASE_BYTES)
  loop.drained()
  ok(sockets.every((s) => !s.isPaused) && !loop.counts().isHolding)
  await turn()
  equal(pipe.messages.filter((m) => m.kind === 'readings').length, fed * 2, 'two frames with readings in each cycle')
})

test('while monitors wait no views pile up; time goes on for the core', async () => {
  const { pipe, loop, accept, pass, holdBack } = world()
  const socket = accept('10.0.0.1')
  holdBack(socket)
  pass(6 * MICROS_PER_SECOND)
  loop.tick()
  pipe.open()
  await turn()
  equal(views(pipe.messages).length, 0)
  ok(pipe.messages.some((m) => m.kind === 'note' && m.command.kind === 'log' && 'rule' in m.command.verdict && m.command.verdict.rule === 'feed-silent'))
})

test('a connection without room is reset and counted; one that is over makes room', () => {
  const { loop, accept } = world(2)
  const [first, second, third] = [accept('10.0.0.1'), accept('10.0.0.2'), accept('10.0.0.3')]
  deepEqual([first.wasReset, second.wasReset, third.wasReset], [false, false, true])
  first.emit('end')
  ok(first.destroyed)
  equal(accept('10.0.0.4').wasReset, false)
  deepEqual(loop.counts(), { connections: 2, accepted: 3, refused: 1, holds: 0, isHolding: false })
  ok(accept('').wasReset, 'one that was gone before it was looked at')
})

test('a fault on a connection is the connection\'s end and nobody else\'s', () => {
  const { loop, accept } = world()
  const [first] = [accept('10.0.0.1'), accept('10.0.0.2')]
  first.emit('error', new Error('ECONNRESET'))
  first.destroy()
  equal(loop.counts().connections, 1)
})

test('a close that the core asks for is a reset, told with its reason and device', async () => {
  const { pipe, accept, loop } = world()
  const socket = accept('10.0.0.7')
  socket.emit('data', Buffer.alloc(70_000, 'x'))
  ok(socket.wasReset)
  equal(loop.counts().connections, 0)
  await turn()
  const isReason = (m: FromSegment): boolean => m.kind === 'note' && m.command.kind === 'log' && m.command.device === '10.0.0.7'
    && 'rule' in m.command.verdict && m.command.verdict.rule === 'not-a-monitor'
  ok(pipe.messages.some(isReason))
})

test('each device is told of once a second, spread over it, whether the timer keeps time or not', async () => {
  for (const late of [0, 7_000, 400_000]) {
    const { pipe, loop, accept, pass } = world(1000)
    for (let i = 0; i < 200; i++) accept(`10.0.${i >> 8}.${i & 255}`)
    let [ticks, most] = [0, 0]
    for (let at = 0; at < 10 * MICROS_PER_SECOND; ticks++) {
      const step = MICROS_PER_SECOND / SLICES_PER_SECOND + late
      at += step
      pass(step)
      loop.tick()
      await turn()
    }
    const told = new Map<string, number>()
    for (const m of pipe.messages) {
      if (m.kind !== 'beds') continue
      most = Math.max(most, m.views.length)
      for (const { device } of m.views) told.set(device, (told.get(device) ?? 0) + 1)
    }
    equal(told.size, 200)
    for (const count of told.values()) ok(count >= 6 && count <= 11, `${count} times in ten seconds, ${late} us late`)
    if (late < 10_000) ok(most <= 200 / SLICES_PER_SECOND + 3 || most === 200, `${most} at once`)
  }
})

test('without a device there is still a sign of life each second', async () => {
  const { pipe, loop, pass } = world()
  for (let i = 0; i < 5 * SLICES_PER_SECOND; i++) {
    loop.tick()
    pass(MICROS_PER_SECOND / SLICES_PER_SECOND)
  }
  await turn()
  equal(pipe.messages.filter((m) => m.kind === 'beds').length, 5)
})

test('strangers keep no connection from a monitor that stands at a bed; one that ends makes room for the next', () => {
  const { loop, accept } = world(20)
  loop.told({ kind: 'place', device: '10.0.0.1', bed: 'ICU^1^1', at: START })
  const strangers = Array.from({ length: 20 }, (_, i) => accept(`10.0.9.${i}`))
  equal(strangers.filter((s) => s.wasReset).length, 7)
  const monitor = Array.from({ length: 7 }, () => accept('10.0.0.1'))
  equal(monitor.filter((s) => s.wasReset).length, 0)
  deepEqual([loop.counts().connections, loop.counts().refused], [20, 7])
  strangers[0]?.destroy()
  equal(accept('10.0.9.50').wasReset, false)
  equal(accept('10.0.9.51').wasReset, true)
})

const heard = (messages: readonly FromSegment[]): [number, string][] => messages.flatMap((m): [number, string][] => {
  const found = m.kind === 'readings' ? decodeRecord(m.record) : null
  return found?.ok === true ? found.value.items.slice(0, 1).map((item) => [found.value.at, item.patient?.number ?? 'nobody']) : []
})
const patient = (number: string) => patientRef(number, 'H', 'ZZTEST', 'CANARY')

test('what waited while monitors were held back is as old as the wait, and never the patient\'s who came meanwhile', async () => {
  const { pipe, loop, accept, pass, holdBack } = world()
  loop.told({ kind: 'place', device: '10.0.0.1', bed: 'ICU^1^1', at: START })
  loop.told({ kind: 'assign', bed: 'ICU^1^1', patient: patient('P1'), at: START })
  const socket = accept('10.0.0.1')
  holdBack(socket)
  const held = pass(0)
  const now = pass(90 * MICROS_PER_SECOND)
  loop.told({ kind: 'assign', bed: 'ICU^1^1', patient: patient('P2'), at: now })
  pass(30 * MICROS_PER_SECOND)
  pipe.open()
  await turn()
  loop.drained()
  const before = heard(pipe.messages).length
  socket.emit('data', CYCLE)
  await turn()
  deepEqual(heard(pipe.messages).slice(before), [[held, 'nobody'], [held, 'nobody']])
  for (let i = 0; i < 14; i++) {
    pass(50_000)
    loop.tick()
  }
  const fresh = heard(pipe.messages).length
  socket.emit('data', CYCLE)
  await turn()
  deepEqual(heard(pipe.messages).slice(fresh).map(([at, who]) => [at - now - 30 * MICROS_PER_SECOND, who]), [[700_000, 'P2'], [700_000, 'P2']])
})

test('what waited for a process to start is as old as that; a busy loop has not read it all yet', async () => {
  const { pipe, loop, accept, pass } = world()
  const since = START - 8 * MICROS_PER_SECOND
  loop.begin(since)
  loop.told({ kind: 'place', device: '10.0.0.1', bed: 'ICU^1^1', at: START - 100 * MICROS_PER_SECOND })
  loop.told({ kind: 'assign', bed: 'ICU^1^1', patient: patient('P2'), at: START - 3 * MICROS_PER_SECOND })
  const socket = accept('10.0.0.1')
  for (let i = 0; i < 5; i++) {
    socket.emit('data', CYCLE)
    pass(400_000)
    loop.tick()
  }
  await turn()
  equal(heard(pipe.messages).length, 10)
  ok(heard(pipe.messages).every(([at, who]) => at === since && who === 'nobody'))
  loop.begin(START + 3600 * MICROS_PER_SECOND)
  const count = heard(pipe.messages).length
  socket.emit('data', CYCLE)
  await turn()
  ok(heard(pipe.messages).slice(count).every(([at]) => at === since), 'never younger than what waited before it')
})
