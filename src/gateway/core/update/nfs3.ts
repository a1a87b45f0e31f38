// nfs3: NFS version 3 (RFC 1813), read-only: every procedure answered, every writer refused.
// Keeps the rule that each failure has the form its procedure prescribes, so that no client waits for bytes that never come.

import { Nfs3Proc, NfsStatus, VERIFIER_BYTES } from '../../../protocols/rpc/codes.ts'
import { voidResult } from '../../../protocols/rpc/encode.ts'
import {
  access3Result, error3Result, fsinfo3Result, fsstat3Result, getattr3Result, lookup3Result, pathconf3Result, read3Head, readdir3Result,
  readdirplus3Result, statusResult,
} from '../../../protocols/rpc/encode-nfs.ts'
import { XdrWriter } from '../../../protocols/rpc/xdr.ts'
import {
  findChild, findDirectory, findFile, findNode, handleOf, NAME_TOO_LONG, readFile, readHandle, readName, refuseWrite, TCP_LISTING_BYTES, TCP_TRANSFER_BYTES,
  UDP_LISTING_BYTES, UDP_TRANSFER_BYTES, type CallContext, type Found, type Procedure, type ProcedureAnswer, type Procedures,
} from './context.ts'
import { directoryEntries, entry3Bytes, entryPlusBytes, pageFrom, plusEntry, type Page } from './listing.ts'
import type { TreeNode } from './tree.ts'

/** ACCESS: read, look up, execute (RFC 1813 section 3.3.4). Never modify, extend or delete. */
const ACCESS_GRANTED = 0x01 | 0x02 | 0x20
const FILE_SIZE_MAX = 2 ** 31 - 1

function transferBytes(c: CallContext): number {
  return c.peer.transport === 'udp' ? UDP_TRANSFER_BYTES : TCP_TRANSFER_BYTES
}

function listingBytes(c: CallContext, asked: number): number {
  return Math.min(asked, c.peer.transport === 'udp' ? UDP_LISTING_BYTES : TCP_LISTING_BYTES)
}

/** A procedure that starts with a handle. Without attributes in the failure: a refused caller learns nothing. */
function withNode<N extends TreeNode>(
  find: (c: CallContext, handle: Uint8Array) => Found<N>, answer: (c: CallContext, found: Extract<Found<N>, { node: N }>) => ProcedureAnswer,
  failure: (status: number) => Uint8Array = error3Result,
): Procedure {
  return (c) => {
    const handle = readHandle(c.r, 3)
    if (handle === null) return 'garbage'
    const found = find(c, handle)
    return 'status' in found ? failure(found.status) : answer(c, found)
  }
}

const getattr = withNode(findNode, (_c, { node }) => getattr3Result(node.attributes), statusResult)

const lookup = withNode(findDirectory, (c, { node, grant }) => {
  const name = readName(c.r)
  if (name === null) return c.r.fault === NAME_TOO_LONG ? error3Result(NfsStatus.nametoolong, node.attributes) : 'garbage'
  const child = findChild(c, node, grant, name)
  if ('status' in child) return error3Result(child.status, node.attributes)
  return lookup3Result(handleOf(c, grant, child.node), child.node.attributes, node.attributes)
})

const access = withNode(findNode, (c, { node }) => {
  const mask = c.r.u32()
  return c.r.fault === null ? access3Result(node.attributes, (mask & ACCESS_GRANTED) >>> 0) : 'garbage'
})

/** There are no symbolic links. */
const readlink = withNode(findNode, (_c, { node }) => error3Result(NfsStatus.inval, node.attributes))

const read = withNode(findFile, (c, { node, grant }) => {
  const offset = c.r.u64()
  const count = c.r.u32()
  if (c.r.fault !== null) return 'garbage'
  const { data, eof } = readFile(c, grant, node, offset, Math.min(count, transferBytes(c)))
  return { head: read3Head(node.attributes, data.length, eof), data }
})

/** Cookie and verifier of a listing. The verifier is zero: these directories never change. */
function readCookie(c: CallContext): { readonly cookie: number; readonly isOurs: boolean } {
  const cookie = c.r.u64()
  let verifier = 0
  for (let i = 0; i < VERIFIER_BYTES; i += 4) verifier |= c.r.u32()
  return { cookie, isOurs: cookie === 0 || verifier === 0 }
}

