// Each rule with what it must find and what it must leave alone; and what every finding owes its reader.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMac } from '../base/mac.ts'
import { Bindings } from '../inventory/bindings.ts'
import type { Fact } from '../protocols/facts.ts'
import type { FileTransfer } from '../protocols/file-transfer/facts.ts'
import type { RpcFact } from '../protocols/rpc/facts.ts'
import { asset, CARD, findings, flow, ip, seconds, span, talk, unanswered, world } from '../testing/world.ts'
import type { Finding } from './finding.ts'
import { toFinding, type Detector } from './rule.ts'
import { RULES } from './rules.ts'
import { addressClaimedTwice } from './rules/address-claimed-twice.ts'
import { inboundUdp } from './rules/inbound-udp.ts'
import { indicatorContact } from './rules/indicator-contact.ts'
import { oldFileSharing } from './rules/old-file-sharing.ts'
import { oneCardTwoAddresses } from './rules/one-card-two-addresses.ts'
import { patientDataInClear } from './rules/patient-data-in-clear.ts'
import { serverPayload } from './rules/server-payload.ts'
import { streamsLost } from './rules/streams-lost.ts'
import { talksOutside } from './rules/talks-outside.ts'
import { updateAttempted } from './rules/update-attempted.ts'
import { updatePulled } from './rules/update-pulled.ts'

const MONITOR = '10.20.4.31'
const CENTRAL = '202.114.4.119'
const monitor = asset('patient-monitor', MONITOR, 7)

/** Assets of the ward, with the central owning its address by ARP unless `orphan`. */
function ward(parts: Parameters<typeof world>[0] = {}, orphan = false) {
  const bindings = new Bindings()
  if (!orphan) bindings.claim(0, ip(CENTRAL), CARD.central, 'arp-reply', 1, 1)
  return world({ assets: [monitor, asset('central-station', CENTRAL, null, CARD.central)], bindings, ...parts })
}

const only = (found: readonly Finding[]): Finding => {
  assert.equal(found.length, 1, JSON.stringify(found.map((f) => f.technical)))
  return found[0] as Finding
}

test('talks-outside: through a router is outside, to the neighbour that owns the address is not', () => {
  const out = only(findings(talksOutside, ward({ talks: [talk(MONITOR, CENTRAL, 515)] })))
  assert.deepEqual([out.severity, out.assetLabel, out.ward], ['critical', 'CMS8000 monitor, bed 7', "Bed 7's monitor sends its data out of the hospital."])
  assert.deepEqual(findings(talksOutside, ward({ talks: [talk(MONITOR, CENTRAL, 515, { nextHop: CARD.central })] })), [])
})

test('talks-outside: many destinations are one finding; another asset, a group, a private peer and a bare try are none', () => {
  const quiet = [
    talk('10.20.4.50', '8.8.8.8', 443), talk(MONITOR, '10.9.9.9', 80), talk(MONITOR, '239.1.2.3', 5000, { proto: 17 }),
    talk(MONITOR, '8.8.8.8', 80, unanswered),
  ]
  assert.deepEqual(findings(talksOutside, ward({ talks: quiet })), [])
  const out = only(findings(talksOutside, ward({ talks: [talk(MONITOR, '8.8.8.8', 80), talk(MONITOR, '9.9.9.9', 123, { proto: 17, answered: 0 })] })))
  assert.match(out.technical, /8\.8\.8\.8 tcp\/80, 9\.9\.9\.9 udp\/123/)
})

test('a policy that owns 202.114.4.0/24 on a segment of its own makes the way there an inside one', () => {
  const owned = { isInside: (a: string) => a.startsWith('10.') || a.startsWith('202.114.4.') }
  assert.deepEqual(findings(talksOutside, ward({ ...owned, talks: [talk(MONITOR, CENTRAL, 515)] }, true)), [])
  assert.deepEqual(findings(indicatorContact, ward({ ...owned, talks: [talk(MONITOR, CENTRAL, 515, unanswered)] }, true)), [])
})

const ask = (target: string, second: number): Fact =>
  ({ protocol: 'arp', kind: 'ask', vlan: 0, at: seconds(second), frame: second, mac: formatMac(CARD.monitor), ip: ip(MONITOR), target: ip(target) })

