// SSVC as a table, the order of matches, decisions that hold for one revision, and the draft for a policy.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ipFromV4, type Ip } from '../../base/ip.ts'
import { draftPolicy } from '../../config/policy-draft.ts'
import { loadPolicy, loadProfiles, productPath } from '../../config/index.ts'
import { createCatalogue } from './catalogue.ts'
import { decisionOf, decisionOn, importChange, isOpen, joinAdvisories, judged } from './decisions.ts'
import { draftOf, type PolicyAdditions } from './draft.ts'
import { matchAssets, type Match } from './match.ts'
import type { Advisory } from './model.ts'
import { indicatorsOf, rankMatches, trafficOf, type SeenConversation } from './rank.ts'
import { decide, EXPLOITATIONS, ssvcOf, WELL_BEINGS } from './ssvc.ts'
import { advisoriesOfTable } from './table.ts'
import { goldenAsset } from './testdata/devices.ts'

const TABLE = advisoriesOfTable(fs.readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'advisories', 'medical.jsonl'), 'utf8'))
const PROFILES = (() => {
  const loaded = loadProfiles()
  assert.ok(loaded.ok)
  return loaded.value.profiles
})()

const asset = (id: string, vendor: string, model: string, version = '') => ({ ...goldenAsset(id, vendor, model, version, 'B'),
  role: 'patient-monitor' as const })
const ASSETS = [asset('a-contec', 'Contec Medical Systems', 'CMS8000'), asset('a-mp70', 'Philips', 'IntelliVue MP70', 'L.01'), asset('a-t1',
  'Hamilton Medical', 'Hamilton-T1', '3.0')]
const MATCHES = matchAssets(ASSETS, createCatalogue(TABLE), { profiles: PROFILES, exploited: { asOf: '', cves: new Set(), unconfirmed: new Set() } })

function talk(from: string | null, to: string | null, dst: Ip, part: Partial<SeenConversation> = {}): SeenConversation {
  return { from: { assetId: from, ip: ipFromV4(0x0a140307) }, to: { assetId: to, ip: dst }, transport: 'tcp', port: 515, flows: 2, attempts: 0,
    leaves: false, ...part }
}

const FACTORY = ipFromV4(0xca720477)
const ELSEWHERE = ipFromV4(0x08080808)

/** CISA's guide, November 2022, as its pages list the leaves: act, attend, track*; every other leaf is track. */
const LEAVES: Readonly<Record<string, string>> = {
  'active yes total medium': 'act', 'active yes total high': 'act', 'active yes partial high': 'act', 'active no total high': 'act',
  'active yes total low': 'attend', 'active yes partial low': 'attend', 'active yes partial medium': 'attend', 'active no total medium': 'attend',
  'active no partial high': 'attend', 'poc yes total high': 'attend', 'poc yes partial high': 'attend', 'poc no total high': 'attend',
  'none yes total high': 'attend', 'none yes partial high': 'attend',
  'poc yes total medium': 'track*', 'poc no total medium': 'track*', 'poc no partial high': 'track*', 'none no total high': 'track*',
}

test('all 36 leaves of the decision tree are those of the guide', () => {
  let leaves = 0
  for (const exploitation of EXPLOITATIONS) {
    for (const automatable of [false, true]) {
      for (const totalImpact of [false, true]) {
        for (const wellBeing of WELL_BEINGS) {
          const name = `${exploitation} ${automatable ? 'yes' : 'no'} ${totalImpact ? 'total' : 'partial'} ${wellBeing}`
          assert.equal(decide({ exploitation, automatable, totalImpact, wellBeing }), LEAVES[name] ?? 'track', name)
          leaves++
        }
      }
    }
  }
  assert.equal(leaves, 36)
})

