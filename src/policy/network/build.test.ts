// Devices out of texts: one list of interfaces, own addresses, connected routes, and what no rule carries.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtFrom, networkFrom } from '../../testing/network-texts.ts'

const ROUTES = `default via 10.0.0.254 dev wan
10.20.3.0/24 dev eth5 proto kernel scope link src 10.20.3.1
10.0.0.0/24 dev wan proto kernel scope link src 10.0.0.1
`
const YAML = `network: n
devices:
  - { name: core, config: core.nft, routes: routes }
links:
  - { name: ward, attached: [core/eth5] }
  - { name: edge, attached: [core/wan], internet: true }
`
const table = (rules: string) => `table inet f {
  chain forward { type filter hook forward priority 0; policy drop;
    ${rules}
  }
}`

test('a wildcard of the filter covers an interface that only the routes name', () => {
  const network = networkFrom(YAML, { 'core.nft': table('iifname "eth*" accept'), routes: ROUTES })
  const [core] = network.devices
  const index = core?.interfaces.findIndex(({ name }) => name === 'eth5') ?? -1
  const fields = [...(core?.config.chains.values() ?? [])][0]?.rules[0]?.matches[0]?.fields[0]
  assert.ok(fields?.[1].kind === 'ranges' && fields[1].ranges.some((r) => r.low <= BigInt(index) && BigInt(index) <= r.high))
  assert.deepEqual(core?.interfaces[index]?.addresses, [{ version: 4, value: 0x0a140301n, length: 24 }])
  assert.deepEqual(network.links.map((link) => link.prefixes.map((p) => p.length)), [[24], []], 'hosts of a wire are those of its block; of an edge none')
})

test('an interface that no text knows is an error with the names that are known', () => {
  const { network, diagnostics } = builtFrom(YAML.replace('core/eth5', 'core/eth9'), { 'core.nft': table(''), routes: ROUTES })
  assert.equal(network, null)
  const [found] = diagnostics
  assert.deepEqual([found?.code, found?.line], ['network/unknown-interface', 5])
  assert.match(found?.message ?? '', /link ward names core\/eth9, and no text of core knows that interface/)
  assert.match(found?.help ?? '', /wan, eth5.*"addresses:"/)
})

test('explicit addresses make an interface known, and bring the route to their block', () => {
  const yaml = YAML.replace('core/eth5', 'core/eth9').replace('routes: routes', 'routes: routes, addresses: [{ interface: eth9, address: 10.9.0.1/30 }]')
  const [core] = networkFrom(yaml, { 'core.nft': table(''), routes: ROUTES }).devices
  const route = core?.config.routes.find((r) => r.length === 30)
  assert.deepEqual([route?.kind, core?.interfaces[route?.iface ?? -1]?.name], ['connected', 'eth9'])
})

test('what is not understood and stands in no rule makes the device opaque, until somebody has looked at it', () => {
  const bridge = `${table('')}\ntable bridge b {\n  chain c { type filter hook forward priority 0; policy drop;\n  }\n}`
  const [core] = networkFrom(YAML, { 'core.nft': bridge, routes: ROUTES }).devices
  assert.deepEqual(core?.opaque.map((why) => [why.line, why.text]), [[7, 'chain c']])
  const looked = networkFrom(YAML.replace('routes: routes', 'routes: routes, disregard: chain c'), { 'core.nft': bridge, routes: ROUTES })
  assert.deepEqual(looked.devices[0]?.opaque, [])
  const inRule = networkFrom(YAML, { 'core.nft': table('meta skuid 0 accept'), routes: ROUTES })
  assert.deepEqual(inRule.devices[0]?.opaque, [], 'an unknown match stands in its rule already')
})

test('translation that a platform\'s reader does not model makes the device opaque; routes learned from neighbours do unless routes are given', () => {
  const ios = (more: string) => `hostname r1\ninterface eth0\n ip address 10.0.0.1 255.255.255.0\n!\n${more}\n`
  const yaml = (more: string) => `network: n
devices: [{ name: r, config: c, target: cisco-ios${more} }]
links: [{ name: l, attached: [r/eth0] }]
`
  const routes = 'default via 10.0.0.2 dev eth0\n'
  const opaque = (text: string, more = '') => networkFrom(yaml(more), { c: ios(text), routes }).devices[0]?.opaque.map((w) => w.line)
  assert.deepEqual(opaque('ip nat inside source list 1 interface eth0 overload'), [], 'a row of its own, with what is not known of it')
  assert.deepEqual(opaque('ip nat inside destination list 1 pool beds extendable odd'), [5])
  assert.deepEqual(opaque('router ospf 1\n network 10.0.0.0 0.0.0.255 area 0'), [5])
  assert.deepEqual(opaque('router ospf 1\n network 10.0.0.0 0.0.0.255 area 0', ', routes: routes'), [])
  assert.deepEqual(opaque('access-list 9 permit any'), [], 'a list that nothing uses says nothing')
})
