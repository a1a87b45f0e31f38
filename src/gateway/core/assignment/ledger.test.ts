// Tests of assignment: each movement, doubts that leave a bed unassigned, and that nothing carries a patient after the discharge.
// Keeps acceptance check 10 (facts gateway A.2) as a property over interleavings of messages, repeats, late ones and readings.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { BENCH_START, seconds } from '../../../testing/intake-bench.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { parseHl7 } from '../intake/hl7-text.ts'
import { present, type Numeric, type Times } from '../intake/reading.ts'
import { ADT_EVENTS, patientRef, readAdt, readSwap, type AdtEvent, type Movement } from './adt.ts'
import { FUTURE_MICROS_MAX, Ledger } from './ledger.ts'
import { PATIENTS_MAX } from './stays.ts'

const at = (n: number): number => BENCH_START + seconds(n)
const A = patientRef('ZZTEST-A', 'H', 'ZZTEST', 'CANARY')
const B = patientRef('ZZTEST-B', 'H', 'ZZTEST', 'CANARY')
const BED1 = 'ICU^1^1'
const BED2 = 'ICU^1^2'

let control = 0
const move = (movement: Movement, patient = A, bed = BED1, n = 0): AdtEvent => (
  { movement, patient, bed, priorBed: '', at: at(n), controlId: String(control++) })
const hr = (n: number): Numeric => present('hr', 60, { device: null, received: at(n), measured: at(n) })

function ward(): Ledger {
  const ledger = new Ledger()
  ledger.place('d1', BED1, at(0))
  ledger.place('d2', BED2, at(0))
  return ledger
}

/** Key of the patient a reading now would carry, or the state. */
function who(ledger: Ledger, device = 'd1'): string {
  const assignment = ledger.assignment(device)
  return assignment.state === 'assigned' ? assignment.patient.number : assignment.state
}

const text = (trigger: string, extra = ''): string => [
  `MSH|^~\\&|HIS|H|GW|H|20260105070000||ADT^${trigger}|77|P|2.6`, 'EVN||20260105065900||||20260105065800',
  'PID|1||ZZTEST-A^^^H^MR||ZZTEST^CANARY', `PV1|1|I|icu^1^1${extra}`,
].join('\r')

function read(message: string): ReturnType<typeof readAdt> {
  const parsed = parseHl7(new TextEncoder().encode(message))
  ok(parsed.ok)
  return readAdt(parsed.value)
}

test('an ADT message is read: patient, bed, time of the event; the name stays tainted', () => {
  for (const [trigger, movement] of [
    ['A01', 'admit'], ['A02', 'transfer'], ['A03', 'discharge'], ['A08', 'update'], ['A11', 'cancel-admit'], ['A12', 'cancel-transfer'],
    ['A13', 'cancel-discharge'],
  ] as const) {
    const event = read(text(trigger, '|||ICU^1^2'))
    ok(event.ok)
    deepEqual([event.value.movement, event.value.bed, event.value.priorBed, event.value.patient.key], [movement, BED1, BED2, 'ZZTEST-A&H'])
    equal(event.value.at, Date.UTC(2026, 0, 5, 6, 58) * 1000)
    ok(!JSON.stringify(event.value).includes('CANARY'))
  }
})

test('an ADT message that does not say who, or what, is a reason', () => {
  const reasons = [text('A31'), text('A01').replace('ZZTEST-A^^^H^MR', ''), text('A01').replace('ADT^', 'ORU^')].map((message) => {
    const event = read(message)
    return event.ok ? '' : event.error
  })
  deepEqual(reasons, ['ADT^A31 moves nobody that the gateway follows', 'PID-3 holds no patient number', 'not an ADT message: ORU^A01'])
})

test('a real discharge message is read', { skip: clinicalMissing }, () => {
  const event = read(fs.readFileSync(sharedClinical('hl7v2-hapi', 'adt_a03.txt'), 'utf8'))
  ok(event.ok)
  deepEqual([event.value.movement, event.value.patient.key, event.value.at], ['discharge', '5520255&PK', Date.UTC(2008, 2, 3, 15, 8) * 1000])
  equal(event.value.bed, '', 'a point of care without a bed is no bed')
})

