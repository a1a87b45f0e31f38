// The update server as a table of questions and answers: every program, version and procedure is answered, and by default with no.
// Keeps facts gateway D.5 executable: the answer set, the pitfalls, and "never silent".

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ip } from '../../../base/ip.ts'
import { Program } from '../../../protocols/rpc/codes.ts'
import { procedureRow } from '../../../protocols/rpc/decoders.ts'
import { bareCall, encodeCall, mountExport, mountMnt, mountUmnt, portmapDump, portmapGetport, type RpcCallBody } from '../../../protocols/rpc/encode.ts'
import {
  nfs2Getattr, nfs2Lookup, nfs2Read, nfs2Readdir, nfs2Statfs, nfs2Write, nfs3Access, nfs3Fsinfo, nfs3Fsstat, nfs3Getattr, nfs3Lookup, nfs3Pathconf,
  nfs3Read, nfs3Readdir, nfs3Readdirplus, nfs3Write,
} from '../../../protocols/rpc/encode-nfs.ts'
import { emptyResult, type CallResult } from '../../../protocols/rpc/procedure.ts'
import { XdrWriter } from '../../../protocols/rpc/xdr.ts'
import { BED_7, BED_8, FILES, noise, OFFER, ROOT_USER, START, testGrant, testTree, UpdateWorld, type Said } from '../../../testing/update-world.ts'
import { bytesOfHex } from './hmac.ts'

/** The sensor's decoder reads what the server says: an independent reader. */
function result(body: RpcCallBody, said: Said): CallResult {
  equal(said.reply?.accepted, 'success')
  const into = emptyResult()
  procedureRow(body.program, body.version, body.procedure)?.result?.(said.r, into)
  equal(said.r.fault, null)
  return into
}

function ask(world: UpdateWorld, body: RpcCallBody, transport: 'udp' | 'tcp' = 'udp'): CallResult {
  return result(body, world.ask(body, world.peer(BED_7, transport)))
}

function root(world: UpdateWorld, version: 1 | 3 = 3): Uint8Array {
  const { status, handle } = ask(world, mountMnt(version, '/pm'))
  equal(status, 0)
  return bytesOfHex(handle ?? '')
}

function lookup(world: UpdateWorld, directory: Uint8Array, name: string): Uint8Array {
  const { status, handle } = ask(world, nfs3Lookup(directory, name))
  equal(status, 0, name)
  return bytesOfHex(handle ?? '')
}

function dataOf(said: Said, into: CallResult): Uint8Array {
  return said.r.buf.slice(said.r.off, said.r.off + into.dataBytes)
}

const VERSIONS: readonly (readonly [number, number, number])[] = [
  [Program.portmap, 2, 5], [Program.mount, 1, 6], [Program.mount, 3, 5], [Program.nfs, 2, 17], [Program.nfs, 3, 21],
]

// ---- RPC

test('NULL of every program is answered to everybody', () => {
  const world = new UpdateWorld([])
  const anybody = world.peer('10.9.9.9' as Ip, 'tcp', 40_000)
  for (const [program, version] of VERSIONS) equal(world.ask(bareCall(program, version, 0), anybody, null).reply?.accepted, 'success')
})

test('every procedure with arguments of noise or none is answered, granted or not; only CALLIT is silent', () => {
  for (const grants of [[], [testGrant()]]) {
    const world = new UpdateWorld(grants)
    for (const [program, version, last] of VERSIONS) {
      for (let procedure = 0; procedure <= last; procedure++) {
        for (const args of [new Uint8Array(0), new Uint8Array(400), noise(400)]) {
          const said = world.ask({ program, version, procedure, args })
          if (program === Program.portmap && procedure === 5) equal(said.bytes, null)
          else ok(said.reply?.accepted === 'success' || said.reply?.accepted === 'garbage-args', `${program} ${version} ${procedure}: ${said.reply?.accepted}`)
        }
      }
    }
  }
})

