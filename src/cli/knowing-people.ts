// What people and lists say of assets, for the commands that read packets: a name given yesterday is in today's sentences.
// Keeps what is stored reversible: composed assets carry their parts, and each later reading begins from those (inventory/known/undo.ts).

import type { Knowledge } from '../sensor/knowledge.ts'
import { knowingOf, readBesides } from '../store/besides.ts'
import type { Store } from '../store/store.ts'

/** `knowledge` with the decisions and lists of the data folder; as it is without any. */
export async function knowingPeople(knowledge: Knowledge, store: Pick<Store, 'read'> | null): Promise<Knowledge> {
  if (store === null) return knowledge
  const besides = await readBesides(store)
  if (besides.decisions.length + besides.lists.length === 0) return knowledge
  return { ...knowledge, knowing: knowingOf(besides, knowledge.profiles) }
}
