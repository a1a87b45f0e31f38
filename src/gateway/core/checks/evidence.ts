// Evidence: what one data check says, and the verdict over all of them: OK, CHECK BEDSIDE, NOT TRUSTED.
// Keeps two rules: a verdict never hides a value, and a check that cannot tell is not one that passed.

/** How much a deviation proves (facts gateway E.2): `proof` of alteration, `strong`, `medium`, `weak` alone. */
export type Power = 'proof' | 'strong' | 'medium' | 'weak'

export type CheckId =
  | 'two-tap' | 'address-binding' | 'tcp-continuity' | 'lead-algebra' | 'temperature-difference' | 'exact-repeat' | 'pressure-order'
  | 'pressure-mean' | 'ecg-rate' | 'pleth-rate' | 'pulse-against-heart' | 'rate-of-change'

export interface Evidence {
  readonly check: CheckId
  readonly result: 'fits' | 'differs' | 'cannot-tell'
  /** For a person: what was compared, or why it could not be. No patient, no value beyond the difference. */
  readonly why: string
}

export interface CheckRow {
  readonly power: Power
  /** Rests on something nobody has published about this monitor. */
  readonly isInferred: boolean
  /** Threshold and where it comes from. */
  readonly threshold: string
}

/** Every check, its power and its threshold with its source (facts gateway E.2 and E.3). */
export const CHECKS: Readonly<Record<CheckId, CheckRow>> = {
  'two-tap': { power: 'proof', isInferred: false, threshold: 'equal SHA-256 of the same payload bytes at two points of the path' },
  'address-binding': { power: 'strong', isInferred: false, threshold: 'one card, one address, one switch port' },
  'tcp-continuity': {
    power: 'strong', isInferred: false, threshold: 'TTL, MSS, window and options of a device do not change; no retransmission with other bytes',
  },
  'lead-algebra': { power: 'strong', isInferred: true, threshold: '|III - (II - I)| at most 2 steps (s0010_re: at most 2 over 38,400 samples)' },
  'temperature-difference': { power: 'strong', isInferred: false, threshold: '|TD - |T1 - T2|| at most 0.1 (rounding)' },
  'exact-repeat': { power: 'strong', isInferred: false, threshold: '5 s of ECG samples never repeat exactly: noise does not' },
  'pressure-order': { power: 'strong', isInferred: false, threshold: 'dia < mean < sys' },
  'pressure-mean': { power: 'medium', isInferred: false, threshold: 'mean within 15 % of dia + (sys - dia) / 3' },
  'ecg-rate': { power: 'medium', isInferred: true, threshold: '|HR of the waveform - HR| above 10 /min for 30 s (s00001: p95 3.2, max 9.1)' },
  'pleth-rate': { power: 'medium', isInferred: true, threshold: '|rate of the pleth - PR| above 10 /min for 30 s (as ECG)' },
  'pulse-against-heart': { power: 'medium', isInferred: false, threshold: '|HR - PR| above 15 /min for 30 s (s00001: p99 8.0, max 25.2)' },
  'rate-of-change': { power: 'weak', isInferred: false, threshold: 'in a minute HR by more than 42 /min, SpO2 by more than 6 % (s00001: max 41.7 and 5.8)' },
}

export type VerdictWord = 'OK' | 'CHECK BEDSIDE' | 'NOT TRUSTED' | 'NOT CHECKED'

/** How a value is vouched for when it leaves: `proved` only by a proof, never by a sum of suspicions. */
export type Trust = 'plain' | 'suspected' | 'proved-altered'

export function trustOf(verdict: DataVerdict): Trust {
  if (verdict.reasons.some((e) => CHECKS[e.check].power === 'proof')) return 'proved-altered'
  return verdict.word === 'CHECK BEDSIDE' || verdict.word === 'NOT TRUSTED' ? 'suspected' : 'plain'
}

export interface DataVerdict {
  readonly word: VerdictWord
  /** What differs, strongest first. */
  readonly reasons: readonly Evidence[]
  /** What fits, and what could not tell: a screen shows how much the word rests on. */
  readonly fits: readonly CheckId[]
  readonly untold: readonly Evidence[]
}

const ORDER: readonly Power[] = ['proof', 'strong', 'medium', 'weak']
const rank = (evidence: Evidence): number => ORDER.indexOf(CHECKS[evidence.check].power)

/**
 * Adds the evidence up. A proof, or two strong deviations of different checks, end trust; anything stronger than weak, or two weak
 * ones, send somebody to the bed. Without one check above weak that could judge, the word is NOT CHECKED, never OK.
 */
export function dataVerdict(evidence: readonly Evidence[]): DataVerdict {
  const reasons = evidence.filter((e) => e.result === 'differs').toSorted((a, b) => rank(a) - rank(b))
  const fits = evidence.filter((e) => e.result === 'fits').map((e) => e.check)
  const untold = evidence.filter((e) => e.result === 'cannot-tell')
  const solid = fits.filter((check) => CHECKS[check].power !== 'weak')
  return { word: wordFor(reasons, solid.length), reasons, fits, untold }
}

function wordFor(reasons: readonly Evidence[], fitting: number): VerdictWord {
  const kinds = (power: Power): number => new Set(reasons.filter((e) => CHECKS[e.check].power === power).map((e) => e.check)).size
  if (kinds('proof') > 0 || kinds('strong') > 1) return 'NOT TRUSTED'
  if (kinds('strong') + kinds('medium') > 0 || kinds('weak') > 1) return 'CHECK BEDSIDE'
  return fitting > 0 ? 'OK' : 'NOT CHECKED'
}

export const fits = (check: CheckId, why: string): Evidence => ({ check, result: 'fits', why })
export const differs = (check: CheckId, why: string): Evidence => ({ check, result: 'differs', why })
export const cannotTell = (check: CheckId, why: string): Evidence => ({ check, result: 'cannot-tell', why })

/** The honest alternative to alteration that goes with a deviation, in ward words. */
export function wardWords(verdict: DataVerdict): string {
  if (verdict.word === 'OK') return 'Data check: OK. The bedside monitor is the truth.'
  if (verdict.word === 'NOT CHECKED') return 'Data check: NOT CHECKED. Nothing could be compared. The bedside monitor is the truth.'
  const isPulse = verdict.reasons.some((e) => e.check === 'pulse-against-heart' || e.check === 'ecg-rate' || e.check === 'pleth-rate')
  const honest = isPulse ? 'Check patient and leads: an irregular heart or a loose sensor looks the same.' : 'Compare with the bedside monitor.'
  return `Data check: ${verdict.word}. ${verdict.reasons.map((e) => e.why).join('; ')}. ${honest}`
}
