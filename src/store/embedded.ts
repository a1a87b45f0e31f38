// The embedded store: DuckDB for events, SQLite for keyed records, one folder, one owning process (docs/decisions/0002-store.md).
// Keeps the rule that append resolves only when the records are durable: kill -9 loses nothing acknowledged.

import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import { err, ok, type Result } from '../base/result.ts'
import { takeFolder, type FolderLock } from './folder-lock.ts'
import { EVENT_QUERIES } from './queries.ts'
import {
  EVENT_KINDS, type EventKind, type ReadOptions, type RecordSet, type Store, type StoreKind, type StoreQuery, type StoreRecord, type StoreRow,
} from './store.ts'

export const EVENTS_FILE = 'events.duckdb'
export const RECORDS_FILE = 'records.sqlite'

/** Bounds of the embedded engine: a sensor box has 4 GB, and the analyser needs most of it. No extension is ever fetched. */
const DUCKDB_OPTIONS = { memory_limit: '512MB', threads: '2', autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' }

const RECORDS_SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, analysis TEXT NOT NULL, key TEXT NOT NULL, at_us INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, analysis, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS record_by_time ON record (kind, analysis, at_us, key);
`

const EVENTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS event (
    kind VARCHAR NOT NULL, analysis VARCHAR NOT NULL, key VARCHAR NOT NULL, at_us BIGINT NOT NULL, body VARCHAR NOT NULL,
    PRIMARY KEY (kind, analysis, key)
  );
  CREATE TEMP TABLE IF NOT EXISTS arriving (kind VARCHAR, analysis VARCHAR, key VARCHAR, at_us BIGINT, body VARCHAR);
`

export interface StoreProblem {
  /** `in-use`, `not-a-folder`, `unreadable`. */
  readonly code: string
  readonly message: string
  readonly help: string
}

/** What DuckDB says when another process has the kernel's lock on its file: the lock that ends with its owner, whatever the mark says. */
const HELD_BY_ANOTHER = /could not set lock on file/i

function heldByAnother(folder: string): StoreProblem {
  const message = `the data folder ${folder} is in use: another process has its events open`
  return { code: 'in-use', message, help: 'Ask that process (its console), stop it, or use another --data folder.' }
}

interface Events {
  readonly instance: DuckDBInstance
  readonly connection: DuckDBConnection
}

/** The engine's library is loaded here, for loading it takes longer than reading a thousand records. */
async function openEvents(folder: string): Promise<Events> {
  const { DuckDBInstance: engine } = await import('@duckdb/node-api')
  const instance = await engine.create(path.join(folder, EVENTS_FILE), DUCKDB_OPTIONS)
  const connection = await instance.connect()
  await connection.run(EVENTS_SCHEMA)
  return { instance, connection }
}

/** `records`: events are opened when somebody asks for one, for commands that never do; a damaged file of events fails that question only. */
export type OpenedParts = 'all' | 'records'

/**
 * Opens (and makes) the data folder. Fails with what, where and what to do when another process owns it or it is no folder.
 */
export async function openEmbeddedStore(folder: string, parts: OpenedParts = 'all'): Promise<Result<Store, StoreProblem>> {
  const lock = takeFolder(folder)
  if (!lock.ok) return lock
  try {
    const records = new DatabaseSync(path.join(folder, RECORDS_FILE))
    records.exec(RECORDS_SCHEMA)
    const store = new EmbeddedStore(lock.value, records, () => openEvents(folder))
    if (parts === 'all') await store.openEvents()
    return ok(store)
  } catch (cause) {
    lock.value.release()
    if (HELD_BY_ANOTHER.test(String(cause))) return err(heldByAnother(folder))
    const message = `the store in ${folder} cannot be opened: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`
    return err({ code: 'unreadable', message, help: 'Use another --data folder, or restore this one from a backup; nothing in it was changed.' })
  }
}

class EmbeddedStore implements Store {
  readonly #lock: FolderLock
  readonly #records: DatabaseSync
  readonly #open: () => Promise<Events>
  #events: Promise<Events> | null = null
  readonly #put: StatementSync
  readonly #drop: StatementSync
  /** Appends one after the other: DuckDB has one appender, and order is what makes a resolved promise mean "on disk". */
  #queue: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(lock: FolderLock, records: DatabaseSync, open: () => Promise<Events>) {
    this.#lock = lock
    this.#records = records
    this.#open = open
    this.#drop = records.prepare('DELETE FROM record WHERE kind = ? AND analysis = ?')
    this.#put = records.prepare(
      'INSERT INTO record (kind, analysis, key, at_us, body) VALUES (?, ?, ?, ?, ?) ' +
        'ON CONFLICT (kind, analysis, key) DO UPDATE SET at_us = excluded.at_us, body = excluded.body',
    )
  }

  async openEvents(): Promise<DuckDBConnection> {
    this.#events ??= this.#open()
    return (await this.#events).connection
  }

  append(records: readonly StoreRecord[], replacing: readonly RecordSet[] = []): Promise<void> {
    const done = this.#queue.then(() => this.#write(records, replacing))
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #write(records: readonly StoreRecord[], replacing: readonly RecordSet[]): Promise<void> {
    const events = records.filter((r) => isEventKind(r.kind))
    const keyed = records.filter((r) => !isEventKind(r.kind))
    if (events.length > 0) await this.#writeEvents(events)
    if (keyed.length + replacing.length > 0) this.#writeRecords(keyed, replacing)
  }

  async #writeEvents(events: readonly StoreRecord[]): Promise<void> {
    const connection = await this.openEvents()
    const appender = await connection.createAppender('arriving')
    for (const e of events) {
      appender.appendVarchar(e.kind)
      appender.appendVarchar(e.analysis)
      appender.appendVarchar(e.key)
      appender.appendBigInt(BigInt(e.at))
      appender.appendVarchar(JSON.stringify(e.body))
      appender.endRow()
    }
    appender.closeSync()
    await connection.run('INSERT OR IGNORE INTO event SELECT DISTINCT ON (kind, analysis, key) * FROM arriving')
    await connection.run('DELETE FROM arriving')
  }

  #writeRecords(records: readonly StoreRecord[], replacing: readonly RecordSet[]): void {
    this.#records.exec('BEGIN IMMEDIATE')
    try {
      for (const { kind, analysis } of replacing) this.#drop.run(kind, analysis)
      for (const r of records) this.#put.run(r.kind, r.analysis, r.key, r.at, JSON.stringify(r.body))
      this.#records.exec('COMMIT')
    } catch (cause) {
      this.#records.exec('ROLLBACK')
      throw cause
    }
  }

  async read(kind: StoreKind, options: ReadOptions = {}): Promise<StoreRecord[]> {
    const { where, values } = conditions(kind, options)
    const sql = `SELECT kind, analysis, key, at_us, body FROM ${isEventKind(kind) ? 'event' : 'record'} WHERE ${where} ORDER BY at_us, key LIMIT ? OFFSET ?`
    const all = [...values, options.limit ?? 2 ** 31, options.offset ?? 0]
    if (!isEventKind(kind)) return this.#records.prepare(sql).all(...all).map(toRecord)
    await this.#queue
    const reader = await (await this.openEvents()).runAndReadAll(sql, all)
    return reader.getRowObjectsJS().map((row) => toRecord(row as Row))
  }

  async query(question: StoreQuery): Promise<StoreRow[]> {
    await this.#queue
    const { sql, values } = EVENT_QUERIES[question.name](question as never)
    const reader = await (await this.openEvents()).runAndReadAll(sql, values as DuckDBValue[])
    return reader.getRowObjectsJS().map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, plain(v)])))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue
    // What could not be opened is not closed; whoever asked for it was told.
    const events = await this.#events?.catch(() => null)
    events?.connection.closeSync()
    events?.instance.closeSync()
    this.#records.close()
    this.#lock.release()
  }
}

