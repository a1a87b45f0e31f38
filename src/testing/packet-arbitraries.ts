// packet-arbitraries: random matches, packets and chains that meet often: few values, every border, masks with holes.
// Keeps tests from proving that random things never overlap.

import fc from 'fast-check'
import { IP_BITS, type IpVersion } from '../base/ip.ts'
import { FIELDS, type Chain, type Constraint, type Field, type Match, type Rule, type RuleAction } from '../policy/rules/model.ts'
import type { Universe } from '../policy/sets/brute-space.ts'
import { fieldBits, packetPoint } from '../policy/sets/fields.ts'
import type { PacketPoint } from '../policy/sets/packet-set.ts'

const ADDRESS: Readonly<Record<IpVersion, bigint>> = { 4: 0x0a000000n, 6: 0x20010db8n << 96n }

/** 700 packets: every kind of protocol, ports at both ends, two of most things. */
export function smallUniverse(version: IpVersion): Universe {
  const base = ADDRESS[version]
  return {
    dst: [base, base + 1n, base + 2n, base + 3n], src: [base, base + 1n], proto: [1n, 6n, 17n, 47n], dport: [0n, 53n, 443n],
    sport: [0n, 65_535n], flags: [0n, 2n], icmpType: [0n, 8n], state: [0n, 1n], iif: [0n, 1n],
  }
}

/** Values around those of the universe, so that ranges end on both sides of them. */
export function borderValues(version: IpVersion, field: Field): readonly bigint[] {
  const top = field === 'dst' || field === 'src' ? (1n << BigInt(IP_BITS[version])) - 1n : 65_535n
  const near = (smallUniverse(version)[field] ?? [0n]).flatMap((value) => [value - 1n, value, value + 1n])
  return [...new Set([0n, ...near, top])].filter((value) => value >= 0n && value <= top)
}

export interface MatchShape {
  /** Matches that nobody understands stand beside the others. */
  readonly unknowns?: boolean
  /** Masks that fix a few low bits only, which is thousands of ranges; otherwise all but a few bits are fixed. */
  readonly sparseMasks?: boolean
}

function maskArbitrary(version: IpVersion, field: Field, sparse: boolean): fc.Arbitrary<bigint> {
  const top = (1n << BigInt(fieldBits(field, version))) - 1n
  const dense = fc.constantFrom(0n, 1n, 2n, 3n, 5n, 8n, 15n, top).map((free) => top & ~free)
  return sparse ? fc.oneof(dense, fc.constantFrom(1n, 2n, 3n, 5n, 8n, 0xfcn)) : dense
}

function constraintArbitrary(version: IpVersion, field: Field, shape: MatchShape): fc.Arbitrary<Constraint> {
  const value = fc.constantFrom(...borderValues(version, field))
  const range = fc.tuple(value, value).map(([a, b]) => ({ low: a, high: b }))
  const mask = fc.record({ value, mask: maskArbitrary(version, field, shape.sparseMasks ?? true) })
  return fc.oneof(
    fc.record({ kind: fc.constant('ranges' as const), ranges: fc.array(range, { maxLength: 3 }), not: fc.boolean() }),
    fc.record({ kind: fc.constant('masks' as const), masks: fc.array(mask, { maxLength: 2 }), not: fc.boolean() }),
  )
}

/** Up to three constraints, the same field possibly twice. */
export function matchArbitrary(version: IpVersion, shape: MatchShape = {}): fc.Arbitrary<Match> {
  const field = fc.constantFrom(...FIELDS.filter((f) => f !== 'oif'))
  const constrained = field.chain((f) => constraintArbitrary(version, f, shape).map((constraint) => [f, constraint] as const))
  const unknown = fc.record({ text: fc.constant('meta skuid 0'), line: fc.constant(1), reason: fc.constant('a user id') })
  return fc.record({ fields: fc.array(constrained, { maxLength: 3 }), unknown: fc.array(unknown, { maxLength: shape.unknowns ? 1 : 0 }) })
}

/** Any packet, well-formed or not, near the universe. */
export function pointArbitrary(version: IpVersion): fc.Arbitrary<PacketPoint> {
  const value = (field: Field): fc.Arbitrary<bigint> => fc.constantFrom(...borderValues(version, field))
  return fc.record({
    dst: value('dst'), src: value('src'), proto: fc.constantFrom(0n, 1n, 6n, 17n, 47n, 58n, 132n, 255n), dport: value('dport'),
    sport: value('sport'), flags: fc.constantFrom(0n, 2n, 255n), icmpType: fc.constantFrom(0n, 8n), state: fc.constantFrom(0n, 1n, 3n),
    iif: fc.constantFrom(0n, 1n, 65_535n),
  }).map(packetPoint)
}

/** Names of chains that jumps may lead to; `absent` is none of them. */
const NAMES = ['base', 'one', 'two', 'three', 'absent'] as const

function actionArbitrary(unknowns: boolean): fc.Arbitrary<RuleAction> {
  const why = { text: 'queue', line: 1, reason: 'userspace decides' }
  const simple = fc.constantFrom<RuleAction>(
    { kind: 'permit' }, { kind: 'deny', reject: false }, { kind: 'return' }, { kind: 'next' },
    ...(unknowns ? [{ kind: 'unknown', why } as const] : []))
  const call = fc.record({ kind: fc.constantFrom('jump' as const, 'goto' as const), chain: fc.constantFrom(...NAMES) })
  return fc.oneof({ arbitrary: simple, weight: 3 }, { arbitrary: call, weight: 1 })
}

export function chainArbitrary(version: IpVersion, name: string, unknowns: boolean): fc.Arbitrary<Chain> {
  const rule: fc.Arbitrary<Rule> = fc.record({
    line: fc.nat(99), text: fc.constant('a rule'), family: fc.constantFrom<IpVersion | null>(null, null, version, version === 4 ? 6 : 4),
    matches: fc.array(matchArbitrary(version, { unknowns }), { minLength: 0, maxLength: 2 }), action: actionArbitrary(unknowns),
  })
  return fc.record({
    name: fc.constant(name), rules: fc.array(rule, { maxLength: 5 }), policy: fc.constantFrom<Chain['policy']>('permit', 'deny', null),
  })
}

/** A base chain and the chains beside it, which call each other in any way, loops included. */
export function chainsArbitrary(version: IpVersion, unknowns: boolean): fc.Arbitrary<ReadonlyMap<string, Chain>> {
  return fc.tuple(...NAMES.filter((n) => n !== 'absent').map((name) => chainArbitrary(version, name, unknowns)))
    .map((chains) => new Map(chains.map((chain) => [chain.name, chain])))
}
