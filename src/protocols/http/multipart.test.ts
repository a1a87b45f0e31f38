// Tests of forms: parts against a slow search, delimiters that are none, boundaries, losses, bounds, and what leaves.
// Keeps the rule that a file in a form is told like any other, and that fields of a form never are.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import type { Fact } from '../facts.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import type { FileMeasure } from '../file-transfer/seen.ts'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'
import { createHttp } from './index.ts'
import { FORM_FILES_MAX, formBoundary, Multipart } from './multipart.ts'

const BOUNDARY = '----ward'
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const bytesOf = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((p) => (typeof p === 'string' ? Array.from(p, (c) => c.charCodeAt(0)) : [...p])))
const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')
const reasons = (facts: readonly Fact[]): string[] => facts.flatMap((f) => (f.protocol === 'http' && f.kind === 'malformed' ? [f.reason] : []))

function part(fields: string, content: string | Uint8Array): Uint8Array {
  return bytesOf(`--${BOUNDARY}\r\n${fields}\r\n\r\n`, content, '\r\n')
}

const file = (name: string, content: string | Uint8Array, more = ''): Uint8Array =>
  part(`Content-Disposition: form-data; name="f"; filename="${name}"${more}`, content)

function post(body: Uint8Array, fields = ''): Uint8Array {
  const head = `POST /upload.cgi HTTP/1.1\r\nHost: nas\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n${fields}`
  return bytesOf(`${head}Content-Length: ${body.length}\r\n\r\n`, body)
}

const form = (...parts: readonly Uint8Array[]): Uint8Array => bytesOf(...parts, `--${BOUNDARY}--\r\n`)
const ask = (bytes: Uint8Array): Chunk => ({ direction: 0, bytes })
const told = (bytes: Uint8Array): FileTransfer[] => files(runSession(createHttp, 'tcp', [ask(bytes)]).facts)

test('the boundary of a form: bare, quoted, with more behind it; none of other types or lengths', () => {
  deepEqual([
    'multipart/form-data; boundary=abc', 'Multipart/Form-Data;charset=utf-8; Boundary="a b:c"; x=y', 'multipart/form-data; boundary=abc; x=y',
    'multipart/form-data', 'multipart/form-data; boundary=', 'multipart/related; boundary=abc', `multipart/form-data; boundary=${'x'.repeat(71)}`,
    `multipart/form-data; boundary=${'x'.repeat(70)}`,
  ].map(formBoundary), ['abc', 'a b:c', 'abc', null, null, null, null, 'x'.repeat(70)])
})

test('a firmware between fields, at every split; the fields and a patient\'s file name stay', () => {
  const firmware = fakeContent(400, ELF_HEAD)
  const scan = fakeContent(50)
  const body = form(
    part('Content-Disposition: form-data; name="patient"', 'ZZTEST^CANARY'), file('fw/monitor.bin', firmware, '\r\nContent-Type: application/octet-stream'),
    file('ZZTEST^CANARY.dcm', scan), file('', ''),
  )
  const facts = everySplit(createHttp, 'tcp', [ask(post(body)), { direction: 1, bytes: bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') }])
  deepEqual(files(facts).map((f) => [f.kind, f.place, f.name, f.size, f.complete, f.sha256, f.magic]), [
    ['write', 'nas', 'monitor.bin', 400, true, sha256(firmware), 'elf'], ['write', 'nas', '*.dcm', 50, true, sha256(scan), 'unknown'],
  ])
  deepEqual(reasons(facts), [])
  ok(!JSON.stringify(facts).includes('ZZTEST'))
})

test('in chunks, behind a preamble, with padding behind the boundary and an epilogue', () => {
  const script = bytesOf('#!/bin/sh\nreboot\n')
  const partHead = `--${BOUNDARY} \t\r\nContent-Disposition: form-data; name="f"; filename="a.sh"\r\n\r\n`
  const body = bytesOf('preamble\r\n', partHead, script, `\r\n--${BOUNDARY}--\r\n`, 'epilogue', `\r\n--${BOUNDARY}\r\n\r\nMZ not a part`)
  const chunks = [body.slice(0, 60), body.slice(60)].flatMap((piece) => [`${piece.length.toString(16)}\r\n`, piece, '\r\n'])
  const head = `POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary="${BOUNDARY}"\r\nTransfer-Encoding: chunked\r\n\r\n`
  const facts = everySplit(createHttp, 'tcp', [ask(bytesOf(head, ...chunks, '0\r\n\r\n'))])
  deepEqual(files(facts).map((f) => [f.name, f.size, f.sha256, f.magic]), [['a.sh', script.length, sha256(script), 'script']])
})

test('the slow way round: contents full of what looks like a delimiter come out as they went in, in any pieces', () => {
  const near = fc.constantFrom('\r', '\n', '-', '--', '\r\n', '\r\n-', '\r\n--', '\r\n--a', '\r\n--ab', '\r\n--aba', 'a', 'b', 'x')
  const content = fc.array(near, { maxLength: 30 }).map((parts) => parts.join('')).filter((text) => !`\r\n${text}\r\n`.includes('\r\n--abab'))
  fc.assert(fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 40 }), (contents, size) => {
    const fields = (i: number): string => `--abab\r\nContent-Disposition: form-data; name=x; filename=${i}\r\n\r\n`
    const whole = bytesOf(...contents.map((text, i) => bytesOf(fields(i), text, '\r\n')), '--abab--')
    const seen: [string | null, FileMeasure][] = []
    const multipart = new Multipart('abab', { bytes: 0 }, (name, measure) => seen.push([name, measure]), () => ok(false))
    for (let at = 0; at < whole.length; at += size) {
      // The piece lies somewhere in a larger buffer.
      const around = bytesOf('\r\n--', whole.slice(at, at + size), '\r\n--abab')
      multipart.add(around, 4, 4 + Math.min(size, whole.length - at))
    }
    multipart.finish()
    deepEqual(seen.map(([name, { size: bytes, sha256: hash }]) => [name, bytes, hash]),
      contents.flatMap((text, i) => (text === '' ? [] : [[String(i), text.length, sha256(bytesOf(text))]])))
  }), { numRuns: 300 })
})

