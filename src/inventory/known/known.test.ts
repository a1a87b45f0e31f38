// Tests of what people and lists say over the evidence: it survives new evidence, explains itself, and can be taken back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatMac } from '../../base/mac.ts'
import { asset, CARD, ip, seconds } from '../../testing/world.ts'
import type { Asset, AssetInterface, Claim } from '../asset.ts'
import { decisionOf, readDecision, type Choice, type Decision } from '../decision.ts'
import { listedOf } from '../listed/listed.ts'
import { knowAssets, type Known, type Knowing } from './know.ts'
import { resolver } from './resolve.ts'
import { bareAssets } from './undo.ts'

const PROFILES: Knowing['profiles'] = new Map([
  ['contec-cms8000', {
    id: 'contec-cms8000', vendor: 'Contec Medical Systems', model: 'CMS8000', role: 'patient-monitor' as const,
    aliases: [{ vendor: 'Contec', model: 'CMS8000' }],
  }],
  ['vista', { id: 'vista', vendor: 'Draeger', model: 'Vista 120', role: 'patient-monitor' as const }],
])

const claim = (what: Claim['what'], value: string, more: Partial<Claim> = {}): Claim => ({
  what, value, level: 'C', evidence: `${what} in its own bytes`, inferred: false, firstAt: seconds(1), lastAt: seconds(9), frame: 4, count: 3, ...more,
})

const face = (address: string, mac: number): AssetInterface => ({
  mac: formatMac(mac), ip: ip(address), vlan: 0, evidence: 'arp', firstAt: seconds(0), lastAt: seconds(9),
})

const box = (address: string, mac: number, claims: readonly Claim[] = [], more: Partial<Asset> = {}): Asset => ({
  ...asset('unknown', address, null, mac), label: address, level: null, claims, ...more,
})

let clock = 100
const decide = (of: string, choice: Choice): Decision =>
  decisionOf({ asset: of, called: of, reason: 'I stood in front of it', by: 'biomed', at: seconds(++clock) }, choice)

function know(assets: readonly Asset[], decisions: readonly Decision[] = [], listed: Knowing['listed'] = []): Known {
  return knowAssets(assets, { decisions, listed, listedAt: seconds(50), profiles: PROFILES })
}

const byId = (known: Known, id: string): Asset => {
  const found = known.assets.find((a) => a.id === id)
  assert.ok(found, id)
  return found
}

test('without decisions and lists the assets are what the packets say', () => {
  const assets = [box('10.0.0.5', CARD.monitor), box('10.0.0.6', CARD.central)]
  assert.deepEqual(know(assets).assets, assets)
})

test('a name given by a person survives new evidence, says who gave it and why, and goes when taken back', () => {
  const rename = decide('a-10.0.0.5', { action: 'rename', label: 'Monitor of room 12' })
  const later = box('10.0.0.5', CARD.monitor, [claim('host-name', 'mon-12'), claim('model', 'contec-cms8000')])
  const known = byId(know([later], [rename]), 'a-10.0.0.5')
  assert.equal(known.label, 'Monitor of room 12')
  assert.equal(known.profile, 'contec-cms8000')
  assert.deepEqual(known.composition?.decisions.map((d) => [d.words, d.by, d.reason]), [['is called Monitor of room 12', 'biomed', 'I stood in front of it']])
  const undone = { ...rename, undone: { reason: 'wrong room', by: 'biomed', at: seconds(900) } }
  assert.deepEqual(know(know([later], [rename]).assets, [undone]).assets, [later])
})

test('a confirmed model names vendor, role and level A; a packet that proves another model is a contradiction, not a change', () => {
  const confirm = decide('a-10.0.0.5', { action: 'confirm', what: 'model', value: 'contec-cms8000' })
  const known = byId(know([box('10.0.0.5', CARD.monitor)], [confirm]), 'a-10.0.0.5')
  assert.deepEqual([known.profile, known.vendor, known.role, known.level], ['contec-cms8000', 'Contec Medical Systems', 'patient-monitor', 'A'])
  const other = byId(know([box('10.0.0.5', CARD.monitor, [claim('model', 'vista')])], [confirm]), 'a-10.0.0.5')
  assert.equal(other.profile, 'contec-cms8000')
  assert.match(other.composition?.contradictions[0] ?? '', /a person says model Contec Medical Systems CMS8000, its packets say Draeger Vista 120 .*frame 4/)
})

