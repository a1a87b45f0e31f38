// Tests of DICOM command sets: what is written is read; names of instances, comments and lists are stepped over; broken sets are said to be.
// Keeps the rule that an instance's UID and an error comment never become text.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  abortReasonName, className, commandName, contextResultName, operationName, rejectReasonName, serviceOf, statusName,
} from './codes.ts'
import { encodeCommandSet, readCommandSet, type DicomCommandSet } from './command.ts'
import { CT, STUDY_GET, VERIFICATION, WORKLIST } from './testdata/samples.ts'

const read = (bytes: ArrayLike<number>): DicomCommandSet => readCommandSet(Uint8Array.from(bytes), 0, bytes.length)
const element = (number: number, text: string): number[] => (
  [0, 0, number & 255, number >>> 8, text.length, 0, 0, 0, ...Array.from(text, (c) => c.charCodeAt(0))]
)

test('a store, a move and a reply', () => {
  deepEqual(read(encodeCommandSet({ field: 1, affectedClass: CT, hasDataSet: true, moveOriginator: 'VIEWER' })), {
    field: 1, sopClass: CT, status: -1, destinationAe: '', isMoved: true, isBroken: false,
  })
  deepEqual(read(encodeCommandSet({ field: 0x21, affectedClass: STUDY_GET, destinationAe: 'VIEWER_9' })), {
    field: 0x21, sopClass: STUDY_GET, status: -1, destinationAe: 'VIEWER_9', isMoved: false, isBroken: false,
  })
  deepEqual(read(encodeCommandSet({ field: 0x8130, requestedClass: '1.2.840.10008.1.20.1', status: 0x0110 })), {
    field: 0x8130, sopClass: '1.2.840.10008.1.20.1', status: 0x0110, destinationAe: '', isMoved: false, isBroken: false,
  })
})

test('the group length counts what follows it, and values are even', () => {
  const set = encodeCommandSet({ field: 0x30, affectedClass: VERIFICATION })
  deepEqual(set.slice(0, 8), [0, 0, 0, 0, 4, 0, 0, 0])
  equal((set[8] ?? 0) + 256 * (set[9] ?? 0), set.length - 12)
  equal(set.length % 2, 0)
})

test('instance UID, error comment and patient-like texts are stepped over', () => {
  const texts = [...element(0x0902, 'ZZTEST^CANARY '), ...element(0x1000, 'ZZTEST.CANARY.')]
  const planted = [...element(0x0002, CT), ...texts, ...encodeCommandSet({ field: 1 }).slice(12)]
  const set = read(planted)
  deepEqual([set.field, set.sopClass, set.isBroken], [1, CT, false])
  doesNotMatch(JSON.stringify(set), /ZZTEST/)
})

test('cut anywhere it is read as far as it goes; only whole elements count', () => {
  const set = encodeCommandSet({ field: 0x8001, affectedClass: CT, status: 0xb000 })
  for (let length = 0; length < set.length; length++) {
    const value = read(set.slice(0, length))
    ok(value.field === -1 || value.field === 0x8001)
    ok(value.status === -1)
  }
  equal(read(set.slice(0, -1)).isBroken, true)
})

test('another group, or a length beyond the set, breaks it', () => {
  equal(read([...encodeCommandSet({ field: 1 }), 0x10, 0, 0x10, 0, 2, 0, 0, 0, 65, 66]).isBroken, true)
  equal(read([0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0]).isBroken, true)
  deepEqual(read([]), { field: -1, sopClass: '', status: -1, destinationAe: '', isMoved: false, isBroken: false })
})

test('random bytes never throw and say little', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => ok(JSON.stringify(read(bytes)).length < 400)))
})

test('names of commands, also of those nobody defined', () => {
  deepEqual([0x0001, 0x8020, 0x0fff, 0x0140, 0x8150, 0x0002, 0x8002].map(commandName), [
    'C-STORE-RQ', 'C-FIND-RSP', 'C-CANCEL-RQ', 'N-CREATE-RQ', 'N-DELETE-RSP', 'command-0002', 'command-8002',
  ])
  deepEqual([0x0021, 0x0130, 0x0777].map(operationName), ['C-MOVE', 'N-ACTION', 'command-0777'])
})

test('statuses in words of PS3.7 annex C', () => {
  deepEqual([0, 0xff00, 0xff01, 0xfe00, 0xb007, 0x0107, 0x0122, 0xa700, 0xc001].map(statusName), [
    'success', 'pending', 'pending', 'cancelled', 'warning-b007', 'warning-0107', 'failure-0122', 'failure-a700', 'failure-c001',
  ])
})

test('reasons and results, listed and not', () => {
  deepEqual([0, 3, 4, 9].map(contextResultName), ['accepted', 'abstract-syntax-not-supported', 'transfer-syntaxes-not-supported', 'result-9'])
  equal(rejectReasonName(1, 3), 'calling-ae-title-not-recognized')
  equal(rejectReasonName(1, 9), 'source-1-reason-9')
  deepEqual([abortReasonName(0, 5), abortReasonName(2, 1), abortReasonName(2, 77), abortReasonName(1, 0)], [
    'user', 'provider-unrecognized-pdu', 'provider-reason-77', 'source-1',
  ])
})

test('services by UID: images, what is made of images, questions, everything else', () => {
  deepEqual([CT, WORKLIST, STUDY_GET, VERIFICATION, '1.2.840.10008.5.1.4.1.1.88.11', '1.2.840.10008.5.1.4.1.1.104.1', '1.2.3', ''].map(serviceOf), [
    'storage', 'worklist', 'query', 'verification', 'storage-other', 'storage-other', 'other', 'other',
  ])
  deepEqual([className(CT), className('1.2.3')], ['CT', '1.2.3'])
})
