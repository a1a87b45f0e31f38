// Tests of the frame head: what counts as a frame start, and how many bytes it takes to tell.
// Keeps the rule that a start is believed only with its type's own length: each near miss below must be refused.

import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../base/assert.ts'
import { CMS_LENGTH_MAX, CMS_SUBTYPES, CMS_TYPES, CmsSubtype, CmsType, cmsKey, cmsSubtypeRow, cmsTypeRow } from './codes.ts'
import { HEAD_NO, HEAD_YES, encodeCmsFrame, isCmsHead, judgeHead, judgeHeadInNoise } from './head.ts'
import {
  encodeBed, encodeCycleEnd, encodeEcg, encodeHello, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
} from './message.ts'
import { ECG, NIBP, PATIENT, SPO2, TEMPERATURE } from './testdata/samples.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const judge = (hex: string): number => judgeHead(bytes(hex), 0, bytes(hex).length)

const FRAMES: readonly (readonly [string, Uint8Array])[] = [
  ['hello', encodeHello()], ['bed', encodeBed(7)], ['patient', encodePatient(PATIENT)], ['ecg', encodeEcg(ECG)], ['spo2', encodeSpo2(SPO2)],
  ['nibp', encodeNibp(NIBP)], ['temperature', encodeTemperature(TEMPERATURE)], ['cycle end', encodeCycleEnd()],
  ['status', encodeStatus(3, 'SPO2 SENSOR OFF')],
]

for (const [name, frame] of FRAMES) {
  test(`every prefix of a ${name} frame asks for more, then says yes, never no`, () => {
    let answered = false
    for (let length = 0; length <= frame.length; length++) {
      const judgement = judgeHead(frame, 0, length)
      if (answered) equal(judgement, HEAD_YES)
      else if (judgement === HEAD_YES) answered = true
      else equal(judgement > length && judgement <= 8, true, `${judgement} at ${length}`)
    }
    equal(answered, true)
    equal(judgeHeadInNoise(frame, 0, frame.length), HEAD_YES)
  })
}

test('near misses are refused', () => {
  const misses: readonly string[] = [
    '01 00 05 47', '00 00 05 47', '41 1f 05 46', 'ff ff 05 46', // L below 2, above 8000
    '02 00 04 47', '02 00 06 47', '02 00 47 05', // no mark
    '03 00 05 47', '03 00 05 43', '07 00 05 45', '05 00 05 45', 'ae 00 05 3e', '02 00 05 49', '01 02 05 49', // L a type cannot have
    '02 00 05 44', '02 00 05 00', 'd5 03 05 ff', // types nobody knows
    '06 00 05 45 01 00 07 ff', '06 00 05 45 00 01 07 ff', '06 00 05 45 00 00 07 fe', // bed body
    'd5 03 05 46 01 00 14 00', 'd5 03 05 46 00 00 13 00', 'd5 03 05 46 00 00 18 00', 'd5 03 05 46 00 00 14 01', // telemetry body
    'd4 03 05 46 00 00 14 00', '15 01 05 46 00 00 15 00', // body too short for its sub-type
    '24 00 05 46 00 00 16 00', '2f 00 05 46 00 00 17 00',
  ]
  for (const miss of misses) equal(judge(miss), HEAD_NO, miss)
})

test('LPD commands are refused (RFC 1179 section 5): a queue name makes L too long, an empty one lacks the mark', () => {
  const commands = [
    '\x01lp\n', '\x02lp\n', '\x03lp user\n', '\x04lp user 12\n', '\x05lp user\n', '\x02\n\0', '\x05\x05\x05\x05', '\x05\x05\x05lp\n',
  ]
  for (const command of commands) {
    const text = new TextEncoder().encode(command)
    equal(judgeHead(text, 0, text.length), HEAD_NO, JSON.stringify(command))
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.stringMatching(/^[!-~][ -~]{0,30}$/), (command, queue) => {
    const text = new TextEncoder().encode(`${String.fromCharCode(command)}${queue}\n`)
    equal(judgeHead(text, 0, text.length), HEAD_NO)
  }))
})

test('a head of any type is enough in step: length and mark', () => {
  equal(isCmsHead(bytes('02 00 05 99'), 0), true)
  equal(isCmsHead(bytes('40 1f 05 99'), 0), true)
  equal(isCmsHead(bytes('41 1f 05 99'), 0), false)
  equal(isCmsHead(bytes('01 00 05 99'), 0), false)
  equal(isCmsHead(bytes('02 00 50 99'), 0), false)
})

test('in noise a patient record must show its zero bytes', () => {
  const frame = encodePatient(PATIENT)
  equal(judgeHeadInNoise(frame, 0, 4), 4 + 0x74)
  for (const at of [0x20, 0x21, 0x6e, 0x73]) {
    const spoilt = Uint8Array.from(frame)
    spoilt[4 + at] = 1
    equal(judgeHead(spoilt, 0, spoilt.length), HEAD_YES)
    equal(judgeHeadInNoise(spoilt, 0, spoilt.length), HEAD_NO, at.toString(16))
  }
})

test('in noise a status text must be text to its end', () => {
  const frame = encodeStatus(1, 'T1 SENSOR OFF\0')
  equal(judgeHeadInNoise(frame, 0, frame.length), HEAD_YES)
  equal(judgeHeadInNoise(frame, 0, frame.length - 1), frame.length)
  frame[frame.length - 2] = 0x07
  equal(judgeHeadInNoise(frame, 0, frame.length), HEAD_NO)
})

test('random bytes are hardly ever a head, and a judgement never asks for more than a frame', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (buf) => {
    for (const judgement of [judgeHead(buf, 0, buf.length), judgeHeadInNoise(buf, 0, buf.length)]) {
      equal(judgement === HEAD_NO || judgement === HEAD_YES || (judgement > buf.length && judgement <= CMS_LENGTH_MAX + 2), true)
    }
  }))
})

test('a frame is L, mark, type, body; the largest body fits and one byte more is our mistake', () => {
  deepEqual([...encodeCmsFrame(0x99, Uint8Array.of(1, 2))], [4, 0, 5, 0x99, 1, 2])
  equal(encodeCmsFrame(0x46, new Uint8Array(CMS_LENGTH_MAX - 2)).length, CMS_LENGTH_MAX + 2)
  throws(() => encodeCmsFrame(0x46, new Uint8Array(CMS_LENGTH_MAX - 1)), InvariantError)
})

test('the tables hold each known number once, and keys are hexadecimal', () => {
  deepEqual(CMS_TYPES.map((row) => row.type).sort(), Object.values(CmsType).sort())
  deepEqual(CMS_SUBTYPES.map((row) => row.subtype).sort(), Object.values(CmsSubtype).sort())
  equal(cmsTypeRow(0x44), undefined)
  equal(cmsSubtypeRow(0x18), undefined)
  deepEqual([cmsKey(0x3e, -1), cmsKey(0x46, 0x14), cmsKey(0x05, -1), cmsKey(0x46, 3)], ['3e', '46/14', '05', '46/03'])
})
