// context: what a procedure of the update server sees of one call, and the rows that procedures are.
// Keeps the rule "tables over branches": portmap.ts, mount.ts, nfs2.ts and nfs3.ts are tables of these.

import type { Ip } from '../../../base/ip.ts'
import type { Micros } from '../../../base/time.ts'
import { FH3_BYTES_MAX, FH2_BYTES, NAME_MAX, NfsStatus } from '../../../protocols/rpc/codes.ts'
import type { XdrReader } from '../../../protocols/rpc/xdr.ts'
import { padded } from '../../../protocols/rpc/xdr.ts'
import type { AuditBook } from './audit.ts'
import { claimedDevice, idTag, sealHandle, type HandleCache, type HandleKey } from './handle.ts'
import type { DirectoryNode, FileNode, TreeNode } from './tree.ts'
import { handleScope, type Grant } from './window.ts'

export interface Peer {
  readonly ip: Ip
  readonly port: number
  readonly transport: 'udp' | 'tcp'
}

/** Where the three programs listen, and which NFS versions are offered. DUMP lists no other: busybox takes the highest it finds. */
export interface Offer {
  readonly ports: { readonly portmap: number; readonly mount: number; readonly nfs: number }
  readonly nfsVersions: readonly (2 | 3)[]
  /** Clients that mount come from ports below 1024 (bindresvport). A weak sign, and free. */
  readonly reservedPortsOnly: boolean
}

/**
 * READ and READDIR sizes in bytes. By UDP a reply must fit into one frame: 1500 - 28 (IP, UDP) - 128 (reply and attributes of v3) = 1344, and
 * kernels round the size they are told down to a power of two. RFC 1094 ends version 2 at 8192. By TCP a READ costs by the call: 256 KiB halve
 * what 64 KiB take (npm run bench:gateway-nfs), more gains nothing; an older kernel takes its own maximum, which is below.
 */
export const UDP_TRANSFER_BYTES = 1024
export const TCP_TRANSFER_BYTES = 262_144
export const NFS2_TRANSFER_BYTES = 8192
/** Directory bytes of one UDP reply: the same frame, less the 28 bytes of reply header, status, attributes' absence and ends. */
export const UDP_LISTING_BYTES = 1200
export const TCP_LISTING_BYTES = 32_768

export interface CallContext {
  readonly r: XdrReader
  readonly peer: Peer
  readonly now: Micros
  readonly offer: Offer
  readonly key: HandleKey
  readonly handles: HandleCache
  /** The device's grant while it is open, or while its unfinished copy may be completed; null is "refuse". */
  readonly grant: Grant | null
  /** False when only what has begun may be finished. */
  readonly mayMount: boolean
  /** Why there is no grant, as a fixed word. */
  readonly refusal: string
  readonly audit: AuditBook
  /** A retransmission: answered again, told never again. */
  readonly isRepeat: boolean
}

/** A result whose last item is file data: sent from where it lies, never copied. */
export interface ResultWithData {
  readonly head: Uint8Array
  readonly data: Uint8Array
}

/** Result bytes; `garbage`: the arguments cannot be read; `silent`: this procedure never answers (CALLIT). */
export type ProcedureAnswer = Uint8Array | ResultWithData | 'garbage' | 'silent'
export type Procedure = (c: CallContext) => ProcedureAnswer
export type Procedures = { readonly [procedure: number]: Procedure }

/** A node that may be shown, or the status word that says why not. */
export type Found<N extends TreeNode = TreeNode> = { readonly node: N; readonly grant: Grant } | { readonly status: number }

/** The handle bytes at the reader: fixed 32 in version 2, counted in version 3. Null: the arguments cannot be read. */
export function readHandle(r: XdrReader, version: 2 | 3): Uint8Array | null {
  const length = version === 2 ? FH2_BYTES : r.u32()
  if (length > FH3_BYTES_MAX) r.fail('handle-length')
  if (!r.has(padded(length))) return null
  const handle = r.buf.slice(r.off, r.off + length)
  r.off += padded(length)
  return handle
}

