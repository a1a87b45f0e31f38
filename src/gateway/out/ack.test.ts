// Tests of acknowledgements: each code, each kind of error, what fits nothing, and that no text of a receiver ever passes.
// Keeps the rule that a refusal is told by codes and places of known tables.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAcknowledgement } from './ack.ts'

const HEAD = 'MSH|^~\\&|ENGINE|HIS|CORDON|WARD|20260105070000||ACK^R01^ACK|X1|P|2.6'
const read = (...lines: string[]) => readAcknowledgement(new TextEncoder().encode([...lines, ''].join('\r')))
const answer = (...lines: string[]) => read(HEAD, ...lines).answer

test('AA and CA deliver, under the id they name', () => {
  for (const code of ['AA', 'CA']) deepEqual(read(HEAD, `MSA|${code}|M1|all fine, ZZTEST`), { controlId: 'M1', answer: { kind: 'delivered' } })
})

test('AE, AR, CE and CR refuse', () => {
  for (const code of ['AE', 'AR', 'CE', 'CR']) deepEqual(answer(`MSA|${code}|M1|no bed for ZZTEST^CANARY`), { kind: 'refused', why: code })
})

test('errors are told by code and place: since 2.5 by ERR-2 and ERR-3, before by ERR-1', () => {
  deepEqual(answer('MSA|AE|M1', 'ERR||PID^1^5|102^Data type error^HL70357|E||||ZZTEST'), { kind: 'refused', why: 'AE, 102 at PID-5 (PID 1)' })
  deepEqual(answer('MSA|AR|M1', 'ERR|OBX^3^5^103&Table value not found'), { kind: 'refused', why: 'AR, 103 at OBX-5 (OBX 3)' })
  deepEqual(answer('MSA|AE|M1', 'ERR||MSH|101|E', 'ERR||OBR^1|100|E'), { kind: 'refused', why: 'AE, 101 at MSH, 100 at OBR (OBR 1)' })
})

test('what is not in the tables is not told', () => {
  const none = 'code not of table 0357'
  deepEqual(answer('MSA|AE|M1', 'ERR||ZZTEST^CANARY^1|CANARY|E'), { kind: 'refused', why: `AE, ${none}` })
  deepEqual(answer('MSA|AE|M1', 'ERR||LEE^1^5|999|E'), { kind: 'refused', why: `AE, ${none}` })
  deepEqual(answer('MSA|AE|M1', 'ERR||PID^10006^ZZTEST|102|E'), { kind: 'refused', why: 'AE, 102 at PID' })
  equal(answer('MSA|AE|M1', ...Array.from({ length: 9 }, () => 'ERR|||102')).kind, 'refused')
})

test('a receiver that blames itself alone is asked again later', () => {
  deepEqual(answer('MSA|AE|M1', 'ERR|||207|E'), { kind: 'later', why: 'the receiver cannot take a message now (AE, 207)', leastMs: 0, isOfMessage: true })
  equal(answer('MSA|AR|M1', 'ERR|||206|E').kind, 'later')
  equal(answer('MSA|AR|M1', 'ERR|||206|E', 'ERR|||102|E').kind, 'refused')
  equal(answer('MSA|AE|M1').kind, 'refused')
})

test('what fits nothing says why', () => {
  const why = (...lines: string[]): string => {
    const { answer: a, controlId } = read(...lines)
    equal(controlId, '')
    return a.kind === 'unfit' ? a.why : a.kind
  }
  equal(why('hello'), 'its answer is no HL7 message')
  equal(why(HEAD), 'its answer has no MSA segment of its own')
  equal(why(HEAD, 'MSA|AA|M1', 'MSA|AE|M1'), 'its answer has no MSA segment of its own')
  equal(why(HEAD, 'MSA|OK|M1'), 'MSA-1 of its answer is none of AA, AE, AR, CA, CE, CR')
  equal(why(HEAD, 'MSA|AA'), 'MSA-2 of its answer is empty: nothing says which message it answers')
  equal(why(HEAD, 'MSA|AA|""'), 'MSA-2 of its answer is empty: nothing says which message it answers')
})

test('other delimiters and line ends are read', () => {
  deepEqual(readAcknowledgement(new TextEncoder().encode('MSH#!~\\&#E#H#C#W#2026##ACK#X#P#2.3\r\nMSA#AE#M1\r\nERR#PID!1!5!102')).answer, {
    kind: 'refused', why: 'AE, 102 at PID-5 (PID 1)',
  })
})

const TEXT = fc.string({ unit: fc.constantFrom('|', '^', '&', '\r', 'P', 'I', 'D', '1', '5', 'Z', 'ERR', 'MSA', 'CANARY'), maxLength: 30 })

test('property: no text of any receiver is in the words, and no bytes throw', () => {
  fc.assert(fc.property(fc.constantFrom('AE', 'AR', 'CE', 'AA', 'XX'), TEXT, TEXT, (code, first, second) => {
    const got = answer(`MSA|${code}|M1|${first}`, `ERR|${second}|${first}|${second}`)
    ok(!JSON.stringify(got).includes('CANARY'))
  }), { numRuns: 2000 })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    ok(['delivered', 'refused', 'later', 'unfit'].includes(readAcknowledgement(bytes).answer.kind))
  }))
})