test('indicator-contact: questions that were counted count', () => {
  const repeats: Fact = {
    protocol: 'arp', kind: 'repeats', of: 'ask', operation: 'request', vlan: 0, at: seconds(9), frame: 9, mac: formatMac(CARD.monitor), ip: ip(MONITOR),
    target: ip(CENTRAL), times: 6, solicited: 0, frames: [4, 5],
  }
  const found = only(findings(indicatorContact, ward({ talks: [] }, true), [[ask(CENTRAL, 2), null], [repeats, null], [ask(CENTRAL, 3), null]]))
  assert.deepEqual([found.count, found.firstAt, found.lastAt, found.evidence.frames], [8, seconds(2), seconds(9), [2, 3, 4, 5]])
})

test('indicator-contact: an unanswered SYN and ARP questions nobody answers are one finding', () => {
  const found = only(findings(indicatorContact, ward({ talks: [talk(MONITOR, CENTRAL, 515, unanswered)] }, true), [
    [ask(CENTRAL, 2), null], [ask(CENTRAL, 3), null],
  ]))
  assert.deepEqual([found.severity, found.count], ['high', 3])
  assert.deepEqual(found.evidence.details.find(([k]) => k === 'named by')?.[1], 'CISA ICSMA-25-030-01')
})

test('indicator-contact: silent when a neighbour owns the address, and for addresses no advisory names', () => {
  assert.deepEqual(findings(indicatorContact, ward({ talks: [talk(MONITOR, CENTRAL, 515, { nextHop: CARD.central })] }), [[ask(CENTRAL, 2), null]]), [])
  assert.deepEqual(findings(indicatorContact, ward({ talks: [talk(MONITOR, '8.8.8.8', 515, unanswered)] }, true), [[ask('10.0.0.1', 2), null]]), [])
})

const patient = (filled: readonly string[]): Fact =>
  ({ protocol: 'cms8000', kind: 'patient', flowId: 1, monitorSide: 0, at: seconds(2), frame: 9, length: 177, filled })

test('patient-data-in-clear: names the fields; critical on the way out, medium inside; a blank record is nothing', () => {
  const out = only(findings(patientDataInClear, ward(), [
    [patient(['name', 'number']), flow(MONITOR, CENTRAL, 515)], [patient(['doctor']), flow(MONITOR, CENTRAL, 515)],
  ]))
  assert.deepEqual([out.severity, out.count, out.evidence.details[1]], ['critical', 2, ['filled fields', 'doctor, name, number']])
  const inside = only(findings(patientDataInClear, ward(), [[patient(['name']), flow(MONITOR, CENTRAL, 515, { macs: [CARD.monitor, CARD.central] })]]))
  assert.equal(inside.severity, 'medium')
  assert.deepEqual(findings(patientDataInClear, ward(), [[patient([]), flow(MONITOR, CENTRAL, 515)]]), [])
})

const hl7 = (fields: readonly string[], direction: 0 | 1 = 0): Fact => ({
  protocol: 'hl7', kind: 'message', times: 1, flowId: 1, direction, framing: 'mllp', at: seconds(2), frame: 9, sendingApplication: '', sendingFacility: '',
  receivingApplication: '', receivingFacility: '', messageType: 'ORU^R01', version: '2.4', profile: '', content: 'results', devices: [],
  filledPatientFields: fields, segments: [],
})

test('patient-data-in-clear: ASTM patient records name their fields by number', () => {
  const fact: Fact = { protocol: 'astm', kind: 'patient', flowId: 1, direction: 0, at: seconds(2), frame: 9, filled: ['P-4', 'P-6'] }
  assert.match(only(findings(patientDataInClear, ward(), [[fact, flow('10.0.0.1', '10.0.0.2', 4001)]])).technical, /filled fields: P-4, P-6/)
})

test('patient-data-in-clear: POCT1-A names elements; a result without a patient belongs to nobody', () => {
  const fact = (filled: readonly string[]): Fact => ({ protocol: 'poct1a', kind: 'patient', flowId: 1, direction: 0, at: seconds(2), frame: 9, filled })
  const found = (filled: readonly string[]): number => findings(patientDataInClear, ward(), [[fact(filled), flow('10.0.0.1', '10.0.0.2', 4002)]]).length
  assert.deepEqual([found(['OBS.value', 'PT.patient_id']), found(['OBS.value'])], [1, 0])
})

test('patient-data-in-clear: a Vista 120 record is known by its size only, and the finding says so', () => {
  const record: Fact = { protocol: 'vista120', kind: 'patient', flowId: 1, monitorSide: 0, at: seconds(2), frame: 9, length: 252, filled: ['identifier'] }
  const found = only(findings(patientDataInClear, ward(), [[record, flow(MONITOR, CENTRAL, 9500)]]))
  assert.equal(found.inferred.length, 1)
  assert.match(found.technical, /1 unencrypted vista120 record .*identifier/)
})

