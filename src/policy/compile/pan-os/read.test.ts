// What the PAN-OS reader understands, sentence by sentence, and the published configs with their published answers.
// Verdicts are asked packet by packet, through the slow decider.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firewallFiles, firewallText, firewallsMissing, mangled, readTable, v4, verdict } from '../../../testing/zone-firewall-check.ts'
import type { Config, NatRule } from '../../rules/model.ts'
import { panOs } from './index.ts'
import { readPanOs } from './read.ts'

const skip = firewallsMissing

function config(text: string): Config {
  const read = readPanOs(text, 'x')
  assert.ok(read.config)
  return read.config
}

function published(file: string): Config {
  return config(firewallText('palo_alto', file))
}

function zone(read: Config, name: string): number {
  const index = read.interfaces.indexOf(name)
  assert.ok(index >= 0, name)
  return index
}

function between(read: Config, from: string, to: string): { iif: number; oif: number; proto: number } {
  return { iif: zone(read, from), oif: zone(read, to), proto: 6 }
}

test('any-application: z1 to z2 is permitted, the way back refused', { skip }, () => {
  const read = published('any-application')
  const tcp = { dport: 222, src: v4('1.1.1.3'), dst: v4('2.2.2.3') }
  assert.equal(verdict(read, { ...between(read, 'z1', 'z2'), ...tcp }), 'permit')
  assert.equal(verdict(read, { ...between(read, 'z2', 'z1'), ...tcp }), 'deny')
})

test('security-rules-original-flow: rules see the address before translation', { skip }, () => {
  const read = published('security-rules-original-flow')
  assert.equal(read.sees, 'before-dnat')
  const flow = between(read, 'INSIDE', 'OUTSIDE')
  assert.equal(verdict(read, { ...flow, dst: v4('2.2.2.2') }), 'permit')
  assert.equal(verdict(read, { ...flow, dst: v4('3.3.3.3') }), 'deny')
  assert.deepEqual(read.nat.map((n) => n.address?.low), [v4('3.3.3.3'), v4('2.2.2.2')])
})

/** The first destination NAT row whose address match holds. */
function translated(read: Config, src: string, dst: string): NatRule | undefined {
  const holds = (row: NatRule): boolean => row.match.unknown.length === 0 && row.match.fields.every(([field, c]) => {
    const value = field === 'src' ? v4(src) : field === 'dst' ? v4(dst) : null
    return value === null || (c.kind === 'ranges' && c.ranges.some((r) => r.low <= value && value <= r.high))
  })
  return read.nat.find((row) => row.kind === 'destination' && holds(row))
}

test('destination-nat: 1.2.1.2 to 1.1.1.99, 1.2.1.22 to 1.1.1.99:1234, 1.2.1.200 untouched, one rule never reached', { skip }, () => {
  const read = published('destination-nat')
  const first = translated(read, '1.2.1.2', '1.1.1.2')
  assert.deepEqual([first?.text, first?.address?.low, first?.address?.high, first?.port],
    ['nat rule "DEST_NAT_NAME1"', v4('1.1.1.99'), v4('1.1.1.99'), null])
  const second = translated(read, '1.2.1.22', '1.1.1.2')
  assert.deepEqual([second?.address?.low, second?.port], [v4('1.1.1.99'), { low: 1234n, high: 1234n }])
  assert.equal(translated(read, '1.2.1.200', '1.1.1.2'), undefined)
  const [reached, dead] = read.nat
  assert.equal(dead?.text, 'nat rule "DEST_NAT_NEVER_REACHED"')
  assert.deepEqual(dead?.match, reached?.match, 'the rule before it matches the same packets')
})

test('device-group-shared-inheritance: shared before group, group objects win, first rule decides', { skip }, () => {
  const read = published('device-group-shared-inheritance')
  const flow = { ...between(read, 'Z1', 'Z2'), dst: v4('10.0.0.2') }
  assert.equal(verdict(read, { ...flow, src: v4('192.168.1.2') }), 'deny')
  assert.equal(verdict(read, { ...flow, src: v4('192.168.2.3') }), 'permit')
})

test('panorama-rulebase: pushed before, local, pushed after, defaults', { skip }, () => {
  const read = published('panorama-rulebase')
  const port = (dport: number, from = 'z1', to = 'z2'): string => verdict(read, { ...between(read, from, to), dport })
  assert.deepEqual([1001, 1002, 1003, 1004].map((p) => port(p)), ['permit', 'deny', 'permit', 'deny'])
  assert.deepEqual([1002, 1004].map((p) => port(p, 'z1', 'z1')), ['deny', 'permit'], 'inside one zone the default allows')
})

test('security-rules: order of first mention, disabled rules are not there', { skip }, () => {
  const read = published('security-rules')
  const port = (to: string, dport: number): string => verdict(read, { ...between(read, 'z1', to), dport })
  assert.deepEqual([port('z2', 1234), port('z3', 1234), port('z4', 1234), port('z2', 80)], ['permit', 'deny', 'permit', 'deny'])
})

