// use-station: one station for a shown page of beds, with its loop and waves, tied to the life of the tab.
// Keeps the numbers off a page that is about to be frozen, hidden or put into the history, for nobody runs when it comes back.

import { useEffect, useState, useSyncExternalStore } from 'react'
import type { BedsSetup } from '../../../src/console/api.ts'
import { type Frames, startFrames } from './frames.ts'
import { createStation, type Station, type StationView } from './station.ts'
import { createWaves, type Waves } from './waves.ts'

export interface OpenStation {
  readonly station: Station
  readonly waves: Waves
  readonly frames: Frames
}

function openStation(setup: BedsSetup, page: number): OpenStation & { readonly close: () => void } {
  const waves = createWaves()
  const station = createStation({
    open: (number) => new EventSource(`api/beds/stream?page=${number}`),
    monotonicMs: () => performance.now(), wallMs: () => Date.now(), setup, page,
  })
  station.onFrame((frame, arrival) => waves.add(frame, arrival, performance.now() / 1000))
  station.subscribe(() => {
    if (station.view().isOffline) waves.clear()
  })
  const frames = startFrames(station.tick)
  const stop = new AbortController()
  const seen = (): void => (document.visibilityState === 'hidden' ? station.hide() : station.show())
  document.addEventListener('visibilitychange', seen, { signal: stop.signal })
  document.addEventListener('freeze', station.hide, { signal: stop.signal })
  document.addEventListener('resume', seen, { signal: stop.signal })
  window.addEventListener('pagehide', station.hide, { signal: stop.signal })
  window.addEventListener('pageshow', seen, { signal: stop.signal })
  const close = (): void => {
    stop.abort()
    frames.stop()
    station.close()
  }
  return { station, waves, frames, close }
}

/** Null until the effect has run. */
export function useStation(setup: BedsSetup, page: number): OpenStation | null {
  const [open, setOpen] = useState<OpenStation | null>(null)
  useEffect(() => {
    const opened = openStation(setup, page)
    setOpen(opened)
    return () => {
      setOpen(null)
      opened.close()
    }
  }, [setup, page])
  return open
}

export function useStationView(station: Station): StationView {
  return useSyncExternalStore(station.subscribe, station.view)
}
