// Makers, products and how a model's text shows them: the alias table as data, and the limits of each rule.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atomsOf, fold, wordsOf } from './atoms.ts'
import { productPattern, shows, showsKey, type ProductPattern } from './products.ts'
import { GENERIC_WORDS, OTHER_TRADES, PRODUCT_OVERRIDES } from './product-words.ts'
import { leadingVendor, vendorMeaning } from './vendors.ts'
import { SHARED_NAMES, VENDOR_ROWS } from './vendor-table.ts'

const meets = (pattern: ProductPattern, model: string, shared = false): boolean => pattern.keys.some((key) => showsKey(atomsOf(model), key, shared))

test('atoms are runs of letters and of digits, folded, and know whether they touch', () => {
  assert.deepEqual(atomsOf('CMS-8000b').map(({ text, glued }) => `${glued ? '+' : ''}${text}`), ['cms', '8000', '+b'])
  assert.deepEqual(atomsOf('1.5T Brivo').map(({ text }) => text), ['1.5', 't', 'brivo'])
  assert.equal(fold('DRÄGER'), 'drager')
  assert.deepEqual(wordsOf('B. Braun SP8000'), ['b', 'braun', 'sp8000'])
})

test('the alias table holds folded names, each once in a row, and the shared ones are in it', () => {
  for (const { id, names } of VENDOR_ROWS) {
    assert.equal(new Set(names).size, names.length, id)
    for (const name of names) assert.equal(name, fold(name), name)
  }
  assert.equal(new Set(VENDOR_ROWS.map(({ id }) => id)).size, VENDOR_ROWS.length)
  const all = new Set(VENDOR_ROWS.flatMap(({ names }) => names))
  assert.deepEqual([...SHARED_NAMES].filter((name) => !all.has(name) && name !== 'current'), [])
})

const HOUSES: readonly (readonly [string, readonly string[]])[] = [
  ['Becton, Dickinson and Company (BD)', ['bd']], ['BD', ['bd']], ['CareFusion', ['bd', 'vyaire']], ['Contec Health', ['contec-medical']],
  ['CONTEC CO., LTD.', ['contec-medical', 'contec-japan']], ['Contec Medical Systems Co., Ltd.', ['contec-medical']], ['GE Healthcare', ['ge-healthcare']],
  ['General Electric (GE)', ['ge-healthcare']], ['GE Lighting', ['=ge lighting']], ['GE Appliances, a Haier company', ['=ge appliances a haier']],
  ['Philips Consumer Lifestyle', ['=philips consumer lifestyle']], ['Phillips', ['philips']], ['Dräger', ['draeger']], ['Draeger Medical GmbH', ['draeger']],
  ['Welch Allyn', ['baxter']], ['Baxter Manufacturing', ['=baxter manufacturing']], ['Hamilton Beach', ['=hamilton beach']], ['', []],
  ['Philips Medical Systems Nederland B.V.', ['philips']], ['OFFIS e.V.', ['=offis']],
  ['Drägerwerk AG & Co. KGaA', ['draeger']], ['B. Braun Medical S.p.A.', ['b-braun']], ['Hill-Rom Holdings, Inc.', ['baxter']],
  ['Contec Japan', ['contec-japan']], ['Contec Americas', ['contec-japan']], ['GE Digital International', ['=ge digital international']],
  ['LifePoint Health', ['=lifepoint health']],
  ['秦皇岛康泰医学系统股份有限公司', ['contec-medical']], ['Mindray',
    ['=mindray']],
]

test('a maker is looked up whole: a longer name is another house, legal forms and accents are not', () => {
  for (const [text, ids] of HOUSES) {
    const found = vendorMeaning(text).ids
    const wanted = text.includes(',') && ids[0]?.startsWith('=') ? ids[0] : null
    if (wanted === null) assert.deepEqual(found, ids, text)
    else assert.ok(!found.includes('ge-healthcare'), text)
  }
})

test('a text with several makers means each of them', () => {
  assert.deepEqual(vendorMeaning('Silex Technology and GE Healthcare').ids.slice(1), ['silex', 'ge-healthcare'])
  assert.ok(vendorMeaning('BMC Medical, 3B Medical').ids.includes('=3b medical'))
  assert.ok(vendorMeaning('ENEA, Green Hills Software, ITRON, IP Infusion, and Wind River').ids.includes('wind-river'))
  assert.ok(vendorMeaning('Contec').shared && !vendorMeaning('Contec Health').shared)
})

test('a maker at the beginning of a model is found, longest first, and never as the whole text', () => {
  assert.deepEqual(leadingVendor('Contec CMS8000'), { name: 'contec', words: 1 })
  assert.equal(leadingVendor('GE Healthcare B650')?.name, 'ge healthcare')
  assert.equal(leadingVendor('Philips'), null)
  assert.equal(leadingVendor('CMS8000'), null)
})

