// Fhir: one outbound message as a FHIR R4 transaction of Point-of-Care Device shapes: monitor, virtual devices, metrics, observations.
// Keeps two rules: sending it twice changes nothing (every entry has a business identifier), and nobody's data point at the device.

import { sha1 } from '../../../base/sha1.ts'
import {
  CHANNEL_TYPES, CODES, MDS, NIBP_GROUP, NIBP_PANEL, PLACES, UNITS, VMDS, WAVE_CODES, type CodeRow, type LoincCode, type MdcCode, type PlaceName,
  type UnitName,
} from '../codes/table.ts'
import { isNibp, type Channel, type Numeric, type Parameter, type Wave } from '../intake/reading.ts'
import {
  fhirStamp, measuredAt, numericsToSend, placeOf, shownNumber, waveSpan, wavesToSend, type Outbound, type Sender,
} from './message.ts'
import { numericStatus, waveStatus, type OutStatus } from './status.ts'

/** Plain JSON, ready for JSON.stringify. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
export type Resource = { readonly resourceType: string } & JsonObject
export interface BundleEntry {
  readonly fullUrl: string
  readonly resource: Resource
  readonly request: { readonly method: 'POST' | 'PUT'; readonly url: string; readonly ifNoneExist?: string }
}
export interface Bundle {
  readonly resourceType: 'Bundle'
  readonly type: 'transaction'
  readonly timestamp: string
  readonly entry: readonly BundleEntry[]
}

const PROFILE = 'http://hl7.org/fhir/uv/pocd/StructureDefinition/'
const MDC_SYSTEM = 'urn:iso:std:iso:11073:10101'
const LOINC_SYSTEM = 'http://loinc.org'
const UCUM_SYSTEM = 'http://unitsofmeasure.org'
const SECURITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'
const TEST_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
const ABSENT_SYSTEM = 'http://terminology.hl7.org/CodeSystem/data-absent-reason'
const STATUS_SYSTEM = 'http://terminology.hl7.org/CodeSystem/measurement-status'
const CATEGORY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/observation-category'

/** A transaction bundle; null when nothing of the message may leave. */
export function encodeBundle(out: Outbound, sender: Sender): Bundle | null {
  const numerics = numericsToSend(out, sender)
  const waves = wavesToSend(out, sender)
  if (numerics.length + waves.length === 0) return null
  const writer = new BundleWriter(out, sender)
  writer.tree([...numerics.map((n) => n.parameter), ...waves.map((w) => w.channel)])
  for (const numeric of numerics.filter((n) => !isNibp(n.parameter))) writer.numeric(numeric)
  writer.cuff(numerics.filter((n) => isNibp(n.parameter)))
  for (const wave of waves) writer.wave(wave)
  return { resourceType: 'Bundle', type: 'transaction', timestamp: fhirStamp(out.at), entry: writer.entries }
}

class BundleWriter {
  readonly entries: BundleEntry[] = []
  readonly #out: Outbound
  readonly #sender: Sender

  constructor(out: Outbound, sender: Sender) {
    this.#out = out
    this.#sender = sender
  }

  /** Patient if any, monitor, and the virtual devices, channels and metrics that the names need. */
  tree(names: readonly (Parameter | Channel)[]): void {
    const places = [...new Set(names.map(placeOf))]
    this.#patient()
    this.#device('mds', 'MdsDevice', MDS, 'Patient monitor', null)
    for (const vmd of new Set(places.map((place) => PLACES[place].vmd))) this.#device(vmd, 'VmdDevice', VMDS[vmd].mdc, VMDS[vmd].title, 'mds')
    for (const place of places) this.#channelDevice(place)
    for (const name of new Set(names.map(metricOf))) this.#metric(name)
  }

