// Tests of lease.ts and neighbours.ts: DHCP and ARP as the protocols' own decoders read them back.
// Keeps the rule that an address is asked for before it is used, and answered only to who asked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ip } from '../../base/ip.ts'
import { MAC_BROADCAST } from '../../base/mac.ts'
import { seededRng } from '../../base/rng.ts'
import type { Micros } from '../../base/time.ts'
import { decodeArpMessage, type ArpMessage } from '../../protocols/arp/message.ts'
import { DhcpOption } from '../../protocols/dhcp/codes.ts'
import { decodeDhcp, dhcpOption, type DhcpValue } from '../../protocols/dhcp/message.ts'
import type { LocalHost } from './cast.ts'
import { inspect } from './inspect.ts'
import { getLease, type LeaseSetup } from './lease.ts'
import { arpAnnouncement, arpQuestion, arpTell } from './neighbours.ts'
import { ip4Number, type WardFrame } from './packets.ts'

const CLIENT: LocalHost = { label: 'NURSE-PC-04', role: 'workstation', ip: '10.20.4.50' as Ip, mac: 0x02_00_5e_20_04_32 }
const SERVER: LocalHost = { label: 'server', role: 'dhcp-dns-server', ip: '10.20.4.2' as Ip, mac: 0x02_00_5e_20_04_02 }
const ROUTER = '10.20.4.1' as Ip

function setup(wanted: Partial<LeaseSetup> = {}): LeaseSetup {
  return {
    client: CLIENT, hostName: 'NURSE-PC-04', vendorClass: 'MSFT 5.0', asksFor: [1, 3, 6], server: SERVER, router: ROUTER,
    rng: seededRng(1), ...wanted,
  }
}

/** All frames of a script and the time it returns. */
function run(script: Generator<WardFrame, Micros, undefined>): { frames: WardFrame[]; end: Micros } {
  const frames: WardFrame[] = []
  for (let step = script.next(); ; step = script.next()) {
    if (step.done === true) return { frames, end: step.value }
    frames.push(step.value)
  }
}

function messages(frames: readonly WardFrame[]): DhcpValue[] {
  return frames.flatMap(({ bytes }) => {
    const { udp, wrong } = inspect(bytes)
    assert.deepEqual(wrong, [])
    if (udp === null) return []
    const { value, problem } = decodeDhcp(bytes, udp.off, udp.end)
    assert.equal(problem, null)
    return value === null ? [] : [value]
  })
}

function text(value: DhcpValue | undefined, code: number): string {
  return String.fromCharCode(...(value === undefined ? [] : (dhcpOption(value, code) ?? [])))
}

function arp(frame: WardFrame | undefined): ArpMessage {
  assert.ok(frame !== undefined)
  const message = decodeArpMessage(frame.bytes, 14, 42)
  assert.ok(typeof message === 'object')
  return message
}

test('discover, offer, request, acknowledge: one transaction of one client', () => {
  const list = messages(run(getLease(setup(), 1000)).frames)
  assert.deepEqual(list.map((m) => dhcpOption(m, DhcpOption.messageType)?.[0]), [1, 2, 3, 5])
  assert.equal(new Set(list.map((m) => m.transactionId)).size, 1)
  assert.ok(list.every((m) => m.client === CLIENT.mac))
  assert.deepEqual(list.map((m) => m.operation), [1, 2, 1, 2])
})

test('offer and acknowledgement give the address, the router, the mask and the server', () => {
  const [, offer, request, ack] = messages(run(getLease(setup(), 1000)).frames)
  for (const m of [offer, ack]) {
    assert.ok(m !== undefined)
    assert.equal(m.yourAddress, CLIENT.ip)
    assert.deepEqual([...(dhcpOption(m, DhcpOption.router) ?? [])], [10, 20, 4, 1])
    assert.deepEqual([...(dhcpOption(m, DhcpOption.subnetMask) ?? [])], [255, 255, 255, 0])
    assert.deepEqual([...(dhcpOption(m, DhcpOption.server) ?? [])], [10, 20, 4, 2])
  }
  assert.ok(request !== undefined)
  assert.deepEqual([...(dhcpOption(request, DhcpOption.requestedAddress) ?? [])], [10, 20, 4, 50])
})

