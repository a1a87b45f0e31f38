// BACnet/IP encoders: datagrams for tests, goldens and fuzz seeds.
// Keeps the rule that what is written here is read back by message.ts and read.ts in a property.

import { asciiBytes } from '../text.ts'
import { Bvlc, BVLC_BYTES, BVLC_TYPE, Confirmed, INSTANCE_BITS, OBJECT_DEVICE, Unconfirmed } from './codes.ts'
import type { IAm } from './message.ts'
import type { ReadName } from './read.ts'

function datagram(type: number, apdu: readonly number[], network: number | null): Uint8Array {
  const npdu = network === null ? [1, 0] : [1, 8, network >>> 8, network & 255, 1, 7]
  const length = BVLC_BYTES + npdu.length + apdu.length
  return Uint8Array.from([BVLC_TYPE, type, length >>> 8, length & 255, ...npdu, ...apdu])
}

function objectId(instance: number): number[] {
  const word = (OBJECT_DEVICE << INSTANCE_BITS) | instance
  return [(word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]
}

export function encodeIAm({ instance, vendor }: IAm, network: number | null = null): Uint8Array {
  return datagram(Bvlc.broadcast, [0x10, Unconfirmed.iAm, 0xc4, ...objectId(instance), 0x22, 5, 0xc4, 0x91, 3, 0x22, vendor >>> 8, vendor & 255], network)
}

export function encodeWhoIs(): Uint8Array {
  return datagram(Bvlc.broadcast, [0x10, Unconfirmed.whoIs], null)
}

/** A confirmed request with these service data. */
export function encodeConfirmed(service: number, data: readonly number[]): Uint8Array {
  return datagram(Bvlc.unicast, [0, 4, 1, service, ...data], null)
}

/** Property identifier with the context tag `tag`, in one byte or two. */
function propertyId(tag: number, property: number): number[] {
  return property > 255 ? [(tag << 4) | 0x0a, property >>> 8, property & 255] : [(tag << 4) | 0x09, property]
}

function characterString(text: string): number[] {
  return text.length < 4 ? [0x71 + text.length, 0, ...asciiBytes(text)] : [0x75, text.length + 1, 0, ...asciiBytes(text)]
}

/** The answer to a ReadProperty whose value is a text. */
export function encodeReadAnswer({ instance, property, text }: ReadName): Uint8Array {
  const value = [0x3e, ...characterString(text), 0x3f]
  return datagram(Bvlc.unicast, [0x30, 1, Confirmed.readProperty, 0x0c, ...objectId(instance), ...propertyId(1, property), ...value], null)
}

/** A property of an answer: its text, other content as tags, or null: an error (class and code property / unknown-property). */
export interface AnswerProperty {
  readonly property: number
  readonly value: string | readonly number[] | null
}

/** The question for these properties of one device (clause 15.7). */
export function encodeReadMultiple(instance: number, properties: readonly number[]): Uint8Array {
  return encodeConfirmed(Confirmed.readPropertyMultiple, [0x0c, ...objectId(instance), 0x1e, ...properties.flatMap((id) => propertyId(0, id)), 0x1f])
}

/** Its answer. */
export function encodeReadMultipleAnswer(instance: number, properties: readonly AnswerProperty[], network: number | null = null): Uint8Array {
  const results = properties.flatMap(({ property, value }) => [...propertyId(2, property), ...resultTags(value)])
  return datagram(Bvlc.unicast, [0x30, 1, Confirmed.readPropertyMultiple, 0x0c, ...objectId(instance), 0x1e, ...results, 0x1f], network)
}

function resultTags(value: AnswerProperty['value']): number[] {
  if (value === null) return [0x5e, 0x91, 2, 0x91, 32, 0x5f]
  return [0x4e, ...(typeof value === 'string' ? characterString(value) : value), 0x4f]
}
