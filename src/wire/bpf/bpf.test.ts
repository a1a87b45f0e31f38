// Tests of packet filters: the program and the tree say the same of every frame, tcpdump takes the same packets, and unknown words are told.
// Keeps the rule that filters of tests are written as people write them.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { runs } from '../../testing/runs.ts'
import { capturesMissing, manifest, sharedCapture } from '../../testing/shared.ts'
import { createCaptureReader } from '../capture/reader.ts'
import { compileBpf } from './compile.ts'
import { evaluateBpf } from './evaluate.ts'
import { interpretBpf } from './interpret.ts'
import { parseBpf } from './parse.ts'
import type { BpfInstruction } from './program.ts'

const PRIMITIVES = [
  'ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'igmp', 'host 10.0.0.1', 'src host 10.0.0.2', 'dst 10.0.0.1', 'net 10.0.0.0/8',
  'net 192.168', 'src net 10.0.0.0 mask 255.255.255.0', 'port 53', 'tcp port 80', 'udp src port 53', 'dst portrange 1-1023', 'src and dst port 53',
  'host fe80::1', 'net fe80::/10', 'ip6 host ::1', 'ether host 00:11:22:33:44:55', 'ether src ff:ff:ff:ff:ff:ff', 'ether broadcast', 'broadcast',
  'multicast', 'ip multicast', 'ip6 multicast', 'vlan', 'vlan 10', 'less 80', 'greater 100', 'ip proto 6', 'ip6 proto 17', 'proto 17',
  'ether proto 0x88cc', 'arp host 10.0.0.1', 'port 80 or 443', 'host 10.0.0.1 and 10.0.0.2',
]

const filter: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, fc.constantFrom(...PRIMITIVES),
    fc.tuple(tie('tree'), fc.constantFrom('and', 'or', '&&', '||'), tie('tree')).map((t) => t.join(' ')),
    tie('tree').map((t) => `not ${t}`), tie('tree').map((t) => `!(${t})`), tie('tree').map((t) => `( ${t} )`)),
})).tree

const MACS = [[0, 0x11, 0x22, 0x33, 0x44, 0x55], [255, 255, 255, 255, 255, 255], [1, 0, 94, 0, 0, 1]]
const ADDRESSES4 = [[10, 0, 0, 1], [10, 0, 0, 2], [192, 168, 1, 1], [224, 0, 0, 1]]
const ADDRESSES6 = [[0xfe, 0x80, ...Array<number>(13).fill(0), 1], [...Array<number>(15).fill(0), 1], [0xff, 2, ...Array<number>(13).fill(0), 1]]
const pick = (rows: readonly (readonly number[])[]): fc.Arbitrary<readonly number[]> => fc.constantFrom(...rows)
const ports = fc.tuple(fc.constantFrom(53, 80, 443, 9999), fc.constantFrom(53, 80, 515)).map(([s, d]) => [s >> 8, s & 255, d >> 8, d & 255])
const ip4 = fc.tuple(
  fc.constantFrom(0x45, 0x46, 0x4f), fc.constantFrom(1, 2, 6, 17, 132), fc.constantFrom(0, 0x20, 0x1f), pick(ADDRESSES4), pick(ADDRESSES4), ports,
).map(
  ([first, proto, fragment, src, dst, p]) => [
    8, 0, first, 0, 0, 60, 0, 0, fragment, 0, 64, proto, 0, 0, ...src, ...dst, ...Array<number>((first & 15) * 4 - 20).fill(0), ...p,
  ])
const ip6 = fc.tuple(fc.constantFrom(6, 17, 44, 58), fc.constantFrom(6, 58), pick(ADDRESSES6), pick(ADDRESSES6), ports).map(
  ([next, inner, src, dst, p]) => [0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, next, 64, ...src, ...dst, ...(next === 44 ? [inner, 0, 0, 0] : p)])
const arp = fc.tuple(fc.constantFrom(6, 0x35), pick(ADDRESSES4), pick(ADDRESSES4)).map(
  ([low, src, dst]) => [low === 6 ? 8 : 0x80, low, 0, 1, 8, 0, 6, 4, 0, 1, ...(MACS[0] ?? []), ...src, 0, 0, 0, 0, 0, 0, ...dst])
const tags = fc.array(fc.constantFrom([0x81, 0, 0, 10], [0x88, 0xa8, 0, 7], [0x91, 0, 0x20, 10]), { maxLength: 2 }).map((t) => t.flat())
/** Frames of all kinds that filters speak of, some of them cut off. */
const frame: fc.Arbitrary<Uint8Array> = fc.tuple(pick(MACS), pick(MACS), tags, fc.oneof(ip4, ip6, arp), fc.nat(60), fc.oneof(fc.constant(200), fc.nat(90))).map(
  ([dst, src, t, rest, pad, cut]) => Uint8Array.from([...dst, ...src, ...t, ...rest, ...Array<number>(pad).fill(0)]).subarray(0, cut))

