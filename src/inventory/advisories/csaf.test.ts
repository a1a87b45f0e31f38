// CSAF in and the table out: what is kept of a document, what hostile ones do (nothing), and that the shipped table is what its script makes.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileAdvisories, TABLE_FILE } from '../../../scripts/compile-advisories.ts'
import { readFolder } from '../../testing/advisories.ts'
import { advisoriesMissing, sharedAdvisories } from '../../testing/shared.ts'
import { addressesOfText, advisoryOfCsaf, namesVersion } from './csaf.ts'
import type { Advisory } from './model.ts'
import { advisoriesOfTable, advisoryLine, advisoryOfRow, hashedLine, knownExploitedOfCatalog } from './table.ts'

const HASH = { of: 'file', sha256: '00' } as const

/** A small document of our own with everything the reader looks at. */
function document(): Record<string, unknown> {
  return {
    document: {
      csaf_version: '2.0', publisher: { name: 'Somebody' }, title: 'A title that is not kept',
      notes: [{ category: 'summary', text: 'Block the subnet 198.18.0.0/15 and the IP address 9.9.9.9. Update to Version 12.2.1.5.' }],
      references: [{ category: 'self', url: 'https://example.org/a.json' }, { category: 'self', url: 'https://example.org/a' }],
      tracking: { id: 'EX-1', version: '3', status: 'final', initial_release_date: '2024-01-02T00:00:00Z', current_release_date: '2024-03-04T00:00:00Z' },
    },
    product_tree: {
      branches: [{
        category: 'vendor', name: 'Maker', branches: [{
          category: 'product_name', name: 'Monitor X100', branches: [
            { category: 'product_version_range', name: '<= 2.3', product: { name: 'x', product_id: 'P1' } },
            { category: 'product_version', name: '2.4', product: { name: 'x', product_id: 'P2' } },
          ],
        }],
      }],
      full_product_names: [{ name: 'Loose product', product_id: 'P3' }],
      relationships: [{ product_reference: 'P1', full_product_name: { name: 'x on y', product_id: 'P4' } }],
    },
    vulnerabilities: [{
      cve: 'CVE-2024-1234', cwe: { id: 'CWE-79' }, product_status: { known_affected: ['P1', 'P4'], fixed: ['P2'], under_investigation: ['P3'] },
      scores: [{ cvss_v3: { baseScore: 5.4, version: '3.1', vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N' } }, { cvss_v3: { baseScore: 4,
        version: '3.1' } }],
      remediations: [{ category: 'vendor_fix', details: 'Call us.' }, { category: 'mitigation', details: 'Segment.' }, { category: 'vendor_fix',
        details: 'See the page.' }],
    }],
  }
}

test('of a document names, numbers, scores and dates are kept, and none of its prose', () => {
  const read = advisoryOfCsaf(document(), HASH)
  assert.ok(read.ok)
  const { id, revision, released, updated, url, products, vulnerabilities, addresses } = read.value
  assert.deepEqual({ id, revision, released, updated, url }, { id: 'EX-1', revision: '3', released: '2024-01-02', updated: '2024-03-04',
    url: 'https://example.org/a' })
  assert.deepEqual(products.map(({ vendor, name, version }) => [vendor, name, version]),
    [['Maker', 'Monitor X100', '<= 2.3'], ['Maker', 'Monitor X100', '2.4'], ['', 'Loose product', ''], ['Maker', 'Monitor X100', '<= 2.3']])
  assert.deepEqual(vulnerabilities, [{
    cve: 'CVE-2024-1234', cwe: 'CWE-79', score: { version: '3.1', score: 5.4, vector: 'AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N' }, affected: [0, 3],
    investigating: [2], cleared: [1],
    remarks: [{ category: 'mitigation', count: 1 }, { category: 'vendor_fix', count: 2 }], fixNamesVersion: false,
  }])
  assert.deepEqual(addresses, [{ value: '9.9.9.9/32' }])
  assert.doesNotMatch(JSON.stringify(read.value), /title|Call us|Segment|Update to/)
})

