// Code table: each parameter and channel in the nomenclatures of the hospital: ISO/IEEE 11073-10101 (MDC), LOINC and UCUM.
// Keeps the rule that a code is data with a source: what nobody could look up keeps its `confirm` mark, and table.test.ts runs the arithmetic.

import type { Channel, Parameter } from '../intake/reading.ts'

/** Partitions of ISO/IEEE 11073-10101 used here: a code is partition * 65536 + term. */
export const Partition = { object: 1, metric: 2, event: 3, dimension: 4, external: 258 } as const
export const PARTITION_SIZE = 0x1_0000

export interface MdcCode {
  readonly code: number
  readonly refId: string
  readonly partition: number
  /** The term as the nomenclature prints it. Independent of `code`: the test multiplies. */
  readonly term: number
}

export interface UnitRow {
  readonly mdc: MdcCode
  readonly ucum: string
  /** What a nurse reads. */
  readonly shown: string
}

const mdc = (code: number, refId: string, partition: number, term: number): MdcCode => ({ code, refId, partition, term })
const metric = (code: number, refId: string, term: number): MdcCode => mdc(code, refId, Partition.metric, term)
const unit = (code: number, refId: string, term: number, ucum: string, shown: string): UnitRow => (
  { mdc: mdc(code, refId, Partition.dimension, term), ucum, shown }
)

/** Units (facts gateway B). UCUM is the only coding allowed in a FHIR quantity; the MDC one goes to DeviceMetric.unit and OBX-6. */
export const UNITS = {
  beats: unit(264864, 'MDC_DIM_BEAT_PER_MIN', 0x0aa0, '/min', '/min'),
  breaths: unit(264928, 'MDC_DIM_RESP_PER_MIN', 0x0ae0, '/min', '/min'),
  percent: unit(262688, 'MDC_DIM_PERCENT', 0x0220, '%', '%'),
  mmHg: unit(266016, 'MDC_DIM_MMHG', 0x0f20, 'mm[Hg]', 'mmHg'),
  celsius: unit(268192, 'MDC_DIM_DEGC', 0x17a0, 'Cel', '\u00b0C'),
  millivolt: unit(266418, 'MDC_DIM_MILLI_VOLT', 0x10b2, 'mV', 'mV'),
  dimensionless: unit(262656, 'MDC_DIM_DIMLESS', 0x0200, '1', ''),
} as const
export type UnitName = keyof typeof UNITS

/** `confirm` says who has to look it up before the code is claimed: the row is then not sent as LOINC. */
export interface LoincCode {
  readonly code: string
  readonly display: string
  readonly confirm: string | null
}

export interface CodeRow {
  readonly mdc: MdcCode
  /** Other codes of the same quantity met on the wire: read, never written. */
  readonly alsoRead: readonly MdcCode[]
  readonly unit: UnitName
  /** Demanded by the FHIR vital-signs profiles; null where none exists. */
  readonly loinc: LoincCode | null
  /** A second, more specific coding. */
  readonly specific: LoincCode | null
  readonly isVitalSign: boolean
  /** Where the row comes from (facts gateway B): T nomenclature export, P PoCD examples, H PHD, W wire, V vital-signs value set, C, X weak. */
  readonly source: string
  readonly remark: string | null
  /** Containment: virtual device and channel (OBX-4 and the FHIR device tree). */
  readonly place: PlaceName
}

const loinc = (code: string, display: string, confirm: string | null = null): LoincCode => ({ code, display, confirm })

/** Virtual devices and channels: OBX-4 numbers are MDS.VMD.CHAN.METRIC, ours and stable. */
export const PLACES = {
  heart: { vmd: 'ecg', channel: 1 },
  ecgWave: { vmd: 'ecg', channel: 2 },
  breath: { vmd: 'resp', channel: 1 },
  oximeter: { vmd: 'spo2', channel: 1 },
  cuff: { vmd: 'nibp', channel: 1 },
  probe1: { vmd: 'temp', channel: 1 },
  probe2: { vmd: 'temp', channel: 2 },
  probes: { vmd: 'temp', channel: 3 },
} as const
export type PlaceName = keyof typeof PLACES

