// emit-check: emitted text, read back by an independent reader, against the input on one packet of every cell.
// Keeps "translation validation": between two borders of either side no verdict changes, so one packet per cell proves all of them.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseIp, type Ip, type IpVersion } from '../base/ip.ts'
import { loadPolicy, parseYaml } from '../config/index.ts'
import { parsePolicy, policyNames, type Policy } from '../policy/index.ts'
import { policyChains } from '../policy/policy-rules.ts'
import type { CompileInput, Emitted, EmitResult } from '../policy/compile/target.ts'
import type { Chain, Constraint, Field, Match, Rule, ValueRange } from '../policy/rules/model.ts'
import { bddSpace } from '../policy/sets/bdd-space.ts'
import { composeChain } from '../policy/sets/compose.ts'
import type { PacketPoint, PacketSet, PacketSpace } from '../policy/sets/packet-set.ts'

const FIELDS_CUT = ['dst', 'src', 'proto', 'dport', 'icmpType'] as const
export type CutField = (typeof FIELDS_CUT)[number]
export type TestPacket = Readonly<Record<CutField, bigint>>

/** Ranges by field; a missing field matches everything. */
export type ReadMatch = Partial<Record<CutField, readonly ValueRange[]>>

/** What a reader made of a text for one IP version: every match in it, so that all borders are known, and its verdict. */
export interface ReadBack {
  readonly matches: readonly ReadMatch[]
  readonly permits: (packet: TestPacket) => boolean
  /** The same as a chain, when the text has an order. */
  readonly chain?: Chain
}

const PORTS = new Set([6n, 17n, 132n])
const ICMP = new Set([1n, 58n])

/** Packets in one comparison at most: above it the test asks too much of one machine. */
const CELLS_MAX = 300_000

export function inside(ranges: readonly ValueRange[] | undefined, value: bigint): boolean {
  return ranges === undefined || ranges.some((r) => r.low <= value && value <= r.high)
}

/** Whether a match covers a packet; ports and types exist where the protocol has them. */
export function covers(match: ReadMatch, packet: TestPacket): boolean {
  if (match.dport !== undefined && !PORTS.has(packet.proto)) return false
  if (match.icmpType !== undefined && !ICMP.has(packet.proto)) return false
  return FIELDS_CUT.every((field) => inside(match[field], packet[field]))
}

/** First match over read rules. */
export function firstMatch(rules: readonly (ReadMatch & { readonly permit: boolean })[], otherwise: boolean): ReadBack {
  const chain: Chain = { name: 'read', policy: otherwise ? 'permit' : 'deny', rules: rules.map((rule, i) => chainRule(rule, i)) }
  return { matches: rules, chain, permits: (packet) => rules.find((rule) => covers(rule, packet))?.permit ?? otherwise }
}

function chainRule(rule: ReadMatch & { readonly permit: boolean }, index: number): Rule {
  const action = rule.permit ? { kind: 'permit' as const } : { kind: 'deny' as const, reject: false }
  return { line: index + 1, text: '', family: null, matches: [matchOfRead(rule)], action }
}

function matchOfRead(read: ReadMatch): Match {
  const fields = FIELDS_CUT.flatMap((field): readonly (readonly [Field, Constraint])[] => {
    const ranges = read[field]
    return ranges === undefined ? [] : [[field, { kind: 'ranges', ranges, not: false }]]
  })
  return { fields, unknown: [] }
}

/** Compares by packet sets: the same question as assertSame, answered by the engine of the proofs. */
export function assertSameSets(chain: Chain, version: IpVersion, read: ReadBack, only: ReadMatch = {}): void {
  const space = bddSpace(version)
  const scope = space.of(matchOfRead(only))
  const permitted = (one: Chain): PacketSet => {
    const sets = composeChain(space, one, new Map())
    assert.deepEqual(sets.problems, [])
    return space.and(sets.surelyPermitted, scope)
  }
  const expected = permitted(chain)
  const found = permitted(read.chain ?? assert.fail('no chain'))
  assert.ok(!space.isEmpty(scope) && space.equals(expected, found), `wider: ${wordsOf(space, space.pick(space.minus(found, expected)))}`)
}

function wordsOf(space: PacketSpace, point: PacketPoint | null): string {
  return `${point === null ? 'no packet' : FIELDS_CUT.map((field) => `${field} ${point[field]}`).join(', ')} of IPv${space.version}`
}

/** The chain by the sentences of rules/model.ts, alternatives flattened. The judge. */
export function judge(chain: Chain): ReadBack {
  const rules = chain.rules.flatMap((rule) => rule.matches.map((match) => {
    const read: ReadMatch = {}
    for (const [field, constraint] of match.fields) {
      assert.ok(constraint.kind === 'ranges' && !constraint.not && field in { dst: 0, src: 0, proto: 0, dport: 0, icmpType: 0 })
      read[field as CutField] = constraint.ranges
    }
    return { ...read, permit: rule.action.kind === 'permit' }
  }))
  return firstMatch(rules, chain.policy === 'permit')
}

