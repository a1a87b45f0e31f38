// app: the frame around every page: top bar, page list, the page, what we cannot see.
// Keeps the order of the document the order of reading: skip link, who and what, pages, content, limits.

import { useEffect } from 'react'
import type { Analysis, Health } from '../../src/console/api.ts'
import { go, useRoute } from './data/use-route.ts'
import { ANALYSES_PATH, HEALTH_PATH, useResource } from './data/world.ts'
import type { Route } from './model/route.ts'
import { AdvisoriesPage } from './pages/advisories.tsx'
import { AssetPage } from './pages/asset.tsx'
import { AssetsPage } from './pages/assets.tsx'
import { BedsPage } from './pages/beds.tsx'
import { ConversationsPage } from './pages/conversations.tsx'
import { FindingsPage } from './pages/findings.tsx'
import { MapPage } from './pages/map.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { WelcomePage } from './pages/welcome.tsx'
import { Empty, FailureNote } from './parts/states.tsx'
import { AnalysisSwitch } from './shell/analysis-switch.tsx'
import { BlindSpots } from './shell/blind-spots.tsx'
import { LiveLine } from './shell/live-state.tsx'
import { Brand, Nav } from './shell/nav.tsx'
import { DropZone, OpenButton, UploadBanner } from './shell/open-capture.tsx'
import { ThemeSwitch } from './shell/theme-switch.tsx'

export function App() {
  const route = useRoute()
  const analyses = useResource<Analysis[]>(ANALYSES_PATH)
  const all = analyses.data ?? []
  const health = useResource<Health>(HEALTH_PATH)
  const hasBeds = health.data?.hasBeds ?? false
  const isBeds = route.page === 'beds'
  // Whether there are beds decides what the first page is, so nothing is chosen before that is known.
  const isKnown = analyses.data !== null && (health.data !== null || health.error !== null)
  const current = all.find((one) => one.id === route.analysis) ?? (route.analysis === null ? all[0] : undefined)
  useSearchKey()
  useEffect(() => {
    // The newest analysis gets its own address, so that a link copied from here still means it tomorrow.
    if (!isKnown || isBeds || route.analysis !== null) return
    if (hasBeds) go({ page: 'beds' }, true)
    else if (current) go({ ...route, analysis: current.id }, true)
  }, [route, current, isKnown, isBeds, hasBeds])
  return (
    <>
      <a className="skip" href="#main" onClick={skipToMain}>Skip to the content</a>
      <header className="bar">
        <Brand />
        {current && !isBeds ? <AnalysisSwitch analyses={all} current={current} route={route} /> : null}
        <div className="bar-tools">
          {isBeds ? null : <LiveLine />}
          {isBeds ? null : <OpenButton />}
        </div>
      </header>
      <UploadBanner />
      <div className="frame">
        <div className="rail">
          <Nav route={route} analysis={current?.id ?? null} hasBeds={hasBeds} />
          <Rail isBeds={isBeds} />
        </div>
        <main id="main" tabIndex={-1}>
          {analyses.error ? <FailureNote error={analyses.error} stale={analyses.data !== null} /> : null}
          {isBeds ? <BedsPage route={route} /> : null}
          {current && !isBeds ? <CurrentPage analysis={current} route={route} /> : null}
          {!current && !isBeds && isKnown && !(hasBeds && route.analysis === null) ? <NoAnalysis route={route} any={all.length > 0} /> : null}
        </main>
      </div>
      <DropZone />
    </>
  )
}

function CurrentPage({ analysis, route }: { readonly analysis: Analysis; readonly route: Route }) {
  // Remounting on another page, item or analysis starts it fresh: no open rows or scroll of the one before.
  const key = [analysis.id, route.page, route.item ?? ''].join(' ')
  return (
    <div key={key}>
      {pageOf(analysis, route)}
      <BlindSpots analysis={analysis} />
    </div>
  )
}

function pageOf(analysis: Analysis, route: Route) {
  switch (route.page) {
    case 'overview': return <OverviewPage analysis={analysis} />
    case 'findings': return <FindingsPage analysis={analysis} route={route} />
    case 'assets':
      if (route.item !== null) return <AssetPage analysis={analysis} id={route.item} />
      return <AssetsPage analysis={analysis} route={route} />
    case 'advisories': return <AdvisoriesPage analysis={analysis} route={route} />
    case 'conversations': return <ConversationsPage analysis={analysis} route={route} />
    case 'map': return <MapPage analysis={analysis} />
    case 'beds': return null
  }
}

function NoAnalysis({ route, any }: { readonly route: Route; readonly any: boolean }) {
  if (!any) return <WelcomePage />
  return (
    <Empty title={`There is no analysis ${route.analysis ?? ''}.`}>
      It was removed, or the link is from another Cordon. <a href="#/">Show the newest one</a>.
    </Empty>
  )
}

function Rail({ isBeds }: { readonly isBeds: boolean }) {
  const health = useResource<Health>(HEALTH_PATH)
  return (
    <footer className="rail-foot">
      <ThemeSwitch />
      <p>Cordon {health.data?.version ?? ''} watches networks, not patients. It raises no clinical alarm and blocks nothing by itself.</p>
      {isBeds
        ? (
          <p>
            Times are of {Intl.DateTimeFormat().resolvedOptions().timeZone}; the cuff&apos;s are the monitor&apos;s own. Arrows, Enter,
            {' '}<kbd>Esc</kbd>, Page Up and Down.
          </p>
        )
        : <p>Times are UTC. <kbd>/</kbd> goes to the filter.</p>}
    </footer>
  )
}

/** The address after # is the route, so the skip link moves the focus itself. */
function skipToMain(event: { preventDefault(): void }): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

/** `/` goes to the filter of the page, as in many tools of network engineers; not while someone types. */
function useSearchKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea')
      const box = document.querySelector<HTMLInputElement>('[data-search]')
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey || !box) return
      event.preventDefault()
      box.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
