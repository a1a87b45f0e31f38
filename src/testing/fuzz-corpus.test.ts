// The corpus replays: what once failed, or shows a limit, passes; each line says why it is kept.
// Keeps "each crash becomes a corpus file", in seconds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockCount } from './coverage.ts'
import { corpusIds, corpusLine, corpusOf } from './fuzz-corpus.ts'

const { ALL_TARGETS, targetNamed } = await import('./fuzz-targets.ts')
const { Fuzzer } = await import('./fuzz-engine.ts')

/** The corpus is for reading: what is longer is not minimised. */
const INPUT_BYTES_MAX = 1024

for (const id of corpusIds()) {
  test(`corpus: ${id}`, async () => {
    const fuzzer = new Fuzzer(targetNamed(id), 1)
    const rows = corpusOf(id)
    assert.ok(rows.length > 0)
    for (const { input, why } of rows) {
      assert.ok(input.length <= INPUT_BYTES_MAX && why.length > 10, `${id}: ${why}`)
      assert.equal((await fuzzer.try(input))?.stack ?? null, null, why)
    }
  })
}

test('every file of the corpus belongs to a target, and every line is what corpusLine writes', () => {
  assert.ok(blockCount() > 3000, 'the product is counted')
  const ids = ALL_TARGETS.map((t) => t.id)
  for (const id of corpusIds()) {
    assert.ok(ids.includes(id), id)
    const inputs = corpusOf(id).map(({ input }) => Buffer.from(input).toString('hex'))
    assert.equal(new Set(inputs).size, inputs.length, `${id} holds an input twice`)
  }
  assert.equal(corpusLine(Uint8Array.of(1, 255), 'a reason'), '01ff a reason')
  assert.deepEqual(corpusOf('no such target'), [])
})
