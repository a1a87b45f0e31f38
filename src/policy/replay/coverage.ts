// Coverage: which hours, shifts and days were watched, which devices were not seen, and what was lost. Rule S4.
// Keeps "twenty minutes of capture cannot make a green tick": each gap is a sentence, and any sentence holds the approval.

import { MICROS_PER_MINUTE, type Micros } from '../../base/time.ts'
import type { Observation, ReplayConversation, ReplayDevice, Watch } from './model.ts'
import { PERIODS_MIN, recurrenceOf, type Recurrence } from './period.ts'
import { atText, count, durationText, nameOf, nameList } from './words.ts'

const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
const MICROS_PER_DAY = 24 * MICROS_PER_HOUR

/** Half a working week proves nothing about the other half: a whole one is the least. */
export const WATCH_DAYS_MIN = 7
/** Hours walked through, at most: a year. Longer watches are cut to their last year. */
const HOURS_MAX = 24 * 366
/** An hour counts when this much of it was watched. */
const HOUR_SHARE_MIN = 0.5
/** Rows listed; the number of all stands beside. */
export const RECURRENCES_MAX = 200

/** Local hours, the usual three of a ward. `to` is not included; the night wraps. */
export const SHIFTS = [{ name: 'early', from: 6, to: 14 }, { name: 'late', from: 14, to: 22 }, { name: 'night', from: 22, to: 6 }] as const
export type ShiftName = (typeof SHIFTS)[number]['name']

export interface Coverage {
  readonly firstAt: Micros | null
  readonly lastAt: Micros | null
  readonly watchedMicros: Micros
  /** Minutes watched in each local hour of the day, begun ones counted; 24 of them. */
  readonly minutesByHour: readonly number[]
  /** Shifts of which every hour was watched at least once. */
  readonly shifts: readonly ShiftName[]
  /** Hours watched on a Saturday and on a Sunday. */
  readonly weekendHours: readonly [number, number]
  readonly devicesNotSeen: readonly ReplayDevice[]
  readonly lost: number
  readonly damaged: boolean
  /** Conversations that come now and then and were not watched for long enough; at most RECURRENCES_MAX. */
  readonly recurrences: readonly Recurrence[]
  readonly recurrencesTotal: number
  /** Conversations with one burst of activity in all the time watched: when they come back is not known. */
  readonly seenOnce: number
  /** What is missing, in sentences, gravest first. Empty: complete. */
  readonly gaps: readonly string[]
}

/** Coverage of an observation; the conversations tell the rhythms. */
export function coverageOf(observation: Observation, conversations: readonly ReplayConversation[]): Coverage {
  const watches = joinWatches(observation.watches)
  const watchedMicros = watches.reduce((sum, w) => sum + w.to - w.from, 0)
  const hours = hoursOf(watches, observation.utcOffsetMinutes)
  const firstAt = watches[0]?.from ?? null
  const devicesNotSeen = observation.devices.filter((d) => d.lastSeen === null || firstAt === null || d.lastSeen < firstAt)
  const all = recurrencesOf(conversations, watchedMicros)
  const rare = all.filter((r) => !r.enough)
  const facts = {
    firstAt, lastAt: watches.at(-1)?.to ?? null, watchedMicros, ...hours,
    devicesNotSeen, lost: observation.lost, damaged: observation.damaged,
    recurrences: rare.slice(0, RECURRENCES_MAX), recurrencesTotal: rare.length,
    seenOnce: all.filter((r) => r.bursts === 1).length,
  }
  return { ...facts, gaps: gapsOf(facts) }
}

/** A loop, not flatMap: a million conversations without kept times are the usual case. */
function recurrencesOf(conversations: readonly ReplayConversation[], watchedMicros: Micros): readonly Recurrence[] {
  const found: Recurrence[] = []
  for (const conversation of conversations) {
    const recurrence = recurrenceOf(conversation, watchedMicros)
    if (recurrence !== null) found.push(recurrence)
  }
  return found
}

/** Ascending, disjoint; a watch that ends before it begins is dropped. */
export function joinWatches(watches: readonly Watch[]): readonly Watch[] {
  const joined: Watch[] = []
  for (const watch of [...watches].filter((w) => w.to >= w.from).sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last === undefined || watch.from > last.to) joined.push(watch)
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, watch.to) }
  }
  return joined
}

