// Tests of BACnet reads: tags of every length, brackets, several properties of several objects, questions, faults and bounds.
// Keeps the rule that what is not a device's own name is stepped over, and that nothing is told behind a fault.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeContext } from '../../testing/fake-context.ts'
import { encodeConfirmed, encodeReadMultiple, encodeReadMultipleAnswer, type AnswerProperty } from './encode.ts'
import { bacnet } from './index.ts'
import { decodeBacnet } from './message.ts'
import { decodeReadAnswer, decodeReadQuestion, NAMES_MAX, type ReadAnswer } from './read.ts'
import { TagReader } from './tags.ts'

const MODEL = 70

function reader(bytes: readonly number[]): TagReader {
  const tags = new TagReader()
  tags.reset(Uint8Array.from(bytes), 0, bytes.length)
  return tags
}

function answerOf(bytes: Uint8Array): ReadAnswer | null {
  const message = decodeBacnet(bytes, 0, bytes.length)
  return message && decodeReadAnswer(bytes, message)
}

function asks(bytes: Uint8Array): string | null {
  const message = decodeBacnet(bytes, 0, bytes.length)
  return message && decodeReadQuestion(bytes, message)
}

test('tags: short, extended, two and four bytes of length, numbers above 14, booleans without content', () => {
  const fill = (length: number): number[] => Array.from({ length }, () => 1)
  for (const [head, number, kind, length] of [
    [[0x21], 2, 'application', 1], [[0x29], 2, 'context', 1], [[0x75, 5], 7, 'application', 5], [[0x75, 254, 1, 0], 7, 'application', 256],
    [[0x75, 255, 0, 1, 0, 0], 7, 'application', 65_536], [[0xf9, 40], 40, 'context', 1], [[0x11], 1, 'application', 0], [[0x3e], 3, 'opening', 0],
    [[0x3f], 3, 'closing', 0], [[0xfe, 77], 77, 'opening', 0],
  ] as const) {
    const tags = reader([...head, ...fill(length)])
    ok(tags.read(), String(head))
    deepEqual([tags.number, tags.kind, tags.length, tags.off, tags.isAtEnd], [number, kind, length, head.length, true], String(head))
    if (length > 0) equal(reader([...head, ...fill(length - 1)]).read(), false, `${String(head)} cut`)
    for (let end = 0; end < head.length; end++) equal(reader(head.slice(0, end)).read(), false, `${String(head)} at ${end}`)
  }
})

test('a bracket ends at its own closing tag, however deep; without one the reading ends', () => {
  const tags = reader([0x3e, 0x4e, 0x21, 0x3f, 0x4f, 0x3f, 0x21, 7])
  ok(tags.take('opening', 3) && tags.skipBracket() && tags.read())
  equal(tags.unsigned(), 7)
  const open = reader([0x3e, 0x4e, 0x3f])
  equal(open.take('opening', 3) && open.skipBracket(), false)
})

test('a text in another encoding, an empty one and another tag are no name', () => {
  for (const value of [[0x73, 4, 0, 65], [0x71, 0], [0x63, 0, 65, 66], [0x21, 7], []]) {
    deepEqual(answerOf(encodeReadMultipleAnswer(1, [{ property: MODEL, value }])), { names: [], isMalformed: false }, String(value))
  }
})

test('the slow way round: every list of properties gives its names in order', () => {
  const value = fc.oneof(
    fc.stringMatching(/^[!-~]{1,60}$/), fc.constant(null),
    fc.constantFrom([0x21, 3], [0x11], [0x3e, 0x21, 1, 0x3f], [0xc4, 2, 0, 0, 1], [0x91, 0, 0x91, 1]),
  )
  const property = fc.record({ property: fc.oneof(fc.constantFrom(MODEL, 77, 121, 44, 372), fc.nat({ max: 700 })), value })
  const naming = new Set([12, 28, 44, 58, 70, 77, 121, 372])
  fc.assert(fc.property(fc.nat({ max: 0x3fffff }), fc.array(property, { maxLength: 20 }), (instance, properties: AnswerProperty[]) => {
    const names = properties.flatMap(({ property: id, value: text }) => typeof text === 'string' && naming.has(id)
      ? [{ instance, property: id, text }] : [])
    deepEqual(answerOf(encodeReadMultipleAnswer(instance, properties)), { names, isMalformed: false })
  }))
})

