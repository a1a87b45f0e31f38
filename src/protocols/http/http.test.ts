// Tests of HTTP/1: goldens, framing against a slow reading, probes, what leaves and what does not, gaps, and the shared captures.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { capturesMissing, sharedCapture } from '../../testing/shared.ts'
import type { Fact } from '../facts.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'
import { createHttp } from './index.ts'
import { SOFTWARE_EXTENSIONS } from '../file-transfer/software-words.ts'
import { DEVICE_EXTENSIONS } from './codes.ts'
import { chunkSize, contentRange, dispositionName, pathShape, probeHttp, readRequestLine, readStatusLine } from './message.ts'
import { SIDE_STATES } from './side.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const join = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((p) => [...(typeof p === 'string' ? latin(p) : p)]))
const ask = (text: string | Uint8Array): Chunk => ({ direction: 0, bytes: typeof text === 'string' ? latin(text) : text })
const answer = (...parts: readonly (string | Uint8Array)[]): Chunk => ({ direction: 1, bytes: join(...parts) })
const factsOf = (chunks: readonly Chunk[]): readonly Fact[] => runSession(createHttp, 'tcp', chunks).facts
const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')
const words = (facts: readonly Fact[]): string[] => facts.map((f) => `${f.protocol} ${f.kind}`)
const reasons = (facts: readonly Fact[]): string[] => facts.flatMap((f) => (f.protocol === 'http' && f.kind === 'malformed' ? [f.reason] : []))

runGoldens(TESTDATA, createHttp)

test('no bytes make it throw or say too much', () => neverThrows(createHttp, { cases: loadGoldens(TESTDATA) }))

test('no patient, query or password leaves', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.some((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('CANARY'))))
  for (const c of cases) {
    const text = JSON.stringify(runSession(createHttp, 'tcp', c.chunks).facts)
    equal(text.includes('ZZTEST') || text.includes('CANARY') || text.includes('WlpU') || text.includes('patient'), false, c.title)
  }
})

test('start lines', () => {
  const request = (text: string) => readRequestLine(latin(text), 0, text.length)
  deepEqual(request('GET /a/b.bin HTTP/1.1'), { method: 'GET', shape: '/a/*.bin', name: 'b.bin', extension: 'bin' })
  deepEqual(request('M-SEARCH * HTTP/1.1')?.shape, '*')
  deepEqual(request('GET http://x.y/fw.img?v=1 HTTP/1.0')?.name, 'fw.img')
  for (const bad of ['get / HTTP/1.1', 'GET / HTTP/2.0', 'GET /', 'GET  HTTP/1.1', 'G / HTTP/1.1', 'OPTIONS rtsp://x RTSP/1.0']) equal(request(bad), null, bad)
  const status = (text: string): number | null => readStatusLine(latin(text), 0, text.length)
  deepEqual(['HTTP/1.1 200 OK', 'HTTP/1.0 404', 'HTTP/1.1 099 x', 'HTTP/1.1 20', 'HTTP/1.1 2000', 'ICY 200 OK'].map(status), [200, 404, null, null, null, null])
})

test('of a path only its shape leaves', () => {
  deepEqual(['/', '/index.html', '/cgi-bin/login.cgi', '/Patient/4711', '/studies/1.2.840', '/doe', '/a/b/c/', ''].map(pathShape),
    ['/', '/*.html', '/cgi-bin/*.cgi', '/*/*', '/studies/*', '/*', '/a/*/*/', ''])
})

test('small values', () => {
  const size = (text: string): number | null => chunkSize(latin(text), 0, text.length)
  deepEqual(['0', 'fF', '10;x=1', 'a ', '', 'g', '1g', '-1'].map(size), [0, 255, 16, 10, null, null, null, null])
  deepEqual(['bytes 5-9/20', 'bytes 0-1/*', 'items 0-1/2', 'bytes x'].map(contentRange), [{ from: 5, size: 20 }, { from: 0, size: null }, null, null])
  deepEqual(['attachment; filename="a b.bin"', 'attachment; filename=x.sh; y', 'inline'].map(dispositionName), ['a b.bin', 'x.sh', null])
})

