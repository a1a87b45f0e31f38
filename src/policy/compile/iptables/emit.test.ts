// Translation validation: what the compiler writes means the policy, by our reader, and after real restore programs have loaded it.
// Keeps "never wider than the policy": equality of packet sets, not of strings, for random chains of both families.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { emitted, refusals, shippedInput } from '../../../testing/emit-check.ts'
import { assertMeans, chain, input, ranges, rule, WARD, type Errors } from '../../../testing/stateful-check.ts'
import type { Config, Constraint } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { composeChain } from '../../sets/compose.ts'
import { nftables } from '../nftables/index.ts'
import type { CompileInput, Emitted } from '../target.ts'
import { compileInput } from '../text/emit-arbitraries.test.ts'
import { chainName } from './emit.ts'
import { iptables, readIptables } from './index.ts'

const OWN_ICMP: Errors = (version) => [version === 4 ? 1n : 58n]

function made(plan: CompileInput): Emitted {
  return emitted(iptables.emit(plan))
}

function readBack(text: string): Config | null {
  return readIptables(text, 'ward.rules').config
}

test('the ward policy reads back as itself, with a header that a reviewer can trace', () => {
  const { text, rollback, rules, notes } = made(WARD)
  assertMeans(WARD, readBack(text), OWN_ICMP)
  assert.match(text, /sha256 (?:ab){32}/)
  assert.equal(rules, text.split('\n').filter((line) => /^-[AI] /.test(line)).length)
  assert.deepEqual(rollback.split('\n').slice(1), ['*filter', '-D FORWARD -j cordon-ward-3', '-F cordon-ward-3', '-X cordon-ward-3', 'COMMIT', ''])
  assert.ok(notes.some((note) => note.includes('IPv6')) && notes.some((note) => note.includes('iptables-legacy')))
  assert.ok(!text.includes('factory "'), 'quotes and line ends of names do not reach the text')
  assert.equal(made(structuredClone(WARD)).text, text)
})

test('the shipped policy is written and means itself', () => {
  const plan = shippedInput()
  assertMeans(plan, readBack(made(plan).text), OWN_ICMP)
})

test('iptables and nftables texts of one policy allow the same new and established packets', () => {
  const nft = nftables.read?.(emitted(nftables.emit(WARD)).text, 'ward.nft').config
  const own = readBack(made(WARD).text)
  assert.ok(nft && own)
  for (const version of [4, 6] as const) {
    const space = bddSpace(version)
    const asked = space.of({ fields: [['state', ranges([0n, 1n])]], unknown: [] })
    const [a, b] = [[nft, 'inet cordon_ward_3 forward'] as const, [own, version === 4 ? 'ip filter FORWARD' : 'ip6 filter FORWARD'] as const]
      .map(([config, name]) => {
        const base = config.chains.get(name)
        assert.ok(base, name)
        return space.and(asked, composeChain(space, base, config.chains).surelyPermitted)
      })
    assert.ok(a && b && space.equals(a, b) && !space.isEmpty(a))
  }
})

test('names of policies become names of chains of at most 28 characters, and long ones stay apart', () => {
  assert.equal(chainName('Ward 3'), 'cordon-ward-3')
  assert.equal(chainName(''), 'cordon-policy')
  const long = ['the same long beginning of a name, A', 'the same long beginning of a name, B'].map(chainName)
  assert.ok(long.every((name) => /^cordon-the-same-long--?[0-9a-f]{6}$/.test(name) && name.length <= 28), long.join())
  assert.notEqual(long[0], long[1])
})

test('ports beyond the fifteenth slot, ranges that are no blocks, and pairs of ranges become more lines', () => {
  const many = ranges(...Array.from({ length: 20 }, (_, i) => [BigInt(1000 + 10 * i), BigInt(1000 + 10 * i + (i % 2))] as const))
  const odd = ranges([0x0a000001n, 0x0a000005n], [0x0a000100n, 0x0a0001ffn])
  const plan = input(chain('deny', rule(true, 'many', [['src', odd], ['dst', odd], ['proto', ranges([6n, 6n])], ['dport', many]])), chain('permit'))
  const { text } = made(plan)
  assertMeans(plan, readBack(text), OWN_ICMP)
  const lists = text.match(/--dports (\S+)/g) ?? []
  assert.equal(lists.length, 4 * 2)
  assert.ok(lists.every((list) => list.split(/[,:]/).length <= 15))
  assert.match(text, /-m iprange --src-range 10\.0\.0\.1-10\.0\.0\.5 -m iprange --dst-range 10\.0\.0\.1-10\.0\.0\.5 -p tcp/)
})

