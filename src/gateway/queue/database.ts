// Database: one SQLite file that survives kill -9: opened for its owner alone, its failures in words, damage set aside.
// Keeps two rules: a damaged file is renamed, never deleted, and a failed transaction leaves what was there before.

import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { err, ok, type Result } from '../../base/result.ts'
import { makeFolder } from '../../store/make-folder.ts'

/** What, where, what to do. No content of any message. */
export interface StorageProblem {
  readonly code: 'damaged' | 'in-use' | 'full' | 'unreadable'
  readonly message: string
  readonly help: string
}

export class StorageError extends Error {
  readonly problem: StorageProblem

  constructor(problem: StorageProblem) {
    super(`${problem.message}. ${problem.help}`)
    this.problem = problem
  }
}

export interface DatabaseOptions {
  /** For people: `queue`, `readings`. */
  readonly what: string
  readonly schema: string
  readonly pageBytes: number
  /** The write-ahead log is moved into the file after this many pages. */
  readonly checkpointPages: number
  /** What is lost when the file is set aside. */
  readonly lossWhenSetAside: string
  /** PRAGMA max_page_count: a hard end of the file; null: the disk's. */
  readonly pagesMax: number | null
}

/** Files up to this are read through at the start (a second at most); larger ones only when a run before met damage. */
export const CHECK_BYTES_MAX = 512 * 1024 * 1024
/** The write-ahead log is cut back to this after a large transaction. */
const LOG_BYTES_KEPT = 16 * 1024 * 1024

const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

export class Database {
  readonly file: string
  readonly db: DatabaseSync
  readonly #options: DatabaseOptions

  constructor(file: string, db: DatabaseSync, options: DatabaseOptions) {
    this.file = file
    this.db = db
    this.#options = options
  }

  /** All of it or nothing; durable when it returns. Throws StorageError. */
  transaction<T>(run: () => T): T {
    try {
      this.db.exec('BEGIN IMMEDIATE')
      const value = run()
      this.db.exec('COMMIT')
      return value
    } catch (cause) {
      this.#rollBack()
      throw this.#told(cause)
    }
  }

  /** A read that meets damage says so as a write does. */
  reading<T>(run: () => T): T {
    try {
      return run()
    } catch (cause) {
      throw this.#told(cause)
    }
  }

  /** Gives free pages back in small steps once they are a quarter of the file; below that they are used again. */
  shrink(pages: number): void {
    if (this.#pragma('freelist_count') * 4 > this.#pragma('page_count')) this.reading(() => this.db.exec(`PRAGMA incremental_vacuum(${pages})`))
  }

  /** Pages in use. */
  usedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size')
  }

  close(): void {
    if (this.db.isOpen) this.db.close()
  }

  #rollBack(): void {
    try {
      if (this.db.isTransaction) this.db.exec('ROLLBACK')
    } catch {
      // The transaction's own failure is what is told.
    }
  }

  #told(cause: unknown): unknown {
    if (!isSqlite(cause)) return cause
    const problem = problemOf(cause, this.file, this.#options)
    if (problem.code === 'damaged') markSuspect(this.file)
    return new StorageError(problem)
  }

  #pragma(name: string): number {
    return this.reading(() => Number(Object.values(this.db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0))
  }
}

/**
 * Opens or makes `<folder>/<name>`: folder 0700 when it is made here, file 0600. A damaged file is set aside and told; the next opening
 * makes a new one.
 */
export function openDatabase(folder: string, name: string, options: DatabaseOptions): Result<Database, StorageProblem> {
  const file = path.join(folder, name)
  let db: DatabaseSync | null = null
  try {
    makeFolder(folder, 0o700)
    fs.closeSync(fs.openSync(file, 'a', 0o600))
    fs.chmodSync(file, 0o600)
    db = new DatabaseSync(file)
    configure(db, options)
    check(db, file)
    db.exec(options.schema)
    // Takes the lock now, not at the first message.
    db.exec('BEGIN IMMEDIATE; COMMIT')
    fs.rmSync(suspectMark(file), { force: true })
    return ok(new Database(file, db, options))
  } catch (cause) {
    if (db?.isOpen) db.close()
    const problem = problemOf(cause, file, options)
    return err(problem.code === 'damaged' ? setAside(file, options, problem) : problem)
  }
}

function configure(db: DatabaseSync, { pageBytes, checkpointPages, pagesMax }: DatabaseOptions): void {
  db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${LOG_BYTES_KEPT}`)
  if (pagesMax !== null) db.exec(`PRAGMA max_page_count = ${pagesMax}`)
}

class Damage extends Error {}

function check(db: DatabaseSync, file: string): void {
  if (fs.statSync(file).size > CHECK_BYTES_MAX && !fs.existsSync(suspectMark(file))) return
  const [found] = Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})
  if (found !== 'ok') throw new Damage(String(found))
}

function suspectMark(file: string): string {
  return `${file}.check`
}

function markSuspect(file: string): void {
  try {
    fs.writeFileSync(suspectMark(file), '', { mode: 0o600 })
  } catch {
    // The damage itself is what is told.
  }
}

/** The first free of `queue.db.damaged-1`, `-2`...; with the write-ahead log, which may hold the last messages. */
function setAside(file: string, options: DatabaseOptions, problem: StorageProblem): StorageProblem {
  let n = 1
  while (fs.existsSync(`${file}.damaged-${n}`)) n += 1
  const kept = `${file}.damaged-${n}`
  try {
    fs.renameSync(file, kept)
    for (const tail of ['-wal', '-shm']) if (fs.existsSync(file + tail)) fs.renameSync(file + tail, kept + tail)
    fs.rmSync(suspectMark(file), { force: true })
  } catch (cause) {
    return { ...problem, help: `It could not be renamed to ${kept} (${words(cause)}): move it away by hand, then start the gateway again.` }
  }
  return { ...problem, help: `It was renamed to ${kept} and nothing was deleted. Start the gateway again: it makes a new one. ${options.lossWhenSetAside}` }
}

function isSqlite(cause: unknown): cause is Error & { readonly errcode: number } {
  return cause instanceof Error && typeof (cause as { errcode?: unknown }).errcode === 'number'
}

function problemOf(cause: unknown, file: string, { what }: DatabaseOptions): StorageProblem {
  const code = isSqlite(cause) ? cause.errcode & 0xff : 0
  const told = words(cause)
  if (cause instanceof Damage || code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    const help = 'Stop the gateway and start it again: it checks the file then.'
    return { code: 'damaged', message: `the gateway's ${what} in ${file} is damaged: ${told}`, help }
  }
  if (code === SQLITE_BUSY) {
    return { code: 'in-use', message: `the gateway's ${what} in ${file} is in use by another process`, help: 'Stop that one, or use another folder.' }
  }
  if (code === SQLITE_FULL) {
    return { code: 'full', message: `the gateway's ${what} in ${file} cannot grow: ${told}`, help: 'Make room on that disk; the gateway goes on by itself.' }
  }
  return { code: 'unreadable', message: `the gateway's ${what} in ${file} cannot be used: ${told}`, help: 'Check the folder, its owner and the disk.' }
}

function words(cause: unknown): string {
  return cause instanceof Error ? cause.message.split('\n')[0] ?? '' : String(cause)
}
