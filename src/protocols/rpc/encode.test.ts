// The encoder: bytes by hand from the RFCs, our own decoder as the counterpart, and tshark as the judge of every message.
// Keeps the rule that wrong values of ours assert.

import { deepStrictEqual, equal, ok, throws } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { InvariantError } from '../../base/assert.ts'
import { NfsStatus, Program } from './codes.ts'
import * as rpc from './encode.ts'
import * as nfs from './encode-nfs.ts'
import { datagram, pcapOf } from './testdata/packets.ts'
import { fakeAttributes, fakeContent, fakeDirectory, fakeHandle, MONITOR } from './testdata/talk.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

describe('headers', () => {
  test('a GETPORT call without credential is 56 bytes (RFC 5531 section 9, RFC 1833 section 3.2)', () => {
    equal(hex(rpc.encodeCall(0x39ce2ac9, rpc.portmapGetport(100232, 10, 17), null)), [
      '39ce2ac9', '00000000', '00000002', '000186a0', '00000002', '00000003', '00000000', '00000000', '00000000', '00000000',
      '00018788', '0000000a', '00000011', '00000000',
    ].join(''))
  })

  test('its reply is 28 bytes', () => {
    equal(hex(rpc.encodeReply(0x39ce2ac9, rpc.getportResult(32773))), '39ce2ac9000000010000000000000000000000000000000000008005')
  })

  test('AUTH_SYS (RFC 5531 appendix A)', () => {
    const call = rpc.encodeCall(1, rpc.portmapNull(), { machine: 'abc', uid: 0, gid: 5, groups: [6, 7], stamp: 9 })
    equal(hex(call.slice(24)), [
      '00000001', '00000020', '00000009', '00000003', '61626300', '00000000', '00000005', '00000002', '00000006', '00000007',
      '00000000', '00000000',
    ].join(''))
  })

  test('refusals', () => {
    equal(hex(rpc.encodeAcceptedError(1, 'prog-unavail').slice(20)), '00000001')
    equal(hex(rpc.encodeMismatch(1, 2, 3).slice(20)), '000000020000000200000003')
    equal(hex(rpc.encodeAcceptedError(1, 'proc-unavail').slice(20)), '00000003')
    equal(hex(rpc.encodeAcceptedError(1, 'garbage-args').slice(20)), '00000004')
    equal(hex(rpc.encodeDenied(1, 5)), '0000000100000001000000010000000100000005')
  })

  test('record marks: one fragment, several, the last one marked', () => {
    equal(hex(rpc.withRecordMark(Uint8Array.of(1, 2, 3, 4))), '8000000401020304')
    equal(hex(rpc.withRecordMark(Uint8Array.of(1, 2, 3, 4), 3)), '000000030102038000000104')
    equal(hex(rpc.withRecordMark(new Uint8Array(0))), '80000000')
  })

  test('what cannot be sent asserts', () => {
    throws(() => rpc.encodeCall(-1, rpc.portmapNull(), null), InvariantError)
    throws(() => rpc.encodeCall(1, rpc.portmapNull(), { ...MONITOR, groups: Array<number>(17).fill(0) }), InvariantError)
    throws(() => rpc.withRecordMark(new Uint8Array(1), 0), InvariantError)
    throws(() => rpc.mntResult(1, fakeHandle(1, 31)), InvariantError)
    throws(() => rpc.mntResult(3, fakeHandle(1, 65)), InvariantError)
    throws(() => nfs.nfs2Getattr(fakeHandle(1, 33)), InvariantError)
    throws(() => nfs.nfs3Getattr(fakeHandle(1, 65)), InvariantError)
    throws(() => nfs.error3Result(NfsStatus.ok), InvariantError)
  })

  test('bodies are values: encoding twice gives the same bytes', () => {
    const body = rpc.mountMnt(3, '/pm')
    deepStrictEqual(rpc.encodeCall(1, body, MONITOR), rpc.encodeCall(1, body, MONITOR))
    equal(rpc.voidResult().length, 0)
  })
})

