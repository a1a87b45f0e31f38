// Matching beyond the golden list: evidence, versions, words of the answer, cost, and the index against its slow twin.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { randomInt, seededRng } from '../../base/rng.ts'
import { loadProfiles } from '../../config/index.ts'
import type { Asset, Claim } from '../asset.ts'
import { atomsOf } from './atoms.ts'
import { createCatalogue, productsNamed, type Catalogue } from './catalogue.ts'
import { matchAssets, type Match } from './match.ts'
import type { Advisory } from './model.ts'
import { isExcepted, showsKey } from './products.ts'
import { advisoriesOfTable } from './table.ts'
import { goldenAsset, goldenDevices } from './testdata/devices.ts'
import { leadingVendor, vendorMeaning } from './vendors.ts'

const TABLE = advisoriesOfTable(fs.readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'advisories', 'medical.jsonl'), 'utf8'))
const CATALOGUE = createCatalogue(TABLE)
const PROFILES = (() => {
  const loaded = loadProfiles()
  assert.ok(loaded.ok)
  return loaded.value.profiles
})()
const EXPLOITED = { asOf: '2026-05-20', cves: new Set(['CVE-2017-0144']), unconfirmed: new Set(['CVE-2017-0199']) }

const match = (...assets: Asset[]): Match[] => matchAssets(assets, CATALOGUE, { profiles: PROFILES, exploited: EXPLOITED })

function withClaims(asset: Asset, ...claims: (readonly [string, string, Claim['level'], string])[]): Asset {
  const made = claims.map(([what, value, level, evidence]) =>
    ({ what: what as Claim['what'], value, level, evidence, inferred: false, firstAt: 0, lastAt: 0, frame: 7, count: 1 }))
  return { ...asset, claims: [...asset.claims, ...made] }
}

const monitor = (level: 'A' | 'B' | 'C' | 'D' | 'E'): Asset => goldenAsset('a-1', '', 'contec-cms8000', '', level)

test('the answer says which words of which revision, by hash, met which claim', () => {
  const [found] = match(monitor('C')).filter(({ advisory }) => advisory.id === 'ICSMA-22-244-01')
  assert.ok(found)
  const { hash } = found.advisory
  assert.equal(hash.of, 'file')
  assert.equal(found.sentence,
    `"Contec Health" and "CMS8000 CONTEC ICU CCU Vital Signs Patient Monitor" in ICSMA-22-244-01 revision 1 (file sha256 ${hash.sha256.slice(0, 12)}) `
    + 'meet the claim model "contec-cms8000" (level C, protocol) by way of profile contec-cms8000, that is Contec Medical Systems CMS8000; '
    + '"vers:all/*": every version is meant.')
})

test('behaviour alone is under investigation, and a maker\'s card alone is nothing', () => {
  assert.deepEqual(match(monitor('D')).map(({ state, level }) => [state, level]), [['under-investigation', 'D'], ['under-investigation', 'D']])
  assert.deepEqual(match(monitor('E')), [])
  assert.deepEqual(match(withClaims(goldenAsset('a-1', '', '', '', 'E'), ['nic-vendor', 'CONTEC', 'E', 'IEEE registry'], ['model', 'CMS8000', 'E', 'IEEE'])),
    [])
})

test('a monitor of another make that talks to the factory address is not one: the label outweighs the behaviour', () => {
  const mindray = withClaims(goldenAsset('a-1', 'Mindray', 'BeneVision N17', '05.21', 'B'), ['model', 'contec-cms8000', 'D', 'behaves like'])
  assert.deepEqual(match(mindray), [])
  const onlyMaker = withClaims(monitor('D'), ['vendor', 'Edan', 'B', 'CMMS list'])
  assert.deepEqual(match(onlyMaker), [])
  const agreed = withClaims(monitor('D'), ['vendor', 'Contec Medical Systems', 'B', 'CMMS list'])
  assert.equal(match(agreed).length, 2)
})

test('a label and a protocol that agree give the better level', () => {
  const both = withClaims(monitor('C'), ['model', 'CMS8000', 'A', 'label'], ['vendor', 'Contec Medical Systems', 'A', 'label'])
  assert.deepEqual(new Set(match(both).map(({ level }) => level)), new Set(['A']))
})

test('one of the four findings of 2025 concerns three firmware versions: of an unknown version it is under investigation', () => {
  const [found] = match(monitor('C')).filter(({ advisory }) => advisory.id === 'ICSMA-25-030-01')
  assert.deepEqual(found?.vulnerabilities.map(({ cve, state }) => [cve, state]), [
    ['CVE-2024-12248', 'under-investigation'], ['CVE-2025-0626', 'affected'], ['CVE-2025-0683', 'affected'], ['CVE-2025-1204', 'affected'],
  ])
  const known = withClaims(monitor('C'), ['version', 'smart3250-2.6.27-wlan2.1.7.cramfs', 'B', 'CMMS list'])
  assert.equal(match(known).find(({ advisory }) => advisory.id === 'ICSMA-25-030-01')?.vulnerabilities[0]?.state, 'affected')
})