test('a procedure that does not exist is PROC_UNAVAIL', () => {
  const world = new UpdateWorld()
  for (const [program, version, last] of VERSIONS) equal(world.ask(bareCall(program, version, last + 1)).reply?.accepted, 'proc-unavail')
})

test('a program that is not here is PROG_UNAVAIL: NLM, NSM, RQUOTA and the ACL probe of kernels', () => {
  const world = new UpdateWorld()
  for (const program of [Program.nfsacl, Program.nlm, Program.nsm, Program.rquota, 4_294_967_295]) {
    equal(world.ask(bareCall(program, 3, 0)).reply?.accepted, 'prog-unavail')
  }
})

test('a version that is not here is PROG_MISMATCH with the lowest and the highest', () => {
  const world = new UpdateWorld()
  for (const [program, version, low, high] of [
    [Program.portmap, 3, 2, 2], [Program.portmap, 4, 2, 2], [Program.mount, 2, 1, 3], [Program.mount, 4, 1, 3], [Program.nfs, 4, 2, 3], [Program.nfs, 1, 2, 3],
  ] as const) {
    const said = world.ask(bareCall(program, version, 0))
    deepEqual([said.reply?.accepted, said.r.u32(), said.r.u32()], ['prog-mismatch', low, high])
  }
})

test('RPC version 3 is denied with RPC_MISMATCH 2 to 2', () => {
  const world = new UpdateWorld()
  const call = encodeCall(7, bareCall(Program.nfs, 3, 0), null)
  call[11] = 3
  const { bytes, reply } = world.say(call)
  equal(reply?.accepted, 'denied')
  deepEqual([...(bytes ?? [])].filter((_, i) => i % 4 === 3), [7, 1, 1, 0, 2, 2])
})

test('credentials: other kinds are rejected, too long or broken ones are denied, none is fine', () => {
  const world = new UpdateWorld()
  const call = encodeCall(7, portmapDump(), null)
  const withFlavor = (flavor: number, length: number): Uint8Array => {
    const copy = call.slice()
    copy[27] = flavor
    copy[30] = length >>> 8
    copy[31] = length & 255
    return copy
  }
  const authStat = (message: Uint8Array): number | undefined => world.say(message).bytes?.[19]
  equal(authStat(withFlavor(3, 0)), 2)
  equal(authStat(withFlavor(1, 401)), 1)
  equal(authStat(withFlavor(1, 4)), 1)
  equal(world.say(call).reply?.accepted, 'success')
})

test('a machine name longer than 255 bytes is a broken credential', () => {
  equal(new UpdateWorld().ask(portmapDump(), undefined, { ...ROOT_USER, machine: 'm'.repeat(256) }).reply?.accepted, 'denied')
})

test('a call cut anywhere after its type is answered, before that it is no call', () => {
  const world = new UpdateWorld()
  const call = encodeCall(7, mountMnt(3, '/pm'), ROOT_USER)
  for (let length = 0; length < call.length; length++) {
    const said = world.say(call.slice(0, length))
    equal(said.bytes !== null, length >= 8, `${length} bytes`)
    equal(said.isNoCall, length < 8)
  }
})

test('a reply is no call: two servers never answer each other', () => {
  const world = new UpdateWorld()
  const { bytes } = world.ask(bareCall(Program.nfs, 3, 0))
  const said = world.say(bytes ?? new Uint8Array(0))
  deepEqual([said.bytes, said.isNoCall], [null, true])
})

test('any bytes are survived, and answered when they begin like a call', () => {
  const world = new UpdateWorld()
  const call = encodeCall(9, nfs3Lookup(root(world), 'monitor'), ROOT_USER)
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(call.length - 1), fc.nat(255)), { maxLength: 6 }), fc.boolean(), (edits, whole) => {
    const bytes = call.slice()
    for (const [at, value] of edits) bytes[at] = value
    const said = world.say(bytes, world.peer(), whole)
    equal(said.bytes === null, said.isNoCall || isCallit(bytes))
  }), { numRuns: 2000 })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void world.say(bytes)), { numRuns: 500 })
})

