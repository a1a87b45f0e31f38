// Past: assets, conversations and their activity from a capture or the newest analysis of a data folder. What replay and propose ask.
// Keeps the rule that a capture's clock is its packets: only a data folder, which is about now, asks the wall clock.

import { MICROS_PER_MINUTE, type Micros } from '../base/time.ts'
import type { Analysis } from '../detect/analysis.ts'
import type { Conversation } from '../detect/conversation.ts'
import { knownPicture, type KnownPicture } from '../detect/known-picture.ts'
import { loadProfiles } from '../config/index.ts'
import type { Asset } from '../inventory/asset.ts'
import { analyseFile } from '../sensor/analyse.ts'
import type { Knowledge } from '../sensor/knowledge.ts'
import type { FlowBody } from '../sensor/records.ts'
import { knowingOf, readBesides } from '../store/besides.ts'
import type { Store, StoreRecord } from '../store/store.ts'
import { Exit, type Io } from './io.ts'
import { progressBar } from './text.ts'
import { withStore } from './with-store.ts'

/** Where the past comes from: one of the two. */
export interface PastArgs {
  /** Capture; `-` for standard input. */
  readonly file?: string | undefined
  readonly data?: string | undefined
  /** Wall clock in microseconds, for tests. */
  readonly now?: () => Micros
}

export interface Past {
  readonly analysis: Analysis
  readonly assets: readonly Asset[]
  /** Assets of earlier analyses that this one does not show. */
  readonly missing: readonly Asset[]
  readonly conversations: readonly Conversation[]
  /** Minutes with activity by activityKey, ascending. */
  readonly times: ReadonlyMap<string, readonly Micros[]>
  /** Starts of the quarters of an hour in which anything was seen, ascending. */
  readonly active: readonly Micros[]
  /** The moment a change would be made. */
  readonly now: Micros
}

/** Flow records read at a time: some 25 MB. */
const PAGE = 50_000
/** Minutes remembered per conversation: two weeks, twice what coverage asks for. Later ones are not looked at. */
const MINUTES_MAX = 14 * 24 * 60

/** Grain of what counts as watched. */
export const QUARTER_MICROS = 15 * MICROS_PER_MINUTE
/** A year of quarters; later ones are not looked at. */
const QUARTERS_MAX = 4 * 24 * 366

/** Which conversation a flow belongs to; the service port of ICMP is its type, which flows keep as source port. */
export function activityKey(src: string, dst: string, transport: string, port: number): string {
  return `${src}|${dst}|${transport}|${port}`
}

/** The past, or an exit code after saying why there is none. `command` stands in messages. */
export async function loadPast(args: PastArgs, command: string, knowledge: Knowledge, io: Io): Promise<Past | number> {
  if (args.file !== undefined) return fromCapture(args.file, command, knowledge, io)
  let past: Past | null = null
  const code = await withStore(args.data, io, async (store) => {
    past = store === null ? null : await fromStore(store, args.now ?? (() => Date.now() * 1000))
    return Exit.ok
  })
  if (code !== Exit.ok) return code
  if (past !== null) return past
  const name = 'Name a capture with -r FILE, or a data folder with --data FOLDER.'
  const help = args.data === undefined ? name : 'cordon check --data FOLDER CAPTURE puts one there.'
  io.err(`${command}: there is no past to read\n  help: ${help}\n`)
  return Exit.usage
}

async function fromCapture(file: string, command: string, knowledge: Knowledge, io: Io): Promise<Past | number> {
  const activity = new Activity()
  const bar = progressBar(io, 'reading')
  const result = await analyseFile(file, {
    knowledge, store: listener(activity), signal: io.signal, onProgress: (p) => bar.update(p.bytesRead, p.bytesTotal),
  })
  bar.done()
  if (!result.ok) {
    io.err(`${command}: ${result.error.message}\n  help: ${result.error.help}\n`)
    return result.error.code === 'unusable' ? Exit.usage : Exit.unreadable
  }
  const { analysis, assets, conversations } = result.value.report
  for (const p of analysis.problems) io.err(`damaged (${p.code}): ${p.message}\n`)
  return { analysis, assets, missing: [], conversations, ...activity.all(), now: analysis.lastAt ?? 0 }
}

/** A store that keeps nothing but when each conversation was active. */
function listener(activity: Activity): Store {
  return {
    append: async (records) => activity.add(records),
    read: async () => [],
    query: async () => [],
    close: async () => {},
  }
}