type Hours = Pick<Coverage, 'minutesByHour' | 'shifts' | 'weekendHours'>

function hoursOf(watches: readonly Watch[], utcOffsetMinutes: number): Hours {
  const micros = Array.from({ length: 24 }, () => 0)
  const weekend: [number, number] = [0, 0]
  const offset = utcOffsetMinutes * MICROS_PER_MINUTE
  const earliest = (watches.at(-1)?.to ?? 0) + offset - HOURS_MAX * MICROS_PER_HOUR
  for (const watch of watches) {
    const end = watch.to + offset
    for (let at = Math.max(watch.from + offset, earliest); at < end;) {
      const hour = Math.floor(at / MICROS_PER_HOUR)
      const until = Math.min(end, (hour + 1) * MICROS_PER_HOUR)
      const ofDay = ((hour % 24) + 24) % 24
      micros[ofDay] = (micros[ofDay] ?? 0) + until - at
      const day = weekday(Math.floor(hour / 24))
      if (day === 6) weekend[0] += until - at
      if (day === 0) weekend[1] += until - at
      at = until
    }
  }
  const isWatched = (hour: number): boolean => (micros[hour % 24] ?? 0) >= MICROS_PER_HOUR * HOUR_SHARE_MIN
  return {
    minutesByHour: micros.map((m) => Math.ceil(m / MICROS_PER_MINUTE)),
    shifts: SHIFTS.filter((s) => hoursBetween(s.from, s.to).every(isWatched)).map((s) => s.name),
    weekendHours: [weekend[0] / MICROS_PER_HOUR, weekend[1] / MICROS_PER_HOUR],
  }
}

/** 0 is Sunday; day 0 of the epoch, 1970-01-01, was a Thursday. */
function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

function hoursBetween(from: number, to: number): readonly number[] {
  return Array.from({ length: (to - from + 24) % 24 }, (_, i) => (from + i) % 24)
}

function gapsOf(c: Omit<Coverage, 'gaps'>): readonly string[] {
  const days = c.watchedMicros / MICROS_PER_DAY
  const missing = SHIFTS.filter((s) => !c.shifts.includes(s.name)).map((s) => s.name)
  const [saturday, sunday] = c.weekendHours
  const rows: readonly (readonly [boolean, () => string])[] = [
    [c.watchedMicros === 0, () => 'Nothing was watched: there is no past to replay.'],
    [c.damaged, () => 'The record is damaged, cut or interrupted: what came there is missing.'],
    [c.lost > 0, () => `At least ${count(c.lost, 'packet', 'packets or records')} lost on the way: a conversation can be missing.`],
    [c.devicesNotSeen.length > 0, () =>
      `Known but not seen: ${nameList(c.devicesNotSeen.map(deviceText))}. What they need was not replayed.`],
    [days > 0 && days < WATCH_DAYS_MIN, () =>
      `Watched for ${durationText(c.watchedMicros)}; less than ${WATCH_DAYS_MIN} days says nothing about the rest of the week.`],
    [missing.length > 0, () => `Not every hour was watched of the ${missing.join(', ')} shift${missing.length === 1 ? '' : 's'}.`],
    [saturday < 1 || sunday < 1, () => 'No whole weekend was watched.'],
    [c.recurrencesTotal > 0, () => recurrenceGap(c.recurrences, c.recurrencesTotal)],
  ]
  return rows.filter(([holds]) => holds).map(([, sentence]) => sentence())
}

function deviceText(device: ReplayDevice): string {
  return device.lastSeen === null ? nameOf(device) : `${nameOf(device)} (last seen ${atText(device.lastSeen)})`
}

function recurrenceGap(recurrences: readonly Recurrence[], total: number): string {
  const slow = recurrences.filter((r) => r.periodMicros !== null)
  const longest = slow.reduce((max, r) => Math.max(max, r.periodMicros ?? 0), 0)
  const wait = longest > 0 ? ` The slowest comes about every ${durationText(longest)}: watch ${durationText(longest * PERIODS_MIN)}.` : ''
  return `${count(total, 'conversation')} came back by the clock, but fewer than ${PERIODS_MIN} periods were watched.${wait}`
}
