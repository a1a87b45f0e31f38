// HL7 fields: which are read at all, and how: whose text is kept, and which are only glanced at byte by byte.
// Keeps the patient-data rule as a table: what is not here is never collected.

import { HL7_DEVICE_TEXT_MAX, HL7_HEADER_TEXT_MAX, HL7_MESSAGE_HEADER } from './codes.ts'
import type { Hl7DeviceId } from './facts.ts'

export const HEADER_FIELDS = [
  'sendingApplication', 'sendingFacility', 'receivingApplication', 'receivingFacility', 'messageType', 'version',
  // Read, and told as a word or a count only.
  'acceptAnswer', 'applicationAnswer', 'profile', 'answerCode',
] as const
export type HeaderField = (typeof HEADER_FIELDS)[number]

/** What is looked at byte by byte without keeping any: a hash of an identifier, a coding system, a number with dots. */
export type Glance = 'control-id' | 'answered-id' | 'coding-system' | 'hierarchy'

/** What is collected of one field: up to which component, joined by `^` whatever the message uses. */
export interface Collected {
  readonly componentsMax: number
  readonly textMax: number
  readonly header?: HeaderField
  readonly device?: Hl7DeviceId['source']
  readonly glance?: Glance
}

const ALL_COMPONENTS = Number.MAX_SAFE_INTEGER
const headerText = (header: HeaderField, componentsMax: number): Collected => ({ header, componentsMax, textMax: HL7_HEADER_TEXT_MAX })
const deviceText = (device: Hl7DeviceId['source']): Collected => ({ device, componentsMax: 1, textMax: HL7_DEVICE_TEXT_MAX })

const glance = (what: Glance): Collected => ({ glance: what, componentsMax: 0, textMax: 0 })
/** Acknowledgement codes and conditions have two letters (HL7 tables 0008 and 0155). */
const codeText = (header: HeaderField): Collected => ({ header, componentsMax: 1, textMax: 2 })

/** The only fields whose text is kept, by segment and number. MSH-9 without its structure id: `ORU^R01` is the same in every version. */
export const COLLECTED: ReadonlyMap<string, ReadonlyMap<number, Collected>> = new Map([
  [HL7_MESSAGE_HEADER, new Map([
    [3, headerText('sendingApplication', ALL_COMPONENTS)],
    [4, headerText('sendingFacility', ALL_COMPONENTS)],
    [5, headerText('receivingApplication', ALL_COMPONENTS)],
    [6, headerText('receivingFacility', ALL_COMPONENTS)],
    [9, headerText('messageType', 2)],
    [10, glance('control-id')],
    [12, headerText('version', 1)],
    [15, codeText('acceptAnswer')],
    [16, codeText('applicationAnswer')],
    [21, headerText('profile', ALL_COMPONENTS)],
  ])],
  ['MSA', new Map([[1, codeText('answerCode')], [2, glance('answered-id')]])],
  ['PRT', new Map([[10, deviceText('PRT-10')], [16, deviceText('PRT-16')], [20, deviceText('PRT-20')]])],
  ['OBX', new Map([[3, glance('coding-system')], [4, glance('hierarchy')], [18, deviceText('OBX-18')]])],
])

/** Of one PRT the best of its three: the UDI carrier, else the device's own identifier, else its serial number. One segment, one device. */
export const DEVICE_RANK: Readonly<Record<Hl7DeviceId['source'], number>> = { 'PRT-16': 3, 'PRT-10': 2, 'PRT-20': 1, 'OBX-18': 0 }

/** Coding system of OBX-3, third component, or sixth of its alternate: ISO/IEEE 11073-10101 is `MDC` (HL7 table 0396). */
export const MDC: readonly number[] = [0x4d, 0x44, 0x43]
/** OBX-4 of IHE PCD: MDS, VMD, channel and metric, `1.2.1.150456` (IHE PCD TF-2 appendix B.8); facets of alarms have a fifth. */
export const HIERARCHY_DOTS_MIN = 3
export const DOT = 0x2e
