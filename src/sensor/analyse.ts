// analyseFile: one capture through the sensor, into a report and, when a store is given, into it while reading.
// Memory stays flat: flows and facts are written in batches between chunks, not kept.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import type { Store, StoreRecord } from '../store/store.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { behavioursOf, overlapOf, type Knowledge } from './knowledge.ts'
import { takePicture, type Picture } from './picture.ts'
import { Pool } from './pool/pool.ts'
import { factRecord, flowRecord, pictureRecords, pictureSets } from './records.ts'
import { analysisOf, reportOf, type Report } from './report.ts'
import { Sensor } from './sensor.ts'
import { readCapture, type ReadSummary } from './source.ts'

export interface AnalyseOptions {
  readonly knowledge: Knowledge
  readonly store: Store | null
  /** What people call it; default the file's name. */
  readonly name?: string
  readonly signal?: AbortSignal
  /** Threads that read the capture, 1 to SHARDS; the answer is the same. More than one: not with a store. */
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
  const { knowledge, store } = options
  if ((options.workers ?? 1) > 1 && store === null) return analysePooled(file, options, options.workers ?? 1)
  const name = nameOf(file, options)
  const early = store && file !== '-' ? await hashFile(file) : null
  const id = early ? analysisId(early) : 'standard-input'
  const feed = new StoreFeed(store, id)
  const sensor = new Sensor({
    behaviours: behavioursOf(knowledge),
    overlapOf: overlapOf(knowledge.policy),
    onSlice: store ? (slice) => feed.add(flowRecord(id, slice)) : undefined,
    onFact: store ? (fact) => feed.addFact(fact) : undefined,
  })
  const read = await readCapture(file, createCaptureReader(sensor), {
    signal: options.signal, hash: options.hash,
    onProgress: (bytesRead, bytesTotal) => options.onProgress?.({ bytesRead, bytesTotal, packets: sensor.counters.packets }),
    afterChunk: () => feed.flush(BATCH_MAX),
  })
  if (!read.ok) return err(read.error)
  if (read.value.format === null) return err(notACapture(name, read.value.problems[0]?.message))
  sensor.finish()
  options.onRead?.()
  const heard = sensor.heard()
  const picture = takePicture(heard, knowledge)
  const sha256 = read.value.sha256
  const ownId = sha256 === null ? UNHASHED_ID : analysisId(sha256)
  const analysis = analysisOf(heard, picture, { id: early ? id : ownId, name, source: 'capture', sha256, summary: read.value })
  if (store) {
    await feed.flush(0)
    await store.append(pictureRecords({ ...analysis, id }, picture, (options.now ?? (() => 0))()), pictureSets(id))
  }
  return ok({ report: reportOf(analysis, picture), picture })
}

/** The same by several threads. */
async function analysePooled(file: string, options: AnalyseOptions, workers: number): Promise<Result<Analysed, AnalyseProblem>> {
  const { knowledge, signal, hash } = options
  const pool = new Pool(workers, behavioursOf(knowledge), knowledge.policy)
  try {
    const read = await readCapture(file, pool, {
      signal, hash, onProgress: (bytesRead, bytesTotal) => options.onProgress?.({ bytesRead, bytesTotal, packets: pool.packets }),
      afterChunk: () => pool.room(),
    })
    if (!read.ok) return err(read.error)
    const { summary: seen, heard } = await pool.heard()
    options.onRead?.()
    const { compressed, sha256, problems } = read.value
    const summary: ReadSummary = { ...seen, compressed, sha256, problems: [...seen.problems, ...problems] }
    const name = nameOf(file, options)
    if (summary.format === null) return err(notACapture(name, summary.problems[0]?.message))
    const picture = takePicture(heard, knowledge)
    const analysis = analysisOf(heard, picture, { id: sha256 === null ? UNHASHED_ID : analysisId(sha256), name, source: 'capture', sha256, summary })
    return ok({ report: reportOf(analysis, picture), picture })
  } finally {
    await pool.close()
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
