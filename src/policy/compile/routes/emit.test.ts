// Tests of written routes: the text of each platform, its rollback, its refusals, and a kernel that takes the Linux commands.
// Keeps "traffic stays inside": in the kernel, a block whose next hop is gone is dropped and does not follow the default route.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { parseIp, parsePrefix, type Ip, type Prefix } from '../../../base/ip.ts'
import { readIos } from '../cisco-ios/read.ts'
import type { Emitted } from '../target.ts'
import { emitRoutes, ROUTE_PLATFORMS, type RoutePlatform } from './emit.ts'
import { readLinuxRouting } from './index.ts'
import { halvesOf, planRoutes, type RoutesInput } from './plan.ts'

function block(text: string): Prefix {
  const prefix = parsePrefix(text)
  assert.ok(prefix.ok, text)
  return prefix.value
}

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

type Elsewhere = 'blackhole' | 'prohibit' | null

function segment(prefix: string, via: readonly string[], elsewhere: Elsewhere = null, zone = 'ward-3'): RoutesInput['segments'][number] {
  return { prefix: block(prefix), via: via.map((hop) => ip(hop)), elsewhere, zone }
}

function input(segments: RoutesInput['segments'], options: Readonly<Record<string, string>> = {}): RoutesInput {
  return { name: 'ward', policyHash: 'abcdef', segments, options }
}

