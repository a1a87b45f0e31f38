// NFSv4 operations: number, name, and the shape of arguments and results as letters. A table (RFC 7530, 8881, 7862, 8276).
// Keeps the rule "tables over branches": an operation whose shape is not listed ends what is read of its COMPOUND.

/**
 * One letter per item: `4` and `8` bytes to step over, `s` a stateid or session (16), `o` an opaque, `m` a bitmap, `a` attributes to step
 * over, `i` change_info4 (20), `t` a time (12), `d` device_error4 (24), `c` channel_attrs4, `p` callback_sec_parms4, `l` netloc4; kept:
 * `n` a name, `h` a handle, `O` an offset, `C` a count, `E` the end-of-file word, `D` data. `*` before a letter: a count and so many of
 * it; `?`: a word that says whether it follows.
 */
export type Shape = string

/** What the shape says, then what code reads (nfs4.ts). An operation without a row ends what is read of the COMPOUND. */
export interface OperationRow {
  readonly op: number
  readonly name: string
  readonly args: Shape
  readonly result: Shape
}

export const Op4 = {
  close: 4, create: 6, getattr: 9, getfh: 10, lock: 12, lookup: 15, lookupp: 16, open: 18, putfh: 22, putpubfh: 23, putrootfh: 24, read: 25,
  readdir: 26, restorefh: 31, savefh: 32, secinfo: 33, setclientid: 35, write: 38, exchangeId: 42, layoutget: 50, secinfoNoName: 52,
  readPlus: 68, openattr: 19, getDirDelegation: 46, layoutreturn: 51, wantDelegation: 56, allocate: 59, copy: 60, deallocate: 62,
  writeSame: 70, clone: 71,
} as const

const row = (op: number, name: string, args: Shape, result: Shape): OperationRow => ({ op, name, args, result })

