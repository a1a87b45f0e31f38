// readers: one process per ring reads it; this side takes their blocks apart, counts, and starts again the one that dies.
// Keeps two rules: a reader's death is a gap with its times, and every packet the kernel had for us is delivered, dropped or told to be missing.

import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MissingHold } from '../../kernel/sandbox.ts'
import { missingFromStatus } from '../../kernel/status.ts'
import type { PacketSink } from '../../wire/capture/capture.ts'
import { RingBlocks, RING_BLOCK_BYTES_MAX } from '../../wire/capture/ring-block.ts'
import { GAPS_MAX, type Gap } from './gap.ts'
import { pump, widePipe } from './pump.ts'
import type { ReaderPlan, ReaderReady } from './reader-plan.ts'
import { BLOCK_BYTES, RETIRE_MS, ringStatistics, type Ring } from './ring.ts'
import type { LiveCounters, LiveSource } from './source.ts'

export interface ReadersOptions {
  readonly rings: readonly Ring[]
  readonly sink: PacketSink
  /** Awaited after each piece: where a slow store holds the reading back. */
  readonly afterRead: () => void | Promise<void>
  /** What a person at the terminal should know at once. */
  readonly say: (text: string) => void
  /** Tests put a program of their own in place of the reader. */
  readonly program?: string
}

/** A block and the beginning of the next. */
const BUFFER_BYTES = BLOCK_BYTES + RING_BLOCK_BYTES_MAX
/** Before a reader that died is started again; doubled each time up to the longest, and back once it has read for a minute. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000
const STEADY_MS = 60_000
/** At the end: for a full ring to be worked off; what is left then is counted as lost by us. */
const DRAIN_MAX_MS = 20_000
const LAST_WORDS_MAX = 2000

export class RingReaders implements LiveSource {
  readonly gaps: Gap[] = []
  gapsNotKept = 0
  readonly #readers: readonly RingReader[]

