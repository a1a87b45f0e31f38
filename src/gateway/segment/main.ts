// main: the program that faces the segment: it closes itself in, then reads its inherited sockets until its parent is gone.
// Keeps the rule that not one byte is read before the sandbox is closed, and that without a parent there is no process.

import crypto from 'node:crypto'
import net from 'node:net'
import type { Micros } from '../../base/time.ts'
import { assert, InvariantError } from '../../base/assert.ts'
import type { ToSegment } from '../channel.ts'
import { GatewayCore } from '../core/gateway.ts'
import type { Grant } from '../core/update/window.ts'
import { NfsServer, type ServerCounts } from '../nfs-server.ts'
import { machineClock, type SteadyClock } from './clock.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { SegmentLoop } from './loop.ts'
import { decodeToSegment, TO_SEGMENT_BYTES_MAX } from './messages.ts'
import { CHANNEL_FD, FIRST_SOCKET_FD, type SegmentPlan, type Service } from './plan.ts'
import { segmentRules } from './rules.ts'
import { closeCalls, type Hold } from '../../kernel/sandbox.ts'

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

/** The program as a thing that is told what to do. */
class Segment {
  readonly #plan: SegmentPlan
  readonly #clock: SteadyClock
  readonly #channel = new net.Socket({ fd: CHANNEL_FD, readable: true, writable: true })
  readonly #out = new FrameWriter(this.#channel)
  readonly #loop: SegmentLoop
  #updates: NfsServer | null = null
  #grants: readonly Grant[] = []

  constructor(plan: SegmentPlan) {
    this.#plan = plan
    this.#clock = machineClock(plan.clock)
    this.#loop = new SegmentLoop({
      core: new GatewayCore(plan.bench), clock: () => this.#clock.now(), out: this.#out, updates: () => this.#updates?.counts() ?? NO_COUNTS,
      connectionsMax: plan.filesMax - OTHER_DESCRIPTORS,
    })
  }

  /** Listens to the parent, and says what holds. */
  start(holds: readonly Hold[]): void {
    const reader = new FrameReader(TO_SEGMENT_BYTES_MAX, (_, bytes) => this.#hear(decodeToSegment(bytes)))
    this.#channel.on('data', (piece: Buffer) => {
      const fault = reader.push(piece)
      assert(fault === null, `the parent sent ${fault}`)
    })
    this.#channel.on('drain', () => this.#loop.drained())
    for (const event of ['end', 'close', 'error']) this.#channel.on(event, () => process.exit(0))
    this.#loop.tell({
      kind: 'ready', at: this.#clock.now(), sandbox: holds.filter((h) => h.holds).map((h) => h.what),
      missing: holds.filter((h) => !h.holds).map(({ what, why, isVital }) => ({ what, why, isVital })),
    })
  }

  #hear(message: ToSegment): void {
    switch (message.kind) {
      case 'told':
        return this.#loop.told(message.event)
      case 'grants':
        this.#grants = message.grants
        return this.#updates?.setGrants(message.grants)
      case 'read':
        return void this.#read(message.since)
      case 'close':
        return void this.#end()
    }
  }

  async #read(since: Micros): Promise<void> {
    this.#loop.begin(since)
    for (const [i, { service }] of this.#plan.sockets.entries()) {
      if (service === 'cms' || service === 'hl7') await this.#loop.listen(FIRST_SOCKET_FD + i, service)
    }
    this.#loop.start()
    const updates = await this.#startUpdates()
    // Those that came in the meantime.
    updates.setGrants(this.#grants)
    this.#updates = updates
  }

  #startUpdates(): Promise<NfsServer> {
    const { sockets, nfsVersions, reservedPortsOnly } = this.#plan
    const socketOf = (service: Service, transport: 'udp' | 'tcp'): number => sockets.findIndex((s) => s.service === service && s.transport === transport)
    const portOf = (service: Service): number => sockets[socketOf(service, 'tcp')]?.port ?? 0
    const ports = { portmap: portOf('portmap'), mount: portOf('mount'), nfs: portOf('nfs') }
    const serviceAt = (port: number): Service => (port === ports.portmap ? 'portmap' : port === ports.mount ? 'mount' : 'nfs')
    return NfsServer.start({
      address: sockets[socketOf('nfs', 'tcp')]?.address ?? '', key: crypto.randomBytes(32), ports, nfsVersions, reservedPortsOnly,
      clock: () => this.#clock.now(), onRecord: (record) => this.#loop.tell({ kind: 'audit', record }), grants: this.#grants,
      bound: (transport, port) => FIRST_SOCKET_FD + socketOf(serviceAt(port), transport),
    })
  }

  /** The update server says what each open window stands at, and that is written before the end. */
  async #end(): Promise<void> {
    this.#loop.close()
    await this.#updates?.close()
    this.#out.flush()
    this.#channel.end(() => process.exit(0))
  }
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
const plan = JSON.parse(process.argv[2] ?? '{}') as SegmentPlan
const holds = [...plan.holds, ...closeCalls(segmentRules)]
new Segment(plan).start(holds)
