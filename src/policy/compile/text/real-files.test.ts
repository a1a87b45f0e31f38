// Real Cisco files beside the checkout: all are read without a crash, and the answers that came with them are ours as well.
// Keeps "build for the kind, not the file": whatever lies in those folders is read; only answers with a name are compared by name.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { IpVersion } from '../../../base/ip.ts'
import type { Chain, Config, Match } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { composeChain, ruleSets } from '../../sets/compose.ts'
import type { PacketSet, PacketSpace } from '../../sets/packet-set.ts'
import { readAsa } from '../cisco-asa/read.ts'
import { readIos } from '../cisco-ios/read.ts'
import type { ReadResult } from '../target.ts'
import { sideText } from './cisco-emit.ts'
import { blockRange, inRanges, inValues } from './ranges.ts'
import { address, chainOf, FIREWALLS, firewallFiles, firewallsMissing, firewallText, verdict } from './testing.test.ts'

const IOS_FILES = [...firewallFiles('batfish/cisco_ios'), ...firewallFiles('batfish/networks', '.cfg')]
const ASA_FILES = firewallFiles('batfish/cisco_asa')

function asa(name: string): Config {
  const { config } = readAsa(firewallText(`batfish/cisco_asa/${name}`), name)
  assert.ok(config)
  return config
}

/** Sentences of what became of a file: whole, with so many unknowns, or refused with the reason. */
function outcome({ config, diagnostics }: ReadResult): string {
  if (config === null) return `refused: ${diagnostics.find((d) => d.severity === 'error')?.message ?? 'without a word'}`
  return config.unknowns.length === 0 ? 'whole' : `${config.unknowns.length} unknown`
}

/** What a text of each system says of itself, so that no list of file names is needed. */
function isAsaText(text: string): boolean {
  return /^ASA Version/m.test(text)
}

test('every Cisco file is read by its own reader and refused by the other when it says what it is', { skip: firewallsMissing }, (t) => {
  const counts = new Map<string, number>()
  for (const file of [...IOS_FILES, ...ASA_FILES]) {
    const text = firewallText(file)
    const own = isAsaText(text) ? readAsa(text, file) : readIos(text, file)
    const kind = outcome(own).replace(/^\d+/, 'with')
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    if (/^set /m.test(text)) assert.equal(own.config, null, `${file} is not Cisco text`)
    else assert.ok(own.config, `${file}: ${outcome(own)}`)
    if (isAsaText(text)) assert.equal(readIos(text, file).config, null, file)
    if (/^ip access-list/m.test(text)) assert.equal(readAsa(text, file).config, null, file)
    for (const unknown of own.config?.unknowns ?? []) assert.ok(unknown.line > 0 && unknown.reason !== '', file)
  }
  for (const [kind, count] of [...counts].sort()) t.diagnostic(`${count} files: ${kind}`)
  assert.ok(IOS_FILES.length + ASA_FILES.length >= 40)
})

test('each line that names an access list entry is a rule or an unknown', { skip: firewallsMissing }, () => {
  for (const file of IOS_FILES) {
    const text = firewallText(file)
    const { config } = readIos(text, file)
    if (config === null) continue
    const seen = new Set([...config.chains.values()].flatMap((chain) => chain.rules.map((rule) => rule.line)))
    const unknown = new Set(config.unknowns.map((u) => u.line))
    const inArpList = arpLines(text)
    for (const [index, line] of text.split('\n').entries()) {
      if (!/^\s*(?:\d+ +)?(?:permit|deny) /.test(line) || inArpList.has(index + 1)) continue
      assert.ok(seen.has(index + 1) || unknown.has(index + 1), `${file}:${index + 1}: ${line}`)
    }
  }
})

/** Lines of ARP lists, which are one unknown at their head. */
function arpLines(text: string): ReadonlySet<number> {
  const found = new Set<number>()
  let inside = false
  for (const [index, line] of text.split('\n').entries()) {
    if (!/^\s/.test(line)) inside = line.startsWith('arp access-list')
    else if (inside) found.add(index + 1)
  }
  return found
}

