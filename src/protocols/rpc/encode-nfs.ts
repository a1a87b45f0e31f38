// Building NFS version 3 (RFC 1813) and version 2 (RFC 1094) calls and results. Headers and marks: encode.ts.
// Keeps the rule that a body is data in and bytes out; the server and the twin decide what to say.

import { assert } from '../../base/assert.ts'
import { FH3_BYTES_MAX, type FileTypeNumber, Nfs2Proc, Nfs3Proc, NfsStatus, Program, VERIFIER_BYTES } from './codes.ts'
import { bareCall, handle2, type RpcCallBody } from './encode.ts'
import { XdrWriter } from './xdr.ts'

/** A point in time as NFS states it; v2 has microseconds, v3 nanoseconds. Default 0 everywhere in this file. */
export interface NfsTime {
  readonly seconds: number
  readonly nanoseconds: number
}

/** fattr3, and what of it fits into the older fattr. Bytes for sizes; `fileId` and `fsId` exact integers. */
export interface FileAttributes {
  readonly type: FileTypeNumber
  /** Permission bits only, e.g. 0o755. */
  readonly mode: number
  readonly links: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly fsId: number
  readonly fileId: number
  readonly modified: NfsTime
}

/** Cookie verifier of directories that never change. */
export const ZERO_VERIFIER = new Uint8Array(VERIFIER_BYTES)
/** st_mode file type bits of fattr.mode in NFSv2 (RFC 1094 section 2.3.5), by FileType. */
const MODE_TYPE_BITS = [0, 0o100000, 0o040000, 0o060000, 0o020000, 0o120000, 0o140000, 0o010000] as const
/** Block size stated in NFSv2 attributes; clients only show it. */
const BLOCK_BYTES = 4096
const BLOCK_UNIT_BYTES = 512

// ---- version 3 calls

function call3(procedure: number, args: XdrWriter): RpcCallBody {
  return { program: Program.nfs, version: 3, procedure, args: args.bytes() }
}

function fh3(handle: Uint8Array): XdrWriter {
  assert(handle.length <= FH3_BYTES_MAX, 'an NFSv3 handle holds at most 64 bytes')
  return new XdrWriter().opaque(handle)
}

export function nfs3Null(): RpcCallBody {
  return bareCall(Program.nfs, 3, Nfs3Proc.null)
}

export function nfs3Getattr(handle: Uint8Array): RpcCallBody {
  return call3(Nfs3Proc.getattr, fh3(handle))
}

export function nfs3Lookup(directory: Uint8Array, name: string): RpcCallBody {
  return call3(Nfs3Proc.lookup, fh3(directory).string(name))
}

/** `mask`: 1 read, 2 look up, 4 modify, 8 extend, 16 delete, 32 execute. */
export function nfs3Access(handle: Uint8Array, mask: number): RpcCallBody {
  return call3(Nfs3Proc.access, fh3(handle).u32(mask))
}

export function nfs3Read(handle: Uint8Array, offset: number, count: number): RpcCallBody {
  return call3(Nfs3Proc.read, fh3(handle).u64(offset).u32(count))
}

/** A WRITE of [off, end) of `data`, file-synchronous. Our own server refuses it; tests and attacker twins send it. */
export function nfs3Write(handle: Uint8Array, offset: number, data: Uint8Array): RpcCallBody {
  return call3(Nfs3Proc.write, fh3(handle).u64(offset).u32(data.length).u32(2).opaque(data))
}

export function nfs3Readdir(directory: Uint8Array, cookie: number, count: number, verifier: Uint8Array = ZERO_VERIFIER): RpcCallBody {
  return call3(Nfs3Proc.readdir, fh3(directory).u64(cookie).fixed(verifier).u32(count))
}

/** `dirCount` limits names, `maxCount` the whole reply, in bytes. */
export function nfs3Readdirplus(
  directory: Uint8Array, cookie: number, dirCount: number, maxCount: number, verifier: Uint8Array = ZERO_VERIFIER,
): RpcCallBody {
  return call3(Nfs3Proc.readdirplus, fh3(directory).u64(cookie).fixed(verifier).u32(dirCount).u32(maxCount))
}

export function nfs3Fsstat(handle: Uint8Array): RpcCallBody {
  return call3(Nfs3Proc.fsstat, fh3(handle))
}

export function nfs3Fsinfo(handle: Uint8Array): RpcCallBody {
  return call3(Nfs3Proc.fsinfo, fh3(handle))
}

