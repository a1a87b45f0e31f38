// Flows and reassembly on the shared captures, against the answers of Wireshark, Zeek, Suricata and nDPI in their MANIFEST.
// Values are facts measured once (tshark 4.0.17) or written in the source project's own baseline; the name says which.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runFlows, sharedCapture, skipWithout, type FlowRun } from '../testing/capture-frames.ts'
import type { Direction, Flow } from './flow.ts'
import { IpProto, type Frame } from './frame.ts'
import { TcpBudget, TcpStream, type TcpCounts } from './reassembly/tcp.ts'

function pathOf(name: string): string {
  const path = sharedCapture(name)
  assert.ok(path !== null, name)
  return path
}

/** Registers a test that skips by name when the capture is absent. */
function onCapture(name: string, what: string, check: (path: string) => void): void {
  test(`${name}: ${what}`, { skip: skipWithout(name) }, () => check(pathOf(name)))
}

function endpoints(flow: Flow): string {
  return `${flow.src}:${flow.srcPort} > ${flow.dst}:${flow.dstPort}`
}

function flowsOf(run: FlowRun, proto: number): Flow[] {
  return run.ended.map((e) => e.flow).filter((flow) => flow.proto === proto)
}

/** The counters that are not 0. */
function told<T extends Record<string, number>>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) as Partial<T>
}

interface Heard {
  readonly flow: Flow
  /** Per direction; a gap is written as `<n>`. */
  readonly text: [string, string]
  readonly dataBytes: [number, number]
  readonly gaps: [number, number][]
  ends: number
  counts: TcpCounts
}

/** Reads every TCP flow of a capture. */
function hear(path: string): { run: FlowRun; heard: Heard[] } {
  const all = new Map<number, { stream: TcpStream; heard: Heard; sink: Parameters<TcpStream['segment']>[3] }>()
  const budget = new TcpBudget()
  const open = (flow: Flow): { stream: TcpStream; heard: Heard; sink: Parameters<TcpStream['segment']>[3] } => {
    const stream = new TcpStream(budget)
    const heard: Heard = { flow, text: ['', ''], dataBytes: [0, 0], gaps: [], ends: 0, counts: stream.observations() }
    const sink = {
      data(side: Direction, buf: Uint8Array, off: number, end: number): void {
        heard.text[side] += Buffer.from(buf.buffer, buf.byteOffset + off, end - off).toString('latin1')
        heard.dataBytes[side] += end - off
      },
      gap(side: Direction, bytes: number): void {
        heard.text[side] += `<${bytes}>`
        heard.gaps.push([side, bytes])
      },
      end(): void {
        heard.ends++
      },
    }
    all.set(flow.id, { stream, heard, sink })
    return { stream, heard, sink }
  }
  const onStep = (step: { flow: Flow; direction: Direction }, buf: Uint8Array, frame: Frame): void => {
    if (frame.proto !== IpProto.tcp) return
    const { stream, sink } = all.get(step.flow.id) ?? open(step.flow)
    stream.segment(step.direction, buf, frame, sink)
  }
  const onEnd = (flow: Flow): void => {
    const entry = all.get(flow.id)
    if (!entry) return
    entry.stream.finish(flow.lastAt, entry.sink)
    entry.heard.counts = entry.stream.observations()
  }
  const run = runFlows(path, onStep, { onEnd })
  assert.equal(budget.held, 0, 'all held memory is given back')
  return { run, heard: [...all.values()].map((entry) => entry.heard) }
}

onCapture(
  'vlan/zeek__vlan-collisions.pcap',
  'one 5-tuple in three VLAN positions stays three flows (Zeek conn_key.vlan_fivetuple)',
  (path) => {
    const { run, heard } = hear(path)
    const flows = flowsOf(run, IpProto.tcp)
    assert.equal(new Set(flows.map(endpoints)).size, 1)
    assert.deepEqual(flows.map((f) => [f.vlan, f.innerVlan, f.packets[0] + f.packets[1]]), [[0, 0, 14], [42, 0, 14], [10, 20, 14]])
    assert.deepEqual(heard.map((h) => h.dataBytes), [[136, 5007], [136, 5007], [136, 5007]])
    assert.equal(new Set(flows.map((f) => f.communityId())).size, 1, 'Community ID v1 knows no VLAN')
  },
)

onCapture('vlan/zeek__vlan-pcp-dei.pcapng', 'a packet mirrored at three tag levels is three flows of a SYN, SYN+ACK and ACK', (path) => {
  const flows = flowsOf(runFlows(path), IpProto.tcp)
  assert.deepEqual(flows.map((f) => [f.vlan, f.innerVlan, f.packets, f.state]), [
    [10, 20, [2, 1], 'established'], [20, 0, [2, 1], 'established'], [0, 0, [2, 1], 'established'],
  ])
})

