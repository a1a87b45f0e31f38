// NFS version 4.0, 4.1 and 4.2: COMPOUND, its operations read one after the other (RFC 7530 section 15.2, RFC 8881, RFC 7862).
// Keeps the rule that an operation that is not understood ends the reading and is no fault: its successors cannot be found.

import { NAME_MAX } from './codes.ts'
import { readStatus } from './mount.ts'
import { readAttributes, readHandle4 } from './nfs4-attributes.ts'
import { Op4, OPAQUE_BYTES_MAX, operationRow, OPERATIONS_MAX, type Shape, Type4 } from './nfs4-codes.ts'
import { NFS_TIME_BYTES, readDelegation, readShape } from './nfs4-shapes.ts'
import { type CallArguments, type CallResult, emptyOperation, NAMES_MAX, type Operation, type ProcedureTable } from './procedure.ts'
import { padded, type XdrReader } from './xdr.ts'

/** A tag is for people: NFS4_OPAQUE_LIMIT. */
const TAG_BYTES_MAX = 1024
/** nfs_impl_id4: domain and name are short words and one line of `uname`. */
const IMPLEMENTATION_CHARS_MAX = 255
/** Flavours in one SECINFO reply: IANA has fewer than 30. */
const SECURITY_MAX = 64
/** RPCSEC_GSS in SECINFO is followed by an object id, a quality and a service (RFC 7530 section 16.31.2). */
const FLAVOR_GSS = 6
/** Layouts in one LAYOUTGET reply; servers give one. */
const LAYOUTS_MAX = 64
const LAYOUT_FILES = 1
/** Data servers of one file whose handles are kept; one handle for all is the usual. */
const DATA_HANDLES_MAX = 64
/** Stretches in one READ_PLUS reply: data and holes by turns; Linux asks for 1 MiB, a hole has at least 4 KiB. */
const STRETCHES_MAX = 256

// ---- arguments that need code

type Reader = (r: XdrReader, into: Operation, whole: { software: string | null }) => void

/** createtype4 is a union (RFC 7530 section 16.4.1). */
function createArgs(r: XdrReader, into: Operation): void {
  const type = r.u32()
  if (type === Type4.link) r.skipOpaque(OPAQUE_BYTES_MAX, 'path-length')
  if (type === Type4.block || type === Type4.character) r.skip(8)
  readShape(r, 'na', into)
}

function lockArgs(r: XdrReader, into: Operation): void {
  readShape(r, '4488', into)
  readShape(r, r.bool('new-owner') ? '4s48o' : 's4', into)
}

/** OPEN4args: seqid, access, deny, owner, openhow, claim (RFC 7530 section 16.16.1). */
function openArgs(r: XdrReader, into: Operation): void {
  readShape(r, '4448o', into)
  if (r.u32() === 1) {
    const mode = r.u32()
    if (mode > 3) r.fail('create-mode')
    // UNCHECKED and GUARDED have attributes, EXCLUSIVE a verifier, EXCLUSIVE4_1 both.
    readShape(r, ['a', 'a', '8', '8a'][mode] ?? '', into)
  }
  const claim = r.u32()
  if (claim > 6) r.fail('claim')
  // NULL, PREVIOUS, DELEGATE_CUR, DELEGATE_PREV; FH, DELEG_CUR_FH, DELEG_PREV_FH of 4.1 open the current file.
  readShape(r, ['n', '4', 'sn', 'n', '', 's', ''][claim] ?? '', into)
}

function setclientidArgs(r: XdrReader, into: Operation): void {
  readShape(r, '8o4oo4', into)
}

function exchangeIdArgs(r: XdrReader, into: Operation, whole: { software: string | null }): void {
  readShape(r, '8o4', into)
  readProtection(r, into, '*o*o44')
  whole.software = readImplementation(r)
}

/** state_protect4_a and _r (RFC 8881 section 18.35.1): none, the machine's credential, or a shared secret with more behind the bitmaps. */
function readProtection(r: XdrReader, into: Operation, secret: Shape): void {
  const how = r.u32()
  if (how > 2) r.fail('state-protect')
  else if (how > 0) readShape(r, how === 2 ? `mm${secret}` : 'mm', into)
}

/** nfs_impl_id4<1>: domain, name, date. `Linux 5.10.0-8-amd64 ...` of kernel.org. */
function readImplementation(r: XdrReader): string | null {
  const count = r.u32()
  if (count === 0 || r.fault !== null) return null
  const domain = r.text(IMPLEMENTATION_CHARS_MAX, 'implementation')
  const name = r.text(IMPLEMENTATION_CHARS_MAX, 'implementation')
  r.skip(NFS_TIME_BYTES)
  const text = [domain, name].filter((part) => part !== null && part !== '').join(': ')
  return text === '' ? null : text
}

/** LAYOUTRETURN4args: of a file its stretch, of a file system or all nothing (RFC 8881 section 18.44.1). */
function layoutreturnArgs(r: XdrReader, into: Operation): void {
  r.skip(12)
  const what = r.u32()
  if (what < 1 || what > 3) r.fail('layout-return')
  if (what === 1) readShape(r, '88so', into)
}

/** WANT_DELEGATION4args: PREVIOUS says which kind (RFC 8881 section 18.49.1). */
function wantDelegationArgs(r: XdrReader): void {
  r.skip(4)
  const claim = r.u32()
  if (claim !== 1 && claim !== 4 && claim !== 6) r.fail('claim')
  if (claim === 1) r.skip(4)
}

const ARGUMENTS: { readonly [op: number]: Reader } = {
  [Op4.create]: createArgs, [Op4.lock]: lockArgs, [Op4.open]: openArgs, [Op4.setclientid]: setclientidArgs, [Op4.exchangeId]: exchangeIdArgs,
  [Op4.layoutreturn]: layoutreturnArgs, [Op4.wantDelegation]: wantDelegationArgs,
}

