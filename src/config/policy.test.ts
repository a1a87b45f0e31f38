// Tests of the shipped policy: what it says of the flows of a ward, and that medical zones never reach the Internet, for every profile.
// The property is the product's promise; it is tried on random devices, addresses and protocols, with both evaluators.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords, parseIp, type Ip } from '../base/ip.ts'
import { createEvaluator, evaluate, policyNames, zoneKind, zoneOf, type FiveTuple, type NameMap } from '../policy/index.ts'
import { DEFAULT_POLICY_LABEL, loadPolicy, type LoadedPolicy } from './policy.ts'
import { productPath } from './product.ts'
import { loadProfiles } from './profiles.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'cordon-policy-'))
after(() => rmSync(FOLDER, { recursive: true }))

const PROFILES = ((): readonly string[] => {
  const loaded = loadProfiles()
  assert.ok(loaded.ok)
  return [...loaded.value.profiles.keys()]
})()

const LOADED = ((): LoadedPolicy => {
  const loaded = loadPolicy(undefined, { profiles: new Set(PROFILES) })
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.error))
  return loaded.value
})()
const POLICY = LOADED.policy
/** Profiles the default policy knows by name; other makers' devices are the hospital's own to place. */
const ZONED = POLICY.zones.flatMap((zone) => zone.profiles)

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

const MONITOR = '10.20.3.7'
const MONITOR_STATIC = '202.114.4.20'
const CENTRAL = '10.20.3.100'

/** A ward: two monitors, one with an address beside the factory default, and a central station. */
const names = (central: readonly string[]): NameMap => policyNames(POLICY, new Map([
  ['contec-cms8000', [ip(MONITOR), ip('fe80::7')]], ['epsimed-mn-120', [ip(MONITOR_STATIC)]], ['cms-central-station', central.map(ip)],
]))

const WARD = names([CENTRAL])
const flow = (src: string, dst: string, proto: number, dstPort = 0): FiveTuple =>
  ({ src: ip(src), dst: ip(dst), proto, srcPort: 40000, dstPort })

test('the shipped policy is sound, warns of nothing, and denies what it does not name', () => {
  assert.equal(LOADED.file, DEFAULT_POLICY_LABEL)
  assert.deepEqual(LOADED.warnings, [])
  assert.equal(POLICY.default, 'deny')
  assert.deepEqual(POLICY.zones.map((z) => [z.name, z.kind]), [['bedside', 'medical'], ['central', 'medical'], ['hospital', 'it']])
})

test('the devices with an advisory, and their central station, have a zone; each conduit has an owner', () => {
  assert.deepEqual([...ZONED].sort(), ['cms-central-station', 'contec-cms8000', 'epsimed-mn-120'])
  for (const profile of ZONED) assert.ok(PROFILES.includes(profile), profile)
  for (const conduit of POLICY.conduits) assert.ok(conduit.owner, conduit.name)
})

