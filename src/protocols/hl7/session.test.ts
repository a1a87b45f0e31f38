// Tests of the HL7 session: one fact per message, in both directions, with the place of its last byte; faults in fixed words.
// Keeps the patient-data rule: whatever is planted and however it is cut, no fact shows the canary.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk, type RunOptions } from '../../testing/everysplit.ts'
import { fakeContext, fakeTime } from '../../testing/fake-context.ts'
import { assertPlainFacts } from '../../testing/fuzz.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Fact } from '../facts.ts'
import { HL7_FAULTS_MAX, HL7_PAUSE_MICROS } from './codes.ts'
import type { Hl7Fact, Hl7Malformed, Hl7Message, Hl7Totals } from './facts.ts'
import { hl7 } from './index.ts'
import { encodeHl7 } from './message.ts'
import { ACKNOWLEDGEMENT, ADMISSION, CANARY_SEGMENTS, RESULT, bytes, glued, header } from './testdata/samples.ts'

const chunk = (data: Uint8Array | string, direction: Direction = 0, lost = 0): Chunk => (
  { direction, bytes: typeof data === 'string' ? bytes(data) : data, lost }
)
const H = 'MSH|^~\\&|A|B|C|D|2001||ACK|1|T|2.6'

function onlyHl7(facts: readonly Fact[]): Hl7Fact[] {
  assertPlainFacts(facts)
  return facts.filter((fact) => fact.protocol === 'hl7')
}

/** Messages and faults; totals have tests of their own. */
function run(chunks: readonly Chunk[], options: RunOptions = {}, transport: 'tcp' | 'udp' = 'tcp'): (Hl7Message | Hl7Malformed)[] {
  return onlyHl7(runSession(hl7, transport, chunks, options).facts).filter((fact) => fact.kind !== 'totals')
}

function totals(chunks: readonly Chunk[], options: RunOptions = {}): Hl7Totals | undefined {
  return onlyHl7(runSession(hl7, 'tcp', chunks, options).facts).find((fact) => fact.kind === 'totals')
}

/** `ADT^A01` for a message, `!no-header` for a fault. */
const words = (facts: readonly (Hl7Message | Hl7Malformed)[]): string[] => facts.map((fact) => (fact.kind === 'message' ? fact.messageType : `!${fact.reason}`))
const messages = (facts: readonly Hl7Fact[]): Hl7Message[] => facts.filter((fact) => fact.kind === 'message')

test('a message and its acknowledgement: one fact each, with direction, framing and place', () => {
  const [admission, ack, ...rest] = run([chunk(encodeHl7(ADMISSION)), chunk(encodeHl7(ACKNOWLEDGEMENT), 1)])
  equal(rest.length, 0)
  if (admission?.kind !== 'message' || ack?.kind !== 'message') throw new Error('two messages expected')
  deepEqual([admission.at, admission.frame, admission.flowId, admission.direction, admission.framing], [fakeTime(1), 1, 1, 0, 'mllp'])
  deepEqual([ack.at, ack.frame, ack.direction, ack.messageType, ack.sendingApplication], [fakeTime(2), 2, 1, 'ACK', 'GATEWAY'])
  ok(admission.filledPatientFields.includes('PID-5'))
  deepEqual(ack.filledPatientFields, [])
})

test('the same facts in every split: blocks, bare text, batches, both directions', () => {
  everySplit(hl7, 'tcp', [chunk(encodeHl7(ADMISSION)), chunk(encodeHl7(ACKNOWLEDGEMENT), 1), chunk(encodeHl7(RESULT))])
  everySplit(hl7, 'tcp', [chunk(encodeHl7(RESULT, 'bare')), chunk(encodeHl7(ADMISSION, 'bare'))])
  everySplit(hl7, 'tcp', [chunk(`\x0bFHS|^~\\&\rBHS|^~\\&\r${H}\r${H}\rBTS|2\r\x1c\r`), chunk('\x0b\x1c\r'), chunk('junk', 1)])
  everySplit(hl7, 'tcp', [chunk(encodeHl7(ADMISSION).slice(0, 90)), chunk(encodeHl7(RESULT), 0, 500)])
  everySplit(hl7, 'udp', [chunk(encodeHl7(RESULT, 'bare')), chunk(encodeHl7(ADMISSION))])
})

