// left: watches that a data folder still calls running although their process is gone: each is closed at the last moment of which anything is
// kept, and the next watch of the same interface begins with that gap. Keeps the rule that time in which nobody listened is never silent.

import { formatMicros, type Micros } from '../../base/time.ts'
import type { Analysis } from '../../detect/analysis.ts'
import type { Store, StoreRecord } from '../../store/store.ts'
import type { Gap } from './gap.ts'

/** The name of a watch in the store. */
export function watchName(device: string): string {
  return `watch ${device}`
}

export interface LeftWatches {
  /** Records that close them; to be appended. Empty when all watches ended in order. */
  readonly closing: readonly StoreRecord[]
  /** Of each that is closed, what a person should know. */
  readonly sentences: readonly string[]
  /** By the name of the watch: where the newest one broke off, which no later watch has told of. */
  readonly brokenOff: ReadonlyMap<string, Micros>
}

/**
 * The caller has the folder open. That is the proof that no other watch in it lives: a folder has one owner, by its mark and by the
 * kernel's own lock on the file of events, which ends with the process that has it (docs/live.md).
 */
export async function watchesLeft(store: Store): Promise<LeftWatches> {
  const closing: StoreRecord[] = []
  const sentences: string[] = []
  const brokenOff = new Map<string, Micros>()
  // Ascending by the time at which each began.
  for (const record of await store.read('analysis')) {
    let analysis = record.body as Analysis
    if (analysis.source !== 'live') continue
    if (analysis.state === 'running') {
      const lastAt = await lastKept(store, record, analysis)
      const words = brokeOffSentence(analysis, lastAt)
      analysis = { ...analysis, state: 'broken-off', keptAt: lastAt, blindSpots: [words, ...analysis.blindSpots] }
      closing.push({ ...record, body: analysis })
      sentences.push(`${analysis.name}: ${words}`)
    }
    if (analysis.state === 'broken-off') brokenOff.set(analysis.name, analysis.keptAt ?? record.at)
    else brokenOff.delete(analysis.name)
  }
  return { closing, sentences, brokenOff }
}

/** Closes them where no watch follows: the console. */
export async function closeWatchesLeft(store: Store): Promise<readonly string[]> {
  const { closing, sentences } = await watchesLeft(store)
  if (closing.length > 0) await store.append(closing)
  return sentences
}

/** The gap with which a watch begins whose ring was opened at `openedAt`; null when the one before it ended in order, or there was none. */
export function gapBefore({ brokenOff }: LeftWatches, device: string, openedAt: Micros): Gap | null {
  const from = brokenOff.get(watchName(device))
  if (from === undefined) return null
  return { from, to: openedAt, lost: 0, why: 'the watch before this one ended without saying so (it was killed, or the power went)', isBefore: true }
}

/** Of a watch: the last moment of which a picture, a packet or an event is kept; without any, its beginning. */
async function lastKept(store: Store, { at }: StoreRecord, { id, keptAt, lastAt }: Analysis): Promise<Micros> {
  const event = (await store.query({ name: 'last-event', analysis: id }))[0]?.['at'] ?? null
  return Math.max(at, keptAt ?? 0, lastAt ?? 0, Number(event ?? 0))
}

function brokeOffSentence({ keptAt }: Analysis, lastAt: Micros): string {
  const picture = keptAt === undefined ? '' : ` Devices, conversations and findings are as of ${formatMicros(keptAt)}.`
  return `This watch ended without saying so: it was killed, or the power went. Nothing of it is kept after ${formatMicros(lastAt)}.${picture}`
}
