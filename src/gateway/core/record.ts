// record: the readings of one frame as bytes and back: how they cross from the segment's process and lie in the store.
// Keeps two rules: no bytes make it throw or give half a record, and a patient's name is sealed again the moment it is read.

import { assert } from '../../base/assert.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { Tainted } from '../../base/tainted.ts'
import type { Micros } from '../../base/time.ts'
import type { Bed, PatientRef } from './assignment/adt.ts'
import type { Trust, VerdictWord } from './checks/evidence.ts'
import type { GatewayCommand, OwnedReading } from './gateway.ts'
import { CHANNELS, PARAMETERS, type Absent, type Limits, type Quality, type Reading, type Times } from './intake/reading.ts'
import { crc32, RecordReader, RecordWriter } from './record-bytes.ts'

/** What a record holds: a `store` command without the word. */
export type StoredReadings = Omit<Extract<GatewayCommand, { kind: 'store' | 'publish' }>, 'kind'>

/** Raised when the layout changes; a reader refuses what it does not know. */
export const RECORD_VERSION = 1
/** An HL7 message has at most 1,000 segments (intake/bounds.ts), and a segment at most one reading. */
export const RECORD_ITEMS_MAX = 4096
/** The longest HL7 message accepted is 128 KiB of decimal text; its samples and owners are less. */
export const RECORD_BYTES_MAX = 1024 * 1024

/**
 * version u8 · length of all u32 · CRC-32 of what follows u32 · at f64 · device · bed (flag, text) · patients u16, each five texts ·
 * items u16, each: kind, owner, word and trust, times, then the value or the samples. Little endian.
 */
const LENGTH_AT = 1
const CRC_AT = 5
const BODY_AT = 9

const WORDS: readonly VerdictWord[] = ['OK', 'CHECK BEDSIDE', 'NOT TRUSTED', 'NOT CHECKED']
const TRUSTS: readonly Trust[] = ['plain', 'suspected', 'proved-altered']
const QUALITIES: readonly Quality[] = ['plain', 'questionable', 'demo']
/** Index 0 is a value that is there. */
const ABSENTS: readonly (Absent | null)[] = [null, 'not-measured', 'sensor-off', 'invalid', 'unreadable']

const Kind = { numeric: 0, wave: 1 } as const
/** Bits of the byte before the times. */
const TimeBit = { receivedApart: 1, device: 2, deviceZone: 4, measured: 8, measuredApart: 16 } as const
/** Bits of the byte before a numeric's value. */
const ValueBit = { value: 1, limits: 2 } as const

/** Writes records one after the other into one buffer. */
export class RecordEncoder {
  readonly #out = new RecordWriter()

  /** The bytes are borrowed until the next call. */
  encode(record: StoredReadings): Uint8Array {
    const out = this.#out
    assert(record.items.length <= RECORD_ITEMS_MAX, 'more readings in a command than a message can hold')
    out.clear()
    out.u8(RECORD_VERSION)
    out.u32(0)
    out.u32(0)
    out.f64(record.at)
    out.text(record.device)
    out.u8(record.bed === null ? 0 : 1)
    if (record.bed !== null) out.text(record.bed)
    const patients = owners(record.items)
    out.u16(patients.length)
    for (const patient of patients) writePatient(out, patient)
    out.u16(record.items.length)
    for (const item of record.items) writeItem(out, item, patients, record.at)
    const bytes = out.written()
    assert(bytes.length <= RECORD_BYTES_MAX, 'a record is longer than any message')
    out.putU32(LENGTH_AT, bytes.length)
    out.putU32(CRC_AT, crc32(bytes, BODY_AT, bytes.length))
    return bytes
  }
}

/** One record of its own; `RecordEncoder` for many. */
export function encodeRecord(record: StoredReadings): Uint8Array {
  return new RecordEncoder().encode(record).slice()
}

/** Readings of one frame are nearly always one patient's or nobody's; compared by object, as the ledger hands them out. */
function owners(items: readonly OwnedReading[]): PatientRef[] {
  const found: PatientRef[] = []
  for (const { patient } of items) if (patient !== null && !found.includes(patient)) found.push(patient)
  return found
}

function writePatient(out: RecordWriter, patient: PatientRef): void {
  const { family, given } = patient.name.reveal()
  for (const text of [patient.key, patient.number, patient.authority, family, given]) out.text(text)
}

function writeItem(out: RecordWriter, item: OwnedReading, patients: readonly PatientRef[], at: Micros): void {
  const { reading } = item
  out.u8(reading.kind === 'numeric' ? Kind.numeric : Kind.wave)
  out.u16(item.patient === null ? 0 : patients.indexOf(item.patient) + 1)
  out.u8(WORDS.indexOf(item.dataCheck) * TRUSTS.length + TRUSTS.indexOf(item.trust))
  writeTimes(out, reading.times, at)
  if (reading.kind === 'wave') {
    out.u8(CHANNELS.indexOf(reading.channel))
    out.number(reading.rate)
    out.bytes(reading.samples)
    return
  }
  out.u8(PARAMETERS.indexOf(reading.parameter))
  out.u8(ABSENTS.indexOf(reading.absent) * QUALITIES.length + QUALITIES.indexOf(reading.quality))
  out.u8((reading.value === null ? 0 : ValueBit.value) | (reading.limits === null ? 0 : ValueBit.limits))
  if (reading.value !== null) out.number(reading.value)
  if (reading.limits === null) return
  out.number(reading.limits.low)
  out.number(reading.limits.high)
}

