// Tests of parsePolicy: the model of a good file, every diagnostic of a bad one, and that nothing makes it throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, parsePrefix, prefixesOverlap, type Prefix } from '../../base/ip.ts'
import { DIAGNOSTICS_MAX } from '../../base/tree-reader.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import { processorMs } from '../../testing/processor-time.ts'
import { CONDUIT_KEYS, POLICY_KEYS, SERVICE_KEYS, ZONE_KEYS } from './keys.ts'
import { parsePolicy, type PolicyOptions, type PolicyResult } from './policy.ts'

type Map_ = { readonly [key: string]: PlainValue }

const ZONES: readonly Map_[] = [
  { name: 'bedside', kind: 'medical', profiles: ['contec-cms8000'] },
  { name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/8', 'fc00::/7'] },
]
const CONDUIT: Map_ = { name: 'ground', from: 'bedside', to: 'hospital', services: ['dns'], action: 'allow', fail: 'open',
  reason: 'Names.' }
const GOOD: Map_ = { version: 1, zones: ZONES, conduits: [CONDUIT] }

const parse = (value: PlainValue, options?: PolicyOptions): PolicyResult => parsePolicy(treeFromValue(value, 'p.yaml'), options)
const codesOf = (value: PlainValue, options?: PolicyOptions): string[] =>
  parse(value, options).diagnostics.map((d) => d.code.replace('policy/', '')).sort()
const withZones = (...zones: readonly PlainValue[]): Map_ => ({ ...GOOD, zones: [...ZONES, ...zones] })
const withServices = (...services: readonly PlainValue[]): Map_ => ({ ...GOOD, services })
const withConduits = (...conduits: readonly Map_[]): Map_ =>
  ({ ...GOOD, conduits: conduits.map((c, i) => ({ ...CONDUIT, name: `c${i}`, ...c })) })

test('a good policy becomes its model', () => {
  const { policy, diagnostics } = parse({
    ...GOOD, name: 'ward 3', description: 'Two rooms.',
    services: [{ name: 'lab', transport: ['udp', 'tcp'], ports: ['90-95', 80, '94-100'], protocol: 'hl7', description: 'Laboratory.' }],
    conduits: [{ ...CONDUIT, services: ['ntp', 'lab', 'dns', 'dns'], owner: 'network team' }],
  })
  assert.deepEqual(diagnostics, [])
  assert.equal(policy?.name, 'ward 3')
  assert.equal(policy.description, 'Two rooms.')
  assert.equal(policy.default, 'deny')
  assert.deepEqual(policy.zones.map((z) => [z.name, z.kind, z.prefixes.map(formatPrefix), z.profiles, z.inside]), [
    ['bedside', 'medical', [], ['contec-cms8000'], null], ['hospital', 'it', ['10.0.0.0/8', 'fc00::/7'], [], null],
  ])
  assert.deepEqual(policy.services.map((s) => [s.name, s.transports, s.ports, s.protocol, s.builtIn]), [
    ['lab', ['udp', 'tcp'], [{ low: 80, high: 80 }, { low: 90, high: 100 }], 'hl7', false],
    ['dns', ['udp', 'tcp'], [{ low: 53, high: 53 }], 'dns', true],
    ['ntp', ['udp'], [{ low: 123, high: 123 }], null, true],
  ])
  const at = { file: 'p.yaml', line: 0, column: 0 }
  assert.deepEqual(policy.conduits, [{
    name: 'ground', from: 'bedside', to: 'hospital', services: ['ntp', 'lab', 'dns'], action: 'allow', fail: 'open', owner: 'network team',
    reason: 'Names.', at,
  }])
})

test('a zone says how its hosts put overlapping pieces together, or nothing', () => {
  const { policy, diagnostics } = parse(withZones({ name: 'x', kind: 'it', prefixes: ['192.0.2.0/24'], overlap: 'windows' }))
  assert.deepEqual([policy?.zones.map((z) => z.overlap), diagnostics], [[null, null, 'windows'], []])
})

test('the shortest policy allows nothing', () => {
  const { policy, diagnostics } = parse({ version: '1', zones: [], conduits: [] })
  assert.deepEqual([policy?.name, policy?.default, policy?.zones, policy?.conduits, diagnostics], ['policy', 'deny', [], [], []])
})

/** One broken thing per row, and the only diagnostics it may cause. Sentence first: why the row exists. */
const BROKEN: readonly (readonly [string, PlainValue, readonly string[]])[] = [
  ['no map at all', 'x', ['expected-map']],
  ['an empty map lacks three keys', {}, ['missing-key', 'missing-key', 'missing-key']],
  ['a version of the future', { ...GOOD, version: 2 }, ['bad-choice']],
  ['a misspelt key', { ...GOOD, condiuts: [] }, ['unknown-key']],
  ['zones that are no list', { version: 1, zones: 'x', conduits: [] }, ['expected-list']],
  ['a default that is neither', { ...GOOD, default: 'drop' }, ['bad-choice']],
  ['a zone that is no map', withZones('x'), ['expected-map']],
  ['a zone without anything', withZones({}), ['missing-key', 'missing-key']],
  ['a zone of an unknown kind', withZones({ name: 'x', kind: 'medic', profiles: 'p' }), ['bad-choice']],
  ['a zone that takes a built-in name', withZones({ name: 'internet', kind: 'it', prefixes: ['192.0.2.0/24'] }), ['reserved-name']],
  ['two zones of one name', withZones({ name: 'bedside', kind: 'it', prefixes: ['192.0.2.0/24'] }), ['duplicate-name']],
  ['two zones of one name, one of them broken', withZones({ name: 'bedside', kind: 'x', prefixes: ['192.0.2.0/24'] }),
    ['bad-choice', 'duplicate-name']],
  ['host bits', withZones({ name: 'x', kind: 'it', prefixes: ['192.0.2.1/24'] }), ['bad-prefix']],
  ['no address', withZones({ name: 'x', kind: 'it', prefixes: ['ward'] }), ['bad-prefix']],
  ['a number for a prefix', withZones({ name: 'x', kind: 'it', prefixes: [10] }), ['expected-text']],
  ['multicast as a zone', withZones({ name: 'x', kind: 'it', prefixes: ['224.0.0.0/8'] }), ['group-prefix']],
  ['broadcast as a zone', withZones({ name: 'x', kind: 'it', prefixes: ['255.255.255.255'] }), ['group-prefix']],
  ['IPv6 multicast as a zone', withZones({ name: 'x', kind: 'it', prefixes: ['ff02::/16'] }), ['group-prefix']],
  ['the whole Internet as inside', { ...GOOD, zones: [{ name: 'hospital', kind: 'it', prefixes: ['0.0.0.0/0'] }, ZONES[0] as Map_] },
    ['wide-prefix']],
  ['half the Internet as inside', withZones({ name: 'x', kind: 'it', prefixes: ['128.0.0.0/1'] }), ['wide-prefix']],
  ['the same block in two zones', withZones({ name: 'x', kind: 'it', prefixes: ['10.0.0.0/8'] }), ['zone-overlap']],
  ['a smaller block of another zone', withZones({ name: 'x', kind: 'it', prefixes: ['10.1.0.0/16'] }), ['zone-overlap']],
  ['a larger block over another zone', withZones({ name: 'x', kind: 'it', prefixes: ['8.0.0.0/6'] }), ['wide-prefix', 'zone-overlap']],
  ['the same block even with inside', withZones({ name: 'x', kind: 'it', inside: 'hospital', prefixes: ['10.0.0.0/8'] }), ['zone-overlap']],
  ['inside an unknown zone', withZones({ name: 'x', kind: 'it', inside: 'hopsital', prefixes: ['192.0.2.0/24'] }), ['unknown-zone']],
  ['inside itself', withZones({ name: 'x', kind: 'it', inside: 'x', prefixes: ['192.0.2.0/24'] }), ['zone-cycle']],
  ['an overlap policy nobody knows', withZones({ name: 'x', kind: 'it', prefixes: ['192.0.2.0/24'], overlap: 'vista' }), ['bad-choice']],
  ['an overlap policy for no address block', withZones({ name: 'x', kind: 'it', profiles: ['p'], overlap: 'bsd' }), ['overlap-unplaced']],
  ['a block twice in one zone', withZones({ name: 'x', kind: 'it', prefixes: ['192.0.2.0/24', '192.0.2.0/25'] }), ['redundant-prefix']],
  ['a profile twice', withZones({ name: 'x', kind: 'it', profiles: ['p', 'p'] }), ['duplicate-name']],
  ['a service that is no map', withServices('x'), ['expected-map']],
  ['a service without anything', withServices({}), ['missing-key', 'missing-key']],
  ['a service of a built-in name', withServices({ name: 'dns', transport: 'udp', ports: 53 }), ['reserved-name']],
  ['two services of one name', withServices({ name: 'x', transport: 'udp', ports: 1 }, { name: 'x', transport: 'udp', ports: 1 }),
    ['duplicate-name']],
  ['tcp without ports widens in silence', withServices({ name: 'x', transport: 'tcp' }), ['missing-key']],
  ['icmp with ports', withServices({ name: 'x', transport: 'icmp', ports: 5 }), ['ports-without-transport']],
  ['tcp and icmp with ports', withServices({ name: 'x', transport: ['tcp', 'icmp'], ports: 5 }), ['ports-without-transport']],
  ['an unknown transport', withServices({ name: 'x', transport: 'sctp', ports: 5 }), ['bad-choice']],
  ['no transport in the list', withServices({ name: 'x', transport: [], ports: 5 }), ['empty-list']],
  ['no port in the list', withServices({ name: 'x', transport: 'tcp', ports: [] }), ['empty-list']],
  ['a port out of range', withServices({ name: 'x', transport: 'tcp', ports: [0, 65536] }), ['port-out-of-range', 'port-out-of-range']],
  ['an empty range', withServices({ name: 'x', transport: 'tcp', ports: '520-515' }), ['empty-range']],
  ['a word for a port', withServices({ name: 'x', transport: 'tcp', ports: ['http'] }), ['bad-port']],
  ['a conduit without anything', { ...GOOD, conduits: [{}] }, Array.from({ length: 7 }, () => 'missing-key')],
  ['an unknown source', withConduits({ from: 'bedsid' }), ['unknown-zone']],
  ['an unknown target', withConduits({ to: 'mars' }), ['unknown-zone']],
  ['an unknown service', withConduits({ services: ['dsn'] }), ['unknown-service']],
  ['no services in the list', withConduits({ services: [] }), ['empty-list']],
  ['a conduit from the group', withConduits({ from: 'group' }), ['group-source']],
  ['a conduit called default', withConduits({ name: 'default' }), ['reserved-name']],
  ['two conduits of one name', withConduits({}, { name: 'c0' }), ['duplicate-name']],
  ['an action that is neither', withConduits({ action: 'reject' }), ['bad-choice']],
  ['a fail mode that is neither', withConduits({ fail: 'maybe' }), ['bad-choice']],
  ['an empty reason', withConduits({ reason: ' ' }), ['empty-text']],
  ['a medical zone on the Internet', withConduits({ to: 'internet' }), ['medical-internet']],
  ['the Internet in a medical zone', withConduits({ from: 'internet', to: 'bedside' }), ['medical-internet']],
  ['default allow with a medical zone', { ...GOOD, default: 'allow' }, ['medical-internet']],
  ['a conduit silenced by an earlier one', withConduits({ services: 'any', action: 'deny' }, {}), ['silenced']],
]

test('each mistake is told once, and nothing else with it', () => {
  for (const [why, value, expected] of BROKEN) assert.deepEqual(codesOf(value), [...expected].sort(), why)
})

const WARNINGS = ['empty-zone', 'overlap-unplaced', 'wide-prefix', 'redundant-prefix', 'medical-internet', 'silenced']

test('an error leaves no policy, warnings do', () => {
  for (const [why, value, expected] of BROKEN) {
    assert.equal(parse(value).policy === null, expected.some((code) => !WARNINGS.includes(code)), why)
  }
})

test('every diagnostic has words for what is wrong and what to do', () => {
  for (const [why, value] of BROKEN) {
    for (const d of parse(value).diagnostics) {
      assert.match(d.code, /^policy\/[a-z-]+$/)
      assert.equal(d.severity === 'warning', WARNINGS.includes(d.code.replace('policy/', '')), why)
      assert.ok(d.message.length > 10 && d.help.length > 5 && /[.?:]$/.test(d.help), `${why}: ${d.message} / ${d.help}`)
    }
  }
})

test('mistakes in different parts are all told in one run', () => {
  const codes = codesOf({
    version: 3, typo: 1, default: 'no',
    zones: [{ name: 'A B', kind: 'x' }, { name: 'it', kind: 'it', prefixes: ['10.0.0.1/8', '10.0.0.0/33', 'x'] }],
    services: [{ name: 'x', transport: 'tcp', ports: ['9-1', 70000] }],
    conduits: [{ name: 'c', from: 'nowhere', to: 'it', services: ['x', 'y'], action: 'maybe', fail: 'open', reason: 'R.' }],
  })
  assert.deepEqual(codes, [
    'bad-choice', 'bad-choice', 'bad-choice', 'bad-choice', 'bad-name', 'bad-prefix', 'bad-prefix', 'bad-prefix', 'empty-range',
    'port-out-of-range', 'unknown-key', 'unknown-service', 'unknown-zone',
  ])
})

test('a broken zone or service is no unknown one as well', () => {
  const zones = [{ name: 'bedside', kind: 'wrong', profiles: 'p' }, ZONES[1] as Map_]
  const services = [{ name: 'lab', transport: 'tcp' }]
  assert.deepEqual(codesOf({ ...GOOD, zones, services, conduits: [{ ...CONDUIT, services: ['lab'] }] }), ['bad-choice', 'missing-key'])
})

test('profiles are checked when the caller knows them', () => {
  const known = { profiles: new Set(['contec-cms8000', 'epsimed-mn-120']) }
  assert.deepEqual(codesOf(GOOD, known), [])
  const { diagnostics } = parse({ ...GOOD, zones: [{ ...ZONES[0], profiles: ['contec-cms800'] }, ZONES[1] as Map_] }, known)
  assert.deepEqual(diagnostics.map((d) => [d.code, d.help]), [
    ['policy/unknown-profile', 'Did you mean "contec-cms8000"? Known profiles: contec-cms8000, epsimed-mn-120.'],
  ])
})

test('a prefix with host bits or a dotted mask is corrected in the help', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['10.20.0.7/16', 'Write 10.20.0.0/16 for the block, or 10.20.0.7 for the one address.'],
    ['10.20.0.0/255.255.0.0', 'Write 10.20.0.0/16 for the block, or 10.20.0.0 for the one address.'],
    ['fd00::1/32', 'Write fd00::/32 for the block, or fd00::1 for the one address.'],
    ['10.20.0.0/255.0.255.0', 'Write an IPv4 or IPv6 block such as 10.20.0.0/16 or fd00:20::/32.'],
    ['10.20.0.0/40', 'Write an IPv4 or IPv6 block such as 10.20.0.0/16 or fd00:20::/32.'],
    ['10.020.0.0/16', 'Write an IPv4 or IPv6 block such as 10.20.0.0/16 or fd00:20::/32.'],
  ]
  for (const [text, help] of rows) {
    const { diagnostics } = parse({ ...GOOD, zones: [{ name: 'x', kind: 'it', prefixes: [text] }], conduits: [] })
    assert.deepEqual(diagnostics.map((d) => d.help), [help], text)
  }
})

