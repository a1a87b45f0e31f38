// Tests of makeFolder: what is missing is made, what exists stays, what cannot be made is an error at once.
// Keeps the rule that no path can hang a command.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { makeFolder } from './make-folder.ts'

test('folders above are made too, with the mode asked for; a second time changes nothing', (t) => {
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-folder-'))
  t.after(() => fs.rmSync(own, { recursive: true }))
  const deep = path.join(own, 'a', 'b', 'c')
  makeFolder(deep, 0o700)
  fs.writeFileSync(path.join(deep, 'kept'), 'x')
  makeFolder(deep)
  assert.equal(fs.readFileSync(path.join(deep, 'kept'), 'utf8'), 'x')
  assert.equal(fs.statSync(path.join(own, 'a')).mode & 0o777, 0o700)
})

test('a file in its place, or on the way, is an error', (t) => {
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-folder-'))
  t.after(() => fs.rmSync(own, { recursive: true }))
  const file = path.join(own, 'file')
  fs.writeFileSync(file, 'x')
  assert.throws(() => makeFolder(file), { code: 'EEXIST' })
  assert.throws(() => makeFolder(path.join(file, 'below')), { code: 'ENOTDIR' })
})

const skip = process.platform === 'linux' ? false : 'only Linux has /proc'

test('a place where the kernel takes no folder ends in an error, not in a loop', { skip }, () => {
  assert.throws(() => makeFolder('/proc/cordon-no-such/evidence'), { code: 'ENOENT' })
})
