// Tests of the record code: round trip for all readings, an error at every cut and every flipped bit, and the cost of writing one.
// Keeps the canary rule: no error about damaged bytes carries what was in them.

import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import type { Result } from '../../base/result.ts'
import { patientRef, type PatientRef } from './assignment/adt.ts'
import type { OwnedReading } from './gateway.ts'
import { CHANNELS, missing, PARAMETERS, present, type Reading, type Times } from './intake/reading.ts'
import { crc32, RecordReader, RecordWriter } from './record-bytes.ts'
import { decodeRecord, encodeRecord, RecordEncoder, RECORD_ITEMS_MAX, RECORD_VERSION, type StoredReadings } from './record.ts'

const AT = 1_767_600_000_000_000
const TIMES: Times = { device: null, received: AT, measured: AT }
const CANARY = patientRef('4711', 'H', 'ZZTEST', 'CANARY')

const item = (reading: Reading, patient: PatientRef | null = CANARY): OwnedReading => ({ reading, patient, dataCheck: 'OK', trust: 'plain' })
const wave = (samples: Uint8Array): Reading => ({ kind: 'wave', channel: 'ecg1', samples, rate: 256, times: TIMES })

/** One cycle of a monitor as the intake gives it. */
const CYCLE: StoredReadings = {
  device: '202.114.4.50', bed: 'ICU^1^7', at: AT,
  items: [
    item(present('hr', 72, TIMES, { low: 50, high: 120 })), item(present('spo2', 97, TIMES)), item(present('t1', 36.6, TIMES)),
    item(missing('rr', 'sensor-off', TIMES)), ...[0, 1, 2].map((n) => item(wave(new Uint8Array(256).map((_, i) => (i * 7 + n) & 255)))),
  ],
}

/** With the names opened, so that deepEqual sees them; as plain objects. */
function opened(record: StoredReadings): unknown {
  return structuredClone({
    ...record,
    items: record.items.map((i) => ({ ...i, patient: i.patient === null ? null : { ...i.patient, name: i.patient.name.reveal() } })),
  })
}

function value<T>(result: Result<T>): T {
  return result.ok ? result.value : (() => { throw new Error(result.error) })()
}

const micros = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.constant(AT))
const number = fc.oneof(fc.integer({ min: -40_000, max: 40_000 }), fc.double(), fc.float(), fc.constantFrom(-0, 0, 36.6, 2 ** 40, Number.NaN))
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ minLength: 250, maxLength: 300 }))
const times = fc.record({
  device: fc.option(fc.record({ at: micros, hasZone: fc.boolean() })), received: micros, measured: fc.option(micros),
})
const reading: fc.Arbitrary<Reading> = fc.oneof(
  fc.record({
    kind: fc.constant('numeric' as const), parameter: fc.constantFrom(...PARAMETERS), value: fc.option(number),
    absent: fc.constantFrom(null, 'not-measured' as const, 'sensor-off' as const, 'invalid' as const, 'unreadable' as const),
    quality: fc.constantFrom('plain' as const, 'questionable' as const, 'demo' as const),
    limits: fc.option(fc.record({ low: number, high: number })), times,
  }),
  fc.record({
    kind: fc.constant('wave' as const), channel: fc.constantFrom(...CHANNELS), samples: fc.uint8Array({ maxLength: 300 }), rate: number, times,
  }),
)
const patient = fc.tuple(text, text, text, text).map(([n, a, f, g]) => patientRef(n, a, f, g))
const record: fc.Arbitrary<StoredReadings> = fc.array(patient, { minLength: 1, maxLength: 3 }).chain((patients) => fc.record({
  device: text, bed: fc.option(text), at: micros,
  items: fc.array(fc.record({
    reading, patient: fc.option(fc.constantFrom(...patients)),
    dataCheck: fc.constantFrom('OK' as const, 'CHECK BEDSIDE' as const, 'NOT TRUSTED' as const, 'NOT CHECKED' as const),
    trust: fc.constantFrom('plain' as const, 'suspected' as const, 'proved-altered' as const),
  }), { maxLength: 8 }),
}))

test('every record comes back as it went in, through one encoder that is used again', () => {
  const encoder = new RecordEncoder()
  fc.assert(fc.property(record, (r) => {
    const bytes = encoder.encode(r).slice()
    deepEqual(opened(value(decodeRecord(bytes))), opened(r))
    deepEqual(encodeRecord(r), bytes)
  }), { numRuns: 500 })
})

test('a record is read from where it starts, in a row of records', () => {
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), (records) => {
    const row = Buffer.concat(records.map(encodeRecord))
    let off = 0
    for (const r of records) {
      deepEqual(opened(value(decodeRecord(row, off))), opened(r))
      off += encodeRecord(r).length
    }
    equal(off, row.length)
  }))
})

test('cut anywhere, a record is an error that says so', () => {
  const bytes = encodeRecord(CYCLE)
  for (let end = 0; end < bytes.length; end++) ok(!decodeRecord(bytes.subarray(0, end)).ok, `cut at ${end}`)
  fc.assert(fc.property(record, fc.nat(), (r, cut) => {
    const whole = encodeRecord(r)
    ok(!decodeRecord(whole.subarray(0, cut % whole.length)).ok)
  }))
})

