// Tests of the whole ward: replay, time order, checksums, whole streams, and what each story must and must not show.
// Keeps the rule that the twin is ground truth: what it claims is read back from its bytes by code that did not write them.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parsePrefix, prefixContains, type Ip } from '../base/ip.ts'
import { formatMac } from '../base/mac.ts'
import { decodeArpMessage, type ArpMessage } from '../protocols/arp/message.ts'
import { decodeCmsFrame } from '../protocols/cms8000/message.ts'
import { processorMs } from '../testing/processor-time.ts'
import { u16le } from '../wire/bytes.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { Frame, FrameFlag, FrameStatus, TcpFlag } from '../wire/frame.ts'
import { inspect, type Inspected } from './core/inspect.ts'
import { describeWard, playWard, SCENARIOS, wardOptions, type Scenario, type WardFrame, type WardOptions } from './core/ward.ts'

interface Seen extends Inspected {
  readonly at: number
  readonly bytes: Uint8Array
}

const played = new Map<string, Seen[]>()

/** Plays a ward of 12 beds once per set of stories; `more` replaces other options and is not remembered. */
function ward(scenarios: readonly Scenario[], more: Partial<WardOptions> = {}): Seen[] {
  const key = Object.keys(more).length === 0 ? scenarios.join() : null
  const known = key === null ? undefined : played.get(key)
  if (known !== undefined) return known
  const frames = [...playWard(wardOptions({ scenarios: new Set(scenarios), ...more }))].map(read)
  if (key !== null) played.set(key, frames)
  return frames
}

function read({ at, bytes }: WardFrame): Seen {
  return { at, bytes, ...inspect(bytes) }
}

function hash(frames: Iterable<WardFrame>): string {
  const sum = createHash('sha256')
  for (const { at, bytes } of frames) sum.update(`${at}:`).update(bytes)
  return sum.digest('hex')
}

function seconds(frame: { at: number }): number {
  return (frame.at - wardOptions().startAt) / 1e6
}

function text(frame: Seen): string {
  return Buffer.from(frame.bytes).toString('latin1')
}

function payload(frame: Seen): Uint8Array {
  const part = frame.tcp ?? frame.udp
  return part === null ? new Uint8Array(0) : frame.bytes.subarray(part.off, part.end)
}

function arpOf(frame: Seen): ArpMessage | null {
  if (frame.etherType !== 0x0806) return null
  const message = decodeArpMessage(frame.bytes, 14, 42)
  assert.ok(typeof message === 'object')
  return message
}

/** Bytes from one end to the other in sequence order; a byte seen twice counts once, a hole fails. */
function stream(frames: readonly Seen[], src: string, srcPort: number, dst: string, dstPort: number): Uint8Array {
  const parts: Uint8Array[] = []
  let next: number | null = null
  for (const frame of frames) {
    const { ip, tcp } = frame
    if (ip === null || tcp === null || ip.src !== src || ip.dst !== dst || tcp.srcPort !== srcPort || tcp.dstPort !== dstPort) continue
    if ((tcp.flags & TcpFlag.syn) !== 0) {
      next = (tcp.seq + 1) % 2 ** 32
      continue
    }
    if (tcp.end === tcp.off || (next !== null && (next - tcp.seq + 2 ** 32) % 2 ** 32 === tcp.end - tcp.off)) continue
    assert.equal(tcp.seq, next, `hole in ${src}:${srcPort} -> ${dst}:${dstPort}`)
    parts.push(payload(frame))
    next = (tcp.seq + tcp.end - tcp.off) % 2 ** 32
  }
  return Buffer.concat(parts)
}

/** Key of the connection a SYN opens. */
function openings(frames: readonly Seen[], dstPort: number): { src: Ip; srcPort: number; dst: Ip }[] {
  return frames.flatMap(({ ip, tcp }) => {
    const opens = ip !== null && tcp !== null && tcp.flags === TcpFlag.syn && tcp.dstPort === dstPort
    return opens ? [{ src: ip.src, srcPort: tcp.srcPort, dst: ip.dst }] : []
  })
}

