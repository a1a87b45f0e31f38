// Every shared capture against a tshark that is run here and now: headers, 5-tuples, flows and the bytes of TCP streams.
// Keeps the rule that a peer of another make is the judge, and that where we differ the reason and the count stand in a table.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { ourRun, packetsThatDiffer, streamsThatDiffer, type Disagreement, type OurPacket } from '../testing/tshark-compare.ts'
import { FIELDS, noTshark, packetOf, StreamHash, TSHARK_SETTINGS, tsharkRun } from '../testing/tshark.ts'

const skip = capturesMissing || noTshark

/** Streams followed per capture: all of all captures but one, a scan of two thousand ports without a byte. */
const STREAMS_MAX = 64
/** tshark also gives numbers to conversations that it expects and that no packet belongs to. */
const STREAMS_EXPECTED = 4

type Kind = Disagreement['what'] | 'packets' | 'streams'
interface Row {
  readonly file: string
  /** How many frames (or packets more or less, or streams) differ, by what differs first. */
  readonly differ: Readonly<Partial<Record<Kind, number>>>
  readonly why: string
}

const CUT = 'cut by the capture\'s size limit: tshark passes over the missing bytes in silence, we tell a gap'
const SILENCE = 'silent for longer than our idle limit (RFC 4787): two flows, where tshark knows no end'
const PAIRED = 'tshark pairs an answer with an earlier question of the protocol above, not with its 5-tuple'
const COPIES = 'copies of one connection in several VLANs: a flow for each, where tshark 4.0 knows no VLAN'
const BROKEN_CHAIN = 'an IPv6 chain that runs over its packet: we name the last header reached, tshark the one that was promised'
const PROBE = 'begins with a keep-alive probe: tshark misses its one byte, we know that it stands before the stream'
const LINK = 'a link type that nobody here reads'

