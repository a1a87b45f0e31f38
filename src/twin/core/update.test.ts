// Tests of update.ts, share.ts and the two lines: the wire events of facts/cms8000.md section 6, in order, both transports.
// Keeps the rule that an update reads and never writes, and that an unanswered one shows its own signature.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ip } from '../../base/ip.ts'
import { seededRng } from '../../base/rng.ts'
import { u32be } from '../../wire/bytes.ts'
import { inspect, joinFragments } from './inspect.ts'
import type { WardFrame } from './packets.ts'
import { makeShare, shareEntries, SHARE_MAPPINGS } from './share.ts'
import type { Standpoint } from './tcp-talk.ts'
import { playUpdate, type UpdateSetup } from './update.ts'

const CLIENT: Standpoint = { mac: 0x02_00_5e_30_00_07, ip: '202.114.4.27' as Ip, ttl: 64, turnMicros: 300 }
const SERVER: Standpoint = { mac: 0x02_00_5e_10_04_77, ip: '202.114.4.119' as Ip, ttl: 128, turnMicros: 200 }

function play(wanted: Partial<UpdateSetup>): WardFrame[] {
  const usual = { client: CLIENT, server: SERVER, answered: true, transport: 'udp', synRetries: 2, at: 5e6, rng: seededRng(1) } as const
  return [...playUpdate({ ...usual, ...wanted })]
}

interface Call {
  readonly transport: 'tcp' | 'udp'
  readonly port: number
  readonly program: number
  readonly version: number
  readonly procedure: number
}

/** RPC calls of the client, read off the wire: on TCP a call begins a segment, after its record mark. */
function calls(frames: readonly WardFrame[]): Call[] {
  const out: Call[] = []
  for (const { bytes } of frames) {
    const { ip, tcp, udp } = inspect(bytes)
    if (ip?.src !== CLIENT.ip) continue
    if (udp !== null) out.push(call(bytes, udp.off, 'udp', udp.dstPort))
    if (tcp !== null && tcp.end - tcp.off > 0) out.push(call(bytes, tcp.off + 4, 'tcp', tcp.dstPort))
  }
  return out
}

function call(bytes: Uint8Array, off: number, transport: Call['transport'], port: number): Call {
  assert.equal(u32be(bytes, off + 4), 0, 'a call')
  return { transport, port, program: u32be(bytes, off + 12), version: u32be(bytes, off + 16), procedure: u32be(bytes, off + 20) }
}

function words(list: readonly Call[]): string[] {
  return list.map((c) => `${c.transport}/${c.port} ${c.program}v${c.version}.${c.procedure}`)
}

test('over UDP the calls come in the order of facts section 6', () => {
  const list = words(calls(play({})))
  assert.deepEqual(list.slice(0, 9), [
    'tcp/111 100000v2.4', 'udp/20048 100005v3.1', 'udp/111 100000v2.3',
    'udp/2049 100003v3.0', 'udp/2049 100003v3.19', 'udp/2049 100003v3.1', 'udp/2049 100003v3.4', 'udp/2049 100003v3.17',
    'udp/2049 100003v3.3',
  ])
  assert.equal(list.filter((w) => w.endsWith('v3.3')).length, 3)
  assert.ok(list.filter((w) => w === 'udp/2049 100003v3.6').length > 40)
})

test('over TCP the same calls, with the port question still by datagram', () => {
  const list = words(calls(play({ transport: 'tcp' })))
  assert.deepEqual(list.slice(0, 4), ['tcp/111 100000v2.4', 'tcp/20048 100005v3.1', 'udp/111 100000v2.3', 'tcp/2049 100003v3.0'])
  assert.ok(list.filter((w) => w === 'tcp/2049 100003v3.6').length >= 12)
})

test('nothing is written, locked or unmounted', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const list = calls(play({ transport }))
    assert.ok(list.every((c) => [100000, 100003, 100005].includes(c.program)))
    assert.deepEqual(list.filter((c) => c.program === 100003 && ![0, 1, 3, 4, 6, 17, 19].includes(c.procedure)), [])
    assert.deepEqual(list.filter((c) => c.program === 100005 && c.procedure !== 1), [])
  }
})

