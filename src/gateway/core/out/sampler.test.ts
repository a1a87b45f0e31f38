// The sampler against its slow twin and against sentences: what must be sent is sent, once, at once when it must, and under one owner.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SamplerTwin } from '../../../testing/sampler-twin.ts'
import { SECOND, START, cuff, numeric, stored, testPatient, wave, type Said } from '../../../testing/stored-readings.ts'
import type { Reading } from '../intake/reading.ts'
import { PENDING_SAMPLES_MAX, Sampler, nextTurn, type DueBatch, type StoredReadings } from './sampler.ts'

const EVERY = 10 * SECOND
const D = '202.114.4.21'
/** A moment just after a window of D began. */
const T0 = nextTurn(D, START, EVERY) + 1

/** Feeds the records in order, then lets time pass to `until`, a tick each quarter of a second. */
function run(records: readonly StoredReadings[], until: number, options = { everyMicros: EVERY, waveforms: false }): { at: number; batch: DueBatch }[] {
  const sampler = new Sampler(options)
  const found: { at: number; batch: DueBatch }[] = []
  let [i, now] = [0, records[0]?.at ?? 0]
  for (; now <= until; now += SECOND / 4) {
    for (let record = records[i]; record !== undefined && record.at <= now; record = records[++i]) {
      for (const batch of sampler.take(i + 1, record)) found.push({ at: record.at, batch })
    }
    for (const batch of sampler.tick(now)) found.push({ at: now, batch })
  }
  return found
}

const show = (readings: readonly Reading[]): string[] =>
  readings.map((r) => (r.kind === 'wave' ? `${r.channel}[${r.samples.length}]` : `${r.parameter}=${r.value}`))
const shown = (found: readonly { batch: DueBatch }[]): string[][] => found.flatMap(({ batch }) => batch.parts.map((part) => show(part.readings)))
const seconds = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => T0 + (from + i) * SECOND)

test('of a steady value the last of each window is sent, and the first one within a second', () => {
  const records = seconds(0, 30).map((at, i) => stored(D, at, [numeric('hr', 60 + i, at)]))
  const found = run(records, T0 + 31 * SECOND)
  assert.deepEqual(shown(found), [['hr=60'], ['hr=69'], ['hr=79'], ['hr=89']])
  assert.ok((found[0]?.at ?? 0) <= T0 + 1.25 * SECOND)
})

test('a change to and from no value is sent within a second, with the last value before it', () => {
  const records = seconds(0, 9).map((at, i) => stored(D, at, [numeric('hr', i === 4 ? null : 60 + i, at)]))
  const found = run(records, T0 + 9 * SECOND)
  assert.deepEqual(shown(found), [['hr=60'], ['hr=63'], ['hr=null'], ['hr=65'], ['hr=68']].slice(0, 4))
  assert.deepEqual(found.slice(1).map(({ at }) => at <= T0 + 6.25 * SECOND), [true, true])
})

test('a silent device is sent nothing more: no old value leaves again', () => {
  const found = run([stored(D, T0, [numeric('hr', 60, T0), numeric('spo2', 97, T0)])], T0 + 600 * SECOND)
  assert.deepEqual(shown(found), [['hr=60', 'spo2=97']])
})

test('each cuff measurement is sent once, at once and whole; the same one shown on is not sent again', () => {
  const records = seconds(0, 120).map((at, i) => stored(D, at, [numeric('hr', 60, at), ...cuff(T0 + (i < 50 ? 0 : 50 * SECOND), i < 50 ? 120 : 121, at)]))
  const found = run(records, T0 + 125 * SECOND).map(({ at, batch }) => ({ at, batch }))
  const cuffs = found.filter(({ batch }) => batch.parts.some((part) => show(part.readings).some((text) => text.startsWith('nibp'))))
  assert.deepEqual(cuffs.map(({ batch }) => show(batch.parts[0]?.readings ?? []).slice(1)),
    [['nibp-sys=120', 'nibp-dia=80', 'nibp-mean=93'], ['nibp-sys=121', 'nibp-dia=81', 'nibp-mean=94']])
  assert.ok((cuffs[1]?.at ?? 0) <= T0 + 51.25 * SECOND)
})

