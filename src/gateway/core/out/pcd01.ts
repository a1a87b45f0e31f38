// Pcd01: one outbound message as IHE PCD-01 text: HL7 v2.6 ORU^R01, numerics under the monitor, waveforms under an order of their own.
// Keeps the rule that no value is an empty OBX-5 with OBX-8 and OBX-11 X: never a sentinel (facts gateway C.1).

import type { Micros } from '../../../base/time.ts'
import { HL7_USUAL_ENCODING, HL7_USUAL_SEPARATOR, encodeHl7, escapeHl7, type Hl7Segment } from '../../../protocols/hl7/message.ts'
import { CHANNEL_TYPES, CODES, MDS, PLACES, UNITS, VMDS, WAVE_CODES, type MdcCode, type PlaceName, type UnitRow } from '../codes/table.ts'
import { isNibp, type Numeric, type Wave } from '../intake/reading.ts'
import {
  containment, hl7Stamp, measuredAt, numericsToSend, placeOf, shownNumber, wallStamp, waveSpan, wavesToSend, type Outbound, type Sender,
} from './message.ts'
import { numericStatus, waveStatus, type OutStatus } from './status.ts'

const PROFILE = 'IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO'
const MONITORING = '182777000^monitoring of patient^SCT'
const WAVEFORMS = '69121^MDC_OBS_WAVE_CTS^MDC'
/** Attribute of a waveform; senders in the field give it the code 0 (facts gateway B). */
const SAMPLE_RATE = '0^MDC_ATTR_SAMP_RATE^MDC'
const PER_SECOND = '264608^MDC_DIM_PER_SEC^MDC'

/** MLLP-framed or bare bytes; null when nothing of the message may leave. */
export function encodePcd01(out: Outbound, sender: Sender, framing: 'mllp' | 'bare' = 'mllp'): Uint8Array | null {
  const segments = pcd01Segments(out, sender)
  return segments === null ? null : encodeHl7(segments, framing)
}

export function pcd01Segments(out: Outbound, sender: Sender): readonly Hl7Segment[] | null {
  const numerics = numericsToSend(out, sender)
  const waves = wavesToSend(out, sender)
  if (numerics.length + waves.length === 0) return null
  return [
    header(out, sender), patient(out), visit(out),
    ...numerics.length > 0 ? numericOrder(numerics, out, sender) : [],
    ...waves.length > 0 ? waveOrder(waves, out, sender, numerics.length > 0 ? 2 : 1) : [],
  ]
}

function header(out: Outbound, sender: Sender): Hl7Segment {
  const name = `${escapeHl7(sender.name)}^${sender.eui64}^EUI-64`
  const isDemo = out.readings.some((r) => r.kind === 'numeric' && r.quality === 'demo')
  return [
    'MSH', HL7_USUAL_SEPARATOR, HL7_USUAL_ENCODING, name, escapeHl7(sender.facility), '', '', hl7Stamp(out.at), '', 'ORU^R01^ORU_R01',
    escapeHl7(out.controlId), isDemo ? 'T' : 'P', '2.6', '', '', 'AL', 'NE', '', 'UNICODE UTF-8', '', '', PROFILE,
  ]
}

/** Present and empty for nobody: PID may be empty, not absent. */
function patient({ patient: owner }: Outbound): Hl7Segment {
  if (owner === null) return ['PID', '', '', '', '', '']
  const { family, given } = owner.name.reveal()
  const number = `${escapeHl7(owner.number)}^^^${escapeHl7(owner.authority)}^MR`
  return ['PID', '', '', number, '', `${escapeHl7(family)}^${escapeHl7(given)}^^^^^L`]
}

function visit({ bed }: Outbound): Hl7Segment {
  return ['PV1', '', 'I', (bed ?? '').split('^').map(escapeHl7).join('^')]
}

function order(set: number, code: string, from: Micros, to: Micros, out: Outbound, sender: Sender): Hl7Segment {
  const id = `${escapeHl7(out.controlId)}-${set}^${escapeHl7(sender.name)}^${sender.eui64}^EUI-64`
  return ['OBR', String(set), id, id, code, '', '', hl7Stamp(from), hl7Stamp(to)]
}

function numericOrder(numerics: readonly Numeric[], out: Outbound, sender: Sender): Hl7Segment[] {
  const times = numerics.map((numeric) => numeric.times.received)
  const rows = [monitorRow(out), ...containers(numerics.map((n) => placeOf(n.parameter))), ...numerics.map((n) => numericRow(n, out))]
  return [order(1, MONITORING, Math.min(...times), Math.max(...times), out, sender), ...rows.map(numbered)]
}