test('probe: yes to HTTP, at every prefix never no; no to what is not', () => {
  const lines = ['GET / HTTP/1.1', 'POST /ipp/ HTTP/1.1', 'CONNECT host:443 HTTP/1.1', 'HTTP/1.1 200 OK', 'HTTP/1.0 404', 'OPTIONS * HTTP/1.1']
  for (const text of lines.map((line) => `${line}\r\n`)) {
    equal(probeHttp(latin(text), 0, text.length), 'yes', text)
    for (let end = 0; end < text.length; end++) ok(probeHttp(latin(text), 0, end) !== 'no', `${text} cut at ${end}`)
  }
  const long = latin(`GET /${'x'.repeat(3000)}`)
  equal(probeHttp(long, 0, long.length), 'yes')
  const others = [
    'EHLO x\r\n', 'USER root\r\n', 'REGISTER sip:a SIP/2.0\r\n', '220 ftp\r\n', 'SSH-2.0-x\r\n', 'HELLO\r\n', 'HTTP/2.0 200 OK\r\n', 'A1 LOGIN x\r\n', 'GET\0',
  ]
  for (const text of others) equal(probeHttp(latin(text), 0, text.length), 'no', text)
})

test('framing: bodies by length, chunks, none and to the end, in any split', () => {
  const program = fakeContent(300, ELF_HEAD)
  const facts = everySplit(createHttp, 'tcp', [
    ask('HEAD /a.bin HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\nGET /c.zip HTTP/1.1\r\nHost: h\r\n\r\nGET /d HTTP/1.1\r\nHost: h\r\n\r\n'),
    answer('HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'),
    answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n', program, '\r\n0\r\n\r\n'),
    answer('HTTP/1.1 404 No\r\n\r\n', 'to the end'),
  ], { trailing: false })
  deepEqual(files(facts).map((f) => [f.name, f.place, f.size, f.sha256, f.magic]), [['c.zip', 'h', 300, sha256(program), 'elf']])
  deepEqual(facts.at(-1)?.kind === 'totals' ? [facts.at(-1)] : [], [{
    ...facts.at(-1), kind: 'totals', requests: 4, responses: 4, refused: 1,
  }])
  deepEqual(reasons(facts), [])
})

