// Questions over a path on networks small enough to see the answer: translation, policy routing, replies, the device itself, circles.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, parsePrefix, ipValue } from '../../base/ip.ts'
import { networkFrom } from '../../testing/network-texts.ts'
import { prefixRange } from '../policy-rules.ts'
import type { Match } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { packetPoint } from '../sets/fields.ts'
import { proveAlive, proveUnreachable, type PathQuestion, type PathResult } from './ask.ts'
import type { Network } from './model.ts'
import { walkNetwork } from './walk.ts'

const block = (text: string) => {
  const prefix = parsePrefix(text)
  assert.ok(prefix.ok, text)
  return prefixRange(prefix.value)
}
const value = (text: string): bigint => {
  const ip = parseIp(text)
  assert.ok(ip.ok, text)
  return ipValue(ip.value)
}
const to = (dst: string, dport?: bigint): Match => ({
  fields: [['dst', { kind: 'ranges', ranges: [block(dst)], not: false }],
    ...(dport === undefined ? [] : [['proto', { kind: 'ranges', ranges: [{ low: 6n, high: 6n }], not: false }] as const,
      ['dport', { kind: 'ranges', ranges: [{ low: dport, high: dport }], not: false }] as const])],
  unknown: [],
})

function ask(prove: typeof proveAlive, network: Network, from: PathQuestion['from'], match: Match): PathResult {
  const space = bddSpace(4)
  return prove(space, network, { from, asked: space.of(match) })
}
const reach = (network: Network, dst: string, from: PathQuestion['from'] = { link: 0 }, dport?: bigint) =>
  ask(proveUnreachable, network, from, to(dst, dport)).answer
const alive = (network: Network, dst: string, from: PathQuestion['from'] = { link: 0 }, dport?: bigint) => ask(proveAlive, network, from, to(dst, dport)).answer

const ROUTES = `default via 192.0.2.1 dev wan
10.20.3.0/24 dev ward proto kernel scope link src 10.20.3.1
10.1.0.0/16 dev srv proto kernel scope link src 10.1.0.1
192.0.2.0/24 dev wan proto kernel scope link src 192.0.2.2
`
const ONE = `network: one
devices:
  - { name: core, config: core.nft, routes: routes, rules: rules }
links:
  - { name: ward, attached: [core/ward] }
  - { name: servers, attached: [core/srv] }
  - { name: internet, attached: [core/wan], internet: true }
`
const RULES = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n'
const filter = (rules: string, policy = 'drop') => `table inet f {
  chain forward { type filter hook forward priority 0; policy ${policy};
    ct state established accept
    ${rules}
  }
}
`
const nat = (pre: string, post = '') => `table ip n {
  chain pre { type nat hook prerouting priority dstnat; policy accept;
    ${pre}
  }
  chain post { type nat hook postrouting priority srcnat; policy accept;
    ${post}
  }
}
`
const one = (text: string, routes = ROUTES, rules = RULES) => networkFrom(ONE, { 'core.nft': text, routes, rules })

test('a translated address is found where it ends, not where it was sent (the measured leak)', () => {
  const leak = one(filter('ip daddr 10.30.1.99 drop\n tcp dport 443 accept') + nat('ip daddr 10.30.1.99 tcp dport 8104 dnat to 202.114.4.10:443'))
  const answer = reach(leak, '202.114.4.10/32', { link: 0 }, 443n)
  assert.ok(answer.verdict === 'refuted')
  const viaVip = reach(one(filter('ip daddr 202.114.4.0/24 tcp dport 443 ip saddr 10.20.3.7 accept')
    + nat('ip daddr 10.30.1.99 tcp dport 8104 dnat to 202.114.4.10:443\n ip daddr 202.114.4.0/24 dnat to 10.1.0.9')), '202.114.4.0/24')
  assert.ok(viaVip.verdict === 'refuted')
  const { trace } = viaVip.witness
  assert.deepEqual([trace.sent.dst, trace.sent.dport, trace.arrived.dst, trace.arrived.dport],
    [value('10.30.1.99'), 8104n, value('202.114.4.10'), 443n])
  assert.deepEqual(trace.hops[0]?.decisions.map((d) => d.what), ['translate', 'route', 'permit'])
  const stopped = one(filter('ip daddr 202.114.4.0/24 drop\n tcp dport 443 accept') + nat('ip daddr 10.30.1.99 tcp dport 8104 dnat to 202.114.4.10:443'))
  assert.deepEqual(reach(stopped, '202.114.4.0/24'), { verdict: 'proved' }, 'a drop on the address after translation stops it')
})

