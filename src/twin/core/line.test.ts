// Tests of line.ts: one connection of a monitor through its whole table: hop, retries, stream, crash, power cycle, interference.
// Keeps the rule that the table is what happens: each row is seen on the wire here.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ip } from '../../base/ip.ts'
import { seededRng } from '../../base/rng.ts'
import type { Micros } from '../../base/time.ts'
import { TcpFlag } from '../../wire/frame.ts'
import { inspect, type Inspected } from './inspect.ts'
import { playLine, type LineSetup, type Speech, type SpeechEvent } from './line.ts'
import { NO_FRAMES, type WardFrame } from './packets.ts'
import type { Standpoint } from './tcp-talk.ts'

const CLIENT: Standpoint = { mac: 0x02_00_5e_30_00_07, ip: '202.114.4.27' as Ip, ttl: 64, turnMicros: 300 }
const SERVER: Standpoint = { mac: 0x02_00_5e_10_04_77, ip: '202.114.4.119' as Ip, ttl: 128, turnMicros: 200 }
const SECOND = 1_000_000

interface Seen extends Inspected {
  readonly at: Micros
  readonly bytes: Uint8Array
}

/** Says one byte per event, so that the order can be read off the wire: H greeting, c m s r the four kinds. */
function letters(script: readonly SpeechEvent[], jitterMicros = 0): Speech {
  let turn = 0
  return {
    periodMicros: SECOND,
    jitterMicros,
    greeting: () => Uint8Array.of('H'.charCodeAt(0)),
    next: () => script[turn++ % script.length] ?? 'cycle-due',
    say: (event) => Uint8Array.of(event.charCodeAt(0)),
  }
}

function* at(time: Micros): Generator<WardFrame, Micros, undefined> {
  yield* NO_FRAMES
  return time
}

function setup(wanted: Partial<LineSetup> = {}): LineSetup {
  return {
    client: CLIENT, server: SERVER, port: 515, answered: true, startAt: 0, crashAt: Infinity, powerCycleAt: Infinity,
    speech: letters(['cycle-due']), rng: seededRng(1), interference: [], getAddress: at, findHop: at, ...wanted,
  }
}

/** Frames up to a time; asserts that they never go back. */
function play(wanted: Partial<LineSetup>, untilAt: Micros): Seen[] {
  const out: Seen[] = []
  for (const { at: time, bytes } of playLine(setup(wanted))) {
    if (time >= untilAt) break
    assert.ok(time >= (out.at(-1)?.at ?? 0))
    out.push({ at: time, bytes, ...inspect(bytes) })
  }
  return out
}

function syns(frames: readonly Seen[]): Seen[] {
  return frames.filter((f) => f.tcp?.flags === TcpFlag.syn)
}

function said(frames: readonly Seen[]): string {
  const data = frames.filter((f) => f.ip?.src === CLIENT.ip && f.tcp !== null && f.tcp.end > f.tcp.off)
  return data.map((f) => String.fromCharCode(f.bytes[f.tcp?.off ?? 0] as number)).join('')
}

function seconds(f: Seen | undefined): number {
  return Math.round((f?.at ?? -1) / SECOND)
}

test('an answered line opens, greets, and takes a turn every period', () => {
  const frames = play({}, 5.5 * SECOND)
  assert.equal(syns(frames).length, 1)
  assert.equal(said(frames), 'Hccccc')
  const turns = frames.filter((f) => f.ip?.src === CLIENT.ip && (f.tcp?.end ?? 0) > (f.tcp?.off ?? 0)).map((f) => f.at)
  assert.deepEqual(turns.slice(2).map((t, i) => t - (turns[i + 1] ?? 0)), [SECOND, SECOND, SECOND, SECOND])
})

test('each kind of event is said in its turn, and a record shares the turn of the cycle after it', () => {
  const frames = play({ speech: letters(['cycle-due', 'measurement-due', 'status-due', 'record-due', 'cycle-due']) }, 4.5 * SECOND)
  assert.equal(said(frames), 'Hcmsrc')
  const [record, cycle] = frames.filter((f) => f.ip?.src === CLIENT.ip && (f.tcp?.end ?? 0) > (f.tcp?.off ?? 0)).slice(-2)
  assert.ok((cycle?.at ?? 0) - (record?.at ?? 0) < 1000)
})

test('a line without a greeting is silent until its first turn', () => {
  const quiet: Speech = { ...letters(['cycle-due']), greeting: () => null }
  const frames = play({ speech: quiet }, 1.5 * SECOND)
  assert.equal(said(frames), 'c')
  assert.equal(seconds(frames.at(-1)), 1)
})

test('jitter makes a turn late, never early, and does not add up', () => {
  const frames = play({ speech: letters(['cycle-due'], 200_000) }, 60 * SECOND)
  const turns = frames.filter((f) => f.ip?.src === CLIENT.ip && (f.tcp?.end ?? 0) > (f.tcp?.off ?? 0)).slice(1)
  const late = turns.map((f) => f.at % SECOND)
  assert.ok(late.every((l) => l < 210_000), String(Math.max(...late)))
  assert.ok(Math.max(...late) > 100_000)
  assert.equal(turns.length, 59)
})