test('what the publisher still looks at, or has cleared, is no affected product', () => {
  const base = TABLE.find(({ id }) => id === 'ICSMA-22-244-01') as Advisory
  const state = (places: Partial<Advisory['vulnerabilities'][number]>): unknown => {
    const vulnerabilities = base.vulnerabilities.slice(0, 1).map((one) => ({ ...one, affected: [], ...places }))
    const found = matchAssets([monitor('C')], createCatalogue([{ ...base, vulnerabilities }]), { profiles: PROFILES, exploited: EXPLOITED })
    return found.map((one) => one.state)
  }
  assert.deepEqual([state({ affected: [0] }), state({ investigating: [0] }), state({ cleared: [0] })], [['affected'], ['under-investigation'],
    ['not-affected']])
})

/** One advisory with two leaves of one product: version words and where each finding lists them. */
function twoLeaves(versions: readonly [string, string], places: Partial<Advisory['vulnerabilities'][number]>, device: string): Match | undefined {
  const base = TABLE.find(({ id }) => id === 'ICSMA-22-244-01') as Advisory
  const products = versions.map((version) => ({ vendor: 'Innokas', name: 'VC150', version }))
  const vulnerabilities = base.vulnerabilities.slice(0, 1).map((one) => ({ ...one, affected: [], ...places }))
  return matchAssets([goldenAsset('a-1', 'Innokas', 'VC150', device, 'B')], createCatalogue([{ ...base, products, vulnerabilities }]),
    { profiles: PROFILES, exploited: EXPLOITED })[0]
}

test('a release the publisher lists as fixed is said to be listed so, and "all versions" beside it means those before', () => {
  const fixed = { affected: [0], cleared: [1] }
  const told = (device: string): string | undefined => twoLeaves(['vers:all/*', '2.4'], fixed, device)?.state
  assert.deepEqual([told('2.3'), told('2.4'), told('2.5'), told('')], ['affected', 'not-affected', 'affected', 'affected'])
  const range = (device: string): string | undefined => twoLeaves(['< 2.4', '2.4'], fixed, device)?.state
  assert.deepEqual([range('2.3'), range('2.4'), range('2.5'), range('')], ['affected', 'not-affected', 'not-affected', 'under-investigation'])
  const [, leaf] = twoLeaves(['vers:all/*', '2.4'], fixed, '2.4')?.products ?? []
  assert.deepEqual([leaf?.state, leaf?.why], ['not-affected', 'the publisher lists "2.4" as fixed or not affected: "2.4" holds for 2.4 (CMMS list)'])
  // Known not to be affected as a whole, and what is looked at still.
  assert.equal(twoLeaves(['vers:all/*', 'vers:all/*'], { affected: [0], cleared: [1] }, '2.4')?.state, 'affected')
  assert.equal(twoLeaves(['< 2.4', '>= 2.4'], { affected: [0], investigating: [1] }, '2.5')?.state, 'under-investigation')
})

test('a leaf that no finding lists is another product\'s platform, and matches nothing', () => {
  assert.equal(twoLeaves(['2.4', 'vers:all/*'], { affected: [0] }, '2.4')?.state, 'affected')
  const [leaf, ...more] = twoLeaves(['2.4', 'vers:all/*'], { affected: [0] }, '2.4')?.products ?? []
  assert.deepEqual([leaf?.version, more], ['2.4', []])
  assert.equal(twoLeaves(['2.4', 'vers:all/*'], { affected: [0] }, '2.5')?.state, 'not-affected')
})

test('names of hosts and cards are no models: what DNS or the registry of cards says matches nothing', () => {
  const host = withClaims(goldenAsset('a-1', '', '', '', 'E'), ['host-name', 'CMS8000-bed7', 'C', 'DHCP'], ['host-name', 'contec-cms8000.ward', 'D', 'DNS'],
    ['nic-vendor', 'CONTEC', 'E', 'IEEE registry'], ['software', 'Contec CMS8000 1.0', 'C', 'HTTP'])
  assert.deepEqual(match(host), [])
  const card = withClaims(goldenAsset('a-1', '', 'CMS8000', '', 'B'), ['nic-vendor', 'CONTEC', 'E', 'IEEE registry'])
  assert.deepEqual(match(card), [], 'the maker of a card is not the maker of the device')
})

