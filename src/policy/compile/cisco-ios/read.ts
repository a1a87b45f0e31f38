// Reads Cisco IOS text (show running-config, or what people paste): access lists, their bindings, interfaces, static routes.
// Keeps "never dropped": each line is understood, harmless by name (tables.ts), or an unknown that the proof must count.

import type { IpVersion } from '../../../base/ip.ts'
import type { Binding, Chain, InterfaceAddress, Route, Rule } from '../../rules/model.ts'
import type { ReadResult } from '../target.ts'
import { blocksOf, startsWithAny, type Block } from '../text/blocks.ts'
import { suspectMask } from '../text/cisco-address.ts'
import { groupDefinitions } from '../text/cisco-define.ts'
import { ciscoGroups } from '../text/cisco-groups.ts'
import type { CiscoGroups } from '../text/cisco-model.ts'
import { takeBlock, takeStaticRoute } from '../text/cisco-route.ts'
import { Findings } from '../text/findings.ts'
import { configLines, startsWith, Words, type ConfigLine } from '../text/lines.ts'
import { classifyLine, UNLISTED, withoutBanners } from '../text/tables.ts'
import { interfaceName, isSideLine, vrfName } from './interfaces.ts'
import { isListHead, listHead, readListLine, sortedRules, type AccessList } from './lists.ts'
import { iosTranslations, lateLists } from './nat.ts'
import { HARMLESS, INTERFACE_HARMLESS, INTERFACE_MATTERS, MATTERS } from './tables.ts'
import { isZoneMember, zoneChains } from './zones.ts'

interface ListBinding {
  readonly iface: number
  readonly hook: 'interface-in' | 'interface-out'
  readonly family: IpVersion
  /** Key of Reading.lists, whether it holds such a list or not. */
  readonly list: string
  readonly line: ConfigLine
}

/** What is gathered while the blocks are walked. */
interface Reading {
  readonly findings: Findings
  readonly groups: CiscoGroups
  readonly lists: Map<string, AccessList>
  readonly interfaces: string[]
  readonly bindings: ListBinding[]
  readonly routes: Route[]
  readonly addresses: InterfaceAddress[]
  device: string
  /** Blocks that some table or reader knew: none means that this is no IOS text. */
  known: number
}

/** Words that only ASA prints. Its subnet masks would be read as wildcards: such a text is refused. */
const ASA_MARKS = ['asa version', 'pix version', 'nameif']

/** Never throws. `config` is null for text of another kind, ASA text above all. */
export function readIos(text: string, file: string): ReadResult {
  const findings = new Findings('cisco-ios', file)
  const read = configLines(text)
  const asa = read.lines.find((line) => startsWithAny(line, ASA_MARKS))
  if (asa !== undefined) return refuse(findings, asa.number, 'this is text of an ASA, whose masks mean the opposite',
    'read it with the target cisco-asa')
  findings.limits(read)
  const blocks = blocksOf(withoutBanners(read.lines))
  const reading = startReading(blocks, findings)
  for (const block of blocks) readBlock(block, reading)
  if (reading.known === 0) return refuse(findings, 0, 'no line of this text belongs to IOS', 'give the output of show running-config')
  return { config: finish(reading, blocks), diagnostics: findings.diagnostics }
}

function refuse(findings: Findings, line: number, message: string, help: string): ReadResult {
  findings.error('other-text', line, message, help)
  return { config: null, diagnostics: findings.diagnostics }
}

function startReading(blocks: readonly Block[], findings: Findings): Reading {
  const groups = ciscoGroups(groupDefinitions(blocks), new Map())
  const interfaces: string[] = []
  for (const { head } of blocks) {
    if (startsWith(head, 'interface')) addInterface(interfaces, interfaceName(head))
  }
  return { findings, groups, lists: new Map(), interfaces, bindings: [], routes: [], addresses: [], device: '', known: 0 }
}

function addInterface(interfaces: string[], name: string): void {
  if (!interfaces.includes(name)) interfaces.push(name)
}