function isCallit(bytes: Uint8Array): boolean {
  return new DataView(bytes.buffer).getUint32(12) === Program.portmap && bytes[23] === 5
}

// ---- portmap

test('DUMP lists what is offered, UDP first; GETPORT gives those and 0 for all else', () => {
  const world = new UpdateWorld([])
  const { r } = world.ask(portmapDump(), undefined, null)
  const rows: number[][] = []
  while (r.u32() === 1) rows.push([r.u32(), r.u32(), r.u32(), r.u32()])
  deepEqual(rows, [17, 6].flatMap((protocol) => [
    [100000, 2, protocol, 111], [100005, 1, protocol, 635], [100005, 3, protocol, 635], [100003, 2, protocol, 2049], [100003, 3, protocol, 2049],
  ]))
  for (const [program = 0, version = 0, protocol = 0, port] of rows) equal(ask(world, portmapGetport(program, version, protocol)).port, port)
  equal(ask(world, portmapGetport(Program.nfs, 4, 6)).port, 0)
  equal(ask(world, portmapGetport(Program.nlm, 4, 6)).port, 0)
})

test('a server that offers version 2 only lists MOUNT 1 and NFS 2, and refuses the others by number', () => {
  const world = new UpdateWorld([testGrant()], { offer: { ...OFFER, nfsVersions: [2] } })
  equal(ask(world, portmapGetport(Program.mount, 1, 17)).port, 635)
  equal(ask(world, portmapGetport(Program.mount, 3, 17)).port, 0)
  const said = world.ask(bareCall(Program.mount, 3, 0))
  deepEqual([said.reply?.accepted, said.r.u32(), said.r.u32()], ['prog-mismatch', 1, 1])
  equal(world.ask(bareCall(Program.nfs, 3, 0)).reply?.accepted, 'prog-mismatch')
})

test('SET and UNSET say false', () => {
  const world = new UpdateWorld()
  for (const procedure of [1, 2]) equal(world.ask({ ...portmapGetport(1, 2, 3), procedure }).r.u32(), 0)
})

// ---- mount

test('refuse all is the default: MNT is 13 in both versions, at once, and noted', () => {
  const world = new UpdateWorld([])
  for (const version of [1, 3] as const) equal(ask(world, mountMnt(version, '/pm')).status, 13)
  equal(world.ask(mountExport(3)).r.u32(), 0)
  deepEqual(world.records.map((r) => [r.kind, r.reason, r.path, r.severity]), [['mount-refused', 'no-permit', '/pm', 'warning']])
})

test('the device with a grant mounts /pm, by 32 bytes and AUTH_SYS', () => {
  const world = new UpdateWorld()
  equal(root(world, 1).length, 32)
  const said = world.ask(mountMnt(3, '/pm'))
  said.r.skip(4 + 36)
  deepEqual([said.r.u32(), said.r.u32(), said.r.off === said.r.end], [1, 1, true])
  deepEqual(world.kinds(), ['window-opened', 'mount-granted', 'mount-granted'])
})

test('MNT is refused to other devices, other paths, high ports and before and after the window', () => {
  const world = new UpdateWorld()
  const status = (path: string, peer = world.peer()): number | undefined => world.ask(mountMnt(3, path), peer).r.u32()
  equal(status('/pm', world.peer(BED_8)), 13)
  equal(status('/pm', world.peer(BED_7, 'tcp', 40_000)), 13)
  equal(status('/'), 2)
  equal(status('/pm/'), 2)
  equal(status('/pm/../etc'), 2)
  equal(status('x'.repeat(1025)), 63)
  world.now = START + 600_000_000
  equal(status('/pm'), 13)
  equal(new UpdateWorld([testGrant({ from: START + 1 })]).ask(mountMnt(3, '/pm')).r.u32(), 13)
})

