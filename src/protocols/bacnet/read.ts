// BACnet reads: ReadProperty and ReadPropertyMultiple, questions and answers, as far as they name a device object.
// Keeps the rule that values other than a device's own names are stepped over; what follows a fault is not read.

import { u32be } from '../../wire/bytes.ts'
import { Confirmed, INSTANCE_BITS, namingProperty, OBJECT_DEVICE, PduType, SEVERAL_PROPERTIES } from './codes.ts'
import type { BacnetMessage } from './message.ts'
import { TagReader } from './tags.ts'

/** Names of one answer that are told: a device object has eight, and an answer speaks of one device; leaves room for a gateway's. */
export const NAMES_MAX = 64

/** A text property of a device object. */
export interface ReadName {
  readonly instance: number
  readonly property: number
  readonly text: string
}

/** What was read of one message. */
export interface ReadAnswer {
  readonly names: ReadName[]
  isMalformed: boolean
}

const tags = new TagReader()

/** Names in the answer to a ReadProperty or ReadPropertyMultiple; null for any other message. */
export function decodeReadAnswer(buf: Uint8Array, message: BacnetMessage): ReadAnswer | null {
  if (message.type !== PduType.complexAck) return null
  tags.reset(buf, message.off, message.end)
  const answer: ReadAnswer = { names: [], isMalformed: false }
  if (message.service === Confirmed.readProperty) answer.isMalformed = !readResult(objectInstance(), 1, 3, answer)
  else if (message.service === Confirmed.readPropertyMultiple) answer.isMalformed = !readAccessResults(answer)
  else return null
  return answer
}

/** Clause 15.7: [0] object, [1] { [2] property, [3] index OPTIONAL, ([4] { value } | [5] { error }) ... }, and so on. */
function readAccessResults(answer: ReadAnswer): boolean {
  if (tags.isAtEnd) return false
  while (!tags.isAtEnd) {
    const instance = objectInstance()
    if (instance === FAULT || !tags.take('opening', 1)) return false
    while (!tags.take('closing', 1)) if (!readResult(instance, 2, 4, answer)) return false
  }
  return true
}

/** Property, index and value; `first` is the property's tag, the index has the next. ReadProperty's value has 3, an error 5. */
function readResult(instance: number, first: number, valueTag: number, answer: ReadAnswer): boolean {
  if (instance === FAULT || !tags.take('context', first)) return false
  const property = tags.unsigned()
  const isElement = tags.take('context', first + 1)
  if (property < 0) return false
  if (valueTag === 4 && tags.take('opening', 5)) return tags.skipBracket()
  if (!tags.take('opening', valueTag)) return false
  const from = tags.next
  const text = instance >= 0 && !isElement && tags.read() ? tags.text() : null
  if (text !== null && namingProperty(property) !== null && answer.names.length < NAMES_MAX) answer.names.push({ instance, property, text })
  tags.next = from
  return tags.skipBracket()
}

const FAULT = -2

/** [0] object identifier: the instance of a device, -1 of another object, `FAULT` when none stands here. */
function objectInstance(): number {
  if (!tags.take('context', 0) || tags.length !== 4) return FAULT
  const identifier = u32be(tags.buf, tags.off)
  return identifier >>> INSTANCE_BITS === OBJECT_DEVICE ? identifier & 0x3fffff : -1
}

/** What a confirmed request asks for: `names` when a device's naming property is among it, `malformed`, else `other`. */
export function decodeReadQuestion(buf: Uint8Array, message: BacnetMessage): 'names' | 'other' | 'malformed' {
  if (message.type !== PduType.confirmed) return 'other'
  tags.reset(buf, message.off, message.end)
  if (message.service === Confirmed.readProperty) return questionOf(askedProperty(objectInstance(), 1))
  return message.service === Confirmed.readPropertyMultiple ? questionOf(readAccessSpecifications()) : 'other'
}

function questionOf(asked: number): 'names' | 'other' | 'malformed' {
  return asked === FAULT ? 'malformed' : asked > 0 ? 'names' : 'other'
}

/** Clause 15.7: [0] object, [1] { [0] property, [1] index OPTIONAL ... }, and so on. 1 when a name is asked for, 0 when none is. */
function readAccessSpecifications(): number {
  let asked = tags.isAtEnd ? FAULT : 0
  while (!tags.isAtEnd && asked !== FAULT) {
    const instance = objectInstance()
    if (instance === FAULT || !tags.take('opening', 1)) return FAULT
    while (asked !== FAULT && !tags.take('closing', 1)) {
      const property = askedProperty(instance, 0)
      asked = property === FAULT ? FAULT : Math.max(asked, property)
    }
  }
  return asked
}

function askedProperty(instance: number, first: number): number {
  if (instance === FAULT || !tags.take('context', first)) return FAULT
  const property = tags.unsigned()
  tags.take('context', first + 1)
  if (property < 0) return FAULT
  return instance >= 0 && (namingProperty(property) !== null || SEVERAL_PROPERTIES.has(property)) ? 1 : 0
}