/** Every disagreement there is. Whoever changes the engine shortens this table, or says in it why it grew. */
const LISTED: readonly Row[] = [
  { file: 'community-id/cid__tcp.pcap', differ: { streams: 1 }, why: CUT },
  { file: 'corrupt/ndpi__fuzz-2020-02-16-11740.pcap', differ: { flow: 5 }, why: PAIRED },
  {
    file: 'corrupt/ndpi__reasm_crash_anon.pcapng', differ: { streams: 1 },
    why: 'fuzzed: an IP length beyond the frame is a gap for us, tshark passes over it',
  },
  {
    file: 'corrupt/sv__bug-6875-01_fuzz.pcap', differ: { stack: 1, packets: -1 },
    why: 'damaged: after a record length nobody writes, tshark reads the whole file anew with another record header; we stop',
  },
  { file: 'corrupt/ws__protos-test-suite-traffic_c06-snmpv1-req-enc-r1.pcap.gz', differ: { flow: 1 }, why: PAIRED },
  {
    file: 'corrupt/zeek__trunc_icmp-header-trunc.pcap', differ: { stack: 2 },
    why: 'six of the eight bytes of ICMP: tshark shows type and code, we wait for a whole header',
  },
  {
    file: 'corrupt/zeek__trunc_ip-discarder-truncated-tcp-oob.pcapng', differ: { stack: 1 },
    why: 'no byte of TCP was captured: tshark names it from the IP header, we do not',
  },
  {
    file: 'corrupt/zeek__trunc_ipv4-internally-truncated-header.pcap', differ: { tuple: 1 },
    why: 'the options are cut: we keep both addresses, tshark the first',
  },
  {
    file: 'corrupt/zeek__trunc_ipv4-truncated-broken-header.pcap', differ: { stack: 1 },
    why: 'the options are cut: we keep both addresses, tshark none',
  },
  {
    file: 'crashed-a-peer/ws__linux-netlink_netlink.pcap', differ: { stack: 30 },
    why: 'packets inside netlink messages of the capturing host itself (nflog) were on no wire',
  },
  { file: 'crashed-a-peer/ws__zeek-samples_dns-inverse-query.trace', differ: { stack: 11 }, why: LINK },
  {
    file: 'dns/ws__viruses-and-worms_dns-remoteshell.pcap', differ: { stack: 69 },
    why: 'every second frame is a wireless card\'s private encapsulation (Centrino, EtherType 0x2452)',
  },
  { file: 'format/gp__pcapgo_tests_be_test011.pcapng', differ: { flow: 1 }, why: SILENCE },
  { file: 'format/gp__pcapgo_tests_be_test018.pcapng', differ: { flow: 1 }, why: SILENCE },
  { file: 'format/gp__pcapgo_tests_be_test100.pcapng', differ: { flow: 1 }, why: SILENCE },
  {
    file: 'format/gp__pcapgo_tests_be_test901.pcapng', differ: { packets: 1 },
    why: 'a section of version 2.0: tshark ends there, we pass over it and read the next',
  },
  { file: 'format/gp__pcapgo_tests_le_test016.pcapng', differ: { flow: 1 }, why: SILENCE },
  { file: 'format/gp__pcapgo_tests_le_test018.pcapng', differ: { flow: 1 }, why: SILENCE },
  { file: 'format/gp__pcapgo_tests_le_test100.pcapng', differ: { flow: 1 }, why: SILENCE },
  { file: 'format/tcpdump__unsupported-link-type-160.pcap', differ: { stack: 1 }, why: LINK },
  { file: 'format/ws__general-unsorted_genbroad.snoop', differ: { packets: -250 }, why: 'snoop is refused by name' },
  {
    file: 'frag/ws__crack-traces_teardrop.cap', differ: { stack: 1 },
    why: 'the last fragment ends before one that came earlier: no datagram for us, a short one for tshark',
  },
  {
    file: 'frag/zeek__ipv4_fragmented-1.pcap', differ: { stack: 1 },
    why: 'a fragment beyond the last one: no datagram for us, one of 136 bytes for tshark',
  },
  { file: 'frag/zeek__tcp_truncated-header.pcap', differ: { streams: 1 }, why: CUT },
  { file: 'inventory/zeek__snmp_snmpwalk-short.pcap', differ: { flow: 1 }, why: PAIRED },
  { file: 'ipv6/tcpdump__ipv6-next-header-oobr-1.pcap', differ: { 'community id': 1 }, why: BROKEN_CHAIN },
  { file: 'ipv6/tcpdump__ipv6-rthdr-oobr.pcap', differ: { 'community id': 1 }, why: BROKEN_CHAIN },
  {
    file: 'ipv6/zeek__ipv6_zero_len_ah.pcap', differ: { stack: 1 },
    why: 'an AH of eight bytes has no sequence number (RFC 4302): the chain ends there for us',
  },
  { file: 'malware/iti__openics_EIP-FirmwareChange.pcap', differ: { streams: 1 }, why: PROBE },
  { file: 'malware/iti__openics_EIP-FirmwareChangeFailure.pcap', differ: { streams: 1 }, why: PROBE },
  { file: 'nfs/tcpdump__hoobr_nfs_printfh.pcap', differ: { streams: 1 }, why: CUT },
  { file: 'nfs/ws__nfs-protocol-family_nfs_bad_stalls.cap', differ: { streams: 4 }, why: CUT },
  { file: 'nfs/zeek__rpc-portmap-sadmind.pcap', differ: { flow: 2 }, why: PAIRED },
  { file: 'vlan/zeek__vlan-collisions.pcap', differ: { flow: 11 }, why: COPIES },
  { file: 'vlan/zeek__vlan-pcp-dei.pcapng', differ: { flow: 8 }, why: COPIES },
]

