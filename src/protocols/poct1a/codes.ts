// POCT1-A numbers and names: messages, the device elements that may leave, the elements that hold a patient, and the bounds of the reader.
// Keeps the rule that what may be said of a patient is a table: an element's name, never its value. Source: CLSI POCT01-A2, appendix B.

/** Longest element or attribute name that is followed; those of the standard are below 40. */
export const POCT_NAME_MAX = 64
/** Device texts as they leave. */
export const POCT_TEXT_MAX = 64
/** Elements of one message: a list of ten thousand operators with ten elements each. Nothing of them is stored. */
export const POCT_ELEMENTS_MAX = 100_000
/** Different devices told per flow: one device dials, a concentrator speaks for several. */
export const POCT_DEVICES_MAX = 32
/** Faults told per flow. */
export const POCT_FAULTS_MAX = 32
/** Bytes before the first element: an XML declaration, a comment, a document type. */
export const POCT_PROLOGUE_BYTES_MAX = 512

/** Messages by the name of their root element (POCT01-A2 annex B), and `other` for roots of the same shape, `XXX.R01`. */
const MESSAGES: ReadonlySet<string> = new Set([
  'HEL.R01', 'DST.R01', 'OBS.R01', 'OBS.R02', 'EVS.R01', 'REQ.R01', 'DTV.R01', 'DTV.R02', 'OPL.R01', 'OPL.R02', 'PTL.R01', 'PTL.R02', 'ACK.R01',
  'EOT.R01', 'END.R01', 'ESC.R01', 'KPA.R01',
])
export const POCT_HELLO = 'HEL.R01'

export function isMessageName(name: string): boolean {
  return MESSAGES.has(name)
}

/** Where the beginning of a name may lead to a message's: for the probe. */
export function mayBecomeMessageName(start: string): boolean {
  for (const name of MESSAGES) if (name.startsWith(start)) return true
  return false
}

/** What a hello says of its device; attribute `V` of these elements leaves. */
export type PoctDeviceField = 'deviceId' | 'vendor' | 'model' | 'serial' | 'name' | 'hardware' | 'software'

const DEVICE_FIELDS: ReadonlyMap<string, PoctDeviceField> = new Map([
  ['DEV.device_id', 'deviceId'], ['DEV.vendor_id', 'vendor'], ['DEV.manufacturer_name', 'vendor'], ['DEV.model_id', 'model'], ['DEV.serial_id', 'serial'],
  ['DEV.device_name', 'name'], ['DEV.hw_version', 'hardware'], ['DEV.sw_version', 'software'],
])

export function deviceField(element: string): PoctDeviceField | undefined {
  return DEVICE_FIELDS.get(element)
}

/** Elements that say who a patient is or what was measured on one; local ones of the same objects are counted under the object's name. */
const PATIENT_ELEMENTS: ReadonlySet<string> = new Set([
  'PT.patient_id', 'PT.location', 'PT.name', 'PT.birth_date', 'PT.gender', 'PT.weight', 'PT.height', 'OBS.value', 'OBS.qualitative_value', 'NTE.text',
])

export function patientElement(element: string): string | null {
  if (PATIENT_ELEMENTS.has(element)) return element
  return element.startsWith('PT.') ? 'PT' : null
}

/** Answers of ACK.type_cd; some devices write ACK.type_id. */
const ACK_ELEMENTS: ReadonlySet<string> = new Set(['ACK.type_cd', 'ACK.type_id'])
const ACK_CODES: ReadonlySet<string> = new Set(['AA', 'AE', 'AR'])

export function isAckElement(element: string): boolean {
  return ACK_ELEMENTS.has(element)
}

export function ackCode(text: string): string {
  return ACK_CODES.has(text) ? text : '??'
}

/** Why bytes are wrong: the fixed words of the fact. */
export type PoctFault =
  /** A message began before the one before it ended, or the flow ended inside one. */
  | 'no-message-end'
  /** Above POCT_ELEMENTS_MAX. */
  | 'too-long'
  /** A loss inside a message. */
  | 'lost-bytes'
  /** A root element that is no message. */
  | 'other-root'

/** Part of an XML name here: letters, digits, dot, dash, underscore, colon. */
export function isNameByte(c: number): boolean {
  return (c >= 0x30 && c <= 0x3a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x2e || c === 0x2d || c === 0x5f
}

export function isSpaceByte(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d
}
