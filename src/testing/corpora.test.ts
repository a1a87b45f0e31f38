// Tests of the table of real texts: it is what a fresh run says, nothing is refused that should not be, and nothing is copied into it.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { corporaMissing, corporaText, CORPORA_DOC, vectorsOf, wrapRule } from './corpora.ts'

test('docs/corpora.md is what a fresh run says; npm run tables writes it', { skip: corporaMissing }, () => {
  assert.equal(corporaText(), fs.readFileSync(CORPORA_DOC, 'utf8'))
})

test('the table holds counts and kinds: no address, no file name, no long quotation', () => {
  const text = fs.readFileSync(CORPORA_DOC, 'utf8').split('\n').filter((line) => line.startsWith('| ')).join('\n')
  assert.doesNotMatch(text, /\d+\.\d+\.\d+\.\d+|[0-9a-f]{2}:[0-9a-f]{2}:|\.nft\b|set security|permit /)
  for (const cell of text.split(/[|;]/)) assert.ok(cell.length < 140, cell)
})

test('of each row, files are whole, with unknowns, or refused; most are read', () => {
  const lines = fs.readFileSync(CORPORA_DOC, 'utf8').split('\n').filter((line) => /^\| [A-Z n]/.test(line))
  const rows = lines.map((line) => line.split('|').slice(3, 7).map(Number))
    .filter((cells) => cells.every((n) => Number.isInteger(n)))
  assert.ok(rows.length >= 12)
  for (const [read = 0, whole = 0, partly = 0, refused = 0] of rows) {
    assert.equal(whole + partly + refused, read)
    assert.ok(refused <= read / 5)
  }
})

test('rule vectors: verdict, canonical form and family of each line; broken and set lines are none', () => {
  const text = '*ip6;test;input\n!s type ipv4_addr;ok\n- bad;ok\n# ip a;ok\nip saddr 1.2.3.4;ok\ntcp dport 0x50;ok;tcp dport 80\nfoo;fail\n'
  const found = vectorsOf(text, 'ip6/x.t')
  assert.deepEqual(found.map((v) => [v.line, v.rule, v.verdict, v.canonical, v.family]),
    [[5, 'ip saddr 1.2.3.4', 'ok', null, 'ip6'], [6, 'tcp dport 0x50', 'ok', 'tcp dport 80', 'ip6'], [7, 'foo', 'fail', null, 'ip6']])
  assert.match(found[0]?.wrapped ?? '', /set s \{ type ipv4_addr; \}/)
  assert.match(wrapRule('x', 'netdev'), /hook ingress/)
})
