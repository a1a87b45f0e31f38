// Tests of the DHCP row: goldens, hostile bytes, probe, and captures against tshark's counts.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4 } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { fakeContext } from '../../testing/fake-context.ts'
import { assertPlainFacts, neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import { beginFrame, decodeFrame } from '../../wire/decode.ts'
import { Frame, IpProto } from '../../wire/frame.ts'
import type { DhcpFact } from './facts.ts'
import { dhcp, dhcpRequest, encodeDhcp, optionByte, optionText } from './index.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const CLIENT = 0x02005e000001
const DISCOVER = encodeDhcp(dhcpRequest(CLIENT, 1, [optionByte(53, 1)]))

runGoldens(TESTDATA, dhcp)

test('no bytes make it throw or say too much', () => {
  neverThrows(dhcp, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => dhcp.probe('udp', 0, bytes, 0, bytes.length)

test('probe wants the fixed part and the cookie', () => {
  equal(probe(DISCOVER), 'yes')
  for (let length = 0; length < 240; length++) equal(probe(DISCOVER.slice(0, length)), 'no', `length ${length}`)
})

const edited = (off: number, ...bytes: number[]): Uint8Array => {
  const copy = DISCOVER.slice()
  copy.set(bytes, off)
  return copy
}

for (const [what, bytes] of [
  ['operation 0', edited(0, 0)], ['operation 3', edited(0, 3)], ['hardware type 0', edited(1, 0)], ['hardware length 17', edited(2, 17)],
  ['17 hops', edited(3, 17)], ['another cookie and a reserved flag', edited(10, 0x7f, 0xff, ...DISCOVER.slice(12, 236), 99, 130, 83, 98)],
  ['300 zeros', new Uint8Array(300)], ['300 ones', new Uint8Array(300).fill(0xff)],
  ['BOOTP with a tail behind the MAC', bootp((v) => v.set([1], 40))], ['BOOTP without MAC', bootp((v) => v.fill(0, 28, 34))],
  ['BOOTP with binary in file', bootp((v) => v.set([0x80], 108))], ['BOOTP with an endless name', bootp((v) => v.fill(0x41, 44, 108))],
] as const) {
  test(`probe says no to ${what}`, () => equal(probe(bytes), 'no'))
}

function bootp(edit: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = encodeDhcp({ ...dhcpRequest(CLIENT, 1, []), hasCookie: false })
  edit(bytes)
  return bytes
}

test('probe takes plain BOOTP when every field is in order', () => equal(probe(bootp(() => {})), 'yes'))

test('random bytes are never DHCP', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 236, maxLength: 400 }), (bytes) => {
    equal(probe(bytes), 'no')
  }), { numRuns: 500 })
})

test('texts leave bounded and printable, whatever their bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 900 }), (data) => {
    const context = fakeContext('udp')
    const bytes = encodeDhcp(dhcpRequest(CLIENT, 1, [optionByte(53, 1), { code: 12, data }, { code: 60, data }, { code: 55, data }]))
    dhcp.open(context).feed(0, bytes, 0, bytes.length, 0)
    assertPlainFacts(context.facts)
    const [fact] = context.facts
    ok(fact?.protocol === 'dhcp' && fact.kind === 'message')
    ok((fact.hostName ?? '').length <= 255)
  }))
})

test('padding after a message that ends properly changes nothing', () => {
  const plain = factsOf(DISCOVER)
  deepEqual(factsOf(Uint8Array.from([...DISCOVER, ...new Uint8Array(50)])), plain)
})

test('a second host name option is joined, not preferred', () => {
  const [fact] = factsOf(encodeDhcp(dhcpRequest(CLIENT, 1, [optionText(12, 'A'), optionText(12, 'B')])))
  equal(fact?.kind === 'message' && fact.hostName, 'AB')
})