/** A name at the reader; null when it is not there or longer than NAME_MAX, which the reader's fault tells apart. */
export function readName(r: XdrReader): string | null {
  return r.text(NAME_MAX, NAME_TOO_LONG)
}

export const NAME_TOO_LONG = 'name-length'
/** The highest port of bindresvport. */
export const RESERVED_PORT_MAX = 1023

/** Opens a handle for this device, now. Everything else is stale, and noted. */
export function findNode(c: CallContext, handle: Uint8Array): Found {
  if (c.grant === null) return refuseHandle(c, handle, c.refusal)
  if (comesFromHighPort(c)) return refuseHandle(c, handle, 'unprivileged-port')
  const opened = c.handles.open(handle, c.grant.tree.release.id, c.grant.deviceId)
  if (opened.fault !== null) return refuseHandle(c, handle, opened.fault === 'shape' ? 'not-a-handle' : strangerWord(c.grant, handle))
  if (c.now >= opened.expiry * 1_000_000) return refuseHandle(c, handle, 'expired')
  const node = c.grant.tree.nodes[opened.fileNo]
  return node ? { node, grant: c.grant } : refuseHandle(c, handle, 'no-such-file')
}

export function comesFromHighPort(c: CallContext): boolean {
  return c.offer.reservedPortsOnly && c.peer.port > RESERVED_PORT_MAX
}

function strangerWord(grant: Grant, handle: Uint8Array): string {
  return claimedDevice(handle) === idTag(grant.deviceId) ? 'forged-or-old' : 'another-device'
}

function refuseHandle(c: CallContext, handle: Uint8Array, reason: string): { status: number } {
  if (!c.isRepeat) c.audit.note(c.now, 'handle-refused', c.peer.ip, c.grant, { reason })
  return { status: handle.length === 0 ? NfsStatus.badhandle : NfsStatus.stale }
}

export function findDirectory(c: CallContext, handle: Uint8Array): Found<DirectoryNode> {
  const found = findNode(c, handle)
  if ('status' in found) return found
  return found.node.kind === 'directory' ? { node: found.node, grant: found.grant } : { status: NfsStatus.notdir }
}

export function findFile(c: CallContext, handle: Uint8Array): Found<FileNode> {
  const found = findNode(c, handle)
  if ('status' in found) return found
  return found.node.kind === 'file' ? { node: found.node, grant: found.grant } : { status: NfsStatus.isdir }
}

/** A name in a directory, exactly. `.` is the directory; `..`, a slash or an unreadable byte is refused and noted. */
export function findChild(c: CallContext, directory: DirectoryNode, grant: Grant, name: string): Found {
  if (name === '.') return { node: directory, grant }
  if (name === '' || name === '..' || name.includes('/') || name.includes('?')) {
    if (!c.isRepeat) c.audit.note(c.now, 'path-refused', c.peer.ip, grant, { path: name, reason: 'path-trick' })
    return { status: NfsStatus.acces }
  }
  const no = directory.children.get(name)
  const node = no === undefined ? undefined : grant.tree.nodes[no]
  return node ? { node, grant } : { status: NfsStatus.noent }
}

export function handleOf(c: CallContext, grant: Grant, node: TreeNode): Uint8Array {
  return sealHandle(handleScope(grant), node.no, c.key)
}

/** The bytes of a READ that are sent, and their coverage noted. `offset` may lie behind the end: nothing, at the end. */
export function readFile(c: CallContext, grant: Grant, file: FileNode, offset: number, count: number): { data: Uint8Array; eof: boolean } {
  const size = file.content.length
  const start = Math.min(offset, size)
  const end = Math.min(size, start + count)
  c.audit.sent(grant, file, start, end, c.now)
  return { data: file.content.subarray(start, end), eof: end === size }
}

/** A writer asked: always read-only, noted. */
export function refuseWrite(c: CallContext, name: string): void {
  if (!c.isRepeat) c.audit.note(c.now, 'write-refused', c.peer.ip, c.grant, { reason: name })
}