type Branch = Readonly<Record<string, unknown>>
const branch = (category: string, name: string, inside: readonly Branch[] | string): Branch =>
  ({ category, name, ...(typeof inside === 'string' ? { product: { name: `full ${name}`, product_id: inside } } : { branches: inside }) })

/** Products of a tree, and the places of one vulnerability that lists all of `ids`. */
function treeOf(tree: unknown, ids: readonly string[], publisher: object = { name: 'Somebody' }): { products: string[]; affected: readonly number[] } {
  const base = document()
  const read = advisoryOfCsaf({ ...base, document: { ...base['document'] as object, publisher }, product_tree: tree,
    vulnerabilities: [{ product_status: { known_affected: ids } }] }, HASH)
  assert.ok(read.ok)
  return { products: read.value.products.map(({ vendor, name, version }) => [vendor, name, version].join('|')),
    affected: read.value.vulnerabilities[0]?.affected ?? [] }
}

test('names are gathered on the way down, however deep; a filling name takes its family with it', () => {
  const version = (name: string, id: string): Branch => branch('product_version', name, id)
  const { products } = treeOf({ branches: [branch('vendor', 'Contec', [
    branch('product_family', 'CMS8000', [branch('product_name', 'Patient Monitor', [version('1.0', 'A')])]),
    branch('product_family', 'CMS', [branch('product_name', 'CMS9000', [branch('architecture', 'ARM', [
      branch('product_version_range', 'vers:generic/<2.0', [branch('service_pack', 'SP1', [branch('language', 'en', 'B')])])])])]),
    branch('product_name', 'Patient Monitor', 'C'),
  ])] }, [])
  assert.deepEqual(products, ['Contec|CMS8000 Patient Monitor|1.0', 'Contec|CMS9000|vers:generic/<2.0 SP1', 'Contec|Patient Monitor|'])
})

test('a product without branches has the maker that stands in its name, or publishes it', () => {
  const names = { full_product_names: [{ name: 'Contec CMS8000', product_id: 'A' }, { name: 'X100 monitor', product_id: 'B' }] }
  assert.deepEqual(treeOf(names, []).products, ['contec|Contec CMS8000|', '|X100 monitor|'])
  assert.deepEqual(treeOf(names, [], { name: 'Maker', category: 'vendor' }).products, ['contec|Contec CMS8000|', 'Maker|X100 monitor|'])
})

test('what is installed on a device means the device too; its own firmware by version, anything else for a person', () => {
  const link = (part: string, id: string): object =>
    ({ category: 'installed_on', product_reference: part, relates_to_product_reference: 'D', full_product_name: { name: 'both', product_id: id } })
  const tree = {
    branches: [
      branch('vendor', 'Maker', [branch('product_name', 'X100', 'D'), branch('product_name', 'X100 firmware', [branch('product_version', '1.2', 'F')])]),
      branch('vendor', 'Other', [branch('product_name', 'Stack', [branch('product_version', '7', 'S')])]),
    ],
    relationships: [link('F', 'DF'), link('S', 'DS'), link('nothing', 'DN')],
  }
  const { products, affected } = treeOf(tree, ['DF', 'DS'])
  assert.deepEqual(affected.map((place) => products[place]), ['Maker|X100 firmware|1.2', 'Maker|X100|1.2', 'Other|Stack|7', 'Maker|X100|with Other Stack 7'])
})

test('an address needs a word about addresses before it and has to be public; a version is none', () => {
  assert.deepEqual(addressesOfText('block the 202.114.4.0/24 subnet, or block 202.114.4.119'), ['202.114.4.0/24', '202.114.4.119/32'])
  for (const none of ['Version 12.2.1.5 and Version 12.2.8.0', 'block access; update to version 1.7.0.0', 'hosts 10.0.0.1', 'IP address 1.2.3.4.5',
    'block 999.1.1.1']) {
    assert.deepEqual(addressesOfText(none), [], none)
  }
})

