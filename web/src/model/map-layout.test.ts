// Tests of the map's geometry: no two zones on one place, lines beside zones and not through them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ZoneMap } from '../../../src/console/api.ts'
import { bendOf, curvePoint, edgeWidth, type Place, placeZones, ZONE_SIZE, ZONES_PER_COLUMN_MAX } from './map-layout.ts'

type Zone = ZoneMap['zones'][number]
const zone = (name: string, kind: Zone['kind']): Zone => ({ name, kind, assets: 1, prefixes: [] })
const WARD = [zone('ward', 'medical'), zone('office', 'it'), zone('group', 'group'), zone('unzoned', 'unzoned'),
  zone('internet', 'external')]

describe('placeZones', () => {
  it('puts clinical zones left, the house in the middle, outside right of the wall', () => {
    const at = new Map(placeZones(WARD).map((place) => [place.name, place]))
    assert.ok((at.get('ward')?.x ?? 0) < (at.get('office')?.x ?? 0))
    assert.ok((at.get('internet')?.x ?? 0) > (at.get('office')?.x ?? 0) + ZONE_SIZE.width)
    assert.deepEqual([...at.values()].filter((place) => !place.inside).map((place) => place.name), ['internet'])
  })

  it('never puts two zones on one place, and every outside one right of every inside one', () => {
    const kind = fc.constantFrom<Zone['kind']>('medical', 'it', 'external', 'unzoned', 'group')
    fc.assert(fc.property(fc.array(kind, { maxLength: 30 }), (kinds) => {
      const places = placeZones(kinds.map((one, i) => zone(`z${i}`, one)))
      assert.equal(places.length, kinds.length)
      for (const [i, a] of places.entries()) {
        for (const b of places.slice(i + 1)) {
          assert.ok(Math.abs(a.x - b.x) > ZONE_SIZE.width || Math.abs(a.y - b.y) > ZONE_SIZE.height, `${a.name} on ${b.name}`)
          if (a.inside !== b.inside) assert.ok((a.inside ? a.x : b.x) < (a.inside ? b.x : a.x))
        }
      }
    }))
  })

  it('begins another column before one gets too long', () => {
    const places = placeZones(Array.from({ length: ZONES_PER_COLUMN_MAX + 1 }, (_, i) => zone(`w${i}`, 'medical')))
    assert.equal(new Set(places.map((place) => place.x)).size, 2)
  })
})

describe('bendOf', () => {
  const place = (name: string, x: number, y: number): Place => ({ name, inside: true, x, y })
  const [left, right] = [place('left', 0, 0), place('right', 600, 0)]

  it('draws a straight line when the way is free', () => {
    assert.equal(bendOf(left, right, [left, right, place('far', 300, 300)], false), 0)
  })

  it('goes around a zone that stands in the way', () => {
    const middle = place('middle', 300, 0)
    const bend = bendOf(left, right, [left, right, middle], false)
    assert.notEqual(bend, 0)
    for (let i = 1; i < 20; i++) {
      const point = curvePoint(left, right, bend, i / 20)
      assert.ok(Math.abs(point.x - 300) > ZONE_SIZE.width / 2 || Math.abs(point.y) > ZONE_SIZE.height / 2)
    }
  })

  it('keeps the two directions of a pair apart', () => {
    const [there, back] = [bendOf(left, right, [left, right], true), bendOf(right, left, [left, right], true)]
    assert.ok(Math.abs(curvePoint(left, right, there, 0.5).y - curvePoint(right, left, back, 0.5).y) > 20)
  })

  it('prefers a covered label to a line through a zone', () => {
    const [a, b, beside, below] = [place('a', 0, 0), place('b', 250, 300), place('beside', 250, 150), place('below', 0, 150)]
    const bend = bendOf(b, a, [a, b, beside, below], false)
    for (let i = 1; i < 32; i++) {
      const point = curvePoint(b, a, bend, i / 32)
      for (const other of [beside, below]) {
        const inside = Math.abs(point.x - other.x) < ZONE_SIZE.width / 2 && Math.abs(point.y - other.y) < ZONE_SIZE.height / 2
        assert.ok(!inside, `bend ${bend} goes through ${other.name}`)
      }
    }
  })

  it('answers something even when nothing fits', () => {
    const crowd = Array.from({ length: 40 }, (_, i) => place(`c${i}`, 300, (i - 20) * 40))
    assert.ok(Number.isFinite(bendOf(left, right, [left, right, ...crowd], false)))
  })

  it('takes two zones on one place without failing', () => {
    assert.ok(Number.isFinite(curvePoint(left, { ...left, name: 'twin' }, 50, 0.5).x))
  })
})

describe('edgeWidth', () => {
  it('grows with volume and stays drawable', () => {
    assert.ok(edgeWidth(0) >= 1 && edgeWidth(1e15) < 8)
    assert.ok(edgeWidth(1e6) > edgeWidth(1e3))
  })
})
