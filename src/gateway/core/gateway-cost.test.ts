// Tests that what GatewayCore remembers instead of asking again is never stale: silences by time, assignments by event. Against slow twins.
// Keeps the rule that work follows events: a message of the hospital touches a bed or two, a tick asks only devices that may be silent.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeCycleEnd, encodeEcg, encodeSpo2 } from '../../protocols/cms8000/message.ts'
import { ECG, SPO2, stream } from '../../protocols/cms8000/testdata/samples.ts'
import { BENCH_START, seconds } from '../../testing/intake-bench.ts'
import { patientRef } from './assignment/adt.ts'
import type { Assignment } from './assignment/ledger.ts'
import { FRESHNESS } from './freshness/limits.ts'
import { GatewayCore, type GatewayCommand, type GatewayEvent } from './gateway.ts'
import { DeviceWatch } from './intake/device-watch.ts'

const at = (n: number): number => BENCH_START + seconds(n)
const CYCLE = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd())
const FRAMES = 3
const DEVICES = ['d1', 'd2', 'd3', 'd4'] as const
const OPTIONS = { leads: 'inferred', isPaced: false } as const

const bytes = (connection: number, buf: Uint8Array, now: number): GatewayEvent => ({ kind: 'bytes', connection, buf, off: 0, end: buf.length, at: now })

function opened(): GatewayCore {
  const core = new GatewayCore(OPTIONS)
  for (const [connection, device] of DEVICES.entries()) core.handle({ kind: 'opened', connection, device, speaks: 'cms', at: at(0) })
  return core
}

const silences = (commands: readonly GatewayCommand[]): string[] => commands.flatMap((c) => (
  c.kind === 'log' && 'rule' in c.verdict && /^feed-(?:silent|lost)$/.test(c.verdict.rule) ? [`${c.device} ${c.verdict.rule}`] : []))

test('slow twin: silences are told as by asking every device at every tick, also when the clock is set back', () => {
  const step = fc.record({
    pause: fc.constantFrom(0, 1, 1, 2, 4, 5, 6, 26, 31, -3, -40), device: fc.nat({ max: DEVICES.length - 1 }),
    kind: fc.constantFrom('frames' as const, 'frames' as const, 'half' as const, 'tick' as const, 'tick' as const),
  })
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const core = opened()
    const watches = DEVICES.map(() => new DeviceWatch())
    let now = at(0)
    for (const { pause, device, kind } of steps) {
      now += seconds(pause)
      if (kind === 'tick') {
        const expected = watches.flatMap((watch, i) => {
          const word = watch.tick(now)
          return word === null ? [] : [`${DEVICES[i]} ${word}`]
        })
        deepEqual(silences(core.handle({ kind: 'tick', at: now })), expected)
        continue
      }
      // A frame in two halves is one frame, when its end comes.
      const pieces = kind === 'half' ? [CYCLE.slice(0, 100), CYCLE.slice(100)] : [CYCLE]
      for (const piece of pieces) core.handle(bytes(device, piece, now))
      for (let i = 0; i < FRAMES; i++) watches[device]?.onFrame(now)
    }
  }), { numRuns: 200 })
})

test('bytes without a frame are no sign of life, and start no silence either', () => {
  const core = opened()
  core.handle(bytes(0, CYCLE.slice(0, 50), at(0)))
  deepEqual(silences(core.handle({ kind: 'tick', at: at(100) })), [])
  core.handle(bytes(0, CYCLE.slice(50), at(101)))
  core.handle(bytes(0, CYCLE.slice(0, 50), at(104)))
  deepEqual(silences(core.handle({ kind: 'tick', at: at(106) })), ['d1 feed-silent'])
})

const text = (trigger: string, number: string, bed: string, time: number): Uint8Array => new TextEncoder().encode([
  `MSH|^~\\&|HIS|H|GW|H|20260105070000||ADT^${trigger}|X|P|2.6`, `EVN||${new Date(at(time) / 1000).toISOString().replaceAll(/\D/g, '').slice(0, 14)}`,
  `PID|1||${number}^^^H||ZZTEST^CANARY`, `PV1|1|I|${bed}`,
].join('\r'))

const BEDS = ['ICU^1^1', 'ICU^1^2', 'ICU^1^3'] as const
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({
    kind: fc.constant('adt' as const), trigger: fc.constantFrom('A01', 'A02', 'A03', 'A08', 'A11', 'A12', 'A13'), who: fc.constantFrom('A', 'B', 'C'),
    bed: fc.constantFrom(...BEDS), time: fc.nat({ max: 40 }),
  }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('place' as const), device: fc.constantFrom(...DEVICES), bed: fc.constantFrom(...BEDS, null) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('assign' as const), bed: fc.constantFrom(...BEDS), who: fc.constantFrom('A', 'B', null) }) },
)
type Step = (typeof event) extends fc.Arbitrary<infer T> ? T : never

function play(core: GatewayCore, step: Step, now: number): readonly GatewayCommand[] {
  if (step.kind === 'place') return core.handle({ kind: 'place', device: step.device, bed: step.bed, at: now })
  if (step.kind === 'adt') return core.handle({ kind: 'adt', bytes: text(step.trigger, step.who, step.bed, step.time), at: now })
  return core.handle({ kind: 'assign', bed: step.bed, patient: step.who === null ? null : patientRef(step.who, 'H'), at: now })
}

test('slow twin: after any event every device has the assignment that the ledger gives when asked, and every change was told', () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (steps) => {
    const core = opened()
    const told = new Map<string, string>(DEVICES.map((device) => [device, 'unassigned']))
    const key = (a: Assignment): string => (a.state === 'assigned' ? `${a.patient.key} ${a.since}` : a.state)
    for (const [i, step] of steps.entries()) {
      const commands = play(core, step, at(i + 1))
      for (const c of commands) if (c.kind === 'assignment') told.set(c.device, key(c.assignment))
      const order = commands.flatMap((c) => (c.kind === 'assignment' ? [c.device] : []))
      deepEqual(order, order.toSorted(), 'in the order of appearance')
      for (const [connection, device] of DEVICES.entries()) {
        const view = core.view(device, at(i + 1), FRESHNESS)
        ok(view !== null)
        equal(told.get(device), key(view.assignment))
        const owner = view.assignment.state === 'assigned' ? view.assignment.patient : null
        for (const c of core.handle(bytes(connection, CYCLE, at(i + 1)))) {
          if (c.kind !== 'store' && c.kind !== 'publish') continue
          equal(c.bed, view.bed)
          ok(c.items.every((item) => item.patient === owner), 'the very reference: a new name is carried at once')
        }
      }
    }
  }), { numRuns: 150 })
})

test('store and publish of one frame say the same items', () => {
  const core = opened()
  const commands = core.handle(bytes(0, CYCLE, at(1)))
  const items = (kind: string): unknown[] => commands.flatMap((c) => (c.kind === kind && 'items' in c ? [c.items] : []))
  equal(items('store').length, 2)
  deepEqual(items('store'), items('publish'))
})
