// Evidence from administration: what SSH, SNMP, syslog, Telnet and the r-commands prove of the two ends of a flow.
// Keeps "wrong labels cost more than missing ones": a device's own words about itself are claims, what others say of it is not.

import { parseIp } from '../../base/ip.ts'
import type { RshFact } from '../../protocols/rsh/facts.ts'
import type { SnmpFact } from '../../protocols/snmp/facts.ts'
import type { SshFact } from '../../protocols/ssh/facts.ts'
import type { SyslogFact } from '../../protocols/syslog/facts.ts'
import type { TelnetFact } from '../../protocols/telnet/facts.ts'
import { opposite, type FlowKey } from '../../wire/flow.ts'
import type { ClaimSubject } from '../asset.ts'
import type { NewClaim } from '../claims.ts'
import type { TargetedClaim } from '../evidence.ts'
import { aboutEnd } from './tls.ts'

const NOTHING: readonly TargetedClaim[] = []

export function adminClaims(fact: SshFact | SnmpFact | SyslogFact | TelnetFact | RshFact, flow: FlowKey): readonly TargetedClaim[] {
  switch (fact.protocol) {
    case 'ssh':
      return fact.kind === 'banner' ? sshClaims(fact, flow) : NOTHING
    case 'snmp':
      return snmpClaims(fact, flow)
    case 'syslog':
      return syslogClaims(fact, flow)
    case 'telnet':
      return fact.kind === 'start' ? [aboutEnd(flow, 1, service('Telnet', 'negotiates Telnet options'))] : NOTHING
    case 'rsh':
      return fact.kind === 'request' ? [aboutEnd(flow, opposite(fact.clientSide), service(fact.form, 'a client began with its strings'))] : NOTHING
  }
}

function service(value: string, evidence: string): NewClaim {
  return { what: 'service', value, level: 'C', evidence, inferred: false }
}

function sshClaims(fact: Extract<SshFact, { kind: 'banner' }>, flow: FlowKey): TargetedClaim[] {
  const value = fact.comment === null ? fact.software : `${fact.software} ${fact.comment}`
  const software: NewClaim = { what: 'software', value, level: 'C', evidence: 'SSH identification string', inferred: false }
  const claims = [aboutEnd(flow, fact.direction, software)]
  // The initiator of a flow whose first line was seen is the client.
  if (fact.direction === 1) claims.push(aboutEnd(flow, 1, service(`SSH ${fact.version}`, 'SSH identification string')))
  return claims
}

const SYSTEM_CLAIMS: Readonly<Record<string, readonly [ClaimSubject, string]>> = {
  description: ['software', 'SNMP sysDescr'], name: ['host-name', 'SNMP sysName'], location: ['location', 'SNMP sysLocation'],
  'object-id': ['fingerprint', 'SNMP sysObjectID'],
}

function snmpClaims(fact: SnmpFact, flow: FlowKey): readonly TargetedClaim[] {
  switch (fact.kind) {
    case 'access':
      return fact.operation === 'answer' ? [aboutEnd(flow, fact.direction, service(`SNMP ${fact.version}`, 'answers SNMP'))] : NOTHING
    case 'system': {
      const [what, evidence] = SYSTEM_CLAIMS[fact.item] ?? ['software', 'SNMP']
      return [aboutEnd(flow, fact.direction, { what, value: fact.value, level: 'C', evidence, inferred: false })]
    }
    case 'engine': {
      const evidence = `SNMP engine id, enterprise ${fact.enterprise}`
      return [
        aboutEnd(flow, fact.direction, { what: 'fingerprint', value: fact.engineId, level: 'C', evidence, inferred: false }),
        aboutEnd(flow, fact.direction, service('SNMP 3', 'answers SNMP')),
      ]
    }
    case 'malformed':
      return NOTHING
  }
}

/** Level D and inferred: a relay sends the names of others, so that any other host name is better. An address is no name. */
function syslogClaims(fact: SyslogFact, flow: FlowKey): readonly TargetedClaim[] {
  if (fact.kind === 'session') return NOTHING
  const name = fact.kind === 'app' ? fact.app : fact.host
  if (name === null || parseIp(name).ok) return NOTHING
  const what = fact.kind === 'app' ? 'software' : 'host-name'
  const evidence = fact.kind === 'app' ? 'program named in syslog messages it sent' : 'host named in syslog messages it sent'
  return [aboutEnd(flow, fact.direction, { what, value: name, level: 'D', evidence, inferred: true })]
}
