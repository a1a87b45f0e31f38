// Tests of JA3, JA3S and JA4 against the worked examples of their own specifications.
// Keeps the rule that a fingerprint is worth nothing unless others compute the same.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { isGrease } from './codes.ts'
import { ja3, ja3s, ja3sText, ja3Text, ja4, offeredVersion } from './fingerprint.ts'
import type { ClientHello } from './message.ts'

const hex = (text: string): number[] => text.split(',').map((part) => Number.parseInt(part, 16))

/** The example of JA4's specification, with GREASE put in where Chrome has it. */
const CHROME: ClientHello = {
  version: 0x0303, serverName: 'example', groups: [0x9a9a, 29, 23, 24], pointFormats: [0], versions: [0x7a7a, 0x0304, 0x0303], alpn: ['h2', 'http/1.1'],
  alpnEnds: [0x68, 0x32],
  ciphers: [0x3a3a, ...hex('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035')],
  extensions: [0xaaaa, ...hex('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'), 0x4a4a],
  signatureAlgorithms: hex('0403,0804,0401,0503,0805,0501,0806,0601'),
}

test('the example of JA4\'s specification', () => {
  equal(ja4(CHROME, 't'), 't13d1516h2_8daaf6152771_e5627efa2ab1')
  equal(ja4({ ...CHROME, signatureAlgorithms: [] }, 'q'), 'q13d1516h2_8daaf6152771_6d807ffa2a79')
})

test('JA4 of a hello with little in it', () => {
  const bare = { ...CHROME, ciphers: [], extensions: [], versions: [], alpnEnds: null, version: 0x0301 }
  equal(ja4(bare, 't'), 't10i000000_000000000000_000000000000')
  equal(ja4({ ...bare, version: 0x0999 }, 't').slice(0, 3), 't00')
  equal(ja4({ ...CHROME, ciphers: Array.from({ length: 120 }, (_, i) => i) }, 't').slice(4, 6), '99')
})

/** First and last byte of the first protocol name, and what JA4 prints, by its specification. */
for (const [ends, printed] of [
  [[0xab, 0xab], 'ab'], [[0xab, 0xcd], 'ad'], [[0x30, 0xab], '3b'], [[0x30, 0xcd], '3d'], [[0x68, 0x31], 'h1'], [[0x7a, 0x7a], 'zz'],
] as const) {
  test(`JA4 prints ${printed} for a protocol name from ${ends[0].toString(16)} to ${ends[1].toString(16)}`, () => {
    equal(ja4({ ...CHROME, alpnEnds: ends }, 't').slice(8, 10), printed)
  })
}

/** The examples in the description of JA3. */
test('JA3: decimal lists in the order of the hello, empty ones between commas, GREASE left out', () => {
  const old: ClientHello = {
    ...CHROME, version: 769, ciphers: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
    extensions: [0, 10, 11], groups: [23, 24, 25], pointFormats: [0],
  }
  equal(ja3Text(old), '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0')
  equal(ja3(old), 'ada70206e40642a3e4461f35503241d5')
  const none = { ...old, ciphers: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], extensions: [], groups: [], pointFormats: [] }
  equal(ja3Text(none), '769,4-5-10-9-100-98-3-6-19-18-99,,,')
  equal(ja3(none), 'de350869b8c85de67a350c8d186f11e6')
  equal(ja3Text(CHROME).includes('14906'), false)
})

test('JA3S: the message\'s version, the chosen cipher, extensions in order', () => {
  const hello = { legacyVersion: 769, version: 769, cipher: 47, extensions: [65281, 0, 11, 35, 5, 16], alpn: null, isRetry: false }
  equal(ja3sText(hello), '769,47,65281-0-11-35-5-16')
  // md5sum's of that text; tls.test.ts and dtls.test.ts have tshark's of real hellos.
  equal(ja3s(hello), '836ce314215654b5b1f85f97c73e506f')
  equal(ja3sText({ ...hello, extensions: [] }), '769,47,')
})

test('of DTLS the version offered is the lowest number', () => {
  equal(offeredVersion({ ...CHROME, version: 0xfefd, versions: [0xfeff, 0xfefc] }), 0xfefc)
  equal(ja4({ ...CHROME, version: 0xfeff, versions: [] }, 'd').slice(0, 4), 'dd1d')
})

test('GREASE is sixteen values and no more', () => {
  equal(Array.from({ length: 0x10000 }, (_, i) => i).filter(isGrease).map((v) => v.toString(16)).join(' '),
    'a0a 1a1a 2a2a 3a3a 4a4a 5a5a 6a6a 7a7a 8a8a 9a9a aaaa baba caca dada eaea fafa')
})

test('the version is the highest offered, or the one of the message', () => {
  equal(offeredVersion(CHROME), 0x0304)
  equal(offeredVersion({ ...CHROME, versions: [0x1a1a] }), 0x0303)
})
