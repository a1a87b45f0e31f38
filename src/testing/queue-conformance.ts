// queue-conformance: what every GatewayQueue must do, run on each implementation by durable-queue.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TargetQueue } from '../gateway/queue/delivery.ts'
import { MESSAGE_OVERHEAD_BYTES, REFUSED_MAX, WHY_MAX, type GatewayQueue, type NewMessage } from '../gateway/queue/queue.ts'

/** `restart` ends the queue without a word to it and opens it again. */
export interface QueueUnderTest {
  readonly queue: GatewayQueue
  restart(): GatewayQueue
}
export type OpenQueue = (bytesMax: number) => QueueUnderTest

const PLENTY = 10_000_000

export function message(at: number, body = 'x', target = 'a', device = 'd'): NewMessage {
  return { target, device, at, encode: (controlId) => Buffer.from(`${controlId} ${body}`) }
}

const texts = (queue: TargetQueue, count: number, at = 0): string[] => queue.take(count, at).map((m) => Buffer.from(m.body).toString().split(' ')[1] ?? '')

export function queueConformance(name: string, open: OpenQueue): void {
  deliveryConformance(name, open)
  roomConformance(name, open)
}

function deliveryConformance(name: string, open: OpenQueue): void {
  test(`${name}: messages leave in the order they came, and only what is not in flight`, () => {
    const { queue } = open(PLENTY)
    const a = queue.target('a')
    assert.deepEqual(a.take(5, 0), [])
    queue.enqueue([message(1, '1'), message(2, '2'), message(3, '3')])
    assert.deepEqual(texts(a, 2), ['1', '2'])
    assert.deepEqual(texts(a, 2), ['3'])
    assert.deepEqual(texts(a, 2), [])
    queue.close()
  })

  test(`${name}: only an answer takes a message out; what a connection leaves behind is ambiguous and goes again first, the same bytes`, () => {
    const { queue } = open(PLENTY)
    const a = queue.target('a')
    queue.enqueue([message(1, '1'), message(2, '2'), message(3, '3')])
    const first = a.take(2, 0)
    a.acknowledge([first[0]?.seq ?? 0], 0)
    a.connectionLost(0)
    assert.equal(a.figures(10).ambiguous, 1)
    const again = a.take(5, 0)
    assert.deepEqual(again.map((m) => [m.controlId === first[1]?.controlId, m.attempts, m.state]), [[true, 2, 'in-flight'], [false, 1, 'in-flight']])
    assert.deepEqual(Buffer.from(again[0]?.body ?? []), Buffer.from(first[1]?.body ?? [1]))
    queue.close()
  })

  test(`${name}: after a restart what was in flight is ambiguous, and counters, cursors and refusals are as they were`, () => {
    const { queue, restart } = open(PLENTY)
    const mark = { device: 'd', seq: 7, told: '{"hr":"x"}' }
    queue.enqueue([message(1, '1'), message(2, '2'), message(3, '3')], [{ target: 'a', store: 's', done: 7, marks: [mark] }])
    const [one, two] = queue.target('a').take(3, 0)
    queue.target('a').acknowledge([one?.seq ?? 0], 0)
    queue.target('a').refuse(two?.seq ?? 0, 'AR', 5)
    const after = restart()
    const { waiting, inFlight, ambiguous, refused, delivered, lagMicros } = after.target('a').figures(10)
    assert.deepEqual({ waiting, inFlight, ambiguous, refused, delivered, lagMicros },
      { waiting: 0, inFlight: 0, ambiguous: 1, refused: 1, delivered: 1, lagMicros: 7 })
    assert.deepEqual(after.cursor('a'), { target: 'a', store: 's', done: 7, marks: [mark] })
    assert.deepEqual(after.refused('a', 5).map((m) => [m.controlId, m.why, m.enqueuedAt, m.refusedAt]), [[two?.controlId, 'AR', 2, 5]])
    assert.deepEqual(after.names(), ['a'])
    after.close()
  })

  test(`${name}: control ids are unique over targets and restarts, at most 20 characters, and one that nothing used is not skipped`, () => {
    const { queue, restart } = open(PLENTY)
    queue.enqueue([message(1, '1'), { ...message(1), encode: () => null }, message(1, '2', 'b'), message(1, '3')])
    const ids = (from: GatewayQueue): string[] => ['a', 'b'].flatMap((target) => from.target(target).take(10, 0).map((m) => m.controlId))
    const before = ids(queue)
    const after = restart()
    after.enqueue([message(2, '4'), message(2, '5', 'b')])
    const all = new Set([...before, ...ids(after)])
    assert.equal(all.size, 5)
    for (const id of all) assert.match(id, /^[A-Z0-9]{12,20}$/)
    assert.deepEqual(before.map((id) => id.slice(-6)), ['000001', '000002', '000001'])
    after.close()
  })

  test(`${name}: an answer to what was never taken, or twice, changes nothing`, () => {
    const { queue } = open(PLENTY)
    const a = queue.target('a')
    queue.enqueue([message(1, '1'), message(2, '2')])
    a.acknowledge([1, 2, 99], 0)
    a.refuse(2, 'no', 0)
    assert.equal(a.figures(2).waiting, 2)
    const [one] = a.take(1, 0)
    a.acknowledge([one?.seq ?? 0, one?.seq ?? 0], 0)
    a.acknowledge([one?.seq ?? 0], 0)
    assert.equal(a.figures(2).delivered, 1)
    assert.deepEqual(texts(a, 5), ['2'])
    queue.close()
  })

  test(`${name}: work is told to the target that got some, once per change`, () => {
    const { queue } = open(PLENTY)
    const told: string[] = []
    queue.target('a').onWork(() => told.push('a'))
    queue.target('b').onWork(() => told.push('b'))
    queue.enqueue([message(1), message(2)])
    queue.enqueue([{ ...message(1), target: 'b', encode: () => null }])
    queue.target('a').onWork(null)
    queue.enqueue([message(1)])
    assert.deepEqual(told, ['a'])
    queue.close()
  })
}