  #patient(): void {
    const { patient } = this.#out
    if (patient === null) return
    const { family, given } = patient.name.reveal()
    const system = patient.authority === '' ? this.#sender.patientSystem : `${this.#sender.patientSystem}/${encodeURIComponent(patient.authority)}`
    const person: JsonObject = { ...some('family', family), ...given === '' ? NONE : { given: [given] } }
    const name: JsonObject = family === '' && given === '' ? NONE : { name: [person] }
    const resource = { resourceType: 'Patient', meta: profile('Patient'), identifier: [{ system, value: patient.number }], ...name }
    this.#add('patient', resource, { method: 'POST', url: 'Patient', ifNoneExist: query(system, patient.number) })
  }

  #device(key: string, kind: string, mdc: MdcCode | null, title: string, parent: string | null): void {
    const own: JsonObject = parent === null ? { modelNumber: this.#out.model || 'unknown', ...this.#ofPatient() } : { parent: this.#ref(parent) }
    const type: JsonObject = mdc === null ? { text: title } : { ...codes([coding(MDC_SYSTEM, String(mdc.code), mdc.refId)]), text: title }
    this.#put(key, 'Device', { resourceType: 'Device', meta: profile(kind), status: 'active', type, ...own })
  }

  #ofPatient(): JsonObject {
    return this.#out.patient === null ? NONE : { patient: this.#ref('patient') }
  }

  #channelDevice(place: PlaceName): void {
    const { vmd } = PLACES[place]
    this.#device(`channel-${place}`, 'ChannelDevice', CHANNEL_TYPES[place] ?? null, `${VMDS[vmd].title} channel`, vmd)
  }

  #metric(name: Parameter | Channel | 'nibp'): void {
    const { mdc, unit, place, isWave } = describe(name)
    const units = UNITS[unit]
    this.#put(`metric-${name}`, 'DeviceMetric', {
      resourceType: 'DeviceMetric', meta: profile(isWave ? 'SampleArrayDeviceMetric' : 'NumericDeviceMetric'),
      type: codes([coding(MDC_SYSTEM, String(mdc.code), mdc.refId)]),
      unit: codes([coding(MDC_SYSTEM, String(units.mdc.code), units.mdc.refId)]),
      source: this.#ref('mds'), parent: this.#ref(`channel-${place}`), operationalStatus: 'on', category: 'measurement',
    })
  }

  numeric(numeric: Numeric): void {
    const row = CODES[numeric.parameter]
    const status = numericStatus(numeric, this.#out.trust)
    this.#observe(numeric.parameter, {
      ...this.#head('NumericObservation', status, row.isVitalSign, rowCodes(row)), ...this.#numericTime(numeric),
      ...quantity(numeric, row, status), ...range(numeric, row), device: this.#ref(`metric-${numeric.parameter}`),
    })
  }

  /** The three pressures as one compound observation, without a value of its own. */
  cuff(pressures: readonly Numeric[]): void {
    const [first] = pressures
    if (first === undefined) return
    const status = numericStatus({ ...first, value: pressures.some((p) => p.value !== null) ? 0 : null }, this.#out.trust)
    const panel = codes([coding(MDC_SYSTEM, String(NIBP_GROUP.code), NIBP_GROUP.refId), loincCoding(NIBP_PANEL)])
    this.#observe('nibp', {
      ...this.#head('CompoundNumericObservation', { ...status, absent: null }, true, panel), ...this.#numericTime(first),
      device: this.#ref('metric-nibp'),
      component: pressures.map((pressure) => {
        const row = CODES[pressure.parameter]
        return { code: rowCodes(row), ...quantity(pressure, row, numericStatus(pressure, this.#out.trust)), ...range(pressure, row) }
      }),
    })
  }

  /** Samples as they came; the scale is not published, so factor 1 and no unit. */
  wave(wave: Wave): void {
    const { mdc } = WAVE_CODES[wave.channel]
    const status = waveStatus(this.#out.trust)
    const [start, end] = waveSpan(wave)
    const origin = { value: 0, system: UCUM_SYSTEM, code: '1' }
    const sampled = { origin, period: 1000 / wave.rate, factor: 1, dimensions: 1, data: [...wave.samples].join(' ') }
    this.#observe(wave.channel, {
      ...this.#head('SampleArrayObservation', status, false, codes([coding(MDC_SYSTEM, String(mdc.code), mdc.refId)])),
      effectivePeriod: { start: fhirStamp(start), end: fhirStamp(end) },
      ...status.absent === null ? { valueSampledData: sampled } : absentReason(status), device: this.#ref(`metric-${wave.channel}`),
    })
  }

  #head(kind: string, status: OutStatus, isVitalSign: boolean, code: Json): JsonObject {
    const system = status.security === 'HTEST' ? TEST_SYSTEM : SECURITY_SYSTEM
    const security: JsonObject = status.security === null ? NONE : { security: [coding(system, status.security)] }
    return {
      meta: { ...profile(kind), ...security }, status: 'final',
      ...isVitalSign ? { category: [codes([coding(CATEGORY_SYSTEM, 'vital-signs', 'Vital Signs')])] } : NONE,
      code, subject: this.#ref(this.#out.patient === null ? 'mds' : 'patient'),
      ...status.interpretation === null ? NONE : { interpretation: [codes([coding(STATUS_SYSTEM, status.interpretation)])] },
    }
  }

  /** A measurement that nothing dates took place before it was received, since nobody knows when: a period with an end only. */
  #numericTime(numeric: Numeric): JsonObject {
    const at = measuredAt(numeric)
    return at === null ? { effectivePeriod: { end: fhirStamp(numeric.times.received) } } : { effectiveDateTime: fhirStamp(at) }
  }

  #observe(key: string, content: JsonObject): void {
    const system = `${this.#sender.deviceSystem}/observation`
    const value = `${this.#out.controlId}-${key}`
    const resource = { resourceType: 'Observation', identifier: [{ system, value }], ...content }
    this.#add(`observation-${key}`, resource, { method: 'POST', url: 'Observation', ifNoneExist: query(system, value) })
  }

  /** Conditional update by business identifier. */
  #put(key: string, type: string, resource: Resource): void {
    const system = this.#sender.deviceSystem
    const value = key === 'mds' ? this.#out.device : `${this.#out.device}/${key}`
    this.#add(key, { ...resource, identifier: [{ system, value }] }, { method: 'PUT', url: `${type}?${query(system, value)}` })
  }

  #add(key: string, resource: Resource, request: BundleEntry['request']): void {
    this.entries.push({ fullUrl: this.#url(key), resource, request })
  }

  #ref(key: string): Json {
    return { reference: this.#url(key) }
  }

  /** Name-based UUID (RFC 9562 version 5 layout) of what the entry is: the same message gives the same bytes. */
  #url(key: string): string {
    const hash = sha1(new TextEncoder().encode(`${this.#out.device}\0${this.#out.controlId}\0${key}`))
    const hex = [...hash.subarray(0, 16)].map((byte, i) => (i === 6 ? (byte & 0x0f) | 0x50 : i === 8 ? (byte & 0x3f) | 0x80 : byte))
      .map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return `urn:uuid:${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')}`
  }
}

