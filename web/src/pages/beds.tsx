// beds: the page of a running gateway: up to sixteen beds, each in its place, one alone on demand, or all as a table.
// Keeps nothing of its own: what is shown is the picture of this moment, judged by this browser's clock.

import { useEffect, useMemo, useRef } from 'react'
import type { BedsSetup, TargetLine } from '../../../src/console/api.ts'
import { BedTable } from '../beds/bed-table.tsx'
import { layoutFor, pageIn, tileForKey } from '../beds/layout.ts'
import { type PagePicture, pictureOf } from '../beds/picture.ts'
import { SingleBed } from '../beds/single.tsx'
import { Strip } from '../beds/strip.tsx'
import { Tile } from '../beds/tile.tsx'
import { type OpenStation, useStation, useStationView } from '../beds/use-station.ts'
import { type Clock, zoneClock } from '../beds/words.ts'
import { go } from '../data/use-route.ts'
import { BEDS_PATH, useResource } from '../data/world.ts'
import type { Route } from '../model/route.ts'
import { Empty, Shown } from '../parts/states.tsx'

export function BedsPage({ route }: { readonly route: Route }) {
  const setup = useResource<BedsSetup>(BEDS_PATH)
  useEffect(() => {
    document.title = 'Beds · Cordon'
  }, [])
  return (
    <div className="beds">
      <h1 className="sr-only" tabIndex={-1}>Beds</h1>
      <Shown resource={setup} what="beds">{(known) => <Opened setup={known} route={route} />}</Shown>
    </div>
  )
}

function Opened({ setup, route }: { readonly setup: BedsSetup; readonly route: Route }) {
  const page = pageIn(route.query['page'], setup.pages)
  const open = useStation(setup, page)
  return open === null ? <p className="waiting" role="status">Opening the beds…</p> : <Beds open={open} setup={setup} route={route} page={page} />
}

interface BedsProps {
  readonly open: OpenStation
  readonly setup: BedsSetup
  readonly route: Route
  readonly page: number
}

function Beds({ open, setup, route, page }: BedsProps) {
  const view = useStationView(open.station)
  const clock = useMemo(() => zoneClock(), [])
  const picture = pictureOf(view, setup, clock, (device, channel) => open.waves.get(device, channel)?.lastSampleAt ?? null)
  const targets = useRef<readonly TargetLine[]>([])
  if (picture.frame) targets.current = picture.frame.targets
  useBedKeys(route, page, picture.pages)
  return (
    <>
      <Strip picture={picture} setup={setup} clock={clock} route={route} page={page} targets={targets.current} />
      <Body open={open} setup={setup} route={route} page={page} picture={picture} clock={clock} />
    </>
  )
}

function Body({ open, setup, route, page, picture, clock }: BedsProps & { readonly picture: PagePicture; readonly clock: Clock }) {
  if (picture.tiles.length === 0) {
    return picture.isOffline
      ? <p className="waiting offline-page" role="status">{picture.offlineWords}: no bed was heard yet.</p>
      : <Empty title="No beds.">The gateway&apos;s configuration names none, and no monitor has connected.</Empty>
  }
  if (route.item !== null) {
    const one = picture.tiles.find((tile) => tile.device === route.item)
    if (one) return <SingleBed key={one.device} picture={one} open={open} setup={setup} clock={clock} route={route} page={page} />
    return <Empty title="This bed is not on this page."><a href="#/beds">Show all beds</a>.</Empty>
  }
  if (route.query['view'] === 'table') return <BedTable picture={picture} setup={setup} clock={clock} page={page} />
  return (
    <div className="tiles" data-layout={layoutFor(picture.beds).places}>
      {picture.tiles.map((tile) => <Tile key={tile.device} picture={tile} open={open} setup={setup} clock={clock} page={page} />)}
    </div>
  )
}

/** Arrows between tiles, PageUp and PageDown between pages, Escape back to all beds. The bed that was open has the focus then. */
function useBedKeys(route: Route, page: number, pages: number): void {
  const opened = useRef<string | null>(null)
  useEffect(() => {
    if (route.item !== null) opened.current = route.item
    else if (opened.current !== null) {
      document.querySelector<HTMLElement>(`[data-tile="${CSS.escape(opened.current)}"]`)?.focus()
      opened.current = null
    }
  }, [route.item])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isOurs = !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, select, textarea')
      if (isOurs && !isTyping && act(event.key, route, page, pages)) event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [route, page, pages])
}

/** True when the key was one of ours. */
function act(key: string, route: Route, page: number, pages: number): boolean {
  if (key === 'Escape' && route.item !== null) {
    go({ ...route, item: null })
    return true
  }
  const step = { PageUp: -1, PageDown: 1 }[key]
  if (step !== undefined && route.item === null) {
    const next = page + step
    if (next >= 1 && next <= pages) go({ ...route, query: { ...route.query, page: String(next) } })
    return true
  }
  return moveFocus(key)
}

function moveFocus(key: string): boolean {
  const focused = document.activeElement
  const tiles = [...document.querySelectorAll<HTMLElement>('[data-tile]')]
  const at = tiles.findIndex((tile) => tile === focused)
  const grid = document.querySelector('.tiles')
  const columns = grid === null ? 1 : getComputedStyle(grid).gridTemplateColumns.split(' ').length
  // From outside, an arrow enters at the first tile.
  const isArrow = key.startsWith('Arrow')
  const goal = at >= 0 ? tileForKey(key, at, tiles.length, columns) : isArrow && focused === document.body ? 0 : null
  if (goal === null) return at >= 0 && isArrow
  tiles[goal]?.focus()
  return true
}
