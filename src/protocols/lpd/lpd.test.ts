// Tests of the LPD row: goldens, hostile bytes, and the border to CMS8000, which shares port 515.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { encodeLpdCommand, encodeLpdFile, lpd, LpdCommandCode, LpdSubcommandCode } from './index.ts'
import { LPD_STATES } from './session.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, lpd)

test('no bytes make it throw or say too much', () => {
  neverThrows(lpd, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => lpd.probe('tcp', 0, bytes, 0, bytes.length)
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const queues = (chunks: readonly Chunk[]): unknown[] =>
  runSession(lpd, 'tcp', chunks).facts.map((f) => (f.protocol === 'lpd' ? `${f.command} ${f.queue}` : null))

test('no names of people, jobs or files leave', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.some((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('CANARY'))))
  for (const c of cases) equal(JSON.stringify(runSession(lpd, 'tcp', c.chunks).facts).includes('ZZTEST'), false, c.title)
})

test('probe waits for the line feed and takes each of the five commands', () => {
  for (const code of Object.values(LpdCommandCode)) {
    const line = encodeLpdCommand(code, 'ward-a4', 'ZZTEST 7')
    for (let length = 0; length < line.length; length++) equal(probe(line.slice(0, length)), 'more')
    equal(probe(line), 'yes')
  }
})

for (const [what, text] of [
  ['no queue', '\x02\n'], ['a blank for a queue', '\x03 lp\n'], ['a list behind receive-job', '\x02lp job\n'], ['code 0', '\x00lp\n'],
  ['code 6', '\x06lp\n'], ['a carriage return', '\x02lp\r\n'], ['a byte above ASCII in the queue', '\x02l\xe9\n'],
  ['a control byte in a list', '\x03lp a\x01\n'], ['1024 bytes without a line feed', `\x02${'x'.repeat(1023)}`],
] as const) {
  test(`probe says no to ${what}`, () => equal(probe(latin(text)), 'no'))
}

test('blanks behind a queue are forgiven, other alphabets in a list too', () => {
  equal(probe(latin('\x02lp  \n')), 'yes')
  equal(probe(latin('\x03lp Andr\xc3\xa9\n')), 'yes')
})

test('nothing that begins like a CMS8000 frame is a command, whatever length it states', () => {
  const types = fc.constantFrom(0x3e, 0x43, 0x45, 0x46, 0x47, 0x49)
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), types, fc.uint8Array({ maxLength: 60 }), (length, type, body) => {
    equal(probe(Uint8Array.from([length & 255, length >>> 8, 5, type, ...body])), 'no')
  }))
})

test('a command never has 0x05 as its third byte', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 3, maxLength: 40 }), (bytes) => {
    bytes[2] = 5
    equal(probe(bytes), 'no')
  }))
})

test('files of any content and size are skipped, in any split', () => {
  const content = fc.uint8Array({ maxLength: 80 })
  fc.assert(fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), (files) => {
    const bytes = Uint8Array.from([
      ...encodeLpdCommand(LpdCommandCode.receiveJob, 'lp'),
      ...files.flatMap((file) => [...encodeLpdFile(LpdSubcommandCode.controlFile, 'cfA001host', file)]),
    ])
    equal(everySplit(lpd, 'tcp', [{ direction: 0, bytes }]).length, 1)
  }), { numRuns: 20 })
})

test('a file whose closing byte is not zero ends the job', () => {
  const bytes = latin('\x02lp\n\x033 dfA\nabcX\x02lp\n')
  deepEqual(queues([{ direction: 0, bytes }]), ['receive-job lp'])
})

test('a gap inside a file keeps the count, a gap beyond it ends the job', () => {
  const start: Chunk = { direction: 0, bytes: latin('\x02one\n\x0310 dfA\n01') }
  const rest = latin('789\x00\x02two\n')
  deepEqual(queues([start, { direction: 0, bytes: rest, lost: 5 }]), ['receive-job one', 'receive-job two'])
  deepEqual(queues([start, { direction: 0, bytes: latin('\x00\x02two\n'), lost: 8 }]), ['receive-job one', 'receive-job two'])
  deepEqual(queues([start, { direction: 0, bytes: latin('\x02two\n'), lost: 9 }]), ['receive-job one'])
})

test('counts of eighteen digits are believed, longer ones are no subcommand', () => {
  deepEqual(queues([{ direction: 0, bytes: latin('\x02lp\n\x03125899906843000 dfA\nrest') }]), ['receive-job lp'])
  deepEqual(queues([{ direction: 0, bytes: latin(`\x02lp\n\x03${'9'.repeat(19)} dfA\nrest`) }]), ['receive-job lp'])
})

test('after a one-line command the client may say anything without a fact', () => {
  deepEqual(queues([{ direction: 0, bytes: latin('\x04lp\n\x02lp\n') }]), ['queue-long lp'])
})

test('the first side with a command is the client for good', () => {
  deepEqual(queues([
    { direction: 1, bytes: latin('\x02one\n') },
    { direction: 0, bytes: latin('\x02two\n') },
  ]), ['receive-job one'])
})

test('a gap before any command gives the direction up', () => {
  deepEqual(queues([{ direction: 0, bytes: latin('\x02lp\n'), lost: 3 }]), [])
})

test('a long queue name leaves bounded', () => {
  const [fact] = runSession(lpd, 'tcp', [{ direction: 0, bytes: latin(`\x02${'q'.repeat(600)}\n`) }]).facts
  ok(fact?.protocol === 'lpd')
  equal(fact.queue.length, 255)
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of LPD_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})
