// Routing classes against the obvious way: look at every route for one destination. And what each class is made of.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Route } from '../rules/model.ts'
import { routeClasses } from './routing.ts'

const BASE = 0x0a000000n
const route = fc.record({
  at: fc.bigInt({ min: 0n, max: 31n }), length: fc.constantFrom(0, 27, 28, 29, 30, 31, 32), metric: fc.constantFrom(0, 1), hop: fc.bigInt({ min: 1n, max: 4n }),
}).map(({ at, length, metric, hop }): Route => {
  const host = BigInt(32 - length)
  return { version: 4, network: ((BASE + at) >> host) << host, length, kind: 'via', nextHop: hop, iface: 0, metric, table: 'main', line: 0 }
})

/** Longest prefix, lowest metric, read straight off the list. */
function slow(routes: readonly Route[], dst: bigint): string[] {
  const covering = routes.filter((r) => (r.network >> BigInt(32 - r.length)) === (dst >> BigInt(32 - r.length)))
  const length = Math.max(...covering.map((r) => r.length))
  const metric = Math.min(...covering.filter((r) => r.length === length).map((r) => r.metric))
  return covering.filter((r) => r.length === length && r.metric === metric).map((r) => String(r.nextHop)).sort()
}

test('every destination is in the class that the longest prefix gives it, and in one only', () => {
  fc.assert(fc.property(fc.array(route, { maxLength: 12 }), (routes) => {
    const classes = routeClasses(routes, 4)
    for (let dst = BASE - 2n; dst < BASE + 34n; dst++) {
      const mine = classes.filter(({ ranges }) => ranges.some((r) => r.low <= dst && dst <= r.high))
      assert.ok(mine.length <= 1)
      assert.deepEqual((mine[0]?.routes ?? []).map((r) => String(r.nextHop)).sort(), slow(routes, dst), String(dst - BASE))
    }
  }), { numRuns: 300, seed: 51 })
})

test('a default alone is one class of all addresses, and routes of the other family are none', () => {
  const all: Route = { version: 4, network: 0n, length: 0, kind: 'blackhole', nextHop: null, iface: null, metric: 0, table: 'main', line: 1 }
  assert.deepEqual(routeClasses([all], 4).map(({ ranges }) => ranges), [[{ low: 0n, high: 0xffffffffn }]])
  assert.deepEqual(routeClasses([all], 6), [])
})
