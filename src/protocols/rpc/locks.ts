// NLM versions 1 to 4 and NSM version 1 (X/Open XNFS chapters 10 and 11), RQUOTA 1 and 2: which host locks, watches or restarted; which path.
// Keeps the rule that lock owners and cookies never leave: the host's name is the device's own word and is told.

import { NlmProc, NsmProc, PATH_MAX } from './codes.ts'
import type { CallArguments, CallResult, ProcedureTable } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** LM_MAXSTRLEN and SM_MAXSTRLEN. */
const HOST_MAX = 1024
/** netobj: MAXNETOBJ_SZ. */
const COOKIE_BYTES_MAX = 1024

/** cookie, then `words` words, then a lock, whose first item is the caller's name. */
function lockArgs(words: number): (r: XdrReader, into: CallArguments) => void {
  return (r, into) => {
    r.skipOpaque(COOKIE_BYTES_MAX, 'cookie-length')
    r.skip(4 * words)
    into.host = r.text(HOST_MAX, 'name-length')
  }
}

/** SM_NOTIFY, FREE_ALL and NSM's procedures begin with a name. */
function nameArgs(r: XdrReader, into: CallArguments): void {
  into.host = r.text(HOST_MAX, 'name-length')
}

function nsmResult(r: XdrReader, into: CallResult): void {
  const status = r.u32()
  if (r.fault === null) into.status = status
}

/** nlm_res: cookie and a status; TEST_RES and the others have the status at the same place. */
function nlmResult(r: XdrReader, into: CallResult): void {
  r.skipOpaque(COOKIE_BYTES_MAX, 'cookie-length')
  nsmResult(r, into)
}

const test = lockArgs(1)
const lock = lockArgs(2)
const plain = lockArgs(0)

/** Version 4 has 64-bit offsets behind the name; nothing before it differs. TEST and GRANTED: exclusive; LOCK and CANCEL: block, exclusive. */
export const NLM: ProcedureTable = {
  [NlmProc.test]: { args: test, result: nlmResult },
  [NlmProc.lock]: { args: lock, result: nlmResult },
  [NlmProc.cancel]: { args: lock, result: nlmResult },
  [NlmProc.unlock]: { args: plain, result: nlmResult },
  [NlmProc.granted]: { args: test, result: nlmResult },
  [NlmProc.testMsg]: { args: test },
  [NlmProc.lockMsg]: { args: lock },
  [NlmProc.cancelMsg]: { args: lock },
  [NlmProc.unlockMsg]: { args: plain },
  [NlmProc.grantedMsg]: { args: test },
  [NlmProc.smNotify]: { args: nameArgs },
  [NlmProc.share]: { args: plain, result: nlmResult },
  [NlmProc.unshare]: { args: plain, result: nlmResult },
  [NlmProc.nmLock]: { args: lock, result: nlmResult },
  [NlmProc.freeAll]: { args: nameArgs },
}

/** STAT, MON, UNMON: the host that is watched. UNMON_ALL: the watcher. NOTIFY: the sender, which restarted. */
export const NSM: ProcedureTable = {
  [NsmProc.stat]: { args: nameArgs, result: nsmResult },
  [NsmProc.mon]: { args: nameArgs, result: nsmResult },
  [NsmProc.unmon]: { args: nameArgs },
  [NsmProc.unmonAll]: { args: nameArgs },
  [NsmProc.notify]: { args: nameArgs },
}

/** getquota_args and ext_getquota_args; of version 2 a type stands behind the path. Status 1 is OK here (rquota.x). */
function quotaArgs(r: XdrReader, into: CallArguments): void {
  into.path = r.text(PATH_MAX, 'path-length')
}

export const RQUOTA: ProcedureTable = { 1: { args: quotaArgs }, 2: { args: quotaArgs } }
