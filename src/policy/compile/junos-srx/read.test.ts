// What the SRX reader understands, sentence by sentence, and the published configs it must survive.
// Verdicts are asked packet by packet, through the slow decider.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firewallFiles, firewallText, firewallsMissing, mangled, readTable, v4, verdict } from '../../../testing/zone-firewall-check.ts'
import type { Config } from '../../rules/model.ts'
import { junosSrx } from './index.ts'
import { readJunosSrx } from './read.ts'

const ZONES = `set security zones security-zone trust interfaces ge-0/0/0.0
set security zones security-zone untrust interfaces ge-0/0/1.0
`
const PAIR = 'set security policies from-zone trust to-zone untrust policy'
const ANY = 'match source-address any destination-address any application'
const TRUST_TO_UNTRUST = { iif: 0, oif: 1, proto: 6, dport: 80 } as const

function config(text: string): Config {
  const read = readJunosSrx(text, 'x')
  assert.ok(read.config)
  return read.config
}

function published(file: string): Config {
  return config(firewallText('juniper_srx', file))
}

test('without policies both directions are refused, and same-zone traffic too', { skip: firewallsMissing }, () => {
  const read = published('firewall-no-policies')
  for (const [iif, oif] of [[0, 1], [1, 0], [0, 0]]) assert.equal(verdict(read, { iif: iif ?? 0, oif: oif ?? 0, proto: 6 }), 'deny')
  assert.deepEqual(read.unknowns, [])
})

test('a permit for one pair opens that pair alone, in one direction', { skip: firewallsMissing }, () => {
  const read = published('firewall-policies')
  assert.equal(verdict(read, TRUST_TO_UNTRUST), 'permit')
  assert.equal(verdict(read, TRUST_TO_UNTRUST, 6), 'permit', '"any" is both families')
  assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, iif: 1, oif: 0 }), 'deny')
})

/** File, source address that is permitted, one that is not. */
const BOOKS: readonly (readonly [string, string, string])[] = [
  ['firewall-global-policy-global-address-book', '1.2.3.5', '2.2.2.2'],
  ['firewall-zone-address-book-inline', '2.2.2.2', '3.3.3.3'],
  ['firewall-zone-address-book-global', '2.2.2.2', '3.3.3.3'],
  ['firewall-zone-address-book-global-loses', '2.2.2.2', '3.3.3.3'],
]
for (const [file, yes, no] of BOOKS) {
  test(`address books: ${file}`, { skip: firewallsMissing }, () => {
    const read = published(file)
    assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, src: v4(yes) }), 'permit')
    assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, src: v4(no) }), 'deny')
  })
}

test('the destination is looked up in the books of the zone it goes to', { skip: firewallsMissing }, () => {
  const read = published('firewall-zone-address-book-attach-and-global')
  assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, src: v4('3.3.3.3'), dst: v4('2.2.2.2') }), 'permit')
  assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, src: v4('2.2.2.2'), dst: v4('3.3.3.3') }), 'deny')
})

test('terms of an application are alternatives, not a product', { skip: firewallsMissing }, () => {
  const read = published('application-with-terms')
  assert.equal(verdict(read, { proto: 6, dport: 1, sport: 2 }), 'permit')
  assert.equal(verdict(read, { proto: 17, dport: 3, sport: 4 }), 'permit')
  assert.equal(verdict(read, { proto: 17, dport: 1, sport: 2 }), 'deny')
  assert.equal(verdict(read, { proto: 6, dport: 3, sport: 4 }), 'deny')
})

test('destination NAT rows keep their match, and what is not understood is named', { skip: firewallsMissing }, () => {
  const { nat } = published('nat-dest')
  assert.equal(nat.length, 5)
  const last = nat.find((n) => n.text.endsWith('RULE-SET-ZONE rule RULE3'))
  assert.deepEqual(last?.address, { low: v4('10.10.10.0'), high: v4('10.10.10.255') })
  assert.deepEqual(last?.match.fields.map(([f]) => f), ['iif', 'src', 'dst'])
  assert.ok(nat.find((n) => n.text.endsWith('RULE2'))?.match.unknown.some((u) => u.text.includes('DA-NAME')))
})

test('curly form and set form read alike', () => {
  const curly = `security {
    zones { security-zone trust { interfaces { ge-0/0/0.0; } } security-zone untrust; }
    /* remark { */
    policies {
      from-zone trust to-zone untrust {
        inactive: policy OFF { match { source-address any; destination-address any; application any; } then { permit; } }
        policy WEB { match { source-address any; destination-address any; application [ junos-http junos-ssh ]; } then { permit; } }
      }
    }
  }`
  const flat = `${ZONES}${PAIR} WEB ${ANY} [ junos-http junos-ssh ]\n${PAIR} WEB then permit\n`
  for (const read of [config(curly), config(flat)]) {
    assert.equal(read.chains.get('policies')?.rules.length, 1, 'the inactive policy is not there')
    assert.equal(verdict(read, TRUST_TO_UNTRUST), 'permit')
    assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, dport: 22 }), 'permit')
    assert.equal(verdict(read, { ...TRUST_TO_UNTRUST, dport: 23 }), 'deny')
  }
})

test('global policies come after those of the pair, the default last', () => {
  const text = `${ZONES}set security policies global policy G match source-address any destination-address any application junos-ssh
set security policies global policy G then permit
${PAIR} P match source-address any destination-address any application junos-ssh
${PAIR} P then deny
`
  assert.equal(verdict(config(text), { ...TRUST_TO_UNTRUST, dport: 22 }), 'deny')
  assert.equal(verdict(config(text), { iif: 1, oif: 0, proto: 6, dport: 22 }), 'permit')
  assert.equal(verdict(config(`${text}set security policies default-policy permit-all\n`), TRUST_TO_UNTRUST), 'permit')
})

