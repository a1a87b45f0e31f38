// SDC messages: types, scopes and actions as words; which scopes name a device, a place or a person.
// Keeps the patient-data rule: a scope that names a patient or an operator is told as such, without its text.

import { every, isDigit, words } from '../../base/characters.ts'
import { LOCATION_FIELDS, MEDICAL_TYPE, Scope, SDC_ACTIONS, WORD_CHARS_MAX, WORDS_MAX } from './codes.ts'

/** What a target says of itself. */
export interface TargetWords {
  /** `urn:uuid:...`: stays the same when the address changes. */
  readonly endpoint: string | null
  /** Local names of its types: `Device`, `MedicalDevice`. */
  readonly types: readonly string[]
  /** It takes part in SDC: by its type or a scope of its own. */
  readonly isMedical: boolean
  /** Codes of ISO/IEEE 11073-10101 for the kind of device. */
  readonly deviceTypes: readonly string[]
  /** Facility, point of care, room, bed as configured: `HOSP1 CU1 Bed42`. */
  readonly location: string | null
  /** Where its services are, e.g. `https://10.0.0.5:6464`; paths and questions are dropped. */
  readonly addresses: readonly string[]
  /** Kinds of people that scopes name: `patient`, `operator`. */
  readonly people: readonly string[]
}

export function targetWords(endpoint: string | null, types: string, scopes: string, addresses: string): TargetWords {
  const names = listOf(types).map(localName)
  const said = listOf(scopes)
  const people = [
    ...(said.some((scope) => isNamed(scope, Scope.patient)) ? ['patient'] : []), ...(said.some((scope) => isNamed(scope, Scope.operator)) ? ['operator'] : []),
  ]
  return {
    endpoint: endpoint === null || endpoint === '' ? null : endpoint.slice(0, WORD_CHARS_MAX),
    types: names,
    isMedical: names.includes(MEDICAL_TYPE) || said.some((scope) => scope.startsWith(Scope.any)),
    deviceTypes: said.filter((scope) => scope.startsWith(Scope.deviceType)).flatMap(codeOf),
    location: said.map(locationOf).find((place) => place !== null) ?? null,
    addresses: listOf(addresses).map(originOf), people,
  }
}

function listOf(text: string): string[] {
  return words(text).slice(0, WORDS_MAX).map((word) => word.slice(0, WORD_CHARS_MAX))
}

function localName(type: string): string {
  return type.slice(type.indexOf(':') + 1)
}

/** A context scope with something behind its colon and slash. */
function isNamed(scope: string, prefix: string): boolean {
  return scope.startsWith(prefix) && !every(scope.slice(prefix.length), (c) => c === '/')
}

/** Digits at the end: `sdc.cdc.type:///70041`. */
function codeOf(scope: string): string[] {
  const code = scope.slice(Math.max(scope.lastIndexOf('/'), scope.lastIndexOf(':')) + 1)
  return code !== '' && every(code, isDigit) ? [code] : []
}

/** The named fields of the question, most general first; `&` stands as `&amp;` in XML. */
function locationOf(scope: string): string | null {
  const start = scope.indexOf('?')
  if (!scope.startsWith(Scope.location) || start < 0) return null
  const pairs = new Map(scope.slice(start + 1).split('&').map((pair) => {
    const text = pair.startsWith('amp;') ? pair.slice(4) : pair
    return [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] as const
  }))
  const place = LOCATION_FIELDS.flatMap((field) => pairs.get(field) || []).join(' ').replaceAll('%20', ' ').trim()
  return place === '' ? null : place
}

/** `https://host:port`, without a path, which may hold an identity, and without a user. */
function originOf(address: string): string {
  const host = address.indexOf('//') + 2
  const path = host < 2 ? -1 : address.indexOf('/', host)
  const origin = path < 0 ? address : address.slice(0, path)
  const user = origin.lastIndexOf('@')
  return user < 0 ? origin : `${origin.slice(0, Math.max(host, 0))}${origin.slice(user + 1)}`
}

/** The last two parts of an SDC action, `GetService/GetMdib`; of another one the last: `Hello`, `Subscribe`, `Get`. */
export function actionName(action: string): string {
  const parts = action.split('/').filter((part) => part !== '')
  return parts.slice(action.includes(SDC_ACTIONS) ? -2 : -1).join('/').slice(0, WORD_CHARS_MAX)
}

/** An action by which a device reports: `StateEventService/EpisodicMetricReport`, `WaveformService/WaveformStream`, ... */
export function isReport(name: string): boolean {
  return name.endsWith('Report') || name.endsWith('/WaveformStream')
}

/** An action by which a client changes something on a device (SetService and SetContextState of 11073-20701). */
export function changesDevice(name: string): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1)
  return (last.startsWith('Set') || last === 'Activate') && !last.endsWith('Response')
}
