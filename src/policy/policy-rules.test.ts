// Tests of policyChains and zoneRanges: the chain must equal evaluate, its slow twin, on random policies, names and flows.
// Ranges must be canonical, so that equal sets are equal lists.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromValue, ipValue, ipVersion, IP_BITS, parseIp, type Ip, type IpVersion, type Prefix } from '../base/ip.ts'
import { ipScope, scopeBlocks } from '../base/ip-scope.ts'
import type { PortRange } from '../base/port-range.ts'
import { loadPolicy } from '../config/policy.ts'
import { evaluate, type FiveTuple } from './eval/evaluate.ts'
import { policyNames, zoneOf, type NameMap } from './eval/names.ts'
import { BUILT_IN_ZONES, type Conduit, type Policy, type PolicyTransport, type Service } from './language/model.ts'
import { BUILT_IN_SERVICES, hasPorts } from './language/services.ts'
import { flowMatches, policyChains, prefixRange, zoneRanges } from './policy-rules.ts'
import type { Chain, Constraint, Match, ValueRange } from './rules/model.ts'

const ZONE_NAMES = ['a', 'b', 'c'] as const
const VERSIONS = [4, 6] as const

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

/** Blocks around a few addresses, some of them at the edge of a built-in kind, so that zones nest, tie, touch and miss each other. */
const CENTRES: readonly (readonly [IpVersion, bigint])[] = [
  [4, 0x0a000000n], [4, 0xca720477n], [4, 0xdffffff8n], [4, 0xfffffff0n], [4, 0n], [6, 0n], [6, 0xfd000000000000000000000000000000n],
  [6, (1n << 128n) - 16n],
]
const near = fc.record({ centre: fc.constantFrom(...CENTRES), low: fc.nat(15), length: fc.nat(4) })
const nearPrefix = near.map(({ centre: [version, base], low, length }): Prefix => {
  const hostBits = BigInt(4 - length)
  const value = ((base >> 4n) << 4n) + BigInt(low)
  return { version, network: (value >> hostBits) << hostBits, length: IP_BITS[version] - 4 + length }
})
/** Up to the whole space, which holds groups, loopback and all. */
const widePrefix = fc.record({ version: fc.constantFrom(...VERSIONS), length: fc.nat(12), top: fc.nat(4095) })
  .map(({ version, length, top }): Prefix => {
    const bits = BigInt(top) >> BigInt(12 - length)
    return { version, network: bits << BigInt(IP_BITS[version] - length), length }
  })
const prefix = fc.oneof({ arbitrary: nearPrefix, weight: 4 }, { arbitrary: widePrefix, weight: 1 })
const SPECIAL = ['0.0.0.0', '255.255.255.255', '224.0.0.1', 'ff02::1', '::', '::1', 'fe80::1', '8.8.8.8', '2001:db8::1', '100.64.0.1']
  .map(ip)
const address = fc.oneof(
  near.map(({ centre: [version, base], low }): Ip => ipFromValue(version, ((base >> 4n) << 4n) + BigInt(low))),
  fc.constantFrom(...SPECIAL),
)
const nameMaps = fc.array(fc.array(prefix, { maxLength: 6 }), { minLength: 3, maxLength: 3 })
  .map((lists): NameMap => new Map(lists.map((list, i) => [ZONE_NAMES[i] ?? 'a', list])))

const PORTS = [0, 1, 52, 53, 111, 514, 515, 517, 520, 521, 65534, 65535]
const transports = fc.uniqueArray(fc.constantFrom<PolicyTransport>('tcp', 'udp', 'icmp', 'igmp'), { minLength: 1, maxLength: 3 })
const portRange = fc.tuple(fc.constantFrom(...PORTS), fc.constantFrom(...PORTS))
  .map(([a, b]): PortRange => ({ low: Math.min(a, b), high: Math.max(a, b) }))
/** Wilder than the language allows: ports unsorted and overlapping, portless transports beside ports. */
const ownService = fc.record({ transports, ports: fc.array(portRange, { maxLength: 3 }) })
const zoneName = fc.constantFrom(...ZONE_NAMES, ...BUILT_IN_ZONES)
const serviceName = fc.constantFrom('dns', 'any', 'icmp', 'cms8000', 'lpd', 'igmp', 'portmap', 'own-0', 'own-1')
const conduit = fc.record({ from: zoneName, to: zoneName, services: fc.array(serviceName, { minLength: 1, maxLength: 3 }),
  allow: fc.boolean() })

