// NAC: the list, read back by a small reader of access lists, decides every packet of the zone as the policy does.
// Keeps the reader apart from the emitter: it knows lines with wildcards, and nothing of plans.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipValue, parsePrefix, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { assertSame, assertSameSets, emitted, firstMatch, inputArb, inputFromYaml, ip, refusals, WARD_YAML,
  type ReadBack, type ReadMatch } from '../../../testing/emit-check.ts'
import { nacDacl } from './index.ts'

const PROTOCOLS: Readonly<Record<string, Readonly<Record<IpVersion, bigint>>>> = {
  icmp: { 4: 1n, 6: 58n }, igmp: { 4: 2n, 6: 2n }, tcp: { 4: 6n, 6: 6n }, udp: { 4: 17n, 6: 17n },
}

function readBack(text: string, version: IpVersion): ReadBack {
  const [remark = '', ...lines] = text.trimEnd().split('\n')
  assert.match(remark, /^remark Cordon policy /)
  return firstMatch(lines.map((line) => readLine(line.split(' '), version)), false)
}

function readLine(words: string[], version: IpVersion): ReadMatch & { readonly permit: boolean } {
  const line = words.join(' ')
  const [verb, protocol = '', source] = words.splice(0, 3)
  assert.ok((verb === 'permit' || verb === 'deny') && source === 'any', line)
  const all = protocol === (version === 4 ? 'ip' : 'ipv6')
  const proto = PROTOCOLS[protocol]?.[version] ?? (all ? 0n : BigInt(protocol))
  const dst = destination(words, version)
  const sub = service(words)
  assert.deepEqual(words, [], `left over in: ${line}`)
  const field = proto === 1n || proto === 58n ? 'icmpType' : 'dport'
  return {
    permit: verb === 'permit', ...(all ? {} : { proto: [{ low: proto, high: proto }] }), ...(dst && { dst: [dst] }),
    ...(sub && { [field]: [sub] }),
  }
}

function destination(words: string[], version: IpVersion): ValueRange | null {
  const first = words.shift() ?? ''
  if (first === 'any') return null
  if (first === 'host') return { low: ipValue(ip(words[0] ?? '')), high: ipValue(ip(words.shift() ?? '')) }
  if (version === 4) {
    const low = ipValue(ip(first))
    const wildcard = ipValue(ip(words.shift() ?? ''))
    assert.ok((wildcard & (wildcard + 1n)) === 0n && (low & wildcard) === 0n, 'a wildcard, not a mask')
    return { low, high: low | wildcard }
  }
  const parsed = parsePrefix(first)
  assert.ok(parsed.ok, first)
  return { low: parsed.value.network, high: parsed.value.network + (1n << BigInt(128 - parsed.value.length)) - 1n }
}

function service(words: string[]): ValueRange | null {
  const word = words.shift()
  if (word === undefined) return null
  if (word === 'range') return { low: BigInt(words.shift() ?? ''), high: BigInt(words.shift() ?? '') }
  const value = BigInt(word === 'eq' ? words.shift() ?? '' : word)
  return { low: value, high: value }
}

const WARD = { source: '10.20.3.0/24,2001:db8:3::/64' }
const SOURCE: Readonly<Record<IpVersion, ReadMatch>> = {
  4: { src: [{ low: 0x0a140300n, high: 0x0a1403ffn }] },
  6: { src: [{ low: 0x20010db8000300000000000000000000n, high: 0x20010db800030000ffffffffffffffffn }] },
}

test('the ward policy for the ward, both versions, every cell', () => {
  for (const version of [4, 6] as const) {
    const input = { ...inputFromYaml(WARD_YAML, { ...WARD, family: String(version) }), ruleBudget: 5000 }
    const read = readBack(emitted(nacDacl.emit(input)).text, version)
    assertSame(input.chains[version], read, SOURCE[version])
    assertSameSets(input.chains[version], version, read, SOURCE[version])
  }
})

