// The rule on administration in clear: what it finds of each way, how grave, and what it leaves alone.
// Keeps S8 (ward words first) and the rule that no name, password or community is in a finding.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../protocols/facts.ts'
import type { RshFact } from '../protocols/rsh/facts.ts'
import type { SnmpAccess } from '../protocols/snmp/facts.ts'
import type { TelnetFact } from '../protocols/telnet/facts.ts'
import type { Flow } from '../wire/flow.ts'
import { asset, findings, flow, seconds, world } from '../testing/world.ts'
import { unencryptedAdministration as rule } from './rules/unencrypted-administration.ts'

const PC = '10.20.4.50'
const DEVICE = '10.20.4.80'
const MONITOR = '10.20.4.31'
const ward = world({ assets: [asset('printer', DEVICE), asset('patient-monitor', MONITOR, 7)] })

const start: TelnetFact = { at: seconds(1), frame: 3, protocol: 'telnet', flowId: 1, kind: 'start' }
const login: TelnetFact = { at: seconds(2), frame: 9, protocol: 'telnet', flowId: 1, kind: 'login', clientSide: 0, userName: true }
const end: TelnetFact = { at: seconds(9), frame: 20, protocol: 'telnet', flowId: 1, kind: 'session', options: ['echo'], logins: 1, encrypted: false }
const request: RshFact = {
  at: seconds(1), frame: 4, protocol: 'rsh', flowId: 1, kind: 'request', form: 'rsh', clientSide: 0, userNames: 2, password: false, command: true,
}
const answer: RshFact = { at: seconds(1), frame: 5, protocol: 'rsh', flowId: 1, kind: 'answer', clientSide: 0, accepted: false }

function snmp(operation: SnmpAccess['operation'], community: SnmpAccess['community'] = 'public'): SnmpAccess {
  const direction = operation === 'answer' ? 1 : 0
  return { at: seconds(1), frame: 4, protocol: 'snmp', flowId: 1, direction, kind: 'access', version: '2c', community, operation }
}

const heard = (of: Flow, ...facts: Fact[]) => findings(rule, ward, facts.map((fact) => [fact, of]))

test('a log-in over Telnet: medium on a device, high on a monitor or across the border', () => {
  const [found, ...more] = heard(flow(PC, DEVICE, 23), start, login, end)
  ok(found)
  deepEqual([found.severity, found.count, found.evidence.frames, more], ['medium', 1, [3, 9], []])
  equal(found.ward, 'Whoever listens can take over the printer 10.20.4.80: it is administered without encryption.')
  equal(found.technical, 'Telnet in clear to 10.20.4.80 from 10.20.4.50 on 1 connection; in clear: the session, a user name, a password.')
  equal(heard(flow(PC, MONITOR, 23), start, login)[0]?.severity, 'high')
  match(heard(flow(PC, MONITOR, 23), start, login)[0]?.ward ?? '', /take over bed 7's monitor/)
  const [outside] = heard(flow('93.184.216.34', DEVICE, 23, { macs: [0x02005e000003, 0x02005e000001] }), start, login)
  equal(outside?.severity, 'high')
  match(outside?.ward ?? '', /across the hospital's border\.$/)
})

test('Telnet without a log-in is low: a serial port server has none', () => {
  equal(heard(flow(PC, DEVICE, 23), start)[0]?.severity, 'low')
  equal(heard(flow(PC, MONITOR, 23), start)[0]?.severity, 'medium')
})

test('an r-command counts once the server answers, even with a refusal: names and command were in clear', () => {
  deepEqual(heard(flow(PC, DEVICE, 514), request), [])
  const [found] = heard(flow(PC, DEVICE, 514), request, answer)
  deepEqual([found?.severity, found?.count], ['medium', 1])
  match(found?.technical ?? '', /in clear: user names, a command\.$/)
  const rexec: RshFact = { ...request, form: 'rexec', userNames: 1, password: true }
  match(heard(flow(PC, DEVICE, 512), rexec, answer)[0]?.technical ?? '', /in clear: a user name, a password, a command\.$/)
})

test('SNMP: a community devices come with, or any that changes something, when the device answers; a write is graver', () => {
  deepEqual(heard(flow(PC, DEVICE, 161), snmp('read')), [], 'a scan that nobody answers')
  deepEqual(heard(flow(PC, DEVICE, 161), snmp('read', 'other'), snmp('answer', 'other')), [], 'a community of the hospital\'s own')
  const [own] = heard(flow(PC, DEVICE, 161), snmp('write', 'other'), snmp('answer', 'other'))
  deepEqual([own?.severity, own?.evidence.details[1]], ['medium', ['in clear', 'a community that changes settings']])
  deepEqual(heard(flow(PC, DEVICE, 161), snmp('write', 'other')), [], 'nobody answered')
  deepEqual(heard(flow(DEVICE, PC, 162), snmp('notify')), [], 'a trap opens nothing')
  const [read] = heard(flow(PC, DEVICE, 161), snmp('read'), snmp('answer'))
  deepEqual([read?.severity, read?.assetLabel, read?.count], ['low', `printer ${DEVICE}`, 1])
  match(read?.ward ?? '', /^Whoever is on the network can read the settings of the printer/)
  const [write] = heard(flow(PC, DEVICE, 161), snmp('write', 'private'), snmp('answer', 'private'))
  equal(write?.severity, 'medium')
  match(write?.technical ?? '', /the community "private" it came with/)
})

test('one finding per device and way, however many connections and clients', () => {
  const many: (readonly [Fact, Flow])[] = Array.from({ length: 200 }, (_, i) => {
    const of = flow(`10.20.${i}.50`, DEVICE, 23, { id: i + 1 })
    return [[start, of], [login, of], [snmp('answer'), of]] as const
  }).flat()
  const found = findings(rule, ward, many)
  deepEqual(found.map((f) => [f.count, f.evidence.flows.length, f.evidence.frames.length <= 20]), [[200, 10, true], [200, 10, true]])
  equal(new Set(found.map((f) => f.id)).size, 2)
})

test('other protocols, encrypted ones and the end of a session are no finding', () => {
  const banner: Fact = { at: 1, frame: 1, protocol: 'ssh', flowId: 1, direction: 1, kind: 'banner', version: '2.0', software: 'x', comment: null }
  deepEqual(heard(flow(PC, DEVICE, 22), banner, end), [])
})