test('the texts of other objects stay: only a device object has names', () => {
  const bytes = encodeReadMultipleAnswer(5, [{ property: 77, value: 'ROOM-12' }])
  // Object type 2 (analog value) in place of 8.
  const at = bytes.indexOf(0x0c) + 1
  bytes[at] = 0
  bytes[at + 1] = 0x80
  deepEqual(answerOf(bytes), { names: [], isMalformed: false })
})

test('an element of a list is no name', () => {
  const bytes = [...encodeReadMultipleAnswer(5, [{ property: MODEL, value: 'EX-1' }])]
  const at = bytes.indexOf(0x4e)
  const indexed = Uint8Array.from([...bytes.slice(0, at), 0x39, 1, ...bytes.slice(at)])
  indexed[3] = indexed.length
  deepEqual(answerOf(indexed), { names: [], isMalformed: false })
})

test('cut at every byte: nothing is made up, and every cut is malformed', () => {
  const whole = encodeReadMultipleAnswer(5, [{ property: 77, value: 'A-1' }, { property: MODEL, value: 'EX-1' }])
  for (let end = 10; end < whole.length; end++) {
    const cut = whole.slice(0, end)
    cut[3] = end
    const answer = answerOf(cut)
    ok(answer?.isMalformed, `${end}`)
    ok(answer.names.every(({ text }) => text === 'A-1' || text === 'EX-1'))
  }
})

test('names of one answer end at their bound, which is ours and no fault of the bytes', () => {
  const many = Array.from({ length: NAMES_MAX + 1 }, (_, i) => ({ property: MODEL, value: `M-${i}` }))
  const answer = answerOf(encodeReadMultipleAnswer(5, many))
  deepEqual([answer?.names.length, answer?.isMalformed], [NAMES_MAX, false])
})

test('questions: for names, for all, for other things, and broken ones', () => {
  deepEqual([[77], [85, MODEL], [8], [105], [80], [85]].map((ids) => asks(encodeReadMultiple(9, ids))), ['names', 'names', 'names', 'names', 'other', 'other'])
  equal(asks(encodeConfirmed(12, [0x0c, 2, 0, 0, 9, 0x19, 77])), 'names')
  equal(asks(encodeConfirmed(12, [0x0c, 0, 0x80, 0, 9, 0x19, 77])), 'other', 'the name of an analog value')
  equal(asks(encodeConfirmed(15, [1, 2, 3])), 'other')
  for (const data of [[], [0x0c, 2, 0, 0], [0x0c, 2, 0, 0, 9, 0x1e, 0x09], [0x0c, 2, 0, 0, 9, 0x1f], [0x2c, 2, 0, 0, 9, 0x1e, 0x09, 77, 0x1f]]) {
    equal(asks(encodeConfirmed(14, data)), 'malformed', String(data))
  }
})

test('the pieces of one segmented request are one request', () => {
  const context = fakeContext('udp')
  const session = bacnet.open(context)
  for (const piece of [0, 1, 2]) {
    const bytes = Uint8Array.from([0x81, 0x0a, 0, 14, 1, 0, piece === 2 ? 0x08 : 0x0c, 4, 1, piece, 4, 15, 0x0c, 0])
    session.feed(0, bytes, 0, bytes.length, 1)
  }
  session.end(2)
  const [total] = context.facts
  ok(total?.protocol === 'bacnet' && total.kind === 'total')
  deepEqual([total.segments, total.writes, total.services, total.malformed], [3, 1, [{ service: 15, count: 1 }], 0])
})
