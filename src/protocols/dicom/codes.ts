// DICOM numbers and names: PDU, item and command types, results and reasons, service classes; and the bounds of the reader.
// Keeps the rule that a number nobody listed survives as a number; sources are PS3.8 section 9.3, PS3.7 annexes C, D and E, PS3.6 annex A.

/** PDU types (PS3.8 table 9-11 and the like: the first byte of each PDU). */
export const DicomPdu = {
  associateRequest: 1, associateAccept: 2, associateReject: 3, data: 4, releaseRequest: 5, releaseReply: 6, abort: 7,
} as const

/** Type, reserved byte, length in four bytes, big endian (PS3.8 section 9.3.1). */
export const DICOM_HEAD_BYTES = 6
/** Body of A-ASSOCIATE-RJ, A-RELEASE and A-ABORT (PS3.8 tables 9-21, 9-24 to 9-26). */
export const DICOM_SHORT_BODY_BYTES = 4
/** Version, reserved, two AE titles of 16 and 32 reserved bytes stand before the items (PS3.8 table 9-11). */
export const DICOM_ASSOCIATE_FIXED_BYTES = 68
/** An AE title is 16 characters (PS3.5 table 6.2-1), an implementation version name too (PS3.7 table D.3-3). */
export const DICOM_AE_CHARS_MAX = 16
/** A UID has at most 64 characters (PS3.5 section 9.1). */
export const DICOM_UID_CHARS_MAX = 64
/**
 * Items of an A-ASSOCIATE that are read: 128 contexts, each with a long abstract syntax and a dozen transfer syntaxes, need some 60 KiB
 * (the largest of the shared captures has 16.5 KiB). What comes behind is skipped by length and told as a fault.
 */
export const DICOM_ASSOCIATE_BYTES_MAX = 64 * 1024
/** An association that claims more is none: items have lengths of two bytes, and there are at most 128 contexts and a user item. */
export const DICOM_ASSOCIATE_LENGTH_MAX = 1024 * 1024
/** Identifiers of presentation contexts are odd numbers from 1 to 255 (PS3.8 section 9.3.2.2). */
export const DICOM_CONTEXTS_MAX = 128
/** Transfer syntaxes told per context: PS3.6 table A-1 lists some sixty; real senders propose below 20. */
export const DICOM_TRANSFERS_MAX = 24
/**
 * Longest P-DATA-TF that is believed. The length is agreed on and may be unlimited (PS3.8 section D.1); implementations send up to some
 * 16 MiB. Above it the bytes are no PDU.
 */
export const DICOM_PDU_BYTES_MAX = 128 * 1024 * 1024
/** A command set is some ten short elements, below 300 bytes; lists of attribute tags may make it longer (PS3.7 annex E). */
export const DICOM_COMMAND_BYTES_MAX = 4096
/** Kinds of operation told per flow: an association has one service, a busy archive's a dozen. */
export const DICOM_OPERATIONS_MAX = 64
/** Command and status pairs counted apart per flow: statuses of one service are below 20 (PS3.4). */
export const DICOM_COUNTS_MAX = 128
/** Faults told per flow. */
export const DICOM_FAULTS_MAX = 32

/** Items of an association (PS3.8 sections 9.3.2 and D.1, PS3.7 section D.3.3). */
export const DicomItem = {
  applicationContext: 0x10, contextProposed: 0x20, contextAnswered: 0x21, abstractSyntax: 0x30, transferSyntax: 0x40, user: 0x50,
  lengthMax: 0x51, implementationClass: 0x52, implementationVersion: 0x55, userIdentity: 0x58,
} as const

/** Message control header (PS3.8 section E.2): bit 0 says command, bit 1 last fragment; the others are zero. */
export const DicomFragment = { command: 1, last: 2, bitsMax: 3 } as const

/** Why bytes of a flow are wrong: the fixed words of the fact. */
export type DicomFault =
  /** No PDU type where one must stand; the next PDU is looked for. */
  | 'pdu-type'
  /** A length that its PDU type cannot have. */
  | 'pdu-length'
  /** A presentation data value longer than its PDU, or with bits that do not exist. */
  | 'data-value'
  /** Items of an association that overrun it. */
  | 'association-items'
  /** An association above DICOM_ASSOCIATE_BYTES_MAX: its beginning is told. */
  | 'association-too-long'
  /** A command set above DICOM_COMMAND_BYTES_MAX: its beginning is read. */
  | 'command-too-long'
  /** A command set without a command field, or whose elements overrun it. */
  | 'command-set'
  /** Bytes were lost and the next PDU had to be looked for. */
  | 'lost-bytes'

