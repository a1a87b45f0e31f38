// fuzz-wire-seeds: what the wire's fuzz targets begin from: captures in every dialect, fragments in every trouble, segments out of order.
// Keeps the rule that the corpus is made here, from our own builders and the twin; real captures are added by the long run only.

import { pcapFileHeader, PCAP_RECORD_HEADER_BYTES, putPcapRecord } from '../wire/capture/writer.ts'
import { BIG, block, BLOCK, enhanced, iface, join, LITTLE, option, pcapHeader, pcapRecord, section, simple } from '../wire/capture/test-captures.ts'
import { counted, fragment6, ip4, ip6, sampleFrames, tcp, udp } from '../wire/test-frames.ts'
import { playWard, SCENARIOS, wardOptions, type Scenario } from '../twin/core/ward.ts'
import { encodeConversation } from './fuzz-conversation.ts'
import { joinBytes } from './fuzz-mutate.ts'

const EPOCH_SECONDS = 1_767_598_200

/** Each dialect of pcap and pcapng with a few small packets. */
export function captureSeeds(): Uint8Array[] {
  const ethernet = sampleFrames().filter((s) => s.linkType === 1)
  const two = ethernet.slice(0, 2).map((s) => s.packet)
  const classic = [LITTLE, BIG].flatMap((order) => [0xa1b2c3d4, 0xa1b23c4d].map((magic) =>
    join(pcapHeader(order, { magic }), ...two.map((p, i) => pcapRecord(order, EPOCH_SECONDS, i, p)))))
  const old = [join(pcapHeader(LITTLE, { minor: 2 }), pcapRecord(LITTLE, 1, 2, two[0] as Uint8Array)), join(pcapHeader(BIG, { major: 1 }))]
  const next = [LITTLE, BIG].flatMap((order) => {
    const body = two.map((p, i) => enhanced(order, 0, BigInt(i), p))
    const described = iface(order, 1, 0, [option(order, 9, [9]), option(order, 14, order.u64(5n)), option(order, 0, [])])
    return [
      join(section(order), iface(order), ...body, simple(order, two[0] as Uint8Array)),
      join(section(order), described, ...body, block(order, BLOCK.names, [1, 2, 3]), section(order), iface(order, 113), enhanced(order, 0, 1n, counted(20))),
    ]
  })
  return [...classic, ...old, ...next, section(LITTLE), new Uint8Array(0)]
}

const FRAGMENT = counted(24)

/** Conversations whose chunks are packets from the IP header on. */
export function fragmentSeeds(): Uint8Array[] {
  const four = (units: number, more: boolean, id = 7): Uint8Array => ip4(17, FRAGMENT, { fragmentUnits: units, more, id })
  const six = (offset: number, more: boolean, id = 9): Uint8Array => ip6(44, fragment6(17, offset, more, id, FRAGMENT))
  const stories: readonly (readonly Uint8Array[])[] = [
    [four(0, true), four(3, true), four(6, false)],
    [four(6, false), four(0, true), four(3, true)],
    [four(0, true), four(2, true), four(6, false), four(0, true)],
    [six(0, true), six(24, true), six(48, false)],
    [six(0, true), six(16, true), six(48, false)],
    [four(8190, false), four(0, true), ip4(6, tcp(1, 2, FRAGMENT), { more: true }), ip4(6, FRAGMENT, { fragmentUnits: 1 })],
    Array.from({ length: 9 }, (_, i) => four(0, true, i)),
    [four(0, true), four(3, false), four(3, false), four(9, false)],
    [ip4(17, udp(1, 2, FRAGMENT)), six(0, false)],
  ]
  return stories.map((packets) => encodeConversation(packets.map((bytes, i) => ({ direction: i % 4 === 3 ? 1 : 0, bytes }))))
}

/** Segments as the target reads them: kind, offset, acknowledgement and time, payload. */
export function segmentSeeds(): Uint8Array[] {
  const segment = (direction: 0 | 1, kind: number, offset: number, more: number, length: number, lost = 0) =>
    ({ direction, lost, bytes: joinBytes(Uint8Array.of(kind, offset >> 8, offset & 255, more), counted(length)) })
  return [
    [segment(0, 1, 0, 0, 0), segment(1, 1, 0, 1, 0), segment(0, 0, 1, 0, 30), segment(1, 0, 1, 0, 30), segment(0, 2, 31, 0, 0), segment(1, 2, 31, 0, 0)],
    [segment(0, 0, 0, 0, 20), segment(0, 0, 60, 0, 20), segment(0, 0, 40, 0, 20), segment(0, 0, 20, 0, 20), segment(0, 3, 80, 0, 0), segment(0, 0, 80, 0, 9)],
    [
      segment(0, 0, 0, 0, 20), segment(0, 0, 10, 0, 20), segment(0, 0, 500, 0, 50), segment(1, 0, 9, 0xff, 0),
      ...Array.from({ length: 18 }, (_, i) => segment(1, 0, 9 + i, 0x31, 1)),
    ],
    [segment(0, 0, 0, 0, 20, 300), segment(0, 0, 320, 1, 20), segment(0, 8, 700, 1, 20), segment(0, 16, 9, 1, 20), segment(0, 24, 128, 1, 20)],
    Array.from({ length: 30 }, (_, i) => segment(i % 2 === 0 ? 0 : 1, 4, 200 * (30 - i), i, 100)),
  ].map((chunks) => encodeConversation(chunks))
}

/** A whole pcap file of Ethernet frames. */
export function pcapOf(frames: Iterable<{ readonly at: number; readonly bytes: Uint8Array }>): Uint8Array {
  const parts = [pcapFileHeader(1)]
  for (const { at, bytes } of frames) {
    const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + bytes.length)
    putPcapRecord(record, 0, at, bytes.length, bytes, 0, bytes.length)
    parts.push(record)
  }
  return joinBytes(...parts)
}

/** Wards of a few beds and stories, each thinned to `packetsMax` packets spread over its time: every kind of talk, in a size that can be edited. */
export function wardSeeds(packetsMax: number): Uint8Array[] {
  const stories: readonly (readonly Scenario[])[] = [[], ['leak'], ['update'], ['mitm'], ['udp'], SCENARIOS]
  return stories.map((scenarios, i) => {
    const options = wardOptions({ beds: 4, durationSeconds: 40, scenarios: new Set(scenarios), seed: i + 1, updateTransport: i % 2 === 0 ? 'udp' : 'tcp' })
    const frames = [...playWard(options)].filter((f) => f.bytes.length < 700)
    const stride = Math.max(1, Math.floor(frames.length / packetsMax))
    return pcapOf(frames.filter((_, n) => n % stride === 0).slice(0, packetsMax))
  })
}
