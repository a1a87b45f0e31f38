// station: the stream of beds and whether it can be trusted: one page of beds as last heard, judged by this browser's clock alone.
// Keeps "never a last value as live": silence, a page that slept, frames that were late and a hidden page all end in STATION OFFLINE,
// and what a stopped page finds waiting in its socket is thrown away, not painted.

import type { BedsFrame, BedsSetup } from '../../../src/console/api.ts'
import { isLinkAlive, type Link } from '../../../src/gateway/core/freshness/present.ts'
import type { Stream } from '../data/live.ts'
import { createSleepWatch, createStreamClock, type Arrival, type StreamClock } from './clock.ts'

export interface StationDeps {
  readonly open: (page: number) => Stream
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly setup: BedsSetup
  readonly page: number
}

/** What there is to show at a moment. `frame` is null while offline: nobody can draw an old number from what is not there. */
export interface StationView {
  readonly isOffline: boolean
  /** By the judge's clock; null when nothing was ever heard. */
  readonly now: number | null
  readonly link: Link
  readonly frame: BedsFrame | null
  readonly arrival: Arrival | null
  /** Names and order of tiles, from the last frame ever heard; no values are read from it. */
  readonly places: readonly { readonly device: string; readonly bed: string | null }[]
  readonly pages: number
  readonly beds: number
}

/** Called for each frame that is believed; waves are taken from here, for each frame brings other samples. */
export type FrameListener = (frame: BedsFrame, arrival: Arrival) => void

export interface Station {
  readonly view: () => StationView
  readonly subscribe: (listener: () => void) => () => void
  readonly onFrame: (listener: FrameListener) => () => void
  /** Judges. Call at least once a second, and first of all after a wake. */
  readonly tick: () => void
  /** The page is put away or about to be stopped: take the numbers off now, for nobody may run when it comes back. */
  readonly hide: () => void
  /** And back: a new stream, for the old one may hold what came meanwhile. */
  readonly show: () => void
  readonly close: () => void
}

/** A stream that stays silent is opened anew this often, and one that was refused. */
const REOPEN_MS = 5_000
const REFUSED_MS = 2_000
const CLOSED = 2

export function createStation(deps: StationDeps): Station {
  return new StationState(deps)
}

class StationState implements Station {
  readonly #deps: StationDeps
  readonly #listeners = new Set<() => void>()
  readonly #frameListeners = new Set<FrameListener>()
  readonly #sleep
  #stream: Stream | null = null
  #openedMs = 0
  #clock: StreamClock = createStreamClock()
  /** The last frame of this stream that is believed, and when it was heard, less its delay. */
  #frame: BedsFrame | null = null
  #arrival: Arrival | null = null
  #heardAt: number | null = null
  #offlineSince: number | null = null
  #isHidden = false
  #isClosed = false
  #view: StationView

  constructor(deps: StationDeps) {
    this.#deps = deps
    this.#sleep = createSleepWatch(deps.monotonicMs(), deps.wallMs())
    this.#view = {
      isOffline: true, now: null, link: { lastHeardAt: null }, frame: null, arrival: null, places: [], pages: deps.setup.pages, beds: 0,
    }
    this.#open()
  }

  view = (): StationView => this.#view

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onFrame = (listener: FrameListener): (() => void) => {
    this.#frameListeners.add(listener)
    return () => this.#frameListeners.delete(listener)
  }

  tick = (): void => {
    if (this.#isHidden || this.#isClosed) return
    const nowMs = this.#deps.monotonicMs()
    if (this.#sleep.woke(nowMs, this.#deps.wallMs())) this.#begin()
    else if (!this.#isAlive(nowMs) && nowMs - this.#openedMs >= (this.#stream?.readyState === CLOSED ? REFUSED_MS : REOPEN_MS)) this.#begin()
    this.#judge()
  }

  hide = (): void => {
    this.#isHidden = true
    this.#stream?.close()
    this.#stream = null
    this.#forget()
    this.#judge()
  }

  show = (): void => {
    if (!this.#isHidden || this.#isClosed) return
    this.#isHidden = false
    this.#sleep.woke(this.#deps.monotonicMs(), this.#deps.wallMs())
    this.#open()
    this.#judge()
  }

  close = (): void => {
    this.#isClosed = true
    this.#stream?.close()
  }

  /** Everything anew: what the old stream still holds is of another time. */
  #begin(): void {
    this.#stream?.close()
    this.#forget()
    this.#open()
  }

  #forget(): void {
    this.#offlineSince ??= this.#heardAt
    this.#frame = null
    this.#arrival = null
    this.#heardAt = null
  }

  #open(): void {
    this.#openedMs = this.#deps.monotonicMs()
    const opened = this.#deps.open(this.#deps.page)
    const clock = createStreamClock()
    this.#stream = opened
    opened.addEventListener('beds', (event) => {
      if (this.#stream === opened) this.#hear(event.data, clock)
    })
  }

  #hear(data: unknown, clock: StreamClock): void {
    const nowMs = this.#deps.monotonicMs()
    if (this.#sleep.woke(nowMs, this.#deps.wallMs())) {
      this.#begin()
      this.#judge()
      return
    }
    const frame = frameIn(data)
    if (frame === null || frame.page !== this.#deps.page) return
    const arrival = clock.arrive(frame.at, nowMs)
    if (arrival.lateMicros >= this.#deps.setup.freshness.linkSilentMicros) {
      // So late that nothing in it is known to be true still; a new stream begins at the present.
      this.#begin()
      this.#judge()
      return
    }
    this.#clock = clock
    this.#frame = frame
    this.#arrival = arrival
    this.#heardAt = arrival.at - arrival.lateMicros
    this.#offlineSince = null
    this.#judge()
    for (const listener of this.#frameListeners) listener(frame, arrival)
  }

  #isAlive(nowMs: number): boolean {
    const now = this.#clock.now(nowMs)
    return now !== null && isLinkAlive({ lastHeardAt: this.#heardAt }, now, this.#deps.setup.freshness)
  }

  #judge(): void {
    const nowMs = this.#deps.monotonicMs()
    const isOffline = this.#isHidden || !this.#isAlive(nowMs)
    if (isOffline) this.#forget()
    const { places, pages, beds } = this.#view
    this.#view = {
      isOffline, now: this.#clock.now(nowMs),
      link: { lastHeardAt: isOffline ? this.#offlineSince : this.#heardAt },
      frame: this.#frame, arrival: this.#arrival,
      ...(this.#frame ? placesOf(this.#frame) : { places, pages, beds }),
    }
    for (const listener of this.#listeners) listener()
  }
}

function placesOf(frame: BedsFrame): Pick<StationView, 'places' | 'pages' | 'beds'> {
  return { places: frame.tiles.map(({ device, bed }) => ({ device, bed })), pages: frame.pages, beds: frame.beds }
}

/** The frame in an event, or null when it is none: a bad line is not heard, and so ends in silence. */
function frameIn(data: unknown): BedsFrame | null {
  try {
    const value = JSON.parse(String(data)) as Partial<BedsFrame> | null
    const isFrame = typeof value?.at === 'number' && Array.isArray(value.tiles) && Array.isArray(value.targets) && value.segment !== undefined
    return isFrame ? (value as BedsFrame) : null
  } catch {
    return null
  }
}
