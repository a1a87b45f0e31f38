// Tests of parseProfile and resolveRelabels: the model of a whole profile, each part's mistakes, and that nothing makes them throw.
// What is shipped is tested in config/profiles.test.ts, what people are told in config/testdata.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix } from '../base/ip.ts'
import { treeFromValue, type PlainValue } from '../base/tree.ts'
import { ADVISORY_KEYS, FLOW_KEYS, INDICATOR_KEYS, PROFILE_KEYS, VULNERABILITY_KEYS } from './profile-keys.ts'
import { PARTS_MAX } from './profile-parts.ts'
import { CONFIDENCES, INDICATOR_KINDS, parseProfile, resolveRelabels, type DeviceProfile, type ProfileResult } from './profiles.ts'

type Map_ = { readonly [key: string]: PlainValue }

const SOURCED = { source: 'a manual', confidence: 'stated' }
const MINIMAL: Map_ = { version: 1, id: 'acme-one', vendor: 'ACME', model: 'One', role: 'patient-monitor', ...SOURCED }
const FLOW: Map_ = {
  name: 'vitals', opens: 'device', peer: 'central-station', transport: 'tcp', ports: [515], occurs: 'continuous', expected: 'routine',
  purpose: 'Vitals.', blocked: 'The bed disappears.', ...SOURCED,
}
const INDICATOR: Map_ = { kind: 'path', value: '/pm', meaning: 'An update.', ...SOURCED }
const VULNERABILITY: Map_ = { id: 'CVE-2025-0626', weakness: 'CWE-912', score: 7.5, cvss: '3.1', summary: 'It mounts.', ...SOURCED }
const ADVISORY: Map_ = { id: 'A-1', publisher: 'ACME', title: 'On One', date: '2025-02-25', ...SOURCED }

const parse = (value: PlainValue): ProfileResult => parseProfile(treeFromValue(value, 'p.yaml'))
const codesOf = (value: PlainValue): string[] => parse(value).diagnostics.map((d) => d.code.replace('profile/', '')).sort()

function good(value: PlainValue): DeviceProfile {
  const { profile, diagnostics } = parse(value)
  assert.deepEqual(diagnostics, [])
  assert.ok(profile)
  return profile
}

test('the least a profile needs, and what the rest is then', () => {
  assert.deepEqual(good(MINIMAL), {
    id: 'acme-one', vendor: 'ACME', model: 'One', role: 'patient-monitor', covers: 'model', relabels: null, description: null, ...SOURCED,
    aliases: [], identity: [], flows: [], indicators: [], vulnerabilities: [], advisories: [], remedies: [], at: { file: 'p.yaml', line: 0, column: 0 },
  })
})

test('every part becomes its value, with its own source', () => {
  const profile = good({
    ...MINIMAL, relabels: 'acme-zero', description: 'A monitor.',
    aliases: [{ vendor: 'Acme Inc', model: '1', source: 'a shop', confidence: 'inferred' }],
    identity: [{ protocol: 'cms8000', side: 'client', detail: 'Frames.', ...SOURCED }],
    flows: [{
      ...FLOW, address: '202.114.4.119', transport: ['tcp', 'udp'], ports: ['520', '515-517', 516], protocol: 'cms8000', clear: 'yes', 'patient-data': 'no',
    }],
    indicators: [INDICATOR], vulnerabilities: [{ ...VULNERABILITY, observable: 'NFS.' }], advisories: [ADVISORY],
  })
  assert.deepEqual(profile.aliases, [{ vendor: 'Acme Inc', model: '1', source: 'a shop', confidence: 'inferred' }])
  assert.deepEqual(profile.identity, [{ protocol: 'cms8000', side: 'client', value: null, detail: 'Frames.', ...SOURCED }])
  assert.deepEqual(profile.flows, [{
    name: 'vitals', opens: 'device', peer: 'central-station', address: '202.114.4.119', transports: ['tcp', 'udp'],
    ports: [{ low: 515, high: 517 }, { low: 520, high: 520 }], dynamicPorts: false, protocol: 'cms8000', clear: true, patientData: false, occurs: 'continuous',
    expected: 'routine',
    purpose: 'Vitals.', blocked: 'The bed disappears.', ...SOURCED,
  }])
  assert.deepEqual(profile.indicators, [{ kind: 'path', value: '/pm', prefix: null, meaning: 'An update.', ...SOURCED }])
  assert.deepEqual(profile.vulnerabilities, [{ ...VULNERABILITY, observable: 'NFS.' }])
  assert.deepEqual(profile.advisories, [ADVISORY])
})

test('what a profile covers, an identity by a name, and remedies', () => {
  const remedy = { remedy: 'Unplug it.', effect: 'The bed disappears.', ...SOURCED }
  const identity = [{ protocol: 'hl7', side: 'client', value: 'ENGINE', detail: 'MSH-3.', ...SOURCED }]
  const profile = good({ ...MINIMAL, covers: 'class', identity, remedies: [remedy] })
  assert.deepEqual([profile.covers, profile.identity[0]?.value, profile.remedies], ['class', 'ENGINE', [remedy]])
  const relabel = resolveRelabels([profile, good({ ...MINIMAL, id: 'acme-two', relabels: 'acme-one' })]).profiles.get('acme-two')
  assert.deepEqual([relabel?.covers, relabel?.remedies], ['model', [remedy]])
})