test('unassigned stays unassigned: no bed, no patient', () => {
  const ledger = new Ledger()
  equal(who(ledger), 'unassigned')
  ledger.apply(move('admit'), at(0))
  equal(who(ledger), 'unassigned', 'a patient in a bed where no device stands')
  equal(new Ledger().ownerOf('d1', hr(0)), null)
})

test('admit, update, transfer, cancel transfer, discharge, cancel discharge', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  equal(who(ledger), 'ZZTEST-A')
  equal(ledger.apply(move('update', A, BED1, 2), at(2)).kind, 'applied')
  ledger.apply(move('transfer', A, BED2, 3), at(3))
  deepEqual([who(ledger, 'd1'), who(ledger, 'd2')], ['unassigned', 'ZZTEST-A'])
  ledger.apply(move('cancel-transfer', A, BED1, 4), at(4))
  deepEqual([who(ledger, 'd1'), who(ledger, 'd2')], ['ZZTEST-A', 'unassigned'])
  deepEqual(ledger.apply(move('discharge', A, BED1, 5), at(5)).beds, [BED1])
  equal(who(ledger), 'unassigned')
  ledger.apply(move('cancel-discharge', A, BED1, 6), at(6))
  equal(who(ledger), 'ZZTEST-A')
  ledger.apply(move('cancel-admit', A, BED1, 7), at(7))
  equal(who(ledger), 'unassigned')
})

test('a repeated or late admission does not undo a discharge', () => {
  const ledger = ward()
  const admit = move('admit', A, BED1, 1)
  ledger.apply(admit, at(1))
  ledger.apply(move('discharge', A, BED1, 5), at(5))
  for (const late of [admit, { ...admit, controlId: 'new' }, move('admit', A, BED1, 5), move('cancel-transfer', A, BED1, 3)]) {
    equal(ledger.apply(late, at(9)).kind, 'ignored')
    equal(who(ledger), 'unassigned')
  }
  const early = ward()
  early.apply(move('discharge', A, BED1, 5), at(5))
  early.apply(move('admit', A, BED1, 1), at(6))
  equal(who(early), 'unassigned', 'a discharge that overtook its admission')
})

test('a discharge older than an update is still a discharge; one older than a new arrival is not', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.apply(move('update', A, BED1, 9), at(9))
  ledger.apply(move('discharge', A, BED1, 5), at(10))
  equal(who(ledger), 'unassigned')
  ledger.apply(move('admit', A, BED1, 20), at(20))
  equal(ledger.apply(move('discharge', A, BED1, 6), at(21)).kind, 'flag', 'and somebody is told to look')
  equal(who(ledger), 'ZZTEST-A')
})

test('events without a time: a discharge counts, an admission does not', () => {
  const ledger = ward()
  equal(ledger.apply({ ...move('admit'), at: null }, at(0)).kind, 'flag')
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.apply({ ...move('discharge'), at: null }, at(2))
  equal(who(ledger), 'unassigned')
  ledger.apply(move('admit', A, BED1, 1), at(3))
  equal(who(ledger), 'unassigned')
})

test('times from the future: no admission by them, a discharge counts and does not lock the patient out', () => {
  const ledger = ward()
  const far = FUTURE_MICROS_MAX / 1e6 + 10
  equal(ledger.apply(move('admit', A, BED1, far), at(1)).kind, 'flag')
  equal(who(ledger), 'unassigned')
  ledger.apply(move('admit', A, BED1, 2), at(2))
  ledger.apply(move('discharge', A, BED1, far), at(3))
  equal(who(ledger), 'unassigned')
  equal(ledger.apply(move('admit', A, BED1, 2), at(4)).kind, 'ignored')
  ledger.apply(move('admit', A, BED1, 5), at(5))
  equal(who(ledger), 'ZZTEST-A')
})

