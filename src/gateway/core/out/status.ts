// Status: what a receiver is told about a value: OBX-8 and OBX-11 in HL7, security label, absence and interpretation in FHIR.
// Keeps the table of the PoCD mapping (facts gateway C.1): the two formats never say different things of one reading.

import type { Trust } from '../checks/evidence.ts'
import type { Absent, Numeric } from '../intake/reading.ts'

export interface OutStatus {
  /** OBX-8; '' when there is nothing to say. */
  readonly obx8: '' | 'QUES' | 'INV' | 'NAV' | 'OFF' | 'DEMO'
  /** OBX-11: R raw, X no value. */
  readonly obx11: 'R' | 'X'
  readonly security: 'RELIABLE' | 'UNCERTREL' | 'UNRELIABLE' | 'HTEST' | null
  readonly absent: 'error' | 'temp-unknown' | 'not-performed' | null
  readonly interpretation: 'questionable' | null
}

const PLAIN: OutStatus = { obx8: '', obx11: 'R', security: 'RELIABLE', absent: null, interpretation: null }
const QUESTIONABLE: OutStatus = { obx8: 'QUES', obx11: 'R', security: 'UNCERTREL', absent: null, interpretation: 'questionable' }
const INVALID: OutStatus = { obx8: 'INV', obx11: 'X', security: 'UNRELIABLE', absent: 'error', interpretation: null }
const DEMO: OutStatus = { obx8: 'DEMO', obx11: 'R', security: 'HTEST', absent: null, interpretation: null }

const ABSENT: Readonly<Record<Absent, OutStatus>> = {
  'not-measured': { obx8: 'NAV', obx11: 'X', security: null, absent: 'temp-unknown', interpretation: null },
  'sensor-off': { obx8: 'OFF', obx11: 'X', security: null, absent: 'not-performed', interpretation: null },
  invalid: INVALID,
  unreadable: INVALID,
}

/**
 * Missing beats demo beats proved beats questionable. `undated`: the time of measurement is not known. A value that is proved to be
 * altered is not handed on as a number; the screen still shows it.
 */
export function numericStatus(numeric: Numeric, trust: Trust): OutStatus {
  if (numeric.value === null) return ABSENT[numeric.absent ?? 'not-measured']
  if (numeric.quality === 'demo') return DEMO
  return vouched(trust, numeric.quality === 'questionable' || numeric.times.measured === null)
}

export function waveStatus(trust: Trust): OutStatus {
  return vouched(trust, false)
}

function vouched(trust: Trust, isDoubtful: boolean): OutStatus {
  if (trust === 'proved-altered') return INVALID
  return trust === 'suspected' || isDoubtful ? QUESTIONABLE : PLAIN
}