type Row = Record<string, unknown>

function isEventKind(kind: StoreKind): kind is EventKind {
  return (EVENT_KINDS as readonly string[]).includes(kind)
}

function conditions(kind: StoreKind, options: ReadOptions): { where: string; values: (string | number)[] } {
  const parts: [string, string | number | undefined][] = [
    ['kind = ?', kind], ['analysis = ?', options.analysis], ['key = ?', options.key], ['at_us >= ?', options.fromAt], ['at_us <= ?', options.toAt],
  ]
  const given = parts.filter((part): part is [string, string | number] => part[1] !== undefined)
  return { where: given.map(([text]) => text).join(' AND '), values: given.map(([, value]) => value) }
}

function toRecord(row: Row): StoreRecord {
  return {
    kind: row.kind as StoreKind, analysis: String(row.analysis), key: String(row.key), at: Number(row.at_us), body: JSON.parse(String(row.body)),
  }
}

/** DuckDB answers 64-bit and 128-bit integers as bigint; every sum here is below 2^53. */
function plain(value: unknown): string | number | null {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

/** Bytes of the store on disk, for the retention page. */
export function storeSizeBytes(folder: string): number {
  return fs.readdirSync(folder, { withFileTypes: true }).filter((e) => e.isFile()).reduce((sum, e) => sum + fs.statSync(path.join(folder, e.name)).size, 0)
}