test('an accept in front of a masquerade keeps the source, and a port that is redirected ends at the device itself', () => {
  const kept = one(filter('accept') + nat('tcp dport 80 redirect to :3128', 'ip daddr 10.1.0.0/16 accept\n masquerade'))
  const trace = (dst: string, dport: bigint) =>
    walkNetwork(kept, { link: 0 }, packetPoint({ src: value('10.20.3.7'), dst: value(dst), proto: 6n, dport, sport: 50_000n, flags: 2n }), 4)[0]
  assert.equal(trace('10.1.0.5', 443n)?.arrived.src, value('10.20.3.7'))
  assert.equal(trace('198.51.100.1', 443n)?.arrived.src, value('192.0.2.2'))
  const proxied = trace('198.51.100.1', 80n)
  assert.deepEqual([proxied?.ending.disposition, proxied?.arrived.dst, proxied?.arrived.dport], ['accepted', value('10.20.3.1'), 3128n])
  assert.deepEqual(reach(kept, '198.51.100.0/24', { link: 0 }, 80n), { verdict: 'proved' })
})

test('a mark decides the route: unknown because of that line of ip rule, not wrong', () => {
  const marked = `0:\tfrom all lookup local\n100:\tfrom all fwmark 0x1 lookup dsl\n32766:\tfrom all lookup main\n`
  const network = one(filter('accept'), `${ROUTES}blackhole default table dsl\n`, marked)
  const dead = reach(one(filter('accept'), ROUTES.replace('default via 192.0.2.1 dev wan', 'blackhole default')), '198.51.100.0/24')
  assert.equal(dead.verdict, 'proved')
  const answer = alive(network, '198.51.100.0/24')
  assert.ok(answer.verdict === 'unknown')
  assert.deepEqual(answer.because.map((b) => [b.device, b.line]), [['core', 2]])
  const missing = reach(one(filter('accept'), ROUTES.replace('default via 192.0.2.1 dev wan\n', ''), marked), '198.51.100.0/24')
  assert.ok(missing.verdict === 'unknown' && missing.because.some((b) => /no routes of table dsl were given/.test(b.reason)))
})

test('policy routing by source, interface and port is followed exactly', () => {
  const rules = ['0:\tfrom all lookup local', '10:\tfrom 10.20.3.0/25 to 202.114.4.0/24 prohibit',
    '20:\tfrom all iif ward ipproto tcp dport 515 lookup cms', '32766:\tfrom all lookup main', ''].join('\n')
  const network = one(filter('accept'), `${ROUTES}blackhole default table cms\n`, rules)
  assert.equal(reach(network, '202.114.4.0/24', { ranges: [block('10.20.3.0/25')] }).verdict, 'proved')
  assert.equal(reach(network, '202.114.4.0/24', { ranges: [block('10.20.3.128/25')] }).verdict, 'refuted')
  assert.equal(reach(network, '202.114.4.0/24', { link: 0 }, 515n).verdict, 'proved')
  assert.equal(reach(network, '202.114.4.0/24', { link: 1 }, 515n).verdict, 'refuted', 'from the servers the rule of the ward does not count')
})

test('input, output and forward are apart: what forward stops the device itself may send, and take', () => {
  const network = one(`${filter('')}table inet g {
  chain input { type filter hook input priority 0; policy drop;
    tcp dport 22 accept
  }
}`)
  assert.equal(reach(network, '0.0.0.0/1', { ranges: [block('10.20.3.0/25')] }).verdict, 'refuted')
  assert.equal(reach(network, '10.20.3.1/32', { link: 0 }, 23n).verdict, 'proved')
  const ssh = reach(network, '10.1.0.1/32', { link: 0 }, 22n)
  assert.equal(ssh.verdict === 'refuted' && ssh.witness.trace.ending.disposition, 'accepted', 'at any of its addresses')
  assert.equal(reach(network, '198.51.100.0/24').verdict, 'proved')
  const own = reach(network, '198.51.100.0/24', { device: 0 })
  assert.ok(own.verdict === 'refuted' && own.witness.trace.hops[0]?.iif === null)
})

const PAIR = `network: pair
devices:
  - { name: out, config: out.nft, routes: out }
  - { name: back, config: back.nft, routes: back }
links:
  - { name: ward, attached: [out/ward, back/ward], gateways: [out] }
  - { name: servers, attached: [out/srv, back/srv], gateways: [back] }
`
const pair = (outText: string, backText: string, yaml = PAIR) => networkFrom(yaml, {
  'out.nft': outText, 'back.nft': backText,
  out: '10.20.3.0/24 dev ward scope link src 10.20.3.1\n10.1.0.0/16 dev srv scope link src 10.1.0.1\n',
  back: '10.20.3.0/24 dev ward scope link src 10.20.3.2\n10.1.0.0/16 dev srv scope link src 10.1.0.2\n',
})

