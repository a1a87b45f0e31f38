// Sensor health: each condition on a capture made for it, the ordinary ward without any, and the counters against a slow reckoning.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isGroupMac } from '../base/mac.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../base/time.ts'
import { watchWard } from '../testing/check.ts'
import { flow } from '../testing/world.ts'
import { FlowSum } from '../wire/flow-sum.ts'
import { Frame, IpProto, TcpFlag } from '../wire/frame.ts'
import { healthFindings, KIND_FRAMES_MIN, SIDES_FLOWS_MIN, type HealthId } from './health-findings.ts'
import { addFlow, CLOCK_AHEAD_MICROS, CLOCK_BACK_MICROS, noFlows, SensorHealth, type HealthCounts } from './sensor-health.ts'

const START = 1_767_600_000 * MICROS_PER_SECOND
const CARD = 0x001b44113ab7
const GROUP = 0x01005e000001

/** A TCP data segment from one card to another, but for what the test says. */
function segment(fields: Partial<Frame> = {}): Frame {
  return Object.assign(new Frame(), {
    at: START, wireLength: 100, capturedLength: 100, dstMac: CARD, proto: IpProto.tcp, tcpFlags: TcpFlag.ack, payloadWireLength: 46,
    srcPort: 40_000, dstPort: 515,
  }, fields)
}

const broadcast = (fields: Partial<Frame> = {}): Frame => segment({ dstMac: GROUP, proto: IpProto.udp, tcpFlags: 0, ...fields })

function hear(frames: readonly Frame[], flows: readonly ReturnType<typeof flow>[] = [], dropped = 0): HealthCounts {
  const health = new SensorHealth()
  for (const frame of frames) health.packet(frame)
  const ended = noFlows()
  for (const one of flows) addFlow(ended, new FlowSum().fromFlow(one))
  return health.counts(ended, noFlows(), dropped)
}

const idsOf = (counts: HealthCounts): HealthId[] => healthFindings(counts).map(({ id }) => id)
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
/** Sound traffic: each segment new. */
const sound = (count: number, fields: Partial<Frame> = {}): Frame[] =>
  times(count, (i) => segment({ tcpSeq: i * 46, fragmentId: i, at: START + i * 1000, ...fields }))
const talk = (more: Partial<Parameters<typeof flow>[3]> = {}) => flow('10.20.4.31', '10.20.4.5', 515, { state: 'established', ...more })

test('sound traffic has no finding', () => {
  assert.deepEqual(idsOf(hear(sound(2000), times(40, () => talk({ packets: [9, 8], payloadBytes: [9000, 400] })))), [])
})

test('no packet: the sensor hears nothing', () => {
  assert.deepEqual(idsOf(hear([])), ['hears-nothing'])
})

test('broadcasts with a frame flooded now and then are no mirror; too few of them, or conversations among them, say nothing', () => {
  const quiet = times(KIND_FRAMES_MIN, () => broadcast())
  assert.deepEqual(idsOf(hear(quiet)), ['hears-groups-only'])
  assert.deepEqual(idsOf(hear([...quiet, segment()])), ['hears-groups-only'])
  assert.deepEqual(idsOf(hear(quiet.slice(1))), [])
  assert.deepEqual(idsOf(hear([...quiet, ...sound(5)])), [])
  assert.deepEqual(idsOf(hear(times(200, () => broadcast({ dstMac: -1 })))), [], 'a link without hardware addresses')
})

test('most flows heard from one side: from the initiator or the responder alike; a scan without answers is not that', () => {
  const sides = (packets: [number, number], more: Parameters<typeof talk>[0] = {}) =>
    times(SIDES_FLOWS_MIN, () => talk({ packets, payloadBytes: [500, 0], ...more }))
  const both = sides([9, 8])
  assert.deepEqual(idsOf(hear(sound(99), sides([9, 0]))), ['hears-one-side'])
  assert.deepEqual(idsOf(hear(sound(99), sides([0, 9], { payloadBytes: [0, 0] }))), ['hears-one-side'])
  assert.deepEqual(idsOf(hear(sound(99), [...sides([9, 0]), ...both])), [], 'half is not most')
  assert.deepEqual(idsOf(hear(sound(99), [...sides([9, 0]), ...both.slice(1)])), ['hears-one-side'])
  assert.deepEqual(idsOf(hear(sound(99), sides([9, 0]).slice(1))), [], 'too few')
  assert.deepEqual(idsOf(hear(sound(99), times(2000, () => talk({ packets: [1, 0], payloadBytes: [0, 0], state: 'attempt' })))), [])
  assert.deepEqual(idsOf(hear(sound(99), times(2000, () => talk({ packets: [1, 0], payloadBytes: [8, 0], state: 'datagram', proto: IpProto.udp })))), [])
})