  constructor(options: ReadersOptions) {
    this.#readers = options.rings.map((ring) => new RingReader(ring, options, (gap) => this.#addGap(gap)))
    // A read that waits in a thread would hold up the exit for as long as a reader lives.
    process.once('exit', () => this.#readers.forEach((r) => r.kill()))
  }

  /** Resolves when all are closed in and read. Rejects when one cannot be started at all. */
  async start(): Promise<readonly MissingHold[]> {
    return (await Promise.all(this.#readers.map((r) => r.start()))).flat()
  }

  /** What has come is delivered first. */
  async stop(): Promise<void> {
    await Promise.all(this.#readers.map((r) => r.stop()))
  }

  /** The kernel answers at once. */
  async ask(): Promise<void> {}

  counters(): LiveCounters {
    const all = this.#readers.map((r) => r.counters())
    const sum = (key: keyof LiveCounters): number => all.reduce((n, c) => n + c[key], 0)
    return {
      kernelPackets: sum('kernelPackets'), kernelDrops: sum('kernelDrops'), delivered: sum('delivered'), ours: sum('ours'), vlanRestored: sum('vlanRestored'),
    }
  }

  #addGap(gap: Gap): void {
    if (this.gaps.length < GAPS_MAX) this.gaps.push(gap)
    else this.gapsNotKept++
  }
}

class RingReader {
  readonly #ring: Ring
  readonly #options: ReadersOptions
  readonly #onGap: (gap: Gap) => void
  readonly #blocks: RingBlocks
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  #child: ChildProcess | null = null
  #gap: Gap | null = null
  #isStopping = false
  #wait = FIRST_WAIT_MS
  #startedAt = 0
  #lastWords = ''
  #done: Promise<void> = Promise.resolve()
  #onReady: ((missing: readonly MissingHold[]) => void) | null = null
  #onFailed: ((cause: Error) => void) | null = null
  #timer: NodeJS.Timeout | null = null
  #kernelPackets = 0
  #kernelDrops = 0
  /** There was no more time for them at the end. */
  #leftInRing = 0

  constructor(ring: Ring, options: ReadersOptions, onGap: (gap: Gap) => void) {
    this.#ring = ring
    this.#options = options
    this.#onGap = onGap
    this.#blocks = new RingBlocks(options.sink, ring.linkType)
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  start(): Promise<readonly MissingHold[]> {
    return new Promise((resolve, reject) => {
      this.#onReady = resolve
      this.#onFailed = reject
      this.#spawn()
    })
  }

  /** What the kernel had for us up to now is delivered first. */
  async stop(): Promise<void> {
    const { kernelPackets, kernelDrops } = this.counters()
    const [due, until] = [kernelPackets - kernelDrops, performance.now() + DRAIN_MAX_MS]
    while (this.#taken() < due && performance.now() < until) await sleep(RETIRE_MS)
    this.#isStopping = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#child?.kill('SIGTERM')
    await this.#done
    this.#leftInRing = Math.max(0, due - this.#taken())
    if (this.#gap !== null) this.#gap.lost = this.#count() - this.#gap.lost
    this.#gap = null
  }

  counters(): LiveCounters {
    this.#count()
    const { packets, malformed, missedBlocks, vlanRestored } = this.#blocks.counters
    return {
      kernelPackets: this.#kernelPackets, kernelDrops: this.#kernelDrops, delivered: packets, ours: malformed + missedBlocks + this.#leftInRing, vlanRestored,
    }
  }

  #taken(): number {
    const { packets, malformed } = this.#blocks.counters
    return packets + malformed
  }

  /** Asking sets the kernel's counts back. */
  #count(): number {
    const { packets, drops } = ringStatistics(this.#ring.fd)
    this.#kernelPackets += packets
    this.#kernelDrops += drops
    return this.#kernelDrops
  }

  #spawn(): void {
    const ends = widePipe()
    if (ends === null) return this.#died('no pipe can be made')
    const [readEnd, writeEnd] = ends
    const plan: ReaderPlan = { program: this.#options.program ?? 'reader', blocks: this.#ring.blocks, blockBytes: BLOCK_BYTES, holds: [] }
    const enter = path.join(import.meta.dirname, `enter${path.extname(import.meta.filename)}`)
    this.#lastWords = ''
    this.#startedAt = performance.now()
    const child = spawn(process.execPath, [enter, JSON.stringify(plan)], {
      stdio: ['ignore', 'ignore', 'pipe', writeEnd, this.#ring.fd], cwd: '/', env: { TZ: 'UTC', NODE_NO_WARNINGS: '1' },
    })
    fs.closeSync(writeEnd)
    this.#child = child
    child.stderr?.on('data', (piece: Buffer) => this.#hear(child, piece.toString('latin1')))
    const closed = new Promise<string>((resolve) => {
      child.on('error', (cause) => resolve(cause.message))
      child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    this.#done = this.#follow(readEnd, child, closed)
  }

  async #follow(readEnd: number, child: ChildProcess, closed: Promise<string>): Promise<void> {
    try {
      const isWhole = await pump(readEnd, this.#buffer, (end) => this.#take(end), this.#options.afterRead)
      if (!isWhole) child.kill('SIGKILL')
    } finally {
      fs.closeSync(readEnd)
    }
    const how = await closed
    this.#child = null
    if (!this.#isStopping) this.#died(how)
  }

  #take(end: number): number {
    const used = this.#blocks.take(this.#buffer, 0, end)
    const gap = this.#gap
    if (gap !== null && used > 0) {
      gap.lost = this.#count() - gap.lost
      gap.to = this.#blocks.lastBlockFrom
      this.#gap = null
    }
    return used
  }

  /** First its one line that it is closed in; all else are last words. */
  #hear(child: ChildProcess, text: string): void {
    this.#lastWords = (this.#lastWords + text).replaceAll(/[^ -~\n]/g, '?').slice(-LAST_WORDS_MAX * 4)
    const line = this.#lastWords.indexOf('\n')
    const onReady = this.#onReady
    if (line < 0 || !this.#lastWords.startsWith('{"holds":') || onReady === null) return
    const { holds } = JSON.parse(this.#lastWords.slice(0, line)) as ReaderReady
    this.#lastWords = this.#lastWords.slice(line + 1)
    this.#onReady = this.#onFailed = null
    onReady([...holds.filter((h) => !h.holds), ...seenMissing(child.pid ?? 0)])
  }

  #died(how: string): void {
    const words = this.#lastWords.startsWith('{"holds":') ? '' : this.#lastWords.trim().slice(-LAST_WORDS_MAX)
    const why = [how, words].filter((w) => w !== '').join(': ')
    if (this.#onFailed !== null) return this.#onFailed(new Error(`the process that reads the interface did not start: ${why}`))
    if (this.#gap === null) {
      // Counted from here; `lost` is the difference once it reads again.
      this.#gap = { from: this.#blocks.lastAt, to: null, lost: this.#count(), why }
      this.#onGap(this.#gap)
    }
    if (performance.now() - this.#startedAt > STEADY_MS) this.#wait = FIRST_WAIT_MS
    this.#options.say(`the process that reads the interface ended (${why}); it is started again`)
    this.#timer = setTimeout(() => this.#spawn(), this.#wait)
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2)
  }
}

function seenMissing(pid: number): readonly MissingHold[] {
  try {
    return missingFromStatus(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return [{ what: 'the kernel confirms the sandbox', why: `/proc/${pid}/status cannot be read`, isVital: false }]
  }
}
