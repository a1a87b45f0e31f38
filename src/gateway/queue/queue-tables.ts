// QueueTables: the tables of queue.db and every statement on them.
// Keeps the rule that a message's row is never written twice: its state has a row of its own, so no body is copied when it changes.

import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Flight states as stored. A message without a flight row is waiting. */
export const IN_FLIGHT = 1
export const AMBIGUOUS = 2

/** One number per message: target times this, plus its count. Exact for 8,000 targets of 10^12 messages. */
const PER_TARGET = 2 ** 40

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS target (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, control TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS flight (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, attempts INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY, control TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL, refused_at INTEGER NOT NULL, why TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS stretch (
    id INTEGER PRIMARY KEY, target INTEGER NOT NULL, last_seq INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
    count INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS cursor (target INTEGER PRIMARY KEY, store TEXT NOT NULL, done INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS mark (
    target INTEGER NOT NULL, device TEXT NOT NULL, seq INTEGER NOT NULL, told TEXT NOT NULL, PRIMARY KEY (target, device)
  ) STRICT, WITHOUT ROWID;
`

export function idOf(target: number, seq: number): number {
  return target * PER_TARGET + seq
}

export function seqOf(id: number): number {
  return id % PER_TARGET
}

const IDLE = `FROM message m LEFT JOIN flight f ON f.id = m.id WHERE m.id > ? AND m.id < ? AND (f.state IS NULL OR f.state = ${AMBIGUOUS}) ORDER BY m.id`

const STATEMENTS = {
  targets: 'SELECT name FROM target ORDER BY id',
  target: 'SELECT id, prefix, count, delivered, refused FROM target WHERE name = ?',
  addTarget: 'INSERT INTO target (name, prefix) VALUES (?, ?)',
  setPrefix: 'UPDATE target SET prefix = ? WHERE id = ?',
  setCount: 'UPDATE target SET count = ? WHERE id = ?',
  addDelivered: 'UPDATE target SET delivered = delivered + ? WHERE id = ?',
  addRefused: 'UPDATE target SET refused = refused + 1 WHERE id = ?',
  insert: 'INSERT INTO message (id, control, device, at, body) VALUES (?, ?, ?, ?, ?)',
  message: 'SELECT length(body) AS length FROM message WHERE id = ?',
  oldest: 'SELECT at FROM message WHERE id > ? AND id < ? ORDER BY id LIMIT 1',
  oldestIdle: `SELECT m.id AS id, m.at AS at ${IDLE} LIMIT 1`,
  idle: `SELECT m.id AS id, m.control AS control, m.device AS device, m.at AS at, m.body AS body, coalesce(f.attempts, 0) AS attempts ${IDLE} LIMIT ?`,
  sums: 'SELECT count(*) AS count, coalesce(sum(length(body)), 0) AS bytes FROM message WHERE id > ? AND id < ?',
  flights: 'SELECT id, state FROM flight WHERE id > ? AND id < ?',
  setFlight: 'INSERT INTO flight (id, state, attempts) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempts = attempts + 1',
  setFlightState: 'UPDATE flight SET state = ? WHERE id > ? AND id < ? AND state = ?',
  dropMessage: 'DELETE FROM message WHERE id = ?',
  dropFlight: 'DELETE FROM flight WHERE id = ?',
  keepRefused: 'INSERT INTO refused SELECT id, control, device, at, ?, ?, body FROM message WHERE id = ?',
  refusedSums: 'SELECT count(*) AS count, coalesce(sum(length(body)), 0) AS bytes FROM refused WHERE id > ? AND id < ?',
  oldestRefused: 'SELECT id, length(body) AS length FROM refused WHERE id > ? AND id < ? ORDER BY id LIMIT 1',
  dropRefused: 'DELETE FROM refused WHERE id = ?',
  refused: 'SELECT control, device, at, refused_at, why FROM refused WHERE id > ? AND id < ? ORDER BY refused_at DESC, id DESC LIMIT ?',
  stretches: 'SELECT id, last_seq, from_at, to_at, count FROM stretch WHERE target = ? ORDER BY id',
  addStretch: 'INSERT INTO stretch (target, last_seq, from_at, to_at, count) VALUES (?, ?, ?, ?, 1)',
  setStretch: 'UPDATE stretch SET last_seq = ?, from_at = ?, to_at = ?, count = ? WHERE id = ?',
  dropStretch: 'DELETE FROM stretch WHERE id = ?',
  cursor: 'SELECT store, done FROM cursor WHERE target = ?',
  setCursor: 'INSERT INTO cursor (target, store, done) VALUES (?, ?, ?) ON CONFLICT (target) DO UPDATE SET store = excluded.store, done = excluded.done',
  marks: 'SELECT device, seq, told FROM mark WHERE target = ?',
  setMark: `INSERT INTO mark (target, device, seq, told) VALUES (?, ?, ?, ?)
    ON CONFLICT (target, device) DO UPDATE SET seq = excluded.seq, told = excluded.told`,
} as const

export type Statements = Readonly<Record<keyof typeof STATEMENTS, StatementSync>>

export function prepareStatements(db: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(sql)])) as unknown as Statements
}