const readdir = withNode(findDirectory, (c, { node, grant }) => {
  const { cookie, isOurs } = readCookie(c)
  const count = c.r.u32()
  if (c.r.fault !== null) return 'garbage'
  const entries = directoryEntries(grant, node).map(({ entry }) => entry)
  const refused = listingFault(cookie, isOurs, entries.length, node)
  if (refused) return refused
  const page = pageFrom(entries, cookie, listingBytes(c, count), entry3Bytes)
  return page === null ? error3Result(NfsStatus.toosmall, node.attributes) : readdir3Result(node.attributes, page.entries, page.eof)
})

const readdirplus = withNode(findDirectory, (c, { node, grant }) => {
  const { cookie, isOurs } = readCookie(c)
  const dirCount = c.r.u32()
  const maxCount = c.r.u32()
  if (c.r.fault !== null) return 'garbage'
  const items = directoryEntries(grant, node)
  const refused = listingFault(cookie, isOurs, items.length, node)
  if (refused) return refused
  const page = pageFrom(items, cookie, listingBytes(c, maxCount), ({ entry }) => entryPlusBytes(entry))
  if (page === null) return error3Result(NfsStatus.toosmall, node.attributes)
  const { entries, eof } = withinNames(page, dirCount)
  return readdirplus3Result(node.attributes, entries.map((i) => plusEntry(c, grant, i.entry, i.node)), eof)
})

/** `dirCount` counts names, ids and cookies only. At least one entry goes out, as RFC 1813 section 3.3.17 lets servers do. */
function withinNames<I extends { readonly entry: { readonly fileId: number; readonly name: string; readonly cookie: number } }>(
  page: Page<I>, dirCount: number,
): Page<I> {
  const names = pageFrom(page.entries, 0, dirCount, ({ entry }) => entry3Bytes(entry))
  if (names === null) return { entries: page.entries.slice(0, 1), eof: page.eof && page.entries.length <= 1 }
  return { entries: names.entries, eof: names.eof && page.eof }
}

function listingFault(cookie: number, isOurs: boolean, entries: number, node: TreeNode): Uint8Array | null {
  return isOurs && cookie <= entries ? null : error3Result(NfsStatus.badCookie, node.attributes)
}

const fsstat = withNode(findNode, (_c, { node, grant }) => fsstat3Result(node.attributes, grant.tree.totalBytes, grant.tree.nodes.length))
const fsinfo = withNode(findNode, (c, { node }) => fsinfo3Result(node.attributes, transferBytes(c), FILE_SIZE_MAX))
const pathconf = withNode(findNode, (_c, { node }) => pathconf3Result(node.attributes))

/** `absent`: how many optional attributes its failure holds (RFC 1813 section 3.3: wcc_data are two, post_op_attr one), all left out. */
function writer(name: string, absent: number): Procedure {
  return (c) => {
    refuseWrite(c, name)
    const w = new XdrWriter().u32(NfsStatus.rofs)
    for (let i = 0; i < absent; i++) w.bool(false)
    return w.bytes()
  }
}

export const NFS3: Procedures = {
  [Nfs3Proc.null]: voidResult,
  [Nfs3Proc.getattr]: getattr,
  [Nfs3Proc.setattr]: writer('SETATTR', 2),
  [Nfs3Proc.lookup]: lookup,
  [Nfs3Proc.access]: access,
  [Nfs3Proc.readlink]: readlink,
  [Nfs3Proc.read]: read,
  [Nfs3Proc.write]: writer('WRITE', 2),
  [Nfs3Proc.create]: writer('CREATE', 2),
  [Nfs3Proc.mkdir]: writer('MKDIR', 2),
  [Nfs3Proc.symlink]: writer('SYMLINK', 2),
  [Nfs3Proc.mknod]: writer('MKNOD', 2),
  [Nfs3Proc.remove]: writer('REMOVE', 2),
  [Nfs3Proc.rmdir]: writer('RMDIR', 2),
  [Nfs3Proc.rename]: writer('RENAME', 4),
  [Nfs3Proc.link]: writer('LINK', 3),
  [Nfs3Proc.readdir]: readdir,
  [Nfs3Proc.readdirplus]: readdirplus,
  [Nfs3Proc.fsstat]: fsstat,
  [Nfs3Proc.fsinfo]: fsinfo,
  [Nfs3Proc.pathconf]: pathconf,
  [Nfs3Proc.commit]: writer('COMMIT', 2),
}
