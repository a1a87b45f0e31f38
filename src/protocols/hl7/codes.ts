// HL7 v2 numbers and names: framing bytes, bounds, segment names, and the table of fields that hold patient data.
// Keeps the rule that what may be said of a patient is a table: a field number, never its text.

import { every, isDigit, isUpperCase, words } from '../../base/characters.ts'

/** MLLP start and end of block (HL7 v2 transport, minimal lower layer protocol), and the two line ends senders use. */
export const Hl7Byte = { startBlock: 0x0b, endBlock: 0x1c, cr: 0x0d, lf: 0x0a } as const

/** Longest message followed: a waveform or a scanned letter fits; a block that never ends does not. Nothing of it is stored. */
export const HL7_MESSAGE_BYTES_MAX = 1024 * 1024
/** MSH-3..6, 9, 12 as they leave: HD components of v2.8 are cut here (a name, an EUI-64 and its type need 45). */
export const HL7_HEADER_TEXT_MAX = 64
/** PRT-16 and OBX-18 as they leave: a full GS1 UDI carrier is below 100 characters. */
export const HL7_DEVICE_TEXT_MAX = 128
/** Device identifiers kept per message: one per module of a rack, with room. */
export const HL7_DEVICES_MAX = 32
/** Distinct segment names counted per message: v2.8 messages use below 40. */
export const HL7_SEGMENT_NAMES_MAX = 64
/** Patient fields named per message: the segments of HL7_PATIENT_SEGMENTS have some 700 in v2.9, and a few more in local use. */
export const HL7_FILLED_MAX = 2048
/** MSH-2 holds four characters, five since v2.7; some senders double the escape character. */
export const HL7_ENCODING_CHARACTERS_MAX = 8
/**
 * Messages per direction that are remembered for their answers: MLLP senders wait for each answer before the next message, so a
 * handful is open; an engine that does not wait has some dozens on the way.
 */
export const HL7_PENDING_MAX = 256
/** Pairs of direction and message type counted apart per flow: an engine's port sees below 20. */
export const HL7_TYPES_MAX = 64
/** Faults told per flow: enough to see what is wrong, closed to a sender that makes one every three bytes. */
export const HL7_FAULTS_MAX = 32
/**
 * Silence after which an unframed message that lacks its last line end may be followed by a new one at once:
 * bare senders send one message per write, seconds apart (facts cms8000 section 4).
 */
export const HL7_PAUSE_MICROS = 200_000

/** Segments that open a message, and those that only wrap messages in files and batches (HL7 v2 chapter 2, batch protocol). */
export const HL7_MESSAGE_HEADER = 'MSH'
/** MSH-2, the encoding characters. */
export const HL7_ENCODING_FIELD = 2
export const HL7_BATCH_SEGMENTS: readonly string[] = ['FHS', 'BHS', 'BTS', 'FTS']

/** Why a message, or bytes around one, are malformed: the fixed words of the fact. */
export type Hl7Fault =
  /** MSH-2 is missing or holds letters, digits or blanks. */
  | 'encoding-characters'
  /** MSH-9 is empty or was cut off: no reader could route it. */
  | 'no-message-type'
  /** An MLLP block that does not begin with MSH or a batch header. */
  | 'no-header'
  /** A block that ended without 0x1C. The message before it is told all the same. */
  | 'no-end-block'
  /** Longer than HL7_MESSAGE_BYTES_MAX. */
  | 'too-long'
  /** Bytes of the message were lost. */
  | 'lost-bytes'
  /** Bytes between messages that are neither. */
  | 'out-of-frame'

/** Name under which segments are counted that no HL7 version knows: a line of free text may look like one, so its letters stay inside. */
export const HL7_UNKNOWN_SEGMENT = '???'

/** Segment names of HL7 v2.1 to v2.9 (appendix A). Z segments are local and known by their first letter. */
const SEGMENT_NAMES = `
  ABS ACC ADD ADJ AFF AIG AIL AIP AIS AL1 APR ARQ ARV AUT BHS BLC BLG BPO BPX BTS BTX BUI CDM CDO CER CM0 CM1 CM2 CNS CON CSP CSR CSS
  CTD CTI CTR DB1 DEV DG1 DMI DON DPS DRG DSC DSP ECD ECR EDU EQL EQP EQU ERQ ERR EVN FAC FHS FT1 FTS GOL GP1 GP2 GT1 IAM IAR IIM ILT
  IN1 IN2 IN3 INV IPC IPR ISD ITM IVC IVT LAN LCC LCH LDP LOC LRL MCP MFA MFE MFI MRG MSA MSH NCK NDS NK1 NPU NSC NST NTE OBR OBX ODS
  ODT OH1 OH2 OH3 OH4 OM1 OM2 OM3 OM4 OM5 OM6 OM7 OMC ORC ORG OVR PAC PCE PCR PD1 PDA PDC PEO PES PID PKG PM1 PMT PR1 PRA PRB PRC PRD
  PRT PSG PSH PSL PSS PTH PV1 PV2 PYE QAK QID QPD QRD QRF QRI RCP RDF RDT REL RF1 RFI RGS RMI ROL RQ1 RQD RXA RXC RXD RXE RXG RXO RXR
  RXV SAC SCD SCH SCP SDD SFT SGH SGT SHP SID SLT SPM SPR STF STZ TCC TCD TQ1 TQ2 TXA UAC UB1 UB2 URD URS VAR VND VTQ`