const ROOT = fakeHandle(1)
const FILE = fakeHandle(2)
const AT = fakeAttributes(2, 100)
const DIR = fakeDirectory(1)
const DATA = fakeContent(100)
const ENTRIES = [{ fileId: 1, name: '.', cookie: 1 }, { fileId: 2, name: 'monitor', cookie: 2 }]
const MAPPING = { program: 100005, version: 3, protocol: 17, port: 635 }
const EXPORT = { path: '/pm', groups: ['zztest'] }
/** 100 bytes are one block of 512; file system and file number as in fakeAttributes. */
const ATTRIBUTES2 = { 'nfs.fattr.size': '100', 'nfs.fattr.blocks': '1', 'nfs.fattr.fsid': '0x00000007', 'nfs.fattr.fileid': '2' }
const PLUS = ENTRIES.map((e) => ({ ...e, attributes: AT, handle: FILE }))

/** Each call with its result, and what tshark must print about the pair: fields and values, in any order. */
const PAIRS: readonly (readonly [rpc.RpcCallBody, Uint8Array, Readonly<Record<string, string>>])[] = [
  [rpc.portmapNull(), rpc.voidResult(), { 'portmap.procedure_v2': '0' }],
  [rpc.portmapGetport(Program.nfs, 3, 17), rpc.getportResult(2049), { 'portmap.prog': '100003', 'portmap.port': '2049' }],
  [rpc.portmapDump(), rpc.dumpResult([MAPPING]), { 'portmap.port': '635', 'portmap.proto': '17' }],
  [rpc.mountNull(3), rpc.voidResult(), { 'mount.procedure_v3': '0' }],
  [rpc.mountMnt(1, '/pm'), rpc.mntResult(1, ROOT), { 'mount.path': '/pm', 'nfs.fhandle': hex(ROOT) }],
  [rpc.mountMnt(3, '/pm'), rpc.mntResult(3, ROOT), { 'mount.path': '/pm', 'nfs.fhandle': hex(ROOT), 'mount.flavor': '1' }],
  [rpc.mountMnt(3, '/pm'), rpc.mntError(NfsStatus.acces), { 'mount.status': '13' }],
  [rpc.mountUmnt(3, '/pm'), rpc.voidResult(), { 'mount.path': '/pm' }],
  [rpc.mountExport(3), rpc.exportResult([EXPORT]), { 'mount.export.directory': '/pm', 'mount.export.group': 'zztest' }],
  [nfs.nfs3Null(), rpc.voidResult(), { 'nfs.procedure_v3': '0' }],
  [nfs.nfs3Getattr(FILE), nfs.getattr3Result(AT), { 'nfs.fattr3.size': '100', 'nfs.fattr3.fileid': '2' }],
  [nfs.nfs3Getattr(FILE), nfs.statusResult(NfsStatus.stale), { 'nfs.status': '70' }],
  [nfs.nfs3Lookup(ROOT, 'monitor'), nfs.lookup3Result(FILE, AT, DIR), { 'nfs.name': 'monitor', 'nfs.fhandle': hex(ROOT) }],
  [nfs.nfs3Lookup(ROOT, 'monitor'), nfs.error3Result(NfsStatus.noent, DIR), { 'nfs.status': '2' }],
  [nfs.nfs3Access(FILE, 1), nfs.access3Result(AT, 1), { 'nfs.access_rights': '0x01' }],
  [nfs.nfs3Read(FILE, 2 ** 33, 100), nfs.read3Result(AT, DATA, true), { 'nfs.offset3': String(2 ** 33), 'nfs.read.eof': '1' }],
  [nfs.nfs3Write(FILE, 0, DATA), nfs.write3Result(AT, 100), { 'nfs.count3': '100', 'nfs.write.committed': '2' }],
  [nfs.nfs3Readdir(ROOT, 0, 4096), nfs.readdir3Result(DIR, ENTRIES, true), { 'nfs.readdir.entry3.name': 'monitor' }],
  [nfs.nfs3Readdirplus(ROOT, 0, 512, 4096), nfs.readdirplus3Result(DIR, PLUS, true), { 'nfs.readdirplus.entry.name': 'monitor' }],
  [nfs.nfs3Fsstat(ROOT), nfs.fsstat3Result(DIR, 1_000_000, 3), { 'nfs.fsstat3_resok.tbytes': '1000000' }],
  [nfs.nfs3Fsinfo(ROOT), nfs.fsinfo3Result(DIR, 1024, 2 ** 40), { 'nfs.fsinfo.rtmax': '1024', 'nfs.fsinfo.maxfilesize': String(2 ** 40) }],
  [nfs.nfs3Pathconf(ROOT), nfs.pathconf3Result(DIR), { 'nfs.pathconf.name_max': '255' }],
  [nfs.nfs2Null(), rpc.voidResult(), { 'nfs.procedure_v2': '0' }],
  [nfs.nfs2Getattr(FILE), nfs.attributes2Result(AT), ATTRIBUTES2],
  [nfs.nfs2Lookup(ROOT, 'update'), nfs.lookup2Result(FILE, AT), { 'nfs.name': 'update', 'nfs.fattr.fileid': '2' }],
  [nfs.nfs2Read(FILE, 512, 100), nfs.read2Result(AT, DATA), { 'nfs.read.offset': '512', 'nfs.read.count': '100' }],
  [nfs.nfs2Write(FILE, 512, DATA), nfs.attributes2Result(AT), { 'nfs.write.offset': '512' }],
  [nfs.nfs2Readdir(ROOT, 0, 1024), nfs.readdir2Result(ENTRIES, true), { 'nfs.readdir.entry.name': 'monitor' }],
  [nfs.nfs2Statfs(ROOT), nfs.statfs2Result(1024, 7), { 'nfs.statfs.tsize': '1024', 'nfs.statfs.blocks': '7' }],
]

