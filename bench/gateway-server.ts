// The server of bench:gateway in a process of its own: a floor that counts bytes, the core alone, or the gateway itself with its two processes.
// Keeps the rule that the gateway is the product's: its own parts, only wrapped where a time is taken.

import net from 'node:net'
import type { Ip } from '../src/base/ip.ts'
import { gatewayConsole } from '../src/cli/gateway-console.ts'
import type { GatewayConfig } from '../src/config/gateway.ts'
import { createConsole } from '../src/console/server.ts'
import { decodeRecord } from '../src/gateway/core/record.ts'
import { outPart } from '../src/gateway/hospital/out-part.ts'
import type { GatewayParts, OwnedReadings, ReadingsPart, Stores } from '../src/gateway/hospital/parts.ts'
import { realParts } from '../src/gateway/hospital/real-parts.ts'
import { runGateway } from '../src/gateway/hospital/run.ts'
import { openReadings } from '../src/gateway/queue/readings.ts'
import { startSegment } from '../src/gateway/segment/process.ts'
import { startPlainGateway } from '../src/testing/plain-gateway.ts'
import { freePorts } from '../src/testing/free-ports.ts'
import { sourceOf } from '../src/twin/server.ts'
import { monotonicMs, percentile, stampsIn, type Stamp } from './gateway-stamp.ts'

export interface ServerJob {
  readonly kind: 'floor' | 'core' | 'gateway'
  readonly beds: number
  readonly firstSource: string
  readonly folder: string
  /** Latencies of cycles before this one are not counted. */
  readonly countFromCycle: number
}

export type FromServer =
  | { readonly kind: 'up'; readonly port: number; readonly console: string | null; readonly words: string }
  | { readonly kind: 'counts'; readonly counts: ServedCounts }

export interface ServedCounts {
  readonly bytes: number | null
  /** Cycles that were stored (core: read), each counted once by bed and number; and those that came again. */
  readonly cycles: number
  readonly doubled: number
  readonly storeP50Ms: number
  readonly storeP99Ms: number
  readonly storeMaxMs: number
  readonly notices: readonly string[]
}

/** Cycles seen, and how long each took. */
class Seen {
  readonly #seen = new Set<number>()
  readonly #countFromCycle: number
  doubled = 0
  ms: number[] = []

  constructor({ countFromCycle }: ServerJob) {
    this.#countFromCycle = countFromCycle
  }