/** Packets of IPv4 from one block to another. */
function between(space: PacketSpace, src: readonly [string, number], dst: readonly [string, number]): PacketSet {
  const side = ([ip, length]: readonly [string, number]) => inRanges([blockRange(address(ip), length, 32)])
  return space.of({ fields: [['src', side(src)], ['dst', side(dst)]], unknown: [] })
}

function permitted(space: PacketSpace, config: Config, chain: Chain): PacketSet {
  const { surelyPermitted, possiblyPermitted } = composeChain(space, chain, config.chains)
  assert.ok(space.equals(surelyPermitted, possiblyPermitted), `${chain.name} has unknowns`)
  return surelyPermitted
}

test('the mask trap: ASA and IOS mean the same addresses by opposite masks', { skip: firewallsMissing }, () => {
  const ios = readIos(firewallText('batfish/cisco_ios/aclIos'), 'aclIos').config
  for (const config of [ios, asa('aclAsa')]) {
    assert.ok(config)
    const space = bddSpace(4)
    assert.ok(space.equals(permitted(space, config, chainOf(config, 'acl')), between(space, ['1.2.3.0', 24], ['4.3.0.0', 16])))
  }
})

/** New packets that a chain permits, whatever the interfaces. */
function freshPermitted(space: PacketSpace, config: Config, name: string, more: Match['fields'] = []): PacketSet {
  const fresh = space.of({ fields: [['state', inValues(0)], ...more], unknown: [] })
  return space.and(permitted(space, config, chainOf(config, name)), fresh)
}

test('ASA filters: TCP 123 alone where a list says so, on one interface or on all', { skip: firewallsMissing }, () => {
  const clock: Match['fields'] = [['proto', inValues(6)], ['dport', inValues(123)], ['state', inValues(0)]]
  const filters = asa('asa-filters')
  for (const version of [4, 6] as const satisfies readonly IpVersion[]) {
    const space = bddSpace(version)
    const only = space.of({ fields: clock, unknown: [] })
    assert.ok(space.equals(freshPermitted(space, filters, 'name1 out'), only))
    assert.ok(space.equals(freshPermitted(space, filters, 'name5 out'), only))
    const everywhere = asa('asa-filters-global')
    for (const [iface, other] of [['name1', 1], ['name2', 0]] as const) {
      const oif: Match['fields'] = [['oif', inValues(other)]]
      const expected = space.of({ fields: [...clock, ...oif], unknown: [] })
      assert.ok(space.equals(freshPermitted(space, everywhere, `${iface} in`, oif), expected))
    }
  }
})

test('ASA security levels: down yes, up and across no, unless it is said', { skip: firewallsMissing }, () => {
  const levels = asa('asa-security-level')
  const ask = (config: Config, from: string, to: string): string =>
    verdict(config, `${from} in`, 'tcp 3.0.0.9 -> 3.0.1.9:80', { oif: BigInt(config.interfaces.indexOf(to)) })
  assert.deepEqual(['some-trust', 'outside', 'inside', 'all-trust'].map((to) => ask(levels, 'all-trust', to)), ['permit', 'permit', 'deny',
    'deny'])
  assert.deepEqual(['all-trust', 'inside', 'outside'].map((to) => ask(levels, 'some-trust', to)), ['deny', 'deny', 'permit'])
  assert.equal(ask(levels, 'outside', 'inside'), 'deny')
  const both = asa('asa-security-level-permit-both')
  assert.deepEqual(['name1', 'name2'].map((to) => ask(both, 'name1', to)), ['permit', 'permit'])
  const intra = asa('asa-security-level-permit-intra')
  assert.deepEqual(['name1', 'name2'].map((to) => ask(intra, 'name1', to)), ['permit', 'deny'])
})

/** Texts of rules that no packet reaches, because earlier rules take all of theirs. */
function deadLines(chain: Chain): readonly string[] {
  const space = bddSpace(4)
  let taken = space.empty
  return chain.rules.flatMap((rule) => {
    const { sure, maybe } = ruleSets(space, rule)
    const dead = space.isEmpty(space.minus(maybe, taken))
    taken = space.or(taken, sure)
    return dead ? [rule.text] : []
  })
}

interface DeadRow {
  readonly Sources: readonly string[]
  readonly Unreachable_Line: string
}