const policies = fc.record({ own: fc.array(ownService, { minLength: 2, maxLength: 2 }),
  raw: fc.array(conduit, { maxLength: 30, size: 'max' }),
  open: fc.boolean() }).map(({ own, raw, open }): Policy => ({
  name: 'p', description: null, zones: [], default: open ? 'allow' : 'deny',
  services: [...own.map((s, i): Service => ({ ...s, name: `own-${i}`, protocol: null, description: null, builtIn: false, at: null })),
    ...BUILT_IN_SERVICES],
  conduits: raw.map(({ from, to, services, allow }, i): Conduit => ({
    name: `c${i}`, from, to, services, action: allow ? 'allow' : 'deny', fail: 'open', owner: null, reason: 'R.',
    at: { file: 'x', line: i + 10, column: 1 },
  })),
}))
const tuple: fc.Arbitrary<FiveTuple> = fc.record({
  src: address, dst: address, proto: fc.constantFrom(0, 1, 2, 6, 17, 47, 58, 132, 255), srcPort: fc.nat(65535),
  dstPort: fc.constantFrom(...PORTS),
}).filter(({ src, dst }) => ipVersion(src) === ipVersion(dst))

/** The meaning of a chain as rules/model.ts says it, as plainly as possible. */
function decide(chain: Chain, flow: FiveTuple): { readonly action: string; readonly rule: string } {
  const fields: Readonly<Record<string, bigint | undefined>> = {
    src: ipValue(flow.src), dst: ipValue(flow.dst), proto: BigInt(flow.proto),
    dport: flow.proto === 6 || flow.proto === 17 || flow.proto === 132 ? BigInt(flow.dstPort) : undefined,
  }
  const holds = (constraint: Constraint, value: bigint | undefined): boolean => {
    assert.ok(constraint.kind === 'ranges' && !constraint.not)
    return value !== undefined && constraint.ranges.some(({ low, high }) => low <= value && value <= high)
  }
  const matches = (match: Match): boolean => match.fields.every(([field, constraint]) => holds(constraint, fields[field]))
  const rule = chain.rules.find((candidate) => candidate.matches.some(matches))
  return rule === undefined ? { action: chain.policy ?? '', rule: 'default' } : { action: rule.action.kind, rule: rule.text }
}

test('the chain says what evaluate says, by the same rule, on random policies and flows', () => {
  let byConduit = 0
  fc.assert(fc.property(policies, nameMaps, fc.array(tuple, { minLength: 1, maxLength: 20 }), (policy, names, flows) => {
    const chains = policyChains(policy, names)
    for (const flow of flows) {
      const verdict = evaluate(policy, names, flow)
      if (verdict.rule !== 'default') byConduit++
      const expected = { action: verdict.action === 'allow' ? 'permit' : 'deny', rule: verdict.rule }
      assert.deepEqual(decide(chains[ipVersion(flow.src)], flow), expected)
    }
  }), { numRuns: 1500 })
  assert.ok(byConduit > 500, 'too few flows met a conduit')
})

/** Sorted, disjoint, not touching, not empty. */
function assertCanonical(ranges: readonly ValueRange[]): void {
  for (const [i, { low, high }] of ranges.entries()) {
    assert.ok(low <= high)
    const before = ranges[i - 1]
    assert.ok(before === undefined || before.high + 1n < low, `${before?.high} and ${low}`)
  }
}

test('zone ranges are canonical, cover the whole space once, and hold what zoneOf says', () => {
  fc.assert(fc.property(nameMaps, fc.array(address, { minLength: 1, maxLength: 20 }), (names, addresses) => {
    for (const version of VERSIONS) {
      const zones = zoneRanges(names, version)
      const all = [...zones.values()].flat().sort((a, b) => (a.low < b.low ? -1 : 1))
      assert.equal(all.reduce((sum, { low, high }) => sum + high - low + 1n, 0n), 1n << BigInt(IP_BITS[version]))
      for (const [i, { low }] of all.entries()) assert.equal(low, i === 0 ? 0n : (all[i - 1]?.high ?? -2n) + 1n)
      for (const ranges of zones.values()) assertCanonical(ranges)
      for (const own of addresses.filter((a) => ipVersion(a) === version)) {
        const held = [...zones].filter(([, ranges]) => ranges.some(({ low, high }) => low <= ipValue(own) && ipValue(own) <= high))
        assert.deepEqual(held.map(([zone]) => zone), [zoneOf(names, own)])
      }
      // Edges are where sets go wrong: the first and last address of each range, too.
      for (const [zone, ranges] of zones) {
        for (const { low, high } of ranges) {
          assert.equal(zoneOf(names, ipFromValue(version, low)), zone)
          assert.equal(zoneOf(names, ipFromValue(version, high)), zone)
        }
      }
    }
  }), { numRuns: 300 })
})

