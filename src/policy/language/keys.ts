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
  segments: optional('A list of address blocks with their zone and next hops, for static routes.'),
  exceptions: optional('A list of what is allowed for a while, each with an owner and a last day.'),
  assertions: optional('A list of what must hold, e.g. "never bedside -> internet".'),
  default: optional('allow or deny, for what no conduit names; deny when left out.'),
}

export const ZONE_KEYS: KeyTable = {
  name: required('Add "name:", the word conduits use for it.'),
  kind: required('Add "kind: medical", "kind: it" or "kind: external".'),
  prefixes: optional('Address blocks such as 10.20.0.0/16.'),
  profiles: optional('Device profile ids; the addresses of such assets belong to the zone.'),
  inside: optional('The zone out of which this one is carved.'),
  overlap: optional('first, last, bsd, linux or windows: whose bytes its hosts keep when fragments or segments overlap.'),
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

export const SEGMENT_KEYS: KeyTable = {
  prefix: required('Add "prefix:", an address block such as 10.20.3.0/24.'),
  zone: required('Add "zone:", the zone that holds the block.'),
  via: optional('Next hops; left out when routers are attached to the block.'),
  elsewhere: optional('blackhole or prohibit: what routers without a next hop do with the block.'),
  description: optional('What is in it.'),
}

export const EXCEPTION_KEYS: KeyTable = {
  name: required('Add "name:"; verdicts call the exception by it.'),
  conduit: optional('The denying conduit that is lifted; or else from, to and services.'),
  from: optional('The zone that opens the connection.'),
  to: optional('The zone that answers.'),
  services: optional('A list of service names.'),
  action: required('Add "action: allow".'),
  owner: required('Add "owner:"; an exception that nobody answers for stays for ever.'),
  reason: required('Add "reason:", a sentence for whoever asks why it is there.'),
  expires: required('Add "expires:" and the last day it is in effect, e.g. 2026-12-24.'),
}