test('bare messages carry the place of their own last byte, told when the next begins', () => {
  const facts = messages(run([chunk(encodeHl7(RESULT, 'bare')), chunk('\r'), chunk(encodeHl7(ADMISSION, 'bare')), chunk('\x0b', 1)]))
  deepEqual(facts.map((fact) => [fact.frame, fact.at, fact.framing]), [[2, fakeTime(2), 'bare'], [3, fakeTime(3), 'bare']])
})

test('a bare message without a last line end is over when the sender paused before the next', () => {
  const context = fakeContext('tcp')
  const session = hl7.open(context)
  const say = (text: string, at: number): void => session.feed(0, bytes(text), 0, text.length, at)
  say(H, 0)
  say(H, HL7_PAUSE_MICROS)
  say(`${H}|x`, HL7_PAUSE_MICROS + 1)
  session.end(HL7_PAUSE_MICROS + 2)
  deepEqual(context.facts.map((fact) => [fact.kind, fact.at]), [
    ['message', 0], ['message', HL7_PAUSE_MICROS + 1], ['totals', HL7_PAUSE_MICROS + 2],
  ])
})

test('each datagram stands alone', () => {
  const text = encodeHl7(RESULT, 'bare')
  const facts = run([chunk(text), chunk('OBX|1||||ZZTEST\r'), chunk(text.slice(0, text.length - 1))], {}, 'udp')
  deepEqual(words(facts), ['ORU^R01', '!out-of-frame', 'ORU^R01'])
})

test('a loss inside a message: a fault for it, the next is read', () => {
  const message = encodeHl7(ADMISSION)
  const holed = [chunk(message.slice(0, 100)), chunk(message.slice(140), 0, 40), chunk(encodeHl7(RESULT))]
  deepEqual(words(run(holed)), ['!lost-bytes', 'ORU^R01'])
  deepEqual(words(run([chunk(encodeHl7(RESULT)), chunk(encodeHl7(RESULT), 0, 4000)])), ['ORU^R01', 'ORU^R01'])
})

test('a loss in one direction does not touch the other', () => {
  const facts = run([chunk(encodeHl7(ADMISSION).slice(0, 50)), chunk('x', 1, 100), chunk(encodeHl7(ADMISSION).slice(50))])
  deepEqual(words(facts), ['ADT^A01'])
})

test('an open block at the end: the message is told, and that its end was not seen', () => {
  const message = encodeHl7(ADMISSION)
  deepEqual(words(run([chunk(message.slice(0, message.length - 2))])), ['ADT^A01', '!no-end-block'])
  deepEqual(words(run([chunk(message.slice(0, 20))])), ['!no-message-type'])
})

test('faults come in fixed words', () => {
  deepEqual(words(run([chunk('\x0bPID|1\r\x1c\rjunk\r\x0bMSH|AB|x\r\x1c\r\x0bMSH|^~\\&|x\r\x1c\r')])), [
    '!no-header', '!out-of-frame', '!encoding-characters', '!no-message-type',
  ])
})

test('a sender of nothing but faults is told so often and no more, and messages still come through', () => {
  const facts = run([chunk('\x0bx\x1c'.repeat(5000)), chunk(encodeHl7(RESULT))])
  equal(facts.length, HL7_FAULTS_MAX + 1)
  equal(facts.at(-1)?.kind, 'message')
})

test('midstream: the tail of a message says nothing', () => {
  const message = encodeHl7(ADMISSION)
  const flow = { flow: { state: 'midstream' } } as const
  deepEqual(words(run([chunk(message.slice(70)), chunk(encodeHl7(RESULT))], flow)), ['ORU^R01'])
  everySplit(hl7, 'tcp', [chunk(message.slice(70)), chunk(encodeHl7(RESULT))], flow)
})

const PLANTED = glued(
  encodeHl7([header('ADT^A01'), ...CANARY_SEGMENTS]), encodeHl7([header('ORU^R01'), ...CANARY_SEGMENTS], 'bare'),
  bytes('ZZTEST^CANARY\rFHS|^~\\&|ZZTEST^CANARY|ZZTEST\rBHS|^~\\&|ZZTEST\r\x0bZZTEST^CANARY\x1c\r'),
)

