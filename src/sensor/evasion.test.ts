// The evasion set: captures made to blind a sensor, through the whole sensor, each against the answer its MANIFEST row gives.
// Keeps the rule that a trick is an observation. A capture that is not here is skipped by name; a row nobody looks at is an error.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { check } from '../testing/check.ts'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { exitCodeOf } from './report.ts'

type Counts = Readonly<Record<string, number>>

interface Row {
  readonly file: string
  /** The row's answer in its own source's words, and how it shows here. */
  readonly answer: string
  readonly told: Counts
}

/** `told` has every observation that is no plain count. */
const ROWS: readonly Row[] = [
  { file: 'frag/ws__crack-traces_teardrop.cap', answer: 'packets 8 and 9 overlap; they disagree on the end, so no packet comes of them',
    told: { 'ip endConflict': 1, 'ip overlap': 1, 'ip overlapDifferent': 1, 'ip small': 1, 'ip unaligned': 1, 'ip packetsOfIncompleteDatagrams': 2 } },
  { file: 'frag/zeek__ipv4_fragmented-1.pcap', answer: 'excessively_small_fragment, fragment_size_inconsistency, fragment_inconsistency',
    told: { 'ip small': 1, 'ip endConflict': 1, 'ip overlapDifferent': 1, 'ip overlap': 1, 'ip unaligned': 1, 'ip packetsOfIncompleteDatagrams': 3 } },
  { file: 'frag/zeek__ipv4_fragmented-2.pcap', answer: 'excessively_small_fragment twice, fragment_overlap: the same fragment twice',
    told: { 'ip small': 2, 'ip duplicate': 1, 'ip unaligned': 2, 'ip packetsOfIncompleteDatagrams': 3 } },
  { file: 'frag/zeek__ipv4_fragmented-3.pcap', answer: 'fragment_with_DF five times', told: { 'ip dontFragment': 5, 'ip packetsOfIncompleteDatagrams': 5 } },
  { file: 'frag/zeek__ipv4_fragmented-4.pcap', answer: 'excessively_small_fragment twice, fragment_inconsistency once',
    told: { 'ip small': 2, 'ip overlap': 1, 'ip overlapDifferent': 1, 'tcp midstream': 1 } },
  { file: 'frag/zeek__tcp_reassembly.pcap', answer: 'truncated and rexmit_inconsistency: retransmissions with other bytes, some with sums no host takes',
    told: { ipPayloadTruncated: 5, 'tcp cutBySnaplen': 4, 'tcp gap': 6, 'tcp outOfOrder': 30, 'tcp overlap': 4, 'tcp overlapBadChecksum': 3,
      'tcp overlapDifferent': 4, 'tcp retransmission': 10, 'tcp ttlDiffers': 1 } },
  { file: 'frag/sv__eve-overlap-payload-01_tcp-overlap.pcap', answer: 'the stream is GOOD (see flow-captures.test.ts), the packet EVIL is told',
    told: { 'tcp overlapDifferent': 1, 'tcp retransmission': 1 } },
  // Its stream, whole in spite of a RST and a FIN before the SYN+ACK, is in flow-captures.test.ts.
  { file: 'frag/sv__bug-3286-03-windows-evasion_with_evasion_windows.pcap', answer: 'sid 1 must fire: nothing of the stream is lost', told: {} },
  { file: 'frag/sv__defrag_bug-6887-defrag-eth-vlan-ipv4-tcp-syn_frag-eth-vlan-ip-tcp-syn.pcap', answer: 'the rebuilt SYN is seen',
    told: { 'ip small': 2, 'ip tinyFirst': 2, transportTruncated: 1 } },
  { file: 'frag/sv__security-8510_defrag-af-confusion-spray-h8.pcap', answer: '16,384 packets, no crash',
    told: { 'ip small': 4096, transportInvalid: 4096 } },
  { file: 'frag/ndpi__ip_fragmented_garbage.pcap', answer: 'four packets of one pair',
    told: { 'ip small': 1248, 'ip tinyFirst': 4, 'tcp midstream': 1, 'tcp synData': 1, 'tcp urgent': 2, transportInvalid: 2, transportTruncated: 4 } },
  { file: 'frag/zeek__ipv6-fragmented-dns.pcap', answer: 'one reply of 3238 bytes, one fragment left alone', told: { 'ip packetsOfIncompleteDatagrams': 1 } },
  { file: 'frag/zeek__tcp_truncated-header.pcap', answer: '23 events of one connection',
    told: { 'tcp cutBySnaplen': 11, cutBySnaplen: 24, transportTruncated: 1 } },
  { file: 'ipv6/sv__ipv6-evasion_ipv6-covert-dstopts_covert_send6.pcap', answer: '18 alerts: unknown destination option', told: { ipOptionUnknown: 18 } },
  { file: 'ipv6/sv__ipv6-evasion_ipv6-malformed-fragments-10_frag-10.pcap', answer: 'two Fragment headers in one packet', told: { ipFragmentHeaderAgain: 1 } },
]

/** Looked at elsewhere: how deep its tunnel goes is decided by the decoder of tunnels, not by reassembly. */
const ELSEWHERE = ['frag/sv__security-8550_input.pcap']
/** Counts of what came, not oddities. */
const PLAIN = new Set(['fragment', 'ip fragments', 'ip completed'])

for (const { file, answer, told } of ROWS) {
  const skip = existsSync(sharedCapture(file)) ? false : `capture ${file} is not here`
  test(`${file}: ${answer}`, { skip }, async () => {
    const report = await check(sharedCapture(file))
    const { analysis } = report
    const odd = analysis.observations.filter(({ name }) => !PLAIN.has(name)).map(({ name, count }) => [name, count] as const)
    assert.deepEqual(Object.fromEntries(odd), told)
    assert.equal(analysis.state, 'complete')
    // Fragments that nobody could put together were not read: no green tick.
    if ('ip packetsOfIncompleteDatagrams' in told) assert.notEqual(exitCodeOf(report, 'never'), 0)
  })
}

test('every capture of the evasion set has a row', { skip: capturesMissing }, () => {
  const set = manifest().map(({ file }) => file).filter((file) => file.startsWith('frag/') || file.includes('evasion'))
  assert.ok(set.length >= ROWS.length)
  const rows = new Set([...ROWS.map(({ file }) => file), ...ELSEWHERE])
  assert.deepEqual(set.filter((file) => !rows.has(file)), [])
})