/** Result of one presentation context (PS3.8 table 9-18). */
const CONTEXT_RESULTS: readonly string[] = ['accepted', 'user-rejection', 'no-reason', 'abstract-syntax-not-supported', 'transfer-syntaxes-not-supported']

export function contextResultName(code: number): string {
  return CONTEXT_RESULTS[code] ?? `result-${code}`
}

/** Source and reason of a rejected association (PS3.8 table 9-21), as one number: source times 256 plus reason. */
const REJECT_REASONS: ReadonlyMap<number, string> = new Map([
  [0x101, 'no-reason-given'], [0x102, 'application-context-not-supported'], [0x103, 'calling-ae-title-not-recognized'],
  [0x107, 'called-ae-title-not-recognized'], [0x201, 'no-reason-given'], [0x202, 'protocol-version-not-supported'],
  [0x301, 'temporary-congestion'], [0x302, 'local-limit-exceeded'],
])

export function rejectReasonName(source: number, reason: number): string {
  return REJECT_REASONS.get(source * 256 + reason) ?? `source-${source}-reason-${reason}`
}

/** Who aborted and why (PS3.8 table 9-26): the user's abort has no reason. */
const ABORT_REASONS: readonly string[] = [
  'provider-not-specified', 'provider-unrecognized-pdu', 'provider-unexpected-pdu', 'provider-reason-3', 'provider-unrecognized-parameter',
  'provider-unexpected-parameter', 'provider-invalid-parameter',
]

export function abortReasonName(source: number, reason: number): string {
  if (source === 0) return 'user'
  return source === 2 ? ABORT_REASONS[reason] ?? `provider-reason-${reason}` : `source-${source}`
}

/** User identity (PS3.7 table D.3-14): how the requestor proves who it is; the proof itself is never read. */
const IDENTITY_KINDS: readonly string[] = ['none', 'user-name', 'user-name-and-passcode', 'kerberos', 'saml', 'json-web-token']

export function identityKindName(code: number): string {
  return IDENTITY_KINDS[code] ?? `type-${code}`
}

/** Command field (0000,0100) of a response is that of its request with this bit (PS3.7 section E.1). */
export const DICOM_RESPONSE_BIT = 0x8000
export const DICOM_CANCEL = 0x0fff

export const DicomCommand = {
  store: 0x0001, get: 0x0010, find: 0x0020, move: 0x0021, echo: 0x0030, eventReport: 0x0100, nGet: 0x0110, nSet: 0x0120, nAction: 0x0130,
  nCreate: 0x0140, nDelete: 0x0150,
} as const

const COMMAND_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0001, 'C-STORE'], [0x0010, 'C-GET'], [0x0020, 'C-FIND'], [0x0021, 'C-MOVE'], [0x0030, 'C-ECHO'], [0x0100, 'N-EVENT-REPORT'],
  [0x0110, 'N-GET'], [0x0120, 'N-SET'], [0x0130, 'N-ACTION'], [0x0140, 'N-CREATE'], [0x0150, 'N-DELETE'],
])

/** `C-STORE-RQ`, `C-STORE-RSP`, `C-CANCEL-RQ`; a command nobody defined keeps its number. */
export function commandName(field: number): string {
  if (field === DICOM_CANCEL) return 'C-CANCEL-RQ'
  const isKnown = COMMAND_NAMES.has(field & ~DICOM_RESPONSE_BIT)
  if (!isKnown) return operationName(field)
  return operationName(field & ~DICOM_RESPONSE_BIT) + ((field & DICOM_RESPONSE_BIT) === 0 ? '-RQ' : '-RSP')
}

/** `C-STORE` of a request's command field. */
export function operationName(field: number): string {
  return COMMAND_NAMES.get(field) ?? `command-${hex4(field)}`
}

/** Status (0000,0900) of a response in words of PS3.7 annex C, with its number where the number tells more. */
export function statusName(status: number): string {
  if (status === 0) return 'success'
  if (status === 0xff00 || status === 0xff01) return 'pending'
  if (status === 0xfe00) return 'cancelled'
  const isWarning = status === 1 || status === 0x0107 || status === 0x0116 || (status & 0xf000) === 0xb000
  return `${isWarning ? 'warning' : 'failure'}-${hex4(status)}`
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0')
}

/** What an abstract syntax is for, as far as the inventory needs it. */
export type DicomService =
  | 'verification' | 'storage' | 'worklist' | 'procedure-step' | 'commitment' | 'query' | 'print' | 'storage-other' | 'other'

