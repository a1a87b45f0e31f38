// Tests of background.ts: the innocent traffic is complete, in order, and what it claims to be.
// Keeps the rule that a control on the monitors' own port is no monitor, and says so from its first byte.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backgroundStreams } from './background.ts'
import { castWard } from './cast.ts'
import { inspect, type Inspected } from './inspect.ts'
import { wardOptions, type WardOptions } from './options.ts'
import { placesOf } from './places.ts'
import { mergeStreams } from './scheduler.ts'
import { TcpFlag } from '../../wire/frame.ts'

interface Seen extends Inspected {
  readonly at: number
  readonly bytes: Uint8Array
}

const NURSE_PC = '10.20.4.50'
const ULTRASOUND = '10.20.4.60'
const PRINTER = '10.20.4.70'

function play(seconds: number, wanted: Partial<WardOptions> = {}): Seen[] {
  const options = wardOptions({ startAt: 0, ...wanted })
  const cast = castWard(options)
  const streams = backgroundStreams(options, cast, placesOf(cast))
  return [...mergeStreams(streams, seconds * 1e6)].map(({ at, bytes }) => ({ at, bytes, ...inspect(bytes) }))
}

function between(frames: readonly Seen[], a: string, b: string): Seen[] {
  return frames.filter(({ ip }) => ip !== null && ((ip.src === a && ip.dst === b) || (ip.src === b && ip.dst === a)))
}

function said(frames: readonly Seen[], src: string): Buffer {
  return Buffer.concat(frames.filter((f) => f.ip?.src === src && f.tcp !== null).map((f) => f.bytes.subarray(f.tcp?.off, f.tcp?.end)))
}

function syns(frames: readonly Seen[], dstPort: number): Seen[] {
  return frames.filter((f) => f.tcp?.flags === TcpFlag.syn && f.tcp.dstPort === dstPort)
}

test('the PC gets its address, looks for its neighbours, asks for a name, and only then connects', () => {
  const mine = play(10).filter((f) => f.srcMac === castWard(wardOptions()).nursePc.mac)
  const words = mine.map((f) => (f.udp !== null ? `udp ${f.udp.dstPort}` : f.tcp !== null ? `tcp ${f.tcp.dstPort}` : 'arp'))
  const firsts = words.filter((w, i) => words.indexOf(w) === i)
  assert.deepEqual(firsts, ['udp 67', 'arp', 'udp 53', 'tcp 443'])
})

test('the hospital LAN is never silent for more than six seconds, so that silence elsewhere can be told', () => {
  const frames = play(120)
  const gaps = frames.slice(1).map((f, i) => f.at - (frames[i]?.at ?? 0))
  assert.ok(Math.max(...gaps) <= 6e6, String(Math.max(...gaps)))
  assert.ok(120e6 - (frames.at(-1)?.at ?? 0) < 6e6)
})

test('every page is read in a connection of its own, opened and closed', () => {
  const frames = play(60)
  const opened = syns(frames, 443)
  assert.ok(opened.length >= 10)
  assert.equal(new Set(opened.map((f) => f.tcp?.srcPort)).size, opened.length)
  const fins = between(frames, NURSE_PC, '10.20.8.20').filter((f) => ((f.tcp?.flags ?? 0) & TcpFlag.fin) !== 0)
  assert.equal(fins.length, 2 * opened.length)
  assert.ok(opened.every((f) => (f.tcp?.srcPort ?? 0) >= 49_152))
})

test('servers beyond the router are seen at the gateway\'s hardware address', () => {
  const { gateway } = castWard(wardOptions())
  const far = play(60).filter((f) => f.ip?.src.startsWith('10.20.8.'))
  assert.ok(far.length > 50)
  assert.ok(far.every((f) => f.srcMac === gateway.mac))
})

test('a print job is acknowledged step by step with one zero byte', () => {
  const job = between(play(20), NURSE_PC, PRINTER)
  assert.deepEqual([...said(job, PRINTER)], [0, 0, 0, 0, 0])
  const text = said(job, NURSE_PC).toString('latin1')
  assert.ok(text.startsWith('\x02ward4\n'))
  assert.ok(text.includes('ldfA001NURSE-PC-04\n') && text.includes('ZZTEST printer filler, line 1'))
  assert.ok(!/patient/i.test(text))
})

test('print jobs take their ports in turn and are numbered', () => {
  const frames = play(400)
  const ports = syns(frames, 515).map((f) => f.tcp?.srcPort)
  assert.deepEqual(ports, [721, 722, 723, 724, 725, 726, 727])
  assert.ok(said(between(frames, NURSE_PC, PRINTER), NURSE_PC).includes('cfA007NURSE-PC-04'))
})

test('the ultrasound associates, echoes and releases', () => {
  const talk = between(play(20), ULTRASOUND, '10.20.8.10')
  const types = (src: string): number[] => {
    const bytes = said(talk, src)
    const out: number[] = []
    for (let off = 0; off < bytes.length; off += 6 + bytes.readUInt32BE(off + 2)) out.push(bytes[off] as number)
    return out
  }
  assert.deepEqual([types(ULTRASOUND), types('10.20.8.10')], [[1, 4, 5], [2, 4, 6]])
  assert.equal(syns(talk, 104).length, 1)
})

test('no frame of the background touches the clinical segment, and all checksums are right', () => {
  const frames = play(120)
  assert.ok(frames.length > 500)
  assert.ok(frames.every((f) => f.ip === null || (!f.ip.src.startsWith('202.') && !f.ip.dst.startsWith('202.'))))
  assert.deepEqual(frames.filter((f) => f.wrong.length > 0), [])
})

test('the background depends on the seed and not on the number of beds', () => {
  const bytes = (wanted: Partial<WardOptions>): string => play(30, wanted).map((f) => Buffer.from(f.bytes).toString('base64')).join()
  assert.equal(bytes({ beds: 2 }), bytes({ beds: 40 }))
  assert.notEqual(bytes({ seed: 1 }), bytes({ seed: 2 }))
})