test('frames are in time order, with right checksums, from privileged ports for MOUNT and NFS', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const frames = play({ transport })
    assert.ok(frames.every((f, i) => i === 0 || f.at >= (frames[i - 1]?.at ?? 0)))
    for (const { bytes } of frames) {
      const { wrong, udp, tcp, ip } = inspect(bytes)
      assert.deepEqual(wrong, [])
      const ports = udp ?? tcp
      if (ip?.src === CLIENT.ip && ports !== null && ports.dstPort > 1024) assert.ok(ports.srcPort < 1024)
    }
  }
})

test('READ replies over UDP are IPv4 fragments that join to the file as served', () => {
  const share = makeShare(seededRng(99))
  const frames = play({ rng: seededRng(1) })
  const byId = Map.groupBy(frames.filter((f) => inspect(f.bytes).ip?.src === SERVER.ip), (f) => inspect(f.bytes).ip?.id ?? -1)
  const joined = [...byId.values()].filter((group) => group.length > 1).map((group) => joinFragments(group.map((f) => f.bytes)))
  assert.ok(joined.length > 40)
  assert.ok(joined.every((datagram) => datagram !== null))
  assert.ok(joined.some((datagram) => datagram !== null && Buffer.from(datagram).includes(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))))
  assert.equal(share.files.length, 3)
})

test('without an answer: SYNs to 111 with back-off, then MOUNT v1 to UDP 635 every 3 s for 20 s, then nothing', () => {
  const frames = play({ answered: false })
  const seen = frames.map((f) => ({ at: f.at / 1e6 - 5, ...inspect(f.bytes) }))
  const segments = seen.filter((s) => s.tcp !== null).map((s) => [s.at, s.tcp?.dstPort, s.tcp?.flags])
  assert.deepEqual(segments, [[0, 111, 2], [3, 111, 2], [9, 111, 2]])
  const datagrams = seen.filter((s) => s.udp !== null)
  assert.deepEqual(datagrams.map((s) => s.at), [21, 24, 27, 30, 33, 36, 39])
  assert.ok(datagrams.every((s) => s.udp?.dstPort === 635 && s.ip?.src === CLIENT.ip))
  assert.deepEqual(new Set(words(calls(frames))), new Set(['udp/635 100005v1.1']))
  assert.ok(frames.some((f) => Buffer.from(f.bytes).includes('/pm')))
})

test('the datagrams of one unanswered mount are one transaction', () => {
  const xids = play({ answered: false }).flatMap((f) => {
    const { udp } = inspect(f.bytes)
    return udp === null ? [] : [u32be(f.bytes, udp.off)]
  })
  assert.equal(new Set(xids).size, 1)
})

test('five retries, as the kernel would, delay the fall-back to 189 s', () => {
  const first = play({ answered: false, synRetries: 5 }).find((f) => inspect(f.bytes).udp !== null)
  assert.equal((first?.at ?? 0) / 1e6 - 5, 189)
})

test('the share holds two programs with an ELF head and a script, and lists them after the dot entries', () => {
  const share = makeShare(seededRng(5))
  assert.deepEqual(shareEntries(share).map((e) => e.name), ['.', '..', 'monitor', 'update', 'run.sh'])
  assert.deepEqual(share.files.map((f) => String.fromCharCode(...f.content.subarray(0, 4))), ['\x7fELF', '\x7fELF', '#!/b'])
  assert.ok(share.files.every((f) => f.attributes.size === f.content.length))
  assert.equal(new Set(share.files.map((f) => f.attributes.fileId)).size, 3)
})

test('another seed serves other programs', () => {
  assert.notDeepEqual(makeShare(seededRng(1)).files[0]?.content, makeShare(seededRng(2)).files[0]?.content)
})

test('the port list offers MOUNT up to version 3 on both transports', () => {
  const mounts = SHARE_MAPPINGS.filter((m) => m.program === 100005)
  assert.deepEqual(mounts.map((m) => [m.version, m.protocol]), [[1, 6], [2, 6], [3, 6], [1, 17], [2, 17], [3, 17]])
})
