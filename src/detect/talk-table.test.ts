// The table of talks against its slow twin, a map by text with an object per row; and what it keeps, by count and by copy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords } from '../base/ip.ts'
import { flow } from '../testing/world.ts'
import { FlowSum } from '../wire/flow-sum.ts'
import type { Flow, FlowState } from '../wire/flow.ts'
import { IpProto } from '../wire/frame.ts'
import { evidenceFlow, markOf, transportName, type FlowMark } from './flow-mark.ts'
import { TalkTable } from './talk-table.ts'
import { Talks, type Talk } from './talks.ts'

const FRAMES_MAX = 20
const EVIDENCE_MAX = 10

type PlainTalk = { -readonly [K in keyof Talk]: Talk[K] }

/** The slow twin: the key is text, a row is an object, each sum is its own line. */
class PlainTalks {
  readonly rows = new Map<string, PlainTalk>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  add(f: Flow): boolean {
    const port = f.proto === IpProto.icmp || f.proto === IpProto.icmp6 ? f.srcPort : f.dstPort
    const key = `${f.vlan}|${f.src}|${f.dst}|${f.proto}|${port}|${f.macs[1]}|${f.protocol ?? ''}`
    const known = this.rows.get(key)
    if (!known && this.rows.size >= this.#max) return false
    const t = known ?? {
      vlan: f.vlan, src: f.src, dst: f.dst, proto: f.proto, port, nextHop: f.macs[1], toGroup: f.macs[0] >= 0 && f.macs[1] < 0, protocol: f.protocol,
      flows: 0, unanswered: 0, refused: 0, answered: 0, oneSided: 0, packets: 0, packetsBack: 0, bytes: 0, bytesBack: 0,
      firstAt: f.firstAt, lastAt: f.lastAt, frames: [], evidence: [],
    }
    this.rows.set(key, t)
    const isOneSided = f.proto === IpProto.tcp && f.packets[1] === 0 && f.payloadBytes[0] > 0 && f.state !== 'attempt'
    t.flows++
    t.unanswered += f.state === 'attempt' && !isOneSided ? 1 : 0
    t.refused += f.state === 'refused' ? 1 : 0
    t.answered += f.packets[1] > 0 && f.state !== 'refused' ? 1 : 0
    t.oneSided += isOneSided ? 1 : 0
    t.packets += f.packets[0]
    t.packetsBack += f.packets[1]
    t.bytes += f.bytes[0]
    t.bytesBack += f.bytes[1]
    t.firstAt = Math.min(t.firstAt, f.firstAt)
    t.lastAt = Math.max(t.lastAt, f.lastAt)
    t.frames = [...t.frames, f.firstFrame].sort((a, b) => a - b).slice(0, FRAMES_MAX)
    t.evidence = [...t.evidence, markOf(f)].slice(0, EVIDENCE_MAX)
    return true
  }

  talks(): Talk[] {
    return [...this.rows.values()].sort((a, b) => (a.frames[0] ?? 0) - (b.frames[0] ?? 0))
  }
}

const sum = (f: Flow): FlowSum => new FlowSum().fromFlow(f)
const adder = (table: TalkTable | PlainTalks) => (f: Flow): boolean => (table instanceof TalkTable ? table.add(sum(f)) : table.add(f))

/** A row read out, for comparison. */
function plain(t: Talk): PlainTalk {
  const { vlan, src, dst, proto, port, nextHop, toGroup, protocol, flows, unanswered, refused, answered, oneSided } = t
  const { packets, packetsBack, bytes, bytesBack, firstAt, lastAt, frames, evidence } = t
  return {
    vlan, src, dst, proto, port, nextHop, toGroup, protocol, flows, unanswered, refused, answered, oneSided,
    packets, packetsBack, bytes, bytesBack, firstAt, lastAt, frames: [...frames], evidence: [...evidence],
  }
}

const v4 = fc.oneof(fc.nat(5).map((n) => ipFromV4(0x0a000000 + n)), fc.constant(ipFromV4(0xca720477)))
const v6 = fc.constantFrom(0, 0x0a000001, 3).map((n) => ipFromWords(0, 0, 0, n))
/** Both ends of a flow speak the same version; ::10.0.0.1 is not 10.0.0.1. */
const ends = fc.oneof(fc.record({ src: v4, dst: v4 }), fc.record({ src: v6, dst: v6 }))
const port = fc.constantFrom(0, 8, 53, 515, 65_535)
const mac = fc.constantFrom(-1, 1, 0x02005e000001, 0xfffffffffffe)
const pair = (value: fc.Arbitrary<number>) => fc.tuple(value, value)
const STATES: readonly FlowState[] = ['attempt', 'refused', 'established', 'midstream', 'closed', 'datagram']
const at = fc.integer({ min: 1_700_000_000_000_000, max: 1_700_000_000_000_009 })

const flows = fc.array(fc.tuple(ends, fc.record({
  proto: fc.constantFrom(1, 6, 17, 47, 58), vlan: fc.constantFrom(0, 7, 4095), srcPort: port, dstPort: port,
  macs: pair(mac), state: fc.constantFrom(...STATES), protocol: fc.constantFrom(null, null, 'cms8000', 'dns'),
  packets: pair(fc.constantFrom(0, 1, 3)), bytes: pair(fc.constantFrom(0, 1e12, 60)), payloadBytes: pair(fc.constantFrom(0, 9)), firstAt: at, lastAt: at,
})).map(([pairOfEnds, more]) => ({ ...pairOfEnds, ...more })), { maxLength: 80 })
  .chain((list) => fc.shuffledSubarray(list.map((_, i) => i), { minLength: list.length }).map((order) =>
  list.map((more, i): Flow => ({ ...flow('10.0.0.1', '10.0.0.2', 1), ...more, id: (order[i] as number) + 1, firstFrame: (order[i] as number) * 3 + 1 }))))

test('equals its slow twin: rows, their order, sums, frames and evidence, full tables included', () => {
  fc.assert(fc.property(flows, fc.constantFrom(3, 1000), fc.nat(), (list, max, seed) => {
    const [table, twin] = [new TalkTable(max, seed), new PlainTalks(max)]
    for (const f of list) assert.equal(table.add(sum(f)), twin.add(f))
    assert.equal(table.size, twin.rows.size)
    assert.deepEqual(table.talks().map(plain), twin.talks())
  }), { numRuns: 300 })
})

test('a copy and its original go their own ways', () => {
  fc.assert(fc.property(flows, flows, flows, (first, here, there) => {
    const [table, twin, otherTwin] = [new TalkTable(1000, 1), new PlainTalks(1000), new PlainTalks(1000)]
    for (const f of first) for (const add of [table, twin, otherTwin].map(adder)) add(f)
    const copy = table.clone()
    for (const f of here) for (const add of [table, twin].map(adder)) add(f)
    for (const f of there) for (const add of [copy, otherTwin].map(adder)) add(f)
    assert.deepEqual(table.talks().map(plain), twin.talks())
    assert.deepEqual(copy.talks().map(plain), otherTwin.talks())
  }), { numRuns: 100 })
})

test('many rows of one pair, as a port scan makes them, grow the table and are all found again', () => {
  const table = new TalkTable(5000, 0)
  for (let round = 0; round < 2; round++) for (let p = 0; p < 6000; p++) table.add(sum({ ...flow('10.0.0.1', '10.0.0.2', p), firstFrame: p + 1 }))
  assert.equal(table.size, 5000)
  assert.deepEqual([...new Set(table.talks().map((t) => t.flows))], [2])
  assert.deepEqual(table.talks().map((t) => t.port), Array.from({ length: 5000 }, (_, p) => p))
})

test('what a snapshot showed stays as it was when flows end later', () => {
  const talks = new Talks()
  talks.ended(flow('10.0.0.1', '10.0.0.2', 80))
  const [shown] = talks.snapshot([]).talks
  talks.ended(flow('10.0.0.1', '10.0.0.2', 80, { id: 2, firstFrame: 2 }))
  assert.equal(shown?.flows, 1)
  assert.deepEqual(shown?.frames, [1])
  assert.equal(talks.snapshot([]).talks[0]?.flows, 2)
})

test('evidence is named when it is shown: Community ID and transport of the flow, either way round', () => {
  const mark: FlowMark = markOf(flow('128.232.110.120', '66.35.250.204', 80, { srcPort: 34_855 }))
  const shown = evidenceFlow(mark)
  // The example of corelight/community-id-spec's README.
  assert.equal(shown.communityId, '1:LQU9qZlK+B5F3KDmev6m5PMibrg=')
  assert.deepEqual(Object.keys(shown), ['flowId', 'communityId', 'src', 'srcPort', 'dst', 'dstPort', 'transport', 'vlan'])
  assert.equal(evidenceFlow({ ...mark, src: mark.dst, dst: mark.src, srcPort: mark.dstPort, dstPort: mark.srcPort }).communityId, shown.communityId)
  assert.deepEqual([1, 6, 17, 58, 132, 47].map(transportName), ['icmp', 'tcp', 'udp', 'ipv6-icmp', 'sctp', 'ip-47'])
})