test('EXPORT shows the export to the device that may mount it and to nobody else', () => {
  const world = new UpdateWorld()
  const said = world.ask(mountExport(3))
  deepEqual([said.r.u32(), said.r.text(99, ''), said.r.u32(), said.r.text(99, ''), said.r.u32(), said.r.u32()], [1, '/pm', 1, BED_7, 0, 0])
  equal(world.ask(mountExport(3), world.peer(BED_8)).r.u32(), 0)
  equal(world.ask(bareCall(Program.mount, 1, 6)).r.u32(), 1)
})

test('UMNT and UMNTALL are answered', () => {
  const world = new UpdateWorld()
  equal(world.ask(mountUmnt(3, '/pm')).reply?.accepted, 'success')
  equal(world.ask(bareCall(Program.mount, 3, 4)).reply?.accepted, 'success')
  deepEqual(world.kinds().slice(1), ['unmounted'])
})

// ---- NFS 3

test('v3: FSINFO asks for READs that fit into one frame by UDP', () => {
  const world = new UpdateWorld()
  const handle = root(world)
  for (const [transport, bytes] of [['udp', 1024], ['tcp', 262_144]] as const) {
    const said = world.ask(nfs3Fsinfo(handle), world.peer(BED_7, transport))
    said.r.skip(4 + 88)
    deepEqual([said.r.u32(), said.r.u32()], [bytes, bytes])
  }
})

test('v3: a UDP reply to the largest READ and READDIRPLUS fits into 1472 bytes', () => {
  const files = Array.from({ length: 60 }, (_, i) => ({ ...(FILES[0] as (typeof FILES)[0]), path: `file-with-a-long-name-${i}`, content: noise(9000) }))
  const world = new UpdateWorld([testGrant({ tree: testTree('release-2', files) })])
  const handle = root(world)
  ok((world.ask(nfs3Read(lookup(world, handle, 'file-with-a-long-name-1'), 0, 32_768)).bytes?.length ?? 0) <= 1472)
  ok((world.ask(nfs3Readdirplus(handle, 0, 32_768, 32_768)).bytes?.length ?? 0) <= 1472)
  ok((world.ask(nfs3Readdir(handle, 0, 32_768)).bytes?.length ?? 0) <= 1472)
  ok((world.ask(nfs2Readdir(handle, 0, 32_768)).bytes?.length ?? 0) <= 1472)
})

test('v3: every file comes whole, in any READ size, with the end marked', () => {
  const world = new UpdateWorld()
  const directory = root(world)
  for (const [name, size] of [['monitor', 1024], ['monitor', 32_768], ['run.sh', 5], ['run.sh', 1024]] as const) {
    const file = lookup(world, directory, name)
    const expected = FILES.find((f) => f.path === name)?.content ?? new Uint8Array(0)
    const got: number[] = []
    for (let eof = false; !eof;) {
      const body = nfs3Read(file, got.length, size)
      const said = world.ask(body, world.peer(BED_7, size > 1024 ? 'tcp' : 'udp'))
      const into = result(body, said)
      got.push(...dataOf(said, into))
      eof = into.eof
    }
    deepEqual(Uint8Array.from(got), expected)
  }
})

test('v3: a READ behind the end is empty and at the end, whatever the offset', () => {
  const world = new UpdateWorld()
  const file = lookup(world, root(world), 'run.sh')
  for (const offset of [23, 24, 2 ** 31, 2 ** 53 - 1]) {
    const into = ask(world, nfs3Read(file, offset, 1024))
    deepEqual([into.status, into.dataBytes, into.eof], [0, 0, true])
  }
})

test('v3: LOOKUP goes into folders, and says not-a-directory, no entry, too long', () => {
  const world = new UpdateWorld()
  const directory = root(world)
  lookup(world, lookup(world, directory, 'lib'), 'table')
  const file = lookup(world, directory, 'monitor')
  equal(ask(world, nfs3Lookup(file, 'x')).status, 20)
  equal(ask(world, nfs3Lookup(directory, 'Monitor')).status, 2)
  equal(ask(world, nfs3Lookup(directory, 'monitor ')).status, 2)
  equal(ask(world, nfs3Lookup(directory, 'n'.repeat(256))).status, 63)
  equal(ask(world, nfs3Read(directory, 0, 10)).status, 21)
  deepEqual(lookup(world, directory, '.'), directory)
})