test('what counts as a file: first bytes, extension, attachment; a coded body has no hash; a range is a part', () => {
  const exchange = (path: string, fields: string, body: Uint8Array): FileTransfer[] =>
    files(factsOf([ask(`GET ${path} HTTP/1.1\r\n\r\n`), answer(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n`, body)]))
  const text = latin('just a page of text')
  deepEqual(exchange('/page.html', '', text), [])
  deepEqual(exchange('/setup.cfg', '', text).map((f) => f.magic), ['text'])
  deepEqual(exchange('/x', 'Content-Disposition: attachment\r\n', text).map((f) => f.name), ['x'])
  deepEqual(exchange('/picture.png', '', fakeContent(64, [0x4d, 0x5a])).map((f) => [f.name, f.magic]), [['*.png', 'pe']])
  deepEqual(exchange('/x', '', latin('MZ')).map((f) => [f.magic, f.size]), [['pe', 2]])
  deepEqual(exchange('/page.html', 'Content-Encoding: gzip\r\n', fakeContent(64, [0x1f, 0x8b])), [])
  deepEqual(exchange('/a.bin', 'Content-Encoding: gzip\r\n', fakeContent(64)).map((f) => [f.covered, f.complete, f.sha256]), [[64, false, null]])
  const part = exchange('/a.bin', 'Content-Range: bytes 100-163/300\r\n', fakeContent(64))
  deepEqual(part.map((f) => [f.covered, f.size, f.complete, f.magic]), [[64, 300, false, null]])
  deepEqual(exchange('/empty.bin', '', new Uint8Array(0)), [])
})

test('a gap inside a body keeps the framing; beyond it the next start line is looked for', () => {
  const body = fakeContent(500, ELF_HEAD)
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`
  const next: Chunk = { direction: 1, bytes: latin('HTTP/1.1 200 OK\r\nServer: s2\r\nContent-Length: 0\r\n\r\n') }
  const two = ask('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n')
  const inside = factsOf([two, answer(head, body.slice(0, 200)), { direction: 1, bytes: body.slice(300), lost: 100 }, next])
  deepEqual(files(inside).map((f) => [f.covered, f.size, f.complete]), [[400, 500, false]])
  equal(words(inside).includes('http software'), true)
  deepEqual(reasons(inside), [])
  const beyond = factsOf([ask('GET /a HTTP/1.1\r\n\r\n'), answer(head, body.slice(0, 200)), { direction: 1, bytes: join('rest\r\n', next.bytes), lost: 400 }])
  deepEqual(files(beyond).map((f) => [f.covered, f.complete]), [[200, false]])
  deepEqual(reasons(beyond), ['lost'])
  equal(words(beyond).includes('http software'), true)
})

test('what is no HTTP any more is left alone: CONNECT, Upgrade', () => {
  const canary = latin('HTTP/1.1 200 OK\r\nServer: inside\r\n\r\n')
  for (const [question, reply] of [
    ['CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n', 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n'],
  ] as const) {
    const facts = factsOf([ask(question), answer(reply, canary), ask(canary)])
    deepEqual(words(facts), ['http request', 'http totals'])
  }
})

test('few facts: the same words once, and never more than the bounds', () => {
  const letter = (i: number): string => String.fromCharCode(97 + (i % 26))
  const many = Array.from({ length: 200 }, (_, i) => `GET /${letter(i)}/x HTTP/1.1\r\nUser-Agent: u${i}\r\nAuthorization: Basic eDp5\r\n\r\n`)
  const facts = factsOf([ask(many.join(''))])
  ok(facts.length <= 18, `${facts.length} facts`)
  const same = factsOf([ask('GET /a/1 HTTP/1.1\r\nUser-Agent: u\r\n\r\n'.repeat(50))])
  deepEqual(words(same), ['http software', 'http request', 'http totals'])
  deepEqual(reasons(factsOf([ask(`GET / HTTP/1.1\r\nX: ${'y'.repeat(9000)}\r\n\r\n`)])), ['line-length'])
  deepEqual(reasons(factsOf([ask('GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n')])), ['length'])
  deepEqual(reasons(factsOf([ask('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')])), ['chunk'])
})

test('chunks of any size are the body', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }), (sizes) => {
    const body = fakeContent(sizes.reduce((a, b) => a + b, 8), ELF_HEAD)
    let at = 0
    const parts = [8, ...sizes].flatMap((n) => [`${n.toString(16)}\r\n`, body.slice(at, at += n), '\r\n'])
    const facts = factsOf([ask('GET /f HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', ...parts, '0\r\n\r\n')])
    deepEqual(files(facts).map((f) => f.sha256), [sha256(body)])
  }), { numRuns: 30 })
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of SIDE_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})

const CAPTURES: readonly (readonly [string, number, readonly (readonly [string | null, string | null])[]])[] = [
  ['malware/ndpi__exe_download_as_png.pcap', 1, [['*.png', 'pe']]],
  ['malware/ndpi__emotet.pcap', 3, [['*.dll', 'pe'], ['*.dll', 'pe']]],
  ['malware/ndpi__trickbot.pcap', 1, []],
  ['malware/ndpi__portable_executable.pcap', 0, []],
  ['inventory/ndpi__ipp.pcap', 3, []],
  ['inventory/ws__adsl-cpe_nb6-startup.pcap', 8, []],
  ['malware/cs__cryptowall4_c2.pcapng', 3, []],
  ['malware/cs__ratinfected.pcapng', 0, []],
  ['vlan/zeek__http-qinq-0.pcap', 1, []],
  ['medical/tapirx__HL7-ORM.pcap', 0, []],
]

for (const [name, flows, expected] of CAPTURES) {
  test(`capture ${name}: ${flows} flows of HTTP, ${expected.length} files`, { skip: capturesMissing }, () => {
    const result = replay(sharedCapture(name), [createHttp()])
    equal(result.flows.filter((f) => f.protocol === 'http').length, flows)
    deepEqual(files(result.facts).map((f) => [f.name, f.magic]), expected)
  })
}

test('an extension for which a file is told is one that is shown', () => {
  for (const extension of DEVICE_EXTENSIONS) ok(SOFTWARE_EXTENSIONS.has(extension), extension)
})