test('dead lines: exactly those of the reference answer, in every list of the networks', { skip: firewallsMissing }, () => {
  const answer = JSON.parse(firewallText('batfish/refs/filterLineReachability.ref')) as { rows: DeadRow[] }[]
  const rows = answer.flatMap((element) => element.rows)
  const expected = rows.flatMap((row) => row.Sources.map((source) => `${source}: ${row.Unreachable_Line}`)).sort()
  const found = new Set<string>()
  for (const file of firewallFiles('batfish/networks/networks/example', '.cfg')) {
    const { config } = readIos(firewallText(file), file)
    for (const chain of config?.chains.values() ?? []) {
      for (const text of deadLines(chain)) found.add(`${config?.device}: ${chain.name}: ${text}`)
    }
  }
  const words = (line: string): string => line.replaceAll(/\s+/g, ' ')
  assert.deepEqual([...found].map((line) => words(line)).sort(), expected.map((line) => words(line)))
  assert.ok(expected.length > 0)
})

type BenchRule = readonly [src: [number, number], dst: [number, number], proto: number | null, sport: [number, number], dport: [number,
  number],
  permit: boolean]

/**
 * The rules of a benchmark pair as the text of either system. Ports that the pair gives to ICMP are left out, because no text can say them;
 * so pairs that differ in such a rule alone (h-mut-1000-1) cannot be asked here.
 */
function listText(rules: readonly BenchRule[], masks: 'wildcard' | 'subnet'): string {
  const port = ([low, high]: readonly [number, number]): string => (low === 0 && high === 65_535 ? '' : ` range ${low} ${high}`)
  const side = ([base, length]: readonly [number, number]): string =>
    sideText(length === 0 ? null : { network: BigInt(base), length }, 4, masks === 'wildcard' ? 'any' : 'any4', masks)
  const lines = rules.map(([src, dst, proto, sport, dport, permit]) => {
    const ports = proto === 6 || proto === 17
    return `${permit ? 'permit' : 'deny'} ${proto ?? 'ip'} ${side(src)}${ports ? port(sport) : ''} ${side(dst)}${ports ? port(dport) : ''}`
  })
  if (masks === 'wildcard') return `ip access-list extended L\n ${lines.join('\n ')}\n`
  return `ASA Version 9.16\n${lines.map((line) => `access-list L extended ${line}`).join('\n')}\n`
}

for (const [pair, answer] of [['h-equ-100-1', 'EQUAL'], ['h-mut-100-1', 'DIFFER'], ['h-ind-100-2', 'DIFFER'], ['h-equ-1000-1', 'EQUAL'],
  ['h-mut-1000-2', 'DIFFER'], ['slab-90', 'EQUAL']] as const) {
  test(`lists of the pair ${pair}, one as IOS text and one as ASA text: ${answer}`, { skip: firewallsMissing }, () => {
    const [a, b] = JSON.parse(firewallText(`bench/${pair}.json`)) as [BenchRule[], BenchRule[]]
    const ios = readIos(listText(a, 'wildcard'), 'a').config
    const other = readAsa(listText(b, 'subnet'), 'b').config
    assert.ok(ios && other)
    assert.deepEqual([...ios.unknowns, ...other.unknowns], [])
    const space = bddSpace(4)
    const equal = space.equals(permitted(space, ios, chainOf(ios, 'L')), permitted(space, other, chainOf(other, 'L')))
    assert.equal(equal ? 'EQUAL' : 'DIFFER', answer)
  })
}

const BACKBONE = path.join(FIREWALLS, 'stanford')
const backboneMissing = fs.existsSync(BACKBONE) ? false : '../shared/firewalls/stanford is not here'

test('backbone configurations, when they are there: read as IOS without a crash, every entry kept', { skip: backboneMissing }, () => {
  const texts = firewallFiles('stanford').map((file) => [file, firewallText(file)] as const).filter(([,
    text]) => /^access-list|^ip access-list/m.test(text))
  for (const [file, text] of texts) {
    const { config } = readIos(text, file)
    assert.ok(config, file)
    const entries = text.split('\n').filter((line) => /^access-list \d+ (?:permit|deny) /.test(line)).length
    assert.ok([...config.chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0) >= entries, file)
  }
})