onCapture('frag/sv__eve-overlap-payload-01_tcp-overlap.pcap', 'the stream sees GOOD, and EVIL is noted (suricata-verify)', (path) => {
  const [h] = hear(path).heard
  assert.deepEqual([h?.text[0], told(h?.counts ?? ({} as TcpCounts))], ['GOOD', { retransmission: 1, overlapDifferent: 1 }])
})

onCapture(
  'frag/sv__bug-3286-03-windows-evasion_with_evasion_windows.pcap',
  'RST and FIN before the SYN+ACK hide nothing (sid 1 must fire)',
  (path) => {
    const { run, heard } = hear(path)
    assert.deepEqual(flowsOf(run, IpProto.tcp).map((f) => [f.state, f.packets]), [['established', [4, 5]]])
    assert.deepEqual(heard.map((h) => h.dataBytes), [[343, 79]])
    assert.match(heard[0]?.text[0] ?? '', /^GET \/ HTTP/)
    assert.match(heard[0]?.text[1] ?? '', /^HTTP\/1\.1 200 OK/)
  },
)

onCapture('frag/zeek__tcp_reassembly.pcap', 'gaps where Wireshark writes "bytes missing", and no others', (path) => {
  const [h] = hear(path).heard
  assert.deepEqual(h?.gaps.map(([, bytes]) => bytes), [8, 8, 8, 24, 728, 708, 81, 1343, 20, 1448])
  assert.deepEqual([h?.ends, (h?.dataBytes[0] ?? 0) + 4376, h?.dataBytes[1]], [1, 33_208, 0])
  assert.ok((h?.counts.overlapDifferent ?? 0) > 0, 'retransmissions of this capture differ from what they repeat')
})

onCapture('frag/zeek__tcp_truncated-header.pcap', 'one flow of 24 packets, all payload accounted for as data or gap', (path) => {
  const { run, heard } = hear(path)
  const [flow] = flowsOf(run, IpProto.tcp)
  assert.ok(flow)
  assert.deepEqual([endpoints(flow), flow.packets], ['201.186.157.67:60827 > 128.3.26.249:25', [10, 14]])
  assert.deepEqual(heard.map((h) => h.dataBytes), [[0, 0]])
})

onCapture(
  'malware/iti__openics_EIP-FirmwareChange.pcap',
  'a start at a keep-alive probe invents no gap (2,097,179 and 262,294 bytes, Wireshark)',
  (path) => {
    const first = hear(path).heard[0]
    assert.deepEqual([first?.dataBytes, first?.gaps, first?.ends], [[262_294, 2_097_179], [], 1])
  },
)

onCapture('frag/ws__crack-traces_teardrop.cap', 'packets 8 and 9 overlap (Wireshark wiki)', (path) => {
  const run = runFlows(path)
  assert.deepEqual(told(run.ip), { fragments: 2, small: 1, unaligned: 1, endConflict: 1, overlap: 1, overlapDifferent: 1 })
  assert.deepEqual(run.incomplete.map((d) => [d.why, d.packets, d.firstFrame, d.proto]), [['finish', 2, 8, 17]])
})

onCapture(
  'frag/zeek__ipv4_fragmented-1.pcap',
  'size and content of the fragments contradict (Zeek: fragment_size_inconsistency)',
  (path) => {
    const { fragments, completed, endConflict, overlap } = runFlows(path).ip
    assert.deepEqual([fragments, completed, endConflict, overlap], [3, 0, 1, 1])
  },
)

onCapture('frag/zeek__ipv4_fragmented-4.pcap', 'overlapping fragments with other bytes (Zeek: fragment_inconsistency)', (path) => {
  const { run, heard } = hear(path)
  assert.deepEqual(told(run.ip), { fragments: 4, completed: 1, small: 2, overlap: 1, overlapDifferent: 1 })
  assert.equal(heard.find((h) => h.flow.srcPort === 7790)?.dataBytes[0], 69)
})

onCapture(
  'frag/zeek__ipv6-fragmented-dns.pcap',
  'one 3238-byte reply on UDP 53 out of three fragments, one left alone (Zeek core.ipv6-frag)',
  (path) => {
    const sizes: number[] = []
    const run = runFlows(path, (_step, _buf, frame) => {
      if (frame.srcPort === 53 && frame.l4Off === 0) sizes.push(frame.l4End)
    })
    assert.deepEqual([sizes, told(run.ip)], [[3238], { fragments: 4, completed: 1 }])
    assert.deepEqual(flowsOf(run, IpProto.udp).map((f) => [f.dstPort, f.packets]), [[53, [1, 1]], [53, [2, 3]]])
  },
)