function compiled(text: string, tagsAre: 'in-frame' | 'beside' = 'in-frame'): readonly BpfInstruction[] {
  const parsed = parseBpf(text)
  ok(parsed.ok, `${text}: ${parsed.ok ? '' : parsed.error.message}`)
  const program = compileBpf(parsed.value, { snaplen: 262_144, tags: tagsAre })
  ok(program.ok)
  return program.value
}

test('the program and the tree say the same of every frame, cut off or not', () => {
  fc.assert(fc.property(filter, frame, (text, bytes) => {
    const parsed = parseBpf(text)
    ok(parsed.ok, text)
    const expected = evaluateBpf(parsed.value, bytes, bytes.length + 7)
    equal(interpretBpf(compiled(text), { bytes, wireLength: bytes.length + 7, tag: null }) > 0, expected, `${text} on ${Buffer.from(bytes).toString('hex')}`)
  }), { numRuns: runs(1000) })
})

test('a tag beside the frame is the tag it had inside: vlan words say the same of both', () => {
  const words = ['vlan', 'vlan 10', 'vlan 10 and ip', 'vlan and tcp port 80', 'not vlan', 'vlan and vlan 10', 'vlan 10 and host 10.0.0.1']
  fc.assert(fc.property(fc.constantFrom(...words), frame, (text, bytes) => {
    const type = (bytes[12] ?? 0) * 256 + (bytes[13] ?? 0)
    const isTagged = bytes.length >= 18 && (type === 0x8100 || type === 0x88a8)
    // What the kernel does with it: 9100 is no tag to it.
    if (!isTagged && (type === 0x9100 || bytes.length < 18)) return
    const inside = interpretBpf(compiled(text), { bytes, wireLength: 100, tag: null })
    const stripped = isTagged ? Uint8Array.from([...bytes.subarray(0, 12), ...bytes.subarray(16)]) : bytes
    const tag = isTagged ? (bytes[14] ?? 0) * 256 + (bytes[15] ?? 0) : null
    equal(interpretBpf(compiled(text, 'beside'), { bytes: stripped, wireLength: 100, tag }), inside, text)
  }), { numRuns: runs(500) })
})

test('a filter of two hundred hosts still jumps where it should, and one too long is said', () => {
  const hosts = Array.from({ length: 200 }, (_, i) => `host 10.1.${i >> 8}.${i & 255}`)
  const text = hosts.join(' or ')
  const program = compiled(text)
  ok(program.every(({ jt, jf }) => jt <= 255 && jf <= 255))
  const zeros = (n: number): number[] => Array<number>(n).fill(0)
  const bytes = (last: number): Uint8Array => Uint8Array.from([...zeros(12), 8, 0, 0x45, ...zeros(11), 10, 1, last >> 8, last & 255, 9, 9, 9, 9])
  for (const i of [0, 1, 100, 199]) equal(interpretBpf(program, { bytes: bytes(i), wireLength: 60, tag: null }), 262_144, `${i}`)
  equal(interpretBpf(program, { bytes: bytes(200), wireLength: 60, tag: null }), 0)
  const parsed = parseBpf(Array.from({ length: 900 }, (_, i) => `host 10.1.${i >> 8}.${i & 255}`).join(' or '))
  ok(parsed.ok)
  const long = compileBpf(parsed.value, { snaplen: 100, tags: 'beside' })
  match(long.ok ? '' : long.error, /takes \d+ instructions, and the kernel takes at most 4096/)
})

test('no word takes everything', () => {
  deepEqual(compiled('  ').map((i) => i.k), [262_144])
})

test('and and or bind alike, from the left; a bare value takes the qualifiers before it', () => {
  const shape = (text: string): unknown => {
    const parsed = parseBpf(text)
    return parsed.ok ? parsed.value : parsed.error
  }
  deepEqual(shape('ip or arp and tcp'), shape('(ip or arp) and tcp'))
  deepEqual(shape('not host 10.0.0.1 and 10.0.0.2'), shape('(not host 10.0.0.1) and host 10.0.0.2'))
  deepEqual(shape('tcp dst port 80 or 443'), shape('tcp dst port 80 or tcp dst port 443'))
  deepEqual(shape('src or dst net 10'), shape('net 10.0.0.0/8'))
})

test('signs need no spaces around them, and numbers and addresses are read to their last character', () => {
  for (const [glued, spaced] of [
    ['!(tcp&&port 80)||udp', 'not ( tcp and port 80 ) or udp'], ['\ttcp\n\u00a0and(udp)', 'tcp and ( udp )'], ['ether proto \\arp', 'ether proto arp'],
    ['less 0X1f', 'less 31'], ['ether host 0:1B:78:1:2:3', 'ether host 00:1b:78:01:02:03'],
  ] as const) deepEqual(parseBpf(glued), parseBpf(spaced), glued)
  for (const [wrong, column] of [
    ['tcp&udp', 4], ['less 0x', 6], ['less 1g', 6], ['less ١', 6], ['port 000080', 6], ['vlan 4096', 6], ['ether host 00:1b:78:01:02', 12],
    ['ether host 00:1b:78:01:02:003', 12], ['net 10.0.0.0/0008', 5], ['host 10.0.0.0001', 6],
  ] as const) {
    const parsed = parseBpf(wrong)
    deepEqual(parsed.ok ? 0 : parsed.error.column, column, wrong)
  }
})

