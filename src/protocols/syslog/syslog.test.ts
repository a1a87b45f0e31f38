// Tests of the syslog row: goldens, hostile bytes, framing, and that no message leaves.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import type { Fact } from '../facts.ts'
import { encodeSyslog, syslog } from './index.ts'
import { decodeSyslog } from './message.ts'
import { SYSLOG_APPS_MAX, SYSLOG_HOSTS_MAX } from './session.ts'
import { SYSLOG_STREAM_STATES } from './stream.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, syslog)

test('no bytes make it throw or say too much', () => {
  neverThrows(syslog, { cases: loadGoldens(TESTDATA) })
})

test('no message leaves', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.every((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('ZZTEST'))))
  for (const c of cases) equal(JSON.stringify(runSession(syslog, c.transport, c.chunks).facts).includes('ZZTEST'), false, c.title)
})

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const probe = (transport: 'tcp' | 'udp', text: string): string => syslog.probe(transport, 0, latin(text), 0, text.length)
const named = (text: string): unknown[] => {
  const message = decodeSyslog(latin(text), 0, text.length)
  return message ? [message.format, message.host, message.app] : []
}

for (const [text, expected] of [
  ['<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \'su root\' failed', ['5424', 'mymachine.example.com', 'su']],
  ['<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It\'s time', ['5424', '192.0.2.1', 'myproc']],
  ['<165>1 - - - - - -', ['5424', null, null]], ['<165>1 ', ['5424', null, null]],
  ['<34>Oct 11 22:14:15 mymachine su: \'su root\' failed for lonvick', ['3164', 'mymachine', 'su']],
  ['<13>Feb  5 17:32:18 10.0.0.99 sshd[12]: x', ['3164', '10.0.0.99', 'sshd']],
  ['<46>Jan  5 10:00:00 cron[7]: x', ['3164', null, 'cron']],
  ['<30>2024-05-01T10:00:00.123+02:00 gw-4w app/x: y', ['3164', 'gw-4w', 'app/x']],
  ['<14>Jan  5 10:00:00 Patient ZZTEST^CANARY admitted', ['3164', null, null]],
  ['<14>Jan  5 10:00:00 bed 7: x y', ['3164', 'bed', '7']],
  ['<189>45: *Mar  1 18:48:50.483: %SYS-5-CONFIG_I: x', ['bare', null, null]], ['<0>x', ['bare', null, null]],
  ['<192>x', []], ['<01>x', []], ['<>x', []], ['<1234>x', []], ['hello', []], ['<12', []],
] as const) {
  test(`header of ${text.slice(0, 50)}`, () => deepEqual(named(text), expected))
}

test('the probe on UDP wants a priority and text, on TCP a version or a time as well', () => {
  for (const text of ['<34>1 x', '<13>hello', '<191>\xef\xbb\xbfx']) equal(probe('udp', text), 'yes', text)
  for (const text of ['<34>', '<34>\x00\x01', '<html>', '<999>x', 'x']) equal(probe('udp', text), 'no', text)
  for (const text of ['<34>1 2', '57 <34>1 2', '<13>Feb  5 17:32:18 h', '<13>2024-05-01T10:00:00Z h']) equal(probe('tcp', text), 'yes', text)
  for (const text of ['<?xml version', '057 <34>1 2', '123456 <1', '12 34', '<13>\x00\x00', `<13>${'x'.repeat(41)}`, 'GET /']) {
    equal(probe('tcp', text), 'no', text)
  }
  for (const text of ['5', '57', '57 ', '57 <3', '<34>', '<34>1', '<13>Feb  5 17']) equal(probe('tcp', text), 'more', text)
})

const totals = (facts: readonly Fact[]): unknown => facts.map((f) => (f.protocol === 'syslog' && f.kind === 'session' ? [f.messages, f.unread] : null)).at(-1)

test('messages of any length, framed either way and mixed, in any split', () => {
  const body = fc.stringMatching(/^[ -~]{0,700}$/)
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 191 }), body), { minLength: 1, maxLength: 4 }), (messages) => {
    const bytes = messages.flatMap(([isCounted, priority, text]) => {
      const message = encodeSyslog(priority, `1 - h a - - ${text}`)
      return isCounted ? [...latin(`${message.length} `), ...message] : [...message, 0x0a]
    })
    deepEqual(totals(everySplit(syslog, 'tcp', [{ direction: 0, bytes: Uint8Array.from(bytes) }])), [messages.length, 0])
  }), { numRuns: 6 })
})

test('after a loss the next line counts again, and the loss is counted', () => {
  const line = '<34>1 - h a - - x\n'
  const facts = runSession(syslog, 'tcp', [{ direction: 0, bytes: latin(line) }, { direction: 0, bytes: latin(`EST x\n${line}`), lost: 9 }]).facts
  deepEqual(totals(facts), [2, 1])
})

test('names are few, however many hosts a relay has', () => {
  const chunks = Array.from({ length: 60 }, (_, i): Chunk => ({ direction: 0, bytes: encodeSyslog(i % 8, `1 - host${i} app${i} - - x`) }))
  const { facts } = runSession(syslog, 'udp', chunks)
  equal(facts.filter((f) => f.kind === 'sender').length, SYSLOG_HOSTS_MAX)
  equal(facts.filter((f) => f.kind === 'app').length, SYSLOG_APPS_MAX)
  deepEqual(totals(facts), [60, 0])
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of SYSLOG_STREAM_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})

const BOX = 'inventory/ws__adsl-cpe_nb6-startup.pcap'
test(`capture ${BOX}: a box that logs twice to its maker, host and program by name, both critical`, { skip: skipWithout(BOX) }, () => {
  const facts = replay(sharedCapture(BOX) ?? '', [syslog]).facts.filter((f) => f.protocol === 'syslog')
  deepEqual(facts.map((f) => (f.kind === 'sender' ? f.host : f.kind === 'app' ? f.app : f.severities[2])), ['nb6', 'nbd', 'nb6', 'nbd', 1, 1])
})
