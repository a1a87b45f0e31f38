// All of nftables' own test files and examples go through the readers: nothing throws, nothing hangs, a table says what was understood.
// Keeps "never dropped": files with unknowns are counted, and mutations of real files end within a bound of steps.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { randomInt, seededRng, type Rng } from '../../../base/rng.ts'
import type { ReadResult } from '../target.ts'
import { Cursor } from './cursor.ts'
import { scan } from './lex.ts'
import { readNft, readNftJson } from './read.ts'

const SHARED = path.join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'firewalls', 'nftables')
const missing: string | false = fs.existsSync(SHARED) ? false : '../shared/firewalls/nftables is not here'

function corpus(): readonly string[] {
  const all = fs.readdirSync(SHARED, { recursive: true }) as string[]
  return all.filter((file) => fs.statSync(path.join(SHARED, file)).isFile()).sort()
}

function load(file: string): string {
  return fs.readFileSync(path.join(SHARED, file), 'utf8')
}

function read(file: string, text: string): ReadResult {
  return file.endsWith('.json') || file.endsWith('.json-nft') ? readNftJson(text, file) : readNft(text, file)
}

type Column = 'whole' | 'with unknowns' | 'with errors' | 'refused'

function columnOf(result: ReadResult): Column {
  if (result.config === null) return 'refused'
  if (result.diagnostics.some((d) => d.severity === 'error')) return 'with errors'
  return result.config.unknowns.length > 0 ? 'with unknowns' : 'whole'
}

test('every file of the corpus: a table per folder', { skip: missing }, (t) => {
  const table = new Map<string, Map<Column, number>>()
  const files = corpus()
  for (const file of files) {
    const row = `${path.dirname(file)} *${path.extname(file)}`
    const columns = table.get(row) ?? new Map<Column, number>()
    table.set(row, columns)
    const column = columnOf(read(file, load(file)))
    columns.set(column, (columns.get(column) ?? 0) + 1)
  }
  for (const [row, columns] of table) t.diagnostic(`${row}: ${[...columns].map(([column, count]) => `${column} ${count}`).join(', ')}`)
  assert.ok(files.length > 900, `${files.length} files`)
  // Dumps are what `nft list ruleset` prints: none may be refused.
  const dumps = [...table].filter(([row]) => row.includes('dumps'))
  assert.deepEqual(dumps.filter(([, columns]) => columns.has('refused')).map(([row]) => row), [])
  const whole = dumps.reduce((sum, [, columns]) => sum + (columns.get('whole') ?? 0), 0)
  assert.ok(whole > 500, `${whole} dumps read whole`)
})

test('an unknown is never without its words, its line and a reason', { skip: missing }, () => {
  let seen = 0
  for (const file of corpus().filter((name) => name.endsWith('.nft'))) {
    const { config } = read(file, load(file))
    for (const unknown of config?.unknowns ?? []) {
      seen++
      assert.ok(unknown.text.length > 0 && unknown.reason.length > 0, file)
    }
  }
  assert.ok(seen > 100)
})

const PIECES = ['{', '}', ';', '\n', ',', ' . ', '/', '-', '"', '@x', '$y', 'jump ', 'vmap ', 'ip saddr ', '!= ', '::', '0x',
  '99999999999999999999', '(', '#']

function mutated(text: string, rng: Rng): string {
  const at = randomInt(rng, 0, text.length)
  const to = Math.min(text.length, at + randomInt(rng, 0, 40))
  const kind = randomInt(rng, 0, 3)
  if (kind === 0) return text.slice(0, at) + text.slice(to)
  if (kind === 1) return text.slice(0, at) + (PIECES[randomInt(rng, 0, PIECES.length - 1)] ?? '') + text.slice(at)
  if (kind === 2) return text.slice(0, at) + text.slice(at, to).repeat(3) + text.slice(to)
  return text.slice(0, at)
}

test('mutations of real files never throw, and every command moves on', { skip: missing }, () => {
  const rng = seededRng(20261123)
  const files = corpus().filter((file) => (file.endsWith('.nft') || file.endsWith('.json-nft')) && load(file).length < 20000)
  for (let i = 0; i < 3000; i++) {
    const file = files[randomInt(rng, 0, files.length - 1)] as string
    let text = load(file)
    for (let n = randomInt(rng, 1, 4); n > 0; n--) text = mutated(text, rng)
    const result = read(file, text)
    assert.ok(result.config !== null || result.diagnostics.length > 0, file)
  }
})

test('scanning is one pass: tokens lie in order, cover every word, and no two overlap', { skip: missing }, () => {
  for (const file of corpus().filter((name) => name.endsWith('.nft')).slice(0, 100)) {
    const text = load(file)
    let last = 0
    for (const token of scan(text)) {
      assert.ok(token.start >= last && token.stop >= token.start, file)
      assert.match(text.slice(last, token.start), /^(?:\s|\\|#[^\n]*)*$/, file)
      last = token.stop
    }
    assert.equal(last, text.length)
  }
})

test('deep nesting and endless lines end', () => {
  for (const text of ['('.repeat(5000), 'table ip x { '.repeat(3000), `table ip x { chain y { ip saddr ${'{ '.repeat(4000)}`,
    'jump { '.repeat(2000),
    `table ip x { chain y { ${'jump { '.repeat(1500)}`, `define a = ${'1,'.repeat(20000)}`,
      `table ip x { chain y { meta mark ${'1 | '.repeat(5000)}1 } }`]) {
    assert.ok(readNft(text, 'x').diagnostics.length > 0 || readNft(text, 'x').config !== null)
  }
  assert.ok(readNftJson(`{"nftables":${'['.repeat(500)}${']'.repeat(500)}}`, 'x').config !== null)
})

test('a cursor at the end stays there', () => {
  const c = new Cursor('a', scan('a'))
  for (let i = 0; i < 5; i++) c.take()
  assert.ok(c.done && c.atEnd)
  assert.throws(() => c.name(), /expected a name/)
})