test('the reply takes its own way: a second router that never saw the connection drops it', () => {
  const strict = filter('ct state new ip saddr 10.20.3.0/24 accept')
  const split = alive(pair(strict, strict), '10.1.0.9/32', { link: 0 }, 515n)
  assert.ok(split.verdict === 'refuted')
  assert.deepEqual([split.witness.trace.ending.disposition, split.witness.reply?.ending.disposition], ['delivered-to-segment', 'denied-forward'])
  assert.equal(split.witness.reply?.sent.flags, 18n, 'SYN and ACK')
  assert.deepEqual(alive(pair(strict, strict, PAIR.replaceAll('[back]', '[out]')), '10.1.0.9/32', { link: 0 }, 515n), { verdict: 'proved' })
  assert.deepEqual(alive(pair(strict, filter('accept')), '10.1.0.9/32', { link: 0 }, 515n), { verdict: 'proved' })
})

test('without gateways any router may be the one: liveness does not know, reach takes the worst', () => {
  const yaml = PAIR.replaceAll(/, gateways: \[\w+\]/g, '')
  const answer = alive(pair(filter('accept'), filter('')), '10.1.0.9/32')
  assert.ok(answer.verdict === 'refuted', 'the reply goes by the closed router')
  const vague = alive(pair(filter('accept'), filter(''), yaml), '10.1.0.9/32')
  assert.ok(vague.verdict === 'unknown' && vague.because.some((b) => /"gateways"/.test(b.reason)))
  assert.equal(reach(pair(filter('accept'), filter(''), yaml), '10.1.0.9/32').verdict, 'refuted')
})

test('a reply is translated back where its packet was translated', () => {
  const network = one(filter('ip saddr 10.20.3.0/24 accept') + nat('ip daddr 10.30.0.9 dnat to 10.1.0.9', 'oifname "srv" masquerade'))
  assert.deepEqual(alive(network, '10.30.0.9/32', { link: 0 }, 104n), { verdict: 'proved' })
  const sent = packetPoint({ src: value('10.20.3.7'), dst: value('10.30.0.9'), proto: 6n, dport: 104n, sport: 50_000n, flags: 2n })
  const trace = walkNetwork(network, { link: 0 }, sent, 4)[0]
  assert.deepEqual([trace?.arrived.src, trace?.arrived.dst], [value('10.1.0.1'), value('10.1.0.9')])
})

test('two routers that send a packet back and forth are a circle, and a hop that nobody owns is said', () => {
  const text = (via: string) => `default via ${via} dev ward\n10.20.3.0/24 dev ward scope link src ${via === '10.20.3.2' ? '10.20.3.1' : '10.20.3.2'}\n`
  const yaml = `network: circle
devices: [{ name: a, routes: a }, { name: b, routes: b }]
links: [{ name: ward, attached: [a/ward, b/ward], gateways: [a] }]
`
  const circle = networkFrom(yaml, { a: text('10.20.3.2'), b: text('10.20.3.1') })
  const looped = alive(circle, '198.51.100.0/24')
  assert.equal(looped.verdict === 'refuted' && looped.witness.trace.ending.disposition, 'loop')
  assert.deepEqual(reach(circle, '198.51.100.0/24'), { verdict: 'proved' })
  const stranger = networkFrom(yaml, { a: text('10.20.3.2').replace('via 10.20.3.2', 'via 10.20.3.9'), b: text('10.20.3.1') })
  const answer = reach(stranger, '198.51.100.0/24')
  assert.ok(answer.verdict === 'unknown' && /next hop 10\.20\.3\.9 on it belongs to no device/.test(answer.because[0]?.reason ?? ''))
})

test('an unknown match on the way makes both answers unknown because of its line; a line that changes nothing does not', () => {
  const vague = one(filter('meta skuid 0 accept'))
  for (const answer of [reach(vague, '198.51.100.0/24'), alive(vague, '198.51.100.0/24')]) {
    assert.ok(answer.verdict === 'unknown')
    assert.deepEqual(answer.because.map((b) => [b.device, b.line]), [['core', 4]])
  }
  assert.equal(reach(one(filter('drop\n meta skuid 0 accept')), '198.51.100.0/24').verdict, 'proved')
})

test('sources on no link are named, and a question about nobody else is unknown', () => {
  const nobody = ask(proveUnreachable, one(filter('')), { ranges: [block('10.99.0.0/16')] }, to('198.51.100.0/24'))
  assert.deepEqual([nobody.answer.verdict, nobody.unplaced], ['unknown', [block('10.99.0.0/16')]])
  const some = ask(proveUnreachable, one(filter('')), { ranges: [block('10.20.0.0/16')] }, to('198.51.100.0/24'))
  assert.deepEqual([some.answer.verdict, some.unplaced.length], ['proved', 2])
})

test('an engine that is full answers unknown with its limit', () => {
  const space = bddSpace(4, { nodesMax: 3000 })
  const { answer } = proveUnreachable(space, one(filter('ip daddr { 1.2.3.4, 5.6.7.8, 9.9.9.9 } tcp dport { 1, 3, 5, 7, 9 } accept')),
    { from: { link: 0 }, asked: space.all })
  assert.ok(answer.verdict === 'unknown' && answer.limit !== null, JSON.stringify(answer.verdict))
})
