// Tests of DICOM associations: what is written is read, texts are bounded, broken items end the reading and never throw.
// Keeps the rule that of an association only titles, UIDs and a version name become text.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DICOM_CONTEXTS_MAX, DICOM_HEAD_BYTES, DICOM_TRANSFERS_MAX } from './codes.ts'
import {
  encodeAssociation, encodeData, encodePdu, encodeReject, readAssociation, titleText, uidText, type DicomAssociation, type DicomContext,
} from './message.ts'
import { ACCEPT, CT, EXPLICIT, IMPLICIT, JPEG, REQUEST, VERIFICATION, WORKLIST } from './testdata/samples.ts'

const read = (pdu: Uint8Array): DicomAssociation => readAssociation(pdu, DICOM_HEAD_BYTES, pdu.length)
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

test('a request: titles, software, four contexts', () => {
  deepEqual(read(REQUEST), {
    calledAe: 'ARCHIVE', callingAe: 'CT_ROOM_3', lengthMax: 16384, implementationClass: '1.2.3.4.5', implementationVersion: 'SCANNER_7',
    userIdentity: 'none', isBroken: false,
    contexts: [
      { id: 1, result: 0, abstractSyntax: CT, transferSyntaxes: [EXPLICIT, IMPLICIT] }, { id: 3, result: 0, abstractSyntax: CT, transferSyntaxes: [JPEG] },
      { id: 5, result: 0, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
      { id: 7, result: 0, abstractSyntax: WORKLIST, transferSyntaxes: [IMPLICIT] },
    ],
  })
})

test('an answer: results by context, no abstract syntax', () => {
  const { contexts, lengthMax } = read(ACCEPT)
  deepEqual(contexts.map((c) => [c.id, c.result, c.abstractSyntax, c.transferSyntaxes[0]]), [
    [1, 0, '', EXPLICIT], [3, 4, '', JPEG], [5, 0, '', IMPLICIT], [7, 3, '', IMPLICIT],
  ])
  equal(lengthMax, 0)
})

const uid = fc.array(fc.nat({ max: 99_999 }), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('.'))
const title = fc.stringMatching(/^[!-~][ -~]{0,13}[!-~]$/)

test('what is written is read', () => {
  const shape = { id: fc.nat({ max: 255 }), result: fc.constant(0), abstractSyntax: uid, transferSyntaxes: fc.array(uid, { maxLength: 4 }) }
  const context = fc.record(shape, { noNullPrototype: true })
  fc.assert(fc.property(title, title, uid, title, fc.array(context, { maxLength: 6 }), fc.nat(), (called, calling, cls, version, contexts, lengthMax) => {
    const pdu = encodeAssociation(1, { calledAe: called, callingAe: calling, lengthMax, implementationClass: cls, implementationVersion: version, contexts })
    deepEqual(read(pdu), {
      calledAe: called, callingAe: calling, lengthMax, implementationClass: cls, implementationVersion: version, userIdentity: 'none', contexts,
      isBroken: false,
    })
  }))
})

test('cut anywhere behind the titles, the rest is read and said to be broken', () => {
  for (let end = DICOM_HEAD_BYTES + 68; end < REQUEST.length; end++) {
    const value = readAssociation(REQUEST, DICOM_HEAD_BYTES, end)
    equal(value.callingAe, 'CT_ROOM_3')
    ok(value.contexts.length <= 4)
  }
  equal(readAssociation(REQUEST, DICOM_HEAD_BYTES, REQUEST.length - 1).isBroken, true)
})

test('random items never throw and stay bounded', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => {
    const value = read(Uint8Array.from([...REQUEST.subarray(0, DICOM_HEAD_BYTES + 68), ...tail]))
    ok(JSON.stringify(value).length < 20_000)
  }))
})

test('contexts and transfer syntaxes beyond their bound are dropped', () => {
  const context: DicomContext = { id: 1, result: 0, abstractSyntax: CT, transferSyntaxes: Array.from({ length: 60 }, () => IMPLICIT) }
  const value = read(encodeAssociation(1, { calledAe: 'A', callingAe: 'B', contexts: Array.from({ length: 200 }, () => context) }))
  equal(value.contexts.length, DICOM_CONTEXTS_MAX)
  ok(value.contexts.every((c) => c.transferSyntaxes.length === DICOM_TRANSFERS_MAX))
})

test('the kind of a user identity is said, its text is not', () => {
  for (const [type, name] of [[1, 'user-name'], [2, 'user-name-and-passcode'], [3, 'kerberos'], [4, 'saml'], [5, 'json-web-token'], [9, 'type-9']] as const) {
    const value = read(encodeAssociation(1, { calledAe: 'A', callingAe: 'B', contexts: [], userIdentity: [type, 'ZZTEST-CANARY'] }))
    equal(value.userIdentity, name)
    doesNotMatch(JSON.stringify(value), /CANARY/)
  }
})

for (const [text, said] of [
  ['1.2.840', '1.2.840'], ['1.2\0', '1.2'], ['1.2 ', '1.2'], ['', ''], ['1.2.x', '?'], ['ZZTEST^CANARY', '?'],
  ['1'.repeat(64), '1'.repeat(64)], ['1'.repeat(65), '?'],
] as const) {
  test(`UID ${JSON.stringify(text.slice(0, 12))} of ${text.length} is ${said.slice(0, 12)}`, () => equal(uidText(latin(text), 0, text.length), said))
}

test('titles are trimmed, printable and bounded', () => {
  equal(titleText(latin('  A B  \0\0'), 0, 9), 'A B')
  equal(titleText(latin('A\x01\xe9'), 0, 3), 'A??')
  equal(titleText(latin('X'.repeat(40)), 0, 40).length, 16)
})

test('PDUs are written as the standard has them', () => {
  deepEqual(encodePdu(5, [0, 0, 0, 0]), Uint8Array.of(5, 0, 0, 0, 0, 4, 0, 0, 0, 0))
  deepEqual(encodeReject(1, 1, 3), Uint8Array.of(3, 0, 0, 0, 0, 4, 0, 1, 1, 3))
  deepEqual(encodeData([1, 3, [7, 8]], [3, 0, []]), Uint8Array.of(4, 0, 0, 0, 0, 14, 0, 0, 0, 4, 1, 3, 7, 8, 0, 0, 0, 2, 3, 0))
})
