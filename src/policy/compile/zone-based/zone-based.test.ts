// The shared parts of the zone firewalls: ranges against brute force, statements in both forms, groups that contain themselves.
// Small universes, so that the obvious answer can be computed beside the clever one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertReadsBack, assertSameSets, v4 } from '../../../testing/zone-firewall-check.ts'
import type { Constraint, ValueRange } from '../../rules/model.ts'
import { fortiOs } from '../fortios/index.ts'
import { junosSrx } from '../junos-srx/index.ts'
import { panOs } from '../pan-os/index.ts'
import type { CompileInput, EmitResult, Target } from '../target.ts'
import { NameTable, commentText, namePrefix } from './naming.ts'
import {
  complementRanges, intersectRanges, maskRange, mergeRanges, numberRange, prefixRange, prefixText, rangePrefixes, spanRange, subtractRanges,
} from './ranges.ts'
import { groupResolver } from './reading.ts'
import { readStatements } from './statements.ts'
import { NO_ADDRESS, policyRules, subtractAddresses, type PolicyTerms } from './terms.ts'
import { treeOf } from './tree.ts'

const SPACE: ValueRange = { low: 0n, high: 31n }
const small = fc.array(fc.tuple(fc.nat(31), fc.nat(6))
  .map(([low, size]) => ({ low: BigInt(low), high: BigInt(Math.min(31, low + size)) })), { maxLength: 6 })

function members(ranges: readonly ValueRange[]): Set<number> {
  return new Set(ranges.flatMap((r) => Array.from({ length: Number(r.high - r.low) + 1 }, (_, i) => Number(r.low) + i)))
}

function every(test32: (value: number) => boolean): Set<number> {
  return new Set(Array.from({ length: 32 }, (_, i) => i).filter(test32))
}

test('merge, complement, meet and difference agree with sets of numbers', () => {
  fc.assert(fc.property(small, small, (a, b) => {
    const left = members(a)
    const right = members(b)
    assert.deepEqual(members(mergeRanges(a)), every((v) => left.has(v)))
    assert.deepEqual(members(complementRanges(a, SPACE)), every((v) => !left.has(v)))
    assert.deepEqual(members(intersectRanges(a, b)), every((v) => left.has(v) && right.has(v)))
    assert.deepEqual(members(subtractRanges(a, b, SPACE)), every((v) => left.has(v) && !right.has(v)))
  }))
})

test('merged ranges are sorted and never touch', () => {
  fc.assert(fc.property(small, (a) => {
    const merged = mergeRanges(a)
    assert.ok(merged.every((r, i) => i === 0 || (merged[i - 1]?.high ?? 0n) + 1n < r.low))
  }))
})

test('blocks of a range hold exactly the range', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.nat(5_000), (from, size) => {
    const range = { low: BigInt(from), high: BigInt(Math.min(0xffffffff, from + size)) }
    const blocks = rangePrefixes(4, range).map((p) => prefixRange(p)?.range ?? { low: 0n, high: -1n })
    assert.deepEqual(mergeRanges(blocks), [range])
    assert.equal(blocks.reduce((sum, b) => sum + b.high - b.low + 1n, 0n), range.high - range.low + 1n, 'no overlap')
  }))
})

