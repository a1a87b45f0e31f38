// What the FortiOS reader understands, sentence by sentence, and the published configs with their published answers.
// Verdicts are asked packet by packet, through the slow decider.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firewallFiles, firewallText, firewallsMissing, mangled, readTable, v4, verdict } from '../../../testing/zone-firewall-check.ts'
import type { Config } from '../../rules/model.ts'
import { readBlocks, type Entry } from './blocks.ts'
import { fortiOs } from './index.ts'
import { addressLookup, serviceLookup, type Tables } from './objects.ts'
import { readFortiOs } from './read.ts'

const skip = firewallsMissing

function config(text: string): Config {
  const read = readFortiOs(text, 'x')
  assert.ok(read.config)
  return read.config
}

function published(file: string): Config {
  return config(firewallText('fortios', file))
}

function tables(text: string): Tables {
  return readBlocks(text).domains[0]?.tables ?? new Map<string, readonly Entry[]>()
}

function between(read: Config, from: string, to: string): { iif: number; oif: number; proto: number } {
  const index = (name: string): number => read.interfaces.indexOf(name)
  assert.ok(index(from) >= 0 && index(to) >= 0, `${from} ${to}: ${read.interfaces.join()}`)
  return { iif: index(from), oif: index(to), proto: 6 }
}

test('policy_move: the order after move is 5, 1, 2, 4, 3', { skip }, () => {
  assert.deepEqual(published('policy_move').chains.get('policies')?.rules.map((r) => r.text), [5, 1, 2, 4, 3].map((n) => `policy ${n}`))
})

test('policy: the deny before the permit, between the named interfaces only', { skip }, () => {
  const read = published('policy')
  const port = (dport: number, from = 'port1', to = 'port3'): string => verdict(read, { ...between(read, from, to), dport })
  assert.deepEqual([1234, 1235, 1236].map((p) => port(p)), ['deny', 'deny', 'permit'])
  assert.equal(port(1236, 'port3', 'port1'), 'deny')
  assert.equal(verdict(read, { ...between(read, 'port1', 'port3'), proto: 17, dport: 1236 }), 'deny')
  assert.equal(verdict(read, { ...between(read, 'port1', 'port3'), dport: 1236 }, 6), 'deny', 'srcaddr says nothing about IPv6')
})

test('firewall_policy: disabled is not there, no action denies, append adds, zones stand for their interfaces', { skip }, () => {
  const read = published('firewall_policy')
  const rules = read.chains.get('policies')?.rules ?? []
  assert.deepEqual(rules.map((r) => [r.text.split(' ')[1], r.action.kind]),
    [['4294967294', 'deny'], ['1', 'permit'], ['2', 'permit'], ['3', 'permit']])
  assert.deepEqual(read.interfaces, ['zone1', 'zone2', 'zone3', 'port1', 'port2'], 'interfaces inside zones are not named apart')
  const names = (field: string): readonly string[] => rules[3]?.matches[0]?.fields.filter(([f]) => f === field)
    .flatMap(([, c]) => (c.kind === 'ranges' ? c.ranges : [])).flatMap((r) => read.interfaces.slice(Number(r.low), Number(r.high) + 1))
      ?? []
  assert.deepEqual([names('iif'), names('oif')], [['zone1', 'zone2', 'zone3', 'port2'], ['zone1', 'zone3']])
  const first = between(read, 'port1', 'port2')
  const flow = { ...first, src: v4('10.0.1.9'), dst: v4('10.0.2.9'), dport: 12, sport: 11 }
  assert.equal(verdict(read, flow), 'deny')
  assert.equal(verdict(read, { ...flow, sport: 12 }), 'permit')
})

test('addrgrp: members without the excluded ones; the list outlives "exclude disable"', { skip }, () => {
  const address = addressLookup(tables(firewallText('fortios', 'addrgrp')), 4)
  const whole = (n: number): { low: bigint; high: bigint } => ({ low: v4(`${n}.${n}.${n}.0`), high: v4(`${n}.${n}.${n}.255`) })
  assert.deepEqual(address('grp1', 1).ranges[4], [whole(1)], 'addr5 is a member and excluded')
  assert.deepEqual(address('grp2', 1).ranges[4], [whole(1), whole(4)], 'set replaces members, append adds')
})

test('service_custom: ranges of both ends, protocols that change, unset', { skip }, () => {
  const service = serviceLookup(tables(firewallText('fortios', 'service_custom')))
  const numbers = (ranges: readonly { low: bigint; high: bigint }[] | null): string =>
    (ranges ?? []).map((r) => `${r.low}-${r.high}`).join()
  const shown = (name: string): string[] => service(name, 1)
    .map((t) => [t.proto, t.dport, t.sport, t.icmpType, t.icmpCode].map(numbers).join(' '))
  assert.deepEqual(shown('explicit_tcp'), [
    '6-6 1-2 3-4  ', '6-6 10-11   ', '6-6 13-13 6-7  ', '17-17 100-100   ', '132-132 200-200   ', '132-132 201-201 300-300  ',
  ])
  assert.deepEqual(shown('custom_icmp'), ['1-1   255-255 255-255'])
  assert.deepEqual(shown('custom_icmp6'), ['58-58    '])
  assert.deepEqual(shown('custom_ip'), ['254-254    '])
  assert.deepEqual(shown('change_protocol'), ['    '], 'all that belonged to other protocols is gone, so it is any')
  assert.deepEqual(shown('unset_icmp_1'), ['1-1   5-5 '])
  assert.deepEqual(shown('unset_icmp_2'), ['1-1   3-3 '])
  assert.deepEqual(shown('unset_icmp_3'), ['1-1    '])
})

