// profile-review: what a well-formed profile still lacks for the people who will read it: ward words, a source that can be looked up, a decoder.
// Keeps the rule that an error stops and a remark does not: everything here is a warning.

import type { Diagnostic } from '../base/diagnostic.ts'
import { isDigit, isUpperCase } from '../base/characters.ts'
import { ipFromValue } from '../base/ip.ts'
import { ipScope } from '../base/ip-scope.ts'
import type { DeviceProfile, ProfileFlow, ProfileIndicator, Sourced } from './profile-model.ts'
import type { Places } from './profiles.ts'

/** Words of the trade that say nothing to a nurse. */
const TRADE_WORDS: readonly string[] = [
  'tcp', 'udp', 'port', 'ports', 'packet', 'packets', 'firewall', 'dicom', 'hl7', 'nfs', 'vlan', 'subnet', 'socket', 'ip',
]
/** Below this a source names nothing that can be looked up. */
const SOURCE_CHARS_MIN = 4

/**
 * Warnings about one profile, each at the part it is about as far as `places` knows it, else at the profile; `decoders` are the protocols that
 * content is recognised by.
 */
export function reviewProfile(profile: DeviceProfile, decoders: ReadonlySet<string>, places: Places = new Map()): readonly Diagnostic[] {
  const warnAt = (part: object, code: string, message: string, help: string): Diagnostic =>
    ({ ...places.get(part) ?? profile.at, severity: 'warning', code: `profile/${code}`, message, help })
  const warn = (code: string, message: string, help: string): Diagnostic => warnAt(profile, code, message, help)
  const flowWarnings = profile.flows.flatMap((flow) =>
    reviewFlow(flow).map(([code, message, help]) => warnAt(flow, code, `flow ${flow.name}: ${message}`, help)))
  // One remark for each name, at the first part that has it.
  const parts = [...profile.identity, ...profile.flows].toReversed()
  const named = new Map(parts.flatMap((each) => (each.protocol === null ? [] : [[each.protocol, each] as const])))
  const unknown = [...named].filter(([protocol]) => !decoders.has(protocol)).toReversed()
  const facts: readonly Sourced[] = [profile, ...profile.aliases, ...profile.identity, ...profile.flows, ...profile.indicators,
    ...profile.vulnerabilities, ...profile.advisories, ...profile.remedies]
  const thin = facts.filter((fact) => fact.source.trim().length < SOURCE_CHARS_MIN)
  const twice = profile.flows.filter(({ name }, i) => profile.flows.findIndex((flow) => flow.name === name) < i)
  const inside = profile.indicators.filter(isInside)
  return [
    ...flowWarnings,
    ...unknown.map(([id, part]) => warnAt(part, 'no-decoder', `no decoder is called "${id}"`, 'Nothing is recognised by it today; look for a misspelling.')),
    ...twice.map((flow) => warnAt(flow, 'same-flow', `two flows are called ${flow.name}`, 'Give each a name of its own: replay names them.')),
    ...(thin.length > 0
      ? [warnAt(thin[0] ?? profile, 'thin-source', `${thin.length} facts have a source of a few letters`, 'Name a document, a section, an advisory.')] : []),
    ...inside.map((one) => warnAt(one, 'inside-indicator', `the indicator ${one.value} is no public address`,
      'Every site has such addresses: name one that is the same everywhere.')),
    ...(profile.flows.length === 0 ? [warn('no-flows', 'it documents no flow', 'Replay and MUD have nothing to say about it.')] : []),
    ...(profile.covers === 'class' && profile.vulnerabilities.length + profile.advisories.length > 0
      ? [warn('class-advisory', 'a class of devices names vulnerabilities or advisories', 'They are about products: put them there.')] : []),
  ]
}

type Remark = readonly [code: string, message: string, help: string]

const UNSAID: Remark = [
  'patient-data-unsaid', 'it goes in clear, and nothing says whether it names a patient', 'Add "patient-data: yes" or "no", if that is published.',
]

function reviewFlow(flow: ProfileFlow): readonly Remark[] {
  const help = 'Say what the ward notices: "The bed disappears from the central station."'
  const trade = tradeWord(flow.blocked)
  return [
    ...(trade === null ? [] : [['not-ward-words', `"blocked" holds "${trade}"`, help] as const]),
    ...(isUpperCase(flow.blocked[0]) && flow.blocked.endsWith('.') ? [] : [['no-sentence', '"blocked" is no sentence', help] as const]),
    ...(flow.clear === true && flow.patientData === null ? [UNSAID] : []),
  ]
}

/** The first word of the trade, or anything with a digit. */
function tradeWord(text: string): string | null {
  const found = wordsOf(text).find((word) => TRADE_WORDS.includes(word.toLowerCase()) || [...word].some(isDigit))
  return found ?? null
}

function wordsOf(text: string): string[] {
  return text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
}

/** Documentation blocks count as public: examples are written with them. */
function isInside({ prefix }: ProfileIndicator): boolean {
  return prefix !== null && ['private', 'loopback', 'link-local'].includes(ipScope(ipFromValue(prefix.version, prefix.network)))
}
