// bed-table: the page of beds as a table: the same facts as the tiles, as text, for who reads rather than looks.

import type { BedsSetup } from '../../../src/console/api.ts'
import type { Parameter } from '../../../src/gateway/core/intake/reading.ts'
import { formatDuration } from '../model/format.ts'
import { formatRoute } from '../model/route.ts'
import type { PagePicture, TilePicture } from './picture.ts'
import { type Clock, CHANNEL_WORDS, PARAMETER_WORDS, type Shown, shownCuff, shownValue } from './words.ts'

const COLUMNS = ['hr', 'spo2', 'pr', 'rr', 't1', 't2', 'td'] as const satisfies readonly Parameter[]
const LANES = ['ecg2', 'pleth', 'resp'] as const

export function BedTable({ picture, setup, clock, page }: {
  readonly picture: PagePicture
  readonly setup: BedsSetup
  readonly clock: Clock
  readonly page: number
}) {
  return (
    <div className="table-frame" role="region" aria-label="Beds as a table" tabIndex={0}>
      <table className="bed-table">
        <caption>Beds, page {page} of {picture.pages}. {limitsWords(setup)}</caption>
        <thead>
          <tr>
            <th scope="col">Bed</th><th scope="col">Patient</th>
            {COLUMNS.map((parameter) => <th key={parameter} scope="col">{PARAMETER_WORDS[parameter].join(' ')}</th>)}
            <th scope="col">NIBP mmHg</th><th scope="col">Data check</th><th scope="col">Connection</th><th scope="col">Waves</th>
          </tr>
        </thead>
        <tbody>{picture.tiles.map((tile) => <Row key={tile.device} tile={tile} clock={clock} page={page} />)}</tbody>
      </table>
      {picture.frame === null || picture.frame.notices.length === 0 ? null : (
        <ul className="plain notice-list" aria-label="Notices">{picture.frame.notices.map((text) => <li key={text}>{text}</li>)}</ul>
      )}
    </div>
  )
}

function Row({ tile, clock, page }: { readonly tile: TilePicture; readonly clock: Clock; readonly page: number }) {
  return (
    <tr data-offline={tile.isOffline}>
      <th scope="row">
        <a data-tile={tile.device} href={formatRoute({ page: 'beds', item: tile.device, query: { page: String(page), view: 'table' } })}>{tile.name}</a>
        <span className="sub">{tile.where}</span>
      </th>
      <td>{tile.assignment}</td>
      {COLUMNS.map((parameter) => {
        const value = tile.values.get(parameter)
        return value === undefined ? <td key={parameter} /> : <ValueCell key={parameter} kind={parameter} shown={shownValue(value, clock)} />
      })}
      <ValueCell kind="cuff" shown={shownCuff(tile.values, clock)} />
      <td>{tile.dataCheck}{tile.reasons === '' ? '' : `: ${tile.reasons}`}</td>
      <td>{tile.feed}</td>
      <td>{LANES.map((channel) => `${CHANNEL_WORDS[channel]}: ${tile.waves[channel] === '' ? 'drawn' : tile.waves[channel]}`).join('; ')}</td>
    </tr>
  )
}

function ValueCell({ kind, shown }: { readonly kind: string; readonly shown: Shown }) {
  return (
    <td className="value" data-kind={kind} data-state={shown.state}>
      <span className="number">{shown.number}</span> <span className="mark">{shown.mark}</span>
    </td>
  )
}

/** The limits of freshness in force; an engineering choice, from no standard, so they are said where values are shown. */
export function limitsWords({ freshness }: BedsSetup): string {
  const pair = ({ staleMicros, goneMicros }: { readonly staleMicros: number; readonly goneMicros: number }): string =>
    `${formatDuration(staleMicros)} and ${formatDuration(goneMicros)}`
  return `Numbers are marked OLD and removed after ${pair(freshness.stream)}; temperatures after ${pair(freshness.temperature)}; `
    + `cuff pressures after ${pair(freshness.nibp)}; waves stop after ${formatDuration(freshness.wave.goneMicros)}.`
}
