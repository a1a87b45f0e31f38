// RPC against real captures: procedure counts, names and paths equal tshark's. What lies outside nfs/: ../file-transfer/captures.test.ts.
// Keeps the evidence rule: numbers here were measured with tshark 4.0.17, or stand in the captures' manifest. Skips by name when absent.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { replay } from '../../testing/replay.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { shownName } from '../file-transfer/names.ts'
import type { RpcCall, RpcFact } from './facts.ts'
import { createRpc } from './index.ts'
import { TOLD_MAX } from './tally.ts'

const SHARED = fileURLToPath(new URL('../../../../shared/captures/', import.meta.url))
const NFS = `${SHARED}nfs/`
const absent = existsSync(NFS) ? false : `no captures at ../shared/captures/nfs`
const noTshark = spawnSync('tshark', ['-v']).status === 0 ? false : 'tshark is not installed'

function factsOf(file: string): RpcFact[] {
  return replay(NFS + file, [createRpc()]).facts.filter((fact) => fact.protocol === 'rpc')
}

function filesOf(file: string): FileTransfer[] {
  return replay(NFS + file, [createRpc()]).facts.filter((fact) => fact.protocol === 'file-transfer')
}

function ofKind<K extends RpcFact['kind']>(facts: readonly RpcFact[], kind: K): Extract<RpcFact, { kind: K }>[] {
  return facts.filter((fact): fact is Extract<RpcFact, { kind: K }> => fact.kind === kind)
}

/** [name, count], names sorted. */
function tally(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort()
}

/** Calls by procedure: told one by one, and counted. */
function callsOf(facts: readonly RpcFact[]): [string, number][] {
  const counts = new Map(tally(ofKind(facts, 'call').map((c) => c.procedureName)))
  for (const { procedureName, calls, callsTold } of ofKind(facts, 'totals')) {
    counts.set(procedureName, (counts.get(procedureName) ?? 0) + calls - callsTold)
  }
  return [...counts].sort()
}

function numberOf(facts: readonly RpcFact[], kind: 'reply' | 'unanswered', total: 'replies' | 'unanswered'): number {
  return ofKind(facts, 'totals').reduce((n, fact) => n + Math.max(0, fact[total] - TOLD_MAX), ofKind(facts, kind).length)
}

const BASE = {
  'NFS.NULL': 2, 'NFS.GETATTR': 6, 'NFS.SYMLINK': 1, 'NFS.REMOVE': 3, 'NFS.RMDIR': 1, 'NFS.RENAME': 2, 'NFS.LINK': 1, 'NFS.READDIRPLUS': 1,
  'NFS.FSINFO': 2, 'NFS.SETATTR': 5, 'NFS.PATHCONF': 1, 'NFS.LOOKUP': 5, 'NFS.ACCESS': 3, 'NFS.READLINK': 1, 'NFS.CREATE': 1,
  'NFS.MKDIR': 1,  'MOUNT.NULL': 3, 'MOUNT.MNT': 1, 'MOUNT.UMNT': 1,
}
const MOUNTS = { 'MOUNT.NULL': 3, 'MOUNT.MNT': 1, 'MOUNT.UMNT': 1 }
const FOUR = { 'NFS.NULL': 1, 'NFS.COMPOUND': 31, 'PROG-1073741824.0': 1 }

/** Calls by name (tshark: rpc.msgtyp==0 by program, version, procedure), replies that met a call, and calls nobody answered. */
interface Expected {
  readonly file: string
  readonly calls: Record<string, number>
  readonly replies: number
  readonly unanswered: number
}