test('rulebase: negated source, literals, several zones', { skip }, () => {
  const read = published('rulebase')
  const flow = { ...between(read, 'z1', 'z2'), dst: v4('1.1.4.2'), dport: 80 }
  assert.equal(verdict(read, { ...flow, src: v4('2.2.2.2') }), 'deny')
  assert.equal(verdict(read, { ...flow, src: v4('2.2.2.3') }), 'permit')
  assert.equal(verdict(read, { ...flow, src: v4('2.2.2.3'), dport: 999 }), 'deny', 'the rule before denies that service')
})

test('defaults: inside a zone allowed, an explicit rule takes it away', { skip }, () => {
  const plain = published('rulebase-default')
  assert.equal(verdict(plain, between(plain, 'z1', 'z1')), 'permit')
  assert.equal(verdict(plain, between(plain, 'z1', 'z2')), 'deny')
  const explicit = published('drop-same-zone-explicit')
  assert.equal(verdict(explicit, between(explicit, 'z', 'z')), 'deny')
  const changed = config('set zone a\nset rulebase default-security-rules rules intrazone-default action deny\n')
  assert.equal(verdict(changed, between(changed, 'a', 'a')), 'deny')
})

test('rule types: intrazone pairs a zone with itself, interzone with the others', () => {
  const rule = (type: string): Config => config(`set zone a\nset zone b\n${FIELDS('R')}set rulebase security rules R rule-type ${type}
set rulebase security rules R action deny\nset rulebase default-security-rules rules interzone-default action allow\n`)
  const answers = (type: string): string[] => [['a', 'a'], ['a', 'b'], ['b', 'b']].map(
    ([f = '', t = '']) => verdict(rule(type), between(rule(type), f, t)))
  assert.deepEqual(answers('intrazone'), ['deny', 'permit', 'deny'])
  assert.deepEqual(answers('interzone'), ['permit', 'deny', 'permit'])
  assert.deepEqual(answers('universal'), ['deny', 'deny', 'deny'])
})

function FIELDS(name: string): string {
  return ['from', 'to', 'source', 'destination', 'application', 'service'].map((f) => `set rulebase security rules ${name} ${f} any\n`)
    .join('')
}

test('built-in services, and services of the same name that win', { skip }, () => {
  const read = published('rulebase-service')
  const port = (dport: number): string => verdict(read, { ...between(read, 'z1', 'z2'), dport })
  assert.deepEqual([port(1), port(443), port(80)], ['permit', 'permit', 'deny'])
})

test('virtual systems are kept apart, and between them nothing is known', () => {
  const read = config(['vsys1', 'vsys2'].map((v) => `set vsys ${v} zone in\nset vsys ${v} zone out\n`).join('')
    + FIELDS('R').replaceAll('set rulebase', 'set vsys vsys2 rulebase') + 'set vsys vsys2 rulebase security rules R action allow\n')
  assert.equal(verdict(read, between(read, 'vsys1/in', 'vsys1/out')), 'deny')
  assert.equal(verdict(read, between(read, 'vsys2/in', 'vsys2/out')), 'permit')
  assert.equal(verdict(read, between(read, 'vsys1/in', 'vsys2/out')), 'unknown')
})

/** A line added to an otherwise permitting rule, and what must be named. */
const UNKNOWNS: readonly (readonly [string, RegExp])[] = [
  ['set rulebase security rules R application ssl', /^$/],
  ['set rulebase security rules R source-user "ward\\staff"', /staff/],
  ['set rulebase security rules R category hacking', /hacking/],
  ['set rulebase security rules R schedule NIGHT', /NIGHT/],
  ['set rulebase security rules R source-hip H', /source-hip H/],
]
for (const [line, name] of UNKNOWNS) {
  test(`beyond the header: ${line}`, () => {
    const read = config(`set zone a\nset zone b\n${FIELDS('R')}${line}\nset rulebase security rules R action allow\n`)
    assert.match(read.unknowns.map((u) => u.text).join('\n'), name)
    const expected = name.source === '^$' ? 'permit' : 'unknown'
    assert.equal(verdict(read, between(read, 'a', 'b')), expected, 'a list that holds "any" is any')
  })
}

