// Advisories from files: what is taken, passed over and refused, and the validator when it is installed and when it is not.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { scratch } from '../testing/command.ts'
import { advisoriesMissing, sharedAdvisories } from '../testing/shared.ts'
import { advisoryFiles, loadShippedAdvisories, readAdvisoryFile } from './advisories.ts'
import { loadCsafValidator, validatorOf } from './csaf-validator.ts'

const DOCUMENT = {
  document: { csaf_version: '2.0', publisher: { name: 'Us' }, tracking: { id: 'EX-1', version: '1', status: 'final',
    current_release_date: '2024-01-01T00:00:00Z' } },
  product_tree: { branches: [] }, vulnerabilities: [],
}
const installed = await loadCsafValidator()

test('the shipped facts load, and every exploited number of the list stands in them', () => {
  const { advisories, exploited } = loadShippedAdvisories()
  const known = new Set(advisories.flatMap(({ vulnerabilities }) => vulnerabilities.map(({ cve }) => cve)))
  assert.ok(exploited.cves.size > 5)
  assert.deepEqual([...exploited.cves, ...exploited.unconfirmed].filter((cve) => !known.has(cve)), [])
})

test('every shipped flag names its source, and one that is not from the catalog itself is unconfirmed', () => {
  const text = fs.readFileSync(path.join(import.meta.dirname, '..', '..', 'advisories', 'known-exploited.json'), 'utf8')
  const { sources, cves, asOf } = JSON.parse(text) as
    { sources: object; asOf: string; cves: { cve: string; added: string; source: string; unconfirmed?: true }[] }
  for (const { cve, added, source, unconfirmed } of cves) {
    assert.ok(source in sources, cve)
    assert.equal(unconfirmed === true, source !== 'catalog', cve)
    assert.match(added, /^20\d\d-\d\d-\d\d$/)
    assert.ok(unconfirmed === true || added <= asOf, cve)
  }
  assert.deepEqual([...loadShippedAdvisories().exploited.unconfirmed], ['CVE-2008-4250'])
})

test('a mirror is walked, links are not, and what is no JSON is not looked at', (t) => {
  const folder = scratch(t)
  fs.mkdirSync(path.join(folder, 'white', '2024'), { recursive: true })
  for (const name of ['white/2024/ex-1.json', 'white/2024/ex-1.json.asc', 'index.txt']) fs.writeFileSync(path.join(folder, name), '{}')
  fs.symlinkSync('/', path.join(folder, 'loop'))
  const files = advisoryFiles(folder)
  assert.ok(files.ok)
  assert.deepEqual(files.value.map((file) => path.relative(folder, file)), ['white/2024/ex-1.json'])
  assert.equal(advisoryFiles(path.join(folder, 'nowhere')).ok, false)
})

test('a file is hashed as it stands, and refused when the mirror\'s own hash says otherwise', async (t) => {
  const file = path.join(scratch(t), 'ex-1.json')
  const text = JSON.stringify(DOCUMENT)
  fs.writeFileSync(file, text)
  const read = await readAdvisoryFile(file, null)
  assert.ok(read.kind === 'advisory')
  assert.equal(read.advisory.hash.sha256, createHash('sha256').update(text).digest('hex'))
  fs.writeFileSync(`${file}.sha512`, `${createHash('sha512').update(text).digest('hex')}  ex-1.json\n`)
  assert.equal((await readAdvisoryFile(file, null)).kind, 'advisory')
  fs.appendFileSync(file, ' ')
  const changed = await readAdvisoryFile(file, null)
  assert.ok(changed.kind === 'refused')
  assert.match(changed.reasons.join(), /changed or cut/)
})

test('a distribution that is no object marks nothing and stops nothing, without a validator too', async (t) => {
  const file = path.join(scratch(t), 'odd.json')
  for (const distribution of [null, 'public', { tlp: null }, { tlp: { label: 7 } }]) {
    fs.writeFileSync(file, JSON.stringify({ ...DOCUMENT, document: { ...DOCUMENT.document, distribution } }))
    const read = await readAdvisoryFile(file, null)
    assert.deepEqual([read.kind, read.kind === 'advisory' && read.marking], ['advisory', null], JSON.stringify(distribution))
  }
})

test('feeds are passed over, broken files are refused with a reason, the catalog is known by its shape', async (t) => {
  const folder = scratch(t)
  const kinds: Record<string, string> = {}
  for (const [name, text] of [['feed', '{"feed":{}}'], ['cut', '{"document":'], ['latin', '{"a":"\xff"}'],
    ['kev', '{"catalogVersion":"2026.05.20","vulnerabilities":[{"cveID":"CVE-2017-0144","dateAdded":"x"}]}']] as const) {
    const file = path.join(folder, `${name}.json`)
    fs.writeFileSync(file, text, 'latin1')
    kinds[name] = (await readAdvisoryFile(file, null)).kind
  }
  assert.deepEqual(kinds, { feed: 'other', cut: 'refused', latin: 'refused', kev: 'exploited' })
})

test('a library that is not there is told by null, and a broken one is not hidden', async () => {
  assert.equal(await loadCsafValidator('@nobody/such-a-library'), null)
})

test('the mandatory tests run only behind the schema, and a test that throws refuses the document', async () => {
  const asked: string[] = []
  const named = (name: string, errors: readonly object[], isValid?: boolean) => ({ name, run: () => { asked.push(name); return { errors, isValid } } })
  const wrong = [{ instancePath: '/a', message: 'is wrong' }]
  assert.deepEqual(await validatorOf(named('s', wrong, false), [named('t', wrong)])({}), ['s: /a is wrong'])
  assert.deepEqual(asked, ['s'])
  assert.deepEqual(await validatorOf(named('s', [], true), [named('t', wrong), named('u', [{}])])({}), ['t: /a is wrong', 'u: /'])
  const breaks = validatorOf({ name: 's', run: () => { throw new Error('no') } }, [])
  assert.deepEqual(await breaks(null), ['the validator failed: no'])
  const many = validatorOf(named('s', Array.from({ length: 9 }, () => ({})), false), [])
  assert.equal((await many({})).at(-1), 'and 4 more')
})

test('the validator takes every shared file and refuses one without a title', {
  skip: installed === null ? '@secvisogram/csaf-validator-lib is not installed' : advisoriesMissing,
}, async () => {
  assert.ok(installed)
  const files = fs.readdirSync(sharedAdvisories()).slice(0, 20)
  for (const name of files) {
    const value = JSON.parse(fs.readFileSync(path.join(sharedAdvisories(), name), 'utf8')) as { document: Record<string, unknown> }
    assert.deepEqual(await installed(value), [], name)
    delete value.document['title']
    assert.notDeepEqual(await installed(value), [], name)
  }
})
