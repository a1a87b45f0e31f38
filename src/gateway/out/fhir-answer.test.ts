// Tests of what a FHIR server's response means: every status, Retry-After, responses that do not account for every entry.
// Keeps the rule that no text of a server passes, and that a fault of the set-up sets no message apart.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Answer } from './answer.ts'
import { countEntries, readFhirAnswer, RETRY_AFTER_MAX_MS, retryMs } from './fhir-answer.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const read = (status: number, body: unknown = '', retryAfter: string | null = null): Answer => readFhirAnswer({ status, retryAfter, body: bytes(body) }, 2, 0)
const response = (...statuses: unknown[]): unknown =>
  ({ resourceType: 'Bundle', type: 'transaction-response', entry: statuses.map((status) => ({ response: { status } })) })

test('200 and 201 deliver when every entry is 2xx', () => {
  deepEqual(read(200, response('201 Created', '200')), { kind: 'delivered' })
  deepEqual(read(201, response('200 OK', '204 No Content')), { kind: 'delivered' })
})

test('200 that does not account for every entry fits nothing', () => {
  for (const body of ['', 'no json', '[]', 'null', {}, { resourceType: 'Bundle', type: 'batch-response', entry: [] }, { resourceType: 'OperationOutcome' },
    response(), response('200'), response('200', '200', '200'), response('200', 200), response('200', '20'), response('200', null),
    { resourceType: 'Bundle', type: 'transaction-response', entry: [null, 7] }, { resourceType: 'Bundle', type: 'transaction-response', entry: 'x' }]) {
    equal(read(200, body).kind, 'unfit', JSON.stringify(body))
  }
})

test('an entry that failed is told by its place', () => {
  deepEqual(read(200, response('201', '422 for ZZTEST^CANARY')), { kind: 'refused', why: 'entry 2 answered 422' })
  deepEqual(read(200, response('503', '201')), { kind: 'later', why: 'entry 1 answered 503', leastMs: 0, isOfMessage: true })
})

test('every status has one meaning', () => {
  const kinds: Record<string, number[]> = {}
  for (let status = 202; status < 600; status++) {
    const answer = read(status)
    const kind = answer.kind === 'later' ? (answer.isOfMessage ? 'later, counted' : 'later') : answer.kind
    ;(kinds[kind] ??= []).push(status)
  }
  deepEqual(kinds['unfit'], Array.from({ length: 98 }, (_, i) => 202 + i))
  deepEqual(kinds['later, counted'], [409, 423, 425])
  deepEqual((kinds['later'] ?? []).filter((s) => s >= 400 && s < 500), [401, 403, 404, 405, 406, 407, 408, 410, 415, 421, 426, 429])
  for (const status of [300, 301, 302, 307, 308, 500, 501, 502, 503, 504, 599]) ok(kinds['later']?.includes(status), String(status))
  for (const status of [400, 412, 413, 414, 422, 428, 431, 451]) ok(kinds['refused']?.includes(status), String(status))
})

test('a redirect is told and not followed', () => {
  const answer = read(307)
  match(answer.kind === 'later' ? answer.why : '', /redirects are not followed/)
})

test('issues are told by FHIR\'s own codes alone', () => {
  const outcome = (...codes: unknown[]): unknown => ({ resourceType: 'OperationOutcome', issue: codes.map((code) => ({ code, diagnostics: 'ZZTEST^CANARY' })) })
  deepEqual(read(422, outcome('business-rule', 'ZZTEST')), { kind: 'refused', why: '422, business-rule, code not of FHIR\'s list' })
  deepEqual(read(400, outcome(...Array.from({ length: 9 }, () => 'invalid'))), { kind: 'refused', why: '400, invalid, invalid, invalid, invalid' })
  deepEqual(read(400, '<html>ZZTEST</html>'), { kind: 'refused', why: '400' })
})

test('Retry-After in seconds or as a date, with a bound', () => {
  equal(retryMs('120', 0), 120_000)
  equal(retryMs('999999999', 0), RETRY_AFTER_MAX_MS)
  const now = Date.UTC(2026, 0, 5, 7) * 1000
  equal(retryMs('Mon, 05 Jan 2026 07:01:00 GMT', now), 60_000)
  equal(retryMs('Mon, 05 Jan 2026 06:00:00 GMT', now), 0)
  for (const nothing of [null, '', 'soon', '-5', '1e9x']) ok(retryMs(nothing, now) === 0, String(nothing))
  const answer = read(429, '', '30')
  equal(answer.kind === 'later' ? answer.leastMs : 0, 30_000)
})

test('entries of a transaction are counted', () => {
  equal(countEntries(bytes({ entry: [1, 2, 3] })), 3)
  equal(countEntries(bytes('no json')), 0)
})

test('property: no body makes it throw or passes a word of it', () => {
  fc.assert(fc.property(fc.integer({ min: 200, max: 599 }), fc.jsonValue(), (status, value) => {
    const answer = read(status, { resourceType: 'OperationOutcome', issue: [{ code: 'CANARY', details: value }, value], entry: value })
    ok(!JSON.stringify(answer).includes('CANARY'))
  }))
})
