// NFS version 2 (RFC 1094 section 2.2): 32-byte handles, 32-bit sizes, READ of at most 8192 bytes.
// Keeps the same shape as nfs3.ts, so that the file tracker need not know the version.

import { FH2_BYTES, NAME_MAX, Nfs2Proc, PATH_MAX } from './codes.ts'
import { readStatus } from './mount.ts'
import { TRANSFER_BYTES_MAX } from './nfs3.ts'
import { type CallArguments, type CallResult, type FileFacts, NAMES_MAX, type ProcedureTable } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** ftype goes to 5 in the RFC; Linux and BSD servers also send 6 (socket), 7 (bad) and 8 (fifo). */
const FILE_TYPE_MAX = 8
/** sattr: mode, uid, gid, size, and two times of 8 bytes. */
const SATTR_BYTES = 32
/** blocksize, rdev, blocks, fsid, fileid and atime of fattr, between size and mtime. */
const SIZE_TO_MTIME_BYTES = 28
const CTIME_BYTES = 8
const MICROS = 1_000_000

function handle2(r: XdrReader): string | null {
  return r.hexKey(FH2_BYTES)
}

/** fattr; null after a fault. */
function attributes2(r: XdrReader): FileFacts | null {
  const type = r.u32()
  if (r.fault === null && type > FILE_TYPE_MAX) r.fail('file-type')
  r.skip(16)
  const size = r.u32()
  r.skip(SIZE_TO_MTIME_BYTES)
  const modified = r.u32() * MICROS + r.u32()
  r.skip(CTIME_BYTES)
  return r.fault === null ? { type, size, modified } : null
}

// ---- arguments

function handleArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle2(r)
}

function nameArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle2(r)
  into.name = r.text(NAME_MAX, 'name-length')
}

function setattrArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle2(r)
  r.skip(SATTR_BYTES)
}

/** offset, count and a total that nobody uses. */
function readArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle2(r)
  into.offset = r.u32()
  into.count = r.u32()
  r.u32()
}

/** beginoffset, offset, totalcount, then the data's length; the data is not read. */
function writeArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle2(r)
  r.u32()
  into.offset = r.u32()
  r.u32()
  into.count = r.u32()
  if (into.count > TRANSFER_BYTES_MAX) r.fail('write-length')
  if (r.fault === null) into.dataBytes = into.count
  into.dataOff = r.off
}

function createArgs(r: XdrReader, into: CallArguments): void {
  nameArgs(r, into)
  r.skip(SATTR_BYTES)
}

function symlinkArgs(r: XdrReader, into: CallArguments): void {
  nameArgs(r, into)
  r.skipOpaque(PATH_MAX, 'path-length')
  r.skip(SATTR_BYTES)
}

function renameArgs(r: XdrReader, into: CallArguments): void {
  nameArgs(r, into)
  into.toHandle = handle2(r)
  into.toName = r.text(NAME_MAX, 'name-length')
}

function linkArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle2(r)
  into.toHandle = handle2(r)
  into.name = r.text(NAME_MAX, 'name-length')
}

// ---- results

function statusResult(r: XdrReader, into: CallResult): void {
  into.status = readStatus(r)
}

function attributesResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) === 0) into.file = attributes2(r)
}

/** LOOKUP, CREATE, MKDIR. */
function lookupResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  into.handle = handle2(r)
  into.file = attributes2(r)
}

/** Leaves the reader at the first byte of data. There is no EOF word: the size in the attributes says it. */
function readResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  into.file = attributes2(r)
  const length = r.u32()
  if (length > TRANSFER_BYTES_MAX) r.fail('read-length')
  if (r.fault === null) into.dataBytes = length
  into.dataOff = r.off
}

function readdirResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    r.u32()
    const name = r.text(NAME_MAX, 'name-length')
    r.u32()
    if (name === null || r.fault !== null) return
    into.names.push(name)
    into.entries.push({ name, handle: null, file: null })
  }
}

export const NFS2: ProcedureTable = {
  [Nfs2Proc.getattr]: { args: handleArgs, result: attributesResult },
  [Nfs2Proc.setattr]: { args: setattrArgs, result: attributesResult },
  [Nfs2Proc.lookup]: { args: nameArgs, result: lookupResult },
  [Nfs2Proc.readlink]: { args: handleArgs, result: statusResult },
  [Nfs2Proc.read]: { args: readArgs, result: readResult },
  [Nfs2Proc.write]: { args: writeArgs, result: attributesResult },
  [Nfs2Proc.create]: { args: createArgs, result: lookupResult },
  [Nfs2Proc.remove]: { args: nameArgs, result: statusResult },
  [Nfs2Proc.rename]: { args: renameArgs, result: statusResult },
  [Nfs2Proc.link]: { args: linkArgs, result: statusResult },
  [Nfs2Proc.symlink]: { args: symlinkArgs, result: statusResult },
  [Nfs2Proc.mkdir]: { args: createArgs, result: lookupResult },
  [Nfs2Proc.rmdir]: { args: nameArgs, result: statusResult },
  [Nfs2Proc.readdir]: { args: handleArgs, result: readdirResult },
  [Nfs2Proc.statfs]: { args: handleArgs, result: statusResult },
}
