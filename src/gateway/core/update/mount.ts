// mount: MOUNT versions 1 (RFC 1094 appendix A) and 3 (RFC 1813 section 5): one export, for the device that has a permit, now.
// Keeps the rule that the default is no, said at once: error 13 and never silence.

import { MountProc, NfsStatus, PATH_MAX } from '../../../protocols/rpc/codes.ts'
import { dumpResult, exportResult, mntError, mntResult, voidResult } from '../../../protocols/rpc/encode.ts'
import { comesFromHighPort, handleOf, type CallContext, type Procedure, type Procedures } from './context.ts'
import type { TreeNode } from './tree.ts'

/** EXPORTALL of version 1 is EXPORT under another number. */
const EXPORTALL = 6

function mnt(version: 1 | 3): Procedure {
  return (c) => {
    const path = c.r.text(PATH_MAX, 'path-length')
    if (path === null) return c.r.fault === 'path-length' ? mntError(NfsStatus.nametoolong) : 'garbage'
    const reason = refusalOf(c, path)
    if (reason !== null) {
      if (!c.isRepeat) c.audit.note(c.now, 'mount-refused', c.peer.ip, c.grant, { path, reason })
      return mntError(reason === 'no-such-export' ? NfsStatus.noent : NfsStatus.acces)
    }
    if (c.grant === null) return mntError(NfsStatus.acces)
    if (!c.isRepeat) c.audit.tell(c.now, 'mount-granted', c.peer.ip, c.grant, { path, reason: `v${version}-${c.peer.transport}` })
    return mntResult(version, handleOf(c, c.grant, c.grant.tree.nodes[0] as TreeNode))
  }
}

/** A fixed word, or null when the mount is granted. */
function refusalOf(c: CallContext, path: string): string | null {
  if (c.grant === null) return c.refusal
  if (comesFromHighPort(c)) return 'unprivileged-port'
  if (!c.mayMount) return 'window-over'
  return path === c.grant.tree.release.exportPath ? null : 'no-such-export'
}

function umnt(c: CallContext): Uint8Array | 'garbage' {
  const path = c.r.text(PATH_MAX, 'path-length')
  if (path === null) return 'garbage'
  if (c.grant !== null && !c.isRepeat) c.audit.tell(c.now, 'unmounted', c.peer.ip, c.grant, { path })
  return voidResult()
}

/** The one export, to the one device that may mount it now; nothing to anybody else. */
function exports({ grant, mayMount }: CallContext): Uint8Array {
  return exportResult(grant === null || !mayMount ? [] : [{ path: grant.tree.release.exportPath, groups: [grant.ip] }])
}

function commonProcedures(version: 1 | 3): Procedures {
  return {
    [MountProc.null]: voidResult,
    [MountProc.mnt]: mnt(version),
    // An empty list has the form of an empty portmap list: no value follows.
    [MountProc.dump]: () => dumpResult([]),
    [MountProc.umnt]: umnt,
    [MountProc.umntall]: voidResult,
    [MountProc.export]: exports,
  }
}

export const MOUNT1: Procedures = { ...commonProcedures(1), [EXPORTALL]: exports }
export const MOUNT3: Procedures = commonProcedures(3)