/** Compares on one packet per cell and returns how many there were. `only` restricts the question. */
export function assertSame(chain: Chain, read: ReadBack, only: ReadMatch = {}): number {
  const expected = judge(chain)
  const all = [...expected.matches, ...read.matches, only]
  const cells = Object.fromEntries(FIELDS_CUT.map((field) => [field, cellsOf(field, all, only)])) as unknown as Record<CutField, bigint[]>
  const count = cells.dst.length * cells.src.length * services(cells).length
  assert.ok(count <= CELLS_MAX, `${count} cells are too many for one test`)
  for (const service of services(cells)) {
    for (const src of cells.src) {
      for (const dst of cells.dst) {
        const packet = { ...service, src, dst }
        if (expected.permits(packet) === read.permits(packet)) continue
        const words = FIELDS_CUT.map((field) => `${field} ${packet[field]}`).join(', ')
        assert.fail(`policy ${expected.permits(packet) ? 'permits' : 'denies'}, text does not: ${words}`)
      }
    }
  }
  return count
}

/** First values of the elementary cells of a field, inside `only`. */
function cellsOf(field: CutField, all: readonly ReadMatch[], only: ReadMatch): bigint[] {
  const wide = all.some((match) => [...match.src ?? [], ...match.dst ?? []].some(({ high }) => high >= 1n << 32n))
  const address = 1n << (wide ? 128n : 32n)
  const max = { dst: address, src: address, proto: 256n, dport: 65_536n, icmpType: 256n }[field]
  const starts = new Set(field === 'proto' ? [0n, 1n, 2n, 6n, 7n, 17n, 18n, 58n, 59n, 132n, 133n] : [0n])
  for (const match of all) for (const { low, high } of match[field] ?? []) starts.add(low).add(high + 1n)
  const cells = [...starts].filter((value) => value < max && inside(only[field], value)).sort((a, b) => (a < b ? -1 : 1))
  // Values that every match treats alike get one packet; protocols with ports or types are never alike with those without.
  const likeness = (value: bigint): string => `${kindOf(field, value)} ${all.map((m) => (inside(m[field], value) ? 1 : 0)).join('')}`
  const byKind = new Map(cells.map((value) => [likeness(value), value]))
  return [...byKind.values()]
}

function kindOf(field: CutField, value: bigint): string {
  return field !== 'proto' ? '' : PORTS.has(value) ? 'ports' : ICMP.has(value) ? 'types' : ''
}

function services(cells: Readonly<Record<CutField, readonly bigint[]>>): { proto: bigint; dport: bigint; icmpType: bigint }[] {
  return cells.proto.flatMap((proto) => {
    if (PORTS.has(proto)) return cells.dport.map((dport) => ({ proto, dport, icmpType: 0n }))
    if (ICMP.has(proto)) return cells.icmpType.map((icmpType) => ({ proto, dport: 0n, icmpType }))
    return [{ proto, dport: 0n, icmpType: 0n }]
  })
}

/** The value, or a failure that prints the reasons. */
export function emitted(result: EmitResult): Emitted {
  if (!result.ok) assert.fail(`refused: ${result.refused.join('; ')}`)
  assert.ok(result.value.text.endsWith('\n') && result.value.rollback.endsWith('\n'), 'texts end in a newline')
  assert.equal(/[^\n\t -~]/.test(result.value.text + result.value.rollback), false, 'texts are printable ASCII')
  return result.value
}

/** The reasons, or a failure. */
export function refusals(result: EmitResult): string {
  assert.equal(result.ok, false)
  return result.ok ? '' : result.refused.join('\n')
}

export function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

const HASH = 'c0de'.repeat(16)

export function inputOf(chains: CompileInput['chains'], options: Readonly<Record<string, string>> = {}, name = 'ward 3'): CompileInput {
  return { name, policyHash: HASH, chains, ruleBudget: null, options }
}

function chainsOf(policy: Policy, assets: ReadonlyMap<string, readonly Ip[]>): CompileInput['chains'] {
  return policyChains(policy, policyNames(policy, assets))
}

/** A policy text without profiles. */
export function inputFromYaml(yaml: string, options: Readonly<Record<string, string>> = {}): CompileInput {
  const { tree, diagnostics } = parseYaml(yaml, 'test.yaml')
  assert.ok(tree !== null, JSON.stringify(diagnostics))
  const parsed = parsePolicy(tree)
  assert.ok(parsed.policy !== null, JSON.stringify(parsed.diagnostics))
  return inputOf(chainsOf(parsed.policy, new Map()), options, parsed.policy.name)
}

