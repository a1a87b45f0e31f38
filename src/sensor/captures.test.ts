// Real captures nobody here made, through the whole sensor: what must be found, what must not, and that none of them harms us.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ASSET_ROLES } from '../inventory/asset.ts'
import { check, shippedKnowledge } from '../testing/check.ts'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { analyseFile } from './analyse.ts'
import { exitCodeOf, type Report } from './report.ts'

const skip = capturesMissing

/** Content that is no pcap or pcapng: refused by name. */
const REFUSED = new Set(['format/ws__general-unsorted_genbroad.snoop', 'inventory/ws__mdns-apple-rendezvous_mDNS1.zip'])
/** Files that are damaged themselves, not only their packets. */
const DAMAGED = new Set(['corrupt/sv__bug-6875-01_fuzz.pcap', 'format/gp__pcapgo_tests_be_test901.pcapng'])
/** More than any of them needs; a leak or a loop would pass it at once. */
const HEAP_BYTES_MAX = 400_000_000

/**
 * What these captures have none of but the two Zeek gives a notice for: RAs of true routers, two providers' DHCP servers behind one relay
 * (adsl-cpe), a starved DHCP server beside one that offers no router (dhcp耗尽攻击), LLMNR questions that nobody answers (扫描原理ping).
 */
const RARE = new Set(['password-in-clear', 'password-guessing', 'rogue-router', 'second-dhcp-server', 'name-poisoning'])

test('every capture of the folder: an answer, the packets capinfos counts, an exit code that fits, bounded memory', { skip }, async () => {
  const told: string[] = []
  for (const { file, packets } of manifest()) {
    const result = await analyseFile(sharedCapture(file), { knowledge: shippedKnowledge(), store: null })
    if (!result.ok) {
      assert.ok(REFUSED.has(file), `${file}: ${result.error.message}`)
      assert.equal(result.error.code, 'not-a-capture')
      continue
    }
    const { report } = result.value
    if (packets !== null) assert.equal(report.analysis.packets, packets, file)
    assert.equal(report.analysis.state, DAMAGED.has(file) ? 'partial' : 'complete', file)
    assert.equal(exitCodeOf(report, 'never') === 3, DAMAGED.has(file), file)
    assert.ok(report.analysis.blindSpots.length > 0, file)
    const roles = report.assets.flatMap((a) => a.claims.filter((c) => c.what === 'role').map((c) => c.value))
    assert.deepEqual(roles.filter((role) => !ASSET_ROLES.some((known) => known === role)), [], `${file}: a role no asset can have`)
    told.push(...report.findings.filter((f) => RARE.has(f.rule)).map((f) => `${file}: ${f.rule}`))
    assert.ok(process.memoryUsage().heapUsed < HEAP_BYTES_MAX, file)
  }
  assert.deepEqual(told, ['scan/zeek__ftp_bruteforce.pcap: password-guessing', 'scan/zeek__ssh_sshguess.pcap: password-guessing'])
})

test('packets that are cut or broken inside a sound file are flagged as observations', { skip }, async () => {
  for (const { file } of manifest().filter((row) => row.file.startsWith('corrupt/zeek__trunc'))) {
    const { analysis } = await check(sharedCapture(file))
    assert.ok(analysis.observations.length > 0, file)
  }
})

test('HL7 with a UDI: the device is named by it, patient data in clear is reported, and no patient text is in the report', { skip }, async () => {
  const report = await check(sharedCapture('medical/tapirx__HL7-ADT-UDI-PRT.pcap'))
  const named = report.assets.filter((a) => a.label === 'Hospira Plum A+')
  assert.equal(named.length, 1)
  assert.deepEqual(report.findings.map((f) => f.rule), ['patient-data-in-clear'])
  const text = JSON.stringify(report)
  for (const secret of ['MOUSE', 'MICKEY', '19281118', '999999999', '135769', '939-5555']) assert.ok(!text.includes(secret), secret)
})

test('an order without a device creates no device, and its patient stays unnamed', { skip }, async () => {
  const report = await check(sharedCapture('medical/tapirx__HL7-ORM.pcap'))
  assert.deepEqual(report.assets.filter((a) => a.model !== null), [])
  assert.ok(!JSON.stringify(report).includes('MOUSE'))
})

test('ARP spoofing: the true owner, the impostor, and both sides of it', { skip }, async () => {
  const { findings } = await check(sharedCapture('l2/ws__community-shares_arp_arp欺骗攻击.pcap'))
  const claimed = findings.find((f) => f.rule === 'address-claimed-twice')
  const details = new Map(claimed?.evidence.details)
  assert.deepEqual([details.get('address'), details.get('owner'), details.get('impostor')], ['192.168.6.1', 'bc:d1:77:09:14:15', '60:67:20:77:15:22'])
  assert.ok(findings.some((f) => f.rule === 'one-card-two-addresses'))
})

