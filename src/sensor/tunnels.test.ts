// Tunnels through the whole sensor: what is inside is read, who carried it is told, and how it came is an observation by name.
// Keeps the rule that a tunnel hides neither the device inside it nor where it leads.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LinkType } from '../wire/capture/capture.ts'
import { counted, ethernet, ip4, tcp } from '../wire/test-frames.ts'
import { erspan2, gre, over4, vxlan } from '../wire/test-tunnels.ts'
import { Sensor } from './sensor.ts'

const TCP4 = ip4(6, tcp(1025, 515, counted(40)))

interface Told {
  readonly flows: readonly string[]
  /** Of tunnels. Frames made here begin and repeat as they please, which TCP's own observations tell. */
  readonly observations: readonly string[]
}

/** Feeds Ethernet frames to a sensor: its flows as `proto vlan ports packets bytes`, sorted, and what it observed of tunnels. */
function sensed(...packets: readonly Uint8Array[]): Told {
  const sensor = new Sensor({ behaviours: [] })
  packets.forEach((p, i) => sensor.packet(p, 0, p.length, i * 1000, p.length, LinkType.ethernet))
  const flows = [...sensor.liveFlows()].map((f) => `${f.proto} ${f.vlan} ${f.srcPort}>${f.dstPort} ${f.packets[0]} ${f.bytes[0]}`)
  const observations = sensor.observations().filter((o) => o.name.startsWith('tunnel'))
  return { flows: flows.toSorted(), observations: observations.map((o) => `${o.name} ${o.count}`) }
}

test('a mirror over ERSPAN: the device is in its VLAN, the mirror is a conversation of its own, and the feed is named', () => {
  const packet = over4(47, erspan2(30, ethernet(0x0800, TCP4)))
  const { flows, observations } = sensed(packet, packet)
  assert.deepEqual(flows, [`47 0 0>0 2 ${2 * (packet.length - 14)}`, `6 30 1025>515 2 ${2 * TCP4.length}`])
  assert.deepEqual(observations, ['tunnel erspan 2'])
})

test('a tunnel that a mirrored device digs itself is not hidden between the two ends of it', () => {
  const { flows, observations } = sensed(over4(47, erspan2(30, ethernet(0x0800, ip4(47, gre(0x0800, TCP4))))))
  assert.deepEqual(flows.map((f) => f.split(' ').slice(0, 3).join(' ')), ['47 0 0>0', '47 30 0>0', '6 30 1025>515'])
  assert.deepEqual(observations, ['tunnel erspan 1', 'tunnel gre 1'])
})

test('the carrier in fragments counts each of them', () => {
  const payload = gre(0x0800, TCP4)
  const first = ethernet(0x0800, ip4(47, payload.slice(0, 48), { more: true }))
  const last = ethernet(0x0800, ip4(47, payload.slice(48), { fragmentUnits: 6 }))
  const { flows, observations } = sensed(first, last)
  assert.deepEqual(flows, [`47 0 0>0 2 ${first.length + last.length - 28}`, `6 0 1025>515 1 ${TCP4.length}`])
  assert.deepEqual(observations, ['tunnel gre 1'])
})

test('ARP inside an overlay is heard, and the overlay is a conversation', () => {
  const arp = ethernet(0x0806, Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2))
  const sensor = new Sensor({ behaviours: [] })
  const packet = over4(17, vxlan(7, arp))
  sensor.packet(packet, 0, packet.length, 0, packet.length, LinkType.ethernet)
  assert.equal(sensor.counters.arpFrames, 1)
  assert.deepEqual([...sensor.liveFlows()].map((f) => [f.proto, f.dstPort]), [[17, 4789]])
})

test('plain traffic says nothing of tunnels, one cut short says that it is', () => {
  assert.deepEqual(sensed(ethernet(0x0800, TCP4)).observations, [])
  assert.deepEqual(sensed(ethernet(0x0800, ip4(47, gre(0x0800, TCP4.slice(0, 10))))).observations, ['tunnelTruncated 1'])
})

test('the same addresses and ports in two VLANs inside one tunnel are two flows', () => {
  const inVlan = (id: number): Uint8Array => over4(47, erspan2(0, ethernet(0x0800, TCP4, [[0x8100, id]])))
  const { flows } = sensed(inVlan(20), inVlan(30), inVlan(20))
  assert.deepEqual(flows.filter((f) => f.startsWith('6 ')).map((f) => f.split(' ').slice(0, 4).join(' ')), ['6 20 1025>515 2', '6 30 1025>515 1'])
})
