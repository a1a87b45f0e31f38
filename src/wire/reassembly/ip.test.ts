// IpReassembler on fragments made byte by byte and decoded like any frame: shuffles, overlaps, bounds and lies.
// Captures against Wireshark's and Zeek's answers are in ../flow-captures.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MICROS_PER_SECOND } from '../../base/time.ts'
import { FragmentBench as Bench, fragmentPacket as packet, type Fragment } from '../../testing/fragment-bench.ts'
import { LinkType } from '../capture/capture.ts'
import { beginFrame, decodeFrame, decodeTransport } from '../decode.ts'
import { FrameStatus } from '../frame.ts'
import type { Reassembled } from './ip.ts'
import { FRAGMENT_WINS, OVERLAP_POLICIES } from './overlap.ts'

function ramp(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) & 255)
}

/** A UDP datagram from port 2049 to 700 whose payload is a ramp. */
function udp(payload: number): Uint8Array {
  const out = new Uint8Array(8 + payload)
  const view = new DataView(out.buffer)
  view.setUint16(0, 2049)
  view.setUint16(2, 700)
  view.setUint16(4, out.length)
  out.set(ramp(payload), 8)
  return out
}

function cut(bytes: Uint8Array, size: number, base: Partial<Fragment> = {}): Fragment[] {
  const out: Fragment[] = []
  for (let offset = 0; offset < bytes.length; offset += size) {
    out.push({ ...base, offset, more: offset + size < bytes.length, bytes: bytes.subarray(offset, offset + size) })
  }
  return out
}

for (const version of [4, 6] as const) {
  test(`IPv${version}: a UDP datagram in three fragments, and what decodeTransport makes of it`, () => {
    const bench = new Bench()
    const bytes = udp(3000)
    const results = cut(bytes, 1480, { version }).map((f) => bench.add(f))
    assert.deepEqual(results.slice(0, 2), [null, null])
    const whole = results[2]
    assert.ok(whole)
    assert.deepEqual([...whole.buf.subarray(whole.off, whole.end)], [...bytes])
    const headers = version === 4 ? 20 : 48
    assert.deepEqual([whole.packets, whole.ipBytes], [3, bytes.length + 3 * headers])
    assert.equal(decodeTransport(whole.buf, whole.off, whole.end, bench.frame), FrameStatus.transport)
    assert.deepEqual([bench.frame.srcPort, bench.frame.dstPort, bench.frame.payloadWireLength, bench.frame.flags], [2049, 700, 3000, 0])
    assert.deepEqual(bench.notes(), {})
    assert.equal(bench.ip.observations().completed, 1)
  })

  test(`IPv${version}: any order, with exact duplicates, completes once with the same bytes`, () => {
    const pieces = fc.tuple(fc.integer({ min: 9, max: 400 }), fc.integer({ min: 1, max: 8 })).chain(([length, units]) => {
      const fragments = cut(udp(length), units * 8, { version })
      const order = fc.shuffledSubarray(fragments, { minLength: fragments.length })
      const repeats = fc.array(fc.nat(fragments.length - 1), { maxLength: 5, size: 'max' })
      return fc.record({ order, repeats, length: fc.constant(length) })
    })
    fc.assert(fc.property(pieces, ({ order, repeats, length }) => {
      if (order.length < 2) return
      const bench = new Bench()
      // Duplicates go in before the last fragment to arrive: after it they would belong to a new datagram.
      const early = order.slice(0, -1)
      const sequence = [...early, ...repeats.map((i) => early[i % early.length] as Fragment), order.at(-1) as Fragment]
      const results = sequence.map((f) => bench.add(f))
      assert.deepEqual(results.slice(0, -1).filter((r) => r !== null), [])
      const whole = results.at(-1)
      assert.ok(whole)
      assert.deepEqual([...whole.buf.subarray(0, whole.end)], [...udp(length)])
      assert.equal(whole.packets, sequence.length)
      assert.equal(bench.ip.observations().duplicate, repeats.length)
      assert.equal(bench.ip.observations().overlap, 0)
    }))
  })

  test(`IPv${version}: other ids, addresses and versions never mix`, () => {
    const bench = new Bench()
    const [head, tail] = cut(udp(100), 64, { version }) as [Fragment, Fragment]
    bench.add(head)
    assert.equal(bench.add({ ...tail, id: 8 }), null)
    assert.equal(bench.add({ ...tail, src: 0x0a000009 & 0xff }), null)
    assert.equal(bench.add({ ...tail, version: version === 4 ? 6 : 4 }), null)
    assert.ok(bench.add(tail))
  })
}

