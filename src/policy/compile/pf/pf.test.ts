// pf: the anchor, read back by a small reader of pf.conf, decides every packet as the policy does.
// Keeps the reader apart from the emitter: it knows tables, braces and quick rules, and nothing of plans.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePrefix, type IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { assertSame, assertSameSets, emitted, firstMatch, inputArb, inputFromYaml, inputOf, refusals, shippedInput, WARD_YAML,
  type ReadBack, type ReadMatch } from '../../../testing/emit-check.ts'
import { pf } from './index.ts'

const RULE = new RegExp(String.raw`^(?<verb>pass|block drop) in quick(?: on (?<on>\S+))? (?<family>inet6?)(?: proto (?<proto>\S+))?`
  + String.raw` from (?<src>any|<\w+>) to (?<dst>any|<\w+>)(?: port \{ (?<port>[^}]+) \})?(?: icmp6?-type \{ (?<type>[^}]+) \})?`
  + String.raw`(?<flags> flags S/SA)?(?<state> keep state)? label "(?<label>[^"]{1,63})"$`)
const PROTOCOLS: Readonly<Record<string, bigint>> = { icmp: 1n, tcp: 6n, udp: 17n, icmp6: 58n }

interface PfText {
  readonly tables: ReadonlyMap<string, readonly ValueRange[]>
  readonly rules: readonly Readonly<Record<string, string | undefined>>[]
}

/** Every line is a comment, part of a table or a rule; else a failure. */
function parse(text: string): PfText {
  const tables = new Map<string, ValueRange[]>()
  const rules: Record<string, string | undefined>[] = []
  let open: ValueRange[] | null = null
  for (const line of text.split('\n').filter((l) => l !== '' && !l.startsWith('#'))) {
    const head = /^table <(\w{1,31})> const \{$/.exec(line)
    if (head !== null) tables.set(head[1] ?? '', (open = []))
    else if (open !== null && line === '}') open = null
    else if (open !== null) open.push(block(line.trim()))
    else rules.push(RULE.exec(line)?.groups ?? assert.fail(line))
  }
  return { tables, rules }
}

function block(text: string): ValueRange {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok, text)
  const { version, network, length } = parsed.value
  return { low: network, high: network + (1n << BigInt((version === 4 ? 32 : 128) - length)) - 1n }
}

function items(text: string): ValueRange[] {
  return text.split(', ').map((item) => {
    const [low = '', high = low] = item.split(':')
    return { low: BigInt(low), high: BigInt(high) }
  })
}

function readBack(text: string, version: IpVersion): ReadBack {
  const { tables, rules } = parse(text)
  const own = rules.filter((rule) => rule['family'] === (version === 4 ? 'inet' : 'inet6'))
  return firstMatch(own.map((rule) => ({ ...matchOf(rule, tables), permit: rule['verb'] === 'pass' })), true)
}

function matchOf(rule: Readonly<Record<string, string | undefined>>, tables: PfText['tables']): ReadMatch {
  const address = (text: string | undefined): readonly ValueRange[] | null => {
    if (text === undefined || text === 'any') return null
    return tables.get(text.slice(1, -1)) ?? assert.fail(`no table ${text}`)
  }
  const proto = rule['proto'] === undefined ? undefined : PROTOCOLS[rule['proto']] ?? BigInt(rule['proto'])
  const src = address(rule['src'])
  const dst = address(rule['dst'])
  return {
    ...(proto === undefined ? {} : { proto: [{ low: proto, high: proto }] }),
    ...(src === null ? {} : { src }),
    ...(dst === null ? {} : { dst }),
    ...(rule['port'] === undefined ? {} : { dport: items(rule['port']) }),
    ...(rule['type'] === undefined ? {} : { icmpType: items(rule['type']) }),
  }
}

/** ICMP of the other family never gets as far as the rules. */
const JUDGED: Readonly<Record<IpVersion, ReadMatch>> = {
  4: { proto: [{ low: 0n, high: 57n }, { low: 59n, high: 255n }] },
  6: { proto: [{ low: 0n, high: 0n }, { low: 2n, high: 255n }] },
}

function assertExact(input: CompileInput): void {
  const { text } = emitted(pf.emit(input))
  for (const version of [4, 6] as const) assert.ok(assertSame(input.chains[version], readBack(text, version), JUDGED[version]) > 0)
}

