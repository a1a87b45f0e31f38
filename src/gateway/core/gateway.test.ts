// Tests of the whole core: the twin's ward through intake, assignment, freshness and checks; and the discharge property end to end.
// Keeps the canary rule: a patient's text reaches no log, and nothing carries a patient after the discharge.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../base/rng.ts'
import { encodeCycleEnd, encodeEcg, encodePatient, encodeSpo2, encodeStatus } from '../../protocols/cms8000/message.ts'
import { CANARY, ECG, PATIENT, SPO2, stream } from '../../protocols/cms8000/testdata/samples.ts'
import { BENCH_START, seconds } from '../../testing/intake-bench.ts'
import { MonitorVoice } from '../../twin/core/voice.ts'
import { ImaginaryPatient } from '../../twin/core/waveform.ts'
import { patientRef } from './assignment/adt.ts'
import { FRESHNESS } from './freshness/limits.ts'
import { CONNECTIONS_PER_DEVICE_MAX, DEVICES_MAX, GatewayCore, type GatewayCommand, type GatewayEvent } from './gateway.ts'

const at = (n: number): number => BENCH_START + seconds(n)
const CYCLE = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd())
const bytes = (buf: Uint8Array, n: number, connection = 1): GatewayEvent => ({ kind: 'bytes', connection, buf, off: 0, end: buf.length, at: at(n) })
const open = (connection = 1, device = 'd1', n = 0): GatewayEvent => ({ kind: 'opened', connection, device, speaks: 'cms', at: at(n) })
const adt = (trigger: string, number: string, bed: string, event: number, learnt: number): GatewayEvent => ({
  kind: 'adt', at: at(learnt),
  bytes: new TextEncoder().encode([
    `MSH|^~\\&|HIS|H|GW|H|20260105070000||ADT^${trigger}|${trigger}${number}${event}|P|2.6`,
    `EVN||${stamp(event)}`, `PID|1||${number}^^^H||ZZTEST^CANARY`, `PV1|1|I|${bed}`,
  ].join('\r')),
})
const stamp = (n: number): string => new Date(at(n) / 1000).toISOString().replaceAll(/\D/g, '').slice(0, 14)

function run(core: GatewayCore, events: readonly GatewayEvent[]): GatewayCommand[] {
  return events.flatMap((event) => core.handle(event))
}

function ward(): GatewayCore {
  const core = new GatewayCore({ leads: 'inferred', isPaced: false })
  run(core, [
    { kind: 'place', device: 'd1', bed: 'ICU^1^1', at: at(0) }, { kind: 'place', device: 'd2', bed: 'ICU^1^2', at: at(0) }, open(1, 'd1'), open(2, 'd2'),
  ])
  return core
}

const carried = (commands: readonly GatewayCommand[]): string[] => [...new Set(commands.flatMap((c) => (
  c.kind === 'store' || c.kind === 'publish' ? c.items.map((item) => item.patient?.number ?? 'nobody') : [])))]

test('a bed from unassigned through admission to discharge: every reading carries what is true when it leaves', () => {
  const core = ward()
  deepEqual(carried(run(core, [bytes(CYCLE, 1)])), ['nobody'])
  run(core, [adt('A01', 'P1', 'ICU^1^1', 2, 2)])
  deepEqual(carried(run(core, [bytes(CYCLE, 3)])), ['P1'])
  run(core, [adt('A03', 'P1', 'ICU^1^1', 4, 4)])
  deepEqual(carried(run(core, [bytes(CYCLE, 5)])), ['nobody'])
  equal(core.view('d1', at(5), FRESHNESS)?.assignment.state, 'unassigned')
})

