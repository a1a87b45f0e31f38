// Tests of stranger.ts: what it asks, claims and sends, to whom and when, and when it stops.
// Keeps the rule that its payload is filler: no byte of it could be taken for an exploit.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ip } from '../../base/ip.ts'
import { MAC_BROADCAST } from '../../base/mac.ts'
import { seededRng } from '../../base/rng.ts'
import { decodeArpMessage, type ArpMessage } from '../../protocols/arp/message.ts'
import type { LocalHost } from './cast.ts'
import { inspect } from './inspect.ts'
import { wardOptions } from './options.ts'
import { ip4Number, type WardFrame } from './packets.ts'
import { playClaims, playDatagrams, strangerInterference, type StrangerSetup } from './stranger.ts'
import { timeline } from './timeline.ts'

function host(label: string, role: LocalHost['role'], last: number): LocalHost {
  return { label, role, ip: `202.114.4.${last}` as Ip, mac: 0x02_00_5e_10_04_00 + last }
}

const STRANGER = host('stranger', 'stranger', 66)
const CENTRAL = host('central', 'central-station', 119)
const TARGET = host('monitor', 'patient-monitor', 27)
const OPTIONS = wardOptions({ startAt: 0, durationSeconds: 100 })
const TIMES = timeline(OPTIONS)

function setup(wanted: Partial<StrangerSetup> = {}): StrangerSetup {
  return { stranger: STRANGER, central: CENTRAL, target: TARGET, times: TIMES, leaveAt: Infinity, rng: seededRng(1), ...wanted }
}

/** Frames until `endAt`, because claims never end by themselves. */
function take(frames: Iterable<WardFrame>, endAt: number): WardFrame[] {
  const out: WardFrame[] = []
  for (const frame of frames) {
    if (frame.at >= endAt) break
    out.push(frame)
  }
  return out
}

function arp(frame: WardFrame): ArpMessage {
  const message = decodeArpMessage(frame.bytes, 14, 42)
  assert.ok(typeof message === 'object')
  return message
}

/** What the stranger's ARP replies claim, as `ip at last octet of mac -> listener`. */
function claims(frames: readonly WardFrame[]): string[] {
  return frames.filter((f) => arp(f).operation === 2 && arp(f).senderMac === STRANGER.mac).map((f) => {
    const { senderIp, targetIp } = arp(f)
    return `${senderIp & 255} -> ${targetIp & 255}`
  })
}

test('before it claims anything it asks both ends for their hardware addresses', () => {
  const [askTarget, answer, askCentral] = take(playClaims(setup()), 100e6)
  assert.ok(askTarget !== undefined && answer !== undefined && askCentral !== undefined)
  assert.deepEqual([arp(askTarget).targetIp, arp(askCentral).targetIp], [ip4Number(TARGET.ip), ip4Number(CENTRAL.ip)])
  assert.equal(arp(answer).senderMac, TARGET.mac)
  assert.ok(askTarget.at < TIMES.poisonAt && askTarget.at > TIMES.poisonAt - 1e6)
})

test('it claims the central to the monitor and the monitor to the central, every five seconds', () => {
  const frames = take(playClaims(setup()), TIMES.poisonAt + 20e6)
  assert.deepEqual(claims(frames), ['119 -> 27', '27 -> 119', '119 -> 27', '27 -> 119', '119 -> 27', '27 -> 119', '119 -> 27', '27 -> 119'])
  const first = frames.filter((f) => arp(f).senderMac === STRANGER.mac && arp(f).operation === 2)
  assert.equal(first[0]?.at, TIMES.poisonAt)
  assert.equal((first[2]?.at ?? 0) - (first[0]?.at ?? 0), 5e6)
})

test('claims go to one listener each, not to everybody', () => {
  const frames = take(playClaims(setup()), TIMES.poisonAt + 6e6).filter((f) => arp(f).operation === 2 && arp(f).senderMac === STRANGER.mac)
  assert.deepEqual(new Set(frames.map((f) => inspect(f.bytes).dstMac)), new Set([TARGET.mac, CENTRAL.mac]))
})

test('when there is nobody left to stand between, it stops', () => {
  const frames = [...playClaims(setup({ leaveAt: TIMES.poisonAt + 12e6 }))]
  assert.equal(claims(frames).length, 6)
})

test('three datagrams go to the monitor, from one port to one port, 0.4 s apart', () => {
  const frames = [...playDatagrams(setup())].map((f) => ({ at: f.at, bytes: f.bytes, ...inspect(f.bytes) }))
  const shots = frames.filter((f) => f.udp !== null && f.dstMac === TARGET.mac)
  assert.deepEqual(shots.map((f) => f.at - TIMES.udpAt), [0, 400_000, 800_000])
  assert.equal(new Set(shots.map((f) => `${f.udp?.srcPort} ${f.udp?.dstPort}`)).size, 1)
  assert.ok(shots.every((f) => f.ip?.src === STRANGER.ip && f.ip.dst === TARGET.ip && f.wrong.length === 0))
})

test('one broadcast goes to the whole segment, and then nothing', () => {
  const frames = [...playDatagrams(setup())]
  const last = frames.at(-1)
  assert.ok(last !== undefined)
  const { dstMac, ip } = inspect(last.bytes)
  assert.deepEqual([last.at, dstMac, ip?.dst], [TIMES.broadcastAt, MAC_BROADCAST, '202.114.4.255'])
})

test('in a ward so short that the broadcast follows at once, no datagram comes after it', () => {
  const times = timeline(wardOptions({ startAt: 0, durationSeconds: 4 }))
  const frames = [...playDatagrams(setup({ times }))]
  assert.ok(frames.every((f, i) => f.at <= times.broadcastAt && f.at >= (frames[i - 1]?.at ?? 0)))
  assert.equal(frames.filter((f) => inspect(f.bytes).udp !== null).length, 2)
})

test('every payload is the same letter over and over', () => {
  for (const frame of playDatagrams(setup())) {
    const { udp } = inspect(frame.bytes)
    if (udp !== null) assert.match(String.fromCharCode(...frame.bytes.subarray(udp.off, udp.end)), /^Z{200}$/)
  }
})

test('the line is interfered with after the claims, in time order, with filler', () => {
  const list = strangerInterference(STRANGER, TIMES)
  assert.deepEqual(list.map((i) => i.at), [TIMES.poisonAt, TIMES.injectAt, TIMES.secondInjectAt])
  assert.deepEqual(list.map((i) => i.relay?.mac ?? null), [STRANGER.mac, null, null])
  assert.ok(list.slice(1).every((i) => i.inject !== null && /^ZZTESTZZ$/.test(String.fromCharCode(...i.inject))))
})

test('another seed shoots from other ports', () => {
  const ports = (seed: number): unknown => [...playDatagrams(setup({ rng: seededRng(seed) }))].map((f) => inspect(f.bytes).udp?.dstPort)
  assert.deepEqual(ports(1), ports(1))
  assert.notDeepEqual(ports(1), ports(2))
})
