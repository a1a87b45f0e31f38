// Words of observations: every oddity that reassembly can count has some, and they fit a line on a ward's screen.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TunnelKind } from '../wire/frame.ts'
import { IpReassembler } from '../wire/reassembly/ip.ts'
import { noCounts } from '../wire/reassembly/tcp.ts'
import { isLoss, lostCount, observationWords } from './observations.ts'

/** What comes, not what is odd. */
const PLAIN_COUNTS = ['ip fragments', 'ip completed']
const NAMES = [
  ...Object.keys(new IpReassembler().observations()).map((name) => `ip ${name}`), 'ip packetsOfIncompleteDatagrams',
  ...Object.keys(noCounts()).map((name) => `tcp ${name}`),
]

const TUNNELS = Object.keys(TunnelKind).map((kind) => `tunnel ${kind}`)
/** What a tunnel or a wireless frame kept from us. */
/** What did not fit. */
const FULL = ['flowsEvicted', 'flowsNotRead']
const CLOSED = ['tunnelTooDeep', 'tunnelTruncated', 'tunnelInvalid', 'wlanProtected', 'wlanUnread']

test('every oddity of reassembly, every tunnel and what stays closed has words of its own, short enough for a line', () => {
  const all = [...NAMES, ...TUNNELS, ...CLOSED, ...FULL]
  assert.equal(new Set(all.map(observationWords)).size, all.length - PLAIN_COUNTS.length + 1)
  for (const name of all) {
    const words = observationWords(name)
    assert.equal(words === null, PLAIN_COUNTS.includes(name), name)
    if (words !== null) assert.ok(words.length > 15 && words.length < 130 && !words.endsWith('.'), `${name}: ${words}`)
  }
})

test('flags of a frame have words where they say more than their name, and strangers have none', () => {
  assert.match(observationWords('ipOptionUnknown') ?? '', /hidden/)
  const strangers = ['', 'tcp', 'tcp nonsense', 'tunnel', 'tunnel toString', 'ip constructor', 'toString', 'something else']
  for (const name of strangers) assert.equal(observationWords(name), null, name)
})

test('what is missing is added up, the packets of datagrams that were given up for lack of room once', () => {
  const names = ['ip evicted', 'ip packetsOfIncompleteDatagrams', 'ip fragments', 'captureDropped', 'tcp gap', 'flowsEvicted']
  const seen = names.map((name, i) => ({ name, count: 10 ** i }))
  assert.equal(lostCount(seen), 10 + 1000 + 100_000)
  assert.equal(lostCount([]), 0)
  assert.deepEqual(seen.filter(isLoss).map(({ name }) => name), ['ip evicted', 'ip packetsOfIncompleteDatagrams', 'captureDropped', 'flowsEvicted'])
})

test('docs/reassembly.md lists every one of them, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reassembly.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `((?:ip|tcp) \w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(listed.toSorted(), NAMES.toSorted())
})

test('docs/captures.md lists every tunnel and names what stays closed', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/captures.md'), 'utf8')
  assert.deepEqual([...page.matchAll(/^\| `(tunnel \w+)` \|/gm)].map(([, name]) => name), TUNNELS)
  for (const name of CLOSED) assert.ok(page.includes(`\`${name}\``), name)
})