function factsOf(bytes: Uint8Array): DhcpFact[] {
  const context = fakeContext('udp')
  dhcp.open(context).feed(0, bytes, 0, bytes.length, 0)
  return context.facts.filter((fact) => fact.protocol === 'dhcp')
}

test('a mask or server option of three bytes is null, not a made-up address', () => {
  const options = [{ code: 1, data: Uint8Array.of(255, 255, 255) }, { code: 54, data: Uint8Array.of(10) }]
  const [fact] = factsOf(encodeDhcp(dhcpRequest(CLIENT, 1, options)))
  ok(fact?.kind === 'message')
  deepEqual([fact.subnetMask, fact.server], [null, null])
})

const SAMPLE = 'format/gp__pcapgo_tests_le_test001.pcapng'

/** Numbers by tshark 4.0: dhcp frames, distinct dhcp.hw.mac_addr, frames by dhcp.option.dhcp, host names. */
const CAPTURE_ROWS = [
  { name: 'inventory/sv__dhcp-request-flood_test.pcap', messages: 10_000 },
  { name: 'inventory/zeek__dhcp_dhcp_flood.pcap', messages: 500 },
  { name: 'l2/ws__community-shares_dhcp_dhcp耗尽攻击_mac_改变_.pcap', messages: 437 },
  { name: 'inventory/ws__adsl-cpe_nb6-startup.pcap', messages: 11 },
  { name: SAMPLE, messages: 4 },
] as const

for (const row of CAPTURE_ROWS) {
  test(`capture ${row.name}`, { skip: skipWithout(row.name) }, () => {
    const facts = readCapture(row.name)
    assertPlainFacts(facts, { factsMax: 2 * row.messages })
    const repeats = facts.reduce((sum, f) => sum + (f.kind === 'total' ? f.repeats : 0), 0)
    equal(facts.filter((f) => f.kind === 'message').length + repeats, row.messages)
    equal(facts.filter((f) => f.kind === 'malformed').length, 0)
  })
}

test('capture test001: the lease of the DHCP sample, as tshark reads it', { skip: skipWithout(SAMPLE) }, () => {
  const facts = readCapture(SAMPLE)
  deepEqual(facts.map((f) => (f.kind === 'message' ? [f.type, f.client, f.address, f.server, f.subnetMask] : f.kind)), [
    ['discover', '00:0b:82:01:fc:42', null, null, null],
    ['offer', '00:0b:82:01:fc:42', '192.168.0.10', '192.168.0.1', '255.255.255.0'],
    ['request', '00:0b:82:01:fc:42', '192.168.0.10', '192.168.0.1', null],
    ['ack', '00:0b:82:01:fc:42', '192.168.0.10', '192.168.0.1', '255.255.255.0'],
  ])
})

/** Every UDP payload the probe takes, each as a flow of its own. */
function readCapture(name: string): DhcpFact[] {
  const context = fakeContext('udp')
  const session = dhcp.open(context)
  const frame = new Frame()
  let number = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType): void {
      beginFrame(frame, ++number, at, wireLength, end - off)
      decodeFrame(buf, off, end, linkType, frame)
      const { payloadOff, payloadEnd } = frame
      if (frame.proto !== IpProto.udp || payloadOff < 0) return
      if (dhcp.probe('udp', 0, buf, payloadOff, payloadEnd) === 'yes') session.feed(0, buf, payloadOff, payloadEnd, at)
    },
  })
  reader.push(readFileSync(sharedCapture(name) ?? ''))
  reader.end()
  session.end(0)
  return context.facts.filter((fact) => fact.protocol === 'dhcp')
}

test('addresses of other fields do not leak into the fact', () => {
  const bytes = encodeDhcp({
    ...dhcpRequest(CLIENT, 1, [optionByte(53, 1)]), relayAddress: ipFromV4(0x0a140401), serverAddress: ipFromV4(0x0a140402),
  })
  const [fact] = factsOf(bytes)
  ok(fact?.kind === 'message')
  deepEqual([fact.address, fact.server, fact.router], [null, null, null])
})
