// Tests of the TLS row: goldens, hostile bytes, what is said of people, and real captures with the answers of others.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { replay } from '../../testing/replay.ts'
import { TlsContent, TlsHandshake } from './codes.ts'
import type { TlsFact } from './facts.ts'
import { encodeCertificate, encodeCertificates, tls } from './index.ts'
import { encodeHandshake, encodeRecord } from './message.ts'
import { TLS_STREAM_STATES } from './stream.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, tls)

test('no bytes make it throw or say too much', () => {
  neverThrows(tls, { cases: loadGoldens(TESTDATA) })
})

test('a person\'s certificate leaves no name', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.some((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('ZZTEST'))))
  for (const c of cases) equal(/ZZTEST|zztest/.test(JSON.stringify(runSession(tls, 'tcp', c.chunks).facts)), false, c.title)
})

const probe = (bytes: ArrayLike<number>): string => tls.probe('tcp', 0, Uint8Array.from(bytes), 0, bytes.length)

test('the probe waits for eleven bytes of a hello and never takes a yes back', () => {
  const hello = loadGoldens(TESTDATA)[0]?.chunks[0]?.bytes ?? new Uint8Array(0)
  for (let length = 1; length <= hello.length; length++) equal(probe(hello.slice(0, length)), length < 11 ? 'more' : 'yes', `${length}`)
})

for (const [what, bytes] of [
  ['text', [...Buffer.from('GET / HTTP/1.1')]], ['a record of another major version', [22, 2, 0, 0, 60, 1]],
  ['a handshake that is no hello', [22, 3, 1, 0, 60, 11]], ['a hello too short to be one', [22, 3, 1, 0, 60, 1, 0, 0, 9, 3, 3]],
  ['a hello of 16 MB', [22, 3, 1, 0, 60, 1, 255, 0, 0, 3, 3]],
  ['encrypted data shorter than a tag', [23, 3, 3, 0, 9, 0, 0]],
  ['encrypted data followed by none', [23, 3, 3, 0, 17, ...new Uint8Array(17), 65, 66, 67]],
  ['an old hello with lengths that do not add up', [0x80, 40, 1, 3, 1, 0, 6, 0, 0, 0, 16]], ['a change of cipher first', [20, 3, 3, 0, 1, 1]],
] as const) {
  test(`the probe says no to ${what}`, () => equal(probe(bytes), 'no'))
}

test('of a chain longer than is kept the first certificate is read, and what follows it is followed', () => {
  const names = { commonName: 'server', organization: null }
  const certificate = encodeCertificate({ subject: names, issuer: names, serial: 1, notBefore: '240101000000Z', notAfter: '290101000000Z', dnsNames: [] })
  const [, ...body] = [0, ...encodeCertificates([certificate, new Uint8Array(40_000)]).slice(9)]
  const message = encodeHandshake(TlsHandshake.certificate, body)
  const records: number[] = []
  for (let at = 0; at < message.length; at += 9000) records.push(...encodeRecord(TlsContent.handshake, message.slice(at, at + 9000)))
  const hello = loadGoldens(TESTDATA)[0]?.chunks ?? []
  const bytes = Uint8Array.from([...records, ...encodeRecord(TlsContent.alert, [2, 40])])
  const chunks: Chunk[] = [hello[0] as Chunk, { direction: 1, bytes }]
  deepEqual(runSession(tls, 'tcp', chunks).facts.map((f) => f.kind), ['client-hello', 'certificate', 'alert'])
})

test('a hello above its bound gives the direction up', () => {
  const bytes = Uint8Array.from([22, 3, 1, 0x40, 0, 1, 0, 0x50, 0, ...new Uint8Array(100)])
  const [fact] = runSession(tls, 'tcp', [{ direction: 0, bytes }]).facts
  ok(fact?.protocol === 'tls' && fact.kind === 'malformed')
  equal(fact.reason, 'handshake-length')
})

test('whatever is repeated, facts are few', () => {
  const chunks = loadGoldens(TESTDATA)[0]?.chunks ?? []
  const [hello, answer] = [chunks[0]?.bytes ?? new Uint8Array(0), chunks[1]?.bytes ?? new Uint8Array(0)]
  fc.assert(fc.property(fc.array(fc.constantFrom<0 | 1>(0, 1), { maxLength: 40 }), (sides) => {
    const many = sides.map((direction): Chunk => ({ direction, bytes: direction === 0 ? hello : answer }))
    ok(runSession(tls, 'tcp', many).facts.length <= 3)
  }), { numRuns: 20 })
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of TLS_STREAM_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})