const ROWS: readonly OperationRow[] = [
  row(3, 'ACCESS', '4', '44'), row(Op4.close, 'CLOSE', '4s', 's'), row(5, 'COMMIT', '84', '8'), row(Op4.create, 'CREATE', '', 'im'),
  row(7, 'DELEGPURGE', '8', ''), row(8, 'DELEGRETURN', 's', ''), row(Op4.getattr, 'GETATTR', 'm', ''), row(Op4.getfh, 'GETFH', '', 'h'),
  row(11, 'LINK', 'n', 'i'), row(Op4.lock, 'LOCK', '', 's'), row(13, 'LOCKT', '4888o', ''), row(14, 'LOCKU', '44s88', 's'),
  row(Op4.lookup, 'LOOKUP', 'n', ''), row(Op4.lookupp, 'LOOKUPP', '', ''), row(17, 'NVERIFY', 'a', ''), row(Op4.open, 'OPEN', '', ''),
  row(Op4.openattr, 'OPENATTR', '4', ''), row(20, 'OPEN_CONFIRM', 's4', 's'), row(21, 'OPEN_DOWNGRADE', 's444', 's'), row(Op4.putfh, 'PUTFH', 'h', ''),
  row(Op4.putpubfh, 'PUTPUBFH', '', ''), row(Op4.putrootfh, 'PUTROOTFH', '', ''), row(Op4.read, 'READ', 'sOC', 'ED'),
  row(Op4.readdir, 'READDIR', '8844m', ''), row(27, 'READLINK', '', 'o'), row(28, 'REMOVE', 'n', 'i'), row(29, 'RENAME', 'no', 'ii'),
  row(30, 'RENEW', '8', ''), row(Op4.restorefh, 'RESTOREFH', '', ''), row(Op4.savefh, 'SAVEFH', '', ''), row(Op4.secinfo, 'SECINFO', 'n', ''),
  row(34, 'SETATTR', 'sa', 'm'), row(Op4.setclientid, 'SETCLIENTID', '', '88'), row(36, 'SETCLIENTID_CONFIRM', '88', ''), row(37, 'VERIFY', 'a', ''),
  row(Op4.write, 'WRITE', 'sO4D', 'C48'), row(39, 'RELEASE_LOCKOWNER', '8o', ''), row(40, 'BACKCHANNEL_CTL', '4*p', ''),
  row(41, 'BIND_CONN_TO_SESSION', 's44', 's44'), row(Op4.exchangeId, 'EXCHANGE_ID', '', ''), row(43, 'CREATE_SESSION', '844cc4*p', 's44cc'),
  row(44, 'DESTROY_SESSION', 's', ''), row(45, 'FREE_STATEID', 's', ''), row(Op4.getDirDelegation, 'GET_DIR_DELEGATION', '4mttmm', ''),
  row(47, 'GETDEVICEINFO', 's44m', '4om'), row(48, 'GETDEVICELIST', '4488', '88*s4'), row(49, 'LAYOUTCOMMIT', '884s?8?t4o', '?8'),
  row(Op4.layoutget, 'LAYOUTGET', '444888s4', ''), row(Op4.layoutreturn, 'LAYOUTRETURN', '', '?s'),
  row(Op4.secinfoNoName, 'SECINFO_NO_NAME', '4', ''), row(53, 'SEQUENCE', 's4444', 's44444'), row(54, 'SET_SSV', 'oo', 'o'),
  row(55, 'TEST_STATEID', '*s', '*4'), row(Op4.wantDelegation, 'WANT_DELEGATION', '', ''), row(57, 'DESTROY_CLIENTID', '8', ''),
  row(58, 'RECLAIM_COMPLETE', '4', ''), row(Op4.allocate, 'ALLOCATE', 's88', ''), row(Op4.copy, 'COPY', 'ss88844*l', '*s84844'),
  row(61, 'COPY_NOTIFY', 'sl', 'ts*l'), row(Op4.deallocate, 'DEALLOCATE', 's88', ''), row(63, 'IO_ADVISE', 's88m', 'm'),
  row(64, 'LAYOUTERROR', '88s*d', ''), row(65, 'LAYOUTSTATS', '88s8888s4o', ''), row(66, 'OFFLOAD_CANCEL', 's', ''),
  row(67, 'OFFLOAD_STATUS', 's', '8*4'), row(Op4.readPlus, 'READ_PLUS', 'sOC', ''), row(69, 'SEEK', 's84', '48'),
  row(Op4.writeSame, 'WRITE_SAME', 's4888848o', '*s848'), row(Op4.clone, 'CLONE', 'ss888', ''), row(72, 'GETXATTR', 'o', 'o'),
  row(73, 'SETXATTR', '4oo', 'i'), row(74, 'LISTXATTRS', '84', '8*o4'), row(75, 'REMOVEXATTR', 'o', 'i'),
]

const BY_NUMBER: ReadonlyMap<number, OperationRow> = new Map(ROWS.map((r) => [r.op, r]))

export function operationRow(op: number): OperationRow | undefined {
  return BY_NUMBER.get(op)
}

/** `READ`, or `OP-99` for a number no RFC has. */
export function operationName(op: number): string {
  return BY_NUMBER.get(op)?.name ?? `OP-${op}`
}

/** nfs_ftype4 (RFC 7530 section 2.1). */
export const Type4 = { regular: 1, directory: 2, block: 3, character: 4, link: 5 } as const
/** NFS4_FHSIZE (RFC 7530 section 3.2). */
export const FH4_BYTES_MAX = 128
/**
 * Operations read of one COMPOUND. Linux sends at most 16 in one (NFS4_MAX_OPS of its client is 8 to 16); servers state limits around 64 in
 * CREATE_SESSION.
 */
export const OPERATIONS_MAX = 64
/** Words of one bitmap4: attributes of RFC 8276 end at number 82, in the third word; leave room. */
export const BITMAP_WORDS_MAX = 8
/** Longest opaque stepped over: owner ids and tags have 1024 (NFS4_OPAQUE_LIMIT), layouts and attribute lists more. */
export const OPAQUE_BYTES_MAX = 64 * 1024
/**
 * Items of one list: stateids that a client asks about, devices, names of extended attributes. Linux sends one or two; the record's bound
 * (stream.ts) would allow 32,768 words.
 */
export const LIST_MAX = 4096
