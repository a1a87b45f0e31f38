// SMB 2 and 3: what of each message matters to shares and files (MS-SMB2 section 2.2). Chains are read one message after the other.
// Keeps the rule that a pipe is no file: what is opened on IPC$ is never looked at.

import { u16le, u32le, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { CLOSE_FLAG_ATTRIBUTES, dialectName, FSCTL_INTERFACES, SESSION_FLAG_BINDING, Smb2, SMB2_HEADER_BYTES, Status } from './codes.ts'
import type { SizeAtClose } from './files.ts'
import { fileKey, hasBody, smb2Header, smb2Text, spanAt, u64le, type SmbHeader } from './message.ts'
import type { Pending, SmbSession } from './session.ts'
import { shareName } from './text.ts'

/** Messages of one chain: a client sends three to five. */
const CHAIN_MAX = 16
const PIPES = 'IPC$'
/** The server will say the dialect in a second answer (MS-SMB2 2.2.4). */
const DIALECT_ANY = 0x02ff
/** A key that no file has: what is read from or written to pipes. */
export const NO_FILE = ''

/** Where the data of a READ response or WRITE request begins when nothing follows it; -1 otherwise. */
export function bulkOfSmb2(session: SmbSession, buf: Uint8Array, off: number, end: number): number {
  const header = smb2Header(buf, off)
  if (header.next !== 0) return -1
  const body = off + SMB2_HEADER_BYTES
  if (header.isResponse) {
    if (header.command !== Smb2.read || header.status !== 0 || session.pendingOf(header.id) === undefined) return -1
    return dataPlace(off, u8(buf, body + 2), end)
  }
  return header.command === Smb2.write ? dataPlace(off, u16le(buf, body + 2), end) : -1
}

function dataPlace(off: number, offset: number, end: number): number {
  return offset >= SMB2_HEADER_BYTES && off + offset <= end ? off + offset : -1
}

export function readSmb2(session: SmbSession, direction: Direction, buf: Uint8Array, off: number, end: number): void {
  let at = off
  let before: SmbHeader | null = null
  for (let i = 0; i < CHAIN_MAX && end - at >= SMB2_HEADER_BYTES; i++) {
    const header: SmbHeader = continued(smb2Header(buf, at), before)
    before = header
    const stop = header.next === 0 ? end : at + header.next
    if (stop > end || (header.next !== 0 && header.next < SMB2_HEADER_BYTES)) return session.malformed('message')
    session.asks(direction, header.isResponse)
    if (header.isResponse) response(session, direction, header, buf, at, stop)
    else request(session, direction, header, buf, at, stop)
    if (header.next === 0) return
    at = stop
  }
}

/** With the session and tree of the message before it, when it goes on with that. An answer that gives a tree names it itself. */
function continued(header: SmbHeader, before: SmbHeader | null): SmbHeader {
  const givesTree = header.isResponse && header.command === Smb2.treeConnect
  if (!header.isRelated || before === null || givesTree) return header
  return { ...header, tree: before.tree, sessionLow: before.sessionLow, sessionHigh: before.sessionHigh }
}

const NOTHING = { file: null, path: null, share: null, offset: 0 } as const

function request(session: SmbSession, direction: Direction, header: SmbHeader, buf: Uint8Array, off: number, end: number): void {
  const body = off + SMB2_HEADER_BYTES
  const { command, id } = header
  const share = session.shareOf(header)
  if (command === Smb2.sessionSetup && hasBody(off, end, 24)) {
    if ((u8(buf, body + 2) & SESSION_FLAG_BINDING) !== 0) session.mayShareFiles = true
    const blob = spanAt(off, u16le(buf, body + 12), u16le(buf, body + 14), end)
    if (blob !== null) session.security(buf, blob.from, blob.to)
  } else if (command === Smb2.treeConnect && hasBody(off, end, 8)) {
    session.remember(id, { ...NOTHING, command, share: shareName(smb2Text(buf, off, end, 4) ?? '') })
  } else if (command === Smb2.create && hasBody(off, end, 56)) {
    session.remember(id, { ...NOTHING, command, path: smb2Text(buf, off, end, 44), share })
  } else if (command === Smb2.read && hasBody(off, end, 32)) {
    const file = share === PIPES ? NO_FILE : fileKey(buf, body + 16)
    session.remember(id, { ...NOTHING, command, file, offset: u64le(buf, body + 8) })
  } else if (command === Smb2.write && hasBody(off, end, 32)) {
    const file = share === PIPES ? NO_FILE : fileKey(buf, body + 16) ?? session.lastOpened
    session.remember(id, { ...NOTHING, command, file })
    const from = off + u16le(buf, body + 2)
    if (file !== null && file !== NO_FILE) session.passes(direction, file, 'write', u64le(buf, body + 8), u32le(buf, body + 4), buf, from, end)
  } else if (command === Smb2.close && hasBody(off, end, 24)) {
    const file = share === PIPES ? NO_FILE : fileKey(buf, body + 8)
    if (file !== null) session.files.closing(file, unsaidSize(session))
    session.remember(id, { ...NOTHING, command, file })
  } else {
    if (command === Smb2.ioctl && hasBody(off, end, 8) && u32le(buf, body + 4) === FSCTL_INTERFACES) session.mayShareFiles = true
    session.remember(id, { ...NOTHING, command })
  }
}

function response(session: SmbSession, direction: Direction, header: SmbHeader, buf: Uint8Array, off: number, end: number): void {
  if (header.status === Status.pending) return
  const body = off + SMB2_HEADER_BYTES
  const pending = session.answered(header.id)
  if (header.command === Smb2.negotiate && header.status === 0 && hasBody(off, end, 8)) {
    const dialect = u16le(buf, body + 4)
    if (dialect !== DIALECT_ANY) session.dialect(dialectName(dialect), false)
  } else if (header.command === Smb2.sessionSetup && hasBody(off, end, 8)) {
    const blob = spanAt(off, u16le(buf, body + 4), u16le(buf, body + 6), end)
    if (blob !== null) session.security(buf, blob.from, blob.to)
  }
  if (pending === undefined || pending.command !== header.command) return
  if (header.status !== 0) return refused(session, pending)
  accepted(session, direction, header, pending, buf, off, end)
}

/** A WRITE that was not taken: what passed is not what is stored. */
function refused(session: SmbSession, pending: Pending): void {
  if (pending.command === Smb2.write && pending.file !== null && pending.file !== NO_FILE) session.files.at(pending.file).write?.doubt()
}

function accepted(session: SmbSession, direction: Direction, header: SmbHeader, pending: Pending, buf: Uint8Array, off: number, end: number): void {
  const body = off + SMB2_HEADER_BYTES
  const key = pending.file ?? session.lastOpened
  if (pending.command === Smb2.treeConnect && pending.share !== null) session.connected(header, pending.share)
  else if (pending.command === Smb2.create && hasBody(off, end, 80)) {
    const opened = fileKey(buf, body + 64)
    session.lastOpened = pending.share === PIPES ? NO_FILE : opened
    if (opened !== null && pending.share !== PIPES) session.files.opened(opened, pending.path ?? '', pending.share, u64le(buf, body + 48))
  } else if (key === null || key === NO_FILE) return
  else if (pending.command === Smb2.read && hasBody(off, end, 16)) {
    session.passes(direction, key, 'read', pending.offset, u32le(buf, body + 4), buf, off + u8(buf, body + 2), end)
  } else if (pending.command === Smb2.close) session.files.closed(key, sizeAtClose(session, buf, off, end))
}

/** EndofFile of the answer to CLOSE (MS-SMB2 2.2.16), when it was asked for. */
function sizeAtClose(session: SmbSession, buf: Uint8Array, off: number, end: number): SizeAtClose {
  const body = off + SMB2_HEADER_BYTES
  if (hasBody(off, end, 56) && (u16le(buf, body + 2) & CLOSE_FLAG_ATTRIBUTES) !== 0) return u64le(buf, body + 48)
  return unsaidSize(session)
}

function unsaidSize(session: SmbSession): SizeAtClose {
  return session.mayShareFiles ? null : 'grown'
}
