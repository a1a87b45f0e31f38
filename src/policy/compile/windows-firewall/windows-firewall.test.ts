// Windows Firewall: rules without order, read back with "block beats allow", decide every flow of the host as the policy does.
// Keeps the answer independent of profile defaults: a flow that neither a block nor an allow covers fails the test.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipValue, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { assertSame, covers, emitted, inputArb, inputFromYaml, ip, refusals, shippedInput, WARD_YAML,
  type ReadBack, type ReadMatch } from '../../../testing/emit-check.ts'
import { windowsFirewall } from './index.ts'

interface PsRule extends ReadMatch {
  readonly inbound: boolean
  readonly block: boolean
}

const PROTOCOLS: Readonly<Record<string, number>> = { ICMPv4: 1, TCP: 6, UDP: 17, ICMPv6: 58 }
const FLAGS = new Set(['Group', 'Name', 'DisplayName', 'Direction', 'Action', 'LocalAddress', 'RemoteAddress', 'Protocol', 'RemotePort',
  'LocalPort', 'IcmpType'])

/** Every rule of the text, loops unrolled. Lines that are none of the known forms fail. */
function parse(text: string): Readonly<Record<string, string>>[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && line !== "$ErrorActionPreference = 'Stop'")
  return lines.flatMap((line) => {
    const loop = /^foreach \(\$p in @\(([\d, ]+)\)\) \{ (.*) \}$/.exec(line)
    return loop === null ? [command(line)] : (loop[1] ?? '').split(', ').map((p) => command((loop[2] ?? '').replaceAll('$p', p)))
  })
}