test('what it says of the flows of a ward, one per row', () => {
  const rows: readonly (readonly [string, FiveTuple, string, string])[] = [
    ['vitals to the central station', flow(MONITOR, CENTRAL, 6, 515), 'allow', 'bedside-vitals'],
    ['vitals on the last of the six ports', flow(MONITOR, CENTRAL, 6, 520), 'allow', 'bedside-vitals'],
    ['HL7 to a server in the central zone', flow(MONITOR, CENTRAL, 6, 511), 'allow', 'bedside-vitals'],
    ['vitals to the factory address', flow(MONITOR, '202.114.4.119', 6, 515), 'deny', 'bedside-internet'],
    ['HL7 to the factory address', flow(MONITOR, '202.114.4.120', 6, 511), 'deny', 'bedside-internet'],
    ['any other way out', flow(MONITOR, '8.8.8.8', 17, 53), 'deny', 'bedside-internet'],
    ['a documentation address is on the way out too', flow(MONITOR, '203.0.113.9', 6, 443), 'deny', 'bedside-internet'],
    ['out by IPv6', flow('fe80::7', '2606:4700::1', 6, 443), 'deny', 'bedside-internet'],
    ['a carrier address is not inside', flow(MONITOR, '100.64.0.1', 6, 515), 'deny', 'default'],
    ['the update share on the central station: port mapper', flow(MONITOR, CENTRAL, 6, 111), 'deny', 'bedside-update'],
    ['the update share on the central station: NFS', flow(MONITOR, CENTRAL, 17, 2049), 'deny', 'bedside-update'],
    ['a file server of the hospital', flow(MONITOR, '10.0.0.5', 6, 2049), 'deny', 'default'],
    ['a printer on the vitals port', flow(MONITOR, '10.0.0.5', 6, 515), 'deny', 'default'],
    ['its address', flow(MONITOR, '10.0.0.1', 17, 67), 'allow', 'bedside-ground'],
    ['names', flow(MONITOR, '10.0.0.1', 17, 53), 'allow', 'bedside-ground'],
    ['long answers to names', flow(MONITOR, '10.0.0.1', 6, 53), 'allow', 'bedside-ground'],
    ['time', flow(MONITOR, '10.0.0.1', 17, 123), 'allow', 'bedside-ground'],
    ['one monitor to another', flow(MONITOR, MONITOR_STATIC, 6, 515), 'deny', 'default'],
    ['inbound UDP from the hospital', flow('10.0.0.66', MONITOR, 17, 9999), 'deny', 'hospital-bedside'],
    ['inbound UDP that only looks like an address request', flow('10.0.0.66', MONITOR, 17, 67), 'deny', 'hospital-bedside'],
    ['inbound TCP from the hospital', flow('10.0.0.66', MONITOR, 6, 23), 'deny', 'hospital-bedside'],
    ['the answer to an address request', flow('10.0.0.1', MONITOR, 17, 68), 'allow', 'hospital-bedside-answers'],
    ['inbound UDP from the central station', flow(CENTRAL, MONITOR, 17, 9610), 'deny', 'central-bedside'],
    ['inbound from the Internet', flow('203.0.113.9', MONITOR, 17, 9999), 'deny', 'default'],
    ['a first address request', flow('0.0.0.0', '255.255.255.255', 17, 67), 'allow', 'newcomer-address'],
    ['a broadcast answer of a DHCP server', flow('10.0.0.1', '255.255.255.255', 17, 68), 'allow', 'hospital-local'],
    ['a renewal by broadcast', flow(MONITOR, '255.255.255.255', 17, 67), 'allow', 'bedside-local'],
    ['IPv6 asks whether its address is free', flow('::', 'ff02::1:ff00:7', 58), 'allow', 'newcomer-address'],
    ['a stranger broadcasts to all monitors', flow('0.0.0.0', '255.255.255.255', 17, 9999), 'deny', 'default'],
    ['a monitor broadcasts something unknown', flow(MONITOR, '255.255.255.255', 17, 9999), 'deny', 'default'],
    ['ping to a monitor', flow('10.0.0.66', MONITOR, 1), 'allow', 'hospital-bedside-answers'],
    ['the central station on the Internet', flow(CENTRAL, '8.8.8.8', 6, 443), 'deny', 'central-internet'],
    ['the central station prints', flow(CENTRAL, '10.0.0.5', 6, 9100), 'allow', 'central-hospital'],
    ['a workstation on the Internet', flow('10.0.0.66', '8.8.8.8', 6, 443), 'allow', 'hospital-internet'],
    ['a workstation on a workstation', flow('10.0.0.66', '192.168.7.7', 6, 445), 'allow', 'hospital-hospital'],
    ['the Internet on a workstation', flow('8.8.8.8', '10.0.0.66', 6, 445), 'deny', 'default'],
    ['who is no known monitor is the rest of the hospital, also towards the factory address', flow('10.0.0.66', '202.114.4.119', 6, 515),
      'allow', 'hospital-internet'],
  ]
  for (const [why, tuple, action, rule] of rows) {
    const verdict = evaluate(POLICY, WARD, tuple)
    assert.deepEqual([verdict.action, verdict.rule], [action, rule], why)
  }
})

test('the factory address answered on the segment is the central station, and only then', () => {
  const vitals = flow(MONITOR_STATIC, '202.114.4.119', 6, 515)
  assert.deepEqual(evaluate(POLICY, WARD, vitals).rule, 'bedside-internet')
  assert.deepEqual(evaluate(POLICY, names(['202.114.4.119', '202.114.4.120']), vitals).rule, 'bedside-vitals')
  assert.deepEqual(evaluate(POLICY, names(['202.114.4.119']), flow(MONITOR_STATIC, '202.114.4.120', 6, 511)).rule, 'bedside-internet')
})

