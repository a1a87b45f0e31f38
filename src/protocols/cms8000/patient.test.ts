// Tests of the 0x3E patient record: layout, round trip, which fields are filled, and that nothing of it can be printed.
// Keeps the patient-data rule: the record exists only inside Tainted.

import { deepEqual, doesNotMatch, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { CMS_HEADER_BYTES, PatientAt } from './codes.ts'
import { CMS_PATIENT_FIELDS, decodePatient, encodePatient, filledPatientFields, isPatientBody, patientBed } from './patient.ts'
import { CANARY, EMPTY_PATIENT, PATIENT, patients } from './testdata/samples.ts'

const BODY = CMS_HEADER_BYTES

test('the layout is the one of the facts file: offsets of every field', () => {
  const frame = encodePatient(PATIENT)
  const ascii = (at: number, length: number): string => String.fromCharCode(...frame.slice(BODY + at, BODY + at + length))
  deepEqual(frame.slice(0, 4), Uint8Array.of(0xaf, 0x00, 0x05, 0x3e))
  equal(ascii(0x00, 18), `${CANARY} WARD`)
  equal(frame[BODY + 0x22], 7)
  equal(ascii(0x23, 13), CANARY)
  equal(ascii(0x43, 13), 'ZZTEST-000000')
  equal(ascii(0x63, 11), '2001\x0002\x0003\x00')
  deepEqual(frame.slice(BODY + 0x74, BODY + 0x78), Uint8Array.of(0x57, 0x04, 0xde, 0x00))
  equal(ascii(0x7c, 11), '1901\x0001\x0001\x00')
  equal(frame[BODY + 0x8c], 3)
  equal(ascii(0x8d, 16), `DR ${CANARY}`)
  equal(frame.length, BODY + 0xad)
})

test('bytes seen as zero are written as zero', () => {
  const frame = encodePatient(PATIENT)
  for (const [from, to] of [[0x20, 0x22], [0x6e, 0x74], [0x78, 0x7c], [0x87, 0x8c]] as const) {
    deepEqual(frame.slice(BODY + from, BODY + to), new Uint8Array(to - from), from.toString(16))
  }
})

test('a record comes back as written, with any padding', () => {
  fc.assert(fc.property(patients, fc.nat({ max: 200 }), (patient, padding) => {
    const frame = encodePatient(patient, padding)
    equal(frame.length, BODY + PatientAt.end + padding)
    deepEqual(decodePatient(frame, BODY).reveal(), patient)
    equal(patientBed(frame, BODY), patient.bed)
  }))
})

test('filled names exactly the fields that hold something, in a fixed order', () => {
  const frame = encodePatient(PATIENT)
  deepEqual(filledPatientFields(frame, BODY), [...CMS_PATIENT_FIELDS])
  deepEqual(filledPatientFields(encodePatient(EMPTY_PATIENT), BODY), [])
  fc.assert(fc.property(patients, (patient) => {
    const expected = CMS_PATIENT_FIELDS.filter((field) => {
      const value = { ...patient, height: patient.heightMm, weight: patient.weightG }[field]
      return value !== null && value !== ''
    })
    deepEqual(filledPatientFields(encodePatient(patient), BODY), expected)
  }))
})

test('blank dates, spaces and unset numbers are not filled', () => {
  const frame = encodePatient(EMPTY_PATIENT)
  frame.fill(0x20, BODY + PatientAt.name, BODY + PatientAt.name + 32)
  frame.set(new TextEncoder().encode('0000\x0000\x0000'), BODY + PatientAt.birth)
  frame.set([0x30, 0, 0, 0, 0, 0x30, 0, 0, 0x30], BODY + PatientAt.admission)
  frame.fill(0xff, BODY + PatientAt.height, BODY + PatientAt.unnamed78)
  frame[BODY + PatientAt.bloodType] = 0xff
  deepEqual(filledPatientFields(frame, BODY), [])
  deepEqual(decodePatient(frame, BODY).reveal(), EMPTY_PATIENT)
})

test('text left behind a NUL still is on the wire: the field counts as filled though it reads as empty', () => {
  const frame = encodePatient(EMPTY_PATIENT)
  frame.set(new TextEncoder().encode(CANARY), BODY + PatientAt.name + 5)
  deepEqual(filledPatientFields(frame, BODY), ['name'])
  equal(decodePatient(frame, BODY).reveal().name, '')
})

test('a record cut below its last field is no record; one byte decides', () => {
  equal(isPatientBody(0, PatientAt.end), true)
  equal(isPatientBody(0, PatientAt.end - 1), false)
})

test('a record of random bytes decodes without a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: PatientAt.end, maxLength: PatientAt.end }), (body) => {
    const record = decodePatient(body, 0)
    equal(record.isFilled(), true)
    filledPatientFields(body, 0)
  }))
})

test('a decoded record shows no text when printed, inspected or serialised', () => {
  const record = decodePatient(encodePatient(PATIENT), BODY)
  for (const shown of [String(record), JSON.stringify(record), JSON.stringify({ record }), inspect(record, { depth: 9 }), `${record}`]) {
    doesNotMatch(shown, /ZZTEST|CANARY|1901/)
  }
})