test('ports that are negotiated, and protocols without any', () => {
  const flows = good({ ...MINIMAL, flows: [{ ...FLOW, ports: 'dynamic' }, { ...without(FLOW, 'ports'), transport: 'icmp' }] }).flows
  assert.deepEqual(flows.map((f) => [f.dynamicPorts, f.ports]), [[true, []], [false, []]])
})

test('indicator values are canonical, and blocks come with their prefix', () => {
  const rows: readonly (readonly [string, string, string, string | null])[] = [
    ['address', '202.114.4.119', '202.114.4.119', '202.114.4.119/32'],
    ['address', '2001:DB8::0001', '2001:db8::1', '2001:db8::1/128'],
    ['prefix', '202.114.4.0/24', '202.114.4.0/24', '202.114.4.0/24'],
    ['prefix', '2001:db8:0::/32', '2001:db8::/32', '2001:db8::/32'],
    ['path', '/pm', '/pm', null],
    ['sha256', 'AB'.repeat(32), 'ab'.repeat(32), null],
    ['inbound-udp', 'any-but-dhcp-replies', 'any-but-dhcp-replies', null],
  ]
  for (const [kind, value, canonical, prefix] of rows) {
    const [indicator] = good({ ...MINIMAL, indicators: [{ ...INDICATOR, kind, value }] }).indicators
    assert.equal(indicator?.value, canonical)
    assert.equal(indicator.prefix === null ? null : formatPrefix(indicator.prefix), prefix)
  }
  assert.deepEqual([...new Set(rows.map((row) => row[0]))], [...INDICATOR_KINDS])
})

/** One broken thing per row, and the only diagnostics it may cause. */
const BROKEN: readonly (readonly [string, PlainValue, readonly string[]])[] = [
  ['no map at all', ['x'], ['expected-map']],
  ['nothing', {}, Array.from({ length: 7 }, () => 'missing-key')],
  ['a version of the future', { ...MINIMAL, version: 2 }, ['bad-choice']],
  ['an id that is no name', { ...MINIMAL, id: 'ACME One' }, ['bad-name']],
  ['a model that is a number', { ...MINIMAL, model: 8000 }, ['expected-text']],
  ['a role nobody has', { ...MINIMAL, role: 'monitor' }, ['bad-choice']],
  ['a confidence nobody has', { ...MINIMAL, confidence: 'sure' }, ['bad-choice']],
  ['an unknown key', { ...MINIMAL, flow: [] }, ['unknown-key']],
  ['flows that are no list', { ...MINIMAL, flows: FLOW }, ['expected-list']],
  ['a flow that is no map', { ...MINIMAL, flows: ['x'] }, ['expected-map']],
  ['a flow without ports', { ...MINIMAL, flows: [without(FLOW, 'ports')] }, ['missing-key']],
  ['a flow without a source', { ...MINIMAL, flows: [without(FLOW, 'source')] }, ['missing-key']],
  ['a flow to a block', { ...MINIMAL, flows: [{ ...FLOW, address: '202.114.4.0/24' }] }, ['bad-address']],
  ['a flow of an unknown transport', { ...MINIMAL, flows: [{ ...FLOW, transport: 'sctp' }] }, ['bad-choice']],
  ['a flow with a port too high', { ...MINIMAL, flows: [{ ...FLOW, ports: [515, 70000] }] }, ['port-out-of-range']],
  ['a flow with a word for a port', { ...MINIMAL, flows: [{ ...FLOW, ports: 'static' }] }, ['bad-port']],
  ['a flow half in clear', { ...MINIMAL, flows: [{ ...FLOW, clear: 'mostly' }] }, ['bad-choice']],
  ['a coverage nobody knows', { ...MINIMAL, covers: 'all' }, ['bad-choice']],
  ['a remedy without effect', { ...MINIMAL, remedies: [{ remedy: 'Unplug it.', ...SOURCED }] }, ['missing-key']],
  ['a relative path', { ...MINIMAL, indicators: [{ ...INDICATOR, value: 'pm' }] }, ['bad-indicator']],
  ['a short hash', { ...MINIMAL, indicators: [{ ...INDICATOR, kind: 'sha256', value: 'ab' }] }, ['bad-indicator']],
  ['a block for an address', { ...MINIMAL, indicators: [{ ...INDICATOR, kind: 'address', value: '10.0.0.0/8' }] }, ['bad-indicator']],
  ['an address for a block', { ...MINIMAL, indicators: [{ ...INDICATOR, kind: 'prefix', value: '10.0.0.1' }] }, ['bad-indicator']],
  ['host bits', { ...MINIMAL, indicators: [{ ...INDICATOR, kind: 'prefix', value: '10.0.0.1/8' }] }, ['bad-indicator']],
  ['a CVE with a short year', { ...MINIMAL, vulnerabilities: [{ ...VULNERABILITY, id: 'CVE-25-0626' }] }, ['bad-form']],
  ['a weakness without its letters', { ...MINIMAL, vulnerabilities: [{ ...VULNERABILITY, weakness: '912' }] }, ['bad-form']],
  ['a score above ten', { ...MINIMAL, vulnerabilities: [{ ...VULNERABILITY, score: 10.1 }] }, ['bad-score']],
  ['a score in quotes', { ...MINIMAL, vulnerabilities: [{ ...VULNERABILITY, score: '7.5' }] }, ['bad-score']],
  ['a CVSS version that is a number', { ...MINIMAL, vulnerabilities: [{ ...VULNERABILITY, cvss: 3.1 }] }, ['expected-text']],
  ['a date of another country', { ...MINIMAL, advisories: [{ ...ADVISORY, date: '25/02/2025' }] }, ['bad-form']],
  ['too many of a kind', { ...MINIMAL, indicators: Array.from({ length: PARTS_MAX + 1 }, () => INDICATOR) }, ['too-long']],
]

