// Tests of routes as targets: every written route is read back as planned, for random segments; and route dumps as people collect them.
// Keeps "which router is this for": with router=ADDRESS an attached block is left alone, and never cut off by accident.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromValue, parseIp, parsePrefix, type Ip, type Prefix } from '../../../base/ip.ts'
import { proveRollback, rollbackSentence } from '../../change/rollback.ts'
import type { Segment } from '../../language/model.ts'
import { emitRouteTarget, readLinuxDump, ROUTE_TARGETS, routeDifferences, type RouteTarget, type RoutesInput } from './index.ts'

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  return parsed.ok ? parsed.value : assert.fail(text)
}

function ip(text: string): Ip {
  const parsed = parseIp(text)
  return parsed.ok ? parsed.value : assert.fail(text)
}

type Asked = RoutesInput['segments'][number]

function input(segments: readonly Asked[], options: Readonly<Record<string, string>> = {}): RoutesInput {
  return { name: 'ward', policyHash: 'ab'.repeat(32), segments, options }
}

const WARD: Asked = { prefix: prefix('10.20.3.0/24'), via: [ip('10.20.0.3'), ip('10.20.0.4')], elsewhere: null, zone: 'ward' }
const STATION: Asked = { prefix: prefix('202.114.4.112/28'), via: [ip('10.20.0.4')], elsewhere: 'blackhole', zone: 'central' }

/** Blocks of both versions, with next hops outside of them; any drop, and rarely one where the platform refuses all of them. */
const segmentArb = (target: RouteTarget): fc.Arbitrary<Asked> => fc.tuple(fc.constantFrom<4 | 6>(4, 6), fc.nat(200), fc.nat(12),
  fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
  fc.constantFrom<Segment['elsewhere']>(null, ...(target.drops === 'yes' ? [] : [null, null, null, null, null]), 'blackhole', 'prohibit'))
  .map(([version, block, shorter, hops, elsewhere]) => {
    const length = (version === 4 ? 24 : 64) - shorter
    const base = version === 4 ? 0x0a400000n + (BigInt(block) << 8n) : (0x20010db8n << 96n) + (BigInt(block) << 64n)
    const host = (version === 4 ? 32n : 128n) - BigInt(length)
    const own: Prefix = { version, network: (base >> host) << host, length }
    const near = version === 4 ? 0xc0000200n : 0x20010db9n << 96n
    return { prefix: own, via: hops.map((hop) => ipFromValue(version, near + BigInt(hop))), elsewhere, zone: `zone-${block}` }
  })