test('a discharge clears the board and the evidence at once, and says so', () => {
  const core = ward()
  run(core, [adt('A01', 'P1', 'ICU^1^1', 0, 0), bytes(CYCLE, 1)])
  ok(core.view('d1', at(1), FRESHNESS)?.values.some((v) => v.state === 'live'))
  const commands = run(core, [adt('A03', 'P1', 'ICU^1^1', 2, 2)])
  ok(commands.some((c) => c.kind === 'assignment' && c.device === 'd1' && c.assignment.state === 'unassigned'))
  ok(core.view('d1', at(2), FRESHNESS)?.values.every((v) => v.state === 'no-data' && v.why === 'never'))
  equal(core.view('d1', at(2), FRESHNESS)?.dataCheck.word, 'NOT CHECKED')
})

test('a monitor that is moved to another bed brings nothing along, also where nobody is assigned', () => {
  const core = ward()
  run(core, [bytes(CYCLE, 1)])
  ok(core.view('d1', at(1), FRESHNESS)?.values.some((v) => v.state === 'live'))
  run(core, [{ kind: 'place', device: 'd1', bed: 'ICU^1^9', at: at(2) }])
  equal(core.view('d1', at(2), FRESHNESS)?.bed, 'ICU^1^9')
  ok(core.view('d1', at(2), FRESHNESS)?.values.every((v) => v.state === 'no-data'))
})

test('a bed swap (A17) reaches the ledger: both beds lose their names, and the note names beds only', () => {
  const core = ward()
  run(core, [adt('A01', 'P1', 'ICU^1^1', 1, 1), adt('A01', 'P2', 'ICU^1^2', 1, 1)])
  const commands = run(core, [adt('A17', 'P1', 'ICU^1^2', 2, 2)])
  deepEqual(commands.flatMap((c) => (c.kind === 'assignment' ? [[c.device, c.assignment.state]] : [])), [['d1', 'unassigned'], ['d2', 'unassigned']])
  ok(!JSON.stringify(commands).includes('CANARY'))
})

test('a paced bed is one bed: the rate of its waveform is not compared, the next bed\'s is, and a place elsewhere ends it', () => {
  const core = new GatewayCore({ leads: 'inferred', isPaced: false })
  const why = (device: string, n: number): string | undefined =>
    core.view(device, at(n), FRESHNESS)?.dataCheck.untold.find((e) => e.check === 'ecg-rate')?.why
  const feed = (from: number, to: number): void => {
    for (let n = from; n < to; n++) run(core, [bytes(CYCLE, n), bytes(CYCLE, n, 2)])
  }
  run(core, [
    { kind: 'place', device: 'd1', bed: 'ICU^1^1', isPaced: true, at: at(0) }, open(1, 'd1'),
    open(2, 'd2'), { kind: 'place', device: 'd2', bed: 'ICU^1^2', isPaced: false, at: at(0) },
  ])
  feed(1, 24)
  equal(why('d1', 24), 'the patient is paced')
  ok(why('d2', 24) !== 'the patient is paced')
  run(core, [{ kind: 'place', device: 'd1', bed: 'ICU^1^3', isPaced: false, at: at(24) }])
  feed(24, 48)
  ok(why('d1', 48) !== 'the patient is paced')
})

test('a frame begun before the discharge and ended after it carries nobody', () => {
  const core = ward()
  run(core, [adt('A01', 'P1', 'ICU^1^1', 0, 0), bytes(CYCLE.slice(0, 700), 1)])
  const after = run(core, [adt('A03', 'P1', 'ICU^1^1', 2, 2), bytes(CYCLE.slice(700), 2)])
  deepEqual(carried(after), ['nobody'])
})

