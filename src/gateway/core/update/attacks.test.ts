// Attacks on the update server, and the audit that must tell them: windows, other devices' handles, path tricks, partial copies.
// Keeps the promise of docs/gateway-updates.md line by line; each attack of the threat list that reaches this layer is a named test.

import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ip } from '../../../base/ip.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../../../base/time.ts'
import { Nfs3Proc, Program } from '../../../protocols/rpc/codes.ts'
import { encodeCall, mountMnt, type RpcCallBody } from '../../../protocols/rpc/encode.ts'
import { nfs2Getattr, nfs2Lookup, nfs3Getattr, nfs3Lookup, nfs3Read, nfs3Readdir, nfs3Write } from '../../../protocols/rpc/encode-nfs.ts'
import { XdrWriter } from '../../../protocols/rpc/xdr.ts'
import { BED_7, BED_8, KEY, noise, ROOT_USER, servedFile, START, testGrant, testTree, UpdateWorld } from '../../../testing/update-world.ts'
import { sealHandle } from './handle.ts'
import { handleScope } from './window.ts'

const STALE = 70
const END = START + 10 * MICROS_PER_MINUTE
const LAST = START + 15 * MICROS_PER_MINUTE

function status(world: UpdateWorld, body: RpcCallBody, ip: Ip = BED_7, port = 800): number {
  return world.ask(body, world.peer(ip, 'udp', port)).r.u32()
}

/** As the server makes it, for any node of any grant: what a thief of a handle would have. */
function handle(no: number, grant = testGrant()): Uint8Array {
  return sealHandle(handleScope(grant), no, KEY)
}

/** Numbers of testTree: see tree.test.ts. */
const ROOT = 0
const LIB = 1
const TABLE = 3
const MONITOR = 4
const RUN_SH = 5

function readWhole(world: UpdateWorld, no: number, size: number): void {
  for (let at = 0; at < size; at += 1024) equal(status(world, nfs3Read(handle(no), at, 1024)), 0)
}

function told(world: UpdateWorld, kind: string): unknown[] {
  return world.records.filter((r) => r.kind === kind).map((r) => [r.path, r.sentBytes, r.sizeBytes, r.severity])
}

// ---- windows

test('window expiring mid-read: the copy that has begun may be finished until its limit, then everything is stale', () => {
  const world = new UpdateWorld()
  equal(status(world, nfs3Read(handle(MONITOR), 0, 1024)), 0)
  world.now = END - 1
  equal(status(world, nfs3Read(handle(MONITOR), 1024, 1024)), 0)
  world.now = END
  world.tick()
  equal(status(world, mountMnt(3, '/pm')), 13)
  equal(status(world, nfs3Read(handle(MONITOR), 2048, 1024)), 0)
  equal(status(world, nfs3Lookup(handle(ROOT), 'run.sh')), 0)
  world.now = LAST
  for (const body of [nfs3Read(handle(MONITOR), 3072, 1024), nfs3Getattr(handle(ROOT)), nfs2Getattr(handle(ROOT))]) equal(status(world, body), STALE)
  world.tick()
  deepEqual(told(world, 'file-partial'), [['lib/table', 0, 5000, 'alarm'], ['monitor', 3072, 300_001, 'alarm'], ['run.sh', 0, 22, 'alarm']])
})

test('window over and nothing begun: stale at once, and told without alarm', () => {
  const world = new UpdateWorld()
  equal(status(world, mountMnt(3, '/pm')), 0)
  equal(status(world, nfs3Readdir(handle(ROOT), 0, 512)), 0)
  world.now = END
  equal(status(world, nfs3Read(handle(MONITOR), 0, 1024)), STALE)
  deepEqual(world.tick().map((r) => [r.kind, r.severity]), [['file-none', 'info'], ['file-none', 'info'], ['file-none', 'info'], ['window-closed', 'info']])
})

