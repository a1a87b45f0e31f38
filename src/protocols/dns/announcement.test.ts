// Tests of announcements: what a device says of itself by mDNS and LLMNR, what stays behind, repeats, and real captures.
// Keeps the rule that of TXT records only product words leave.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { ipFromV4, ipFromWords, parseIp } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { fakeContext } from '../../testing/fake-context.ts'
import { replay } from '../../testing/replay.ts'
import { asciiBytes } from '../text.ts'
import type { DnsAnnouncement } from './facts.ts'
import { ANNOUNCED_MAX, readAnnouncement } from './announcement.ts'
import { dns, encodeDns } from './index.ts'
import { dnsQuery, dnsReply, type DnsMessage, type DnsRecord } from './message.ts'
import { encodeDnsName } from './name.ts'

const DEVICE = ipFromV4(0x0a14043c)
const name = (text: string): number[] => [...(encodeDnsName(text) ?? [])]
const record = (owner: string, type: number, data: readonly number[]): DnsRecord =>
  ({ name: owner, type, class: 0x8001, ttl: 120, address: null, data: Uint8Array.from(data) })
const address = (owner: string, ip = DEVICE): DnsRecord => ({ name: owner, type: ip.includes(':') ? 28 : 1, class: 0x8001, ttl: 120, address: ip, data: null })
const texts = (...strings: readonly string[]): number[] => strings.flatMap((text) => [text.length, ...asciiBytes(text)])

function mdns(...answers: readonly DnsRecord[]): Uint8Array {
  const message: DnsMessage = { ...dnsQuery(0, '.', 1), response: true, authoritative: true, recursionDesired: false, questions: [], answers }
  return encodeDns(message) ?? new Uint8Array(0)
}

const PRINTER = mdns(
  record('_ipp._tcp.local', 12, name('ward._ipp._tcp.local')), record('ward._ipp._tcp.local', 33, [0, 0, 0, 0, 2, 119, ...name('prn-4w.local')]),
  record('ward._ipp._tcp.local', 16, texts('ty=Example LaserJet', 'note=ZZTEST^CANARY', 'fv=2.1', 'password=hunter2', 'usb_MFG=Example', 'flag')),
  address('prn-4w.local'),
)

function announced(bytes: Uint8Array, dst = '224.0.0.251'): DnsAnnouncement[] {
  const to = parseIp(dst)
  const context = fakeContext('udp', { src: DEVICE, ...(to.ok ? { dst: to.value } : {}) })
  dns.open(context).feed(0, bytes, 0, bytes.length, 0)
  return context.facts.flatMap((f) => (f.protocol === 'dns' && f.kind === 'announcement' ? [f] : []))
}

test('a printer: its host, its service, and the words about the product; a note and a password stay behind', () => {
  const [told, ...rest] = announced(PRINTER)
  equal(rest.length, 0)
  ok(told)
  deepEqual([told.device, told.how, told.hosts, told.services], [DEVICE, 'mdns', [{ name: 'prn-4w.local', addresses: [DEVICE] }], ['_ipp._tcp']])
  deepEqual(told.product, [{ key: 'ty', text: 'Example LaserJet' }, { key: 'fv', text: '2.1' }, { key: 'usb_mfg', text: 'Example' }])
  const text = JSON.stringify(told)
  for (const secret of ['CANARY', 'hunter2']) ok(!text.includes(secret), secret)
})

test('addresses of both families belong to their host; a goodbye (time 0) announces nothing', () => {
  const six = ipFromWords(0xfe800000, 0, 0, 7)
  deepEqual(announced(mdns(address('a.local'), address('a.local', six)))[0]?.hosts, [{ name: 'a.local', addresses: [DEVICE, six] }])
  deepEqual(announced(mdns({ ...address('a.local'), ttl: 0 })), [])
})

test('a server\'s answer about names of the world is an answer, not an announcement', () => {
  const bytes = mdns(address('pacs.example'))
  const context = fakeContext('udp')
  dns.open(context).feed(0, bytes, 0, bytes.length, 0)
  deepEqual(context.facts.map((f) => f.kind), ['answer'])
})