test('questions are broadcast from no address; answers go to the client alone', () => {
  const frames = run(getLease(setup(), 1000)).frames.map((f) => inspect(f.bytes)).filter((f) => f.udp !== null)
  assert.deepEqual(frames.map((f) => f.dstMac), [MAC_BROADCAST, CLIENT.mac, MAC_BROADCAST, CLIENT.mac])
  assert.deepEqual(frames.map((f) => [f.ip?.src, f.ip?.dst]), [
    ['0.0.0.0', '255.255.255.255'], ['10.20.4.2', '10.20.4.50'], ['0.0.0.0', '255.255.255.255'], ['10.20.4.2', '10.20.4.50'],
  ])
  assert.deepEqual(frames.map((f) => [f.udp?.srcPort, f.udp?.dstPort]), [[68, 67], [67, 68], [68, 67], [67, 68]])
})

test('a client tells its name, its class and what it asks for; a client without them tells nothing', () => {
  const [discover, offer] = messages(run(getLease(setup(), 0)).frames)
  assert.deepEqual([text(discover, DhcpOption.hostName), text(discover, DhcpOption.vendorClass)], ['NURSE-PC-04', 'MSFT 5.0'])
  assert.deepEqual([...(discover === undefined ? [] : (dhcpOption(discover, DhcpOption.parameterList) ?? []))], [1, 3, 6])
  assert.equal(text(offer, DhcpOption.hostName), '')
  const [silent] = messages(run(getLease(setup({ hostName: null, vendorClass: null }), 0)).frames)
  assert.ok(silent !== undefined)
  assert.deepEqual([dhcpOption(silent, DhcpOption.hostName), dhcpOption(silent, DhcpOption.vendorClass)], [null, null])
})

test('the address is announced once it is granted, and can be used after that', () => {
  const { frames, end } = run(getLease(setup(), 1000))
  const last = frames.at(-1)
  const { operation, senderIp, targetIp, senderMac } = arp(last)
  assert.deepEqual([operation, senderIp, targetIp, senderMac], [1, ip4Number(CLIENT.ip), ip4Number(CLIENT.ip), CLIENT.mac])
  assert.ok(end > (last?.at ?? Infinity))
  assert.ok(frames.every((f, i) => f.at >= (frames[i - 1]?.at ?? 1000)))
})

test('another seed makes another transaction', () => {
  const id = (seed: number): number | undefined => messages(run(getLease(setup({ rng: seededRng(seed) }), 0)).frames)[0]?.transactionId
  assert.equal(id(3), id(3))
  assert.notEqual(id(3), id(4))
})

test('an ARP question goes to everybody and its answer to the asker', () => {
  const { frames, end } = run(arpQuestion(CLIENT, SERVER, 500))
  const [question, answer] = frames
  assert.deepEqual(arp(question), {
    operation: 1, senderMac: CLIENT.mac, senderIp: ip4Number(CLIENT.ip), targetMac: 0, targetIp: ip4Number(SERVER.ip),
  })
  assert.deepEqual(arp(answer), {
    operation: 2, senderMac: SERVER.mac, senderIp: ip4Number(SERVER.ip), targetMac: CLIENT.mac, targetIp: ip4Number(CLIENT.ip),
  })
  assert.deepEqual(frames.map((f) => inspect(f.bytes).dstMac), [MAC_BROADCAST, CLIENT.mac])
  assert.equal(question?.at, 500)
  assert.ok(end > (answer?.at ?? Infinity))
})

test('a statement says what it is told to say, and is sent by whom it names', () => {
  const [frame] = [...arpTell({ ip: SERVER.ip, mac: 0x02_00_5e_00_00_66 }, CLIENT, 7)]
  assert.deepEqual([arp(frame).senderIp, arp(frame).senderMac], [ip4Number(SERVER.ip), 0x02_00_5e_00_00_66])
  assert.equal(inspect(frame?.bytes ?? new Uint8Array(60)).srcMac, 0x02_00_5e_00_00_66)
})

test('ARP frames are padded to what a switch carries', () => {
  for (const frame of [...run(arpQuestion(CLIENT, SERVER, 0)).frames, ...arpAnnouncement(CLIENT, 0)]) assert.equal(frame.bytes.length, 60)
})
