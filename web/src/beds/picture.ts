// picture: all that a page of beds shows at one moment, tile by tile, from one view of the station. Pure.
// Keeps tile, single bed and table the same: all three are drawn from here, so none can show what another would not.

import type { BedsFrame, BedsSetup, BedTile } from '../../../src/console/api.ts'
import type { Presented } from '../../../src/gateway/core/freshness/present.ts'
import { CHANNELS, type Channel, type Parameter } from '../../../src/gateway/core/intake/reading.ts'
import type { StationView } from './station.ts'
import {
  assignmentWords, bedWords, type Clock, dataCheckWords, feedShort, feedWords, OFFLINE_WORDS, presentOffline, presentTile, reasonWords, waveWords,
} from './words.ts'

export interface TilePicture {
  readonly device: string
  readonly name: string
  readonly where: string
  readonly isOffline: boolean
  readonly assignment: string
  readonly assignmentState: BedTile['assignment']['state'] | 'unknown'
  readonly values: ReadonlyMap<Parameter, Presented>
  readonly dataCheck: string
  readonly dataCheckWord: BedTile['dataCheck']['word'] | null
  readonly reasons: string
  readonly feed: string
  readonly feedShort: string
  readonly feedState: string
  readonly waves: Readonly<Record<Channel, string>>
  /** Null while offline: what a single-bed view says beyond the values. */
  readonly tile: BedTile | null
}

export interface PagePicture {
  readonly isOffline: boolean
  /** `STATION OFFLINE since 10:16:32`; empty while it is heard. */
  readonly offlineWords: string
  readonly now: number | null
  readonly pages: number
  readonly beds: number
  readonly tiles: readonly TilePicture[]
  /** Null while offline: targets and segment are not known then. */
  readonly frame: BedsFrame | null
}

/** `lastSampleAt` of a wave on the judge's clock, or null. */
export type WaveTimes = (device: string, channel: Channel) => number | null

export function pictureOf(view: StationView, setup: BedsSetup, clock: Clock, waveTimes: WaveTimes): PagePicture {
  const { isOffline, frame, arrival, now, link, pages, beds } = view
  const since = link.lastHeardAt === null ? '' : ` since ${clock(link.lastHeardAt)}`
  const common = { isOffline, offlineWords: isOffline ? `${OFFLINE_WORDS}${since}` : '', now, pages, beds, frame: isOffline ? null : frame }
  if (isOffline || frame === null || arrival === null || now === null) {
    return { ...common, tiles: view.places.map((place) => offlineTile(place, now ?? 0, setup, `${OFFLINE_WORDS}${since}`)) }
  }
  const at = { arrivedAt: arrival.at, lateMicros: arrival.lateMicros, now }
  return { ...common, tiles: frame.tiles.map((tile) => liveTile(tile, at, setup, clock, waveTimes)) }
}

function liveTile(
  tile: BedTile, at: Parameters<typeof presentTile>[1], setup: BedsSetup, clock: Clock, waveTimes: WaveTimes,
): TilePicture {
  return {
    device: tile.device, ...bedWords(tile), isOffline: false,
    assignment: assignmentWords(tile.assignment, clock), assignmentState: tile.assignment.state,
    values: presentTile(tile, at, setup.freshness),
    dataCheck: dataCheckWords(tile), dataCheckWord: tile.dataCheck.word, reasons: reasonWords(tile),
    feed: feedWords(tile), feedShort: feedShort(tile), feedState: tile.feed.state,
    waves: everyChannel((channel) => waveWords(waveTimes(tile.device, channel), at.now, setup.freshness, clock)), tile,
  }
}

function offlineTile(place: StationView['places'][number], now: number, setup: BedsSetup, words: string): TilePicture {
  return {
    device: place.device, ...bedWords(place), isOffline: true, assignment: 'Assignment not known', assignmentState: 'unknown',
    values: presentOffline(now, setup.freshness), dataCheck: 'Data check: not known', dataCheckWord: null, reasons: '',
    feed: words, feedShort: words, feedState: 'unknown', waves: everyChannel(() => words), tile: null,
  }
}

function everyChannel(words: (channel: Channel) => string): Readonly<Record<Channel, string>> {
  return Object.fromEntries(CHANNELS.map((channel) => [channel, words(channel)])) as Record<Channel, string>
}
