// Readings: every record the segment's process gave, for some hours, in one SQLite file: many records in one row, one row in one transaction.
// Keeps two rules: append resolves only when the records are durable, and what is deleted was older than the operator's hours.

import { randomBytes } from 'node:crypto'
import type { StatementSync } from 'node:sqlite'
import { err, ok, type Result } from '../../base/result.ts'
import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import { StorageError, openDatabase, type Database, type StorageProblem } from './database.ts'
import { packRecords, packedBytes, unpackRecords, type NewRecord, type StoredRecord } from './record-batch.ts'

export const READINGS_FILE = 'readings.db'
/** A commit waits this long for company, and as long as the last commit took: half of the time stays for others on a slow disk. */
export const GROUP_MS = 4
export const GROUP_MS_MAX = 20
/** Records that wait for a commit; more are committed at once. A thousand beds send half of this in a second. */
export const GROUP_BYTES_MAX = 2 * 1024 * 1024
/** Rows deleted in one step of `retain`: about a tenth of a second of ten thousand beds, so that no step is felt. */
export const RETAIN_ROWS_MAX = 64
/** Pages given back in one step. */
const SHRINK_PAGES = 64
/** Rows of 50 kB: large pages mean short chains (measured by bench/gateway-store.ts). */
const PAGE_BYTES = 32_768

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch (
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, records BLOB NOT NULL
  ) STRICT;
