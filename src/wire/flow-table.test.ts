// FlowTable: directions, states, endings and bounds on frames made by hand, and a slow twin on random ones.
// Captures against Wireshark's answers are in flow-captures.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../base/assert.ts'
import { MAC_BROADCAST } from '../base/mac.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../base/time.ts'
import {
  DATAGRAM_IDLE_MICROS, FlowTable, TCP_OPEN_IDLE_MICROS, TCP_TRANSITORY_IDLE_MICROS, type FlowEnd, type FlowTableOptions,
} from './flow-table.ts'
import { copyFlow } from './flow-record.ts'
import { FlowSum } from './flow-sum.ts'
import type { Flow } from './flow.ts'
import { Frame, FrameFlag, TcpFlag } from './frame.ts'

const { syn, ack, fin, rst } = TcpFlag
const MONITOR = 0x0a000001
const STATION = 0x0a000002

interface FrameWish {
  src?: number
  dst?: number
  proto?: number
  sport?: number
  dport?: number
  flags?: number
  seq?: number
  payload?: number
  at?: number
  vlan?: number
  innerVlan?: number
  srcMac?: number
  dstMac?: number
}

let frames = 0

/** An IPv4 frame with a 20-byte IP and 20-byte transport header behind 14 bytes of Ethernet. */
function frame(wish: FrameWish): Frame {
  const f = new Frame()
  f.number = ++frames
  f.at = wish.at ?? 0
  f.ipVersion = 4
  f.ipOff = 14
  f.addresses[3] = wish.src ?? MONITOR
  f.addresses[7] = wish.dst ?? STATION
  f.proto = wish.proto ?? 6
  f.srcPort = wish.sport ?? 40000
  f.dstPort = wish.dport ?? 515
  f.tcpFlags = wish.flags ?? ack
  f.tcpSeq = wish.seq ?? 1
  f.vlan = wish.vlan ?? 0
  f.innerVlan = wish.innerVlan ?? 0
  f.srcMac = wish.srcMac ?? -1
  f.dstMac = wish.dstMac ?? -1
  f.l4Off = 34
  f.payloadOff = 54
  f.payloadWireLength = wish.payload ?? 0
  f.payloadEnd = f.payloadOff + f.payloadWireLength
  f.l4End = f.payloadEnd
  return f
}

function back(wish: FrameWish): Frame {
  return frame({ src: STATION, dst: MONITOR, sport: 515, dport: 40000, ...wish })
}

interface Ended { id: number; why: FlowEnd }

function table(options: FlowTableOptions = {}): { flows: FlowTable; ended: Ended[]; seen: Map<number, Flow> } {
  const ended: Ended[] = []
  const seen = new Map<number, Flow>()
  const onEnd = (flow: Flow, why: FlowEnd): void => {
    ended.push({ id: flow.id, why })
    seen.set(flow.id, copyFlow(flow))
  }
  return { flows: new FlowTable({ ...options, onEnd }), ended, seen }
}

test('a handshake with data is one flow, counted per direction', () => {
  const { flows } = table()
  const first = flows.observe(frame({ flags: syn, seq: 100, at: 5 }))
  assert.equal(first.isNew, true)
  const { flow } = first
  assert.equal(flows.observe(back({ flags: syn | ack, seq: 900, at: 6 })).direction, 1)
  flows.observe(frame({ seq: 101, at: 7 }))
  const step = flows.observe(frame({ seq: 101, payload: 30, at: 8 }))
  assert.equal(step.isNew, false)
  assert.equal(step.flow, flow)
  assert.equal(step.direction, 0)
  assert.deepEqual([flow.id, flow.src, flow.dst, flow.srcPort, flow.dstPort], [1, '10.0.0.1', '10.0.0.2', 40000, 515])
  assert.deepEqual([flow.packets, flow.bytes, flow.payloadBytes], [[3, 1], [150, 40], [30, 0]])
  assert.deepEqual([flow.state, flow.firstAt, flow.lastAt], ['established', 5, 8])
  assert.deepEqual(flow.tcpFlags, [syn | ack, syn | ack])
})

