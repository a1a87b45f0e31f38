// The registry: every row keeps the promises of the seam, on one small policy that all platforms can say.
// Keeps targets alike: deterministic texts that end in a newline, the policy's hash, refusals with reasons, readers that never throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emitted, inputFromYaml, WARD_YAML } from '../../testing/emit-check.ts'
import { targetById, TARGETS } from './registry.ts'
import type { CompileInput } from './target.ts'

/** What a target cannot do without. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'windows-firewall': { host: '10.20.4.10' },
  'nac-dacl': { source: '10.20.3.0/24' },
  'zeek-intel': { indicators: 'address\t10.20.9.1\tlab\texample\nprefix\t10.20.9.0/24\tlab\texample' },
}

function inputFor(id: string): CompileInput {
  return { ...inputFromYaml(WARD_YAML, OPTIONS[id] ?? {}), ruleBudget: 100_000 }
}

test('ids are unique, plain words, and found again', () => {
  assert.equal(new Set(TARGETS.map((target) => target.id)).size, TARGETS.length)
  for (const target of TARGETS) {
    assert.match(target.id, /^[a-z][a-z0-9-]+$/)
    assert.equal(targetById(target.id), target)
    assert.equal(target.capabilities.canRead, target.read !== null, target.id)
  }
  assert.equal(targetById('no-such-platform'), null)
})

for (const target of TARGETS) {
  test(`${target.id}: writes or refuses with reasons, the same each time`, () => {
    const input = inputFor(target.id)
    const result = target.emit(input)
    assert.deepEqual(target.emit(input), result)
    if (!result.ok) {
      assert.ok(result.refused.length > 0 && result.refused.every((reason) => reason.length > 10), 'a refusal says why')
      return
    }
    const { text, rollback, rules, notes } = emitted(result)
    assert.ok(text.includes(input.policyHash), 'output can be traced to the policy')
    assert.ok(rules > 0 && rollback.length > 1)
    assert.ok(notes.some((note) => /IPv6/.test(note)), 'what happens to IPv6 is stated')
  })

  test(`${target.id}: a budget of one line is refused, not kept by leaving something out`, () => {
    const result = target.emit({ ...inputFor(target.id), ruleBudget: 1 })
    assert.equal(result.ok, false)
  })

  test(`${target.id}: an option that nobody knows is refused by its name, not ignored`, () => {
    for (const key of ['hoks', '', 'toString']) {
      const input = inputFor(target.id)
      const result = target.emit({ ...input, options: { ...input.options, [key]: '1' } })
      assert.ok(!result.ok && result.refused.some((reason) => reason.includes(`option ${key}`) || reason.includes(`option "${key}"`)), key)
    }
  })

  test(`${target.id}: its reader takes any text without throwing`, () => {
    if (target.read === null) {
      assert.equal(target.capabilities.canRead, false)
      return
    }
    for (const text of ['', '\n', '}{', 'ward 3', '\u0000\uffff', 'a '.repeat(10_000)]) {
      assert.ok(Array.isArray(target.read(text, 'file').diagnostics))
    }
  })
}
