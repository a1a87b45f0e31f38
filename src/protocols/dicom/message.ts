// DICOM PDUs: an A-ASSOCIATE body to a value, and every PDU written (PS3.8 section 9.3, PS3.7 section D.3.3).
// Keeps "unknown numbers survive as numbers", and that of an association only titles, UIDs and a version name become text.

import { asciiText, u16be, u32be, u8 } from '../../wire/bytes.ts'
import {
  DICOM_AE_CHARS_MAX, DICOM_ASSOCIATE_FIXED_BYTES, DICOM_CONTEXTS_MAX, DICOM_TRANSFERS_MAX, DICOM_UID_CHARS_MAX, DicomItem, DicomPdu,
  identityKindName,
} from './codes.ts'

/** A presentation context of a request (transfer syntaxes proposed) or of an answer (one chosen, and a result). */
export interface DicomContext {
  readonly id: number
  /** PS3.8 table 9-18; 0 in a request. */
  readonly result: number
  /** Empty in an answer. */
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

/** What an A-ASSOCIATE-RQ or -AC says. */
export interface DicomAssociation {
  readonly calledAe: string
  readonly callingAe: string
  readonly contexts: readonly DicomContext[]
  readonly lengthMax: number | null
  readonly implementationClass: string
  readonly implementationVersion: string
  readonly userIdentity: string
  /** Items ran over the end: what stands before is right. */
  readonly isBroken: boolean
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads the body of an A-ASSOCIATE-RQ or -AC, [off, end) behind the six bytes of its head; at least the fixed fields must be there. */
export function readAssociation(buf: Uint8Array, off: number, end: number): DicomAssociation {
  const contexts: DicomContext[] = []
  const value: Writable<DicomAssociation> = {
    calledAe: titleText(buf, off + 4, off + 20), callingAe: titleText(buf, off + 20, off + 36), contexts, lengthMax: null,
    implementationClass: '', implementationVersion: '', userIdentity: 'none', isBroken: false,
  }
  value.isBroken = !eachItem(buf, off + DICOM_ASSOCIATE_FIXED_BYTES, end, (type, at, stop) => {
    if (type === DicomItem.user) value.isBroken = !readUserItems(buf, at, stop, value) || value.isBroken
    else if ((type === DicomItem.contextProposed || type === DicomItem.contextAnswered) && stop - at >= 4) {
      if (contexts.length < DICOM_CONTEXTS_MAX) contexts.push(readContext(buf, at, stop))
    }
  }) || value.isBroken
  return value
}

/** Calls `see` for each item (type, reserved, length of two bytes, PS3.8 section 9.3.2.1); false when one overruns. */
function eachItem(buf: Uint8Array, off: number, end: number, see: (type: number, at: number, stop: number) => void): boolean {
  let at = off
  while (at + 4 <= end) {
    const stop = at + 4 + u16be(buf, at + 2)
    if (stop > end) return false
    see(u8(buf, at), at + 4, stop)
    at = stop
  }
  return at === end
}

/** Identifier, reserved, result, reserved, then syntaxes (PS3.8 tables 9-13 and 9-18). */
function readContext(buf: Uint8Array, off: number, end: number): DicomContext {
  const transferSyntaxes: string[] = []
  const context: Writable<DicomContext> = { id: u8(buf, off), result: u8(buf, off + 2), abstractSyntax: '', transferSyntaxes }
  eachItem(buf, off + 4, end, (type, at, stop) => {
    if (type === DicomItem.abstractSyntax) context.abstractSyntax = uidText(buf, at, stop)
    else if (type === DicomItem.transferSyntax && transferSyntaxes.length < DICOM_TRANSFERS_MAX) transferSyntaxes.push(uidText(buf, at, stop))
  })
  return context
}

function readUserItems(buf: Uint8Array, off: number, end: number, value: Writable<DicomAssociation>): boolean {
  return eachItem(buf, off, end, (type, at, stop) => {
    if (type === DicomItem.lengthMax && stop - at === 4) value.lengthMax = u32be(buf, at)
    else if (type === DicomItem.implementationClass) value.implementationClass = uidText(buf, at, stop)
    else if (type === DicomItem.implementationVersion) value.implementationVersion = titleText(buf, at, stop)
    else if (type === DicomItem.userIdentity && stop > at) value.userIdentity = identityKindName(u8(buf, at))
  })
}

/** An AE title or version name: printable, without the blanks it is padded with. */
export function titleText(buf: Uint8Array, off: number, end: number): string {
  return asciiText(buf, off, padded(buf, off, end), DICOM_AE_CHARS_MAX).trim()
}

/** A UID: digits and dots. Anything else is no UID and is withheld as `?`; padding by NUL or blank is dropped. */
export function uidText(buf: Uint8Array, off: number, end: number): string {
  const stop = padded(buf, off, end)
  if (stop - off > DICOM_UID_CHARS_MAX) return '?'
  for (let i = off; i < stop; i++) {
    const c = u8(buf, i)
    if (c !== 0x2e && (c < 0x30 || c > 0x39)) return '?'
  }
  return asciiText(buf, off, stop, DICOM_UID_CHARS_MAX)
}

function padded(buf: Uint8Array, off: number, end: number): number {
  let stop = end
  while (stop > off && (u8(buf, stop - 1) === 0 || u8(buf, stop - 1) === 0x20)) stop--
  return stop
}

/** What a written association holds; the rest of the fields is fixed. */
export interface DicomAssociationParts {
  readonly calledAe: string
  readonly callingAe: string
  readonly contexts: readonly DicomContext[]
  readonly lengthMax?: number
  readonly implementationClass?: string
  readonly implementationVersion?: string
  /** PS3.7 table D.3-14: type and primary field. */
  readonly userIdentity?: readonly [number, string]
}

/** The one application context there is (PS3.7 section A.2.1). */
const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1'

export function encodeAssociation(type: 1 | 2, parts: DicomAssociationParts): Uint8Array {
  const contextType = type === DicomPdu.associateRequest ? DicomItem.contextProposed : DicomItem.contextAnswered
  const body = [
    0, 1, 0, 0, ...ascii(parts.calledAe.padEnd(DICOM_AE_CHARS_MAX)), ...ascii(parts.callingAe.padEnd(DICOM_AE_CHARS_MAX)), ...zeros(32),
    ...item(DicomItem.applicationContext, ascii(APPLICATION_CONTEXT)),
    ...parts.contexts.flatMap((context) => item(contextType, contextBytes(type, context))),
    ...item(DicomItem.user, userBytes(parts)),
  ]
  return encodePdu(type, body)
}

function contextBytes(type: 1 | 2, context: DicomContext): number[] {
  const abstract = type === DicomPdu.associateRequest ? item(DicomItem.abstractSyntax, ascii(context.abstractSyntax)) : []
  const transfers = context.transferSyntaxes.flatMap((uid) => item(DicomItem.transferSyntax, ascii(uid)))
  return [context.id, 0, context.result, 0, ...abstract, ...transfers]
}

function userBytes(parts: DicomAssociationParts): number[] {
  const { lengthMax, implementationClass, implementationVersion, userIdentity } = parts
  const name = userIdentity === undefined ? [] : ascii(userIdentity[1])
  return [
    ...(lengthMax === undefined ? [] : item(DicomItem.lengthMax, be32(lengthMax))),
    ...(implementationClass === undefined ? [] : item(DicomItem.implementationClass, ascii(implementationClass))),
    ...(implementationVersion === undefined ? [] : item(DicomItem.implementationVersion, ascii(implementationVersion))),
    ...(userIdentity === undefined ? [] : item(DicomItem.userIdentity, [userIdentity[0], 0, ...be16(name.length), ...name, 0, 0])),
  ]
}

/** Any PDU: its head and `body`. */
export function encodePdu(type: number, body: readonly number[]): Uint8Array {
  return Uint8Array.from([type, 0, ...be32(body.length), ...body])
}

export function encodeReject(result: number, source: number, reason: number): Uint8Array {
  return encodePdu(DicomPdu.associateReject, [0, result, source, reason])
}

export function encodeAbort(source: number, reason: number): Uint8Array {
  return encodePdu(DicomPdu.abort, [0, 0, source, reason])
}

export function encodeRelease(type: 5 | 6): Uint8Array {
  return encodePdu(type, zeros(4))
}

/** One presentation data value: context, control bits, bytes. */
export type DicomDataValue = readonly [contextId: number, control: number, bytes: ArrayLike<number>]

export function encodeData(...values: readonly DicomDataValue[]): Uint8Array {
  return encodePdu(DicomPdu.data, values.flatMap(([id, control, bytes]) => [...be32(bytes.length + 2), id, control, ...Array.from(bytes)]))
}

function item(type: number, bytes: readonly number[]): number[] {
  return [type, 0, ...be16(bytes.length), ...bytes]
}

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)
const be16 = (value: number): number[] => [value >>> 8, value & 255]
const be32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