test('a remark names a version only when a number stands behind a word for versions', () => {
  for (const yes of ['released Version 12.2.1.5 in June', 'update to Ver.3.5.0 or later', 'software 028U00062']) assert.ok(namesVersion(yes), yes)
  for (const no of ['Tel: +1 (800) 258 5361', 'https://www.philips.com/productsecurity', 'see the newest version',
    'released in 2021']) assert.ok(!namesVersion(no), no)
})

const SPOILED: readonly (readonly [string, unknown, RegExp])[] = [
  ['nothing', null, /csaf_version is missing/], ['a list', [], /csaf_version is missing/], ['another version', { document: { csaf_version: '2.1' } },
    /CSAF 2.0 is read/],
  ['no id', { document: { csaf_version: '2.0', tracking: {} } }, /tracking\/id/],
  ['an id with a path', { document: { csaf_version: '2.0', tracking: { id: '../x' } } }, /tracking\/id/],
]

for (const [name, value, message] of SPOILED) {
  test(`a document that is ${name} is told what it lacks`, () => {
    const read = advisoryOfCsaf(value, HASH)
    assert.ok(!read.ok)
    assert.match(read.error, message)
  })
}

test('a tree deeper than any product is refused, not walked', () => {
  let inner: Record<string, unknown> = { category: 'product_version', name: '1', product: { product_id: 'P' } }
  for (let i = 0; i < 5000; i++) inner = { category: 'product_family', name: 'x', branches: [inner] }
  const read = advisoryOfCsaf({ ...document(), product_tree: { branches: [inner] } }, HASH)
  assert.ok(!read.ok && /levels/.test(read.error))
})

test('any JSON in any place throws nothing', () => {
  const place = fc.constantFrom('document', 'product_tree', 'vulnerabilities')
  fc.assert(fc.property(place, fc.jsonValue(), (name, value) => {
    advisoryOfCsaf({ ...document(), [name]: value }, HASH)
    advisoryOfRow(value)
    knownExploitedOfCatalog(value)
  }), { numRuns: 100 })
})

test('a row of the table is the advisory again, of every file', { skip: advisoriesMissing }, () => {
  for (const advisory of readFolder()) assert.deepEqual(advisoryOfRow(JSON.parse(advisoryLine(advisory))), advisory)
})

test('no medical file seems to name an address: the texts hold version numbers that look like some', { skip: advisoriesMissing }, () => {
  assert.deepEqual(readFolder().flatMap(({ id, addresses }) => (addresses.length > 0 ? [[id, addresses]] : [])), [])
})

test('the shipped table is what its script makes of the files', { skip: advisoriesMissing }, () => {
  assert.equal(fs.readFileSync(TABLE_FILE, 'utf8'), compileAdvisories(sharedAdvisories()))
})

test('the shipped table has every medical advisory and that of 2025, with a hash each, and no sentence of theirs', () => {
  const table = advisoriesOfTable(fs.readFileSync(TABLE_FILE, 'utf8'))
  assert.equal(table.length, 145)
  for (const { hash, id } of table) assert.match(`${id} ${hash.sha256}`, /^ICSMA-\S+ [0-9a-f]{64}$/)
  const words = table.flatMap(({ products }) => products.flatMap(({ vendor, name, version }) => [vendor, name, version]))
  assert.deepEqual(words.filter((text) => text.length > 160), [])
  const contec = table.find(({ id }) => id === 'ICSMA-25-030-01') as Advisory
  assert.deepEqual(contec.vulnerabilities.map(({ cve, affected }) => [cve, affected.length]),
    [['CVE-2024-12248', 3], ['CVE-2025-0626', 1], ['CVE-2025-0683', 1], ['CVE-2025-1204', 1]])
  assert.equal(hashedLine(contec).includes('"hash":["facts",""]'), true)
})

test('the catalog of exploited vulnerabilities is read as it is published', () => {
  const found = knownExploitedOfCatalog({ catalogVersion: '2026.05.20', vulnerabilities: [{ cveID: 'CVE-2017-0144', dateAdded: '2022-02-10' }] })
  assert.deepEqual([found?.asOf, [...found?.cves ?? []]], ['2026-05-20', ['CVE-2017-0144']])
})
