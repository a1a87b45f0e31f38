// Words of observations: every oddity that reassembly can count has some, and they fit a line on a ward's screen.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IpReassembler } from '../wire/reassembly/ip.ts'
import { noCounts } from '../wire/reassembly/tcp.ts'
import { observationWords } from './observations.ts'

/** What comes, not what is odd. */
const PLAIN_COUNTS = ['ip fragments', 'ip completed']
const NAMES = [
  ...Object.keys(new IpReassembler().observations()).map((name) => `ip ${name}`), 'ip packetsOfIncompleteDatagrams',
  ...Object.keys(noCounts()).map((name) => `tcp ${name}`),
]

test('every oddity of reassembly has words, short enough for a line', () => {
  for (const name of NAMES) {
    const words = observationWords(name)
    assert.equal(words === null, PLAIN_COUNTS.includes(name), name)
    if (words !== null) assert.ok(words.length > 15 && words.length < 130 && !words.endsWith('.'), `${name}: ${words}`)
  }
})

test('flags of a frame have words where they say more than their name, and strangers have none', () => {
  assert.match(observationWords('ipOptionUnknown') ?? '', /hidden/)
  for (const name of ['', 'tcp', 'tcp nonsense', 'ip constructor', 'toString', 'something else']) assert.equal(observationWords(name), null, name)
})

test('docs/reassembly.md lists every one of them, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reassembly.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `((?:ip|tcp) \w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(listed.toSorted(), NAMES.toSorted())
})