// ---- results that need code

function getattrResult(r: XdrReader, into: Operation): void {
  into.file = readAttributes(r).file
}

/** stateid, change_info, flags, attributes set, and a delegation, which is a union (RFC 7530 section 16.16.2, RFC 8881 section 18.16.2). */
function openResult(r: XdrReader, into: Operation): void {
  readShape(r, 'si4m', into)
  readDelegation(r, into)
}

function readdirResult(r: XdrReader, into: Operation): void {
  r.skip(8)
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    r.skip(8)
    const name = r.text(NAME_MAX, 'name-length')
    const { handle, file } = readAttributes(r)
    if (name === null || r.fault !== null) return
    into.entries.push({ name, handle, file })
  }
  into.eof = r.bool('eof')
}

function secinfoResult(r: XdrReader): void {
  const flavors = r.u32()
  if (flavors > SECURITY_MAX) r.fail('flavor-count')
  for (let i = 0; i < flavors && r.fault === null; i++) {
    if (r.u32() !== FLAVOR_GSS) continue
    r.skipOpaque(OPAQUE_BYTES_MAX, 'opaque-length')
    r.skip(8)
  }
}

function exchangeIdResult(r: XdrReader, into: Operation, whole: { software: string | null }): void {
  readShape(r, '844', into)
  readProtection(r, into, '4444*o')
  readShape(r, '8oo', into)
  whole.software = readImplementation(r)
}

function layoutgetResult(r: XdrReader, into: Operation): void {
  readShape(r, '4s', into)
  const layouts = r.u32()
  if (layouts > LAYOUTS_MAX) r.fail('layout-count')
  for (let i = 0; i < layouts && r.fault === null; i++) {
    r.skip(20)
    if (r.u32() === LAYOUT_FILES) fileLayout(r, into)
    else readShape(r, 'o', into)
  }
}

/** nfsv4_1_file_layout4 (RFC 8881 section 13.3): the handles by which data servers know the file. */
function fileLayout(r: XdrReader, into: Operation): void {
  const length = r.u32()
  if (!r.has(padded(length))) return
  const stop = r.off + padded(length)
  r.skip(32)
  const handles = r.u32()
  for (let i = 0; i < Math.min(handles, DATA_HANDLES_MAX) && r.fault === null && r.off < stop; i++) {
    into.entries.push({ name: '', handle: readHandle4(r), file: null })
  }
  r.off = stop
}

/** Data and holes by turns (RFC 7862 section 15.10); the first data stretch is kept, and nothing is made of holes. */
function readPlusResult(r: XdrReader, into: Operation): void {
  into.eof = r.bool('eof')
  const stretches = r.u32()
  if (stretches > STRETCHES_MAX) r.fail('stretch-count')
  const other = emptyOperation(into.op)
  for (let i = 0; i < stretches && r.fault === null; i++) {
    if (r.u32() === 0) readShape(r, 'OD', into.dataBytes < 0 ? into : other)
    else r.skip(16)
  }
  // More than one stretch: the end of the file is not the end of the first.
  if (stretches !== 1) into.eof = false
}

/** GDD4_OK, or the server has none to give (RFC 8881 section 18.39.2). */
function getDirDelegationResult(r: XdrReader, into: Operation): void {
  const status = r.u32()
  if (status > 1) r.fail('delegation')
  readShape(r, status === 0 ? '8smmm' : '4', into)
}

const RESULTS: { readonly [op: number]: Reader } = {
  [Op4.getattr]: getattrResult, [Op4.open]: openResult, [Op4.readdir]: readdirResult, [Op4.secinfo]: secinfoResult,
  [Op4.secinfoNoName]: secinfoResult, [Op4.exchangeId]: exchangeIdResult, [Op4.layoutget]: layoutgetResult, [Op4.readPlus]: readPlusResult,
  [Op4.getDirDelegation]: getDirDelegationResult, [Op4.wantDelegation]: readDelegation,
}

// ---- COMPOUND

/** tag, minor version, operations. Stops without a fault behind an operation that no RFC has. */
function compoundArgs(r: XdrReader, into: CallArguments): void {
  r.skipOpaque(TAG_BYTES_MAX, 'tag-length')
  const minor = r.u32()
  if (r.fault === null && minor > 2) r.fail('minor-version')
  const count = r.u32()
  for (let i = 0; i < Math.min(count, OPERATIONS_MAX) && r.fault === null; i++) {
    const op = emptyOperation(r.u32())
    if (r.fault !== null) return
    into.ops.push(op)
    const row = operationRow(op.op)
    if (!row) return
    readShape(r, row.args, op)
    ARGUMENTS[op.op]?.(r, op, into)
    into.name ??= op.name
  }
}

/** status, tag, results; a result that failed is the last (RFC 7530 section 15.2.4). */
function compoundResult(r: XdrReader, into: CallResult): void {
  into.status = readStatus(r)
  r.skipOpaque(TAG_BYTES_MAX, 'tag-length')
  const count = r.u32()
  for (let i = 0; i < Math.min(count, OPERATIONS_MAX) && r.fault === null; i++) {
    const op = emptyOperation(r.u32())
    op.status = r.u32()
    if (r.fault !== null) return
    into.ops.push(op)
    const row = operationRow(op.op)
    if (op.status !== 0 || !row) return
    readShape(r, row.result, op)
    RESULTS[op.op]?.(r, op, into)
    for (const { name } of op.op === Op4.readdir ? op.entries : []) if (into.names.length < NAMES_MAX) into.names.push(name)
  }
}

/** Procedure 1. */
export const NFS4: ProcedureTable = {
  1: { args: compoundArgs, result: compoundResult },
}
