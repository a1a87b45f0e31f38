// Tests of what parsers share: how problems are counted, link types listed, and kept packets put into words.
// Keeps the rule that a damaged file cannot make the summary grow.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptText, Tally } from './parser.ts'

function tally(): Tally {
  return new Tally({ packet: () => assert.fail('no packet is due') })
}

test('a problem seen once stands as it is; a repeated one keeps its first place and says how often', () => {
  const t = tally()
  t.note('bad-interface', 'The packet at byte 9 is odd.', 9)
  t.note('bad-length', 'The block at byte 40 is long.', 40)
  t.note('bad-interface', 'The packet at byte 90 is odd.', 90)
  t.note('bad-interface', 'The packet at byte 99 is odd.', 99)
  assert.deepEqual(t.problems(), [
    { code: 'bad-interface', message: 'The packet at byte 9 is odd. (the first of 3)', offset: 9 },
    { code: 'bad-length', message: 'The block at byte 40 is long.', offset: 40 },
  ])
})

test('codes are bounded', () => {
  const t = tally()
  for (let i = 0; i < 1000; i++) t.note(`code-${i}`, 'odd', i)
  assert.equal(t.problems().length, 32)
})

test('link types are listed once, in order', () => {
  const t = tally()
  for (const linkType of [113, 1, 113, 0, 1]) t.addLinkType(linkType)
  assert.deepEqual(t.linkTypes, [113, 1, 0])
})

test('what was kept, in words', () => {
  assert.equal(keptText(0), 'nothing came before it')
  assert.equal(keptText(1), 'the 1 packet before it was kept')
  assert.equal(keptText(250), 'the 250 packets before it were kept')
})
