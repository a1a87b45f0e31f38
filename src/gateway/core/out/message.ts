// Message: what goes out at once: readings of one device for one owner at one moment, and what both encoders share.
// Keeps two rules: one message never mixes owners, and what the sender does not know (a lead, a scale, a site) is not stated.

import { formatMicros, type Micros } from '../../../base/time.ts'
import type { Bed, PatientRef } from '../assignment/adt.ts'
import type { Trust } from '../checks/evidence.ts'
import { CODES, PLACES, VMDS, WAVE_CODES, type PlaceName } from '../codes/table.ts'
import { CHANNELS, PARAMETERS, type Channel, type DeviceId, type Numeric, type Parameter, type Reading, type Wave } from '../intake/reading.ts'

/** Who sends: names as the hospital registered them. */
export interface Sender {
  /** MSH-3 name and EUI-64 of the gateway. */
  readonly name: string
  readonly eui64: string
  readonly facility: string
  /** URI of the system that device numbers belong to. */
  readonly deviceSystem: string
  /** URI of the system that patient numbers without an authority belong to. */
  readonly patientSystem: string
  /** True when somebody states that ECG 1 to 3 are leads I, II and III: only then leads and ST leave. */
  readonly areLeadsStated: boolean
}

export interface Outbound {
  readonly device: DeviceId
  /** Model as the inventory knows it; '' when unknown. */
  readonly model: string
  readonly bed: Bed | null
  readonly patient: PatientRef | null
  /** When it is put together: the third time. */
  readonly at: Micros
  /** MSH-10: the idempotency key. */
  readonly controlId: string
  readonly trust: Trust
  readonly readings: readonly Reading[]
}

interface OwnedItem {
  readonly reading: Reading
  readonly patient: PatientRef | null
  readonly trust: Trust
}

/** Items of one command by owner and trust, in order of appearance. */
export function splitByOwner(items: readonly OwnedItem[]): readonly { patient: PatientRef | null; trust: Trust; readings: readonly Reading[] }[] {
  const groups = new Map<string, { patient: PatientRef | null; trust: Trust; readings: Reading[] }>()
  for (const { reading, patient, trust } of items) {
    const key = `${patient === null ? '-' : `+${patient.key}`} ${trust}`
    const group = groups.get(key) ?? { patient, trust, readings: [] }
    group.readings.push(reading)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Parameters that say which lead they are of. */
const NEEDS_LEAD: readonly (Parameter | Channel)[] = ['st1', 'st2', 'st3', 'ecg1', 'ecg2', 'ecg3']

export function numericsToSend(out: Outbound, sender: Sender): readonly Numeric[] {
  return out.readings.flatMap((r) => (r.kind === 'numeric' && (sender.areLeadsStated || !NEEDS_LEAD.includes(r.parameter)) ? [r] : []))
}

export function wavesToSend(out: Outbound, sender: Sender): readonly Wave[] {
  return out.readings.flatMap((r) => (r.kind === 'wave' && (sender.areLeadsStated || !NEEDS_LEAD.includes(r.channel)) ? [r] : []))
}

/** MDS.VMD.CHAN.METRIC: the same numbers for ever, so that a receiver may key on them. */
export function containment(name: Parameter | Channel): string {
  const place = placeOf(name)
  const { vmd, channel } = PLACES[place]
  const neighbours = [...PARAMETERS, ...CHANNELS].filter((other) => placeOf(other) === place)
  return `1.${VMDS[vmd].number}.${channel}.${neighbours.indexOf(name) + 1}`
}

export function placeOf(name: Parameter | Channel): PlaceName {
  return isChannel(name) ? WAVE_CODES[name].place : CODES[name].place
}

export function isChannel(name: Parameter | Channel): name is Channel {
  return CHANNELS.some((channel) => channel === name)
}

const DIGITS: Partial<Record<Parameter, number>> = { t1: 1, t2: 1, td: 1, st1: 2, st2: 2, st3: 2 }

/** As the monitor shows it: 36.6, not 36.599998474. */
export function shownNumber(numeric: Numeric): number | null {
  return numeric.value === null ? null : Number(numeric.value.toFixed(DIGITS[numeric.parameter] ?? 0))
}

/** First and last moment of a wave: its samples end when they were received. The monitor dates no waveform. */
export function waveSpan(wave: Wave): readonly [Micros, Micros] {
  const end = wave.times.received
  return [end - Math.round((wave.samples.length * 1_000_000) / wave.rate), end]
}

/** Best knowledge of when a value was measured, on the gateway's clock; null when only the monitor's own wall clock says so. */
export function measuredAt(numeric: Numeric): Micros | null {
  return numeric.times.measured ?? (numeric.times.device === null ? numeric.times.received : null)
}

/** `20260105070000.000+0000` (HL7 v2 DTM). */
export function hl7Stamp(at: Micros): string {
  return `${wallStamp(at)}${formatMicros(at).slice(19, 23)}+0000`
}

/** A wall clock without a zone stays without one. */
export function wallStamp(at: Micros): string {
  return formatMicros(at).slice(0, 19).replaceAll(/\D/g, '')
}

/** FHIR instant and dateTime in UTC with milliseconds. */
export function fhirStamp(at: Micros): string {
  return `${formatMicros(at).slice(0, 23)}Z`
}
