// Checks that the zone firewall targets share: policies to compile, packets on every border, verdicts compared by the slow decider.
// Keeps "each target can read back what it writes": the reader's chain must say what the compiler's input says, packet by packet.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { IP_BITS, type IpVersion } from '../base/ip.ts'
import { bddSpace } from '../policy/sets/bdd-space.ts'
import { composeChain } from '../policy/sets/compose.ts'
import type { Chain, Config, Constraint, Field, Match, Rule, ValueRange } from '../policy/rules/model.ts'
import type { PacketPoint } from '../policy/sets/packet-set.ts'
import { walkChain } from '../policy/sets/walk.ts'
import type { CompileInput, Target } from '../policy/compile/target.ts'

const FIREWALLS = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'firewalls', 'batfish')

/** A reason to skip, or false. */
export const firewallsMissing: string | false = fs.existsSync(FIREWALLS) ? false : '../shared/firewalls is not here'

export function firewallFiles(folder: string): string[] {
  return firewallsMissing ? [] : fs.readdirSync(path.join(FIREWALLS, folder)).sort()
}

export function firewallText(folder: string, file: string): string {
  return fs.readFileSync(path.join(FIREWALLS, folder, file), 'utf8')
}

export function point(fields: Partial<Record<Field, bigint | number>>): PacketPoint {
  const zero = { dst: 0n, src: 0n, proto: 0n, dport: 0n, sport: 0n, flags: 0n, icmpType: 0n, icmpCode: 0n, state: 0n, iif: 0n, oif: 0n }
  return { ...zero, ...Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, BigInt(v)])) }
}