/** The shipped policy on a ward with two monitors and a central station, one of each over IPv6 too. */
export function shippedInput(options: Readonly<Record<string, string>> = {}): CompileInput {
  const loaded = loadPolicy()
  assert.ok(loaded.ok)
  const assets = new Map([
    ['contec-cms8000', [ip('10.20.3.7'), ip('10.20.3.8'), ip('2001:db8:3::7')]],
    ['cms-central-station', [ip('202.114.4.119'), ip('2001:db8:3::119')]],
  ])
  return inputOf(chainsOf(loaded.value.policy, assets), options, 'default')
}

/** Three zones, carved addresses, lists of ports, a deny before an allow of the same zones, both versions. */
export const WARD_YAML = `
version: 1
name: ward 3
zones:
  - { name: hospital, kind: it, prefixes: [10.0.0.0/8, 2001:db8::/32] }
  - { name: ward-3, kind: medical, inside: hospital, prefixes: [10.20.3.0/24, 2001:db8:3::/64] }
  - { name: central, kind: medical, inside: hospital, prefixes: [10.20.4.10/32, 10.20.4.12/31, 2001:db8:4::10/128] }
services:
  - { name: lab, transport: [tcp, udp], ports: [80, 5000-5010, 6000] }
conduits:
  - { name: vitals, from: ward-3, to: central, services: [cms8000, hl7, icmp], action: allow, fail: open, reason: beds }
  - { name: no-ssh, from: hospital, to: central, services: [ssh], action: deny, fail: closed, reason: none }
  - { name: staff, from: hospital, to: central, services: [any], action: allow, fail: open, reason: PCs }
  - { name: ground, from: ward-3, to: hospital, services: [dns, ntp, lab], action: allow, fail: open, reason: ground }
  - { name: out, from: ward-3, to: internet, services: [any], action: deny, fail: closed, reason: CISA }
  - { name: group, from: ward-3, to: group, services: [igmp, dhcp], action: allow, fail: open, reason: membership }
default: deny
`

/** Offsets below this are used in random inputs: few borders, every kind of overlap. */
const NIBBLE = 16

const BASES: Readonly<Record<IpVersion, bigint>> = { 4: 0x0a140300n, 6: 0x20010db8000300000000000000000000n }

function rangeArb(base: bigint, size: number): fc.Arbitrary<readonly ValueRange[]> {
  const one = fc.tuple(fc.nat(size - 1), fc.nat(3)).map(([low, more]) =>
    ({ low: base + BigInt(low), high: base + BigInt(Math.min(size - 1, low + more)) }))
  return fc.array(one, { minLength: 1, maxLength: 2 }).map(disjoint)
}

function disjoint(ranges: readonly ValueRange[]): readonly ValueRange[] {
  const sorted = [...ranges].sort((a, b) => (a.low < b.low ? -1 : 1))
  const out: ValueRange[] = []
  for (const range of sorted) {
    const last = out.at(-1)
    if (last === undefined || range.low > last.high + 1n) out.push(range)
    else out[out.length - 1] = { low: last.low, high: range.high > last.high ? range.high : last.high }
  }
  return out
}

type Row = readonly [Field, Constraint]

function ruleArb(version: IpVersion): fc.Arbitrary<Rule> {
  const row = (field: Field, arb: fc.Arbitrary<readonly ValueRange[]>): fc.Arbitrary<readonly Row[]> =>
    fc.option(arb, { freq: 3 }).map((ranges) => (ranges === null ? [] : [[field, { kind: 'ranges', ranges, not: false }]]))
  const proto = fc.constantFrom(1n, 2n, 6n, 17n, 47n, 58n).map((value) => [{ low: value, high: value }])
  const service = fc.oneof(
    fc.constant([] as readonly Row[]), row('proto', proto),
    row('dport', rangeArb(510n, 12)).map((rows): readonly Row[] =>
      [['proto', { kind: 'ranges', ranges: [{ low: 6n, high: 6n }, { low: 17n, high: 17n }], not: false }], ...rows]),
  )
  const address = rangeArb(BASES[version], NIBBLE)
  return fc.tuple(row('dst', address), row('src', address), service, fc.boolean(), fc.nat(99))
    .map(([dst, src, fields, permit, id]): Rule => ({
      line: id, text: `conduit-${id}`, family: version, matches: [{ fields: [...dst, ...src, ...fields], unknown: [] }],
      action: permit ? { kind: 'permit' } : { kind: 'deny', reject: false },
    }))
}

function chainArb(version: IpVersion): fc.Arbitrary<Chain> {
  return fc.tuple(fc.array(ruleArb(version), { maxLength: 5 }), fc.constantFrom('permit', 'deny'))
    .map(([rules, policy]) => ({ name: 'random', rules, policy }))
}

/** Random small policies of both versions. */
export function inputArb(options: Readonly<Record<string, string>> = {}): fc.Arbitrary<CompileInput> {
  return fc.tuple(chainArb(4), chainArb(6)).map(([four, six]) => inputOf({ 4: four, 6: six }, options))
}
