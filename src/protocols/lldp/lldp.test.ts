// Tests of LLDP: goldens by way of a row that wraps a link frame, hostile bytes, every cut, floods, and a capture against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4 } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { linkRow, packetFactsOf } from '../../testing/packet-row.ts'
import { Frame } from '../../wire/frame.ts'
import { FIRST_SEEN_MAX } from '../first-seen.ts'
import { PacketFacts } from '../packets.ts'
import { ETHERTYPE_LLDP, lldpCapabilities } from './codes.ts'
import { decodeLldp, encodeLldp, type LldpToWrite } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const ROW = linkRow('lldp', ETHERTYPE_LLDP)

runGoldens(TESTDATA, ROW, { padding: false })

test('no bytes make it throw or say too much', () => {
  neverThrows(ROW, { cases: loadGoldens(TESTDATA), runs: 300 })
})

const word = fc.stringMatching(/^[A-Za-z0-9/._-]{1,20}$/)
const toWrite: fc.Arbitrary<LldpToWrite> = fc.record({
  chassis: fc.oneof(fc.constant('02:00:5e:00:0a:01'), word.map((w) => `${w}_`)), port: word, lifetimeSeconds: fc.nat({ max: 65_535 }), portDescription: word,
  systemName: word, systemDescription: word, capabilityBits: fc.nat({ max: 0x7ff }), addresses: fc.array(fc.nat().map((n) => ipFromV4(n)), { maxLength: 4 }),
  portVlan: fc.integer({ min: 1, max: 4094 }), med: fc.record({ model: word, manufacturer: word, serial: word }),
})

test('decode gives back what encode wrote', () => {
  fc.assert(fc.property(toWrite, (value) => {
    const bytes = encodeLldp(value)
    const { message, problem, end } = decodeLldp(bytes, 0, bytes.length)
    deepEqual([problem, end], [null, bytes.length])
    ok(message)
    const { chassis, port, lifetimeSeconds, portDescription, systemName, systemDescription, addresses, portVlan } = message
    deepEqual({ chassis, port, lifetimeSeconds, portDescription, systemName, systemDescription, addresses, portVlan },
      {
        chassis: value.chassis, port: value.port, lifetimeSeconds: value.lifetimeSeconds, portDescription: value.portDescription,
        systemName: value.systemName, systemDescription: value.systemDescription, addresses: value.addresses, portVlan: value.portVlan,
      })
    deepEqual(message.capabilities, lldpCapabilities(value.capabilityBits ?? 0))
    deepEqual([message.med?.model, message.med?.manufacturer, message.med?.serial], [value.med?.model, value.med?.manufacturer, value.med?.serial])
  }))
})

test('cut at every byte: a value from the third TLV on, a problem until the last', () => {
  const bytes = encodeLldp({ chassis: 'a', port: 'b', lifetimeSeconds: 1, systemName: 'c' })
  const mandatory = 4 + 4 + 4
  for (let end = 0; end < bytes.length; end++) {
    const { message, problem } = decodeLldp(bytes, 0, end)
    equal(message !== null, end >= mandatory, `${end}`)
    // At a TLV's end the data unit may stop without the end TLV.
    equal(problem, [mandatory, bytes.length - 2].includes(end) ? null : 'truncated', `${end}`)
  }
})

test('a flood of TLVs is cut off', () => {
  const head = encodeLldp({ chassis: 'a', port: 'b', lifetimeSeconds: 1 }).slice(0, -2)
  const many = Uint8Array.from([...head, ...Array.from({ length: 400 }, () => [0x0a, 0]).flat()])
  const { message, problem } = decodeLldp(many, 0, many.length)
  deepEqual([message?.port, problem], ['b', 'too-many'])
})

test('announcements that repeat are one fact, forged senders are each one, and the memory stays bounded', () => {
  const packets = new PacketFacts()
  const bytes = encodeLldp({ chassis: 'a', port: 'b', lifetimeSeconds: 120 })
  let facts = 0
  const hear = (mac: number): void => {
    const frame = Object.assign(new Frame(), { etherType: ETHERTYPE_LLDP, linkOff: 0, srcMac: mac })
    packets.link(bytes, frame, bytes.length, () => facts++)
  }
  for (let i = 0; i < 1000; i++) hear(0x02005e000001)
  equal(facts, 1)
  for (let i = 0; i < FIRST_SEEN_MAX; i++) hear(0x02005e100000 + i)
  hear(0x02005e000001)
  ok(facts <= FIRST_SEEN_MAX + 2, `${facts}`)
})

const DETAILED = 'inventory/ws__link-layer-discovery-protocol-lldp_lldp.detailed.pcap'

test('capture lldp.detailed: make, model and firmware of the switch, and its port, as tshark reads them', { skip: skipWithout(DETAILED) }, () => {
  const facts = packetFactsOf(sharedCapture(DETAILED) ?? '')
  equal(facts.length, 1)
  const [fact] = facts
  ok(fact?.protocol === 'lldp' && fact.kind === 'neighbour')
  deepEqual([fact.chassis, fact.port, fact.portDescription, fact.systemName, fact.systemDescription, fact.capabilities, fact.lifetimeSeconds], [
    '00:01:30:f9:ad:a0', '1/1', 'Summit300-48-Port 1001', 'Summit300-48',
    'Summit300-48 - Version 7.4e.1 (Build 5) by Release_Master 05/27/05 04:53:11', ['bridge', 'router'], 120,
  ])
})

const FIRMWARE = 'malware/iti__openics_EIP-FirmwareChange.pcap'

test('capture EIP-FirmwareChange: six announcements of one switch and three of another are two facts', { skip: skipWithout(FIRMWARE) }, () => {
  const facts = packetFactsOf(sharedCapture(FIRMWARE) ?? '').filter((f) => f.protocol === 'lldp' || f.protocol === 'cdp')
  deepEqual(facts.map((f) => (f.kind === 'neighbour' ? [f.protocol, f.mac, f.port, f.addresses] : f.kind)), [
    ['lldp', '00:21:91:06:f1:66', '19', ['208.73.217.142']],
    ['cdp', '00:1e:f6:73:59:81', 'GigabitEthernet1', ['192.168.10.253']],
  ])
})
