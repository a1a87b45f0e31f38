// Tests of CDP: goldens by way of a row that wraps an 802.2 frame, hostile bytes, every cut, and captures against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4 } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { linkRow, packetFactsOf } from '../../testing/packet-row.ts'
import { cdpCapabilities } from './codes.ts'
import { decodeCdp, encodeCdp } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const ROW = linkRow('cdp', 0)

runGoldens(TESTDATA, ROW)

test('no bytes make it throw or say too much', () => {
  neverThrows(ROW, { cases: loadGoldens(TESTDATA), runs: 300 })
})

const word = fc.stringMatching(/^[A-Za-z0-9/._-]{1,20}$/)

test('decode gives back what encode wrote', () => {
  const address = fc.integer({ min: 1, max: 0xffffffff }).map((n) => ipFromV4(n))
  const value = fc.record({
    device: word, port: word, platform: word, version: word, systemName: word, nativeVlan: fc.nat({ max: 4095 }),
    addresses: fc.uniqueArray(address, { maxLength: 4 }),
  })
  fc.assert(fc.property(value, fc.nat({ max: 0x3ff }), (written, capabilityBits) => {
    const bytes = encodeCdp({ ...written, capabilityBits })
    const { message, problem } = decodeCdp(bytes, 0, bytes.length)
    equal(problem, null)
    deepEqual({ ...message }, { ...written, capabilities: cdpCapabilities(capabilityBits), lifetimeSeconds: 180 })
  }))
})

test('cut at every byte: never more than was there, and a device once its TLV is whole', () => {
  const bytes = encodeCdp({ device: 'sw-4w', port: 'Gi1/0/7', platform: 'x' })
  for (let end = 0; end < bytes.length; end++) {
    const { message, end: stop } = decodeCdp(bytes, 0, end)
    ok(stop <= end)
    equal(message !== null, end >= 4 + 4 + 5, `${end}`)
  }
})

test('an endless list of addresses and of TLVs is cut off', () => {
  const many = Uint8Array.from([...encodeCdp({ device: 'x' }), ...Array.from({ length: 300 }, () => [0, 0x99, 0, 4]).flat()])
  equal(decodeCdp(many, 0, many.length).problem, 'too-many')
  const lists = encodeCdp({ device: 'x', addresses: Array.from({ length: 20 }, (_, i) => ipFromV4(0x0a000001 + i)) })
  equal(decodeCdp(lists, 0, lists.length).message?.addresses.length, 8)
})

const CISCO = 'inventory/ws__cisco_cdp_v2.pcap'

test('capture cisco_cdp_v2: model and software version of the switch as tshark reads them, each port once', { skip: skipWithout(CISCO) }, () => {
  const facts = packetFactsOf(sharedCapture(CISCO) ?? '')
  const [first] = facts
  ok(first?.protocol === 'cdp' && first.kind === 'neighbour')
  deepEqual([first.device, first.platform, first.port, first.addresses, first.nativeVlan, first.capabilities],
    ['myswitch', 'cisco WS-C2950-12', 'FastEthernet0/1', ['192.168.0.253'], 1, ['switch', 'igmp']])
  ok(first.version?.includes('Version 12.1(22)EA14, RELEASE SOFTWARE'))
  ok(facts.every((f) => f.protocol === 'cdp' && f.kind === 'neighbour'))
})

const ISL = 'vlan/ws__general-unsorted_isl-2-dot1q.cap'

test('capture isl-2-dot1q: CDP in a Cisco ISL frame is read like CDP in 802.3', { skip: skipWithout(ISL) }, () => {
  equal(packetFactsOf(sharedCapture(ISL) ?? '').filter((f) => f.protocol === 'cdp').length, 2)
})
