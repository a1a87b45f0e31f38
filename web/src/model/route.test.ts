// Tests of routes: what is formatted is parsed back, and nonsense becomes the overview.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatRoute, PAGES, parseRoute, type Route } from './route.ts'

describe('route', () => {
  const overview: Route = { analysis: null, page: 'overview', item: null, query: {} }
  const cases: readonly (readonly [string, Route])[] = [
    ['', overview], ['#', overview], ['#/', overview],
    ['#/an-1', { ...overview, analysis: 'an-1' }],
    ['#/an-1/findings?severity=high', { analysis: 'an-1', page: 'findings', item: null, query: { severity: 'high' } }],
    ['#/an-1/assets/a-7?q=role%3Aprinter', { analysis: 'an-1', page: 'assets', item: 'a-7', query: { q: 'role:printer' } }],
    ['#/an-1/nonsense/a-7', { ...overview, analysis: 'an-1' }],
    ['#/an%/assets', { analysis: 'an%', page: 'assets', item: null, query: {} }],
    ['#/beds', { ...overview, page: 'beds' }],
    ['#/beds/10.20.4.37?page=2', { analysis: null, page: 'beds', item: '10.20.4.37', query: { page: '2' } }],
    ['#/an-1/map?from=', { analysis: 'an-1', page: 'map', item: null, query: {} }],
  ]
  for (const [hash, route] of cases) it(`reads ${JSON.stringify(hash)}`, () => assert.deepEqual(parseRoute(hash), route))

  it('writes what it reads', () => {
    const text = fc.string({ minLength: 1 }).filter((one) => one !== 'beds')
    const key = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__')
    fc.assert(fc.property(text, fc.constantFrom(...PAGES), fc.option(text), fc.dictionary(key, text), (analysis, page, item, query) => {
      const route = { analysis, page, item, query: { ...query } }
      assert.deepEqual(parseRoute(formatRoute(route)), route)
    }))
  })

  it('writes the beds without an analysis: they belong to none', () => {
    fc.assert(fc.property(fc.option(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 99 }), (item, page) => {
      const route: Route = { analysis: null, page: 'beds', item, query: { page: String(page) } }
      assert.deepEqual(parseRoute(formatRoute(route)), route)
      assert.equal(formatRoute({ ...route, analysis: 'an-1' }), formatRoute(route))
    }))
  })

  it('gives equal routes equal addresses', () => {
    const one = formatRoute({ analysis: 'a', page: 'map', query: { x: '1', b: '2' } })
    assert.equal(one, formatRoute({ analysis: 'a', page: 'map', query: { b: '2', x: '1', empty: '' } }))
    assert.equal(formatRoute({}), '#/')
  })
})