const KNOWN_KINDS = ['patient', 'bed', 'ecg', 'spo2', 'nibp', 'temperature', 'status', 'cycle-end']

function cmsKinds(bytes: Uint8Array): string[] {
  const kinds: string[] = []
  for (let off = 0; off + 2 <= bytes.length; off += u16le(bytes, off) + 2) {
    kinds.push(decodeCmsFrame(bytes, off, off + u16le(bytes, off) + 2).kind)
  }
  return kinds
}

test('the same options give the same bytes; another seed gives others', () => {
  for (const scenarios of [[], SCENARIOS]) {
    const options = wardOptions({ scenarios: new Set(scenarios), durationSeconds: 60 })
    assert.equal(hash(playWard(options)), hash(playWard(options)))
    assert.notEqual(hash(playWard(options)), hash(playWard({ ...options, seed: 2 })))
  }
})

test('twelve beds for two minutes are a matter of seconds, and of a few megabytes', () => {
  let frames: WardFrame[] = []
  const took = processorMs(() => {
    frames = [...playWard(wardOptions({ scenarios: new Set(SCENARIOS) }))]
  })
  assert.ok(took < 10_000, `${took} ms`)
  const bytes = frames.reduce((sum, f) => sum + f.bytes.length, 0)
  assert.ok(bytes > 1e6 && bytes < 6e6, String(bytes))
})

for (const scenarios of [[], ['leak'], ['update'], ['mitm'], ['udp'], [...SCENARIOS]] as Scenario[][]) {
  const name = scenarios.join('+') || 'quiet'

  test(`${name}: frames come in time order, within the ward's time, with right checksums`, () => {
    const frames = ward(scenarios)
    const { startAt, durationSeconds } = wardOptions()
    assert.ok(frames.length > 1000)
    assert.ok(frames.every((f, i) => Number.isInteger(f.at) && f.at >= (frames[i - 1]?.at ?? startAt)))
    assert.ok((frames.at(-1)?.at ?? Infinity) < startAt + durationSeconds * 1e6)
    assert.deepEqual(frames.filter((f) => f.wrong.length > 0), [])
    assert.ok(frames.every((f) => f.bytes.length >= 60 && f.bytes.length <= 1514))
  })

  test(`${name}: the wire decoder reads every frame without a complaint`, () => {
    const frame = new Frame()
    for (const [i, f] of ward(scenarios).entries()) {
      beginFrame(frame, i + 1, f.at, f.bytes.length, f.bytes.length)
      const status = decodeFrame(f.bytes, 0, f.bytes.length, LinkType.ethernet, frame)
      assert.equal(frame.flags & ~FrameFlag.fragment, 0)
      const isFragment = (frame.flags & FrameFlag.fragment) !== 0
      if (!isFragment) assert.equal(status, f.etherType === 0x0806 ? FrameStatus.link : FrameStatus.transport)
      assert.equal(isFragment, f.ip !== null && (f.ip.moreFragments || f.ip.fragmentOffset > 0))
      assert.deepEqual([frame.srcMac, frame.dstMac], [f.srcMac, f.dstMac])
      if (f.tcp === null) continue
      const { srcPort, dstPort, off, end } = f.tcp
      assert.deepEqual([frame.srcPort, frame.dstPort, frame.payloadOff, frame.payloadEnd], [srcPort, dstPort, off, end])
    }
  })

  test(`${name}: everyone who sends is in the cast, under the hardware address it says`, () => {
    const { members } = describeWard(wardOptions({ scenarios: new Set(scenarios) }))
    const gateway = members.find((m) => m.role === 'router')?.mac
    const stranger = members.find((m) => m.role === 'stranger')?.mac
    for (const f of ward(scenarios)) {
      const mac = formatMac(f.srcMac)
      assert.ok(members.some((m) => m.mac === mac), mac)
      if (f.ip === null || f.ip.src === '0.0.0.0' || mac === stranger) continue
      assert.ok(members.some((m) => m.ip === f.ip?.src && (m.mac ?? gateway) === mac), `${f.ip.src} at ${mac}`)
    }
  })

  test(`${name}: every telemetry stream is whole and made of known messages`, () => {
    const frames = ward(scenarios)
    for (const { src, srcPort, dst } of openings(frames, 515)) {
      if (src === '10.20.4.50') continue
      const kinds = cmsKinds(stream(frames, src, srcPort, dst, 515))
      assert.deepEqual(kinds.filter((k) => !KNOWN_KINDS.includes(k)), [])
    }
  })
}

