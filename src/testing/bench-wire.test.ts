// bench-wire.test: the pure parts of bench:wire's inputs: shifted copies keep right checksums and whole talks, time goes on, a seed is a file.
// Keeps the rule that what figures are given for is checked before a figure is given.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { copyOfIp4, shiftFrame } from '../../bench/wire/address.ts'
import { readSources, sourceOf, writeMix, WINDOW_MICROS, type SourceFile } from '../../bench/wire/mix.ts'
import { RecordWriter, type Written } from '../../bench/wire/record-writer.ts'
import { writeSmall } from '../../bench/wire/small.ts'
import { v4Number as ip } from '../base/ip.ts'
import { internetChecksum } from '../twin/core/packets.ts'
import { u16be, u32be } from '../wire/bytes.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { capturesMissing, sharedCapture } from './shared.ts'

interface Got {
  readonly bytes: Uint8Array
  readonly at: number
}

interface Built extends Written {
  readonly packets: number
  readonly got: readonly Got[]
  readonly file: Buffer
}

/** What a recipe writes, whole and as packets. */
function build(write: (out: RecordWriter) => void): Built {
  const chunks: Buffer[] = []
  const out = new RecordWriter((bytes) => chunks.push(Buffer.from(bytes)))
  write(out)
  const written = out.end()
  const file = Buffer.concat(chunks)
  const got: Got[] = []
  const reader = createCaptureReader({ packet: (buf, off, end, at) => void got.push({ bytes: new Uint8Array(buf.subarray(off, end)), at }) })
  reader.push(file)
  assert.deepEqual(reader.end().problems, [])
  return { ...written, got, file }
}

const small = (seed: number, flows = 40, packets = 600): Built => build((out) => writeSmall({ seed, flows, packets }, out))

interface Sums {
  /** What is left of the header's sum, and of the transport's; null where the frame has none, or not all of it. */
  readonly ip: number | null
  readonly transport: number | null
}

/** Residues of an untagged Ethernet frame, by adding up all of it: 0 is right. Knows nothing of incremental updates. */
function residues(frame: Uint8Array): Sums {
  const type = u16be(frame, 12)
  if (type === 0x0800 && frame.length >= 34) {
    const start = 14 + ((frame[14] as number) & 15) * 4
    const end = 14 + u16be(frame, 16)
    const proto = frame[23] as number
    if (start < 34 || start > frame.length) return { ip: null, transport: null }
    const header = internetChecksum(frame, 14, start, 0)
    const isFragment = (u16be(frame, 20) & 0x3fff) !== 0
    const isPlain = !isFragment && end <= frame.length && end - start >= 8
    if (!isPlain || (proto === 17 && u16be(frame, start + 6) === 0)) return { ip: header, transport: null }
    if (proto === 1) return { ip: header, transport: internetChecksum(frame, start, end, 0) }
    return { ip: header, transport: proto === 6 || proto === 17 ? internetChecksum(frame, start, end, pseudo(frame, 26, 34, proto, end - start)) : null }
  }
  if (type === 0x86dd && frame.length >= 54) {
    const end = 54 + u16be(frame, 18)
    const proto = frame[20] as number
    const isPlain = end <= frame.length && (proto === 6 || proto === 17 || proto === 58)
    return { ip: null, transport: isPlain ? internetChecksum(frame, 54, end, pseudo(frame, 22, 54, proto, end - 54)) : null }
  }
  return { ip: null, transport: null }
}

function pseudo(frame: Uint8Array, from: number, end: number, proto: number, length: number): number {
  let sum = proto + length
  for (let i = from; i < end; i += 2) sum += u16be(frame, i)
  return sum
}

function shifted(frame: Uint8Array, copy: number): Uint8Array {
  const bytes = new Uint8Array(frame)
  shiftFrame(bytes, 0, bytes.length, copy)
  return bytes
}

test('the residue finds a wrong checksum', () => {
  const frame = small(1).got[5]?.bytes as Uint8Array
  assert.deepEqual(residues(frame), { ip: 0, transport: 0 })
  const wrong = frame.slice()
  wrong[27] = (wrong[27] as number) ^ 1
  assert.notEqual(residues(wrong).ip, 0)
  assert.notEqual(residues(wrong).transport, 0)
})

test('every right checksum of the real captures is right in every copy, and every wrong one stays wrong', { skip: capturesMissing }, () => {
  const { files } = readSources(sharedCapture(''))
  const seen = { ip: 0, transport: 0, wrong: 0 }
  for (const { name, packets } of files) {
    // The floods say the same ten thousand times.
    for (const { bytes } of packets.slice(0, 400)) {
      const before = residues(bytes)
      for (const copy of [1, 43, 129]) {
        const after = residues(shifted(bytes, copy))
        const where = `${name}, copy ${copy}`
        assert.equal(after.ip === 0, before.ip === 0, where)
        assert.equal(after.transport === 0, before.transport === 0, where)
      }
      seen.ip += before.ip === 0 ? 1 : 0
      seen.transport += before.transport === 0 ? 1 : 0
      seen.wrong += (before.transport ?? 0) === 0 ? 0 : 1
    }
  }
  assert.ok(seen.ip > 5_000 && seen.transport > 4_000 && seen.wrong > 10, JSON.stringify(seen))
})

