// Tests of loadYamlTree and the product folder: one way in for every file, from any current folder, from source and from dist/.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { InvariantError } from '../base/assert.ts'
import { loadYamlTree } from './load.ts'
import { productPath } from './product.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'cordon-load-'))
after(() => rmSync(FOLDER, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(FOLDER, name)
  writeFileSync(path, content)
  return path
}

test('a good file is a tree', () => {
  const loaded = loadYamlTree(file('good.yaml', 'version: 1\n'))
  assert.ok(loaded.ok)
  assert.equal(loaded.value.tree.kind, 'map')
  assert.deepEqual(loaded.value.diagnostics, [])
})

test('a duplicate key is told, and the rest is still read', () => {
  const loaded = loadYamlTree(file('twice.yaml', 'a: 1\na: 2\n'), 'twice.yaml')
  assert.ok(loaded.ok)
  assert.deepEqual(loaded.value.diagnostics.map((d) => `${d.file}:${d.line} ${d.code}`), ['twice.yaml:2 yaml/duplicate-key'])
})

test('a broken file, an empty one, a missing one and a folder are diagnostics with the label as file', () => {
  const rows: readonly (readonly [string, string])[] = [
    [file('broken.yaml', 'a: [1\n'), 'yaml/syntax'], [file('empty.yaml', ''), 'yaml/empty'], [join(FOLDER, 'none.yaml'), 'file/missing'],
    [FOLDER, 'file/directory'],
  ]
  for (const [path, code] of rows) {
    const loaded = loadYamlTree(path, 'my.yaml')
    assert.deepEqual(loaded.ok ? [] : loaded.error.map((d) => [d.code, d.file]), [[code, 'my.yaml']])
  }
})

test('shipped files are found beside package.json, however deep the module lies', () => {
  const product = join(FOLDER, 'product')
  const folders = ['dist/config', 'dist/a/b/c', 'profiles', 'node_modules/other/dist']
  for (const folder of folders) mkdirSync(join(product, folder), { recursive: true })
  writeFileSync(join(product, 'package.json'), '{}')
  const profiles = join(product, 'profiles')
  for (const from of ['dist/config', 'dist', 'dist/a/b/c', '']) assert.equal(productPath('profiles', join(product, from)), profiles, from)
  assert.throws(() => productPath('nothing', join(product, 'dist')), InvariantError)
})

test('the current folder does not matter', () => {
  const script = `import { productPath } from ${JSON.stringify(new URL('./product.ts', import.meta.url).href)}
    process.stdout.write(productPath('profiles'))`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: FOLDER, encoding: 'utf8' })
  assert.equal(out, productPath('profiles'))
})
