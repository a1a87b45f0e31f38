// main: the program that faces the segment: it closes itself in, then reads its inherited sockets until its parent is gone.
// Keeps the rule that not one byte is read before the sandbox is closed, and that without a parent there is no process.

import crypto from 'node:crypto'
import net from 'node:net'
import { assert, InvariantError } from '../../base/assert.ts'
import type { ToSegment } from '../channel.ts'
import { GatewayCore } from '../core/gateway.ts'
import { NfsServer, type ServerCounts } from '../nfs-server.ts'
import { machineClock } from './clock.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { SegmentLoop } from './loop.ts'
import { decodeToSegment, TO_SEGMENT_BYTES_MAX } from './messages.ts'
import { CHANNEL_FD, FIRST_SOCKET_FD, type SegmentPlan, type Service } from './plan.ts'
import { closeCalls } from './sandbox.ts'

/** sysexits.h EX_SOFTWARE: a fault of ours. */
const EXIT_FAULT = 70
/** Descriptors that are no monitor's: standard, channel, listeners, the loop's own, and the update server's connections. */
const OTHER_DESCRIPTORS = 256

/** Where, not what: a fault's message could quote what was read. Those of our own assertions are fixed texts. */
function fail(cause: unknown): never {
  const error = cause instanceof Error ? cause : new Error('unknown')
  const where = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  process.stderr.write(`${[error instanceof InvariantError ? `${error.name}: ${error.message}` : error.name, ...where].join('\n')}\n`)
  process.exit(EXIT_FAULT)
}

const NO_COUNTS: ServerCounts = { requests: {}, duplicates: 0, connectionsRefused: 0, connectionsDropped: 0, noCalls: 0 }

async function main(plan: SegmentPlan): Promise<void> {
  const holds = [...plan.holds, ...closeCalls()]
  const clock = machineClock()
  const now = (): number => clock.now()
  const channel = new net.Socket({ fd: CHANNEL_FD, readable: true, writable: true })
  const out = new FrameWriter(channel)
  let updates: NfsServer | null = null
  const loop = new SegmentLoop({
    core: new GatewayCore(plan.bench), clock: now, out, updates: () => updates?.counts() ?? NO_COUNTS, connectionsMax: plan.filesMax - OTHER_DESCRIPTORS,
  })
  updates = await startUpdates(plan, now, (record) => loop.tell({ kind: 'audit', record }))
  const onMessage = (message: ToSegment): void => {
    if (message.kind === 'told') loop.told(message.event)
    else if (message.kind === 'grants') updates?.setGrants(message.grants)
    else void end(loop, updates, out, channel)
  }
  const reader = new FrameReader(TO_SEGMENT_BYTES_MAX, (_, bytes) => onMessage(decodeToSegment(bytes)))
  channel.on('data', (piece: Buffer) => {
    const fault = reader.push(piece)
    assert(fault === null, `the parent sent ${fault}`)
  })
  channel.on('drain', () => loop.drained())
  for (const event of ['end', 'close', 'error']) channel.on(event, () => process.exit(0))

  for (const [i, { service }] of plan.sockets.entries()) if (service === 'cms' || service === 'hl7') await loop.listen(FIRST_SOCKET_FD + i, service)
  loop.start()
  loop.tell({
    kind: 'ready', at: now(), sandbox: holds.filter((h) => h.holds).map((h) => h.what),
    missing: holds.filter((h) => !h.holds).map(({ what, why, isVital }) => ({ what, why, isVital })),
  })
}

function startUpdates(plan: SegmentPlan, clock: () => number, onRecord: Parameters<typeof NfsServer.start>[0]['onRecord']): Promise<NfsServer> {
  const socketOf = (service: Service, transport: 'udp' | 'tcp'): number => plan.sockets.findIndex((s) => s.service === service && s.transport === transport)
  const portOf = (service: Service): number => plan.sockets[socketOf(service, 'tcp')]?.port ?? 0
  const ports = { portmap: portOf('portmap'), mount: portOf('mount'), nfs: portOf('nfs') }
  const serviceAt = (port: number): Service => (port === ports.portmap ? 'portmap' : port === ports.mount ? 'mount' : 'nfs')
  return NfsServer.start({
    address: plan.sockets[socketOf('nfs', 'tcp')]?.address ?? '', key: crypto.randomBytes(32), ports, nfsVersions: plan.nfsVersions,
    reservedPortsOnly: plan.reservedPortsOnly, clock, onRecord, bound: (transport, port) => FIRST_SOCKET_FD + socketOf(serviceAt(port), transport),
  })
}

/** Told to end: the update server says what each open window stands at, and that is written before the end. */
async function end(loop: SegmentLoop, updates: NfsServer | null, out: FrameWriter, channel: net.Socket): Promise<void> {
  loop.close()
  await updates?.close()
  out.flush()
  channel.end(() => process.exit(0))
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
await main(JSON.parse(process.argv[2] ?? '{}') as SegmentPlan)