test('window over and all complete: stale at once', () => {
  const world = new UpdateWorld([testGrant({ tree: testTree('release-1', [servedFile('x', noise(100))]) })])
  equal(status(world, nfs3Read(handle(1), 0, 1024)), 0)
  world.now = END
  equal(status(world, nfs3Read(handle(1), 0, 1024)), STALE)
  deepEqual(world.tick().map((r) => r.kind), ['window-closed'])
})

test('before the window a good handle is stale', () => {
  const grant = testGrant({ from: START + MICROS_PER_SECOND })
  const world = new UpdateWorld([grant])
  equal(status(world, nfs3Read(handle(MONITOR, grant), 0, 10)), STALE)
  world.now += MICROS_PER_SECOND
  equal(status(world, nfs3Read(handle(MONITOR, grant), 0, 10)), 0)
})

test('clock set back: a window that is over does not open again', () => {
  const world = new UpdateWorld()
  world.now = LAST
  equal(status(world, nfs3Getattr(handle(ROOT))), STALE)
  world.now = START
  equal(status(world, nfs3Getattr(handle(ROOT))), STALE)
  equal(status(world, mountMnt(3, '/pm')), 13)
  deepEqual(world.server.setGrants([testGrant({ permitId: 'again' })], START).map((r) => r.kind).slice(-1), ['window-closed'])
  equal(status(world, mountMnt(3, '/pm')), 13)
})

test('revoked in the middle: stale with the next request, and the half copy is an alarm', () => {
  const world = new UpdateWorld()
  equal(status(world, nfs3Read(handle(MONITOR), 0, 1024)), 0)
  world.records.push(...world.server.setGrants([], world.now))
  equal(status(world, nfs3Read(handle(MONITOR), 1024, 1024)), STALE)
  equal(told(world, 'file-partial').length, 3)
  deepEqual(world.records.filter((r) => r.kind === 'window-closed').map((r) => r.reason), ['revoked'])
})

test('the same permit set again goes on where it stood', () => {
  const world = new UpdateWorld()
  readWhole(world, TABLE, 5000)
  world.server.setGrants([testGrant()], world.now)
  deepEqual(world.server.status(world.now)[0]?.files.map((f) => f.outcome), ['complete', 'complete', 'none', 'none'])
})

// ---- other devices, other keys

test('another device\'s handle is stale, and told as that', () => {
  const other = testGrant({ permitId: 'permit-2', deviceId: 'SN-0008', ip: BED_8 })
  const world = new UpdateWorld([testGrant(), other])
  for (const body of [nfs3Read(handle(MONITOR, other), 0, 10), nfs3Lookup(handle(ROOT, other), 'run.sh'), nfs2Lookup(handle(ROOT, other), 'run.sh')]) {
    equal(status(world, body, BED_7), STALE)
    equal(status(world, body, BED_8), 0)
  }
  deepEqual(world.records.filter((r) => r.kind === 'handle-refused').map((r) => [r.ip, r.deviceId, r.reason]), [[BED_7, 'SN-0007', 'another-device']])
})

test('a device without a permit gets nothing with a stolen handle', () => {
  const world = new UpdateWorld()
  equal(status(world, nfs3Read(handle(MONITOR), 0, 10), BED_8), STALE)
  equal(status(world, nfs3Read(handle(MONITOR), 0, 10), BED_7, 40_000), STALE)
  deepEqual(world.records.filter((r) => r.kind === 'handle-refused').map((r) => r.reason), ['no-permit', 'unprivileged-port'])
})

test('a handle from before a restart, or of another release, is stale', () => {
  const world = new UpdateWorld()
  const old = sealHandle(handleScope(testGrant()), MONITOR, { ...KEY, key: new Uint8Array(32) })
  equal(status(world, nfs3Read(old, 0, 10)), STALE)
  equal(status(world, nfs3Read(handle(MONITOR, testGrant({ tree: testTree('release-0') })), 0, 10)), STALE)
  deepEqual(world.records.filter((r) => r.kind === 'handle-refused').map((r) => r.reason), ['forged-or-old'])
})