const NONE: JsonObject = {}
const query = (system: string, value: string): string => `identifier=${encodeURIComponent(`${system}|${value}`)}`
/** A field when it has a text. */
const some = (name: string, text: string): JsonObject => (text === '' ? NONE : { [name]: text })
const profile = (kind: string): { readonly profile: readonly string[] } => ({ profile: [PROFILE + kind] })
const codes = (coded: readonly Json[]): { readonly coding: readonly Json[] } => ({ coding: coded })
const coding = (system: string, code: string, display = ''): JsonObject => ({ system, code, ...some('display', display) })
const loincCoding = (loinc: LoincCode): Json => coding(LOINC_SYSTEM, loinc.code, loinc.display)

/** MDC first, LOINC where the vital-signs profile wants it, then the specific one if it needed no confirmation (facts gateway B, rule 1). */
function rowCodes(row: CodeRow): { readonly coding: readonly Json[] } {
  const specific = row.specific === null || row.specific.confirm !== null ? [] : [loincCoding(row.specific)]
  return codes([coding(MDC_SYSTEM, String(row.mdc.code), row.mdc.refId), ...row.loinc === null ? [] : [loincCoding(row.loinc)], ...specific])
}

function ucum(value: number, row: CodeRow): Json {
  const unit = UNITS[row.unit]
  return { value, unit: unit.shown, system: UCUM_SYSTEM, code: unit.ucum }
}

function quantity(numeric: Numeric, row: CodeRow, status: OutStatus): JsonObject {
  const value = shownNumber(numeric)
  return value === null || status.absent !== null ? absentReason(status) : { valueQuantity: ucum(value, row) }
}

function absentReason(status: OutStatus): JsonObject {
  return { dataAbsentReason: codes([coding(ABSENT_SYSTEM, status.absent ?? 'unknown')]) }
}

/** The monitor's own alarm limits, said to be that. */
function range(numeric: Numeric, row: CodeRow): JsonObject {
  if (numeric.limits === null) return NONE
  return { referenceRange: [{ low: ucum(numeric.limits.low, row), high: ucum(numeric.limits.high, row), text: 'alarm limits set at the monitor' }] }
}

/** The three pressures share one metric. */
function metricOf(name: Parameter | Channel): Parameter | Channel | 'nibp' {
  return name === 'nibp-sys' || name === 'nibp-dia' || name === 'nibp-mean' ? 'nibp' : name
}

function describe(name: Parameter | Channel | 'nibp'): { mdc: MdcCode; unit: UnitName; place: PlaceName; isWave: boolean } {
  if (name === 'nibp') return { mdc: NIBP_GROUP, unit: 'mmHg', place: 'cuff', isWave: false }
  if (name in WAVE_CODES) return { mdc: WAVE_CODES[name as Channel].mdc, unit: 'dimensionless', place: placeOf(name), isWave: true }
  const row = CODES[name as Parameter]
  return { mdc: row.mdc, unit: row.unit, place: row.place, isWave: false }
}
