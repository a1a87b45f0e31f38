// Tests of scalar text: what is printed reads back as the same value, plain where it may be.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { FormatScalar } from './node.ts'
import { blockScalar, inlineScalar } from './scalar.ts'

const text = (value: string): FormatScalar => ({ kind: 'scalar', value, source: '' })

test('plain where nothing is special, quoted where something is', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['ward', 'ward', 'ward'], ['10.0.0.0/8', '10.0.0.0/8', '10.0.0.0/8'], ['fc00::/7', 'fc00::/7', 'fc00::/7'],
    ['never a -> b on c, d', 'never a -> b on c, d', "'never a -> b on c, d'"], ['fd00::', "'fd00::'", "'fd00::'"],
    ['a[0]', 'a[0]', "'a[0]'"],
    ['1.5', "'1.5'", "'1.5'"], ['0x1f', "'0x1f'", "'0x1f'"], ['true', "'true'", "'true'"], ['', "''", "''"], ['~', "'~'", "'~'"],
    ['yes', 'yes', 'yes'], ['2026-12-24', '2026-12-24', '2026-12-24'], ['a: b', "'a: b'", "'a: b'"], ['a #b', "'a #b'", "'a #b'"],
    ["it's", "it's", "it's"], ["'s", "'''s'", "'''s'"], ['- a', "'- a'", "'- a'"],
    ['a\tb', '"a\\tb"', '"a\\tb"'], ['a\nb', '"a\\nb"', '"a\\nb"'],
  ]
  for (const [value, block, flow] of rows) {
    assert.equal(inlineScalar(text(value), false), block)
    assert.equal(inlineScalar(text(value), true), flow)
  }
})

test('what is no text is printed as it was written', () => {
  assert.equal(inlineScalar({ kind: 'scalar', value: 16, source: '0x10' }, true), '0x10')
  assert.equal(inlineScalar({ kind: 'scalar', value: null, source: '' }, false), '')
})

const SPICE = ['a', 'b:', ': ', ' #', '- ', '[', ']', '{', ',', "'", '"', '\\', '\t', '\n', '\r', '0', '.', '-', '?', '!',
  '&', '*', '%', '@', '`', '|', '>', '~', '=', '<<', '\u0085', '\u2028', '\ufeff', '\u0007', '😀', '---', '...']
const parts = fc.array(fc.constantFrom(...SPICE), { maxLength: 6 }).map((list) => list.join(''))
const numbers = fc.constantFrom('1_000', '0o17', '017', '+1', '.5', '1e3', '-.inf', '.NaN', 'Null', 'NO')
const values = fc.oneof(parts, fc.string({ maxLength: 8 }), numbers)

test('whatever the text, it reads back: as a value, as a key, and in brackets', () => {
  fc.assert(fc.property(values, (value) => {
    assert.deepEqual(parse(`a: ${inlineScalar(text(value), false)}\n`), { a: value })
    assert.deepEqual(parse(`- ${inlineScalar(text(value), false)}\n`), [value])
    assert.deepEqual(parse(`[${inlineScalar(text(value), true)}, ${inlineScalar(text(value), true)}]\n`), [value, value])
    assert.deepEqual(parse(`${inlineScalar(text(value), false)}: x\n`), { [value]: 'x' })
  }), { numRuns: 2000 })
})

const words = fc.array(fc.constantFrom('a', 'word', 'CVE-2025-0626', '#x', '- y', 'z:', '  ', '\n', '"q"', 'ü'), { maxLength: 30 })
  .map((list) => list.join(' '))

test('folded and literal texts read back, and folded lines keep the width where words allow it', () => {
  let blocks = 0
  fc.assert(fc.property(words, fc.integer({ min: 10, max: 40 }), (value, width) => {
    const block = blockScalar(text(value), width, width)
    if (block === null) return
    blocks++
    const printed = `a: ${block.head}\n${block.lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n`
    assert.deepEqual(parse(printed), { a: value })
    if (block.head !== '>-') return
    for (const line of block.lines) assert.ok(line.length <= width || !/\S \S/.test(line), line)
  }), { numRuns: 2000 })
  assert.ok(blocks > 200)
})