export const VMDS = {
  ecg: { number: 1, mdc: mdc(69798, 'MDC_DEV_ECG_VMD', Partition.object, 4262), title: 'ECG' },
  resp: { number: 2, mdc: mdc(70666, 'MDC_DEV_ECG_RESP_VMD', Partition.object, 5130), title: 'Respiration' },
  spo2: { number: 3, mdc: null, title: 'Pulse oximetry' },
  nibp: { number: 4, mdc: mdc(70686, 'MDC_DEV_PRESS_BLD_NONINV_VMD', Partition.object, 5150), title: 'Non-invasive blood pressure' },
  temp: { number: 5, mdc: null, title: 'Temperature' },
} as const
export type VmdName = keyof typeof VMDS

/** Channel device types with a known code; the others carry a text only. */
export const CHANNEL_TYPES: Partial<Record<PlaceName, MdcCode>> = {
  heart: mdc(70739, 'MDC_DEV_CARD_RATE_CHAN', Partition.object, 5203),
  ecgWave: mdc(69799, 'MDC_DEV_ECG_CHAN', Partition.object, 4263),
  cuff: mdc(70687, 'MDC_DEV_PRESS_BLD_NONINV_CHAN', Partition.object, 5151),
}

/** The whole monitor. */
export const MDS = mdc(69965, 'MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS', Partition.object, 4429)
/** Parent codes: a cuff measurement as a group, an ECG of several leads. */
export const NIBP_GROUP = metric(150020, 'MDC_PRESS_BLD_NONINV', 0x4a04)
export const ECG_GROUP = metric(131328, 'MDC_ECG_ELEC_POTL', 0x0100)
export const NIBP_PANEL = loinc('85354-9', 'Blood pressure panel with all children optional')
export const ALARM_EVENT = mdc(196616, 'MDC_EVT_ALARM', Partition.event, 8)

const PLAIN = { alsoRead: [], loinc: null, specific: null, isVitalSign: false, remark: null } as const
const LOOKUP = 'confirm at loinc.org: public code tables disagree'

/** One row per numeric (facts gateway B). */
export const CODES: Readonly<Record<Parameter, CodeRow>> = {
  hr: {
    ...PLAIN, mdc: metric(147842, 'MDC_ECG_HEART_RATE', 0x4182), alsoRead: [metric(147842, 'MDC_ECG_CARD_BEAT_RATE', 0x4182)],
    unit: 'beats', loinc: loinc('8867-4', 'Heart rate'), specific: loinc('76282-3', 'Heart rate.beat-to-beat by EKG', LOOKUP),
    isVitalSign: true, source: 'T P W V', place: 'heart',
  },
  pr: {
    ...PLAIN, mdc: metric(149530, 'MDC_PULS_OXIM_PULS_RATE', 0x481a), unit: 'beats', loinc: loinc('8867-4', 'Heart rate'),
    specific: loinc('8889-8', 'Heart rate by Pulse oximetry', 'confirm at loinc.org: public code mislabels it as palpation, rhythm or ECG'),
    isVitalSign: true, source: 'T H W', remark: 'the same LOINC as heart rate: many to one is expected', place: 'oximeter',
  },
  rr: {
    ...PLAIN, mdc: metric(151578, 'MDC_TTHOR_RESP_RATE', 0x501a), alsoRead: [metric(151562, 'MDC_RESP_RATE', 0x500a)],
    unit: 'breaths', loinc: loinc('9279-1', 'Respiratory rate'), specific: loinc('76270-8', 'Respiratory rate by impedance', LOOKUP),
    isVitalSign: true, source: 'T W V', place: 'breath',
  },
  spo2: {
    ...PLAIN, mdc: metric(150456, 'MDC_PULS_OXIM_SAT_O2', 0x4bb8), unit: 'percent',
    loinc: loinc('2708-6', 'Oxygen saturation in Arterial blood'),
    specific: loinc('59408-5', 'Oxygen saturation in Arterial blood by Pulse oximetry'), isVitalSign: true, source: 'T H W V', place: 'oximeter',
  },
  'nibp-sys': pressure(150021, 'SYS', 0x4a05, loinc('8480-6', 'Systolic blood pressure'), '76534-7'),
  'nibp-dia': pressure(150022, 'DIA', 0x4a06, loinc('8462-4', 'Diastolic blood pressure'), '76535-4'),
  'nibp-mean': pressure(150023, 'MEAN', 0x4a07, loinc('8478-0', 'Mean blood pressure'), '76536-2'),
  t1: temperature('probe1'),
  t2: temperature('probe2'),
  td: {
    ...PLAIN, mdc: metric(188440, 'MDC_TEMP_DIFF', 0xe018), unit: 'celsius', source: 'W', place: 'probes',
    remark: 'a difference: never stored as a body temperature; confirm in RTMMS',
  },
  st1: stLevel(131841, 'I', 0x0301),
  st2: stLevel(131842, 'II', 0x0302),
  st3: stLevel(131901, 'III', 0x033d),
  pvc: {
    ...PLAIN, mdc: metric(148066, 'MDC_ECG_V_P_C_RATE', 0x4262), unit: 'beats', source: 'T W', place: 'heart',
    remark: 'a count would be 148065 MDC_ECG_V_P_C_CNT without /min',
  },
}

