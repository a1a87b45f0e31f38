// Tests of the HL7 scanner against its slow twin, which reads byte by byte: any message, changed anywhere, cut anywhere, after any other.
// Keeps the rule that what was said of the message before never shows in the next.

import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlowHl7Scanner } from '../../testing/slow-hl7-scanner.ts'
import { HL7_DEVICE_TEXT_MAX, HL7_ENCODING_CHARACTERS_MAX, HL7_FILLED_MAX, HL7_HEADER_TEXT_MAX, HL7_SEGMENT_NAMES_MAX } from './codes.ts'
import { encodeHl7, type Hl7Reading } from './message.ts'
import { Hl7Scanner } from './scanner.ts'
import { ACKNOWLEDGEMENT, ADMISSION, CANARY_SEGMENTS, RESULT, bytes, header } from './testdata/samples.ts'

interface Scanner {
  scan(buf: Uint8Array, off: number, end: number): void
  finish(): Hl7Reading
  reset(): void
}

const PCD = 'MSH|^~\\&|M^00A0^EUI-64|ICU|G|H|2001||ORU^R01^ORU_R01|7|P|2.6|||NE|AL|||||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO\r'
const OBX = (code: string, tree: string, value: string, device = ''): string => `OBX|1|NM|${code}|${tree}|${value}${'|'.repeat(13)}${device}|\r`
const PRT = (device: string, udi: string, serial: string): string => `PRT|${'|'.repeat(9)}${device}${'|'.repeat(6)}${udi}||||${serial}\r`
const SAMPLES: readonly Uint8Array[] = [
  ...[ADMISSION, RESULT, ACKNOWLEDGEMENT, [header('ORU^R01'), ...CANARY_SEGMENTS.slice(0, 4)]].map((segments) => encodeHl7(segments, 'bare')),
  bytes(`${PCD}PID|1||^^^H~2^^^H||^&^A\r${OBX('150^X^MDC', '1.2.1.150', '9', 'S1^M~S2')}${OBX('150^X^L^1^Y^MDC', '1.2.1', '', ' "" ^X')}DSC\r`),
  bytes(`${PCD}${PRT('D1^N~D2', '', 'S1')}${PRT('D1', 'U1', 'S1')}${PRT('', '', '""')}ZPI|x\rQQQ|1\rOBX\rMSH|^~\\&|Z\r\r\n`),
  bytes('MSH#*$!%#A*B$C#" "#R*#  F *#2001##ADT*A01#I D#P#2.3.1##\nPID###%#*""#1%2\nMSA#AE#1 2\nMSA#AA#3'),
  bytes(`MSH|^~\\&|${'A'.repeat(70)}|${'B^'.repeat(40)}|\x01\xff|^^|||ACK^^^|${'9'.repeat(40)}|T|2.6\rMSA|AAA|77|\r`),
]
const BYTES = [...bytes('|^~\\&#*"  .19AMSHPIDOBXZ\r\r\n\x00\x09\xe4|||')]

function readIn(scanner: Scanner, message: Uint8Array, cuts: readonly number[]): Hl7Reading {
  const places = [0, ...cuts.map((cut) => cut % (message.length + 1)).sort((a, b) => a - b), message.length]
  for (let i = 1; i < places.length; i++) {
    // A buffer of its own that is overwritten: nothing of it may be needed later.
    const piece = Uint8Array.of(0x7c, ...message.subarray(places[i - 1], places[i]), 0x7c)
    scanner.scan(piece, 1, piece.length - 1)
    piece.fill(0x41)
  }
  return scanner.finish()
}

const edit = fc.tuple(fc.nat({ max: 2000 }), fc.constantFrom('set', 'insert', 'remove'), fc.constantFrom(...BYTES))

function edited(message: Uint8Array, edits: readonly (readonly [number, string, number])[]): Uint8Array {
  const copy = [...message]
  for (const [at, how, value] of edits) copy.splice(at % (copy.length + 1), how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [value]))
  return Uint8Array.from(copy)
}

const message = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...SAMPLES), fc.array(edit, { maxLength: 5 })).map(([sample, edits]) => edited(sample, edits)) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...BYTES), { maxLength: 60 }).map((tail) => Uint8Array.of(...bytes('MSH|^~\\&|'), ...tail)) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...BYTES), { maxLength: 40 }).map((all) => Uint8Array.from(all)) },
)
const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 6 })

