// Tests of the QUIC row: goldens, hostile bytes, packets sealed by another stack, and a real capture.
// Keeps the rule that an opened packet has proved itself by its tag, and that what is inside may still be anything.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { encodeClientHello } from '../tls/index.ts'
import { quic } from './index.ts'
import { readFrames, readVarint, versionNames } from './message.ts'
import { QUIC_HELLO_BYTES_MAX, QUIC_INITIALS_MAX, QUIC_STATES } from './session.ts'
import { cryptoFrame, ID, sealInitial, varint, type InitialParts } from './testdata/packets.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, quic)

test('no bytes make it throw or say too much', () => {
  neverThrows(quic, { cases: loadGoldens(TESTDATA), runs: 60 })
})

const HELLO = encodeClientHello({
  version: 0x0303, ciphers: [0x1301], extensions: [0, 43], serverName: 'a.example', groups: [], pointFormats: [], signatureAlgorithms: [],
  versions: [0x0304], alpn: [], alpnEnds: null,
}).slice(5)
const up = (parts: InitialParts): Chunk => ({ direction: 0, bytes: sealInitial({ bytes: 200, ...parts }) })
const said = (...chunks: Chunk[]): string[] => runSession(quic, 'udp', chunks).facts
  .map((f) => (f.protocol !== 'quic' ? '' : f.kind === 'client-hello' ? `hello ${f.serverName}` : f.kind === 'unread' ? f.reason : f.kind))