  add({ bed, cycle, atMs }: Stamp, now: number): void {
    const key = cycle * 65_536 + bed
    if (this.#seen.has(key)) this.doubled++
    this.#seen.add(key)
    if (cycle >= this.#countFromCycle) this.ms.push(now - atMs)
  }

  counts(bytes: number | null, notices: readonly string[] = []): ServedCounts {
    return {
      bytes, cycles: this.#seen.size, doubled: this.doubled, storeP50Ms: percentile(this.ms, 0.5), storeP99Ms: percentile(this.ms, 0.99),
      storeMaxMs: percentile(this.ms, 1), notices,
    }
  }
}

interface Running {
  readonly port: number
  readonly console: string | null
  readonly words: string
  readonly counts: () => ServedCounts
  readonly close: () => Promise<void> | void
}

function stampsOf({ items }: Pick<OwnedReadings, 'items'>): Stamp[] {
  return items.flatMap(({ reading }) => (reading.kind === 'wave' && reading.channel === 'resp' ? stampsIn(reading.samples) : []))
}

async function floor(job: ServerJob): Promise<Running> {
  let bytes = 0
  const server = net.createServer((socket) => {
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, done))
  const { port } = server.address() as net.AddressInfo
  const close = (): void => void server.close()
  return { port, console: null, words: 'a plain Node TCP server that only counts bytes', counts: () => new Seen(job).counts(bytes), close }
}

async function core(job: ServerJob): Promise<Running> {
  const seen = new Seen(job)
  const shell = await startPlainGateway({
    address: '127.0.0.1', telemetryPort: 0, hl7Port: 0, devicesMax: job.beds, onCommand: (command) => {
      if (command.kind === 'store') for (const stamp of stampsOf(command)) seen.add(stamp, monotonicMs())
    },
  })
  return {
    port: shell.telemetryPort, console: null, words: 'GatewayCore behind sockets in one process, no sandbox, nothing stored',
    counts: () => seen.counts(shell.bytes()), close: () => shell.close(),
  }
}

/** Beds in the order of their addresses; no target, no ADT. */
async function configOf({ beds, firstSource, folder }: ServerJob): Promise<GatewayConfig> {
  const [cms = 0, hl7 = 0, portmap = 0, mount = 0, nfs = 0] = await freePorts(5)
  return {
    name: 'BENCH', eui64: '0200000000000001', facility: 'BENCH', deviceSystem: 'urn:oid:2.999.1.1', patientSystem: 'urn:oid:2.999.1.2', folder,
    segment: {
      cms: '127.0.0.1' as Ip, hl7: '127.0.0.1' as Ip, cmsPorts: [cms], hl7Port: hl7, updatePorts: { portmap, mount, nfs }, user: 'nobody',
    },
    beds: Array.from({ length: beds }, (_, i) => ({ device: sourceOf(firstSource, i + 1), bed: `B^${i + 1}^1`, model: 'CMS8000', isPaced: false })),
    leads: 'inferred', targets: [], adt: null, updates: { nfsVersions: [3], exportPath: '/pm', approvers: [] },
    keep: { readingsHours: 1, queueMegabytes: 64 }, console: { host: '127.0.0.1', port: 0, mmPerSecond: 25, cssPixelsPerMm: 3.78 }, devicesMax: beds,
  }
}

async function gateway(job: ServerJob): Promise<Running> {
  const config = await configOf(job)
  const seen = new Seen(job)
  const { parts, words } = timed(config, seen)
  const stop = new AbortController()
  let notices: () => readonly string[] = () => []
  const up = Promise.withResolvers<string>()
  const over = runGateway(config, parts, stop.signal, async (hospital) => {
    notices = () => hospital.status().notices
    const page = await createConsole(gatewayConsole(config, hospital.beds, () => undefined))
    up.resolve(await page.listen(config.console.host, 0))
    return () => page.close()
  })
  void over.then((result) => up.reject(new Error(result.ok ? 'it ended at once' : `${result.error.message}. ${result.error.help}`)))
  return {
    port: config.segment.cmsPorts[0] ?? 0, console: await up.promise, words, counts: () => seen.counts(null, notices()), close: async () => {
      stop.abort()
      await over
    },
  }
}

/** The product's parts; what it cannot do by itself yet is put together here from the same pieces, and said. */
function timed(config: GatewayConfig, seen: Seen): { parts: GatewayParts; words: string } {
  const real = realParts(config)
  const openStores = async (): Promise<Stores> => {
    const stores = await real.openStores(config, () => undefined).catch(() => storesHere(config))
    return { ...stores, readings: timedReadings(stores.readings, seen) }
  }
  const startPart: GatewayParts['startSegment'] = (settings, ear) => real.startSegment(settings, ear).catch(() => segmentHere(settings, ear))
  return { parts: { ...real, openStores, startSegment: startPart }, words: 'the gateway: the process that faces the segment, sandboxed, and the hospital\'s' }
}

async function segmentHere(config: GatewayConfig, ear: Parameters<GatewayParts['startSegment']>[1]): ReturnType<GatewayParts['startSegment']> {
  const segment = await startSegment({
    config: config.segment, bench: { leads: config.leads, isPaced: false }, nfsVersions: config.updates.nfsVersions, devicesMax: config.devicesMax,
    onMessage: (message) => ear.onMessage(message), onStart: () => ear.onStart(),
    onState: ({ phase, lastDeath }) => void (phase === 'down' && ear.onDown(lastDeath ?? 'it ended')),
  })
  return { tell: (m) => segment.send(m), pause: () => segment.pause(), resume: () => segment.resume(), close: () => segment.close() }
}

function storesHere(config: GatewayConfig): Stores {
  const opened = openReadings(config.folder, { keepHours: config.keep.readingsHours })
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  const nothing = { bytes: 0, nextDeletion: null, rule: '' }
  return {
    readings: {
      decode: (record) => {
        const found = decodeRecord(record)
        return found.ok ? found.value : null
      },
      append: (records) => store.append(records), kept: () => ({ what: 'readings', ...nothing }), close: async () => store.close(),
    },
    out: outPart({
      targets: [], queue: () => { throw new Error('no target') }, send: () => { throw new Error('no target') }, take: () => undefined,
      tick: () => undefined, kept: () => ({ what: 'queue', ...nothing }), close: () => undefined,
    }),
  }
}

/** The same store, with the time at which each cycle became durable. */
function timedReadings(store: ReadingsPart, seen: Seen): ReadingsPart {
  let waiting: Stamp[] = []
  return {
    ...store,
    decode: (record) => {
      const readings = store.decode(record)
      if (readings !== null) waiting.push(...stampsOf(readings))
      return readings
    },
    append: async (records) => {
      const stamps = waiting
      waiting = []
      await store.append(records)
      const now = monotonicMs()
      for (const stamp of stamps) seen.add(stamp, now)
    },
    kept: (now) => store.kept(now), close: () => store.close(),
  }
}

const START: { readonly [K in ServerJob['kind']]: (job: ServerJob) => Promise<Running> } = { floor, core, gateway }

async function main(job: ServerJob): Promise<void> {
  const running = await START[job.kind](job)
  process.on('message', (message) => {
    if (message === 'counts') process.send?.({ kind: 'counts', counts: running.counts() } satisfies FromServer)
    else void Promise.resolve(running.close()).then(() => process.exit(0))
  })
  process.send?.({ kind: 'up', port: running.port, console: running.console, words: running.words } satisfies FromServer)
}

await main(JSON.parse(process.argv[2] ?? '{}') as ServerJob)
