// memory-store: the Store seam in plain arrays and maps, for tests. The slow and obvious twin of the embedded one.
// Keeps the seam's words: records are replaced by kind, analysis and key; events are written once; bodies are JSON-safe copies.

import { assert, assertNever } from '../base/assert.ts'
import { EVENT_KINDS, type ReadOptions, type Store, type StoreKind, type StoreQuery } from '../store/store.ts'
import type { StoreRecord, StoreRow } from '../store/store.ts'

const EVENTS: ReadonlySet<StoreKind> = new Set<StoreKind>(EVENT_KINDS)

/** A store that forgets everything on exit. Using it after close is a fault of the caller and throws InvariantError. */
export function memoryStore(): Store {
  const records = new Map<string, StoreRecord>()
  let open = true
  return {
    async append(batch, replacing = []) {
      assert(open, 'append after close')
      for (const { kind, analysis } of replacing) {
        for (const [identity, record] of records) if (record.kind === kind && record.analysis === analysis) records.delete(identity)
      }
      for (const record of batch) {
        const identity = JSON.stringify([record.kind, record.analysis, record.key])
        if (EVENTS.has(record.kind) && records.has(identity)) continue
        records.set(identity, jsonCopy(record))
      }
    },
    async read(kind, options = {}) {
      assert(open, 'read after close')
      const { offset = 0, limit = Number.POSITIVE_INFINITY } = options
      const found = [...records.values()].filter((record) => record.kind === kind && matches(record, options)).sort(byTimeThenKey)
      return found.slice(offset, offset + limit).map(jsonCopy)
    },
    async query(question) {
      assert(open, 'query after close')
      return answer([...records.values()], question)
    },
    async close() {
      open = false
    },
  }
}

/** Neither side can change what the other holds, and what is not JSON does not survive, as on a disk. */
function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function matches(record: StoreRecord, options: ReadOptions): boolean {
  return (options.analysis === undefined || record.analysis === options.analysis)
    && (options.key === undefined || record.key === options.key)
    && (options.fromAt === undefined || record.at >= options.fromAt)
    && (options.toAt === undefined || record.at <= options.toAt)
}

function byTimeThenKey(a: StoreRecord, b: StoreRecord): number {
  return a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

function answer(records: readonly StoreRecord[], question: StoreQuery): StoreRow[] {
  const of = records.filter((record) => record.analysis === question.analysis && EVENTS.has(record.kind))
  const flows = of.filter((record) => record.kind === 'flow').sort(byTimeThenKey)
  switch (question.name) {
    case 'event-counts': {
      const counts = sumBy(of, (record) => record.kind)
      return [...counts].map(([kind, sum]) => ({ kind, count: sum.flows })).sort((a, b) => (a.kind < b.kind ? -1 : 1))
    }
    case 'last-event':
      return [{ at: of.reduce<number | null>((last, { at }) => (last === null || at > last ? at : last), null) }]
    case 'traffic-series': {
      const bucket = question.bucketMicros
      const sums = sumBy(flows, (record) => Math.floor(record.at / bucket) * bucket)
      return [...sums].map(([at, sum]) => ({ at, ...sum })).sort((a, b) => a.at - b.at)
    }
    case 'top-sources': {
      const rows = [...sumBy(flows, (record) => sourceOf(record.body))].map(([ip, sum]) => ({ ip, ...sum }))
      return rows.sort((a, b) => b.bytes - a.bytes || (a.ip < b.ip ? -1 : 1)).slice(0, question.limit)
    }
    default:
      return assertNever(question)
  }
}

function sumBy<K>(records: readonly StoreRecord[], keyOf: (record: StoreRecord) => K): Map<K, { flows: number; bytes: number }> {
  const sums = new Map<K, { flows: number; bytes: number }>()
  for (const record of records) {
    const sum = sums.get(keyOf(record)) ?? { flows: 0, bytes: 0 }
    sums.set(keyOf(record), { flows: sum.flows + 1, bytes: sum.bytes + bytesOf(record.body) })
  }
  return sums
}

/** Flow bodies carry `bytes` (both directions) and `src`, as the embedded store's questions expect. */
function bytesOf(body: unknown): number {
  const { bytes } = (body ?? {}) as { readonly bytes?: unknown }
  return typeof bytes === 'number' ? bytes : 0
}

function sourceOf(body: unknown): string {
  const { src } = (body ?? {}) as { readonly src?: unknown }
  return typeof src === 'string' ? src : ''
}
