// Tests of DTLS: the probe, hellos in pieces in any order, cookies and retries, versions that fall, bounds, and tshark's fingerprints.
// Keeps the rule that what is encrypted is not looked at, and that a piece that is missing makes no hello.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import { loadGoldens } from '../../testing/golden.ts'
import { noTshark } from '../../testing/tshark.ts'
import { datagram, pcapOf } from '../rpc/testdata/packets.ts'
import type { Fact } from '../facts.ts'
import { Dtls, TlsHandshake } from './codes.ts'
import { DTLS_HELLO_BYTES_MAX, DtlsSession, encodeDtlsPiece, probeDtls } from './dtls.ts'
import { tls } from './index.ts'
import { clientHelloBody, serverHelloBody, type ClientHello } from './message.ts'
import { fakeContext } from '../../testing/fake-context.ts'

const HELLO: ClientHello = {
  version: Dtls.v12, ciphers: [0xc02b, 0xc02f], extensions: [0, 10, 11, 13, 16], serverName: 'pump.ward.example', groups: [29, 23], pointFormats: [0],
  signatureAlgorithms: [0x0403], versions: [], alpn: ['coap'], alpnEnds: [0x63, 0x70],
}
const body = (hello: ClientHello, cookie: readonly number[] = []): Uint8Array => Uint8Array.from(clientHelloBody(hello, cookie))
const whole = (bytes: Uint8Array, message = 0, type: number = TlsHandshake.clientHello): Uint8Array =>
  encodeDtlsPiece(type, bytes, message, 0, bytes.length)
const server = (version: number): Uint8Array =>
  whole(Uint8Array.from(serverHelloBody({ version, cipher: 0x1301, alpn: null, isRetry: false })), 1, TlsHandshake.serverHello)
const factsOf = (chunks: readonly Chunk[]): readonly Fact[] => runSession(tls, 'udp', chunks).facts
const client = (bytes: Uint8Array): Chunk => ({ direction: 0, bytes })
const words = (facts: readonly Fact[]): unknown[] => facts.map((f) => (f.protocol !== 'tls' ? f.protocol
  : f.kind === 'client-hello' ? `${f.kind} ${f.version} ${f.serverName} ${f.alpn.join(',')} ${f.ja4?.slice(0, 10)}`
    : f.kind === 'server-hello' ? `${f.kind} ${f.version}` : f.kind === 'malformed' ? `${f.kind} ${f.reason}` : f.kind))
const SAID = 'client-hello DTLS 1.2 pump.ward.example coap dd2d0205cp'
const probe = (bytes: Uint8Array): string => probeDtls(bytes, 0, bytes.length)
const encrypted = (epoch: number, bytes: number, content = 23): number[] =>
  [content, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, bytes, ...new Uint8Array(bytes)]

test('probe: hellos and what asks for them, in whole or in pieces; encrypted records to the end of the datagram; nothing else', () => {
  equal(probe(whole(body(HELLO))), 'yes')
  equal(probe(encodeDtlsPiece(TlsHandshake.clientHello, body(HELLO), 0, 20, 50)), 'yes')
  equal(probe(whole(Uint8Array.of(0xfe, 0xff, 4, 1, 2, 3, 4), 0, TlsHandshake.helloVerify)), 'yes')
  equal(probe(server(Dtls.v12)), 'yes')
  equal(probe(Uint8Array.from([...encrypted(1, 20), ...encrypted(1, 9)])), 'yes')
  const edited = (off: number, byte: number): Uint8Array => {
    const copy = whole(body(HELLO))
    copy[off] = byte
    return copy
  }
  for (const [what, bytes] of [
    ['another content', edited(0, 24)], ['another version', edited(1, 3)], ['an epoch above 0', edited(4, 1)], ['a record beyond the datagram', edited(11, 9)],
    ['another message', edited(13, 11)], ['a piece beyond its message', edited(20, 9)], ['a hello of 16 MB', edited(14, 255)],
    ['encrypted and epoch 0', Uint8Array.from(encrypted(0, 20))], ['encrypted and too short', Uint8Array.from(encrypted(1, 8))],
    ['encrypted with more behind it', Uint8Array.from([...encrypted(1, 20), 1])], ['a head alone', whole(body(HELLO)).slice(0, 13)],
  ] as const) equal(probe(bytes), 'no', what)
  for (let end = 0; end < whole(body(HELLO)).length; end++) equal(probe(whole(body(HELLO)).slice(0, end)), 'no', `cut at ${end}`)
})

test('a hello, one with a cookie, and one said again are one fact', () => {
  const chunks = [whole(body(HELLO)), whole(body(HELLO, [1, 2, 3, 4]), 1), whole(body(HELLO, [1, 2, 3, 4]), 1)].map(client)
  deepEqual(words(factsOf([...chunks, { direction: 1, bytes: server(Dtls.v12) }])), [SAID, 'server-hello DTLS 1.2'])
})