test('a forged handle never opens anything, whatever its bytes', () => {
  const world = new UpdateWorld()
  const good = handle(MONITOR)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    equal(status(world, nfs3Getattr(bytes)), bytes.length === 0 ? 10_001 : STALE)
  }))
  fc.assert(fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (at, bits) => {
    const forged = good.slice()
    forged[at] = (forged[at] as number) ^ bits
    equal(status(world, nfs3Getattr(forged)), STALE)
  }))
})

test('a handle longer than 64 bytes is garbage', () => {
  const args = new XdrWriter().opaque(noise(68)).bytes()
  equal(new UpdateWorld().ask({ program: Program.nfs, version: 3, procedure: Nfs3Proc.getattr, args }).reply?.accepted, 'garbage-args')
})

test('a file number that the release does not have is stale', () => {
  equal(status(new UpdateWorld(), nfs3Getattr(handle(6))), STALE)
})

// ---- paths

for (const name of ['..', '../run.sh', '/', '/etc/passwd', 'lib/table', './run.sh', '', 'run.sh\0', 'run.sh/', '\u0001', 'run?sh']) {
  test(`path trick ${JSON.stringify(name)} is refused and told`, () => {
    const world = new UpdateWorld()
    for (const directory of [ROOT, LIB]) equal(status(world, nfs3Lookup(handle(directory), name)), 13)
    equal(status(world, nfs2Lookup(handle(ROOT), name)), 13)
    ok(world.records.some((r) => r.kind === 'path-refused'))
  })
}

test('no name but the exact one finds a file', () => {
  const world = new UpdateWorld()
  const known = new Set(['.', 'lib', 'monitor', 'run.sh'])
  const ascii = fc.string({ maxLength: 2, unit: fc.integer({ min: 0, max: 127 }).map((c) => String.fromCharCode(c)) })
  const near = fc.constantFrom('monitor', 'run.sh', 'lib')
    .chain((n) => fc.tuple(fc.nat(n.length), ascii).map(([at, more]) => n.slice(0, at) + more + n.slice(at)))
  fc.assert(fc.property(near, (name) => {
    const found = status(world, nfs3Lookup(handle(ROOT), name)) === 0
    equal(found, known.has(name), name)
  }), { numRuns: 500 })
})

test('bytes that print as another name do not find it', () => {
  const world = new UpdateWorld()
  const args = new XdrWriter().opaque(handle(ROOT)).opaque(Uint8Array.from('run.sh', (c) => c.charCodeAt(0) | 0x80)).bytes()
  equal(status(world, { program: Program.nfs, version: 3, procedure: Nfs3Proc.lookup, args }), 13)
})

// ---- audit

test('coverage: complete once every byte was sent, in any order, with retransmissions, told once', () => {
  const world = new UpdateWorld()
  for (const at of [4096, 0, 2048, 1024, 1024, 3072]) status(world, nfs3Read(handle(TABLE), at, 1024))
  readWhole(world, TABLE, 5000)
  deepEqual(told(world, 'file-complete'), [['lib/table', 5000, 5000, 'info']])
})

test('coverage: a hole of one byte is partial', () => {
  const world = new UpdateWorld()
  status(world, nfs3Read(handle(RUN_SH), 0, 10))
  status(world, nfs3Read(handle(RUN_SH), 11, 100))
  deepEqual(world.server.status(world.now)[0]?.files.find((f) => f.path === 'run.sh'), { path: 'run.sh', sizeBytes: 22, sentBytes: 21, outcome: 'partial' })
})

test('a whole release is told as complete; empty files need no READ', () => {
  const world = new UpdateWorld()
  for (const [no, size] of [[TABLE, 5000], [MONITOR, 300_001], [RUN_SH, 22]] as const) readWhole(world, no, size)
  equal(told(world, 'release-complete').length, 1)
  world.now = END
  world.tick()
  equal(told(world, 'file-partial').length, 0)
  deepEqual(world.kinds().slice(-1), ['window-closed'])
})

