// Tests of the door: named fields pass unchanged, everything else stays behind.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CANARY, wardAnalysis, WARD_ASSETS, WARD_CONVERSATIONS, WARD_FINDINGS } from '../testing/fixture-ward.ts'
import { analysisOf, assetOf, conversationOf, copy, findingOf } from './door.ts'

/** Adds a field no type names to every object inside. */
function poison(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(poison)
  if (typeof value !== 'object' || value === null) return value
  const inside = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poison(inner)]))
  return { ...inside, patientName: CANARY, note: { text: CANARY } }
}

describe('door', () => {
  it('lets the api types through unchanged', () => {
    assert.deepEqual(analysisOf(wardAnalysis()), wardAnalysis())
    assert.deepEqual(WARD_ASSETS.map(assetOf), WARD_ASSETS)
    assert.deepEqual(WARD_CONVERSATIONS.map(conversationOf), WARD_CONVERSATIONS)
    assert.deepEqual(WARD_FINDINGS.map(findingOf), WARD_FINDINGS)
  })

  it('gives an analysis stored before sensors had findings about themselves none', () => {
    const { health, ...before } = wardAnalysis()
    assert.equal(health.length, 1)
    assert.deepEqual(analysisOf(before).health, [])
  })

  it('drops fields that no type names, at every depth', () => {
    assert.deepEqual(analysisOf(poison(wardAnalysis())), wardAnalysis())
    assert.deepEqual(WARD_ASSETS.map((body) => assetOf(poison(body))), WARD_ASSETS)
    assert.deepEqual(WARD_CONVERSATIONS.map((body) => conversationOf(poison(body))), WARD_CONVERSATIONS)
    assert.deepEqual(WARD_FINDINGS.map((body) => findingOf(poison(body))), WARD_FINDINGS)
  })

  it('turns an object into null where a text is named', () => {
    assert.deepEqual(copy({ name: { family: CANARY } }, { name: true }), { name: null })
    assert.deepEqual(copy([{ name: ['a', { family: CANARY }] }], { name: true }), [{ name: ['a', null] }])
  })

  it('keeps a missing field missing and does not look at prototypes', () => {
    assert.deepEqual(copy({}, { valueOf: true, name: true } as never), {})
    assert.deepEqual(copy(undefined, { name: true }), null)
  })

  it('never lets a canary out of a JSON value that only unnamed fields carry', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const out = JSON.stringify(findingOf({ ...WARD_FINDINGS[0], extra: value, evidence: { frames: [], raw: [value, CANARY] } }))
      assert.ok(!out.includes(CANARY))
    }), { numRuns: 100 })
  })
})
