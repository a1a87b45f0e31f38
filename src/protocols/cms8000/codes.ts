// CMS8000 numbers: message types, sub-types, lengths and byte offsets, with how sure we are of each.
// Keeps the rule that a layout is a table: decode and encode read the same offsets. Marks as in README: C2, C1, D, I.

/** Message type at frame offset 3 (facts cms8000 2.1). */
export const CmsType = {
  /** [C1] Patient and admission record: the only message with direct identifiers. */
  patient: 0x3e,
  /** [C1] Empty; taken for a greeting [I]. */
  hello: 0x43,
  /** [C1] Bed number announcement. */
  bed: 0x45,
  /** [C2] Telemetry block, told apart by sub-type. */
  telemetry: 0x46,
  /** [C2] Present in both implementations; that it closes an update cycle is [I]. */
  cycleEnd: 0x47,
  /** [C2] Technical status text. */
  status: 0x49,
} as const
export type CmsType = (typeof CmsType)[keyof typeof CmsType]

/** Sub-type: u16 at body + 2 of a 0x46 message (facts cms8000 2.3), all [C2] but the layout of 0x14 beyond the samples. */
export const CmsSubtype = { ecg: 0x14, spo2: 0x15, nibp: 0x16, temperature: 0x17 } as const
export type CmsSubtype = (typeof CmsSubtype)[keyof typeof CmsSubtype]

/** [C2] Constant byte at frame offset 2 of every message. */
export const CMS_MARK = 0x05
/** Bytes of header before the body: u16 length, mark, type. */
export const CMS_HEADER_BYTES = 4
/** Bytes the length counts besides the body: mark and type. */
export const CMS_LENGTH_MIN = 2
/** [C1] The larger of the two known receivers refuses more than 8000 (facts cms8000 2); real frames stay near 1.1 kB [I]. */
export const CMS_LENGTH_MAX = 8000
/** Longest frame on the wire: the length field itself is not counted in L. Bounds every buffer here. */
export const CMS_FRAME_MAX = CMS_LENGTH_MAX + 2
/** [I] Longest status text believed when looking for a frame start: a monitor's status line, with room to spare. */
export const CMS_STATUS_LENGTH_MAX = 512
/** [I] Distinct keys kept in the totals; nine are known, the rest is room for newer firmware, closed to an attacker. */
export const CMS_TOTAL_KEYS_MAX = 64

/** L a type must have to be believed; used to judge a frame start, not to reject a frame inside a stream. */
export interface CmsTypeRow {
  readonly type: CmsType
  readonly name: string
  readonly lengthMin: number
  readonly lengthMax: number
}

export const CMS_TYPES: readonly CmsTypeRow[] = [
  { type: CmsType.patient, name: 'patient record', lengthMin: 0xaf, lengthMax: CMS_LENGTH_MAX },
  { type: CmsType.hello, name: 'hello', lengthMin: 2, lengthMax: 2 },
  { type: CmsType.bed, name: 'bed number', lengthMin: 6, lengthMax: 6 },
  { type: CmsType.telemetry, name: 'telemetry', lengthMin: 0x25, lengthMax: CMS_LENGTH_MAX },
  { type: CmsType.cycleEnd, name: 'end of cycle', lengthMin: 2, lengthMax: 2 },
  { type: CmsType.status, name: 'status text', lengthMin: 3, lengthMax: CMS_STATUS_LENGTH_MAX },
]

/** Shortest body that holds every named field of a sub-type; zero padding after it may be longer or absent. */
export interface CmsSubtypeRow {
  readonly subtype: CmsSubtype
  readonly name: string
  readonly bodyMin: number
}

export const CMS_SUBTYPES: readonly CmsSubtypeRow[] = [
  { subtype: CmsSubtype.ecg, name: 'ECG and respiration', bodyMin: 0x3d3 },
  { subtype: CmsSubtype.spo2, name: 'SpO2 and pleth', bodyMin: 0x114 },
  { subtype: CmsSubtype.nibp, name: 'NIBP', bodyMin: 0x23 },
  { subtype: CmsSubtype.temperature, name: 'temperature', bodyMin: 0x2e },
]

export function cmsTypeRow(type: number): CmsTypeRow | undefined {
  return CMS_TYPES.find((row) => row.type === type)
}

export function cmsSubtypeRow(subtype: number): CmsSubtypeRow | undefined {
  return CMS_SUBTYPES.find((row) => row.subtype === subtype)
}

