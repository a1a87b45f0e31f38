// The update server on real sockets of loopback: both transports, both versions, refusals, bombs and bounds.
// Keeps the rule that packets go to loopback only; ports are free ones, so that no test needs a privilege.

import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import dgram from 'node:dgram'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Ip } from '../base/ip.ts'
import { Program } from '../protocols/rpc/codes.ts'
import { bareCall, encodeCall, mountMnt, withRecordMark } from '../protocols/rpc/encode.ts'
import { nfs3Null, nfs3Read, nfs3Write } from '../protocols/rpc/encode-nfs.ts'
import { BusyboxClient, call, tcpLine, udpLine, type Reach } from '../testing/busybox-client.ts'
import { freePorts } from '../testing/free-ports.ts'
import { FILES, KEY, noise, ROOT_USER, START, testGrant } from '../testing/update-world.ts'
import type { AuditRecord } from './core/update/audit.ts'
import { sealHandle } from './core/update/handle.ts'
import { handleScope, type Grant } from './core/update/window.ts'
import { addressFault, CONNECTIONS_PER_SOURCE_MAX, NfsServer, type NfsServerOptions } from './nfs-server.ts'

const LOOPBACK = '127.0.0.1'
const GRANT = testGrant({ ip: LOOPBACK as Ip })

interface Running {
  readonly server: NfsServer
  readonly reach: Reach
  readonly records: AuditRecord[]
}

async function updatePorts(): Promise<Reach['ports']> {
  const [portmap = 0, mount = 0, nfs = 0] = await freePorts(3)
  return { portmap, mount, nfs }
}

async function serve(t: TestContext, grants: readonly Grant[] = [GRANT], options: Partial<NfsServerOptions> = {}): Promise<Running> {
  const records: AuditRecord[] = []
  const ports = await updatePorts()
  const server = await NfsServer.start({
    address: LOOPBACK, key: KEY.key, ports, reservedPortsOnly: false, clock: () => START, onRecord: (r) => records.push(r), ...options,
  })
  t.after(() => server.close())
  server.setGrants(grants)
  return { server, reach: { server: LOOPBACK, client: LOOPBACK, ports, reservedFrom: null }, records }
}

for (const transport of ['udp', 'tcp'] as const) {
  for (const [nfsVersions, mountVersion] of [[[2, 3], 3], [[2], 1]] as const) {
    test(`busybox's sequence copies every file by ${transport} when MOUNT ${mountVersion} is the highest offered`, async (t) => {
      const { server, reach, records } = await serve(t, [GRANT], { nfsVersions })
      const copied = await new BusyboxClient(reach, transport).update()
      equal(copied.mountVersion, mountVersion)
      equal(copied.transferBytes, transport === 'udp' ? 1024 : mountVersion === 3 ? 262_144 : 8192)
      deepEqual([...copied.files.keys()].sort(), FILES.map((f) => f.path).sort())
      for (const file of FILES) ok(Buffer.from(file.content).equals(copied.files.get(file.path) ?? new Uint8Array(1)), file.path)
      ok(records.some((r) => r.kind === 'release-complete'))
      equal(records.some((r) => r.severity === 'alarm'), false)
      equal(Object.values(server.counts().requests).reduce((a, b) => a + b, 0), copied.calls)
    })
  }

  test(`refuse all is the default, and fast, by ${transport}`, async (t) => {
    const { reach, records } = await serve(t, [])
    const copied = await new BusyboxClient(reach, transport).update()
    deepEqual([copied.mountStatus, copied.files.size, records.map((r) => r.kind)], [13, 0, ['mount-refused']])
  })
}

test('a revoked grant ends a copy in the middle with "stale"', async (t) => {
  const { server, reach, records } = await serve(t)
  const line = await udpLine(reach, reach.ports.nfs, null)
  const body = nfs3Read(sealHandle(handleScope(GRANT), 4, KEY), 0, 1024)
  equal((await call(line, 1, body)).r.u32(), 0)
  server.setGrants([])
  equal((await call(line, 2, body)).r.u32(), 70)
  line.close()
  ok(records.some((r) => r.kind === 'file-partial' && r.severity === 'alarm' && r.path === 'monitor'))
})

test('the ACL probe of kernels is refused by program, not ignored', async (t) => {
  const { reach } = await serve(t)
  const line = await tcpLine(reach, reach.ports.nfs, null)
  equal((await call(line, 1, bareCall(Program.nfsacl, 3, 0))).accepted, 'prog-unavail')
  line.close()
})

test('a datagram that is no call is not answered, and the next call is', async (t) => {
  const { server, reach } = await serve(t)
  const socket = dgram.createSocket('udp4')
  t.after(() => socket.close())
  const heard: number[] = []
  const answered = new Promise<void>((done) => socket.on('message', (m) => {
    heard.push(m.readUInt32BE(0))
    done()
  }))
  for (const bytes of [new Uint8Array(0), noise(7), encodeReplyLike()]) socket.send(bytes, reach.ports.nfs, LOOPBACK)
  socket.send(encodeCall(42, nfs3Null(), null), reach.ports.nfs, LOOPBACK)
  await answered
  deepEqual([heard, server.counts().noCalls], [[42], 3])
})

function encodeReplyLike(): Uint8Array {
  const reply = encodeCall(1, nfs3Null(), null)
  reply[7] = 1
  return reply
}

