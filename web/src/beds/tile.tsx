// tile: one bed of many. Everything has its place, and its place has its size, whatever the values say.
// Keeps the mark of a value under its number, in words; colour only repeats it.

import type { BedsSetup } from '../../../src/console/api.ts'
import type { Presented } from '../../../src/gateway/core/freshness/present.ts'
import type { Parameter } from '../../../src/gateway/core/intake/reading.ts'
import { formatRoute } from '../model/route.ts'
import type { TilePicture } from './picture.ts'
import { type LaneShares, SweepCanvas } from './sweep-canvas.tsx'
import type { OpenStation } from './use-station.ts'
import { type Clock, PARAMETER_WORDS, type Shown, shownCuff, shownValue } from './words.ts'

const LANES: LaneShares = [['ecg2', 5], ['pleth', 3], ['resp', 2.4]]
const BIG = ['hr', 'spo2', 'pr', 'rr'] as const satisfies readonly Parameter[]
const SMALL = ['t1', 't2', 'td'] as const satisfies readonly Parameter[]

export function Tile({ picture, open, setup, clock, page }: {
  readonly picture: TilePicture
  readonly open: OpenStation
  readonly setup: BedsSetup
  readonly clock: Clock
  readonly page: number
}) {
  const { device, name, where, values } = picture
  return (
    <article className="tile" data-offline={picture.isOffline} data-feed={picture.feedState} aria-label={name}>
      <TileHead picture={picture} />
      <SweepCanvas open={open} setup={setup} device={device} shares={LANES} words={picture.waves} />
      <dl className="numbers">
        {BIG.map((parameter) => <Cell key={parameter} parameter={parameter} value={values.get(parameter)} clock={clock} />)}
        <Value name="NIBP" unit="mmHg" kind="cuff" shown={shownCuff(values, clock)} />
      </dl>
      <dl className="temperatures">
        {SMALL.map((parameter) => <Cell key={parameter} parameter={parameter} value={values.get(parameter)} clock={clock} />)}
      </dl>
      <a className="tile-open" data-tile={device} href={formatRoute({ page: 'beds', item: device, query: { page: String(page) } })}
        aria-label={`Open ${name}, ${where}`} />
    </article>
  )
}

export function TileHead({ picture }: { readonly picture: TilePicture }) {
  return (
    <header className="tile-head">
      <h2>{picture.name}</h2>
      <p className="tile-where">{picture.where}</p>
      <p className="tile-feed" data-state={picture.feedState} title={picture.feed}>{picture.feedShort}</p>
      <p className="tile-patient" data-state={picture.assignmentState} title={picture.assignment}>{picture.assignment}</p>
      <p className="tile-check" data-word={picture.dataCheckWord}>{picture.dataCheck}</p>
      <p className="tile-reasons" title={picture.reasons}>{picture.reasons}</p>
    </header>
  )
}

function Cell({ parameter, value, clock }: { readonly parameter: Parameter; readonly value: Presented | undefined; readonly clock: Clock }) {
  const [name, unit] = PARAMETER_WORDS[parameter]
  return value === undefined ? null : <Value name={name} unit={unit} kind={parameter} shown={shownValue(value, clock)} />
}

export function Value({ name, unit, kind, shown }: {
  readonly name: string
  readonly unit: string
  readonly kind: string
  readonly shown: Shown
}) {
  return (
    <div className="value" data-kind={kind} data-state={shown.state}>
      <dt>{name} <span className="unit">{unit}</span></dt>
      <dd><span className="number">{shown.number}</span> <span className="mark" title={shown.mark}>{shown.mark}</span></dd>
    </div>
  )
}
