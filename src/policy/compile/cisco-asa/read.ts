// Reads Cisco ASA text (show running-config): access lists with subnet masks, objects, access groups, security levels, routes.
// Keeps "never dropped": each line is understood, harmless by name (tables.ts), or an unknown that the proof must count.

import type { Chain, InterfaceAddress, Route, Rule, RuleAction, UnknownMatch } from '../../rules/model.ts'
import type { ReadResult } from '../target.ts'
import { blocksOf, startsWithAny, type Block } from '../text/blocks.ts'
import { extendedRules, standardRules, unknownRule } from '../text/cisco-ace.ts'
import { suspectMask } from '../text/cisco-address.ts'
import { groupDefinitions } from '../text/cisco-define.ts'
import { ciscoGroups } from '../text/cisco-groups.ts'
import type { CiscoGroups } from '../text/cisco-model.ts'
import { takeBlock, takeStaticRoute } from '../text/cisco-route.ts'
import { Findings } from '../text/findings.ts'
import { configLines, startsWith, Words, type ConfigLine } from '../text/lines.ts'
import { classifyLine, UNLISTED, withoutBanners } from '../text/tables.ts'
import { boundChains, type AccessGroup, type AsaInterface } from './interfaces.ts'
import { asaTranslations, isLegacyNat } from './nat.ts'
import { legacyTranslations } from './nat-legacy.ts'
import { HARMLESS, INTERFACE_HARMLESS, INTERFACE_MATTERS, MATTERS, OPENING_INSPECTIONS } from './tables.ts'

interface Reading {
  readonly findings: Findings
  readonly groups: CiscoGroups
  readonly lists: Map<string, Rule[]>
  readonly interfaces: AsaInterface[]
  readonly accessGroups: AccessGroup[]
  readonly routes: Route[]
  readonly addresses: InterfaceAddress[]
  /** `same-security-traffic permit ...` words seen. */
  readonly sameSecurity: Set<string>
  /** Inspections that open paths; null while none is seen. */
  opening: UnknownMatch | null
  device: string
  known: number
}

/** Commands that only IOS has. Its wildcards would be read as subnet masks: such a text is refused. */
const IOS_MARKS = ['ip access-list', 'ip access-group', 'ip route', 'ip routing', 'ip cef', 'ip nat', 'ip vrf', 'ipv6 traffic-filter']

/** Never throws. `config` is null for text of another kind, IOS text above all. */
export function readAsa(text: string, file: string): ReadResult {
  const findings = new Findings('cisco-asa', file)
  const read = configLines(text)
  const ios = read.lines.find((line) => startsWithAny(line, IOS_MARKS))
  const asa = read.lines.some((line) => startsWithAny(line, ['asa version', 'pix version']))
  if (ios !== undefined && !asa) return refuse(findings, ios.number, 'this is text of IOS, whose masks mean the opposite',
    'read it with the target cisco-ios')
  findings.limits(read)
  const blocks = blocksOf(withoutBanners(read.lines))
  const reading = startReading(blocks, findings)
  for (const block of blocks) readBlock(block, reading)
  if (reading.known === 0) return refuse(findings, 0, 'no line of this text belongs to an ASA', 'give the output of show running-config')
  return { config: finish(reading, blocks), diagnostics: findings.diagnostics }
}

function refuse(findings: Findings, line: number, message: string, help: string): ReadResult {
  findings.error('other-text', line, message, help)
  return { config: null, diagnostics: findings.diagnostics }
}

function startReading(blocks: readonly Block[], findings: Findings): Reading {
  const names = new Map<string, string>()
  for (const { head } of blocks) {
    const [word = '', address = '', name = ''] = head.words
    if (word.toLowerCase() === 'name') names.set(name, address)
  }
  return {
    findings, groups: ciscoGroups(groupDefinitions(blocks), names), lists: new Map(), interfaces: [], accessGroups: [], routes: [], addresses: [],
    sameSecurity: new Set(), opening: null, device: '', known: 0,
  }
}

function readBlock(block: Block, reading: Reading): void {
  const { head } = block
  const reader = BLOCKS.find(([prefix]) => startsWith(head, prefix))
  const listed = classifyLine(head, HARMLESS, MATTERS)
  if (listed.kind !== 'unlisted' || reader !== undefined) reading.known++
  if (reader !== undefined && !startsWithAny(head, HARMLESS)) reader[1](block, reading)
  else if (listed.kind === 'matters') reading.findings.unknown(head, listed.reason)
  else if (listed.kind === 'unlisted') reading.findings.unknown(head, UNLISTED)
  else if (startsWith(head, 'policy-map')) readInspections(block, reading)
  else if (startsWith(head, 'hostname')) reading.device = head.words[1] ?? ''
}