/** OBX-1 counts within an order. */
function numbered(row: Hl7Segment, index: number): Hl7Segment {
  return ['OBX', String(index + 1), ...row.slice(2)]
}

interface ObxParts {
  readonly type: string
  readonly code: string
  readonly sub: string
  readonly value?: string
  readonly unit?: string
  readonly range?: string
  readonly status?: string
  readonly result: 'R' | 'X'
  readonly time?: string
  readonly method?: string
  readonly equipment?: string
}

function obx(p: ObxParts): Hl7Segment {
  const tail = [p.time ?? '', '', '', p.method ?? '', p.equipment ?? '']
  while (tail.at(-1) === '') tail.pop()
  const row = ['OBX', '', p.type, p.code, p.sub, p.value ?? '', p.unit ?? '', p.range ?? '', p.status ?? '', '', '', p.result]
  return tail.length === 0 ? row : [...row, '', '', ...tail]
}

const mdcText = ({ code, refId }: MdcCode): string => `${code}^${refId}^MDC`

function monitorRow(out: Outbound): Hl7Segment {
  return obx({ type: '', code: mdcText(MDS), sub: '1.0.0.0', result: 'X', equipment: `${escapeHl7(out.device)}^${escapeHl7(out.model)}` })
}

/** Virtual devices and channels that have a code; the others are told apart by their numbers alone. */
function containers(places: readonly PlaceName[]): Hl7Segment[] {
  const rows = new Map<string, MdcCode>()
  for (const place of places) {
    const { vmd, channel } = PLACES[place]
    const { number, mdc } = VMDS[vmd]
    if (mdc !== null) rows.set(`1.${number}.0.0`, mdc)
    const type = CHANNEL_TYPES[place]
    if (type !== undefined) rows.set(`1.${number}.${channel}.0`, type)
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([sub, code]) => obx({ type: '', code: mdcText(code), sub, result: 'X' }))
}

function numericRow(numeric: Numeric, out: Outbound): Hl7Segment {
  const row = CODES[numeric.parameter]
  const status = numericStatus(numeric, out.trust)
  const { limits } = numeric
  return obx({
    type: 'NM', code: mdcText(row.mdc), sub: containment(numeric.parameter), value: valueText(numeric, status), unit: unitText(UNITS[row.unit]),
    range: limits === null ? '' : `${limits.low}-${limits.high}`, status: status.obx8, result: status.obx11, time: timeText(numeric),
    method: isNibp(numeric.parameter) ? '^APERIODIC' : '',
  })
}

function valueText(numeric: Numeric, status: OutStatus): string {
  const shown = shownNumber(numeric)
  return shown === null || status.obx11 === 'X' ? '' : String(shown)
}

function unitText({ mdc }: UnitRow): string {
  return mdcText(mdc)
}

/** On the gateway's clock in UTC; a stamp that nothing could compare stays the monitor's wall clock, without a zone. */
function timeText(numeric: Numeric): string {
  const at = measuredAt(numeric)
  return at === null ? wallStamp(numeric.times.device?.at ?? numeric.times.received) : hl7Stamp(at)
}

function waveOrder(waves: readonly Wave[], out: Outbound, sender: Sender, set: number): Hl7Segment[] {
  const spans = waves.map(waveSpan)
  const [from, to] = [Math.min(...spans.map((s) => s[0])), Math.max(...spans.map((s) => s[1]))]
  const rows = [monitorRow(out), ...containers(waves.map((w) => placeOf(w.channel))), ...waves.flatMap((wave) => waveRows(wave, out))]
  return [order(set, WAVEFORMS, from, to, out, sender), ...rows.map(numbered)]
}

/** Samples as they came. Their scale in mV or otherwise is not published, so the unit is dimensionless. */
function waveRows(wave: Wave, out: Outbound): Hl7Segment[] {
  const status = waveStatus(out.trust)
  const sub = containment(wave.channel)
  const samples = status.obx11 === 'X' ? '' : [...wave.samples].join('^')
  return [
    obx({
      type: 'NA', code: mdcText(WAVE_CODES[wave.channel].mdc), sub, value: samples, unit: unitText(UNITS.dimensionless), status: status.obx8,
      result: status.obx11, time: hl7Stamp(waveSpan(wave)[0]),
    }),
    obx({ type: 'NM', code: SAMPLE_RATE, sub: `${sub}.1`, value: String(wave.rate), unit: PER_SECOND, result: 'R' }),
  ]
}