test('the ward policy means the same as text, both versions, every cell', () => assertExact(inputFromYaml(WARD_YAML)))
test('the shipped policy on a ward means the same as text', () => assertExact(shippedInput()))
test('packet sets say the same of both', () => {
  for (const input of [inputFromYaml(WARD_YAML), shippedInput()]) {
    const { text } = emitted(pf.emit(input))
    for (const version of [4, 6] as const) assertSameSets(input.chains[version], version, readBack(text, version), JUDGED[version])
    const spoiled = text.replace(/^.*(?:vitals|bedside-vitals)"\n/m, '')
    assert.notEqual(spoiled, text)
    assert.throws(() => assertSameSets(input.chains[4], 4, readBack(spoiled, 4), JUDGED[4]), /wider: /)
  }
})

test('so do random policies', () => fc.assert(fc.property(inputArb(), assertExact), { numRuns: 200 }))

test('the reader notices a rule that is gone, a port more, and an address more', () => {
  const input = inputFromYaml(WARD_YAML)
  const { text } = emitted(pf.emit(input))
  const spoil = (from: string | RegExp, to: string): void => {
    const changed = text.replace(from, to)
    assert.notEqual(changed, text)
    assert.throws(() => assertSame(input.chains[4], readBack(changed, 4), JUDGED[4]), /policy (?:permits|denies)/)
  }
  spoil(/^.*no-ssh"\n/m, '')
  spoil('515:520', '515:521')
  spoil('10.20.4.10/32', '10.20.4.10/31')
})

test('every pass rule makes state and starts TCP with a SYN; no block rule does', () => {
  for (const rule of parse(emitted(pf.emit(shippedInput())).text).rules) {
    assert.equal(rule['state'] !== undefined, rule['verb'] === 'pass')
    assert.equal(rule['flags'] !== undefined, rule['verb'] === 'pass' && rule['proto'] === 'tcp')
  }
})

test('no line that pfctl refuses: ICMP of the other family, tables of both families, long names', () => {
  const input = { ...inputFromYaml(WARD_YAML), name: 'a ward with a name that is longer than pf takes for its tables' }
  const { tables, rules } = parse(emitted(pf.emit(input)).text)
  assert.ok(tables.size > 4)
  for (const rule of rules) assert.ok(!(rule['family'] === 'inet' ? ['icmp6', '58'] : ['icmp', '1']).includes(rule['proto'] ?? ''))
  for (const [name, ranges] of tables) {
    const wide = ranges.some((range) => range.high > 0xffffffffn)
    assert.equal(wide, name.includes('_v6_'), name)
    assert.ok(ranges.length > 0, 'an empty table would match nothing')
  }
  const used = rules.flatMap((rule) => [rule['src'], rule['dst']]).filter((name) => name !== 'any')
  assert.deepEqual(new Set(used), new Set([...tables.keys()].map((name) => `<${name}>`)))
})

test('the option interface stands on every rule, and is checked', () => {
  const { text } = emitted(pf.emit(inputFromYaml(WARD_YAML, { interface: 'igb1' })))
  assert.ok(parse(text).rules.every((rule) => rule['on'] === 'igb1'))
  assert.match(refusals(pf.emit(inputFromYaml(WARD_YAML, { interface: 'igb1 all\npass' }))), /no interface name/)
  assert.match(refusals(pf.emit(inputFromYaml(WARD_YAML, { iface: 'igb1' }))), /unknown option iface; options are interface/)
})

function oneRule(proto: bigint, more: readonly (readonly [string, readonly ValueRange[]])[] = []): CompileInput {
  const fields = [['proto', [{ low: proto, high: proto }]] as const, ...more]
    .map(([field, ranges]) => [field, { kind: 'ranges', ranges, not: false }] as const)
  const chain = { name: 'x', policy: 'deny', rules: [
    { line: 1, text: 'lab', family: null, matches: [{ fields, unknown: [] }], action: { kind: 'permit' } },
  ] }
  return inputOf({ 4: chain, 6: chain } as unknown as CompileInput['chains'])
}

test('refused by name: ports of SCTP, protocol 0, a budget that is too small', () => {
  assert.match(refusals(pf.emit(oneRule(132n, [['dport', [{ low: 5n, high: 5n }]]]))), /rule lab: .*SCTP/)
  assert.match(refusals(pf.emit(oneRule(0n))), /rule lab: protocol 0/)
  assert.match(refusals(pf.emit({ ...inputFromYaml(WARD_YAML), ruleBudget: 3 })), /lines are needed and 3 are allowed/)
})

test('ICMP types and other protocols are kept by number', () => {
  assertExact(oneRule(1n, [['icmpType', [{ low: 3n, high: 4n }, { low: 8n, high: 8n }]]]))
  assertExact(oneRule(58n, [['icmpType', [{ low: 128n, high: 129n }]]]))
  assertExact(oneRule(47n))
})

test('rollback flushes the rules and tables of the same anchor', () => {
  const { text, rollback } = emitted(pf.emit(inputFromYaml(WARD_YAML)))
  const anchor = /pfctl -a (\S+) -f FILE/.exec(text)?.[1]
  assert.equal(anchor, 'cordon/cordon-ward-3')
  const commands = rollback.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  assert.deepEqual(commands, [`pfctl -a ${anchor} -F rules`, `pfctl -a ${anchor} -F Tables`])
})

test('the same input gives the same bytes, with the hash of the policy in them', () => {
  const input = shippedInput()
  assert.deepEqual(pf.emit(input), pf.emit(input))
  assert.ok(emitted(pf.emit(input)).text.includes(input.policyHash))
})