test('a second patient without a discharge of the first leaves the bed unassigned and flagged; the discharge resolves it', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  equal(ledger.apply(move('admit', B, BED1, 2), at(2)).kind, 'flag')
  equal(who(ledger), 'contested')
  deepEqual(ledger.flags().map((flag) => flag.beds), [[BED1]])
  ledger.apply(move('discharge', A, BED1, 3), at(30))
  equal(who(ledger), 'ZZTEST-B')
  equal(ledger.ownerOf('d1', hr(10)), null, 'what was measured while two were claimed stays nobody\'s')
  equal(ledger.ownerOf('d1', hr(30))?.key, B.key)
})

test('the same patient in two beds is flagged, and neither carries the name', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.apply(move('admit', A, BED2, 2), at(2))
  deepEqual([who(ledger, 'd1'), who(ledger, 'd2')], ['contested', 'contested'])
  deepEqual(ledger.flags().map((flag) => flag.why), ['the same patient is said to be in two beds'])
  ledger.apply(move('transfer', A, BED2, 3), at(3))
  deepEqual([who(ledger, 'd1'), who(ledger, 'd2'), ledger.flags().length], ['unassigned', 'ZZTEST-A', 0])
})

test('two devices at one bed belong to nobody until one is moved', () => {
  const ledger = ward()
  ledger.place('d3', BED1, at(0))
  ledger.apply(move('admit', A, BED1, 1), at(1))
  equal(who(ledger), 'contested')
  ledger.place('d3', null, at(2))
  equal(who(ledger), 'ZZTEST-A')
})

test('by hand: one patient per bed, one bed per patient, from now on', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.assign(BED1, B, at(5))
  equal(who(ledger), 'ZZTEST-B')
  ledger.assign('icu^1^2', B, at(6))
  deepEqual([who(ledger, 'd1'), who(ledger, 'd2')], ['unassigned', 'ZZTEST-B'])
  equal(ledger.ownerOf('d2', hr(5)), null)
  ledger.vacate(BED2, at(7))
  equal(who(ledger, 'd2'), 'unassigned')
})

test('a cuff measurement from before the admission is nobody\'s, and so is one that nothing dates', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 10), at(10))
  const nibp = (measured: number | null): Numeric => {
    const times: Times = { device: { at: at(0), hasZone: false }, received: at(20), measured }
    return present('nibp-sys', 120, times)
  }
  deepEqual([at(9), null, at(11)].map((measured) => ledger.ownerOf('d1', nibp(measured))?.number ?? 'nobody'), ['nobody', 'nobody', 'ZZTEST-A'])
  equal(ledger.ownerOf('d1', { ...hr(20), quality: 'demo' }), null, 'a demonstration is nobody\'s')
})

test('an update that names another bed moves nobody', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  equal(ledger.apply(move('update', A, BED2, 2), at(2)).kind, 'flag')
  deepEqual([who(ledger, 'd1'), who(ledger, 'd2')], ['ZZTEST-A', 'unassigned'])
})

test('memory is bounded: who left is forgotten behind a horizon, who lies in a bed never', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  for (let i = 0; i < PATIENTS_MAX + 50; i++) ledger.apply(move('discharge', patientRef(`gone-${i}`), '', 1000 + i), at(2))
  equal(who(ledger), 'ZZTEST-A')
  equal(ledger.apply(move('admit', patientRef('gone-3'), BED2, 500), at(3)).kind, 'ignored')
  equal(ledger.apply(move('admit', B, BED2, 9000), at(3)).kind, 'applied')
})

const patients = [A, B, patientRef('ZZTEST-C', 'H')]
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({
    kind: fc.constant('adt' as const), movement: fc.constantFrom<Movement>(...Object.values(ADT_EVENTS)),
    who: fc.nat({ max: 2 }), bed: fc.constantFrom(BED1, BED2, ''), time: fc.option(fc.nat({ max: 60 }), { freq: 8 }),
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hand' as const), who: fc.nat({ max: 2 }), bed: fc.constantFrom(BED1, BED2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reading' as const), device: fc.constantFrom('d1', 'd2'), back: fc.nat({ max: 20 }) }) },
)

