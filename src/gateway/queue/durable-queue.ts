// DurableQueue: the queues of all targets in one SQLite file; a message's bytes are written once and leave whole.
// Keeps two rules: what is in memory is a copy of the file, read anew after any failure; what was in flight at a kill is ambiguous.

import { assert } from '../../base/assert.ts'
import { err, ok, type Result } from '../../base/result.ts'
import type { Micros } from '../../base/time.ts'
import { StorageError, openDatabase, type Database, type StorageProblem } from './database.ts'
import type { TargetQueue } from './delivery.ts'
import { DurableTarget } from './durable-target.ts'
import {
  TARGETS_MAX, controlId, controlPrefix, shareOf, type FeedCursor, type GatewayQueue, type NewMessage, type QueueOptions, type QueueShare,
  type RefusedMessage,
} from './queue.ts'
import { AMBIGUOUS, IN_FLIGHT, SCHEMA, idOf, prepareStatements, seqOf, type Statements } from './queue-tables.ts'

export const QUEUE_FILE = 'queue.db'
/** Pages given back in one step of `tidy`. */
const SHRINK_PAGES = 64
/** Messages are 1 to 10 kB: several share a page, or a page is mostly slack and the file twice what it holds. */
const PAGE_BYTES = 16_384

/** Opens or makes `<folder>/queue.db`. `pagesMax` ends the file hard, for tests and for disks that must keep room. */
export function openQueue(folder: string, options: QueueOptions & { readonly pagesMax?: number }): Result<GatewayQueue, StorageProblem> {
  assert(/^[A-Z0-9]{1,4}$/.test(options.tag), 'a tag is one to four capital letters or digits')
  const opened = openDatabase(folder, QUEUE_FILE, {
    what: 'queue', schema: SCHEMA, pageBytes: PAGE_BYTES, checkpointPages: 256, pagesMax: options.pagesMax ?? null,
    lossWhenSetAside: 'Messages that were waiting are in the renamed file only; readings from before are stored and are not sent again.',
  })
  if (!opened.ok) return opened
  try {
    return ok(new DurableQueue(opened.value, options))
  } catch (cause) {
    opened.value.close()
    if (cause instanceof StorageError) return err(cause.problem)
    const message = `the gateway's queue in ${opened.value.file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
    return err({ code: 'unreadable', message, help: 'Start the gateway again; if it says so again, move that file away: a new one is made.' })
  }
}

class DurableQueue implements GatewayQueue {
  readonly #data: Database
  readonly #options: QueueOptions
  readonly #sql: Statements
  readonly #targets = new Map<string, DurableTarget>()
  #hasGivenUp = false

  constructor(data: Database, options: QueueOptions) {
    this.#data = data
    this.#options = options
    this.#sql = prepareStatements(data.db)
    data.transaction(() => this.#sql.setFlightState.run(AMBIGUOUS, 0, Number.MAX_SAFE_INTEGER, IN_FLIGHT))
    for (const row of this.#sql.targets.all()) this.#adopt(String(row['name']))
  }

  target(name: string): TargetQueue {
    return this.#targetOf(name)
  }

  names(): readonly string[] {
    return [...this.#targets.keys()]
  }

  enqueue(messages: readonly NewMessage[], cursors: readonly FeedCursor[] = []): void {
    for (const { target } of [...messages, ...cursors]) this.#targetOf(target)
    const added = this.#change(() => {
      const receivers = new Set(messages.filter((message) => this.#insert(message)).map((message) => message.target))
      for (const cursor of cursors) this.#keepCursor(cursor)
      this.#hasGivenUp = this.#makeRoom()
      return receivers
    })
    for (const name of added) this.#targetOf(name).tellWork()
  }

  cursor(target: string): FeedCursor | null {
    const id = this.#targets.get(target)?.state.id
    if (id === undefined) return null
    const row = this.#sql.cursor.get(id)
    if (row === undefined) return null
    const marks = this.#sql.marks.all(id).map((mark) => ({ device: String(mark['device']), seq: Number(mark['seq']), told: String(mark['told']) }))
    return { target, store: String(row['store']), done: Number(row['done']), marks }
  }

  refused(target: string, countMax: number): readonly RefusedMessage[] {
    return this.#targetOf(target).refusedMessages(countMax)
  }

  share(): QueueShare {
    return shareOf(this.#bytes(), this.#options.bytesMax, this.#hasGivenUp)
  }

  tidy(): void {
    this.#data.shrink(SHRINK_PAGES)
  }

  close(): void {
    this.#data.close()
  }

  #bytes(): number {
    let bytes = 0
    for (const { state } of this.#targets.values()) bytes += state.bytes + state.refusedBytes
    return bytes
  }

  #change<T>(run: () => T): T {
    try {
      return this.#data.transaction(run)
    } catch (cause) {
      for (const target of this.#targets.values()) target.reload()
      throw cause
    }
  }

  #targetOf(name: string): DurableTarget {
    const known = this.#targets.get(name)
    if (known !== undefined) return known
    assert(this.#targets.size < TARGETS_MAX, `more than ${TARGETS_MAX} targets`)
    this.#data.transaction(() => {
      const id = Number(this.#sql.addTarget.run(name, '').lastInsertRowid)
      this.#sql.setPrefix.run(controlPrefix(this.#options.tag, this.#options.bornAt, id), id)
    })
    return this.#adopt(name)
  }

  #adopt(name: string): DurableTarget {
    const target = new DurableTarget(name, this.#sql, (run) => this.#change(run))
    this.#targets.set(name, target)
    return target
  }

  #insert({ target, device, at, encode }: NewMessage): boolean {
    const { state } = this.#targetOf(target)
    const control = controlId(state.prefix, state.count + 1)
    const body = encode(control)
    if (body === null) return false
    state.count += 1
    this.#sql.insert.run(idOf(state.id, state.count), control, device, at, body)
    this.#sql.setCount.run(state.count, state.id)
    this.#targetOf(target).added(body.length)
    return true
  }

  #keepCursor({ target, store, done, marks }: FeedCursor): void {
    const { id } = this.#targetOf(target).state
    this.#sql.setCursor.run(id, store, done)
    for (const mark of marks) this.#sql.setMark.run(id, mark.device, mark.seq, mark.told)
  }

  /** The target that lags most gives up its oldest, until all fit. What is in flight is left: its answer may be under way. */
  #makeRoom(): boolean {
    let hasGiven = false
    while (this.#bytes() > this.#options.bytesMax) {
      const lagging = this.#mostLagging()
      if (lagging === null) break
      lagging.target.giveUp(lagging.seq, lagging.at)
      hasGiven = true
    }
    return hasGiven
  }

  #mostLagging(): { target: DurableTarget; seq: number; at: Micros } | null {
    let found: { target: DurableTarget; seq: number; at: Micros } | null = null
    for (const target of this.#targets.values()) {
      const row = this.#sql.oldestIdle.get(idOf(target.state.id, 0), idOf(target.state.id + 1, 0))
      if (row === undefined) continue
      const at = Number(row['at'])
      if (found === null || at < found.at) found = { target, seq: seqOf(Number(row['id'])), at }
    }
    return found
  }
}
