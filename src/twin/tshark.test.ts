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
  const file = path.join(folder, `${scenarios.join('-') || 'quiet'}-${more.updateTransport ?? 'udp'}.pcap`)
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

const FIELDS = [
  '_ws.malformed', '_ws.expert.severity', 'ip.checksum.status', 'tcp.checksum.status', 'udp.checksum.status', 'ip.src',
  'ip.fragment.count', 'udp.dstport', 'tcp.srcport', 'tcp.len', 'tcp.analysis.flags', 'dhcp.option.dhcp', 'dhcp.option.hostname',
  'dns.flags.response', 'dns.qry.name', 'dns.a', 'tls.handshake.type', 'tls.handshake.extensions_server_name', 'tls.record.opaque_type',
  'dicom.pdu.type', 'dicom.assoc.ae.calling', 'lpd.request', 'hl7.message.type', 'rpc.msgtyp', 'rpc.repframe', 'mount.path',
  'mount.procedure_v3', 'portmap.procedure_v2', 'nfs.procedure_v3', 'nfs.name', 'nfs.status3', 'arp.duplicate-address-detected',
  'arp.src.proto_ipv4',
] as const
type Row = { readonly [F in (typeof FIELDS)[number]]: string }
const read = new Map<string, Row[]>()

/** Every frame of a ward as tshark dissects it, in one pass per ward; absent fields are ''. */
function rows(scenarios: readonly Scenario[], more: Partial<WardOptions> = {}): Row[] {
  const file = capture(scenarios, more)
  const known = read.get(file)
  if (known !== undefined) return known
  const args = ['-n', '-r', file, ...CHECKSUMS, '-T', 'fields', '-E', 'separator=/t', ...FIELDS.flatMap((f) => ['-e', f])]
  const run = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
  assert.equal(run.status, 0, run.stderr)
  const list = run.stdout.split('\n').filter((line) => line !== '').map((line) => {
    const cells = line.split('\t')
    return Object.fromEntries(FIELDS.map((f, i) => [f, cells[i] ?? ''])) as Row
  })
  read.set(file, list)
  return list
}

const QUIET: readonly Scenario[] = []
const ALL: readonly Scenario[] = SCENARIOS

for (const scenarios of [QUIET, ALL]) {
  test(`tshark finds nothing malformed, no error and no bad checksum: ${scenarios.join('+') || 'quiet'}`, { skip }, () => {
    const frames = rows(scenarios)
    assert.ok(frames.length > 1000)
    assert.deepEqual(frames.filter((r) => r['_ws.malformed'] !== ''), [])
    assert.deepEqual(frames.filter((r) => r['_ws.expert.severity'].split(',').some((s) => Number(s) >= SEVERITY_ERROR)), [])
    const status = (r: Row): string[] => [r['ip.checksum.status'], r['tcp.checksum.status'], r['udp.checksum.status']]
    // 1 is "good", 0 would be "bad"; a frame without the layer has no status.
    assert.deepEqual([...new Set(frames.flatMap(status))].toSorted(), ['', '1'])
  })
}

test('tshark reads the controls: DHCP, DNS, TLS, DICOM, LPD, HL7', { skip }, () => {
  const frames = rows(QUIET)
  const dhcp = frames.filter((r) => r['dhcp.option.dhcp'] !== '').map((r) => `${r['dhcp.option.dhcp']} ${r['dhcp.option.hostname']}`)
  assert.deepEqual(dhcp, ['1 NURSE-PC-04', '2 ', '3 NURSE-PC-04', '5 '])
  const answers = frames.filter((r) => Number(r['dns.flags.response']) === 1 && r['dns.a'] !== '')
  assert.deepEqual([...new Set(answers.map((r) => `${r['dns.qry.name']} ${r['dns.a']}`))], ['intranet.hospital.example 10.20.8.20'])
  const names = frames.map((r) => r['tls.handshake.extensions_server_name']).filter((n) => n !== '')
  assert.ok(names.length >= 10 && names.every((n) => n === 'intranet.hospital.example'))
  assert.ok(frames.filter((r) => r['tls.record.opaque_type'].includes('23')).length >= 10)
  assert.deepEqual([...new Set(frames.map((r) => r['dicom.pdu.type']).filter((t) => t !== '').map(Number))], [1, 2, 4, 5, 6])
  assert.ok(frames.some((r) => r['dicom.assoc.ae.calling'].trim() === 'ULTRASOUND1'))
  assert.ok(frames.some((r) => r['lpd.request'] !== '' && r['ip.src'] === '10.20.4.50'))
  assert.ok(frames.filter((r) => r['hl7.message.type'] === 'ORU').length > 200)
})

test('tshark reads the streams of the quiet ward as whole: no retransmission, no hole, no double acknowledgement', { skip }, () => {
  assert.deepEqual(rows(QUIET).filter((r) => r['tcp.analysis.flags'] !== ''), [])
})

test('tshark reads the update over UDP: list, mount, port, files, all replies matched, fragments joined', { skip }, () => {
  const frames = rows(ALL)
  const mounts = frames.filter((r) => r['mount.path'] === '/pm')
  assert.equal(mounts.filter((r) => r['mount.procedure_v3'] === '1').length, 1)
  assert.equal(mounts.filter((r) => r['udp.dstport'] === '635').length, 7)
  assert.ok(frames.some((r) => r['portmap.procedure_v2'] === '4'))
  const lookups = frames.filter((r) => r['nfs.procedure_v3'] === '3' && r['rpc.msgtyp'] === '0')
  assert.deepEqual(lookups.map((r) => r['nfs.name']), ['monitor', 'update', 'run.sh'])
  const reads = frames.filter((r) => r['nfs.procedure_v3'] === '6' && r['rpc.msgtyp'] === '1')
  assert.ok(reads.length > 40 && reads.every((r) => r['nfs.status3'] === '0'))
  assert.ok(reads.filter((r) => r['ip.fragment.count'] === '6').length > 40)
  assert.deepEqual(frames.filter((r) => r['rpc.msgtyp'] === '1' && r['rpc.repframe'] === ''), [])
})

test('tshark reads the update over TCP', { skip }, () => {
  const frames = rows(['update'], { updateTransport: 'tcp', durationSeconds: 30 })
  assert.ok(frames.filter((r) => r['nfs.procedure_v3'] === '6' && r['rpc.msgtyp'] === '1' && r['tcp.srcport'] === '2049').length >= 12)
  assert.deepEqual(frames.filter((r) => r['_ws.malformed'] !== ''), [])
})

test('tshark sees the stranger: two addresses claimed twice, and bytes from port 515', { skip }, () => {
  const frames = rows(ALL)
  const doubled = frames.filter((r) => r['arp.duplicate-address-detected'] !== '').map((r) => r['arp.src.proto_ipv4'])
  assert.equal(new Set(doubled).size, 2)
  assert.deepEqual(frames.filter((r) => r['tcp.srcport'] === '515' && Number(r['tcp.len']) > 1).map((r) => r['tcp.len']), ['8', '8'])
})
