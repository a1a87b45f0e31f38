// Sample DICOM exchanges for the tests and the fuzz seeds: invented titles, UIDs of the standard, a data set with the canary.
// Keeps the rule that test patients are ZZTEST^CANARY; imported by tests only.

import { DicomCommand, DicomFragment, DicomPdu } from '../codes.ts'
import { encodeCommandSet, type DicomCommandParts } from '../command.ts'
import { encodeAssociation, encodeData, type DicomContext } from '../message.ts'

export const CT = '1.2.840.10008.5.1.4.1.1.2'
export const WORKLIST = '1.2.840.10008.5.1.4.31'
export const VERIFICATION = '1.2.840.10008.1.1'
export const STUDY_GET = '1.2.840.10008.5.1.4.1.2.2.3'
export const STUDY_MOVE = '1.2.840.10008.5.1.4.1.2.2.2'
export const IMPLICIT = '1.2.840.10008.1.2'
export const EXPLICIT = '1.2.840.10008.1.2.1'
export const JPEG = '1.2.840.10008.1.2.4.50'

const proposed = (id: number, abstractSyntax: string, ...transferSyntaxes: string[]): DicomContext => ({ id, result: 0, abstractSyntax, transferSyntaxes })
const answered = (id: number, result: number, transfer: string): DicomContext => ({ id, result, abstractSyntax: '', transferSyntaxes: [transfer] })

/** A scanner that stores, checks and asks for its worklist. */
export const REQUEST = encodeAssociation(DicomPdu.associateRequest, {
  calledAe: 'ARCHIVE', callingAe: 'CT_ROOM_3', lengthMax: 16384, implementationClass: '1.2.3.4.5', implementationVersion: 'SCANNER_7',
  contexts: [proposed(1, CT, EXPLICIT, IMPLICIT), proposed(3, CT, JPEG), proposed(5, VERIFICATION, IMPLICIT), proposed(7, WORKLIST, IMPLICIT)],
})

export const ACCEPT = encodeAssociation(DicomPdu.associateAccept, {
  calledAe: 'ARCHIVE', callingAe: 'CT_ROOM_3', lengthMax: 0, implementationClass: '1.2.3.9', implementationVersion: 'ARCHIVE_2',
  contexts: [answered(1, 0, EXPLICIT), answered(3, 4, JPEG), answered(5, 0, IMPLICIT), answered(7, 3, IMPLICIT)],
})

const COMMAND_WHOLE = DicomFragment.command | DicomFragment.last

/** A P-DATA-TF with one whole command set. */
export function command(contextId: number, parts: DicomCommandParts): Uint8Array {
  return encodeData([contextId, COMMAND_WHOLE, encodeCommandSet(parts)])
}

export const ECHO = command(5, { field: DicomCommand.echo, affectedClass: VERIFICATION })
export const ECHO_REPLY = command(5, { field: DicomCommand.echo | 0x8000, affectedClass: VERIFICATION, status: 0 })
export const STORE = command(1, { field: DicomCommand.store, affectedClass: CT, hasDataSet: true })
export const STORE_REPLY = command(1, { field: DicomCommand.store | 0x8000, affectedClass: CT, status: 0 })

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))

/** Patient's name (0010,0010), then pixels of which some look like heads of PDUs. */
export const DATA_SET: readonly number[] = [
  0x10, 0, 0x10, 0, 0x50, 0x4e, 14, 0, ...ascii('ZZTEST^CANARY '), ...Array.from({ length: 60 }, (_, i) => [4, 0, 0, 0, 0, i]).flat(),
]

/** The data set in `pieces` values, each a PDU of its own. */
export function dataSet(contextId: number, pieces: number): Uint8Array[] {
  const size = Math.ceil(DATA_SET.length / pieces)
  return Array.from({ length: pieces }, (_, i) => (
    encodeData([contextId, i === pieces - 1 ? DicomFragment.last : 0, DATA_SET.slice(i * size, (i + 1) * size)])
  ))
}

export function glued(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
