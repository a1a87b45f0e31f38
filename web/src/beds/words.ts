// words: a tile's facts as text: bed, assignment, numbers with their marks and times, waves, feed. Pure; the zone is an argument.
// Keeps "the mark is part of the text": no state of a value is told by colour alone, and an age stands wherever a number is not live.

import type { BedTile, TargetLine } from '../../../src/console/api.ts'
import { type Presented, presentedValue, presentedWave, sightingFrom } from '../../../src/gateway/core/freshness/present.ts'
import type { FreshnessLimits } from '../../../src/gateway/core/freshness/limits.ts'
import { ageText, clockText, gapText, NO_NUMBER, numberText } from '../../../src/gateway/core/freshness/words.ts'
import { type Channel, PARAMETERS, type Parameter } from '../../../src/gateway/core/intake/reading.ts'
import { formatCount, formatDuration, plural } from '../model/format.ts'

export const PARAMETER_WORDS: Readonly<Record<Parameter, readonly [name: string, unit: string]>> = {
  hr: ['HR', '/min'], pr: ['PR', '/min'], rr: ['RR', '/min'], spo2: ['SpO2', '%'],
  'nibp-sys': ['NIBP sys', 'mmHg'], 'nibp-dia': ['NIBP dia', 'mmHg'], 'nibp-mean': ['NIBP mean', 'mmHg'],
  t1: ['T1', '°C'], t2: ['T2', '°C'], td: ['TD', '°C'], st1: ['ST1', 'mV'], st2: ['ST2', 'mV'], st3: ['ST3', 'mV'], pvc: ['PVC', '/min'],
}

/** Which lead each ECG channel shows is not published: the name says that it is a guess. */
export const CHANNEL_WORDS: Readonly<Record<Channel, string>> = {
  ecg1: 'ECG I (inferred)', ecg2: 'ECG II (inferred)', ecg3: 'ECG III (inferred)', pleth: 'Pleth', resp: 'Resp',
}

/** hh:mm:ss in the reader's zone. */
export type Clock = (at: number) => string

export function zoneClock(timeZone?: string): Clock {
  const format = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', ...(timeZone === undefined ? {} : { timeZone }) })
  return (at) => {
    const date = new Date(at / 1000)
    return Number.isNaN(date.getTime()) ? '–' : format.format(date)
  }
}

export const OFFLINE_WORDS = 'STATION OFFLINE'

/** How a tile's values may be shown now: every parameter, judged by the one rule the server uses too. */
export function presentTile(tile: BedTile, at: { arrivedAt: number; lateMicros: number; now: number }, limits: FreshnessLimits): Map<Parameter, Presented> {
  const link = { lastHeardAt: at.arrivedAt - at.lateMicros }
  const sightings = new Map(tile.numerics.map(({ numeric, ageMicros }) =>
    [numeric.parameter, sightingFrom(numeric, ageMicros + at.lateMicros, at.arrivedAt)] as const))
  return new Map(PARAMETERS.map((parameter) => [parameter, presentedValue(parameter, sightings.get(parameter) ?? null, at.now, limits, link)]))
}

/** Where nothing is heard: every parameter without a number, whatever was known. */
export function presentOffline(now: number, limits: FreshnessLimits): Map<Parameter, Presented> {
  return new Map(PARAMETERS.map((parameter) => [parameter, presentedValue(parameter, null, now, limits, { lastHeardAt: null })]))
}

/** One value as a tile shows it: the number alone, and under it its mark; an empty mark is a live value. */
export interface Shown {
  readonly state: Presented['state']
  readonly number: string
  readonly mark: string
}

export function shownValue(value: Presented, clock: Clock): Shown {
  if (value.state === 'no-data') return { state: value.state, number: NO_NUMBER, mark: gapText(value.why, value.since, clock) }
  const marks = [value.quality === 'demo' ? 'DEMO' : '', value.quality === 'questionable' ? 'IN DOUBT' : '',
    value.state === 'stale' ? `OLD (${ageText(value)})` : '']
  return { state: value.state, number: numberText(value), mark: marks.filter((mark) => mark !== '').join(' ') }
}