function readBlock(block: Block, reading: Reading): void {
  const { head } = block
  const listed = classifyLine(head, HARMLESS, MATTERS)
  const reader = BLOCKS.find(([matches]) => matches(head))?.[1]
  if (listed.kind !== 'unlisted' || reader !== undefined) reading.known++
  if (listed.kind === 'matters') reading.findings.unknown(head, listed.reason)
  else if (listed.kind === 'harmless') return
  else if (reader === undefined) reading.findings.unknown(head, UNLISTED)
  else reader(block, reading)
}

type BlockReader = (block: Block, reading: Reading) => void

const BLOCKS: readonly (readonly [(head: ConfigLine) => boolean, BlockReader])[] = [
  [(head) => isListHead(head), readList],
  [(head) => startsWith(head, 'interface'), readInterface],
  [(head) => startsWith(head, 'object-group') || startsWith(head, 'object'), () => undefined],
  [(head) => startsWith(head, 'zone security') || startsWith(head, 'zone-pair'), () => undefined],
  [(head) => startsWith(head, 'ip nat') || startsWith(head, 'route-map'), () => undefined],
  [(head) => startsWith(head, 'hostname'), (block, reading) => {
    reading.device = block.head.words[1] ?? ''
  }],
  [(head) => startsWith(head, 'ip route') || startsWith(head, 'ipv6 route'), readRoute],
]

function readList(block: Block, reading: Reading): void {
  const head = listHead(block.head)
  const known = reading.lists.get(listKey(head.name, head.family))
  const list: AccessList = known ?? { ...head, entries: [], remarks: 0 }
  if (known === undefined) reading.lists.set(listKey(head.name, head.family), list)
  const lines = head.entry === null ? block.body : [head.entry, ...block.body]
  for (const line of lines) {
    warnMask(line, reading.findings)
    const wrong = readListLine(line, list, head.standard, reading.groups)
    if (wrong !== null) list.entries.push({ sequence: null, rules: [], unknown: reading.findings.unknown(line, wrong) })
  }
}

/** The entry is read as IOS reads it; a person is told when that is probably not what was meant. */
function warnMask(line: ConfigLine, findings: Findings): void {
  const suspect = suspectMask(line.words, 'wildcard')
  if (suspect === null) return
  findings.warn('mask-trap', line.number, `"${suspect}" looks like a subnet mask, and IOS takes it as a wildcard`,
    'turn the mask around: ones are free in IOS lists')
}

/** IPv4 and IPv6 lists have separate name spaces on IOS only by family of the command that uses them. */
function listKey(name: string, family: IpVersion): string {
  return family === 4 ? name : `${name} (ipv6)`
}

function readInterface(block: Block, reading: Reading): void {
  const iface = reading.interfaces.indexOf(interfaceName(block.head))
  const down = block.body.some((line) => line.text.toLowerCase() === 'shutdown')
  const vrf = block.body.map((line) => vrfName(line)).find((name) => name !== null) ?? 'main'
  for (const line of block.body) {
    const words = new Words(line.words, 2)
    if (startsWith(line, 'ip access-group')) bind(line, words, iface, 4, reading)
    else if (startsWith(line, 'ipv6 traffic-filter') || startsWith(line, 'ipv6 access-group')) bind(line, words, iface, 6, reading)
    else if (startsWith(line, 'ip address') || startsWith(line, 'ipv6 address')) addAddress(line, words, iface, down, vrf, reading)
    else if (line.text.toLowerCase() !== 'shutdown' && vrfName(line) === null && !isSideLine(line) && !isZoneMember(line)) interfaceLine(line, reading.findings)
  }
}

function interfaceLine(line: ConfigLine, findings: Findings): void {
  const listed = classifyLine(line, INTERFACE_HARMLESS, INTERFACE_MATTERS)
  if (listed.kind !== 'harmless') findings.unknown(line, listed.kind === 'matters' ? listed.reason : UNLISTED)
}

