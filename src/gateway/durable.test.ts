// Durable writes: whole content, owner only, nothing left beside it, and the old content when the new cannot be written.
// Keeps the rule that a check can fail: the folder that is not there is one.

import { deepEqual, equal, throws } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { scratch } from '../testing/command.ts'
import { noise } from '../testing/update-world.ts'
import { writeDurably } from './durable.ts'

test('the file has the content, whole, for its owner only, and nothing stays beside it', (t) => {
  const folder = scratch(t)
  const file = path.join(folder, 'x')
  writeDurably(file, 'old')
  writeDurably(file, noise(3_000_000))
  deepEqual(fs.readFileSync(file).equals(Buffer.from(noise(3_000_000))), true)
  equal(fs.statSync(file).mode & 0o777, 0o600)
  deepEqual(fs.readdirSync(folder), ['x'])
})

test('when it cannot be written the old content stays', (t) => {
  const folder = scratch(t)
  const file = path.join(folder, 'x')
  writeDurably(file, 'old')
  fs.mkdirSync(`${file}.new`)
  throws(() => writeDurably(file, 'new'), { code: 'EISDIR' })
  equal(fs.readFileSync(file, 'utf8'), 'old')
})
