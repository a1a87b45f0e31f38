// NFS versions 2 and 3: what the encoder says the decoder reads; cut at every byte; discriminants nobody defined.
// Keeps both versions on one page, so that a difference between them is seen.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FileType, Nfs2Proc, Nfs3Proc, NfsStatus, Program } from './codes.ts'
import { procedureRow } from './decoders.ts'
import type { RpcCallBody } from './encode.ts'
import * as nfs from './encode-nfs.ts'
import { type CallArguments, type CallResult, emptyArguments, emptyResult, NAMES_MAX } from './procedure.ts'
import { fakeAttributes, fakeContent, fakeDirectory, fakeHandle } from './testdata/talk.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
const DIR = fakeHandle(1)
const FILE = fakeHandle(2)
const DIR_KEY = hex(DIR)
const FILE_KEY = hex(FILE)
const AT = fakeAttributes(2, 5000)
const FACTS = { type: FileType.regular, size: 5000, modified: 1_700_000_000_000_000 }

/** What reading these words as the arguments of a version 3 procedure finds wrong. */
function faultOf(procedure: number, w: XdrWriter): string | null {
  return args({ program: Program.nfs, version: 3, procedure, args: w.bytes() }).fault
}

interface Read<T> {
  readonly into: T
  readonly fault: string | null
  readonly off: number
}

function args(body: RpcCallBody, end = body.args.length): Read<CallArguments> {
  const r = new XdrReader()
  r.reset(body.args, 0, end)
  const into = emptyArguments()
  procedureRow(body.program, body.version, body.procedure)?.args?.(r, into)
  return { into, fault: r.fault, off: r.off }
}

function result(version: number, procedure: number, bytes: Uint8Array, end = bytes.length): Read<CallResult> {
  const r = new XdrReader()
  r.reset(bytes, 0, end)
  const into = emptyResult()
  procedureRow(Program.nfs, version, procedure)?.result?.(r, into)
  return { into, fault: r.fault, off: r.off }
}

/** Fault-free and read to its last byte. */
function clean<T>(read: Read<T>, length: number): T {
  equal(read.fault, null)
  equal(read.off, length)
  return read.into
}

const CALLS: readonly (readonly [RpcCallBody, Partial<CallArguments>])[] = [
  [nfs.nfs3Getattr(FILE), { handle: FILE_KEY }],
  [nfs.nfs3Lookup(DIR, 'monitor'), { handle: DIR_KEY, name: 'monitor' }],
  [nfs.nfs3Access(FILE, 0x3f), { handle: FILE_KEY }],
  [nfs.nfs3Read(FILE, 2 ** 40, 32768), { handle: FILE_KEY, offset: 2 ** 40, count: 32768 }],
  [nfs.nfs3Readdir(DIR, 3, 4096), { handle: DIR_KEY }],
  [nfs.nfs3Readdirplus(DIR, 0, 512, 4096), { handle: DIR_KEY }],
  [nfs.nfs3Fsinfo(DIR), { handle: DIR_KEY }],
  [nfs.nfs3Fsstat(DIR), { handle: DIR_KEY }],
  [nfs.nfs3Pathconf(DIR), { handle: DIR_KEY }],
  [nfs.nfs2Getattr(FILE), { handle: FILE_KEY }],
  [nfs.nfs2Lookup(DIR, 'update'), { handle: DIR_KEY, name: 'update' }],
  [nfs.nfs2Read(FILE, 8192, 4096), { handle: FILE_KEY, offset: 8192, count: 4096 }],
  [nfs.nfs2Readdir(DIR, 0, 1024), { handle: DIR_KEY }],
  [nfs.nfs2Statfs(DIR), { handle: DIR_KEY }],
]

