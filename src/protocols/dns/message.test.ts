// Tests of DNS message decode and encode: round trips, bounds, and truncation at every byte.
// Keeps the rule that a problem never hides what stood before it.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords } from '../../base/ip.ts'
import {
  decodeDns, DNS_ANSWERS_KEPT_MAX, DNS_QUESTIONS_MAX, dnsQuery, dnsReply, encodeDns, encodeDnsTcp, type DnsMessage,
} from './message.ts'

const bytesOf = (message: DnsMessage): Uint8Array => {
  const bytes = encodeDns(message)
  ok(bytes)
  return bytes
}

const decode = (bytes: Uint8Array): ReturnType<typeof decodeDns> => decodeDns(bytes, 0, bytes.length)

const word = fc.integer({ min: 0, max: 0xffffffff })
const half = fc.integer({ min: 0, max: 0xffff })
const nameArbitrary = fc.array(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { maxLength: 4 }).map((labels) => labels.join('.') || '.')
const addressArbitrary = fc.oneof(word.map((w) => ipFromV4(w)), fc.tuple(word, word, word, word).map((w) => ipFromWords(...w)))
const messageArbitrary: fc.Arbitrary<DnsMessage> = fc.record({
  id: half,
  response: fc.boolean(),
  opcode: fc.integer({ min: 0, max: 15 }),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  responseCode: fc.integer({ min: 0, max: 15 }),
  questions: fc.array(fc.record({ name: nameArbitrary, type: half, class: half }), { maxLength: 4 }),
  answers: fc.array(fc.record({
    name: nameArbitrary, type: fc.constant(0), class: fc.constant(1), ttl: word, address: addressArbitrary, data: fc.constant(null),
  }).map((r) => ({ ...r, type: r.address.includes(':') ? 28 : 1 })), { maxLength: 4 }),
})

/** fast-check's records have no prototype; the decoder's have one. */
const plain = (message: DnsMessage): unknown => JSON.parse(JSON.stringify(message)) as unknown

test('decode gives back what encode wrote', () => {
  fc.assert(fc.property(messageArbitrary, (message) => {
    const bytes = bytesOf(message)
    const decoded = decode(bytes)
    equal(decoded.problem, null)
    equal(decoded.end, bytes.length)
    deepEqual(decoded.message, plain(message))
  }))
})

test('offsets do not matter', () => {
  fc.assert(fc.property(messageArbitrary, fc.nat({ max: 9 }), (message, pad) => {
    const bytes = bytesOf(message)
    const buf = new Uint8Array(bytes.length + 2 * pad).fill(0xcc)
    buf.set(bytes, pad)
    deepEqual(decodeDns(buf, pad, pad + bytes.length).message, plain(message))
  }))
})

test('cut at every byte: never a throw, always a problem, questions before the cut survive', () => {
  const bytes = bytesOf(dnsReply(dnsQuery(5, 'pacs.ward.example', 1), [ipFromV4(0x0a14080a), ipFromV4(0x0a14080b)]))
  const questionEnd = 12 + 19 + 4
  for (let end = 0; end < bytes.length; end++) {
    const { problem, message } = decodeDns(bytes, 0, end)
    ok(problem !== null, `cut at ${end}`)
    equal(message.questions.length, end < questionEnd ? 0 : 1)
  }
})

test('a query and its reply carry the same id and question', () => {
  const query = dnsQuery(77, 'a.example', 28)
  const reply = decode(bytesOf(dnsReply(query, [ipFromWords(0x20010db8, 0, 0, 1)]))).message
  equal(reply.id, 77)
  equal(reply.response, true)
  deepEqual(reply.questions, query.questions)
  equal(reply.answers[0]?.address, '2001:db8::1')
  equal(reply.answers[0]?.type, 28)
})

test('an A record outside class IN is no address and no problem (RFC 2136 section 2.5)', () => {
  const record = { name: 'a.example', type: 1, class: 255, ttl: 0, address: null, data: new Uint8Array(0) }
  const { problem, message: decoded } = decode(bytesOf({ ...dnsQuery(1, 'a.example', 1), answers: [record] }))
  equal(problem, null)
  equal(decoded.answers[0]?.address, null)
})

test('record data of other types is not kept', () => {
  const data = new TextEncoder().encode('\x0dZZTEST^CANARY')
  const record = { name: 'a.example', type: 16, class: 1, ttl: 5, address: null, data }
  const decoded = decode(bytesOf({ ...dnsQuery(1, 'a.example', 16), response: true, answers: [record] }))
  equal(JSON.stringify(decoded).includes('CANARY'), false)
  equal(decoded.message.answers[0]?.data, null)
})

test('more questions than the bound are cut off and said so', () => {
  const questions = Array.from({ length: DNS_QUESTIONS_MAX + 1 }, () => ({ name: '.', type: 1, class: 1 }))
  const { problem, message } = decode(bytesOf({ ...dnsQuery(1, '.', 1), questions }))
  equal(problem, 'too-many-questions')
  equal(message.questions.length, DNS_QUESTIONS_MAX)
})

test('more answers than are kept are walked to the end', () => {
  const addresses = Array.from({ length: DNS_ANSWERS_KEPT_MAX + 20 }, (_, i) => ipFromV4(0x0a000000 + i))
  const bytes = bytesOf(dnsReply(dnsQuery(1, 'a.example', 1), addresses))
  const decoded = decode(bytes)
  equal(decoded.problem, null)
  equal(decoded.end, bytes.length)
  equal(decoded.message.answers.length, DNS_ANSWERS_KEPT_MAX)
})

test('counts that promise more records than bytes end at the bytes', () => {
  const bytes = bytesOf(dnsQuery(1, 'a.example', 1))
  bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 6)
  equal(decode(bytes).problem, 'record-truncated')
})

test('the largest message of tiny records is walked in bounded time', () => {
  const records = 5957
  const bytes = new Uint8Array(12 + records * 11)
  bytes.set([0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, records >>> 8, records & 255])
  const decoded = decode(bytes)
  equal(decoded.problem, null)
  equal(decoded.end, bytes.length)
})

test('encodeDnsTcp puts the length in front', () => {
  const bytes = encodeDnsTcp(dnsQuery(1, 'a.example', 1))
  ok(bytes)
  equal(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), bytes.length - 2)
})

test('encode refuses names and records that do not fit', () => {
  equal(encodeDns(dnsQuery(1, 'x'.repeat(64), 1)), null)
  const bare = { name: 'a', type: 99, class: 1, ttl: 0, address: null, data: null }
  equal(encodeDns({ ...dnsQuery(1, 'a', 1), answers: [bare] }), null)
  equal(encodeDnsTcp(dnsQuery(1, 'a..b', 1)), null)
})