type BlockReader = (block: Block, reading: Reading) => void

const BLOCKS: readonly (readonly [prefix: string, BlockReader])[] = [
  ['access-list', readList],
  ['access-group', readAccessGroup],
  ['interface', readInterface],
  ['object', () => undefined],
  ['nat', () => undefined],
  ['static', () => undefined],
  ['global', () => undefined],
  ['object-group', () => undefined],
  ['name', () => undefined],
  ['same-security-traffic permit', (block, reading) => {
    reading.sameSecurity.add(block.head.words[2]?.toLowerCase() ?? '')
  }],
  ['route', readRoute],
  ['ipv6 route', readRoute],
]

function readInspections(block: Block, reading: Reading): void {
  const line = block.body.find((l) => startsWith(l, 'inspect') && OPENING_INSPECTIONS.has(l.words[1]?.toLowerCase() ?? ''))
  if (line === undefined || startsWith(block.head, 'policy-map type')) return
  reading.opening ??= { text: line.text, line: line.number, reason: 'an inspection opens related connections' }
}

const ACTIONS: Readonly<Record<string, RuleAction>> = { permit: { kind: 'permit' }, deny: { kind: 'deny', reject: false } }

/** Kinds of lists that look at other things than IP addresses and ports. */
const OTHER_LISTS = new Set(['ethertype', 'webtype'])

function readList({ head, body }: Block, reading: Reading): void {
  const words = new Words(head.words, 1)
  const name = words.take()
  if (words.takeIf('line')) words.skip(1)
  if (words.peek() === 'remark' || OTHER_LISTS.has(words.peek())) return
  const suspect = suspectMask(head.words, 'subnet')
  if (suspect !== null) {
    reading.findings.warn('mask-trap', head.number, `"${suspect}" looks like a wildcard, and an ASA takes it as a subnet mask`,
      'turn the mask around: ones are fixed in ASA lists')
  }
  const standard = words.takeIf('standard')
  if (!standard) words.takeIf('extended')
  const rules = listOf(name, reading)
  rules.push(...entryRules(head, words, standard, reading.groups))
  for (const line of body) rules.push(unknownRule(line, { kind: 'next' }, null, 'lists of an ASA have no lines of their own'))
}

function listOf(name: string, reading: Reading): Rule[] {
  const known = reading.lists.get(name)
  if (known !== undefined) return known
  const fresh: Rule[] = []
  reading.lists.set(name, fresh)
  return fresh
}

function entryRules(line: ConfigLine, words: Words, standard: boolean, groups: CiscoGroups): readonly Rule[] {
  const word = words.take().toLowerCase()
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined
  const dialect = { family: null, masks: 'subnet', groups } as const
  if (action !== undefined) return standard ? standardRules(line, action, words, dialect) : extendedRules(line, action, words, dialect)
  const why: UnknownMatch = { text: line.text, line: line.number, reason: 'this line of an access list is not understood' }
  return [unknownRule(line, { kind: 'unknown', why }, null, why.reason)]
}

function readAccessGroup({ head }: Block, reading: Reading): void {
  const words = new Words(head.words, 1)
  const list = words.take()
  const direction = words.take().toLowerCase()
  const named = direction === 'in' || direction === 'out'
  const iface = named && words.takeIf('interface') ? words.take() : null
  const plain = words.done || (words.takeIf('control-plane') && words.done)
  if (direction === 'global' && words.done) reading.accessGroups.push({ list, direction, iface: null, line: head.number })
  else if (named && iface !== null && plain && !startsWith(head, 'control-plane')) addAccessGroup(head, list, direction, iface, reading)
  else reading.findings.unknown(head, 'the binding is not understood')
}

/** Lists for traffic to the box itself (`control-plane`) decide nothing about what passes through it. */
function addAccessGroup(head: ConfigLine, list: string, direction: 'in' | 'out', iface: string, reading: Reading): void {
  if (head.words.at(-1)?.toLowerCase() === 'control-plane') reading.findings.unknown(head, 'traffic to the device itself is not modelled')
  else reading.accessGroups.push({ list, direction, iface, line: head.number })
}