test('patient-data-in-clear: HL7 with a patient segment counts, observations alone belong to nobody', () => {
  assert.equal(only(findings(patientDataInClear, ward(), [[hl7(['OBX-5', 'PID-5']), flow('10.0.0.1', '10.0.0.2', 6661)]])).severity, 'medium')
  assert.deepEqual(findings(patientDataInClear, ward(), [[hl7(['OBX-5']), flow('10.0.0.1', '10.0.0.2', 6661)]]), [])
  const back = only(findings(patientDataInClear, ward(), [[hl7(['PID-3'], 1), flow('10.0.0.1', '10.0.0.2', 6661)]]))
  assert.match(back.technical, /from 10\.0\.0\.2 to 10\.0\.0\.1/)
})

const rpcBase = { protocol: 'rpc', flowId: 1, at: seconds(3), frame: 12, client: ip(MONITOR), server: ip(CENTRAL), transport: 'udp' } as const
const mount = (path = '/pm'): RpcFact => ({ ...rpcBase, kind: 'mount', path, version: 3 })
const mnt: RpcFact = {
  ...rpcBase, kind: 'call', xid: 1, program: 100_005, version: 1, procedure: 1, procedureName: 'MOUNT.MNT', authFlavor: 1, machine: 'm', uid: 0, gid: 0,
  path: '/pm', name: null, asks: null, host: null, operations: [],
}
const read = (magic: string | null, over: FileTransfer['over'] = 'nfs'): FileTransfer => ({
  ...rpcBase, protocol: 'file-transfer', kind: 'read', over, place: '/pm',
  name: 'monitor', size: 4096, covered: 4096, complete: true, sha256: 'ab'.repeat(32), magic,
})
const rpcFlow = flow(MONITOR, CENTRAL, 2049, { proto: 17 })

test('update-pulled: programs are critical, other files high; hash, magic and coverage are in the evidence', () => {
  const programs = only(findings(updatePulled, ward(), [[mount(), rpcFlow], [read('elf'), rpcFlow]]))
  assert.equal(programs.severity, 'critical')
  assert.match(programs.technical, /monitor, elf, 4096 of 4096 bytes seen, SHA-256 abab/)
  assert.ok(programs.inferred.length > 0)
  assert.equal(only(findings(updatePulled, ward(), [[mount(), rpcFlow], [read('text'), rpcFlow]])).severity, 'high')
})

