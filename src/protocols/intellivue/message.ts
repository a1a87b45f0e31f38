// IntelliVue messages: datagrams into what they say of the device and which patient attributes are filled (the guide, see codes.ts).
// Keeps the patient-data rule: of the patient object ids and lengths are read, never a value; measurements are not read at all.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { formatMac, type Mac } from '../../base/mac.ts'
import { asciiText, u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import {
  APPLICATION_DATA_EXPORT, ASSOCIATION_EVENTS, ATTRIBUTES_MAX, Command, EventType, NOMENCLATURE, OBJECTS_MAX, PATIENT_ATTRIBUTES, PATIENT_CLASS,
  PollAction, RoType, SESSION_DATA, SESSION_ID, SPECS_MAX, SpecType, SystemAttribute, TEXT_MAX, TRANSPORT_UDP, USER_DATA, USER_DATA_WITHIN,
  type AssociationEvent,
} from './codes.ts'

/** What a monitor says of itself; null where it does not. */
export interface DeviceWords {
  readonly manufacturer: string | null
  readonly model: string | null
  readonly serial: string | null
  /** The last software or firmware revision named. */
  readonly software: string | null
  /** As people named it, e.g. a room. */
  readonly label: string | null
  readonly mac: Mac | null
  readonly address: Ip | null
  /** UDP port of its data export. */
  readonly port: number | null
}

export type IntellivueMessage =
  | { readonly kind: 'connect-indication' | 'system'; readonly words: DeviceWords }
  | { readonly kind: 'association'; readonly event: AssociationEvent }
  | { readonly kind: 'poll' | 'poll-result'; readonly object: number; readonly patient: readonly string[] }
  | { readonly kind: 'other' }

const OTHER: IntellivueMessage = { kind: 'other' }

/** The datagram [off, end), or null when it is none of this protocol. */
export function decodeIntellivue(buf: Uint8Array, off: number, end: number): IntellivueMessage | null {
  const event = associationEvent(buf, off, end)
  if (event !== null) return { kind: 'association', event }
  if (end - off < 8) return null
  if (u32be(buf, off) === NOMENCLATURE) return isOperation(buf, off + 4, end) ? decodeOperation(buf, off + 4, end) : null
  return u16be(buf, off) === SESSION_ID && isOperation(buf, off + 4, end) ? decodeOperation(buf, off + 4, end) : null
}

/** A remote operation at [off, end): a known type, and a length that is what is left. */
function isOperation(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < 4) return false
  const type = u16be(buf, off)
  if (type !== RoType.invoke && type !== RoType.result && type !== RoType.error && type !== RoType.linked) return false
  return u16be(buf, off + 2) === end - off - 4
}

/** A session header whose length is what is left, and session user data behind it; null for anything else. */
function associationEvent(buf: Uint8Array, off: number, end: number): AssociationEvent | null {
  const event = off < end ? ASSOCIATION_EVENTS.get(u8(buf, off)) : undefined
  if (event === undefined || end - off < 4) return null
  const isLong = u8(buf, off + 1) === 0xff
  const length = isLong ? u16be(buf, off + 2) : u8(buf, off + 1)
  const body = off + (isLong ? 4 : 2)
  if (body + length !== end || length < 4) return null
  if ((event === 'request' || event === 'accept') && !startsWith(buf, body, end, SESSION_DATA)) return null
  return hasUserData(buf, body, end) ? event : null
}

function startsWith(buf: Uint8Array, off: number, end: number, bytes: readonly number[]): boolean {
  if (end - off < bytes.length) return false
  return bytes.every((byte, i) => u8(buf, off + i) === byte)
}

function hasUserData(buf: Uint8Array, off: number, end: number): boolean {
  for (let at = off; at < Math.min(end, off + USER_DATA_WITHIN); at++) if (u8(buf, at) === USER_DATA) return true
  return false
}