`

export interface ReadingsOptions {
  /** keep.readingsHours. */
  readonly keepHours: number
  /** Ends the file hard, for tests. */
  readonly pagesMax?: number
}

export interface ReadingsFigures {
  readonly records: number
  /** Pages in use on disk. */
  readonly bytes: number
  readonly oldestAt: Micros | null
  /** When the oldest is due to go; null when there is none. */
  readonly nextDeletionAt: Micros | null
  readonly deleted: number
  /** Records whose append was refused since the start: told to whoever appended, and here. */
  readonly failed: number
  /** Why the last append failed; null when the last one went well. */
  readonly problem: StorageProblem | null
}

interface Waiting {
  readonly records: readonly NewRecord[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Half a megabyte: a longer log makes rarer but longer stalls, and a reading waits for the whole of one (docs/performance.md). */
const CHECKPOINT_PAGES = 60

/** Opens or makes `<folder>/readings.db`. */
export function openReadings(folder: string, options: ReadingsOptions): Result<Readings, StorageProblem> {
  const opened = openDatabase(folder, READINGS_FILE, {
    what: 'readings', schema: SCHEMA, pageBytes: PAGE_BYTES, checkpointPages: CHECKPOINT_PAGES, pagesMax: options.pagesMax ?? null,
    lossWhenSetAside: 'Readings that were not yet in a message are in the renamed file only.',
  })
  if (!opened.ok) return opened
  try {
    return ok(new Readings(opened.value, options))
  } catch (cause) {
    opened.value.close()
    if (cause instanceof StorageError) return err(cause.problem)
    throw cause
  }
}

export class Readings {
  /** Of this file: a new one after a damaged one has another, and counts from one again. */
  readonly id: string
  readonly #data: Database
  readonly #keepMicros: Micros
  readonly #insert: StatementSync
  readonly #holding: StatementSync
  readonly #after: StatementSync
  readonly #setNext: StatementSync
  readonly #oldest: StatementSync
  readonly #drop: StatementSync
  #next: number
  #records: number
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | null = null
  #lastCommitMs = 0
  #deleted = 0
  #failed = 0
  #problem: StorageProblem | null = null
  #listener: (() => void) | null = null

  constructor(data: Database, { keepHours }: ReadingsOptions) {
    this.#data = data
    this.#keepMicros = keepHours * 60 * MICROS_PER_MINUTE
    const { db } = data
    this.#insert = db.prepare('INSERT INTO batch (first, count, from_at, to_at, records) VALUES (?, ?, ?, ?, ?)')
    this.#holding = db.prepare('SELECT first, records FROM (SELECT * FROM batch WHERE first <= ? ORDER BY first DESC LIMIT 1) WHERE first + count > ?')
    this.#after = db.prepare('SELECT first, records FROM batch WHERE first > ? ORDER BY first LIMIT 1')
    this.#setNext = db.prepare("UPDATE about SET value = ? WHERE name = 'next'")
    this.#oldest = db.prepare('SELECT first, count, from_at, to_at FROM batch ORDER BY first LIMIT ?')
    this.#drop = db.prepare('DELETE FROM batch WHERE first = ?')
    this.id = this.#about('id', randomBytes(8).toString('hex'))
    const sums = data.reading(() => db.prepare('SELECT coalesce(sum(count), 0) AS records, max(first + count) AS next FROM batch').get() ?? {})
    this.#records = Number(sums['records'])
    this.#next = Math.max(Number(sums['next'] ?? 1), Number(this.#about('next', '1')))
  }

  /** Resolves when they are durable; rejects with a StorageError when they are not stored. */
  append(records: readonly NewRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject })
      this.#waitingBytes += packedBytes(records)
      if (this.#waitingBytes >= GROUP_BYTES_MAX) this.flush()
      else this.#timer ??= setTimeout(() => this.flush(), Math.min(GROUP_MS_MAX, Math.max(GROUP_MS, this.#lastCommitMs)))
    })
  }

  /** Commits what waits, now. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#waitingBytes = 0
    const records = waiting.flatMap((one) => one.records)
    const startedAt = performance.now()
    try {
      this.#write(records)
    } catch (cause) {
      this.#failed += records.length
      this.#problem = cause instanceof StorageError ? cause.problem : null
      for (const { reject } of waiting) reject(cause)
      return
    }
    this.#lastCommitMs = performance.now() - startedAt
    this.#problem = null
    for (const { resolve } of waiting) resolve()
    this.#listener?.()
  }

  #write(records: readonly NewRecord[]): void {
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const { at } of records) {
      from = Math.min(from, at)
      to = Math.max(to, at)
    }
    const packed = packRecords(records)
    this.#data.transaction(() => this.#insert.run(this.#next, records.length, from, to, packed))
    this.#next += records.length
    this.#records += records.length
  }

  /** Of the last record that is durable; 0 before the first. */
  get newest(): number {
    return this.#next - 1
  }

  /** Of the oldest record that is kept; `newest + 1` when there is none. */
  get oldest(): number {
    const row = this.#data.reading(() => this.#oldest.get(1))
    return row === undefined ? this.#next : Number(row['first'])
  }

  /** Records after `seq` in order, by whole rows: the first ones are read until there are `countMax`, so a few more may come. */
  read(seq: number, countMax: number): readonly StoredRecord[] {
    const found: StoredRecord[] = []
    let after = seq
    while (found.length < countMax && after < this.newest) {
      const row = this.#data.reading(() => this.#rowAfter(after))
      if (row === undefined) break
      for (const record of unpackRecords(row.records, row.first)) if (record.seq > after) found.push(record)
      after = found.at(-1)?.seq ?? this.newest
    }
    return found
  }

  #rowAfter(seq: number): { first: number; records: Uint8Array } | undefined {
    // The row that holds seq + 1 begins at or before it; when retention took it, the next one that is left.
    const row = this.#holding.get(seq + 1, seq + 1) ?? this.#after.get(seq)
    return row === undefined ? undefined : { first: Number(row['first']), records: row['records'] as Uint8Array }
  }

  /** One small step: deletes rows whose every record is past its hours. Returns how many records went; call it until it gives 0. */
  retain(now: Micros): number {
    const limit = now - this.#keepMicros
    const old: { first: number; count: number }[] = []
    for (const row of this.#data.reading(() => this.#oldest.all(RETAIN_ROWS_MAX))) {
      if (Number(row['to_at']) >= limit) break
      old.push({ first: Number(row['first']), count: Number(row['count']) })
    }
    if (old.length === 0) {
      this.#data.shrink(SHRINK_PAGES)
      return 0
    }
    this.#data.transaction(() => {
      for (const { first } of old) this.#drop.run(first)
      this.#setNext.run(String(this.#next))
    })
    const count = old.reduce((sum, row) => sum + row.count, 0)
    this.#records -= count
    this.#deleted += count
    return count
  }

  figures(): ReadingsFigures {
    const row = this.#data.reading(() => this.#oldest.get(1))
    return {
      records: this.#records, bytes: this.#data.usedBytes(), oldestAt: row === undefined ? null : Number(row['from_at']),
      nextDeletionAt: row === undefined ? null : Number(row['to_at']) + this.#keepMicros, deleted: this.#deleted, failed: this.#failed,
      problem: this.#problem,
    }
  }

  /** Called after each commit; at most one listener. */
  onStored(listener: (() => void) | null): void {
    this.#listener = listener
  }

  /** Commits what waits first. */
  close(): void {
    this.flush()
    this.#data.close()
  }

  /** A value that is set once. */
  #about(name: string, initial: string): string {
    const { db } = this.#data
    this.#data.transaction(() => db.prepare('INSERT OR IGNORE INTO about (name, value) VALUES (?, ?)').run(name, initial))
    return String(db.prepare('SELECT value FROM about WHERE name = ?').get(name)?.['value'])
  }
}
