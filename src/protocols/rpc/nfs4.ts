// NFS version 4.0, 4.1 and 4.2: COMPOUND, its operations read one after the other (RFC 7530 section 15.2, RFC 8881, RFC 7862).
// Keeps the rule that an operation that is not understood ends the reading and is no fault: its successors cannot be found.

import { NAME_MAX } from './codes.ts'
import { readStatus } from './mount.ts'
import { readAttributes, readBitmap, readHandle4 } from './nfs4-attributes.ts'
import { Op4, OPAQUE_BYTES_MAX, operationRow, OPERATIONS_MAX, type Shape, Type4 } from './nfs4-codes.ts'
import { TRANSFER_BYTES_MAX } from './nfs3.ts'
import { type CallArguments, type CallResult, emptyOperation, NAMES_MAX, type Operation, type ProcedureTable } from './procedure.ts'
import { padded, type XdrReader } from './xdr.ts'

const STATEID_BYTES = 16
const CHANGE_INFO_BYTES = 20
/** A tag is for people: NFS4_OPAQUE_LIMIT. */
const TAG_BYTES_MAX = 1024
/** nfs_impl_id4: domain and name are short words and one line of `uname`. */
const IMPLEMENTATION_CHARS_MAX = 255
const NFS_TIME_BYTES = 12
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

// ---- shapes

function readShape(r: XdrReader, shape: Shape, into: Operation): void {
  for (let i = 0; i < shape.length && r.fault === null; i++) readItem(r, shape[i] as string, into)
}

function readItem(r: XdrReader, item: string, into: Operation): void {
  switch (item) {
    case '4': return r.skip(4)
    case '8': return r.skip(8)
    case 's': return r.skip(STATEID_BYTES)
    case 'i': return r.skip(CHANGE_INFO_BYTES)
    case 'o': return void r.skipOpaque(OPAQUE_BYTES_MAX, 'opaque-length')
    case 'm': return void readBitmap(r)
    case 'a': return void readAttributes(r)
    case 'n': into.name = r.text(NAME_MAX, 'name-length'); return
    case 'h': into.handle = readHandle4(r); return
    case 'O': into.offset = r.u64(); return
    case 'C': into.count = r.u32(); return
    case 'E': into.eof = r.bool('eof'); return
    default: return readData(r, into)
  }
}

/** Length and place of data; steps over what of it is here, for another operation may follow. */
function readData(r: XdrReader, into: Operation): void {
  const length = r.u32()
  if (length > TRANSFER_BYTES_MAX) r.fail('data-length')
  if (r.fault !== null) return
  into.dataBytes = length
  into.dataOff = r.off
  if (!r.has(padded(length))) return
  r.skip(padded(length))
}

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
  readProtection(r)
  whole.software = readImplementation(r)
}

/** state_protect4_a and _r: SSV (2) is not read. */
function readProtection(r: XdrReader): void {
  const how = r.u32()
  if (how === 1) {
    readBitmap(r)
    readBitmap(r)
  } else if (how !== 0) r.fail('state-protect')
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

const ARGUMENTS: { readonly [op: number]: Reader } = {
  [Op4.create]: createArgs, [Op4.lock]: lockArgs, [Op4.open]: openArgs, [Op4.setclientid]: setclientidArgs, [Op4.exchangeId]: exchangeIdArgs,
}

// ---- results that need code

function getattrResult(r: XdrReader, into: Operation): void {
  into.file = readAttributes(r).file
}

/** stateid, change_info, flags, attributes set, and a delegation, which is a union (RFC 7530 section 16.16.2, RFC 8881 section 18.16.2). */
function openResult(r: XdrReader, into: Operation): void {
  readShape(r, 'si4m', into)
  const delegation = r.u32()
  if (delegation === 1) readShape(r, 's4444o', into)
  else if (delegation === 2) readShape(r, 's448444o', into)
  else if (delegation === 3) {
    const why = r.u32()
    if (why === 1 || why === 2) r.skip(4)
  } else if (delegation !== 0) r.fail('delegation')
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
  readProtection(r)
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

const RESULTS: { readonly [op: number]: Reader } = {
  [Op4.getattr]: getattrResult, [Op4.open]: openResult, [Op4.readdir]: readdirResult, [Op4.secinfo]: secinfoResult,
  [Op4.secinfoNoName]: secinfoResult, [Op4.exchangeId]: exchangeIdResult, [Op4.layoutget]: layoutgetResult, [Op4.readPlus]: readPlusResult,
}

// ---- COMPOUND

/** tag, minor version, operations. Stops without a fault behind an operation whose length is not known. */
function compoundArgs(r: XdrReader, into: CallArguments): void {
  r.skipOpaque(TAG_BYTES_MAX, 'tag-length')
  const minor = r.u32()
  if (r.fault === null && minor > 2) r.fail('minor-version')
  const count = r.u32()
  for (let i = 0; i < Math.min(count, OPERATIONS_MAX) && r.fault === null; i++) {
    const op = emptyOperation(r.u32())
    if (r.fault !== null) return
    into.ops.push(op)
    const shape = operationRow(op.op)?.args ?? null
    if (shape === null) return
    readShape(r, shape, op)
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
    const shape = operationRow(op.op)?.result ?? null
    if (op.status !== 0 || shape === null) return
    readShape(r, shape, op)
    RESULTS[op.op]?.(r, op, into)
    for (const { name } of op.op === Op4.readdir ? op.entries : []) if (into.names.length < NAMES_MAX) into.names.push(name)
  }
}

/** Procedure 1. */
export const NFS4: ProcedureTable = {
  1: { args: compoundArgs, result: compoundResult },
}
