// Besides: what a data folder knows beside packets: decisions of people, the hospital's lists, manufacturers' forms. One reader for all.
// Keeps bodies that are none out: what cannot be read as a decision, a list or a form is left out, never half used.

import type { Micros } from '../base/time.ts'
import { readDecision, type Decision } from '../inventory/decision.ts'
import type { Knowing } from '../inventory/known/know.ts'
import type { ListedDevice } from '../inventory/listed/listed.ts'
import type { Mds2 } from '../inventory/mds2/mds2.ts'
import type { Store, StoreRecord } from './store.ts'

/** One imported list; importing it again replaces it. */
export interface StoredList {
  /** The file's name. */
  readonly name: string
  readonly devices: readonly ListedDevice[]
}

export interface Besides {
  readonly decisions: readonly Decision[]
  readonly lists: readonly StoredList[]
  /** When the newest list was read. */
  readonly listedAt: Micros
  readonly forms: readonly Mds2[]
}

export const NOTHING_BESIDES: Besides = { decisions: [], lists: [], listedAt: 0, forms: [] }

export async function readBesides(store: Pick<Store, 'read'>): Promise<Besides> {
  const [decisions, lists, forms] = await Promise.all([store.read('decision'), store.read('listed'), store.read('mds2')])
  return {
    decisions: decisions.flatMap((r) => readDecision(r.body) ?? []),
    lists: lists.flatMap((r) => bodyWith<StoredList>(r, 'devices')),
    listedAt: lists.reduce((at, r) => Math.max(at, r.at), 0),
    forms: forms.flatMap((r) => bodyWith<Mds2>(r, 'models')),
  }
}

/** Written by us alone; a record of an older shape is no record. */
function bodyWith<T>({ body }: StoreRecord, list: keyof T & string): readonly T[] {
  const isOurs = typeof body === 'object' && body !== null && Array.isArray((body as Readonly<Record<string, unknown>>)[list])
  return isOurs ? [body as T] : []
}

export function knowingOf(besides: Besides, profiles: Knowing['profiles']): Knowing {
  return { decisions: besides.decisions, listed: besides.lists.flatMap((l) => l.devices), listedAt: besides.listedAt, profiles }
}

export function decisionRecord(decision: Decision): StoreRecord {
  return { kind: 'decision', analysis: '', key: decision.id, at: decision.at, body: decision }
}

export function listRecord(list: StoredList, at: Micros): StoreRecord {
  return { kind: 'listed', analysis: '', key: list.name, at, body: list }
}

export function formRecord(form: Mds2, at: Micros): StoreRecord {
  return { kind: 'mds2', analysis: '', key: form.id, at, body: form }
}
