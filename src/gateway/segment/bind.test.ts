// Tests of binding: all or none, errors that say what to do, the interface of an address, and connections that wait for a reader.
// Keeps the rule that tests bind to loopback with ports the system chooses.

import { deepEqual, equal, match } from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import os from 'node:os'
import { test } from 'node:test'
import type { Ip } from '../../base/ip.ts'
import type { SegmentConfig } from '../../config/gateway.ts'
import { freePort } from '../../testing/free-ports.ts'
import { bindSockets, closeSockets, interfaceOf, socketPlans, type BoundSocket } from './bind.ts'
import type { SocketPlan } from './plan.ts'

const LOOPBACK = '127.0.0.1'
const plan = (port: number, transport: 'tcp' | 'udp' = 'tcp', address = LOOPBACK): SocketPlan => ({ service: 'cms', transport, address, port })

function bound(plans: readonly SocketPlan[]): readonly BoundSocket[] {
  const found = bindSockets(plans)
  if (!found.ok) throw new Error(found.error)
  return found.value
}

function refusal(plans: readonly SocketPlan[]): string {
  const found = bindSockets(plans)
  if (!found.ok) return found.error
  closeSockets(found.value)
  return 'bound'
}

test('the plan has six data ports, the HL7 port, and three update ports by UDP and TCP', () => {
  const config: SegmentConfig = {
    cms: '202.114.4.119' as Ip, hl7: '202.114.4.120' as Ip, cmsPorts: [515, 516, 517, 518, 519, 520], hl7Port: 511,
    updatePorts: { portmap: 111, mount: 635, nfs: 2049 }, user: null,
  }
  deepEqual(socketPlans(config).map((p) => `${p.service} ${p.transport} ${p.address}:${p.port}`), [
    ...[515, 516, 517, 518, 519, 520].map((port) => `cms tcp 202.114.4.119:${port}`), 'hl7 tcp 202.114.4.120:511',
    'portmap udp 202.114.4.119:111', 'portmap tcp 202.114.4.119:111', 'mount udp 202.114.4.119:635', 'mount tcp 202.114.4.119:635',
    'nfs udp 202.114.4.119:2049', 'nfs tcp 202.114.4.119:2049',
  ])
})

test('a connection is taken by the kernel and waits until somebody reads the socket', async () => {
  const port = await freePort()
  const [socket] = bound([plan(port)])
  const client = net.connect(port, LOOPBACK)
  await once(client, 'connect')
  client.write('waits')
  const server = net.createServer().listen({ fd: socket?.fd ?? -1 })
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  const [data] = (await once(accepted, 'data')) as [Buffer]
  equal(data.toString(), 'waits')
  accepted.destroy()
  client.destroy()
  server.close()
})

test('datagrams wait likewise', async () => {
  const port = await freePort()
  const [socket] = bound([plan(port, 'udp')])
  const client = dgram.createSocket('udp4')
  client.send('waits', port, LOOPBACK)
  const reader = dgram.createSocket('udp4')
  reader.bind({ fd: socket?.fd ?? -1 })
  const [data] = (await once(reader, 'message')) as [Buffer]
  equal(data.toString(), 'waits')
  reader.close()
  client.close()
})

test('one that cannot be had leaves none, and says which, and what to do', async () => {
  const [free, taken] = [await freePort(), net.createServer().listen(0, LOOPBACK)]
  if (!taken.listening) await once(taken, 'listening')
  const { port } = taken.address() as net.AddressInfo
  match(refusal([plan(free), plan(port)]), new RegExp(`^tcp 127.0.0.1:${port} \\(cms\\) cannot be bound: another program has it \\(EADDRINUSE\\).*ss -lntup`))
  taken.close()
  await once(taken, 'close')
  equal(refusal([plan(free), plan(port)]), 'bound', 'the first was given back')
})

test('two sockets of one UDP port are one too many', async () => {
  const port = await freePort()
  match(refusal([plan(port, 'udp'), plan(port, 'udp')]), /EADDRINUSE/)
})

test('an address that is not of this machine, of all of it, or none at all, is refused in words', () => {
  match(refusal([plan(5150, 'tcp', '192.0.2.1')]), /^tcp 192\.0\.2\.1:5150 \(cms\) cannot be bound: this machine does not have the address \(EADDRNOTAVAIL\)/)
  match(refusal([plan(5150, 'tcp', '0.0.0.0')]), /would answer on every network/)
  match(refusal([plan(5150, 'tcp', '::1')]), /not an IPv4 address/)
  match(refusal([plan(5150, 'tcp', 'monitor')]), /not an IP address/)
})

test('the interface that owns an address is found; the loopback binds to none', () => {
  for (const [name, addresses] of Object.entries(os.networkInterfaces())) {
    for (const { address, family, internal } of addresses ?? []) if (family === 'IPv4') equal(interfaceOf(address), internal ? null : name)
  }
  equal(interfaceOf('192.0.2.1'), null)
})