function roomConformance(name: string, open: OpenQueue): void {
  test(`${name}: refused messages are kept apart, counted, cut to a bound, and a reason of any length is cut`, () => {
    const { queue } = open(PLENTY)
    const a = queue.target('a')
    queue.enqueue(Array.from({ length: REFUSED_MAX + 3 }, (_, i) => message(i)))
    for (const m of a.take(REFUSED_MAX + 3, 0)) a.refuse(m.seq, 'z'.repeat(500), m.seq)
    assert.equal(a.figures(0).refused, REFUSED_MAX + 3)
    const kept = queue.refused('a', 10_000)
    assert.equal(kept.length, REFUSED_MAX)
    assert.equal(kept[0]?.enqueuedAt, REFUSED_MAX + 2)
    assert.equal(kept[0]?.why.length, WHY_MAX)
    assert.equal(a.figures(0).waiting + a.figures(0).bytes, 0)
    assert.ok(queue.share().bytes >= REFUSED_MAX * MESSAGE_OVERHEAD_BYTES, 'they count in the disk share')
    queue.close()
  })

  test(`${name}: a full share is said from 80 % on, then the target that lags most gives up its oldest in stretches that are kept`, () => {
    const size = MESSAGE_OVERHEAD_BYTES + controlLength(open) + 1 + 100
    const { queue, restart } = open(size * 10)
    const body = 'y'.repeat(100)
    queue.enqueue(Array.from({ length: 4 }, (_, i) => message(100 + i, body, 'slow')))
    queue.enqueue(Array.from({ length: 3 }, (_, i) => message(200 + i, body, 'a')))
    assert.equal(queue.share().level, 'plain')
    queue.enqueue([message(300, body)])
    assert.equal(queue.share().level, 'high')
    queue.enqueue([message(301, body), message(302, body), message(303, body)])
    assert.equal(queue.share().level, 'full')
    assert.deepEqual(queue.target('slow').figures(0).given, [{ from: 100, to: 100, count: 1 }])
    queue.enqueue([message(304, body)])
    assert.deepEqual(queue.target('slow').figures(0).given, [{ from: 100, to: 101, count: 2 }])
    assert.deepEqual(queue.target('a').figures(0).given, [])
    const [next] = queue.target('slow').take(1, 0)
    queue.target('slow').acknowledge([next?.seq ?? 0], 0)
    queue.enqueue([message(305, body), message(306, body)])
    const after = restart()
    assert.deepEqual(after.target('slow').figures(0).given, [{ from: 100, to: 101, count: 2 }, { from: 103, to: 103, count: 1 }])
    after.close()
  })

  test(`${name}: what is in flight is not given up; what arrives then is`, () => {
    const { queue } = open(3 * (MESSAGE_OVERHEAD_BYTES + controlLength(open) + 2))
    const a = queue.target('a')
    queue.enqueue([message(1), message(2), message(3)])
    const taken = a.take(3, 0)
    queue.enqueue([message(4)])
    assert.deepEqual(a.figures(4).given, [{ from: 4, to: 4, count: 1 }])
    a.acknowledge(taken.map((m) => m.seq), 0)
    assert.equal(a.figures(4).delivered, 3)
    queue.close()
  })
}

