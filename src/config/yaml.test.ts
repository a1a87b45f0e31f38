// Tests of YAML to tree: places, plain values, bounds, and that no text makes it throw or hang. What people are told is in the goldens.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { TreeNode } from '../base/tree.ts'
import { parsePolicy } from '../policy/language/policy.ts'
import { processorMs } from '../testing/processor-time.ts'
import { runs } from '../testing/runs.ts'
import { FILE_BYTES_MAX } from './text-file.ts'
import { parseYaml } from './yaml.ts'

const codes = (text: string): string[] => parseYaml(text, 'x.yaml').diagnostics.map((d) => `${d.code}@${d.line}:${d.column}`)

function tree(text: string): TreeNode {
  const result = parseYaml(text, 'x.yaml')
  assert.ok(result.tree, JSON.stringify(result.diagnostics))
  return result.tree
}

/** Tree as one string: `key@line:col=value`. */
function show(node: TreeNode): string {
  const at = `${node.line}:${node.column}`
  if (node.kind === 'scalar') return `${JSON.stringify(node.value)}@${at}`
  if (node.kind === 'list') return `[${node.items.map(show).join(' ')}]@${at}`
  return `{${node.entries.map((e) => `${e.key}@${e.at.line}:${e.at.column}=${show(e.value)}`).join(' ')}}@${at}`
}

test('every node knows its place', () => {
  const text = 'version: 1\nzones:\n  - name: ward\n    prefixes: [10.0.0.0/8, "fd00::/8"]\n  - {name: lab}\nnothing:\n'
  const shown = '{version@1:1=1@1:10 zones@2:1=[{name@3:5="ward"@3:11 prefixes@4:5=["10.0.0.0/8"@4:16 "fd00::/8"@4:28]@4:15}@3:5'
    + ' {name@5:6="lab"@5:12}@5:5]@3:3 nothing@6:1=null@6:9}@1:1'
  assert.equal(show(tree(text)), shown)
})

test('places count from one with Windows line ends too', () => {
  assert.equal(show(tree('a: 1\r\nb: 2\r\n')), '{a@1:1=1@1:4 b@2:1=2@2:4}@1:1')
})

test('words are words: nothing of YAML 1.1 is left', () => {
  const rows: readonly (readonly [string, unknown, string])[] = [
    ['no', 'no', 'no'], ['yes', 'yes', 'yes'], ['on', 'on', 'on'], ['10:20', '10:20', '10:20'], ['2025-02-25', '2025-02-25', '2025-02-25'],
    ['true', true, 'true'], ['null', null, 'null'], ['~', null, '~'], ['515', 515, '515'], ['0x1ff', 511, '0x1ff'], ['0511', 511, '0511'],
    ['1_000', '1_000', '1_000'], ['"515"', '515', '515'], ["'it''s'", "it's", "it's"], ['fc00::/7', 'fc00::/7', 'fc00::/7'],
    ['.inf', Infinity, '.inf'],
  ]
  for (const [text, value, source] of rows) {
    const root = tree(`a: ${text}\n`)
    assert.equal(root.kind, 'map')
    const node = root.kind === 'map' ? root.entries[0]?.value : undefined
    assert.deepEqual(node?.kind === 'scalar' && [node.value, node.text], [value, source], text)
  }
})

test('long texts in their three forms', () => {
  const root = tree('a: |\n  one\n  two\nb: >-\n  one\n  two\nc: one\n  two\n')
  assert.deepEqual(root.kind === 'map' && root.entries.map((e) => e.value.kind === 'scalar' && e.value.value),
    ['one\ntwo\n', 'one two', 'one two'])
})

test('values agree with the package on plain documents', () => {
  const value = (node: TreeNode): unknown => {
    if (node.kind === 'scalar') return node.value
    if (node.kind === 'list') return node.items.map(value)
    return Object.fromEntries(node.entries.map((e) => [e.key, value(e.value)]))
  }
  fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }), (json) => {
    const text = JSON.stringify(json)
    const result = parseYaml(text, 'x.yaml')
    if (result.tree !== null) assert.deepEqual(value(result.tree), parse(text))
    else assert.ok(result.diagnostics.length > 0)
  }))
})

test('empty in every way is empty', () => {
  const texts = ['', '\n\n', '# only a comment\n', '---\n', '   ']
  for (const text of texts) assert.deepEqual(codes(text), ['yaml/empty@0:0'], JSON.stringify(text))
})

test('a null that was written is no empty file', () => {
  assert.deepEqual(codes('null\n'), [])
})

test('a file of nothing but brackets ends in a sentence', () => {
  const deep = '['.repeat(33) + ']'.repeat(33)
  assert.deepEqual(codes(`a: ${deep}`).map((c) => c.split('@')[0]), ['yaml/too-deep'])
  assert.deepEqual(codes(`a: ${'['.repeat(30)}${']'.repeat(30)}`), [])
  for (const bit of ['[', '{a: ', '- ', '? ']) {
    assert.deepEqual(codes(bit.repeat(20_000)).map((c) => c.split('@')[0]), ['yaml/too-deep'], bit)
  }
})

test('the largest file of different keys is read in seconds, not minutes', () => {
  const lines: string[] = []
  for (let bytes = 0; bytes < FILE_BYTES_MAX; bytes += 8) lines.push(`k${(bytes / 8).toString(36).padStart(4, '0')}: 1`)
  const took = processorMs(() => {
    const result = parseYaml(lines.join('\n'), 'x.yaml')
    assert.equal(result.tree?.kind === 'map' && result.tree.entries.length, lines.length)
  })
  assert.ok(took < 10_000, `${took} ms`)
})

test('no text makes it throw', () => {
  const bit = fc.constantFrom('a', ':', ' ', '\n', '- ', '[', ']', '{', '}', '&a', '*a', '!!int', '"', "'", '|', '>', '#', '\t', '?',
    '%YAML 1.1', '---', '...', ',', '1', '\\')
  const text = fc.oneof(fc.array(bit, { maxLength: 40 }).map((bits) => bits.join('')), fc.string({ maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 40 }))
  fc.assert(fc.property(text, (raw) => {
    const { tree: root, diagnostics } = parseYaml(raw, 'x.yaml')
    if (root === null) assert.ok(diagnostics.some((d) => d.severity === 'error'))
    else parsePolicy(root)
  }), { numRuns: runs(500) })
})

test('a policy with one character changed never throws', () => {
  const good = 'version: 1\nzones:\n  - { name: ward, kind: medical, profiles: [p] }\nconduits:\n'
    + '  - name: a\n    from: ward\n    to: internet\n    services: [dns]\n'
  fc.assert(fc.property(fc.nat(good.length - 1), fc.string({ minLength: 0, maxLength: 2, unit: 'grapheme' }), (at, put) => {
    const { tree: root } = parseYaml(good.slice(0, at) + put + good.slice(at + 1), 'x.yaml')
    if (root !== null) assert.ok(Array.isArray(parsePolicy(root).diagnostics))
  }), { numRuns: runs(150) })
})
