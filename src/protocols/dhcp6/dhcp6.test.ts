// Tests of DHCPv6: goldens, hostile bytes, the probe, round trips, relays and bounds, and a capture against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromWords } from '../../base/ip.ts'
import { formatMac } from '../../base/mac.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { fakeContext } from '../../testing/fake-context.ts'
import { assertPlainFacts, neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replayCapture } from '../../testing/replay.ts'
import { ipBytes } from '../octets.ts'
import { dhcp6 } from './index.ts'
import { decodeDhcp6, duidOf, encodeDhcp6, encodeDhcp6Relay, vendorClassData } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const SOLICIT = encodeDhcp6({ type: 1, transactionId: 7, options: [[1, duidOf(0x02005e000001)], [8, [0, 0]], [6, [0, 23, 0, 24]]] })

runGoldens(TESTDATA, dhcp6)

test('no bytes make it throw or say too much', () => {
  neverThrows(dhcp6, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => dhcp6.probe('udp', 0, bytes, 0, bytes.length)

test('probe wants options to the last byte and an identity', () => {
  equal(probe(SOLICIT), 'yes')
  // Cut between two options the rest is a message of its own.
  const whole = [18, 24, SOLICIT.length]
  for (let length = 0; length < SOLICIT.length; length++) equal(probe(SOLICIT.slice(0, length)), whole.includes(length) ? 'yes' : 'no', `${length}`)
  equal(probe(Uint8Array.of(...SOLICIT, 0)), 'no')
  equal(probe(encodeDhcp6({ type: 1, transactionId: 7, options: [[8, [0, 0]]] })), 'no')
  equal(probe(new Uint8Array(60)), 'no')
  equal(probe(encodeDhcp6({ type: 14, transactionId: 7, options: [[1, duidOf(1)]] })), 'no')
})

test('random bytes are never DHCPv6', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), (bytes) => equal(probe(bytes), 'no')), { numRuns: 500 })
})

const ip6 = fc.nat().map((n) => ipFromWords(0x20010db8, 0, 0, n))

test('decode gives back identity, addresses, class and list, in any number of relays up to eight', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_.-]{1,30}$/)
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), ip6, word, fc.nat({ max: 9 }), (mac, address, text, relays) => {
    const inner = encodeDhcp6({ type: 7, transactionId: 1, options: [
      [1, duidOf(mac)], [16, vendorClassData(40972, text)], [3, [...new Uint8Array(12), 0, 5, 0, 24, ...ipBytes(address), ...new Uint8Array(8)]],
    ] })
    let bytes = inner
    for (let i = 0; i < relays; i++) bytes = encodeDhcp6Relay(address, address, [[18, [0x47, 0x69, 0x37]]], bytes)
    const { value, problem } = decodeDhcp6(bytes, 0, bytes.length)
    equal(problem, relays > 8 ? 'relay-depth' : null)
    if (relays > 8) return
    ok(value)
    deepEqual([value.type, value.client, value.addresses, value.vendorClass, value.enterprise, value.relayed, value.interfaceId],
      ['reply', formatMac(mac), [address], text, 40972, relays > 0, relays > 0 ? 'Gi7' : null])
  }))
})

test('cut at every byte it never throws, and a flood of options is cut off', () => {
  for (let end = 0; end < SOLICIT.length; end++) ok(decodeDhcp6(SOLICIT, 0, end).problem !== null || [4, 18, 24].includes(end), `${end}`)
  const many = encodeDhcp6({ type: 1, transactionId: 1, options: Array.from({ length: 300 }, () => [99, []] as const) })
  equal(decodeDhcp6(many, 0, many.length).problem, 'too-many-options')
})

test('the same question again is counted, not told: transaction and elapsed time aside', () => {
  const context = fakeContext('udp')
  const session = dhcp6.open(context)
  for (let i = 0; i < 500; i++) {
    const bytes = encodeDhcp6({ type: 1, transactionId: i, options: [[1, duidOf(0x02005e000001)], [8, [i >> 8, i & 255]]] })
    session.feed(0, bytes, 0, bytes.length, i)
  }
  session.end(501)
  assertPlainFacts(context.facts)
  deepEqual(context.facts.map((f) => (f.protocol === 'dhcp6' && f.kind === 'total' ? [f.messages, f.repeats] : f.kind)), ['message', [500, 499]])
})

const STARTUP = 'inventory/ws__adsl-cpe_nb6-startup.pcap'

test('capture nb6-startup: the delegation of a prefix to the box, as tshark reads it', { skip: skipWithout(STARTUP) }, () => {
  const facts = replayCapture(sharedCapture(STARTUP) ?? '', [dhcp6])
  deepEqual(facts.map((f) => (f.protocol === 'dhcp6' && f.kind === 'message' ? [f.type, f.client, f.prefixes] : f.kind)), [
    ['solicit', 'e0:a1:d7:18:c2:70', []], ['advertise', 'e0:a1:d7:18:c2:70', ['2a00:5e80:101:212d::/56']],
    ['request', 'e0:a1:d7:18:c2:70', ['2a00:5e80:101:212d::/56']], ['reply', 'e0:a1:d7:18:c2:70', ['2a00:5e80:101:212d::/56']],
  ])
  const [solicit] = facts
  ok(solicit?.protocol === 'dhcp6' && solicit.kind === 'message')
  deepEqual([solicit.enterprise, solicit.vendorClass], [40972, 'neufbox_NB6-FXC-r2_NB6-MAIN-R3.3.4_NB6-ADSL-A2pD035p'])
})