/** Two families are on the wire, CUFF and NONINV: both are read, NONINV is written. */
function pressure(code: number, name: string, term: number, required: LoincCode, specific: string): CodeRow {
  return {
    ...PLAIN, mdc: metric(code, `MDC_PRESS_BLD_NONINV_${name}`, term), alsoRead: [metric(code + 280, `MDC_PRESS_CUFF_${name}`, term + 280)],
    unit: 'mmHg', loinc: required, specific: loinc(specific, 'by Noninvasive', LOOKUP), isVitalSign: true, source: 'T P C', place: 'cuff',
  }
}

/** Site unknown: the generic code, told apart by channel. LOINC 8310-5 says body temperature, which a probe of unknown site is not. */
function temperature(place: PlaceName): CodeRow {
  return {
    ...PLAIN, mdc: metric(150344, 'MDC_TEMP', 0x4b48), unit: 'celsius', source: 'T W', place,
    remark: 'the site is not known and never guessed; LOINC 8310-5 only when somebody states it is a body temperature',
  }
}

/** Not sent while the lead is not known (facts gateway B). */
function stLevel(code: number, lead: string, term: number): CodeRow {
  return {
    ...PLAIN, mdc: metric(code, `MDC_ECG_AMPL_ST_${lead}`, term), unit: 'millivolt', source: 'W', place: 'heart',
    remark: 'the lead must be known, else it is not sent',
  }
}

export interface WaveCodeRow {
  readonly mdc: MdcCode
  readonly unit: UnitName
  readonly place: PlaceName
}

/** Channels; that ECG 1 to 3 are leads I, II and III is inferred, so they are sent only when somebody states it. */
export const WAVE_CODES: Readonly<Record<Channel, WaveCodeRow>> = {
  ecg1: { mdc: metric(131329, 'MDC_ECG_ELEC_POTL_I', 0x0101), unit: 'millivolt', place: 'ecgWave' },
  ecg2: { mdc: metric(131330, 'MDC_ECG_ELEC_POTL_II', 0x0102), unit: 'millivolt', place: 'ecgWave' },
  ecg3: { mdc: metric(131389, 'MDC_ECG_ELEC_POTL_III', 0x013d), unit: 'millivolt', place: 'ecgWave' },
  resp: { mdc: metric(151780, 'MDC_IMPED_TTHOR', 0x50e4), unit: 'dimensionless', place: 'breath' },
  pleth: { mdc: metric(150452, 'MDC_PULS_OXIM_PLETH', 0x4bb4), unit: 'dimensionless', place: 'oximeter' },
}

const BY_CODE: ReadonlyMap<number, Parameter> = new Map((Object.entries(CODES) as [Parameter, CodeRow][])
  .filter(([parameter]) => parameter !== 't2')
  .flatMap(([parameter, row]) => [row.mdc, ...row.alsoRead].map((code): [number, Parameter] => [code.code, parameter])))

/** The parameter of an MDC code. A temperature without more is the first probe. */
export function parameterOfMdc(code: number): Parameter | null {
  return BY_CODE.get(code) ?? null
}

/** Whether a reference id is one of those the code is known under: wrong pairs are common on the wire (facts gateway B, rule 3). */
export function isRefIdOf(parameter: Parameter, code: number, refId: string): boolean {
  const row = CODES[parameter]
  return [row.mdc, ...row.alsoRead].some((known) => known.code === code && known.refId === refId)
}
