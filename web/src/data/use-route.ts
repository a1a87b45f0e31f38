// use-route: the current route, and how to go to another one.

import { useMemo, useSyncExternalStore } from 'react'
import { formatRoute, parseRoute, type Route } from '../model/route.ts'

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash)
  return useMemo(() => parseRoute(hash), [hash])
}

/** A new entry in the history, or with `replace` the current one changed: for filters typed letter by letter. */
export function go(route: Partial<Route>, replace = false): void {
  const hash = formatRoute(route)
  if (!replace) {
    window.location.hash = hash
    return
  }
  window.history.replaceState(null, '', hash)
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

/** Sets filters of the current page; an empty value removes one. */
export function setQuery(route: Route, changes: Readonly<Record<string, string>>, replace = true): void {
  go({ ...route, query: { ...route.query, ...changes } }, replace)
}