const EXPECTED: readonly Expected[] = [
  { file: 'zeek__nfs_nfs_base.pcap', calls: BASE, replies: 41, unanswered: 0 },
  { file: 'zeek__nfs_nfs_getattr_bad_ftype.pcap', calls: BASE, replies: 41, unanswered: 0 },
  { file: 'zeek__nfs_nfs_setattr_bad_set_it.pcap', calls: BASE, replies: 41, unanswered: 0 },
  { file: 'zeek__mount_mount-unmount.pcap', calls: MOUNTS, replies: 5, unanswered: 0 },
  { file: 'zeek__mount_mount-unmount-bad-auth-flavor.pcap', calls: MOUNTS, replies: 5, unanswered: 0 },
  {
    file: 'zeek__rpc-portmap-sadmind.pcap', calls: { 'PORTMAP.GETPORT': 13, 'SADMIND.NULL': 3, 'SADMIND.1': 2 }, replies: 10, unanswered: 8,
  },
  { file: 'zeek__portmapper-many-unanswered-calls.pcapng.gz', calls: { 'PORTMAP.NULL': 5000 }, replies: 0, unanswered: 5000 },
  {
    file: 'ws__nfs-protocol-family_nfsv2.pcap.gz',
    calls: {
      'PORTMAP.GETADDR': 3, 'NFS.NULL': 1, 'NFS.GETATTR': 18, 'NFS.REMOVE': 4, 'NFS.RENAME': 1, 'NFS.LINK': 1, 'NFS.SYMLINK': 1,
      'NFS.MKDIR': 1, 'NFS.RMDIR': 1, 'NFS.READDIR': 2, 'NFS.STATFS': 1, 'NFS.SETATTR': 1, 'NFS.LOOKUP': 34, 'NFS.READLINK': 2,
      'NFS.READ': 1, 'NFS.WRITE': 2, 'NFS.CREATE': 2, 'MOUNT.MNT': 1, 'MOUNT.UMNT': 1,
    },
    replies: 78, unanswered: 0,
  },
  {
    file: 'ws__nfs-protocol-family_nfs_bad_stalls.cap',
    calls: {
      'PORTMAP.GETPORT': 2, 'PORTMAP.DUMP': 1, 'NFS.GETATTR': 1, 'NFS.FSSTAT': 1, 'NFS.FSINFO': 1, 'NFS.LOOKUP': 1, 'NFS.ACCESS': 4,
      'NFS.READ': 95, 'MOUNT.UMNT': 1, 'MOUNT.MNT': 1,
    },
    replies: 108, unanswered: 0,
  },
  {
    file: 'ws__nfs-protocol-family_getsetacl.cap',
    calls: { 'NFS.GETATTR': 13, 'NFS.READDIRPLUS': 4, 'NFS.ACCESS': 5, 'NFSACL.GETACL': 4, 'NFSACL.SETACL': 2 }, replies: 28, unanswered: 0,
  },
  {
    file: 'ws__nfs-protocol-family_nsm.pcap.gz',
    calls: { 'PORTMAP.GETPORT': 1, 'NSM.STAT': 2, 'NSM.MON': 1, 'NSM.UNMON': 1, 'NSM.UNMON_ALL': 1, 'NSM.SIMU_CRASH': 1, 'NSM.NOTIFY': 1 },
    replies: 8, unanswered: 0,
  },
  {
    file: 'ws__nfs-protocol-family_rquota.pcap.gz',
    calls: { 'PORTMAP.GETPORT': 1, 'RQUOTA.GETQUOTA': 3, 'RQUOTA.GETACTIVEQUOTA': 1 }, replies: 5, unanswered: 0,
  },
  { file: 'ws__nfs-protocol-family_nfsv4.1_pnfs.cap', calls: FOUR, replies: 33, unanswered: 0 },
  { file: 'sv__nfs4-01_input.pcap', calls: FOUR, replies: 33, unanswered: 0 },
  { file: 'tcpdump__nfs-write-verf-cookie.pcapng', calls: { 'NFS.WRITE': 1 }, replies: 1, unanswered: 0 },
  { file: 'tcpdump__nfs-seg-fault-1.pcapng', calls: { 'NFS.WRITE': 1 }, replies: 0, unanswered: 1 },
  { file: 'tcpdump__unaligned-nfs-1.pcap', calls: {}, replies: 0, unanswered: 0 },
  { file: 'tcpdump__hoobr_nfs_printfh.pcap', calls: {}, replies: 0, unanswered: 0 },
  { file: 'tcpdump__nfs_large_credentials_length.pcap', calls: {}, replies: 0, unanswered: 0 },
]

