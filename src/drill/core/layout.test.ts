// Tests of the layout: sides from zones, who lives where, what the fake Internet answers for, and what is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPrefix, ipValue, ipVersion } from '../../base/ip.ts'
import type { Segment } from '../../policy/index.ts'
import { drillWard, ip, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import { carvedOut, homes, outsideOf, ownedByOutside, planLayout } from './layout.ts'

const WARD = drillWard(KEEP_INSIDE)

function homeOf(text: string, { layout } = WARD): string | undefined {
  const address = ip(text)
  return layout.sides[homes(layout)(ipVersion(address), ipValue(address))]?.label
}

test('every zone inside is a side of its own; someone else\'s block is outside', () => {
  assert.deepEqual(WARD.layout.sides.map(({ label, kind }) => [label, kind]),
    [['bedside', 'medical'], ['central', 'medical'], ['hospital', 'it'], ['outside', 'outside']])
  assert.equal(homeOf('10.20.3.7'), 'bedside')
  assert.equal(homeOf('202.114.4.119'), 'central')
  assert.equal(homeOf('202.114.4.1'), 'outside')
  assert.equal(homeOf('10.20.0.3'), 'hospital')
  assert.equal(homeOf('8.8.8.8'), 'outside')
  assert.equal(homeOf('2001:db8::1'), 'outside')
})

test('without the policy\'s routes the factory addresses are not found inside, private blocks are', () => {
  assert.deepEqual(WARD.layout.plain.map(({ prefix }) => formatPrefix(prefix)), ['10.20.3.0/24', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])
})

test('an attached station is found without routes, and the fake Internet answers for it all the same', () => {
  const { layout } = drillWard()
  assert.ok(layout.plain.some(({ prefix }) => formatPrefix(prefix) === '202.114.4.119/32'))
  assert.equal(ownedByOutside(layout, 4, ipValue(ip('202.114.4.119'))), true)
  assert.equal(ownedByOutside(layout, 4, ipValue(ip('10.20.3.7'))), false)
  assert.equal(ownedByOutside(layout, 6, ipValue(ip('fd00:3::7'))), false)
})

test('link-local blocks are behind no router', () => {
  assert.equal(drillWard().layout.plain.some(({ prefix }) => formatPrefix(prefix) === 'fe80::/10'), false)
})

test('a side sends to the router what other zones carve out of its blocks, next hops included', () => {
  const hospital = WARD.layout.sides[2]
  assert.ok(hospital)
  assert.deepEqual(carvedOut(WARD.layout, hospital).map(formatPrefix), ['10.20.3.0/24', '10.20.0.3/32', '10.20.0.4/32'])
  const outside = WARD.layout.sides[outsideOf(WARD.layout)]
  assert.ok(outside)
  assert.deepEqual(carvedOut(WARD.layout, outside).map(formatPrefix), WARD.layout.plain.map(({ prefix }) => formatPrefix(prefix)))
})

test('hardware and link addresses are different on every side', () => {
  for (const key of ['mac', 'routerMac', 'linkAddress', 'name'] as const) {
    assert.equal(new Set(WARD.layout.sides.map((side) => side[key])).size, WARD.layout.sides.length)
  }
})

test('one next hop for two zones is refused with its address, and so is a policy without anything inside', () => {
  const segments = WARD.policy.segments.map((segment): Segment => ({ ...segment, via: [ip('10.20.0.9')] }))
  const refused = planLayout(WARD.policy, WARD.names, segments)
  assert.ok(!refused.ok && /10\.20\.0\.9.*bedside.*central/.test(refused.error))
  const empty = planLayout(WARD.policy, new Map(), [])
  assert.ok(!empty.ok && /no zone/.test(empty.error))
})
