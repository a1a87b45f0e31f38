// NFS version 3 (RFC 1813 section 3.3): handles, names, sizes and where READ data starts. File content is never read here.
// Keeps the rule that a discriminant no RFC has is a fault with a name, not a guess.

import { FH3_BYTES_MAX, FileType, NAME_MAX, Nfs3Proc, PATH_MAX, VERIFIER_BYTES } from './codes.ts'
import { readStatus } from './mount.ts'
import { type CallArguments, type CallResult, type FileFacts, NAMES_MAX, type ProcedureTable } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** Most bytes one READ reply or WRITE call is believed to carry: Linux stops at 1 MiB, others at 4 MiB; leave room. */
export const TRANSFER_BYTES_MAX = 16 * 1024 * 1024
/** used, rdev, fsid, fileid and atime of fattr3, between size and mtime: 8 bytes each. */
const SIZE_TO_MTIME_BYTES = 40
const CTIME_BYTES = 8
/** wcc_attr: size, mtime, ctime. */
const WCC_ATTR_BYTES = 24
const MICROS = 1_000_000

// ---- shared items (RFC 1813 section 2.6)

function handle3(r: XdrReader): string | null {
  const length = r.u32()
  if (length > FH3_BYTES_MAX) r.fail('handle-length')
  return r.hexKey(length)
}

/** fattr3; null after a fault. */
function attributes3(r: XdrReader): FileFacts | null {
  const type = r.u32()
  if (r.fault === null && (type < FileType.regular || type > FileType.fifo)) r.fail('file-type')
  r.skip(16)
  const size = r.u64()
  r.skip(SIZE_TO_MTIME_BYTES)
  const modified = r.u32() * MICROS + Math.floor(r.u32() / 1000)
  r.skip(CTIME_BYTES)
  return r.fault === null ? { type, size, modified } : null
}

/** post_op_attr: attributes when the server felt like sending them. */
function postOp(r: XdrReader): FileFacts | null {
  return r.bool('attributes-follow') ? attributes3(r) : null
}

function wcc(r: XdrReader): FileFacts | null {
  if (r.bool('attributes-follow')) r.skip(WCC_ATTR_BYTES)
  return postOp(r)
}

/** sattr3: four optional fields, then two times whose set_it has three values. */
function setAttributes(r: XdrReader): void {
  for (const bytes of [4, 4, 4, 8]) if (r.bool('set-it')) r.skip(bytes)
  for (let i = 0; i < 2; i++) {
    const how = r.u32()
    if (how > 2) r.fail('set-it')
    if (how === 2) r.skip(8)
  }
}

// ---- arguments

function handleArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle3(r)
}

function nameArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle3(r)
  into.name = r.text(NAME_MAX, 'name-length')
}

function setattrArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle3(r)
  setAttributes(r)
  if (r.bool('guard')) r.skip(8)
}

function readArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle3(r)
  into.offset = r.u64()
  into.count = r.u32()
}

/** Stops before the data: only its length is read, and compared with the announced count. */
function writeArgs(r: XdrReader, into: CallArguments): void {
  readArgs(r, into)
  if (r.u32() > 2) r.fail('stable-how')
  const length = r.u32()
  if (r.fault === null && (length !== into.count || length > TRANSFER_BYTES_MAX)) r.fail('write-length')
  if (r.fault === null) into.dataBytes = length
  into.dataOff = r.off
}

function createArgs(r: XdrReader, into: CallArguments): void {
  nameArgs(r, into)
  const how = r.u32()
  if (how > 2) r.fail('create-mode')
  if (how === 2) r.skip(VERIFIER_BYTES)
  else setAttributes(r)
}

function mkdirArgs(r: XdrReader, into: CallArguments): void {
  nameArgs(r, into)
  setAttributes(r)
}

function symlinkArgs(r: XdrReader, into: CallArguments): void {
  mkdirArgs(r, into)
  r.skipOpaque(PATH_MAX, 'path-length')
}

function renameArgs(r: XdrReader, into: CallArguments): void {
  nameArgs(r, into)
  into.toHandle = handle3(r)
  into.toName = r.text(NAME_MAX, 'name-length')
}

