// Short fuzz of every reader, with a canary that must fail, and texts made to blow up: long lines, deep nests, circles and products of groups.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../base/rng.ts'
import { READERS } from '../policy/compile/registry.ts'
import { assertSaneConfig, FUZZ_TARGETS, fuzzOnce, type FuzzTarget } from './fuzz-readers.ts'
import { mutate, MUTATED_LENGTH_MAX } from './mutate.ts'

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_127)
/** Texts per reader here; `npm run fuzz` goes on for as long as it is told to. */
const RUNS = 100

test('every reader has a target with seeds that it reads', () => {
  const ids = FUZZ_TARGETS.map((t) => t.id)
  for (const { id } of READERS) assert.ok(ids.includes(id), id)
  assert.equal(new Set(ids).size, ids.length)
  for (const target of FUZZ_TARGETS) {
    assert.ok(target.seeds.length > 0, target.id)
    for (const seed of target.seeds) target.run(seed)
  }
})

for (const target of FUZZ_TARGETS) {
  test(`hostile text: ${target.id}`, (t) => {
    t.diagnostic(`seeds ${SEED} to ${SEED + RUNS - 1}; FUZZ_SEED sets another first one`)
    for (let i = 0; i < RUNS; i++) fuzzOnce(target, SEED + i)
  })
}

test('canary: readers that throw, drop in silence, or point outside of the text are caught', () => {
  const reader = READERS.find((r) => r.id === 'cisco-ios')
  const good = FUZZ_TARGETS.find((t) => t.id === 'cisco-ios')
  assert.ok(reader && good)
  const broken: readonly FuzzTarget['run'][] = [
    (text) => { if (text.includes('\u0000')) throw new RangeError('a NUL') },
    (text) => assertSaneConfig(text, /\d{12}/.test(text) ? { config: null, diagnostics: [] } : reader.read(text, 'x')),
    (text) => {
      const read = reader.read(text, 'x')
      assertSaneConfig(text.includes('{{') ? '' : text, read)
    },
  ]
  for (const run of broken) {
    assert.throws(() => {
      for (let i = 0; i < 4000; i++) fuzzOnce({ id: 'canary', seeds: good.seeds, run }, SEED + i)
    }, { name: 'FuzzFinding' })
  }
})

test('a seed gives one text, and no text grows without end', () => {
  const seeds = FUZZ_TARGETS[0]?.seeds ?? []
  for (let i = 0; i < 200; i++) {
    const text = mutate(seeds, seededRng(i))
    assert.equal(text, mutate(seeds, seededRng(i)))
    assert.ok(text.length <= MUTATED_LENGTH_MAX)
  }
})

const MEGABYTE = 1_000_000

/** One line of a megabyte, in the words of each platform. */
const LONG_LINES: Readonly<Record<string, (n: number) => string>> = {
  'nftables': (n) => `table ip x { chain y { ip saddr { ${'10.0.0.1, '.repeat(n / 10)} } accept\n } }`,
  'iptables': (n) => `*filter\n:FORWARD DROP [0:0]\n-A FORWARD ${'-p tcp '.repeat(n / 7)}-j ACCEPT\nCOMMIT\n`,
  'cisco-ios': (n) => `ip access-list extended A\n permit ip any any ${'log '.repeat(n / 4)}\n`,
  'cisco-asa': (n) => `ASA Version 9.1\naccess-list A extended permit ip any any ${'log '.repeat(n / 4)}\n`,
  'junos-srx': (n) => `set security zones security-zone a\nset security policies global policy p match application [ ${'any '.repeat(n / 4)} ]\n`,
  'pan-os': (n) => `set address-group g static [ ${'a '.repeat(n / 2)} ]\nset rulebase security rules R source g action allow\n`,
  'fortios': (n) => `config firewall policy\nedit 1\nset srcaddr ${'"a" '.repeat(n / 4)}\nset action accept\nnext\nend\n`,
  'routes': (n) => `default via 10.0.0.1 ${'metric 1 '.repeat(n / 9)}\n`,
  'rules': (n) => `0: from all ${'to all '.repeat(n / 7)} lookup main\n`,
}