test('every constraint of a chain is sorted, disjoint, not negated, and of the fields a compiler is promised', () => {
  fc.assert(fc.property(policies, nameMaps, (policy, names) => {
    for (const version of VERSIONS) {
      for (const rule of policyChains(policy, names)[version].rules) {
        assert.equal(rule.family, version)
        assert.ok(rule.matches.length > 0)
        for (const match of rule.matches) {
          assert.deepEqual(match.unknown, [])
          const fields = match.fields.map(([field]) => field)
          assert.deepEqual(fields, ['dst', 'src', 'proto', 'dport'].filter((field) => fields.some((own) => own === field)))
          for (const [, constraint] of match.fields) {
            assert.ok(constraint.kind === 'ranges' && !constraint.not && constraint.ranges.length > 0)
            assertCanonical(constraint.ranges)
          }
        }
      }
    }
  }), { numRuns: 300 })
})

test('the same policy gives the same chains', () => {
  fc.assert(fc.property(policies, nameMaps, (policy, names) => {
    assert.deepEqual(policyChains(policy, names), policyChains(structuredClone(policy), new Map(names)))
  }), { numRuns: 100 })
})

test('rules are conduits in order with name and line; those of a version without addresses are left out', () => {
  const at = (line: number): Conduit['at'] => ({ file: 'x', line, column: 1 })
  const base = { fail: 'open', owner: null, reason: 'R.' } as const
  const policy: Policy = {
    name: 'ward', description: null, zones: [], services: BUILT_IN_SERVICES, default: 'deny',
    conduits: [
      { ...base, name: 'vitals', from: 'a', to: 'b', services: ['cms8000', 'dns', 'icmp'], action: 'allow', at: at(7) },
      { ...base, name: 'nobody', from: 'c', to: 'b', services: ['any'], action: 'allow', at: at(8) },
      { ...base, name: 'all', from: 'a', to: 'b', services: ['dns', 'any'], action: 'deny', at: at(9) },
    ],
  }
  const names: NameMap = new Map([['a', [{ version: 4, network: 0x0a000000n, length: 8 }]],
    ['b', [{ version: 4, network: 0x0a010000n, length: 16 }, { version: 4, network: 0x0a020000n, length: 16 }]], ['c', []]])
  const chains = policyChains(policy, names)
  const field = (name: string, ...ranges: [bigint, bigint][]): readonly [string, Constraint] =>
    [name, { kind: 'ranges', not: false, ranges: ranges.map(([low, high]) => ({ low, high })) }]
  const ends = [field('dst', [0x0a010000n, 0x0a02ffffn]), field('src', [0x0a000000n, 0x0a00ffffn], [0x0a030000n, 0x0affffffn])]
  const match = (...fields: readonly unknown[]): unknown => ({ fields: [...ends, ...fields], unknown: [] })
  assert.deepEqual(chains[4], {
    name: 'ward', policy: 'deny', rules: [
      { line: 7, text: 'vitals', family: 4, action: { kind: 'permit' }, matches: [
        match(field('proto', [1n, 1n], [58n, 58n])),
        match(field('proto', [6n, 6n]), field('dport', [53n, 53n], [515n, 520n])),
        match(field('proto', [17n, 17n]), field('dport', [53n, 53n])),
      ] },
      { line: 9, text: 'all', family: 4, action: { kind: 'deny', reject: false }, matches: [match()] },
    ],
  })
  assert.deepEqual(chains[6], { name: 'ward', policy: 'deny', rules: [] })
})