test('a SYN+ACK first: its sender is the responder', () => {
  const { flows } = table()
  const step = flows.observe(back({ flags: syn | ack }))
  assert.deepEqual([step.direction, step.flow.src, step.flow.dstPort, step.flow.state], [1, '10.0.0.1', 515, 'established'])
  assert.equal(flows.observe(frame({})).direction, 0)
})

test('a start in the middle: the first speaker counts as the initiator, and the state says midstream', () => {
  const { flows } = table()
  const step = flows.observe(back({ payload: 9 }))
  assert.deepEqual([step.direction, step.flow.src, step.flow.state], [0, '10.0.0.2', 'midstream'])
  assert.equal(flows.observe(frame({})).direction, 1)
})

test('refused, closed by FINs, closed by RST', () => {
  const { flows } = table()
  flows.observe(frame({ flags: syn, sport: 1 }))
  assert.equal(flows.observe(back({ flags: rst | ack, dport: 1 })).flow.state, 'refused')
  flows.observe(frame({ flags: syn, sport: 2 }))
  flows.observe(back({ flags: syn | ack, dport: 2 }))
  assert.equal(flows.observe(frame({ flags: fin | ack, sport: 2 })).flow.state, 'established', 'half closed is still open')
  assert.equal(flows.observe(back({ flags: fin | ack, dport: 2 })).flow.state, 'closed')
  flows.observe(frame({ flags: syn, sport: 3 }))
  flows.observe(back({ flags: syn | ack, dport: 3 }))
  assert.equal(flows.observe(frame({ flags: rst, sport: 3 })).flow.state, 'closed')
})

/** Each row was put to tshark 4.0.17 as a capture; the last column is its tcp.stream for every packet. */
const STREAMS: readonly (readonly [string, readonly (readonly [0 | 1, number, number])[], readonly number[]])[] = [
  ['SYN sent again', [[0, syn, 100], [0, syn, 100]], [0, 0]],
  ['SYN with a new number', [[0, syn, 100], [0, syn, 200]], [0, 1]],
  ['refused, the same SYN again', [[0, syn, 100], [1, rst | ack, 0], [0, syn, 100]], [0, 0, 0]],
  ['refused, then a new SYN', [[0, syn, 100], [1, rst | ack, 0], [0, syn, 900]], [0, 0, 1]],
  ['closed, then a new connection', [
    [0, syn, 100], [1, syn | ack, 500], [0, ack, 101], [0, fin | ack, 101], [1, fin | ack, 501], [0, ack, 102],
    [0, syn, 9000], [1, syn | ack, 77],
  ], [0, 0, 0, 0, 0, 0, 1, 1]],
  ['data before any SYN, then two connections', [[0, ack, 100], [0, syn, 100], [0, syn, 200]], [0, 1, 2]],
  ['data overtook its SYN', [[0, ack, 100], [0, syn, 99]], [0, 0]],
  ['SYN+ACK overtook its SYN', [[1, syn | ack, 500], [0, ack, 101], [0, syn, 100]], [0, 0, 0]],
  ['both open at once', [[0, syn, 100], [1, syn, 500]], [0, 0]],
  ['the other side calls back on the same ports',
    [[0, syn, 100], [1, syn | ack, 500], [0, ack, 101], [1, syn, 4000], [0, syn | ack, 3000]], [0, 0, 0, 1, 1]],
  ['late data after a RST', [[0, syn, 100], [1, syn | ack, 500], [0, ack, 101], [1, rst, 501], [0, ack, 101]], [0, 0, 0, 0, 0]],
]