interface Expected {
  readonly name: string
  /** `kind: words`, in order of appearance, each distinct one once. */
  readonly says: readonly string[]
}

/**
 * Server names, JA3, JA3S, versions and suites by tshark 4.0; JA4 by nDPI (which wrote `d` for a hello without a name in two of them; the
 * specification says `i`); certificates by tshark and nDPI.
 */
const CAPTURES: readonly Expected[] = [
  { name: 'dns/ndpi__dns2tcp_tunnel.pcap', says: [
    'client-hello: null TLS 1.3 547df21d727c7b3a5dcb59aa0fd97c2c t13i1910h2_9dc949149365_d811adc85aab h2,http/1.1',
    'server-hello: TLS 1.3 TLS_AES_128_GCM_SHA256 eb1d94daa7e0344597e756a1fb6e7054',
  ] },
  { name: 'malware/ndpi__emotet.pcap', says: [
    'client-hello: null TLS 1.2 51c64c77e60f3980eea90869b68c58a8 t12i190600_d83cc789557e_2dae41c691ec ',
    'server-hello: TLS 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 ec74a5c51106f0419184d0dd08fb05bc',
    'certificate: example.com Global Security by example.com 2022-04-21T10:08:46Z 2023-04-21T10:08:46Z valid self',
    'server-hello: TLS 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 fd4bc6cea4877646ccd62f0792ec0b62',
  ] },
  { name: 'format/gp__pcapgo_tests_le_test300.pcapng', says: [
    'client-hello: www.baidu.com TLS 1.3 f436b9416f37d134cadd04886327d3e8 ? h2,http/1.1',
    'server-hello: TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 2de81c22ea32a57162df5cb08d4a2795',
    'certificate: baidu.com Beijing Baidu Netcom Science Technology Co., Ltd by GlobalSign RSA OV SSL CA 2018 ? ? valid other',
  ] },
  { name: 'tunnel/ndpi__vxlan.pcap', says: [
    'client-hello: facebook.com TLS 1.3 40adfd923eb82b89d8836ba37a19bca1 ? ',
    'server-hello: TLS 1.3 TLS_CHACHA20_POLY1305_SHA256 475c9302dc42b2751db9edcac3b74891',
    'client-hello: www.facebook.com TLS 1.3 40adfd923eb82b89d8836ba37a19bca1 ? ',
  ] },
  { name: 'crashed-a-peer/ndpi__tls_heur__trojan-tcp-tls.pcapng', says: [
    'client-hello: test.lan TLS 1.3 7a15285d4efc355608b304698cd7f9ab ? h2,http/1.1',
    'server-hello: TLS 1.3 TLS_AES_128_GCM_SHA256 f4febc55ea12b31ae17cfb7e614afda8',
    'client-hello: www.youtube.com TLS 1.3 4ea056e63b7910cbf543f0c095064dfe ? h2,http/1.1',
    'server-hello: TLS 1.3 TLS_AES_256_GCM_SHA384 907bf3ecef1c987c889946b737b43de8',
  ] },
]

function words(fact: TlsFact, isJa4Known: boolean, areDatesKnown: boolean): string {
  if (fact.kind === 'client-hello') return `${fact.serverName} ${fact.version} ${fact.ja3} ${isJa4Known ? fact.ja4 : '?'} ${fact.alpn.join(',')}`
  if (fact.kind === 'server-hello') return `${fact.version} ${fact.cipher} ${fact.ja3s}`
  if (fact.kind !== 'certificate') return ''
  const dates = areDatesKnown ? `${fact.notBefore} ${fact.notAfter}` : '? ?'
  return `${fact.commonName} ${fact.organization} by ${fact.issuerCommonName} ${dates} ${fact.validity} ${fact.selfIssued ? 'self' : 'other'}`
}

for (const { name, says } of CAPTURES) {
  test(`capture ${name}: names, versions, suites, fingerprints and certificates`, { skip: skipWithout(name) }, () => {
    const facts = replay(sharedCapture(name) ?? '', [tls]).facts.filter((f) => f.protocol === 'tls')
    const isJa4Known = says.every((s) => !s.includes(' ? '))
    const seen = facts.filter((f) => f.kind !== 'encrypted').map((f) => `${f.kind}: ${words(f, isJa4Known, isJa4Known)}`)
    deepEqual([...new Set(seen)], says)
  })
}