test('a part that ends with the body, not with a delimiter, has no size and no hash', () => {
  const cut = bytesOf(file('a.bin', fakeContent(30)).slice(0, -10))
  deepEqual(told(post(cut)).map((f) => [f.covered, f.size, f.complete, f.sha256]), [[22, null, false, null]])
})

test('a loss: inside a file it leaves a part of it, inside a head the next part is found again', () => {
  const content = fakeContent(600, ELF_HEAD)
  const whole = post(form(file('a.bin', content), file('b.bin', content)))
  const start = whole.length - form(file('a.bin', content), file('b.bin', content)).length
  const run = (from: number, bytes: number): FileTransfer[] => files(runSession(createHttp, 'tcp', [
    ask(whole.slice(0, from)), { direction: 0, lost: bytes, bytes: whole.slice(from + bytes) },
  ]).facts)
  deepEqual(run(start + 300, 50).map((f) => [f.name, f.covered, f.size, f.complete, f.sha256 !== null]),
    [['a.bin', 550, null, false, false], ['b.bin', 600, 600, true, true]])
  deepEqual(run(start + 20, 100).map((f) => [f.name, f.covered, f.complete]), [['b.bin', 600, true]])
  // The delimiter between the two went with it: one file, seen in part, and nothing of a second.
  deepEqual(run(start + 650, 100).map((f) => [f.name, f.size, f.complete]), [['a.bin', null, false]])
})

test('what no name calls a file is judged by its first bytes; coded content has no hash', () => {
  const program = fakeContent(40, ELF_HEAD)
  deepEqual(told(post(form(part('Content-Disposition: form-data; name="x"', program)))).map((f) => [f.name, f.magic]), [[null, 'elf']])
  deepEqual(told(post(form(part('Content-Disposition: form-data; name="x"', 'ZZTEST^CANARY'), part('', 'nothing said')))), [])
  const coded = told(post(form(file('a.bin', 'TVqQAAMAAAAEAAAA', '\r\nContent-Transfer-Encoding: base64'))))
  deepEqual(coded.map((f) => [f.covered, f.sha256]), [[16, null]])
  deepEqual(told(post(form(file('a.bin', program)), 'Content-Encoding: gzip\r\n')), [], 'a compressed form is not opened')
})

test('files of one form end at their bound, which is said; as many as that are no more', () => {
  const many = (count: number): readonly Fact[] =>
    runSession(createHttp, 'tcp', [ask(post(form(...Array.from({ length: count }, (_, i) => file(`${i}.bin`, 'content'))))) ]).facts
  for (const [count, reason] of [[FORM_FILES_MAX, []], [FORM_FILES_MAX + 5, ['files']]] as const) {
    const facts = many(count)
    deepEqual([files(facts).length, reasons(facts)], [FORM_FILES_MAX, reason])
  }
})

test('a response behind the form is still understood, and a second form on the connection', () => {
  const facts = runSession(createHttp, 'tcp', [
    ask(post(form(file('a.bin', 'one')))),
    { direction: 1, bytes: bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') }, ask(post(form(file('b.bin', 'two')))),
  ]).facts
  deepEqual(files(facts).map((f) => f.name), ['a.bin', 'b.bin'])
  equal(facts.at(-1)?.kind, 'totals')
})
