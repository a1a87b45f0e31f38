// Differential test: our frame decode against tshark, frame by frame, on captures of every link type and oddity.
// Keeps the rule that where we differ from Wireshark the reason stands in a table, not in a shrug.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { ipFromV4, ipFromWords } from '../base/ip.ts'
import { createCaptureReader } from './capture/reader.ts'
import { beginFrame, decodeFrame } from './decode.ts'
import { Frame, FrameFlag, FrameStatus, IpProto } from './frame.ts'

const SHARED = new URL('../../../shared/captures/', import.meta.url)

function whyNot(): string | false {
  if (!existsSync(SHARED)) return 'no shared/captures beside the checkout'
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'tshark is not installed'
  }
}

/** Without tunnels, of which this tells the outer packet and we the inner one (tunnel-captures.test.ts).
 * Captures and, where tshark sees it otherwise, the frames (1-based) that differ and why. */
const ROWS: readonly { file: string; differ?: readonly number[]; why?: string }[] = [
  { file: 'community-id/cid__sctp.pcap' },
  { file: 'community-id/cid__tcp.pcap' },
  { file: 'corrupt/zeek__trunc_icmp-payload-trunc.pcap' },
  { file: 'corrupt/zeek__trunc_ip4-trunc.pcap' },
  { file: 'corrupt/zeek__trunc_ip6-ext-trunc.pcap' },
  { file: 'corrupt/zeek__trunc_trunc-hdr.pcap' },
  { file: 'corrupt/zeek__trunc_ipv4-internally-truncated-header.pcap', differ: [1], why: 'options are cut: we keep both addresses' },
  { file: 'corrupt/zeek__trunc_ipv4-truncated-broken-header.pcap', differ: [1], why: 'options are cut: we keep both addresses' },
  { file: 'crashed-a-peer/ndpi__tls_heur__vmess-tcp.pcapng' },
  { file: 'crashed-a-peer/tcpdump__arp-oobr.pcap' },
  { file: 'format/arkime__bigendian.pcap' },
  { file: 'format/tcpdump__LINKTYPE_IPV6.pcap' },
  { file: 'format/tcpdump__tcp-handshake-nano.pcap' },
  { file: 'frag/sv__security-8550_input.pcap' },
  { file: 'frag/ws__crack-traces_teardrop.cap' },
  { file: 'frag/zeek__ipv6-fragmented-dns.pcap' },
  { file: 'frag/zeek__tcp_truncated-header.pcap' },
  {
    file: 'frag/sv__defrag_bug-6887-defrag-eth-vlan-ipv4-tcp-syn_frag-eth-vlan-ip-tcp-syn.pcap',
    differ: [1],
    why: 'eight bytes of TCP are no header: no ports before the datagram is whole',
  },
  { file: 'inventory/ws__cisco_cdp_v2.pcap' },
  { file: 'ipv6/sv__ipv6-evasion_ipv6-covert-dstopts_covert_send6.pcap' },
  { file: 'ipv6/sv__ipv6-evasion_ipv6-malformed-fragments-10_frag-10.pcap' },
  { file: 'ipv6/zeek__ipv6-hbh-routing0.pcap' },
  { file: 'ipv6/zeek__ipv6_zero_len_ah.pcap', differ: [5], why: 'an AH of eight bytes has no sequence number (RFC 4302): chain invalid' },
  { file: 'medical/tapirx__dicom_arq_2_get_testclient.pcap' },
  { file: 'nfs/ws__nfs-protocol-family_nfsv2.pcap.gz' },
  { file: 'vlan/ws__general-unsorted_vlan.cap.gz' },
  { file: 'vlan/zeek__vlan-collisions.pcap' },
  { file: 'vlan/zeek__vlan-pcp-dei.pcapng' },
  { file: 'vlan/zeek__http-qinq-0.pcap' },
  { file: 'vlan/zeek__vlan-qinqinq.pcap' },
]

/** One frame as both sides tell it: VLAN, addresses, protocol by name, ports, TCP payload length. */
type Outline = string

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [IpProto.tcp, 'tcp'], [IpProto.udp, 'udp'], [IpProto.icmp, 'icmp'], [IpProto.icmp6, 'icmpv6'], [IpProto.sctp, 'sctp'],
])

function outlineOf(frame: Frame, status: FrameStatus): Outline {
  const a = [...frame.addresses]
  const ip = (at: number): string => {
    if (frame.ipVersion === 4) return ipFromV4(a[at + 3] ?? 0)
    return frame.ipVersion === 6 ? ipFromWords(a[at] ?? 0, a[at + 1] ?? 0, a[at + 2] ?? 0, a[at + 3] ?? 0) : ''
  }
  const name = status === FrameStatus.transport ? (PROTOCOL_NAMES.get(frame.proto) ?? '') : ''
  const ports = ['tcp', 'udp', 'sctp'].includes(name) ? `${frame.srcPort}>${frame.dstPort}` : ''
  const isWhole = (frame.flags & (FrameFlag.fragment | FrameFlag.transportInvalid | FrameFlag.ipPayloadTruncated)) === 0
  const length = name === 'tcp' && isWhole ? String(frame.payloadWireLength) : ''
  return [frame.vlan === 0 ? '' : frame.vlan, ip(0), ip(4), name, ports, length].join(' ')
}