test('quiet: a cycle a second from each of twelve monitors, each of which first asks for its neighbours', () => {
  const frames = ward([])
  const talks = openings(frames, 515).filter(({ dst }) => dst === '202.114.4.119')
  assert.equal(talks.length, 12)
  for (const { src, srcPort, dst } of talks) {
    const kinds = cmsKinds(stream(frames, src, srcPort, dst, 515))
    assert.deepEqual(kinds.slice(0, 3), ['patient', 'bed', 'ecg'])
    const cycles = kinds.filter((k) => k === 'cycle-end').length
    assert.ok(cycles >= 115 && cycles <= 120, `${src}: ${cycles}`)
    assert.ok(kinds.includes('nibp') && kinds.filter((k) => k === 'patient').length === 2)
    const firstAsk = frames.find((f) => arpOf(f)?.operation === 1 && f.ip === null && formatMac(f.srcMac).endsWith(macTail(src)))
    const firstSyn = frames.find((f) => f.ip?.src === src && f.tcp?.dstPort === 515)
    assert.ok((firstAsk?.at ?? Infinity) < (firstSyn?.at ?? 0))
  }
})

function macTail(ip: string): string {
  return (Number(ip.split('.')[3]) - 20).toString(16).padStart(2, '0')
}

const INSIDE = ['10.0.0.0/8', '202.114.4.0/24', '0.0.0.0/32', '255.255.255.255/32'].map((block) => {
  const parsed = parsePrefix(block)
  assert.ok(parsed.ok)
  return parsed.value
})

test('quiet: no packet leaves the hospital, and no clinical address is reached through the gateway', () => {
  const gateway = describeWard(wardOptions()).members.find((m) => m.role === 'router')?.mac
  for (const f of ward([])) {
    if (f.ip === null) continue
    assert.ok([f.ip.src, f.ip.dst].every((ip) => INSIDE.some((block) => prefixContains(block, ip))))
    if ([f.ip.src, f.ip.dst].some((ip) => ip.startsWith('202.114.4.'))) assert.notEqual(formatMac(f.dstMac), gateway)
  }
})

test('quiet: no patient is named anywhere and no record has a filled field', () => {
  const frames = ward([])
  assert.deepEqual(frames.filter((f) => text(f).includes('CANARY')), [])
  assert.deepEqual(frames.filter((f) => f.tcp?.dstPort === 511 && /PID|NK1|IN1/.test(text(f))), [])
  for (const { src, srcPort, dst } of openings(frames, 515).filter((o) => o.dst === '202.114.4.119')) {
    const bytes = stream(frames, src, srcPort, dst, 515)
    const record = decodeCmsFrame(bytes, 0, u16le(bytes, 0) + 2)
    assert.deepEqual(record.kind === 'patient' && record.filled, [])
  }
})

test('quiet: UDP is DHCP and DNS only, none of it to a clinical address, and no server writes to a monitor', () => {
  const frames = ward([])
  for (const f of frames.filter((g) => g.udp !== null)) {
    assert.ok([53, 67, 68].some((port) => f.udp?.srcPort === port || f.udp?.dstPort === port))
    assert.ok(!f.ip?.dst.startsWith('202.114.4.'))
  }
  assert.deepEqual(frames.filter((f) => f.ip?.src.startsWith('202.114.4.1') && f.tcp !== null && payload(f).length > 0), [])
})

test('quiet: one hardware address per clinical address, and one address per hardware address', () => {
  const claims = ward([]).flatMap((f) => arpOf(f) ?? []).map((a) => `${a.senderIp}|${a.senderMac}`)
  const unique = [...new Set(claims)]
  assert.equal(new Set(unique.map((c) => c.split('|')[0])).size, unique.length)
  assert.equal(new Set(unique.map((c) => c.split('|')[1])).size, unique.length)
})