export function nfs3Pathconf(handle: Uint8Array): RpcCallBody {
  return call3(Nfs3Proc.pathconf, fh3(handle))
}

// ---- version 3 results

function writeTime3(w: XdrWriter, time: NfsTime): void {
  w.u32(time.seconds).u32(time.nanoseconds)
}

function writeAttributes3(w: XdrWriter, a: FileAttributes): XdrWriter {
  w.u32(a.type).u32(a.mode).u32(a.links).u32(a.uid).u32(a.gid).u64(a.size).u64(a.size).u64(0).u64(a.fsId).u64(a.fileId)
  for (let i = 0; i < 3; i++) writeTime3(w, a.modified)
  return w
}

function postOp(w: XdrWriter, attributes: FileAttributes | null): XdrWriter {
  w.bool(attributes !== null)
  return attributes === null ? w : writeAttributes3(w, attributes)
}

function ok3(): XdrWriter {
  return new XdrWriter().u32(NfsStatus.ok)
}

export function getattr3Result(attributes: FileAttributes): Uint8Array {
  return writeAttributes3(ok3(), attributes).bytes()
}

export function lookup3Result(handle: Uint8Array, attributes: FileAttributes | null, directory: FileAttributes | null): Uint8Array {
  return postOp(postOp(ok3().opaque(handle), attributes), directory).bytes()
}

export function access3Result(attributes: FileAttributes | null, mask: number): Uint8Array {
  return postOp(ok3(), attributes).u32(mask).bytes()
}

/** READ3resok; `data` is the part of the file, `eof` whether it reaches the end. */
export function read3Result(attributes: FileAttributes | null, data: Uint8Array, eof: boolean): Uint8Array {
  return new XdrWriter().raw(read3Head(attributes, data.length, eof)).fixed(data).bytes()
}

/** The same up to the data: a server sends these bytes, then `length` bytes from where they lie, then padding to four. */
export function read3Head(attributes: FileAttributes | null, length: number, eof: boolean): Uint8Array {
  return postOp(ok3(), attributes).u32(length).bool(eof).u32(length).bytes()
}

/** WRITE3resok without pre-operation attributes; `count` bytes were taken, file-synchronous. */
export function write3Result(attributes: FileAttributes | null, count: number): Uint8Array {
  return postOp(ok3().bool(false), attributes).u32(count).u32(2).fixed(ZERO_VERIFIER).bytes()
}

export interface DirectoryEntry {
  readonly fileId: number
  readonly name: string
  /** Where the next READDIR starts. */
  readonly cookie: number
}

export interface DirectoryEntryPlus extends DirectoryEntry {
  readonly attributes: FileAttributes | null
  readonly handle: Uint8Array | null
}

export function readdir3Result(
  directory: FileAttributes | null, entries: readonly DirectoryEntry[], eof: boolean, verifier: Uint8Array = ZERO_VERIFIER,
): Uint8Array {
  const w = postOp(ok3(), directory).fixed(verifier)
  for (const e of entries) w.bool(true).u64(e.fileId).string(e.name).u64(e.cookie)
  return w.bool(false).bool(eof).bytes()
}

export function readdirplus3Result(
  directory: FileAttributes | null, entries: readonly DirectoryEntryPlus[], eof: boolean, verifier: Uint8Array = ZERO_VERIFIER,
): Uint8Array {
  const w = postOp(ok3(), directory).fixed(verifier)
  for (const e of entries) {
    postOp(w.bool(true).u64(e.fileId).string(e.name).u64(e.cookie), e.attributes).bool(e.handle !== null)
    if (e.handle) w.opaque(e.handle)
  }
  return w.bool(false).bool(eof).bytes()
}

/** FSSTAT3resok: `totalBytes` in all, none free (read-only), `files` in all. */
export function fsstat3Result(attributes: FileAttributes | null, totalBytes: number, files: number): Uint8Array {
  return postOp(ok3(), attributes).u64(totalBytes).u64(0).u64(0).u64(files).u64(0).u64(0).u32(0).bytes()
}

/** FSINFO3resok for a server that reads and writes at most `transferMax` bytes at a time. */
export function fsinfo3Result(attributes: FileAttributes | null, transferMax: number, fileSizeMax: number): Uint8Array {
  const w = postOp(ok3(), attributes)
  for (let i = 0; i < 2; i++) w.u32(transferMax).u32(transferMax).u32(BLOCK_BYTES)
  const homogeneousAndCanSetTime = 0x18
  return w.u32(transferMax).u64(fileSizeMax).u32(0).u32(1).u32(homogeneousAndCanSetTime).bytes()
}

