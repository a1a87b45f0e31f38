// Evidence of file sharing: who is named by what, and who is not named by another's word.
// Keeps the ladder: level C for a device's own words; a watched host claims nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../../protocols/facts.ts'
import type { RpcFact } from '../../protocols/rpc/facts.ts'
import { flow, ip } from '../../testing/world.ts'
import { ASSET_ROLES, type Claim } from '../asset.ts'
import { roleOf } from '../assemble.ts'
import { claimsOf } from '../evidence.ts'

const BED = '10.20.4.31'
const NAS = '10.20.4.2'
const FLOW = flow(BED, NAS, 2049)
const base = { protocol: 'rpc', flowId: 1, at: 1, frame: 1, client: ip(BED), server: ip(NAS), transport: 'udp' } as const
const call: Extract<RpcFact, { kind: 'call' }> = {
  ...base, kind: 'call', xid: 1, program: 100_005, version: 3, procedure: 1, procedureName: 'MOUNT.MNT', authFlavor: 1, machine: 'bed-7', uid: 0, gid: 0,
  path: '/pm', name: null, asks: null, host: null, operations: [],
}

function said(fact: RpcFact): string[] {
  return claimsOf(fact, FLOW).map(({ target, claim }) => `${'ip' in target ? target.ip : ''} ${claim.what} ${claim.value} ${claim.level}`)
}

test('AUTH_SYS names the client when it begins: a mount, or a session of version 4', () => {
  assert.deepEqual(said(call), [`${BED} host-name bed-7 C`])
  assert.deepEqual(said({ ...call, procedureName: 'NFS.COMPOUND', operations: ['EXCHANGE_ID'] }), [`${BED} host-name bed-7 C`])
  assert.deepEqual(said({ ...call, procedureName: 'NFS.COMPOUND', operations: ['PUTFH', 'READ'] }), [])
  assert.deepEqual(said({ ...call, procedureName: 'NFS.READ' }), [])
  assert.deepEqual(said({ ...call, machine: 'localhost' }), [])
})

test('a call back on the client\'s connection names the other side', () => {
  assert.deepEqual(said({ ...call, client: ip(NAS), server: ip(BED), machine: 'nas' }), [`${NAS} host-name nas C`])
})

test('NLM callers and NSM notifiers name themselves; a host that is watched does not', () => {
  assert.deepEqual(said({ ...call, program: 100_021, procedureName: 'NLM.LOCK', host: 'bed-7.ward' }), [`${BED} host-name bed-7.ward C`])
  assert.deepEqual(said({ ...call, program: 100_024, procedureName: 'NSM.NOTIFY', host: 'bed-7' }), [`${BED} host-name bed-7 C`])
  assert.deepEqual(said({ ...call, program: 100_024, procedureName: 'NSM.MON', host: 'nas', machine: null }), [])
})

test('who answers NFS is a file server; EXCHANGE_ID tells the software of each side', () => {
  const { xid, program, version, procedure } = call
  const reply: RpcFact = {
    ...base, kind: 'reply', xid, program, version, procedure, procedureName: 'MOUNT.MNT', accepted: 'success', status: 0, port: null, names: [],
  }
  assert.deepEqual(said(reply), [`${NAS} role file-server C`])
  assert.deepEqual(said({ ...base, kind: 'software', side: 'server', software: 'x: NetApp' }), [`${NAS} software x: NetApp C`])
  assert.deepEqual(said({ ...base, kind: 'software', side: 'client', software: 'Linux' }), [`${BED} software Linux C`])
})

const where = { flowId: 1, at: 1, frame: 1, client: ip(BED), server: ip(NAS) } as const
const saidOf = (fact: Fact): string[] => claimsOf(fact, FLOW).map(({ target, claim }) => `${'ip' in target ? target.ip : ''} ${claim.what} ${claim.value}`)

test('User-Agent and Server name the software of their own side', () => {
  const http = { ...where, protocol: 'http', kind: 'software' } as const
  assert.deepEqual(saidOf({ ...http, side: 'client', software: 'wget' }), [`${BED} software wget`])
  assert.deepEqual(saidOf({ ...http, side: 'server', software: 'nginx' }), [`${NAS} role web-server`, `${NAS} software nginx`])
  assert.deepEqual(saidOf({ ...where, protocol: 'http', kind: 'credentials', scheme: 'basic' }), [])
})

test('a web server is that only when nothing tells more: printers, phones and routers have a page, too', () => {
  const role = (...roles: string[]): string => roleOf(roles.map((value): Claim => ({
    what: 'role', value, level: 'C', evidence: '', inferred: false, firstAt: 1, lastAt: 1, frame: 1, count: 1,
  })), false)
  assert.equal(role('web-server'), 'web-server')
  for (const other of ASSET_ROLES.filter((r) => r !== 'unknown')) assert.equal(role('web-server', other), other)
})

test('an FTP greeting, a TFTP error, a file that passed: a file server', () => {
  const greeting: Fact = { ...where, protocol: 'ftp', kind: 'software', software: '(vsFTPd 3.0.3)' }
  assert.deepEqual(saidOf(greeting), [`${NAS} role file-server`, `${NAS} software (vsFTPd 3.0.3)`])
  assert.deepEqual(saidOf({ ...where, protocol: 'tftp', kind: 'error', reason: 'file-not-found', name: null }), [`${NAS} role file-server`])
  assert.deepEqual(saidOf({ ...where, protocol: 'tftp', kind: 'unanswered', operation: 'read', name: null }), [])
  const file: Fact = {
    ...where, protocol: 'file-transfer', kind: 'read', over: 'tftp', transport: 'udp', place: null,
    name: 'a', size: 1, covered: 1, complete: true, sha256: null, magic: null,
  }
  assert.deepEqual([saidOf(file), saidOf({ ...file, over: 'http' }), saidOf({ ...file, covered: 0 })], [[`${NAS} role file-server`], [], []])
})

test('SMB: each side\'s own names; what a client calls its server is not the server\'s word', () => {
  const names = {
    ...where, protocol: 'smb', kind: 'names', host: 'BED7', domain: 'WARD', dnsHost: 'bed7.ward', dnsDomain: null, version: '6.1.7601', userSeen: true,
  } as const
  assert.deepEqual(saidOf({ ...names, side: 'client' }),
    [`${BED} host-name BED7`, `${BED} host-name bed7.ward`, `${BED} software Windows NT 6.1.7601, or what plays it`])
  assert.deepEqual(saidOf({ ...names, side: 'server', domain: null, dnsHost: null, version: null }), [])
  assert.deepEqual(saidOf({ ...where, protocol: 'smb', kind: 'dialect', dialect: '3.1.1', isVersion1: false }), [`${NAS} role file-server`])
})