const SHOWN: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['Contec Health', 'CMS8000 CONTEC ICU CCU Vital Signs Patient Monitor', ['CMS8000', 'cms 8000', 'CMS-8000 monitor'], ['CMS80001', 'XCMS8000', 'CMS8000B',
    'CMS800']],
  ['GE Healthcare', 'Discovery NM750b', ['Discovery NM 750b', 'DISCOVERY NM750B'], ['Discovery NM750', 'Discovery 750b', 'NM750b']],
  ['GE Healthcare', 'Discovery NM/CT 670', ['Discovery NM/CT670', 'Discovery NM CT 670 Pro'], ['Discovery CT 670', 'Discovery NM 670']],
  ['Philips', 'Ultrasound EPIQ/Affiniti', ['EPIQ 7', 'Affiniti 50'], ['CX50']],
  ['Philips', 'IntelliVue patient monitor MX400-MX850', ['MX450', 'IntelliVue MX 800'], ['MX40', 'MX4000', 'MX410']],
  ['Medtronic', 'MiniMed 508 pump', ['MiniMed 508'], ['508', 'Model 508 lead', 'MiniMed 5080']],
  ['Medtronic', 'Valleylab FT10 Energy Platform (VLFT10GEN)', ['Valleylab FT10', 'VLFT10GEN'], ['FT10', 'Valleylab FT100']],
  ['Smiths Medical', 'Medfusion 4000 Wireless Syringe Infusion Pump', ['Medfusion4000', 'Medfusion 4000'],
    ['Medfusion40000', 'Medfusion 3500', 'X4000 Medfusion']],
  ['Medtronic', '24950 MyCareLink Monitor', ['24950', 'MyCareLink 24950'], ['249500', '24950A', 'MyCareLink']],
  ['Stryker', 'Secure II MedSurg Bed (enabled with iBed Wireless)', ['Secure II MedSurg'], ['Secure 3 MedSurg', 'MedSurg']],
  ['Silex Technology and GE Healthcare', 'SX-500', ['SX-500', 'sx 500'], ['SX-5000', 'SX']],
]

test('all words of a key stand in the model, each whole; a letter or digit more is another model', () => {
  for (const [vendor, name, yes, no] of SHOWN) {
    const pattern = productPattern(vendor, name)
    for (const model of yes) assert.ok(meets(pattern, model), `${name} in ${model}`)
    for (const model of no) assert.ok(!meets(pattern, model), `${name} not in ${model}`)
  }
})

test('a plain word under a shared maker needs the model to say nothing else that tells', () => {
  const infinia = productPattern('GE Healthcare', 'Infinia')
  assert.ok(meets(infinia, 'Infinia Hawkeye 4', false))
  assert.ok(meets(infinia, 'Infinia system', true))
  assert.ok(!meets(infinia, 'Infinia LED', true))
})

test('under a shared maker another trade in the model says no, whatever number stands beside it; under the house itself it does not', () => {
  const monitor = productPattern('Contec Health', 'CMS8000 CONTEC ICU CCU Vital Signs Patient Monitor')
  assert.ok(meets(monitor, 'CMS8000 PLC', false))
  for (const model of ['CMS8000 PLC', 'CPU-CMS8000 I/O', 'Panel CMS8000']) assert.ok(!meets(monitor, model, true), model)
  for (const key of PRODUCT_OVERRIDES.flatMap(({ keys }) => keys)) assert.ok(!key.split(' ').some((word) => OTHER_TRADES.has(word)), key)
})

test('a name of filling words finds nothing, and a limit in it is kept as a condition', () => {
  assert.deepEqual(productPattern('Spacelabs', 'Windows XP').keys, [])
  assert.deepEqual(productPattern('Somebody', 'Monitor').keys, [])
  assert.equal(productPattern('Philips', 'IntelliVue MX40 Patient Worn Monitor (WLAN only)').condition, 'WLAN only')
  assert.equal(productPattern('B. Braun Medical', 'SpaceStation with SpaceCom 2').condition, 'with SpaceCom 2')
  assert.equal(productPattern('Phillips', 'IntelliSpace Portal 8.0.x').version, '8.0.x')
})

test('every override is folded, belongs to a house of the table, and its keys say something', () => {
  const ids = new Set(VENDOR_ROWS.map(({ id }) => id))
  for (const { vendor, name, keys } of PRODUCT_OVERRIDES) {
    assert.ok(ids.has(vendor), vendor)
    assert.equal(name, fold(name), name)
    for (const key of keys) assert.ok(key.split(' ').some((word) => !GENERIC_WORDS.has(word)) || key.split(' ').length > 1, `${name}: ${key}`)
  }
})

test('a run of numbers matches its ends and what lies between', () => {
  const item = { atoms: ['mp', '20'], high: 90 }
  for (const [model, is] of [['MP20', true], ['MP 55', true], ['MP90', true], ['MP91', false], ['MP2', false], ['MP50SC', false]] as const) {
    assert.equal(shows(atomsOf(model), item), is, model)
  }
})
