// What nft's words mean, rule by rule: packets that must match and packets that must not, as nft(8) and its netlink output say.
// Keeps "exact or unknown": each row was compared with what nft 1.0.6 sends to the kernel (nft --debug=netlink).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipValue, parseIp, type IpVersion } from '../../../base/ip.ts'
import { ConnState, type Config } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { composeChain } from '../../sets/compose.ts'
import { packetPoint } from '../../sets/fields.ts'
import { readNft, readNftJson } from './read.ts'

interface Packet {
  readonly v?: IpVersion
  readonly src?: string
  readonly dst?: string
  readonly proto?: number
  readonly sport?: number
  readonly dport?: number
  readonly flags?: number
  readonly icmpType?: number
  readonly state?: number
  readonly iif?: string
}

function address(text: string | undefined): bigint {
  if (text === undefined) return 0n
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return ipValue(parsed.value)
}

/** `yes`, `no` or `maybe` for one packet at the forward hook of a config. */
function verdict(config: Config, p: Packet): 'yes' | 'no' | 'maybe' {
  const version = p.v ?? ((p.src ?? p.dst ?? '').includes(':') ? 6 : 4)
  const point = packetPoint({
    src: address(p.src), dst: address(p.dst), proto: BigInt(p.proto ?? 6), sport: BigInt(p.sport ?? 0), dport: BigInt(p.dport ?? 0),
    flags: BigInt(p.flags ?? 0), icmpType: BigInt(p.icmpType ?? 0), state: BigInt(p.state ?? 0),
    iif: BigInt(p.iif === undefined ? config.interfaces.length : config.interfaces.indexOf(p.iif)),
  })
  const space = bddSpace(version)
  const binding = config.bindings.find((b) => b.hook === 'forward')
  const base = config.chains.get(binding?.chain ?? '')
  assert.ok(base)
  const sets = composeChain(space, base, config.chains)
  if (space.contains(sets.surelyPermitted, point)) return 'yes'
  return space.contains(sets.possiblyPermitted, point) ? 'maybe' : 'no'
}

function configOf(text: string): Config {
  const { config } = readNft(text, 'x')
  assert.ok(config)
  return config
}

/** A table with one rule in its forward chain, policy drop. */
function around(rule: string, family = 'inet', before = ''): string {
  return `table ${family} t {\n${before}\nchain f {\ntype filter hook forward priority 0; policy drop;\n${rule}\n}\n}\n`
}

type Row = readonly [rule: string, yes: readonly Packet[], no: readonly Packet[], before?: string]