test('one scanner over many messages says what a new slow one says of each', () => {
  fc.assert(fc.property(fc.array(fc.tuple(message, cuts), { minLength: 1, maxLength: 6 }), (all) => {
    const scanner = new Hl7Scanner()
    for (const [buf, where] of all) {
      scanner.reset()
      deepEqual(readIn(scanner, buf, where), readIn(new SlowHl7Scanner(), buf, []))
    }
  }), { numRuns: 600 })
})

test('each sample in two pieces and byte by byte, two at a time in turn', () => {
  for (const sample of SAMPLES) {
    const expected = readIn(new SlowHl7Scanner(), sample, [])
    for (let cut = 0; cut <= sample.length; cut++) deepEqual(readIn(new Hl7Scanner(), sample, [cut]), expected)
  }
  for (const a of SAMPLES) {
    const b = SAMPLES[1] as Uint8Array
    const [one, other] = [new Hl7Scanner(), new Hl7Scanner()]
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      one.scan(a, Math.min(i, a.length), Math.min(i + 1, a.length))
      other.scan(b, Math.min(i, b.length), Math.min(i + 1, b.length))
    }
    deepEqual([one.finish(), other.finish()], [a, b].map((buf) => readIn(new SlowHl7Scanner(), buf, [])))
  }
})

test('a message that says the same again is told by the same summary; one that differs in anything is not', () => {
  const scanner = new Hl7Scanner()
  const summaryOf = (text: string): unknown => {
    scanner.reset()
    const reading = readIn(scanner, bytes(text), [])
    return reading.ok ? reading.summary : reading.fault
  }
  const base = `${PCD}PID|||1||A\r${OBX('1^X^MDC', '1.2.1.1', '9', 'S1')}`
  const first = summaryOf(base)
  equal(summaryOf(base.replace('|9|', '|77|').replace('|7|', '|8|')), first)
  equal(summaryOf(base), first)
  equal(summaryOf('MSH|A'), 'encoding-characters')
  deepEqual(summaryOf(base), first)
  const others = ['PID|||1||\r', 'PID|1\r', 'PV1|1\r'].map((line) => base.replace('PID|||1||A\r', line))
  others.push(base.replace('S1', 'S2'))
  others.push(base.replace('|ICU', '|'), base.replace('2.6', '2.5'), `${base}NTE|1\r`, base.replace('PCD_001', '').replace('.1.1.1^ISO', ''))
  for (const other of others) {
    const said = summaryOf(other)
    notDeepEqual(said, first)
    equal(summaryOf(other), said)
    deepEqual(summaryOf(base), first)
  }
})

test('bounds: texts, devices\' texts, names of segments, filled fields, encoding characters', () => {
  const read = (text: string): Hl7Reading => readIn(new Hl7Scanner(), bytes(text), [9, 70, 99, 300])
  const long = read(`MSH|^~\\&|${'A'.repeat(999)}|F|||||ADT^A01\r${OBX('', '', '', 'Z'.repeat(999))}`)
  ok(long.ok)
  equal(long.summary.sendingApplication.length, HL7_HEADER_TEXT_MAX)
  equal(long.summary.devices[0]?.text.length, HL7_DEVICE_TEXT_MAX)
  const names = Array.from({ length: 200 }, (_, i) => `Z${String(i).padStart(2, '0').slice(-2)}|`)
  const many = read(`MSH|^~\\&|||||||ADT^A01\r${names.join('\r')}`)
  ok(many.ok)
  equal(many.summary.segments.length, HL7_SEGMENT_NAMES_MAX)
  const filled = read(`MSH|^~\\&|||||||ADT^A01\rPID|${'x|'.repeat(5000)}\r`)
  ok(filled.ok)
  equal(filled.summary.filledPatientFields.length, HL7_FILLED_MAX)
  const encoding = (length: number): boolean => read(`MSH|${'^~\\&#$%*!'.slice(0, length)}|||||||ADT\r`).ok
  deepEqual([0, 1, 4, HL7_ENCODING_CHARACTERS_MAX, HL7_ENCODING_CHARACTERS_MAX + 1].map(encoding), [false, true, true, true, false])
})

test('codes without a tree, and a tree without codes, are a laboratory\'s; both are a device\'s', () => {
  const contentOf = (code: string, tree: string): unknown => {
    const reading = readIn(new Hl7Scanner(), bytes(`MSH|^~\\&|||||||ORU^R01\r${OBX(code, '', '')}${OBX('', tree, '')}`), [])
    return reading.ok ? reading.summary.content : reading.fault
  }
  deepEqual([contentOf('1^A^MDC', '1.2'), contentOf('1^A^LN', '1.2.3.4'), contentOf('1^A^MDC', '1.2.3.4')], ['results', 'results', 'device-observations'])
})
