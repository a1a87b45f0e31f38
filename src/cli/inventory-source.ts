// Inventory source: assets, conversations and findings of a capture or a data folder's newest analysis, with what is known beside packets.
// The one reader of both for all inventory commands.

import type { Analysis } from '../detect/analysis.ts'
import type { Conversation } from '../detect/conversation.ts'
import type { Finding } from '../detect/finding.ts'
import { knownPicture, type KnownPicture } from '../detect/known-picture.ts'
import type { Asset } from '../inventory/asset.ts'
import type { KnownProfile } from '../inventory/known/know.ts'
import type { Mds2 } from '../inventory/mds2/mds2.ts'
import { analyseFile } from '../sensor/analyse.ts'
import { knowingOf, NOTHING_BESIDES, readBesides, type Besides, type StoredList } from '../store/besides.ts'
import type { Store } from '../store/store.ts'
import { collectBetween } from './heap.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { missingOf } from './past.ts'
import { progressBar } from './text.ts'
import { withStore } from './with-store.ts'

export interface SourceArgs {
  /** Capture to read, or undefined to ask the data folder. */
  readonly file: string | undefined
  /** With a capture too: its decisions, lists and forms then stand beside the packets. */
  readonly data: string | undefined
  readonly policy: string | undefined
}

export interface InventorySource extends KnownPicture {
  readonly profiles: ReadonlyMap<string, KnownProfile>
  readonly besides: Besides
  /** Inside assets of earlier analyses that this one does not show. */
  readonly missing: readonly Asset[]
  /** 0, or 3 when the capture was damaged: its assets are shown all the same. */
  readonly exit: number
}

/** Lists and forms given with the command, beside those of the data folder. */
export interface Given {
  readonly lists?: readonly StoredList[]
  readonly forms?: readonly Mds2[]
}

interface Told {
  readonly assets: readonly Asset[]
  readonly conversations: readonly Conversation[]
  readonly findings: readonly Finding[]
  readonly missing: readonly Asset[]
  readonly besides: Besides
  readonly exit: number
}

/** An exit code after saying why there is nothing. */
export async function inventorySource(args: SourceArgs, given: Given, io: Io): Promise<InventorySource | number> {
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const { profiles } = knowledge.value
  let told: Told | null = null
  let besides = NOTHING_BESIDES
  const code = await withStore(args.data, io, async (store) => {
    if (store) besides = await readBesides(store)
    if (args.file !== undefined) return Exit.ok
    if (!store) {
      io.err('cordon inventory: nothing to list\n  help: Name a capture with -r FILE, or a data folder with --data FOLDER.\n')
      return Exit.usage
    }
    told = await fromStore(store, besides)
    if (told) return Exit.ok
    io.err('cordon inventory: the data folder holds no analysis yet\n  help: cordon check --data FOLDER CAPTURE puts one there.\n')
    return Exit.usage
  })
  if (code !== Exit.ok) return code
  if (args.file !== undefined) {
    const read = await fromCapture(args.file, knowledge.value, besides, io)
    if (typeof read === 'number') return read
    told = read
  }
  return told === null ? Exit.usage : known(told, given, profiles)
}

function known(told: Told, given: Given, profiles: ReadonlyMap<string, KnownProfile>): InventorySource {
  const names = new Set((given.lists ?? []).map((l) => l.name))
  const lists = [...told.besides.lists.filter((l) => !names.has(l.name)), ...given.lists ?? []]
  const besides = { ...told.besides, lists, forms: [...told.besides.forms, ...given.forms ?? []] }
  const picture = knownPicture(told, knowingOf(besides, profiles), besides.forms)
  return { ...picture, profiles, besides, missing: told.missing, exit: told.exit }
}

async function fromStore(store: Store, besides: Besides): Promise<Told | null> {
  const newest = (await store.read('analysis')).at(-1)
  if (!newest) return null
  const of = { analysis: newest.analysis }
  const [assets, conversations, findings] = await Promise.all([store.read('asset', of), store.read('conversation', of), store.read('finding', of)])
  const own = assets.map((r) => r.body as Asset)
  return {
    assets: own, conversations: conversations.map((r) => r.body as Conversation), findings: findings.map((r) => r.body as Finding), besides,
    missing: await missingOf(store, newest.body as Analysis, own), exit: Exit.ok,
  }
}

async function fromCapture(file: string, knowledge: Parameters<typeof analyseFile>[1]['knowledge'], besides: Besides, io: Io): Promise<Told | number> {
  const bar = progressBar(io, 'reading')
  const result = await analyseFile(file, {
    knowledge, store: null, signal: io.signal, onProgress: (p) => bar.update(p.bytesRead, p.bytesTotal), onRead: collectBetween,
  })
  bar.done()
  if (!result.ok) {
    io.err(`cordon inventory: ${result.error.message}\n  help: ${result.error.help}\n`)
    return result.error.code === 'unusable' ? Exit.usage : Exit.unreadable
  }
  const { analysis, assets, conversations, findings } = result.value.report
  for (const p of analysis.problems) io.err(`damaged (${p.code}): ${p.message}\n`)
  return { assets, conversations, findings, missing: [], besides, exit: analysis.state === 'complete' ? Exit.ok : Exit.unreadable }
}

/** Assets that a word names: id, label, address, MAC, `bed 7`, tag or serial number. */
export function assetsNamed(assets: readonly Asset[], name: string): readonly Asset[] {
  const bed = Number(/^bed (\d{1,4})$/i.exec(name)?.[1] ?? Number.NaN)
  return assets.filter((a) => a.id === name || a.label === name || a.bed === bed || a.interfaces.some((i) => i.ip === name || i.mac === name)
    || a.claims.some((c) => (c.what === 'asset-tag' || c.what === 'serial-number') && c.value === name))
}
