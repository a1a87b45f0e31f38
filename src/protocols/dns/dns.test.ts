// Tests of the DNS row: goldens, hostile bytes, and every split of every golden.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { dns } from './index.ts'
import { dnsQuery, encodeDns, encodeDnsTcp } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, dns)

test('no bytes make it throw or say too much', () => {
  neverThrows(dns, { cases: loadGoldens(TESTDATA) })
})

test('client is who asks, whichever side spoke first', () => {
  const bytes = encodeDns(dnsQuery(1, 'a.example', 1)) ?? new Uint8Array(0)
  const facts = everySplit(dns, 'udp', [{ direction: 1, bytes }])
  deepEqual(facts.map((f) => (f.protocol === 'dns' && f.kind === 'query' ? [f.client, f.server] : null)), [['192.0.2.53', '192.0.2.10']])
})

test('any run of queries on TCP gives one fact each, in order', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,20}$/)
  fc.assert(fc.property(fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 5 }), (names) => {
    const chunks = names.map((labels, i) => (
      { direction: 0 as const, bytes: encodeDnsTcp(dnsQuery(i, labels.join('.'), 1)) ?? new Uint8Array(0) }))
    const facts = everySplit(dns, 'tcp', chunks)
    deepEqual(facts.map((f) => (f.protocol === 'dns' && f.kind === 'query' ? f.name : f.kind)), names.map((labels) => labels.join('.')))
  }), { numRuns: 5 })
})

test('probe on UDP wants a whole message: it never answers more', () => {
  const bytes = encodeDns(dnsQuery(1, 'pacs.ward.example', 1)) ?? new Uint8Array(0)
  for (let length = 0; length < bytes.length; length++) equal(dns.probe('udp', 0, bytes, 0, length), 'no', `length ${length}`)
  equal(dns.probe('udp', 0, bytes, 0, bytes.length), 'yes')
})

test('probe on TCP answers more until the first question is whole, and never takes it back', () => {
  const bytes = encodeDnsTcp(dnsQuery(1, 'pacs.ward.example', 1)) ?? new Uint8Array(0)
  for (let length = 0; length < bytes.length; length++) equal(dns.probe('tcp', 0, bytes, 0, length), 'more', `length ${length}`)
  equal(dns.probe('tcp', 0, bytes, 0, bytes.length), 'yes')
})

/** A good query but for its flag bytes, on both transports: the length bytes in front are what TCP wants and break it on UDP. */
function withFlags(high: number, low: number): Uint8Array {
  const bytes = encodeDnsTcp(dnsQuery(1, 'pacs.ward.example', 1)) ?? new Uint8Array(0)
  bytes.set([high, low], 4)
  return bytes
}

/** Type NBSTAT for the name of 32 letters that stands for an asterisk (RFC 1002 section 4.2.18). */
const NETBIOS = `\x00\x01\x01\x10\x00\x01\x00\x00\x00\x00\x00\x00 CK${'A'.repeat(30)}\x00\x00\x21\x00\x01`

const NOT_DNS: readonly (readonly [string, Uint8Array])[] = [
  ['CMS8000 bed and ends of cycles', Uint8Array.from([6, 0, 5, 0x45, 0, 0, 7, 0xff, 2, 0, 5, 0x47, 2, 0, 5, 0x47, 2, 0, 5, 0x47])],
  ['HL7 in MLLP', new TextEncoder().encode('\x0bMSH|^~\\&|ZZTEST|CANARY|||20260105||ORU^R01|1|P|2.4\r\x1c\r')],
  ['LPD job', new TextEncoder().encode('\x02lp\n\x0212 cfA001host\nPZZTEST\nldfA001host\n')],
  ['HTTP request', new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example\r\n\r\n')],
  ['TLS client hello', Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Uint8Array(60).fill(7)])],
  ['program file', Uint8Array.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff, 0, 0, 0xb8, ...new Uint8Array(60)])],
  ['a query with the reserved bit set', withFlags(0x01, 0x40)],
  ['a query with a response code', withFlags(0x01, 0x03)],
  ['a query with opcode 7', withFlags(0x38, 0x00)],
  ['zeros', new Uint8Array(64)],
  ['ones', new Uint8Array(64).fill(0xff)],
  ['NetBIOS name query', new TextEncoder().encode(NETBIOS)],
]

for (const [what, bytes] of NOT_DNS) {
  test(`probe says no to: ${what}`, () => {
    equal(dns.probe('tcp', 0, bytes, 0, bytes.length), 'no')
    equal(dns.probe('udp', 0, bytes, 0, bytes.length), 'no')
  })
}

test('random bytes are hardly ever DNS', () => {
  let yes = 0
  fc.assert(fc.property(fc.uint8Array({ minLength: 20, maxLength: 200 }), (bytes) => {
    if (dns.probe('udp', 0, bytes, 0, bytes.length) === 'yes') yes++
  }), { numRuns: 5000 })
  equal(yes <= 1, true, `${yes} of 5000`)
})