function decodeOperation(buf: Uint8Array, off: number, end: number): IntellivueMessage {
  const type = u16be(buf, off)
  const head = off + 4 + (type === RoType.linked ? 2 : 0)
  if (type === RoType.error || end - head < 6) return OTHER
  const command = u16be(buf, head + 2)
  if (u16be(buf, head + 4) > end - head - 6) return OTHER
  const body = head + 6
  if (type === RoType.invoke) return decodeInvoke(buf, body, end, command)
  return command === Command.confirmedAction ? decodeResult(buf, body, end) : OTHER
}

function decodeInvoke(buf: Uint8Array, off: number, end: number, command: number): IntellivueMessage {
  if (command === Command.confirmedAction) return decodePoll(buf, off, end)
  // Managed object 6, event time 4, event type 2, length 2.
  if ((command !== Command.eventReport && command !== Command.confirmedEventReport) || end - off < 14) return OTHER
  const event = u16be(buf, off + 10)
  if (event === EventType.connectIndication) return { kind: 'connect-indication', words: deviceWords(buf, off + 14, end) }
  // The system's creation names its object again.
  return event === EventType.mdsCreate ? { kind: 'system', words: deviceWords(buf, off + 20, end) } : OTHER
}

/** Managed object 6, scope 4, action 2, length 2, poll number 2, partition 2, class 2. */
function decodePoll(buf: Uint8Array, off: number, end: number): IntellivueMessage {
  if (end - off < 20 || !isPoll(u16be(buf, off + 10)) || u16be(buf, off + 16) !== 1) return OTHER
  return { kind: 'poll', object: u16be(buf, off + 18), patient: [] }
}

function isPoll(action: number): boolean {
  return action === PollAction.single || action === PollAction.extended
}

/** Managed object 6, action 2, length 2, poll number 2, (extended: sequence 2), times 12, partition 2, class 2, group 2, list of contexts. */
function decodeResult(buf: Uint8Array, off: number, end: number): IntellivueMessage {
  if (end - off < 10 || !isPoll(u16be(buf, off + 6))) return OTHER
  const type = off + (u16be(buf, off + 6) === PollAction.extended ? 26 : 24)
  if (end - type < 10 || u16be(buf, type) !== 1) return OTHER
  const object = u16be(buf, type + 2)
  return { kind: 'poll-result', object, patient: object === PATIENT_CLASS ? filledAttributes(buf, type + 6, end) : [] }
}

/** Names of the patient attributes with content, over all contexts and objects of a poll result. */
function filledAttributes(buf: Uint8Array, off: number, end: number): readonly string[] {
  const names = new Set<string>()
  let at = off + 4
  let objects = 0
  // Each context: id 2, count 2, length 2; each object: handle 2, then its attributes.
  while (end - at >= 6 && objects < OBJECTS_MAX) {
    const stop = Math.min(end, at + 6 + u16be(buf, at + 4))
    at += 6
    for (; stop - at >= 6 && objects < OBJECTS_MAX; objects++) {
      const list = at + 2
      eachAttribute(buf, list, stop, (id, from, to) => {
        const name = PATIENT_ATTRIBUTES.get(id)
        if (name !== undefined && isFilled(buf, from, to)) names.add(name)
      })
      at = list + 4 + u16be(buf, list + 2)
    }
    at = Math.max(at, stop)
    objects++
  }
  return [...names].sort()
}

/** Something else than zeros behind a text's own length: an empty text is a length and zeros. */
function isFilled(buf: Uint8Array, off: number, end: number): boolean {
  for (let at = off + (end - off > 2 ? 2 : 0); at < end; at++) if (u8(buf, at) !== 0) return true
  return false
}

