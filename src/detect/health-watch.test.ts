// Health watch: what is told window by window, when, and when it is taken back; a window is exactly what happened in it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../base/time.ts'
import { flow } from '../testing/world.ts'
import { FlowSum } from '../wire/flow-sum.ts'
import type { Flow } from '../wire/flow.ts'
import { Frame, IpProto, TcpFlag } from '../wire/frame.ts'
import { ACK_EVERY_MICROS, type HealthId } from './health-findings.ts'
import { CLEAR_WINDOWS, HealthWatch, RAISE_WINDOWS, windowOf } from './health-watch.ts'
import { addFlow, noFlows, SensorHealth, type FlowCounts, type HealthCounts } from './sensor-health.ts'

const CARD = 0x001b44113ab7
const GROUP = 0x01005e000001

function counted(flows: readonly Flow[]): FlowCounts {
  const counts = noFlows()
  for (const one of flows) addFlow(counts, new FlowSum().fromFlow(one))
  return counts
}

/** A sensor in a minute at a time: so many data segments and broadcasts, then asked. */
class Minutes {
  readonly health = new SensorHealth()
  readonly watch = new HealthWatch()
  ended: FlowCounts = noFlows()
  #sent = 0
  #at = 1_767_600_000 * MICROS_PER_SECOND

  counts(segments: number, broadcasts: number, dropped = 0, live: readonly ReturnType<typeof flow>[] = []): HealthCounts {
    for (let i = 0; i < segments + broadcasts; i++) {
      const frame = Object.assign(new Frame(), {
        at: this.#at + i, wireLength: 100, capturedLength: 100, dstMac: i < segments ? CARD : GROUP, proto: i < segments ? IpProto.tcp : IpProto.udp,
        tcpFlags: TcpFlag.ack, payloadWireLength: 46, tcpSeq: this.#sent, fragmentId: this.#sent++ % 65_536,
      })
      this.health.packet(frame)
    }
    this.#at += MICROS_PER_MINUTE
    return this.health.counts(this.ended, counted(live), dropped)
  }

  /** A minute of datagrams to single cards, and so many acknowledgements. */
  datagrams(acks: number): HealthId[] {
    for (let i = 0; i < 20; i++) {
      const frame = Object.assign(new Frame(), { at: this.#at + i, dstMac: CARD, proto: i < acks ? IpProto.tcp : IpProto.udp, tcpFlags: TcpFlag.ack })
      this.health.packet(frame)
    }
    this.#at += MICROS_PER_MINUTE
    return this.watch.step(this.health.counts(this.ended, noFlows(), 0)).map(({ id }) => id)
  }

  step(...args: Parameters<Minutes['counts']>): HealthId[] {
    return this.watch.step(this.counts(...args)).map(({ id }) => id)
  }
}

test('a condition is told when it lasted two windows, and taken back after three good ones', () => {
  const m = new Minutes()
  assert.deepEqual(m.step(200, 10), [])
  for (let i = 1; i < RAISE_WINDOWS; i++) assert.deepEqual(m.step(0, 99), [])
  assert.deepEqual(m.step(0, 99), ['hears-groups-only'])
  for (let i = 1; i < CLEAR_WINDOWS; i++) assert.deepEqual(m.step(200, 10), ['hears-groups-only'])
  assert.deepEqual(m.step(200, 10), [])
})

test('bad and good windows in turn are told neither as new nor as over', () => {
  const m = new Minutes()
  for (let i = 0; i < 6; i++) assert.deepEqual(m.step(i % 2 === 0 ? 0 : 200, 99), [])
  m.step(0, 99)
  m.step(0, 99)
  for (let i = 0; i < 6; i++) assert.deepEqual(m.step(i % 2 === 0 ? 200 : 0, 99), ['hears-groups-only'])
})

test('silence after sound traffic is heard: nothing arrived in two windows', () => {
  const m = new Minutes()
  m.step(200, 10)
  assert.deepEqual(m.step(0, 0), [])
  assert.deepEqual(m.step(0, 0), ['hears-nothing'])
})

test('too little is judged over a quarter of an hour: datagrams alone raise it, one that acknowledges takes it back after the next', () => {
  const m = new Minutes()
  const minutes = (count: number, ack: boolean): HealthId[] => Array.from({ length: count }, () => m.datagrams(ack ? 1 : 0)).at(-1) ?? []
  minutes(1, false)
  assert.deepEqual(minutes(14, false), [])
  assert.deepEqual(minutes(1, false), ['hears-too-little'])
  assert.deepEqual(minutes(14, true), ['hears-too-little'])
  assert.deepEqual(minutes(1 + CLEAR_WINDOWS, true), [])
})

test('lost packets are told at once, with the count of the window, and taken back when none are lost any more', () => {
  const m = new Minutes()
  m.step(200, 10, 0)
  const [finding] = m.watch.step(m.counts(190, 0, 10))
  assert.deepEqual([finding?.id, finding?.severity, finding?.count], ['packets-dropped', 'medium', 10])
  for (let i = 1; i < CLEAR_WINDOWS; i++) assert.deepEqual(m.step(190, 0, 10), ['packets-dropped'])
  assert.deepEqual(m.step(190, 0, 10), [])
})

test('sides are judged by the flows that live now: connections older than the watch count, and a mended mirror is seen', () => {
  const m = new Minutes()
  const beds = (packets: [number, number]) => Array.from({ length: 12 }, () => flow('10.20.4.31', '10.20.4.5', 515, { packets, payloadBytes: [9000, 0] }))
  assert.deepEqual(m.step(200, 10, 0, beds([90, 0])), [])
  assert.deepEqual(m.step(200, 10, 0, beds([99, 0])), ['hears-one-side'])
  for (let i = 1; i < CLEAR_WINDOWS; i++) assert.deepEqual(m.step(200, 10, 0, beds([120, 9])), ['hears-one-side'])
  assert.deepEqual(m.step(200, 10, 0, beds([130, 19])), [])
})

test('a window is what happened between two moments, and it begins where the one before ended', () => {
  const m = new Minutes()
  const before = m.counts(30, 5, 2)
  m.ended = counted([flow('10.20.4.31', '10.20.4.5', 515, { payloadBytes: [10, 0], gapBytes: 7 })])
  const now = m.counts(3, 1, 4)
  const window = windowOf(now, before)
  assert.deepEqual([window.packets, window.unicastFrames, window.groupFrames, window.acks, window.dropped], [4, 3, 1, 3, 2])
  assert.deepEqual(window.ended, { flows: 1, oneSided: 0, payloadBytes: 10, gapBytes: 7 })
  assert.deepEqual([window.firstAt, window.lastAt], [before.lastAt, now.lastAt])
  assert.deepEqual(windowOf(now, now).packets, 0)
})

test('the named numbers are what the documentation says', () => {
  assert.deepEqual([RAISE_WINDOWS, CLEAR_WINDOWS, ACK_EVERY_MICROS / MICROS_PER_MINUTE], [2, 3, 15])
})
