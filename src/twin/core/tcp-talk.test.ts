// Tests of tcp-talk.ts: a small receiver replays the frames and must end with the bytes that were said.
// Keeps the rule that both ends of a conversation agree: sequence, acknowledgement, order, retransmission.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ip } from '../../base/ip.ts'
import { seededRng } from '../../base/rng.ts'
import { TcpFlag } from '../../wire/frame.ts'
import { inspect, type InspectedTcp } from './inspect.ts'
import type { WardFrame } from './packets.ts'
import { TcpTalk, unansweredSyns, type TalkEnd } from './tcp-talk.ts'

const CLIENT: TalkEnd = { mac: 0x02_00_5e_00_00_0a, ip: '10.20.4.41' as Ip, port: 1025, ttl: 64, turnMicros: 150 }
const SERVER: TalkEnd = { mac: 0x02_00_5e_00_00_0b, ip: '202.114.4.119' as Ip, port: 515, ttl: 64, turnMicros: 250 }
const RELAY = { mac: 0x02_00_5e_00_00_66, delayMicros: 300 }

function talk(seed = 1): TcpTalk {
  return new TcpTalk({ client: CLIENT, server: SERVER, rng: seededRng(seed) })
}

function segments(frames: readonly WardFrame[]): { at: number; fromClient: boolean; tcp: InspectedTcp; bytes: Uint8Array }[] {
  return frames.map(({ at, bytes }) => {
    const { tcp, ip, wrong } = inspect(bytes)
    assert.deepEqual(wrong, [])
    assert.ok(tcp !== null)
    return { at, fromClient: ip?.src === CLIENT.ip, tcp, bytes }
  })
}

/** What a receiver that wants each byte once and in order has at the end; asserts that nothing is skipped. */
function received(frames: readonly WardFrame[], fromClient: boolean): number[] {
  const out: number[] = []
  let next: number | null = null
  for (const s of segments(frames)) {
    if (s.fromClient !== fromClient) continue
    const length = s.tcp.end - s.tcp.off
    const counts = length + ((s.tcp.flags & (TcpFlag.syn | TcpFlag.fin)) !== 0 ? 1 : 0)
    if (next !== null && s.tcp.seq !== next && counts > 0) continue
    out.push(...s.bytes.subarray(s.tcp.off, s.tcp.end))
    next = (s.tcp.seq + counts) % 2 ** 32
  }
  return out
}

test('the handshake is SYN, SYN-ACK, ACK with matching numbers', () => {
  const [syn, synAck, ack] = segments(talk().open(1000))
  assert.deepEqual([syn?.tcp.flags, synAck?.tcp.flags, ack?.tcp.flags], [TcpFlag.syn, TcpFlag.syn | TcpFlag.ack, TcpFlag.ack])
  assert.deepEqual([syn?.at, synAck?.at, ack?.at], [1000, 1250, 1400])
  assert.equal(synAck?.tcp.ack, ((syn?.tcp.seq ?? 0) + 1) % 2 ** 32)
  assert.equal(ack?.tcp.ack, ((synAck?.tcp.seq ?? 0) + 1) % 2 ** 32)
  assert.equal(syn?.tcp.ack, 0)
})

test('data longer than a segment is cut, and acknowledged at least every second segment', () => {
  const t = talk()
  const frames = [...t.open(0), ...t.send(0, new Uint8Array(1460 * 4 + 10).fill(7), 5000)]
  const all = segments(frames)
  const data = all.filter((s) => s.tcp.end > s.tcp.off)
  assert.deepEqual(data.map((s) => s.tcp.end - s.tcp.off), [1460, 1460, 1460, 1460, 10])
  assert.deepEqual(data.map((s) => (s.tcp.flags & TcpFlag.psh) !== 0), [false, false, false, false, true])
  assert.equal(all.filter((s) => !s.fromClient && s.tcp.end === s.tcp.off).length, 1 + 3)
  assert.deepEqual(all.map((s) => s.at), all.map((s) => s.at).toSorted((a, b) => a - b))
})

test('the last acknowledgement names the last byte', () => {
  const t = talk()
  t.open(0)
  const all = segments(t.send(0, new Uint8Array(3000), 5000))
  const data = all.filter((s) => s.tcp.end > s.tcp.off).at(-1)
  assert.equal(all.at(-1)?.tcp.ack, ((data?.tcp.seq ?? 0) + (data?.tcp.end ?? 0) - (data?.tcp.off ?? 0)) % 2 ** 32)
})

test('a closed talk has a FIN from each side and a last acknowledgement', () => {
  const t = talk()
  t.open(0)
  const all = segments(t.close(1, 10))
  assert.deepEqual(all.map((s) => [s.fromClient, s.tcp.flags]), [[false, 17], [true, 17], [false, 16]])
})