/** Attribute list at `off`: count 2, length 2, then id 2, length 2 and value each. Stops at the first that does not fit. */
function eachAttribute(buf: Uint8Array, off: number, end: number, each: (id: number, from: number, to: number) => void): void {
  if (end - off < 4) return
  const count = Math.min(u16be(buf, off), ATTRIBUTES_MAX)
  const stop = Math.min(end, off + 4 + u16be(buf, off + 2))
  let at = off + 4
  for (let i = 0; i < count && stop - at >= 4; i++) {
    const to = at + 4 + u16be(buf, at + 2)
    if (to > stop) return
    each(u16be(buf, at), at + 4, to)
    at = to
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function deviceWords(buf: Uint8Array, off: number, end: number): DeviceWords {
  const words: Mutable<DeviceWords> = {
    manufacturer: null, model: null, serial: null, software: null, label: null, mac: null, address: null, port: null,
  }
  eachAttribute(buf, off, end, (id, from, to) => readSystemAttribute(words, id, buf, from, to))
  return words
}

function readSystemAttribute(words: Mutable<DeviceWords>, id: number, buf: Uint8Array, from: number, to: number): void {
  switch (id) {
    case SystemAttribute.model: readModel(words, buf, from, to); break
    case SystemAttribute.production: readProduction(words, buf, from, to); break
    case SystemAttribute.bedLabel: case SystemAttribute.label: words.label ??= wideText(buf, from, to); break
    case SystemAttribute.protocols: words.port ??= dataExportPort(buf, from, to); break
    case SystemAttribute.network:
      if (to - from < 14) break
      words.mac ??= u48be(buf, from) === 0 ? null : formatMac(u48be(buf, from))
      words.address ??= u32be(buf, from + 6) === 0 ? null : ipFromV4(u32be(buf, from + 6))
      break
    default:
  }
}

function readModel(words: Mutable<DeviceWords>, buf: Uint8Array, from: number, to: number): void {
  words.manufacturer ??= sizedText(buf, from, to)
  if (to - from >= 2) words.model ??= sizedText(buf, from + 2 + u16be(buf, from), to)
}

/** Count 2, length 2; each: kind 2, component 2, length 2, text. The first serial; the last software, which is the monitor's own. */
function readProduction(words: Mutable<DeviceWords>, buf: Uint8Array, from: number, to: number): void {
  if (to - from < 4) return
  const count = Math.min(u16be(buf, from), SPECS_MAX)
  let at = from + 4
  for (let i = 0; i < count && to - at >= 6; i++) {
    const kind = u16be(buf, at)
    const text = sizedText(buf, at + 4, to)
    if (kind === SpecType.serial) words.serial ??= text
    if (kind === SpecType.software) words.software = text ?? words.software
    at += 6 + u16be(buf, at + 4)
  }
}

/** Count 2, length 2; each: application 2, transport 2, port 2, options 2. */
function dataExportPort(buf: Uint8Array, from: number, to: number): number | null {
  for (let at = from + 4; to - at >= 8; at += 8) {
    if (u16be(buf, at) === APPLICATION_DATA_EXPORT && u16be(buf, at + 2) === TRANSPORT_UDP) return u16be(buf, at + 4)
  }
  return null
}

/** Text of 16 bits a character, behind its length in bytes (String of the guide) or without one, as the private label has it. */
function wideText(buf: Uint8Array, off: number, end: number): string | null {
  let at = end - off >= 2 && u16be(buf, off) === end - off - 2 ? off + 2 : off
  let text = ''
  for (; end - at >= 2 && text.length < TEXT_MAX && u16be(buf, at) !== 0; at += 2) text += u8(buf, at) === 0 ? asciiText(buf, at + 1, at + 2) : '?'
  return trimmed(text)
}

/** A u16 length and that many bytes of text; printable, up to its first NUL. */
function sizedText(buf: Uint8Array, off: number, end: number): string | null {
  if (end - off < 2) return null
  const stop = Math.min(end, off + 2 + u16be(buf, off))
  let last = off + 2
  while (last < stop && u8(buf, last) !== 0) last++
  return trimmed(asciiText(buf, off + 2, last, TEXT_MAX))
}

/** Without the blanks around; empty is null. */
function trimmed(text: string): string | null {
  const words = text.trim()
  return words === '' ? null : words
}