test('inputs come from the vector, the catalog and the role, and each says so', () => {
  const ssvc = ssvcOf({ cve: 'CVE-2024-12248', vector: 'AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', exploited: true, exploitedUnconfirmed: false }, 'patient-monitor')
  assert.deepEqual([ssvc.decision, ssvc.inputs], ['act', { exploitation: 'active', automatable: true, totalImpact: true, wellBeing: 'high' }])
  assert.equal(ssvc.because.filter((line) => line.includes('inferred')).length, 2)
  assert.equal(ssvcOf({ cve: 'CVE-2025-1204', vector: null, exploited: false, exploitedUnconfirmed: false }, 'printer').inputs.exploitation, 'poc')
  const said = ssvcOf({ cve: 'CVE-2008-4250', vector: null, exploited: false, exploitedUnconfirmed: true }, 'printer')
  assert.equal(said.inputs.exploitation, 'poc')
  assert.match(said.because[0] ?? '', /unconfirmed/)
  assert.equal(ssvcOf({ cve: null, vector: null, exploited: false, exploitedUnconfirmed: false }, 'printer').decision, 'track')
})

const ranked = (conversations: readonly SeenConversation[], matches: readonly Match[] = MATCHES) =>
  rankMatches(matches, { assets: ASSETS, advisories: TABLE, profiles: PROFILES, conversations })
const first = (conversations: readonly SeenConversation[]): string => {
  const [top] = ranked(conversations)
  return `${top?.match.assetId} ${top?.tier}`
}

test('observed traffic stands before any score: reached, inbound UDP, tried, outside, contained', () => {
  assert.equal(first([talk('a-contec', null, FACTORY, { leaves: true })]), 'a-contec reached')
  assert.equal(first([talk('a-contec', null, FACTORY, { attempts: 2, leaves: true })]), 'a-contec tried')
  assert.equal(first([talk('x', 'a-contec', ELSEWHERE, { transport: 'udp', port: 9999 })]), 'a-contec inboundUdp')
  assert.equal(first([talk('a-mp70', null, ELSEWHERE, { leaves: true }), talk('a-contec', null, FACTORY)]), 'a-mp70 outside')
  assert.equal(first([talk('a-contec', null, FACTORY)]), 'a-contec contained')
})

test('answers to an address request are no inbound UDP', () => {
  const contec = TABLE.find(({ id }) => id === 'ICSMA-25-030-01') as Advisory
  assert.equal(trafficOf('a-contec', indicatorsOf(contec, PROFILES), [talk('x', 'a-contec', ELSEWHERE, { transport: 'udp', port: 68 })]).inboundUdp, 0)
})

test('a high score with nothing seen stands behind a lower one with traffic, and what a version rules out stands last', () => {
  const order = ranked([talk('a-contec', null, FACTORY, { leaves: true })])
  assert.equal(order.at(-1)?.match.state, 'not-affected')
  const places = order.map(({ match }) => match.advisory.id)
  assert.ok(places.indexOf('ICSMA-25-030-01') < places.indexOf('ICSMA-18-156-01'))
  for (const { because } of order) assert.ok(because.length > 0)
})

test('an indicator belongs to the advisory its source names', () => {
  const kinds = (id: string) => indicatorsOf(TABLE.find((one) => one.id === id) as Advisory, PROFILES).map(({ value }) => value)
  assert.deepEqual(kinds('ICSMA-22-244-01'), ['any-but-dhcp-replies'])
  assert.ok(kinds('ICSMA-25-030-01').includes('202.114.4.0/24') && kinds('ICSMA-25-030-01').includes('/pm'))
  assert.deepEqual(kinds('ICSMA-18-156-01'), [])
})

test('a decision is kept with its reason and holds for the revision it was made on', () => {
  const [one] = ranked([])
  assert.ok(one)
  const decision = decisionOn(one.match, { verdict: 'reject', reason: 'It is a dummy.', by: 'Kim', at: 7 })
  assert.deepEqual(decisionOf(JSON.parse(JSON.stringify(decision))), decision)
  const [same] = judged([one], [decision])
  assert.ok(same && same.askAgain === null && !isOpen(same))
  const newer = { ...one, match: { ...one.match, advisory: { ...one.match.advisory, revision: '9', hash: { of: 'file', sha256: 'ff' } as const } } }
  const [again] = judged([newer], [decision])
  assert.ok(again && isOpen(again))
  assert.match(again.askAgain ?? '', /this is revision 9/)
  assert.equal(decisionOf({ verdict: 'perhaps' }), null)
})