describe('procedure counts', { skip: absent }, () => {
  for (const { file, calls, replies, unanswered } of EXPECTED) {
    test(file, () => {
      const facts = factsOf(file)
      deepStrictEqual(callsOf(facts), Object.entries(calls).sort())
      equal(numberOf(facts, 'reply', 'replies'), replies)
      equal(numberOf(facts, 'unanswered', 'unanswered'), unanswered)
    })
  }

  test('every capture of the folder stands in the table', () => {
    deepStrictEqual(EXPECTED.map((e) => e.file).sort(), readdirSync(NFS).sort())
  })
})

describe('what the manifest says', { skip: absent }, () => {
  test('nfsv2: the mount of /home/girlich/export by werrmsche, uid 0', () => {
    const facts = factsOf('ws__nfs-protocol-family_nfsv2.pcap.gz')
    deepStrictEqual(ofKind(facts, 'mount').map((m) => [m.path, m.version]), [['/home/girlich/export', 1]])
    const mnt = ofKind(facts, 'call').find((c) => c.procedureName === 'MOUNT.MNT')
    deepStrictEqual([mnt?.machine, mnt?.uid, mnt?.path], ['werrmsche', 0, '/home/girlich/export'])
  })

  test('nfsv2: one file read, two written, across three flows of one client', () => {
    const facts = factsOf('ws__nfs-protocol-family_nfsv2.pcap.gz')
    const files = filesOf('ws__nfs-protocol-family_nfsv2.pcap.gz')
    deepStrictEqual(files.map((f) => [f.kind, f.place, f.name, f.size, f.covered, f.complete, f.magic]), [
      ['read', '/home/girlich/export', 'b', 11, 11, true, 'text'],
      ['write', '/home/girlich/export', 'h', 6, 6, true, 'text'],
      ['write', '/home/girlich/export', 'h', 17, 17, true, 'text'],
    ])
    deepStrictEqual(ofKind(facts, 'malformed'), [])
  })

  test('mount-unmount: /export twice, by tinkyx1', () => {
    const facts = factsOf('zeek__mount_mount-unmount.pcap')
    const asked = ofKind(facts, 'call').filter((c) => c.path !== null)
    deepStrictEqual(asked.map((c) => [c.path, c.machine]), [['/export', 'tinkyx1'], ['/export', 'tinkyx1']])
    deepStrictEqual(ofKind(facts, 'mount').map((m) => m.path), ['/export'])
  })

  test('bad auth flavour, bad file type, bad set_it: each one observation, and nothing else is lost', () => {
    for (const [file, reason] of [
      ['zeek__mount_mount-unmount-bad-auth-flavor.pcap', 'auth-flavor'], ['zeek__nfs_nfs_getattr_bad_ftype.pcap', 'file-type'],
      ['zeek__nfs_nfs_setattr_bad_set_it.pcap', 'set-it'],
    ] as const) deepStrictEqual(ofKind(factsOf(file), 'malformed').map((m) => m.reason), [reason])
  })

  test('nfs_base: the procedures of Zeek\'s baseline in their order', () => {
    const all = ofKind(factsOf('zeek__nfs_nfs_base.pcap'), 'call')
    const calls = all.filter((c) => c.program === 100003).map((c) => c.procedureName.slice(4))
    equal(calls.length, 36)
    deepStrictEqual(calls.slice(7, 14), ['ACCESS', 'MKDIR', 'ACCESS', 'LOOKUP', 'CREATE', 'SETATTR', 'SETATTR'])
  })

  test('sadmind: GETPORT of 100232 gives 32773, 32774, or 0 for not here', () => {
    const facts = factsOf('zeek__rpc-portmap-sadmind.pcap')
    const asked = ofKind(facts, 'call').filter((c) => c.asks !== null)
    ok(asked.every((c) => c.asks?.program === 100232 && c.asks.version === 10 && c.asks.protocol === 17))
    equal(asked[0]?.xid, 969813001)
    deepStrictEqual(ofKind(facts, 'reply').flatMap((r) => (r.port === null ? [] : [r.port])), [32773, 0, 32774, 32773, 32773, 32773, 32773])
  })

  test('many unanswered calls: the oldest go when the table is full; the first are told, all are counted', () => {
    const facts = factsOf('zeek__portmapper-many-unanswered-calls.pcapng.gz')
    const xids = ofKind(facts, 'unanswered').map((u) => u.xid)
    equal(new Set(xids).size, TOLD_MAX)
    deepStrictEqual(xids, ofKind(facts, 'call').map((c) => c.xid))
    deepStrictEqual(ofKind(facts, 'totals').map((t) => [t.calls, t.unanswered, t.replies, t.callsTold]), [[5000, 5000, 0, TOLD_MAX]])
  })

  test('bad stalls: 96 bytes per packet hold no file data; procedures and replies are all there, arguments are not claimed', () => {
    const facts = factsOf('ws__nfs-protocol-family_nfs_bad_stalls.cap')
    const reads = ofKind(facts, 'reply').filter((r) => r.procedureName === 'NFS.READ')
    equal(reads.length, TOLD_MAX)
    deepStrictEqual(ofKind(facts, 'totals').map((t) => [t.procedureName, t.calls, t.replies]), [['NFS.READ', 95, 95]])
    ok(reads.every((r) => r.accepted === 'success' && r.status === null))
    deepStrictEqual(filesOf('ws__nfs-protocol-family_nfs_bad_stalls.cap'), [])
    ok(ofKind(facts, 'call').filter((c) => c.transport === 'tcp').every((c) => c.machine === null && c.authFlavor === -1))
    equal(ofKind(facts, 'call').find((c) => c.asks !== null)?.asks?.program, 100003)
  })

  test('siblings are never called NFS reads', () => {
    for (const name of ['getsetacl.cap', 'nsm.pcap.gz', 'rquota.pcap.gz']) {
      const facts = factsOf(`ws__nfs-protocol-family_${name}`)
      ok(facts.length > 0)
      ok(facts.every((f) => !('procedureName' in f && f.procedureName === 'NFS.READ')))
      deepStrictEqual(filesOf(`ws__nfs-protocol-family_${name}`), [])
    }
  })
})

