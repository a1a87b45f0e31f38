// cordon watch: an interface, live: every second on standard error what came and what was lost, at the end the same report as check.
// Keeps S1: the rings are opened, every privilege is given up, and only then is a packet looked at, by processes that cannot send.

import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { err, ok, type Result } from '../base/result.ts'
import type { Analysis } from '../detect/analysis.ts'
import type { Severity } from '../detect/finding.ts'
import { HealthWatch } from '../detect/health-watch.ts'
import { accountOf, type MissingHold } from '../kernel/sandbox.ts'
import { interfaceIndex } from '../kernel/libc.ts'
import { StoreFeed } from '../sensor/analyse.ts'
import { behavioursOf, overlapOf, type Knowledge } from '../sensor/knowledge.ts'
import { gapSentence, type Gap } from '../sensor/live/gap.ts'
import { giveUp, heldFromBefore, type Held } from '../sensor/live/give-up.ts'
import { interfaceCounts, isUp, sendingWays } from '../sensor/live/interface.ts'
import { gapBefore, watchesLeft, watchName, type LeftWatches } from '../sensor/live/left.ts'
import { openRings, noInterface, RING_BYTES } from '../sensor/live/ring.ts'
import { RingReaders } from '../sensor/live/readers.ts'
import { folderOf, RotatingFiles } from '../sensor/live/rotation.ts'
import type { LiveSource } from '../sensor/live/source.ts'
import { startTcpdump, TcpdumpSource } from '../sensor/live/tcpdump.ts'
import { LiveSink, liveReport, type LiveEnd } from '../sensor/live/watch.ts'
import { pictureRecords, pictureSets } from '../sensor/records.ts'
import { exitCodeOf } from '../sensor/report.ts'
import { Sensor } from '../sensor/sensor.ts'
import { makeFolder } from '../store/make-folder.ts'
import type { Store, StoreRecord } from '../store/store.ts'
import { compileBpf } from '../wire/bpf/compile.ts'
import { parseBpf } from '../wire/bpf/parse.ts'
import type { BpfInstruction } from '../wire/bpf/program.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { watchingAdvisories } from './advisory-watched.ts'
import { writeReport } from './check.ts'
import { nowMicros } from './console.ts'
import { Exit, type Io } from './io.ts'
import { knowingPeople } from './knowing-people.ts'
import { loadKnowledge } from './load-knowledge.ts'
import type { OutputFormat } from './options.ts'
import { formatBytes } from './text.ts'
import { withStore } from './with-store.ts'

export interface WatchArgs {
  readonly device: string
  readonly filter: readonly string[]
  readonly snaplen: number
  readonly isPromiscuous: boolean
  readonly workers: number
  /** KiB of all rings together; null: what is usual. */
  readonly ringKib: number | null
  readonly via: 'ring' | 'tcpdump'
  readonly file: string | null
  readonly megabytes: number | null
  readonly seconds: number | null
  readonly files: number | null
  readonly user: string | null
  readonly count: number | null
  readonly durationSeconds: number | null
  readonly policy: string | undefined
  readonly data: string | undefined
  readonly format: OutputFormat
  readonly failOn: Severity | 'never'
}

const SECOND_MS = 1000
const KIB = 1024
/** Seconds of one window in which the sensor's own health is judged. */
const HEALTH_EVERY = 60
/** Seconds between two pictures that the store keeps. */
const PICTURE_EVERY = 10

export async function runWatch(args: WatchArgs, io: Io): Promise<number> {
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const held = heldFromBefore()
  if (held === null) return openAndGiveUp(args, io)
  for (const { what, why, isVital } of held.missing) sayMissing(io, { what, why, isVital })
  return withStore(args.data, io, async (store) => {
    const known = await knowingPeople(await watchingAdvisories(knowledge.value, store), store)
    const left = store === null ? null : await watchesLeft(store)
    return new Watch(args, io, known, store, held, left).run()
  })
}

function sayMissing(io: Io, { what, why, isVital }: MissingHold): void {
  io.err(`cordon watch: ${isVital ? 'WARNING, a wall is missing' : 'note, not so here'}: ${what} (${why})\n`)
}