test('update-pulled: a mount without a read does not say that files were copied', () => {
  const mounted = only(findings(updatePulled, ward(), [[mount(), rpcFlow]]))
  assert.doesNotMatch(mounted.ward, / copied /)
  assert.match(mounted.ward, /^Bed 7's monitor opened the files of a server nobody approved/)
  assert.match(only(findings(updatePulled, ward(), [[mount(), rpcFlow], [read('text'), rpcFlow]])).ward, /copied files/)
})

test('update-pulled: /pm by anyone, anything by a monitor; a workstation\'s own share and an approved server are left alone', () => {
  const pc: RpcFact = { ...mount('/home'), client: ip('10.20.4.50') }
  assert.deepEqual(findings(updatePulled, ward(), [[pc, rpcFlow]]), [])
  assert.equal(findings(updatePulled, ward(), [[{ ...pc, kind: 'mount', path: '/pm', version: 3 }, rpcFlow]]).length, 1)
  assert.equal(findings(updatePulled, ward(), [[{ ...mount('/pm/'), client: ip('10.20.4.50') }, rpcFlow]]).length, 1, 'a slash behind')
  assert.equal(findings(updatePulled, ward(), [[mount('/other'), rpcFlow]]).length, 1)
  assert.deepEqual(findings(updatePulled, ward({ approvesUpdate: () => true }), [[mount(), rpcFlow], [read('elf'), rpcFlow]]), [])
})

for (const over of ['nfs', 'tftp', 'ftp', 'http', 'smb'] as const) {
  test(`update-pulled over ${over}: by a monitor from a server nobody approved; not from an approved one, not by a workstation`, () => {
    const found = only(findings(updatePulled, ward(), [[read('elf', over), rpcFlow]]))
    assert.equal(found.severity, 'critical')
    assert.match(found.technical, new RegExp(`over ${over.toUpperCase()}; 1 file read, 1 of them programs: monitor, elf`))
    assert.deepEqual(findings(updatePulled, ward({ approvesUpdate: () => true }), [[read('elf', over), rpcFlow]]), [])
    assert.deepEqual(findings(updatePulled, ward(), [[{ ...read('elf', over), client: ip('10.20.4.50') }, rpcFlow]]), [])
  })

  test(`update-pulled over ${over}: a file that is put on a monitor counts as taken by it`, () => {
    const put: FileTransfer = { ...read('squashfs', over), kind: 'write', client: ip(CENTRAL), server: ip(MONITOR) }
    const found = only(findings(updatePulled, ward(), [[put, flow(CENTRAL, MONITOR, 21)]]))
    assert.match(found.ward, /^Bed 7's monitor was given new program files by a machine nobody approved/)
    assert.equal(found.severity, 'critical')
  })
}

test('old-file-sharing: version 1 on either side of a monitor; not version 3, not two workstations', () => {
  const smb = (client: string, server: string, isVersion1 = true): Fact => ({
    protocol: 'smb', kind: 'dialect', flowId: 1, at: seconds(2), frame: 5, client: ip(client), server: ip(server), isVersion1,
    dialect: isVersion1 ? '1' : '3.1.1',
  })
  const pair = flow(MONITOR, '10.20.4.50', 445)
  const found = only(findings(oldFileSharing, ward(), [[smb(MONITOR, '10.20.4.50'), pair], [smb(MONITOR, '10.20.4.50'), pair]]))
  assert.deepEqual([found.severity, found.count, found.assetLabel], ['medium', 2, 'CMS8000 monitor, bed 7'])
  assert.equal(findings(oldFileSharing, ward(), [[smb('10.20.4.50', MONITOR), pair]]).length, 1)
  assert.deepEqual(findings(oldFileSharing, ward(), [[smb(MONITOR, '10.20.4.50', false), pair]]), [])
  assert.deepEqual(findings(oldFileSharing, ward(), [[smb('10.20.4.51', '10.20.4.50'), pair]]), [])
})

test('update-attempted: SYNs to the portmapper and MNT calls without a mount are one finding; an accepted mount is none', () => {
  const syn = talk(MONITOR, CENTRAL, 111, { ...unanswered, flows: 3, unanswered: 3 })
  const found = only(findings(updateAttempted, ward({ talks: [syn] }), [[mnt, rpcFlow], [mnt, rpcFlow]]))
  assert.equal(found.count, 5)
  assert.ok(found.inferred.length > 0)
  const totals: Fact = { ...rpcBase, kind: 'totals', procedureName: 'MOUNT.MNT', calls: 500, replies: 0, unanswered: 500, callsTold: 2 }
  assert.equal(only(findings(updateAttempted, ward({ talks: [syn] }), [[mnt, rpcFlow], [mnt, rpcFlow], [totals, rpcFlow]])).count, 503)
  assert.deepEqual(findings(updateAttempted, ward({ talks: [syn] }), [[mnt, rpcFlow], [mount(), rpcFlow]]), [])
  const pc = talk('10.20.4.50', '10.20.8.20', 111, unanswered)
  assert.deepEqual(findings(updateAttempted, ward({ talks: [pc] })), [])
})

test('server-payload: payload towards the monitor, once per sender', () => {
  const down: Fact = { protocol: 'cms8000', kind: 'downstream', flowId: 1, monitorSide: 0, at: seconds(4), frame: 20, bytes: 12 }
  const found = only(findings(serverPayload, ward(), [[down, flow(MONITOR, CENTRAL, 515)], [down, flow(MONITOR, CENTRAL, 515)]]))
  assert.deepEqual([found.severity, found.count], ['high', 2])
  assert.deepEqual(findings(serverPayload, ward(), [[patient(['name']), flow(MONITOR, CENTRAL, 515)]]), [])
})

function poisoned(): Bindings {
  const bindings = new Bindings()
  bindings.asked(0, ip(CENTRAL), CARD.monitor, 1)
  bindings.claim(0, ip(CENTRAL), CARD.central, 'arp-reply', 2, 2)
  for (const second of [30, 32, 34]) {
    bindings.claim(0, ip(CENTRAL), CARD.stranger, 'arp-reply', seconds(second), second)
    bindings.claim(0, ip('202.114.4.27'), CARD.stranger, 'arp-reply', seconds(second), second)
  }
  bindings.claim(0, ip('202.114.4.27'), CARD.monitor, 'arp-request', 3, 3)
  return bindings
}

test('address-claimed-twice: says who is the owner and who poses, per address', () => {
  const found = findings(addressClaimedTwice, ward({ bindings: poisoned() }))
  assert.equal(found.length, 2)
  const central = found.find((f) => f.evidence.details[0]?.[1] === CENTRAL)
  assert.equal(central?.severity, 'critical')
  assert.deepEqual(central?.evidence.details.slice(1, 3), [['owner', formatMac(CARD.central)], ['impostor', formatMac(CARD.stranger)]])
  assert.match(central?.ward ?? '', /pretends to be the central station/)
})

test('one-card-two-addresses: one finding per card; an honest router with two segments is none', () => {
  assert.equal(findings(oneCardTwoAddresses, ward({ bindings: poisoned() })).length, 1)
  const router = new Bindings()
  for (const address of ['24.166.172.1', '69.76.216.1']) for (const s of [1, 2]) router.claim(0, ip(address), CARD.router, 'arp-request', seconds(s), s)
  assert.deepEqual(findings(oneCardTwoAddresses, ward({ bindings: router })), [])
  const alias = new Bindings()
  for (const address of ['10.0.0.5', '10.0.0.6']) alias.claim(0, ip(address), CARD.central, 'arp-reply', 1, 1)
  assert.deepEqual(findings(oneCardTwoAddresses, ward({ bindings: alias })), [], 'nobody else uses these addresses')
})

test('inbound-udp: to a monitor only, and not the DHCP server\'s replies', () => {
  const udp = { proto: 17, answered: 0 }
  const found = only(findings(inboundUdp, ward({ talks: [talk('10.20.4.66', MONITOR, 9000, udp), talk('10.20.4.66', MONITOR, 9001, udp)] })))
  assert.match(found.technical, /udp\/9000, udp\/9001/)
  const quiet = [talk('10.20.4.2', MONITOR, 68, udp), talk('10.20.4.66', '10.20.4.50', 9000, udp), talk(MONITOR, '10.20.4.2', 53, { proto: 17 })]
  assert.deepEqual(findings(inboundUdp, ward({ talks: quiet })), [])
})

function lost(spans: readonly ReturnType<typeof span>[], options: { lastAt?: number; port?: number } = {}): Finding[] {
  const detector: Detector = streamsLost.open()
  const port = options.port ?? 9999
  detector.broadcast?.(flow('202.114.4.66', '255.255.255.255', port, { proto: 17 }), seconds(100), 500)
  const drafts = detector.findings(ward({ spans, lastAt: seconds(options.lastAt ?? 600) }))
  return drafts.map((draft) => toFinding(streamsLost, draft))
}

test('streams-lost: all at once after a broadcast, and only then', () => {
  const dying = [span('202.114.4.21', 0, 100), span('202.114.4.22', 0, 101)]
  assert.equal(only(lost(dying)).severity, 'critical')
  assert.deepEqual(lost([...dying, span('202.114.4.23', 0, 400)]), [], 'one went on')
  assert.deepEqual(lost([...dying, span('202.114.4.23', 0, 100, true)]), [], 'one said goodbye')
  assert.deepEqual(lost(dying.slice(0, 1)), [], 'one stream is a pulled cable')
  assert.deepEqual(lost(dying, { lastAt: 105 }), [], 'the recording ended')
  assert.deepEqual(lost(dying, { port: 67 }), [], 'DHCP crashes nobody')
  assert.deepEqual(lost([span('202.114.4.21', 0, 90), span('202.114.4.22', 0, 90)]), [], 'silent before')
})

test('every rule has its own id, a title and an ATT&CK tag; a fresh detector finds nothing in an empty world', () => {
  assert.equal(new Set(RULES.map((r) => r.id)).size, RULES.length)
  for (const rule of RULES) {
    assert.match(rule.id, /^[a-z0-9-]+$/)
    assert.ok(rule.title !== '' && rule.attack.length > 0 && rule.attack.every((t) => /^T\d{4}(\.\d{3})?$/.test(t.id)))
    assert.deepEqual(findings(rule, world()), [])
  }
})

test('no finding calls a patient fine, gives a vital value or lacks a next step', () => {
  const all = [
    ...findings(talksOutside, ward({ talks: [talk(MONITOR, CENTRAL, 515)] })),
    ...findings(patientDataInClear, ward(), [[patient(['name']), flow(MONITOR, CENTRAL, 515)]]),
    ...findings(updatePulled, ward(), [[mount(), rpcFlow], [read('elf'), rpcFlow]]),
    ...lost([span('202.114.4.21', 0, 100), span('202.114.4.22', 0, 101)]),
  ]
  for (const f of all) {
    assert.ok(f.help.length > 20)
    assert.match(f.ward, /\.$/)
    assert.doesNotMatch(`${f.ward} ${f.technical} ${f.help}`, /\b(?:is fine|stable|healthy|bpm|mmHg|SpO2 \d)/i)
  }
})