test('address texts', () => {
  assert.deepEqual(prefixRange('10.1.2.3/24')?.range, { low: 0x0a010200n, high: 0x0a0102ffn }, 'host bits are cut')
  assert.equal(prefixText(4, { low: 0n, high: 0xffffffffn }), '0.0.0.0/0')
  assert.equal(prefixText(4, { low: 1n, high: 2n }), null)
  assert.deepEqual(maskRange('10.1.2.3', '255.255.255.0'), prefixRange('10.1.2.3/24'))
  assert.deepEqual(maskRange('0.0.0.0', '0.0.0.0'), prefixRange('0.0.0.0/0'))
  assert.deepEqual(maskRange('10.1.2.3', '255.255.255.255'), prefixRange('10.1.2.3'))
  for (const bad of ['', 'any', '10.1.2', '10.1.2.3/33', '10.1.2.3/', '::/129', '10.1.2.3/a']) assert.equal(prefixRange(bad), null, bad)
  assert.equal(maskRange('10.0.0.0', '255.0.255.0'), null, 'a mask with a hole')
  assert.equal(spanRange('10.0.0.9', '10.0.0.1'), null)
  assert.equal(spanRange('10.0.0.9', '::1'), null)
  assert.deepEqual(numberRange('10-20', 255n), { low: 10n, high: 20n })
  for (const bad of ['', '-', '20-10', '256', '1-2-3', 'x']) assert.equal(numberRange(bad, 255n), null, bad)
})

test('set form and curly form give the same statements', () => {
  const flat = readStatements('# remark\nset a b c\nset a b "d e"\nset a f [ g h ]\n\ndelete a b c\n')
  const curly = readStatements('a {\n  b { /* x\n */ "d e"; }\n  f [ g h ];\n  inactive: k { l; }\n}\n')
  assert.deepEqual(flat?.statements.map((s) => s.words), [['a', 'b', 'd e'], ['a', 'f', 'g'], ['a', 'f', 'h']])
  assert.deepEqual(curly?.statements.map((s) => s.words), flat?.statements.map((s) => s.words))
  assert.deepEqual(flat?.statements.map((s) => s.line), [3, 4, 4])
  assert.deepEqual(curly?.statements.map((s) => s.line), [3, 4, 4])
})

test('moves: before, after, top, bottom; what is not there is a problem', () => {
  const base = 'set r A x\nset r B x\nset r C x\n'
  const order = (line: string): string => [...new Set(readStatements(base + line)?.statements.map((s) => s.words[1]))].join('')
  assert.equal(order('move r C before B'), 'ACB')
  assert.equal(order('move r A after B'), 'BAC')
  assert.equal(order('move r C top'), 'CAB')
  assert.equal(order('move r A bottom'), 'BCA')
  assert.equal(order('move r D top'), 'ABC')
  assert.equal(readStatements(`${base}move r D top`)?.problems.length, 1)
})

test('unbalanced braces and endless words are problems, not crashes', () => {
  for (const text of ['a {', 'a { b; }}', `${'a {'.repeat(500)} b; ${'}'.repeat(500)}`, 'a { "open']) {
    assert.ok(readStatements(text)?.problems.length, text.slice(0, 20))
  }
  const long = readStatements(`set ${'w '.repeat(5_000)}`)
  assert.equal(treeOf(long?.statements ?? []).problems.length, 1)
  assert.equal(readStatements('nothing of the kind'), null)
})

test('a text of blanks alone is read in one pass', () => {
  const blanks = `${' '.repeat(300_000)}\n${'\t \n'.repeat(100_000)}`
  assert.equal(readStatements(blanks), null)
  assert.equal(readStatements(`${blanks}set a b`)?.statements.length, 1)
})

test('groups: each resolved once, a cycle becomes what stands for it', () => {
  const members32: Record<string, string[]> = { a: ['b', 'c'], b: ['c'], c: [], x: ['y'], y: ['x'] }
  let built = 0
  const resolve = groupResolver<string>((name, member) => {
    built++
    return `${name}(${(members32[name] ?? []).map(member).join()})`
  }, (name) => `cycle ${name}`)
  assert.equal(resolve('a'), 'a(b(c()),c())')
  assert.equal(built, 3)
  assert.equal(resolve('x'), 'x(y(cycle x))')
})

