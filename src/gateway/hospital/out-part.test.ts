// Tests of the way out as one part: a line for each target in the order of the file, and senders closed before the queue.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeConfig, START } from '../../testing/fake-gateway.ts'
import type { QueueFigures, TargetQueue } from '../queue/delivery.ts'
import { outPart } from './out-part.ts'

const figures = (target: string): QueueFigures => ({
  target, waiting: 3, inFlight: 1, ambiguous: 2, refused: 4, delivered: 9, bytes: 100, lagMicros: 5e6,
  given: [{ from: 1, to: 2, count: 10 }, { from: 3, to: 4, count: 5 }],
})
const queueOf = (target: string): TargetQueue => ({
  target, take: () => [], acknowledge: () => undefined, refuse: () => undefined, connectionLost: () => undefined, figures: () => figures(target),
  onWork: () => undefined,
})

test('each target has its line from its own queue and sender; nothing is lost in the sum', async () => {
  const { targets } = fakeConfig('/nowhere', { targets: [
    { name: 'b', kind: 'pcd01', to: 'b.example:2575', clear: 'a reason' }, { name: 'a', kind: 'fhir', to: 'http://a.example', clear: 'another' },
  ] })
  const log: string[] = []
  const part = outPart({
    targets, queue: queueOf, take: () => void log.push('take'), tick: () => void log.push('tick'), close: () => void log.push('queue closed'),
    kept: () => ({ what: 'queue', bytes: 100, nextDeletion: null, rule: 'until delivered' }),
    send: (target) => ({
      state: () => ({ target: target.name, state: 'down', why: 'no route', since: START, isProtected: false, clearReason: 'a reason' }),
      warnings: () => (target.name === 'a' ? ['the gateway\'s certificate ends on 2026-01-09, in 4 days: renew it'] : []),
      close: async () => void log.push(`${target.name} closed`),
    }),
  })
  assert.deepEqual(part.lines(START), ['b', 'a'].map((target, i) => ({
    target, kind: i === 0 ? 'pcd01' : 'fhir', state: 'down', why: 'no route', isProtected: false, clearReason: 'a reason', waiting: 4, ambiguous: 2, refused: 4,
    delivered: 9, given: 15, lagMicros: 5e6,
  })))
  assert.deepEqual([...part.warnings()], [['b', []], ['a', ['the gateway\'s certificate ends on 2026-01-09, in 4 days: renew it']]])
  part.take({ device: 'x', bed: null, at: START, items: [] })
  part.tick(START)
  await part.close()
  assert.deepEqual(log, ['take', 'tick', 'b closed', 'a closed', 'queue closed'])
})