/** Service classes by UID (PS3.6 table A-1); storage classes of images and waveforms are told by their prefix. */
const SERVICES: ReadonlyMap<string, DicomService> = new Map([
  ['1.2.840.10008.1.1', 'verification'],
  ['1.2.840.10008.1.20.1', 'commitment'],
  ['1.2.840.10008.3.1.2.3.3', 'procedure-step'], ['1.2.840.10008.3.1.2.3.4', 'procedure-step'], ['1.2.840.10008.3.1.2.3.5', 'procedure-step'],
  ['1.2.840.10008.5.1.1.1', 'print'], ['1.2.840.10008.5.1.1.2', 'print'], ['1.2.840.10008.5.1.1.4', 'print'], ['1.2.840.10008.5.1.1.4.1', 'print'],
  ['1.2.840.10008.5.1.1.9', 'print'], ['1.2.840.10008.5.1.1.14', 'print'], ['1.2.840.10008.5.1.1.15', 'print'],
  ['1.2.840.10008.5.1.1.16', 'print'], ['1.2.840.10008.5.1.1.18', 'print'],
  ['1.2.840.10008.5.1.4.31', 'worklist'],
  ['1.2.840.10008.5.1.4.1.2.1.1', 'query'], ['1.2.840.10008.5.1.4.1.2.1.2', 'query'], ['1.2.840.10008.5.1.4.1.2.1.3', 'query'],
  ['1.2.840.10008.5.1.4.1.2.2.1', 'query'], ['1.2.840.10008.5.1.4.1.2.2.2', 'query'], ['1.2.840.10008.5.1.4.1.2.2.3', 'query'],
  ['1.2.840.10008.5.1.4.1.2.3.1', 'query'], ['1.2.840.10008.5.1.4.1.2.3.2', 'query'], ['1.2.840.10008.5.1.4.1.2.3.3', 'query'],
])

const STORAGE_PREFIX = '1.2.840.10008.5.1.4.1.1.'
/** Storage of what people and workstations make of images: presentation states, reports, key objects (PS3.6 table A-1). */
const DERIVED_PREFIXES: readonly string[] = ['1.2.840.10008.5.1.4.1.1.11.', '1.2.840.10008.5.1.4.1.1.88.', '1.2.840.10008.5.1.4.1.1.104.']

export function serviceOf(uid: string): DicomService {
  const known = SERVICES.get(uid)
  if (known !== undefined) return known
  if (!uid.startsWith(STORAGE_PREFIX)) return 'other'
  return DERIVED_PREFIXES.some((prefix) => uid.startsWith(prefix)) ? 'storage-other' : 'storage'
}

/** Names of the classes a ward's devices use, for people; others are shown by their UID (PS3.6 table A-1). */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10008.1.1', 'Verification'], ['1.2.840.10008.1.20.1', 'Storage Commitment'], ['1.2.840.10008.5.1.4.31', 'Modality Worklist'],
  ['1.2.840.10008.3.1.2.3.3', 'Modality Performed Procedure Step'],
  [`${STORAGE_PREFIX}1`, 'Computed Radiography'], [`${STORAGE_PREFIX}1.1`, 'Digital X-Ray'], [`${STORAGE_PREFIX}1.2`, 'Digital Mammography'],
  [`${STORAGE_PREFIX}2`, 'CT'], [`${STORAGE_PREFIX}2.1`, 'Enhanced CT'], [`${STORAGE_PREFIX}3.1`, 'Ultrasound Multi-frame'],
  [`${STORAGE_PREFIX}4`, 'MR'], [`${STORAGE_PREFIX}4.1`, 'Enhanced MR'], [`${STORAGE_PREFIX}6.1`, 'Ultrasound'],
  [`${STORAGE_PREFIX}7`, 'Secondary Capture'], [`${STORAGE_PREFIX}9.1.1`, '12-lead ECG Waveform'], [`${STORAGE_PREFIX}9.1.2`, 'General ECG Waveform'],
  [`${STORAGE_PREFIX}9.2.1`, 'Hemodynamic Waveform'], [`${STORAGE_PREFIX}12.1`, 'X-Ray Angiographic'], [`${STORAGE_PREFIX}12.2`, 'X-Ray Radiofluoroscopic'],
  [`${STORAGE_PREFIX}20`, 'Nuclear Medicine'], [`${STORAGE_PREFIX}77.1.1`, 'VL Endoscopic'], [`${STORAGE_PREFIX}77.1.4`, 'VL Photographic'],
  [`${STORAGE_PREFIX}104.1`, 'Encapsulated PDF'], [`${STORAGE_PREFIX}128`, 'PET'], [`${STORAGE_PREFIX}481.1`, 'RT Image'],
])

/** `CT` for `1.2.840.10008.5.1.4.1.1.2`; the UID itself where there is no name. */
export function className(uid: string): string {
  return NAMES.get(uid) ?? uid
}
