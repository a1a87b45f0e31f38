// blind-spots: "what we cannot see", on every page: unreadable parts, odd packets and the limits of this capture.
// Keeps the honest part of every page in one place, drawn hatched like unsurveyed land on a map.

import type { Analysis } from '../../../src/console/api.ts'
import { formatBytes, formatCount, plural } from '../model/format.ts'
import { stateWords } from '../model/sentences.ts'
import { SeverityMark } from '../parts/marks.tsx'
import { Span } from '../parts/when.tsx'

export const BLIND_ID = 'blind-spots'

export function BlindSpots({ analysis }: { readonly analysis: Analysis }) {
  const { problems, health, blindSpots, observations } = analysis
  return (
    <section id={BLIND_ID} className="blind" aria-labelledby="blind-title" tabIndex={-1}>
      <h2 id="blind-title">What we cannot see</h2>
      {health.length > 0 ? <SensorItself health={health} /> : null}
      <div className="blind-columns">
        <div>
          {blindSpots.length === 0 && problems.length === 0 && health.length === 0
            ? <p>This analysis names no limits of its own. It still shows only what passed the capture point.</p>
            : null}
          <ul className="plain">{blindSpots.map((text) => <li key={text}>{text}</li>)}</ul>
        </div>
        {problems.length > 0
          ? (
              <div>
                <h3>Not read or not understood</h3>
                <ul className="plain">{problems.map((p) => <li key={p.code + p.message}>{p.message} <code>{p.code}</code></li>)}</ul>
              </div>
            )
          : null}
        {observations.length > 0
          ? (
              <details className="observations">
                <summary>{plural(observations.length, 'kind')} of odd packets</summary>
                <ul className="plain">
                  {observations.map(({ name, count, means }) => (
                    <li key={name}><b>{formatCount(count)}</b> {means === undefined ? name : <>{means} <code>{name}</code></>}</li>
                  ))}
                </ul>
              </details>
            )
          : null}
      </div>
    </section>
  )
}

/** What is wrong with the ear itself; its severity is about the sensor, not about the ward. */
function SensorItself({ health }: Pick<Analysis, 'health'>) {
  return (
    <div className="blind-sensor">
      <h3>The sensor itself</h3>
      <ul className="plain">
        {health.map((f) => (
          <li key={f.id}>
            <SeverityMark severity={f.severity} /> {f.ward} {f.help} <span className="muted">{f.technical}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Under the page's title: which capture, how complete, how long, and the way to its limits. */
export function CaptureLine({ analysis }: { readonly analysis: Analysis }) {
  const { name, packets, bytes, firstAt, lastAt, state, format, health, blindSpots, problems } = analysis
  const limits = health.length + blindSpots.length + problems.length
  return (
    <p className="capture-line">
      <b>{name}</b>, <span data-state={state} className="capture-state">{stateWords(analysis)}</span>
      <span> · {plural(packets, 'packet')}, {formatBytes(bytes)}{format === null ? '' : `, ${format}`}</span>
      {firstAt !== null && lastAt !== null ? <> · <Span from={firstAt} to={lastAt} /></> : null}
      {limits > 0
        ? <> · <button type="button" className="linkish" onClick={showLimits}>{plural(limits, 'limit')} to what we can see</button></>
        : null}
    </p>
  )
}

function showLimits(): void {
  const section = document.getElementById(BLIND_ID)
  section?.scrollIntoView({ block: 'nearest' })
  section?.focus()
}
