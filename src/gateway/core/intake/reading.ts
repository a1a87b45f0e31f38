// Reading: one value of one parameter, or one stretch of a waveform, with the times it carries. What all gateway folders share.
// Keeps the rule that a missing value is a reading too: it replaces the number before it, so no old number outlives its sensor.

import type { Micros } from '../../../base/time.ts'

/** Numerics of a bedside monitor, in the order they are shown. */
export const PARAMETERS = [
  'hr', 'pr', 'rr', 'spo2', 'nibp-sys', 'nibp-dia', 'nibp-mean', 't1', 't2', 'td', 'st1', 'st2', 'st3', 'pvc',
] as const
export type Parameter = (typeof PARAMETERS)[number]

/** Place of each parameter in PARAMETERS: boards are arrays. */
export const PARAMETER_INDEX: Readonly<Record<Parameter, number>> = Object.fromEntries(PARAMETERS.map((name, i) => [name, i])) as Record<Parameter, number>

/** Channels with samples. Which lead each ECG channel shows is not published (facts cms8000 2.3). */
export const CHANNELS = ['ecg1', 'ecg2', 'ecg3', 'resp', 'pleth'] as const
export type Channel = (typeof CHANNELS)[number]

/** The three cuff pressures: measured once, shown for long, so always with a time of their own. */
export function isNibp(parameter: Parameter): boolean {
  return parameter === 'nibp-sys' || parameter === 'nibp-dia' || parameter === 'nibp-mean'
}

/** Why there is no number. The words of OBX-8 follow from it (facts gateway C.1). */
export type Absent = 'not-measured' | 'sensor-off' | 'invalid' | 'unreadable'

/** How far the sender itself vouches: `demo` is a monitor in demonstration or test mode and is never a patient's. */
export type Quality = 'plain' | 'questionable' | 'demo'

/** The monitor's own alarm limits: shown, never changed. */
export interface Limits {
  readonly low: number
  readonly high: number
}

/** A time the monitor stamped. Without a zone it is the monitor's wall clock read as if it were UTC. */
export interface DeviceTime {
  readonly at: Micros
  readonly hasZone: boolean
}

/**
 * When a value was measured. `device`: the monitor's stamp, if it gave one. `received`: the last byte reached the gateway.
 * `measured`: best knowledge on the gateway's clock, null when an old measurement may have been sent again and nothing dates it.
 * The third time, when a person or a system was given the value, is set where it is given (`presentedValue`, `out`).
 */
export interface Times {
  readonly device: DeviceTime | null
  readonly received: Micros
  readonly measured: Micros | null
}

export interface Numeric {
  readonly kind: 'numeric'
  readonly parameter: Parameter
  /** Per minute, %, mmHg, degrees Celsius, mV: the unit of the code table. Null with a reason in `absent`. */
  readonly value: number | null
  readonly absent: Absent | null
  readonly quality: Quality
  readonly limits: Limits | null
  readonly times: Times
}

export interface Wave {
  readonly kind: 'wave'
  readonly channel: Channel
  /** Unsigned samples as they came; scale is not published. */
  readonly samples: Uint8Array
  /** Samples per second; 256 for ECG and pleth is inferred (facts cms8000 3). */
  readonly rate: number
  readonly times: Times
}

export type Reading = Numeric | Wave

/** A bedside device as the shell names it: by its address on the isolated segment, never by a patient. */
export type DeviceId = string

export function present(parameter: Parameter, value: number, times: Times, limits: Limits | null = null): Numeric {
  return { kind: 'numeric', parameter, value, absent: null, quality: 'plain', limits, times }
}

export function missing(parameter: Parameter, absent: Absent, times: Times, limits: Limits | null = null): Numeric {
  return { kind: 'numeric', parameter, value: null, absent, quality: 'plain', limits, times }
}
