// Tests of docs/gateway-out.md: bounds, times and codes stand there as the code has them.
// Keeps the page from drifting; the table of the conversation has its test in talk.test.ts.

import { equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ADT_CONNECTIONS_MAX, ADT_LIMITS } from './adt-listener.ts'
import { BACKOFF } from './backoff.ts'
import { LATER_TRIES_MAX } from './courier.ts'
import { SENDER_LIMITS } from './deps.ts'
import { readFhirAnswer, RETRY_AFTER_MAX_MS } from './fhir-answer.ts'
import { RESPONSE_BYTES_MAX } from './fhir-sender.ts'
import { ADT_FRAME_BYTES_MAX, ANSWER_FRAME_BYTES_MAX } from './mllp-frames.ts'
import { EXPIRY_WARNING_DAYS } from './tls.ts'

const page = fs.readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'docs', 'gateway-out.md'), 'utf8')
const says = (text: string): void => ok(page.includes(text), text)

test('times and bounds of the senders', () => {
  says(`none within ${SENDER_LIMITS.answerMs / 1000} s, or the connection ends first`)
  says(`doubles from ${BACKOFF.firstMs / 1000} s to ${BACKOFF.lastMs / 1000} s`)
  says(`made anew after ${SENDER_LIMITS.connectionMs / 3600_000} hours`)
  says(`From ${EXPIRY_WARNING_DAYS} days before`)
  says(`set apart after ${LATER_TRIES_MAX} tries`)
  says(`a block above ${ANSWER_FRAME_BYTES_MAX / 1024} KiB`)
  says(`above ${RESPONSE_BYTES_MAX / 1024 / 1024} MiB`)
  equal(RETRY_AFTER_MAX_MS, 3600_000)
  says('Retry-After is waited for, up to an hour')
  equal(SENDER_LIMITS.window, 1)
  says('one at a time, in order')
})

test('bounds of the ADT listener', () => {
  says(`| connections | ${ADT_CONNECTIONS_MAX} |`)
  says(`| message | ${ADT_FRAME_BYTES_MAX / 1024} KiB, ${ADT_LIMITS.messageMs / 1000} s from its first byte |`)
  says(`| handshake | ${ADT_LIMITS.handshakeMs / 1000} s |`)
  says(`| silence | ${ADT_LIMITS.idleMs / 3600_000} h,`)
})

test('every 4xx stands in the row of its meaning', () => {
  const rows = page.split('\n')
  const meaning = (status: number): string => {
    const answer = readFhirAnswer({ status, retryAfter: null, body: new Uint8Array(0) }, 1, 0)
    if (answer.kind !== 'later') return 'refused: set apart with status'
    if (answer.isOfMessage) return 'set apart after'
    return answer.why.startsWith('the server cannot take messages now') ? 'as long as it takes' : 'none is set apart'
  }
  for (let status = 400; status < 502; status++) {
    const row = rows.find((line) => new RegExp(`^\\| [^|]*\\b${status}\\b`).test(line))
    if (row !== undefined) ok(row.includes(meaning(status)), `${status}: ${row}`)
    else ok(meaning(status) === 'refused: set apart with status' || status >= 500, `${status} is not on the page`)
  }
})
