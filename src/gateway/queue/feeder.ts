// Feeder: the one place where stored readings become messages: stored -> decoded -> sampled -> encoded -> enqueued.
// Keeps the rule that how far it came is committed with what it made: a kill between loses nothing that was stored, and tells nothing twice.

import type { Micros } from '../../base/time.ts'
import type { Outbound } from '../core/out/message.ts'
import { Sampler, type DeviceMark, type DueBatch, type StoredReadings } from '../core/out/sampler.ts'
import { StorageError, type StorageProblem } from './database.ts'
import type { FeedCursor, GatewayQueue, NewMessage } from './queue.ts'
import type { Readings } from './readings.ts'
import type { StoredRecord } from './record-batch.ts'

/** Stored records looked at in one go; then others get their turn. A thousand beds send four or five thousand in a second. */
export const PUMP_RECORDS_MAX = 2000
/** What is due waits at most this long for its turn. */
export const PUMP_EVERY_MS = 250
/** A cursor is written without a message after this many records, so that a start never replays more for nothing. */
const IDLE_RECORDS_MAX = 20_000

export interface FeedTarget {
  readonly name: string
  readonly everyMicros: Micros
  readonly waveforms: boolean
  /** Body of the message; null when nothing of it may leave. */
  readonly encode: (out: Outbound) => Uint8Array | null
}

export interface FeederOptions {
  readonly readings: Readings
  readonly queue: GatewayQueue
  readonly targets: readonly FeedTarget[]
  /** Null: not a record. It is counted and passed over. */
  readonly decode: (record: Uint8Array) => StoredReadings | null
  /** As the inventory knows it; '' when unknown. */
  readonly modelOf: (device: string) => string
  readonly now: () => Micros
}

export interface FeederFigures {
  /** Stored records that are not sampled yet. */
  readonly behind: number
  /** Records that retention deleted before they were sampled: they are in no message. */
  readonly missed: number
  /** Stored bytes that are no record. */
  readonly unreadable: number
  /** Why the last try failed; nothing is lost by it, it is tried again. */
  readonly problem: StorageProblem | null
}

interface Feed {
  readonly target: FeedTarget
  readonly sampler: Sampler
  /** `done` as it was last committed. */
  committed: number
}

/** Make it before the first record is appended: a target that was never fed starts with what is stored from then on. */
export class Feeder {
  readonly #options: FeederOptions
  /** Null after a failure: read anew from the queue's cursors. */
  #feeds: readonly Feed[] | null = null
  #read = 0
  #missed = 0
  #unreadable = 0
  #problem: StorageProblem | null = null
  #timer: NodeJS.Timeout | null = null
  #again: NodeJS.Immediate | null = null

  /** Throws StorageError when the cursors can be neither read nor written. */
  constructor(options: FeederOptions) {
    this.#options = options
    this.#feeds = this.#restore()
  }

  /** Pumps until `stop`. */
  start(): void {
    this.#timer ??= setInterval(() => this.#run(), PUMP_EVERY_MS)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#again !== null) clearImmediate(this.#again)
    this.#timer = null
    this.#again = null
  }

