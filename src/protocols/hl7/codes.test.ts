// Tests of the HL7 tables: known segments, patient fields, and the byte classes they are read with.
// Keeps the rule that the list of patient fields is a decision one can read: the identifiers of the law must be in it.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import {
  HL7_PATIENT_SEGMENTS, HL7_UNKNOWN_SEGMENT, countedName, isBlankByte, isDelimiterByte, isLineEnd, isNameByte, isPatientField,
  knownMessageType, knownVersion, patientSegmentRow,
} from './codes.ts'

const holds = (segment: string, field: number): boolean => {
  const row = patientSegmentRow(segment)
  return row !== undefined && isPatientField(row, field)
}

test('the identifiers of 45 CFR 164.514(b)(2)(i) are in: name, address, dates, telephone, numbers, relatives, employers', () => {
  const identifiers: readonly (readonly [string, number])[] = [
    ['PID', 5], ['PID', 11], ['PID', 7], ['PID', 13], ['PID', 14], ['PID', 19], ['PID', 3], ['PID', 18], ['PID', 20],
    ['PID', 23], ['NK1', 2], ['NK1', 4], ['NK1', 13], ['GT1', 3], ['GT1', 12], ['IN1', 16], ['IN1', 36], ['IN2', 6], ['MRG', 1],
    ['PV1', 19], ['PV1', 44],
  ]
  for (const [segment, field] of identifiers) ok(holds(segment, field), `${segment}-${field}`)
})

test('what is said about the person is in: observations, notes, diagnoses, allergies; who treats, too', () => {
  for (const [segment, field] of [['OBX', 5], ['NTE', 3], ['DG1', 3], ['AL1', 3], ['PV1', 7], ['OBR', 31], ['QPD', 3]] as const) {
    ok(holds(segment, field), `${segment}-${field}`)
  }
})

test('counters, order numbers, device ids and headers are out', () => {
  const others = [['PID', 1], ['NK1', 1], ['OBX', 1], ['OBX', 3], ['OBX', 18], ['OBR', 2], ['PRT', 16], ['MSH', 3], ['QPD', 2]] as const
  for (const [segment, field] of others) {
    equal(holds(segment, field), false, `${segment}-${field}`)
  }
})

test('rows are distinct, name known segments, and narrow only fields they hold', () => {
  const names = HL7_PATIENT_SEGMENTS.map((row) => row.segment)
  deepEqual(names, [...new Set(names)])
  for (const row of HL7_PATIENT_SEGMENTS) {
    equal(countedName(row.segment), row.segment)
    for (const field of Object.keys(row.components ?? {})) ok(isPatientField(row, Number(field)), `${row.segment}-${field}`)
  }
})

test('a name no version knows is counted without its letters; local segments keep theirs', () => {
  equal(countedName('OBX'), 'OBX')
  equal(countedName('ZBE'), 'ZBE')
  equal(countedName('LEE'), HL7_UNKNOWN_SEGMENT)
  equal(countedName('DST'), HL7_UNKNOWN_SEGMENT)
})

test('a message type leaves as code and trigger; what is neither is withheld', () => {
  const types = {
    ACK: 'ACK', 'ADT^A01': 'ADT^A01', 'ERP^Z99': 'ERP^Z99', 'ZMG^Z01': 'ZMG^Z01', 'ACK^': 'ACK', 'ORU^ZZTEST': 'ORU', 'ADT^A1 ': 'ADT',
  }
  for (const [text, said] of Object.entries(types)) equal(knownMessageType(text), said)
  const others = ['', 'LEE', 'ZZTEST', 'ZZTEST^CANARY', 'adt^a01', 'ADTX^A01', 'Z^A01', '19010101']
  for (const text of others) equal(knownMessageType(text), '???', text)
})

test('a version leaves as digits and dots', () => {
  for (const version of ['2.1', '2.5.1', '2']) equal(knownVersion(version), version)
  for (const text of ['', 'ZZTEST', '2.x', '.2', '2.3.4.5.6']) equal(knownVersion(text), '')
})

test('byte classes', () => {
  for (const c of '|^~\\&#}$*+-') ok(isDelimiterByte(c.charCodeAt(0)), c)
  for (const c of 'A9z \t\r\0\x0b\x7f\xff') equal(isDelimiterByte(c.charCodeAt(0)), false)
  for (const c of ' \t"\0') ok(isBlankByte(c.charCodeAt(0)))
  equal(isBlankByte(0x61), false)
  deepEqual([isNameByte(0x50, 0), isNameByte(0x31, 0), isNameByte(0x31, 2), isNameByte(0x70, 1)], [true, false, true, false])
  deepEqual([isLineEnd(13), isLineEnd(10), isLineEnd(11)], [true, true, false])
})