test('input and output jump but for lo; each hook means the policy', () => {
  const plan = input(WARD.chains[4], WARD.chains[6], { hooks: 'output,input,forward' })
  const { text, rollback, notes } = made(plan)
  assert.match(text, /^-I FORWARD -j cordon-ward-3\n-I INPUT ! -i lo -j cordon-ward-3\n-I OUTPUT ! -o lo -j cordon-ward-3$/m)
  assert.match(rollback, /^-D INPUT ! -i lo -j cordon-ward-3$/m)
  assert.ok(notes.some((note) => note.includes('neighbour discovery')))
  const config = readBack(text)
  assert.ok(config)
  assertMeans(plan, config, OWN_ICMP)
  const space = bddSpace(4)
  const lo = space.of({ fields: [['iif', ranges([BigInt(config.interfaces.indexOf('lo')), BigInt(config.interfaces.indexOf('lo'))])]], unknown: [] })
  const [inner, outer] = ['INPUT', 'FORWARD'].map((name) => {
    const base = config.chains.get(`ip filter ${name}`)
    assert.ok(base)
    return composeChain(space, base, config.chains).surelyPermitted
  })
  assert.ok(inner && outer && space.equals(space.minus(inner, lo), space.minus(outer, lo)))
})

test('what has no exact text is refused with the reason', () => {
  const one = (...rules: Parameters<typeof rule>[]): CompileInput => input(chain('deny', ...rules.map((args) => rule(...args))), chain('deny'))
  const masks: Constraint = { kind: 'masks', masks: [{ value: 1n, mask: 1n }], not: false }
  const wide = ranges(...Array.from({ length: 400 }, (_, i) => [BigInt(4 * i), BigInt(4 * i)] as const))
  const rows: readonly (readonly [CompileInput, RegExp])[] = [
    [one([true, 'm', [['src', masks]]]), /by mask/],
    [one([true, 's', [['state', ranges([0n, 0n])]]]), /state/],
    [{ ...WARD, ruleBudget: 3 }, /3 are allowed/],
    [{ ...WARD, options: { hooks: 'fwd' } }, /"fwd"/],
    [{ ...WARD, options: { hook: 'input' } }, /unknown option hook/],
    [one([false, 'hop', [['proto', ranges([0n, 0n])]]]), /protocol 0 means every protocol/],
    [one([true, 'any', [['proto', ranges([1n, 1n])], ['icmpType', ranges([255n, 255n])]]]), /type 255 means every type/],
    [one([true, 'six', [['proto', ranges([58n, 58n])], ['icmpType', ranges([128n, 128n])]]]), /no types of protocol 58 in IPv4/],
    [one([true, 'wide', [['src', wide], ['dst', wide]]]), /160\d\d\d lines are needed and 100000 are written at most/],
  ]
  for (const [plan, reason] of rows) assert.match(refusals(iptables.emit(plan)), reason)
})

/** What only a platform with types of both protocols could say; every other plan must be written. */
const CANNOT = /no types of protocol|means every type/

const somePlan = compileInput({}).filter((plan) => {
  const result = iptables.emit(plan)
  assert.ok(result.ok || result.refused.every((reason) => CANNOT.test(reason)), result.ok ? '' : result.refused.join())
  return result.ok
})

test('any plan reads back as itself', () => {
  fc.assert(fc.property(somePlan, (plan) => { assertMeans(plan, readBack(made(plan).text), OWN_ICMP) }), { numRuns: 60 })
})

test('the check can fail: one port more is seen, and a rule that stands in one family only', () => {
  const { text } = made(WARD)
  assert.throws(() => { assertMeans(WARD, readBack(text.replace('515:520', '515:521')), OWN_ICMP) }, /wider for IPv4/)
  assert.throws(() => { assertMeans(WARD, readBack(text.replace('515:520', '515:519')), OWN_ICMP) }, /narrower for IPv4/)
  assert.throws(() => { assertMeans(WARD, readBack(text.replace('-4 -p tcp --dport 53', '-6 -p tcp --dport 53')), OWN_ICMP) }, /narrower|wider/)
})

const VARIANTS = ['nft', 'legacy'] as const

