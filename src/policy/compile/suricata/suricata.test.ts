// Suricata: the rules, read back as a set without order, alert on exactly the packets that the policy denies.
// Keeps the reader apart from the emitter: it knows rule headers and four options, and nothing of plans.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePrefix, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { assertSame, assertSameSets, emitted, firstMatch, inputArb, inputFromYaml, inputOf, refusals, shippedInput, WARD_YAML,
  type ReadBack, type ReadMatch } from '../../../testing/emit-check.ts'
import { suricata } from './index.ts'

const RULE = /^alert (ip|tcp|udp|sctp) \[(\S+)\] any -> \[(\S+)\] (any|\[\S+\]) \(((?:[a-z_]+:[^;]+; ?)+)\)$/
const OPTIONS = new Set(['msg', 'flow', 'ip_proto', 'itype', 'threshold', 'metadata', 'sid', 'rev'])
const PROTOCOLS: Readonly<Record<string, bigint>> = { tcp: 6n, udp: 17n, sctp: 132n }

interface Rule {
  readonly version: IpVersion
  readonly match: ReadMatch
  readonly options: readonly (readonly [string, string])[]
}

function parse(text: string): readonly Rule[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    assert.ok(line.length < 8192, 'Suricata refuses longer rules')
    const [, head = '', from = '', to = '', ports = '', tail = ''] = RULE.exec(line) ?? assert.fail(line)
    const options = [...tail.matchAll(/([a-z_]+):([^;]+); ?/g)].map((m) => [m[1] ?? '', m[2] ?? ''] as const)
    assert.ok(options.every(([key]) => OPTIONS.has(key)), line)
    const itype = options.find(([key]) => key === 'itype')?.[1]
    const proto = protocols(head, options)
    const match = {
      src: blocks(from), dst: blocks(to), ...(proto && { proto }),
      ...(ports === 'any' ? {} : { dport: ports.slice(1, -1).split(',').map(ends) }),
      ...(itype === undefined ? {} : { icmpType: [ends(itype)] }),
    }
    return { version: from.includes(':') ? 6 : 4, match, options }
  })
}

/** Of the header and of ip_proto, where many negated ones stand together. null: all. */
function protocols(head: string, options: Rule['options']): readonly ValueRange[] | null {
  if (head !== 'ip') return [{ low: PROTOCOLS[head] ?? 0n, high: PROTOCOLS[head] ?? 0n }]
  const words = options.filter(([key]) => key === 'ip_proto').map(([, value]) => value)
  const not = new Set(words.filter((word) => word.startsWith('!')).map((word) => Number(word.slice(1))))
  if (not.size !== words.length) assert.equal(words.length, 1, 'a protocol that is not negated stands alone')
  if (words.length === 0) return null
  const only = not.size === 0 ? Number(words[0]) : null
  return Array.from({ length: 256 }, (_, i) => i).filter((i) => (only === null ? !not.has(i) : i === only))
    .map((i) => ({ low: BigInt(i), high: BigInt(i) }))
}

function blocks(text: string): ValueRange[] {
  return text.split(',').map((item) => {
    const parsed = parsePrefix(item)
    assert.ok(parsed.ok, item)
    const { version, network, length } = parsed.value
    return { low: network, high: network + (1n << BigInt((version === 4 ? 32 : 128) - length)) - 1n }
  })
}

function ends(text: string): ValueRange {
  const [low = '', high = low] = text.split(':')
  return { low: BigInt(low), high: BigInt(high) }
}

function readBack(text: string, version: IpVersion): ReadBack {
  const matches = parse(text).filter((rule) => rule.version === version).map((rule) => rule.match)
  // Any alert is a denial, and none is an allowance: order plays no part.
  return firstMatch(matches.map((match) => ({ ...match, permit: false })), true)
}

function assertExact(input: CompileInput): void {
  const { text } = emitted(suricata.emit(input))
  for (const version of [4, 6] as const) assert.ok(assertSame(input.chains[version], readBack(text, version)) > 0)
}