test('address and hop come first, and the connection waits for them', () => {
  const order: string[] = []
  const frames = play({
    getAddress: function* (time) {
      yield* NO_FRAMES
      order.push(`address ${time}`)
      return time + 3 * SECOND
    },
    findHop: function* (time) {
      yield* NO_FRAMES
      order.push(`hop ${time}`)
      return time + SECOND
    },
  }, 6 * SECOND)
  assert.deepEqual(order, ['address 0', `hop ${3 * SECOND}`])
  assert.equal(syns(frames)[0]?.at, 4 * SECOND)
})

test('an unanswered line tries six times in 189 s, rests, and tries again from another port, for ever', () => {
  const frames = play({ answered: false }, 600 * SECOND)
  const times = frames.map(seconds)
  assert.deepEqual(times.slice(0, 12), [0, 3, 9, 21, 45, 93, 194, 197, 203, 215, 239, 287])
  assert.ok(frames.every((f) => f.tcp?.flags === TcpFlag.syn && f.ip?.src === CLIENT.ip))
  const ports = new Set(frames.map((f) => f.tcp?.srcPort))
  assert.equal(ports.size, 4)
  assert.equal(new Set(frames.slice(0, 6).map((f) => f.tcp?.srcPort)).size, 1)
})

test('ports lie in the range of the device\'s system', () => {
  for (let seed = 0; seed < 50; seed++) {
    const port = syns(play({ rng: seededRng(seed) }, 1000))[0]?.tcp?.srcPort ?? 0
    assert.ok(port >= 32_768 && port < 61_000)
  }
})

test('a crash ends the line in the middle of a stream, without FIN or RST', () => {
  const frames = play({ crashAt: 3.5 * SECOND }, 1000 * SECOND)
  assert.equal(said(frames), 'Hccc')
  assert.ok((frames.at(-1)?.at ?? Infinity) < 3.5 * SECOND)
  assert.ok(frames.every((f) => ((f.tcp?.flags ?? 0) & (TcpFlag.fin | TcpFlag.rst)) === 0))
})

test('after a power cycle the monitor asks for its address again and streams as before', () => {
  const asked: Micros[] = []
  const frames = play({
    crashAt: 2.5 * SECOND,
    powerCycleAt: 100 * SECOND,
    getAddress: function* (time) {
      yield* NO_FRAMES
      asked.push(time)
      return time
    },
  }, 103.5 * SECOND)
  assert.deepEqual(asked, [0, 100 * SECOND])
  assert.equal(said(frames), 'HccHccc')
  assert.equal(new Set(syns(frames).map((f) => f.tcp?.srcPort)).size, 2)
  assert.deepEqual(syns(frames).map(seconds), [0, 100])
  assert.ok(!frames.some((f) => f.at > 3 * SECOND && f.at < 100 * SECOND))
})

test('a relay sits down at its time: frames before go direct, frames after through it', () => {
  const relay = { mac: 0x02_00_5e_10_04_42, delayMicros: 100 }
  const frames = play({ interference: [{ at: 2.2 * SECOND, relay, inject: null }] }, 4.5 * SECOND)
  const data = frames.filter((f) => f.ip?.src === CLIENT.ip && (f.tcp?.end ?? 0) > (f.tcp?.off ?? 0))
  assert.deepEqual(data.map((f) => f.dstMac === relay.mac), [false, false, false, true, false, true, false])
  assert.equal(said(data.filter((f) => f.srcMac === CLIENT.mac)), 'Hcccc')
})

test('injected bytes come at their own time between two turns, in the server\'s name', () => {
  const relay = { mac: 0x02_00_5e_10_04_42, delayMicros: 100 }
  const inject = Uint8Array.of(0x5a, 0x5a)
  const frames = play({
    interference: [{ at: SECOND / 2, relay, inject: null }, { at: 2.5 * SECOND, relay: null, inject }],
  }, 4.5 * SECOND)
  const forged = frames.filter((f) => f.ip?.src === SERVER.ip && (f.tcp?.end ?? 0) > (f.tcp?.off ?? 0))
  assert.deepEqual(forged.map((f) => [f.at, f.srcMac, f.dstMac]), [[2.5 * SECOND, relay.mac, CLIENT.mac]])
  assert.equal(said(frames.filter((f) => f.srcMac === CLIENT.mac)), 'Hcccc')
})

test('every frame has right checksums, whatever is done to the line', () => {
  const relay = { mac: 0x02_00_5e_10_04_42, delayMicros: 100 }
  const inject = Uint8Array.of(1, 2, 3)
  const frames = play({
    interference: [{ at: 0, relay, inject: null }, { at: 1.5 * SECOND, relay: null, inject }],
    crashAt: 5 * SECOND,
    powerCycleAt: 9 * SECOND,
  }, 12 * SECOND)
  assert.ok(frames.length > 30)
  assert.deepEqual(frames.filter((f) => f.wrong.length > 0), [])
})