test('service_group: set replaces, append adds, groups hold groups', { skip }, () => {
  const service = serviceLookup(tables(firewallText('fortios', 'service_group')))
  assert.deepEqual(new Set(service('grp2', 1).map((t) => t.dport?.[0]?.low)), new Set([3n]))
})

test('static_routes: disabled ones are not there', { skip }, () => {
  const { routes } = published('static_routes')
  assert.deepEqual(routes.map((r) => [r.length, r.nextHop, r.metric]), [[24, v4('2.2.2.2'), 20], [0, null, 10], [24, null, 10]])
})

/** A policy between a and b with settings replaced or added. */
function policy(more: Readonly<Record<string, string>> = {}, before = ''): string {
  const base = { srcintf: 'a', dstintf: 'b', srcaddr: 'all', dstaddr: 'all', service: 'ALL', schedule: 'always', action: 'accept' }
  const settings = Object.entries({ ...base, ...more }).map(([k, v]) => `set ${k} ${v}`).join('\n')
  return `${before}config firewall policy\nedit 1\n${settings}\nnext\nend\n`
}

test('any service, any IPv4 address: permitted between a and b', () => {
  const read = config(policy())
  assert.equal(verdict(read, between(read, 'a', 'b')), 'permit')
  assert.equal(verdict(read, between(read, 'b', 'a')), 'deny')
  assert.deepEqual(read.unknowns, [])
})

/** Settings the header does not decide, and what must be named. */
const UNKNOWNS: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
  [{ groups: '"staff"' }, /groups staff/],
  [{ users: '"x"' }, /users x/],
  [{ schedule: '"night"' }, /schedule night/],
  [{ 'internet-service': 'enable', 'internet-service-name': '"DNS"' }, /internet-service-name DNS/],
  [{ srcaddr: '"gone"' }, /address gone/],
  [{ service: '"gone"' }, /service gone/],
  [{ action: 'ipsec' }, /action ipsec/],
  [{ 'service-negate': 'enable' }, /service-negate/],
  [{ 'some-new-setting': 'x' }, /some-new-setting x/],
]
for (const [settings, name] of UNKNOWNS) {
  test(`unknown, named with its line: ${Object.keys(settings).join()}`, () => {
    const read = config(policy(settings))
    assert.match(read.unknowns.map((u) => u.text).join('\n'), name)
    assert.ok(read.unknowns.every((u) => u.line > 0))
    assert.equal(verdict(read, between(read, 'a', 'b')), 'unknown')
  })
}

const ADDRESSES = `config firewall address
edit ward
set subnet 10.0.0.0 255.0.0.0
next
edit name
set type fqdn
set fqdn x.example
next
edit holes
set type wildcard
set wildcard 10.0.5.0 255.0.255.0
next
end
config firewall addrgrp
edit loop
set member loop
next
edit mixed
set member ward
set exclude enable
set exclude-member name
next
end
`

test('negated addresses, wildcard addresses, DNS names, groups that contain themselves', () => {
  const asked = (settings: Readonly<Record<string, string>>, src: string): string => {
    const read = config(policy(settings, ADDRESSES))
    return verdict(read, { ...between(read, 'a', 'b'), src: v4(src) })
  }
  assert.deepEqual(['10.1.1.1', '11.1.1.1'].map((s) => asked({ srcaddr: 'ward', 'srcaddr-negate': 'enable' }, s)), ['deny', 'permit'])
  assert.deepEqual(['10.9.5.1', '10.9.6.1'].map((s) => asked({ srcaddr: 'holes' }, s)), ['permit', 'deny'])
  assert.deepEqual(['name', 'loop', 'mixed'].map((n) => asked({ srcaddr: n }, '10.1.1.1')), ['unknown', 'unknown', 'unknown'])
})

test('IPv6 has its own addresses, in the same policy or in policy6', () => {
  const both = config(policy({ srcaddr6: 'all', dstaddr6: 'all' }))
  assert.equal(verdict(both, between(both, 'a', 'b'), 6), 'permit')
  const apart = config(policy().replace('firewall policy', 'firewall policy6'))
  assert.deepEqual([4, 6].map((v) => verdict(apart, between(apart, 'a', 'b'), v === 4 ? 4 : 6)), ['deny', 'permit'])
})

const ZONE = (intrazone: string): string =>
  `config system zone\nedit a\nset interface port1 port2\nset intrazone ${intrazone}\nnext\nedit b\nnext\nend\n`