test('no observation carries a patient after the discharge, under any interleaving of old, repeated and new messages', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 40 }), (before, after) => {
    const ledger = ward()
    let n = 0
    const play = (steps: typeof before, isAllowed: (key: string) => boolean): void => {
      for (const next of steps) {
        n += 1
        if (next.kind === 'adt') {
          const event = { ...move(next.movement, patients[next.who], next.bed), at: next.time === null ? null : at(next.time) }
          ledger.apply(event, at(n))
        } else if (next.kind === 'hand' && isAllowed((patients[next.who] ?? A).key)) ledger.assign(next.bed, patients[next.who] ?? A, at(n))
        for (const device of ['d1', 'd2']) {
          const owner = ledger.ownerOf(device, hr(n))
          ok(owner === null || isAllowed(owner.key), `after the discharge ${device} carries ${owner?.key}`)
        }
      }
    }
    play(before, () => true)
    // Discharged later than every time above: from here on only what is older can come of A, and no hand puts A back.
    ledger.apply(move('discharge', A, BED1, 61), at(++n))
    play(after, (key) => key !== A.key)
  }), { numRuns: 400 })
})

test('at most one patient per device and one device per patient, always', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const ledger = ward()
    for (const [n, next] of steps.entries()) {
      if (next.kind === 'adt') ledger.apply({ ...move(next.movement, patients[next.who], next.bed), at: next.time === null ? null : at(next.time) }, at(n))
      else if (next.kind === 'hand') ledger.assign(next.bed, patients[next.who] ?? A, at(n))
      const [one, two] = [who(ledger, 'd1'), who(ledger, 'd2')]
      ok(one === 'unassigned' || one === 'contested' || one !== two)
      if (next.kind === 'reading') {
        const owner = ledger.ownerOf(next.device, hr(n - next.back))
        const assignment = ledger.assignment(next.device)
        ok(owner === null || (assignment.state === 'assigned' && at(n - next.back) >= assignment.since))
      }
    }
  }), { numRuns: 300 })
})

test('an interval in which a patient was not assigned never becomes theirs afterwards', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.apply(move('discharge', A, BED1, 5), at(5))
  ledger.apply(move('cancel-discharge', A, BED1, 9), at(9))
  deepEqual([4, 7, 9].map((n) => ledger.ownerOf('d1', hr(n))?.number ?? 'nobody'), ['nobody', 'nobody', 'ZZTEST-A'])
})

test('a transfer that does not say where to, or when, still leaves the bed: the operating theatre has none', () => {
  for (const [change, kind] of [[{ bed: '' }, 'applied'], [{ at: null }, 'flag'], [{ at: at(0) + 2 * FUTURE_MICROS_MAX }, 'flag']] as const) {
    const ledger = ward()
    ledger.apply(move('admit', A, BED1, 1), at(1))
    const told = ledger.apply({ ...move('transfer', A, BED2, 3), ...change }, at(3))
    deepEqual([told.kind, told.beds, who(ledger, 'd1'), who(ledger, 'd2')], [kind, [BED1], 'unassigned', 'unassigned'])
    equal(ledger.apply(move('admit', A, BED1, 1), at(4)).kind, 'ignored', 'nor does a repeated admission undo it')
    ledger.apply(move('transfer', A, BED1, 5), at(5))
    equal(who(ledger), 'ZZTEST-A')
  }
  const late = ward()
  late.apply(move('admit', A, BED1, 9), at(9))
  equal(late.apply(move('transfer', A, '', 2), at(10)).kind, 'ignored', 'but a late one moves nobody')
  equal(who(late), 'ZZTEST-A')
})