test('the same id under another protocol is another IPv4 datagram, but the same IPv6 one (RFC 791, RFC 8200 section 4.5)', () => {
  const [head, tail] = cut(udp(100), 64) as [Fragment, Fragment]
  const four = new Bench()
  four.add(head)
  assert.equal(four.add({ ...tail, proto: 6 }), null)
  const six = new Bench()
  six.add({ ...head, version: 6 })
  assert.ok(six.add({ ...tail, version: 6, proto: 6 }))
  assert.equal(six.frame.proto, 17, 'the first fragment says the protocol')
})

test('the same datagram in two VLANs is two datagrams', () => {
  const bench = new Bench()
  const [head, tail] = cut(udp(100), 64).map(packet) as [Uint8Array, Uint8Array]
  const results = [[head, 10, 0], [tail, 20, 0], [tail, 10, 5], [tail, 10, 0]].map(([bytes, vlan, innerVlan], i) => {
    const raw = bytes as Uint8Array
    beginFrame(bench.frame, i + 1, 0, raw.length, raw.length)
    decodeFrame(raw, 0, raw.length, LinkType.ipv4, bench.frame)
    bench.frame.vlan = vlan as number
    bench.frame.innerVlan = innerVlan as number
    return bench.ip.add(raw, bench.frame)?.end ?? null
  })
  assert.deepEqual(results, [null, null, null, 108])
})

/** Every byte with the fragment it came in; the policy is asked byte by byte. */
class SlowDatagram {
  readonly #bytes = new Map<number, { fill: number; from: number; to: number }>()
  readonly #policy: (typeof OVERLAP_POLICIES)[number]

  constructor(policy: (typeof OVERLAP_POLICIES)[number]) {
    this.#policy = policy
  }