test('LLMNR: who answers a neighbour\'s question speaks for itself; a name server in its own flow does not', () => {
  const query = { ...dnsQuery(7, 'ward-pc', 1), recursionDesired: false }
  const bytes = encodeDns({ ...dnsReply(query, [DEVICE]), recursionAvailable: false }) ?? new Uint8Array(0)
  deepEqual(announced(bytes, '10.20.4.61').map((f) => [f.how, f.hosts]), [['llmnr', [{ name: 'ward-pc', addresses: [DEVICE] }]]])
  const context = fakeContext('udp')
  dns.open(context).feed(1, bytes, 0, bytes.length, 0)
  deepEqual(context.facts.map((f) => f.kind), ['answer'])
})

test('the same announcement and the same question to the group, a thousand times each, are one fact each', () => {
  const group = parseIp('224.0.0.251')
  ok(group.ok)
  const context = fakeContext('udp', { dst: group.value })
  const session = dns.open(context)
  const query = encodeDns(dnsQuery(0, '_ipp._tcp.local', 12)) ?? new Uint8Array(0)
  for (let i = 0; i < 1000; i++) {
    session.feed(0, PRINTER, 0, PRINTER.length, i)
    session.feed(0, query, 0, query.length, i)
  }
  deepEqual(context.facts.map((f) => f.kind), ['announcement', 'query'])
})

test('any bytes are walked without a throw, and what is kept is bounded', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), fc.nat({ max: 200 }), (noise, at) => {
    readAnnouncement(noise, 0, noise.length)
    const bytes = PRINTER.slice()
    bytes.set(noise.slice(0, 8), at % (bytes.length - 8))
    const told = readAnnouncement(bytes, 0, bytes.length)
    ok(told.hosts.length <= ANNOUNCED_MAX && told.services.length <= ANNOUNCED_MAX && told.product.length <= ANNOUNCED_MAX)
  }))
  for (let end = 12; end < PRINTER.length; end++) readAnnouncement(PRINTER, 0, end)
  const many = mdns(...Array.from({ length: 60 }, (_, i) => address(`h${i}.local`)))
  equal(readAnnouncement(many, 0, many.length).hosts.length, ANNOUNCED_MAX)
})

const ZIP = 'inventory/ws__mdns-apple-rendezvous_mDNS1.zip'

/** A file of a zip by the local headers, one after the other (APPNOTE section 4.3.7). */
function unzipped(path: string, wanted: string): Uint8Array | null {
  const zip = readFileSync(path)
  for (let at = 0; at + 30 <= zip.length && zip.readUInt32LE(at) === 0x04034b50;) {
    const data = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28)
    const end = data + zip.readUInt32LE(at + 18)
    if (zip.toString('latin1', at + 30, at + 30 + wanted.length) === wanted) return new Uint8Array(inflateRawSync(zip.subarray(data, end)))
    at = end
  }
  return null
}

/** Frames of a Network Monitor 2.0 file as pcap: a table of offsets (at byte 24), and at each two lengths and the frame. */
function pcapOf(netmon: Uint8Array): Uint8Array {
  const file = Buffer.from(netmon)
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(65_535, 16)
  head.writeUInt32LE(1, 20)
  const parts: Buffer[] = [head]
  const [table, length] = [file.readUInt32LE(24), file.readUInt32LE(28)]
  for (let at = table; at < table + length; at += 4) {
    const off = file.readUInt32LE(at)
    const [wire, captured] = [file.readUInt32LE(off + 8), file.readUInt32LE(off + 12)]
    const row = Buffer.alloc(16)
    row.writeUInt32LE(captured, 8)
    row.writeUInt32LE(wire, 12)
    parts.push(row, file.subarray(off + 16, off + 16 + captured))
  }
  return new Uint8Array(Buffer.concat(parts))
}

test('capture mDNS1: the host m1 announces itself and a fake RAID service, as tshark reads them', { skip: skipWithout(ZIP) }, () => {
  const path = sharedCapture(ZIP) ?? ''
  ok(existsSync(path))
  const bytes = unzipped(path, 'DAAP-mDNS.CAP')
  ok(bytes)
  const told = replay(pcapOf(bytes), [dns]).facts.flatMap((f) => (f.protocol === 'dns' && f.kind === 'announcement' ? [f] : []))
  ok(told.length > 0)
  ok(told.some((f) => f.services.includes('_xserveraid._tcp')))
  deepEqual([...new Set(told.flatMap((f) => f.hosts.map((h) => h.name)))], ['m1.local'])
})
