// live: the event stream and whether it can be trusted. A stream that is silent for too long counts as lost, whatever the socket says.
// Keeps "stale data never passes as live".

import type { ChangeEvent, ProgressEvent } from '../../../src/console/api.ts'

export type LiveState = 'connecting' | 'live' | 'lost'

/** What an EventSource is to us; tests hand in their own. */
export interface Stream {
  readonly readyState: number
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void
  close(): void
}

export interface LiveDeps {
  readonly open: () => Stream
  readonly nowMs: () => number
  readonly onChange: (event: ChangeEvent) => void
  readonly onProgress: (event: ProgressEvent) => void
  /** The stream is back after it was lost: whatever happened meanwhile was missed. */
  readonly onReturn: () => void
}

/** The server beats every 15 s: two missed beats and some slack. */
export const SILENCE_MS_MAX = 40_000

/** How often to look; also the wait before a stream that was refused is opened again. */
export const WATCH_EVERY_MS = 5_000

/** EventSource.CLOSED: the browser has given up (the server refused) and will not reconnect by itself. */
const CLOSED = 2

export interface Live {
  readonly state: () => LiveState
  readonly subscribe: (listener: () => void) => () => void
  /** Call every WATCH_EVERY_MS. */
  watch(): void
  close(): void
}

export function createLive(deps: LiveDeps): Live {
  const listeners = new Set<() => void>()
  let state: LiveState = 'connecting'
  let heardMs = deps.nowMs()
  let stream = open()

  function become(next: LiveState): void {
    if (next === state) return
    const returned = state === 'lost' && next === 'live'
    state = next
    for (const listener of listeners) listener()
    if (returned) deps.onReturn()
  }

  function heard(): void {
    heardMs = deps.nowMs()
    become('live')
  }

  function open(): Stream {
    const opened = deps.open()
    const current = (action: () => void) => (): void => {
      // A stream that was replaced may still deliver what it had.
      if (stream === opened) action()
    }
    opened.addEventListener('open', current(heard))
    opened.addEventListener('beat', current(heard))
    opened.addEventListener('error', current(() => become('lost')))
    for (const [name, tell] of [['change', deps.onChange], ['progress', deps.onProgress]] as const) {
      opened.addEventListener(name, (event) => current(() => {
        heard()
        const data = parse(event.data)
        if (data !== null) tell(data as ChangeEvent & ProgressEvent)
      })())
    }
    return opened
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    watch() {
      const silent = deps.nowMs() - heardMs > SILENCE_MS_MAX
      if (!silent && stream.readyState !== CLOSED) return
      become('lost')
      stream.close()
      heardMs = deps.nowMs()
      stream = open()
    },
    close: () => stream.close(),
  }
}

function parse(data: unknown): object | null {
  try {
    const value: unknown = JSON.parse(String(data))
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