test('the ward policy: an alert for what is denied and for nothing else, every cell', () => assertExact(inputFromYaml(WARD_YAML)))
test('the shipped policy on a ward', () => assertExact(shippedInput()))
test('packet sets say the same of both', () => {
  for (const input of [inputFromYaml(WARD_YAML), shippedInput()]) {
    const { text } = emitted(suricata.emit(input))
    for (const version of [4, 6] as const) assertSameSets(input.chains[version], version, readBack(text, version))
  }
})

test('random policies', () => fc.assert(fc.property(inputArb(), assertExact), { numRuns: 25 }))

test('the reader notices a rule that is gone and a port that moved', () => {
  const input = inputFromYaml(WARD_YAML)
  const { text } = emitted(suricata.emit(input))
  for (const [from, to] of [[/^.*denied by no-ssh.*\n/m, ''], ['[22]', '[23]']] as const) {
    const changed = text.replace(from, to)
    assert.notEqual(changed, text)
    assert.throws(() => assertSame(input.chains[4], readBack(changed, 4)), /policy (?:permits|denies)/)
  }
})

test('signature ids are unique, in one block, by name or by option', () => {
  const sids = (input: CompileInput): number[] => parse(emitted(suricata.emit(input)).text)
    .flatMap((rule) => rule.options.filter(([key]) => key === 'sid').map(([, value]) => Number(value)))
  const byName = sids(inputFromYaml(WARD_YAML))
  assert.equal(new Set(byName).size, byName.length)
  assert.equal((byName[0] ?? 1) % 1000, 0)
  assert.ok((byName[0] ?? 0) >= 1_000_000 && (byName.at(-1) ?? 0) <= 1_999_999)
  assert.equal(sids(inputFromYaml(WARD_YAML, { sid: '1234000' }))[0], 1_234_000)
  assert.deepEqual(sids(inputFromYaml(WARD_YAML)), byName)
})

test('TCP, UDP and ICMP look at the side that opened the flow; nothing is matched by content', () => {
  for (const { match, options } of parse(emitted(suricata.emit(shippedInput())).text)) {
    const withFlow = match.proto?.length === 1 && [1n, 6n, 17n, 58n].includes(match.proto[0]?.low ?? 0n)
    assert.deepEqual(options.filter(([key]) => key === 'flow').map(([, value]) => value), withFlow ? ['to_server'] : [])
    assert.equal(options.filter(([key]) => key === 'threshold').length, 1)
  }
})

test('long address lists are cut into rules that Suricata takes', () => {
  const dst = Array.from({ length: 150 }, (_, i) => ({ low: BigInt(i * 4), high: BigInt(i * 4) }))
  const fields = [['dst', { kind: 'ranges', ranges: dst, not: false }]]
  const rule = { line: 1, text: 'many', family: 4, matches: [{ fields, unknown: [] }] }
  const chain = { name: 'x', policy: 'permit', rules: [{ ...rule, action: { kind: 'deny', reject: false } }] }
  const input = inputOf({ 4: chain, 6: { ...chain, rules: [] } } as unknown as CompileInput['chains'])
  assert.ok(parse(emitted(suricata.emit(input)).text).length >= 3)
  assertExact(input)
})

test('refused: a wrong sid, an unknown option, a budget that is too small', () => {
  for (const sid of ['1', '1999001', 'x', '2000000']) {
    assert.match(refusals(suricata.emit(inputFromYaml(WARD_YAML, { sid }))), /option sid is a number/)
  }
  assert.match(refusals(suricata.emit(inputFromYaml(WARD_YAML, { home: 'x' }))), /unknown option home/)
  assert.match(refusals(suricata.emit({ ...inputFromYaml(WARD_YAML), ruleBudget: 2 })), /^\d+ lines are needed and 2 are allowed/)
})

test('messages name policy and conduit; the rollback holds no rule; same input, same bytes', () => {
  const input = inputFromYaml(WARD_YAML)
  const { text, rollback } = emitted(suricata.emit(input))
  assert.match(text, /msg:"Cordon ward 3, denied by out"/)
  assert.match(rollback, /^#[^\n]*\n$/)
  assert.deepEqual(suricata.emit(input), suricata.emit(input))
})
