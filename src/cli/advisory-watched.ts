// What imported advisories add to the live rules: the addresses their texts tell to block or watch.
// Keeps one list of indicators for the rules; those of shipped advisories stand in the device profiles already.

import { advisoryOfRow, indicatorsOf } from '../inventory/advisories/index.ts'
import type { Knowledge } from '../sensor/knowledge.ts'
import type { Store } from '../store/store.ts'

/** `knowledge` with the addresses that advisories in the data folder name. */
export async function watchingAdvisories(knowledge: Knowledge, store: Pick<Store, 'read'> | null): Promise<Knowledge> {
  if (store === null) return knowledge
  const advisories = (await store.read('advisory')).flatMap(({ body }) => advisoryOfRow(body) ?? [])
  const named = advisories.flatMap((advisory) => indicatorsOf(advisory, new Map()))
    .flatMap(({ prefix, value, source }) => (prefix === null ? [] : [{ block: prefix, text: value, source }]))
  return { ...knowledge, named }
}