function readInterface({ head, body }: Block, reading: Reading): void {
  const nameif = body.find((line) => startsWith(line, 'nameif'))?.words[1] ?? null
  const down = body.some((line) => line.text.toLowerCase() === 'shutdown')
  const level = body.find((line) => startsWith(line, 'security-level'))?.words[1] ?? null
  const index = reading.interfaces.length
  reading.interfaces.push({
    name: nameif ?? head.words.slice(1).join(''), named: nameif !== null && !down, line: head.number,
    level: level === null ? null : Number(level),
  })
  for (const line of body) {
    if (startsWithAny(line, ['nameif', 'security-level', 'shutdown'])) continue
    if (startsWithAny(line, ['ip address', 'ipv6 address'])) addAddress(line, index, down || nameif === null, reading)
    else interfaceLine(line, reading.findings)
  }
}

function interfaceLine(line: ConfigLine, findings: Findings): void {
  const listed = classifyLine(line, INTERFACE_HARMLESS, INTERFACE_MATTERS)
  if (listed.kind !== 'harmless') findings.unknown(line, listed.kind === 'matters' ? listed.reason : UNLISTED)
}

function addAddress(line: ConfigLine, iface: number, down: boolean, reading: Reading): void {
  const words = new Words(line.words, 2)
  if (/^(?:dhcp|pppoe|autoconfig)$/.test(words.peek())) {
    reading.findings.unknown(line, 'the address is given by another device')
    return
  }
  if (/^fe80:/i.test(words.peek())) return
  const block = takeBlock(words)
  if (words.takeIf('standby')) words.skip(1)
  if (block === null || !words.done) reading.findings.unknown(line, 'the address is not understood')
  else if (!down) {
    const { version, network, length, value } = block
    reading.addresses.push({ version, value, length, iface, line: line.number })
    reading.routes.push({ version, network, length, kind: 'connected', nextHop: null, iface, metric: 0, table: 'main', line: line.number })
  }
}

function readRoute({ head }: Block, reading: Reading): void {
  const words = new Words(head.words, startsWith(head, 'ipv6') ? 2 : 1)
  const name = words.take()
  const iface = reading.interfaces.findIndex((known) => known.name === name)
  const route = /^null0$/i.test(name) ? nullRoute(head) : takeStaticRoute(words, head.number, 'main', () => null)
  if (route === null) reading.findings.unknown(head, 'the route, or whether it is up, is not understood')
  else reading.routes.push({ ...route, iface: iface < 0 || route.kind === 'blackhole' ? null : iface })
}

/** `route null0 net mask`: the interface is named in front on an ASA, and behind on IOS. */
function nullRoute(head: ConfigLine): Route | null {
  const [net = '', mask = '', ...rest] = head.words.slice(2)
  return takeStaticRoute(new Words([net, mask, 'null0', ...rest]), head.number, 'main', () => null)
}

function finish(reading: Reading, blocks: readonly Block[]): ReadResult['config'] {
  const chains = new Map<string, Chain>()
  for (const [name, rules] of reading.lists) chains.set(name, { name, rules, policy: 'deny' })
  for (const chain of chains.values()) reading.findings.noteRules(chain.rules)
  if (reading.opening !== null) reading.findings.note(reading.opening)
  const names = reading.interfaces.map((iface) => iface.name)
  const natText = { interfaces: names, groups: reading.groups, findings: reading.findings, chains }
  const nat = [...asaTranslations(blocks, natText), ...legacyTranslations(blocks, natText)]
  reading.findings.noteRows(nat)
  const before = blocks.some(({ head }) => isLegacyNat(head))
  if (before) lateGroups(reading)
  const bound = boundChains({ ...reading, chains })
  for (const chain of bound.chains) chains.set(chain.name, chain)
  for (const wrong of bound.undefinedGroups) {
    reading.findings.warn('undefined', wrong.line, `access-group names what this text does not define: ${wrong.what}`,
      'give the whole configuration; until then anything may pass here')
  }
  return {
    target: 'cisco-asa', device: reading.device, interfaces: names, chains,
      bindings: bound.bindings,
    nat, routes: reading.routes, routeRules: [], addresses: reading.addresses, sees: before ? 'before-dnat' : 'after-dnat',
    unknowns: reading.findings.unknowns,
  }
}

/** Before version 8.3 lists see addresses as the wire has them: an outgoing list sees the mapped source, which no chain of the model does. */
function lateGroups({ accessGroups, findings }: Reading): void {
  for (const { direction, line, list } of accessGroups) {
    if (direction !== 'out') continue
    findings.note({ text: `access-group ${list} out`, line, reason: 'an outgoing list sees addresses after they are translated' })
  }
}
