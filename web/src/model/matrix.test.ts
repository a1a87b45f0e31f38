// Tests of the matrix, the pairs of the map's table and what crosses the line.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WARD_CONVERSATIONS, WARD_ZONES } from '../../../src/testing/fixture-ward.ts'
import type { Conversation, ZoneMap } from '../../../src/console/api.ts'
import { zoneMap } from '../../../src/console/views.ts'
import { buildMatrix, crosses, crossings, zonePairs } from './matrix.ts'

const MAP: ZoneMap = zoneMap(WARD_ZONES, { assets: [], conversations: WARD_CONVERSATIONS })

describe('matrix', () => {
  it('puts clinical zones first and what is outside beyond the line', () => {
    const matrix = buildMatrix(MAP)
    assert.deepEqual(matrix.zones.map((zone) => zone.name), ['ward-3', 'office', 'unzoned', 'group', 'internet'])
    assert.equal(matrix.boundary, 4)
    assert.equal(matrix.cell('ward-3', 'internet')?.denied, 1)
    assert.equal(matrix.cell('internet', 'ward-3'), null)
  })

  it('has no line when nothing is outside', () => {
    const inside = { ...MAP, zones: MAP.zones.filter((zone) => zone.kind !== 'external') }
    assert.equal(buildMatrix(inside).boundary, 4)
  })

  it('knows which cells lead out', () => {
    const matrix = buildMatrix(MAP)
    assert.ok(crosses(matrix, 'ward-3', 'internet'))
    assert.ok(!crosses(matrix, 'internet', 'ward-3') && !crosses(matrix, 'internet', 'internet') && !crosses(matrix, 'ward-3', 'group'))
  })
})

describe('zonePairs', () => {
  it('joins conduits and traffic, one row per direction, denied first', () => {
    assert.deepEqual(zonePairs(MAP).map((p) => [p.from, p.to, p.conduits.join(), p.cell?.denied ?? null]), [
      ['unzoned', 'ward-3', '', 1], ['ward-3', 'internet', '', 1], ['ward-3', 'group', '', 0], ['ward-3', 'ward-3', '', 0],
      ['ward-3', 'office', 'hl7 tcp/2575', null],
    ])
  })
})

describe('crossings', () => {
  it('joins what leaves per sender and receiver', () => {
    const first = WARD_CONVERSATIONS[0] as Conversation
    const second: Conversation = { ...first, id: 'c-2', port: 511, protocol: null, bytes: 1000, verdict: 'allow' }
    const to = { ...first.to, ip: '198.51.100.7' as typeof first.to.ip }
    const elsewhere: Conversation = { ...first, id: 'c-3', to, verdict: 'allow', bytes: 9e9 }
    const found = crossings([...WARD_CONVERSATIONS, second, elsewhere])
    assert.deepEqual(found.map((c) => [c.to.ip, c.bytes, c.denied, c.services]), [
      ['202.114.4.119', 49_000, true, ['cms8000 tcp/515', 'tcp/511']],
      ['198.51.100.7', 9e9, false, ['cms8000 tcp/515']],
    ])
  })

  it('is empty when nothing leaves', () => {
    assert.deepEqual(crossings(WARD_CONVERSATIONS.filter((c) => !c.leaves)), [])
  })
})