/** First stage: everything that needs a privilege. Comes back only with an error. */
async function openAndGiveUp(args: WatchArgs, io: Io): Promise<number> {
  const refuse = (error: string): number => {
    io.err(`cordon watch: ${error}\n`)
    return Exit.usage
  }
  const index = interfaceIndex(args.device)
  if (index === 0) return refuse(noInterface(args.device))
  const filter = kernelFilter(args)
  if (!filter.ok) return refuse(filter.error)
  const ringKib = args.ringKib ?? RING_BYTES / KIB
  const { device, snaplen, isPromiscuous } = args
  const tcpdump = args.via === 'tcpdump' ? await startTcpdump({ device, filter: args.filter.join(' '), snaplen, isPromiscuous, ringKib }) : ok(null)
  if (!tcpdump.ok) return refuse(tcpdump.error)
  const rings = args.via === 'tcpdump' ? ok([]) : openRings({
    device, filter: filter.value, isPromiscuous, rings: args.workers, bytes: ringKib * KIB,
  })
  if (!rings.ok) return refuse(rings.error)
  const openedAt = nowMicros()
  if (args.filter.length > 0 && rings.value.some((ring) => ring.linkType !== LinkType.ethernet)) {
    return refuse(`the frames of ${device} do not begin with Ethernet, where a filter looks\n  help: Leave the filter out, or take --via tcpdump.`)
  }
  if (!isUp(args.device)) io.err(`cordon watch: ${args.device} is down, nothing will come: ip link set ${args.device} up arp off\n`)
  const ways = sendingWays(args.device)
  const list = ways.map((way) => `  ${way}\n`).join('')
  if (ways.length > 0) io.err(`cordon watch: Cordon sends nothing, but this machine's kernel can send from ${args.device}:\n${list}`)
  const made = args.data === undefined ? ok(null) : makeDataFolder(args.data, args.user)
  if (!made.ok) return refuse(made.error)
  const writable = [...(args.file === null ? [] : [folderOf(args.file)]), ...(args.data === undefined ? [] : [args.data])]
  giveUp({ rings: rings.value, tcpdump: tcpdump.value, index, openedAt, writable, user: args.user })
}

/** While that is allowed: later nothing is written but beneath a folder that is there. A new one belongs to the account of -Z. */
function makeDataFolder(folder: string, user: string | null): Result<null> {
  const isNew = !fs.existsSync(folder)
  try {
    makeFolder(folder, 0o700)
    const account = isNew && user !== null && process.getuid?.() === 0 ? accountOf(user, fs.readFileSync('/etc/passwd', 'utf8')) : null
    if (account !== null) fs.chownSync(folder, account.uid, account.gid)
    return ok(null)
  } catch (cause) {
    return err(`${folder} cannot be used as a data folder: ${(cause as Error).message}\n  help: Name a folder that exists or can be made, with --data.`)
  }
}

/** The filter that the kernel runs, or where the words are wrong. */
function kernelFilter({ filter, snaplen }: WatchArgs): Result<readonly BpfInstruction[]> {
  const text = filter.join(' ')
  const parsed = parseBpf(text)
  if (parsed.ok) return compileBpf(parsed.value, { snaplen, tags: 'beside' })
  const { message, column } = parsed.error
  return err(`the filter is not understood at column ${column}: ${message}\n  ${text}\n  ${' '.repeat(column - 1)}^`)
}

/** Second stage. */
class Watch {
  readonly #args: WatchArgs
  readonly #io: Io
  readonly #knowledge: Knowledge
  readonly #store: Store | null
  readonly #held: Held
  readonly #id: string
  readonly #feed: StoreFeed
  readonly #sensor: Sensor
  readonly #files: RotatingFiles | null
  readonly #sink: LiveSink
  readonly #readers: LiveSource
  readonly #stop = new AbortController()
  readonly #health = new HealthWatch()
  #healthTold = new Map<string, string>()
  readonly #openedAt = nowMicros()
  readonly #start: ReturnType<typeof interfaceCounts>
  readonly #left: LeftWatches | null
  /** Between a watch that was killed and this one. */
  readonly #gapBefore: Gap | null