const LIST_FIELDS = ['nfs.readdir.entry.name', 'nfs.readdir.entry3.name', 'nfs.readdirplus.entry.name'] as const
const TSHARK_FIELDS = ['rpc.msgtyp', 'mount.path', 'nfs.name', ...LIST_FIELDS]

interface TsharkNames {
  readonly names: string[]
  readonly paths: string[]
  readonly listed: string[]
}

/** Names and paths as tshark prints them: of a call the first name, as RENAME has two. */
function tsharkNames(file: string): TsharkNames {
  const layout = ['-T', 'fields', '-E', 'separator=|', '-E', 'aggregator=~', ...TSHARK_FIELDS.flatMap((f) => ['-e', f])]
  const args = ['-r', NFS + file, '-n', '-Y', 'rpc', ...layout]
  const text = execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 }).toString()
  const out: TsharkNames = { names: [], paths: [], listed: [] }
  for (const row of text.trimEnd().split('\n')) {
    const [type, path, name, ...lists] = row.split('|').map((value) => value.split('~').filter((item) => item !== ''))
    if (type?.[0] === '0') out.names.push(...(name ?? []).slice(0, 1))
    if (type?.[0] === '0') out.paths.push(...(path ?? []))
    if (type?.[0] === '1') out.listed.push(...lists.flat())
  }
  return out
}

describe('names, as they may be told, and paths equal tshark\'s', { skip: absent || noTshark }, () => {
  const files = [
    'zeek__nfs_nfs_base.pcap', 'ws__nfs-protocol-family_nfsv2.pcap.gz', 'zeek__mount_mount-unmount.pcap',
    'ws__nfs-protocol-family_getsetacl.cap',
  ]
  for (const file of files) {
    test(file, () => {
      const facts = factsOf(file)
      const expected = tsharkNames(file)
      const calls: readonly RpcCall[] = ofKind(facts, 'call')
      deepStrictEqual(calls.flatMap((c) => (c.name === null ? [] : [c.name])), expected.names.map(shownName))
      deepStrictEqual(calls.flatMap((c) => (c.path === null ? [] : [c.path])), expected.paths)
      deepStrictEqual(ofKind(facts, 'reply').flatMap((r) => r.names), expected.listed.map(shownName))
    })
  }
})