test('any script of sends arrives whole and in order on both sides, for any seed', () => {
  const side = fc.constantFrom(0 as const, 1 as const)
  const step = fc.record({ side, length: fc.integer({ min: 1, max: 5000 }), fill: fc.nat({ max: 255 }) })
  fc.assert(fc.property(fc.integer(), fc.array(step, { maxLength: 8 }), (seed, steps) => {
    const t = talk(seed)
    const frames = t.open(0)
    const said: [number[], number[]] = [[], []]
    for (const s of steps) {
      const data = new Uint8Array(s.length).fill(s.fill)
      said[s.side].push(...data)
      frames.push(...t.send(s.side, data, 100))
    }
    frames.push(...t.close(0, 100))
    assert.deepEqual(received(frames, true), said[0])
    assert.deepEqual(received(frames, false), said[1])
    assert.ok(frames.every((f, i) => i === 0 || f.at >= (frames[i - 1]?.at ?? 0)))
    assert.equal(t.freeAt, frames.at(-1)?.at)
  }), { numRuns: 60 })
})

test('sequence numbers wrap at 2^32 without a hole', () => {
  const high = { next: () => 1 - 2 ** -33 }
  const t = new TcpTalk({ client: CLIENT, server: SERVER, rng: high })
  const frames = [...t.open(0), ...t.send(0, new Uint8Array(4000).fill(3), 10)]
  assert.equal(received(frames, true).length, 4000)
  assert.ok(segments(frames).some((s) => s.fromClient && s.tcp.seq < 4000))
})

test('a SYN without answer is repeated at 0, 3, 9, 21, 45 and 93 s with one sequence number, and given up at 189 s', () => {
  const times: number[] = []
  const seqs = new Set<number>()
  const ids = new Set<number>()
  const syns = unansweredSyns(talk(), 0, 5)
  let step = syns.next()
  for (; step.done !== true; step = syns.next()) {
    times.push(step.value.at / 1e6)
    const { tcp, ip } = inspect(step.value.bytes)
    assert.equal(tcp?.flags, TcpFlag.syn)
    seqs.add(tcp?.seq ?? -1)
    ids.add(ip?.id ?? -1)
  }
  assert.deepEqual(times, [0, 3, 9, 21, 45, 93])
  assert.equal(seqs.size, 1)
  assert.equal(ids.size, 6)
  assert.equal(step.value, 189e6)
})

test('a diverted talk shows each frame twice: to the relay, then from it with one hop less', () => {
  const t = talk()
  t.open(0)
  t.divert(RELAY)
  const seen = t.send(0, Uint8Array.of(1, 2, 3), 1000).map((f) => ({ at: f.at, ...inspect(f.bytes) }))
  assert.deepEqual(seen.map((f) => [f.srcMac, f.dstMac, f.ip?.ttl]), [
    [CLIENT.mac, RELAY.mac, 64],
    [RELAY.mac, SERVER.mac, 63],
    [SERVER.mac, RELAY.mac, 64],
    [RELAY.mac, CLIENT.mac, 63],
  ])
  assert.deepEqual(seen.map((f) => f.at), [1000, 1300, 1550, 1850])
})

test('injected bytes reach the client only, and the numbers stay right on both sides afterwards', () => {
  const t = talk()
  const frames = t.open(0)
  t.divert(RELAY)
  frames.push(...t.send(0, Uint8Array.of(1, 2), 1000))
  const forged = t.inject(Uint8Array.of(0x5a, 0x5a, 0x5a), 2000)
  const later = t.send(0, Uint8Array.of(3, 4), 3000)
  frames.push(...forged, ...later, ...t.send(1, Uint8Array.of(9), 4000))
  const [push, receipt] = forged.map((f) => inspect(f.bytes))
  assert.deepEqual([push?.srcMac, push?.dstMac, push?.ip?.src], [RELAY.mac, CLIENT.mac, SERVER.ip])
  assert.equal(receipt?.tcp?.ack, ((push?.tcp?.seq ?? 0) + 3) % 2 ** 32)
  const [heard, passed] = later.map((f) => inspect(f.bytes))
  assert.equal(((heard?.tcp?.ack ?? 0) - (passed?.tcp?.ack ?? 0) + 2 ** 32) % 2 ** 32, 3)
  assert.deepEqual(received(frames, true), [1, 2, 3, 4])
  const toClient = frames.filter((f) => inspect(f.bytes).dstMac === CLIENT.mac)
  assert.deepEqual(received(toClient, false), [0x5a, 0x5a, 0x5a, 9])
  const fromServer = frames.filter((f) => inspect(f.bytes).srcMac === SERVER.mac)
  assert.deepEqual(received(fromServer, false), [9])
})

test('nobody injects without being in the middle', () => {
  const t = talk()
  t.open(0)
  assert.throws(() => t.inject(Uint8Array.of(1), 10), /only a relay/)
})