/** Cuff pressures as one value, always with their time: `120/80 (93)` and `10:16, 5 min old`. */
export function shownCuff(values: ReadonlyMap<Parameter, Presented>, clock: Clock): Shown {
  const [sys, dia, mean] = (['nibp-sys', 'nibp-dia', 'nibp-mean'] as const).map((parameter) => values.get(parameter))
  if (sys === undefined || sys.state === 'no-data') return sys ? shownValue(sys, clock) : { state: 'no-data', number: NO_NUMBER, mark: '' }
  const part = (value: Presented | undefined): string => (value === undefined || value.state === 'no-data' ? NO_NUMBER : numberText(value))
  const { mark } = shownValue(sys, clock)
  const time = `${cuffTime(sys.times, clock)}, ${sys.isAgeExact ? '' : 'at least '}${shortAge(sys.ageMicros)} old`
  return { state: sys.state, number: `${numberText(sys)}/${part(dia)} (${part(mean)})`, mark: mark === '' ? time : `${time} ${mark.replace(/ ?\(.*\)/, '')}` }
}

const shortAge = (micros: number): string => (micros < 60_000_000 ? `${Math.floor(micros / 1_000_000)} s` : `${Math.floor(micros / 60_000_000)} min`)

/** The monitor's own clock where it stamped, as it stands on the monitor; else when the value was received. */
function cuffTime(times: Presented['times'], clock: Clock): string {
  if (times === null) return 'no time'
  return times.device === null ? `received ${clock(times.received).slice(0, 5)}` : deviceClock(times.device, clock).slice(0, 5)
}

/** Without a zone it is the monitor's wall clock: its own figures, not moved into another zone. */
export function deviceClock(device: { readonly at: number; readonly hasZone: boolean }, clock: Clock): string {
  return device.hasZone ? clock(device.at) : clockText(device.at)
}

/** `Bed 7` and `Room 304, Ward 3`; ward words first. */
export function bedWords(place: { readonly device: string; readonly bed: string | null }): { readonly name: string; readonly where: string } {
  const parts = (place.bed ?? '').split('^').map((part) => part.trim()).filter((part) => part !== '')
  const last = parts.pop()
  if (last === undefined) return { name: 'No named bed', where: place.device }
  return { name: /bed/i.test(last) ? last : `Bed ${last}`, where: parts.reverse().join(', ') }
}

export function assignmentWords({ state, since }: BedTile['assignment'], clock: Clock): string {
  if (state === 'unassigned') return 'UNASSIGNED'
  if (state === 'contested') return 'CONTESTED: look'
  return since === null ? 'Patient assigned' : `Patient assigned since ${clock(since).slice(0, 5)}`
}

const FEED_WORDS: Readonly<Record<string, string>> = { never: 'no feed yet', live: 'feed', silent: 'FEED SILENT', lost: 'FEED LOST' }

/** For a tile; the single bed and the table say the connections too. */
export function feedShort({ feed }: Pick<BedTile, 'feed'>): string {
  return `${FEED_WORDS[feed.state] ?? feed.state} ${feed.framesPerSecond.toFixed(1)} frames/s`
}

export function feedWords({ feed, connections }: Pick<BedTile, 'feed' | 'connections'>): string {
  return `${feedShort({ feed })}, ${plural(connections, 'connection')}`
}

export function dataCheckWords({ dataCheck }: Pick<BedTile, 'dataCheck'>): string {
  return `Data check: ${dataCheck.word}`
}

/** Why it is contested or checked, and what nobody has described; empty when there is nothing to say. */
export function reasonWords({ assignment, dataCheck, unknown }: Pick<BedTile, 'assignment' | 'dataCheck' | 'unknown'>): string {
  const kinds = unknown.length === 0 ? [] : [`${plural(unknown.length, 'unknown kind')} of data`]
  return [...(assignment.why === null ? [] : [assignment.why]), ...dataCheck.reasons, ...kinds].join('; ')
}

/** What a lane says of itself beside its name; empty while it sweeps. */
export function waveWords(lastSampleAt: number | null, now: number, limits: FreshnessLimits, clock: Clock): string {
  if (presentedWave(lastSampleAt, now, limits) !== 'no-data') return ''
  return lastSampleAt === null ? 'NO WAVE yet' : `NO WAVE since ${clock(lastSampleAt)}`
}

/** One line for a target's state, one for what waits there. */
export function targetWords(line: TargetLine): { readonly state: string; readonly counts: string; readonly warning: string } {
  const lag = line.lagMicros === null ? 'no lag' : `lag ${formatDuration(line.lagMicros)}`
  const why = line.why === null ? '' : `: ${line.why}`
  const counts = ([['waiting', line.waiting], ['ambiguous', line.ambiguous], ['refused', line.refused], ['given up', line.given],
    ['delivered', line.delivered]] as const).map(([word, count]) => `${formatCount(count)} ${word}`).join(', ')
  return {
    state: `${line.state}${why}, ${lag}`, counts,
    warning: line.isProtected ? '' : `NOT PROTECTED: ${line.clearReason ?? 'no reason is written'}`,
  }
}