export function v4(text: string): bigint {
  return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

/** `permit`, `deny`, or `unknown` when both are possible. */
export function verdictOf(chain: Chain, chains: ReadonlyMap<string, Chain>, at: PacketPoint, version: IpVersion): string {
  return walkChain(chain, chains, at, version).verdict
}

/** What the forward hook of a config says of a packet. */
export function verdict(config: Config | null, fields: Partial<Record<Field, bigint | number>>, version: IpVersion = 4): string {
  const chain = config?.chains.get(config.bindings[0]?.chain ?? '')
  assert.ok(config && chain, 'a config with a bound chain')
  return verdictOf(chain, config.chains, point(fields), version)
}

const TOP = (version: IpVersion): bigint => (1n << BigInt(IP_BITS[version])) - 1n

function rangesArb(max: bigint, pool: readonly bigint[]): fc.Arbitrary<ValueRange[]> {
  const low = fc.oneof(fc.constantFrom(...pool), fc.bigInt({ min: 0n, max }))
  const size = fc.oneof(fc.constantFrom(0n, 1n, 255n), fc.bigInt({ min: 0n, max: 70_000n }))
  const range = fc.tuple(low, size).map(([l, s]) => ({ low: l, high: l + s > max ? max : l + s }))
  return fc.array(range, { minLength: 1, maxLength: 3 })
}

function addressArb(version: IpVersion): fc.Arbitrary<ValueRange[]> {
  const pool = version === 4 ? [v4('10.0.0.0'), v4('10.30.1.7'), v4('202.114.4.0')] : [0xfd00n << 112n, (0x2001_0db8n << 96n) + 5n]
  return rangesArb(TOP(version), [0n, ...pool])
}

export type ProtoChoice = readonly (number | null)[]

function matchArb(version: IpVersion, protocols: ProtoChoice): fc.Arbitrary<Match> {
  const list = (field: Field, ranges: readonly ValueRange[] | null): (readonly [Field, Constraint])[] =>
    (ranges ? [[field, { kind: 'ranges', ranges, not: false }]] : [])
  const proto = fc.constantFrom(...protocols)
  const ports = fc.option(rangesArb(65_535n, [0n, 80n, 515n, 7001n]))
  const types = fc.option(rangesArb(255n, [0n, 8n]).map((r) => r.slice(0, 1).map((x) => ({ low: x.low, high: x.low }))))
  return fc.tuple(fc.option(addressArb(version)), fc.option(addressArb(version)), proto, ports, types).map(([src, dst, p, dport, type]) => {
    const icmp = p === 1 || p === 58
    const ported = p === 6 || p === 17 || p === 132
    const own = p === null ? null : [{ low: BigInt(p), high: BigInt(p) }]
    const fields = [...list('dst', dst), ...list('src', src), ...list('proto', own), ...list('dport', ported ? dport : null)]
    return { fields: [...fields, ...list('icmpType', icmp ? type : null)], unknown: [] }
  })
}

function chainArb(version: IpVersion, protocols: ProtoChoice): fc.Arbitrary<Chain> {
  const action = fc.constantFrom<Rule['action']>({ kind: 'permit' }, { kind: 'deny', reject: false })
  const rule = fc.tuple(fc.array(matchArb(version, protocols), { minLength: 1, maxLength: 3 }), action)
  const policy = fc.constantFrom<'permit' | 'deny'>('permit', 'deny')
  return fc.tuple(fc.array(rule, { maxLength: 6 }), policy).map(([rules, end]) => ({
    name: `v${version}`,
    policy: end,
    rules: rules.map(([matches, act], i): Rule => ({ line: i + 1, text: `conduit "${i}" -> x; y`, family: version, matches, action: act })),
  }))
}

/** Policies as the compilers get them; `protocols` are the ones the platform can name. */
export function inputArb(protocols: ProtoChoice): fc.Arbitrary<CompileInput> {
  return fc.tuple(chainArb(4, protocols), chainArb(6, protocols)).map(([four, six]) =>
    ({ name: 'Ward 7 / beds', policyHash: 'ab12cd34ef567890', chains: { 4: four, 6: six }, ruleBudget: null, options: {} }))
}

/** Values on and beside every border of a field. */
function borders(chain: Chain, field: Field, max: bigint): bigint[] {
  const own = chain.rules.flatMap((r) => r.matches).flatMap((m) => m.fields).filter(([f]) => f === field)
    .flatMap(([, c]) => (c.kind === 'ranges' ? c.ranges : [])).flatMap((r) => [r.low - 1n, r.low, r.high, r.high + 1n])
  return [...new Set([0n, max, ...own])].filter((v) => v >= 0n && v <= max)
}

/** Packets that mix the borders of all fields; `pick` is a number below its argument. */
function borderPoint(chain: Chain, version: IpVersion, pick: (below: number) => number): PacketPoint {
  const of = (field: Field, max: bigint): bigint => {
    const values = borders(chain, field, max)
    return values[pick(values.length)] ?? 0n
  }
  const proto = [6n, 17n, 1n, 58n, 132n, 47n, of('proto', 255n)][pick(7)] ?? 6n
  const ported = [6n, 17n, 132n].includes(proto)
  const icmp = [1n, 58n].includes(proto)
  return point({
    src: of('src', TOP(version)), dst: of('dst', TOP(version)), proto, dport: ported ? of('dport', 65_535n) : 0n,
    icmpType: icmp ? of('icmpType', 255n) : 0n,
  })
}

const POINTS = 40

/** Writes and reads back: without errors, and with nothing unknown. */
function readBack(target: Target, input: CompileInput): { readonly config: Config; readonly text: string } {
  const emitted = target.emit(input)
  assert.ok(emitted.ok, emitted.ok ? '' : emitted.refused.join('; '))
  const read = target.read?.(emitted.value.text, 'emitted')
  assert.deepEqual(read?.diagnostics.filter((d) => d.severity === 'error'), [], emitted.value.text)
  assert.ok(read?.config)
  assert.deepEqual(read.config.unknowns, [])
  return { config: read.config, text: emitted.value.text }
}

/** Translation validation: exactly the packets that the input permits are permitted by what was read back. `zone` narrows to one pair. */
export function assertSameSets(target: Target, input: CompileInput, zone?: readonly [string, string]): void {
  const { config, text } = readBack(target, input)
  const pair = (zone ?? []).map((name) => BigInt(config.interfaces.indexOf(name)))
  const fields = (['iif', 'oif'] as const).flatMap((field, i) => {
    const value = pair[i]
    return value === undefined ? [] : [[field, { kind: 'ranges', ranges: [{ low: value, high: value }], not: false }] as const]
  })
  for (const version of [4, 6] as const) {
    const space = bddSpace(version)
    const within = space.of({ fields, unknown: [] })
    const chain = config.chains.get(config.bindings[0]?.chain ?? '')
    assert.ok(chain)
    const wanted = composeChain(space, input.chains[version], new Map())
    const found = composeChain(space, chain, config.chains)
    assert.deepEqual(found.problems, [])
    for (const bound of ['surelyPermitted', 'possiblyPermitted'] as const) {
      const same = space.equals(space.and(wanted[bound], within), space.and(found[bound], within))
      assert.ok(same, `IPv${version} ${bound} differs\n${text}`)
    }
  }
}

/** Writes, reads back, and compares verdicts on the borders. Options that name zones are the caller's: `zone` sets iif and oif. */
export function assertReadsBack(target: Target, input: CompileInput, seed: number, zone?: readonly [string, string]): void {
  const { config, text } = readBack(target, input)
  const [iif, oif] = (zone ?? []).map((name) => config.interfaces.indexOf(name))
  let state = seed >>> 0
  const pick = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % below
  }
  for (const version of [4, 6] as const) {
    const chain = input.chains[version]
    for (let i = 0; i < POINTS; i++) {
      const at = borderPoint(chain, version, pick)
      const said = verdict(config, { ...at, iif: iif ?? 0, oif: oif ?? 0 }, version)
      const shown = JSON.stringify(Object.entries(at).map(([k, v]) => `${k} ${v}`))
      assert.equal(said, verdictOf(chain, new Map(), at, version), `IPv${version} ${shown}\n${text}`)
    }
  }
}

/** One line per file: how much of it was understood. */
export function readTable(target: Target, folder: string): string[] {
  return firewallFiles(folder).map((file) => {
    const read = target.read?.(firewallText(folder, file), file)
    const state = !read?.config ? 'refused' : read.config.unknowns.length > 0 ? 'with unknowns' : 'whole'
    return `${file}: ${state}`
  })
}

/** Cuts, doubles and swaps pieces of a text: what a reader must survive. */
export function mangled(text: string, at: number, length: number, other: string): string {
  const from = at % (text.length + 1)
  return text.slice(0, from) + other + text.slice(from + length)
}
