// Tests of the ward against Wireshark's dissectors, which know nothing of us: no malformed frame, every protocol recognised.
// Keeps the rule that a synthetic capture must convince strangers; skipped by name where tshark is not installed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { LinkType } from '../wire/capture/capture.ts'
import { PCAP_RECORD_HEADER_BYTES, pcapFileHeader, putPcapRecord } from '../wire/capture/writer.ts'
import { playWard, SCENARIOS, wardOptions, type Scenario, type WardOptions } from './core/ward.ts'

const found = spawnSync('tshark', ['--version']).status === 0
const skip = found ? false : 'tshark is not installed'
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-twin-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

const CHECKSUMS = ['ip', 'tcp', 'udp'].flatMap((layer) => ['-o', `${layer}.check_checksum:TRUE`])
/** Wireshark's expert severities; "duplicate address" of the mitm story is a warning, and right. */
const SEVERITY_ERROR = 0x00800000

function capture(scenarios: readonly Scenario[], more: Partial<WardOptions> = {}): string {
  const file = path.join(folder, `${scenarios.join('-') || 'quiet'}-${Object.values(more).join('-')}.pcap`)
  if (fs.existsSync(file)) return file
  const parts = [pcapFileHeader(LinkType.ethernet)]
  for (const { at, bytes } of playWard(wardOptions({ scenarios: new Set(scenarios), ...more }))) {
    const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + bytes.length)
    putPcapRecord(record, 0, at, bytes.length, bytes, 0, bytes.length)
    parts.push(record)
  }
  fs.writeFileSync(file, Buffer.concat(parts))
  return file
}

/** Lines of tshark on a capture; fields of the frames that match the display filter. */
function tshark(file: string, filter: string, ...fields: readonly string[]): string[] {
  const run = spawnSync('tshark', ['-n', '-r', file, ...CHECKSUMS, '-Y', filter, '-T', 'fields', ...fields.flatMap((f) => ['-e', f])], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  return run.stdout.split('\n').filter((line) => line !== '')
}

for (const scenarios of [[], [...SCENARIOS]] as Scenario[][]) {
  test(`tshark finds nothing malformed, no error and no bad checksum: ${scenarios.join('+') || 'quiet'}`, { skip }, () => {
    const bad = tshark(capture(scenarios), `_ws.malformed || _ws.expert.severity >= ${SEVERITY_ERROR}`, 'frame.number', '_ws.col.Info')
    assert.deepEqual(bad, [])
    const sums = ['ip', 'tcp', 'udp'].map((layer) => `${layer}.checksum.status == 0`).join(' || ')
    assert.deepEqual(tshark(capture(scenarios), sums, 'frame.number'), [])
  })
}

test('tshark reads the controls: DHCP, DNS, TLS, DICOM, LPD, HL7', { skip }, () => {
  const file = capture([])
  assert.deepEqual(tshark(file, 'dhcp', 'dhcp.option.dhcp', 'dhcp.option.hostname'), ['1\tNURSE-PC-04', '2\t', '3\tNURSE-PC-04', '5\t'])
  assert.ok(tshark(file, 'dns.flags.response == 1', 'dns.qry.name', 'dns.a').every((l) => l === 'intranet.hospital.example\t10.20.8.20'))
  assert.ok(tshark(file, 'tls.handshake.type == 1', 'tls.handshake.extensions_server_name').every((l) => l === 'intranet.hospital.example'))
  assert.ok(tshark(file, 'tls.record.opaque_type == 23', 'frame.number').length > 10)
  assert.deepEqual([...new Set(tshark(file, 'dicom.pdu.type', 'dicom.pdu.type'))].map(Number), [1, 2, 4, 5, 6])
  assert.ok(tshark(file, 'dicom', 'dicom.assoc.ae.calling').some((l) => l.trim() === 'ULTRASOUND1'))
  assert.ok(tshark(file, 'lpd && ip.src == 10.20.4.50', '_ws.col.Info').some((l) => l.includes('LPR') || l.includes('LPD')))
  assert.ok(tshark(file, 'hl7.message.type == "ORU"', 'frame.number').length > 200)
})

test('tshark reads the streams as whole: no retransmission, no hole, in the quiet ward', { skip }, () => {
  const troubles = ['retransmission', 'lost_segment', 'out_of_order', 'duplicate_ack', 'ack_lost_segment', 'zero_window']
  assert.deepEqual(tshark(capture([]), troubles.map((t) => `tcp.analysis.${t}`).join(' || '), 'frame.number'), [])
})

test('tshark reads the update over UDP: list, mount, port, files, all replies matched, fragments joined', { skip }, () => {
  const file = capture([...SCENARIOS])
  assert.equal(tshark(file, 'mount.path == "/pm" && mount.procedure_v3 == 1', 'frame.number').length, 1)
  assert.equal(tshark(file, 'mount.path == "/pm" && udp.dstport == 635', 'frame.number').length, 7)
  assert.ok(tshark(file, 'portmap.procedure_v2 == 4', 'frame.number').length >= 1)
  const names = tshark(file, 'nfs.procedure_v3 == 3 && rpc.msgtyp == 0', 'nfs.name')
  assert.deepEqual(names, ['monitor', 'update', 'run.sh'])
  const reads = tshark(file, 'nfs.procedure_v3 == 6 && rpc.msgtyp == 1', 'nfs.status3', 'ip.fragment.count')
  assert.ok(reads.length > 40 && reads.every((l) => l.startsWith('0\t')))
  assert.ok(reads.filter((l) => l.endsWith('\t6')).length > 40)
  assert.deepEqual(tshark(file, 'rpc.msgtyp == 1 && !rpc.repframe', 'frame.number'), [])
})

test('tshark reads the update over TCP', { skip }, () => {
  const file = capture(['update'], { updateTransport: 'tcp', durationSeconds: 60 })
  assert.ok(tshark(file, 'nfs.procedure_v3 == 6 && rpc.msgtyp == 1 && tcp', 'frame.number').length >= 12)
  assert.deepEqual(tshark(file, '_ws.malformed', 'frame.number'), [])
})

test('tshark sees the stranger: two addresses claimed twice, and bytes from port 515', { skip }, () => {
  const file = capture(['mitm'])
  assert.equal(new Set(tshark(file, 'arp.duplicate-address-detected', 'arp.src.proto_ipv4')).size, 2)
  assert.deepEqual(tshark(file, 'tcp.srcport == 515 && tcp.len > 1', 'tcp.len'), ['8', '8'])
})
