// Tests of what administration proves: a device's own words are claims about it, and who administers it gets none.
// Keeps "wrong labels cost more than missing ones": each claim lands on the end that said it.

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../../protocols/facts.ts'
import { flow } from '../../testing/world.ts'
import { claimsOf } from '../evidence.ts'

const at = { at: 1, frame: 2, flowId: 1 } as const
const said = (fact: Fact): string[] => claimsOf(fact, flow('10.0.0.5', '10.0.0.9', 161))
  .map(({ target, claim }) => `${'ip' in target ? target.ip : ''} ${claim.what}: ${claim.value} (${claim.evidence})`)

test('SSH: each end\'s software, and the server is one', () => {
  const banner = { ...at, protocol: 'ssh', kind: 'banner', version: '2.0', software: 'OpenSSH_9.2p1', comment: 'Debian-2' } as const
  deepEqual(said({ ...banner, direction: 1 }), [
    '10.0.0.9 software: OpenSSH_9.2p1 Debian-2 (SSH identification string)', '10.0.0.9 service: SSH 2.0 (SSH identification string)',
  ])
  deepEqual(said({ ...banner, direction: 0, comment: null }), ['10.0.0.5 software: OpenSSH_9.2p1 (SSH identification string)'])
  deepEqual(said({ ...at, protocol: 'ssh', kind: 'malformed', direction: 0, reason: 'gap' }), [])
})

test('SNMP: the agent\'s values are its own, a question proves nothing', () => {
  const base = { ...at, protocol: 'snmp', direction: 1 } as const
  const values = [['description', 'Gateway 2.1'], ['name', 'gw-4w'], ['location', 'Ward 4W'], ['object-id', '1.3.6.1.4.1.9.1']] as const
  deepEqual(values.flatMap(([item, value]) => said({ ...base, kind: 'system', item, value })), [
    '10.0.0.9 software: Gateway 2.1 (SNMP sysDescr)', '10.0.0.9 host-name: gw-4w (SNMP sysName)', '10.0.0.9 location: Ward 4W (SNMP sysLocation)',
    '10.0.0.9 fingerprint: 1.3.6.1.4.1.9.1 (SNMP sysObjectID)',
  ])
  const access = { ...base, kind: 'access', version: '2c', community: 'public' } as const
  deepEqual(said({ ...access, operation: 'answer' }), ['10.0.0.9 service: SNMP 2c (answers SNMP)'])
  deepEqual(said({ ...access, direction: 0, operation: 'read' }), [])
  deepEqual(said({ ...base, kind: 'engine', engineId: '80001f88', enterprise: 8072, security: 'authPriv', userName: true }), [
    '10.0.0.9 fingerprint: 80001f88 (SNMP engine id, enterprise 8072)', '10.0.0.9 service: SNMP 3 (answers SNMP)',
  ])
  deepEqual(said({ ...base, kind: 'malformed', reason: 'pdu' }), [])
})

test('Telnet and the r-commands: what the server offers, nothing of who typed', () => {
  deepEqual(said({ ...at, protocol: 'telnet', kind: 'start' }), ['10.0.0.9 service: Telnet (negotiates Telnet options)'])
  deepEqual(said({ ...at, protocol: 'telnet', kind: 'login', clientSide: 0, userName: true }), [])
  const request = { ...at, protocol: 'rsh', kind: 'request', form: 'rlogin', userNames: 2, password: false, command: false } as const
  deepEqual(said({ ...request, clientSide: 0 }), ['10.0.0.9 service: rlogin (a client began with its strings)'])
  deepEqual(said({ ...request, clientSide: 1 }), ['10.0.0.5 service: rlogin (a client began with its strings)'])
  deepEqual(said({ ...at, protocol: 'rsh', kind: 'answer', clientSide: 0, accepted: true }), [])
})

test('syslog: names are weaker than any other, and an address is none', () => {
  const base = { ...at, protocol: 'syslog', direction: 0 } as const
  const sender = { ...base, kind: 'sender', format: '5424' } as const
  deepEqual(said({ ...sender, host: 'gw-4w' }), ['10.0.0.5 host-name: gw-4w (host named in syslog messages it sent)'])
  for (const host of [null, '10.0.0.5', 'fe80::1']) deepEqual(said({ ...sender, host }), [])
  deepEqual(said({ ...base, kind: 'app', app: 'hl7d' }), ['10.0.0.5 software: hl7d (program named in syslog messages it sent)'])
  const [claim] = claimsOf({ ...sender, host: 'gw-4w' }, flow('10.0.0.5', '10.0.0.9', 514))
  deepEqual([claim?.claim.level, claim?.claim.inferred], ['D', true])
  deepEqual(said({ ...at, protocol: 'syslog', kind: 'session', messages: 1, severities: [0, 0, 0, 0, 0, 0, 1, 0], unread: 0 }), [])
})