test('where a reused 5-tuple begins a new flow is where Wireshark begins a new stream', () => {
  for (const [name, packets, streams] of STREAMS) {
    const { flows } = table()
    const ids = packets.map(([side, flags, seq]) => {
      const made = side === 0 ? frame({ flags, seq }) : back({ flags, seq })
      return flows.observe(made).flow.id - 1
    })
    assert.deepEqual(ids, streams, name)
  }
})

test('a called-back connection has the caller as its initiator, and the old flow ended as reused', () => {
  const { flows, ended } = table()
  flows.observe(frame({ flags: syn, seq: 1 }))
  flows.observe(back({ flags: syn | ack, seq: 5 }))
  const step = flows.observe(back({ flags: syn, seq: 4000 }))
  assert.deepEqual([step.flow.id, step.flow.src, step.direction, step.isNew], [2, '10.0.0.2', 0, true])
  assert.deepEqual(ended, [{ id: 1, why: 'reused' }])
})

test('the same 5-tuple in two VLANs, and in two inner VLANs, is two flows', () => {
  const { flows } = table()
  const tags = [{ vlan: 0 }, { vlan: 10 }, { vlan: 20 }, { vlan: 10, innerVlan: 5 }, { vlan: 10 }]
  const ids = tags.map((tag) => flows.observe(frame(tag)).flow.id)
  assert.deepEqual(ids, [1, 2, 3, 4, 2])
})

test('IPv4 1.2.3.4 and IPv6 ::1.2.3.4 do not meet', () => {
  const { flows } = table()
  const four = flows.observe(frame({ proto: 17 })).flow.id
  const six = frame({ proto: 17 })
  six.ipVersion = 6
  const step = flows.observe(six)
  assert.notEqual(step.flow.id, four)
  assert.equal(step.flow.src, '::a00:1')
})

test('ICMP: request and reply are one flow, an error is its own, in each direction', () => {
  const { flows } = table()
  const icmp = (from: typeof frame, type: number, code = 0): [number, number] => {
    const { flow, direction } = flows.observe(from({ proto: 1, sport: type, dport: code }))
    return [flow.id, direction]
  }
  assert.deepEqual(icmp(frame, 8), [1, 0])
  assert.deepEqual(icmp(back, 0), [1, 1])
  assert.deepEqual(icmp(back, 8), [2, 0], 'a ping the other way is another flow')
  assert.deepEqual(icmp(frame, 3, 1), [3, 0])
  assert.deepEqual(icmp(back, 3, 1), [4, 0])
  assert.deepEqual(icmp(frame, 3, 3), [5, 0])
})

test('Community ID of a flow does not depend on who was seen first', () => {
  const one = table().flows.observe(frame({ flags: syn })).flow.communityId()
  const other = table().flows.observe(back({ payload: 1 })).flow.communityId()
  assert.equal(one, other)
  assert.match(one, /^1:[A-Za-z0-9+/]{27}=$/)
})

test('MACs: the source as last seen; the destination stands in until it speaks; a group address never', () => {
  const { flows } = table()
  const { flow } = flows.observe(frame({ proto: 17, srcMac: 0x10, dstMac: 0x20 }))
  assert.deepEqual(flow.macs, [0x10, 0x20])
  flows.observe(back({ proto: 17, srcMac: 0x30, dstMac: 0x10 }))
  flows.observe(frame({ proto: 17, srcMac: 0x10, dstMac: 0x20 }))
  assert.deepEqual(flow.macs, [0x10, 0x30])
  assert.deepEqual(flows.observe(frame({ proto: 17, dst: 0xffffffff, srcMac: 0x10, dstMac: MAC_BROADCAST })).flow.macs, [0x10, -1])
})

test('a reassembled datagram counts the packets and bytes it came in', () => {
  const { flows } = table()
  const { flow } = flows.observe(frame({ proto: 17, payload: 3000 }), 3, 3060)
  assert.deepEqual([flow.packets[0], flow.bytes[0], flow.payloadBytes[0]], [3, 3060, 3000])
})

