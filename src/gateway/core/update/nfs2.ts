// nfs2: NFS version 2 (RFC 1094), read-only: every procedure answered, every writer refused.
// Keeps the rule that a READ gives at most 8192 bytes, and that STATFS asks clients for less by UDP.

import { Nfs2Proc, NfsStatus } from '../../../protocols/rpc/codes.ts'
import { voidResult } from '../../../protocols/rpc/encode.ts'
import { attributes2Result, lookup2Result, read2Result, readdir2Result, statfs2Result, statusResult } from '../../../protocols/rpc/encode-nfs.ts'
import {
  findChild, findDirectory, findFile, findNode, handleOf, NAME_TOO_LONG, NFS2_TRANSFER_BYTES, readFile, readHandle, readName, refuseWrite, TCP_LISTING_BYTES,
  UDP_LISTING_BYTES, UDP_TRANSFER_BYTES, type CallContext, type Found, type Procedure, type ProcedureAnswer, type Procedures,
} from './context.ts'
import { directoryEntries, entry2Bytes, pageFrom } from './listing.ts'
import type { TreeNode } from './tree.ts'

const BLOCK_BYTES = 4096
/** A file can hold 2^31-1 bytes here and no release comes near. */
const STALE = statusResult(NfsStatus.stale)

/** The statuses of version 3 that version 2 does not have. */
function status2(status: number): Uint8Array {
  return status === NfsStatus.badhandle ? STALE : statusResult(status)
}

function withNode<N extends TreeNode>(
  find: (c: CallContext, handle: Uint8Array) => Found<N>, answer: (c: CallContext, found: Extract<Found<N>, { node: N }>) => ProcedureAnswer,
): Procedure {
  return (c) => {
    const handle = readHandle(c.r, 2)
    if (handle === null) return 'garbage'
    const found = find(c, handle)
    return 'status' in found ? answerFault(c, found.status) : answer(c, found)
  }
}

function answerFault(c: CallContext, status: number): ProcedureAnswer {
  return c.r.fault === null ? status2(status) : 'garbage'
}

const getattr = withNode(findNode, (_c, { node }) => attributes2Result(node.attributes))

const lookup = withNode(findDirectory, (c, { node, grant }) => {
  const name = readName(c.r)
  if (name === null) return c.r.fault === NAME_TOO_LONG ? statusResult(NfsStatus.nametoolong) : 'garbage'
  const child = findChild(c, node, grant, name)
  return 'status' in child ? status2(child.status) : lookup2Result(handleOf(c, grant, child.node), child.node.attributes)
})

/** offset, count, and a total that nobody uses. */
const read = withNode(findFile, (c, { node, grant }) => {
  const offset = c.r.u32()
  const count = c.r.u32()
  c.r.u32()
  if (c.r.fault !== null) return 'garbage'
  const { data } = readFile(c, grant, node, offset, Math.min(count, NFS2_TRANSFER_BYTES))
  return read2Result(node.attributes, data)
})

const readdir = withNode(findDirectory, (c, { node, grant }) => {
  const cookie = c.r.u32()
  const count = c.r.u32()
  if (c.r.fault !== null) return 'garbage'
  const budget = Math.min(count, c.peer.transport === 'udp' ? UDP_LISTING_BYTES : TCP_LISTING_BYTES)
  const page = pageFrom(directoryEntries(grant, node).map(({ entry }) => entry), cookie, budget, entry2Bytes)
  // Not even one entry fits: version 2 has no word for it but EIO.
  return page === null ? statusResult(NfsStatus.io) : readdir2Result(page.entries, page.eof)
})

const statfs = withNode(findNode, (c, { grant }) =>
  statfs2Result(c.peer.transport === 'udp' ? UDP_TRANSFER_BYTES : NFS2_TRANSFER_BYTES, Math.ceil(grant.tree.totalBytes / BLOCK_BYTES)))

/** There are no symbolic links. */
const readlink = withNode(findNode, () => statusResult(NfsStatus.io))

function writer(name: string): Procedure {
  return (c) => {
    refuseWrite(c, name)
    return statusResult(NfsStatus.rofs)
  }
}

export const NFS2: Procedures = {
  [Nfs2Proc.null]: voidResult,
  [Nfs2Proc.getattr]: getattr,
  [Nfs2Proc.setattr]: writer('SETATTR'),
  // ROOT and WRITECACHE are obsolete and void (RFC 1094 sections 2.2.4 and 2.2.8).
  [Nfs2Proc.root]: voidResult,
  [Nfs2Proc.lookup]: lookup,
  [Nfs2Proc.readlink]: readlink,
  [Nfs2Proc.read]: read,
  [Nfs2Proc.writecache]: voidResult,
  [Nfs2Proc.write]: writer('WRITE'),
  [Nfs2Proc.create]: writer('CREATE'),
  [Nfs2Proc.remove]: writer('REMOVE'),
  [Nfs2Proc.rename]: writer('RENAME'),
  [Nfs2Proc.link]: writer('LINK'),
  [Nfs2Proc.symlink]: writer('SYMLINK'),
  [Nfs2Proc.mkdir]: writer('MKDIR'),
  [Nfs2Proc.rmdir]: writer('RMDIR'),
  [Nfs2Proc.readdir]: readdir,
  [Nfs2Proc.statfs]: statfs,
}