test('v3: ACCESS grants read, look-up and execute, never a write', () => {
  const world = new UpdateWorld()
  const said = world.ask(nfs3Access(root(world), 0x3f))
  said.r.skip(4 + 88)
  equal(said.r.u32(), 0x23)
})

test('v3: READDIR and READDIRPLUS page through everything once, in the smallest pages too', () => {
  const world = new UpdateWorld()
  const handle = root(world)
  for (const page of [(cookie: number) => nfs3Readdir(handle, cookie, 40), (cookie: number) => nfs3Readdirplus(handle, cookie, 10, 200)]) {
    const names: string[] = []
    for (let i = 0; i < 20; i++) {
      const into = ask(world, page(names.length))
      equal(into.status, 0)
      if (into.names.length === 0) break
      names.push(...into.names)
    }
    deepEqual(names, ['.', '..', 'lib', 'monitor', 'run.sh'])
  }
})

test('v3: a count too small for one entry is TOOSMALL, a cookie from nowhere BAD_COOKIE', () => {
  const world = new UpdateWorld()
  const handle = root(world)
  equal(ask(world, nfs3Readdir(handle, 0, 8)).status, 10_005)
  equal(ask(world, nfs3Readdirplus(handle, 0, 512, 100)).status, 10_005)
  equal(ask(world, nfs3Readdir(handle, 6, 512)).status, 10_003)
  equal(ask(world, nfs3Readdir(handle, 1, 512, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1))).status, 10_003)
  equal(ask(world, nfs3Readdir(handle, 5, 512)).status, 0)
})

test('v3: FSSTAT, PATHCONF and GETATTR are answered; READLINK is INVAL', () => {
  const world = new UpdateWorld()
  const handle = root(world)
  for (const body of [nfs3Fsstat(handle), nfs3Pathconf(handle), nfs3Getattr(handle)]) equal(ask(world, body).status, 0)
  equal(ask(world, { ...nfs3Getattr(handle), procedure: 5 }).status, 22)
})

/** Arguments that the sensor's decoder can read, for each writer of version 3. */
function writers3(handle: Uint8Array): RpcCallBody[] {
  const fh = (): XdrWriter => new XdrWriter().opaque(handle)
  const noAttributes = (w: XdrWriter): XdrWriter => w.u32(0).u32(0).u32(0).u32(0).u32(0).u32(0)
  const call = (procedure: number, w: XdrWriter): RpcCallBody => ({ program: Program.nfs, version: 3, procedure, args: w.bytes() })
  return [
    call(2, noAttributes(fh()).u32(0)), nfs3Write(handle, 0, noise(100)), call(8, noAttributes(fh().string('x').u32(0))),
    call(9, noAttributes(fh().string('x'))), call(10, noAttributes(fh().string('x')).string('/etc')), call(11, fh().string('x').u32(7)),
    call(12, fh().string('monitor')), call(13, fh().string('lib')), call(14, fh().string('monitor').opaque(handle).string('y')),
    call(15, fh().opaque(handle).string('y')), call(21, fh().u64(0).u32(0)),
  ]
}

test('v3: every writer is ROFS, in the form that its procedure prescribes', () => {
  const world = new UpdateWorld()
  for (const body of writers3(root(world))) {
    const said = world.ask(body)
    equal(said.reply?.accepted, 'success', `procedure ${body.procedure}`)
    equal(said.r.u32(), 30)
    while (said.r.off < said.r.end) equal(said.r.u32(), 0)
  }
  equal(world.records.filter((r) => r.kind === 'write-refused').length, 11)
})

test('v3: a WRITE longer than what is kept of a record is ROFS too', () => {
  const world = new UpdateWorld()
  const call = encodeCall(99, nfs3Write(root(world), 0, noise(32_768)), ROOT_USER)
  const said = world.say(call.slice(0, 4096), world.peer(BED_7, 'tcp'), false)
  equal(said.reply?.accepted, 'success')
  equal(said.r.u32(), 30)
})

