// CSAF validator: the slow twin is the library loaded whole, with the schema it compiles itself. Both say the same of all shared advisories, of
// each mistake written out here, and of seeded damage; the compiled schema is what the library's own schema gives.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { randomInt, seededRng, type Rng } from '../base/rng.ts'
import { compileCsafSchema, CSAF_SCHEMA_FILE } from '../../scripts/compile-csaf-schema.ts'
import { advisoriesMissing, sharedAdvisories } from '../testing/shared.ts'
import { CSAF_LIBRARY, loadCsafValidator, validatorOf, type CsafValidator, type NamedTest } from './csaf-validator.ts'

type Tree = Record<string, unknown>

const fast = await loadCsafValidator()
const missing = fast === null ? `${CSAF_LIBRARY} is not installed` : undefined

let twin: Promise<CsafValidator> | null = null
/** All 43 mandatory tests and the schema, as the library exports them. */
const whole = (): Promise<CsafValidator> => (twin ??= loadWhole())

async function loadWhole(): Promise<CsafValidator> {
  const [schema, mandatory] = await Promise.all([import(`${CSAF_LIBRARY}/schemaTests.js`), import(`${CSAF_LIBRARY}/mandatoryTests.js`)]) as
    [{ csaf_2_0: NamedTest['run'] }, Record<string, NamedTest['run']>]
  // An imported module lists its names by alphabet; the library's index by number.
  const byNumber = (name: string): readonly number[] => (name.match(/\d+/g) ?? []).map(Number)
  const names = Object.keys(mandatory).sort((a, b) => byNumber(a).map((n, i) => n - (byNumber(b)[i] ?? 0)).find((n) => n !== 0) ?? 0)
  assert.equal(names.length, 43)
  return validatorOf({ name: 'csaf_2_0', run: schema.csaf_2_0 }, names.map((name) => ({ name, run: mandatory[name] as NamedTest['run'] })))
}