const HOST = '10.0.0.1'
const ROWS: readonly Row[] = [
  ['ip saddr 10.0.0.1 accept', [{ src: HOST }], [{ src: '10.0.0.2' }, { v: 6 }]],
  ['ip saddr != 10.0.0.0/24 accept', [{ src: '10.0.1.0' }], [{ src: HOST }, { v: 6, src: '::1' }]],
  ['ip daddr 10.0.0.1-10.0.0.9 tcp dport { 22, 80-90, https } accept', [{ dst: '10.0.0.9', dport: 443 }, { dst: HOST, dport: 85 }],
    [{ dst: '10.0.0.10', dport: 22 }, { dst: HOST, dport: 91 }, { dst: HOST, dport: 22, proto: 17 }]],
  ['tcp dport != { 22, 23 } accept', [{ dport: 24 }], [{ dport: 22 }, { dport: 24, proto: 17 }]],
  ['udp sport 53 accept', [{ proto: 17, sport: 53 }], [{ proto: 6, sport: 53 }]],
  ['meta l4proto { tcp, udp } th dport 53 accept', [{ dport: 53 }, { dport: 53, proto: 17 }], [{ dport: 53, proto: 132 }, { dport: 54 }]],
  ['ip protocol tcp tcp dport 22 accept', [{ dport: 22 }], [{ dport: 23 }, { v: 6, dport: 22 }]],
  ['ip6 saddr fd00::/8 ip6 nexthdr udp accept', [{ src: 'fd00::1', proto: 17 }], [{ src: 'fe00::1', proto: 17 }, { src: 'fd00::1' }]],
  ['meta nfproto ipv6 accept', [{ v: 6 }], [{ v: 4 }]],
  ['tcp flags syn accept', [{ flags: 2 }, { flags: 18 }], [{ flags: 16 }, { flags: 2, proto: 17 }]],
  ['tcp flags == syn accept', [{ flags: 2 }], [{ flags: 18 }]],
  ['tcp flags != syn,ack accept', [{ flags: 2 }, { flags: 16 }], [{ flags: 18 }]],
  ['tcp flags ! syn accept', [{ flags: 16 }], [{ flags: 18 }]],
  ['tcp flags & (fin | syn | rst | ack) == syn accept', [{ flags: 2 }, { flags: 10 }], [{ flags: 18 }]],
  ['tcp flags syn / fin,syn,rst,ack accept', [{ flags: 2 }], [{ flags: 18 }]],
  ['tcp flags & (fin|syn) == (fin|syn) accept', [{ flags: 3 }], [{ flags: 2 }]],
  ['tcp flags { syn, syn | ack } accept', [{ flags: 2 }, { flags: 18 }], [{ flags: 16 }]],
  ['ct state established,related accept', [{ state: ConnState.established }, { state: ConnState.related }], [{ state: ConnState.new }]],
  ['ct state { established, related } accept', [{ state: ConnState.related }], [{ state: ConnState.invalid }]],
  ['ct state != new,established accept', [{ state: ConnState.new }, { state: ConnState.established }], []],
  ['ct state & (established | related) != 0 accept', [{ state: ConnState.established }], [{ state: ConnState.new }]],
  ['icmp type echo-request accept', [{ proto: 1, icmpType: 8 }], [{ proto: 1, icmpType: 0 }, { v: 6, proto: 1, icmpType: 8 }]],
  ['icmpv6 type { 128, nd-router-advert } accept', [{ v: 6, proto: 58, icmpType: 134 }], [{ v: 6, proto: 58, icmpType: 135 }]],
  ['iifname "eth0" accept', [{ iif: 'eth0' }], [{}]],
  ['iifname { "eth0", "lan*" } accept\niifname "lan7" drop', [{ iif: 'lan7' }, { iif: 'eth0' }], [{}]],
  ['ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 80-81 } accept', [{ src: HOST, dport: 22 }, { src: '10.0.0.2', dport: 81 }],
    [{ src: HOST, dport: 80 }, { src: '10.0.0.2', dport: 22 }]],
  ['ip saddr & 255.255.0.255 == 10.0.0.7 accept', [{ src: '10.0.9.7' }], [{ src: '10.0.9.8' }]],
  ['tcp dport < 1024 accept', [{ dport: 1023 }], [{ dport: 1024 }]],
  ['tcp dport ge 1024 accept', [{ dport: 1024 }], [{ dport: 1023 }]],
  ['tcp dport vmap { 22 : accept, 23 : drop, 24-30 : jump c }', [{ dport: 22 }, { dport: 25 }], [{ dport: 23 }, { dport: 31 }],
    'chain c { accept; }'],
  ['jump c\naccept', [{ dport: 2 }], [{ dport: 1 }], 'chain c { tcp dport 1 drop; tcp dport 2 return; drop\n}'],
  ['goto c\naccept', [{ dport: 9 }], [{ dport: 1 }, { dport: 2 }], 'chain c { tcp dport 9 accept; }'],
  ['tcp dport { 80, 81 } jump { ip saddr 10.0.0.1 drop; accept; }', [{ dport: 80, src: '10.0.0.2' }],
    [{ dport: 80, src: HOST }, { dport: 82 }]],
  ['ip saddr @wards accept', [{ src: '10.20.3.9' }], [{ src: '10.20.4.9' }],
    'set wards { type ipv4_addr; flags interval; elements = { 10.20.3.0/24,\n 10.9.9.9 } }'],
  ['ip saddr != @wards accept', [{ src: '10.20.4.9' }], [{ src: '10.20.3.9' }],
    'set wards { type ipv4_addr\n flags interval\n elements = { 10.20.3.0/24 } }'],
  ['ip saddr vmap @v', [{ src: HOST }], [{ src: '10.0.0.2' }],
    'map v { type ipv4_addr : verdict; elements = { 10.0.0.1 : accept, 10.0.0.2 : drop } }'],
  ['ip saddr @none accept', [], [{ src: HOST }], 'set none { type ipv4_addr; }'],
  ['counter packets 5 bytes 7 log prefix "x { y" level info accept comment "z"', [{}], []],
  ['ip saddr 10.0.0.1 reject with icmp type host-prohibited\naccept', [{ src: '10.0.0.2' }], [{ src: HOST }]],
  ['accept # comment with accept { }', [{}], []],
]