function controlLength(open: OpenQueue): number {
  const { queue } = open(PLENTY)
  queue.enqueue([message(0)])
  const [one] = queue.target('a').take(1, 0)
  queue.close()
  return one?.controlId.length ?? 0
}

/** One random step; applied to two queues, the answers must be the same. */
type Step =
  | { readonly kind: 'enqueue'; readonly target: string; readonly lengths: readonly number[] }
  | { readonly kind: 'take'; readonly target: string; readonly count: number }
  | { readonly kind: 'answer'; readonly target: string; readonly picks: readonly number[]; readonly isRefusal: boolean }
  | { readonly kind: 'lost'; readonly target: string }
  | { readonly kind: 'restart' }

const target = fc.constantFrom('a', 'b', 'c')
const STEPS: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('enqueue' as const), target, lengths: fc.array(fc.nat(400), { maxLength: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), target, count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 4, arbitrary: fc.record({
      kind: fc.constant('answer' as const), target, picks: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }), isRefusal: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

/** Any operations in any order give the same answers, figures and bytes on both. */
export function compareQueues(name: string, open: OpenQueue, openTwin: OpenQueue, numRuns: number): void {
  test(`${name}: any operations in any order give the same answers, figures and bytes as the slow twin`, () => {
    fc.assert(fc.property(fc.array(STEPS, { maxLength: 60 }), fc.integer({ min: 600, max: 6000 }), (steps, bytesMax) => {
      const both = [open(bytesMax), openTwin(bytesMax)]
      let [clever, twin] = both.map((one) => one.queue) as [GatewayQueue, GatewayQueue]
      steps.forEach((step, at) => {
        if (step.kind === 'restart') [clever, twin] = both.map((one) => one.restart()) as [GatewayQueue, GatewayQueue]
        else assert.deepEqual(apply(clever, step, at), apply(twin, step, at))
        assert.deepEqual(look(clever, at), look(twin, at))
      })
      clever.close()
    }), { numRuns })
  })
}

function apply(queue: GatewayQueue, step: Exclude<Step, { kind: 'restart' }>, at: number): unknown {
  const one = queue.target(step.target)
  switch (step.kind) {
    case 'enqueue':
      return queue.enqueue(step.lengths.map((length) => message(at, 'b'.repeat(length), step.target)))
    case 'take':
      return one.take(step.count, at).map((m) => ({ ...m, body: Buffer.from(m.body).toString() }))
    case 'answer':
      if (!step.isRefusal) return one.acknowledge(step.picks, at)
      return step.picks.forEach((seq) => one.refuse(seq, 'AE', at))
    case 'lost':
      return one.connectionLost(at)
  }
}

function look(queue: GatewayQueue, now: number): unknown {
  return { share: queue.share(), figures: queue.names().map((name) => [queue.target(name).figures(now), queue.refused(name, 50)]) }
}