function linkArgs(r: XdrReader, into: CallArguments): void {
  into.handle = handle3(r)
  into.toHandle = handle3(r)
  into.name = r.text(NAME_MAX, 'name-length')
}

// ---- results; each starts with the status and goes on only after 0

function statusResult(r: XdrReader, into: CallResult): void {
  into.status = readStatus(r)
}

function getattrResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) === 0) into.file = attributes3(r)
}

function lookupResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  into.handle = handle3(r)
  into.file = postOp(r)
}

/** ACCESS, READLINK, FSSTAT, FSINFO, PATHCONF: attributes of the object come first; the rest says nothing about files. */
function postOpResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) === 0) into.file = postOp(r)
}

/** Leaves the reader at the first byte of data. */
function readResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  into.file = postOp(r)
  const count = r.u32()
  const eof = r.bool('eof')
  const length = r.u32()
  if (r.fault === null && (length !== count || length > TRANSFER_BYTES_MAX)) r.fail('read-length')
  if (r.fault !== null) return
  into.eof = eof
  into.dataBytes = length
  into.dataOff = r.off
}

function writeResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  into.file = wcc(r)
  const count = r.u32()
  if (r.fault === null) into.count = count
}

function setattrResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) === 0) into.file = wcc(r)
}

/** CREATE, MKDIR, SYMLINK, MKNOD: handle and attributes are both optional. */
function createResult(r: XdrReader, into: CallResult): void {
  if ((into.status = readStatus(r)) !== 0) return
  if (r.bool('handle-follows')) into.handle = handle3(r)
  into.file = postOp(r)
}

function readdirResult(r: XdrReader, into: CallResult): void {
  listResult(r, into, false)
}

function readdirplusResult(r: XdrReader, into: CallResult): void {
  listResult(r, into, true)
}

/** Entries stop at NAMES_MAX; what follows is not judged. */
function listResult(r: XdrReader, into: CallResult, plus: boolean): void {
  if ((into.status = readStatus(r)) !== 0) return
  into.file = postOp(r)
  r.skip(VERIFIER_BYTES)
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    r.skip(8)
    const name = r.text(NAME_MAX, 'name-length')
    r.skip(8)
    const file = plus ? postOp(r) : null
    const handle = plus && r.bool('handle-follows') ? handle3(r) : null
    if (name === null || r.fault !== null) return
    into.names.push(name)
    into.entries.push({ name, handle, file })
  }
}

export const NFS3: ProcedureTable = {
  [Nfs3Proc.getattr]: { args: handleArgs, result: getattrResult },
  [Nfs3Proc.setattr]: { args: setattrArgs, result: setattrResult },
  [Nfs3Proc.lookup]: { args: nameArgs, result: lookupResult },
  [Nfs3Proc.access]: { args: handleArgs, result: postOpResult },
  [Nfs3Proc.readlink]: { args: handleArgs, result: postOpResult },
  [Nfs3Proc.read]: { args: readArgs, result: readResult },
  [Nfs3Proc.write]: { args: writeArgs, result: writeResult },
  [Nfs3Proc.create]: { args: createArgs, result: createResult },
  [Nfs3Proc.mkdir]: { args: mkdirArgs, result: createResult },
  [Nfs3Proc.symlink]: { args: symlinkArgs, result: createResult },
  [Nfs3Proc.mknod]: { args: nameArgs, result: createResult },
  [Nfs3Proc.remove]: { args: nameArgs, result: statusResult },
  [Nfs3Proc.rmdir]: { args: nameArgs, result: statusResult },
  [Nfs3Proc.rename]: { args: renameArgs, result: statusResult },
  [Nfs3Proc.link]: { args: linkArgs, result: statusResult },
  [Nfs3Proc.readdir]: { args: handleArgs, result: readdirResult },
  [Nfs3Proc.readdirplus]: { args: handleArgs, result: readdirplusResult },
  [Nfs3Proc.fsstat]: { args: handleArgs, result: postOpResult },
  [Nfs3Proc.fsinfo]: { args: handleArgs, result: postOpResult },
  [Nfs3Proc.pathconf]: { args: handleArgs, result: postOpResult },
  [Nfs3Proc.commit]: { args: readArgs, result: statusResult },
}
