// Invariants: arithmetic that honest numbers and leads obey: III = II - I, TD = T1 - T2, dia < mean < sys.
// Keeps the rule that a missing operand is "cannot tell", and that a threshold is named with the record it was measured on.

import { cannotTell, differs, fits, type Evidence } from './evidence.ts'

/** Steps of the converter by which III may differ from II - I: 2 on record s0010_re, from rounding three times. */
export const LEAD_TOLERANCE_STEPS = 2
/** Share of samples that may exceed it: none was seen; one in a thousand forgives a clipped spike. */
const LEAD_EXCESS_SHARE = 0.001
/** Degrees: three numbers rounded to a tenth each. */
export const TD_TOLERANCE = 0.1
/** Share of mean arterial pressure (facts gateway E.2 no. 9). */
export const MEAN_TOLERANCE_SHARE = 0.15

export interface LimbLeads {
  readonly one: ArrayLike<number>
  readonly two: ArrayLike<number>
  readonly three: ArrayLike<number>
  /** Sample value of 0 mV: 128 for unsigned bytes. */
  readonly zero: number
  /** Sample values at which the converter clips. */
  readonly rails: readonly [number, number]
}

/** One for all beds: it is found once a second. */
const LEADS_FIT = fits('lead-algebra', `III = II - I within ${LEAD_TOLERANCE_STEPS} steps`)

/** Einthoven's law on every sample. `assignment` says whether the channels are known to be I, II and III. */
export function checkLeadAlgebra(leads: LimbLeads, assignment: 'known' | 'inferred' | 'unknown'): Evidence {
  if (assignment === 'unknown') return cannotTell('lead-algebra', 'which lead each channel shows is not known')
  const { one, two, three, zero, rails } = leads
  const floor = rails[0]
  const ceiling = rails[1]
  const length = Math.min(one.length, two.length, three.length)
  let judged = 0
  let off = 0
  let worst = 0
  let moved = 0
  for (let i = 0; i < length; i++) {
    const a = one[i] as number
    const b = two[i] as number
    const c = three[i] as number
    if (a <= floor || b <= floor || c <= floor || a >= ceiling || b >= ceiling || c >= ceiling) continue
    judged += 1
    const error = Math.abs(c - b + a - zero)
    if (a !== zero || b !== zero) moved += 1
    if (error > worst) worst = error
    if (error > LEAD_TOLERANCE_STEPS) off += 1
  }
  if (judged === 0 || moved === 0) return cannotTell('lead-algebra', 'the leads are flat or clipped')
  if (off <= LEAD_EXCESS_SHARE * judged) return LEADS_FIT
  const inferred = assignment === 'inferred' ? ' (that the channels are I, II and III is inferred)' : ''
  return differs('lead-algebra', `lead III differs from II - I by up to ${round(worst)} steps on ${off} of ${judged} samples${inferred}`)
}

/** Signed or absolute difference: which one this monitor sends is not published. */
export function checkTemperatureDifference(t1: number | null, t2: number | null, td: number | null): Evidence {
  if (t1 === null || t2 === null || td === null) return cannotTell('temperature-difference', 'a probe has no value')
  const error = Math.min(Math.abs(td - (t1 - t2)), Math.abs(td - Math.abs(t1 - t2)))
  // Half a hundredth of slack: 0.1 is no binary fraction.
  if (error <= TD_TOLERANCE + 0.005) return fits('temperature-difference', 'TD = T1 - T2')
  return differs('temperature-difference', `TD differs from T1 - T2 by ${round(error)} degrees`)
}

export function checkPressureOrder(systolic: number | null, mean: number | null, diastolic: number | null): Evidence {
  if (systolic === null || diastolic === null) return cannotTell('pressure-order', 'no cuff measurement')
  const isOrdered = diastolic < systolic && (mean === null || (diastolic < mean && mean < systolic))
  return isOrdered ? fits('pressure-order', 'dia < mean < sys') : differs('pressure-order', 'the cuff pressures are not in the order dia < mean < sys')
}

export function checkPressureMean(systolic: number | null, mean: number | null, diastolic: number | null): Evidence {
  if (systolic === null || diastolic === null || mean === null) return cannotTell('pressure-mean', 'no cuff measurement with a mean')
  const expected = diastolic + (systolic - diastolic) / 3
  const share = Math.abs(mean - expected) / expected
  if (share <= MEAN_TOLERANCE_SHARE) return fits('pressure-mean', 'mean is near dia + (sys - dia) / 3')
  return differs('pressure-mean', `the mean pressure is ${Math.round(100 * share)} % away from dia + (sys - dia) / 3`)
}

function round(x: number): number {
  return Math.round(x * 100) / 100
}
