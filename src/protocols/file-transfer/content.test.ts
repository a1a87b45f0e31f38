// Content: the hash equals node:crypto's for any order of arrival, and is given up, not wrong, when bytes are missing or too many wait.
// Keeps the rule that a hash is claimed only of what was seen whole.

import { equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Content, type HeldBudget } from './content.ts'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function budget(): HeldBudget {
  return { bytes: 0 }
}

/** Adds [from, to) of `file` out of a larger buffer, as a stream would. */
function add(content: Content, file: Uint8Array, from: number, to: number): void {
  content.add(from, file, from, to)
}

test('in order', () => {
  const file = fakeContent(10_000, ELF_HEAD)
  const content = new Content(budget())
  for (let at = 0; at < file.length; at += 1000) add(content, file, at, at + 1000)
  equal(content.magic(), 'elf')
  equal(content.sha256(file.length), sha256(file))
})

test('backwards: everything waits for byte 0, then nothing does', () => {
  const file = fakeContent(5000, [0x23, 0x21])
  const held = budget()
  const content = new Content(held)
  for (let at = 4000; at > 0; at -= 1000) add(content, file, at, at + 1000)
  equal(held.bytes, 4000)
  equal(content.magic(), null)
  equal(content.sha256(5000), null)
  add(content, file, 0, 1000)
  equal(held.bytes, 0)
  equal(content.magic(), 'script')
  equal(content.sha256(5000), sha256(file))
})

test('a repeated part changes nothing, even with other bytes: what came first was hashed', () => {
  const file = fakeContent(300)
  const content = new Content(budget())
  add(content, file, 0, 200)
  content.add(100, new Uint8Array(100).fill(0xee), 0, 100)
  add(content, file, 150, 300)
  equal(content.sha256(300), sha256(file))
})

test('a file of another size than was hashed has no hash', () => {
  const content = new Content(budget())
  add(content, fakeContent(100), 0, 100)
  equal(content.sha256(101), null)
  equal(content.sha256(99), null)
})

test('an empty file has the hash of nothing and no magic', () => {
  const content = new Content(budget())
  equal(content.sha256(0), sha256(new Uint8Array(0)))
  equal(content.magic(), null)
})

test('more than 8 MiB out of order give the hash up and let the memory go', () => {
  const held = budget()
  const content = new Content(held)
  const block = new Uint8Array(1024 * 1024)
  for (let i = 1; i <= 8; i++) content.add(i * block.length, block, 0, block.length)
  equal(held.bytes, 8 * block.length)
  content.add(9 * block.length, block, 0, 1)
  equal(held.bytes, 0)
  content.add(0, block, 0, block.length)
  equal(content.sha256(block.length), null)
  equal(content.magic(), 'unknown', 'the first bytes are still looked at')
})

test('what waited and was hashed no longer counts: 30 MiB out of order in turns of 5', () => {
  const held = budget()
  const content = new Content(held)
  const half = new Uint8Array(5 * 1024 * 1024)
  for (let i = 0; i < 6; i++) {
    content.add((2 * i + 1) * half.length, half, 0, half.length)
    content.add(2 * i * half.length, half, 0, half.length)
    equal(held.bytes, 0)
  }
  ok(content.sha256(12 * half.length) !== null)
})

test('the budget is shared: 32 MiB in all files', () => {
  const held = budget()
  const block = new Uint8Array(1024 * 1024)
  const contents = Array.from({ length: 5 }, () => new Content(held))
  for (const content of contents) for (let i = 1; i <= 8; i++) content.add(i * block.length, block, 0, block.length)
  equal(held.bytes, 32 * block.length)
  equal(contents[4]?.sha256(0), null, 'the fifth was given up')
  for (const content of contents) content.release()
  equal(held.bytes, 0)
})

test('more than 256 stretches give the hash up', () => {
  const held = budget()
  const content = new Content(held)
  const one = Uint8Array.of(1)
  for (let i = 1; i <= 256; i++) content.add(i * 10, one, 0, 1)
  equal(held.bytes, 256)
  content.add(9000, one, 0, 1)
  equal(held.bytes, 0)
})

test('property: any permutation of any cuts, with repeats, hashes the file', () => {
  const plan = fc.record({
    size: fc.integer({ min: 1, max: 2000 }),
    cuts: fc.array(fc.nat({ max: 2000 }), { maxLength: 12 }),
    order: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 30 }),
  })
  fc.assert(fc.property(plan, ({ size, cuts, order }) => {
    const file = fakeContent(size)
    const edges = [0, ...cuts.filter((c) => c < size), size].sort((a, b) => a - b)
    const parts = edges.slice(1).map((end, i) => [edges[i] as number, end] as const)
    const held = budget()
    const content = new Content(held)
    for (const pick of order) {
      const [from, to] = parts[pick % parts.length] as readonly [number, number]
      add(content, file, from, to)
    }
    for (const [from, to] of parts) add(content, file, from, to)
    equal(content.sha256(size), sha256(file))
    equal(held.bytes, 0)
    ok(content.magic() !== null)
  }), { numRuns: 200 })
})
