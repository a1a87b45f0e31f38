// Ack: an HL7 acknowledgement as an answer to one of our messages: delivered, refused (with codes), to be tried later, or nothing that fits.
// Keeps the rule that no text of a receiver passes: MSA-3 and ERR may quote a patient, so only codes and places of known tables do.

import { parseHl7, type Hl7SegmentText, type Hl7Text } from '../core/intake/hl7-text.ts'
import type { Answer } from './answer.ts'

/** MSA-1 (HL7 table 0008): original mode A, enhanced mode C. Our messages ask for C (MSH-15 AL); many receivers answer A all the same. */
const CODES: Readonly<Record<string, 'delivered' | 'refused'>> = {
  AA: 'delivered', CA: 'delivered', AE: 'refused', AR: 'refused', CE: 'refused', CR: 'refused',
}

/** HL7 table 0357: what ERR-3 says. Of these, a locked record and an internal error may pass. */
const ERROR_CODES: ReadonlySet<string> = new Set(['100', '101', '102', '103', '104', '200', '201', '202', '203', '204', '205', '206', '207'])
const PASSING: ReadonlySet<string> = new Set(['206', '207'])
/** Segments of the messages we send, and of the answer: only these names are passed on from an error's place. */
const SEGMENTS: ReadonlySet<string> = new Set(['MSH', 'PID', 'PV1', 'OBR', 'OBX', 'MSA', 'ERR'])
/** Errors told of one answer. */
const ERRORS_TOLD_MAX = 4

export interface AnswerTo {
  /** MSA-2; '' when there is none. It is the receiver's text: compared, never shown. */
  readonly controlId: string
  readonly answer: Answer
}

/** Reads the bytes of one block. */
export function readAcknowledgement(bytes: Uint8Array): AnswerTo {
  const message = parseHl7(bytes)
  if (!message.ok) return unfit('its answer is no HL7 message')
  const acknowledgements = message.value.segments.filter((segment) => segment.name === 'MSA')
  const [msa] = acknowledgements
  if (msa === undefined || acknowledgements.length > 1) return unfit('its answer has no MSA segment of its own')
  const code = msa.text(1)
  const meaning = CODES[code]
  if (meaning === undefined) return unfit('MSA-1 of its answer is none of AA, AE, AR, CA, CE, CR')
  const controlId = msa.text(2)
  if (controlId === '') return unfit('MSA-2 of its answer is empty: nothing says which message it answers')
  return { controlId, answer: meaning === 'delivered' ? { kind: 'delivered' } : refusal(code, message.value) }
}

function unfit(why: string): AnswerTo {
  return { controlId: '', answer: { kind: 'unfit', why } }
}

function refusal(code: string, message: Hl7Text): Answer {
  const errors = message.segments.filter((segment) => segment.name === 'ERR').slice(0, ERRORS_TOLD_MAX)
  const codes = errors.map(errorCode)
  const told = errors.map((error, i) => [codes[i] ?? 'code not of table 0357', errorPlace(error)].filter((part) => part !== '').join(' at '))
  const why = [code, ...told].join(', ')
  const mayPass = errors.length > 0 && codes.every((c) => c !== null && PASSING.has(c))
  return mayPass ? { kind: 'later', why: `the receiver cannot take a message now (${why})`, leastMs: 0, isOfMessage: true } : { kind: 'refused', why }
}

/** ERR-3 since v2.5, ERR-1.4 before. */
function errorCode(error: Hl7SegmentText): string | null {
  const code = error.text(3) || error.text(1, 4)
  return ERROR_CODES.has(code) ? code : null
}

/** ERR-2 since v2.5, ERR-1 before: segment, its number, field; '' when any of it is not what it should be. */
function errorPlace(error: Hl7SegmentText): string {
  const field = error.text(2) === '' ? 1 : 2
  const [segment = '', sequence = '', position = ''] = [1, 2, 3].map((component) => error.text(field, component))
  if (!SEGMENTS.has(segment)) return ''
  const place = /^\d{1,2}$/.test(position) ? `${segment}-${position}` : segment
  return /^\d{1,3}$/.test(sequence) ? `${place} (${segment} ${sequence})` : place
}