test('a frame cut before its TCP header still makes a flow, with ports 0 and the bytes that were there', () => {
  const { flows } = table()
  const cut = frame({ sport: 0, dport: 0, flags: 0 })
  cut.payloadOff = -1
  cut.payloadEnd = -1
  cut.l4End = 42
  const { flow } = flows.observe(cut)
  assert.deepEqual([flow.srcPort, flow.dstPort, flow.bytes[0], flow.payloadBytes[0], flow.state], [0, 0, 28, 0, 'midstream'])
})

test('a TCP header that could not be moves no state', () => {
  const { flows } = table()
  flows.observe(frame({ flags: syn }))
  flows.observe(back({ flags: syn | ack }))
  const bad = back({ flags: rst })
  bad.flags = FrameFlag.transportInvalid
  const { flow } = flows.observe(bad)
  assert.deepEqual([flow.state, flow.packets[1]], ['established', 2])
})

test('silence ends a flow, by packet time and by its class', () => {
  const rows: [string, Frame[], number][] = [
    ['UDP', [frame({ proto: 17 })], DATAGRAM_IDLE_MICROS],
    ['ICMP', [frame({ proto: 1, sport: 8, dport: 0 })], DATAGRAM_IDLE_MICROS],
    ['attempt', [frame({ flags: syn })], TCP_TRANSITORY_IDLE_MICROS],
    ['midstream', [frame({})], TCP_OPEN_IDLE_MICROS],
    ['closed', [frame({}), frame({ flags: rst })], TCP_TRANSITORY_IDLE_MICROS],
  ]
  for (const [name, opening, idleMax] of rows) {
    const { flows, ended } = table()
    for (const f of opening) flows.observe(f)
    flows.observe(frame({ proto: 50, sport: 0, dport: 0, at: idleMax }))
    assert.deepEqual(ended, [], `${name} at its limit`)
    flows.observe(frame({ proto: 51, sport: 0, dport: 0, at: idleMax + MICROS_PER_SECOND }))
    assert.deepEqual(ended, [{ id: 1, why: 'idle' }], `${name} past its limit`)
  }
})

test('a packet after the silence opens a new flow, also when it is the very packet that ends the old one', () => {
  const { flows, ended } = table()
  flows.observe(frame({ proto: 17 }))
  const step = flows.observe(frame({ proto: 17, at: DATAGRAM_IDLE_MICROS + 1 }))
  assert.deepEqual([step.flow.id, step.isNew], [2, true])
  assert.deepEqual(ended, [{ id: 1, why: 'idle' }])
})

test('within one second of packet time a late packet of the same 5-tuple is another flow, to the microsecond', () => {
  const { flows, ended } = table()
  flows.observe(frame({ proto: 17 }))
  flows.observe(frame({ proto: 50, sport: 0, dport: 0, at: DATAGRAM_IDLE_MICROS }))
  assert.equal(flows.observe(frame({ proto: 17, at: DATAGRAM_IDLE_MICROS + 1 })).flow.id, 3)
  assert.deepEqual(ended, [{ id: 1, why: 'idle' }])
})

test('a flow that is over cannot be read by mistake for the one that took its place; a copy can be kept', () => {
  const { flows, seen } = table({ flowsMax: 1 })
  const { flow } = flows.observe(frame({ payload: 7, src: 9 }))
  const next = flows.observe(frame({ proto: 17, src: 8 })).flow
  assert.deepEqual([seen.get(1)?.src, seen.get(1)?.payloadBytes, seen.get(1)?.proto], ['0.0.0.9', [7, 0], 6])
  assert.deepEqual([next.src, next.proto], ['0.0.0.8', 17])
  assert.throws(() => flow.proto, InvariantError)
})