describe('arguments', () => {
  for (const [body, expected] of CALLS) {
    test(`v${body.version} procedure ${body.procedure}: the encoder's words`, () => {
      // The readers of these two leave cookies, verifiers and masks alone.
      const read = args(body)
      equal(read.fault, null)
      deepStrictEqual(read.into, { ...emptyArguments(), ...expected })
      for (let end = 0; end < read.off; end++) equal(args(body, end).fault, 'cut-short', `cut at ${end}`)
    })
  }

  test('WRITE stops before the data', () => {
    const data = fakeContent(100)
    const three = args(nfs.nfs3Write(FILE, 4096, data))
    deepStrictEqual(three.into, { ...emptyArguments(), handle: FILE_KEY, offset: 4096, count: 100, dataBytes: 100, dataOff: three.off })
    equal(three.off, 4 + 32 + 8 + 4 + 4 + 4)
    const two = args(nfs.nfs2Write(FILE, 4096, data))
    deepStrictEqual(two.into, { ...emptyArguments(), handle: FILE_KEY, offset: 4096, count: 100, dataBytes: 100, dataOff: two.off })
  })

  test('a handle of 65 bytes, a name of 256, a WRITE that contradicts itself', () => {
    equal(faultOf(Nfs3Proc.getattr, new XdrWriter().opaque(new Uint8Array(65))), 'handle-length')
    equal(faultOf(Nfs3Proc.lookup, new XdrWriter().opaque(DIR).string('n'.repeat(255))), null)
    equal(faultOf(Nfs3Proc.lookup, new XdrWriter().opaque(DIR).string('n'.repeat(256))), 'name-length')
    equal(faultOf(Nfs3Proc.write, new XdrWriter().opaque(FILE).u64(0).u32(10).u32(2).u32(11)), 'write-length')
    equal(faultOf(Nfs3Proc.write, new XdrWriter().opaque(FILE).u64(0).u32(10).u32(3).u32(10)), 'stable-how')
    equal(faultOf(Nfs3Proc.write, new XdrWriter().opaque(FILE).u64(0).u32(2 ** 25).u32(0).u32(2 ** 25)), 'write-length')
  })

  test('names with several parts: RENAME, LINK, SYMLINK, CREATE, MKDIR', () => {
    const none = new XdrWriter().bool(false).bool(false).bool(false).bool(false).u32(0).u32(0).bytes()
    const of = (procedure: number, w: XdrWriter): CallArguments => {
      const bytes = w.bytes()
      return clean(args({ program: Program.nfs, version: 3, procedure, args: bytes }), bytes.length)
    }
    const rename = of(Nfs3Proc.rename, new XdrWriter().opaque(DIR).string('a').opaque(DIR).string('b'))
    deepStrictEqual(rename, { ...emptyArguments(), handle: DIR_KEY, name: 'a', toHandle: DIR_KEY, toName: 'b' })
    const link = of(Nfs3Proc.link, new XdrWriter().opaque(FILE).opaque(DIR).string('c'))
    deepStrictEqual(link, { ...emptyArguments(), handle: FILE_KEY, toHandle: DIR_KEY, name: 'c' })
    equal(of(Nfs3Proc.symlink, new XdrWriter().opaque(DIR).string('s').raw(none).string('/etc')).name, 's')
    equal(of(Nfs3Proc.create, new XdrWriter().opaque(DIR).string('f').u32(0).raw(none)).name, 'f')
    equal(of(Nfs3Proc.create, new XdrWriter().opaque(DIR).string('x').u32(2).u64(0)).name, 'x')
    equal(of(Nfs3Proc.mkdir, new XdrWriter().opaque(DIR).string('d').raw(none)).name, 'd')
    const all = new XdrWriter().bool(true).u32(0o644).bool(true).u32(1).bool(true).u32(1).bool(true).u64(9).u32(2).u64(1).u32(1)
    equal(of(Nfs3Proc.setattr, new XdrWriter().opaque(FILE).raw(all.bytes()).bool(true).u64(5)).handle, FILE_KEY)
  })

  test('discriminants nobody defined', () => {
    equal(faultOf(Nfs3Proc.setattr, new XdrWriter().opaque(FILE).u32(2).fixed(new Uint8Array(40))), 'set-it')
    equal(faultOf(Nfs3Proc.setattr, new XdrWriter().opaque(FILE).u32(0).u32(0).u32(0).u32(0).u32(3).fixed(new Uint8Array(40))), 'set-it')
    equal(faultOf(Nfs3Proc.setattr, new XdrWriter().opaque(FILE).fixed(new Uint8Array(24)).u32(7)), 'guard')
    equal(faultOf(Nfs3Proc.create, new XdrWriter().opaque(DIR).string('f').u32(3)), 'create-mode')
  })
})

