// Translation validation: what the compiler writes means the policy, by our text reader, and by the kernel and our JSON reader.
// Keeps "never wider than the policy": equality of packet sets, not of strings, for random chains of both families.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IpVersion } from '../../../base/ip.ts'
import { assertMeans as assertPermits, chain, input, ranges, rule, WARD, type Errors } from '../../../testing/stateful-check.ts'
import type { Chain, Config, Constraint, Field, Match } from '../../rules/model.ts'
import type { CompileInput, Emitted } from '../target.ts'
import { nftables, readNftJson } from './index.ts'
import { tableName } from './emit.ts'

/** nftables lets errors of either protocol pass in both families. */
const ERRORS: Errors = () => [1n, 58n]

function assertMeans(plan: CompileInput, config: Config | null): void {
  assertPermits(plan, config, ERRORS)
}

function emitted(plan: CompileInput): Emitted {
  const result = nftables.emit(plan)
  assert.ok(result.ok, result.ok ? '' : result.refused.join('; '))
  return result.value
}

test('the ward policy reads back as itself, with a header that a reviewer can trace', () => {
  const { text, rollback, rules, notes } = emitted(WARD)
  assertMeans(WARD, nftables.read?.(text, 'ward.nft').config ?? null)
  assert.match(text, /SHA-256 (?:ab){32}/)
  assert.match(text, /^table inet cordon_ward_3 \{$/m)
  assert.equal(rollback, 'delete table inet cordon_ward_3\n')
  assert.ok(rules > 5 && notes.some((note) => note.includes('IPv6')))
  assert.ok(!text.includes('factory "'), 'quotes and line ends of names do not reach the text')
  assert.ok(text.endsWith('}\n'))
})

test('the same plan gives the same text', () => {
  assert.equal(emitted(WARD).text, emitted(structuredClone(WARD)).text)
})

test('names of policies become names of tables', () => {
  assert.equal(tableName('Ward 3 / fwd'), 'cordon_ward_3_fwd')
  assert.equal(tableName(''), 'cordon_')
  assert.equal(tableName('x'.repeat(300)).length, 64)
})

test('many addresses become one named set that both rules use', () => {
  const many = ranges(...Array.from({ length: 40 }, (_, i) => [BigInt(i) * 16n, BigInt(i) * 16n + 4n] as const))
  const plan = input(chain('deny', rule(true, 'a', [['src', many]]), rule(true, 'b', [['dst', many], ['proto', ranges([6n, 6n])]])),
    chain('deny'))
  const { text } = emitted(plan)
  assert.equal(text.match(/^\tset /gm)?.length, 1)
  assertMeans(plan, nftables.read?.(text, 'x').config ?? null)
})

test('input and output are written when asked for', () => {
  const { text, notes } = emitted(input(WARD.chains[4], WARD.chains[6], { hooks: 'output,forward' }))
  assert.match(text, /hook output priority filter; policy drop;\n\t\toifname "lo" accept/)
  assert.ok(notes.some((note) => note.includes('neighbour discovery')))
  assertMeans(WARD, nftables.read?.(text, 'x').config ?? null)
})

test('what has no exact text is refused with the reason', () => {
  const refusals: readonly (readonly [CompileInput, RegExp])[] = [
    [input(chain('deny', rule(true, 'm', [['src', { kind: 'masks', masks: [{ value: 1n, mask: 1n }], not: false }]])), chain('deny')),
      /bit masks/],
    [input(chain('deny', rule(true, 's', [['state', ranges([0n, 0n])]])), chain('deny')), /state/],
    [input(chain('deny', { ...rule(true, 'j', []), action: { kind: 'jump', chain: 'x' } }), chain('deny')), /not jump/],
    [{ ...WARD, ruleBudget: 3 }, /3 are allowed/],
    [input(chain('deny'), chain('deny'), { hooks: 'fwd' }), /"fwd"/],
    [input(chain('deny', { ...rule(true, 'u'), matches: [{ fields: [], unknown: [{ text: 'x', line: 1, reason: 'y' }] }] }), chain('deny')),
      /not known/],
  ]
  for (const [plan, reason] of refusals) {
    const result = nftables.emit(plan)
    assert.ok(!result.ok)
    assert.match(result.refused.join('; '), reason)
  }
})

test('impossible matches are left out: a port of ICMP permits nothing', () => {
  const plan = input(chain('deny', rule(true, 'odd', [['proto', ranges([1n, 1n])], ['dport', ranges([80n, 80n])]], [['src', ranges()]])),
    chain('deny'))
  assertMeans(plan, nftables.read?.(emitted(plan).text, 'x').config ?? null)
})

/** Few values, so that rules of one chain meet. */
function someRanges(max: bigint, pool: readonly bigint[]): fc.Arbitrary<Constraint> {
  const value = fc.constantFrom(...pool.filter((v) => v <= max))
  const range = fc.tuple(value, value).map(([a, b]) => (a < b ? { low: a, high: b } : { low: b, high: a }))
  return fc.record({ kind: fc.constant('ranges' as const), ranges: fc.array(range, { maxLength: 12 }), not: fc.boolean() })
}

const V4_POOL = [0n, 1n, 0x0a000000n, 0x0a0000ffn, 0x0a000100n, 0xca720477n, 0xca7204ffn, 0xffffffffn]
const V6_POOL = [0n, 1n, 0xfd00n << 112n, (0xfd00n << 112n) | 0xffffn, (0xfd01n << 112n) - 1n, (1n << 128n) - 1n]

function someMatch(version: IpVersion): fc.Arbitrary<Match> {
  const addresses = someRanges((1n << 128n) - 1n, version === 4 ? V4_POOL : V6_POOL)
  const fields: readonly fc.Arbitrary<readonly [Field, Constraint]>[] = [
    addresses.map((c) => ['src', c] as const), addresses.map((c) => ['dst', c] as const),
    someRanges(255n, [0n, 1n, 6n, 17n, 58n, 132n, 255n]).map((c) => ['proto', c] as const),
    someRanges(65535n, [0n, 53n, 515n, 520n, 65535n]).map((c) => ['dport', c] as const),
    someRanges(255n, [0n, 8n, 128n, 255n]).map((c) => ['icmpType', c] as const),
  ]
  return fc.array(fc.oneof(...fields), { maxLength: 4 }).map((list) => ({ fields: list, unknown: [] }))
}

function someChain(version: IpVersion): fc.Arbitrary<Chain> {
  const someRule = fc.record({
    line: fc.constant(0), text: fc.constant('conduit'), family: fc.constantFrom(null, version),
    matches: fc.array(someMatch(version), { maxLength: 3 }),
    action: fc.boolean().map((permit) => (permit ? { kind: 'permit' as const } : { kind: 'deny' as const, reject: false })),
  })
  return fc.record({ name: fc.constant('ward'), rules: fc.array(someRule, { maxLength: 5 }),
    policy: fc.constantFrom('permit' as const, 'deny' as const) })
}

const somePlan = fc.tuple(someChain(4), someChain(6)).map(([v4, v6]) => input(v4, v6))

test('any plan reads back as itself', () => {
  fc.assert(fc.property(somePlan, (plan) => { assertMeans(plan, nftables.read?.(emitted(plan).text, 'x').config ?? null) }),
    { numRuns: 60 })
})

/** Needs the nft program and a kernel that gives a user namespace with its own network. */
const KERNEL_MISSING: string | false = spawnSync('unshare', ['-rn', 'nft', 'list', 'ruleset']).status === 0 ? false
  : 'no nft in an own network namespace here'

function inKernel(text: string, rollback: string): { json: string; after: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-nft-'))
  try {
    fs.writeFileSync(path.join(folder, 'policy.nft'), text)
    fs.writeFileSync(path.join(folder, 'rollback.nft'), rollback)
    // Loaded twice: the text replaces an earlier version of itself.
    const load = ['nft -c -f policy.nft', 'nft -f policy.nft', 'nft -f policy.nft', 'nft -j list ruleset']
    const script = [...load, 'nft -f rollback.nft', 'nft list ruleset'].join(' && ')
    const [json = '', ...after] = execFileSync('unshare', ['-rn', 'sh', '-c', script],
      { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).split('\n')
    return { json, after: after.join('\n').trim() }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

test('the kernel takes the text, says the policy back as JSON, and the rollback leaves nothing', { skip: KERNEL_MISSING }, () => {
  const { text, rollback } = emitted(WARD)
  const { json, after } = inKernel(text, rollback)
  assertMeans(WARD, readNftJson(json, 'kernel').config)
  assert.equal(after, '')
})

test('any plan survives the kernel', { skip: KERNEL_MISSING }, () => {
  fc.assert(fc.property(somePlan, (plan) => {
    const { text, rollback } = emitted(plan)
    const { json, after } = inKernel(text, rollback)
    assertMeans(plan, readNftJson(json, 'kernel').config)
    assert.equal(after, '')
  }), { numRuns: 15 })
})

test('the check can fail: one port more is seen', () => {
  const { text } = emitted(WARD)
  assert.throws(() => { assertMeans(WARD, nftables.read?.(text.replace('515-520', '515-521'), 'x').config ?? null) }, /wider/)
  assert.throws(() => { assertMeans(WARD, nftables.read?.(text.replace('515-520', '515-519'), 'x').config ?? null) }, /narrower/)
})
