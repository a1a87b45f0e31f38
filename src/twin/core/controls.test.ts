// Tests of the control traffic builders (dicom.ts, tls.ts, lpd.ts, build.ts): lengths and fixed fields, read back by hand.
// Keeps the rule that controls are what they claim to be; tshark judges them again in ward.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../../base/rng.ts'
import { u16be as readU16, u32be as readU32 } from '../../wire/bytes.ts'
import { ascii, concat, u16be, u16le, u24be, u32be, u32le } from './build.ts'
import { associateAccept, associateRequest, echoRequest, echoResponse, releaseReply, releaseRequest } from './dicom.ts'
import { fillerPage, lpdSteps, LPD_ACKNOWLEDGE } from './lpd.ts'
import { applicationData, tlsOpening } from './tls.ts'

const TITLES = { called: 'PACS', calling: 'ULTRASOUND1' }

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** TLS records as [type, length of body]; fails when the lengths do not add up. */
function records(bytes: Uint8Array): [number, number][] {
  const out: [number, number][] = []
  let off = 0
  while (off < bytes.length) {
    out.push([bytes[off] as number, readU16(bytes, off + 3)])
    assert.equal(readU16(bytes, off + 1), 0x0303)
    off += 5 + readU16(bytes, off + 3)
  }
  assert.equal(off, bytes.length)
  return out
}

test('integers are packed in both orders', () => {
  assert.deepEqual([...u16be(0x0102), ...u16le(0x0102)], [1, 2, 2, 1])
  assert.deepEqual([...u24be(0x010203)], [1, 2, 3])
  assert.deepEqual([...u32be(0xfffefdfc), ...u32le(0xfffefdfc)], [255, 254, 253, 252, 252, 253, 254, 255])
  assert.deepEqual([...concat(ascii('ab'), Uint8Array.of(), ascii('c'))], [97, 98, 99])
  assert.deepEqual([...concat()], [])
})

test('every DICOM PDU states its own length', () => {
  const pdus = [associateRequest(TITLES), associateAccept(TITLES), echoRequest(1), echoResponse(1), releaseRequest(), releaseReply()]
  assert.deepEqual(pdus.map((p) => p[0]), [1, 2, 4, 4, 5, 6])
  for (const pdu of pdus) assert.equal(readU32(pdu, 2), pdu.length - 6)
})

test('an association request names both ends in 16 characters and proposes verification', () => {
  const pdu = associateRequest(TITLES)
  assert.equal(text(pdu.subarray(10, 26)), 'PACS'.padEnd(16))
  assert.equal(text(pdu.subarray(26, 42)), 'ULTRASOUND1'.padEnd(16))
  assert.match(text(pdu), /1\.2\.840\.10008\.1\.1/)
  assert.equal(pdu[74], 0x10)
})

test('an echo answer names the message it answers, with status success and an even length', () => {
  const [request, response] = [echoRequest(7), echoResponse(7)]
  assert.equal(request.length % 2, 0)
  assert.equal(response.length % 2, 0)
  assert.deepEqual([...response.subarray(-2)], [0, 0])
  assert.ok(text(response).includes('\x20\x01\x02\0\0\0\x07\0'))
  assert.ok(text(request).includes('\x10\x01\x02\0\0\0\x07\0'))
})

test('a TLS opening is made of whole records: hello, then hello with cipher change and encrypted rest', () => {
  const opening = tlsOpening(seededRng(1), 'intranet.hospital.example', 2000)
  assert.deepEqual(records(opening.clientHello).map(([type]) => type), [22])
  assert.deepEqual(records(opening.serverFlight).map(([type]) => type), [22, 20, 23])
  assert.deepEqual(records(opening.clientFinished), [[20, 1], [23, 53]])
  assert.match(text(opening.clientHello), /intranet\.hospital\.example/)
  assert.deepEqual(opening.clientHello.subarray(44, 76), opening.serverFlight.subarray(44, 76))
})

test('much application data is cut into records of at most 2^14 + 256 bytes', () => {
  assert.deepEqual(records(applicationData(seededRng(1), 40_000)), [[23, 16_640], [23, 16_640], [23, 6720]])
})

test('a print job announces the length of each file before sending it', () => {
  const page = fillerPage(3)
  const steps = lpdSteps({ queue: 'ward4', host: 'NURSE-PC-04', user: 'ward4', number: 7, page })
  assert.deepEqual(steps.map((s) => s[0]), [2, 2, 'H'.charCodeAt(0), 3, page[0]])
  assert.equal(text(steps[0] as Uint8Array), '\x02ward4\n')
  assert.equal(text(steps[1] as Uint8Array), `\x02${(steps[2]?.length ?? 0) - 1} cfA007NURSE-PC-04\n`)
  assert.equal(text(steps[3] as Uint8Array), `\x03${page.length} dfA007NURSE-PC-04\n`)
  assert.deepEqual([...LPD_ACKNOWLEDGE], [0])
  assert.equal(steps[4]?.at(-1), 0)
})
