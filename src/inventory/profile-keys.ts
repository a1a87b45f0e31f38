// Key tables of the profile file: every key a map may hold, and the help when one is missing.
// Keeps the rule that the parser and schemas/profile.schema.json agree: a test walks both.

import type { KeyRule, KeyTable } from '../base/tree-reader.ts'

const optional = (help: string): KeyRule => ({ required: false, help })
const required = (help: string): KeyRule => ({ required: true, help })

/** Two keys of every fact. */
const SOURCED_KEYS: KeyTable = {
  source: required('Add "source:", the public reference a reader can look up.'),
  confidence: required('Add "confidence:": confirmed-2, confirmed-1, stated, derived or inferred.'),
}

export const PROFILE_KEYS: KeyTable = {
  version: required('Write "version: 1" at the top.'),
  id: required('Add "id:", the word policies use for it, e.g. contec-cms8000.'),
  vendor: required('Add "vendor:", the name on the label.'),
  model: required('Add "model:", the name on the label.'),
  role: required('Add "role:", e.g. patient-monitor.'),
  covers: optional('"model" (the default), "family" of models, or "class" of devices that no product name stands for.'),
  relabels: optional('Profile id of the original device.'),
  description: optional('What it is.'),
  aliases: optional('Other vendor and model names for it.'),
  identity: optional('Content that gives it away.'),
  flows: optional('Documented flows.'),
  indicators: optional('Addresses, paths and hashes tied to it.'),
  vulnerabilities: optional('CVE entries.'),
  advisories: optional('Advisories that name it.'),
  remedies: optional('What its maker or an authority offers or advises, and what that does on the ward.'),
  ...SOURCED_KEYS,
}

export const ALIAS_KEYS: KeyTable = {
  vendor: required('Add "vendor:".'),
  model: required('Add "model:".'),
  ...SOURCED_KEYS,
}

export const IDENTITY_KEYS: KeyTable = {
  protocol: required('Add "protocol:", the id of a decoder such as cms8000.'),
  side: required('Add "side: client" or "side: server".'),
  value: optional('Text that must stand there, such as a name in HL7.'),
  detail: required('Add "detail:", what in the bytes is looked at.'),
  ...SOURCED_KEYS,
}

export const FLOW_KEYS: KeyTable = {
  name: required('Add "name:", a word for it.'),
  opens: required('Add "opens: device" or "opens: peer".'),
  peer: required('Add "peer:", the role of the other side.'),
  address: optional('Factory default of the peer\'s address.'),
  transport: required('Add "transport: tcp", udp or icmp; [tcp, udp] for both.'),
  ports: optional('Ports and ranges, or "dynamic".'),
  protocol: optional('Protocol id of the content.'),
  clear: optional('Whether the content goes unencrypted: yes or no; leave it out when nobody published it.'),
  'patient-data': optional('Whether it names a patient: yes or no; leave it out when nobody published it.'),
  occurs: required('Add "occurs:": continuous, at-start, after-measurement, user-action or unknown.'),
  expected: required('Add "expected: routine" or "expected: rare".'),
  purpose: required('Add "purpose:", what it is for.'),
  blocked: required('Add "blocked:", what the ward notices when it is blocked.'),
  ...SOURCED_KEYS,
}

export const INDICATOR_KEYS: KeyTable = {
  kind: required('Add "kind:": address, prefix, path, sha256 or inbound-udp.'),
  value: required('Add "value:".'),
  meaning: required('Add "meaning:", what seeing it says.'),
  ...SOURCED_KEYS,
}

export const VULNERABILITY_KEYS: KeyTable = {
  id: required('Add "id:", e.g. CVE-2025-0626.'),
  weakness: required('Add "weakness:", e.g. CWE-912.'),
  score: required('Add "score:", the CVSS base score.'),
  cvss: required('Add "cvss:", the version of the score in quotes, e.g. "3.1".'),
  summary: required('Add "summary:", one sentence.'),
  observable: optional('What it looks like on the network; leave it out when nothing shows.'),
  ...SOURCED_KEYS,
}

export const ADVISORY_KEYS: KeyTable = {
  id: required('Add "id:", e.g. ICSMA-25-030-01.'),
  publisher: required('Add "publisher:", e.g. CISA.'),
  title: required('Add "title:".'),
  date: required('Add "date:" as YYYY-MM-DD.'),
  ...SOURCED_KEYS,
}

export const REMEDY_KEYS: KeyTable = {
  remedy: required('Add "remedy:", what can be done, in one sentence.'),
  effect: required('Add "effect:", what the ward notices of it.'),
  ...SOURCED_KEYS,
}
