// Sample blocks for the Vista 120 tests: one of each known type, a record with the canary, what a central writes.
// Keeps the rule that test patients are ZZTEST^CANARY; values are of our own, layouts those of the facts file.

import { VISTA_BLOCKS, VISTA_KINDS, type VistaBlockRow } from '../codes.ts'
import { encodeMeasurement, encodeVistaBlock } from '../message.ts'

export const NUMBER = 0x35

export function row(type: number): VistaBlockRow {
  const found = VISTA_BLOCKS.find((each) => each.type === type)
  if (!found) throw new Error(`no block of type ${type}`)
  return found
}

export const ECG = encodeMeasurement(NUMBER, row(0x0a), [61, 14, null, null])
export const NIBP = encodeMeasurement(NUMBER, row(0x0c), [86, 117, 70])
export const SPO2 = encodeMeasurement(NUMBER, row(0x0d), [98, 62])
export const SPO2_ABSENT = encodeMeasurement(NUMBER, row(0x0d), [null, null])
export const TEMPERATURE = encodeMeasurement(NUMBER, row(0x0e), [36.5, null])
export const ST12 = encodeMeasurement(NUMBER, row(0x2b), [])
export const OTHER = encodeVistaBlock(NUMBER, VISTA_KINDS.other1f, 0x01, new Uint8Array(36))
/** A block without a body. */
export const SHORT = encodeVistaBlock(NUMBER, VISTA_KINDS.other21, 0x02, new Uint8Array(0))

/** A message of 252 bytes with text where an identifier stands. */
export function record(text: string, bytes = 252): Uint8Array {
  const body = new Uint8Array(bytes - 6)
  body.set(new TextEncoder().encode(text), 40 - 6)
  return encodeVistaBlock(NUMBER, VISTA_KINDS.measurement, 0x01, body)
}

export const RECORD = record('ZZTEST^CANARY')

export function stream(...blocks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(blocks.flatMap((block) => [...block]))
}
