// Networks that nobody here wrote: Batfish's example networks and an office whose routing rules look at marks.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parsePrefix } from '../../base/ip.ts'
import { networkFrom } from '../../testing/network-texts.ts'
import { prefixRange } from '../policy-rules.ts'
import type { Match } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { proveAlive, proveUnreachable, type PathAnswer } from './ask.ts'
import type { Network } from './model.ts'

const FIREWALLS = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'firewalls')
const BATFISH = path.join(FIREWALLS, 'batfish/networks/networks')
const OPENLAB = path.join(FIREWALLS, 'iptables/net-network/configs_openlab/stettenstr/doku')
const missing = (folder: string): string | false => (fs.existsSync(folder) ? false : `${path.basename(folder)} of ../shared/firewalls is not here`)
const text = (folder: string, name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')

const block = (of: string) => {
  const prefix = parsePrefix(of)
  assert.ok(prefix.ok, of)
  return prefixRange(prefix.value)
}

function ask(prove: typeof proveAlive, network: Network, from: string, to: string, proto = 6n): PathAnswer {
  const space = bddSpace(4)
  const match: Match = {
    fields: [['dst', { kind: 'ranges', ranges: [block(to)], not: false }], ['proto', { kind: 'ranges', ranges: [{ low: proto, high: proto }], not: false }]],
    unknown: [],
  }
  return prove(space, network, { from: { ranges: [block(from)] }, asked: space.of(match) }).answer
}

/** What OSPF would have learned is written down as routes; the rest is the network's own text. */
const ZONES = `network: iptables-firewall
devices:
  - { name: r1, config: r1.cfg, target: cisco-ios, routes: r1 }
  - { name: r3, config: r3.cfg, target: cisco-ios, routes: r3 }
  - { name: z1, config: z1.v4, target: iptables, routes: z1 }
links:
  - { name: zone1, attached: [z1/eth1] }
  - { name: transit1, attached: [z1/eth0, r1/eth1], prefixes: [] }
  - { name: zone2, attached: [r1/eth0], prefixes: [10.0.4.0/24] }
  - { name: middle, attached: [r1/eth2, r3/eth0], prefixes: [] }
  - { name: outside, attached: [r3/eth2] }
`

function zones(): Network {
  const folder = path.join(BATFISH, 'iptables-firewall')
  return networkFrom(ZONES, {
    'r1.cfg': text(folder, 'configs/r1.cfg'), 'r3.cfg': text(folder, 'configs/r3.cfg'), 'z1.v4': text(folder, 'iptables/z1-firewall.v4'),
    r1: '10.0.3.0/24 via 10.0.2.10 dev eth1\n10.0.8.0/24 via 10.0.6.2 dev eth2\n10.0.4.0/24 dev eth0 scope link\n',
    r3: '10.0.0.0/21 via 10.0.6.1 dev eth0\n',
    z1: 'default via 10.0.2.1 dev eth0\n10.0.2.0/24 dev eth0 scope link src 10.0.2.10\n10.0.3.0/24 dev eth1 scope link src 10.0.3.1\n',
  })
}

test('Batfish iptables-firewall: zone 2 reaches zone 1, the Internet host does not', { skip: missing(path.join(BATFISH, 'iptables-firewall')) }, () => {
  const network = zones()
  assert.deepEqual(network.devices.map((d) => d.opaque), [[], [], []], 'routes that OSPF learned are given')
  assert.deepEqual(ask(proveUnreachable, network, '10.0.8.10/32', '10.0.3.20/32'), { verdict: 'proved' })
  const passes = ask(proveUnreachable, network, '10.0.4.20/32', '10.0.3.20/32')
  assert.ok(passes.verdict === 'refuted')
  const hops = passes.witness.trace.hops.map((hop) => network.devices[hop.device]?.name)
  assert.deepEqual(hops, ['r1', 'z1'])
  assert.ok(passes.witness.trace.hops[1]?.decisions.some((d) => d.what === 'permit' && d.line === 9), 'PREROUTING -s 10.0.4.0/24 -i eth0')
})

test('Batfish iptables-firewall: what zone 1 sends arrives, and its replies are dropped, for no rule knows connections',
  { skip: missing(path.join(BATFISH, 'iptables-firewall')) }, () => {
    const network = zones()
    const outward = ask(proveAlive, network, '10.0.3.20/32', '10.0.8.10/32')
    assert.ok(outward.verdict === 'refuted')
    const { trace, reply } = outward.witness
    assert.deepEqual([trace.ending.disposition, trace.hops.length], ['delivered-to-segment', 3])
    assert.deepEqual([reply?.ending.disposition, reply?.ending.device], ['denied-forward', 2])
    assert.deepEqual(ask(proveAlive, network, '10.0.3.20/32', '10.0.4.20/32'), { verdict: 'proved' })
  })

const DEPARTMENT = (routes: string) => `network: as2dept1
devices: [{ name: dept, config: dept, target: cisco-ios${routes} }]
links:
  - { name: hosts0, attached: [dept/GigabitEthernet2/0] }
  - { name: hosts1, attached: [dept/GigabitEthernet3/0] }
  - { name: up, attached: [dept/GigabitEthernet0/0], internet: true, prefixes: [3.0.1.0/24] }
`

test('Batfish example, as2dept1: its access lists decide, and without the routes of BGP the answer is unknown because of that line',
  { skip: missing(path.join(BATFISH, 'example')) }, () => {
    const dept = text(path.join(BATFISH, 'example'), 'candidate/configs/as2dept1.cfg')
    const network = networkFrom(DEPARTMENT(', routes: routes'), { dept, routes: 'default via 2.34.101.3 dev GigabitEthernet0/0\n' })
    assert.deepEqual(ask(proveAlive, network, '2.128.0.101/32', '2.128.1.101/32'), { verdict: 'proved' })
    // Outward on GigabitEthernet2/0 stands the list that is meant for inward: sources must be of 2.128.0.0/16.
    assert.deepEqual(ask(proveUnreachable, network, '3.0.1.0/24', '2.128.0.101/32'), { verdict: 'proved' })
    const open = ask(proveUnreachable, network, '3.0.1.0/24', '2.128.1.101/32')
    assert.ok(open.verdict === 'refuted')
    assert.match(open.witness.trace.hops[0]?.decisions.at(-1)?.text ?? '', /permit ip any 2\.128\.0\.0 0\.0\.255\.255/)
    const blind = networkFrom(DEPARTMENT(''), { dept })
    const answer = ask(proveUnreachable, blind, '3.0.1.0/24', '2.128.1.0/24')
    const line = dept.split('\n').findIndex((l) => l.startsWith('router bgp')) + 1
    assert.ok(answer.verdict === 'unknown' && answer.because.some((b) => b.device === 'dept' && b.line === line), JSON.stringify(answer))
  })

const OFFICE = (config: string) => `network: office
devices:
  - { name: fw, routes: routes, tables: [{ name: DSL, routes: dsl }], rules: rules${config} }
links:
  - { name: office, attached: [fw/br0] }
  - { name: tunnel, attached: [fw/tap20], internet: true }
  - { name: dsl, attached: [fw/eth4], internet: true }
`

test('an office that routes by mark (openlab): unknown because of those lines of ip rule, with and without its filter', { skip: missing(OPENLAB) }, () => {
  const texts = {
    routes: text(OPENLAB, 'ip-route-list.txt'), dsl: text(OPENLAB, 'ip-route-list-table-DSL.txt'), rules: text(OPENLAB, 'ip-rule.txt'),
    filter: text(OPENLAB, 'iptables-save.txt'),
  }
  const marks = [2, 3, 4]
  for (const config of ['', ', config: filter, target: iptables']) {
    const network = networkFrom(OFFICE(config), texts)
    for (const prove of [proveUnreachable, proveAlive]) {
      const answer = ask(prove, network, '192.168.0.0/24', '198.51.100.0/24')
      assert.ok(answer.verdict === 'unknown', answer.verdict)
      if (config === '') assert.deepEqual(answer.because.filter((b) => /fwmark/.test(b.text)).map((b) => b.line), marks)
    }
  }
  const routing = networkFrom(OFFICE(''), texts)
  const inside = ask(proveUnreachable, routing, '192.168.0.0/24', '192.168.0.38/32')
  assert.equal(inside.verdict === 'refuted' && inside.witness.trace.ending.disposition, 'accepted', 'its own address needs no rule')
})
