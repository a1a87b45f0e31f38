// The numbers of ONC RPC and of the programs decoded here, with the words of their RFCs. Tables only.
// Keeps the rule that unknown numbers survive as numbers: every look-up has an answer for what is not listed.

/** RFC 5531 section 9. */
export const MessageType = { call: 0, reply: 1 } as const
export const RPC_VERSION = 2
export const ReplyStatus = { accepted: 0, denied: 1 } as const

/** RFC 5531 section 9, accept_stat; the index is the number. */
export const ACCEPT_WORDS = ['success', 'prog-unavail', 'prog-mismatch', 'proc-unavail', 'garbage-args', 'system-err'] as const
export const ACCEPT_SUCCESS = 0

/** RFC 5531 section 8.2: a credential or verifier body holds at most 400 bytes. */
export const AUTH_BODY_BYTES_MAX = 400
/** RFC 5531 appendix A: AUTH_SYS machine name at most 255 bytes, at most 16 groups. */
export const MACHINE_NAME_MAX = 255
export const AUTH_SYS_GROUPS_MAX = 16

/** IANA RPC authentication flavours; AUTH_SYS was AUTH_UNIX. */
export const AuthFlavor = { none: 0, sys: 1, short: 2, dh: 3, kerberos4: 4, rsa: 5, gss: 6, tls: 7 } as const

/** Inclusive ranges in use in the IANA flavour registry (read 2022-09-14 edition); new numbers start at 400000. */
const FLAVOR_RANGES: readonly (readonly [number, number])[] = [
  [0, 7], [30001, 30001], [200000, 200004], [300000, 300255], [390000, 390255], [400000, 400255],
]

/** True when the number stands in the IANA registry, or in a block it hands out. */
export function isKnownFlavor(flavor: number): boolean {
  return FLAVOR_RANGES.some(([low, high]) => flavor >= low && flavor <= high)
}

/** Program numbers this folder decodes (IANA onc-rpc program numbers). */
export const Program = { portmap: 100000, nfs: 100003, mount: 100005, nlm: 100021, nsm: 100024, rquota: 100011, nfsacl: 100227 } as const

export const PortmapProc = {
  null: 0, set: 1, unset: 2, getport: 3, dump: 4, callit: 5, getversaddr: 9, indirect: 10, getaddrlist: 11,
} as const
export const MountProc = { null: 0, mnt: 1, dump: 2, umnt: 3, umntall: 4, export: 5, exportall: 6, pathconf: 7 } as const

/** RFC 1094 section 2.2. */
export const Nfs2Proc = {
  null: 0, getattr: 1, setattr: 2, root: 3, lookup: 4, readlink: 5, read: 6, writecache: 7, write: 8, create: 9, remove: 10,
  rename: 11, link: 12, symlink: 13, mkdir: 14, rmdir: 15, readdir: 16, statfs: 17,
} as const

/** RFC 1813 section 3.3. */
export const Nfs3Proc = {
  null: 0, getattr: 1, setattr: 2, lookup: 3, access: 4, readlink: 5, read: 6, write: 7, create: 8, mkdir: 9, symlink: 10, mknod: 11,
  remove: 12, rmdir: 13, rename: 14, link: 15, readdir: 16, readdirplus: 17, fsstat: 18, fsinfo: 19, pathconf: 20, commit: 21,
} as const

/** nfsstat3 and mountstat3 share their first numbers (RFC 1813 sections 2.6 and 5.1.5). */
export const NfsStatus = {
  ok: 0, perm: 1, noent: 2, io: 5, acces: 13, exist: 17, notdir: 20, isdir: 21, inval: 22, rofs: 30, nametoolong: 63, stale: 70,
  badhandle: 10001, badCookie: 10003, notsupp: 10004, toosmall: 10005, serverfault: 10006, jukebox: 10008,
} as const

/** ftype3 (RFC 1813 section 2.6); ftype of NFSv2 is the same up to 5, and 0 is "not a file". */
export const FileType = { none: 0, regular: 1, directory: 2, blockDevice: 3, characterDevice: 4, symlink: 5, socket: 6, fifo: 7 } as const
export type FileTypeNumber = (typeof FileType)[keyof typeof FileType]