const KNOWN_SEGMENTS: ReadonlySet<string> = new Set(words(SEGMENT_NAMES))

/** The name to count a segment under. */
export function countedName(name: string): string {
  return KNOWN_SEGMENTS.has(name) || name.startsWith('Z') ? name : HL7_UNKNOWN_SEGMENT
}

/** Message codes of HL7 v2.1 to v2.9 (table 0076). */
const MESSAGE_CODES = `
  ACK ADR ADT BAR BPS BRP BRT BTS CCF CCI CCM CCQ CCR CCU CNQ CQU CRM CSU DBC DBU DEL DEO DER DFT DOC DPR DRC DRG DSR EAC EAN EAR EDR EHC
  EQQ ERP ERQ ESR ESU INR INU IPC LSR LSU MCF MDM MFD MFK MFN MFQ MFR NMD NMQ NMR OMB OMD OMG OMI OML OMN OMP OMQ OMS OPL OPR OPU ORA ORB
  ORD ORF ORG ORI ORL ORM ORN ORP ORR ORS ORU ORX OSM OSQ OSR OSU OUL PEX PGL PIN PMU PPG PPP PPR PPT PPV PRR PTR QBP QCK QCN QRF QRY QSB
  QSX QVR RAR RAS RCI RCL RDE RDO RDR RDS RDY REF RER RGR RGV ROC ROD ROR RPA RPI RPL RPR RQA RQC RQI RQP RQQ RRA RRD RRE RRG RRI RRO RSP
  RTB SCN SDN SDR SIU SLN SLR SMD SPQ SQM SQR SRM SRR SSR SSU STC STI SUR TBR TCR TCU UDM VQQ VTQ VXQ VXR VXU VXX`
const KNOWN_CODES: ReadonlySet<string> = new Set(words(MESSAGE_CODES))

/** Said instead of a type that no version knows, and the other header texts are withheld: a spliced header may hold anything. */
export const HL7_UNKNOWN_TYPE = '???'

/** MSH-9 as it may leave: `ADT^A01`, `ACK`; a trigger that has no trigger's shape is dropped, an unknown code is HL7_UNKNOWN_TYPE. */
export function knownMessageType(text: string): string {
  const [code = '', trigger = ''] = text.split('^')
  if (!KNOWN_CODES.has(code) && !(isTrigger(code) && code.startsWith('Z'))) return HL7_UNKNOWN_TYPE
  return isTrigger(trigger) ? `${code}^${trigger}` : code
}

/** A capital, then two capitals or digits. */
function isTrigger(text: string): boolean {
  return text.length === 3 && isUpperCase(text[0]) && every(text, (c) => isUpperCase(c) || isDigit(c))
}

const VERSION_CHARS_MAX = 8

/** MSH-12 as it may leave: digits and dots, as `2.5.1`; anything else is withheld. */
export function knownVersion(text: string): string {
  return text.length <= VERSION_CHARS_MAX && isDigit(text[0]) && every(text, (c) => isDigit(c) || c === '.') ? text : ''
}

/** Components that identify, by data type (HL7 v2 chapter 2A): the rest says who assigned a number or what kind of name it is. */
const CX: readonly number[] = [1]
const XPN: readonly number[] = [1, 2, 3]
const XCN: readonly number[] = [1, 2, 3]

/** Fields of one segment that hold patient data. */
export interface PatientSegmentRow {
  readonly segment: string
  /** Field numbers, or every field but those in `except`. */
  readonly fields: readonly number[] | 'all'
  readonly except?: readonly number[]
  /** Of these fields only the listed components count as content; of the others all do. */
  readonly components?: Readonly<Record<number, readonly number[]>>
}

/**
 * Chosen by the identifiers of 45 CFR 164.514(b)(2)(i) (names, places, dates, numbers of the patient, relatives, employers and
 * household) plus what is said about the person (observations, diagnoses, allergies, notes), in the segments of HL7 v2.8
 * chapters 2 to 7. Set ids (field 1) are counters. Order numbers (ORC-2/3, OBR-2/3) name an order and are left out; staff are in
 * where they tell who treats the patient. The query segments are in because their parameters are patient identifiers.
 */
