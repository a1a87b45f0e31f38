// Tests of ARP facts: goldens by way of a row that wraps a link frame, hostile bytes, round trip, and captures against tshark's counts.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatMac } from '../../base/mac.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { assertPlainFacts, neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import { beginFrame, decodeFrame } from '../../wire/decode.ts'
import { Frame, FrameStatus } from '../../wire/frame.ts'
import type { ProtocolRow } from '../protocol.ts'
import type { ArpFact } from './facts.ts'
import { arpFacts, encodeArp } from './index.ts'
import { ARP_BYTES, decodeArpMessage, type ArpMessage } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

/** ARP has no row; goldens need one: each datagram stands for an ARP body, the flow's MACs for the frame's. */
const arpAsRow: ProtocolRow = {
  id: 'arp', name: 'ARP', transports: ['udp'], hints: [], probe: () => 'no',
  open: (context) => ({
    feed(direction, buf, off, end, at): void {
      const frame = new Frame()
      Object.assign(frame, { arpOff: off, arpEnd: end, at, number: context.frame(), vlan: context.flow.vlan })
      frame.srcMac = context.flow.macs[direction]
      arpFacts(buf, frame, (fact) => context.emit(fact))
    },
    gap(): void {},
    end(): void {},
  }),
}

runGoldens(TESTDATA, arpAsRow, { padding: true })

test('no bytes make it throw or say too much', () => {
  neverThrows(arpAsRow, { cases: loadGoldens(TESTDATA), runs: 500 })
})

const factsOf = (bytes: Uint8Array, srcMac = 0x02005e000001): ArpFact[] => {
  const facts: ArpFact[] = []
  const frame = new Frame()
  frame.arpOff = 0
  frame.arpEnd = bytes.length
  frame.srcMac = srcMac
  arpFacts(bytes, frame, (fact) => facts.push(fact))
  return facts
}

const REQUEST: ArpMessage = { operation: 1, senderMac: 0x02005e000001, senderIp: 0xca720415, targetMac: 0, targetIp: 0xca720477 }

test('decode gives back what encode wrote', () => {
  const mac = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  const ip = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(fc.property(fc.integer({ min: 1, max: 25 }), mac, ip, mac, ip, (operation, senderMac, senderIp, targetMac, targetIp) => {
    const message = { operation, senderMac, senderIp, targetMac, targetIp }
    deepEqual(decodeArpMessage(encodeArp(message), 0, ARP_BYTES), message)
  }))
})

test('cut at every byte it is truncated', () => {
  const bytes = encodeArp(REQUEST)
  for (let end = 0; end < ARP_BYTES; end++) equal(decodeArpMessage(bytes, 0, end), 'truncated', `cut at ${end}`)
})

test('a request claims and asks', () => {
  deepEqual(factsOf(encodeArp(REQUEST)).map((f) => f.kind), ['claim', 'ask'])
})

test('without a link address the claim repeats the body', () => {
  const [fact] = factsOf(encodeArp(REQUEST), -1)
  equal(fact?.kind === 'claim' && fact.frameMac, formatMac(REQUEST.senderMac))
})

test('a frame without ARP body teaches nothing', () => {
  const facts: ArpFact[] = []
  arpFacts(new Uint8Array(0), new Frame(), (fact) => facts.push(fact))
  deepEqual(facts, [])
})

for (const [what, message, reason] of [
  ['zero sender MAC', { ...REQUEST, senderMac: 0 }, 'sender-hardware'],
  ['broadcast sender MAC', { ...REQUEST, senderMac: 0xffffffffffff }, 'sender-hardware'],
  ['multicast sender address', { ...REQUEST, senderIp: 0xe00000fb }, 'sender-address'],
  ['reply from 0.0.0.0', { ...REQUEST, operation: 2, senderIp: 0 }, 'sender-address'],
  ['operation 0', { ...REQUEST, operation: 0 }, 'operation'],
  ['operation 26', { ...REQUEST, operation: 26 }, 'operation'],
] as const) {
  test(`malformed: ${what}`, () => {
    const facts = factsOf(encodeArp(message))
    deepEqual(facts.map((f) => (f.kind === 'malformed' ? f.reason : f.kind)), [reason])
  })
}

for (const operation of [3, 4, 8, 9, 25]) {
  test(`operation ${operation} asks something else: no fact`, () => deepEqual(factsOf(encodeArp({ ...REQUEST, operation })), []))
}

test('a multicast MAC may answer for a cluster address: still a claim', () => {
  const facts = factsOf(encodeArp({ ...REQUEST, operation: 2, senderMac: 0x03bfca720415 }))
  deepEqual(facts.map((f) => f.kind), ['claim'])
})

/** Counts by kind; the numbers are tshark 4.0's: frames of right types and lengths by operation, less what states nothing. */
const CAPTURE_ROWS: readonly (readonly [string, Partial<Record<ArpFact['kind'], number>>])[] = [
  ['l2/zeek__arp-leak.pcap', { malformed: 6 }],
  ['l2/ws__arprarp_arp-storm.pcap', { claim: 622, ask: 622 }],
  ['l2/ws__community-shares_arp_arp欺骗攻击.pcap', { claim: 11, ask: 5 }],
  ['inventory/ndpi__ipp.pcap', { claim: 2, ask: 1 }],
  ['crashed-a-peer/tcpdump__arp-oobr.pcap', { claim: 1918 + 26, ask: 1897, malformed: 331 }],
]

for (const [name, expected] of CAPTURE_ROWS) {
  test(`capture ${name}`, { skip: skipWithout(name) }, () => {
    const { facts, arpFrames } = readCapture(sharedCapture(name) ?? '')
    const counts = Object.fromEntries(['claim', 'ask', 'malformed'].map((kind) => [kind, facts.filter((f) => f.kind === kind).length]))
    assertPlainFacts(facts, { factsMax: 2 * arpFrames })
    deepEqual(counts, { claim: 0, ask: 0, malformed: 0, ...expected })
  })
}

function readCapture(path: string): { facts: ArpFact[]; arpFrames: number } {
  const facts: ArpFact[] = []
  const frame = new Frame()
  let arpFrames = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType): void {
      beginFrame(frame, arpFrames + 1, at, wireLength, end - off)
      if (decodeFrame(buf, off, end, linkType, frame) !== FrameStatus.link || frame.arpOff < 0) return
      arpFrames++
      arpFacts(buf, frame, (fact) => facts.push(fact))
    },
  })
  reader.push(readFileSync(path))
  reader.end()
  return { facts, arpFrames }
}