test('property: no observation with patient A after A\'s discharge, under any interleaving of pieces, messages, repeats and hands', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('bytes' as const), connection: fc.constantFrom(1, 2), take: fc.integer({ min: 1, max: 900 }) }) },
    { weight: 3, arbitrary: fc.record({
      kind: fc.constant('adt' as const), trigger: fc.constantFrom('A01', 'A02', 'A03', 'A08', 'A11', 'A12', 'A13'), who: fc.constantFrom('A', 'B'),
      bed: fc.constantFrom('ICU^1^1', 'ICU^1^2'), time: fc.nat({ max: 50 }),
    }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('hand' as const), bed: fc.constantFrom('ICU^1^1', 'ICU^1^2') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
  )
  const endless = stream(...Array.from({ length: 20 }, () => CYCLE))
  fc.assert(fc.property(fc.array(step, { maxLength: 25 }), fc.array(step, { maxLength: 25 }), (before, after) => {
    const core = ward()
    const places = new Map([[1, 0], [2, 0]])
    let n = 0
    const play = (steps: typeof before): GatewayCommand[] => steps.flatMap((next) => {
      n += 1
      if (next.kind === 'tick') return run(core, [{ kind: 'tick', at: at(n) }])
      if (next.kind === 'hand') return run(core, [{ kind: 'assign', bed: next.bed, patient: patientRef('B', 'H'), at: at(n) }])
      if (next.kind === 'adt') return run(core, [adt(next.trigger, next.who, next.bed, next.time, n)])
      const from = places.get(next.connection) ?? 0
      places.set(next.connection, from + next.take)
      return run(core, [bytes(endless.slice(from, from + next.take), n, next.connection)])
    })
    play(before)
    run(core, [adt('A03', 'A', 'ICU^1^1', 51, ++n)])
    ok(!carried(play(after)).includes('A'))
    ok(!carried(play(after)).includes('A'))
  }), { numRuns: 150 })
})

test('a dead feed is an event of time alone, and the tile says since when', () => {
  const core = ward()
  run(core, [bytes(CYCLE, 1)])
  const ticks = [2, 5, 6, 7, 30, 31, 40].flatMap((n) => run(core, [{ kind: 'tick', at: at(n) }]))
  const told = ticks.map((c) => (c.kind === 'log' && 'rule' in c.verdict ? c.verdict.rule : ''))
  deepEqual(told, ['feed-silent', 'feed-lost'])
  const view = core.view('d1', at(40), FRESHNESS)
  ok(view?.feed.state === 'lost' && view.values.every((v) => v.state === 'no-data'))
})

test('a connection that is over stops, a reconnect goes on, and one device cannot hold many', () => {
  const core = ward()
  run(core, [bytes(CYCLE, 1), { kind: 'closed', connection: 1, at: at(2) }])
  deepEqual(run(core, [bytes(CYCLE, 3)]), [])
  run(core, [open(9, 'd1', 4)])
  ok(run(core, [bytes(CYCLE, 5, 9)]).length > 0)
  const refused = Array.from({ length: CONNECTIONS_PER_DEVICE_MAX + 3 }, (_, i) => open(100 + i, 'd1', 6)).flatMap((event) => core.handle(event))
  deepEqual(refused.filter((c) => c.kind === 'close').length, 4)
})

test('devices are bounded', () => {
  const core = new GatewayCore({ leads: 'unknown', isPaced: false })
  const commands = run(core, Array.from({ length: DEVICES_MAX + 2 }, (_, i) => open(i, `d${i}`)))
  equal(commands.filter((c) => c.kind === 'close').length, 2)
  equal(core.devices().length, DEVICES_MAX)
})

test('strangers take no room of a monitor that stands at a bed, whoever comes first', () => {
  const core = new GatewayCore({ leads: 'unknown', isPaced: false, devicesMax: 5 })
  run(core, [{ kind: 'place', device: 'd1', bed: 'ICU^1^1', at: at(0) }, { kind: 'place', device: 'd2', bed: 'ICU^1^2', at: at(0) }])
  const refused = (commands: readonly GatewayCommand[]): number => commands.filter((c) => c.kind === 'close').length
  equal(refused(run(core, Array.from({ length: 10 }, (_, i) => open(i + 10, `stranger${i}`)))), 7)
  equal(refused(run(core, [open(1, 'd1'), open(2, 'd2')])), 0)
  equal(core.devices().length, 5)
  equal(refused(run(core, [open(3, 'stranger99')])), 1)
})