async function fromStore(store: Store, now: () => Micros): Promise<Past | null> {
  const newest = (await store.read('analysis')).at(-1)
  if (newest === undefined) return null
  const analysis = newest.body as Analysis
  const { assets, conversations } = await asKnown(
    store, await bodies<Asset>(store, 'asset', newest.analysis), await bodies<Conversation>(store, 'conversation', newest.analysis),
  )
  const activity = new Activity()
  for (let offset = 0; ; offset += PAGE) {
    const page = await store.read('flow', { analysis: newest.analysis, offset, limit: PAGE })
    activity.add(page)
    if (page.length < PAGE) break
  }
  return {
    analysis, assets, missing: await missingOf(store, analysis, assets), ...activity.all(), now: now(), conversations,
  }
}

/** Assets of the newest analysis as people and lists know them, or null when there is none: what decides who is in a zone. */
export async function newestAssets(store: Store): Promise<readonly Asset[] | null> {
  const newest = (await store.read('analysis')).at(-1)
  return newest === undefined ? null : (await asKnown(store, await bodies<Asset>(store, 'asset', newest.analysis), [])).assets
}

/** Stored assets and conversations under the names and ids that people and lists give them now. */
async function asKnown(
  store: Store, assets: readonly Asset[], conversations: readonly Conversation[],
): Promise<Pick<KnownPicture, 'assets' | 'conversations'>> {
  const besides = await readBesides(store)
  if (besides.decisions.length + besides.lists.length === 0) return { assets, conversations }
  const profiles = loadProfiles()
  return knownPicture({ assets, conversations, findings: [] }, knowingOf(besides, profiles.ok ? profiles.value.profiles : new Map()), [])
}

async function bodies<T>(store: Store, kind: 'asset' | 'conversation', analysis: string): Promise<readonly T[]> {
  return (await store.read(kind, { analysis })).map((record) => record.body as T)
}

/** Inside assets of earlier analyses, newest sight of each, without id or card of one seen now. A demo ward is no hospital. */
export async function missingOf(store: Store, analysis: Analysis, assets: readonly Asset[]): Promise<readonly Asset[]> {
  const demos = new Set((await store.read('analysis')).filter((r) => (r.body as Analysis).source === 'demo').map((r) => r.analysis))
  if (demos.has(analysis.id)) return []
  const seen = new Set(assets.flatMap(identities))
  const missing = new Map<string, Asset>()
  for (const record of await store.read('asset')) {
    const asset = record.body as Asset
    if (record.analysis === analysis.id || demos.has(record.analysis) || asset.outside) continue
    if (identities(asset).some((i) => seen.has(i))) continue
    if ((missing.get(asset.id)?.lastAt ?? 0) <= asset.lastAt) missing.set(asset.id, asset)
  }
  return [...missing.values()]
}

function identities(asset: Asset): readonly string[] {
  return [asset.id, ...asset.interfaces.flatMap((i) => i.mac ?? [])]
}

/** Minutes with activity per conversation, and quarters of an hour with any. */
class Activity {
  readonly #quarters = new Set<number>()
  readonly #minutes = new Map<string, Set<number>>()

  add(records: readonly StoreRecord[]): void {
    for (const record of records) {
      if (record.kind !== 'flow') continue
      const flow = record.body as FlowBody
      if (this.#quarters.size < QUARTERS_MAX) this.#quarters.add(Math.floor(record.at / QUARTER_MICROS) * QUARTER_MICROS)
      const port = flow.transport.endsWith('icmp') ? flow.srcPort : flow.dstPort
      const key = activityKey(flow.src, flow.dst, flow.transport, port)
      const minutes = this.#minutes.get(key) ?? new Set<number>()
      this.#minutes.set(key, minutes)
      if (minutes.size < MINUTES_MAX) minutes.add(Math.floor(record.at / MICROS_PER_MINUTE) * MICROS_PER_MINUTE)
    }
  }

  all(): Pick<Past, 'times' | 'active'> {
    const ascending = (values: ReadonlySet<number>): readonly Micros[] => [...values].sort((a, b) => a - b)
    return { times: new Map([...this.#minutes].map(([key, minutes]) => [key, ascending(minutes)])), active: ascending(this.#quarters) }
  }
}