/** NFSv2 handles are exactly 32 bytes (RFC 1094 section 2.3.3), NFSv3 handles at most 64 (RFC 1813 section 2.4). */
export const FH2_BYTES = 32
export const FH3_BYTES_MAX = 64
/** Longest file name kept: RFC 1094 section 2.3.1 MAXNAMLEN; RFC 1813 leaves it open, servers say 255 in PATHCONF. */
export const NAME_MAX = 255
/** Longest path kept: MNTPATHLEN (RFC 1813 section 5.1.1), also MAXPATHLEN of RFC 1094. */
export const PATH_MAX = 1024
/** RFC 1813 section 2.4: cookie and write verifiers. */
export const VERIFIER_BYTES = 8

const PORTMAP_NAMES = ['NULL', 'SET', 'UNSET', 'GETPORT', 'DUMP', 'CALLIT']
const RPCBIND_NAMES = [
  'NULL', 'SET', 'UNSET', 'GETADDR', 'DUMP', 'CALLIT', 'GETTIME', 'UADDR2TADDR', 'TADDR2UADDR', 'GETVERSADDR', 'INDIRECT', 'GETADDRLIST',
  'GETSTAT',
]
const MOUNT_NAMES = ['NULL', 'MNT', 'DUMP', 'UMNT', 'UMNTALL', 'EXPORT', 'EXPORTALL', 'PATHCONF']
const NFS2_NAMES = [
  'NULL', 'GETATTR', 'SETATTR', 'ROOT', 'LOOKUP', 'READLINK', 'READ', 'WRITECACHE', 'WRITE', 'CREATE', 'REMOVE', 'RENAME', 'LINK',
  'SYMLINK', 'MKDIR', 'RMDIR', 'READDIR', 'STATFS',
]
const NFS3_NAMES = [
  'NULL', 'GETATTR', 'SETATTR', 'LOOKUP', 'ACCESS', 'READLINK', 'READ', 'WRITE', 'CREATE', 'MKDIR', 'SYMLINK', 'MKNOD', 'REMOVE', 'RMDIR',
  'RENAME', 'LINK', 'READDIR', 'READDIRPLUS', 'FSSTAT', 'FSINFO', 'PATHCONF', 'COMMIT',
]
/** NLM (Protocols for Interworking XNFS, version 3W, chapter 10): the procedures whose arguments name a lock. */
export const NlmProc = {
  test: 1, lock: 2, cancel: 3, unlock: 4, granted: 5, testMsg: 6, lockMsg: 7, cancelMsg: 8, unlockMsg: 9, grantedMsg: 10, smNotify: 16, share: 20,
  unshare: 21, nmLock: 22, freeAll: 23,
} as const
/** NSM (the same, chapter 11). */
export const NsmProc = { null: 0, stat: 1, mon: 2, unmon: 3, unmonAll: 4, simuCrash: 5, notify: 6 } as const

const NFS4_NAMES = ['NULL', 'COMPOUND']
/** Protocols for Interworking XNFS; 5..15 are the _MSG and _RES pairs, 20..23 DOS sharing. */
const NLM_NAMES = [
  'NULL', 'TEST', 'LOCK', 'CANCEL', 'UNLOCK', 'GRANTED', 'TEST_MSG', 'LOCK_MSG', 'CANCEL_MSG', 'UNLOCK_MSG', 'GRANTED_MSG', 'TEST_RES',
  'LOCK_RES', 'CANCEL_RES', 'UNLOCK_RES', 'GRANTED_RES', 'SM_NOTIFY', '', '', '', 'SHARE', 'UNSHARE', 'NM_LOCK', 'FREE_ALL',
]
const NSM_NAMES = ['NULL', 'STAT', 'MON', 'UNMON', 'UNMON_ALL', 'SIMU_CRASH', 'NOTIFY']
const RQUOTA_NAMES = ['NULL', 'GETQUOTA', 'GETACTIVEQUOTA', 'SETQUOTA', 'SETACTIVEQUOTA']
const NFSACL_NAMES = ['NULL', 'GETACL', 'SETACL', 'GETATTR', 'ACCESS']