test('a flow that was let go is read by nobody, costs no object, and the next one who asks learns what was known', () => {
  const { flows } = table()
  const numbers = new FlowSum()
  const step = flows.observe(frame({ payload: 7 }))
  const { slot, flow } = step
  flow.protocol = 'cms8000'
  flow.isTurned = true
  assert.equal(flows.viewed, 1)
  flows.release(slot)
  flows.release(slot)
  assert.equal(flows.viewed, 0)
  assert.throws(() => flow.src, InvariantError)
  assert.deepEqual([flows.sum(slot, numbers).protocol, numbers.isTurned, numbers.payloadOut], ['cms8000', true, 7])
  const again = flows.flowAt(slot)
  assert.deepEqual([again.protocol, again.isTurned, again.id, again.payloadBytes], ['cms8000', true, flow.id, [7, 0]])
  again.gapBytes = 3
  flows.release(slot)
  assert.equal(flows.flowAt(slot), again, 'one that knows of gaps stays')
  assert.equal(flows.sum(slot, numbers).gapBytes, 3)
})

test('what a flow had learnt does not come back in the next one of its place', () => {
  const { flows } = table({ flowsMax: 1 })
  const { flow, slot } = flows.observe(frame({ src: 9 }))
  flow.protocol = 'dns'
  flow.isTurned = true
  flows.release(slot)
  const next = flows.observe(frame({ src: 8 }))
  assert.equal(next.slot, slot)
  assert.deepEqual([next.flow.protocol, next.flow.isTurned], [null, false])
})

test('a clock that jumps back ends nothing and never moves lastAt back', () => {
  const { flows, ended } = table()
  const { flow } = flows.observe(frame({ at: 100 * MICROS_PER_MINUTE }))
  flows.observe(frame({ at: 1 }))
  assert.deepEqual([flow.firstAt, flow.lastAt, ended], [100 * MICROS_PER_MINUTE, 100 * MICROS_PER_MINUTE, []])
})

test('a full table ends the quietest flow of the most numerous class and counts it', () => {
  const { flows, ended } = table({ flowsMax: 4 })
  const at = (seconds: number): { at: number } => ({ at: seconds * MICROS_PER_SECOND })
  flows.observe(frame({ payload: 1, ...at(1) }))
  for (let port = 1; port <= 3; port++) flows.observe(frame({ proto: 17, sport: port, ...at(1 + port) }))
  flows.observe(frame({ proto: 17, sport: 1, ...at(9) }))
  flows.observe(frame({ proto: 17, sport: 99, ...at(10) }))
  assert.deepEqual(ended, [{ id: 3, why: 'evicted' }], 'not the older TCP flow, not the UDP flow that spoke since')
  assert.deepEqual(flows.counters(), { live: 4, opened: 5, evicted: 1 })
})

test('finish ends all in id order, and the table can go on', () => {
  const { flows, ended } = table()
  for (const sport of [5, 3, 9]) flows.observe(frame({ sport }))
  flows.observe(frame({ sport: 5 }))
  flows.finish()
  assert.deepEqual(ended, [1, 2, 3].map((id) => ({ id, why: 'finish' })))
  flows.shrink()
  assert.equal(flows.observe(frame({ sport: 3 })).flow.id, 4)
})

/** The obvious table: a list of objects, quietest first, looked through from the start; keys as text. */
class SlowTable {
  readonly rows: { id: number; name: string; initiator: string; at: number; isn: Map<string, number>; packets: [number, number] }[] = []
  readonly gone: number[] = []
  opened = 0
  second = -1