function ours(path: string): Outline[] {
  const raw = readFileSync(path)
  const rows: Outline[] = []
  const frame = new Frame()
  const reader = createCaptureReader({
    packet: (buf, off, end, at, wireLength, linkType) => {
      beginFrame(frame, rows.length + 1, at, wireLength, end - off)
      rows.push(outlineOf(frame, decodeFrame(buf, off, end, linkType, frame)))
    },
  })
  reader.push(raw[0] === 0x1f ? gunzipSync(raw) : raw)
  reader.end()
  return rows
}

const FIELDS = [
  'frame.protocols', 'vlan.id', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport',
  'sctp.srcport', 'sctp.dstport', 'tcp.len',
] as const

function theirs(path: string): Outline[] {
  const options = ['ip.defragment:FALSE', 'ipv6.defragment:FALSE', 'tcp.desegment_tcp_streams:FALSE'].flatMap((o) => ['-o', o])
  const args = ['-n', '-r', path, ...options, '-T', 'fields', '-E', 'occurrence=f', ...FIELDS.flatMap((f) => ['-e', f])]
  const out = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 })
  return out.split('\n').slice(0, -1).map(outlineOfFields)
}

function outlineOfFields(line: string): Outline {
  const cells = line.split('\t')
  const get = (field: (typeof FIELDS)[number]): string => cells[FIELDS.indexOf(field)] ?? ''
  const vlan = get('vlan.id') === '0' ? '' : get('vlan.id')
  const head = [vlan, get('ip.src') || get('ipv6.src'), get('ip.dst') || get('ipv6.dst')]
  const name = transportOf(get('frame.protocols').split(':'))
  if (name !== 'tcp' && name !== 'udp' && name !== 'sctp') return [...head, name, '', ''].join(' ')
  return [...head, name, `${get(`${name}.srcport`)}>${get(`${name}.dstport`)}`, name === 'tcp' ? get('tcp.len') : ''].join(' ')
}

/** The transport of the outermost IP header: what a tunnel carries, or an ICMP error quotes, comes later in the list. */
function transportOf(protocols: readonly string[]): string {
  const after = protocols.slice(protocols.findIndex((p) => p === 'ip' || p === 'ipv6') + 1)
  const found = after.find((p) => p === 'ip' || p === 'ipv6' || [...PROTOCOL_NAMES.values()].includes(p))
  return found === undefined || found === 'ip' || found === 'ipv6' ? '' : found
}

/** Where one side tells no TCP length (a fragment, a lie), the other's is not compared. */
function alike(a: Outline, b: Outline): boolean {
  if (a === b) return true
  const [left, right] = [a.split(' '), b.split(' ')]
  return (left[5] === '' || right[5] === '') && left.slice(0, 5).join(' ') === right.slice(0, 5).join(' ')
}

const skip = whyNot()
for (const { file, differ = [], why } of ROWS) {
  test(`tshark sees the same frames in ${file}${why === undefined ? '' : ` (but for ${differ.join(', ')}: ${why})`}`, { skip }, () => {
    const path = fileURLToPath(new URL(file.split('/').map(encodeURIComponent).join('/'), SHARED))
    const [we, they] = [ours(path), theirs(path)]
    assert.equal(we.length, they.length)
    const different = we.flatMap((row, i) => (alike(row, they[i] ?? '') ? [] : [i + 1]))
    assert.deepEqual(different, differ, different.slice(0, 3).map((n) => `${n}: we ${we[n - 1]}, tshark ${they[n - 1]}`).join('; '))
  })
}

test('the comparison can fail: another port, protocol, address or VLAN is seen', () => {
  assert.equal(alike('5 10.0.0.1 10.0.0.2 tcp 1>2 30', '5 10.0.0.1 10.0.0.2 tcp 1>2 30'), true)
  assert.equal(alike('5 10.0.0.1 10.0.0.2 tcp 1>2 ', '5 10.0.0.1 10.0.0.2 tcp 1>2 30'), true)
  const row = '5 10.0.0.1 10.0.0.2 tcp 1>2 30'
  const others = [row.replace('1>2', '1>3'), row.replace('0.2', '0.3'), row.replace('5', '6'), row.replace('30', '31')]
  for (const other of others) assert.equal(alike(row, other), false)
})
