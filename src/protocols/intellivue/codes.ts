// IntelliVue numbers: message types, commands, attribute ids and object classes, as named by Philips' Data Export Interface Programming
// Guide (4535 642 59271, "the guide") and ISO/IEEE 11073-10101. Only what this decoder reads.

/** Nomenclature field of a connect indication: magic 0, version 1.0 (the guide, "Connect Indication Event"). */
export const NOMENCLATURE = 0x0000_0100
/** First field of a data export message, SPpdu session id (the guide, "Protocol Command Structure"). */
export const SESSION_ID = 0xe100

/** Remote operation: invoke, result, error, linked result. */
export const RoType = { invoke: 1, result: 2, error: 3, linked: 5 } as const
/** Command of an invoke or result. */
export const Command = { eventReport: 0, confirmedEventReport: 1, get: 3, set: 4, confirmedSet: 5, confirmedAction: 7 } as const
/** Event types: a monitor with its system, and a monitor that looks for a client. */
export const EventType = { mdsCreate: 0x0d06, connectIndication: 0x0d17 } as const
/** Poll actions, single and extended. */
export const PollAction = { single: 0x0c16, extended: 0xf13b } as const

/** Session headers of the association protocol (the guide, "Association Control Protocol"). */
export const ASSOCIATION_EVENTS: ReadonlyMap<number, AssociationEvent> = new Map([
  [0x0d, 'request'], [0x0e, 'accept'], [0x0c, 'refuse'], [0x09, 'release'], [0x0a, 'released'], [0x19, 'abort'],
])
export type AssociationEvent = 'request' | 'accept' | 'refuse' | 'release' | 'released' | 'abort'

/** What stands behind the length of a request or accept: protocol options and versions of X.225, fixed in the guide's examples. */
export const SESSION_DATA: readonly number[] = [0x05, 0x08, 0x13, 0x01, 0x00]
/** Session user data (X.225): every association message carries it. */
export const USER_DATA = 0xc1
/** [I] Where it may begin at the latest: behind the fixed session data. */
export const USER_DATA_WITHIN = 24

/** Attributes that say what the device is. */
export const SystemAttribute = {
  model: 0x0928, production: 0x092d, bedLabel: 0x091e, systemId: 0x0984, systemType: 0x0986,
  network: 0xf100, protocols: 0xf101,
  /** Private; holds the text that the monitor shows as its name in the only connect indication published. Inferred. */
  label: 0xf135,
} as const

/** Kinds of a production specification: serial, part number, revisions (ISO/IEEE 11073-20601, ProductionSpec). */
export const SpecType = { serial: 1, part: 2, hardware: 3, software: 4, firmware: 5 } as const

/** Attributes of the patient demographics object, in the field's words. Their content is never read. */
export const PATIENT_ATTRIBUTES: ReadonlyMap<number, string> = new Map([
  [0x0956, 'bsa'], [0x0958, 'birth'], [0x095a, 'number'], [0x095c, 'family-name'], [0x095d, 'given-name'], [0x0961, 'sex'], [0x0962, 'type'],
  [0x09d8, 'age'], [0x09dc, 'height'], [0x09df, 'weight'], [0x0a1e, 'paced-mode'], [0xf001, 'internal-number'], [0xf129, 'notes'], [0xf12a, 'notes'],
])

/** Object classes a client polls (partition 1), in the field's words. */
export const POLLED: ReadonlyMap<number, string> = new Map([
  [6, 'numerics'], [9, 'waves'], [33, 'system'], [42, 'patient'], [54, 'alarms'],
])
export const PATIENT_CLASS = 42

/** Protocol ids in the protocol support attribute: only UDP's association and data export ports are told. */
export const APPLICATION_DATA_EXPORT = 5
export const TRANSPORT_UDP = 1

/** Attributes of one list that are looked at: a connect indication has eleven, a patient object about twenty. */
export const ATTRIBUTES_MAX = 64
/** Objects and contexts of one poll result: more do not fit a datagram that must name each with eight bytes at least. */
export const OBJECTS_MAX = 256
/** Production specifications of one attribute: six and seven were seen. */
export const SPECS_MAX = 32
/** Characters of a text that leave: labels and models are below 20. */
export const TEXT_MAX = 64