test('an import is new, changed, as known or older, by hash and then by day and number', () => {
  const base = TABLE[0] as Advisory
  const other = { of: 'file', sha256: 'ff' } as const
  assert.equal(importChange(undefined, base), 'new')
  assert.equal(importChange(base, { ...base, updated: '1999-01-01' }), 'unchanged')
  assert.equal(importChange(base, { ...base, hash: other, updated: '2030-01-01' }), 'changed')
  assert.equal(importChange(base, { ...base, hash: other, updated: '2000-01-01' }), 'older')
  assert.equal(importChange(base, { ...base, hash: other, revision: '1' }), 'older')
  assert.deepEqual(joinAdvisories([base], [{ ...base, revision: '7' }]).map(({ revision }) => revision), ['7'])
})

function draft(policyFile: string | undefined,
  zone: string | null): { readonly additions: PolicyAdditions; readonly notes: readonly string[]; readonly text: string } {
  const loaded = loadPolicy(policyFile, { profiles: new Set(PROFILES.keys()) })
  assert.ok(loaded.ok)
  const made = draftOf({
    ranked: ranked([]), indicatorsOf: ({ id }) => indicatorsOf(TABLE.find((one) => one.id === id) as Advisory, PROFILES), policy: loaded.value.policy,
    zoneOfAsset: (id) => (id === 'a-contec' ? zone : 'hospital'),
  })
  const file = policyFile ?? productPath('policies/default.yaml')
  const text = draftPolicy(fs.readFileSync(file, 'utf8'), file, made.additions, ['A draft.'], { profiles: new Set(PROFILES.keys()) })
  assert.ok(text.ok, text.ok ? '' : JSON.stringify(text.error))
  return { additions: made.additions, notes: made.notes, text: text.value }
}

test('the draft blocks what the advisory names, once, is a sound policy, and keeps every comment', () => {
  const { additions, text, notes } = draft(undefined, 'bedside')
  assert.deepEqual(additions.zones.map(({ name, prefixes }) => [name, prefixes]), [['icsma-25-030-01-block', ['202.114.4.0/24']]])
  assert.deepEqual(new Set(additions.conduits.map(({ action }) => action)), new Set(['deny']))
  assert.deepEqual(additions.assertions, ['never any -> icsma-25-030-01-block', 'never any -> bedside on udp-but-dhcp-replies'])
  assert.match(text, /^# A draft\.\n/)
  assert.match(text, /Filled by what the devices are/)
  assert.ok(notes.some((note) => note.includes('names nothing that could be watched')))
})

test('a policy that has the block as a zone gets no second one, and the factory addresses inside stay allowed', () => {
  const { additions } = draft(productPath('policies/keep-inside.yaml'), 'bedside')
  assert.deepEqual(additions.zones, [])
  assert.deepEqual([...new Set(additions.conduits.map(({ to }) => to))], ['factory-block', 'bedside'])
  assert.ok(!additions.assertions.includes('never any -> factory-block'), 'it stands there already')
})

test('a device in no zone is told, and a remediation category changes no line', () => {
  assert.ok(draft(undefined, null).notes.some((note) => note.includes('in no zone')))
  const spoiled = TABLE.map((one) => ({ ...one, vulnerabilities: one.vulnerabilities.map((each) => ({ ...each, remarks: [], fixNamesVersion: true })) }))
  const matches = matchAssets(ASSETS, createCatalogue(spoiled), { profiles: PROFILES, exploited: { asOf: '', cves: new Set(), unconfirmed: new Set() } })
  assert.deepEqual(ranked([], matches).map(({ match, tier, ssvc }) => [match.id, tier, ssvc?.decision]), ranked([]).map(({ match, tier, ssvc }) => [match.id,
    tier, ssvc?.decision]))
})
