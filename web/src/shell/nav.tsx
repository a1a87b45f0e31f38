// nav: the beds where a gateway runs, then the pages of an analysis. The current one is marked by aria-current, weight and a line, not by colour alone.

import { formatRoute, type Page, type Route } from '../model/route.ts'

const LINKS: readonly (readonly [Page, string])[] = [
  ['overview', 'Overview'], ['findings', 'Findings'], ['assets', 'Assets'], ['advisories', 'Advisories'], ['conversations', 'Conversations'],
  ['map', 'Zones and conduits'],
]

export function Nav({ route, analysis, hasBeds }: { readonly route: Route; readonly analysis: string | null; readonly hasBeds: boolean }) {
  const links: readonly (readonly [Page, string])[] = [...(hasBeds ? [['beds', 'Beds'] as const] : []), ...(analysis === null ? [] : LINKS)]
  if (links.length === 0) return null
  return (
    <nav aria-label="Pages">
      <ul className="nav">
        {links.map(([page, name]) => (
          <li key={page}><a href={formatRoute({ analysis, page })} aria-current={route.page === page ? 'page' : undefined}>{name}</a></li>
        ))}
      </ul>
    </nav>
  )
}

/** The mark: a monitor on its line, and the line it does not cross. */
export function Brand() {
  return (
    <a className="brand" href="#/" aria-label="Cordon, first page">
      <svg viewBox="0 0 34 20" width="40" height="24" aria-hidden="true">
        <path d="M3 10h17" className="brand-line" />
        <circle cx="5" cy="10" r="3.6" className="brand-dot" />
        <path d="M22 1v18M28 1v18" className="brand-wall" />
      </svg>
      <span>Cordon</span>
    </a>
  )
}