test('an ARP storm, a sweep and a DHCP flood are no attack on an address, and forged cards make no assets', { skip }, async () => {
  for (const file of ['l2/ws__arprarp_arp-storm.pcap', 'scan/ws__community-shares_attack_扫描原理ping_解析sweep攻击.pcap',
    'l2/ws__community-shares_dhcp_dhcp耗尽攻击_mac_改变_.pcap', 'inventory/sv__dhcp-request-flood_test.pcap', 'inventory/zeek__dhcp_dhcp_flood.pcap']) {
    const report = await check(sharedCapture(file))
    assert.deepEqual(report.findings.map((f) => f.rule), [], file)
    assert.ok(report.assets.length <= 10, `${file}: ${report.assets.length} assets`)
  }
})

/** Traffic without any medical device: whatever a rule says here is a false alarm. */
const ORDINARY = ['dns/', 'malware/', 'nfs/', 'tunnel/', 'vlan/', 'ipv6/', 'frag/', 'format/', 'community-id/', 'inventory/', 'scan/']

/**
 * Four of them show what is true of any device: two are administered in clear (nDPI calls the first an unsafe protocol), two are what Zeek's
 * notices say, FTP::Bruteforcing and SSH::Password_Guessing.
 */
const TRUE_OF_ANY: Readonly<Record<string, string>> = {
  'scan/zeek__ftp_bruteforce.pcap':
    'password-guessing: 30 refused log-ins over FTP from 192.168.56.1 to 192.168.56.101; 20 to one of them within 15 minutes.',
  'scan/zeek__ssh_sshguess.pcap':
    'password-guessing: 28 refused log-ins over SSH from 192.168.56.1 to 192.168.56.103; 20 to one of them within 15 minutes.',
  'malware/ndpi__telnet.pcap':
    'unencrypted-administration: Telnet in clear to 192.168.0.1 from 192.168.0.2 on 1 connection; in clear: the session, a user name, a password.',
  'inventory/zeek__snmp_snmpwalk-short.pcap':
    'unencrypted-administration: SNMP in clear to 138.68.10.203 from 138.68.14.240 on 1 connection; in clear: the community "public" it came with.',
}

test('captures without a medical device give no finding but that', { skip }, async () => {
  for (const { file } of manifest().filter((row) => ORDINARY.some((folder) => row.file.startsWith(folder)) && !REFUSED.has(row.file))) {
    const report = await check(sharedCapture(file))
    const expected = TRUE_OF_ANY[file]
    assert.deepEqual(report.findings.map((f) => `${f.rule}: ${f.technical}`), expected ? [expected] : [], file)
    assert.deepEqual(report.assets.filter((a) => a.role === 'patient-monitor').map((a) => a.label), [], file)
  }
})

function protocolsOf(report: Report): Set<string | null> {
  return new Set(report.conversations.map((c) => c.protocol))
}

test('protocols are known by content: a shell on port 53 is no DNS, IPP is no LPD, NFS siblings are no file reads', { skip }, async () => {
  const shell = await check(sharedCapture('dns/ws__viruses-and-worms_dns-remoteshell.pcap'))
  assert.deepEqual(shell.conversations.filter((c) => c.transport === 'tcp' && c.protocol === 'dns'), [])
  assert.ok(!protocolsOf(await check(sharedCapture('inventory/ndpi__ipp.pcap'))).has('lpd'))
  assert.ok(!protocolsOf(await check(sharedCapture('malware/ndpi__portable_executable.pcap'))).has('dns'))
  assert.ok(protocolsOf(await check(sharedCapture('nfs/ws__nfs-protocol-family_nfs_bad_stalls.cap'))).has('rpc'))
})

test('the same 5-tuple in two VLANs is two conversations', { skip }, async () => {
  const { analysis } = await check(sharedCapture('vlan/zeek__vlan-collisions.pcap'))
  assert.equal(analysis.flows, 3)
})

test('the same file gives the same report, byte for byte', { skip }, async () => {
  for (const file of ['scan/ndpi__synscan.pcap', 'inventory/ws__adsl-cpe_nb6-startup.pcap', 'nfs/ws__nfs-protocol-family_nfsv2.pcap.gz']) {
    assert.equal(JSON.stringify(await check(sharedCapture(file))), JSON.stringify(await check(sharedCapture(file))), file)
  }
})