test('two cuff measurements in one window are two messages: a receiver keys on the parameter', () => {
  const found = run([stored(D, T0, cuff(T0, 120, T0)), stored(D, T0 + 1000, cuff(T0 + 60 * SECOND, 130, T0 + 1000))], T0 + 3 * SECOND)
  assert.deepEqual(shown(found), [['nibp-sys=120', 'nibp-dia=80', 'nibp-mean=93'], ['nibp-sys=130', 'nibp-dia=90', 'nibp-mean=103']])
})

const changes: readonly (readonly [string, Said, string | null])[] = [
  ['patient', { patient: testPatient('2') }, 'ICU^1^7'],
  ['assignment', { patient: null }, 'ICU^1^7'],
  ['trust', { patient: testPatient('1'), trust: 'suspected' }, 'ICU^1^7'],
  ['data check', { patient: testPatient('1'), dataCheck: 'NOT CHECKED' }, 'ICU^1^7'],
  ['bed', { patient: testPatient('1') }, 'ICU^1^8'],
]
for (const [what, said, bed] of changes) {
  test(`a change of ${what} is sent within a second, and the value before it under what was said then`, () => {
    const isAfter = (i: number): boolean => i >= 5
    const records = seconds(0, 8).map((at, i) => (isAfter(i) ? stored(D, at, [numeric('hr', 60 + i, at)], said, bed)
      : stored(D, at, [numeric('hr', 60 + i, at)], { patient: testPatient('1') })))
    const found = run(records, T0 + 7 * SECOND)
    assert.deepEqual(shown(found).slice(1), [['hr=64'], ['hr=65']])
    const [before, after] = found.slice(1).flatMap(({ batch }) => batch.parts)
    assert.equal(before?.patient?.key, '1&H')
    assert.equal(after?.patient?.key ?? null, said.patient?.key ?? null)
    assert.deepEqual([after?.trust, after?.bed], [said.trust ?? 'plain', bed])
    assert.ok(found.slice(1).every(({ at }) => at <= T0 + 6.25 * SECOND))
  })
}

test('waves are whole and in order, over any number of pieces; a hole and another owner split them', () => {
  const piece = (i: number): number[] => Array.from({ length: 256 }, (_, n) => (i * 7 + n) % 256)
  const said = (i: number): Said => ({ patient: i < 7 ? null : testPatient('1') })
  const records = seconds(0, 9).map((at, i) => stored(D, i >= 4 ? at + 5 * SECOND : at, [wave('pleth', piece(i), i >= 4 ? at + 5 * SECOND : at)], said(i)))
  assert.deepEqual(run(records, T0 + 40 * SECOND, { everyMicros: 60 * SECOND, waveforms: true }), [], 'waves alone are not urgent')
  const late = run(records, T0 + 61 * SECOND, { everyMicros: 60 * SECOND, waveforms: true }).flatMap(({ batch }) => batch.parts)
  assert.deepEqual(late.map((part) => show(part.readings)), [['pleth[1024]'], ['pleth[768]'], ['pleth[512]']])
  assert.deepEqual(late.map((part) => part.patient?.key ?? null), [null, null, '1&H'])
  const samples = late.flatMap((part) => part.readings.flatMap((r) => (r.kind === 'wave' ? [...r.samples] : [])))
  assert.deepEqual(samples, records.flatMap((_, i) => piece(i)))
  const [first] = late[0]?.readings ?? []
  assert.equal(first?.times.received, T0 + 3 * SECOND, 'a wave ends where its last piece does')
})

test('a target without waveforms gets none, and records of waves alone are done with at once', () => {
  const sampler = new Sampler({ everyMicros: EVERY, waveforms: false })
  sampler.take(1, stored(D, T0, [wave('ecg1', [1, 2, 3], T0)]))
  assert.equal(sampler.done, 1)
  assert.deepEqual(sampler.tick(T0 + 100 * SECOND), [])
})