test('an application without "any", a dynamic group, a DNS name, an undefined name: unknown, never dropped', () => {
  const allow = 'set rulebase security rules R action allow\n'
  const rest = FIELDS('R')
  const texts: readonly (readonly [string, RegExp])[] = [
    [rest.replace('application any', 'application ssl') + allow, /application ssl/],
    [`set address-group G dynamic filter "'a'"\n${rest.replace('source any', 'source G')}${allow}`, /address-group G/],
    [`set address D fqdn x.example\n${rest.replace('source any', 'source D')}${allow}`, /fqdn x\.example/],
    [rest.replace('source any', 'source US') + allow, /address US/],
    [rest.replace('service any', 'service GONE') + allow, /service GONE/],
    [`set address-group L static L\n${rest.replace('source any', 'source L')}${allow}`, /address-group L/],
    [rest, /rule "R"/],
  ]
  for (const [text, name] of texts) {
    const read = config(`set zone a\nset zone b\n${text}`)
    assert.match(read.unknowns.map((u) => u.text).join('\n'), name)
    assert.equal(verdict(read, between(read, 'a', 'b')), 'unknown', text)
  }
})

test('custom applications: by header they are exact, with a rival or with ports they are unknown', () => {
  const asked = (apps: string, service = 'any'): string => {
    const rule = FIELDS('R').replace('application any', 'application X').replace('service any', `service ${service}`)
    const read = config(`set zone a\nset zone b\n${apps}${rule}set rulebase security rules R action allow\n`)
    return [1, 6].map((proto) => verdict(read, { ...between(read, 'a', 'b'), proto, icmpType: proto === 1 ? 8 : 0 })).join()
  }
  const ping = 'set application X risk 1\nset application X default ident-by-icmp-type type 8\n'
  assert.equal(asked(ping), 'permit,deny')
  assert.equal(asked(`${ping}set application Y default ident-by-icmp-type type 9\n`), 'permit,deny')
  assert.equal(asked(`${ping}set application Y default ident-by-ip-protocol 1\n`), 'unknown,unknown')
  assert.equal(asked(`${ping}set application Y signature s\n`), 'unknown,unknown')
  assert.equal(asked('set application X default port tcp/80\n'), 'unknown,unknown')
  assert.equal(asked(ping, 'service-http'), 'deny,deny', 'neither holds: port 80 is not asked for')
})

test('wildcard objects free the bits that are set', () => {
  const wildcard = 'set address W ip-wildcard 10.0.5.0/0.255.0.255\n'
  const read = config(`set zone a\nset zone b\n${wildcard}${FIELDS('R').replace('source any', 'source W')}
set rulebase security rules R action allow\n`)
  assert.equal(verdict(read, { ...between(read, 'a', 'b'), src: v4('10.9.5.7') }), 'permit')
  assert.equal(verdict(read, { ...between(read, 'a', 'b'), src: v4('10.9.6.7') }), 'deny')
})

test('move changes the order', () => {
  const rule = (name: string, action: string): string => `${FIELDS(name)}set rulebase security rules ${name} action ${action}\n`
  const text = `set zone a\nset zone b\n${rule('D', 'deny')}${rule('R', 'allow')}`
  const verdictWith = (line: string): string => {
    const read = config(text + line)
    return verdict(read, between(read, 'a', 'b'))
  }
  assert.equal(verdictWith(''), 'deny')
  assert.equal(verdictWith('move rulebase security rules R top\n'), 'permit')
  assert.equal(verdictWith('move rulebase security rules D after R\n'), 'permit')
})

test('XML and other kinds of text are refused by name', () => {
  assert.equal(readPanOs('<?xml version="1.0"?><config/>', 'x').diagnostics[0]?.code, 'pan-os/xml')
  for (const text of ['', 'hello', 'config firewall policy\nend\n', 'set security zones security-zone a\n']) {
    const read = readPanOs(text, 'x')
    assert.equal(read.config, null)
    assert.equal(read.diagnostics.at(-1)?.code, 'pan-os/kind')
  }
})

test('several device groups are several devices: refused by name, and every verdict is unknown', () => {
  const read = readPanOs('set device-group A devices 1\nset device-group B devices 2\nset template T config devices d vsys vsys1 zone z\n',
    'x')
  assert.deepEqual(read.diagnostics.map((d) => d.code), ['pan-os/several-devices'])
  assert.equal(verdict(read.config, { proto: 6 }), 'unknown')
})

test('every published config is read: the table', { skip }, (t) => {
  const table = readTable(panOs, 'palo_alto')
  t.diagnostic(table.join(' | '))
  assert.ok(table.length >= 60)
  assert.deepEqual(table.filter((row) => row.endsWith('refused')), [])
})

test('mangled configs never throw, and never lose the config without a word', { skip }, () => {
  const files = firewallFiles('palo_alto').map((f) => firewallText('palo_alto', f))
  const pieces = fc.constantFrom('"', '{', '}', '[', ']', ';', '\n', ' set ', 'any', '\u0000', '/*', '#', 'move ', "'", 'config')
  fc.assert(fc.property(fc.constantFrom(...files), fc.nat(9_000), fc.nat(40), pieces, (text, at, length, piece) => {
    const read = readPanOs(mangled(text, at, length, piece), 'x')
    assert.ok(read.config !== null || read.diagnostics.length > 0)
  }), { numRuns: 400 })
})
