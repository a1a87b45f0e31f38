// Tests of attach: where each comment of a text goes, one row per place a person may write one. Left: as written, right: as laid out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPolicy } from '../../config/format-policy.ts'

function formatted(text: string): string {
  const result = formatPolicy(text)
  assert.ok(result.ok, text)
  return result.value
}

/** Why, as written, as laid out. */
const ROWS: readonly (readonly [string, string, string])[] = [
  ['the head of the file stays its head, whichever key comes first',
    '# head\n\n# version\nname: a\nversion: 1\n', '# head\n\n# version\nversion: 1\nname: a\n'],
  ['above a key: goes with it when keys change places',
    'name: a\n# why\nversion: 1\n', '# why\nversion: 1\nname: a\n'],
  ['behind a key: goes with it',
    'name: a # n\nversion: 1 # v\n', 'version: 1 # v\nname: a # n\n'],
  ['above an item, indented less than it',
    'zones:\n# z\n  - name: a\n', 'zones:\n  # z\n  - name: a\n'],
  ['behind the key of a section',
    'zones: # all\n  - name: a\n', 'zones: # all\n  - name: a\n'],
  ['behind a dash: above the item',
    'zones:\n  - # first\n    name: a\n', 'zones:\n  # first\n  - name: a\n'],
  ['above the first key of an item after reordering: above the item',
    'zones:\n  - kind: it\n    # called\n    name: a\n', 'zones:\n  # called\n  - name: a\n    kind: it\n'],
  ['items that are commented out stay at the end of their section',
    'zones:\n  - name: a\n  # - name: b\n  #   kind: it\nconduits: []\n',
    'zones:\n  - name: a\n  # - name: b\n  #   kind: it\n\nconduits: []\n'],
  ['keys that are commented out stay in their item',
    'zones:\n  - name: a\n    # inside: b\n  - name: c\n', 'zones:\n  - name: a\n    # inside: b\n  - name: c\n'],
  ['above the next section, at its indentation: goes with the section',
    'conduits: []\n# where\nzones: []\n', '# where\nzones: []\nconduits: []\n'],
  ['below everything stays below everything',
    'zones: []\nname: a\n# end\n', 'name: a\nzones: []\n# end\n'],
  ['below everything after an empty line keeps that line',
    'name: a\n\n# end\n\n# very end\n', 'name: a\n\n# end\n\n# very end\n'],
  ['inside of brackets: the list takes one line per item',
    'zones:\n  - name: a\n    prefixes: [10.0.0.0/8, # big\n      # small\n      10.1.0.0/16]\n',
    'zones:\n  - name: a\n    prefixes:\n      - 10.0.0.0/8 # big\n      # small\n      - 10.1.0.0/16\n'],
  ['behind closed brackets: stays behind',
    'zones:\n  - name: a\n    profiles: [b] # all\n', 'zones:\n  - name: a\n    profiles: [b] # all\n'],
  ['behind an item in braces: above it, since it takes several lines now',
    'zones:\n  - { name: a, kind: it } # it\n', 'zones:\n  # it\n  - name: a\n    kind: it\n'],
  ['before a closing bracket: above the whole',
    'zones:\n  - name: a\n    profiles: [b,\n      # last\n    ]\n', 'zones:\n  - name: a\n    # last\n    profiles: [b]\n'],
  ['behind a folded text\'s mark',
    'name: > # why\n  a\n  b\n', 'name: a b # why\n'],
  ['between a key and its value on the next line: below',
    'zones:\n  - name: a\n    description:\n      # why\n      text\n  - name: b\n',
    'zones:\n  - name: a\n    description: text\n    # why\n  - name: b\n'],
  ['behind brackets that take several lines now: behind their key',
    'zones:\n  - name: [a, # x\n      ] # y\n', 'zones:\n  - name: # y\n      - a # x\n'],
  ['two behind one: the second goes above',
    'zones:\n  - name: {} # x\n... # y\n', 'zones:\n  # y\n  - name: {} # x\n'],
]

for (const [why, written, laidOut] of ROWS) {
  test(why, () => {
    assert.equal(formatted(written), laidOut)
    assert.equal(formatted(laidOut), laidOut)
  })
}

test('empty lines: between sections always, between items where they were, nowhere else, never two', () => {
  assert.equal(formatted('version: 1\n\n\nname: a\nzones:\n\n  - name: a\n\n    kind: it\n\n\n  - name: b\n  - name: c\ndefault: deny\n\n'),
    'version: 1\nname: a\n\nzones:\n  - name: a\n    kind: it\n\n  - name: b\n  - name: c\n\ndefault: deny\n')
})

test('thousands of conduits with a comment each take no square time', () => {
  const items = Array.from({ length: 3000 }, (_, i) => `  # conduit ${i}\n  - { to: b, from: a, name: c${i} } # ${i}\n`).join('')
  const text = formatted(`conduits:\n${items}`)
  assert.equal(text.split('\n').length, 3000 * 5 + 2)
  assert.ok(text.includes('  # conduit 2999\n  # 2999\n  - name: c2999\n    from: a\n    to: b\n'))
})