test('insert, deactivate and delete change what is read', () => {
  const two = `${ZONES}${PAIR} A ${ANY} any\n${PAIR} A then deny\n${PAIR} B ${ANY} junos-http\n${PAIR} B then permit\n`
  assert.equal(verdict(config(two), TRUST_TO_UNTRUST), 'deny')
  assert.equal(verdict(config(`${two}insert security policies from-zone trust to-zone untrust policy B before policy A\n`),
    TRUST_TO_UNTRUST), 'permit')
  assert.equal(verdict(config(`${two}deactivate security policies from-zone trust to-zone untrust policy A\n`), TRUST_TO_UNTRUST), 'permit')
  assert.equal(verdict(config(`${two}delete security policies from-zone trust to-zone untrust policy B\n`), TRUST_TO_UNTRUST), 'deny')
})

test('excluded addresses are the complement; wildcard addresses keep their holes', () => {
  const book = 'set security address-book global address'
  const negated = FROM('WARD').replace('source-address WARD', 'source-address WARD source-address-excluded')
  const excluded = `${ZONES}${book} WARD 10.0.0.0/8\n${negated}`
  assert.equal(verdict(config(excluded), { ...TRUST_TO_UNTRUST, src: v4('10.1.1.1') }), 'deny')
  assert.equal(verdict(config(excluded), { ...TRUST_TO_UNTRUST, src: v4('11.1.1.1') }), 'permit')
  const holes = `${ZONES}${book} EACH wildcard-address 10.0.5.0/255.0.255.0\n${FROM('EACH')}`
  assert.equal(verdict(config(holes), { ...TRUST_TO_UNTRUST, src: v4('10.9.5.1') }), 'permit')
  assert.equal(verdict(config(holes), { ...TRUST_TO_UNTRUST, src: v4('10.9.6.1') }), 'deny')
})

const BOOK = 'set security address-book global'
const FROM = (name: string): string =>
  `${PAIR} P match source-address ${name} destination-address any application any\n${PAIR} P then permit\n`

/** What is not a matter of headers, and the words that must name it. */
const UNKNOWNS: readonly (readonly [string, RegExp])[] = [
  [`${PAIR} P ${ANY} any\n${PAIR} P match dynamic-application junos:FACEBOOK-CHAT\n${PAIR} P then permit\n`, /FACEBOOK/],
  [`${PAIR} P ${ANY} any\n${PAIR} P match source-identity role-a\n${PAIR} P then permit\n`, /role-a/],
  [`${PAIR} P ${ANY} any\n${PAIR} P scheduler-name NIGHT\n${PAIR} P then permit\n`, /NIGHT/],
  [`${PAIR} P ${ANY} NOT-DEFINED\n${PAIR} P then permit\n`, /NOT-DEFINED/],
  [FROM('GONE'), /GONE/],
  [`${BOOK} address S dns-name x.example\n${FROM('S')}`, /dns-name/],
  [`${BOOK} address-set L address-set L\n${FROM('L')}`, /L/],
  [`${PAIR} P ${ANY} any\n`, /policy P/],
  [`set groups G security policies default-policy permit-all\nset apply-groups G\n`, /apply-groups/],
  [`set interfaces ge-0/0/0 unit 0 family inet filter input EDGE\n`, /EDGE/],
  [`set logical-systems LS1 security policies default-policy permit-all\n`, /logical-systems/],
]
for (const [text, name] of UNKNOWNS) {
  test(`unknown, named with its line: ${name.source}`, () => {
    const read = config(ZONES + text)
    assert.match(read.unknowns.map((u) => u.text).join('\n'), name)
    assert.ok(read.unknowns.every((u) => u.line > 0))
    assert.equal(verdict(read, TRUST_TO_UNTRUST), 'unknown')
  })
}

test('static routes', () => {
  const route = 'set routing-options static route'
  const read = config(`${route} 202.114.4.0/24 discard\n${route} 0.0.0.0/0 next-hop 10.0.0.1\n`)
  assert.deepEqual(read.routes.map((r) => [r.kind, r.length, r.nextHop, r.line]),
    [['blackhole', 24, null, 1], ['via', 0, v4('10.0.0.1'), 2]])
})

test('another kind of text is refused by name', () => {
  for (const text of ['', 'hello', 'interface GigabitEthernet0/0\n ip access-group A in\n', '<config><x/></config>']) {
    const read = readJunosSrx(text, 'x')
    assert.equal(read.config, null)
    assert.equal(read.diagnostics.at(-1)?.code, 'junos-srx/kind')
  }
})

test('every published config is read: the table', { skip: firewallsMissing }, (t) => {
  const table = readTable(junosSrx, 'juniper_srx')
  t.diagnostic(table.join(' | '))
  assert.equal(table.length, 30)
  assert.deepEqual(table.filter((row) => row.endsWith('refused')), [])
})

test('mangled configs never throw, and never lose the config', { skip: firewallsMissing }, () => {
  const files = firewallFiles('juniper_srx').map((f) => firewallText('juniper_srx', f))
  const pieces = fc.constantFrom('"', '{', '}', '[', ']', ';', '\n', ' set ', 'any', '\u0000', '/*', '#', 'insert ', "'")
  fc.assert(fc.property(fc.constantFrom(...files), fc.nat(9_000), fc.nat(40), pieces, (text, at, length, piece) => {
    const read = readJunosSrx(mangled(text, at, length, piece), 'x')
    assert.ok(read.config !== null || read.diagnostics.length > 0)
  }), { numRuns: 400 })
})