test('the later of two confirmations holds, and a model without a profile is still a name', () => {
  const first = decide('a-10.0.0.5', { action: 'confirm', what: 'model', value: 'vista' })
  const second = decide('a-10.0.0.5', { action: 'confirm', what: 'model', value: 'Alaris GH' })
  const known = byId(know([box('10.0.0.5', CARD.monitor)], [second, first]), 'a-10.0.0.5')
  assert.deepEqual([known.model, known.profile, known.level, known.label], ['Alaris GH', null, 'A', 'Alaris GH'])
})

test('two cards merged are one box with two interfaces; what was said of either is found at the one', () => {
  const assets = [box('10.0.0.5', CARD.monitor, [claim('host-name', 'cart-1')]), box('10.0.1.5', CARD.central, [claim('model', 'vista')])]
  const merge = decide('a-10.0.0.5', { action: 'merge', others: ['a-10.0.1.5'] })
  const known = know(assets, [merge])
  assert.equal(known.assets.length, 1)
  const one = byId(known, 'a-10.0.0.5')
  assert.deepEqual(one.interfaces.map((i) => i.ip), ['10.0.0.5', '10.0.1.5'])
  assert.equal(one.profile, 'vista')
  assert.deepEqual(one.claims.map((c) => [c.what, c.about]), [['host-name', ['10.0.0.5']], ['model', ['10.0.1.5']]])
  assert.equal(resolver(known.assets)('a-10.0.1.5', ip('10.0.1.5')), one)
})

test('a decision about a part of a merged box holds for the box', () => {
  const assets = [box('10.0.0.5', CARD.monitor), box('10.0.1.5', CARD.central)]
  const merge = decide('a-10.0.0.5', { action: 'merge', others: ['a-10.0.1.5'] })
  const rename = decide('a-10.0.1.5', { action: 'rename', label: 'cart' })
  assert.equal(byId(know(assets, [merge, rename]), 'a-10.0.0.5').label, 'cart')
})

test('an address split off is another box, with its own claims; conversations follow the address', () => {
  const two = box('10.0.0.5', CARD.monitor, [
    claim('model', 'vista', { about: [ip('10.0.0.9')] }), claim('role', 'printer', { about: [ip('10.0.0.5')] }), claim('nic-vendor', 'Maker', { level: 'E' }),
  ], { interfaces: [face('10.0.0.5', CARD.monitor), face('10.0.0.9', CARD.monitor)] })
  const known = know([two], [decide('a-10.0.0.5', { action: 'split', addresses: ['10.0.0.9'] })])
  assert.equal(known.assets.length, 2)
  const rest = byId(known, 'a-10.0.0.5')
  const off = known.assets.find((a) => a !== rest)
  assert.deepEqual([rest.role, rest.profile, rest.interfaces.length], ['printer', null, 1])
  assert.deepEqual([off?.profile, off?.interfaces.map((i) => i.ip)], ['vista', ['10.0.0.9']])
  assert.deepEqual(off?.claims.map((c) => c.what), ['model', 'nic-vendor'])
  const resolve = resolver(known.assets)
  assert.equal(resolve('a-10.0.0.5', ip('10.0.0.9'))?.id, off?.id)
  assert.equal(resolve('a-10.0.0.5', ip('10.0.0.5'))?.id, 'a-10.0.0.5')
  assert.equal(resolve('a-none', null), null)
  assert.deepEqual(know(known.assets, []).assets, [two])
})

test('a split of everything or of nothing waits, as does a decision about an asset that is not here', () => {
  const assets = [box('10.0.0.5', CARD.monitor)]
  const decisions = [
    decide('a-10.0.0.5', { action: 'split', addresses: ['10.0.0.5'] }), decide('a-10.0.0.5', { action: 'split', addresses: ['10.9.9.9'] }),
    decide('a-gone', { action: 'rename', label: 'gone' }), decide('a-10.0.0.5', { action: 'merge', others: ['a-gone'] }),
  ]
  const known = know(assets, decisions)
  assert.deepEqual(known.assets, assets)
  assert.deepEqual(known.waiting, decisions)
})

