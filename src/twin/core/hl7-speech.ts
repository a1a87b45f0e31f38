// Hl7Speech: what a monitor says on TCP 511, as far as anyone knows: results without a patient, nobody acknowledges.
// Everything but the address and the port is inferred (facts/cms8000.md section 4): framing, version and segments are not public.

import { formatMicros, type Micros } from '../../base/time.ts'
import { encodeHl7, HL7_USUAL_ENCODING, HL7_USUAL_SEPARATOR, type Hl7Segment } from '../../protocols/hl7/message.ts'
import type { Monitor } from './cast.ts'
import type { Speech, SpeechEvent } from './line.ts'
import type { WardOptions } from './options.ts'
import type { ImaginaryPatient, Vitals } from './waveform.ts'

/** A message every so many telemetry cycles; made up. */
const CYCLES_PER_MESSAGE = 5
/** Message control ids run from 1 to this, then start again. */
const CONTROL_ID_MAX = 999_999

type Observation = readonly [code: string, name: keyof Vitals, unit: string, range: string]

/** OBX rows in the shape the closest OEM sends (facts section 4, Comen): number^name, value, unit, normal range. */
const OBSERVATIONS: readonly Observation[] = [
  ['40^HR', 'heartRate', 'bpm', '50-120'],
  ['44^PR', 'heartRate', 'bpm', '50-120'],
  ['188^SPO2', 'spo2', '%', '90-100'],
  ['92^RR', 'respirationRate', 'rpm', '8-30'],
  ['100^T1', 'temperature1', 'C', '36-39'],
]

/** A stream of ORU^R01 2.4 in MLLP, one message per CYCLES_PER_MESSAGE cycles. `patient` must be this stream's own. */
export function hl7Speech(monitor: Monitor, patient: ImaginaryPatient, options: WardOptions): Speech {
  let controlId = 0
  return {
    periodMicros: options.cyclePeriodMicros * CYCLES_PER_MESSAGE,
    jitterMicros: options.jitterMicros,
    greeting: () => null,
    next: (): SpeechEvent => 'cycle-due',
    say(_event: SpeechEvent, at: Micros): Uint8Array {
      // The same seed and as many steps as the telemetry's patient takes: both streams tell of one body.
      for (let i = 0; i < CYCLES_PER_MESSAGE; i++) patient.drift()
      controlId = (controlId % CONTROL_ID_MAX) + 1
      return encodeHl7(resultMessage(monitor, patient.vitals(), controlId, at))
    },
  }
}

/** MSH, OBR, OBX; no PID, because the stream is told to be anonymised (facts section 4). */
function resultMessage(monitor: Monitor, vitals: Vitals, controlId: number, at: Micros): Hl7Segment[] {
  const time = formatMicros(at).replaceAll(/\D/g, '').slice(0, 14)
  const place = `BED${String(monitor.bed).padStart(2, '0')}`
  return [
    ['MSH', HL7_USUAL_SEPARATOR, HL7_USUAL_ENCODING, 'MONITOR', place, 'HL7', 'WARD4', time, '', 'ORU^R01', String(controlId), 'P', '2.4'],
    ['OBR', '1', '', '', 'VITALS', '', '', time],
    ...OBSERVATIONS.map((row, i) => observation(row, i + 1, vitals)),
  ]
}

/** OBX-11 F: a final result. */
function observation([code, name, unit, range]: Observation, setId: number, vitals: Vitals): Hl7Segment {
  return ['OBX', String(setId), 'NM', code, '', String(vitals[name]), unit, range, '', '', '', 'F']
}
