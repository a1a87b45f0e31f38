// MOUNT versions 1 and 2 (RFC 1094 appendix A) and 3 (RFC 1813 section 5): which export is asked for, and its root handle.
// Keeps the rule that a mount is believed only when the server said so.

import { FH2_BYTES, FH3_BYTES_MAX, isKnownFlavor, MountProc, PATH_MAX } from './codes.ts'
import type { CallArguments, CallResult, ProcedureTable } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** Flavours in one MNT reply: IANA has fewer than 30 in all. */
const FLAVORS_MAX = 64

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

/** The first word of a result, or null when it is not there. */
export function readStatus(r: XdrReader): number | null {
  const status = r.u32()
  return r.fault === null ? status : null
}

export const MOUNT1: ProcedureTable = {
  [MountProc.mnt]: { args: pathArgs, result: mnt1Result },
  [MountProc.umnt]: { args: pathArgs },
}

export const MOUNT3: ProcedureTable = {
  [MountProc.mnt]: { args: pathArgs, result: mnt3Result },
  [MountProc.umnt]: { args: pathArgs },
}