function bind(line: ConfigLine, words: Words, iface: number, family: IpVersion, reading: Reading): void {
  const list = words.take()
  const direction = words.take().toLowerCase()
  if (!words.done || (direction !== 'in' && direction !== 'out')) reading.findings.unknown(line, 'the binding is not understood')
  else reading.bindings.push({ iface, hook: `interface-${direction}`, family, list: listKey(list, family), line })
}

/** Words behind an address that change nothing: `secondary`, `eui-64` needs the MAC and stays unknown. */
const ADDRESS_WORDS = new Set(['secondary', 'anycast'])

function addAddress(line: ConfigLine, words: Words, iface: number, down: boolean, table: string, reading: Reading): void {
  if (/^(?:dhcp|negotiated|autoconfig)$/.test(words.peek())) {
    reading.findings.unknown(line, 'the address is given by another device')
    return
  }
  if (/^fe80:/i.test(words.peek())) return
  const block = takeBlock(words)
  const rest = words.rest()
  if (block === null || (rest !== '' && !ADDRESS_WORDS.has(rest.toLowerCase()))) reading.findings.unknown(line,
    'the address is not understood')
  else if (!down) {
    const { version, network, length, value } = block
    if (table === 'main') reading.addresses.push({ version, value, length, iface, line: line.number })
    reading.routes.push({ version, network, length, kind: 'connected', nextHop: null, iface, metric: 0, table, line: line.number })
  }
}

function readRoute(block: Block, reading: Reading): void {
  const words = new Words(block.head.words, 2)
  const table = words.takeIf('vrf') ? words.take() : 'main'
  const route = takeStaticRoute(words, block.head.number, table, (name) => {
    const index = reading.interfaces.findIndex((known) => known.toLowerCase() === name.toLowerCase())
    return index < 0 ? null : index
  })
  if (route === null) reading.findings.unknown(block.head, 'the route, or whether it is up, is not understood')
  else reading.routes.push(route)
}

function finish(reading: Reading, blocks: readonly Block[]): ReadResult['config'] {
  const chains = new Map<string, Chain>()
  for (const [key, list] of reading.lists) chains.set(key, { name: key, rules: sortedRules(list), policy: 'deny' })
  for (const chain of chains.values()) reading.findings.noteRules(chain.rules.filter((rule) => !isStopped(rule)))
  const nat = iosTranslations(blocks, { interfaces: reading.interfaces, chains, findings: reading.findings })
  lateLists(blocks, reading.bindings, { ...reading, rows: nat })
  const zones = zoneChains(blocks, { interfaces: reading.interfaces, chains, findings: reading.findings })
  for (const chain of zones.chains) chains.set(chain.name, chain)
  const listed = reading.bindings.map((bound): Binding => {
    const { iface, hook, family } = bound
    return { iface, hook, family, chain: hasEntries(chains.get(bound.list)) ? bound.list : openChain(bound.list, iface, chains, reading) }
  })
  const bindings = [...listed, ...zones.bindings]
  return {
    target: 'cisco-ios', device: reading.device, interfaces: reading.interfaces, chains, bindings, nat, routes: reading.routes,
    routeRules: [], addresses: reading.addresses, sees: 'before-dnat', unknowns: reading.findings.unknowns,
  }
}

/** A bound list that does not exist, or has no entries, lets everything pass (IOS security command reference, "ip access-group"). */
function openChain(list: string, iface: number, chains: Map<string, Chain>, reading: Reading): string {
  const name = `${list} (without entries)`
  chains.set(name, { name, rules: [], policy: 'permit' })
  reading.findings.warn('empty-list', 0, `list ${list} is bound to ${reading.interfaces[iface] ?? ''} and has no entries`,
    'IOS lets everything pass such a list: write its entries, or take the binding away')
  return name
}

function hasEntries(chain: Chain | undefined): boolean {
  return chain !== undefined && chain.rules.some((rule) => rule.line > 0)
}

/** Rules whose whole line was reported while it was read. */
function isStopped(rule: Rule): boolean {
  return rule.action.kind === 'unknown'
}
