// The sensor's findings about itself on every shared capture: who gets which, and that all others are silent.
// Keeps the false-alarm control honest: each name in the table was looked at, and a change of thresholds shows here.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CUT_SHARE_MIN, type HealthId } from '../detect/health-findings.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { analyseFile } from './analyse.ts'
import { exitCodeOf } from './report.ts'

/** Captures that truly are so, by finding. `hears-nothing` and `packets-cut` are not listed: they follow from counts beside them. */
const TRULY_SO: Readonly<Partial<Record<HealthId, readonly string[]>>> = {
  // ARP storms and sweeps, a DHCP flood and a trunk's spanning tree: next to nothing else is in them.
  'hears-groups-only': [
    'crashed-a-peer/tcpdump__arp-oobr.pcap', 'inventory/sv__dhcp-request-flood_test.pcap',
    'l2/ws__arprarp_arp-storm.pcap', 'scan/ws__community-shares_attack_扫描原理ping_解析sweep攻击.pcap',
    'vlan/ws__general-unsorted_isl-2-dot1q.cap',
  ],
  // RADIUS, netlink and portmap alone, over 19 to 43 minutes.
  'hears-too-little': [
    'corrupt/ndpi__fuzz-2020-02-16-11740.pcap', 'crashed-a-peer/ws__linux-netlink_netlink.pcap',
    'nfs/zeek__rpc-portmap-sadmind.pcap',
  ],
  // statistics blocks that say so; in test009 a packet does.
  'packets-dropped': [
    'format/gp__pcapgo_tests_be_test014.pcapng', 'format/gp__pcapgo_tests_be_test101.pcapng',
    'format/gp__pcapgo_tests_be_test201.pcapng', 'format/gp__pcapgo_tests_be_test202.pcapng',
    'format/gp__pcapgo_tests_le_test009.pcapng', 'format/gp__pcapgo_tests_le_test013.pcapng', 'format/gp__pcapgo_tests_le_test014.pcapng',
    'format/gp__pcapgo_tests_le_test101.pcapng', 'format/gp__pcapgo_tests_le_test102.pcapng',
    'format/gp__pcapgo_tests_le_test201.pcapng',
  ],
  // gaps that tshark finds too (tshark.test.ts compares them byte by byte); one is fuzzed.
  'stream-gaps': [
    'corrupt/ndpi__reasm_crash_anon.pcapng', 'frag/zeek__tcp_reassembly.pcap',
    'nfs/ws__nfs-protocol-family_nfs_bad_stalls.cap', 'vlan/ws__general-unsorted_vlan.cap.gz',
  ],
  // put together of parts, one of them older.
  'clock-went-back': [
    'inventory/ndpi__tftp.pcap',
  ],
  // packets without a time (the epoch), or captures of several days in one file.
  'clock-went-ahead': [
    'format/gp__pcapgo_tests_be_test011.pcapng', 'format/gp__pcapgo_tests_be_test018.pcapng',
    'format/gp__pcapgo_tests_be_test100.pcapng', 'format/gp__pcapgo_tests_le_test016.pcapng',
    'format/gp__pcapgo_tests_le_test018.pcapng', 'format/gp__pcapgo_tests_le_test100.pcapng',
    'inventory/ndpi__tftp.pcap', 'inventory/ws__adsl-cpe_nb6-startup.pcap',
    'malware/ndpi__emotet.pcap',
  ],
}

const listed = (file: string): string[] => Object.entries(TRULY_SO).flatMap(([id, files]) => (files.includes(file) ? [id] : []))

test('every shared capture has the findings about the sensor that it deserves, and no other', { skip: capturesMissing }, async () => {
  const knowledge = shippedKnowledge()
  for (const { file } of manifest()) {
    const result = await analyseFile(sharedCapture(file), { knowledge, store: null })
    if (!result.ok) continue
    const { analysis } = result.value.report
    const cut = analysis.observations.find(({ name }) => name === 'cutBySnaplen')?.count ?? 0
    const expected = [
      ...(analysis.packets === 0 ? ['hears-nothing'] : []), ...listed(file), ...(cut > 0 && cut >= analysis.packets * CUT_SHARE_MIN ? ['packets-cut'] : []),
    ]
    assert.deepEqual(analysis.health.map(({ id }) => id).sort(), expected.sort(), `${file}: ${analysis.health.map((f) => f.technical).join(' ')}`)
    const isGreen = exitCodeOf(result.value.report, 'never') === 0
    if (analysis.health.some(({ incomplete }) => incomplete)) assert.ok(!isGreen, file)
  }
})

test('every finding speaks of the sensor in ward words, says what to do, and is high only when it hides things', { skip: capturesMissing }, async () => {
  const seen = new Set<string>()
  for (const file of Object.values(TRULY_SO).map((files) => files[0] ?? '')) {
    const result = await analyseFile(sharedCapture(file), { knowledge: shippedKnowledge(), store: null })
    assert.ok(result.ok)
    for (const { id, ward, help, technical, severity, incomplete } of result.value.report.analysis.health) {
      seen.add(id)
      assert.match(ward, /sensor|Packets|Parts|time/, id)
      assert.doesNotMatch(ward, /\d|TCP|ACK|SPAN|patient is/, id)
      assert.ok(ward.endsWith('.') && help.endsWith('.') && technical.endsWith('.'), id)
      if (severity === 'high') assert.equal(incomplete, true, id)
    }
  }
  for (const id of Object.keys(TRULY_SO)) assert.ok(seen.has(id), id)
})