/** A program by name. `procedures` gives names per version; version 0 stands for every version not listed. */
interface ProgramRow {
  readonly program: number
  readonly name: string
  readonly procedures: { readonly [version: number]: readonly string[] }
}

/** Numbers from the IANA onc-rpc registry. A program without procedure names is recognised, not decoded. */
const PROGRAM_ROWS: readonly ProgramRow[] = [
  { program: Program.portmap, name: 'PORTMAP', procedures: { 0: PORTMAP_NAMES, 3: RPCBIND_NAMES, 4: RPCBIND_NAMES } },
  { program: 100001, name: 'RSTAT', procedures: {} },
  { program: 100002, name: 'RUSERS', procedures: {} },
  { program: Program.nfs, name: 'NFS', procedures: { 2: NFS2_NAMES, 3: NFS3_NAMES, 4: NFS4_NAMES } },
  { program: 100004, name: 'YPSERV', procedures: {} },
  { program: Program.mount, name: 'MOUNT', procedures: { 0: MOUNT_NAMES } },
  { program: 100007, name: 'YPBIND', procedures: {} },
  { program: 100008, name: 'WALL', procedures: {} },
  { program: 100009, name: 'YPPASSWD', procedures: {} },
  { program: Program.rquota, name: 'RQUOTA', procedures: { 0: RQUOTA_NAMES } },
  { program: 100012, name: 'SPRAY', procedures: {} },
  { program: Program.nlm, name: 'NLM', procedures: { 0: NLM_NAMES } },
  { program: Program.nsm, name: 'NSM', procedures: { 0: NSM_NAMES } },
  { program: 100026, name: 'BOOTPARAM', procedures: {} },
  { program: 100028, name: 'YPUPDATE', procedures: {} },
  { program: 100068, name: 'CMSD', procedures: {} },
  { program: 100083, name: 'TTDBSERVER', procedures: {} },
  { program: 100099, name: 'AUTOFS', procedures: {} },
  { program: Program.nfsacl, name: 'NFSACL', procedures: { 0: NFSACL_NAMES } },
  { program: 100232, name: 'SADMIND', procedures: {} },
  { program: 100300, name: 'NISPLUS', procedures: {} },
  { program: 150001, name: 'PCNFSD', procedures: {} },
  { program: 300019, name: 'AMD', procedures: {} },
  { program: 390113, name: 'NSREXEC', procedures: {} },
]
const PROGRAMS: ReadonlyMap<number, ProgramRow> = new Map(PROGRAM_ROWS.map((row) => [row.program, row]))

/**
 * `NFS.READ`, `SADMIND.1` (program known, procedure not listed), `PROG-200123.4` (program not known).
 * Procedure 0 is NULL in every program (RFC 5531 section 12.1).
 */
export function procedureName(program: number, version: number, procedure: number): string {
  const row = PROGRAMS.get(program)
  if (!row) return `PROG-${program}.${procedure}`
  const names = row.procedures[version] ?? row.procedures[0]
  const name = names?.[procedure] || (procedure === 0 ? 'NULL' : String(procedure))
  return `${row.name}.${name}`
}

/** `NFS`, or `PROG-200123`. */
export function programName(program: number): string {
  return PROGRAMS.get(program)?.name ?? `PROG-${program}`
}

/** True when the program stands in the table above. */
export function isKnownProgram(program: number): boolean {
  return PROGRAMS.has(program)
}

/**
 * Number blocks of RFC 5531 section 8.4 where programs are really assigned: IANA's lists start at 100000, 0x2... are a site's own,
 * 0x4... are transient (NFSv4 callbacks).
 */
const PROGRAM_RANGES: readonly (readonly [number, number])[] = [
  [100000, 200999], [300000, 400999], [500000, 700000], [0x2000_0000, 0x2fff_ffff], [0x4000_0000, 0x400f_ffff],
]

/** A program number that may be believed when nothing but one header speaks for RPC. */
export function isPlausibleProgram(program: number): boolean {
  return PROGRAM_RANGES.some(([low, high]) => program >= low && program <= high)
}
