// Tests of formatPolicy: same meaning, same comments, twice is once, for policies, for any YAML data, and for comments in any place.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import type { PlainValue } from '../base/tree.ts'
import { parsePolicy } from '../policy/language/policy.ts'
import { runs } from '../testing/runs.ts'
import { commentTexts, formatPolicy } from './format-policy.ts'
import { productPath } from './product.ts'
import { parseYaml } from './yaml.ts'

const FOLDER = join(import.meta.dirname, 'testdata')
/** All but the one with keys that stand twice, which no layout can keep. */
const TEXTS = readdirSync(FOLDER).filter((name) => /^policy-.*\.yaml$/.test(name) && name !== 'policy-duplicates.yaml')
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
const SHIPPED = readFileSync(productPath('policies/default.yaml'), 'utf8')

function formatted(text: string): string {
  const result = formatPolicy(text)
  assert.ok(result.ok, result.ok ? '' : `${JSON.stringify(result.error)}\n${text}`)
  return result.value
}

/** The model without places. */
function modelOf(text: string): unknown {
  const { tree } = parseYaml(text, 'p')
  assert.ok(tree !== null)
  const { policy, diagnostics } = parsePolicy(tree, { today: '2026-06-15' })
  const told = diagnostics.map((d) => `${d.code} ${d.message.replaceAll(/ ?\(?(?:on )?line \d+\)?/g, '')}`).sort()
  return JSON.parse(JSON.stringify({ policy, told }, (key, value: unknown) =>
    (key === 'at' ? undefined : typeof value === 'bigint' ? String(value) : value)))
}

/** All that is promised of one text. */
function assertKept(text: string): string {
  const once = formatted(text)
  assert.equal(formatted(once), once, `twice is not once:\n${text}`)
  assert.deepEqual(commentTexts(once), commentTexts(text))
  return once
}

test('the shipped policies are laid out', () => {
  const names = readdirSync(productPath('policies'))
  assert.ok(names.length >= 2)
  for (const name of names) {
    const text = readFileSync(join(productPath('policies'), name), 'utf8')
    assert.equal(formatted(text), text, name)
  }
})

test('every policy of the tests keeps its meaning and its comments, wrong ones too', () => {
  assert.ok(TEXTS.length >= 8)
  for (const text of [...TEXTS, SHIPPED]) assert.deepEqual(modelOf(assertKept(text)), modelOf(text))
})

test('one layout, shown on one file', () => {
  assert.equal(formatted(`
# The ward.

# Version of the language.
zones: [{kind: medical, name: ward, prefixes: [10.20.3.0/24, "fd00::/64"]}, # first
  # The rest.
  {name: rest, kind: it}]
version:   1   # always
extra: {b: 1, a: [x, 'y, z']}
default: deny


conduits:
- services: dns # names
  name: "names"
  # both
  from: ward

  # last of the conduit
  # - name: off
assertions: [never ward -> internet]
name: 'yes'
description: |
  One line.
services: []
`), `# The ward.

# Version of the language.
version: 1 # always
name: yes
description: One line.

zones:
  # first
  - name: ward
    kind: medical
    prefixes: [10.20.3.0/24, fd00::/64]
  # The rest.
  - name: rest
    kind: it

services: []

conduits:
  - name: names
    # both
    from: ward
    # last of the conduit
    # - name: off
    services: dns # names

assertions:
  - never ward -> internet

default: deny

extra:
  b: 1
  a: [x, 'y, z']
`)
})

test('texts are folded at spaces, kept by lines, or quoted, and lists break when they are long', () => {
  const words = 'word '.repeat(60).trim()
  const prefixes = Array.from({ length: 9 }, (_, i) => `10.${i}.0.0/16`)
  const text = stringify({ name: `a ${words}`, description: 'first\n\n  third', zones: [{ name: 'x', prefixes }],
    default: ` ${words}`, odd: 'tab\there', empty: '' })
  const lines = assertKept(text).split('\n')
  assert.equal(lines[0], 'name: >-')
  assert.ok(lines.slice(1, 4).every((line) => line.length <= 140))
  assert.deepEqual(lines.slice(4, 8), ['description: |-', '  first', '', '    third'])
  assert.ok(lines.includes('    prefixes:') && lines.includes('      - 10.8.0.0/16'))
  assert.ok(lines.includes('odd: "tab\\there"') && lines.includes("empty: ''"))
  assert.ok(lines.some((line) => line.startsWith("default: ' word word")))
})

test('what is no YAML is refused with the diagnostics of the reader, and so is a key that stands twice', () => {
  const codes = (text: string): string[] => {
    const result = formatPolicy(text)
    return result.ok ? [] : result.error.map((d) => d.code)
  }
  assert.deepEqual(codes('a: [b'), ['yaml/syntax'])
  assert.deepEqual(codes(''), ['yaml/empty'])
  assert.deepEqual(codes('# nothing\n'), ['yaml/empty'])
  assert.deepEqual(codes('a: 1\na: 2\n'), ['yaml/duplicate-key'])
  assert.deepEqual(codes('a: &x 1\n'), ['yaml/anchor'])
})