/** What comes back after sending these bytes on a fresh connection, until it ends. */
async function sendRaw(reach: Reach, bytes: Uint8Array): Promise<{ bytes: number; reset: boolean }> {
  const socket = net.connect(reach.ports.nfs, LOOPBACK)
  let length = 0
  socket.on('data', (d) => (length += d.length))
  const reset = await new Promise<boolean>((done) => {
    socket.on('error', (cause: NodeJS.ErrnoException) => done(cause.code === 'ECONNRESET' || cause.code === 'EPIPE'))
    socket.on('close', () => done(false))
    socket.write(bytes)
  })
  return { bytes: length, reset }
}

test('record-mark bomb: a record of 2 GiB is reset before anything is kept', async (t) => {
  const { server, reach } = await serve(t)
  deepEqual(await sendRaw(reach, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3)), { bytes: 0, reset: true })
  equal(server.counts().connectionsDropped, 1)
})

test('fragment bomb: empty fragments without end are reset', async (t) => {
  const { reach } = await serve(t)
  deepEqual(await sendRaw(reach, new Uint8Array(4096)), { bytes: 0, reset: true })
})

test('text of another protocol on the port is reset', async (t) => {
  const { reach } = await serve(t)
  equal((await sendRaw(reach, new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))).reset, true)
})

test('a call in fragments of one byte, and two calls in one segment, are answered', async (t) => {
  const { reach } = await serve(t)
  const socket = net.connect(reach.ports.nfs, LOOPBACK)
  t.after(() => socket.destroy())
  const one = encodeCall(1, nfs3Null(), null)
  const bytes = Buffer.concat([withRecordMark(one, 1), withRecordMark(encodeCall(2, nfs3Null(), ROOT_USER)), withRecordMark(encodeCall(3, nfs3Null(), null))])
  const heard = await new Promise<Buffer>((done) => {
    let all = Buffer.alloc(0)
    socket.on('data', (d) => {
      all = Buffer.concat([all, d])
      if (all.length === 3 * 28) done(all)
    })
    for (const byte of bytes) socket.write(Uint8Array.of(byte))
  })
  deepEqual([4, 32, 60].map((at) => heard.readUInt32BE(at)), [1, 2, 3])
})

test('a WRITE of 64 KiB is heard out and refused as read-only', async (t) => {
  const { reach, records } = await serve(t)
  const line = await tcpLine(reach, reach.ports.nfs, null)
  equal((await call(line, 1, nfs3Write(sealHandle(handleScope(GRANT), 4, KEY), 0, noise(65_536)))).r.u32(), 30)
  equal((await call(line, 2, nfs3Null())).accepted, 'success')
  line.close()
  ok(records.some((r) => r.kind === 'write-refused'))
})

test('a client that asks for ever and takes nothing does not fill the memory', async (t) => {
  const { server, reach } = await serve(t)
  const socket = net.connect(reach.ports.nfs, LOOPBACK)
  t.after(() => socket.destroy())
  const handle = sealHandle(handleScope(GRANT), 4, KEY)
  socket.pause()
  const asks = 4000
  const burst = Buffer.concat(Array.from({ length: asks }, (_, i) => withRecordMark(encodeCall(i, nfs3Read(handle, 0, 65_536), ROOT_USER))))
  socket.write(burst)
  const line = await udpLine(reach, reach.ports.nfs, null)
  for (let i = 0; i < 200; i++) await call(line, i, nfs3Null())
  line.close()
  // 4,000 READs of 64 KiB would be 256 MB: kernel buffers of both ends and ours hold far less.
  const answered = server.counts().requests['NFS.READ'] ?? 0
  ok(answered > 0 && answered < 1000, `${answered} READs answered`)
})

test('one source cannot take all connections: the next is refused at once, and others are served', async (t) => {
  const { server, reach } = await serve(t)
  const held = await Promise.all(Array.from({ length: CONNECTIONS_PER_SOURCE_MAX }, () => tcpLine(reach, reach.ports.nfs, null)))
  t.after(() => held.forEach((l) => l.close()))
  await call(held[0] as (typeof held)[0], 1, nfs3Null())
  await rejects(async () => {
    const line = await tcpLine(reach, reach.ports.nfs, null)
    await call(line, 2, nfs3Null())
  })
  equal(server.counts().connectionsRefused, 1)
  const other = await tcpLine({ ...reach, client: '127.0.0.2' }, reach.ports.mount, null)
  equal((await call(other, 3, mountMnt(3, '/pm'))).r.u32(), 13)
  other.close()
})

test('every address, and what is no address, is refused', async () => {
  for (const address of ['0.0.0.0', '::', '::0', '', 'localhost', '202.114.4.999']) {
    ok(addressFault(address), address)
    await rejects(NfsServer.start({ address, key: KEY.key, clock: () => START, onRecord: () => undefined }), /cannot stand on this address/)
  }
  equal(addressFault('202.114.4.119'), null)
})

test('a port that is taken is the system\'s error, and nothing stays bound', async (t) => {
  const { reach } = await serve(t)
  const ports = { ...await updatePorts(), nfs: reach.ports.nfs }
  await rejects(NfsServer.start({ address: LOOPBACK, key: KEY.key, ports, clock: () => START, onRecord: () => undefined }), { code: 'EADDRINUSE' })
  const again = net.createServer()
  await new Promise<void>((done, failed) => again.once('error', failed).listen(ports.portmap, LOOPBACK, done))
  await new Promise((done) => again.close(done))
})