test('negation of an unknown member is unknown, and never the whole', () => {
  const why = { text: 'fqdn x', line: 7, reason: 'a name' }
  const set = { ...NO_ADDRESS, ranges: { 4: [{ low: 5n, high: 9n }], 6: [] }, unknown: [why] }
  assert.equal(subtractAddresses(set, NO_ADDRESS), null)
  const any = { set: { ...NO_ADDRESS, ranges: { 4: [{ low: 0n, high: 0xffffffffn }], 6: [] } }, negated: false }
  const terms: PolicyTerms = {
    line: 1, text: 'p', zones: [{ iif: null, oif: null }], src: { set, negated: true }, dst: any, unknown: [], action: { kind: 'permit' },
    services: [{ proto: null, sport: null, dport: null, icmpType: null, icmpCode: null, unknown: [] }],
  }
  const [rule] = policyRules(terms)
  assert.equal(rule?.matches[0]?.unknown[0]?.text, 'not fqdn x')
  assert.deepEqual(rule?.matches[0]?.fields[0]?.[1],
    { kind: 'ranges', ranges: [{ low: 0n, high: 4n }, { low: 10n, high: 0xffffffffn }], not: false })
})

test('names: short, deterministic, and without marks a command line would act on', () => {
  const input = { name: 'Ward 7; "beds"?', policyHash: 'ABCDEF0123456789', ruleBudget: null, options: {} }
  const chains = { 4: { name: 'a', rules: [], policy: 'deny' }, 6: { name: 'b', rules: [], policy: 'deny' } } as const
  assert.equal(namePrefix({ ...input, chains }), 'cordon-ward-7-beds-abcdef01')
  assert.equal(commentText('a "b" ? $c \n #d'), 'a _b_ _ _c _ _d')
  const table = new NameTable<number>('n')
  assert.deepEqual([table.of('x', 1), table.of('y', 2), table.of('x', 1)], ['n1', 'n2', 'n1'])
  assert.ok(namePrefix({ ...input, name: 'ö'.repeat(90), chains }).length <= 28)
})

const ONE_PORT: CompileInput = {
  name: 'canary', policyHash: '00112233', ruleBudget: null, options: {},
  chains: {
    4: {
      name: 'four', policy: 'deny',
      rules: [{
        line: 1, text: 'beds to core', family: 4, action: { kind: 'permit' },
        matches: [{ unknown: [], fields: [['src', only(v4('10.9.8.7'))], ['proto', only(6n)], ['dport', only(7001n)]] }],
      }],
    },
    6: { name: 'six', policy: 'deny', rules: [] },
  },
}

function only(value: bigint): Constraint {
  return { kind: 'ranges', ranges: [{ low: value, high: value }], not: false }
}

/** A compiler that writes something else than it was asked to. */
function wrong(target: Target, from: string, to: string): Target {
  return {
    ...target,
    emit: (input): EmitResult => {
      const emitted = target.emit(input)
      assert.ok(emitted.ok)
      assert.ok(emitted.value.text.includes(from), emitted.value.text)
      return { ok: true, value: { ...emitted.value, text: emitted.value.text.replace(from, to) } }
    },
  }
}

/** Target, words of its text, and words that widen or narrow it by one port, one address bit, one action. */
const CANARIES: readonly (readonly [Target, string, string])[] = [
  [junosSrx, 'destination-port 7001', 'destination-port 7001-7002'],
  [junosSrx, '10.9.8.7/32', '10.9.8.6/31'],
  [junosSrx, 'then permit', 'then deny'],
  [panOs, 'port 7001', 'port 7000-7001'],
  [panOs, '10.9.8.7/32', '10.9.8.6/31'],
  [panOs, 'action allow', 'action drop'],
  [fortiOs, 'tcp-portrange 7001', 'tcp-portrange 7001:1'],
  [fortiOs, '255.255.255.255', '255.255.255.254'],
  [fortiOs, 'set action accept', 'set action deny'],
]
for (const [target, from, to] of CANARIES) {
  test(`${target.id}: the validation notices "${to}"`, () => {
    assertSameSets(target, ONE_PORT)
    assertReadsBack(target, ONE_PORT, 1)
    assert.throws(() => assertSameSets(wrong(target, from, to), ONE_PORT), { name: 'AssertionError' })
  })
}
