// Questions over a path from the command line: the ward example keeps its promises, its broken variants are refuted with the path.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { cordonHere as cordon, scratch } from '../testing/command.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
const POLICY = path.join(ROOT, 'policies', 'keep-inside.yaml')
const example = (name: string): string => path.join(ROOT, 'examples', 'ward-network', name)

interface PathJson {
  readonly verdict: string
  readonly path?: {
    readonly sent: { readonly dst: string; readonly dport: number }
    readonly arrived: { readonly src: string; readonly dst: string; readonly dport: number }
    readonly disposition: string
    readonly link: string | null
    readonly hops: readonly {
      readonly device: string; readonly in: string; readonly out: string; readonly decisions: readonly { what: string; line: number }[]
    }[]
  }
}

test('what the keep-inside policy promises is proved over the path of the ward example, in both IP versions', async () => {
  const proved = await cordon(['prove', 'policy', POLICY, '--network', example('network.yaml')])
  assert.deepEqual([proved.code, proved.err], [0, ''], proved.out)
  const assertions = fs.readFileSync(POLICY, 'utf8').split('assertions:')[1]?.match(/^ {2}- /gm)?.length ?? 0
  assert.equal(proved.out.match(/\): proved$/gm)?.length, assertions * 2)
})

test('the filter that the example loads is the one that is compiled from the policy today', async (t) => {
  const out = path.join(scratch(t), 'keep.nft')
  await cordon(['compile', '--target', 'nftables', '--policy', POLICY, '--out', out])
  const table = (text: string) => text.slice(text.indexOf('table inet cordon_keep_inside {'))
    .split('\n# Not compiled')[0]?.trim().replace(/policy [0-9a-f]{64}/, '')
  assert.equal(table(fs.readFileSync(example('keep-inside.nft'), 'utf8')), table(fs.readFileSync(out, 'utf8')))
})

test('without the holes and with open filters the factory\'s block leaves by the default route: refuted with every hop', async () => {
  const asked = await cordon(['prove', 'reach', example('broken.yaml'), '--from', 'bedside', '--to', '202.114.4.0/25', '--service', 'tcp/515', '--json'])
  assert.equal(asked.code, 5, asked.err)
  const { path: way } = JSON.parse(asked.out) as PathJson
  assert.deepEqual(way?.hops.map((hop) => [hop.device, hop.in, hop.out]),
    [['ward-router', 'ward', 'uplink'], ['core-router', 'backbone', 'edge'], ['edge', 'lan', 'wan']])
  assert.deepEqual([way?.disposition, way?.link, way?.arrived.src], ['exits-network', 'internet', '203.0.113.2'])
  const broken = await cordon(['prove', 'policy', POLICY, '--network', example('broken.yaml')])
  assert.equal(broken.code, 5)
  assert.match(broken.out, /never any -> factory-block \(IPv4\): refuted\n.*\n(?: .*\n)* {4}leaves the network on internet \(exits-network\)/)
})

test('a translated address that leads to the factory\'s block is a leak, whatever the filter says of the address before', async () => {
  const asked = await cordon(['prove', 'reach', example('vip.yaml'), '--from', 'bedside', '--to', '202.114.4.10', '--json'])
  assert.equal(asked.code, 5)
  const { path: way } = JSON.parse(asked.out) as PathJson
  assert.deepEqual([way?.sent.dst, way?.sent.dport, way?.arrived.dst, way?.arrived.dport], ['10.30.1.99', 8104, '202.114.4.10', 443])
  assert.deepEqual(way?.hops[0]?.decisions.map((d) => [d.what, d.line]), [['translate', 6], ['route', 1], ['permit', 14]])
})

test('liveness asks both directions, by zone, link, device and block', async () => {
  const net = example('network.yaml')
  const alive = await cordon(['prove', 'liveness', net, '--from', 'bedside', '--to', 'central', '--service', 'tcp/515-520'])
  assert.deepEqual([alive.code, alive.out],
    [0, 'everything from bedside to central on tcp/515-520 arrives, and its reply comes back (IPv4): proved\n'])
  const stopped = await cordon(['prove', 'liveness', net, '--from', '10.20.3.0/24', '--to', 'cms', '--service', 'tcp/23'])
  assert.equal(stopped.code, 5)
  assert.match(stopped.out, /1\. ward-router: ward -> uplink\n.*route line 5.*\n.*denied by line 17: counter drop comment "default"\n/)
  assert.match(stopped.out, /stopped by the filter at ward-router \(denied-forward\)/)
  assert.equal((await cordon(['prove', 'reach', net, '--from', 'bedside', '--to', 'core-router'])).code, 0)
  assert.equal((await cordon(['prove', 'reach', net, '--from', 'ward-router', '--to', '202.114.4.10'])).code, 0, 'the router\'s own output rule')
  assert.equal((await cordon(['prove', 'reach', net, '--from', 'servers', '--to', 'internet'])).code, 0)
})

test('trace shows one packet hop by hop', async () => {
  const hole = await cordon(['trace', example('network.yaml'), '--src', '10.20.3.7', '--dst', '202.114.4.9', '--service', 'tcp/515'])
  assert.equal(hole.code, 0, hole.err)
  assert.equal(hole.out, `tcp 10.20.3.7:49152 -> 202.114.4.9:515, sent by a host on ward
  1. ward-router: ward -> itself
       route line 4: 202.114.4.0/24 blackhole
  dropped by a route at ward-router (null-route)
`)
  const json = await cordon(['trace', example('network.yaml'), '--src', '10.20.3.7', '--dst', '202.114.4.119', '--service', 'tcp/515', '--json'])
  const { traces } = JSON.parse(json.out) as { traces: { disposition: string; hops: unknown[] }[] }
  assert.deepEqual(traces.map((each) => [each.disposition, each.hops.length]), [['delivered-to-segment', 2]])
})

test('wrong words are told with what to do: names, interfaces, files, questions', async (t) => {
  const folder = scratch(t)
  fs.cpSync(path.dirname(example('x')), folder, { recursive: true })
  let count = 0
  const edited = (from: string, to: string): string => {
    const file = path.join(folder, `edited${count++}.yaml`)
    fs.writeFileSync(file, fs.readFileSync(path.join(folder, 'network.yaml'), 'utf8').replace(from, to))
    return file
  }
  const net = example('network.yaml')
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [['prove', 'reach', net, '--from', 'bed'], /"bed" is neither a block nor a name of the network file; it has: ward, /],
    [['prove', 'equal', net, POLICY], /is a network: ask it reach or liveness/],
    [['prove', 'reach', net, '--hook', 'input'], /a path asks all hooks it meets/],
    [['prove', 'reach', net, '--from', 'fd00::/8'], /choose the version with --ipv6/],
    [['prove', 'reach', edited('ward-router/ward', 'ward-router/eth7')], /no text of ward-router knows that interface\n.*uplink, ward/],
    [['prove', 'reach', edited('edge.nft', 'gone.nft')], /gone\.nft.*\n.*\n.*named on line 15 of /],
    [['prove', 'reach', edited('zone: bedside', 'zoen: bedside')], /has no key "zoen"\n.*Did you mean "zone"/],
    [['trace', net, '--src', '192.168.77.1', '--dst', '10.1.0.9'], /192\.168\.77\.1 is on no link/],
    [['trace', net, '--src', 'bed', '--dst', '10.1.0.9'], /"bed" is no address/],
  ]
  for (const [args, message] of rows) {
    const { code, out, err } = await cordon(args)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(err, message)
  }
})