test('a block that lies in a zone carved out of its own is a conflict, not redundant', () => {
  const zones: PlainValue = [
    { name: 'ward', kind: 'medical', prefixes: ['10.20.0.0/16', '10.20.1.0/28'] },
    { name: 'lab', kind: 'it', inside: 'ward', prefixes: ['10.20.1.0/24'] },
  ]
  assert.deepEqual(codesOf({ version: 1, zones, conduits: [] }), ['zone-overlap'])
})

test('carving goes through every zone in between', () => {
  const zones: PlainValue = [
    { name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/8'] },
    { name: 'ward', kind: 'medical', inside: 'hospital', prefixes: ['10.20.0.0/16'] },
    { name: 'lab', kind: 'it', inside: 'ward', prefixes: ['10.20.1.0/24', '10.30.0.0/16'] },
  ]
  assert.deepEqual(codesOf({ version: 1, zones, conduits: [] }), [])
})

test('a carved zone may share addresses with the zones it is inside of, at any depth, and with no other', () => {
  const carve = (inside: string, prefix: string): Map_ => ({ name: 'carved', kind: 'medical', inside, prefixes: [prefix] })
  const campus = { name: 'campus', kind: 'it', inside: 'hospital', prefixes: ['10.1.0.0/16'] }
  assert.deepEqual(codesOf(withZones(carve('hospital', '10.20.0.0/24'))), [])
  assert.deepEqual(codesOf(withZones(campus, carve('campus', '10.1.2.0/24'))), [])
  assert.deepEqual(codesOf(withZones(campus, carve('hospital', '10.1.2.0/24'))), ['zone-overlap'])
  const uncarved = { name: 'campus', kind: 'it', prefixes: ['10.1.0.0/16'] }
  assert.deepEqual(codesOf(withZones(uncarved, carve('campus', '10.1.2.0/24'))), ['zone-overlap'], 'told where it is wrong, once')
  const cycle = [{ name: 'x', kind: 'it', inside: 'y', profiles: 'p' }, { name: 'y', kind: 'it', inside: 'x', profiles: 'p' }]
  assert.deepEqual(codesOf(withZones(...cycle)), ['zone-cycle', 'zone-cycle'])
})

const prefixes = fc.tuple(fc.nat(15), fc.integer({ min: 1, max: 4 })).map(([value, length]) => {
  const parsed = parsePrefix(`${(value >> (4 - length)) << (8 - length)}.0.0.0/${length}`)
  assert.ok(parsed.ok)
  return parsed.value
})

test('zones overlap exactly when two of their prefixes do, by brute force', () => {
  fc.assert(fc.property(fc.array(fc.array(prefixes, { maxLength: 3 }), { maxLength: 4 }), (zones) => {
    const value = zones.map((list, i) => ({ name: `z${i}`, kind: 'external', prefixes: list.map(formatPrefix) }))
    const codes = codesOf({ version: 1, zones: value, conduits: [] })
    const shares = (a: readonly Prefix[], b: readonly Prefix[]): boolean => a.some((p) => b.some((q) => prefixesOverlap(p, q)))
    const expected = zones.some((a, i) => zones.some((b, j) => i < j && shares(a, b)))
    const usable = !codes.includes('group-prefix')
    if (usable) assert.equal(codes.includes('zone-overlap'), expected)
  }))
})

test('thousands of prefixes are compared in time', () => {
  const list = (base: number): string[] => Array.from({ length: 4096 }, (_, i) => `${base}.${i >> 8}.${i & 255}.0/24`)
  const zones = Array.from({ length: 16 }, (_, i) => ({ name: `z${i}`, kind: 'it', prefixes: list(i + 1) }))
  const took = processorMs(() => assert.deepEqual(codesOf({ version: 1, zones, conduits: [] }), []))
  assert.ok(took < 10_000, `${took} ms`)
})

test('a file of nothing but mistakes ends after the first hundreds', () => {
  const zones = Array.from({ length: 500 }, () => ({ nam: 1, knid: 2 }))
  const { diagnostics } = parse({ version: 1, zones, conduits: [] })
  assert.equal(diagnostics.length, DIAGNOSTICS_MAX + 1)
})

/** Values that look like a policy more often than chance would have it. */
const words = fc.constantFrom('x', 'bedside', 'internet', 'group', '10.0.0.0/8', '10.1.0.0/16', 'tcp', 'any', 'allow', 'medical',
  '515-520', '')
const leaf = fc.oneof(words, fc.string({ maxLength: 8 }), fc.double(), fc.boolean(), fc.constant(null), fc.integer())
const keys = fc.constantFrom(...[POLICY_KEYS, ZONE_KEYS, SERVICE_KEYS, CONDUIT_KEYS].flatMap((table) => Object.keys(table)), 'zonse',
  '__proto__')
const { tree: anyTree } = fc.letrec<{ tree: PlainValue }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 8 })),
}))

test('no tree makes it throw, and a policy comes only without errors', () => {
  fc.assert(fc.property(anyTree, (value) => {
    const { policy, diagnostics } = parse(value, { profiles: new Set(['p']) })
    assert.equal(policy === null, diagnostics.some((d) => d.severity === 'error'))
  }), { numRuns: 1000 })
})

test('no shuffled policy makes it throw', () => {
  const part = fc.dictionary(keys, leaf, { maxKeys: 8 })
  const list = fc.array(fc.oneof(part, fc.constantFrom(...ZONES, CONDUIT)), { maxLength: 4 })
  fc.assert(fc.property(list, list, list, (zones, services, conduits) => {
    const { policy, diagnostics } = parse({ version: 1, zones, services, conduits })
    assert.equal(policy === null, diagnostics.some((d) => d.severity === 'error'))
  }), { numRuns: 500 })
})
