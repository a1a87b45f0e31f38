// MOUNT versions 1 and 2 (RFC 1094 appendix A) and 3 (RFC 1813 section 5): which export is asked for, and its root handle.
// Keeps the rule that a mount is believed only when the server said so.

import { FH2_BYTES, FH3_BYTES_MAX, isKnownFlavor, MountProc, PATH_MAX } from './codes.ts'
import { type CallArguments, type CallResult, NAMES_MAX, type ProcedureTable } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** Flavours in one MNT reply: IANA has fewer than 30 in all. */
const FLAVORS_MAX = 64
/** Clients one export is for; a list of hosts in a line of /etc/exports. */
const GROUPS_MAX = 1024
/** Host names in DUMP and EXPORT: MNTNAMLEN (RFC 1813 section 5.1.1). */
const HOST_MAX = 255

function pathArgs(r: XdrReader, into: CallArguments): void {
  into.path = r.text(PATH_MAX, 'path-length')
}

/** fhstatus of version 1: errors are the server's errno. */
function mnt1Result(r: XdrReader, into: CallResult): void {
  into.status = readStatus(r)
  if (into.status === 0) into.handle = r.hexKey(FH2_BYTES)
}

function mnt3Result(r: XdrReader, into: CallResult): void {
  into.status = readStatus(r)
  if (into.status !== 0) return
  const length = r.u32()
  if (length > FH3_BYTES_MAX) r.fail('handle-length')
  into.handle = r.hexKey(length)
  const flavors = r.u32()
  if (flavors > FLAVORS_MAX) r.fail('flavor-count')
  for (let i = 0; i < flavors && r.fault === null; i++) {
    const flavor = r.u32()
    if (r.fault === null && !isKnownFlavor(flavor)) r.fail('auth-flavor')
  }
}

/** DUMP: who has mounted what, as the server remembers it, as `host:path`. */
function dumpResult(r: XdrReader, into: CallResult): void {
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    const host = r.text(HOST_MAX, 'name-length')
    const path = r.text(PATH_MAX, 'path-length')
    if (host === null || path === null) return
    into.names.push(`${host}:${path}`.slice(0, PATH_MAX))
  }
}

/** EXPORT: paths; the hosts they are for are stepped over. */
function exportResult(r: XdrReader, into: CallResult): void {
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    const path = r.text(PATH_MAX, 'path-length')
    for (let j = 0; j < GROUPS_MAX && r.bool('value-follows'); j++) r.skipOpaque(HOST_MAX, 'name-length')
    if (path === null || r.fault !== null) return
    into.names.push(path)
  }
}

/** The first word of a result, or null when it is not there. */
export function readStatus(r: XdrReader): number | null {
  const status = r.u32()
  return r.fault === null ? status : null
}

/** Procedures all versions share; NULL and UMNTALL carry nothing. EXPORTALL (6) of versions 1 and 2 answers as EXPORT does. */
const COMMON: ProcedureTable = {
  [MountProc.dump]: { result: dumpResult },
  [MountProc.umnt]: { args: pathArgs },
  [MountProc.export]: { result: exportResult },
}

/** PATHCONF (7) is version 2's: a path in, POSIX limits out, which nobody needs. */
export const MOUNT1: ProcedureTable = {
  ...COMMON,
  [MountProc.mnt]: { args: pathArgs, result: mnt1Result },
  [MountProc.exportall]: { result: exportResult },
  [MountProc.pathconf]: { args: pathArgs },
}

export const MOUNT3: ProcedureTable = {
  ...COMMON,
  [MountProc.mnt]: { args: pathArgs, result: mnt3Result },
}