test('a number assigned by hand without its authority leaves with the one that has it', () => {
  const bare = patientRef('ZZTEST-A')
  for (const movement of ['discharge', 'cancel-admit', 'transfer'] as const) {
    const ledger = ward()
    ledger.assign(BED1, bare, at(1))
    const told = ledger.apply({ ...move(movement, A, movement === 'transfer' ? BED2 : BED1, 2), priorBed: BED1 }, at(2))
    deepEqual([told.kind, told.beds[0]], ['applied', BED1], 'which is no doubt')
    deepEqual([who(ledger, 'd1'), who(ledger, 'd2')], ['unassigned', movement === 'transfer' ? 'ZZTEST-A' : 'unassigned'])
  }
  const other = ward()
  other.assign(BED1, patientRef('ZZTEST-A', 'ELSEWHERE'), at(1))
  other.apply(move('discharge', A, '', 2), at(2))
  equal(who(other), 'ZZTEST-A', 'the same number of two authorities is two people')
})

test('somebody unknown leaves a bed that another is said to be in: nobody is, until somebody says so', () => {
  const leaving = [
    move('discharge', B, BED1, 5), { ...move('discharge', B, BED1), at: null }, { ...move('discharge', B, '', 5), priorBed: BED1 },
    { ...move('transfer', B, BED2, 5), priorBed: BED1 },
  ]
  for (const event of leaving) {
    const ledger = ward()
    ledger.apply(move('admit', A, BED1, 1), at(1))
    const told = ledger.apply(event, at(6))
    deepEqual([told.kind, told.beds.includes(BED1), who(ledger)], ['flag', true, 'unassigned'])
    equal(JSON.stringify(told).includes('ZZTEST'), false)
  }
})

test('who left before the next one came, or left once more, disturbs nobody', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 5), at(5))
  equal(ledger.apply(move('discharge', B, BED1, 4), at(6)).kind, 'applied', 'told late, by the hospital\'s own times')
  equal(who(ledger), 'ZZTEST-A')
  ledger.apply(move('discharge', A, BED1, 7), at(7))
  ledger.apply(move('admit', B, BED1, 8), at(8))
  ledger.apply(move('discharge', A, BED1, 9), at(9))
  equal(who(ledger), 'ZZTEST-B')
})

test('what a monitor measured before it stood at this bed is not the patient\'s of this bed', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.apply(move('admit', B, BED2, 1), at(1))
  ledger.place('d2', null, at(8))
  ledger.place('d1', BED2, at(10))
  deepEqual([9, 10].map((n) => ledger.ownerOf('d1', hr(n))?.number ?? 'nobody'), ['nobody', 'ZZTEST-B'])
  ledger.place('d1', BED2, at(20))
  equal(ledger.ownerOf('d1', hr(10))?.number, 'ZZTEST-B', 'said once more, it stands there since the first time')
})

test('two patients change beds (A17): neither bed keeps a name', () => {
  const ledger = ward()
  ledger.apply(move('admit', A, BED1, 1), at(1))
  ledger.apply(move('admit', B, BED2, 1), at(1))
  const message = `${text('A17').replace('ZZTEST-A', 'ZZTEST-C')}\rPID|2||ZZTEST-B^^^H^MR||ZZTEST^CANARY\rPV1|2|I|ICU^1^2`
  const parsed = parseHl7(new TextEncoder().encode(message))
  ok(parsed.ok)
  const swap = readSwap(parsed.value)
  deepEqual([swap?.patients.map((p) => p.key), swap?.beds], [['ZZTEST-C&H', 'ZZTEST-B&H'], [BED1, BED2]])
  const told = ledger.swap(swap?.patients ?? [], swap?.beds ?? [], at(2))
  deepEqual([told.kind, told.beds, who(ledger, 'd1'), who(ledger, 'd2')], ['flag', [BED1, BED2], 'unassigned', 'unassigned'])
  const other = parseHl7(new TextEncoder().encode(text('A40')))
  equal(other.ok && readSwap(other.value), null)
})
