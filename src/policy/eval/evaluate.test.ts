// Tests of evaluate: one row per question a network engineer would ask, and the rules of matching one by one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIp, type Ip } from '../../base/ip.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import { TRANSPORTS, type Policy, type Service } from '../language/model.ts'
import { parsePolicy } from '../language/policy.ts'
import { BUILT_IN_SERVICES } from '../language/services.ts'
import { describeService, evaluate, serviceMatches, type FiveTuple } from './evaluate.ts'
import { policyNames } from './names.ts'

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

const flow = (src: string, dst: string, proto: number, dstPort = 0): FiveTuple =>
  ({ src: ip(src), dst: ip(dst), proto, srcPort: 40000, dstPort })

function policyOf(value: PlainValue): Policy {
  const { policy, diagnostics } = parsePolicy(treeFromValue(value, 'p.yaml'))
  assert.ok(policy, JSON.stringify(diagnostics))
  return policy
}

const conduit = (name: string, from: string, to: string, services: readonly string[], action: string): PlainValue =>
  ({ name, from, to, services, action, fail: 'closed', reason: `Because ${name}.` })

const ZONES: PlainValue = [
  { name: 'bedside', kind: 'medical', prefixes: ['10.20.0.0/16'], inside: 'hospital' },
  { name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/8'] },
]

const POLICY = policyOf({
  version: 1,
  zones: ZONES,
  services: [{ name: 'lab', transport: ['tcp', 'udp'], ports: ['90-95', 97] }],
  conduits: [
    conduit('no-telnet', 'bedside', 'hospital', ['telnet'], 'deny'),
    conduit('vitals', 'bedside', 'hospital', ['cms8000', 'lab', 'telnet'], 'allow'),
    conduit('local', 'bedside', 'group', ['dhcp'], 'allow'),
    conduit('out', 'hospital', 'internet', ['any'], 'allow'),
    conduit('newcomer', 'unzoned', 'group', ['dhcp'], 'allow'),
    conduit('ping', 'hospital', 'bedside', ['icmp'], 'allow'),
  ],
})
const NAMES = policyNames(POLICY, new Map())

test('verdicts, one question per row', () => {
  const rows: readonly (readonly [string, FiveTuple, string, string])[] = [
    ['first port of a range', flow('10.20.0.1', '10.0.0.1', 6, 515), 'allow', 'vitals'],
    ['last port of a range', flow('10.20.0.1', '10.0.0.1', 6, 520), 'allow', 'vitals'],
    ['below a range', flow('10.20.0.1', '10.0.0.1', 6, 514), 'deny', 'default'],
    ['above a range', flow('10.20.0.1', '10.0.0.1', 6, 521), 'deny', 'default'],
    ['the right port of the wrong transport', flow('10.20.0.1', '10.0.0.1', 17, 515), 'deny', 'default'],
    ['the second transport of a service', flow('10.20.0.1', '10.0.0.1', 17, 97), 'allow', 'vitals'],
    ['the other direction', flow('10.0.0.1', '10.20.0.1', 6, 515), 'deny', 'default'],
    ['the first match decides', flow('10.20.0.1', '10.0.0.1', 6, 23), 'deny', 'no-telnet'],
    ['an address in no zone', flow('10.20.0.1', '202.114.4.119', 6, 515), 'deny', 'default'],
    ['any takes protocols without ports', flow('10.0.0.1', '8.8.8.8', 47), 'allow', 'out'],
    ['icmp for IPv4', flow('10.0.0.1', '10.20.0.1', 1), 'allow', 'ping'],
    ['icmp whatever its type and code', flow('10.0.0.1', '10.20.0.1', 1, 771), 'allow', 'ping'],
    ['icmp for IPv6 is icmp too', flow('10.0.0.1', '10.20.0.1', 58), 'allow', 'ping'],
    ['a first address request', flow('0.0.0.0', '255.255.255.255', 17, 67), 'allow', 'newcomer'],
    ['a broadcast of something else', flow('0.0.0.0', '255.255.255.255', 17, 9610), 'deny', 'default'],
    ['a renewal by broadcast', flow('10.20.0.1', '255.255.255.255', 17, 67), 'allow', 'local'],
    ['the Internet comes in', flow('8.8.8.8', '10.20.0.1', 6, 515), 'deny', 'default'],
    ['within a zone nothing is implied', flow('10.20.0.1', '10.20.0.2', 6, 515), 'deny', 'default'],
  ]
  for (const [why, tuple, action, rule] of rows) {
    const verdict = evaluate(POLICY, NAMES, tuple)
    assert.deepEqual([verdict.action, verdict.rule], [action, rule], why)
  }
})

test('a verdict names both zones and gives the reason of its conduit', () => {
  assert.deepEqual(evaluate(POLICY, NAMES, flow('10.20.0.1', '10.0.0.1', 6, 515)), {
    action: 'allow', rule: 'vitals', reason: 'Because vitals.', from: 'bedside', to: 'hospital',
  })
})

test('the default says what nobody named', () => {
  assert.deepEqual(evaluate(POLICY, NAMES, flow('10.20.0.1', '202.114.4.119', 6, 515)), {
    action: 'deny', rule: 'default', reason: 'No conduit from bedside to internet names tcp 515; what is not named is denied.',
    from: 'bedside', to: 'internet',
  })
  const open = { ...POLICY, default: 'allow' as const }
  assert.match(evaluate(open, NAMES, flow('8.8.8.8', '10.20.0.1', 47)).reason, /names IP protocol 47; what is not named is allowed\.$/)
})

test('flows are described by protocol and port', () => {
  const rows: readonly (readonly [number, string])[] = [
    [6, 'tcp 515'], [17, 'udp 515'], [1, 'icmp'], [58, 'ipv6-icmp'], [2, 'igmp'], [132, 'IP protocol 132'],
  ]
  for (const [proto, words] of rows) assert.equal(describeService(flow('10.0.0.1', '10.0.0.2', proto, 515)), words)
})

test('a service matches by its definition, over every built-in service', () => {
  const numbers = { tcp: [6], udp: [17], icmp: [1, 58], igmp: [2], any: Array.from({ length: 256 }, (_, i) => i) }
  const proto = fc.oneof(fc.constantFrom(1, 2, 6, 17, 47, 58), fc.nat(255))
  fc.assert(fc.property(fc.constantFrom(...BUILT_IN_SERVICES), proto, fc.nat(65535), fc.boolean(), (service: Service, p, random, near) => {
    const dstPort = near ? (service.ports[0]?.low ?? random) : random
    const expected = TRANSPORTS.some((t) => service.transports.includes(t) && numbers[t].includes(p)
      && (t === 'any' || (p !== 6 && p !== 17) || service.ports.some((r) => r.low <= dstPort && dstPort <= r.high)))
    assert.equal(serviceMatches(service, flow('10.0.0.1', '10.0.0.2', p, dstPort)), expected)
  }), { numRuns: 500 })
})

test('without a conduit between two zones the default decides, whatever the flow', () => {
  const empty = policyOf({ version: 1, zones: ZONES, conduits: [] })
  fc.assert(fc.property(fc.nat(255), fc.nat(65535), (proto, port) => {
    assert.equal(evaluate(empty, NAMES, flow('10.20.0.1', '10.0.0.1', proto, port)).action, 'deny')
  }))
})