test('a canary in every field, wrapper and stray line reaches no fact, cut anywhere, from anywhere', () => {
  const whole = run([chunk(PLANTED)])
  equal(messages(whole).length, 2)
  doesNotMatch(JSON.stringify(whole), /ZZTEST|CANARY/)
  fc.assert(fc.property(fc.nat({ max: PLANTED.length }), fc.nat({ max: PLANTED.length }), (a, b) => {
    const facts = run([chunk(PLANTED.slice(0, Math.min(a, b))), chunk(PLANTED.slice(Math.max(a, b)), 0, Math.abs(a - b))])
    doesNotMatch(JSON.stringify(facts), /ZZTEST|CANARY/)
  }), { numRuns: 60 })
})

test('a header spliced with patient text, its loss unnoticed, shows none of it', () => {
  const start = bytes('\x0bMSH|^~\\&|')
  const rest = encodeHl7([header('ADT^A01'), ...CANARY_SEGMENTS.filter(([name]) => name !== 'OBX' && name !== 'PRT')])
  for (let from = 0; from < rest.length; from += 11) {
    doesNotMatch(JSON.stringify(run([chunk(start), chunk(rest.slice(from))])), /ZZTEST|CANARY/)
  }
})

test('no vital value reaches a fact: other readings, same facts', () => {
  const other = RESULT.map((segment) => segment.map((field) => (field === '99' ? '41' : field)))
  deepEqual(run([chunk(encodeHl7(other))]), run([chunk(encodeHl7(RESULT))]))
})

const mllp = (type: string, id: string, more: readonly string[] = [], tail = ''): Uint8Array => (
  bytes(`\x0b${[`MSH|^~\\&|A|B|C|D|2001||${type}|${id}|T|2.6${tail}`, ...more].join('\r')}\r\x1c\r`)
)
const ack = (id: string, code = 'AA'): Uint8Array => mllp('ACK', `R${id}`, [`MSA|${code}|${id}`])

test('totals: messages by type and direction, answers, refusals, silence, and answers to nothing', () => {
  const fact = totals([
    chunk(mllp('ADT^A01', '1')), chunk(ack('1'), 1), chunk(mllp('ADT^A01', '2')), chunk(ack('2', 'AE'), 1),
    chunk(mllp('ORU^R01', '3')), chunk(ack('77', 'AR'), 1),
  ])
  deepEqual(fact && [fact.messages, fact.answers, fact.refused, fact.unanswered, fact.unasked], [
    [[0, 'ADT^A01', 2], [1, 'ACK', 3], [0, 'ORU^R01', 1]], [['AA', 1], ['AE', 1], ['AR', 1]], 2, [1, 0], 1,
  ])
})

test('who asks for no answer waits for none; in enhanced mode two answers are one message\'s', () => {
  const never = totals([chunk(mllp('ORU^R01', '1', [], '|||NE|NE')), chunk(mllp('ORU^R01', '2', [], '|||NE|'))])
  deepEqual(never?.unanswered, [0, 0])
  const twice = totals([chunk(mllp('ORU^R01', '1', [], '|||AL|AL')), chunk(ack('1', 'CA'), 1), chunk(ack('1', 'AA'), 1)])
  deepEqual(twice && [twice.unanswered, twice.unasked, twice.answers], [[0, 0], 0, [['CA', 1], ['AA', 1]]])
})

test('unframed messages end after their answers have come: they are paired all the same', () => {
  const bare = (data: Uint8Array): Uint8Array => data.slice(1, -2)
  const fact = totals([chunk(bare(mllp('ADT^A01', '1'))), chunk(bare(ack('1')), 1), chunk(bare(mllp('ADT^A01', '2'))), chunk(bare(ack('2')), 1)])
  deepEqual(fact && [fact.unanswered, fact.unasked], [[0, 0], 0])
})

test('no message, no totals; a control id is in no fact', () => {
  equal(totals([chunk('\x0bPID|1\r\x1c\r')]), undefined)
  const { facts } = runSession(hl7, 'tcp', [chunk(mllp('ADT^A01', 'ZZTEST-4711')), chunk(ack('ZZTEST-4711'), 1), chunk(ack('ZZTEST-9999', 'ZZ'), 1)])
  equal(facts.length, 4)
  doesNotMatch(JSON.stringify(facts), /ZZTEST|4711/)
})

test('totals are the same in every split', () => {
  everySplit(hl7, 'tcp', [chunk(mllp('ADT^A01', '1')), chunk(ack('1'), 1), chunk(mllp('ADT^A02', '2'))])
})