describe('version 3 results', () => {
  test('GETATTR, LOOKUP, ACCESS and the like carry attributes', () => {
    deepStrictEqual(result(3, Nfs3Proc.getattr, nfs.getattr3Result(AT)).into, { ...emptyResult(), status: 0, file: FACTS })
    deepStrictEqual(result(3, Nfs3Proc.lookup, nfs.lookup3Result(FILE, AT, fakeDirectory(1))).into,
      { ...emptyResult(), status: 0, handle: FILE_KEY, file: FACTS })
    deepStrictEqual(result(3, Nfs3Proc.lookup, nfs.lookup3Result(FILE, null, null)).into, { ...emptyResult(), status: 0, handle: FILE_KEY })
    for (const [procedure, bytes] of [
      [Nfs3Proc.access, nfs.access3Result(AT, 1)], [Nfs3Proc.fsstat, nfs.fsstat3Result(AT, 1e9, 10)],
      [Nfs3Proc.fsinfo, nfs.fsinfo3Result(AT, 8192, 2 ** 40)], [Nfs3Proc.pathconf, nfs.pathconf3Result(AT)],
    ] as const) deepStrictEqual(result(3, procedure, bytes).into.file, FACTS)
  })

  test('READ leaves the reader at the data', () => {
    const data = fakeContent(301)
    const bytes = nfs.read3Result(AT, data, true)
    const read = result(3, Nfs3Proc.read, bytes)
    deepStrictEqual(read.into, { ...emptyResult(), status: 0, file: FACTS, dataBytes: 301, dataOff: read.off, eof: true })
    deepStrictEqual(bytes.slice(read.off, read.off + 301), data)
    const bare = result(3, Nfs3Proc.read, nfs.read3Result(null, data, false))
    deepStrictEqual([bare.into.file, bare.into.eof, bare.into.dataBytes], [null, false, 301])
  })

  test('READ whose count and data length differ is no READ', () => {
    const bytes = new XdrWriter().u32(0).bool(false).u32(100).bool(false).u32(200).bytes()
    const read = result(3, Nfs3Proc.read, bytes)
    equal(read.fault, 'read-length')
    equal(read.into.dataBytes, -1)
    equal(result(3, Nfs3Proc.read, new XdrWriter().u32(0).bool(false).u32(2 ** 25).bool(false).u32(2 ** 25).bytes()).fault, 'read-length')
  })

  test('WRITE says how much was taken', () => {
    deepStrictEqual(result(3, Nfs3Proc.write, nfs.write3Result(AT, 77)).into, { ...emptyResult(), status: 0, file: FACTS, count: 77 })
  })

  test('directories: names alone, or with handles and attributes', () => {
    const entries = [{ fileId: 1, name: '.', cookie: 1 }, { fileId: 2, name: 'monitor', cookie: 2 }]
    deepStrictEqual(result(3, Nfs3Proc.readdir, nfs.readdir3Result(null, entries, true)).into.names, ['.', 'monitor'])
    const plus = entries.map((e) => ({ ...e, attributes: AT, handle: FILE }))
    const read = result(3, Nfs3Proc.readdirplus, nfs.readdirplus3Result(fakeDirectory(1), plus, false)).into
    deepStrictEqual(read.entries[1], { name: 'monitor', handle: FILE_KEY, file: FACTS })
    equal(read.file?.type, FileType.directory)
    const shy = entries.map((e) => ({ ...e, attributes: null, handle: null }))
    const bare = result(3, Nfs3Proc.readdirplus, nfs.readdirplus3Result(null, shy, true)).into
    deepStrictEqual(bare.entries[0], { name: '.', handle: null, file: null })
  })

  test('a listing longer than the bound stops there without a fault', () => {
    const entries = Array.from({ length: NAMES_MAX + 10 }, (_, i) => ({ fileId: i, name: `f${i}`, cookie: i }))
    const read = result(3, Nfs3Proc.readdir, nfs.readdir3Result(null, entries, true))
    equal(read.into.names.length, NAMES_MAX)
    equal(read.fault, null)
  })

  test('a listing cut in an entry keeps the entries before it', () => {
    const entries = [{ fileId: 1, name: 'aaaa', cookie: 1 }, { fileId: 2, name: 'bbbb', cookie: 2 }]
    const bytes = nfs.readdir3Result(null, entries, true)
    const read = result(3, Nfs3Proc.readdir, bytes, bytes.length - 16)
    deepStrictEqual(read.into.names, ['aaaa'])
    equal(read.fault, 'cut-short')
  })

  test('errors are a status', () => {
    equal(result(3, Nfs3Proc.getattr, nfs.statusResult(NfsStatus.stale)).into.status, 70)
    for (const procedure of [Nfs3Proc.lookup, Nfs3Proc.access, Nfs3Proc.read, Nfs3Proc.readdir, Nfs3Proc.readdirplus, Nfs3Proc.fsinfo]) {
      const read = result(3, procedure, nfs.error3Result(NfsStatus.acces, AT))
      deepStrictEqual(read.into, { ...emptyResult(), status: 13 })
      equal(read.fault, null)
    }
  })

  test('a file type of 0 or 8 does not exist (RFC 1813 section 2.6)', () => {
    for (const type of [0, 8, 0x42424242]) {
      const bytes = nfs.getattr3Result(AT)
      bytes.set(new XdrWriter().u32(type).bytes(), 4)
      const read = result(3, Nfs3Proc.getattr, bytes)
      equal(read.fault, 'file-type')
      equal(read.into.file, null)
    }
  })

  test('each flag word is a bool', () => {
    const lookup = new XdrWriter().u32(0).opaque(FILE).u32(2).bytes()
    equal(result(3, Nfs3Proc.lookup, lookup).fault, 'attributes-follow')
    equal(result(3, Nfs3Proc.create, new XdrWriter().u32(0).u32(9).bytes()).fault, 'handle-follows')
    equal(result(3, Nfs3Proc.readdir, new XdrWriter().u32(0).bool(false).u64(0).u32(5).bytes()).fault, 'value-follows')
    equal(result(3, Nfs3Proc.read, new XdrWriter().u32(0).bool(false).u32(0).u32(5).u32(0).bytes()).fault, 'eof')
  })
})

