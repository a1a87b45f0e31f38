// Sample ASTM messages for the tests and the fuzz seeds: an analyser's result with the canary in every patient field.
// Keeps the rule that test patients are ZZTEST^CANARY; imported by tests only.

import { AstmByte } from '../codes.ts'
import { encodeFrame } from '../message.ts'

export const HEADER = 'H|\\^&|||ANALYSER^1.2^SN0001|||||LIS||P|LIS2-A2|20010203040506\r'
export const PATIENT = 'P|1||ZZTEST-000000||ZZTEST^CANARY||19010101|O|||||ZZTEST^DOCTOR\r'
export const ORDER = 'O|1|ZZTEST-S1||^^^GLU|R\r'
export const RESULT = 'R|1|^^^GLU|99|mg/dL||N||F||ZZTEST^OPERATOR\r'
export const TERMINATOR = 'L|1|N\r'
export const RECORDS: readonly string[] = [HEADER, PATIENT, ORDER, RESULT, TERMINATOR]

export const ENQ = Uint8Array.of(AstmByte.enq)
export const ACK = Uint8Array.of(AstmByte.ack)
export const NAK = Uint8Array.of(AstmByte.nak)
export const EOT = Uint8Array.of(AstmByte.eot)

/** Frames of the records, numbered from 1. */
export const FRAMES: readonly Uint8Array[] = RECORDS.map((text, i) => encodeFrame((i + 1) & 7, text))

export function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

export function glued(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