onCapture(
  'frag/sv__defrag_bug-6887-defrag-eth-vlan-ipv4-tcp-syn_frag-eth-vlan-ip-tcp-syn.pcap',
  'a SYN in 8-byte fragments is a SYN',
  (path) => {
    const run = runFlows(path)
    const [flow] = flowsOf(run, IpProto.tcp)
    assert.ok(flow)
    assert.deepEqual([endpoints(flow), flow.vlan, flow.state, flow.packets[0]], ['1.1.1.1:12345 > 2.2.2.2:8080', 6, 'attempt', 3])
    assert.deepEqual(told(run.ip), { fragments: 3, completed: 1, small: 2, tinyFirst: 2 })
  },
)

onCapture('frag/ndpi__ip_fragmented_garbage.pcap', '1252 fragments make 4 datagrams between one pair (nDPI: 4 packets)', (path) => {
  const run = runFlows(path)
  assert.deepEqual(told(run.ip), { fragments: 1252, completed: 4, small: 1248, tinyFirst: 4 })
  assert.equal(new Set(run.ended.map((e) => [e.flow.src, e.flow.dst].sort().join())).size, 1)
})

onCapture('frag/sv__security-8510_defrag-af-confusion-spray-h8.pcap', '16,384 fragments: IPv4 and IPv6 of one number never mix', (path) => {
  const run = runFlows(path)
  assert.deepEqual(told(run.ip), { fragments: 16_384, completed: 8192, small: 4096 })
  assert.equal(run.packets, 16_384)
})

onCapture('frag/sv__security-8550_input.pcap', 'two fragments make one GRE datagram, and what it carries is a fragment that nothing completes', (path) => {
  const run = runFlows(path)
  assert.deepEqual(told(run.ip), { fragments: 3, completed: 1, small: 2 })
  assert.deepEqual([run.ended.length, run.incomplete.length], [0, 1])
})

/** Flows per capture: measured as tshark's conversations; UDP flows also end after 5 minutes of silence, as in the last row. */
const COUNTS: readonly (readonly [name: string, tcp: number, udp: number])[] = [
  ['scan/ndpi__synscan.pcap', 1994, 0],
  ['scan/zeek__ftp_bruteforce.pcap', 30, 0],
  ['malware/cs__ratinfected.pcapng', 8, 0],
  ['l2/ws__community-shares_dhcp_dhcp耗尽攻击_mac_改变_.pcap', 0, 81],
  ['nfs/ws__nfs-protocol-family_nfsv2.pcap.gz', 0, 7],
  ['medical/tapirx__HL7-ADT-UDI-PRT.pcap', 1, 0],
]

for (const [name, tcp, udp] of COUNTS) {
  onCapture(name, `${tcp} TCP and ${udp} UDP flows, as Wireshark counts them`, (path) => {
    const run = runFlows(path)
    assert.deepEqual([flowsOf(run, IpProto.tcp).length, flowsOf(run, IpProto.udp).length], [tcp, udp])
  })
}

onCapture('nfs/zeek__rpc-portmap-sadmind.pcap', 'a UDP 5-tuple silent for 25 minutes comes back as a new flow', (path) => {
  const ended = runFlows(path).ended.filter((e) => endpoints(e.flow).includes('202.77.162.213'))
  assert.ok(ended.some((e) => e.why === 'idle'))
})

/** How many TCP flows ended in which state; counted from the flags tshark prints per stream. */
const STATES: readonly (readonly [name: string, states: Readonly<Record<string, number>>])[] = [
  ['scan/ndpi__synscan.pcap', { attempt: 1986, refused: 5, established: 3 }],
  // Two full connects that were reset, two refused, and a XMAS, a FIN and a NULL probe that were reset.
  ['scan/ndpi__tcp_scan.pcapng', { closed: 5, refused: 2 }],
]

for (const [name, expected] of STATES) {
  onCapture(name, 'states of the flows', (path) => {
    const states: Record<string, number> = {}
    for (const { state } of flowsOf(runFlows(path), IpProto.tcp)) states[state] = (states[state] ?? 0) + 1
    assert.deepEqual(states, expected)
  })
}

onCapture('scan/ndpi__synscan.pcap', 'two runs, with two hash seeds, give the same flows', (path) => {
  const [one, two] = [1, 77].map((seed) => runFlows(path, undefined, { seed }).ended.map((e) => JSON.stringify([e.flow, e.why])))
  assert.deepEqual(one, two)
})