/** Programs of one variant under their plain names, so that the load command of the header runs as it stands. */
function programs(folder: string, variant: string): void {
  for (const version of ['iptables', 'ip6tables']) {
    for (const ending of ['', '-restore', '-save']) {
      const real = execFileSync('sh', ['-c', `command -v ${version}-${variant}${ending}`], { encoding: 'utf8' }).trim()
      fs.symlinkSync(real, path.join(folder, `${version}${ending}`))
    }
  }
}

/** Needs both programs and a kernel that gives a user namespace with its own network. */
function missing(variant: string): string | false {
  const run = spawnSync('unshare', ['-rn', 'sh', '-c', `iptables-${variant}-save && ip6tables-${variant}-save`],
    { env: { ...process.env, XTABLES_LOCKFILE: path.join(os.tmpdir(), 'cordon-xtables.lock') } })
  return run.status === 0 ? false : `no iptables-${variant} in an own network namespace here`
}

/** What a machine has already, to be left alone. */
const BEFORE = `*filter
:FORWARD ACCEPT [0:0]
:other - [0:0]
-A FORWARD -p tcp -m tcp --dport 22 -j other
-A other -j DROP
COMMIT
`

interface Loaded {
  readonly before: string
  readonly loaded: string
  readonly after: string
}

/** Loads by the command in the header, twice, for the text replaces an earlier version of itself; then rolls back. */
function inKernel(variant: string, { text, rollback }: Emitted, earlier = text): Loaded {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-iptables-'))
  const file = (name: string, content: string): void => fs.writeFileSync(path.join(folder, name), content)
  try {
    programs(folder, variant)
    for (const [name, content] of [['before', BEFORE], ['earlier', earlier], ['policy', text], ['rollback', rollback]] as const) file(name, content)
    const load = /^# {3}(for t in .*)$/m.exec(text)?.[1] ?? assert.fail('no load command in the header')
    const both = 'iptables-save && ip6tables-save'
    const script = [
      'iptables-restore < before', 'ip6tables-restore < before', `(${both}) > a`, load.replaceAll('FILE', 'earlier'), load.replaceAll('FILE', 'policy'),
      `(${both}) > b`, 'for t in iptables ip6tables; do $t-restore --noflush < rollback; done', `(${both}) > c`,
    ].join('\nset -e\n')
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}`, XTABLES_LOCKFILE: path.join(folder, 'lock') }
    execFileSync('unshare', ['-rn', 'sh', '-c', script], { cwd: folder, stdio: 'pipe', env })
    const [before = '', loaded = '', after = ''] = ['a', 'b', 'c'].map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
    return { before, loaded, after }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/** Without comments (they hold the time) and counters. */
function plain(dump: string): string {
  return dump.replaceAll(/^#.*\n/gm, '').replaceAll(/\[\d+:\d+\]/g, '')
}

function assertLoads(variant: string, plan: CompileInput, earlier?: string): void {
  const text = made(plan)
  const { before, loaded, after } = inKernel(variant, text, earlier)
  assertMeans(plan, readBack(loaded), OWN_ICMP)
  assert.equal(loaded.match(/^-A FORWARD -j cordon-/gm)?.length, 2, 'one jump for each family')
  assert.equal(plain(after), plain(before), 'the rollback leaves what was there')
  assert.ok(before.includes('-A other -j DROP'))
}

for (const variant of VARIANTS) {
  const skip = missing(variant)
  test(`iptables-${variant}: loaded over an earlier version, dumped, equal to the policy, rolled back`, { skip }, () => {
    const earlier = made(input(chain('permit', rule(false, 'gone', [['proto', ranges([6n, 6n])]])), chain('permit'))).text
    assertLoads(variant, WARD, earlier)
    assertLoads(variant, { ...WARD, options: { hooks: 'input,forward,output' } })
    assertLoads(variant, { ...shippedInput(), name: 'a name that is much longer than a chain may be' })
  })

  test(`iptables-${variant}: any plan survives the kernel`, { skip }, () => {
    fc.assert(fc.property(somePlan, (plan) => { assertLoads(variant, plan) }), { numRuns: 12 })
  })

  test(`iptables-${variant}: loaded twice without the load command there are two jumps, and the rollback fails aloud`, { skip }, () => {
    const text = made(WARD)
    const careless = { ...text, text: text.text.replace(/if \$t -C .*? fi/, 'cat FILE') }
    assert.throws(() => { inKernel(variant, careless) }, /line 5(?: failed|: CHAIN)/)
  })
}