test('versions that disagree are for a person', () => {
  const two = withClaims(goldenAsset('a-1', 'Hamilton Medical', 'Hamilton-T1', '2.2.3', 'B'), ['version', '3.0', 'A', 'label'])
  const [found] = match(two)
  assert.equal(found?.state, 'under-investigation')
  assert.match(found?.open.join() ?? '', /disagree: 2\.2\.3 \(CMMS list\), 3\.0 \(label\)/)
})

test('no answer ever says that a fix is available, whatever the category is called', () => {
  const matches = match(...goldenDevices().map(({ asset }) => asset))
  const text = JSON.stringify(matches)
  assert.doesNotMatch(text, /fix (?:is )?available|is fixed|patched/i)
  const stub = matches.flatMap(({ vulnerabilities }) => vulnerabilities).find(({ cve }) => cve === 'CVE-2022-36385')
  assert.equal(stub?.remarks, 'the publisher files 1 under vendor_fix; none names a version, so none is a fix by itself')
})

test('a vulnerability in the catalog of exploited ones is marked', () => {
  const [found] = match(goldenAsset('a-1', 'Philips', 'IntelliSpace Portal', '8.0.2', 'B'))
  assert.equal(found?.vulnerabilities.find(({ cve }) => cve === 'CVE-2017-0144')?.exploited, true)
  assert.equal(found?.vulnerabilities.find(({ cve }) => cve === 'CVE-2018-5474')?.exploited, false)
  const said = found?.vulnerabilities.find(({ cve }) => cve === 'CVE-2017-0199')
  assert.deepEqual([said?.exploited, said?.exploitedUnconfirmed], [false, true])
})

test('the same assets give the same bytes, whatever stands before them', () => {
  const assets = goldenDevices().map(({ asset }) => asset)
  const alone = match(assets[60] as Asset)
  assert.deepEqual(match(...assets).filter(({ assetId }) => assetId === assets[60]?.id), alone)
})

/** The slow twin: every key of every leaf, no index. */
function slowly(catalogue: Catalogue, vendor: string | null, model: string): unknown[] {
  const maker = vendor ?? leadingVendor(model)?.name ?? ''
  const { ids, shared } = vendorMeaning(maker)
  return catalogue.products.filter(({ advisory, place, pattern }) => {
    const theirs = vendorMeaning(advisory.products[place]?.vendor ?? '').ids
    return theirs.some((id) => ids.includes(id)) && pattern.keys.some((key) => showsKey(atomsOf(model), key, shared)) && !isExcepted(atomsOf(model), pattern)
  })
}

test('the index finds what asking every product finds', () => {
  const rng = seededRng(11)
  const names = TABLE.flatMap(({ products }) => products)
  const pick = <T>(list: readonly T[]): T => list[randomInt(rng, 0, list.length - 1)] as T
  for (let i = 0; i < 100; i++) {
    const product = pick(names)
    const words = product.name.split(' ')
    const model = pick([product.name, words.slice(0, randomInt(rng, 1, words.length)).join(' '), `${product.name} ${pick(names).name}`,
      words.reverse().join('-')])
    const vendor = pick([product.vendor, product.vendor, pick(names).vendor, null])
    assert.deepEqual(productsNamed(CATALOGUE, vendor, model), slowly(CATALOGUE, vendor, model), `${vendor} / ${model}`)
  }
})

/** Advisories of many houses and products in the shape of the medical ones. */
function manyAdvisories(count: number): Advisory[] {
  return Array.from({ length: count }, (_, i) => {
    const like = TABLE[i % TABLE.length] as Advisory
    return { ...like, id: `X-${i}`, products: like.products.map((one) => ({ ...one, vendor: i < 145 ? one.vendor : `Maker ${i}`, name: `${one.name} ${i}` })) }
  })
}

test('the work of a search does not grow with advisories of other houses', () => {
  const assets = goldenDevices().map(({ asset }) => asset)
  const cost = (count: number): number => {
    const counters = { comparisons: 0 }
    matchAssets(assets, createCatalogue(manyAdvisories(count)), { profiles: PROFILES, exploited: EXPLOITED, counters })
    return counters.comparisons
  }
  const few = cost(145)
  assert.ok(few > 0 && few < 20 * assets.length, String(few))
  assert.equal(cost(2400), few)
})

test('assets of one name are searched once', () => {
  const one = { comparisons: 0 }
  const hundred = { comparisons: 0 }
  const asset = goldenAsset('a-1', 'Philips', 'IntelliVue MP70', 'L.01', 'B')
  matchAssets([asset], CATALOGUE, { profiles: PROFILES, exploited: EXPLOITED, counters: one })
  const found = matchAssets(Array.from({ length: 100 }, (_, i) => ({ ...asset, id: `a-${i}` })), CATALOGUE, { profiles: PROFILES, exploited: EXPLOITED,
    counters: hundred })
  assert.equal(hundred.comparisons, one.comparisons)
  assert.equal(found.length, 300)
})
