// FileSeen: what is claimed of a file that passed, whole, with holes, written over; and when it is not claimed.
// Keeps the rule that a hash is of a whole file or is null.

import { deepStrictEqual, equal } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'
import { isPacked, isRunnable } from './magic.ts'
import { FileSeen } from './seen.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('a whole file: size, hash and kind, and nothing held behind it', () => {
  const held = { bytes: 0 }
  const content = fakeContent(3000, ELF_HEAD)
  const seen = new FileSeen(held)
  seen.add(1000, content, 1000, 3000)
  equal(held.bytes, 2000)
  seen.add(0, content, 0, 1000)
  equal(seen.extent, 3000)
  deepStrictEqual(seen.finish(3000), { size: 3000, covered: 3000, complete: true, sha256: sha256(content), magic: 'elf' })
  equal(held.bytes, 0)
})

test('a hole, an unknown end, a doubt: no hash', () => {
  const content = fakeContent(300)
  const hole = new FileSeen({ bytes: 0 })
  hole.add(0, content, 0, 100)
  hole.add(200, content, 200, 300)
  deepStrictEqual([hole.has(99), hole.has(100), hole.has(200), hole.has(300)], [true, false, true, false])
  deepStrictEqual([hole.covered, hole.extent, hole.finish(300).sha256], [200, 300, null])
  const open = new FileSeen({ bytes: 0 })
  open.add(0, content, 0, 300)
  deepStrictEqual(open.finish(null), { size: null, covered: 300, complete: false, sha256: null, magic: 'unknown' })
  const doubtful = new FileSeen({ bytes: 0 })
  doubtful.add(0, content, 0, 300)
  doubtful.doubt()
  deepStrictEqual([doubtful.isWhole(300), doubtful.finish(300).complete], [true, false])
})

test('an empty file is whole; a file that lets go holds nothing', () => {
  const held = { bytes: 0 }
  deepStrictEqual(new FileSeen(held).finish(0), { size: 0, covered: 0, complete: true, sha256: sha256(new Uint8Array(0)), magic: null })
  const waiting = new FileSeen(held)
  waiting.add(10, fakeContent(20), 0, 10)
  equal(held.bytes, 10)
  equal(waiting.magic(), null)
  waiting.finish(null)
  equal(held.bytes, 0)
})

test('what runs, and what is packed', () => {
  deepStrictEqual(['elf', 'pe', 'script', 'squashfs', 'uimage', 'zip', 'text', null].map((m) => isRunnable(m)),
    [true, true, true, true, true, false, false, false])
  deepStrictEqual(['zip', 'gzip', 'xz', 'elf', null].map((m) => isPacked(m)), [true, true, true, false, false])
})
