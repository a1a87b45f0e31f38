// The innermost packet of every frame, and its VLANs, against tshark: all captures whose MANIFEST row speaks of VLANs, links or tunnels.
// Keeps the rule that where we differ from Wireshark the reason stands in a table; skips by name where tshark or the capture is absent.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { ipFromV4, ipFromWords } from '../base/ip.ts'
import { eachFrame, sharedCapture, skipWithout } from '../testing/capture-frames.ts'
import { FrameStatus, IpProto, tunnelKindNames, type Frame } from './frame.ts'

interface Row {
  readonly file: string
  /** What must come out in all: frames by tunnel kinds and VLANs, `erspan 20`; the words of the MANIFEST in our terms. */
  readonly carried: Readonly<Record<string, number>>
  /** Frames (1-based) that tshark sees otherwise, and why. */
  readonly differ?: readonly number[]
  readonly why?: string
}

const ISL_FRAMES = { 'plain 0': 67, 'plain 1': 39 }
const NINE = [111, 222, 333, 444, 555, 666, 777, 888, 999]

const ROWS: readonly Row[] = [
  { file: 'tunnel/ndpi__vxlan.pcap', carried: { 'vxlan 0': 127 } },
  { file: 'tunnel/sv__decode-too-many-layers_input.pcap', carried: { 'pseudowire 0': 1 } },
  { file: 'tunnel/zeek__erspanI.pcap', carried: { 'erspan 0': 10 } },
  { file: 'tunnel/zeek__erspanIII.pcap', carried: { 'erspan 20': 2 } },
  { file: 'tunnel/zeek__tunnels_gre-erspan3-dot1q.pcap', carried: { 'erspan 10': 2 } },
  { file: 'tunnel/zeek__tunnels_gre-sample.pcap', carried: { 'gre 0': 40 } },
  { file: 'tunnel/zeek__tunnels_vxlan.pcap', carried: { 'vxlan 0': 10 } },
  { file: 'l2/sv__arp_detect-arp-04-vxlan_vxlan-arp.pcap', carried: { 'vxlan 0': 2 } },
  { file: 'ipv6/ws__community-shares_ipv6_ipv4-over-ipv6.pcap', carried: { 'plain 0': 3, 'ipInIp 0': 12 } },
  { file: 'ipv6/tcpdump__ipv6-srh-ext-header.pcap', carried: { 'ipInIp 0': 1 } },
  { file: 'vlan/arkime__dot1ad.pcap', carried: { 'plain 1525.30': 1, 'plain 1535.40': 1 } },
  {
    file: 'vlan/ws__general-unsorted_isl-2-dot1q.cap',
    carried: { ...ISL_FRAMES, ...Object.fromEntries(NINE.map((id) => [`plain ${id}`, 71])) },
  },
  { file: 'vlan/ws__general-unsorted_vlan.cap.gz', carried: {} },
  { file: 'vlan/zeek__http-qinq-0.pcap', carried: { 'plain 0': 14 } },
  { file: 'vlan/zeek__vlan-collisions.pcap', carried: { 'plain 0': 14, 'plain 42': 14, 'plain 10.20': 14 } },
  { file: 'vlan/zeek__vlan-pcp-dei.pcapng', carried: { 'plain 10.20': 3, 'plain 20': 3, 'plain 0': 3 } },
  { file: 'vlan/zeek__vlan-qinqinq.pcap', carried: { 'plain 30.20': 14 } },
  {
    file: 'frag/sv__security-8550_input.pcap', carried: { 'plain 0': 2 },
    differ: [1], why: 'a tunnel in a fragment is opened when its datagram is whole',
  },
  { file: 'inventory/ws__adsl-cpe_nb6-startup.pcap', carried: {} },
  { file: 'crashed-a-peer/ws__community-shares_ppp_ppp-pap-实验.pcap', carried: { 'plain 0': 43 } },
  { file: 'crashed-a-peer/ws__community-shares_wlan_PAP.pcap', carried: { 'plain 0': 28 } },
  { file: 'crashed-a-peer/tcpdump__resp_1_benchmark.pcap', carried: { 'plain 0': 150 } },
  { file: 'medical/tapirx__dicom_arq_2_get_testclient.pcap', carried: { 'plain 0': 2 } },
]

/** One frame as both sides tell it: VLANs, addresses, transport, ports. */
interface Outline {
  readonly vlans: string
  readonly packet: string
}

const PORTED: ReadonlyMap<number, string> = new Map([[IpProto.tcp, 'tcp'], [IpProto.udp, 'udp'], [IpProto.sctp, 'sctp']])

function vlansOf(frame: Frame): string {
  return frame.innerVlan === 0 ? String(frame.vlan) : `${frame.vlan}.${frame.innerVlan}`
}