const v4 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }).map(ipFromV4),
  fc.constantFrom('202.114.4.119', '202.114.4.120', '8.8.8.8', '203.0.113.1', '100.64.0.1', '11.0.0.1', '172.32.0.1', '240.0.0.1',
    '0.0.0.0').map(ip),
)
const word = fc.integer({ min: 0, max: 0xffffffff })
const v6 = fc.oneof(fc.tuple(word, word, word, word).map(([a, b, c, d]) => ipFromWords(a, b, c, d)),
  fc.constantFrom('2001:db8::1', '64:ff9b::808:808', '::1').map(ip))
const anyIp = fc.oneof({ arbitrary: v4, weight: 3 }, { arbitrary: v6, weight: 1 })
const assets = fc.array(fc.tuple(fc.constantFrom(...ZONED), fc.array(anyIp, { maxLength: 4 })),
  { minLength: 1, maxLength: 4 }).map((list) => new Map(list))
const ports = fc.oneof(fc.nat(65535), fc.constantFrom(53, 67, 80, 111, 123, 443, 511, 515, 520, 635, 2049, 2575))
const rest = fc.record({ proto: fc.oneof(fc.constantFrom(1, 2, 6, 17, 58), fc.nat(255)), srcPort: fc.nat(65535), dstPort: ports })

test('medical zones never reach the Internet, and it never reaches them: every profile, any address, any protocol', () => {
  let medical = 0
  fc.assert(fc.property(assets, anyIp, rest, (byProfile, outside, fields) => {
    const map = policyNames(POLICY, byProfile)
    const evaluator = createEvaluator(POLICY, map)
    for (const inside of [...byProfile.values()].flat()) {
      if (zoneOf(map, outside) !== 'internet' || zoneKind(POLICY, zoneOf(map, inside)) !== 'medical') continue
      medical++
      for (const tuple of [{ src: inside, dst: outside, ...fields }, { src: outside, dst: inside, ...fields }]) {
        assert.equal(evaluate(POLICY, map, tuple).action, 'deny')
        assert.deepEqual(evaluator.evaluate(tuple), evaluate(POLICY, map, tuple))
      }
    }
  }), { numRuns: 3000 })
  assert.ok(medical > 1000, 'the property was tried on too few flows')
})

test('each profile with a zone alone: its devices are medical wherever they are, and cut off', () => {
  for (const profile of ZONED) {
    fc.assert(fc.property(anyIp, anyIp, rest, (inside, outside, fields) => {
      const map = policyNames(POLICY, new Map([[profile, [inside]]]))
      const from = zoneOf(map, inside)
      fc.pre(zoneOf(map, outside) === 'internet' && from !== 'group' && inside !== '0.0.0.0')
      assert.equal(zoneKind(POLICY, from), 'medical', profile)
      assert.equal(evaluate(POLICY, map, { src: inside, dst: outside, ...fields }).action, 'deny', profile)
    }))
  }
})

test('no inbound UDP to a monitor but answers to its address request, wherever it comes from', () => {
  const hospital = fc.nat(0xffff).map((low) => ipFromV4(0x0a000000 + low))
  const answers = fc.oneof(ports, fc.constantFrom(67, 68, 546, 547))
  fc.assert(fc.property(fc.oneof(anyIp, hospital, fc.constant(ip(CENTRAL))), answers, (src, dstPort) => {
    const verdict = evaluate(POLICY, WARD, { src, dst: ip(MONITOR), proto: 17, srcPort: 40000, dstPort })
    assert.equal(verdict.action === 'allow', verdict.from === 'hospital' && (dstPort === 68 || dstPort === 546))
  }))
})

test('what the profiles call routine still works when the other side is inside', () => {
  const loaded = loadProfiles()
  assert.ok(loaded.ok)
  for (const profile of loaded.value.profiles.values()) {
    for (const { opens, expected, transports, ports: ranges } of profile.flows) {
      if (!ZONED.includes(profile.id) || profile.role !== 'patient-monitor' || opens !== 'device' || expected !== 'routine') continue
      for (const range of ranges) {
        assert.deepEqual(transports, ['tcp'])
        assert.equal(evaluate(POLICY, WARD, flow(MONITOR, CENTRAL, 6, range.low)).action, 'allow')
        assert.equal(evaluate(POLICY, WARD, flow(MONITOR, CENTRAL, 6, range.high)).action, 'allow')
      }
    }
  }
})

