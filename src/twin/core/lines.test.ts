// Tests of udp-line.ts, rpc-line.ts and places.ts: how questions and answers travel, and how each host looks from the mirror port.
// Keeps the rule that a line never answers before it is asked, on UDP and TCP alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ip } from '../../base/ip.ts'
import { seededRng } from '../../base/rng.ts'
import { u32be } from '../../wire/bytes.ts'
import { TcpFlag } from '../../wire/frame.ts'
import { castWard } from './cast.ts'
import { inspect, joinFragments } from './inspect.ts'
import { wardOptions } from './options.ts'
import type { WardFrame } from './packets.ts'
import { centralOf, hl7Of, local, monitorPlace, placesOf } from './places.ts'
import { TcpLine } from './rpc-line.ts'
import type { Standpoint } from './tcp-talk.ts'
import { UdpLine, type LineEnds } from './udp-line.ts'

const CLIENT: Standpoint = { mac: 0x02_00_5e_30_00_07, ip: '202.114.4.27' as Ip, ttl: 64, turnMicros: 300 }
const SERVER: Standpoint = { mac: 0x02_00_5e_10_04_77, ip: '202.114.4.119' as Ip, ttl: 128, turnMicros: 200 }
const ENDS: LineEnds = { client: CLIENT, clientPort: 700, server: SERVER, serverPort: 2049 }
const CAST = castWard(wardOptions({ beds: 12, scenarios: new Set(['leak']) }))
const PLACES = placesOf(CAST)

function inOrder(frames: readonly WardFrame[]): boolean {
  return frames.every((f, i) => f.at >= (frames[i - 1]?.at ?? -Infinity))
}

function tcpBytes(frames: readonly WardFrame[], from: Ip): number[] {
  return frames.flatMap(({ bytes }) => {
    const { ip, tcp } = inspect(bytes)
    return ip?.src === from && tcp !== null ? [...bytes.subarray(tcp.off, tcp.end)] : []
  })
}

test('a datagram is asked from one port to another, and answered the other way after the server\'s turn', () => {
  const frames = new UdpLine(ENDS, seededRng(1)).ask(Uint8Array.of(1), Uint8Array.of(2, 3), 1000)
  const seen = frames.map((f) => ({ at: f.at, ...inspect(f.bytes) }))
  assert.deepEqual(seen.map((f) => [f.at, f.ip?.src, f.udp?.srcPort, f.udp?.dstPort, f.ip?.ttl]), [
    [1000, CLIENT.ip, 700, 2049, 64],
    [1200, SERVER.ip, 2049, 700, 128],
  ])
})

test('each datagram has its own identification, shared by its fragments', () => {
  const line = new UdpLine(ENDS, seededRng(1))
  const frames = [...line.ask(new Uint8Array(10), new Uint8Array(4000), 0), ...line.ask(new Uint8Array(10), new Uint8Array(4000), 9000)]
  const ids = frames.map((f) => inspect(f.bytes).ip?.id)
  assert.deepEqual(ids.map((id) => ids.indexOf(id)), [0, 1, 1, 1, 4, 5, 5, 5])
})

test('any answer arrives whole, in order, and the line is free with its last fragment', () => {
  fc.assert(fc.property(fc.integer(), fc.uint8Array({ minLength: 1, maxLength: 12_000 }), (seed, reply) => {
    const line = new UdpLine(ENDS, seededRng(seed))
    const [question, ...answer] = line.ask(Uint8Array.of(9), reply, 50)
    assert.ok(question !== undefined && inOrder([question, ...answer]))
    assert.deepEqual(joinFragments(answer.map((f) => f.bytes))?.subarray(8), reply)
    assert.equal(line.freeAt, answer.at(-1)?.at)
  }), { numRuns: 80 })
})

test('what nobody answers is told once, and nothing has to be closed', () => {
  const line = new UdpLine(ENDS, seededRng(1))
  assert.equal(line.tell(Uint8Array.of(1), 0).length, 1)
  assert.deepEqual(line.close(), [])
})

test('a call that is too early waits until the line is free', () => {
  const line = new UdpLine(ENDS, seededRng(1))
  line.ask(Uint8Array.of(1), new Uint8Array(5000), 1000)
  const free = line.freeAt
  assert.equal(line.tell(Uint8Array.of(1), 0)[0]?.at, free)
})

test('a TCP line opens with its first call only, and marks each message as one record', () => {
  const line = new TcpLine(ENDS, seededRng(1))
  const frames = [...line.ask(Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5), 0), ...line.ask(Uint8Array.of(6), Uint8Array.of(7), 9000)]
  assert.ok(inOrder(frames))
  assert.equal(frames.filter((f) => inspect(f.bytes).tcp?.flags === TcpFlag.syn).length, 1)
  assert.deepEqual(tcpBytes(frames, CLIENT.ip), [0x80, 0, 0, 4, 1, 2, 3, 4, 0x80, 0, 0, 1, 6])
  assert.deepEqual(tcpBytes(frames, SERVER.ip), [0x80, 0, 0, 1, 5, 0x80, 0, 0, 1, 7])
})

test('a long reply over TCP is one record in many segments', () => {
  const line = new TcpLine(ENDS, seededRng(1))
  const bytes = tcpBytes(line.ask(Uint8Array.of(1), new Uint8Array(33_000).fill(7), 0), SERVER.ip)
  assert.equal(bytes.length, 33_004)
  assert.equal(u32be(Uint8Array.from(bytes.slice(0, 4)), 0), 0x8000_0000 + 33_000)
})

test('a TCP line is closed from the client when it was opened, and not otherwise', () => {
  const line = new TcpLine(ENDS, seededRng(1))
  assert.deepEqual(line.close(0), [])
  line.tell(Uint8Array.of(1), 0)
  const closing = line.close(10)
  const seen = closing.map((f) => inspect(f.bytes))
  assert.deepEqual(seen.map((f) => [f.ip?.src === CLIENT.ip, f.tcp?.flags]), [[true, 17], [false, 17], [true, 16]])
  assert.equal(line.freeAt, closing.at(-1)?.at)
})

test('neighbours show their own hardware address, everyone beyond the router the gateway\'s', () => {
  assert.deepEqual([PLACES.central.mac, PLACES.hl7.mac], [CAST.central.mac, CAST.hl7.mac])
  for (const far of [PLACES.outsideCentral, PLACES.outsideHl7, PLACES.intranet, PLACES.pacs]) assert.equal(far.mac, CAST.gateway.mac)
})

test('who answers from outside has fewer hops left and takes longer than its namesake inside', () => {
  assert.equal(PLACES.outsideCentral.ip, PLACES.central.ip)
  assert.ok(PLACES.outsideCentral.ttl < PLACES.central.ttl - 10)
  assert.ok(PLACES.outsideCentral.turnMicros > 100 * PLACES.central.turnMicros)
  assert.ok(PLACES.intranet.ttl < local(CAST.nursePc).ttl)
})

test('a clinical monitor reaches the neighbours, a misplaced one whoever is outside', () => {
  const [inside, leaked] = [CAST.monitors[0], CAST.monitors[11]]
  assert.ok(inside !== undefined && leaked !== undefined)
  assert.deepEqual([centralOf(inside, PLACES), hl7Of(inside, PLACES)], [PLACES.central, PLACES.hl7])
  assert.deepEqual([centralOf(leaked, PLACES), hl7Of(leaked, PLACES)], [PLACES.outsideCentral, PLACES.outsideHl7])
  assert.deepEqual([monitorPlace(leaked).ip, monitorPlace(leaked).mac], [leaked.ip, leaked.mac])
})
