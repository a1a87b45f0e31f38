// Tests of the line and of backoff: states with their times, faults told once, pauses that double, jitter and bounds.
// Keeps the rule that a target without TLS says so in every state.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../base/rng.ts'
import { CLEAR, mllpTarget, outWorld } from '../../testing/out-world.ts'
import { BACKOFF, pauseMs } from './backoff.ts'
import { Line } from './line.ts'

const world = outWorld()

function line(): Line {
  world.notes.length = 0
  return new Line(mllpTarget(2575, CLEAR), world.deps)
}

test('every state says whether the target is protected and why not', () => {
  const it = line()
  for (const state of ['idle', 'connecting', 'connected'] as const) {
    it.set(state)
    deepEqual([it.state().state, it.state().isProtected, it.state().clearReason], [state, false, 'the engine on this machine speaks no TLS'])
  }
  it.down('why')
  deepEqual([it.state().state, it.state().why, it.state().isProtected], ['down', 'why', false])
})

test('a fault that comes back at each try is one stretch, told once, until the receiver does its part', () => {
  const it = line()
  world.now = 100
  it.down('refused')
  world.now = 200
  it.set('connecting')
  deepEqual([it.state().since, it.state().why], [200, null])
  world.now = 300
  it.down('refused')
  deepEqual([it.state().since, world.notes], [100, ['target engine: refused']])
  it.down('another')
  deepEqual([it.state().since, world.notes.length], [300, 2])
  it.calm()
  world.now = 400
  it.down('another')
  deepEqual([it.state().since, world.notes.length], [400, 3])
})

test('one wait of a kind at a time; a stopped one does not run', () => {
  const it = line()
  const ran: string[] = []
  it.wait('watch', 1000, () => ran.push('first'))
  it.wait('watch', 1000, () => ran.push('second'))
  it.wait('age', 1000, () => ran.push('age'))
  it.stop('age')
  equal(world.timers.fire(1000), 1)
  deepEqual(ran, ['second'])
})

test('pauses begin anew when calm, and are never below what the receiver asked for', () => {
  const it = line()
  world.timers.asked.length = 0
  for (let i = 0; i < 6; i++) it.pause(() => {})
  it.calm()
  it.pause(() => {})
  it.pause(() => {}, 5000)
  const asked = world.timers.asked
  ok(Math.max(...asked.slice(0, 6)) > 8 && (asked[6] ?? 9) <= 2)
  equal(asked[7], 5000)
})

test('property: a pause lies between half and all of the doubled first one, and never above the last', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer(), (failures, seed) => {
    const ms = pauseMs(failures, seededRng(seed))
    let whole = BACKOFF.firstMs
    for (let i = 1; i < failures && whole < BACKOFF.lastMs; i++) whole *= 2
    whole = Math.min(whole, BACKOFF.lastMs)
    ok(Number.isInteger(ms) && ms >= whole / 2 && ms <= whole)
  }))
})

test('two gateways that fail together do not come back together', () => {
  const pauses = (seed: number): number[] => {
    const rng = seededRng(seed)
    return [1, 2, 3, 4, 5].map((failures) => pauseMs(failures, rng))
  }
  ok(pauses(1).every((ms, i) => ms !== pauses(2)[i]))
  deepEqual(pauses(1), pauses(1))
})
