// Evidence of file sharing: who is named by what, and who is not named by another's word.
// Keeps the ladder: level C for a device's own words; a watched host claims nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RpcFact } from '../protocols/rpc/facts.ts'
import { flow, ip } from '../testing/world.ts'
import { claimsOf } from './evidence.ts'

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