describe('version 2 results', () => {
  test('attributes, handle, data', () => {
    deepStrictEqual(result(2, Nfs2Proc.getattr, nfs.attributes2Result(AT)).into, { ...emptyResult(), status: 0, file: FACTS })
    const found = result(2, Nfs2Proc.lookup, nfs.lookup2Result(FILE, AT)).into
    deepStrictEqual(found, { ...emptyResult(), status: 0, handle: FILE_KEY, file: FACTS })
    const read = result(2, Nfs2Proc.read, nfs.read2Result(AT, fakeContent(33)))
    deepStrictEqual([read.into.file, read.into.dataBytes, read.into.eof, read.fault], [FACTS, 33, false, null])
  })

  test('names', () => {
    const bytes = nfs.readdir2Result([{ fileId: 1, name: 'monitor', cookie: 1 }], true)
    deepStrictEqual(result(2, Nfs2Proc.readdir, bytes).into.names, ['monitor'])
  })

  test('errors are a status', () => {
    for (const procedure of [Nfs2Proc.getattr, Nfs2Proc.lookup, Nfs2Proc.read, Nfs2Proc.readdir, Nfs2Proc.statfs]) {
      deepStrictEqual(result(2, procedure, nfs.statusResult(NfsStatus.noent)).into, { ...emptyResult(), status: 2 })
    }
    equal(result(2, Nfs2Proc.statfs, nfs.statfs2Result(8192, 100)).into.status, 0)
  })

  test('microseconds in version 2, nanoseconds in version 3, the same point in time', () => {
    const late = fakeAttributes(2, 1, { modified: { seconds: 5, nanoseconds: 6_000_000 } })
    equal(result(2, Nfs2Proc.getattr, nfs.attributes2Result(late)).into.file?.modified, 5_006_000)
    equal(result(3, Nfs3Proc.getattr, nfs.getattr3Result(late)).into.file?.modified, 5_006_000)
  })
})

test('every result cut at every byte is cut-short or shorter, never a throw, never a status from nowhere', () => {
  const results: readonly (readonly [number, number, Uint8Array])[] = [
    [3, Nfs3Proc.lookup, nfs.lookup3Result(FILE, AT, AT)], [3, Nfs3Proc.read, nfs.read3Result(AT, fakeContent(20), true)],
    [3, Nfs3Proc.readdirplus, nfs.readdirplus3Result(AT, [{ fileId: 1, name: 'n', cookie: 1, attributes: AT, handle: FILE }], true)],
    [2, Nfs2Proc.lookup, nfs.lookup2Result(FILE, AT)], [2, Nfs2Proc.read, nfs.read2Result(AT, fakeContent(20))],
  ]
  for (const [version, procedure, bytes] of results) {
    for (let end = 0; end < bytes.length; end++) {
      const read = result(version, procedure, bytes, end)
      ok(read.fault === 'cut-short' || read.fault === null)
      equal(read.into.status, end < 4 ? null : 0)
    }
  }
})