  constructor(args: WatchArgs, io: Io, knowledge: Knowledge, store: Store | null, held: Held, left: LeftWatches | null) {
    this.#args = args
    this.#io = io
    this.#knowledge = knowledge
    this.#store = store
    this.#held = held
    this.#left = left
    this.#gapBefore = left && gapBefore(left, args.device, held.openedAt)
    this.#id = `live-${args.device}-${this.#openedAt}`
    const feed = new StoreFeed(store, this.#id)
    this.#feed = feed
    this.#sensor = new Sensor({
      behaviours: behavioursOf(knowledge), overlapOf: overlapOf(knowledge.policy), seed: randomInt(2 ** 31), ...feed.listeners(),
    })
    const say = (text: string): void => io.err(`cordon watch: ${text}\n`)
    const { file, megabytes, seconds, files } = args
    const linkType = held.rings[0]?.linkType ?? LinkType.ethernet
    this.#files = file === null ? null : new RotatingFiles({ file, megabytes, seconds, files, linkType, say })
    this.#sink = new LiveSink(this.#sensor, this.#files, args.count ?? Number.POSITIVE_INFINITY, () => this.#stop.abort())
    const afterRead = (): Promise<void> => feed.flush(0)
    const onEnd = (why: string): void => {
      say(why)
      this.#stop.abort()
    }
    this.#readers = held.tcpdump === null
      ? new RingReaders({ rings: held.rings, sink: this.#sink, say, afterRead }) : new TcpdumpSource(held.tcpdump, this.#sink, afterRead, onEnd)
    this.#start = interfaceCounts(args.device, held.index)
  }

  async run(): Promise<number> {
    const { durationSeconds } = this.#args
    const timer = durationSeconds === null ? null : setTimeout(() => this.#stop.abort(), durationSeconds * SECOND_MS)
    try {
      for (const missing of await this.#readers.start()) sayMissing(this.#io, missing)
    } catch (cause) {
      this.#io.err(`cordon watch: ${(cause as Error).message}\n`)
      return Exit.usage
    }
    const rings = this.#held.tcpdump !== null ? 'tcpdump' : this.#held.rings.length > 1 ? `${this.#held.rings.length} rings` : 'one ring'
    await this.#takeOver()
    this.#io.err(`cordon watch: reading ${this.#args.device}, ${rings}; Ctrl-C ends it\n`)
    const signal = AbortSignal.any([this.#io.signal, this.#stop.signal])
    await this.#everySecond(signal)
    if (timer) clearTimeout(timer)
    await this.#readers.stop()
    this.#files?.close()
    this.#tell(null)
    this.#sensor.finish()
    const { report, picture } = await this.#takePicture('complete')
    await writeReport({ report, picture }, this.#args.format, this.#io)
    const code = exitCodeOf(report, this.#args.failOn)
    return code === Exit.ok && this.#end().gaps.length > 0 ? Exit.incomplete : code
  }

  async #everySecond(signal: AbortSignal): Promise<void> {
    let [bytes, at] = [0, performance.now()]
    for (let seconds = 1; !signal.aborted; seconds++) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, SECOND_MS)
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
      })
      if (!signal.aborted) await this.#readers.ask()
      const now = performance.now()
      this.#tell(((this.#sink.bytes - bytes) * SECOND_MS) / Math.max(1, now - at))
      ;[bytes, at] = [this.#sink.bytes, now]
      this.#files?.flush()
      if (seconds % HEALTH_EVERY === 0) this.#tellHealth()
      if (this.#store && seconds % PICTURE_EVERY === 0) await this.#takePicture('running')
    }
  }

  /** What is wrong with the ear itself, when it lasts, and that it is over. */
  #tellHealth(): void {
    const { kernelDrops, ours, interfaceLost } = this.#loss()
    const dropped = kernelDrops + ours + (interfaceLost ?? 0)
    const now = new Map(this.#health.step(this.#sensor.healthCounts(dropped)).map(({ id, ward }) => [id as string, ward]))
    for (const [id, ward] of now) if (!this.#healthTold.has(id)) this.#io.err(`cordon watch: ${ward}\n`)
    for (const [id, ward] of this.#healthTold) if (!now.has(id)) this.#io.err(`cordon watch: no longer so: ${ward}\n`)
    this.#healthTold = now
  }

  /** That this watch runs is kept before it says so: whoever finds it killed knows from when on. With it, at once, those killed before are closed. */
  async #takeOver(): Promise<void> {
    if (this.#left === null) return
    for (const words of this.#left.sentences) this.#io.err(`cordon watch: ${words}\n`)
    if (this.#gapBefore !== null) this.#io.err(`cordon watch: ${gapSentence(this.#gapBefore)}\n`)
    await this.#takePicture('running', this.#left.closing)
  }

  /** Kept, where anything is, in one step with `besides`. */
  async #takePicture(state: Analysis['state'], besides: readonly StoreRecord[] = []): Promise<ReturnType<typeof liveReport>> {
    const taken = liveReport(this.#sensor, this.#knowledge, this.#end(), state)
    await this.#feed.flush(0)
    await this.#store?.append([...besides, ...pictureRecords(taken.report.analysis, taken.picture, this.#openedAt)], pictureSets(this.#id))
    return taken
  }

  #loss(): LiveEnd['loss'] {
    const { kernelDrops, ours } = this.#readers.counters()
    const now = interfaceCounts(this.#args.device, this.#held.index)
    return { kernelDrops, ours, interfaceLost: now === null || this.#start === null ? null : now.lost - this.#start.lost }
  }

  #end(): LiveEnd {
    const { gapsNotKept } = this.#readers
    const gaps = [...(this.#gapBefore === null ? [] : [this.#gapBefore]), ...this.#readers.gaps]
    const now = interfaceCounts(this.#args.device, this.#held.index)
    const sent = now === null || this.#start === null ? null : now.sent - this.#start.sent
    const notes = this.#files?.fault ? [`Not all was kept in files: ${this.#files.fault}; ${this.#files.notWritten} packets are in none.`] : []
    return { id: this.#id, name: watchName(this.#args.device), keptAt: nowMicros(), loss: this.#loss(), gaps, gapsNotKept, interfaceSent: sent, notes }
  }

  /** `null`: it is over, and the sum is told. */
  #tell(bytesPerSecond: number | null): void {
    const { kernelDrops, interfaceLost, ours } = this.#loss()
    const drops = `drops: kernel ${kernelDrops}, interface ${interfaceLost ?? 'unknown'}, ours ${ours}`
    const bytes = bytesPerSecond === null ? `${formatBytes(this.#sink.bytes)} in all` : `${formatBytes(Math.round(bytesPerSecond))}/s`
    this.#io.err(`${this.#sink.packets} packets, ${bytes}, ${drops}\n`)
  }
}