test('a larger hospital takes more devices, a smaller one fewer: the bound is told with its number', () => {
  for (const devicesMax of [3, DEVICES_MAX + 10]) {
    const core = new GatewayCore({ leads: 'unknown', isPaced: false, devicesMax })
    const commands = run(core, Array.from({ length: devicesMax + 1 }, (_, i) => open(i, `d${i}`)))
    equal(core.devices().length, devicesMax)
    deepEqual(commands.flatMap((c) => (c.kind === 'close' ? [c.verdict.why] : [])), [`more than ${devicesMax} devices`])
  }
})

test('the twin\'s voice through the core: its readings are stored, published and shown; its canary reaches nothing but the owner', () => {
  const monitor = { bed: 7, admitted: true } as ConstructorParameters<typeof MonitorVoice>[0]
  const voice = new MonitorVoice(monitor, new ImaginaryPatient(seededRng(3)), seededRng(4))
  const core = ward()
  const commands = run(core, [bytes(voice.greeting(), 0), ...Array.from({ length: 40 }, (_, i) => bytes(voice.cycle(at(i), seconds(1), voice.nextExtra()), i))])
  const stores = commands.filter((c) => c.kind === 'store')
  ok(stores.length >= 120 && stores.length === commands.filter((c) => c.kind === 'publish').length)
  ok(!/ZZTEST|CANARY/.test(JSON.stringify(commands)))
  const view = core.view('d1', at(39), FRESHNESS)
  equal(view?.feed.cycleMicros, seconds(1))
  ok(view?.values.some((v) => v.parameter === 'hr' && v.state === 'live'))
  ok(view?.connections[0] !== undefined && view.connections[0].malformed === 0 && view.connections[0].unknown.length === 0)
})

test('no command of the core serialises a patient\'s name, and none can carry bytes to a monitor', () => {
  const core = ward()
  const commands = run(core, [
    adt('A01', 'P1', 'ICU^1^1', 0, 0), bytes(stream(encodePatient(PATIENT), encodeStatus(1, CANARY), CYCLE), 1), adt('A08', 'P1', 'ICU^1^2', 2, 2),
    { kind: 'adt', bytes: new TextEncoder().encode('ZZTEST^CANARY'), at: at(3) },
  ])
  ok(!/CANARY/.test(JSON.stringify(commands)))
  deepEqual([...new Set(commands.map((c) => c.kind))].sort(), ['assignment', 'data-check', 'log', 'publish', 'store'])
  for (const command of commands) for (const name of ['bytes', 'payload', 'data', 'write', 'send']) ok(!(name in command))
})

test('a replaced monitor asks for a look until a person confirms its card; another one asks again', () => {
  const core = ward()
  const link = (mac: string, n: number, isConfirmed = false): GatewayCommand[] => run(core, [{
    kind: 'link', device: 'd1', at: at(n), isConfirmed,
    sight: {
      ip: 'd1', mac, switchPort: null, ttl: null, mss: null, window: null, tcpOptions: null, rivalMacs: [], conflictingRetransmissions: 0, strayResets: 0,
    },
  }])
  const word = (): string | undefined => core.view('d1', at(9), FRESHNESS)?.dataCheck.word
  link('a', 1)
  link('b', 2)
  equal(word(), 'CHECK BEDSIDE')
  link('b', 3, true)
  link('b', 4)
  equal(word(), 'OK')
  link('a', 5)
  equal(word(), 'CHECK BEDSIDE')
})

test('what a sensor or a second tap sees becomes a verdict at once', () => {
  const core = ward()
  run(core, [bytes(CYCLE, 1)])
  const commands = run(core, [{
    kind: 'taps', device: 'd1', atDevice: { firstBlock: 0, hashes: ['a'], lostBytes: 0 }, atGateway: { firstBlock: 0, hashes: ['b'], lostBytes: 0 }, at: at(2),
  }])
  ok(commands.some((c) => c.kind === 'data-check' && c.verdict.word === 'NOT TRUSTED'))
  const next = run(core, [bytes(CYCLE, 3)])
  ok(next.some((c) => c.kind === 'publish' && c.items.every((item) => item.dataCheck === 'NOT TRUSTED')))
})
