// EcgTable: how well the two R-peak detectors find the reference beats of real records, clean and with seeded noise, as rows and as text.
// Keeps the rule that a figure can be repeated: records are real and unchanged, noise comes from a seed, the window is 150 ms.

import { seededRng } from '../base/rng.ts'
import { elgendi } from '../gateway/core/checks/elgendi.ts'
import { panTompkins } from '../gateway/core/checks/pan-tompkins.ts'
import { heartRate, matchPeaks, MATCH_SECONDS, ratePerMinute } from '../gateway/core/checks/rate.ts'
import { sharedClinical } from './shared.ts'
import { beatsOf, readAnnotations, readWfdb } from './wfdb.ts'

export interface EcgCase {
  readonly record: string
  readonly lead: string
  readonly note: string
  readonly rate: number
  readonly samples: Float64Array
  /** Reference beats, in samples of this case. */
  readonly beats: readonly number[]
}

export interface DetectorRow {
  readonly record: string
  readonly lead: string
  readonly note: string
  readonly detector: string
  readonly reference: number
  readonly found: number
  readonly matched: number
}

export interface AgreementRow {
  readonly record: string
  readonly lead: string
  readonly note: string
  readonly windows: number
  readonly withRate: number
  /** |rate - reference| over the windows with a rate; null without reference beats. */
  readonly errorP95: number | null
  readonly errorMax: number | null
}

export const sensitivity = (row: DetectorRow): number => row.matched / row.reference
export const precision = (row: DetectorRow): number => row.matched / Math.max(1, row.found)

const WINDOW_SECONDS = 15
/** Sampling of the CMS8000 (facts cms8000 3: inferred) and its unsigned bytes. */
const MONITOR_RATE = 256
const SNR_DECIBELS = [6, 0, -6] as const

/** Record 100 with its reference beats: both leads as recorded, and the first as a monitor would send it, clean and noisy. */
function referenceCases(): EcgCase[] {
  const record = readWfdb(sharedClinical('ecg-wfdb', '100'))
  const beats = beatsOf(readAnnotations(sharedClinical('ecg-wfdb', '100.atr')))
  const plain = record.signals.map((signal): EcgCase => (
    { record: '100', lead: signal.description, note: 'as recorded', rate: record.rate, samples: signal.samples, beats }))
  const [first] = plain
  if (first === undefined) return []
  const monitor = asMonitorSends(first)
  return [...plain, monitor, ...SNR_DECIBELS.map((decibels) => withNoise(monitor, decibels))]
}

/** Records without reference beats: only the agreement of the detectors can be told. */
function plainCases(): EcgCase[] {
  return ['a103l', 's0010_re', 's00001/3975656_0005'].flatMap((name) => {
    const record = readWfdb(sharedClinical('ecg-wfdb', name))
    return record.signals.filter((s) => /^(?:ii|i|v|mcl1)$/i.test(s.description)).map((signal): EcgCase => (
      { record: name, lead: signal.description, note: 'no reference', rate: record.rate, samples: signal.samples, beats: [] }))
  })
}

/** 256 Hz by linear interpolation, quantised to bytes around 128. */
function asMonitorSends(from: EcgCase): EcgCase {
  const length = Math.floor((from.samples.length * MONITOR_RATE) / from.rate)
  const mean = from.samples.reduce((sum, x) => sum + x, 0) / from.samples.length
  const samples = Float64Array.from({ length }, (_, i) => {
    const place = (i * from.rate) / MONITOR_RATE
    const low = Math.floor(place)
    const [a, b] = [from.samples[low] as number, from.samples[Math.min(low + 1, from.samples.length - 1)] as number]
    return clampByte(128 + (a + (b - a) * (place - low) - mean) / 4)
  })
  const beats = from.beats.map((beat) => Math.round((beat * MONITOR_RATE) / from.rate))
  return { ...from, note: '256 Hz, bytes', rate: MONITOR_RATE, samples, beats }
}

/** White noise of a given strength against the whole trace's own. */
function withNoise(from: EcgCase, decibels: number): EcgCase {
  const power = from.samples.reduce((sum, x) => sum + (x - 128) ** 2, 0) / from.samples.length
  const size = Math.sqrt(power / 10 ** (decibels / 10))
  const rng = seededRng(decibels + 100)
  const samples = from.samples.map((x) => clampByte(x + size * normal(() => rng.next())))
  return { ...from, note: `256 Hz, bytes, noise at ${decibels} dB`, samples }
}

const clampByte = (x: number): number => Math.min(255, Math.max(0, Math.round(x)))
const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

const DETECTORS = [['Pan-Tompkins', panTompkins], ['Elgendi', elgendi]] as const

function detectorRows(cases: readonly EcgCase[]): DetectorRow[] {
  return cases.flatMap((one) => DETECTORS.map(([detector, find]) => {
    const peaks = find(one.samples, one.rate)
    const matched = matchPeaks(peaks, one.beats, MATCH_SECONDS * one.rate)
    return { record: one.record, lead: one.lead, note: one.note, detector, reference: one.beats.length, found: peaks.length, matched }
  }))
}

/** Whole windows of 15 s, each judged alone as the gateway does. */
function agreementRow(one: EcgCase): AgreementRow {
  const size = WINDOW_SECONDS * one.rate
  const windows = Math.floor(one.samples.length / size)
  const errors: number[] = []
  let withRate = 0
  for (let i = 0; i < windows; i++) {
    const found = heartRate(one.samples.slice(i * size, (i + 1) * size), one.rate)
    if (found.perMinute === null) continue
    withRate += 1
    const own = one.beats.filter((beat) => beat >= i * size && beat < (i + 1) * size)
    if (own.length > 1) errors.push(Math.abs(found.perMinute - ratePerMinute(own, one.rate)))
  }
  errors.sort((a, b) => a - b)
  const { record, lead, note } = one
  return { record, lead, note, windows, withRate, errorP95: errors[Math.floor(errors.length * 0.95)] ?? null, errorMax: errors.at(-1) ?? null }
}

const percent = (share: number): string => (100 * share).toFixed(2)

export interface EcgTable {
  readonly detectors: readonly DetectorRow[]
  /** Cases with reference beats first, in the order of `detectors`. */
  readonly agreements: readonly AgreementRow[]
}

/** All figures; takes some seconds. */
export function ecgTable(): EcgTable {
  const references = referenceCases()
  return { detectors: detectorRows(references), agreements: [...references, ...plainCases()].map(agreementRow) }
}

/** The two tables as Markdown, as docs/gateway.md has them. */
export function ecgTableText({ detectors, agreements }: EcgTable): string {
  const found = detectors.map((row) => [
    row.record, row.lead, row.note, row.detector, row.reference, row.found, percent(sensitivity(row)), percent(precision(row)),
  ])
  const agreed = agreements.map((row) => [
    row.record, row.lead, row.note, row.windows, row.withRate, row.errorP95?.toFixed(2) ?? '-', row.errorMax?.toFixed(2) ?? '-',
  ])
  return [
    table(['record', 'lead', 'signal', 'detector', 'reference beats', 'found', 'sensitivity %', 'PPV %'], found),
    table(['record', 'lead', 'signal', 'windows of 15 s', 'where both agree', '\\|error\\| p95 /min', '\\|error\\| max /min'], agreed),
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
