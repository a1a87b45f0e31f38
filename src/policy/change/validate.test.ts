// Translation validation as compile does it: every reading target, random policies, all options that change the question; and it can fail.
// Keeps the promise honest: one port more or less in the text is refuted with a packet that shows it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inputArb, inputFromYaml, WARD_YAML } from '../../testing/emit-check.ts'
import { targetById, TARGETS } from '../compile/registry.ts'
import type { CompileInput, Target } from '../compile/target.ts'
import { validateText } from './validate.ts'

const ND = { 'neighbour-discovery': 'permit' }

const CASES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['nftables', {}], ['nftables', { hooks: 'forward,input,output' }], ['cisco-ios', ND], ['cisco-ios', { ...ND, interface: 'Gi0/1' }],
  ['cisco-ios', { ...ND, returns: 'none', interface: 'Gi0/1' }], ['cisco-asa', {}],
  ['cisco-asa', { interface: 'wards' }], ['cisco-asa', { global: 'yes' }], ['junos-srx', {}], ['junos-srx', { 'from-zone': 'beds', 'to-zone': 'core' }],
  ['pan-os', {}], ['pan-os', { 'from-zone': 'beds', 'to-zone': 'core', vsys: 'vsys3' }], ['fortios', {}],
  ['fortios', { srcintf: 'beds', dstintf: 'core', vdom: 'ward' }],
]

function target(id: string): Target {
  return targetById(id) ?? assert.fail(id)
}

function verdicts(id: string, input: CompileInput, change: (text: string) => string = (text) => text): readonly string[] {
  const emitted = target(id).emit({ ...input, ruleBudget: 20_000 })
  if (!emitted.ok) return []
  const found = validateText(target(id), input, change(emitted.value.text)) ?? assert.fail('it reads')
  return found.map(({ version, answer }) => `${version} ${answer.verdict}`)
}

for (const [id, options] of CASES) {
  test(`${id} ${JSON.stringify(options)}: any policy is proved equal to its text, in both IP versions`, () => {
    let proofs = 0
    fc.assert(fc.property(inputArb(options), (input) => {
      const found = verdicts(id, input)
      if (found.length === 0) return
      proofs++
      assert.ok(found.every((line) => line.endsWith('proved')), found.join())
      assert.deepEqual([...new Set(found.map((line) => line[0]))], ['4', '6'])
    }), { numRuns: 25 })
    assert.ok(proofs > 5)
  })
}

test('it can fail: a port more, a port less, a line gone', () => {
  for (const [id, options] of CASES) {
    const input = inputFromYaml(WARD_YAML, options)
    assert.ok(verdicts(id, input).every((line) => line.endsWith('proved')), id)
    for (const to of ['521', '519']) {
      const changed = (text: string): string => text.replaceAll(/515([- ])520/g, (_, between: string) => `515${between}${to}`)
      assert.ok(verdicts(id, input, changed).includes('4 refuted'), `${id} ${to}`)
    }
  }
})

test('a text without one family is not proved, and a platform that is not read says so', () => {
  const input = inputFromYaml(WARD_YAML, ND)
  const noSix = verdicts('cisco-ios', input, (text) => text.slice(0, text.indexOf('ipv6 access-list')))
  assert.deepEqual(noSix.filter((line) => line.startsWith('6')), ['6 unknown'])
  for (const other of TARGETS.filter(({ read }) => read === null)) assert.equal(validateText(other, input, ''), null)
})

test('what the reader does not understand makes the answer unknown, never proved', () => {
  const input = inputFromYaml(WARD_YAML)
  const marked = verdicts('nftables', input, (text) => text.replace('chain policy_v4 {\n', 'chain policy_v4 {\n\t\tmeta skuid 0 accept\n'))
  assert.deepEqual(marked, ['4 unknown', '6 proved'])
})