test('quiet: HL7 flows to 511 in MLLP every five cycles and is never acknowledged by a message', () => {
  const frames = ward([])
  const talks = openings(frames, 511)
  assert.equal(talks.length, 12)
  for (const { src, srcPort, dst } of talks) {
    const messages = Buffer.from(stream(frames, src, srcPort, dst, 511)).toString('latin1').split('\x0b').slice(1)
    assert.ok(messages.length >= 20 && messages.length <= 24)
    assert.ok(messages.every((m) => m.startsWith('MSH|^~\\&|MONITOR|BED') && m.includes('|ORU^R01|') && m.endsWith('\x1c\r')))
    assert.equal(stream(frames, dst, 511, src, srcPort).length, 0)
  }
})

test('quiet: the controls are there: a print job on 515, an association on 104, TLS and a host name', () => {
  const frames = ward([])
  const [job] = openings(frames, 515).filter(({ src }) => src === '10.20.4.50')
  assert.ok(job !== undefined && job.srcPort >= 721 && job.srcPort <= 731)
  assert.ok(Buffer.from(stream(frames, job.src, job.srcPort, job.dst, 515)).toString('latin1').startsWith('\x02ward4\n'))
  assert.ok(openings(frames, 104).length >= 1 && openings(frames, 443).length >= 5)
  assert.ok(frames.some((f) => f.udp?.dstPort === 67 && text(f).includes('NURSE-PC-04')))
  assert.ok(frames.some((f) => f.udp?.dstPort === 53 && text(f).includes('\x08intranet\x08hospital\x07example')))
})

test('leak: two monitors send the canary through the gateway and are answered with fewer hops left', () => {
  const frames = ward(['leak'])
  const gateway = describeWard(wardOptions()).members.find((m) => m.role === 'router')?.mac
  const filled = frames.filter((f) => text(f).includes('ZZTEST^CANARY'))
  assert.deepEqual(new Set(filled.map((f) => f.ip?.src)), new Set(['10.20.4.40', '10.20.4.41']))
  assert.ok(filled.every((f) => formatMac(f.dstMac) === gateway && f.ip?.dst === '202.114.4.119' && f.tcp?.dstPort === 515))
  const answers = frames.filter((f) => f.ip?.src === '202.114.4.119' && f.ip.dst.startsWith('10.20.4.'))
  assert.ok(answers.length > 200)
  assert.ok(answers.every((f) => formatMac(f.srcMac) === gateway && f.ip?.ttl === 109))
  const neighbour = frames.find((f) => f.ip?.src === '202.114.4.119' && f.ip.dst.startsWith('202.'))
  assert.ok((neighbour?.ip?.ttl ?? 0) > 109)
})

test('leak: the third monitor only ever sends SYNs, with back-off, and so do the unanswered HL7 streams', () => {
  const frames = ward(['leak'])
  const third = frames.filter((f) => f.tcp !== null && [f.ip?.src, f.ip?.dst].includes('10.20.4.42' as Ip))
  assert.ok(third.every((f) => f.tcp?.flags === TcpFlag.syn && f.ip?.src === '10.20.4.42'))
  const times = third.filter((f) => f.tcp?.dstPort === 515).map(seconds)
  assert.deepEqual(times.map((t) => Math.round(t - (times[0] ?? 0))), [0, 3, 9, 21, 45, 93])
  const hl7 = (src: string): boolean => frames.some((f) => f.tcp?.srcPort === 511 && f.ip?.dst === src)
  assert.deepEqual(['10.20.4.40', '10.20.4.41', '10.20.4.42'].map(hl7), [true, false, false])
})

test('leak: each leaked monitor gets its address by DHCP and asks for the gateway', () => {
  const frames = ward(['leak'])
  for (const bed of [10, 11, 12]) {
    const mac = frames.find((f) => f.ip?.src === `10.20.4.${30 + bed}`)?.srcMac
    const mine = frames.filter((f) => f.srcMac === mac)
    assert.deepEqual(mine.slice(0, 2).map((f) => f.udp?.dstPort), [67, 67])
    assert.ok(mine.some((f) => arpOf(f)?.targetIp === 0x0a140401))
  }
})

