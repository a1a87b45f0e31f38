// resources: what the page shows of the API, kept while shown and asked for again when the server says it changed.
// Keeps old data on screen during a refetch, and knows since when it is old.

import type { Answer, Failure } from './client.ts'

export interface Resource<T> {
  readonly data: T | null
  /** Why the last request failed; `data` may still hold what came before. */
  readonly error: Failure | null
  /** When `data` arrived, by this computer's clock in ms; null without data. */
  readonly asOfMs: number | null
}

/** Kept without anyone looking, so that going back is instant: more than the pages of one analysis. */
export const IDLE_RESOURCES_MAX = 24

interface Entry {
  value: Resource<unknown>
  readonly listeners: Set<() => void>
  /** A request is under way; another change meanwhile is asked for after it, so that requests never pile up. */
  asking: boolean
  again: boolean
}

const NOTHING: Resource<never> = { data: null, error: null, asOfMs: null }

export interface Resources {
  /** Starts asking when nobody listened before. */
  subscribe(path: string, listener: () => void): () => void
  /** The same object until it changes. */
  read<T>(path: string): Resource<T>
  /** Asks again for everything shown whose path `about` accepts; what is not shown is forgotten. */
  refresh(about: (path: string) => boolean): void
  /** Puts an answer in place that a PUT has brought. */
  update<T>(path: string, change: (data: T) => T): void
  /** Arrival of the oldest data on screen, ms; null when nothing is shown. */
  oldestMs(): number | null
}

/** The same object while it says the same, so that nothing is drawn again for a refetch that brought no news. */
function kept(old: unknown, fresh: unknown): unknown {
  return JSON.stringify(old) === JSON.stringify(fresh) ? old : fresh
}

export function createResources(get: (path: string) => Promise<Answer<unknown>>, nowMs: () => number): Resources {
  const entries = new Map<string, Entry>()

  function entryOf(path: string): Entry {
    const known = entries.get(path)
    if (known) return known
    const entry: Entry = { value: NOTHING, listeners: new Set(), asking: false, again: false }
    entries.set(path, entry)
    return entry
  }

  function put(entry: Entry, value: Resource<unknown>): void {
    entry.value = value
    for (const listener of entry.listeners) listener()
  }

  async function ask(path: string, entry: Entry): Promise<void> {
    entry.again = entry.asking
    if (entry.asking) return
    entry.asking = true
    const answer = await get(path)
    entry.asking = false
    if (answer.ok) put(entry, { data: kept(entry.value.data, answer.value), error: null, asOfMs: nowMs() })
    else put(entry, { ...entry.value, error: answer.error })
    if (entry.again) await ask(path, entry)
  }

  function forgetIdle(): void {
    const idle = [...entries].filter(([, entry]) => entry.listeners.size === 0)
    for (const [path] of idle.slice(0, Math.max(0, idle.length - IDLE_RESOURCES_MAX))) entries.delete(path)
  }

  return {
    subscribe(path, listener) {
      const entry = entryOf(path)
      entry.listeners.add(listener)
      if (entry.listeners.size === 1) void ask(path, entry)
      return () => {
        entry.listeners.delete(listener)
        forgetIdle()
      }
    },
    read: <T>(path: string) => entryOf(path).value as Resource<T>,
    refresh(about) {
      for (const [path, entry] of entries) {
        if (!about(path)) continue
        if (entry.listeners.size > 0) void ask(path, entry)
        else entries.delete(path)
      }
    },
    update<T>(path: string, change: (data: T) => T) {
      const entry = entries.get(path)
      if (entry && entry.value.data !== null) put(entry, { ...entry.value, data: change(entry.value.data as T) })
    },
    oldestMs() {
      const shown = [...entries.values()].filter((entry) => entry.listeners.size > 0).flatMap(({ value }) => value.asOfMs ?? [])
      return shown.length === 0 ? null : Math.min(...shown)
    },
  }
}
