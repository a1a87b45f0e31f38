// single: one bed alone: a larger sweep, every value with its three times and its limits, and why the data check says what it says.
// Keeps the three times apart: the monitor's own stamp, when the gateway received it, when this page judged and showed it.

import { useEffect, useRef } from 'react'
import type { BedsSetup, BedTile } from '../../../src/console/api.ts'
import type { Presented } from '../../../src/gateway/core/freshness/present.ts'
import { formatDuration } from '../model/format.ts'
import { formatRoute, type Route } from '../model/route.ts'
import { Inferred } from '../parts/marks.tsx'
import { limitsWords } from './bed-table.tsx'
import type { TilePicture } from './picture.ts'
import { type LaneShares, SweepCanvas } from './sweep-canvas.tsx'
import type { OpenStation } from './use-station.ts'
import { type Clock, deviceClock, PARAMETER_WORDS, shownValue } from './words.ts'

const LANES: LaneShares = [['ecg1', 3], ['ecg2', 3], ['ecg3', 3], ['pleth', 2], ['resp', 2]]

export function SingleBed({ picture, open, setup, clock, route, page }: {
  readonly picture: TilePicture
  readonly open: OpenStation
  readonly setup: BedsSetup
  readonly clock: Clock
  readonly route: Route
  readonly page: number
}) {
  const back = useRef<HTMLAnchorElement>(null)
  useEffect(() => back.current?.focus(), [])
  const toPage = formatRoute({ page: 'beds', query: { ...route.query, page: String(page) } })
  return (
    <article className="single" data-offline={picture.isOffline} aria-label={picture.name}>
      <p className="crumb"><a ref={back} href={toPage}>All beds <kbd>Esc</kbd></a></p>
      <header className="single-head">
        <h2>{picture.name} <span className="muted">{picture.where}</span></h2>
        <p className="tile-patient" data-state={picture.assignmentState}>{picture.assignment}</p>
        <p className="tile-check" data-word={picture.dataCheckWord}>{picture.dataCheck}</p>
        <p className="tile-feed" data-state={picture.feedState}>{picture.feed}</p>
      </header>
      <SweepCanvas open={open} setup={setup} device={picture.device} shares={LANES} words={picture.waves} />
      <p className="sub">
        {setup.mmPerSecond} mm/s, breathing {Math.min(6.25, setup.mmPerSecond)} mm/s, at {setup.cssPixelsPerMm} pixels a millimetre as declared for
        this screen. No scale is published for any wave, so none is drawn. <Inferred>Which lead a channel shows is inferred.</Inferred>
      </p>
      <div className="single-columns">
        <Values picture={picture} clock={clock} setup={setup} />
        <Facts picture={picture} />
      </div>
    </article>
  )
}

function Values({ picture, clock, setup }: { readonly picture: TilePicture; readonly clock: Clock; readonly setup: BedsSetup }) {
  return (
    <div className="table-frame" role="region" aria-label="Values" tabIndex={0}>
      <table className="single-table">
        <caption>Values with their times. {limitsWords(setup)}</caption>
        <thead>
          <tr>
            {['Parameter', 'Value', 'Mark', 'Monitor\'s own time', 'Received', 'Shown', 'Limits set at the monitor']
              .map((head) => <th key={head} scope="col">{head}</th>)}
          </tr>
        </thead>
        <tbody>{[...picture.values.values()].map((value) => <ValueRow key={value.parameter} value={value} clock={clock} />)}</tbody>
      </table>
    </div>
  )
}

function ValueRow({ value, clock }: { readonly value: Presented; readonly clock: Clock }) {
  const [name, unit] = PARAMETER_WORDS[value.parameter]
  const shown = shownValue(value, clock)
  const { times } = value
  const limits = value.state === 'no-data' ? null : value.alarmLimits
  return (
    <tr className="value" data-kind={value.parameter} data-state={shown.state}>
      <th scope="row">{name} <span className="unit">{unit}</span></th>
      <td className="number">{shown.number}</td>
      <td className="mark">{shown.mark === '' ? 'inside its age limits' : shown.mark}</td>
      <td>{times?.device ? `${deviceClock(times.device, clock)}${times.device.hasZone ? '' : ' (monitor\'s clock)'}` : 'none'}</td>
      <td>{times === null ? 'never' : clock(times.received)}</td>
      <td>{clock(value.presentedAt)}</td>
      <td>{limits === null ? '–' : `${limits.low} to ${limits.high}`}</td>
    </tr>
  )
}

function Facts({ picture }: { readonly picture: TilePicture }) {
  const { tile } = picture
  return (
    <section className="single-facts" aria-label="About the data">
      <h3>{picture.dataCheck}</h3>
      {tile === null ? <p>Nothing is known while the station is offline.</p> : <Checked tile={tile} />}
      {tile === null ? null : <Unknown tile={tile} />}
      <h3>Feed</h3>
      <p>{picture.feed}. Device {picture.device}.</p>
      {tile === null ? null : <p>{tile.feed.gaps} gaps. {offsetWords(tile.feed.clockOffsetMicros)}</p>}
    </section>
  )
}

function Checked({ tile }: { readonly tile: BedTile }) {
  const { reasons, word } = tile.dataCheck
  if (reasons.length > 0) return <ul className="plain">{reasons.map((text) => <li key={text}>{text}</li>)}</ul>
  return <p>{word === 'NOT CHECKED' ? 'Nothing could be compared.' : 'What could be compared fits.'} This is about data, not about a patient.</p>
}

function Unknown({ tile }: { readonly tile: BedTile }) {
  if (tile.unknown.length === 0) return null
  return (
    <>
      <h3>Kinds of data that nobody has described</h3>
      <ul className="plain">{tile.unknown.map(([name, count]) => <li key={name}><code>{name}</code>: {count}</li>)}</ul>
    </>
  )
}

/** Monitor clock minus gateway clock; without a zone it holds the zone too, and says so. */
function offsetWords(offsetMicros: number | null): string {
  if (offsetMicros === null) return 'The monitor\'s clock could not be compared yet.'
  const size = formatDuration(Math.abs(offsetMicros))
  return `The monitor's clock is ${size} ${offsetMicros < 0 ? 'behind' : 'ahead of'} the gateway's (a zone included, if it names none).`
}
