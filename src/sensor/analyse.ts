// analyseFile: one capture through the sensor, into a report and, when a store is given, into it while reading.
// Memory stays flat: flows and facts are written in batches between chunks, not kept.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import type { Store, StoreRecord } from '../store/store.ts'
import type { CaptureReader } from '../wire/capture/capture.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { behavioursOf, overlapOf, type Knowledge } from './knowledge.ts'
import { takePicture, type Picture } from './picture.ts'
import { Pool, type Listeners } from './pool/pool.ts'
import { factRecord, flowRecord, pictureRecords, pictureSets } from './records.ts'
import { analysisOf, reportOf, type Report } from './report.ts'
import { Sensor, type Heard } from './sensor.ts'
import { readCapture, type ReadSummary } from './source.ts'

export interface AnalyseOptions {
  readonly knowledge: Knowledge
  readonly store: Store | null
  /** What people call it; default the file's name. */
  readonly name?: string
  readonly signal?: AbortSignal
  /** Threads that read the capture, 1 to SHARDS; the answer and what a store keeps are the same. */
  readonly workers?: number
  /** False: the capture is not hashed; its analysis is then named by nothing but `capture-unhashed`. Not with a store. */
  readonly hash?: boolean
  readonly onProgress?: (progress: { readonly bytesRead: number; readonly bytesTotal: number | null; readonly packets: number }) => void
  /** Called when every flow has ended and before the picture is made: what was needed for reading alone is garbage from here on. */
  readonly onRead?: () => void
  /** Wall clock for the order of analyses in the store. */
  readonly now?: () => number
}

export interface AnalyseProblem {
  /** `unusable`: the path cannot be read at all. `interrupted`: the caller's signal. `not-a-capture`: content of another kind. */
  readonly code: 'unusable' | 'interrupted' | 'not-a-capture'
  readonly message: string
  readonly help: string
}

export interface Analysed {
  readonly report: Report
  readonly picture: Picture
}

/** Records waiting for the store before reading goes on: some 10 MB. */
const BATCH_MAX = 20_000

/** Reads `file` (a path or `-`). A damaged capture is a value: the report's state says `partial`. */
export async function analyseFile(file: string, options: AnalyseOptions): Promise<Result<Analysed, AnalyseProblem>> {
  const { knowledge, store, signal, hash, workers = 1 } = options
  const name = nameOf(file, options)
  const early = store && file !== '-' ? await hashFile(file) : null
  const id = early ? analysisId(early) : 'standard-input'
  const feed = new StoreFeed(store, id)
  const reading = workers > 1 ? together(workers, knowledge, feed.listeners()) : alone(knowledge, feed.listeners())
  try {
    const read = await readCapture(file, reading.reader, {
      signal, hash, onProgress: (bytesRead, bytesTotal) => options.onProgress?.({ bytesRead, bytesTotal, packets: reading.packets() }),
      afterChunk: async () => {
        await reading.room?.()
        await feed.flush(BATCH_MAX)
      },
    })
    if (!read.ok) return err(read.error)
    const { summary, heard } = await reading.heard(read.value, options.onRead ?? ((): void => {}))
    if (summary.format === null) return err(notACapture(name, summary.problems[0]?.message))
    const picture = takePicture(heard, knowledge)
    const { sha256 } = summary
    const ownId = sha256 === null ? UNHASHED_ID : analysisId(sha256)
    const analysis = analysisOf(heard, picture, { id: early ? id : ownId, name, source: 'capture', sha256, summary })
    if (store) {
      await feed.flush(0)
      await store.append(pictureRecords({ ...analysis, id }, picture, (options.now ?? (() => 0))()), pictureSets(id))
    }
    return ok({ report: reportOf(analysis, picture), picture })
  } finally {
    await reading.close?.()
  }
}

/** What reads the capture: one sensor, or several workers whose answer is the same. */
interface Reading {
  readonly reader: CaptureReader
  packets(): number
  /** Resolves when the next bytes find room. */
  room?(): Promise<void>
  /** Once all is read: what the whole was, and all that was heard. `onRead` is called when what only reading needs is over. */
  heard(read: ReadSummary, onRead: () => void): Promise<{ readonly summary: ReadSummary; readonly heard: Heard }>
  close?(): Promise<void>
}

function alone(knowledge: Knowledge, listeners: Listeners): Reading {
  const sensor = new Sensor({ behaviours: behavioursOf(knowledge), overlapOf: overlapOf(knowledge.policy), ...listeners })
  return {
    reader: createCaptureReader(sensor),
    packets: () => sensor.counters.packets,
    heard: async (summary, onRead) => {
      sensor.finish()
      onRead()
      return { summary, heard: sensor.heard() }
    },
  }
}

function together(workers: number, knowledge: Knowledge, listeners: Listeners): Reading {
  const pool = new Pool(workers, behavioursOf(knowledge), knowledge.policy, listeners)
  return {
    reader: pool,
    packets: () => pool.packets,
    room: () => pool.room(),
    heard: async ({ compressed, sha256, problems }, onRead) => {
      const { summary, heard } = await pool.heard()
      onRead()
      return { summary: { ...summary, compressed, sha256, problems: [...summary.problems, ...problems] }, heard }
    },
    close: () => pool.close(),
  }
}

function nameOf(file: string, options: AnalyseOptions): string {
  return options.name ?? (file === '-' ? 'standard input' : basename(file))
}

function notACapture(name: string, why: string | undefined): AnalyseProblem {
  const help = 'Cordon reads pcap and pcapng, plain, gzip or zstd, as Wireshark and tcpdump -w write them.'
  return { code: 'not-a-capture', message: `${name}: ${why ?? 'there is no capture in it'}`, help }
}

/** Of a capture that nobody asked to hash. */
const UNHASHED_ID = 'capture-unhashed'

/** Same bytes, same analysis: reading a file again replaces its picture. */
function analysisId(sha256: string): string {
  return `capture-${sha256.slice(0, 12)}`
}

async function hashFile(file: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
    return hash.digest('hex')
  } catch {
    return null
  }
}

/** Gathers events and writes them in batches, in order. */
export class StoreFeed {
  readonly #store: Store | null
  readonly #analysis: string
  #waiting: StoreRecord[] = []
  #facts = 0

  constructor(store: Store | null, analysis: string) {
    this.#store = store
    this.#analysis = analysis
  }

  /** What a sensor or a pool tells it; nothing when nothing is kept. */
  listeners(): Listeners {
    if (this.#store === null) return {}
    return { onSlice: (slice) => this.add(flowRecord(this.#analysis, slice)), onFact: (fact) => this.addFact(fact) }
  }

  add(record: StoreRecord): void {
    this.#waiting.push(record)
  }

  addFact(fact: Parameters<typeof factRecord>[2]): void {
    this.add(factRecord(this.#analysis, ++this.#facts, fact))
  }

  /** Writes when more than `atLeast` records wait; resolves when they are durable. */
  async flush(atLeast: number): Promise<void> {
    if (!this.#store || this.#waiting.length <= atLeast) return
    const batch = this.#waiting
    this.#waiting = []
    await this.#store.append(batch)
  }
}
