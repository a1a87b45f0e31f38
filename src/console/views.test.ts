// Tests of the pure joins: counts a person can redo from the fixture by hand.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MICROS_PER_SECOND } from '../base/time.ts'
import { wardAnalysis, WARD_ASSETS, WARD_CONVERSATIONS, WARD_END, WARD_FINDINGS, WARD_START, WARD_ZONES } from '../testing/fixture-ward.ts'
import type { Finding, TriageState } from './api.ts'
import {
  assetPage, assetRows, bucketMicros, overview, sortedConversations, TOP_FINDINGS_MAX, TRAFFIC_BUCKETS_MAX, trafficSeries, triaged,
  zoneCells, zoneMap,
} from './views.ts'

const SECOND = MICROS_PER_SECOND

function ward(states: readonly (readonly [string, TriageState])[] = []) {
  return {
    analysis: wardAnalysis(), assets: WARD_ASSETS, conversations: WARD_CONVERSATIONS, findings: triaged(WARD_FINDINGS, new Map(states)),
  }
}

describe('overview', () => {
  it('counts assets inside the hospital, and those that talk outside', () => {
    assert.deepEqual(overview(ward(), []).assets, { total: 3, medical: 2, unidentified: 1, talkOutside: 1 })
  })

  it('counts conversations, leaving and denied', () => {
    assert.deepEqual(overview(ward(), []).conversations, { total: 4, leaving: 1, denied: 2 })
  })

  it('leaves closed findings out of the counts and out of the top', () => {
    const shown = overview(ward([['f-0000000001', 'closed'], ['f-0000000002', 'acknowledged']]), [])
    assert.deepEqual(shown.findings, { info: 1, low: 1, medium: 1, high: 1, critical: 0 })
    assert.deepEqual(shown.top.map((f) => f.severity), ['high', 'medium', 'low', 'info'])
    assert.deepEqual(shown.top.map((f) => f.triage), ['acknowledged', 'new', 'new', 'new'])
  })

  it('shows at most five findings, worst first, then newest', () => {
    const medium = WARD_FINDINGS[2] as Finding
    const many = Array.from({ length: 9 }, (_, i): Finding => ({ ...medium, id: `f-m${i}`, firstAt: WARD_START + i * SECOND }))
    const top = overview({ ...ward(), findings: triaged([...WARD_FINDINGS, ...many], new Map()) }, []).top
    assert.equal(top.length, TOP_FINDINGS_MAX)
    assert.deepEqual(top.map((f) => f.id), ['f-0000000001', 'f-0000000002', 'f-m8', 'f-m7', 'f-m6'])
  })

  it('says nothing of an analysis with nothing in it', () => {
    const shown = overview({ analysis: wardAnalysis(), assets: [], conversations: [], findings: [] }, [])
    assert.deepEqual(shown.assets, { total: 0, medical: 0, unidentified: 0, talkOutside: 0 })
    assert.deepEqual(shown.traffic, { at: [], bytes: [], flows: [] })
    assert.deepEqual(shown.top, [])
  })
})

describe('traffic', () => {
  it('chooses a bucket a person can read', () => {
    assert.equal(bucketMicros(WARD_START, WARD_END), SECOND)
    assert.equal(bucketMicros(WARD_START, WARD_START + 3600 * SECOND), 60 * SECOND)
    assert.equal(bucketMicros(WARD_START, WARD_START + 7 * 86_400 * SECOND), 21_600 * SECOND)
    assert.equal(bucketMicros(null, null), SECOND)
    assert.equal(bucketMicros(WARD_END, WARD_START), SECOND)
  })

  it('never needs more bars than the maximum', () => {
    fc.assert(fc.property(fc.nat({ max: 2_000_000_000 }), (seconds) => {
      const bucket = bucketMicros(0, seconds * SECOND)
      assert.ok((seconds * SECOND) / bucket + 1 <= TRAFFIC_BUCKETS_MAX)
    }))
  })

  it('draws silence as zero', () => {
    const rows = [{ at: 10 * SECOND, flows: 1, bytes: 5 }, { at: 13 * SECOND, flows: 2, bytes: 7 }]
    assert.deepEqual(trafficSeries(rows, SECOND), { at: [10, 11, 12, 13], bytes: [5, 0, 0, 7], flows: [1, 0, 0, 2] })
  })

  it('stays bounded when one time is absurd', () => {
    const rows = [{ at: 0, flows: 1, bytes: 5 }, { at: 4e15, flows: 2, bytes: 7 }]
    assert.equal(trafficSeries(rows, SECOND).at.length, 2 * TRAFFIC_BUCKETS_MAX)
  })
})