test('protocols with the same ports share an alternative, every port needs no port field, a service without ports covers nothing', () => {
  const one = [{ low: 1n, high: 1n }]
  const service = (name: string, list: readonly PolicyTransport[], ...ports: PortRange[]): Service =>
    ({ name, transports: list, ports, protocol: null, description: null, builtIn: false, at: null })
  const fieldsOf = (...services: Service[]): unknown => flowMatches(one, one, services, 4).map(({ fields }) =>
    fields.slice(2).map(([name, c]) => `${name} ${c.kind === 'ranges' ? c.ranges.map(({ low, high }) => `${low}-${high}`).join(',') : ''}`))
  assert.deepEqual(fieldsOf(service('x', ['udp', 'tcp'], { low: 53, high: 53 })), [['proto 6-6,17-17', 'dport 53-53']])
  assert.deepEqual(fieldsOf(service('x', ['tcp'], { low: 0, high: 65535 }), service('y', ['igmp'])), [['proto 2-2,6-6']])
  assert.deepEqual(fieldsOf(service('x', ['icmp', 'igmp'])), [['proto 1-2,58-58']])
  const touching = fieldsOf(service('x', ['tcp'], { low: 1, high: 5 }), service('y', ['tcp'], { low: 6, high: 9 }))
  assert.deepEqual(touching, [['proto 6-6', 'dport 1-9']])
  assert.deepEqual(fieldsOf(service('x', ['tcp'])), [])
  assert.deepEqual(fieldsOf(), [])
  assert.deepEqual(flowMatches([], one, BUILT_IN_SERVICES, 4), [])
})

test('the whole space needs no address field', () => {
  const everything = [{ low: 0n, high: (1n << 128n) - 1n }]
  const matches = flowMatches(everything, everything, BUILT_IN_SERVICES.filter((s) => s.name === 'any'), 6)
  assert.deepEqual(matches, [{ fields: [], unknown: [] }])
})

test('the shipped policy: internet and unzoned are what zoneOf says at every edge of the registries', () => {
  const loaded = loadPolicy()
  assert.ok(loaded.ok)
  const { policy } = loaded.value
  const names = policyNames(policy, new Map([['contec-cms8000', [ip('10.20.3.7'), ip('202.114.4.7')]]]))
  for (const version of VERSIONS) {
    const zones = zoneRanges(names, version)
    for (const block of scopeBlocks(version)) {
      const { low, high } = prefixRange(block)
      for (const value of [low - 1n, low, high, high + 1n]) {
        if (value < 0n || value >= 1n << BigInt(IP_BITS[version])) continue
        const held = [...zones].filter(([, ranges]) => ranges.some((r) => r.low <= value && value <= r.high)).map(([zone]) => zone)
        assert.deepEqual(held, [zoneOf(names, ipFromValue(version, value))], ipScope(ipFromValue(version, value)))
      }
    }
  }
  assert.deepEqual(zoneRanges(names, 4).get('bedside'),
    ['10.20.3.7', '202.114.4.7'].map((text) => ({ low: ipValue(ip(text)), high: ipValue(ip(text)) })))
  const chains = policyChains(policy, names)
  const flow = (dst: string, dstPort: number): FiveTuple => ({ src: ip('10.20.3.7'), dst: ip(dst), proto: 6, srcPort: 1, dstPort })
  assert.deepEqual(decide(chains[4], flow('202.114.4.119', 515)), { action: 'deny', rule: 'bedside-internet' })
  assert.ok(chains[6].rules.every((rule) => !rule.text.startsWith('bedside')))
})

test('built-in services keep their ports where transports have them', () => {
  for (const service of BUILT_IN_SERVICES) {
    const matches = flowMatches([{ low: 1n, high: 1n }], [{ low: 2n, high: 2n }], [service], 4)
    const ports = matches.flatMap(({ fields }) => fields.filter(([field]) => field === 'dport'))
    assert.equal(ports.length, service.transports.every(hasPorts) ? 1 : 0, service.name)
  }
})

test('a region of thousands of prefixes takes no square time', () => {
  const blocks = Array.from({ length: 20_000 }, (_, i): Prefix => ({ version: 4, network: 0x0a000000n + BigInt(i) * 512n, length: 24 }))
  const zones = zoneRanges(new Map([['a', blocks], ['b', [{ version: 4, network: 0x0a000000n, length: 8 }]]]), 4)
  assert.equal(zones.get('a')?.length, 20_000)
  assert.equal(zones.get('b')?.length, 20_000)
})
