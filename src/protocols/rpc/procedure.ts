// What one procedure says: the values that arguments and results may fill in, and the row that reads them.
// Keeps the rule "tables over branches": portmap.ts, mount.ts, locks.ts, nfs2.ts, nfs3.ts and nfs4.ts are arrays of these rows.

import type { XdrReader } from './xdr.ts'

/** Attributes that matter to coverage. `modified` is microseconds since 1970, the server's clock. */
export interface FileFacts {
  readonly type: number
  readonly size: number
  readonly modified: number
}

/** A directory entry of READDIR or READDIRPLUS; handle and file only where the reply carried them. */
export interface ListedEntry {
  readonly name: string
  readonly handle: string | null
  readonly file: FileFacts | null
}

/** One operation of an NFSv4 COMPOUND, of its call or of its reply: what of it matters to files (RFC 7530 section 16). */
export interface Operation {
  readonly op: number
  /** Of a reply: nfsstat4. */
  status: number
  name: string | null
  handle: string | null
  file: FileFacts | null
  entries: ListedEntry[]
  offset: number
  count: number
  eof: boolean
  /** READ and WRITE: bytes of data, and where they begin in the reader's buffer; -1 when there are none. */
  dataBytes: number
  dataOff: number
}

export function emptyOperation(op: number): Operation {
  return { op, status: 0, name: null, handle: null, file: null, entries: [], offset: 0, count: 0, eof: false, dataBytes: -1, dataOff: 0 }
}

/** Arguments of a call. Handles are hex keys; they stay in this folder. */
export interface CallArguments {
  /** MNT, UMNT. */
  path: string | null
  /** File name; of RENAME the old one, of LINK the new one. */
  name: string | null
  asks: { readonly program: number; readonly version: number; readonly protocol: number } | null
  /** The object, or the directory that `name` is in. */
  handle: string | null
  /** RENAME: target directory and name. */
  toHandle: string | null
  toName: string | null
  /** READ and WRITE: bytes. */
  offset: number
  count: number
  /** WRITE: bytes of data, and where they begin in the reader's buffer; -1 when the call carries none. */
  dataBytes: number
  dataOff: number
  /** NLM caller_name, NSM mon_name: the host that locks, is watched, or says it restarted. */
  host: string | null
  /** EXCHANGE_ID and SETCLIENTID: what implements this side. */
  software: string | null
  /** COMPOUND: its operations in order, as far as they were read. */
  ops: Operation[]
}

export interface CallResult {
  /** Status word; null where the procedure has none. */
  status: number | null
  port: number | null
  names: string[]
  entries: ListedEntry[]
  /** The object found or made (LOOKUP, CREATE, MNT, ...). */
  handle: string | null
  /** Attributes of `handle`, or of the call's handle when the result names none. */
  file: FileFacts | null
  /** WRITE: bytes the server took, null in version 2. */
  count: number | null
  /** READ: bytes of data, and where they begin in the reader's buffer; -1 when the result carries none. */
  dataBytes: number
  dataOff: number
  /** READ version 3; version 2 has no such word. */
  eof: boolean
  /** EXCHANGE_ID: what implements the server. */
  software: string | null
  /** COMPOUND: the operations that were carried out, in order. */
  ops: Operation[]
}

/** How one procedure is read. A missing reader means there is nothing to read. Readers stop at the first fault. */
export interface ProcedureRow {
  readonly args?: (r: XdrReader, into: CallArguments) => void
  readonly result?: (r: XdrReader, into: CallResult) => void
}

/** Rows by procedure number. */
export type ProcedureTable = { readonly [procedure: number]: ProcedureRow }

export function emptyArguments(): CallArguments {
  return {
    path: null, name: null, asks: null, handle: null, toHandle: null, toName: null, offset: 0, count: 0, dataBytes: -1, dataOff: 0, host: null,
    software: null, ops: [],
  }
}

export function emptyResult(): CallResult {
  return {
    status: null, port: null, names: [], entries: [], handle: null, file: null, count: null, dataBytes: -1, dataOff: 0, eof: false,
    software: null, ops: [],
  }
}

/**
 * Most names one reply fact lists, and most entries learned from one reply. A 32 KiB READDIRPLUS reply, the most a 2.6 or 4.x Linux
 * client asks for, holds about 200 entries of 160 bytes; the rest is for READDIR with its 24 bytes and short names.
 */
export const NAMES_MAX = 512