test('two-way talks stay two-way: both ends of a frame move as the same ends do when they answer', () => {
  const { got } = small(2)
  const pair = ({ bytes }: Got): string => [u32be(bytes, 26), u32be(bytes, 30)].sort((a, b) => a - b).join(' ')
  for (const copy of [1, 9, 43]) {
    const pairs = new Set(got.map((p) => pair({ ...p, bytes: shifted(p.bytes, copy) })))
    assert.equal(pairs.size, new Set(got.map(pair)).size)
  }
})

test('copy 0 is the original, and so is what is too short to be a frame', () => {
  const frame = small(3).got[0]?.bytes as Uint8Array
  assert.deepEqual(shifted(frame, 0), frame)
  assert.deepEqual(shifted(frame.subarray(0, 13), 5), frame.subarray(0, 13))
})

test('a cut frame is shifted as far as it goes, and nothing beyond its end is touched', () => {
  const frame = small(4).got.find(({ bytes }) => bytes[23] === 6)?.bytes as Uint8Array
  for (let length = 0; length <= frame.length; length++) {
    const bytes = new Uint8Array(100).fill(0xee)
    bytes.set(frame.subarray(0, length))
    shiftFrame(bytes, 0, length, 7)
    assert.ok(bytes.subarray(length).every((b) => b === 0xee), `cut at ${length}`)
  }
})

const isPrivate = (a: number): boolean => a >>> 24 === 10 || a >>> 20 === 0xac1 || a >>> 16 === 0xc0a8

test('private stays private and public public; groups, loopback and broadcast stay; the last octet stays', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 2_000 }), (address, copy) => {
    const now = copyOfIp4(address, copy)
    assert.equal(isPrivate(now), isPrivate(address))
    assert.equal(now & 0xff, address & 0xff)
    const first = address >>> 24
    if (first === 127 || first >= 224 || first === 0) assert.equal(now, address)
  }), { numRuns: 2_000 })
  for (const address of ['10.1.2.3', '172.16.0.1', '192.168.1.5', '172.31.255.1', '192.169.0.1', '172.32.0.1', '8.8.8.8']) {
    const from = ip(address)
    const copies = new Set(Array.from({ length: 44 }, (_, copy) => copyOfIp4(from, copy)))
    assert.equal(copies.size, 44, address)
  }
})

test('two hosts of one private network never become one host of a copy', () => {
  for (const net of ['192.168.0.0', '172.16.0.0', '10.0.0.0']) {
    const hosts = Array.from({ length: 4_096 }, (_, i) => ip(net) + i * 13)
    assert.equal(new Set(hosts.map((host) => copyOfIp4(host, 43))).size, 4_096, net)
  }
})

test('an ARP packet is shifted inside as outside', () => {
  const frame = new Uint8Array(42)
  frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 2, 3, 4, 5, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 0, 1, 2, 3, 4, 5, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2])
  const after = shifted(frame, 3)
  assert.deepEqual(after.subarray(0, 6), frame.subarray(0, 6), 'broadcast stays')
  assert.deepEqual(after.subarray(6, 12), after.subarray(22, 28), 'the sender is the same card in both places')
  assert.notDeepEqual(after.subarray(6, 12), frame.subarray(6, 12))
  assert.equal(u32be(after, 28), copyOfIp4(ip('10.0.0.1'), 3))
  assert.equal(u32be(after, 38), copyOfIp4(ip('10.0.0.2'), 3))
  assert.deepEqual(after.subarray(32, 38), frame.subarray(32, 38), 'an unknown card stays unknown')
})

test('the small frames are 64 bytes with right checksums, half of the flows TCP and half UDP, from the seed alone', () => {
  const one = small(5)
  assert.equal(one.packets, 600)
  assert.equal(one.flows, 40)
  for (const { bytes } of one.got) {
    assert.equal(bytes.length, 64)
    assert.deepEqual(residues(bytes), { ip: 0, transport: 0 })
  }
  assert.equal(new Set(one.got.filter((p) => p.bytes[23] === 6).map((p) => `${u16be(p.bytes, 34)} ${u32be(p.bytes, 26)}`)).size, 40)
  assert.equal(small(5).sha256, one.sha256)
  assert.notEqual(small(6).sha256, one.sha256)
})

