// Tests of the overview's sentences: grammar by count, and never an all-clear.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { wardAnalysis } from '../../../src/testing/fixture-ward.ts'
import type { Analysis, Overview } from '../../../src/console/api.ts'
import { headline, lead, lookedFor, stateWords } from './sentences.ts'

const overview = (total: number, talkOutside: number, denied = 0, critical = 0): Overview => ({
  analysis: wardAnalysis(), assets: { total, medical: 0, unidentified: 0, talkOutside }, conversations: { total: 9, leaving: 0, denied },
  findings: { info: 0, low: 0, medium: 0, high: 0, critical }, top: [], traffic: { at: [], bytes: [], flows: [] },
})

describe('headline', () => {
  const cases: readonly (readonly [number, number, string])[] = [
    [0, 0, 'No asset was found in this capture.'],
    [3, 0, 'No asset was seen talking outside the hospital.'],
    [1, 1, '1 of 1 asset talks, or tries to talk, to addresses outside the hospital.'],
    [3, 1, '1 of 3 assets talks, or tries to talk, to addresses outside the hospital.'],
    [12, 2, '2 of 12 assets talk, or try to talk, to addresses outside the hospital.'],
  ]
  for (const [total, out, text] of cases) it(text, () => assert.equal(headline(overview(total, out)), text))
})

describe('lead', () => {
  it('counts what waits and what is denied', () => {
    assert.equal(lead(overview(3, 1, 2, 5)), '5 findings wait for a decision. 2 conversations are denied by the policy.')
    assert.equal(lead(overview(3, 1, 1, 1)), '1 finding waits for a decision. 1 conversation is denied by the policy.')
  })

  it('says how long we looked when nothing was seen going out', () => {
    assert.equal(lead(overview(3, 0)), 'No finding waits for a decision. We looked for 40 seconds. Silence is not safety.')
  })

  it('never says that something is safe or fine', () => {
    fc.assert(fc.property(fc.nat(20), fc.nat(20), fc.nat(20), fc.nat(20), (total, out, denied, critical) => {
      const shown = overview(total, Math.min(total, out), denied, critical)
      const text = `${headline(shown)} ${lead(shown)}`
      assert.doesNotMatch(text.replace('Silence is not safety.', ''), /\b(safe|fine|secure|healthy|ok|all clear)\b/i)
      if (shown.assets.talkOutside === 0) assert.match(text, /Silence is not safety/)
    }))
  })
})

describe('lookedFor and states', () => {
  it('names a capture without times', () => {
    assert.equal(lookedFor({ firstAt: null, lastAt: null }), 'There is no packet with a time in it.')
  })
  it('has a word for each state', () => {
    const states: readonly Analysis['state'][] = ['running', 'complete', 'partial', 'failed', 'broken-off']
    assert.equal(new Set(states.map((state) => stateWords({ state, source: 'capture' }))).size, 5)
    assert.equal(stateWords({ state: 'running', source: 'live' }), 'still watching')
  })
})