/** What differs in one capture, counted. */
function compare(file: string): { differ: Partial<Record<Kind, number>>; packets: number; streams: number; first: Disagreement | undefined } {
  const ours = ourRun(sharedCapture(file))
  const theirs = tsharkRun(sharedCapture(file), Math.min(STREAMS_MAX, ours.tcpFlows + STREAMS_EXPECTED))
  const found = packetsThatDiffer(ours, theirs)
  const { compared, different } = streamsThatDiffer(ours, theirs)
  const differ: Partial<Record<Kind, number>> = {}
  for (const { what } of found) differ[what] = (differ[what] ?? 0) + 1
  if (ours.packets.length !== theirs.packets.length) differ.packets = ours.packets.length - theirs.packets.length
  if (different.length > 0) differ.streams = different.length
  return { differ, packets: ours.packets.length, streams: compared, first: found[0] }
}

const seen = { packets: 0, streams: 0 }
const folders = [...new Set(manifest().map(({ file }) => file.split('/')[0] ?? ''))]
for (const folder of folders) {
  test(`${folder}/: each packet has the headers, 5-tuple and flow that tshark gives it, each TCP stream its bytes`, { skip }, () => {
    for (const { file } of manifest().filter((row) => row.file.startsWith(`${folder}/`))) {
      const row = LISTED.find((listed) => listed.file === file)
      const { differ, packets, streams, first } = compare(file)
      seen.packets += packets
      seen.streams += streams
      const example = first ? `; frame ${first.frame}: ours ${first.ours}, tshark ${first.theirs}` : ''
      assert.deepEqual(differ, row?.differ ?? {}, `${file}${example}${row ? ` (listed: ${row.why})` : ''}`)
    }
  })
}

test('that was the whole folder: over 96,000 packets and 200 streams, and the table names only what is there', { skip }, () => {
  assert.ok(seen.packets > 96_000 && seen.streams > 200, JSON.stringify(seen))
  assert.deepEqual(LISTED.filter(({ file }) => !manifest().some((row) => row.file === file)), [])
  assert.equal(new Set(LISTED.map(({ file }) => file)).size, LISTED.length)
})

/** A line as tshark would write it, from the fields that matter. */
const line = (cells: Partial<Record<(typeof FIELDS)[number], string>>): string => FIELDS.map((field) => cells[field] ?? '').join('\t')

const TUNNELLED = line({
  'frame.protocols': 'eth:ethertype:vlan:ethertype:ip:udp:vxlan:eth:ethertype:vlan:ethertype:ip:icmp:ip:tcp', 'vlan.id': '7,30',
  'ip.src': '10.0.0.1,10.1.0.1,9.9.9.9', 'ip.dst': '10.0.0.2,10.1.0.2,9.9.9.8', 'udp.srcport': '5000', 'udp.dstport': '4789', 'udp.stream': '3',
  'icmp.type': '3', 'icmp.code': '1', 'tcp.srcport': '1', 'tcp.dstport': '2',
})

test('a tunnel has its layers one by one, and what an ICMP error quotes is none of them', () => {
  const { link, layers } = packetOf(TUNNELLED)
  assert.equal(link, 'eth')
  assert.deepEqual(layers.map(({ vlans, src, dst, transport, srcPort, stream }) => [vlans, src, dst, transport, srcPort, stream]), [
    [['7'], '10.0.0.1', '10.0.0.2', 'udp', '5000', '3'], [['30'], '10.1.0.1', '10.1.0.2', 'icmp', '3', ''],
  ])
})

/** One packet on both sides, as they would agree on it. */
const OURS: OurPacket = { stack: 'eth/vlan 7/ip/tcp', tuple: '10.0.0.1 10.0.0.2 1>2', length: '30', flow: 1, communityId: 'id', isInTunnel: false }
const THEIRS = {
  'frame.protocols': 'eth:ethertype:vlan:ethertype:ip:tcp', 'vlan.id': '7', 'ip.src': '10.0.0.1', 'ip.dst': '10.0.0.2', 'tcp.srcport': '1',
  'tcp.dstport': '2', 'tcp.len': '30', 'tcp.stream': '0', 'communityid': 'id',
} as const
const differences = (ours: readonly OurPacket[], ...theirs: readonly string[]): Disagreement['what'][] =>
  packetsThatDiffer({ packets: ours, streams: new Map(), tcpFlows: 1 }, { packets: theirs.map(packetOf), streams: [] }).map(({ what }) => what)