const optionsArb = (target: RouteTarget): fc.Arbitrary<Record<string, string>> => fc.record({
  ...(target.platform === 'iproute2' ? { cut: fc.constantFrom('fallback', 'halves', 'rule') } : { cut: fc.constantFrom('fallback', 'halves') }),
  interface: fc.constantFrom('Gi0/1', 'eth0'),
}, { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>

for (const target of ROUTE_TARGETS) {
  test(`${target.id}: what is written is read back as planned, and the rollback takes it all away`, () => {
    let written = 0
    const block = ({ prefix: { network, length } }: Asked): string => `${network}/${length}`
    fc.assert(fc.property(fc.uniqueArray(segmentArb(target), { minLength: 1, maxLength: 4, selector: block }), optionsArb(target),
      (segments, options) => {
        const asked = input(segments, options)
        const emitted = emitRouteTarget(target, asked)
        if (!emitted.ok) return
        written++
        assert.deepEqual(routeDifferences(target, asked, emitted.value.text), [], emitted.value.text)
        const proof = proveRollback(target.id, emitted.value.text, emitted.value.rollback)
        assert.equal(proof.verdict, 'proved', `${rollbackSentence(proof)}\n${emitted.value.text}${emitted.value.rollback}`)
        assert.ok(proof.added >= 1)
      }), { numRuns: 150 })
    assert.ok(written > 15, `${written} of 150 could be written`)
  })
}

test('it can fail: another hop, another order, a lost drop', () => {
  for (const target of ROUTE_TARGETS) {
    const asked = input(target.drops === 'yes' ? [WARD, STATION] : [WARD])
    const emitted = emitRouteTarget(target, asked)
    assert.ok(emitted.ok, target.id)
    const { text } = emitted.value
    const moved = routeDifferences(target, asked, text.replaceAll('10.20.0.3', '10.20.0.9')).join('\n')
    assert.match(moved, /missing: .*10\.20\.0\.3\n[^]*not planned: .*10\.20\.0\.9/)
    const swapped = text.replaceAll('10.20.0.3', 'X').replaceAll('10.20.0.4', '10.20.0.3').replaceAll('X', '10.20.0.4')
    assert.notDeepEqual(routeDifferences(target, asked, swapped), [], target.id)
    const shorter = text.split('\n').filter((line) => line === '' || !text.trimEnd().endsWith(line)).join('\n')
    assert.notDeepEqual(routeDifferences(target, asked, shorter), [], target.id)
  }
})

test('router=ADDRESS: a block that this router leads to is left alone, and said; without it the next hops are named', () => {
  const [linux] = ROUTE_TARGETS
  assert.ok(linux)
  const own = emitRouteTarget(linux, input([WARD, STATION], { router: '10.20.0.3,2001:db8::3' }))
  assert.ok(own.ok)
  assert.doesNotMatch(own.value.text, /10\.20\.3\.0/)
  assert.match(own.value.text, /202\.114\.4\.112\/28 via 10\.20\.0\.4/)
  assert.match(own.value.notes[0] ?? '', /10\.20\.3\.0\/24 \(zone ward\): this router is its next hop/)
  assert.deepEqual(routeDifferences(linux, input([WARD, STATION], { router: '10.20.0.3' }), own.value.text), [])
  const cut = emitRouteTarget(linux, input([STATION], { router: '10.20.0.4', cut: 'halves' }))
  assert.ok(!cut.ok && /no segments/.test(cut.refused.join()), 'an attached block is not cut off')
  const other = emitRouteTarget(linux, input([WARD]))
  assert.ok(other.ok && /none of the next hops \(10\.20\.0\.3, 10\.20\.0\.4\)/.test(other.value.notes[0] ?? ''))
  const wrong = emitRouteTarget(linux, input([WARD], { router: 'core-1' }))
  assert.ok(!wrong.ok && /core-1 is no address/.test(wrong.refused.join()))
})

test('a route that was there before is not brought back by deleting ours, and the proof says so', () => {
  const [linux] = ROUTE_TARGETS
  const emitted = linux === undefined ? assert.fail() : emitRouteTarget(linux, input([WARD]))
  assert.ok(emitted.ok)
  const { text, rollback } = emitted.value
  const others = 'default via 192.0.2.1 dev eth0\n10.20.3.0/24 via 10.9.9.9 dev eth1\n'
  assert.equal(proveRollback('routes-linux', text, rollback, others).verdict, 'proved')
  const same = proveRollback('routes-linux', text, rollback, '10.20.3.0/24 via 10.9.9.9 dev eth1 metric 10\n')
  assert.deepEqual([same.verdict, same.lost], ['refuted', ['route 10.20.3.0/24 metric 10']])
})

const ROUTES = '[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},{"type":"blackhole","dst":"202.114.4.0/24","flags":[]}]'
const ROUTES6 = '[{"dst":"2001:db8::/64","dev":"eth0","metric":256,"flags":[]},{"dst":"default","dev":"tun0","flags":[]}]'
const RULES = '[{"priority":0,"src":"all","table":"local"},{"priority":100,"src":"all","fwmark":"0x1","table":"7"}]'

test('several dumps after each other: each part is told by content, text and JSON mean the same', () => {
  const json = readLinuxDump(`${ROUTES}\n${ROUTES6}\n${RULES}\n`, 'dump').config
  const text = readLinuxDump(`default via 192.0.2.1 dev eth0
blackhole 202.114.4.0/24

2001:db8::/64 dev eth0 metric 256
default dev tun0
0:\tfrom all lookup local
100:\tfrom all fwmark 0x1 lookup 7
`, 'dump').config
  assert.ok(json !== null && text !== null)
  const shape = (config: typeof json) => ({
    routes: config.routes.map((r) => [r.version, r.network, r.length, r.kind, r.metric, config.interfaces[r.iface ?? -1]]),
    rules: config.routeRules.map((r) => [r.priority, r.action, r.match.unknown.map((u) => u.reason)]),
  })
  assert.deepEqual(shape(text), shape(json))
  assert.deepEqual(json.routes.map((r) => r.version), [4, 4, 6, 6])
  assert.deepEqual(text.routes.map((r) => r.line), [1, 2, 4, 5])
  assert.deepEqual(text.unknowns.map((u) => [u.line, u.reason]), [[7, 'fwmark is not modelled']])
})

test('pretty JSON, one list or two; what is no dump is null, what is odd in one is unknown with its line', () => {
  const pretty = JSON.stringify(JSON.parse(ROUTES), null, 4)
  assert.equal(readLinuxDump(`${pretty}\n${pretty}\n`, 'x').config?.routes.length, 4)
  for (const other of ['hostname r1\ninterface Gi0/1\n', '', '{"nftables": []}', '# nothing\n', '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n']) {
    assert.equal(readLinuxDump(other, 'x').config, null, other)
  }
  const odd = readLinuxDump('default via 192.0.2.1 dev eth0\nnonsense here\n10.0.0.0/8 encap mpls 3 dev eth0\n', 'x').config
  assert.deepEqual(odd?.unknowns.map(({ line }) => line), [2, 3])
})

test('any text is read without a throw and in linear work', () => {
  const line = fc.constantFrom('[', '[{', '{}]', ']', 'default', 'default via fe80::1', '10.0.0.0/8 dev a', '\tnexthop via 1.2.3.4', '7:\tfrom all')
  fc.assert(fc.property(fc.array(line),
    (lines) => {
      const { config } = readLinuxDump(lines.join('\n'), 'fuzz')
      assert.ok(config === null || config.routes.every((r) => r.iface === null || config.interfaces[r.iface] !== undefined))
    }), { numRuns: 300 })
  readLinuxDump('[\n'.repeat(50_000) + 'default\n'.repeat(50_000) + '\tnexthop\n'.repeat(50_000), 'long')
})
