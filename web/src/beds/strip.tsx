// strip: above the beds, always there and always as high: what this page is for, the station, the way out, and what stands open.
// Keeps "NOT PROTECTED" beside the target it is true of, in words, and says that nothing is known while the station is offline.

import type { BedsFrame, BedsSetup, TargetLine } from '../../../src/console/api.ts'
import { formatRoute, type Route } from '../model/route.ts'
import type { PagePicture } from './picture.ts'
import { type Clock, targetWords } from './words.ts'

const KIND_WORDS: Readonly<Record<TargetLine['kind'], string>> = { pcd01: 'HL7 PCD-01', fhir: 'FHIR' }

export function Strip({ picture, setup, clock, route, page, targets }: {
  readonly picture: PagePicture
  readonly setup: BedsSetup
  readonly clock: Clock
  readonly route: Route
  readonly page: number
  /** Names of the targets as last heard, so that the strip keeps its height while nothing is known of them. */
  readonly targets: readonly TargetLine[]
}) {
  return (
    <section className="strip" aria-label="Gateway">
      <p className="intended">{setup.intendedUse}</p>
      <div className="strip-line">
        <p className="station" data-offline={picture.isOffline} role="status">
          {picture.isOffline ? <b className="loud">{picture.offlineWords}</b> : 'Station heard'}
        </p>
        <p className="strip-clock">{picture.now === null ? '' : <>judged at <time>{clock(picture.now)}</time></>}</p>
        <Segment frame={picture.frame} clock={clock} />
        <Notices frame={picture.frame} />
        <Pager picture={picture} route={route} page={page} />
        <Twin route={route} />
      </div>
      {targets.length === 0 ? null : (
        <ul className="targets" aria-label="Where data go">
          {targets.map((line) => <Target key={line.target} line={line} isKnown={picture.frame !== null} />)}
        </ul>
      )}
    </section>
  )
}

export function segmentWords(frame: BedsFrame | null, clock: Clock): string {
  if (frame === null) return 'Monitor side: not known'
  const { state, since } = frame.segment
  return state === 'running' ? `Monitor side runs since ${clock(since)}` : `MONITOR SIDE DOWN since ${clock(since)}: no bed can be heard`
}

function Segment({ frame, clock }: { readonly frame: BedsFrame | null; readonly clock: Clock }) {
  const words = segmentWords(frame, clock)
  const isDown = frame?.segment.state === 'down'
  return <p className="segment" title={frame?.segment.sandbox.join(', ')}>{isDown ? <b className="loud">{words}</b> : words}</p>
}

function Notices({ frame }: { readonly frame: BedsFrame | null }) {
  const notices = frame?.notices ?? []
  const more = notices.length > 1 ? `${notices.length} notices: ` : ''
  return <p className="notices" title={notices.join('\n')}>{notices.length > 0 ? <b>{more}{notices[0]}</b> : null}</p>
}

function Target({ line, isKnown }: { readonly line: TargetLine; readonly isKnown: boolean }) {
  const { state, counts, warning } = targetWords(line)
  return (
    <li className="target" data-state={isKnown ? line.state : 'unknown'}>
      <p><b>{line.target}</b> {KIND_WORDS[line.kind]}: {isKnown ? state : 'not known, station offline'}</p>
      <p className="muted" title={counts}>{isKnown ? counts : ''}</p>
      {warning === '' ? null : <p title={warning}><b className="loud">{warning}</b></p>}
    </li>
  )
}

function Pager({ picture, route, page }: { readonly picture: PagePicture; readonly route: Route; readonly page: number }) {
  const to = (next: number): string => formatRoute({ ...route, item: null, query: { ...route.query, page: String(next) } })
  const link = (next: number, words: string) => (next >= 1 && next <= picture.pages
    ? <a className="button" href={to(next)}>{words}</a> : <span className="button" aria-disabled="true">{words}</span>)
  return (
    <nav className="pager" aria-label="Pages of beds">
      {link(page - 1, 'Previous')}
      <span>Page {page} of {picture.pages}</span>
      {link(page + 1, 'Next')}
    </nav>
  )
}

function Twin({ route }: { readonly route: Route }) {
  const isTable = route.query['view'] === 'table'
  const to = formatRoute({ ...route, item: null, query: { ...route.query, view: isTable ? '' : 'table' } })
  return <a className="button" href={to}>{isTable ? 'Show as tiles' : 'Show as table'}</a>
}
