// Key tables of the network file: every key a map may hold, and the help when one is missing.
// Keeps the rule that the parser and schemas/network.schema.json agree: a test walks both.

import type { KeyTable } from '../../base/tree-reader.ts'

const optional = (help: string): { readonly required: boolean; readonly help: string } => ({ required: false, help })
const required = (help: string): { readonly required: boolean; readonly help: string } => ({ required: true, help })

export const NETWORK_KEYS: KeyTable = {
  network: required('Write "network:" and a short name at the top.'),
  description: optional('What the file describes.'),
  devices: required('Write "devices:" and a list, e.g. "- { name: ward-router, config: ward-router.nft, routes: ward-router.routes.json }".'),
  links: required('Write "links:" and a list, e.g. "- { name: ward, attached: [ward-router/eth0], prefixes: [10.20.3.0/24], zone: bedside }".'),
}

export const DEVICE_KEYS: KeyTable = {
  name: required('Add "name:", the word links use for it.'),
  config: optional('The firewall\'s text; without it the device filters nothing.'),
  target: optional('Platform of the text; found by content when left out.'),
  routes: optional('Output of `ip -j route` or `ip route`, IPv4 and IPv6; a text of IOS, ASA or Junos brings its own.'),
  tables: optional('Routes of further tables, each in a file of its own; not needed where the output names the table.'),
  rules: optional('Output of `ip rule`.'),
  rules6: optional('Output of `ip -6 rule`.'),
  addresses: optional('Own addresses that no text gives, e.g. "- { interface: eth0, address: 10.20.3.1/24 }".'),
  disregard: optional('Lines of the texts that somebody has looked at and that change nothing for packets, word for word.'),
  description: optional('What it is.'),
}

export const TABLE_KEYS: KeyTable = {
  name: required('Add "name:", the word that `ip rule` uses for the table.'),
  routes: required('Add "routes:", the file with the output of `ip route show table NAME`.'),
}

export const ADDRESS_KEYS: KeyTable = {
  interface: required('Add "interface:", the name as the texts have it.'),
  address: required('Add "address:" with its length, e.g. 10.20.3.1/24.'),
}

export const LINK_KEYS: KeyTable = {
  name: required('Add "name:"; answers call the wire by it.'),
  attached: optional('Device interfaces on it, e.g. [ward-router/eth0, core/eth1].'),
  prefixes: optional('Addresses of hosts on it; the blocks of the attached interfaces when left out.'),
  zone: optional('What --from and --to call the hosts on it.'),
  internet: optional('true for the edge of the network: what goes there has left it.'),
  gateways: optional('Devices that hosts here use as router; any attached one when left out.'),
  description: optional('What is on it.'),
}