test('update: one monitor mounts /pm and reads; the other asks in vain on 111 and 635; telemetry goes on', () => {
  const frames = ward(['update'])
  const { events } = describeWard(wardOptions({ scenarios: new Set(['update']) }))
  const mounts = frames.filter((f) => f.ip?.dst === '202.114.4.119' && text(f).includes('/pm'))
  const answered = mounts.filter((f) => f.ip?.src.startsWith('202.'))
  assert.equal(answered.length, 1)
  assert.equal(mounts.filter((f) => f.udp?.dstPort === 635 && f.ip?.src === '10.20.4.42').length, 7)
  const updater = answered[0]?.ip?.src
  assert.ok(frames.filter((f) => f.ip?.src === updater && f.udp?.dstPort === 2049).length > 50)
  const said = frames.filter((f) => f.ip?.src === updater && f.tcp?.dstPort === 515 && payload(f).length > 0)
  const during = said.filter((f) => seconds(f) > 35 && seconds(f) < 40)
  assert.ok(during.length >= 4)
  assert.ok(events.some((e) => e.what.includes('/pm') && e.at <= (answered[0]?.at ?? 0) && e.at > (answered[0]?.at ?? 0) - 1e6))
})

test('update over TCP: no fragment, MOUNT and NFS on streams that are whole', () => {
  const frames = ward(['update'], { updateTransport: 'tcp', durationSeconds: 60 })
  assert.ok(frames.every((f) => f.ip === null || (!f.ip.moreFragments && f.ip.fragmentOffset === 0)))
  const [nfs] = openings(frames, 2049)
  assert.ok(nfs !== undefined)
  assert.ok(stream(frames, nfs.dst, 2049, nfs.src, nfs.srcPort).length > 350_000)
})

test('mitm: the stranger claims the central to one monitor and that monitor to the central, again and again', () => {
  const frames = ward(['mitm'])
  const { members, events } = describeWard(wardOptions({ scenarios: new Set(['mitm']) }))
  const stranger = members.find((m) => m.role === 'stranger')
  const victim = members.find((m) => m.label === events[0]?.who)
  const claims = frames.flatMap((f) => arpOf(f) ?? []).filter((a) => a.operation === 2 && formatMac(a.senderMac) === stranger?.mac)
  const claimed = new Map(claims.map((a) => [a.senderIp, formatMac(a.targetMac)]))
  assert.ok(victim !== undefined)
  assert.equal(claimed.get(0xca720477), victim.mac)
  assert.equal(claimed.size, 2)
  assert.ok(claims.length >= 20)
})

test('mitm: the stream goes on through the stranger, who adds sixteen bytes the central never sent', () => {
  const frames = ward(['mitm'])
  const { members, events } = describeWard(wardOptions({ scenarios: new Set(['mitm']) }))
  const victim = members.find((m) => m.label === events[0]?.who)
  const stranger = members.find((m) => m.role === 'stranger')
  const [talk] = openings(frames, 515).filter(({ src }) => src === victim?.ip)
  assert.ok(talk !== undefined)
  const toMonitor = frames.filter((f) => formatMac(f.dstMac) === victim?.mac)
  assert.equal(Buffer.from(stream(toMonitor, talk.dst, 515, talk.src, talk.srcPort)).toString(), 'ZZTESTZZZZTESTZZ')
  assert.ok(frames.filter((f) => f.tcp?.srcPort === 515 && payload(f).length > 1).every((f) => formatMac(f.srcMac) === stranger?.mac))
  const relayed = frames.filter((f) => formatMac(f.srcMac) === stranger?.mac && f.ip?.src === victim?.ip && payload(f).length > 0)
  assert.ok(relayed.length >= 70 && relayed.every((f) => f.ip?.ttl === 63))
  assert.ok(cmsKinds(stream(frames, talk.src, talk.srcPort, talk.dst, 515)).filter((k) => k === 'cycle-end').length >= 115)
})