test('each rule matches these packets and not those', () => {
  for (const [rule, yes, no, before] of ROWS) {
    const config = configOf(around(rule, 'inet', before))
    assert.deepEqual(config.unknowns, [], rule)
    for (const packet of yes) assert.equal(verdict(config, packet), 'yes', `${rule} ${JSON.stringify(packet)}`)
    for (const packet of no) assert.equal(verdict(config, packet), 'no', `${rule} ${JSON.stringify(packet)}`)
  }
})

const UNKNOWN = [
  'meta mark 7 accept', 'limit rate 10/second burst 5 packets accept', 'meta skuid 0 accept', 'ip ttl 64 accept',
  'fib daddr type local accept',
  'ct mark 0x1 accept', 'tcp dport @filled accept\nadd @filled { tcp dport }', 'ip saddr @absent accept', 'ct count over 10 accept',
  'ct state untracked accept',
  'tcp option maxseg size 500 accept', 'ether saddr 00:11:22:33:44:55 accept', 'ip saddr $undefined accept',
  'tcp dport nosuchservice accept',
  'meta hour "17:00"-"19:00" accept', 'ip saddr . tcp dport != { 10.0.0.1 . 22 } accept', '@th,160,32 0x5 accept',
] as const

test('what is not modelled is possibly true and possibly false, with its words', () => {
  for (const rule of UNKNOWN) {
    const config = configOf(around(rule, 'inet', 'set filled { type inet_service; }'))
    assert.ok(config.unknowns.length > 0, rule)
    assert.ok(config.unknowns.every((u) => u.line === 4 || u.line === 5), rule)
    assert.equal(verdict(config, { src: HOST, dport: 22 }), 'maybe', rule)
  }
})

test('actions that are not modelled may do anything', () => {
  for (const rule of ['queue num 1', 'tproxy to :50080', 'frobnicate 7', 'jump nowhere', 'ip daddr set 10.9.9.9 accept', 'notrack',
    'xt target "X"']) {
    const config = configOf(around(rule))
    assert.equal(verdict(config, { src: HOST }), 'maybe', rule)
    assert.equal(config.unknowns.length > 0, true, rule)
  }
})

test('ports of any transport are unknown where the protocol has none', () => {
  const config = configOf(around('th dport 53 accept'))
  assert.equal(verdict(config, { dport: 53, proto: 17 }), 'yes')
  assert.equal(verdict(config, { proto: 47 }), 'maybe')
})

test('people\'s files: defines, commands, the flush idiom', () => {
  const config = configOf(`#!/usr/sbin/nft -f
flush ruleset
define wards = { 10.20.3.0/24, 10.20.4.0/24 }
define station = 10.20.9.1
add table inet t
add chain inet t f { type filter hook forward priority filter + 5; policy drop; }
add rule inet t f ip saddr $wards ip daddr $station tcp dport \\
  515 accept
insert rule inet t f ip saddr 10.20.3.9 drop
add set inet t late { type ipv4_addr; }
add element inet t late { 10.7.7.7 }
add rule inet t f ip saddr @late accept
`)
  assert.deepEqual(config.unknowns, [])
  assert.equal(verdict(config, { src: '10.20.4.9', dst: '10.20.9.1', dport: 515 }), 'yes')
  assert.equal(verdict(config, { src: '10.20.3.9', dst: '10.20.9.1', dport: 515 }), 'no')
  assert.equal(verdict(config, { src: '10.7.7.7' }), 'yes')
})

test('an include is refused by name, with its line', () => {
  const { config, diagnostics } = readNft('table ip x { }\ninclude "/etc/nftables.d/ward.nft"\n', 'site.nft')
  const found = diagnostics.find((d) => d.code === 'nftables/include')
  assert.deepEqual([found?.line, found?.severity, found?.message.includes('/etc/nftables.d/ward.nft')], [2, 'error', true])
  assert.equal(config?.unknowns.length, 1)
})

test('hooks: order by priority, dormant tables ask nothing, other families are named', () => {
  const config = configOf(`table inet b { chain f { type filter hook forward priority 10; policy accept; } }
table ip a { chain g { type filter hook forward priority mangle; policy accept; }
chain p { type filter hook prerouting priority raw; policy accept; } }
table ip z { flags dormant; chain f { type filter hook forward priority 0; policy drop; } }
table bridge br { chain f { type filter hook forward priority 0; policy drop; } }
`)
  const forward = config.bindings.filter((b) => b.hook === 'forward').map((b) => b.chain)
  assert.deepEqual(forward, ['ip a p', 'ip a g', 'inet b f'])
  assert.deepEqual(config.unknowns.map((u) => u.line), [5])
})

