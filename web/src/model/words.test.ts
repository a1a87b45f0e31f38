// Tests of the word tables: orders, ranks and rungs agree with the types' own order.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SEVERITIES } from '../../../src/detect/finding.ts'
import { TRIAGE_STATES } from '../../../src/console/views.ts'
import { LEVEL_WORDS, levelRungs, SEVERITY_ORDER, SEVERITY_WORDS, severityRank, TRIAGE_ORDER, TRIAGE_WORDS, zoneHolds } from './words.ts'
import { rememberedTheme, rememberTheme } from './theme.ts'

describe('words', () => {
  it('know every severity, worst first', () => {
    assert.deepEqual([...SEVERITY_ORDER].reverse(), SEVERITIES)
    assert.deepEqual(SEVERITIES.map(severityRank), [0, 1, 2, 3, 4])
    assert.equal(severityRank(null), -1)
    assert.deepEqual(Object.keys(SEVERITY_WORDS).sort(), [...SEVERITIES].sort())
  })

  it('know every triage state in its order', () => {
    assert.deepEqual(TRIAGE_ORDER, TRIAGE_STATES)
    assert.deepEqual(Object.keys(TRIAGE_WORDS), TRIAGE_STATES)
  })

  it('climb the evidence ladder from E to A', () => {
    assert.deepEqual((['A', 'B', 'C', 'D', 'E'] as const).map(levelRungs), [5, 4, 3, 2, 1])
    assert.equal(Object.keys(LEVEL_WORDS).length, 5)
  })

  it('count what a zone holds in the words of its kind', () => {
    assert.equal(zoneHolds({ kind: 'medical', assets: 1 }), '1 asset')
    assert.equal(zoneHolds({ kind: 'external', assets: 2 }), '2 addresses')
    assert.equal(zoneHolds({ kind: 'external', assets: 0 }), 'outside')
    assert.equal(zoneHolds({ kind: 'group', assets: 0 }), 'to many at once')
  })
})

describe('theme', () => {
  it('is remembered, and auto when there is nothing or storage is forbidden', () => {
    const held = new Map<string, string>()
    const memory = () => ({
      getItem: (key: string) => held.get(key) ?? null,
      setItem: (key: string, value: string) => void held.set(key, value),
    })
    assert.equal(rememberedTheme(memory), 'auto')
    rememberTheme(memory, 'dark')
    assert.equal(rememberedTheme(memory), 'dark')
    held.set('cordon.theme', 'purple')
    assert.equal(rememberedTheme(memory), 'auto')
    const forbidden = (): never => {
      throw new Error('denied')
    }
    rememberTheme(forbidden, 'dark')
    assert.equal(rememberedTheme(forbidden), 'auto')
  })
})