test('numbers, nothing and odd words stay as written', () => {
  assert.equal(formatted('a: 0x10\nb: 1e3\nc: 007\nd: ~\ne:\nf: "0x10"\ng: "null"\nh: [~, 1.50, "1"]\n'),
    "a: 0x10\nb: 1e3\nc: 007\nd: ~\ne:\nf: '0x10'\ng: 'null'\nh: [~, 1.50, '1']\n")
})

test('line ends of Windows, a byte order mark, markers of a document: gone, nothing else', () => {
  assert.equal(formatted('\ufeff---\r\nb: 1 # x\r\na: >\r\n  t\r\n...\r\n'), 'b: 1 # x\na: t\n')
})

const SPICE = ['', ' ', '\n', ': ', ' #', '- ', '[', '}', ',', "'", '"', '\\', '\t', '->', '::', '0x',
  '~', 'yes', '&a', '*b', '!t', '%', '|', '>', '…', '\u2028']
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.array(fc.constantFrom(...SPICE, 'ward', '10.0.0.0/8', 'A long reason with words.'),
  { maxLength: 40 }).map((parts) => parts.join('')), fc.string({ unit: 'binary', maxLength: 6 }))
const scalar = fc.oneof({ arbitrary: text, weight: 4 }, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(),
  fc.constant(null))
const key = fc.oneof(fc.constantFrom('name', 'zones', 'from', 'version', 'reason', 'services', 'kind', 'conduits'), text)
const value = fc.letrec<{ node: PlainValue }>((tie) => ({
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true })),
})).node
const style = fc.record({ indentSeq: fc.boolean(), indent: fc.constantFrom(2, 4), lineWidth: fc.constantFrom(0, 20, 80),
  collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const), singleQuote: fc.constantFrom(true, false, null) })

/** Line ends behind a text are style, see formatPolicy. */
const trimmed = (data: unknown): unknown =>
  JSON.parse(JSON.stringify(data, (_, v: unknown) => (typeof v === 'string' ? v.replace(/\n+$/, '') : v)))

test('any data in any style: same data, and twice is once', () => {
  let formattedCount = 0
  fc.assert(fc.property(fc.dictionary(key, value, { maxKeys: 5, minKeys: 1, noNullPrototype: true }), style, (data, options) => {
    const source = stringify(data, options)
    const result = formatPolicy(source)
    if (!result.ok) {
      // Keys of other kinds than words are not read (yaml.test.ts); nothing else may be refused.
      assert.ok(result.error.every((d) => d.code.startsWith('yaml/')), `${JSON.stringify(result.error)}\n${source}`)
      return
    }
    formattedCount++
    assert.deepEqual(trimmed(parse(assertKept(source))), trimmed(parse(source)))
  }), { numRuns: runs(120) })
  assert.ok(formattedCount > 60, `${formattedCount}`)
})

/** A change of the text that hurts nobody's meaning, or breaks it as YAML. */
interface Insertion {
  readonly at: number
  readonly indent: number
  readonly kind: 'own' | 'behind' | 'blank'
}
const insertions = fc.array(fc.record({ at: fc.nat(200), indent: fc.nat(10),
  kind: fc.constantFrom('own' as const, 'own' as const, 'behind' as const, 'blank' as const) }), { minLength: 1, maxLength: 12 })

function insert(source: string, changes: readonly Insertion[]): string {
  const lines = source.split('\n')
  for (const [i, { at, indent, kind }] of changes.entries()) {
    const row = at % lines.length
    if (kind === 'blank') lines.splice(row, 0, '')
    else if (kind === 'own') lines.splice(row, 0, `${' '.repeat(indent)}# own ${i}`)
    else lines[row] = `${lines[row]} # behind ${i}`
  }
  return lines.join('\n')
}

const FLOWED = `version: 1
zones: [
  { name: ward, kind: medical,
    prefixes: [10.0.0.0/8,
      fd00::/8] },
  { name: office, kind: it }
]
conduits:
-
  name: x
  services: [
    dns, ntp
  ]
- { name: y,
    from: ward }
services:
    - name: s
      ports:
      - 1
      - 2-3
`

test('comments and empty lines anywhere: all kept, meaning kept, twice is once', () => {
  let kept = 0
  fc.assert(fc.property(fc.constantFrom(FLOWED, FLOWED, SHIPPED.slice(0, 4500), ...TEXTS), insertions, (source, changes) => {
    const changed = insert(source, changes)
    if (!formatPolicy(changed).ok) {
      const result = formatPolicy(changed)
      assert.ok(result.ok || result.error.every((d) => d.code.startsWith('yaml/')), changed)
      return
    }
    kept++
    assert.deepEqual(modelOf(assertKept(changed)), modelOf(changed))
  }), { numRuns: runs(90) })
  assert.ok(kept > 30, `${kept}`)
})

test('a text between number and block scalar is no comment', () => {
  assert.deepEqual(commentTexts("a: |\n  # content\nb: '# content'\nc: x # real  \n# '#'\n"), ["# '#'", '# real'])
  assert.deepEqual(commentTexts('a: b#c\nd: [e, # f\n g]\n'), ['# f'])
})
