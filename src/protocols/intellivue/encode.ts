// IntelliVue encoders for tests and twins: the messages that a monitor and its client exchange, with a patient of our own.
// Keeps the layouts of message.ts, read from the same tables.

import { Command, EventType, NOMENCLATURE, PATIENT_CLASS, PollAction, RoType, SESSION_DATA, SESSION_ID, SpecType, SystemAttribute, USER_DATA } from './codes.ts'

const u16 = (n: number): number[] => [(n >>> 8) & 255, n & 255]
const u32 = (n: number): number[] => [...u16(n >>> 16), ...u16(n & 0xffff)]
const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0))
const sized = (bytes: readonly number[]): number[] => [...u16(bytes.length), ...bytes]

export type Attribute = readonly [id: number, value: readonly number[]]

export function attributeList(attributes: readonly Attribute[]): number[] {
  const body = attributes.flatMap(([id, value]) => [...u16(id), ...sized(value)])
  return [...u16(attributes.length), ...sized(body)]
}

/** Text of 16 bits a character with a closing NUL, as the patient's names are. */
export function wideText(text: string): number[] {
  return sized([...ascii(text).flatMap((c) => [0, c]), 0, 0])
}

/** What a monitor says of itself. */
export function deviceAttributes(model: string, serial: string, label: string): Attribute[] {
  const spec = (kind: number, text: string): number[] => [...u16(kind), ...u16(8), ...sized(ascii(text))]
  const specs = [...spec(SpecType.serial, `${serial}\0`), ...spec(SpecType.part, model), ...spec(SpecType.software, 'G.01.78 ')]
  return [
    [SystemAttribute.systemType, [0, 1, 0x11, 0x4d]], [SystemAttribute.label, wideText(label)],
    [SystemAttribute.network, [0x02, 0, 0x5e, 0, 0, 9, 10, 20, 4, 51, 255, 255, 255, 0]],
    [SystemAttribute.protocols, [...u16(2), ...u16(16), ...u16(1), ...u16(1), ...u16(24105), 0, 0, ...u16(5), ...u16(1), ...u16(24105), 0, 0]],
    [SystemAttribute.production, [...u16(3), ...u16(specs.length), ...specs]],
    [SystemAttribute.model, [...sized([...ascii('Philips'), 0]), ...sized([...ascii(model), 0])]],
  ]
}

const MDS = [0, 33, 0, 0, 0, 0]

function operation(lead: readonly number[], type: number, command: number, body: readonly number[]): Uint8Array {
  const inner = [...u16(1), ...u16(command), ...sized(body)]
  return Uint8Array.from([...lead, ...u16(type), ...sized(inner)])
}

const EXPORT = [...u16(SESSION_ID), 0, 2]

export function encodeConnectIndication(attributes: readonly Attribute[]): Uint8Array {
  const body = [...MDS, ...u32(0x00d6_d400), ...u16(EventType.connectIndication), ...sized(attributeList(attributes))]
  return operation(u32(NOMENCLATURE), RoType.invoke, Command.eventReport, body)
}

export function encodeMdsCreate(attributes: readonly Attribute[]): Uint8Array {
  const body = [...MDS, ...u32(1), ...u16(EventType.mdsCreate), ...sized([...MDS, ...attributeList(attributes)])]
  return operation(EXPORT, RoType.invoke, Command.confirmedEventReport, body)
}

export function encodePoll(objectClass: number): Uint8Array {
  const body = [...MDS, ...u32(0), ...u16(PollAction.single), ...sized([...u16(1), ...u16(1), ...u16(objectClass), 0, 0])]
  return operation(EXPORT, RoType.invoke, Command.confirmedAction, body)
}

/** The answer to a poll: one context, one object. */
export function encodePollResult(objectClass: number, attributes: readonly Attribute[], extended = false): Uint8Array {
  const object = [...u16(7), ...attributeList(attributes)]
  const contexts = [...u16(1), ...sized([...u16(0), ...u16(1), ...sized(object)])]
  const reply = [...u16(1), ...(extended ? u16(1) : []), ...u32(5), 0x20, 0x19, 7, 9, 1, 2, 3, 0, ...u16(1), ...u16(objectClass), 0, 0, ...contexts]
  const action = extended ? PollAction.extended : PollAction.single
  return operation(EXPORT, RoType.result, Command.confirmedAction, [...MDS, ...u16(action), ...sized(reply)])
}

/** The canary as an admitted patient. */
export function encodePatient(name: string, extended = false): Uint8Array {
  return encodePollResult(PATIENT_CLASS, [
    [0x095c, wideText(name)], [0x095d, wideText(name)], [0x095a, wideText('')], [0x0958, [0, 0, 0, 0, 0, 0, 0, 0]], [0x0961, [0, 1]],
  ], extended)
}

/** A session header with user data: request 0x0D, accept 0x0E, and so on. */
export function encodeAssociation(type: number, bytes = 0): Uint8Array {
  const body = [...(type === 0x0d || type === 0x0e ? [...SESSION_DATA, 0x16, 1, 2, 0x80, 0, 0x14, 2, 0, 2] : []), USER_DATA, 3, 0x61, 0x80, 0x30]
  const padded = [...body, ...Array.from({ length: bytes }, () => 0)]
  return Uint8Array.from([type, ...(padded.length > 254 ? [0xff, ...u16(padded.length)] : [padded.length]), ...padded])
}
