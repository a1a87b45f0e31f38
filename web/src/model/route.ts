// route: the address after `#` as a value and back. Every view of the console can be sent to a colleague as a link.
// Keeps "no patient text in URLs": a route holds ids, page names and what the user typed into a filter.

export const PAGES = ['overview', 'findings', 'assets', 'advisories', 'conversations', 'map'] as const

/** Pages of an analysis, and the beds, which belong to none: `#/beds`. */
export type Page = (typeof PAGES)[number] | 'beds'

export interface Route {
  /** null: none chosen yet, the newest is meant. */
  readonly analysis: string | null
  readonly page: Page
  /** Id within the page: an asset on `assets`, a device on `beds`, else null. */
  readonly item: string | null
  /** Filters, e.g. `q`, `from`, `to`, `severity`. Empty values are left out. */
  readonly query: Readonly<Record<string, string>>
}

const BEDS = 'beds'
const isPage = (text: string | undefined): text is Page => text === BEDS || PAGES.some((page) => page === text)

/** `#/an-1/assets/a-7?q=role:printer`, `#/beds/10.20.4.37?page=2`. Anything unreadable becomes the overview of the newest analysis. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2)
  const parts = path.split('/').filter((part) => part !== '').map(decode)
  const [analysis, page, item] = parts[0] === BEDS ? [undefined, ...parts] : parts
  return {
    analysis: analysis ?? null,
    page: isPage(page) ? page : 'overview',
    item: isPage(page) && item !== undefined ? item : null,
    query: Object.fromEntries([...new URLSearchParams(search)].filter(([, value]) => value !== '')),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A lone % typed by hand: take it as it stands.
    return part
  }
}

/** The inverse of parseRoute; the query's keys are sorted, so that equal routes are equal texts. */
export function formatRoute(route: Partial<Route>): string {
  const isBeds = route.page === BEDS
  if (!route.analysis && !isBeds) return '#/'
  const parts = [...(isBeds ? [BEDS] : [route.analysis ?? '', route.page ?? 'overview']), ...(route.item ? [route.item] : [])]
  const query = Object.entries(route.query ?? {}).filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1))
  const search = new URLSearchParams(query).toString()
  return `#/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}