test('udp: three datagrams to one monitor, then a broadcast after which the clinical segment is dead', () => {
  const frames = ward(['udp'])
  const shots = frames.filter((f) => f.udp !== null && f.ip?.src === '202.114.4.66')
  assert.equal(shots.filter((f) => f.dstMac !== 0xffffffffffff).length, 3)
  const blast = shots.filter((f) => f.dstMac === 0xffffffffffff)
  assert.deepEqual(blast.map((f) => [f.ip?.dst, Math.round(seconds(f))]), [['202.114.4.255', 90]])
  const died = blast[0]?.at ?? 0
  const after = frames.filter((f) => f.at > died + 1e6)
  assert.deepEqual(after.filter((f) => f.ip?.src.startsWith('202.114.4.') || arpOf(f)?.senderIp === 0xca720477), [])
  assert.ok(after.length > 30, 'the rest of the ward goes on')
  const before = frames.filter((f) => f.tcp?.dstPort === 515 && f.ip?.dst === '202.114.4.119')
  assert.ok(before.every((f) => ((f.tcp?.flags ?? 0) & (TcpFlag.fin | TcpFlag.rst)) === 0))
})

test('all: monitors outside the segment outlive the broadcast', () => {
  const after = ward([...SCENARIOS]).filter((f) => seconds(f) > 95 && f.tcp?.dstPort === 515 && payload(f).length > 100)
  assert.deepEqual(new Set(after.map((f) => f.ip?.src)), new Set(['10.20.4.40', '10.20.4.41']))
})

test('a story changes nothing for those it does not touch', () => {
  const keyed = (frames: readonly Seen[], ip: string): string => hash(frames.filter((f) => f.ip?.src === ip || f.ip?.dst === ip))
  for (const ip of ['202.114.4.21', '10.20.4.50', '10.20.4.60', '202.114.4.29']) {
    assert.equal(keyed(ward(['leak']), ip), keyed(ward([]), ip), ip)
  }
})

test('a ward without end goes on past the crash: monitors are switched on again and stream as before', () => {
  const options = wardOptions({ beds: 4, scenarios: new Set(['udp']), durationSeconds: Infinity })
  let last = 0
  const alive = new Map<number, number>()
  for (const frame of playWard(options)) {
    const minute = Math.floor((frame.at - options.startAt) / 60e6)
    if (minute >= 10) break
    assert.ok(frame.at >= last)
    last = frame.at
    const { ip, tcp } = inspect(frame.bytes)
    if (ip?.src.startsWith('202.') && tcp?.dstPort === 515 && tcp.end - tcp.off > 500) alive.set(minute, (alive.get(minute) ?? 0) + 1)
  }
  assert.deepEqual([1, 3, 4, 5, 6].map((m) => (alive.get(m) ?? 0) > 200), [true, false, false, false, false])
  assert.ok((alive.get(9) ?? 0) > 200)
})

test('period, jitter and bed count are obeyed', () => {
  const frames = ward([], { beds: 2, cyclePeriodMicros: 2e6, jitterMicros: 0, durationSeconds: 30 })
  const [talk] = openings(frames, 515).filter(({ src }) => src === '202.114.4.22')
  assert.ok(talk !== undefined)
  const times = frames.filter((f) => f.ip?.src === talk.src && f.tcp?.dstPort === 515 && payload(f).length > 900).map((f) => f.at)
  assert.ok(times.length >= 13)
  assert.deepEqual(new Set(times.slice(1).map((t, i) => t - (times[i] ?? 0))), new Set([2e6]))
})

test('a ward of one bed and of sixty-four can be played', () => {
  assert.ok(ward([], { beds: 1, durationSeconds: 5 }).length > 20)
  const many = ward([...SCENARIOS], { beds: 64, durationSeconds: 10 })
  assert.equal(new Set(many.filter((f) => f.tcp?.flags === TcpFlag.syn && f.tcp.dstPort === 515).map((f) => f.ip?.src)).size, 64)
})

test('options that make no ward are our caller\'s bug', () => {
  assert.throws(() => playWard(wardOptions({ beds: 0 })).next(), /beds/)
  assert.throws(() => describeWard(wardOptions({ beds: 65 })), /beds/)
})