function without(value: Map_, key: string): Map_ {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
}

test('each mistake is told once, and leaves no profile', () => {
  for (const [why, value, expected] of BROKEN) {
    assert.deepEqual(codesOf(value), expected, why)
    assert.equal(parse(value).profile, null, why)
  }
})

test('relabels take over the facts of their original, after which come their own', () => {
  const original = good({ ...MINIMAL, flows: [FLOW], indicators: [INDICATOR], advisories: [ADVISORY] })
  const relabel = good({ ...MINIMAL, id: 'acme-two', model: 'Two', relabels: 'acme-one', flows: [{ ...FLOW, name: 'extra' }],
    aliases: [{ vendor: 'B', model: 'C', ...SOURCED }] })
  for (const order of [[original, relabel], [relabel, original]]) {
    const { profiles, diagnostics } = resolveRelabels(order)
    assert.deepEqual(diagnostics, [])
    assert.deepEqual([...profiles.keys()], order.map((p) => p.id))
    const resolved = profiles.get('acme-two')
    assert.deepEqual(resolved?.flows.map((f) => f.name), ['vitals', 'extra'])
    assert.deepEqual([resolved?.indicators.length, resolved?.advisories.length, resolved?.model, resolved?.aliases.length],
      [1, 1, 'Two', 1])
    assert.deepEqual(profiles.get('acme-one'), original)
  }
})

test('a relabel of nothing, of itself, or of a relabel is an error', () => {
  const a = good({ ...MINIMAL, id: 'a', relabels: 'b' })
  const b = good({ ...MINIMAL, id: 'b', relabels: 'c' })
  const c = good({ ...MINIMAL, id: 'c' })
  const codes = (list: readonly DeviceProfile[]): string[] => resolveRelabels(list).diagnostics.map((d) => `${d.code} ${d.message}`)
  assert.deepEqual(codes([a]), ['profile/unknown-profile profile a relabels the unknown profile "b"'])
  assert.deepEqual(codes([a, b, c]), ['profile/relabel-chain profile a relabels b, which is a relabel itself'])
  assert.deepEqual(codes([{ ...a, relabels: 'a' }]), ['profile/relabel-chain profile a relabels itself'])
  assert.deepEqual(codes([b, c]), [])
})

const keys = fc.constantFrom(...[PROFILE_KEYS, FLOW_KEYS, INDICATOR_KEYS, VULNERABILITY_KEYS,
  ADVISORY_KEYS].flatMap((table) => Object.keys(table)), '__proto__')
const leaf = fc.oneof(fc.constantFrom('x', 'tcp', '10.0.0.1', 'device', 'stated', 'dynamic', '2025-02-25'), fc.string({ maxLength: 8 }),
  fc.double(), fc.boolean(), fc.constant(null))
const { tree: anyTree } = fc.letrec<{ tree: PlainValue }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(keys, tie('tree'), { maxKeys: 8 })),
}))

test('no tree makes it throw, and a profile comes only without errors', () => {
  const parts = fc.dictionary(keys, fc.oneof(anyTree, fc.constantFrom<PlainValue>([FLOW], [INDICATOR], [VULNERABILITY], [ADVISORY])),
    { maxKeys: 8 })
  fc.assert(fc.property(fc.oneof(anyTree, parts.map((p): PlainValue => ({ ...MINIMAL, ...p }))), (value) => {
    const { profile, diagnostics } = parse(value)
    assert.equal(profile === null, diagnostics.some((d) => d.severity === 'error'))
  }), { numRuns: 1000 })
})

test('confidences go from sure to unsure', () => {
  assert.deepEqual([...CONFIDENCES], ['confirmed-2', 'confirmed-1', 'stated', 'derived', 'inferred'])
})
