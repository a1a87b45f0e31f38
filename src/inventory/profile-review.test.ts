// Tests of the review: each remark on the profile it is for, and none on one that says everything.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { treeFromValue, type PlainValue } from '../base/tree.ts'
import { reviewProfile } from './profile-review.ts'
import { parseProfile } from './profiles.ts'

type Map_ = { readonly [key: string]: PlainValue }

const SOURCED = { source: 'a manual', confidence: 'stated' }
const FLOW: Map_ = {
  name: 'vitals', opens: 'device', peer: 'central-station', transport: 'tcp', ports: [515], protocol: 'cms8000', clear: 'yes', 'patient-data': 'yes',
  occurs: 'continuous', expected: 'routine', purpose: 'Vitals.', blocked: 'The bed disappears from the central station.', ...SOURCED,
}
const GOOD: Map_ = { version: 1, id: 'acme-one', vendor: 'ACME', model: 'One', role: 'patient-monitor', flows: [FLOW], ...SOURCED }

function remarks(value: Map_): string[] {
  const { profile, diagnostics, places } = parseProfile(treeFromValue(value, 'p.yaml'))
  assert.ok(profile, JSON.stringify(diagnostics))
  const found = reviewProfile(profile, new Set(['cms8000']), places)
  for (const d of found) assert.ok(d.severity === 'warning' && d.help !== null && d.file === 'p.yaml')
  return found.map((d) => d.code.replace('profile/', ''))
}

test('a profile that says everything gets no remark', () => assert.deepEqual(remarks(GOOD), []))

const withFlow = (more: Map_): Map_ => ({ ...GOOD, flows: [{ ...FLOW, ...more }] })
const ADVISORY = { id: 'A-1', publisher: 'ACME', title: 'On One', date: '2025-02-25', ...SOURCED }

for (const [why, value, expected] of [
  ['ports in ward words', withFlow({ blocked: 'Port 515 is closed.' }), ['not-ward-words']],
  ['a word of the trade', withFlow({ blocked: 'The firewall drops it.' }), ['not-ward-words']],
  ['a number', withFlow({ blocked: 'All 64 beds disappear.' }), ['not-ward-words']],
  ['a word that only holds one of the trade', withFlow({ blocked: 'The report is missing.' }), []],
  ['no sentence', withFlow({ blocked: 'the bed disappears' }), ['no-sentence']],
  ['in clear, and nobody says of whom', { ...GOOD, flows: [Object.fromEntries(Object.entries(FLOW).filter(([key]) => key !== 'patient-data'))] },
    ['patient-data-unsaid']],
  ['a decoder nobody has', withFlow({ protocol: 'cms800' }), ['no-decoder']],
  ['an indicator every site has', { ...GOOD, indicators: [{ kind: 'address', value: '10.0.0.1', meaning: 'x', ...SOURCED }] }, ['inside-indicator']],
  ['two flows of one name', { ...GOOD, flows: [FLOW, FLOW] }, ['same-flow']],
  ['a source of two letters', { ...GOOD, source: 'me' }, ['thin-source']],
  ['no flow at all', { ...GOOD, flows: [] }, ['no-flows']],
  ['a class with an advisory', { ...GOOD, covers: 'class', advisories: [ADVISORY] }, ['class-advisory']],
] as const) {
  test(`remark: ${why}`, () => assert.deepEqual(remarks(value), expected))
}