/** PATHCONF3resok: names up to 255, no silent truncation, case kept. */
export function pathconf3Result(attributes: FileAttributes | null): Uint8Array {
  return postOp(ok3(), attributes).u32(1).u32(255).bool(true).bool(true).bool(false).bool(true).bytes()
}

/** A failed version 3 procedure whose failure arm is one post_op_attr: all read-side ones but GETATTR (RFC 1813 section 3.3). */
export function error3Result(status: number, attributes: FileAttributes | null = null): Uint8Array {
  assert(status !== NfsStatus.ok, 'an error has a status')
  return postOp(new XdrWriter().u32(status), attributes).bytes()
}

/** A failed procedure that answers with the status alone: GETATTR of version 3, everything of version 2. */
export function statusResult(status: number): Uint8Array {
  return new XdrWriter().u32(status).bytes()
}

// ---- version 2 calls

function call2(procedure: number, args: XdrWriter): RpcCallBody {
  return { program: Program.nfs, version: 2, procedure, args: args.bytes() }
}

function fh2(handle: Uint8Array): XdrWriter {
  return new XdrWriter().fixed(handle2(handle))
}

export function nfs2Null(): RpcCallBody {
  return bareCall(Program.nfs, 2, Nfs2Proc.null)
}

export function nfs2Getattr(handle: Uint8Array): RpcCallBody {
  return call2(Nfs2Proc.getattr, fh2(handle))
}

export function nfs2Lookup(directory: Uint8Array, name: string): RpcCallBody {
  return call2(Nfs2Proc.lookup, fh2(directory).string(name))
}

/** At most 8192 bytes (RFC 1094 section 2.3.1 MAXDATA). */
export function nfs2Read(handle: Uint8Array, offset: number, count: number): RpcCallBody {
  return call2(Nfs2Proc.read, fh2(handle).u32(offset).u32(count).u32(0))
}

export function nfs2Write(handle: Uint8Array, offset: number, data: Uint8Array): RpcCallBody {
  return call2(Nfs2Proc.write, fh2(handle).u32(0).u32(offset).u32(0).opaque(data))
}

export function nfs2Readdir(directory: Uint8Array, cookie: number, count: number): RpcCallBody {
  return call2(Nfs2Proc.readdir, fh2(directory).u32(cookie).u32(count))
}

export function nfs2Statfs(handle: Uint8Array): RpcCallBody {
  return call2(Nfs2Proc.statfs, fh2(handle))
}

// ---- version 2 results

function writeAttributes2(w: XdrWriter, a: FileAttributes): XdrWriter {
  w.u32(a.type).u32(a.mode | (MODE_TYPE_BITS[a.type] ?? 0)).u32(a.links).u32(a.uid).u32(a.gid).u32(a.size).u32(BLOCK_BYTES).u32(0)
  w.u32(Math.ceil(a.size / BLOCK_UNIT_BYTES)).u32(a.fsId).u32(a.fileId)
  for (let i = 0; i < 3; i++) w.u32(a.modified.seconds).u32(Math.floor(a.modified.nanoseconds / 1000))
  return w
}

/** Also the result of SETATTR and WRITE. */
export function attributes2Result(attributes: FileAttributes): Uint8Array {
  return writeAttributes2(ok3(), attributes).bytes()
}

/** Also the result of CREATE and MKDIR. */
export function lookup2Result(handle: Uint8Array, attributes: FileAttributes): Uint8Array {
  return writeAttributes2(ok3().fixed(handle2(handle)), attributes).bytes()
}

export function read2Result(attributes: FileAttributes, data: Uint8Array): Uint8Array {
  return writeAttributes2(ok3(), attributes).opaque(data).bytes()
}

export function readdir2Result(entries: readonly DirectoryEntry[], eof: boolean): Uint8Array {
  const w = ok3()
  for (const e of entries) w.bool(true).u32(e.fileId).string(e.name).u32(e.cookie)
  return w.bool(false).bool(eof).bytes()
}

/** STATFS: optimal transfer size, and a file system of `blocks` blocks of 4096 bytes with none free (read-only). */
export function statfs2Result(transferBytes: number, blocks: number): Uint8Array {
  return ok3().u32(transferBytes).u32(BLOCK_BYTES).u32(blocks).u32(0).u32(0).bytes()
}