function command(line: string): Readonly<Record<string, string>> {
  const all = /^New-NetFirewallRule((?: -\w+ (?:'[^']*'|"[^"]*"|@\([^)]*\)|\w+))+) \| Out-Null$/.exec(line)
  assert.ok(all !== null, line)
  const words = [...(all[1] ?? '').matchAll(/ -(\w+) ('[^']*'|"[^"]*"|@\([^)]*\)|\w+)/g)]
  const flags = Object.fromEntries(words.map((m) => [m[1] ?? '', m[2] ?? '']))
  assert.ok(Object.keys(flags).every((flag) => FLAGS.has(flag)), line)
  return flags
}

function list<T>(text: string | undefined, one: (item: string) => T): readonly T[] | undefined {
  return text === undefined ? undefined : text.slice(2, -1).split(', ').map((item) => one(item.slice(1, -1)))
}

function ends(text: string, value: (end: string) => bigint): ValueRange {
  const [low = '', high = low] = text.split('-')
  return { low: value(low), high: value(high) }
}

const address = (text: string): ValueRange => ends(text, (end) => ipValue(ip(end)))
const number = (text: string): ValueRange => ends(text, BigInt)

function ruleOf(flags: Readonly<Record<string, string>>, version: IpVersion): PsRule | null {
  assert.match(flags['Direction'] ?? '', /^(?:Inbound|Outbound)$/)
  assert.match(flags['Action'] ?? '', /^(?:Block|Allow)$/)
  const inbound = flags['Direction'] === 'Inbound'
  if ((flags['LocalAddress'] ?? '').includes(':') !== (version === 6)) return null
  const local = list(flags['LocalAddress'], address)
  const remote = list(flags['RemoteAddress'], address)
  const proto = flags['Protocol'] === 'Any' ? undefined : BigInt(PROTOCOLS[flags['Protocol'] ?? ''] ?? flags['Protocol'] ?? '')
  assert.equal(flags[inbound ? 'RemotePort' : 'LocalPort'], undefined, 'only the responder port is matched')
  const dport = list(flags[inbound ? 'LocalPort' : 'RemotePort'], number)
  const icmpType = list(flags['IcmpType'], number)
  const [src, dst] = inbound ? [remote, local] : [local, remote]
  return {
    inbound, block: flags['Action'] === 'Block', ...(src && { src }), ...(dst && { dst }), ...(dport && { dport }),
    ...(icmpType && { icmpType }), ...(proto === undefined ? {} : { proto: [{ low: proto, high: proto }] }),
  }
}

function readBack(text: string, version: IpVersion, inbound: boolean): ReadBack {
  const rules = parse(text).flatMap((flags) => ruleOf(flags, version) ?? []).filter((rule) => rule.inbound === inbound)
  return {
    matches: rules,
    permits: (packet) => {
      if (rules.some((rule) => rule.block && covers(rule, packet))) return false
      assert.ok(rules.some((rule) => covers(rule, packet)), 'neither blocked nor allowed: the profile default would decide')
      return true
    },
  }
}

/** ICMP of the other family is not written. */
const PROTOS: Readonly<Record<IpVersion, readonly ValueRange[]>> = {
  4: [{ low: 0n, high: 57n }, { low: 59n, high: 255n }],
  6: [{ low: 0n, high: 0n }, { low: 2n, high: 255n }],
}

function assertExact(input: CompileInput): void {
  const { text } = emitted(windowsFirewall.emit(input))
  for (const item of (input.options['host'] ?? '').split(',')) {
    const parsed = parseIp(item)
    assert.ok(parsed.ok)
    const own = [{ low: ipValue(parsed.value), high: ipValue(parsed.value) }]
    const version = item.includes(':') ? 6 : 4
    const proto = PROTOS[version]
    assertSame(input.chains[version], readBack(text, version, false), { src: own, proto })
    assertSame(input.chains[version], readBack(text, version, true), { dst: own, proto })
  }
}

const CENTRAL = { host: '10.20.4.10,2001:db8:4::10' }

test('the central station of the ward policy: both directions and versions, every cell', () =>
  assertExact(inputFromYaml(WARD_YAML, CENTRAL)))
test('a bed of the ward policy', () => assertExact(inputFromYaml(WARD_YAML, { host: '10.20.3.9' })))
test('the central station of the shipped policy', () => assertExact(shippedInput({ host: '202.114.4.119,2001:db8:3::119' })))
test('hosts of different zones in one text', () => assertExact(inputFromYaml(WARD_YAML, { host: '10.20.4.10,10.20.3.9,10.9.9.9' })))

test('random policies on a random host', () => {
  const host = fc.nat(15).map((n) => ({ host: `10.20.3.${n},2001:db8:3::${n.toString(16)}` }))
  fc.assert(fc.property(host.chain((options) => inputArb(options)), assertExact), { numRuns: 60 })
})

test('the reader notices a block that is gone and a port that moved', () => {
  const input = inputFromYaml(WARD_YAML, { host: '10.20.4.10' })
  const { text } = emitted(windowsFirewall.emit(input))
  const central = [{ low: 0x0a14040an, high: 0x0a14040an }]
  for (const [from, to] of [[/^.*no-ssh.*\n/m, ''], ["'515-520'", "'515-519'"]] as const) {
    const changed = text.replace(from, to)
    assert.notEqual(changed, text)
    assert.throws(() => assertSame(input.chains[4], readBack(changed, 4, true), { dst: central, proto: PROTOS[4] }))
  }
})

test('a denied zone is one rule for all protocols, not two hundred', () => {
  const { text, rules } = emitted(windowsFirewall.emit(inputFromYaml(WARD_YAML, { host: '10.20.3.9' })))
  const out = parse(text).filter((flags) => flags['DisplayName'] === "'Cordon out'")
  assert.deepEqual(out.map((flags) => flags['Protocol']), ['Any'])
  assert.equal(parse(text).length, rules)
})

test('refused: no host, a block, a name, an unknown option, a small budget', () => {
  assert.match(refusals(windowsFirewall.emit(inputFromYaml(WARD_YAML))), /option host is missing/)
  assert.match(refusals(windowsFirewall.emit(inputFromYaml(WARD_YAML, { host: '10.0.0.0/8' }))), /is a block, not a host/)
  assert.match(refusals(windowsFirewall.emit(inputFromYaml(WARD_YAML, { host: 'central' }))), /central is no address/)
  assert.match(refusals(windowsFirewall.emit(inputFromYaml(WARD_YAML, { ...CENTRAL, zone: 'x' }))), /unknown option zone/)
  assert.match(refusals(windowsFirewall.emit({ ...inputFromYaml(WARD_YAML, CENTRAL), ruleBudget: 9 })), /lines are needed and 9 are/)
})

test('a version without a host address is said to be uncovered', () => {
  const { notes, text } = emitted(windowsFirewall.emit(inputFromYaml(WARD_YAML, { host: '10.20.3.9' })))
  assert.ok(notes.some((note) => /No IPv6 address .* not judged/.test(note)))
  assert.equal(text.includes(':'), text.includes(' 3:'), 'no IPv6 address in the text')
})

test('rollback removes the group that every rule is in; same input, same bytes', () => {
  const input = inputFromYaml(WARD_YAML, CENTRAL)
  const { text, rollback } = emitted(windowsFirewall.emit(input))
  assert.ok(parse(text).every((flags) => flags['Group'] === "'cordon-ward-3'"))
  assert.match(rollback, /^Remove-NetFirewallRule -Group 'cordon-ward-3'$/m)
  assert.equal(new Set(parse(text).map((flags) => flags['Name'])).size, parse(text).length)
  assert.deepEqual(windowsFirewall.emit(input), windowsFirewall.emit(input))
})