// ---- NFS 2

test('v2: mount, list, look up and read a file in READs of at most 8192', () => {
  const world = new UpdateWorld()
  const directory = root(world, 1)
  deepEqual(ask(world, nfs2Readdir(directory, 0, 4096)).names, ['.', '..', 'lib', 'monitor', 'run.sh'])
  const found = ask(world, nfs2Lookup(directory, 'monitor'))
  const file = bytesOfHex(found.handle ?? '')
  const expected = FILES[0]?.content ?? new Uint8Array(0)
  const got: number[] = []
  while (got.length < expected.length) {
    const body = nfs2Read(file, got.length, 60_000)
    const said = world.ask(body)
    const data = dataOf(said, result(body, said))
    ok(data.length > 0 && data.length <= 8192)
    got.push(...data)
  }
  deepEqual(Uint8Array.from(got), expected)
  equal(ask(world, nfs2Getattr(file)).file?.size, expected.length)
})

test('v2: STATFS asks for 1024 by UDP; READDIR pages; small counts, writers and READLINK have statuses of version 2', () => {
  const world = new UpdateWorld()
  const handle = root(world, 1)
  const said = world.ask(nfs2Statfs(handle))
  deepEqual([said.r.u32(), said.r.u32()], [0, 1024])
  const names: string[] = []
  const pageAfter = (cookie: number): string[] => ask(world, nfs2Readdir(handle, cookie, 40)).names
  for (let page = pageAfter(0); page.length > 0; page = pageAfter(names.length)) names.push(...page)
  deepEqual(names, ['.', '..', 'lib', 'monitor', 'run.sh'])
  equal(ask(world, nfs2Readdir(handle, 0, 8)).status, 5)
  equal(ask(world, nfs2Write(handle, 0, noise(8))).status, 30)
  equal(ask(world, { ...nfs2Getattr(handle), procedure: 5 }).status, 5)
  equal(ask(world, nfs2Getattr(new Uint8Array(32))).status, 70)
  equal(ask(world, nfs2Lookup(handle, 'n'.repeat(256))).status, 63)
})

test('v2: an obsolete procedure is void', () => {
  const world = new UpdateWorld()
  for (const procedure of [3, 7]) equal(world.ask(bareCall(Program.nfs, 2, procedure)).r.off, 24)
})

// ---- rate

test('over the rate limit the answer is "later" or an error, never silence, and it is noted once', () => {
  const world = new UpdateWorld([testGrant()], { rates: { permitted: { perSecond: 3 }, stranger: { perSecond: 1 } } })
  const file = lookup(world, root(world), 'run.sh')
  equal(ask(world, nfs3Read(file, 0, 10)).status, 0)
  const [over, again, other] = [world.ask(nfs3Read(file, 0, 10)), world.ask(nfs3Read(file, 0, 10)), world.ask(nfs3Getattr(file))]
  deepEqual([over.r.u32(), over.r.u32(), again.r.u32(), other.reply?.accepted], [10_008, 0, 10_008, 'system-err'])
  equal(world.kinds().filter((k) => k === 'rate-limited').length, 1)
  world.now += 1_000_000
  equal(ask(world, nfs3Read(file, 0, 10)).status, 0)
})

test('the default rate lets a device read a whole release as fast as its network goes', () => {
  const world = new UpdateWorld()
  const file = lookup(world, root(world), 'monitor')
  for (let i = 0; i < 11_000; i++) {
    world.now += 91
    equal(world.ask(nfs3Read(file, (i % 290) * 1024, 1024)).r.u32(), 0)
  }
})

// ---- determinism

test('the same events give the same bytes and the same records', () => {
  const run = (): unknown => {
    const world = new UpdateWorld()
    const directory = root(world)
    return [world.ask(nfs3Readdirplus(directory, 0, 4096, 4096)).bytes, world.ask(nfs3Write(directory, 0, noise(4))).bytes, world.records]
  }
  deepEqual(run(), run())
})
