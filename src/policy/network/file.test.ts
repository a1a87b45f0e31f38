// The network file: what a good one becomes, and what each mistake is told, with its line and what to do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYaml } from '../../config/yaml.ts'
import { isNetworkTree, parseNetwork } from './file.ts'

const GOOD = `network: ward
devices:
  - name: core
    config: core.nft
    routes: [core.routes, core.routes6]
    tables: [{ name: DSL, routes: dsl.txt }]
    rules: core.rules
    addresses: [{ interface: eth2, address: 10.9.0.1/30 }]
    disregard: [a strange line]
links:
  - { name: ward, attached: [core/eth0.20], prefixes: 10.20.3.0/24, zone: bedside, gateways: core }
  - { name: edge, attached: core/wan, internet: true }
`

function parsed(text: string) {
  const { tree } = parseYaml(text, 'network.yaml')
  assert.ok(tree)
  return parseNetwork(tree)
}

test('a good file: single items stand for lists, files keep the line that names them', () => {
  const { network, diagnostics } = parsed(GOOD)
  assert.deepEqual(diagnostics, [])
  const [core] = network?.devices ?? []
  assert.deepEqual([core?.config?.name, core?.config?.at.line, core?.routes.map((r) => r.name)], ['core.nft', 4, ['core.routes', 'core.routes6']])
  assert.deepEqual(core?.addresses, [{ iface: 'eth2', version: 4, value: 0x0a090001n, length: 30 }])
  assert.deepEqual([core?.tables[0]?.table, core?.disregard], ['DSL', ['a strange line']])
  const [ward, edge] = network?.links ?? []
  assert.deepEqual(ward?.attached.map((end) => [end.device, end.iface]), [['core', 'eth0.20']])
  assert.deepEqual([ward?.gateways?.[0]?.device, ward?.internet, edge?.internet, edge?.prefixes, edge?.gateways], ['core', false, true, null, null])
})

test('each mistake is told with its line, in one run', () => {
  const rows: readonly (readonly [string, string, number, RegExp, RegExp])[] = [
    ['name: core', 'nmae: core', 3, /no key "nmae"/, /Did you mean "name"/],
    ['10.9.0.1/30', '10.9.0.1', 8, /"10\.9\.0\.1", which is none with a length/, /10\.20\.3\.1\/24/],
    ['core/eth0.20', 'eth0', 11, /names no device and interface/, /device\/interface/],
    ['core/eth0.20', 'hub/eth0', 11, /names the device "hub", which is not in the file/, /The devices are: core/],
    ['gateways: core', 'gateways: edge', 11, /has the gateway "edge", which is not attached/, /"attached"/],
    ['core/wan', 'core/eth0.20', 12, /core\/eth0\.20 is on link ward and on link edge/, /one wire/],
    ['internet: true', 'internet: yes', 12, /must be true or false/, /without quotes/],
    ['name: edge', 'name: ward', 12, /two links are called "ward"/, /line 11/],
    ['10.20.3.0/24', '10.20.3.7/24', 11, /10\.20\.3/, /block/],
  ]
  for (const [from, to, line, message, help] of rows) {
    const { network, diagnostics } = parsed(GOOD.replace(from, to))
    assert.equal(network, null, to)
    const found = diagnostics.find((d) => message.test(d.message))
    assert.ok(found, `${to}: ${diagnostics.map((d) => d.message).join('; ')}`)
    assert.equal(found.line, line, to)
    assert.match(found.help, help)
  }
})

test('a network is told from a policy by its keys', () => {
  const tree = (text: string) => parseYaml(text, 'x').tree
  const [good, policy, list] = [tree(GOOD), tree('version: 1\nzones: []\nconduits: []\n'), tree('[1]')]
  assert.ok(good && policy && list)
  assert.deepEqual([isNetworkTree(good), isNetworkTree(policy), isNetworkTree(list)], [true, false, false])
})
