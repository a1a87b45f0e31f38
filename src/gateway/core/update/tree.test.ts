// The tree of a release: numbers, attributes, and every path that must not be served.
// Keeps the rule that what is served cannot be changed afterwards, not even by whoever handed it in.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FILES, noise, servedFile, testTree } from '../../../testing/update-world.ts'
import { makeTree, NODES_MAX, pathFault, type ServedFile, type TreeNode } from './tree.ts'

function refusal(...files: ServedFile[]): string {
  const tree = makeTree({ id: 'r', exportPath: '/pm', modified: 0, files })
  return tree.ok ? 'served' : tree.error
}

test('folders are made from paths; numbers follow the sorted paths', () => {
  const { nodes, totalBytes } = testTree()
  deepEqual(nodes.map((n) => `${n.no} ${n.kind} ${n.name} in ${n.parent}`), [
    '0 directory  in 0', '1 directory lib in 0', '2 file empty in 1', '3 file table in 1', '4 file monitor in 0', '5 file run.sh in 0',
  ])
  equal(totalBytes, FILES.reduce((sum, f) => sum + f.content.length, 0))
})

test('the order in which files are named does not matter', () => {
  deepEqual(testTree('r', FILES.toReversed()).nodes.map((n) => n.name), testTree('r').nodes.map((n) => n.name))
})

test('attributes are stable: file ids, one file system, the release\'s time, no write bit', () => {
  const attributes = testTree().nodes.map((n) => n.attributes)
  equal(new Set(attributes.map((a) => a.fileId)).size, attributes.length)
  deepEqual(new Set(attributes.map((a) => `${a.fsId} ${a.modified.seconds}`)).size, 1)
  ok(attributes.every((a) => (a.mode & 0o222) === 0))
  deepEqual(attributes.map((a) => a.mode.toString(8)), ['555', '555', '555', '444', '555', '555'])
})

test('setuid and other special bits are not served', () => {
  const tree = testTree('r', [servedFile('x', noise(4), 0o6777)])
  equal(tree.nodes[1]?.attributes.mode, 0o555)
})

for (const [kind, content] of [['Uint8Array', noise(16)], ['Buffer', Buffer.from(noise(16))]] as const) test(`the content of a ${kind} is a copy`, () => {
  const tree = testTree('r', [servedFile('x', content)])
  content.fill(0)
  deepEqual(tree.files[0]?.content, noise(16))
})

for (const path of [
  '', '/x', 'x/', 'a//b', '.', '..', '../x', 'a/../b', 'a/..', './x', 'a b', 'a\tb', 'a\0b', 'a?b', 'a\\b', 'ä',
  'n'.repeat(256), `${'d/'.repeat(600)}x`,
]) {
  test(`path ${JSON.stringify(path.slice(0, 20))} is refused`, () => {
    ok(pathFault(path) !== null)
    match(refusal(servedFile(path, noise(1))), /^file ".*" of release r /s)
  })
}

test('usual names are served', () => {
  for (const path of ['monitor', 'lib/libc.so.6', 'a-b_c+d~', '.profile', '..x', 'x..', 'n'.repeat(255)]) equal(pathFault(path), null, path)
})

test('a name twice, and a file that is a folder too, are refused', () => {
  match(refusal(servedFile('x', noise(1)), servedFile('x', noise(2))), /twice/)
  match(refusal(servedFile('x', noise(1)), servedFile('x/y', noise(1))), /below a path that is a file/)
  match(refusal(servedFile('x/y', noise(1)), servedFile('x', noise(1))), /below a path that is a file|folder too/)
})

test('too many files are refused', () => {
  match(refusal(...Array.from({ length: NODES_MAX }, (_, i) => servedFile(`f${i}`, noise(0)))), /one too many/)
})

test('every path that is served is found again by walking its names', () => {
  const name = fc.stringMatching(/^[a-z0-9._-]{1,8}$/).filter((n) => n !== '.' && n !== '..')
  fc.assert(fc.property(fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }).map((n) => n.join('/')), { maxLength: 12 }), (paths) => {
    const tree = makeTree({ id: 'r', exportPath: '/pm', modified: 0, files: paths.map((p, i) => servedFile(p, noise(i))) })
    if (!tree.ok) return
    for (const [i, path] of paths.entries()) {
      let at = 0
      for (const part of path.split('/')) {
        const node: TreeNode | undefined = tree.value.nodes[at]
        at = node?.kind === 'directory' ? (node.children.get(part) ?? -1) : -1
      }
      const node: TreeNode | undefined = tree.value.nodes[at]
      equal(node?.kind === 'file' ? node.content.length : -1, i)
    }
  }))
})