  add(from: number, to: number, fill: number): void {
    for (let at = from; at < to; at++) {
      const old = this.#bytes.get(at)
      if (old === undefined || FRAGMENT_WINS[this.#policy](from, to, old.from, old.to)) this.#bytes.set(at, { fill, from, to })
    }
  }

  content(length: number): number[] {
    return Array.from({ length }, (_, at) => this.#bytes.get(at)?.fill ?? -1)
  }
}

for (const policy of OVERLAP_POLICIES) {
  test(`IPv4 overlap, ${policy}: as in an array of bytes that asks the policy for each`, () => {
    const arrival = fc.record({ unit: fc.nat(7), units: fc.integer({ min: 1, max: 4 }), fill: fc.nat(255) })
    fc.assert(fc.property(fc.array(arrival, { maxLength: 12, size: 'max' }), (list) => {
      const bench = new Bench({ overlapOf: () => policy })
      const twin = new SlowDatagram(policy)
      let whole: Reassembled | null = null
      const closing = [{ unit: 8, units: 4, fill: 1, more: false }, { unit: 0, units: 12, fill: 2, more: true }]
      for (const { unit, units, fill, more } of [...list.map((a) => ({ ...a, more: true })), ...closing]) {
        if (whole !== null) break
        twin.add(unit * 8, (unit + units) * 8, fill)
        whole = bench.add({ proto: 99, offset: unit * 8, more, bytes: new Uint8Array(units * 8).fill(fill) })
      }
      assert.deepEqual([...(whole?.buf.subarray(0, whole.end) ?? [])], twin.content(96))
    }))
  })
}

test('the policy is that of the host the datagram goes to, asked once for each datagram', () => {
  const asked: string[] = []
  const bench = new Bench({ overlapOf: (target) => (asked.push(target), 'last') })
  bench.add({ offset: 0, more: true, bytes: ramp(16) })
  const whole = bench.add({ offset: 8, more: false, bytes: ramp(8, 50) })
  assert.deepEqual([...(whole?.buf.subarray(0, whole.end) ?? [])], [...ramp(8), ...ramp(8, 50)])
  bench.add({ version: 6, offset: 0, more: true, bytes: ramp(16) })
  bench.add({ version: 6, offset: 16, more: false, bytes: ramp(16) })
  assert.deepEqual(asked, ['10.0.0.2', 'fd00::2'])
})

test('fragments of one datagram with other TTLs: one of them may die before the target', () => {
  const bench = new Bench()
  bench.add({ offset: 0, more: true, bytes: ramp(16) })
  bench.add({ offset: 16, more: true, bytes: ramp(16), ttl: 3 })
  bench.add({ offset: 32, more: false, bytes: ramp(16) })
  assert.deepEqual(bench.notes(), { ttlDiffers: 2 })
  const six = new Bench()
  six.add({ version: 6, offset: 0, more: true, bytes: ramp(16) })
  six.add({ version: 6, offset: 16, more: false, bytes: ramp(16), ttl: 1 })
  assert.deepEqual(six.notes(), { ttlDiffers: 1 })
})

test('IPv4: an overlap with the same bytes and one with others are told apart', () => {
  const same = new Bench()
  same.add({ offset: 0, more: true, bytes: ramp(16) })
  same.add({ offset: 8, more: true, bytes: ramp(16, 8) })
  assert.deepEqual(same.notes(), { overlap: 1 })
  const other = new Bench()
  other.add({ offset: 0, more: true, bytes: ramp(16) })
  other.add({ offset: 8, more: true, bytes: ramp(16, 99) })
  assert.deepEqual(other.notes(), { overlap: 1, overlapDifferent: 1 })
})

test('IPv6: an overlap discards the datagram and all that is still to come of it (RFC 5722)', () => {
  const bench = new Bench()
  const [head, tail] = cut(udp(100), 64, { version: 6 }) as [Fragment, Fragment]
  bench.add(head)
  bench.add({ version: 6, offset: 56, more: true, bytes: ramp(16) })
  assert.equal(bench.add(tail), null)
  assert.equal(bench.add(head), null)
  assert.deepEqual(bench.notes(), { overlap: 1, overlapDifferent: 1, discarded: 1, afterDiscard: 2 })
  bench.ip.finish()
  assert.deepEqual(bench.given.map((d) => [d.why, d.packets, d.proto]), [['discarded', 4, 17]])
})

test('fragments shorter than any router makes them, but for the last, and fragments that forbid fragments', () => {
  for (const [version, least] of [[4, 44], [6, 1224]] as const) {
    const counts = [least - 8, least].map((length) => {
      const bench = new Bench()
      bench.add({ version, offset: 0, more: true, bytes: ramp(length + (8 - length % 8) % 8) })
      bench.add({ version, offset: 2048, more: false, bytes: ramp(8) })
      return bench.ip.observations().small
    })
    assert.deepEqual(counts, [1, 0], `IPv${version}`)
  }
  const bench = new Bench()
  bench.add({ offset: 0, more: true, bytes: ramp(64), dontFragment: true })
  bench.add({ offset: 64, more: false, bytes: ramp(8) })
  assert.deepEqual(bench.notes(), { dontFragment: 1 })
})

test('a tiny first fragment and a TCP fragment at offset 8 (RFC 1858)', () => {
  const bench = new Bench()
  bench.add({ proto: 6, offset: 0, more: true, bytes: ramp(16) })
  bench.add({ proto: 6, offset: 8, more: true, bytes: ramp(8, 8) })
  bench.add({ proto: 17, offset: 0, more: true, bytes: ramp(8) })
  assert.equal(bench.ip.observations().tinyFirst, 2)
  bench.add({ version: 6, proto: 6, offset: 0, more: true, bytes: ramp(8) })
  assert.equal(bench.ip.observations().tinyFirst, 3)
})

test('beyond 65,535 bytes is oversize: the ping of death never becomes a datagram', () => {
  const bench = new Bench()
  bench.add({ proto: 1, offset: 0, more: true, bytes: ramp(64) })
  assert.equal(bench.add({ proto: 1, offset: 65_528, more: false, bytes: ramp(100) }), null)
  assert.equal(bench.add({ proto: 1, offset: 65_512, more: false, bytes: ramp(8) }), null, '20 header bytes count for IPv4')
  assert.deepEqual(bench.notes(), { oversize: 2 })
})

test('the largest legal datagram is put together', () => {
  const bench = new Bench()
  const bytes = ramp(65_515)
  const whole = cut(bytes, 1480, { proto: 99 }).map((f) => bench.add(f)).at(-1)
  assert.equal(whole?.end, 65_515)
  assert.deepEqual(bench.notes(), {})
})

test('lies about the end: two ends, bytes past the end, an end before what is here', () => {
  const rows: [string, Fragment[]][] = [
    ['two ends', [{ offset: 16, more: false, bytes: ramp(8) }, { offset: 24, more: false, bytes: ramp(8) }]],
    ['past the end', [{ offset: 16, more: false, bytes: ramp(8) }, { offset: 24, more: true, bytes: ramp(8) }]],
    ['end before', [{ offset: 32, more: true, bytes: ramp(8) }, { offset: 16, more: false, bytes: ramp(8) }]],
  ]
  for (const [name, fragments] of rows) {
    const bench = new Bench()
    for (const f of fragments) assert.equal(bench.add(f), null)
    assert.deepEqual(bench.notes(), { endConflict: 1 }, name)
  }
})

test('teardrop: the second fragment ends the datagram inside the first', () => {
  const bench = new Bench()
  bench.add({ offset: 0, more: true, bytes: ramp(36) })
  assert.equal(bench.add({ offset: 24, more: false, bytes: ramp(4, 24) }), null)
  assert.deepEqual(bench.notes(), { unaligned: 1, endConflict: 1, overlap: 1 })
  const other = new Bench()
  other.add({ offset: 0, more: true, bytes: ramp(36) })
  other.add({ offset: 24, more: false, bytes: ramp(4, 99) })
  assert.deepEqual(other.notes(), { unaligned: 1, endConflict: 1, overlap: 1, overlapDifferent: 1 }, 'and it contradicts the first')
})

test('no multiple of 8 before the end: IPv4 keeps the whole units, IPv6 drops the fragment', () => {
  const four = new Bench()
  four.add({ offset: 0, more: true, bytes: ramp(12) })
  assert.equal(four.add({ offset: 8, more: false, bytes: ramp(4, 8) })?.end, 12)
  const six = new Bench()
  six.add({ version: 6, offset: 0, more: true, bytes: ramp(12) })
  assert.equal(six.add({ version: 6, offset: 8, more: false, bytes: ramp(4, 8) }), null)
  assert.equal(six.ip.observations().unaligned, 1)
})

test('empty and cut fragments are counted and complete nothing', () => {
  const bench = new Bench()
  bench.add({ offset: 8, more: false, bytes: ramp(0) })
  bench.add({ offset: 0, more: true, bytes: ramp(64) }, 50)
  bench.add({ offset: 64, more: false, bytes: ramp(8), claims: 500 })
  assert.deepEqual(bench.notes(), { empty: 1, cutShort: 2 })
})

test('time-outs by packet time: 30 s for IPv4, 60 s for IPv6, and the packets are handed on to be counted', () => {
  for (const [version, seconds] of [[4, 30], [6, 60]] as const) {
    const bench = new Bench()
    const [head, tail] = cut(udp(100), 64, { version }) as [Fragment, Fragment]
    bench.add({ ...head, at: 1000 })
    bench.add({ ...head, id: 9, at: 1000 + seconds * MICROS_PER_SECOND })
    assert.equal(bench.given.length, 0)
    assert.equal(bench.add({ ...tail, at: 1001 + seconds * MICROS_PER_SECOND }), null)
    assert.deepEqual(bench.given.map((d) => [d.why, d.packets, d.firstAt, d.firstFrame, d.ipVersion]), [['timeout', 1, 1000, 1, version]])
    assert.equal(bench.ip.observations().timeout, 1)
  }
})

test('bounded in datagrams and in bytes: the oldest goes first', () => {
  const few = new Bench({ datagramsMax: 2 })
  for (const id of [1, 2, 3]) few.add({ id, offset: 0, more: true, bytes: ramp(8) })
  assert.deepEqual(few.given.map((d) => [d.why, d.firstFrame]), [['evicted', 1]])
  const small = new Bench({ bytesMax: 100 })
  for (const id of [1, 2, 3]) small.add({ id, version: id === 1 ? 6 : 4, offset: 0, more: true, bytes: ramp(48) })
  assert.deepEqual(small.given.map((d) => [d.why, d.firstFrame, d.ipVersion]), [['evicted', 1, 6]])
  assert.equal(small.add({ id: 3, offset: 48, more: true, bytes: ramp(104) }), null)
  assert.equal(small.given.length, 3, 'a datagram that alone is too much goes too')
})

test('a flood of ten thousand first fragments stays inside the bounds', () => {
  const bench = new Bench()
  for (let i = 0; i < 10_000; i++) bench.add({ id: i & 0xffff, src: i, offset: 0, more: true, bytes: ramp(8) })
  assert.equal(bench.ip.observations().evicted, 10_000 - 4096)
  bench.ip.finish()
  assert.equal(bench.given.length, 10_000)
})

test('random fragment headers and bytes: never a throw, every packet accounted for', () => {
  const wild = fc.record({
    version: fc.constantFrom(4 as const, 6 as const), id: fc.nat(2), proto: fc.constantFrom(1, 6, 17, 60),
    offset: fc.nat(8190).map((n) => n * 8), more: fc.boolean(), bytes: fc.uint8Array({ maxLength: 40, size: 'max' }),
    claims: fc.option(fc.nat(65535), { nil: undefined }),
  })
  fc.assert(fc.property(fc.array(wild, { maxLength: 40, size: 'max' }), (list) => {
    const bench = new Bench()
    let packets = 0
    for (const { claims, ...f } of list) packets += bench.add(claims === undefined ? f : { ...f, claims })?.packets ?? 0
    bench.ip.finish()
    for (const d of bench.given) packets += d.packets
    assert.equal(packets, bench.ip.observations().fragments)
  }))
})