/** Small, and with everything in it that section 6.1 has an opinion on. */
function example(): Tree {
  const id = (name: string): Tree => ({ product_id: name, name })
  return {
    document: {
      category: 'csaf_vex', csaf_version: '2.0', title: 'A pump', lang: 'en', source_lang: 'de-CH',
      publisher: { category: 'vendor', name: 'Us', namespace: 'https://example.org' }, notes: [{ category: 'summary', text: 'x' }],
      tracking: {
        id: 'EX-1', version: '2', status: 'final', initial_release_date: '2024-01-01T00:00:00Z', current_release_date: '2024-02-01T00:00:00+01:00',
        revision_history: [{ number: '1', date: '2024-01-01T00:00:00Z', summary: 'a' }, { number: '2', date: '2024-02-01T00:00:00+01:00', summary: 'b' }],
      },
    },
    product_tree: {
      branches: [{ category: 'vendor', name: 'Us', branches: [{ category: 'product_name', name: 'Pump', branches: [
        { category: 'product_version', name: '1.0', product: { ...id('P1'), product_identification_helper: { purl: 'pkg:npm/pump@1.0' } } },
        { category: 'product_version_range', name: 'vers:generic/<2.0', product: id('P2') },
      ] }] }],
      full_product_names: [id('P3')],
      product_groups: [{ group_id: 'G1', product_ids: ['P1', 'P2'] }],
      relationships: [{ category: 'installed_on', product_reference: 'P1', relates_to_product_reference: 'P3', full_product_name: id('P4') }],
    },
    vulnerabilities: [{
      cve: 'CVE-2024-0001', cwe: { id: 'CWE-79', name: "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')" },
      notes: [{ category: 'summary', text: 'x' }], product_status: { known_affected: ['P1'], known_not_affected: ['P2'], fixed: ['P4'] },
      flags: [{ label: 'component_not_present', product_ids: ['P2'] }],
      remediations: [{ category: 'mitigation', details: 'x', group_ids: ['G1'] }],
      scores: [{ products: ['P1'],
        cvss_v2: { version: '2.0', vectorString: 'AV:N/AC:L/Au:N/C:P/I:P/A:P', baseScore: 7.5 },
        cvss_v3: { version: '3.1', vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', baseScore: 9.8, baseSeverity: 'CRITICAL' } }],
    }],
  }
}

/** One mistake per line: path, and what is put there (nothing: the key goes away). */
const MISTAKES: readonly (readonly [string, unknown?])[] = [
  ['document'], ['document.title'], ['document.title', 7], ['document.lang', 'EN'], ['document.lang', 'xx'], ['document.lang', 'qq-XX'],
  ['document.lang', 'fr-CA'], ['document.source_lang', 'zh-min'], ['document.csaf_version', '2.1'], ['document.publisher.namespace', 'not a uri'],
  ['document.category', 'csaf_security_advisory'], ['document.notes'], ['document.tracking.status', 'draft'], ['document.tracking.version', '1'],
  ['document.tracking.version', '2.0.0'], ['document.tracking.version', '2.0.0-rc1'], ['document.tracking.version', '02'],
  ['document.tracking.current_release_date', '2023-02-01T00:00:00Z'], ['document.tracking.current_release_date', 'yesterday'],
  ['document.tracking.revision_history.0.number', '1.0.0'], ['document.tracking.revision_history.0.number', '2'],
  ['document.tracking.revision_history.0.number', '0'], ['document.tracking.revision_history.1.date', '2020-01-01T00:00:00Z'],
  ['document.tracking.revision_history', []], ['product_tree'], ['product_tree.branches'], ['product_tree.branches.0.branches.0.branches.0.name', '< 1.0'],
  ['product_tree.branches.0.branches.0.branches.0.name', 'all versions'], ['product_tree.branches.0.branches.0.branches.0.name', 'Prior to 3'],
  ['product_tree.branches.0.branches.0.branches.0.name', 'overall 3'], ['product_tree.branches.0.branches.0.branches.0.category', 'product_version_range'],
  ['product_tree.branches.0.branches.0.branches.0.product.product_identification_helper.purl', 'pkg:npm'],
  ['product_tree.branches.0.branches.0.branches.0.product.product_identification_helper.purl', 'pkg:maven/nothing@1'],
  ['product_tree.branches.0.branches.0.branches.0.product.product_identification_helper',
    { hashes: [{ filename: 'a', file_hashes: [ { algorithm: 'sha256', value: 'aa'.repeat(32) }, { algorithm: 'sha256', value: 'ab'.repeat(32) }] }] }],
  ['product_tree.full_product_names.0.product_id', 'P1'], ['product_tree.product_groups.0.product_ids', ['P1', 'P9']],
  ['product_tree.product_groups.0.summary', 'more words'], ['product_tree.product_groups.1', { group_id: 'G1', product_ids: ['P1', 'P3'] }],
  ['product_tree.relationships.0.full_product_name.product_id', 'P1'], ['product_tree.relationships.0.product_reference', 'P4'],
  ['product_tree.relationships.0.relates_to_product_reference', 'P9'], ['vulnerabilities'], ['vulnerabilities', []], ['vulnerabilities.0.cve', 'CVE-1-1'],
  ['vulnerabilities.0.cwe.id', 'CWE-999999'], ['vulnerabilities.0.cwe.name', 'Something else'], ['vulnerabilities.0.product_status.fixed', ['P1']],
  ['vulnerabilities.0.product_status.known_affected', ['P7']], ['vulnerabilities.0.product_status', {}], ['vulnerabilities.0.flags'],
  ['vulnerabilities.0.flags.0.product_ids'], ['vulnerabilities.0.flags.0.group_ids', ['G1']], ['vulnerabilities.0.flags.0.group_ids', ['G9']],
  ['vulnerabilities.0.flags.1', { label: 'component_not_present', product_ids: ['P2'] }],
  ['vulnerabilities.0.flags.1', { label: 'vulnerable_code_not_present' }], ['vulnerabilities.0.remediations'],
  ['vulnerabilities.0.remediations.0.group_ids'], ['vulnerabilities.0.remediations.1', { category: 'none_available', details: 'x' }],
  ['vulnerabilities.0.scores.0.cvss_v3.baseScore', 9.7], ['vulnerabilities.0.scores.0.cvss_v3.baseSeverity', 'HIGH'],
  ['vulnerabilities.0.scores.0.cvss_v3.version', '3.0'], ['vulnerabilities.0.scores.0.cvss_v3.vectorString', 'x'],
  ['vulnerabilities.0.scores.0.cvss_v3', null], ['vulnerabilities.0.scores.0.cvss_v2.baseScore', 1],
  ['vulnerabilities.0.scores.0.cvss_v2.vectorString', 'AV:N'], ['vulnerabilities.0.scores.0.cvss_v2', []],
  ['vulnerabilities.0.scores.1', { products: ['P1'], cvss_v2: { version: '2.0', vectorString: 'AV:N/AC:L/Au:N/C:P/I:P/A:P', baseScore: 7.5 } }],
  ['vulnerabilities.1', { cve: 'CVE-2024-0001' }], ['vulnerabilities.1', { title: 'no flags, no remediations', notes: [] }],
  ['vulnerabilities.1', { cve: 'CVE-2024-0002', notes: [{ category: 'summary', text: 'x' }], product_status: { known_affected: ['P1'] } }],
]

/** A copy with `value` at `where`; undefined takes the key away. */
function changed(document: Tree, where: string, value: unknown): Tree {
  const copy = structuredClone(document)
  const keys = where.split('.')
  const last = keys.pop() ?? ''
  const holder = keys.reduce<Tree>((at, key) => at[key] as Tree, copy)
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return copy
}

test('the compiled schema in the repository is what the installed library gives', { skip: missing }, async () => {
  assert.equal(fs.readFileSync(CSAF_SCHEMA_FILE, 'utf8') === await compileCsafSchema(), true, 'run node scripts/compile-csaf-schema.ts')
})

test('6.1.8 is part of the schema: the same references to the CVSS schemas', { skip: missing }, async () => {
  interface Scores { vulnerabilities: { items: { properties: { scores: { items: { properties: Tree } } } } } }
  const { default: schema } = await import(`${CSAF_LIBRARY}/lib/schemaTests/csaf_2_0/schema.js`) as { default: { properties: Scores } }
  const ref = (version: string): Tree => ({ $ref: `https://www.first.org/cvss/cvss-${version}.json` })
  const { cvss_v2, cvss_v3 } = schema.properties.vulnerabilities.items.properties.scores.items.properties
  assert.deepEqual([cvss_v2, cvss_v3], [ref('v2.0'), { oneOf: [ref('v3.0'), ref('v3.1')] }])
})

test('every mistake is told in the words of the whole library', { skip: missing }, async () => {
  assert.ok(fast)
  const slow = await whole()
  assert.deepEqual(await fast(example()), [])
  assert.deepEqual(await slow(example()), [])
  const told = new Set<string>()
  for (const [where, value] of MISTAKES) {
    const document = changed(example(), where, value)
    const words = await fast(document)
    assert.deepEqual(words, await slow(document), `${where} = ${JSON.stringify(value)}`)
    for (const one of words) told.add(one.split(':')[0] ?? '')
  }
  // The tests written by hand are among what was told, and most of the library's own.
  for (const number of ['29', '30', '31', '32', '33', '12']) assert.ok(told.has(`mandatoryTest_6_1_${number}`), number)
  assert.ok(told.size > 25, [...told].join())
  for (const odd of [null, 7, 'text', [], {}]) assert.deepEqual(await fast(odd), await slow(odd))
})

/** Takes a key away, doubles an element, or puts something else in a place, 1 to 3 times. */
function damaged(document: Tree, rng: Rng): Tree {
  const copy = structuredClone(document)
  for (let times = randomInt(rng, 1, 3); times > 0; times--) {
    let at: Tree = copy
    let key = ''
    for (let depth = randomInt(rng, 1, 9); depth > 0; depth--) {
      const keys = Object.keys(at)
      key = keys[randomInt(rng, 0, keys.length - 1)] ?? ''
      const next = at[key]
      if (depth === 1 || next === null || typeof next !== 'object' || Object.keys(next).length === 0) break
      at = next as Tree
    }
    const value = at[key]
    const kind = randomInt(rng, 0, 4)
    if (kind === 0) Reflect.deleteProperty(at, key)
    else if (kind === 1 && Array.isArray(at)) at.push(structuredClone(value))
    else if (kind === 2 && typeof value === 'string') at[key] = value.slice(randomInt(rng, 0, 3))
    else at[key] = [null, 3, 'all', '1.0.0', [], {}, ['P1'], value][randomInt(rng, 0, 7)]
  }
  return copy
}

test('seeded damage: the same verdict and words as the whole library', { skip: missing }, async () => {
  assert.ok(fast)
  const slow = await whole()
  const rng = seededRng(6)
  let refused = 0
  for (let run = 0; run < 1500; run++) {
    const document = damaged(example(), rng)
    const words: readonly string[] = await fast(document)
    assert.deepEqual(words, await slow(document), JSON.stringify(document))
    if (words.length > 0) refused++
  }
  assert.ok(refused > 700 && refused < 1500, String(refused))
})

test('all shared advisories: the same verdict, and the same words when one is damaged', { skip: missing ?? advisoriesMissing }, async () => {
  assert.ok(fast)
  const slow = await whole()
  const rng = seededRng(145)
  const files = fs.readdirSync(sharedAdvisories())
  assert.ok(files.length >= 145)
  for (const name of files) {
    const document = JSON.parse(fs.readFileSync(path.join(sharedAdvisories(), name), 'utf8')) as Tree
    assert.deepEqual(await fast(document), await slow(document), name)
    const broken = damaged(document, rng)
    assert.deepEqual(await fast(broken), await slow(broken), `${name}, damaged`)
  }
})