test('less than one acknowledgement in a quarter of an hour is too little; a shorter listening says nothing', () => {
  const slow = (minutes: number, fields: Partial<Frame>): HealthCounts =>
    hear(times(minutes + 1, (i) => segment({ at: START + i * MICROS_PER_MINUTE, tcpSeq: i, proto: IpProto.udp, ...fields })))
  assert.deepEqual(idsOf(slow(15, {})), ['hears-too-little'])
  assert.deepEqual(idsOf(slow(14, {})), [])
  assert.deepEqual(idsOf(slow(15, { proto: IpProto.tcp })), [])
  const jumped = hear([...sound(20, { proto: IpProto.udp }), segment({ proto: IpProto.udp, at: START + 99 * CLOCK_AHEAD_MICROS })])
  assert.deepEqual(idsOf(jumped), ['clock-went-ahead'], 'time the clock jumped over was not listened to')
})

test('drops of the capturing machine are told with their share', () => {
  assert.deepEqual(healthFindings(hear(sound(99), [], 1)).map(({ id, severity, count }) => [id, severity, count]), [['packets-dropped', 'medium', 1]])
  assert.deepEqual(healthFindings(hear(sound(90), [], 10)).map(({ severity }) => severity), ['high'])
  assert.deepEqual(idsOf(hear([], [], 30)), ['hears-nothing', 'packets-dropped'])
})

test('bytes that were acknowledged and never seen are loss at the mirror; what the capture cut is not, nor a flow of one side', () => {
  const gap = (gapBytes: number, packets: [number, number] = [9, 8]) => [talk({ packets, payloadBytes: [20_000 - gapBytes, 0], gapBytes })]
  assert.deepEqual(idsOf(hear(sound(99), gap(199))), [])
  assert.deepEqual(healthFindings(hear(sound(99), gap(200))).map(({ id, severity }) => [id, severity]), [['stream-gaps', 'medium']])
  assert.deepEqual(healthFindings(hear(sound(99), gap(2000))).map(({ severity }) => severity), ['high'])
  assert.deepEqual(idsOf(hear([...sound(499), segment({ wireLength: 2100 })], gap(2000))), [])
  assert.deepEqual(idsOf(hear(sound(99), gap(2000, [9, 0]))), [])
})

test('packets cut by the capture count from one in a hundred on', () => {
  assert.deepEqual(idsOf(hear([...sound(99), segment({ wireLength: 200 })])), ['packets-cut'])
  assert.deepEqual(idsOf(hear([...sound(100), segment({ wireLength: 200 })])), [])
})

test('the clock: steps back and ahead are counted with the largest, jitter and pauses are not', () => {
  const at = (...offsets: readonly number[]): HealthCounts => hear(offsets.map((offset, i) => segment({ at: START + offset, tcpSeq: i })))
  assert.deepEqual(idsOf(at(0, 5, -CLOCK_BACK_MICROS + 5, CLOCK_AHEAD_MICROS - CLOCK_BACK_MICROS)), [])
  const back = at(0, 9_000_000, 2_000_000, 3_000_000, 0)
  assert.deepEqual([idsOf(back), back.backJumps, back.backMicrosMax], [['clock-went-back'], 2, 7_000_000])
  const ahead = at(0, CLOCK_AHEAD_MICROS + 1, CLOCK_AHEAD_MICROS + 2)
  assert.deepEqual([idsOf(ahead), ahead.aheadJumps, ahead.aheadMicrosMax], [['clock-went-ahead'], 1, CLOCK_AHEAD_MICROS + 1])
})