  observe(f: Frame): { id: number; direction: number } {
    this.expire(f)
    const from = `${f.addresses[3]}:${f.srcPort}`
    const to = `${f.addresses[7]}:${f.dstPort}`
    const name = `${f.vlan}/${f.proto}/${[from, to].sort().join('-')}`
    let row = this.rows.find((r) => r.name === name)
    if (row && f.at - row.at > this.idleMax(row)) {
      this.drop(row.id)
      row = undefined
    }
    const began = row?.isn.get(from)
    const isSyn = f.proto === 6 && (f.tcpFlags & (syn | ack)) === syn
    if (row && isSyn && began !== undefined && began !== f.tcpSeq) {
      this.drop(row.id)
      row = undefined
    }
    if (row) this.rows.splice(this.rows.indexOf(row), 1)
    else {
      const swapped = f.proto === 6 && (f.tcpFlags & (syn | ack)) === (syn | ack)
      row = { id: ++this.opened, name, initiator: swapped ? to : from, at: f.at, isn: new Map(), packets: [0, 0] }
    }
    this.rows.push(row)
    if (!row.isn.has(from)) row.isn.set(from, (f.tcpFlags & syn) !== 0 ? f.tcpSeq : (f.tcpSeq - 1) >>> 0)
    row.at = Math.max(row.at, f.at)
    const direction = row.initiator === from ? 0 : 1
    row.packets[direction]++
    return { id: row.id, direction }
  }

  /** Once in each second of packet time, in order of first packet. */
  private expire(f: Frame): void {
    const second = Math.floor(f.at / MICROS_PER_SECOND)
    if (second === this.second) return
    this.second = second
    const over = this.rows.filter((r) => f.at - r.at > this.idleMax(r)).map((r) => r.id)
    for (const id of over.sort((a, b) => a - b)) this.drop(id)
  }

  private idleMax(row: { name: string }): number {
    return row.name.includes('/17/') ? DATAGRAM_IDLE_MICROS : Number.POSITIVE_INFINITY
  }

  private drop(id: number): void {
    this.rows.splice(this.rows.findIndex((r) => r.id === id), 1)
    this.gone.push(id)
  }
}

const wish = fc.record({
  src: fc.constantFrom(1, 2, 3), dst: fc.constantFrom(1, 2, 3), sport: fc.constantFrom(515, 7000), dport: fc.constantFrom(515, 7000),
  proto: fc.constantFrom(6, 17), flags: fc.constantFrom(syn, syn | ack, ack), seq: fc.constantFrom(1, 2), vlan: fc.constantFrom(0, 7),
  wait: fc.constantFrom(0, 1, 100 * MICROS_PER_SECOND, 299_999_999),
})

/** Both tables over the same frames. */
function compare(sequence: readonly Frame[], seed: number): void {
  const { flows, ended, seen } = table({ seed })
  const slow = new SlowTable()
  for (const f of sequence) {
    const { flow, direction } = flows.observe(f)
    assert.deepEqual({ id: flow.id, direction }, slow.observe(f))
  }
  flows.finish()
  assert.deepEqual(ended.map((e) => e.id), [...slow.gone, ...slow.rows.map((r) => r.id).sort((a, b) => a - b)])
  for (const row of slow.rows) assert.deepEqual(seen.get(row.id)?.packets, row.packets)
}

test('random frames: ids, directions and endings agree with the slow twin, whatever the hash seed', () => {
  fc.assert(fc.property(fc.array(wish, { maxLength: 80, size: 'max' }), fc.nat(), (wishes, seed) => {
    compare(wishes.map((w) => frame(w)), seed)
  }))
})

test('random UDP with long silences: the same', () => {
  fc.assert(fc.property(fc.array(wish, { maxLength: 80, size: 'max' }), fc.nat(), (wishes, seed) => {
    let at = 0
    compare(wishes.map((w) => frame({ ...w, proto: 17, at: (at += w.wait) })), seed)
  }))
})

test('bounded: ten thousand attempts through a table of 64 never hold more', () => {
  const { flows, ended } = table({ flowsMax: 64 })
  for (let i = 0; i < 10_000; i++) flows.observe(frame({ flags: syn, dst: i, at: i }))
  assert.deepEqual(flows.counters(), { live: 64, opened: 10_000, evicted: 10_000 - 64 })
  assert.deepEqual(ended.map((e) => e.id), Array.from({ length: 10_000 - 64 }, (_, i) => i + 1))
})