const NESTS: Readonly<Record<string, (n: number) => string>> = {
  'nftables': (n) => `table ip x { chain y { ip saddr ${'{ '.repeat(n)}`, 'nftables-json': (n) => `{"nftables":${'['.repeat(n)}${']'.repeat(n)}}`,
  'junos-srx': (n) => `security ${'{ a '.repeat(n)}${'} '.repeat(n)}`, 'fortios': (n) => 'config firewall policy\nedit 1\n'.repeat(n),
  'mud': (n) => `{"ietf-mud:mud":${'{"a":'.repeat(n)}1${'}'.repeat(n)}}`, 'policy': (n) => `zones: ${'['.repeat(n)}${']'.repeat(n)}`,
  'routes': (n) => `[${'['.repeat(n)}`, 'rules': (n) => '[{"a":'.repeat(n), 'pan-os': (n) => `set address ${'[ '.repeat(n)}`,
}

function targetOf(id: string): FuzzTarget {
  const target = FUZZ_TARGETS.find((t) => t.id === id)
  assert.ok(target, id)
  return target
}

for (const [id, make] of Object.entries(LONG_LINES)) {
  test(`a line of a megabyte: ${id}`, () => targetOf(id).run(make(MEGABYTE)))
}

for (const [id, make] of Object.entries(NESTS)) {
  test(`a hundred thousand levels: ${id}`, () => targetOf(id).run(make(100_000)))
}

/** Groups in a circle, and a group of ten groups of ten groups: 10^6 members out of sixty lines. */
const GROUPS: Readonly<Record<string, (members: (depth: number, i: number) => readonly string[]) => string>> = {
  'cisco-ios': (members) => `${tree(members, (g, m) => ciscoGroup(g, m, 'host'))}
ip access-list extended A
 permit ip object-group g0x0 object-group g0x0
interface e0
 ip access-group A in
`,
  'cisco-asa': (members) => `ASA Version 9.1
${tree(members, (g, m) => ciscoGroup(g, m, 'network-object host'))}
access-list A extended permit ip object-group g0x0 object-group g0x0
`,
  'junos-srx': (members) => `${tree(members, (g, m) => m.map((x) =>
    (x.startsWith('g') ? `set security address-book global address-set ${g} address-set ${x}`
      : `set security address-book global address a${x} ${x}/32\nset security address-book global address-set ${g} address a${x}`)).join('\n'))}
set security policies global policy p match source-address g0x0 destination-address g0x0 application any
set security policies global policy p then permit
`,
  'pan-os': (members) => `${tree(members, (g, m) => `set address-group ${g} static [ ${m.join(' ')} ]`)}
set rulebase security rules R from any to any source g0x0 destination g0x0 service any application any action allow
`,
  'fortios': (members) => `config firewall addrgrp
${tree(members, (g, m) => `edit "${g}"\nset member ${m.map((x) => `"${x}"`).join(' ')}\nnext`)}
end
config firewall policy
edit 1
set srcintf "any"
set dstintf "any"
set srcaddr "g0x0"
set dstaddr "g0x0"
set service "ALL"
set action accept
next
end
`,
}

function ciscoGroup(group: string, members: readonly string[], host: string): string {
  return `object-group network ${group}\n${members.map((x) => ` ${x.startsWith('g') ? 'group-object' : host} ${x}`).join('\n')}`
}

const DEPTH = 6
const WIDTH = 10

function tree(members: (depth: number, i: number) => readonly string[], write: (group: string, members: readonly string[]) => string): string {
  const levels = Array.from({ length: DEPTH }, (_, d) => Array.from({ length: WIDTH }, (_unused, i) => write(`g${d}x${i}`, members(d, i))))
  return levels.flat().join('\n')
}

for (const [id, make] of Object.entries(GROUPS)) {
  test(`groups of groups of groups are bounded, and circles are unknown: ${id}`, () => {
    const all = (d: number): readonly string[] => Array.from({ length: WIDTH }, (_, i) => (d + 1 < DEPTH ? `g${d + 1}x${i}` : `10.${i}.0.1`))
    targetOf(id).run(make(all))
    const circle = make((d, i) => [`g${(d + 1) % DEPTH}x${i}`])
    targetOf(id).run(circle)
    const reader = READERS.find((r) => r.id === id)
    assert.ok((reader?.read(circle, 'x').config?.unknowns.length ?? 0) > 0, 'a circle is an unknown')
  })
}