/** Random rules on sources of four addresses: whole or not at all, so that most are accepted. */
test('random policies: exact for the zone, or refused', () => {
  let exact = 0
  const source = { low: 0x0a140300n, high: 0x0a140303n }
  fc.assert(fc.property(inputArb({ source: '10.20.3.0/30', returns: 'drop' }), (made) => {
    const input: CompileInput = { ...made, ruleBudget: 1000 }
    const result = nacDacl.emit(input)
    if (!result.ok) return assert.match(result.refused.join(), /concerns only a part of the source/)
    exact++
    assertSame(input.chains[4], readBack(result.value.text, 4), { src: [source] })
  }), { numRuns: 200 })
  assert.ok(exact > 20, `${exact} were accepted`)
})

test('lines are what a switch reads, and the shortest that say it', () => {
  const { text } = emitted(nacDacl.emit({ ...inputFromYaml(`
version: 1
name: ward
zones:
  - { name: ward-3, kind: medical, prefixes: [10.20.3.0/24] }
  - { name: central, kind: medical, prefixes: [10.20.4.10/32, 10.20.5.0/24] }
conduits:
  - { name: vitals, from: ward-3, to: central, services: [cms8000], action: allow, fail: open, reason: beds }
  - { name: out, from: ward-3, to: internet, services: [any], action: deny, fail: closed, reason: CISA }
`, { source: '10.20.3.0/24' }) }))
  assert.deepEqual(text.split('\n').slice(1), [
    'permit tcp any host 10.20.4.10 range 515 520', 'permit tcp any 10.20.5.0 0.0.0.255 range 515 520', 'deny ip any any', '',
  ])
})

test('the reader notices a line that is gone, tried on every tenth', () => {
  const input = { ...inputFromYaml(WARD_YAML, WARD), ruleBudget: 1000 }
  const lines = emitted(nacDacl.emit(input)).text.trimEnd().split('\n')
  for (const [i, line] of lines.entries()) {
    if (!line.startsWith('permit') || i % 10 !== 1) continue
    const without = `${lines.filter((_, j) => j !== i).join('\n')}\n`
    assert.throws(() => assertSame(input.chains[4], readBack(without, 4), SOURCE[4]), /policy permits/, line)
  }
})

test('the budget is forty lines; more are refused with their number', () => {
  assert.match(refusals(nacDacl.emit(inputFromYaml(WARD_YAML, WARD))), /^\d+ lines are needed and 40 are allowed; nothing was left out/)
})

const INBOUND = `${WARD_YAML.replace('default: deny', '')}
  - { name: ping, from: central, to: ward-3, services: [icmp], action: allow, fail: open, reason: ping }
default: deny
`

test('flows towards the device are refused by name, or dropped when asked', () => {
  assert.match(refusals(nacDacl.emit({ ...inputFromYaml(INBOUND, WARD), ruleBudget: 1000 })), /rule ping: .*returns=drop/)
  const input = { ...inputFromYaml(INBOUND, { ...WARD, returns: 'drop' }), ruleBudget: 1000 }
  const { notes, text } = emitted(nacDacl.emit(input))
  assert.ok(notes.some((note) => note.includes('dropped unless a line permits them: ping')))
  assertSame(input.chains[4], readBack(text, 4), SOURCE[4])
})

test('refused: no source, a source across zones, wrong options', () => {
  const reasons = (options: Readonly<Record<string, string>>): string => refusals(nacDacl.emit(inputFromYaml(WARD_YAML, options)))
  assert.match(reasons({}), /option source is missing/)
  assert.match(reasons({ source: '10.20.0.0/16' }), /concerns only a part of the source/)
  assert.match(reasons({ source: '10.20.3.0/24', family: '6' }), /the zone has no IPv6 address/)
  assert.match(reasons({ ...WARD, family: '5' }), /family is 4 or 6/)
  assert.match(reasons({ ...WARD, returns: 'permit' }), /returns is refuse or drop/)
  assert.match(reasons({ ...WARD, zone: 'ward-3' }), /unknown option zone/)
})

test('the other version is said to be uncovered; rollback is a remark; same input, same bytes', () => {
  const input = { ...inputFromYaml(WARD_YAML, WARD), ruleBudget: 1000 }
  const { notes, rollback } = emitted(nacDacl.emit(input))
  assert.ok(notes.some((note) => /IPv6 of the devices is not judged/.test(note)))
  assert.match(rollback, /^remark Rollback of cordon-ward-3: /)
  assert.deepEqual(nacDacl.emit(input), nacDacl.emit(input))
})