test('translations are kept apart from filters', () => {
  const config = configOf(`table ip n {
chain pre { type nat hook prerouting priority dstnat; policy accept;
  ip daddr 10.30.1.99 tcp dport 8104 dnat to 202.114.4.10:443
  tcp dport 80 redirect to :8080
}
chain post { type nat hook postrouting priority srcnat; policy accept; oifname "wan" masquerade random,persistent
ip saddr 10.0.0.0/8 snat to 192.0.2.1 }
}`)
  assert.deepEqual(config.nat.map((n) => [n.kind, n.address?.low, n.port?.low]), [
    ['destination', 0xca72040an, 443n], ['destination', undefined, 8080n], ['masquerade', undefined, undefined],
    ['source', 0xc0000201n, undefined],
  ])
  assert.deepEqual(config.bindings, [])
})

test('JSON: the same words, and other documents are refused', () => {
  const rule = { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: { set: [22, { range: [80, 90] }] } } }
  const base = { family: 'inet', table: 't' }
  const { config } = readNftJson(JSON.stringify({ nftables: [
    { metainfo: {} }, { table: { family: 'inet', name: 't' } }, { chain: { ...base, name: 'f', type: 'filter', hook: 'forward', prio: 0,
      policy: 'drop' } },
    { rule: { ...base, chain: 'f', expr: [rule, { counter: {} }, { accept: null }] } },
  ] }), 'x')
  assert.ok(config)
  assert.equal(verdict(config, { dport: 85 }), 'yes')
  assert.equal(verdict(config, { dport: 91 }), 'no')
  for (const other of ['{}', '[]', '7', 'x', '', '{"nftables":{}}']) assert.equal(readNftJson(other, 'x').config, null, other)
  for (const other of ['*filter\n:INPUT ACCEPT [0:0]\n', 'hello']) assert.ok(readNft(other,
    'x').diagnostics.some((d) => d.severity === 'error'), other)
})

test('rows of translation stand in the order of the kernel: an accept in front keeps the address, jumps are written out', () => {
  const config = configOf(`table inet n {
  chain hosts { ip saddr 10.20.3.0/24 return
    masquerade
  }
  chain post { type nat hook postrouting priority srcnat; policy accept;
    ip daddr 10.0.0.0/8 accept
    oifname "wan" jump hosts
    ip6 saddr fd00::/8 masquerade
  }
  chain late { type nat hook prerouting priority 0; policy accept;
    tcp dport 80 dnat ip to tcp dport map { 80 : 10.0.0.1 }
  }
  chain own { type nat hook output priority 0; policy accept;
    tcp dport 25 redirect
  }
  chain early { type nat hook prerouting priority -110; policy accept;
    udp dport 53 dnat ip to 10.0.0.53
  }
}`)
  const rows = config.nat.map((row) => [row.line, row.kind, row.stage, row.packets ?? 'in', row.family, row.match.unknown.length])
  assert.deepEqual(rows, [
    [17, 'destination', 'destination', 'in', 4, 0], [11, 'destination', 'destination', 'in', 4, 1],
    [14, 'destination', 'destination', 'own', null, 0], [6, 'none', 'source', 'in', 4, 0],
    [3, 'masquerade', 'source', 'in', null, 1], [8, 'masquerade', 'source', 'in', 6, 0],
  ])
  assert.deepEqual([config.nat[1]?.address, config.nat[2]?.toSelf], [{ low: 0n, high: 0xffffffffn }, true])
  assert.deepEqual(config.nat[4]?.match.fields.map(([field]) => field), ['oif'], 'the match of the jump is that of the row')
})

test('interfaces that are known from elsewhere are covered by wildcards', () => {
  const { config } = readNft('table inet f { chain c { type filter hook forward priority 0; iifname "eth*" accept; } }', 'x', ['eth5', 'wlan0'])
  assert.deepEqual(config?.interfaces, ['eth5', 'wlan0', 'eth*'])
  const [, constraint] = config?.chains.get('inet f c')?.rules[0]?.matches[0]?.fields[0] ?? []
  assert.deepEqual(constraint?.kind === 'ranges' && constraint.ranges.map((r) => r.low), [0n, 2n])
})
