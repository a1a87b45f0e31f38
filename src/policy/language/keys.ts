// Key tables of the policy file: every key a map may hold, and the help when one is missing.
// Keeps the rule that the parser and schemas/policy.schema.json agree: a test walks both.

import type { KeyTable } from '../../base/tree-reader.ts'

const optional = (help: string): { readonly required: boolean; readonly help: string } => ({ required: false, help })
const required = (help: string): { readonly required: boolean; readonly help: string } => ({ required: true, help })

export const POLICY_KEYS: KeyTable = {
  version: required('Write "version: 1" at the top.'),
  name: optional('A short name of the site or ward.'),
  description: optional('What the policy is for.'),
  zones: required('Write "zones:" and a list of zones, e.g. "- { name: bedside, kind: medical, profiles: [contec-cms8000] }".'),
  services: optional('A list of services beyond the built-in ones.'),
  conduits: required('Write "conduits:" and a list; "conduits: []" allows nothing but what the default says.'),
  default: optional('allow or deny, for what no conduit names; deny when left out.'),
}

export const ZONE_KEYS: KeyTable = {
  name: required('Add "name:", the word conduits use for it.'),
  kind: required('Add "kind: medical", "kind: it" or "kind: external".'),
  prefixes: optional('Address blocks such as 10.20.0.0/16.'),
  profiles: optional('Device profile ids; the addresses of such assets belong to the zone.'),
  inside: optional('The zone out of which this one is carved.'),
  description: optional('What is in it.'),
}

export const SERVICE_KEYS: KeyTable = {
  name: required('Add "name:", the word conduits use for it.'),
  transport: required('Add "transport: tcp", udp, icmp, igmp or any; [tcp, udp] for both.'),
  ports: optional('Ports and ranges such as [515-520, 2575], or "any".'),
  protocol: optional('Protocol id the content should have.'),
  description: optional('What it is for.'),
}

export const CONDUIT_KEYS: KeyTable = {
  name: required('Add "name:"; verdicts and findings call the rule by it.'),
  from: required('Add "from:", the zone that opens the connection.'),
  to: required('Add "to:", the zone that answers.'),
  services: required('Add "services:" and a list of service names; [any] for everything.'),
  action: required('Add "action: allow" or "action: deny".'),
  fail: required('Add "fail: open" or "fail: closed": what happens to this traffic when the enforcing box fails.'),
  owner: optional('Who answers for it.'),
  reason: required('Add "reason:", a sentence for whoever meets this rule at night.'),
}
