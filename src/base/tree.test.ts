// Tests of the tree: plain data becomes nodes that describe themselves, in order, without a place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeNode, positionOf, treeFromValue, type PlainValue, type TreeNode } from './tree.ts'

/** The other way round, for the round trip. */
function valueOf(node: TreeNode): PlainValue {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(valueOf)
  return Object.fromEntries(node.entries.map((entry) => [entry.key, valueOf(entry.value)]))
}

test('data survives the way into a tree and back', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (json) => {
    const value = JSON.parse(JSON.stringify(json)) as PlainValue
    assert.deepEqual(JSON.parse(JSON.stringify(valueOf(treeFromValue(value, 'x')))), value)
  }))
})

test('every node names the file and no line', () => {
  const tree = treeFromValue({ zones: [{ name: 'bedside' }] }, 'body')
  const visit = (node: TreeNode): void => {
    assert.deepEqual(positionOf(node), { file: 'body', line: 0, column: 0 })
    if (node.kind === 'list') node.items.forEach(visit)
    if (node.kind === 'map') for (const entry of node.entries) visit(entry.value)
  }
  visit(tree)
})

test('keys keep their order', () => {
  const tree = treeFromValue({ b: 1, a: 2, c: 3 }, 'x')
  assert.deepEqual(tree.kind === 'map' && tree.entries.map((e) => e.key), ['b', 'a', 'c'])
})

test('nodes say in words what they are', () => {
  const rows: readonly (readonly [PlainValue, string])[] = [
    ['x', 'text'], [5, 'a number'], [true, 'true or false'], [null, 'nothing'], [[], 'a list'], [{}, 'a map of keys'],
  ]
  for (const [value, words] of rows) assert.equal(describeNode(treeFromValue(value, 'x')), words)
})

test('a scalar keeps its text beside its value', () => {
  assert.deepEqual(treeFromValue(515, 'x'), { kind: 'scalar', value: 515, text: '515', file: 'x', line: 0, column: 0 })
  assert.deepEqual(treeFromValue(null, 'x'), { kind: 'scalar', value: null, text: '', file: 'x', line: 0, column: 0 })
})
