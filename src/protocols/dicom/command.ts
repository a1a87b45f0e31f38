// DICOM command sets: the elements of group 0000 in implicit VR little endian, to the few values that tell what is asked, and back.
// Keeps "no patient text": instance UIDs, error comments and attribute lists are stepped over by their length (PS3.7 section 6.3, annex E).

import { u16le, u32le } from '../../wire/bytes.ts'
import { titleText, uidText } from './message.ts'

/** Element numbers of group 0000 (PS3.7 table E.1-1). */
const Element = {
  groupLength: 0x0000, affectedClass: 0x0002, requestedClass: 0x0003, commandField: 0x0100, moveDestination: 0x0600, dataSetType: 0x0800,
  status: 0x0900, moveOriginator: 0x1030,
} as const

/** Tag and length (PS3.5 section 7.1.3). */
const ELEMENT_HEAD_BYTES = 8

export interface DicomCommandSet {
  /** (0000,0100); -1 without one. */
  readonly field: number
  /** Affected or requested SOP class, or empty. */
  readonly sopClass: string
  /** (0000,0900); -1 without one. */
  readonly status: number
  /** C-MOVE: where to. */
  readonly destinationAe: string
  /** C-STORE: (0000,1030) is there, so somebody else's C-MOVE asked for it. */
  readonly isMoved: boolean
  /** An element overran, or another group began. */
  readonly isBroken: boolean
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export function readCommandSet(buf: Uint8Array, off: number, end: number): DicomCommandSet {
  const set: Writable<DicomCommandSet> = { field: -1, sopClass: '', status: -1, destinationAe: '', isMoved: false, isBroken: false }
  let at = off
  while (at + ELEMENT_HEAD_BYTES <= end) {
    const length = u32le(buf, at + 4)
    const value = at + ELEMENT_HEAD_BYTES
    if (u16le(buf, at) !== 0 || length > end - value) {
      set.isBroken = true
      return set
    }
    readElement(set, u16le(buf, at + 2), buf, value, value + length)
    at = value + length
  }
  set.isBroken = at !== end
  return set
}

function readElement(set: Writable<DicomCommandSet>, element: number, buf: Uint8Array, off: number, end: number): void {
  if (element === Element.affectedClass || element === Element.requestedClass) set.sopClass = uidText(buf, off, end)
  else if (element === Element.moveDestination) set.destinationAe = titleText(buf, off, end)
  else if (element === Element.moveOriginator) set.isMoved = end > off
  else if (end - off !== 2) return
  else if (element === Element.commandField) set.field = u16le(buf, off)
  else if (element === Element.status) set.status = u16le(buf, off)
}

export interface DicomCommandParts {
  readonly field: number
  readonly affectedClass?: string
  readonly requestedClass?: string
  readonly destinationAe?: string
  readonly status?: number
  readonly moveOriginator?: string
  /** False writes 0x0101, "no data set follows" (PS3.7 table E.1-1). */
  readonly hasDataSet?: boolean
}

const NO_DATA_SET = 0x0101
const HAS_DATA_SET = 0x0001

/** A command set with its group length first, as the standard wants (PS3.7 section 6.3.1). */
export function encodeCommandSet(parts: DicomCommandParts): number[] {
  const text = (value: string, pad: number): number[] => {
    const bytes = Array.from(value, (c) => c.charCodeAt(0))
    return bytes.length % 2 === 0 ? bytes : [...bytes, pad]
  }
  const rest = [
    ...(parts.affectedClass === undefined ? [] : written(Element.affectedClass, text(parts.affectedClass, 0))),
    ...(parts.requestedClass === undefined ? [] : written(Element.requestedClass, text(parts.requestedClass, 0))),
    ...written(Element.commandField, le16(parts.field)),
    ...(parts.destinationAe === undefined ? [] : written(Element.moveDestination, text(parts.destinationAe, 0x20))),
    ...written(Element.dataSetType, le16(parts.hasDataSet === true ? HAS_DATA_SET : NO_DATA_SET)),
    ...(parts.status === undefined ? [] : written(Element.status, le16(parts.status))),
    ...(parts.moveOriginator === undefined ? [] : written(Element.moveOriginator, text(parts.moveOriginator, 0x20))),
  ]
  return [...written(Element.groupLength, [...le16(rest.length), 0, 0]), ...rest]
}

function written(number: number, value: readonly number[]): number[] {
  return [0, 0, ...le16(number), ...le16(value.length), 0, 0, ...value]
}

const le16 = (value: number): number[] => [value & 255, value >>> 8]