test('knowing twice is knowing once, whatever was decided', () => {
  const assets = [1, 2, 3, 4].map((n) => box(`10.0.0.${n}`, CARD.monitor + n, [claim('host-name', `host-${n}`)]))
  const id = fc.constantFrom('a-10.0.0.1', 'a-10.0.0.2', 'a-10.0.0.3', 'a-10.0.0.4', 'a-none')
  const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3')
  const choice = fc.oneof(
    fc.record({ action: fc.constant('rename' as const), label: fc.constantFrom('x', 'y') }),
    fc.record({ action: fc.constant('confirm' as const), what: fc.constant('model' as const), value: fc.constantFrom('vista', 'other') }),
    fc.record({ action: fc.constant('merge' as const), others: fc.array(id, { minLength: 1, maxLength: 3 }) }),
    fc.record({ action: fc.constant('split' as const), addresses: fc.array(address, { minLength: 1, maxLength: 2 }) }),
  )
  fc.assert(fc.property(fc.array(fc.tuple(id, choice), { maxLength: 6 }), (rows) => {
    const decisions = rows.map(([of, what]) => decide(of, what))
    const once = know(assets, decisions)
    assert.deepEqual(know(once.assets, decisions).assets, once.assets)
    assert.deepEqual([...bareAssets(once.assets)].sort((a, b) => (a.id < b.id ? -1 : 1)), assets)
    const faces = once.assets.flatMap((a) => a.interfaces.map((i) => i.ip)).sort()
    assert.deepEqual(faces, ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'], 'no interface is lost or doubled')
  }), { numRuns: 200 })
})

test('two boxes with one name may be one box; four bear a factory name', () => {
  const named = (n: number): Asset => box(`10.0.0.${n}`, CARD.monitor + n, [claim('host-name', 'CART-7')])
  const two = know([named(1), named(2), box('10.0.0.9', CARD.central, [claim('host-name', 'pc')])])
  assert.deepEqual(two.assets.map((a) => a.perhaps?.map((p) => [p.asset, p.signs])), [
    [['a-10.0.0.2', ['the same host name']]], [['a-10.0.0.1', ['the same host name']]], undefined,
  ])
  assert.ok(know([named(1), named(2), named(3), named(4)]).assets.every((a) => a.perhaps === undefined))
})

test('a row of the list names what packets do not, with tag, serial and place; packets that prove a model outweigh it and contradict', () => {
  const device = listedOf({
    tag: 'T-1', serial: 'SN-4711', vendor: 'Contec', model: 'CMS-8000', location: 'Ward 3', mac: formatMac(CARD.monitor),
  }, 'row 2', new Set(), [])
  assert.ok(device)
  const silent = byId(know([box('10.0.0.5', CARD.monitor)], [], [device]), 'a-10.0.0.5')
  assert.deepEqual([silent.profile, silent.level, silent.role], ['contec-cms8000', 'A', 'patient-monitor'])
  assert.deepEqual(silent.claims.map((c) => [c.what, c.value, c.level]), [
    ['model', 'contec-cms8000', 'A'], ['serial-number', 'SN-4711', 'A'], ['asset-tag', 'T-1', 'A'], ['location', 'Ward 3', 'A'],
  ])
  const speaking = byId(know([box('10.0.0.5', CARD.monitor, [claim('model', 'vista')])], [], [device]), 'a-10.0.0.5')
  assert.equal(speaking.profile, 'vista')
  assert.match(speaking.composition?.contradictions[0] ?? '', /the list says model Contec Medical Systems CMS8000, its packets say Draeger Vista 120/)
})

test('a stored decision is read back; a body that is none is no decision', () => {
  const made = decide('a-1', { action: 'merge', others: ['a-2'] })
  assert.deepEqual(readDecision(structuredClone(made)), made)
  for (const body of [null, 4, {}, { ...made, action: 'delete' }, { ...made, reason: '' }, { ...made, others: 'a-2' }, { ...made, at: 'now' }]) {
    assert.equal(readDecision(body), null)
  }
})