test('each packet twice, in another VLAN and from another card, is seen; retransmissions with a new IP id or after 200 ms are not', () => {
  const twice = (change: (frame: Frame) => Partial<Frame>): HealthCounts =>
    hear(sound(1000).flatMap((frame) => [frame, Object.assign(segment(), frame, change(frame))]))
  assert.deepEqual(idsOf(twice(() => ({}))), ['packets-twice'])
  assert.deepEqual(idsOf(twice((frame) => ({ vlan: 30, srcMac: CARD + 1, ttl: 63, at: frame.at + 90 }))), ['packets-twice'])
  assert.deepEqual(idsOf(twice((frame) => ({ fragmentId: frame.fragmentId + 5000 }))), [])
  assert.deepEqual(idsOf(twice((frame) => ({ at: frame.at + 200_000 }))), [])
  assert.deepEqual(idsOf(twice((frame) => ({ dstPort: frame.dstPort + 1 }))), [])
})

test('the counters are what a slow reckoning over all packets at once gives', () => {
  const packet = fc.record({
    at: fc.integer({ min: 0, max: 3 * CLOCK_AHEAD_MICROS }), dstMac: fc.constantFrom(-1, CARD, GROUP), cut: fc.nat({ max: 3 }),
    proto: fc.constantFrom(IpProto.tcp, IpProto.udp, -1), tcpFlags: fc.constantFrom(TcpFlag.syn, TcpFlag.ack),
  })
  fc.assert(fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
    const counts = hear(packets.map(({ cut, ...fields }) => segment({ ...fields, wireLength: 100 + cut })))
    const steps = packets.slice(1).map(({ at }, i) => at - (packets[i]?.at ?? 0))
    const back = steps.filter((step) => -step > CLOCK_BACK_MICROS)
    const ahead = steps.filter((step) => step > CLOCK_AHEAD_MICROS)
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
    const slow = {
      packets: packets.length, firstAt: packets[0]?.at ?? 0, lastAt: packets.at(-1)?.at ?? 0,
      groupFrames: packets.filter(({ dstMac }) => dstMac >= 0 && isGroupMac(dstMac)).length,
      unicastFrames: packets.filter(({ dstMac }) => dstMac === CARD).length,
      acks: packets.filter(({ proto, tcpFlags }) => proto === IpProto.tcp && tcpFlags === TcpFlag.ack).length,
      cutPackets: packets.filter(({ cut }) => cut > 0).length, cutBytes: sum(packets.map(({ cut }) => cut)),
      backJumps: back.length, backMicrosMax: Math.max(0, ...back.map((step) => -step)),
      aheadJumps: ahead.length, aheadMicrosMax: Math.max(0, ...ahead), aheadMicros: sum(ahead),
    }
    const { probes, copies, ended, live, dropped, ...fast } = counts
    assert.deepEqual(fast, slow)
    assert.ok(probes <= packets.length && copies <= probes && ended.flows + live.flows + dropped === 0)
  }))
})

/** The leaking ward, as a port shows it. */
const ward = (heard?: Parameters<typeof watchWard>[1], durationSeconds = 60): HealthId[] =>
  idsOf(watchWard({ seed: 7, scenarios: new Set(['leak'] as const), durationSeconds }, heard).sensor.healthCounts(0))
const macAt = (bytes: Uint8Array, off: number): number => bytes.slice(off, off + 6).reduce((mac, byte) => mac * 256 + byte, 0)

test('the synthetic ward through the whole sensor: whole, an access port, a mirror of one direction, every twentieth packet lost', () => {
  assert.deepEqual(ward(), [])
  assert.deepEqual(ward((bytes) => isGroupMac(macAt(bytes, 0)), 300), ['hears-groups-only'])
  // The port of the central station and the router, copied in one direction: what is sent to lower cards is not heard.
  assert.ok(ward((bytes) => macAt(bytes, 0) > macAt(bytes, 6)).includes('hears-one-side'))
  assert.ok(ward((bytes) => macAt(bytes, 0) < macAt(bytes, 6) || isGroupMac(macAt(bytes, 0))).includes('hears-one-side'))
  let packets = 0
  const lossy = ward((bytes) => bytes.length < 200 || ++packets % 20 !== 0)
  assert.ok(lossy.includes('stream-gaps'), lossy.join())
})