  figures(): FeederFigures {
    return { behind: this.#options.readings.newest - this.#read, missed: this.#missed, unreadable: this.#unreadable, problem: this.#problem }
  }

  /** Takes up to PUMP_RECORDS_MAX stored records and what is due by now. True when more is stored. Failures are in `figures`. */
  pump(): boolean {
    try {
      this.#feeds ??= this.#restore()
      const more = this.#advance(this.#feeds)
      this.#problem = null
      return more
    } catch (cause) {
      // What was sampled is not committed: the next try starts from the cursors.
      if (this.#feeds !== null) this.#read = committedOf(this.#feeds, this.#read)
      this.#feeds = null
      if (!(cause instanceof StorageError)) throw cause
      this.#problem = cause.problem
      return false
    }
  }

  #run(): void {
    if (this.#again !== null) return
    const more = this.pump()
    this.#options.queue.tidy()
    if (!more || this.#timer === null) return
    this.#again = setImmediate(() => {
      this.#again = null
      this.#run()
    })
  }

  #advance(feeds: readonly Feed[]): boolean {
    const { readings, now } = this.#options
    this.#skipDeleted()
    const records = feeds.length === 0 ? [] : readings.read(this.#read, PUMP_RECORDS_MAX)
    const due = feeds.map((): DueBatch[] => [])
    for (const record of records) this.#sample(record, feeds, due)
    // Without a target nothing is read and nothing is behind.
    this.#read = records.at(-1)?.seq ?? (feeds.length === 0 ? readings.newest : this.#read)
    const isCaughtUp = this.#read >= readings.newest
    if (isCaughtUp) feeds.forEach((feed, i) => due[i]?.push(...feed.sampler.tick(now())))
    this.#commit(feeds, due)
    return !isCaughtUp
  }

  #sample(record: StoredRecord, feeds: readonly Feed[], due: readonly DueBatch[][]): void {
    const stored = this.#options.decode(record.bytes)
    if (stored === null) {
      this.#unreadable += 1
      return
    }
    feeds.forEach(({ sampler }, i) => due[i]?.push(...sampler.take(record.seq, stored)))
  }

  /** Retention does not wait for a feeder that cannot write: what it took is told. */
  #skipDeleted(): void {
    const gap = this.#options.readings.oldest - 1 - this.#read
    if (gap <= 0) return
    this.#missed += gap
    this.#read += gap
  }

  #commit(feeds: readonly Feed[], due: readonly DueBatch[][]): void {
    const messages: NewMessage[] = []
    const cursors: FeedCursor[] = []
    feeds.forEach((feed, i) => {
      const batches = due[i] ?? []
      const { done } = feed.sampler
      if (batches.length === 0 && done - feed.committed < IDLE_RECORDS_MAX) return
      for (const batch of batches) messages.push(...this.#messages(feed.target, batch))
      // The last of a device counts, should it have had two.
      const marks = [...new Map(batches.map(({ mark }): [string, DeviceMark] => [mark.device, mark])).values()]
      cursors.push({ target: feed.target.name, store: this.#options.readings.id, done, marks })
    })
    if (cursors.length === 0) return
    this.#options.queue.enqueue(messages, cursors)
    for (const feed of feeds) {
      const cursor = cursors.find((one) => one.target === feed.target.name)
      if (cursor !== undefined) feed.committed = cursor.done
    }
  }

  #messages(target: FeedTarget, { device, parts }: DueBatch): NewMessage[] {
    const at = this.#options.now()
    const model = this.#options.modelOf(device)
    return parts.map((part) => ({
      target: target.name, device, at, encode: (controlId) => target.encode({ device, model, at, controlId, ...part }),
    }))
  }

  #restore(): readonly Feed[] {
    const { queue, readings, targets } = this.#options
    const cursors = targets.map((target) => this.#cursorOf(target.name))
    const changed = cursors.filter((cursor) => queue.cursor(cursor.target)?.store !== cursor.store)
    if (changed.length > 0) queue.enqueue([], changed)
    const feeds = cursors.map((cursor, i): Feed => {
      const target = targets[i] as FeedTarget
      return { target, sampler: new Sampler(target, cursor.done, cursor.marks), committed: cursor.done }
    })
    this.#read = committedOf(feeds, readings.newest)
    return feeds
  }

  /** In a new readings file everything is new; what was told of each value is still true. */
  #cursorOf(target: string): FeedCursor {
    const { queue, readings } = this.#options
    const kept = queue.cursor(target)
    if (kept === null) return { target, store: readings.id, done: readings.newest, marks: [] }
    if (kept.store === readings.id) return kept
    return { ...kept, store: readings.id, done: 0, marks: kept.marks.map((mark) => ({ ...mark, seq: 0 })) }
  }
}

/** Where reading has to go on: the target that is least far decides. */
function committedOf(feeds: readonly Feed[], atMost: number): number {
  return feeds.reduce((least, feed) => Math.min(least, feed.committed), atMost)
}