test('the probe: known versions, ids that fit, and nothing else that begins with a set bit', () => {
  const probe = (...bytes: number[]): string => quic.probe('udp', 0, Uint8Array.from(bytes), 0, bytes.length)
  for (const version of [1, 0x6b3343cf, 0xff00001d, 0xff000022]) {
    const bytes = sealInitial({ version, frames: [], bytes: 100 })
    equal(quic.probe('udp', 0, bytes, 0, bytes.length), 'yes')
    equal(quic.probe('udp', 0, bytes, 0, 14), 'no', 'cut inside the ids')
  }
  equal(probe(0xc0, 0, 0, 0, 1, 21, ...new Uint8Array(40)), 'no', 'an id of 21 bytes')
  equal(probe(0x80, 0, 0, 0, 1, 8, ...new Uint8Array(40)), 'no', 'the fixed bit is clear')
  equal(probe(0xc0, 0x5a, 0x5a, 0x5a, 0x5a, 0, 0, 0), 'no', 'a version nobody knows')
  equal(probe(0x80, 0, 0, 0, 0, 0, 0, 0x1a, 0x2a, 0x3a, 0x4a), 'no', 'a negotiation that offers nothing')
  equal(probe(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 'yes')
  equal(probe(0xff, ...new Uint8Array(60).fill(0xff)), 'no')
})

test('every version, any id, a token, a packet number: the hello comes out', () => {
  const id = fc.uint8Array({ minLength: 0, maxLength: 20 })
  const version = fc.constantFrom(1, 0x6b3343cf, 0xff00001d, 0xff000021)
  fc.assert(fc.property(version, id, fc.nat({ max: 255 }), fc.array(fc.nat({ max: 255 }), { maxLength: 90 }), (v, i, number, token) => {
    deepEqual(said(up({ version: v, id: i, number, token, frames: cryptoFrame(0, HELLO) })), ['start', 'hello a.example'])
  }), { numRuns: 20 })
})

test('a hello in any pieces, in any order, told once', () => {
  const half = 20
  const first = up({ frames: cryptoFrame(0, HELLO.slice(0, half)) })
  const second = up({ frames: cryptoFrame(half, HELLO.slice(half)), number: 1 })
  for (const order of [[first, second], [second, first], [first, first, second, second, first]]) deepEqual(said(...order), ['start', 'hello a.example'])
  deepEqual(said(first), ['start', 'incomplete'])
})

test('two packets in one datagram, and a third kind behind them', () => {
  const [a, b] = [up({ frames: cryptoFrame(0, HELLO.slice(0, 9)) }).bytes, up({ frames: cryptoFrame(9, HELLO.slice(9)), number: 1 }).bytes]
  deepEqual(said({ direction: 0, bytes: Uint8Array.from([...a, ...b, 0xd1, 0, 0, 0, 1, 0, 0]) }), ['start', 'hello a.example'])
})

test('after a Retry the client\'s keys come from the new id', () => {
  const incomplete = up({ frames: cryptoFrame(0, HELLO.slice(0, 9)) })
  const retry: Chunk = { direction: 1, bytes: Uint8Array.from([0xf0, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4, ...new Uint8Array(20)]) }
  deepEqual(said(incomplete, retry, up({ id: Uint8Array.of(1, 2, 3, 4), frames: cryptoFrame(0, HELLO) })), ['start', 'hello a.example'])
})

test('damage inside is said: a frame not allowed there, a message that is no hello, one that is too long', () => {
  deepEqual(said(up({ frames: [0x1e] })), ['start', 'frames'])
  deepEqual(said(up({ frames: [6, ...varint(0), ...varint(5000)] })), ['start', 'frames'])
  deepEqual(said(up({ frames: cryptoFrame(0, Uint8Array.of(2, 0, 0, 1, 0)) })), ['start', 'hello'])
  deepEqual(said(up({ frames: cryptoFrame(0, Uint8Array.of(1, 0, QUIC_HELLO_BYTES_MAX >> 8, 0)) })), ['start', 'hello'])
  deepEqual(said(up({ frames: cryptoFrame(2 ** 29, HELLO) })), ['start', 'incomplete'], 'a place beyond the bound is not kept')
})

test('so many packets are tried, then no more', () => {
  const wrong = up({ keyId: ID.slice(2), frames: cryptoFrame(0, HELLO) })
  const right = up({ frames: cryptoFrame(0, HELLO) })
  deepEqual(said(...Array.from({ length: QUIC_INITIALS_MAX - 1 }, () => wrong), right), ['start', 'hello a.example'])
  deepEqual(said(...Array.from({ length: QUIC_INITIALS_MAX }, () => wrong), right), ['start', 'key'])
})

test('acknowledgements are passed over, with and without ECN, and cut ones are damage', () => {
  const none = { crypto: () => {} }
  equal(readFrames(Uint8Array.of(2, 5, 0, 1, 0, 2, 2, 1), none), true)
  equal(readFrames(Uint8Array.of(3, 5, 0, 0, 0, 1, 2, 3, 1), none), true)
  equal(readFrames(Uint8Array.of(2, 5, 0, 1, 0, 2), none), false)
  equal(readFrames(Uint8Array.from([...new Uint8Array(5000), 1]), none), true)
})

/** RFC 9000 appendix A.1. */
test('the numbers of RFC 9000 appendix A.1', () => {
  const read = (...bytes: number[]): number | null => readVarint(Uint8Array.from(bytes), 0, bytes.length)?.value ?? null
  deepEqual([read(0x25), read(0x40, 0x25), read(0x7b, 0xbd), read(0x9d, 0x7f, 0x3e, 0x7d)], [37, 37, 15_293, 494_878_333])
  equal(read(0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8), null)
})

test('versions have names, and GREASE none', () => {
  deepEqual(versionNames([1, 0x6b3343cf, 0x1a2a3a4a, 0xff00001d, 0xfaaa3a0a, 0xabcd0000]), ['1', '2', 'draft-29', '0xabcd0000'])
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of QUIC_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})

/** Server name and protocols by tshark 4.0, JA4 by nDPI. */
const CAPTURE = 'crashed-a-peer/ndpi__quic-v2.pcapng'
test(`capture ${CAPTURE}: version 2, the server's name and the client's fingerprint`, { skip: skipWithout(CAPTURE) }, () => {
  const { facts, flows } = replay(sharedCapture(CAPTURE) ?? '', [quic])
  deepEqual(flows.map((f) => f.protocol), ['quic'])
  deepEqual(facts.map((f) => (f.protocol !== 'quic' ? f.protocol : f.kind === 'start' ? [f.version, f.destinationIdBytes] : f.kind === 'client-hello'
    ? [f.version, f.serverName, f.alpn, f.ja4] : f.kind)), [['2', 8], ['TLS 1.3', 'test', ['h3'], 'q13d0310h3_55b375c5d22e_0a3b52e28cea']])
})