test('what is not understood is told with its column and what to write', () => {
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['host monitor7', 6, /no name is looked up/], ['tcp prot 80', 5, /"and" or "or" is missing before "prot"/],
    ['port', 5, /a port is missing before the end/],
    ['port 70000', 6, /not a port/], ['(tcp', 5, /"\)" is missing before the end/], ['tcp and', 8, /primitive .* is missing before the end/],
    ['net 10.0.0.1/8', 5, /bits beyond its mask/], ['vlan 5000', 6, /not a VLAN from 0 to 4095/], ['ether host 10.0.0.1', 12, /not a hardware address/],
    ['arp port 80', 10, /no ports/], ['ip host fe80::1', 9, /do not go together/], ['wlan', 1, /"wlan" is not known/],
    ['tcp[13] & 2 != 0', 1, /"tcp\[13\]" is not known/],
    [`${'('.repeat(200)}tcp`, 102, /nested too deep/],
  ]
  for (const [text, column, message] of rows) {
    const parsed = parseBpf(text)
    ok(!parsed.ok, text)
    match(parsed.error.message, message, text)
    ok(Math.abs(parsed.error.column - column) <= (text.startsWith('((') ? 3 : 0), `${text}: column ${parsed.error.column}`)
  }
})

test('any words: a tree or a fault inside the text, never an exception', () => {
  const anyWord = fc.oneof(fc.constantFrom(...'tcp host 10.0.0.1 ( ) not and vlan 10 src dst port ether net / mask'.split(' ')), fc.string())
  fc.assert(fc.property(fc.array(anyWord, { maxLength: 12 }), (list) => {
    const text = list.join(' ')
    const parsed = parseBpf(text)
    if (parsed.ok) ok(compileBpf(parsed.value, { snaplen: 1, tags: 'beside' }).ok)
    else ok(parsed.error.column >= 1 && parsed.error.column <= text.length + 1)
  }))
})

const ETHERNET = 1
/** Enough of each capture; what lies behind is of the same kinds. */
const PACKETS_MAX = 3000
const FILTERS = [
  ...PRIMITIVES, 'not ip', 'tcp and not port 80', 'udp or icmp and net 10.0.0.0/8', 'vlan and ip', 'vlan and vlan', 'not (tcp or udp)',
  'ip and not tcp port 80',
  'src net 192.168.0.0/16 and dst portrange 1-1024', 'not broadcast and not multicast', 'tcp port http or https',
]
const noTcpdump = capturesMissing || (spawnSync('sh', ['-c', 'command -v tcpdump']).status === 0 ? false : 'tcpdump is not here')

/** Packets of a capture that tcpdump takes, by their order: it writes them into a pcap on its standard output. */
function takenByTcpdump(file: string, text: string): Buffer {
  return execFileSync('tcpdump', ['-r', file, '-w', '-', ...(text === '' ? [] : [text])], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] })
}

interface Kept {
  readonly hex: string
  readonly wire: number
}

function packetsOf(bytes: Uint8Array): { readonly packets: readonly Kept[]; readonly links: readonly number[] } {
  const packets: Kept[] = []
  const reader = createCaptureReader({
    packet: (buf, off, end, _, wire) => void (packets.length < PACKETS_MAX && packets.push({ hex: Buffer.from(buf.subarray(off, end)).toString('hex'), wire })),
  })
  reader.push(bytes)
  return { packets, links: reader.end().linkTypes }
}

test('tcpdump takes the same packets of real captures', { skip: noTcpdump }, () => {
  let [compared, taken] = [0, 0]
  const isSmall = (file: string): boolean => fs.existsSync(sharedCapture(file)) && fs.statSync(sharedCapture(file)).size < 400_000
  const small = manifest().filter(({ file }) => file.endsWith('.pcap') && isSmall(file))
  for (const [i, { file }] of small.entries()) {
    let whole: ReturnType<typeof packetsOf>
    try {
      whole = packetsOf(takenByTcpdump(sharedCapture(file), ''))
    } catch {
      continue
    }
    if (whole.links.join() !== String(ETHERNET) || whole.packets.length >= PACKETS_MAX) continue
    // In turn, so that all filters meet many captures and none waits for all.
    for (const text of FILTERS.filter((_, n) => n % 8 === i % 8)) {
      const program = compiled(text)
      const ours = whole.packets.filter(({ hex, wire }) => interpretBpf(program, { bytes: Buffer.from(hex, 'hex'), wireLength: wire, tag: null }) > 0)
      const theirs = packetsOf(takenByTcpdump(sharedCapture(file), text)).packets
      deepEqual(ours.map((p) => p.hex), theirs.map((p) => p.hex), `${file}: ${text}`)
      compared++
      taken += ours.length
    }
  }
  ok(compared > 100 && taken > 1000, `${compared} comparisons, ${taken} packets`)
})