test('pieces in any order, twice and overlapping, make the hello; without one of them there is none', () => {
  const bytes = body(HELLO, [9])
  const cuts = fc.array(fc.nat({ max: bytes.length }), { maxLength: 6 }).map((list) => [...new Set([0, ...list, bytes.length])].sort((a, b) => a - b))
  fc.assert(fc.property(cuts, fc.integer({ min: 0, max: 20 }), fc.nat(), (places, overlap, seed) => {
    const pieces = places.slice(1).map((to, i) => encodeDtlsPiece(TlsHandshake.clientHello, bytes, 1, Math.max(0, (places[i] ?? 0) - overlap), to))
    const mixed = pieces.map((piece, i) => ({ piece, key: (i * 7919 + seed) % 104_729 })).sort((a, b) => a.key - b.key).map(({ piece }) => piece)
    deepEqual(words(factsOf([...mixed, ...mixed].map(client))), [SAID])
    if (overlap === 0 && mixed.length > 1) deepEqual(words(factsOf(mixed.slice(1).map(client))), [])
  }), { numRuns: 60 })
})

test('pieces of another message or of another length begin anew', () => {
  const bytes = body(HELLO)
  const half = Math.floor(bytes.length / 2)
  const [first, second] = [encodeDtlsPiece(1, bytes, 0, 0, half), encodeDtlsPiece(1, bytes, 1, half, bytes.length)]
  deepEqual(words(factsOf([first, second].map(client))), [])
  deepEqual(words(factsOf([first, second, encodeDtlsPiece(1, bytes, 1, 0, half)].map(client))), [SAID])
})

test('versions: 1.3 by extension, the highest of those offered', () => {
  const newer = { ...HELLO, extensions: [...HELLO.extensions, 43], versions: [Dtls.v10, Dtls.v13, Dtls.v12] }
  deepEqual(words(factsOf([client(whole(body(newer))), { direction: 1, bytes: server(Dtls.v13) }])),
    ['client-hello DTLS 1.3 pump.ward.example coap dd3d0206cp', 'server-hello DTLS 1.3'])
  deepEqual(words(factsOf([client(whole(body({ ...HELLO, version: Dtls.v10 })))])), ['client-hello DTLS 1.0 pump.ward.example coap dd1d0205cp'])
})

test('damage is told once per side; a hello above its bound is not put together', () => {
  const cut = whole(body(HELLO).slice(0, 40))
  deepEqual(words(factsOf([cut, cut].map(client))), ['malformed client-hello'])
  const long = encodeDtlsPiece(1, new Uint8Array(DTLS_HELLO_BYTES_MAX + 1), 0, 0, 100)
  deepEqual(words(factsOf([client(long)])), ['malformed handshake-length'])
  const beyond = whole(body(HELLO))
  beyond[14] = 0
  beyond[15] = 0
  beyond[16] = 20
  deepEqual(words(factsOf([client(beyond)])), ['malformed handshake-length'])
})

test('encrypted without a hello is said once; with both sides encrypted nothing more need be brought', () => {
  const sealed = Uint8Array.from([...encrypted(1, 20)])
  deepEqual(words(factsOf([client(sealed), client(sealed), { direction: 1, bytes: sealed }])), ['encrypted'])
  const context = fakeContext('udp')
  const session = new DtlsSession(context)
  for (const bytes of [whole(body(HELLO)), Uint8Array.from(encrypted(1, 30, 22))]) session.feed(0, bytes, 0, bytes.length, 1)
  equal(session.isDone, false)
  // The head of DTLS 1.3.
  session.feed(1, Uint8Array.from([0x2f, 0, 1, 0, 20, ...new Uint8Array(20)]), 0, 25, 2)
  ok(session.isDone)
  deepEqual(words(context.facts), [SAID])
})

test('hostile: many records and pieces in one datagram are few facts', () => {
  const piece = encodeDtlsPiece(1, new Uint8Array(8000), 0, 0, 1)
  const many = Uint8Array.from(Array.from({ length: 500 }, () => [...piece]).flat())
  deepEqual(words(factsOf(Array.from({ length: 50 }, () => client(many)))), [])
})

test('tshark computes the same JA3 and JA3S of a talk between real stacks', { skip: noTshark }, () => {
  const golden = loadGoldens(new URL('./testdata/', import.meta.url)).find((c) => c.transport === 'udp')
  ok(golden)
  const dir = mkdtempSync(join(tmpdir(), 'dtls-'))
  try {
    const file = join(dir, 'talk.pcap')
    writeFileSync(file, pcapOf(golden.chunks.map(({ direction, bytes }) => datagram(bytes, direction === 0, 50_010, 5684))))
    const fields = ['dtls.handshake.extensions_server_name', 'dtls.handshake.ja3', 'dtls.handshake.ja3s'].flatMap((field) => ['-e', field])
    const args = ['-r', file, '-n', '-d', 'udp.port==5684,dtls', '-T', 'fields', '-E', 'separator=|', ...fields]
    const rows = execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString().split('\n')
    const own = factsOf(golden.chunks).flatMap((f) => (f.protocol !== 'tls' ? [] : f.kind === 'client-hello' ? [`${f.serverName}|${f.ja3}|`]
      : f.kind === 'server-hello' ? [`||${f.ja3s}`] : []))
    deepEqual([rows[0], rows[3]], own)
  } finally {
    rmSync(dir, { recursive: true })
  }
})