function file(name: string, text: string): string {
  const path = join(FOLDER, name)
  writeFileSync(path, text)
  return path
}

test('a path is loaded in place of the shipped policy, warnings beside it', () => {
  const loaded = loadPolicy(file('own.yaml', 'version: 1\nzones: [{ name: x, kind: it }]\nconduits: []\n'))
  assert.ok(loaded.ok)
  assert.deepEqual([loaded.value.policy.zones.length, loaded.value.file, loaded.value.warnings.map((d) => d.code)],
    [1, join(FOLDER, 'own.yaml'), ['policy/empty-zone']])
})

test('errors of the text and of the policy come together, in file order', () => {
  const loaded = loadPolicy(file('bad.yaml', 'version: 2\nzones: []\nzones: []\nconduits: x\n'))
  assert.deepEqual(loaded.ok ? [] : loaded.error.map((d) => `${d.line} ${d.code}`),
    ['1 policy/bad-choice', '3 yaml/duplicate-key', '4 policy/expected-list'])
})

test('a duplicate key alone is reason enough to refuse', () => {
  const loaded = loadPolicy(file('twice.yaml', 'version: 1\nzones: []\nconduits: []\nzones: []\n'))
  assert.deepEqual(loaded.ok ? [] : loaded.error.map((d) => d.code), ['yaml/duplicate-key'])
})

test('a file that is none is a diagnostic', () => {
  const loaded = loadPolicy(join(FOLDER, 'none.yaml'))
  assert.deepEqual(loaded.ok ? [] : loaded.error.map((d) => d.code), ['file/missing'])
})

test('the template that keeps the central station: no complaint, vitals pass, the rest of the factory block and the Internet do not', () => {
  const loaded = loadPolicy(productPath('policies/keep-inside.yaml'), { profiles: new Set(PROFILES), today: '2026-01-01' })
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.error))
  assert.deepEqual(loaded.value.warnings, [])
  const { policy } = loaded.value
  const rows: readonly (readonly [string, string, number, string])[] = [
    ['10.20.3.7', '202.114.4.119', 515, 'allow bedside-vitals'], ['10.20.3.7', '202.114.4.120', 511, 'allow bedside-vitals'],
    ['10.20.3.7', '202.114.4.119', 2049, 'deny default'], ['10.20.3.7', '202.114.4.7', 515, 'deny default'],
    ['10.20.3.7', '8.8.8.8', 443, 'deny default'], ['10.30.0.1', '202.114.4.7', 515, 'deny factory-block'],
    ['10.30.0.1', '202.114.4.119', 3389, 'deny central-administration'], ['202.114.4.119', '8.8.8.8', 443, 'deny default'],
  ]
  for (const [src, dst, port, expected] of rows) {
    const { action, rule } = evaluate(policy, policyNames(policy, new Map()), flow(src, dst, 6, port))
    assert.equal(`${action} ${rule}`, expected, `${src} ${dst} ${port}`)
  }
  assert.deepEqual(policy.segments.map((segment) => [segment.zone, segment.elsewhere]), [['bedside', null], ['central', 'blackhole']])
  assert.equal(policy.assertions.length, 8)
})

test('a file with an exception: the day decides whether its conduit is there', () => {
  const path = file('dated.yaml', `version: 1
zones: [{ name: x, kind: it, prefixes: [10.0.0.0/8] }]
conduits: [{ name: shut, from: x, to: x, services: [telnet], action: deny, fail: closed, reason: In clear. }]
exceptions: [{ name: visit, conduit: shut, action: allow, owner: IT, reason: Repair., expires: 2026-06-15 }]
`)
  const on = (today?: string): readonly unknown[] => {
    const loaded = loadPolicy(path, today === undefined ? {} : { today })
    assert.ok(loaded.ok)
    return [loaded.value.policy.conduits.map((c) => c.name), loaded.value.warnings.map((d) => d.code)]
  }
  assert.deepEqual(on('2026-06-15'), [['visit', 'shut'], []])
  assert.deepEqual(on('2026-06-16'), [['shut'], ['policy/exception-expired']])
  assert.deepEqual(on(), [['shut'], ['policy/exceptions-undated']])
})
