// Adt answer: our acknowledgement of one message of the hospital's ADT, as bytes.
// Keeps the rule that an answer says AA only for what was taken, names the message by its own control id, and quotes nothing else of it.

import { encodeHl7, escapeHl7, HL7_USUAL_ENCODING, HL7_USUAL_SEPARATOR, type Hl7Segment } from '../../protocols/hl7/message.ts'
import type { Micros } from '../../base/time.ts'
import { parseHl7, type Hl7Text } from '../core/intake/hl7-text.ts'
import { hl7Stamp } from '../core/out/message.ts'

/** AA: taken. AE: read, and could not be applied. AR: cannot be read, or is no ADT (HL7 table 0008). */
export type AdtCode = 'AA' | 'AE' | 'AR'

/** HL7 table 0357: what ERR-3 of each code says. */
const ERRORS: Readonly<Record<Exclude<AdtCode, 'AA'>, string>> = { AE: '207^Application internal error^HL70357', AR: '200^Unsupported message type^HL70357' }
/** MSH-10 has at most 199 characters since v2.7, 20 before. */
const CONTROL_ID_MAX = 199

/** What can be said of a message before anybody applies it; null when it must be answered AR. */
export function readAdtMessage(bytes: Uint8Array): Hl7Text | null {
  const message = parseHl7(bytes)
  if (!message.ok || message.value.controlId === '') return null
  return message.value.type.startsWith('ADT^') ? message.value : null
}

/** `own` is our own control id for the answer. A message without a header of its own gets an answer with an empty MSA-2. */
export function encodeAdtAnswer(bytes: Uint8Array, code: AdtCode, own: string, now: Micros): Uint8Array {
  const message = parseHl7(bytes)
  const header = message.ok ? message.value.header : null
  const field = (number: number): string => escapeHl7(header?.text(number) ?? '')
  const trigger = escapeHl7(header?.text(9, 2) ?? '')
  const version = /^2\.\d(?:\.\d)?$/.test(header?.text(12) ?? '') ? field(12) : '2.6'
  const msh: Hl7Segment = [
    'MSH', HL7_USUAL_SEPARATOR, HL7_USUAL_ENCODING, field(5), field(6), field(3), field(4), hl7Stamp(now), '',
    trigger === '' ? 'ACK' : `ACK^${trigger}^ACK`, own, field(11) || 'P', version,
  ]
  const msa: Hl7Segment = ['MSA', code, escapeHl7((message.ok ? message.value.controlId : '').slice(0, CONTROL_ID_MAX))]
  return encodeHl7(code === 'AA' ? [msh, msa] : [msh, msa, ['ERR', '', '', ERRORS[code], 'E']])
}