describe('assets', () => {
  it('lists those inside first, worst findings first, with counts of open findings', () => {
    const rows = assetRows(ward([['f-0000000001', 'closed']]))
    assert.deepEqual(rows.map((row) => [row.label, row.findings, row.worst, row.talksOutside]), [
      ['CMS8000 monitor, bed 7', 2, 'high', true],
      ['10.20.9.44', 2, 'medium', false],
      ['Central station, ward 3', 0, null, false],
      ['202.114.4.119', 0, null, false],
    ])
  })

  it('joins a page from both ends of conversations and keeps closed findings on it', () => {
    const page = assetPage(ward([['f-0000000001', 'closed']]), 'a-0000000001')
    assert.deepEqual(page?.conversations.map((c) => c.id), ['c-0000000001', 'c-0000000003', 'c-0000000002', 'c-0000000004'])
    assert.deepEqual(page?.findings.map((f) => f.id), ['f-0000000001', 'f-0000000002', 'f-0000000004'])
    assert.deepEqual(page?.findings.map((f) => f.triage), ['closed', 'new', 'new'])
  })

  it('answers null for an unknown asset', () => {
    assert.equal(assetPage(ward(), 'a-none'), null)
  })
})

describe('conversations', () => {
  it('puts denied and leaving before the rest, then the largest', () => {
    assert.deepEqual(sortedConversations([...WARD_CONVERSATIONS].reverse()).map((c) => c.id), [
      'c-0000000001', 'c-0000000003', 'c-0000000002', 'c-0000000004',
    ])
  })
})

describe('zones', () => {
  it('keeps the policy\'s zones first and adds those only traffic shows', () => {
    const map = zoneMap(WARD_ZONES, ward())
    assert.deepEqual(map.zones.map((z) => [z.name, z.kind, z.assets]), [
      ['ward-3', 'medical', 2], ['office', 'it', 0], ['internet', 'external', 1], ['group', 'group', 0], ['unzoned', 'unzoned', 1],
    ])
    assert.deepEqual(map.conduits, WARD_ZONES.conduits)
  })

  it('sums a cell per pair of zones and direction, denied ones first', () => {
    assert.deepEqual(zoneCells(WARD_CONVERSATIONS), [
      { from: 'unzoned', to: 'ward-3', conversations: 1, bytes: 640, denied: 1, protocols: ['tcp/23'] },
      { from: 'ward-3', to: 'internet', conversations: 1, bytes: 48_000, denied: 1, protocols: ['cms8000'] },
      { from: 'ward-3', to: 'group', conversations: 1, bytes: 1200, denied: 0, protocols: ['dhcp'] },
      { from: 'ward-3', to: 'ward-3', conversations: 1, bytes: 48_000, denied: 0, protocols: ['cms8000'] },
    ])
  })

  it('counts every conversation in exactly one cell', () => {
    const zone = fc.constantFrom('a', 'b', '["a","b"]', 'internet')
    fc.assert(fc.property(fc.array(fc.tuple(zone, zone)), (pairs) => {
      const base = WARD_CONVERSATIONS[0] as (typeof WARD_CONVERSATIONS)[number]
      const ends = ([from, to]: [string, string]) => ({ from: { ...base.from, zone: from }, to: { ...base.to, zone: to } })
      const all = pairs.map((pair, i) => ({ ...base, id: `c-${i}`, ...ends(pair) }))
      const cells = zoneCells(all)
      assert.equal(cells.reduce((sum, cell) => sum + cell.conversations, 0), all.length)
      assert.equal(new Set(cells.map((cell) => `${cell.from} > ${cell.to}`)).size, cells.length)
    }))
  })
})
