// The exit code of a report: damage before findings before gaps, and never a green tick for a capture that shows nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Analysis } from '../detect/analysis.ts'
import type { Severity } from '../detect/finding.ts'
import { exitCodeOf, type Report } from './report.ts'

function report(analysis: Partial<Analysis>, severities: Partial<Record<Severity, number>> = {}): Report {
  return {
    schema: 'cordon.report/1', findings: [], assets: [], conversations: [],
    severities: { info: 0, low: 0, medium: 0, high: 0, critical: 0, ...severities },
    analysis: {
      id: 'capture-1', name: 'x.pcap', source: 'capture', state: 'complete', sha256: null, format: 'pcap', packets: 100, bytes: 1, flows: 1,
      firstAt: 1, lastAt: 2, problems: [], observations: [], health: [], blindSpots: [], ...analysis,
    },
  }
}

test('nothing found is 0; findings count from the bar on', () => {
  assert.equal(exitCodeOf(report({}), 'high'), 0)
  assert.equal(exitCodeOf(report({}, { medium: 3 }), 'high'), 0)
  assert.equal(exitCodeOf(report({}, { medium: 3 }), 'medium'), 1)
  assert.equal(exitCodeOf(report({}, { critical: 1 }), 'high'), 1)
  assert.equal(exitCodeOf(report({}, { critical: 1 }), 'never'), 0)
})

test('damage outranks findings, findings outrank gaps', () => {
  assert.equal(exitCodeOf(report({ state: 'partial' }, { critical: 1 }), 'high'), 3)
  assert.equal(exitCodeOf(report({ state: 'failed' }), 'never'), 3)
  const lost = [{ name: 'captureDropped', count: 2 }]
  assert.equal(exitCodeOf(report({ observations: lost }, { high: 1 }), 'high'), 1)
  assert.equal(exitCodeOf(report({ observations: lost }), 'high'), 4)
})

test('whatever says that something is missing gives no green tick, and outranks no finding; an oddity that lost nothing does', () => {
  for (const name of ['flowsEvicted', 'talksNotKept', 'streamsNotKept', 'hostsNotKept', 'captureDropped', 'ip evicted', 'ip packetsOfIncompleteDatagrams']) {
    assert.equal(exitCodeOf(report({ observations: [{ name, count: 1 }] }), 'never'), 4, name)
    assert.equal(exitCodeOf(report({ observations: [{ name, count: 1 }] }, { high: 1 }), 'high'), 1, name)
  }
  for (const name of ['ip overlap', 'ip completed', 'tcp gap', 'cutBySnaplen']) {
    assert.equal(exitCodeOf(report({ observations: [{ name, count: 1 }] }), 'high'), 0, name)
  }
})

test('a sensor that hears only part of it gives no green tick; one with a note about itself does', () => {
  const health = (incomplete: boolean) => [{ id: 'hears-one-side', severity: 'high', ward: '', technical: '', help: '', count: 9, incomplete }] as const
  assert.equal(exitCodeOf(report({ health: health(true) }), 'high'), 4)
  assert.equal(exitCodeOf(report({ health: health(true) }, { high: 1 }), 'high'), 1)
  assert.equal(exitCodeOf(report({ health: health(false) }), 'high'), 0)
})

test('a capture without a packet, or with none of a link type that is decoded, is incomplete; one that is decoded is not', () => {
  assert.equal(exitCodeOf(report({ packets: 0, firstAt: null, lastAt: null }), 'high'), 4)
  const unknown = (count: number) => [{ name: 'linkUnsupported', count }]
  assert.equal(exitCodeOf(report({ packets: 100, observations: unknown(100) }), 'high'), 4)
  assert.equal(exitCodeOf(report({ packets: 100, observations: unknown(99) }), 'high'), 0)
})
