// Reassembly seen from the sensor: whose policy is asked, what is counted while flows live, and a simultaneous open.
// The policies themselves are tested in wire/reassembly; captures made to evade in evasion.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tcpFrame, udpFrames, type Route } from '../twin/core/packets.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { TcpFlag } from '../wire/frame.ts'
import { Sensor } from './sensor.ts'

const OUT: Route = { srcMac: 2, dstMac: 4, src: 0x0a140305, dst: 0x0a140406, ttl: 64 }
const BACK: Route = { srcMac: 4, dstMac: 2, src: OUT.dst, dst: OUT.src, ttl: 64 }
const { syn, ack } = TcpFlag

class Wire {
  readonly asked: string[] = []
  readonly sensor: Sensor
  #at = 1_700_000_000_000_000

  constructor() {
    this.sensor = new Sensor({ behaviours: [], overlapOf: (target) => (this.asked.push(target), 'first') })
  }

  send(...frames: readonly Uint8Array[]): this {
    for (const bytes of frames) this.sensor.packet(bytes, 0, bytes.length, this.#at++, bytes.length, LinkType.ethernet)
    return this
  }

  odd(): Record<string, number> {
    return Object.fromEntries(this.sensor.observations().filter(({ name }) => name.startsWith('tcp ')).map(({ name, count }) => [name, count]))
  }
}

function segment(route: Route, flags: number, seq: number, text = ''): Uint8Array {
  const [srcPort, dstPort] = route === OUT ? [40_000, 2575] : [2575, 40_000]
  return tcpFrame(route, { srcPort, dstPort, seq, ack: 1, flags, window: 8192, mss: null }, 1, Buffer.from(text))
}

test('the policy is asked of both ends of a stream that carries something, and of the target of fragments', () => {
  const stream = new Wire().send(segment(OUT, syn, 99), segment(BACK, syn | ack, 499), segment(OUT, ack, 100))
  assert.deepEqual(stream.asked, [], 'nothing is read yet')
  stream.send(segment(OUT, ack, 100, '\x0bMSH|'), segment(OUT, ack, 105, '^~'))
  assert.deepEqual(stream.asked, ['10.20.4.6', '10.20.3.5'])
  const fragments = new Wire().send(...udpFrames(OUT, 700, 2049, new Uint8Array(4000), 7))
  assert.deepEqual(fragments.asked, ['10.20.4.6'])
})

test('oddities are counted while their flow still lives, and once', () => {
  const wire = new Wire().send(segment(OUT, syn, 99), segment(OUT, ack, 100, '\x0bMSH|GOOD'), segment(OUT, ack, 100, '\x0bMSH|EVIL'))
  assert.deepEqual(wire.odd(), { 'tcp overlapDifferent': 1, 'tcp retransmission': 1 })
  wire.sensor.finish()
  assert.deepEqual(wire.odd(), { 'tcp overlapDifferent': 1, 'tcp retransmission': 1 })
})

test('a simultaneous open is told, a usual one is not', () => {
  assert.deepEqual(new Wire().send(segment(OUT, syn, 99), segment(BACK, syn, 499)).odd(), { 'tcp simultaneousOpen': 1 })
  assert.deepEqual(new Wire().send(segment(OUT, syn, 99), segment(BACK, syn | ack, 499)).odd(), {})
  assert.deepEqual(new Wire().send(segment(OUT, syn, 99), segment(OUT, syn, 99)).odd(), {}, 'asked twice')
})