test('inside a zone: denied, allowed, and in doubt when a policy denies what the zone allows', () => {
  const inside = (text: string): string => {
    const read = config(text)
    return verdict(read, between(read, 'a', 'a'))
  }
  assert.equal(inside(policy({}, ZONE('deny'))), 'deny')
  assert.equal(inside(policy({}, ZONE('allow'))), 'permit')
  assert.equal(inside(policy({ action: 'deny', srcintf: 'any', dstintf: 'any' }, ZONE('allow'))), 'unknown')
})

test('virtual IPs and source translation are rows; what is not understood is named', () => {
  const vip = (name: string, more: string): string => `edit ${name}\nset extip 1.2.3.4\nset extintf a\n${more}next\n`
  const forward = 'set mappedip "10.0.0.9"\nset portforward enable\nset extport 80\nset mappedport 8080\n'
  const { nat } = config(policy({ nat: 'enable' },
    `config firewall vip\n${vip('web', forward)}${vip('odd', 'set type server-load-balance\n')}end\n`))
  assert.deepEqual(nat.map((n) => [n.text, n.kind, n.match.unknown.length]), [['vip web', 'destination', 0], ['vip odd', 'destination', 1],
    ['policy 1 nat', 'masquerade', 1]])
  assert.deepEqual([nat[0]?.address, nat[0]?.port], [{ low: v4('10.0.0.9'), high: v4('10.0.0.9') }, { low: 8080n, high: 8080n }])
  assert.deepEqual(nat[0]?.match.fields.map(([f]) => f), ['iif', 'dst', 'proto', 'dport'])
})

test('virtual domains are kept apart, and between them nothing is known', () => {
  const own = [['p1', 'one'], ['p2', 'one'], ['q1', 'two']].map(([name, vdom]) => `edit ${name}\nset vdom ${vdom}\nnext\n`).join('')
  const interfaces = `config global\nconfig system interface\n${own}end\nend\n`
  const domain = (name: string, body: string): string => `config vdom\nedit ${name}\n${body}end\n`
  const one = domain('one', policy({ srcintf: 'p1', dstintf: 'p2' }))
  const read = config(interfaces + one + domain('two', policy({ srcintf: 'q1', dstintf: 'q1', action: 'deny' })))
  assert.equal(verdict(read, between(read, 'one/p1', 'one/p2')), 'permit')
  assert.equal(verdict(read, between(read, 'two/q1', 'two/q1')), 'deny')
  assert.equal(verdict(read, between(read, 'one/p1', 'two/q1')), 'unknown')
})

test('sections that decide before the policies make the answer unknown', () => {
  const read = config(policy({}, 'config firewall acl\nedit 1\nset interface a\nnext\nend\n'))
  assert.equal(verdict(read, between(read, 'a', 'b')), 'unknown')
})

test('quoted texts may go on over lines, comments may hold quotes', () => {
  const before = `# it's "a comment\nconfig vpn certificate local\nedit x\nset certificate "one\ntwo\nend"\nnext\nend\n`
  const read = readFortiOs(before + policy(), 'x')
  assert.equal(read.config?.chains.get('policies')?.rules[0]?.line, 10)
  assert.deepEqual(read.diagnostics, [])
})

test('an entry that is deleted and made again is new; purge empties a table', () => {
  const own = (text: string): string[] => (tables(`config firewall address\n${text}end\n`).get('firewall address') ?? [])
    .map((e) => `${e.name} ${[...e.fields.keys()].join()}`)
  assert.deepEqual(own('edit a\nset fqdn x\nnext\nedit b\nnext\ndelete a\nedit a\nnext\n'), ['b ', 'a '])
  assert.deepEqual(own('edit a\nset fqdn x\nnext\nedit a\nset type fqdn\nnext\n'), ['a fqdn,type'])
  assert.deepEqual(own('edit a\nset fqdn x\nnext\npurge\nedit a\nnext\n'), ['a '])
})

test('another kind of text is refused by name', () => {
  for (const text of ['', 'hello', 'set security zones security-zone a\n', 'config { devices { } }']) {
    const read = readFortiOs(text, 'x')
    assert.equal(read.config, null)
    assert.equal(read.diagnostics.at(-1)?.code, 'fortios/kind')
  }
})

test('every published config is read: the table', { skip }, (t) => {
  const table = readTable(fortiOs, 'fortios')
  t.diagnostic(table.join(' | '))
  assert.equal(table.length, 8)
  assert.deepEqual(table.filter((row) => row.endsWith('refused')), [])
})

test('mangled configs never throw, and never lose the config without a word', { skip }, () => {
  const files = firewallFiles('fortios').map((f) => firewallText('fortios', f))
  const words = ['set ', 'end\n', 'next\n', 'config vdom\n', 'edit 0\n', 'move 1 after 1\n', 'set protocol IP\n']
  const pieces = fc.constantFrom('"', '\n', "'", '#', '\u0000', ...words.map((w) => `\n${w}`))
  fc.assert(fc.property(fc.constantFrom(...files), fc.nat(4_000), fc.nat(40), pieces, (text, at, length, piece) => {
    const read = readFortiOs(mangled(text, at, length, piece), 'x')
    assert.ok(read.config !== null || read.diagnostics.length > 0)
  }), { numRuns: 400 })
})