test('every builder makes whole XDR words', () => {
  for (const [body, result] of PAIRS) {
    equal(body.args.length % 4, 0)
    equal(result.length % 4, 0)
  }
})

const noTshark = spawnSync('tshark', ['-v']).status === 0 ? false : 'tshark is not installed'
const PORTS: Readonly<Record<number, number>> = { [Program.portmap]: 111, [Program.mount]: 635, [Program.nfs]: 2049 }

/** What tshark prints of these fields, as a set of values per pair. The first field is `_ws.malformed`. */
function tsharkReads(dir: string, fields: readonly string[]): Set<string>[] {
  const packets = PAIRS.flatMap(([body, result], i) => {
    const ports = [900 + i, PORTS[body.program] ?? 0] as const
    return [datagram(rpc.encodeCall(i + 1, body, MONITOR), true, ...ports), datagram(rpc.encodeReply(i + 1, result), false, ...ports)]
  })
  const file = join(dir, 'pairs.pcap')
  writeFileSync(file, pcapOf(packets))
  const layout = ['-T', 'fields', '-E', 'separator=|', '-E', 'aggregator=|', ...fields.flatMap((f) => ['-e', f])]
  const args = ['-r', file, '-n', '-d', 'udp.port==635,rpc', ...layout]
  const rows = execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString().split('\n')
  return PAIRS.map((_, i) => new Set([...(rows[2 * i] ?? '').split('|'), ...(rows[2 * i + 1] ?? '').split('|')]))
}

test('tshark reads every call and result, finds nothing malformed, and prints our values', { skip: noTshark }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'rpc-encode-'))
  try {
    const fields = [...new Set(['_ws.malformed', ...PAIRS.flatMap(([, , expected]) => Object.keys(expected))])]
    const read = tsharkReads(dir, fields)
    for (const [index, [body, , expected]] of PAIRS.entries()) {
      const what = `program ${body.program} version ${body.version} procedure ${body.procedure}`
      const values = read[index] ?? new Set()
      ok(![...values].some((v) => /malformed/i.test(v)), `${what}: malformed`)
      for (const [field, value] of Object.entries(expected)) {
        ok(values.has(value), `${what}: ${field} is not ${value} in ${[...values].join(' ')}`)
      }
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})