function written(platform: RoutePlatform, asked: RoutesInput): Emitted {
  const result = emitRoutes(platform, asked)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

function refused(platform: RoutePlatform, asked: RoutesInput): string {
  const result = emitRoutes(platform, asked)
  return result.ok ? '' : result.refused.join('\n')
}

const TWO_HOPS = segment('10.20.3.0/24', ['10.20.0.3', '10.20.0.4'], 'blackhole')
const SIX = segment('2001:db8:3::/48', ['2001:db8::3'])
const ATTACHED = segment('202.114.4.0/24', [], 'prohibit', 'central')

test('Linux: next hops in order of preference, the drop behind them, undone in reverse', () => {
  const { text, rollback, rules } = written('iproute2', input([TWO_HOPS, SIX, ATTACHED]))
  assert.equal(text, `# Cordon: policy ward, hash abcdef
# zone ward-3
ip route replace 10.20.3.0/24 via 10.20.0.3 metric 10
ip route replace 10.20.3.0/24 via 10.20.0.4 metric 11
ip route replace blackhole 10.20.3.0/24 metric 900000
ip -6 route replace 2001:db8:3::/48 via 2001:db8::3 metric 10
# zone central
ip route replace prohibit 202.114.4.0/24 metric 900000
`)
  assert.equal(rollback, `# Cordon: policy ward, hash abcdef: taken off again
ip route del prohibit 202.114.4.0/24 metric 900000
ip -6 route del 2001:db8:3::/48 via 2001:db8::3 metric 10
ip route del blackhole 10.20.3.0/24 metric 900000
ip route del 10.20.3.0/24 via 10.20.0.4 metric 11
ip route del 10.20.3.0/24 via 10.20.0.3 metric 10
`)
  assert.equal(rules, 5)
})

test('Linux: a block that must be cut although it is attached takes halves or a rule', () => {
  const halves = written('iproute2', input([ATTACHED], { cut: 'halves' }))
  assert.match(halves.text, /replace prohibit 202\.114\.4\.0\/25 metric 10\n.*replace prohibit 202\.114\.4\.128\/25 metric 10\n/)
  const rule = written('iproute2', input([ATTACHED], { cut: 'rule' }))
  assert.match(rule.text, /ip rule add to 202\.114\.4\.0\/24 prohibit priority 5000\n/)
  assert.match(rule.rollback, /ip rule del to 202\.114\.4\.0\/24 prohibit priority 5000\n/)
  assert.ok(rule.notes.some((note) => note.includes('cut off from this router')))
  assert.match(refused('iproute2', input([segment('10.0.0.1/32', [], 'blackhole')], { cut: 'halves' })), /one address has no halves/)
})

test('IOS: masks, distances, Null0; and the reader takes back what was written', () => {
  const { text, rollback } = written('cisco-ios', input([TWO_HOPS, SIX]))
  assert.equal(text, `! Cordon: policy ward, hash abcdef
! zone ward-3
ip route 10.20.3.0 255.255.255.0 10.20.0.3
ip route 10.20.3.0 255.255.255.0 10.20.0.4 2
ip route 10.20.3.0 255.255.255.0 Null0 254
ipv6 route 2001:db8:3::/48 2001:db8::3
`)
  assert.match(rollback, /\nno ip route 10\.20\.3\.0 255\.255\.255\.0 Null0 254\n/)
  const { config } = readIos(text, 'out.cfg')
  assert.deepEqual(config?.routes.map((r) => [r.version, r.kind, r.length, r.metric]),
    [[4, 'via', 24, 1], [4, 'via', 24, 2], [4, 'blackhole', 24, 254], [6, 'via', 48, 1]])
  assert.deepEqual(config?.unknowns, [])
  assert.match(refused('cisco-ios', input([ATTACHED], { cut: 'rule' })), /for Linux alone/)
})

test('Junos: qualified next hops, discard and reject; a drop behind next hops is refused', () => {
  const { text, rollback } = written('junos', input([segment('10.20.3.0/24', ['10.20.0.3', '10.20.0.4']), SIX, ATTACHED]))
  assert.equal(text, `# Cordon: policy ward, hash abcdef
# zone ward-3
set routing-options static route 10.20.3.0/24 next-hop 10.20.0.3
set routing-options static route 10.20.3.0/24 qualified-next-hop 10.20.0.4 preference 6
set routing-options rib inet6.0 static route 2001:db8:3::/48 next-hop 2001:db8::3
# zone central
set routing-options static route 202.114.4.0/24 reject
`)
  assert.match(rollback, /\ndelete routing-options static route 10\.20\.3\.0\/24 qualified-next-hop 10\.20\.0\.4\n/)
  assert.match(refused('junos', input([TWO_HOPS])), /Junos cannot keep a drop behind next hops/)
})

test('Windows: route -p, or New-NetRoute with an interface; it cannot drop', () => {
  const { text, rollback } = written('windows', input([segment('10.20.3.0/24', ['10.20.0.3']), SIX]))
  assert.deepEqual(text.split('\n').filter((line) => line.startsWith('route')),
    ['route -p add 10.20.3.0 mask 255.255.255.0 10.20.0.3 metric 1', 'route -p add 2001:db8:3::/48 2001:db8::3 metric 1'])
  assert.match(rollback, /route delete 10\.20\.3\.0 mask 255\.255\.255\.0 10\.20\.0\.3\n/)
  const named = written('windows', input([segment('10.20.3.0/24', ['10.20.0.3'])], { interface: 'Ethernet0' }))
  assert.match(named.text,
    /New-NetRoute -DestinationPrefix '10\.20\.3\.0\/24' -InterfaceAlias 'Ethernet0' -NextHop '10\.20\.0\.3' -RouteMetric 1\n/)
  assert.match(named.rollback, /Remove-NetRoute .* -Confirm:\$false\n/)
  assert.match(refused('windows', input([TWO_HOPS])), /Windows has no route that drops/)
})

test('what makes no sense is refused on every platform', () => {
  for (const platform of ROUTE_PLATFORMS) {
    assert.match(refused(platform, input([segment('10.20.3.0/24', ['10.20.3.1'])])), /lies inside of the block/)
    assert.match(refused(platform, input([segment('10.20.3.0/24', ['2001:db8::1'])])), /other IP version/)
    assert.match(refused(platform, input([SIX, SIX])), /stands twice/)
    assert.match(refused(platform, input([])), /no segments/)
    assert.match(refused(platform, input([segment('2001:db8::/32', ['fe80::1'])])), /needs the option interface/)
    assert.match(refused(platform, input([SIX], { interface: `x'; reboot` })), /cannot be a name/)
    assert.match(refused(platform, input([SIX], { cut: 'maybe' })), /option cut is one of/)
  }
})

test('halves are the block and nothing else', () => {
  assert.deepEqual(halvesOf(block('10.0.0.0/8')), [block('10.0.0.0/9'), block('10.128.0.0/9')])
  assert.deepEqual(halvesOf(block('2001:db8::/32')), [block('2001:db8::/33'), block('2001:db8:8000::/33')])
  const plan = planRoutes(input([ATTACHED], { cut: 'halves' }))
  assert.deepEqual(plan.ok && plan.routes.map((route) => route.prefix.length), [25, 25])
})

/** Runs a shell script in a network of its own: two links, addresses, a default route. Nothing outside is touched. */
function inNamespace(script: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const setup = `set -e
ip link set lo up
ip link add up0 type veth peer name up1; ip link add cms0 type veth peer name cms1
for i in up0 up1 cms0 cms1; do ip link set $i up; done
ip addr add 10.20.0.1/24 dev up0; ip addr add 192.0.2.2/24 dev up1
ip addr add 202.114.4.1/24 dev cms0; ip -6 addr add 2001:db8::1/64 dev up0 nodad
ip route add default via 10.20.0.254
`
  const run = spawnSync('unshare', ['-n', 'sh', '-c', setup + script], { encoding: 'utf8', timeout: 20_000 })
  return { code: run.status, out: run.stdout ?? '', err: run.stderr ?? '' }
}

const noNamespace: string | false = inNamespace('true').code === 0 ? false : 'no network namespace or no ip command here'

test('a kernel takes the Linux commands, prints what was meant, and the rollback takes all of it away', { skip: noNamespace }, () => {
  const { text, rollback } = written('iproute2', input([TWO_HOPS, SIX, ATTACHED]))
  const print = 'ip -j route; echo; echo ==; ip -j -6 route; echo; echo ==; ip -j rule; echo; echo ==; ip -j -6 rule; echo; echo ==\n'
  const run = inNamespace(`${print}${text}${text}${print}ip route; echo ==\n${rollback}${print}`)
  assert.equal(run.code, 0, run.err)
  const parts = run.out.split('==').map((part) => part.trim())
  const config = (at: number) => readLinuxRouting(
    { routes4: parts[at] ?? '', routes6: parts[at + 1] ?? '', rules4: parts[at + 2] ?? '', rules6: parts[at + 3] ?? '' }, 'router').config
  const before = config(0)
  const after = config(4)
  const ours = after.routes.filter((route) => route.metric === 10 || route.metric === 11 || route.metric === 900_000)
  assert.deepEqual(ours.map((r) => [r.version, r.kind, r.length, r.metric]).sort(), [
    [4, 'blackhole', 24, 900_000], [4, 'prohibit', 24, 900_000], [4, 'via', 24, 10], [4, 'via', 24, 11], [6, 'via', 48, 10]])
  assert.deepEqual(after.unknowns, [])
  assert.ok(after.routes.some((r) => r.kind === 'connected' && r.network === block('202.114.4.0/24').network), 'the connected route stays')
  const asText = readLinuxRouting({ routes4: parts[8] ?? '', routes6: '', rules4: '', rules6: '' }, 'router').config
  const shape = (c: typeof after) => c.routes.filter((r) => r.version === 4)
    .map((r) => [r.network, r.length, r.kind, r.nextHop, r.metric, c.interfaces[r.iface ?? -1]].join(' '))
  assert.deepEqual(shape(asText), shape(after))
  assert.deepEqual(shape(config(9)), shape(before))
})

test('in the kernel: the drop acts when next hop and connected route are gone, and the cuts act at once', { skip: noNamespace }, () => {
  const fallback = written('iproute2', input([TWO_HOPS, ATTACHED])).text
  const ask = 'ip route get 10.20.3.7 2>&1 || true; ip route get 202.114.4.119 2>&1 || true; echo ==\n'
  const lost = 'ip addr del 202.114.4.1/24 dev cms0; ip route flush 10.20.3.0/24 metric 10; ip route flush 10.20.3.0/24 metric 11\n'
  const gone = `${fallback}${ask}${lost}${ask}`
  const run = inNamespace(gone)
  assert.equal(run.code, 0, run.err)
  const [up = '', down = ''] = run.out.split('==')
  assert.match(up, /via 10\.20\.0\.3 dev up0/)
  assert.match(up, /202\.114\.4\.119 dev cms0/)
  assert.doesNotMatch(down, / via | dev /)
  for (const cut of ['halves', 'rule'] as const) {
    const cutOff = inNamespace(`${written('iproute2', input([ATTACHED], { cut })).text}ip route get 202.114.4.119 2>&1 || true`)
    assert.doesNotMatch(cutOff.out, / dev /, cut)
    assert.match(cutOff.out, /denied|prohibit/i, cut)
  }
  const plain = inNamespace('ip route add blackhole 202.114.4.0/24')
  assert.match(plain.err, /File exists/)
})