function ourOutline(frame: Frame, status: FrameStatus): Outline {
  const a = frame.addresses
  const ip = (at: number): string => {
    if (frame.ipVersion === 4) return ipFromV4(a[at + 3] ?? 0)
    return frame.ipVersion === 6 ? ipFromWords(a[at] ?? 0, a[at + 1] ?? 0, a[at + 2] ?? 0, a[at + 3] ?? 0) : ''
  }
  const name = status === FrameStatus.transport ? (PORTED.get(frame.proto) ?? '') : ''
  return { vlans: vlansOf(frame), packet: [ip(0), ip(4), name, name === '' ? '' : `${frame.srcPort}>${frame.dstPort}`].join(' ') }
}

const FIELDS = [
  'frame.protocols', 'vlan.id', 'ieee8021ad.id', 'erspan.vlan', 'isl.vlan_id', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst',
  'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'sctp.srcport', 'sctp.dstport',
] as const
type Field = (typeof FIELDS)[number]

function theirs(path: string): Outline[] {
  const options = ['ip.defragment:FALSE', 'ipv6.defragment:FALSE'].flatMap((o) => ['-o', o])
  const args = ['-n', '-r', path, ...options, '-T', 'fields', '-E', 'occurrence=a', ...FIELDS.flatMap((f) => ['-e', f])]
  const out = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 })
  return out.split('\n').slice(0, -1).map(theirOutline)
}

/**
 * tshark lists layers and, per field, the values of all layers in order. What an ICMP error quotes is no layer of ours, so the list ends
 * there; the innermost IP is the last before, and the tags of the innermost Ethernet are those after the last `eth`.
 */
function theirOutline(line: string): Outline {
  const cells = line.split('\t')
  const get = (field: Field): string[] => (cells[FIELDS.indexOf(field)] ?? '').split(',').filter((v) => v !== '')
  const all = (get('frame.protocols').length === 0 ? '' : cells[0] ?? '').split(':')
  const quoted = all.findIndex((p) => p === 'icmp' || p === 'icmpv6')
  const layers = quoted < 0 ? all : all.slice(0, quoted + 1)
  const lastIp = layers.findLastIndex((p, i) => (p === 'ip' || p === 'ipv6') && i > layers.lastIndexOf('eth'))
  const version = layers[lastIp] as 'ip' | 'ipv6' | undefined
  const nth = layers.filter((p) => p === version).length - 1
  const ends = version === undefined ? ['', ''] : [get(`${version}.src`)[nth] ?? '', get(`${version}.dst`)[nth] ?? '']
  const name = layers.slice(lastIp + 1).find((p): p is 'tcp' | 'udp' | 'sctp' => p === 'tcp' || p === 'udp' || p === 'sctp')
  const ported = lastIp >= 0 && name !== undefined
  const ports = ported ? `${get(`${name}.srcport`).at(-1)}>${get(`${name}.dstport`).at(-1)}` : ''
  return { vlans: theirVlans(layers, get), packet: [...ends, ported ? name : '', ports].join(' ') }
}

function theirVlans(layers: readonly string[], get: (field: Field) => string[]): string {
  const inner = layers.slice(layers.lastIndexOf('eth') + 1)
  const stag = inner.includes('ieee8021ad') ? get('ieee8021ad.id').slice(-1) : []
  const count = inner.filter((p) => p === 'vlan').length
  const tags = [...stag, ...(count === 0 ? [] : get('vlan.id').slice(-count))].map(Number)
  const [outer = 0, second = 0] = tags
  const noted = Number(get('erspan.vlan')[0] ?? get('isl.vlan_id')[0] ?? 0)
  if (outer === 0 && second === 0) return String(noted)
  return second === 0 ? String(outer) : `${outer}.${second}`
}

const skipTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0 ? false : 'tshark is not installed'

for (const { file, differ = [], why, carried } of ROWS) {
  const but = why === undefined ? '' : ` (but for ${differ.join(', ')}: ${why})`
  test(`${file}: innermost addresses, ports and VLANs are tshark's${but}`, { skip: skipTshark || skipWithout(file) }, () => {
    const path = sharedCapture(file) ?? assert.fail(file)
    const we: Outline[] = []
    eachFrame(path, (frame, status) => we.push(ourOutline(frame, status)))
    const they = theirs(path)
    assert.equal(we.length, they.length)
    const text = (o: Outline | undefined): string => `${o?.vlans} ${o?.packet}`
    const different = we.flatMap((row, i) => (text(row) === text(they[i]) ? [] : [i + 1]))
    assert.deepEqual(different, differ, different.slice(0, 3).map((n) => `${n}: we ${text(we[n - 1])}, tshark ${text(they[n - 1])}`).join('; '))
  })

  if (Object.keys(carried).length === 0) continue
  test(`${file}: carried as its MANIFEST row says`, { skip: skipWithout(file) }, () => {
    const counts: Record<string, number> = {}
    eachFrame(sharedCapture(file) ?? assert.fail(file), (frame) => {
      const name = `${tunnelKindNames(frame.tunnelKinds).join('+') || 'plain'} ${vlansOf(frame)}`
      counts[name] = (counts[name] ?? 0) + 1
    })
    assert.deepEqual(counts, carried)
  })
}