test('waves that would fill the memory are due before their window ends', () => {
  const sampler = new Sampler({ everyMicros: 3600 * SECOND, waveforms: true })
  let sent = 0
  const rounds = Math.ceil((PENDING_SAMPLES_MAX * 3) / 256)
  for (let i = 0; i < rounds; i++) sent += sampler.take(i + 1, stored(D, T0 + i * SECOND, [wave('ecg1', new Uint8Array(256), T0 + i * SECOND)])).length
  assert.ok(sent >= 2)
})

test('a clock that is set back delays nothing', () => {
  const sampler = new Sampler({ everyMicros: EVERY, waveforms: false })
  sampler.take(1, stored(D, T0, [numeric('hr', 60, T0)]))
  assert.equal(sampler.tick(T0 - 3600 * SECOND).length, 1)
})

test('a device that was further than the others at the end is not told again what it told', () => {
  const other = 'b'
  const sampler = new Sampler({ everyMicros: 3600 * SECOND, waveforms: false })
  const marks = new Map<string, DueBatch['mark']>()
  const records = [
    stored(D, T0, [numeric('hr', 60, T0)]), stored(other, T0, [numeric('hr', 70, T0)]), stored(D, T0 + 5 * SECOND, [numeric('hr', 61, T0 + 5 * SECOND)]),
    stored(other, T0 + 6 * SECOND, [numeric('hr', null, T0 + 6 * SECOND)]),
  ]
  records.forEach((record, i) => {
    for (const { mark } of [...sampler.take(i + 1, record), ...sampler.tick(record.at + 2 * SECOND)]) marks.set(mark.device, mark)
  })
  assert.deepEqual([sampler.done, marks.get(D)?.seq, marks.get(other)?.seq], [2, 1, 4])
  const again = new Sampler({ everyMicros: 3600 * SECOND, waveforms: false }, sampler.done, marks.values())
  records.slice(2).forEach((record, i) => assert.deepEqual(again.take(i + 3, record), []))
  assert.deepEqual(shown(again.tick(T0 + 7200 * SECOND).map((batch) => ({ batch }))), [['hr=61']])
})

test('devices do not send in the same moment', () => {
  const turns = new Set(Array.from({ length: 256 }, (_, i) => Math.floor((nextTurn(`202.114.4.${i}`, T0, EVERY) - T0) / (EVERY / 16))))
  assert.ok(turns.size >= 12, `${turns.size} of 16 sixteenths are used`)
})

// Any stream: times, holes, absences, owners, beds, cuffs, waves.

const said = fc.record({
  patient: fc.constantFrom(null, testPatient('1'), testPatient('2')), trust: fc.constantFrom('plain', 'suspected' as const),
  dataCheck: fc.constantFrom('OK', 'CHECK BEDSIDE' as const),
})
const step = fc.record({
  isTick: fc.boolean(), device: fc.constantFrom(D, 'b'), wait: fc.oneof(fc.constant(0), fc.constant(SECOND), fc.nat(4 * SECOND)),
  hr: fc.option(fc.option(fc.integer({ min: 50, max: 70 }), { nil: null }), { nil: undefined }),
  spo2: fc.option(fc.constantFrom(null, 96, 97), { nil: undefined }),
  cuff: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }), wave: fc.option(fc.constantFrom(64, 256, 300), { nil: undefined }),
  owner: fc.oneof({ weight: 5, arbitrary: fc.constant<Said>({}) }, { weight: 1, arbitrary: said }), bed: fc.constantFrom('ICU^1^7', 'ICU^1^7', 'ICU^1^7', null),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function recordOf(one: Step, at: number): StoredReadings {
  const readings = [
    ...one.hr === undefined ? [] : [numeric('hr', one.hr, at)], ...one.spo2 === undefined ? [] : [numeric('spo2', one.spo2, at)],
    ...one.cuff === undefined ? [] : cuff(START + one.cuff * SECOND, 120 + one.cuff, at),
    ...one.wave === undefined ? [] : [wave('resp', Array.from({ length: one.wave }, (_, i) => (i + at) % 251), at, 128)],
  ]
  return stored(one.device, at, readings, one.owner, one.bed)
}