test('the sum of what is covered equals the distinct bytes asked for', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(6000), fc.nat(1500)), { maxLength: 30 }), (reads) => {
    const world = new UpdateWorld()
    const bytes = new Set<number>()
    for (const [offset, count] of reads) {
      status(world, nfs3Read(handle(TABLE), offset, count))
      for (let i = offset; i < Math.min(5000, offset + Math.min(count, 1024)); i++) bytes.add(i)
    }
    equal(world.server.status(world.now)[0]?.files.find((f) => f.path === 'lib/table')?.sentBytes, bytes.size)
  }))
})

test('a copy that stands still is an alarm after a minute, once, and again after it went on', () => {
  const world = new UpdateWorld()
  status(world, nfs3Read(handle(MONITOR), 0, 1024))
  world.now += MICROS_PER_MINUTE - 1
  equal(world.tick().length, 0)
  world.now += 1
  deepEqual(world.tick().map((r) => [r.kind, r.severity, r.path]), [['file-stalled', 'alarm', 'monitor']])
  world.now += MICROS_PER_MINUTE
  equal(world.tick().length, 0)
  status(world, nfs3Read(handle(MONITOR), 1024, 1024))
  world.now += MICROS_PER_MINUTE
  equal(world.tick().length, 1)
})

test('a retransmission is answered the same, counted, and told never twice', () => {
  const world = new UpdateWorld()
  for (const body of [mountMnt(3, '/pm'), nfs3Read(handle(RUN_SH), 0, 10), nfs3Write(handle(RUN_SH), 0, noise(4)), nfs3Lookup(handle(ROOT), '..')]) {
    const call = encodeCall(world.xid++, body, ROOT_USER)
    const first = world.say(call)
    const second = world.say(call)
    deepEqual(second.bytes, first.bytes)
    deepEqual(second.records, [])
  }
  const { requests, duplicates } = world.server.counts()
  equal(duplicates, 4)
  deepEqual([...requests], [['MOUNT.MNT', 2], ['NFS.READ', 2], ['NFS.WRITE', 2], ['NFS.LOOKUP', 2]])
})

test('the same xid from another socket is another call', () => {
  const world = new UpdateWorld()
  const call = encodeCall(1, mountMnt(3, '/pm'), ROOT_USER)
  notDeepEqual(world.say(call, world.peer(BED_7, 'udp', 700)).records, [])
  notDeepEqual(world.say(call, world.peer(BED_7, 'udp', 701)).records, [])
})

test('every request is counted, refused and unreadable ones too', () => {
  const world = new UpdateWorld([])
  world.ask(mountMnt(1, '/pm'))
  world.ask({ program: 200_123, version: 1, procedure: 4, args: new Uint8Array(0) })
  world.say(encodeCall(3, mountMnt(1, '/pm'), null).slice(0, 20))
  deepEqual([...world.server.counts().requests], [['MOUNT.MNT', 1], ['PROG-200123.4', 1], ['unreadable', 1]])
})

test('a flood of refusals is one record a minute, with the number of those not told', () => {
  const world = new UpdateWorld([])
  for (let i = 0; i < 100; i++) world.ask(mountMnt(3, '/pm'))
  equal(world.records.length, 1)
  world.now += MICROS_PER_MINUTE
  world.ask(mountMnt(3, '/pm'))
  deepEqual(world.records.map((r) => r.repeats), [0, 99])
})

test('names of procedures that an attacker makes up do not fill the memory', () => {
  const world = new UpdateWorld([], { rates: { permitted: { perSecond: 1e6 }, stranger: { perSecond: 1e6 } } })
  for (let i = 0; i < 2000; i++) world.ask({ program: 200_000 + i, version: 1, procedure: 1, args: new Uint8Array(0) })
  const { requests } = world.server.counts()
  ok(requests.size <= 129)
  equal([...requests.values()].reduce((a, b) => a + b, 0), 2000)
})

test('records carry the permit, the device and the release', () => {
  const world = new UpdateWorld()
  world.ask(mountMnt(3, '/pm'))
  const record = world.records.at(-1)
  deepEqual([record?.permitId, record?.deviceId, record?.releaseId, record?.ip, record?.at], ['permit-1', 'SN-0007', 'release-1', BED_7, START])
})