test('a frame without a tag of its own is in the VLAN that the trunk or the mirror around it names; a tag in it comes first', () => {
  const vlansOf = (cells: Parameters<typeof line>[0]): readonly string[] | undefined => packetOf(line(cells)).layers.at(-1)?.vlans
  assert.deepEqual(vlansOf({ 'frame.protocols': 'eth:eth:llc:stp', 'isl.vlan_id': '111' }), ['111'])
  const mirrored = { 'ip.src': '10.0.0.1,10.1.0.1', 'ip.dst': '10.0.0.2,10.1.0.2', 'erspan.vlan': '20' }
  assert.deepEqual(vlansOf({ ...mirrored, 'frame.protocols': 'eth:ethertype:ip:gre:erspan:eth:ethertype:ip' }), ['20'])
  assert.deepEqual(vlansOf({ ...mirrored, 'frame.protocols': 'eth:ethertype:vlan:ethertype:ip:gre:erspan:eth:ethertype:ip', 'vlan.id': '7' }), ['20'])
  assert.deepEqual(vlansOf({ ...mirrored, 'frame.protocols': 'eth:ethertype:ip:gre:erspan:eth:ethertype:vlan:ethertype:ip', 'vlan.id': '30' }), ['30'])
})

test('the comparison can fail: another header, address, port, length, Community ID or flow is seen, a length that one side omits is not', () => {
  assert.deepEqual(differences([OURS], line(THEIRS)), [])
  assert.deepEqual(differences([OURS], line({ ...THEIRS, 'vlan.id': '8' })), ['stack'])
  assert.deepEqual(differences([OURS], line({ ...THEIRS, 'ip.dst': '10.0.0.3' })), ['tuple'])
  assert.deepEqual(differences([OURS], line({ ...THEIRS, 'tcp.dstport': '3' })), ['tuple'])
  assert.deepEqual(differences([OURS], line({ ...THEIRS, 'tcp.len': '31' })), ['length'])
  assert.deepEqual(differences([OURS], line({ ...THEIRS, 'tcp.len': '' })), [])
  assert.deepEqual(differences([OURS], line({ ...THEIRS, communityid: 'other' })), ['community id'])
  assert.deepEqual(differences([OURS, OURS], line(THEIRS), line({ ...THEIRS, 'tcp.stream': '1' })), ['flow'])
  assert.deepEqual(differences([OURS, { ...OURS, flow: 2 }], line(THEIRS), line(THEIRS)), ['flow'])
  assert.deepEqual(differences([{ ...OURS, stack: 'eth/vlan 30/ip/icmp', tuple: '10.1.0.1 10.1.0.2 3>1', flow: 0, isInTunnel: true }], TUNNELLED), [])
})

test('the comparison of streams can fail: another byte or another gap is seen, gaps that touch are one', () => {
  const hash = (...pieces: readonly (string | number)[]): string => {
    const side = new StreamHash()
    for (const piece of pieces) if (typeof piece === 'number') side.gap(piece)
      else side.data(Buffer.from(piece))
    return side.digest()
  }
  const verdict = (ours: string, theirs: string): number[] => {
    const run = { packets: [OURS], streams: new Map([[1, [ours, hash()] as const]]), tcpFlows: 1 }
    return streamsThatDiffer(run, { packets: [packetOf(line(THEIRS))], streams: [[theirs, hash()]] }).different
  }
  assert.deepEqual(verdict(hash('ab', 3, 4, 'c'), hash('a', 'b', 7, 'c')), [])
  assert.deepEqual(verdict(hash('ab'), hash('ac')), [0])
  assert.deepEqual(verdict(hash('a', 3, 'b'), hash('a', 4, 'b')), [0])
  assert.deepEqual(verdict(hash('a', 3, 'b'), hash('ab')), [0])
})

test('every setting of tshark has its reason', () => {
  for (const [args, why] of TSHARK_SETTINGS) assert.ok(args.length > 0 && why.length > 20, why)
})
