// Words: what a stopped conversation means on the ward, before any port is named. Rule S8.
// Keeps S10: it says what disappears from a screen or a record, never how a patient is.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, formatMicros, type Micros } from '../../base/time.ts'
import { describeService, type FiveTuple } from '../eval/evaluate.ts'
import type { ReplayConversation, ReplayDevice } from './model.ts'

/** What is noticed when a protocol stops and no document says more. `{}` stands for the device. Protocol ids are those of the registry. */
const BLOCKED_BY_PROTOCOL: Readonly<Record<string, string>> = {
  cms8000: '{} disappears from the central station.',
  hl7: 'A record system that takes values from {} no longer gets them.',
  dicom: 'Images of {} no longer arrive, or can no longer be fetched.',
  dns: '{} no longer finds other machines by name.',
  dhcp: '{} may lose its address, and then disappears from the network.',
  lpd: '{} can no longer print.',
}

/** A device as the ward calls it: `bed 7`, else its label, else its address. */
export function nameOf(device: ReplayDevice): string {
  if (device.bed !== null) return `bed ${device.bed}`
  return plain(device.label === '' ? device.ip : device.label)
}

/** Labels come from the network: control characters would break lines and terminals. */
export function plain(text: string, lengthMax = LABEL_LENGTH_MAX): string {
  const clean = [...text].map((c) => ((c.codePointAt(0) ?? 0) < 0x20 || /[\p{C}\p{Zl}\p{Zp}]/u.test(c) ? '?' : c)).join('')
  return clean.length > lengthMax ? `${clean.slice(0, lengthMax)}...` : clean
}

/** A DNS name has 253 characters (RFC 1035); a label on a screen half of that. */
const LABEL_LENGTH_MAX = 120

/** `Bed 7 disappears from the central station.` for a documented sentence such as `The bed disappears from the central station.` */
export function wardSentence(device: ReplayDevice, blocked: string): string {
  const name = nameOf(device)
  const about = /^The bed(s?)\b/.exec(blocked)
  if (about !== null && about[1] === '') return capital(`${name}${blocked.slice(about[0].length)}`)
  return capital(`${name}: ${blocked.charAt(0).toLowerCase()}${blocked.slice(1)}`)
}

/** The end whose work a conversation is: the documented one, else the one with a bed, else the asset that opened it. */
export function deviceOf(conversation: ReplayConversation): ReplayDevice {
  const { from, to, documented } = conversation
  if (documented !== null) return documented.side === 'from' ? from : to
  if (from.bed !== null || from.id !== null) return from
  return to.id === null ? from : to
}

/** Documented name, protocol id, or the service in words. */
export function functionOf(conversation: ReplayConversation): string {
  return conversation.documented?.what.name ?? conversation.protocol ?? describeService(conversation.tuple)
}

/** What is noticed when this conversation stops. */
export function stoppedSentence(conversation: ReplayConversation): string {
  const device = deviceOf(conversation)
  if (conversation.documented !== null) return wardSentence(device, conversation.documented.what.blocked)
  const words = conversation.protocol === null ? undefined : BLOCKED_BY_PROTOCOL[conversation.protocol]
  if (words !== undefined) return capital(words.replace('{}', nameOf(device)))
  return `${capital(nameOf(conversation.from))} no longer reaches ${nameOf(conversation.to)} (${describeService(conversation.tuple)}).`
}

/** `tcp 515 from 10.0.0.7 to 10.0.0.9`. */
export function tupleText(tuple: FiveTuple): string {
  return `${describeService(tuple)} from ${tuple.src} to ${tuple.dst}`
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `1 flow`, `2 flows`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** Seconds are enough for people. */
export function atText(at: Micros): string {
  return `${formatMicros(at).slice(0, 19)}Z`
}

/** `20 minutes`, `26 hours`, `9 days`: whole numbers, rounded. */
export function durationText(micros: Micros): string {
  const minutes = micros / MICROS_PER_MINUTE
  if (minutes < 2) return count(Math.round(micros / MICROS_PER_SECOND), 'second')
  if (minutes < 120) return count(Math.round(minutes), 'minute')
  return minutes < 3 * 24 * 60 ? count(Math.round(minutes / 60), 'hour') : count(Math.round(minutes / (24 * 60)), 'day')
}

/** Names in a sentence; a list longer than this is cut, and the rest counted. */
const NAMES_MAX = 12

/** `bed 1, bed 2 and 30 more`. */
export function nameList(names: readonly string[]): string {
  if (names.length <= NAMES_MAX) return names.join(', ')
  return `${names.slice(0, NAMES_MAX).join(', ')} and ${names.length - NAMES_MAX} more`
}