export const HL7_PATIENT_SEGMENTS: readonly PatientSegmentRow[] = [
  // Chapter 3, patient administration.
  { segment: 'PID', fields: 'all', except: [1], components: { 2: CX, 3: CX, 4: CX, 5: XPN, 6: XPN, 9: XPN, 18: CX, 21: CX } },
  { segment: 'PD1', fields: 'all', components: { 4: XCN } },
  { segment: 'NK1', fields: 'all', except: [1], components: { 2: XPN, 12: CX, 26: XPN, 30: XPN, 33: CX } },
  {
    segment: 'PV1',
    fields: [3, 5, 6, 7, 8, 9, 11, 17, 19, 42, 43, 44, 45, 50, 52],
    components: { 5: CX, 7: XCN, 8: XCN, 9: XCN, 17: XCN, 19: CX, 50: CX, 52: XCN },
  },
  { segment: 'PV2', fields: [3, 8, 9, 12, 13], components: { 13: XCN } },
  { segment: 'AL1', fields: 'all', except: [1] },
  { segment: 'IAM', fields: 'all', except: [1] },
  { segment: 'MRG', fields: 'all', components: { 1: CX, 2: CX, 3: CX, 4: CX, 5: CX, 6: CX, 7: XPN } },
  { segment: 'DB1', fields: 'all', except: [1], components: { 3: CX } },
  { segment: 'PDA', fields: 'all' },
  // Chapter 6, financial: guarantor, insured person, accident, diagnosis, procedure.
  { segment: 'GT1', fields: 'all', except: [1], components: { 2: CX, 3: XPN, 4: XPN, 16: XPN, 19: CX } },
  { segment: 'IN1', fields: 'all', except: [1], components: { 3: CX, 6: XPN, 10: CX, 11: CX, 16: XPN, 49: CX } },
  { segment: 'IN2', fields: 'all' },
  { segment: 'IN3', fields: 'all', except: [1] },
  { segment: 'ACC', fields: 'all' },
  { segment: 'DG1', fields: 'all', except: [1] },
  { segment: 'PR1', fields: 'all', except: [1] },
  { segment: 'FT1', fields: 'all', except: [1] },
  { segment: 'UB1', fields: 'all', except: [1] },
  { segment: 'UB2', fields: 'all', except: [1] },
  // Chapters 2, 4 and 7: notes, continued text, orders, observations, participants.
  { segment: 'NTE', fields: [3] },
  { segment: 'ADD', fields: [1] },
  { segment: 'DSP', fields: [3] },
  { segment: 'ORC', fields: [12, 21, 22, 23], components: { 12: XCN } },
  { segment: 'OBR', fields: [13, 16, 28, 31], components: { 16: XCN, 28: XCN } },
  { segment: 'OBX', fields: [5] },
  { segment: 'PRT', fields: [5, 14, 15], components: { 5: XCN } },
  { segment: 'ROL', fields: [4, 11, 12], components: { 4: XCN } },
  // Chapter 5, queries: what is asked for is who.
  { segment: 'QPD', fields: 'all', except: [1, 2] },
  { segment: 'QRD', fields: [8] },
  { segment: 'ERQ', fields: [3] },
]

const ROWS_BY_SEGMENT: ReadonlyMap<string, PatientSegmentRow> = new Map(HL7_PATIENT_SEGMENTS.map((row) => [row.segment, row]))

export function patientSegmentRow(segment: string): PatientSegmentRow | undefined {
  return ROWS_BY_SEGMENT.get(segment)
}

/** True when `field` of the row's segment holds patient data. */
export function isPatientField(row: PatientSegmentRow, field: number): boolean {
  return row.fields === 'all' ? row.except?.includes(field) !== true : row.fields.includes(field)
}

/** Blank, tab and the quotes of `""`, HL7's "delete this value": a field of these holds nothing. */
export function isBlankByte(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x22 || c === 0x00
}

/** A separator or encoding character: printable ASCII that is no letter, digit or blank. */
export function isDelimiterByte(c: number): boolean {
  return c > 0x20 && c < 0x7f && !isAlphanumeric(c)
}

function isAlphanumeric(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
}

/** First character of a segment name is A..Z, the others A..Z or 0..9. */
export function isNameByte(c: number, position: number): boolean {
  return (c >= 0x41 && c <= 0x5a) || (position > 0 && c >= 0x30 && c <= 0x39)
}

export function isLineEnd(c: number): boolean {
  return c === Hl7Byte.cr || c === Hl7Byte.lf
}

/** First separator or line end of [off, end). */
export function toFieldEnd(buf: Uint8Array, off: number, end: number, separator: number): number {
  let i = off
  while (i < end && buf[i] !== separator && buf[i] !== Hl7Byte.cr && buf[i] !== Hl7Byte.lf) i++
  return i
}