const OPTIONS = fc.record({ everyMicros: fc.constantFrom(SECOND / 2, 5 * SECOND, 60 * SECOND), waveforms: fc.boolean() })

function flat(batch: DueBatch): Map<string, (Reading | number[])[]> {
  const found = new Map<string, (Reading | number[])[]>()
  for (const reading of batch.parts.flatMap((part) => part.readings)) {
    const key = reading.kind === 'wave' ? reading.channel : reading.parameter.startsWith('nibp') ? 'cuff' : reading.parameter
    found.set(key, [...(found.get(key) ?? []), reading.kind === 'wave' ? [...reading.samples] : reading])
  }
  return found
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))

test('any stream: the same batches with the same readings in the same order as the slow twin, which remembers everything', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), OPTIONS, (steps, options) => {
    const sampler = new Sampler(options)
    const twin = new SamplerTwin(options)
    let now = T0
    steps.forEach((one, i) => {
      now += one.wait
      const record = recordOf(one, now)
      const found = one.isTick ? sampler.tick(now) : sampler.take(i + 1, record)
      const expected = one.isTick ? twin.tick(now) : twin.take(record)
      assert.deepEqual(found.map((b) => [b.device, b.dueAt, sorted(flat(b))]), expected.map((b) => [b.device, b.dueAt, sorted(b.sent)]))
    })
  }), { numRuns: 400 })
})

test('any stream: no message mixes owners, beds or trust, holds a key twice, or says of a reading what was not said of it', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), OPTIONS, (steps, options) => {
    const sampler = new Sampler(options)
    const about = new Map<Reading, string>()
    const sent = new Set<Reading>()
    let now = T0
    steps.forEach((one, i) => {
      now += one.wait
      const record = recordOf(one, now)
      for (const { reading, patient, trust } of record.items) about.set(reading, [patient?.key, trust, record.bed].join())
      for (const { parts } of [...sampler.take(i + 1, record), ...sampler.tick(now)]) {
        for (const part of parts) {
          const keys = part.readings.map((r) => (r.kind === 'wave' ? r.channel : r.parameter))
          assert.equal(new Set(keys).size, keys.length)
          for (const reading of part.readings.filter((r) => r.kind === 'numeric')) {
            assert.equal(about.get(reading), [part.patient?.key, part.trust, part.bed].join())
            assert.equal(sent.has(reading), false, 'no reading leaves twice')
            sent.add(reading)
          }
        }
      }
    })
  }), { numRuns: 200 })
})

test('any stream, ended anywhere: marks and a replay of what is not done give what would have been without the end', () => {
  fc.assert(fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), OPTIONS, fc.nat(39), (steps, options, cut) => {
    const whole = new Sampler(options)
    const marks = new Map<string, DueBatch['mark']>()
    let ended: Sampler | null = null
    const records: StoredReadings[] = []
    let now = T0
    steps.forEach((one, i) => {
      now += one.wait
      records.push(recordOf(one, now))
      const record = records[i] as StoredReadings
      const found = [...whole.take(i + 1, record), ...whole.tick(now)]
      if (ended !== null) assert.deepEqual([...ended.take(i + 1, record), ...ended.tick(now)], found)
      else for (const { mark } of found) marks.set(mark.device, mark)
      if (i !== cut) return
      ended = new Sampler(options, whole.done, structuredClone([...marks.values()]))
      const again = ended
      for (let n = whole.done; n <= i; n++) assert.deepEqual(again.take(n + 1, records[n] as StoredReadings), [])
      assert.equal(again.done, whole.done)
    })
  }), { numRuns: 300 })
})