test('a small TCP flow is a handshake and then bytes without gap or overlap, each acknowledged by the next', () => {
  const turns = small(7, 2, 40).got.filter((p) => p.bytes[23] === 6).map(({ bytes }) => ({
    flags: bytes[47], seq: u32be(bytes, 38), ack: u32be(bytes, 42), data: u16be(bytes, 16) - 40, from: u32be(bytes, 26),
  }))
  assert.ok(turns.length > 10)
  assert.deepEqual(turns.slice(0, 4).map((t) => t.flags), [0x02, 0x12, 0x10, 0x18])
  const next = new Map<number, number>()
  for (const t of turns) {
    assert.equal(t.seq, next.get(t.from) ?? 0)
    next.set(t.from, t.seq + t.data + ((t.flags ?? 0) & 2 ? 1 : 0))
    const other = [...next].find(([from]) => from !== t.from)
    assert.equal(t.ack, other?.[1] ?? 0)
  }
})

const TALKS = ['scan/zeek__ftp_bruteforce.pcap', 'vlan/zeek__vlan-collisions.pcap', 'l2/ws__arprarp_arp-storm.pcap']

function talks(): SourceFile[] {
  return TALKS.map((name) => sourceOf(name, fs.readFileSync(sharedCapture(name))))
}

const mix = (seed: number, windows = 1, newHosts = false): Built => build((out) => writeMix(talks(), { seed, copies: 3, windows, newHosts }, out))

test('the mix is in time order, holds every packet once per copy, and stays inside its window', { skip: capturesMissing }, () => {
  const { got, packets } = mix(1, 2)
  const perCopy = talks().reduce((sum, f) => sum + f.packets.length, 0)
  assert.equal(packets, perCopy * 3 * 2)
  assert.equal(got.length, packets)
  const start = 1_700_000_000_000_000
  got.forEach((p, i) => {
    assert.ok(p.at >= (got[i - 1]?.at ?? start), `packet ${i} goes back in time`)
    const window = i < packets / 2 ? 0 : 1
    assert.equal(Math.floor((p.at - start) / WINDOW_MICROS), window)
  })
})

test('every copy is the file itself: same packets, same order, same gaps, addresses apart', { skip: capturesMissing }, () => {
  const [file] = talks()
  assert.ok(file)
  const { got } = build((out) => writeMix([file], { seed: 3, copies: 4, windows: 1, newHosts: false }, out))
  for (let copy = 0; copy < 4; copy++) {
    const cards: ReadonlySet<string> = new Set(file.packets.map((p) => Buffer.from(shifted(p.bytes, copy).subarray(6, 12)).toString('hex')))
    const mine: readonly Got[] = got.filter((p) => cards.has(Buffer.from(p.bytes.subarray(6, 12)).toString('hex')))
    const expected = Buffer.concat(file.packets.map((p) => shifted(p.bytes, copy)))
    assert.ok(Buffer.concat(mine.map((p) => p.bytes)).equals(expected), `copy ${copy}`)
    const first = mine[0]?.at ?? 0
    assert.deepEqual(mine.map((p) => p.at - first), file.packets.map((p) => p.at))
  }
})

test('a capture whose hosts cannot be moved is laid once: fifty copies would be one endless flow', { skip: capturesMissing }, () => {
  const names = ['inventory/sv__dhcp-request-flood_test.pcap', 'scan/zeek__ftp_bruteforce.pcap', 'l2/ws__arprarp_arp-storm.pcap']
  const files = names.map((name) => sourceOf(name, fs.readFileSync(sharedCapture(name))))
  assert.deepEqual(files.map((f) => f.isMovable), [false, true, true])
  const [flood, bruteforce, storm] = files.map((f) => f.packets.length) as [number, number, number]
  const { packets } = build((out) => writeMix(files, { seed: 1, copies: 3, windows: 2, newHosts: false }, out))
  assert.equal(packets, 2 * (flood + 3 * (bruteforce + storm)))
})

test('the same seed gives the same bytes, another seed others', { skip: capturesMissing }, () => {
  const one = mix(11)
  assert.ok(mix(11).file.equals(one.file))
  assert.equal(mix(11).sha256, one.sha256)
  assert.notEqual(mix(12).sha256, one.sha256)
})

test('a second window has the same hosts, or new ones when that is asked for', { skip: capturesMissing }, () => {
  const once = mix(1).flows
  assert.equal(mix(1, 2).flows, once)
  assert.equal(mix(1, 2, true).flows, once * 2)
})

test('a capture longer than the window, or whose clock goes back, is pressed into it in its own order', () => {
  const hour = 3_600_000_000
  const times = [0, 5, 3, hour, hour + 1]
  const records = build((out) => {
    for (const at of times) {
      const off = out.begin(1_600_000_000_000_000 + at, 20, 20)
      out.buf.fill(0, off, off + 20)
      out.done(off, off + 20)
    }
  })
  const file = sourceOf('made up', records.file)
  assert.equal(file.packets.length, 5)
  assert.ok(file.span < WINDOW_MICROS && file.span > WINDOW_MICROS - 10)
  file.packets.forEach((p, i) => assert.ok(p.at >= (file.packets[i - 1]?.at ?? 0)))
})