test('one flipped bit anywhere is found', () => {
  const bytes = encodeRecord({ ...CYCLE, items: CYCLE.items.slice(0, 5) })
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice()
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
    ok(!decodeRecord(damaged).ok, `bit ${bit}`)
  }
})

/** Damage that a checksum does not find: whoever writes the bytes makes one that fits. */
function resealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(5, crc32(bytes, 9, bytes.length), true)
  return bytes
}

test('any bytes with a checksum that fits are a record or an error, and never throw', () => {
  fc.assert(fc.property(record, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), (r, changes) => {
    const bytes = encodeRecord(r)
    for (const [at, byte] of changes) if (bytes.length > 9) bytes[9 + (at % (bytes.length - 9))] = byte
    const found = decodeRecord(resealed(bytes))
    if (found.ok) deepEqual(opened(value(decodeRecord(encodeRecord(found.value)))), opened(found.value))
  }), { numRuns: 2000 })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    decodeRecord(bytes)
  }))
})

test('another version, an impossible length and left over bytes are told apart', () => {
  const bytes = encodeRecord(CYCLE)
  const patched = (at: number, ...values: number[]): Uint8Array => {
    const changed = bytes.slice()
    changed.set(values, at)
    return changed
  }
  const error = (b: Uint8Array): string => {
    const found = decodeRecord(b)
    return found.ok ? 'none' : found.error
  }
  equal(error(patched(0, RECORD_VERSION + 1)), `record version ${RECORD_VERSION + 1} is not known here; this is version ${RECORD_VERSION}`)
  equal(error(patched(1, 255, 255, 255, 255)), 'a record of 4294967295 bytes cannot be')
  equal(error(patched(1, 3, 0, 0, 0)), 'a record of 3 bytes cannot be')
  equal(error(bytes.subarray(0, 8)), 'the record ends before its length')
  const longer = new Uint8Array(bytes.length + 1)
  longer.set(bytes)
  new DataView(longer.buffer).setUint32(1, longer.length, true)
  equal(error(resealed(longer)), 'bytes are left over at byte '.concat(String(bytes.length)))
})

test('a name is sealed again when it is read, and no error carries it', () => {
  const bytes = encodeRecord(CYCLE)
  const read = value(decodeRecord(bytes))
  ok(!inspect(read, { depth: 9 }).includes('ZZTEST') && !JSON.stringify(read).includes('CANARY'))
  equal(read.items[0]?.patient?.name.reveal().family, 'ZZTEST')
  for (let at = 9; at < 120; at++) {
    const damaged = bytes.slice()
    damaged[at] = 255
    const found = decodeRecord(resealed(damaged))
    if (!found.ok) ok(!found.error.includes('ZZTEST') && !found.error.includes('CANARY'))
  }
})

test('samples that were read do not keep the buffer they came in', () => {
  const row = Buffer.alloc(1_000_000)
  row.set(encodeRecord(CYCLE))
  const samples = value(decodeRecord(row)).items.flatMap((i) => (i.reading.kind === 'wave' ? [i.reading.samples] : []))
  equal(samples.length, 3)
  for (const s of samples) equal(s.buffer.byteLength, 256)
})

test('one cycle takes its samples and little more, and a second one takes no new buffer', () => {
  const encoder = new RecordEncoder()
  const first = encoder.encode(CYCLE)
  const samples = 3 * 256
  ok(first.length - samples < 180, `${first.length - samples} bytes beside the samples`)
  equal(encoder.encode(CYCLE).buffer, first.buffer)
  const grown = encoder.encode({ ...CYCLE, items: Array.from({ length: 40 }, () => item(wave(new Uint8Array(256)))) })
  notEqual(grown.buffer, first.buffer)
  equal(encoder.encode(CYCLE).buffer, grown.buffer)
})

test('more readings than a message can hold are a fault of ours', () => {
  const one = item(present('hr', 1, TIMES))
  throws(() => encodeRecord({ ...CYCLE, items: Array.from({ length: RECORD_ITEMS_MAX + 1 }, () => one) }))
})

test('the checksum is that of zlib, from any offset', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(10), (bytes, off) => {
    const from = Math.min(off, bytes.length)
    equal(crc32(bytes, from, bytes.length), zlibCrc32(bytes.subarray(from)))
  }))
})

test('a reader past its end gives empty values and one fault', () => {
  const out = new RecordWriter()
  out.number(5)
  out.text('é')
  const reader = new RecordReader(out.written(), 0, out.end)
  deepEqual([reader.number(), reader.text(), reader.left], [5, 'é', 0])
  deepEqual([reader.u8(), reader.u16(), reader.u32(), reader.f64(), reader.text(), reader.bytes().length, reader.number()], [0, 0, 0, 0, '', 0, 0])
  equal(reader.fault, 'the record ends in the middle of a value at byte 6')
})