/** Body offsets of 0x3E (facts cms8000 2.2), all [C1]; `unnamed78` and `unnamed8b` have no known meaning. */
export const PatientAt = {
  department: 0x00,
  /** Two bytes seen as zero. */
  zero20: 0x20,
  bed: 0x22,
  name: 0x23,
  number: 0x43,
  admission: 0x63,
  /** Six bytes seen as zero. */
  zero6e: 0x6e,
  /** u16, unit 0.1 cm. */
  height: 0x74,
  /** u16, unit 0.1 kg. */
  weight: 0x76,
  unnamed78: 0x78,
  birth: 0x7c,
  unnamed8b: 0x8b,
  bloodType: 0x8c,
  doctor: 0x8d,
  end: 0xad,
} as const
/** Bytes of each NUL-padded text field of 0x3E. */
export const PATIENT_TEXT_BYTES = 32
/** Year, month and day as ASCII decimals with a NUL each: 5, 3 and 3 bytes. */
export const PATIENT_DATE_BYTES = 11

/** Body offsets of 46/14 (facts cms8000 2.3). Samples [C1]; rates as i16 [D][I]; floats as ST [D][I]; triples [C1]. */
export const EcgAt = {
  ecg1: 0x004,
  ecg2: 0x104,
  ecg3: 0x204,
  resp: 0x304,
  heartRate: 0x384,
  respRate: 0x386,
  st: 0x388,
  /** 15 bytes nobody has named. */
  unnamed394: 0x394,
  heartRateLimits: 0x3a3,
  respRateLimits: 0x3a9,
  stLimits: 0x3af,
  pvcLimits: 0x3cd,
  end: 0x3d3,
} as const
export const ECG_SAMPLES = 256
export const RESP_SAMPLES = 128

/** Body offsets of 46/15: values [C2], triples [C1], eight bytes of padding [I]. */
export const Spo2At = { pleth: 0x004, spo2: 0x104, pulse: 0x106, spo2Limits: 0x108, pulseLimits: 0x10e, end: 0x114 } as const
export const PLETH_SAMPLES = 256
export const SPO2_PADDING_BYTES = 8

/** Body offsets of 46/16: pressures [C2], time and triples [C1]. */
export const NibpAt = {
  time: 0x04,
  systolic: 0x0b,
  diastolic: 0x0d,
  mean: 0x0f,
  systolicLimits: 0x11,
  diastolicLimits: 0x17,
  meanLimits: 0x1d,
  end: 0x23,
} as const

/** Body offsets of 46/17: T1 [C2], the rest [C1]. */
export const TemperatureAt = {
  t1: 0x04,
  t2: 0x08,
  difference: 0x0c,
  t1Limits: 0x10,
  t2Limits: 0x1a,
  differenceLimits: 0x24,
  end: 0x2e,
} as const

/** What counts as a reading; anything else is none (facts cms8000 2.3: negative or out of range). All bounds [I], wide on purpose. */
export interface CmsRange {
  readonly min: number
  readonly max: number
}
export const HEART_RATE_RANGE: CmsRange = { min: 0, max: 350 }
export const RESP_RATE_RANGE: CmsRange = { min: 0, max: 200 }
export const SPO2_RANGE: CmsRange = { min: 0, max: 100 }
/** ST in mV; the sibling protocol writes -1000 for none [D]. */
export const ST_RANGE: CmsRange = { min: -20, max: 20 }
/** mmHg; 0 is taken as "not measured yet". */
export const PRESSURE_RANGE: CmsRange = { min: 1, max: 400 }
/** Degrees C. Fahrenheit values fall outside, so a value of unknown unit is never shown as Celsius. */
export const TEMPERATURE_RANGE: CmsRange = { min: 10, max: 50 }
export const TEMPERATURE_DIFFERENCE_RANGE: CmsRange = { min: -40, max: 40 }

/** Written by the encoders where there is no reading: -1 for an i16 [D], -1000 for a float [D], 0 for a pressure [I]. */
export const MISSING_I16 = -1
export const MISSING_FLOAT = -1000
export const MISSING_PRESSURE = 0

/** Key of a type in the totals: `3e`, `46/14`. `subtype` -1 when the type has none. */
export function cmsKey(type: number, subtype: number): string {
  const head = type.toString(16).padStart(2, '0')
  return subtype < 0 ? head : `${head}/${subtype.toString(16).padStart(2, '0')}`
}
