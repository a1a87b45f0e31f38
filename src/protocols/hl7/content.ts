// HL7 content: what kind of talk a message is, by its type, its profile and how its observations are coded.
// Keeps device data apart from laboratory results and from ADT: all three come as HL7 v2, and only the first comes from the bedside.

import { isDigit } from '../../base/characters.ts'

export type Hl7Content =
  | 'device-observations' | 'device-alarm' | 'results' | 'patient-administration' | 'orders' | 'acknowledgement' | 'query' | 'scheduling'
  | 'documents' | 'billing' | 'master-files' | 'other'

/** Message codes by what they are for (HL7 v2 table 0076); ORU is told by what is in it. */
const BY_CODE: readonly (readonly [Hl7Content, string])[] = [
  ['acknowledgement', 'ACK MCF'],
  ['patient-administration', 'ADT'],
  ['orders', 'ORM ORR OMG OML OMI OMP OMB OMD OMN OMS ORG ORL ORP RDE RRE RDS RRD RGV RRG RAS RRA'],
  ['query', 'QRY QBP QCK QVR QCN ADR DSR EDR ERP RSP RTB TBR ORF OSR VXQ VXR VXX RCI RPI RPL RPR RQA RQI RQP'],
  ['scheduling', 'SIU SRM SRR SQM SQR'],
  ['documents', 'MDM DOC'],
  ['billing', 'DFT BAR'],
  ['master-files', 'MFN MFK MFQ MFR MFD'],
  ['results', 'OUL VXU'],
]
const CONTENTS: ReadonlyMap<string, Hl7Content> = new Map(BY_CODE.flatMap(([content, codes]) => codes.split(' ').map((code) => [code, content])))

/** Alarms go as ORU^R40, their states as R41 and R42 (HL7 v2.8 chapter 7, IHE PCD-04 to PCD-07). */
const ALARM_TYPES: ReadonlySet<string> = new Set(['ORU^R40', 'ORU^R41', 'ORU^R42', 'ORA^R41', 'ORA^R42'])

const PCD_01 = 'IHE PCD-01'
const ALARM_PROFILES: ReadonlySet<string> = new Set(['IHE PCD-04', 'IHE PCD-05', 'IHE PCD-06', 'IHE PCD-07'])

/**
 * `isDeviceData`: observations are coded in ISO/IEEE 11073-10101, and placed in a device's tree by OBX-4. Without a profile
 * both are needed: a laboratory may borrow a code, but has no tree.
 */
export function contentOf(messageType: string, profile: string, isDeviceData: boolean): Hl7Content {
  if (ALARM_TYPES.has(messageType) || ALARM_PROFILES.has(profile)) return 'device-alarm'
  const code = messageType.split('^', 1)[0] ?? ''
  if (code !== 'ORU') return CONTENTS.get(code) ?? 'other'
  return profile === PCD_01 || isDeviceData ? 'device-observations' : 'results'
}

/** Transactions of IHE PCD by the entity identifier in MSH-21 (IHE PCD TF-2 appendix B.1, ACM, PIV and IPEC profiles). */
const ENTITIES: readonly (readonly [string, string])[] = [
  ['IHE_PCD_ACM_', 'IHE PCD-04'], ['IHE_PCD_PIV_', 'IHE PCD-03'], ['IHE_PCD_IPEC_', 'IHE PCD-10'], ['IHE PCD ORU', PCD_01],
]
/** The transactions' own arc: the next number is the transaction. */
const ARC = '1.3.6.1.4.1.19376.1.6.1.'
const PREFIX = 'IHE_PCD_'

/** `IHE PCD-01` of `IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`; empty for any other profile. */
export function profileOf(text: string): string {
  for (const part of text.split('^')) {
    const known = ENTITIES.find(([entity]) => part.startsWith(entity))
    if (known) return known[1]
    const start = [ARC, PREFIX].find((prefix) => part.startsWith(prefix))
    const number = start === undefined ? 0 : leadingNumber(part.slice(start.length))
    if (number > 0 && number < 100) return `IHE PCD-${String(number).padStart(2, '0')}`
  }
  return ''
}

function leadingNumber(text: string): number {
  let end = 0
  while (end < text.length && isDigit(text[end])) end++
  return end > 0 && end <= 3 ? Number(text.slice(0, end)) : 0
}
