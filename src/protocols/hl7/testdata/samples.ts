// Sample HL7 messages for the tests: one admission with the canary in every patient field, one result, and generators.
// Keeps the rule that test patients are ZZTEST^CANARY with obviously fake data; imported by tests only.

import { HL7_PATIENT_SEGMENTS, isPatientField } from '../codes.ts'
import { HL7_USUAL_ENCODING, HL7_USUAL_SEPARATOR, type Hl7Segment } from '../message.ts'

export const CANARY = 'ZZTEST^CANARY'

/** MSH of the sample messages; nothing of the canary in it. */
export function header(messageType: string, version = '2.6'): Hl7Segment {
  return [
    'MSH', HL7_USUAL_SEPARATOR, HL7_USUAL_ENCODING, 'MONITOR^00A0370000000001^EUI-64', 'ICU', 'GATEWAY', 'HOSPITAL', '20010203040506', '',
    messageType, 'MSG00001', 'T', version,
  ]
}

/** Fields that HL7_PATIENT_SEGMENTS may name are below this number (PV1-52, IN2-72). */
const FIELDS_MAX = 72

/** Every patient segment with the canary in each field, listed or not. */
export const CANARY_SEGMENTS: readonly Hl7Segment[] = HL7_PATIENT_SEGMENTS.map((row) => [
  row.segment, ...Array.from({ length: FIELDS_MAX }, (_, i) => (isDeviceField(row.segment, i + 1) ? '' : CANARY)),
])

/** Fields whose text leaves by design: nothing is planted there. */
function isDeviceField(segment: string, field: number): boolean {
  return (segment === 'PRT' && [10, 16, 20].includes(field)) || (segment === 'OBX' && field === 18)
}

/** What a reading of CANARY_SEGMENTS must name, sorted as facts are. */
export const CANARY_FIELDS: readonly string[] = HL7_PATIENT_SEGMENTS.flatMap((row) => (
  Array.from({ length: FIELDS_MAX }, (_, i) => i + 1)
    .filter((field) => isPatientField(row, field) && !isDeviceField(row.segment, field))
    .map((field) => `${row.segment}-${field}`)
)).sort()

export const ADMISSION: readonly Hl7Segment[] = [
  header('ADT^A01^ADT_A01'),
  ['EVN', 'A01', '20010203040506'],
  ['PID', '1', '', 'ZZTEST-000000^^^HOSP^MR', '', CANARY, '', '19010101', 'O', '', '', '1 ZZTEST ST^^NOWHERE'],
  ['NK1', '1', 'ZZTEST^RELATIVE', 'SIS'],
  ['PV1', '1', 'I', 'ICU^^7'],
  ['AL1', '1', 'DA', 'ZZTEST ALLERGY'],
]

/** A result as a monitor behind a gateway sends it: no patient admitted, one device named. */
export const RESULT: readonly Hl7Segment[] = [
  header('ORU^R01^ORU_R01'),
  ['PID', '', '', '^^^Hospital^PI', '', '^^^^^^L'],
  ['PV1', '', 'I'],
  ['OBR', '1', '1914^MONITOR', '1914^MONITOR', '182777000^monitoring of patient^SCT', '', '', '20010203040506'],
  [
    'OBX', '1', 'NM', '150456^MDC_PULS_OXIM_SAT_O2^MDC', '1.3.1.150456', '99', '262688^MDC_DIM_PERCENT^MDC', '', '', '', '', 'R',
    '', '', '20010203040506', '', '', '', '00A0370000000001^MONITOR^00A0370000000001^EUI-64',
  ],
]

export const ACKNOWLEDGEMENT: readonly Hl7Segment[] = [
  [
    'MSH', HL7_USUAL_SEPARATOR, HL7_USUAL_ENCODING, 'GATEWAY', 'HOSPITAL', 'MONITOR', 'ICU', '20010203040507', '',
    'ACK', 'MSG00001', 'T', '2.6',
  ],
  ['MSA', 'AA', 'MSG00001'],
]

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function glued(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