/** Received is nearly always the command's time, and measured nearly always received: a bit each. */
function writeTimes(out: RecordWriter, { device, received, measured }: Times, at: Micros): void {
  const bits = (received === at ? 0 : TimeBit.receivedApart) | (device === null ? 0 : TimeBit.device) | (device?.hasZone === true ? TimeBit.deviceZone : 0)
    | (measured === null ? 0 : TimeBit.measured) | (measured === null || measured === received ? 0 : TimeBit.measuredApart)
  out.u8(bits)
  if (received !== at) out.f64(received)
  if (device !== null) out.f64(device.at)
  if (measured !== null && measured !== received) out.f64(measured)
}

/** The record that starts at `off`. Every damage is an error in words without a value. */
export function decodeRecord(bytes: Uint8Array, off = 0): Result<StoredReadings> {
  const found = open(bytes, off)
  if (!found.ok) return found
  const { reader, length } = found.value
  const sum = new DataView(bytes.buffer, bytes.byteOffset + off + CRC_AT, 4).getUint32(0, true)
  if (sum !== crc32(bytes, off + BODY_AT, off + length)) return err('the record is damaged: its checksum does not fit')
  const record = readBody(reader)
  if (reader.fault === null && reader.left > 0) reader.fail('bytes are left over')
  return reader.fault === null ? ok(record) : err(reader.fault)
}

function open(bytes: Uint8Array, off: number): Result<{ readonly reader: RecordReader; readonly length: number }> {
  const left = bytes.length - off
  if (off < 0 || left < BODY_AT) return err('the record ends before its length')
  if (bytes[off] !== RECORD_VERSION) return err(`record version ${bytes[off]} is not known here; this is version ${RECORD_VERSION}`)
  const length = new DataView(bytes.buffer, bytes.byteOffset + off + LENGTH_AT, 4).getUint32(0, true)
  if (length < BODY_AT || length > RECORD_BYTES_MAX) return err(`a record of ${length} bytes cannot be`)
  if (length > left) return err(`the record has ${left} of its ${length} bytes`)
  return ok({ reader: new RecordReader(bytes, off + BODY_AT, off + length), length })
}

function readBody(reader: RecordReader): StoredReadings {
  const at = reader.f64()
  const device = reader.text()
  const bed: Bed | null = reader.u8() === 0 ? null : reader.text()
  const patients: PatientRef[] = []
  for (let left = reader.u16(); left > 0 && reader.fault === null; left--) patients.push(readPatient(reader))
  const count = reader.u16()
  if (count > RECORD_ITEMS_MAX) reader.fail(`${count} readings in one record`)
  const items: OwnedReading[] = []
  for (let left = count; left > 0 && reader.fault === null; left--) items.push(readItem(reader, patients, at))
  return { device, bed, at, items }
}

function readPatient(reader: RecordReader): PatientRef {
  const [key, number, authority, family, given] = [reader.text(), reader.text(), reader.text(), reader.text(), reader.text()]
  return { key, number, authority, name: new Tainted({ family, given }) }
}

function readItem(reader: RecordReader, patients: readonly PatientRef[], at: Micros): OwnedReading {
  const kind = reader.u8()
  const owner = reader.u16()
  if (kind !== Kind.numeric && kind !== Kind.wave) reader.fail(`a reading of kind ${kind}`)
  if (owner > patients.length) reader.fail(`a reading of patient ${owner} of ${patients.length}`)
  const [word, trust] = pair(reader, WORDS, TRUSTS)
  const times = readTimes(reader, at)
  const reading = kind === Kind.wave ? readWave(reader, times) : readNumeric(reader, times)
  return { reading, patient: owner === 0 ? null : (patients[owner - 1] ?? null), dataCheck: word, trust }
}

function readTimes(reader: RecordReader, at: Micros): Times {
  const bits = reader.u8()
  const received = (bits & TimeBit.receivedApart) === 0 ? at : reader.f64()
  const device = (bits & TimeBit.device) === 0 ? null : { at: reader.f64(), hasZone: (bits & TimeBit.deviceZone) !== 0 }
  if ((bits & TimeBit.measured) === 0) return { device, received, measured: null }
  return { device, received, measured: (bits & TimeBit.measuredApart) === 0 ? received : reader.f64() }
}

function readWave(reader: RecordReader, times: Times): Reading {
  const channel = nth(reader, CHANNELS, reader.u8())
  const rate = reader.number()
  return { kind: 'wave', channel, samples: reader.bytes(), rate, times }
}

function readNumeric(reader: RecordReader, times: Times): Reading {
  const parameter = nth(reader, PARAMETERS, reader.u8())
  const [absent, quality] = pair(reader, ABSENTS, QUALITIES)
  const bits = reader.u8()
  const value = (bits & ValueBit.value) === 0 ? null : reader.number()
  const limits: Limits | null = (bits & ValueBit.limits) === 0 ? null : { low: reader.number(), high: reader.number() }
  return { kind: 'numeric', parameter, value, absent, quality, limits, times }
}

/** Two words of two lists in one byte. */
function pair<A, B>(reader: RecordReader, high: readonly A[], low: readonly B[]): readonly [A, B] {
  const byte = reader.u8()
  return [nth(reader, high, Math.floor(byte / low.length)), nth(reader, low, byte % low.length)]
}

function nth<T>(reader: RecordReader, words: readonly T[], index: number): T {
  if (index >= words.length) reader.fail(`word ${index} of a list of ${words.length}`)
  return words[index] ?? (words[0] as T)
}
