// listing: pages of a directory: which entries fit into one reply, from a cookie on.
// Keeps the rule that a listing shows only what this device may get; cookies are positions in a directory that never changes.

import type { CallContext } from './context.ts'
import { handleOf } from './context.ts'
import type { DirectoryEntry, DirectoryEntryPlus } from '../../../protocols/rpc/encode-nfs.ts'
import { padded } from '../../../protocols/rpc/xdr.ts'
import type { DirectoryNode, TreeNode } from './tree.ts'
import type { Grant } from './window.ts'

export interface Page<E> {
  readonly entries: readonly E[]
  readonly eof: boolean
}

/** `.` and `..` first, as servers do; `..` of the root is the root. The cookie of an entry is where the next page starts. */
export function directoryEntries(grant: Grant, directory: DirectoryNode): { entry: DirectoryEntry; node: TreeNode }[] {
  const { nodes } = grant.tree
  const parent = nodes[directory.parent] ?? directory
  const named: (readonly [string, TreeNode])[] = [['.', directory], ['..', parent]]
  for (const [name, no] of directory.children) {
    const node = nodes[no]
    if (node) named.push([name, node])
  }
  return named.map(([name, node], i) => ({ entry: { fileId: node.attributes.fileId, name, cookie: i + 1 }, node }))
}

/** As many items from `cookie` on as fit into `budget` bytes; null when there is one and it does not fit. */
export function pageFrom<E>(items: readonly E[], cookie: number, budget: number, sizeOf: (item: E) => number): Page<E> | null {
  const entries: E[] = []
  let left = budget
  for (let i = cookie; i < items.length; i++) {
    const item = items[i] as E
    left -= sizeOf(item)
    if (left < 0) return entries.length === 0 ? null : { entries, eof: false }
    entries.push(item)
  }
  return { entries, eof: true }
}

/** Bytes of an entry of READDIR in version 2: follows, file id, name, cookie (RFC 1094 section 2.2.17). */
export function entry2Bytes(entry: DirectoryEntry): number {
  return 16 + padded(entry.name.length)
}

/** Of READDIR in version 3 (RFC 1813 section 3.3.16): ids and cookies are 8 bytes. */
export function entry3Bytes(entry: DirectoryEntry): number {
  return 24 + padded(entry.name.length)
}

/** Of READDIRPLUS: attributes 4 + 84, handle 4 + 4 + 32; stated for the largest. */
export function entryPlusBytes(entry: DirectoryEntry): number {
  return entry3Bytes(entry) + 88 + 40
}

/** Attributes and handle; none for `..`, which opens nothing. */
export function plusEntry(c: CallContext, grant: Grant, entry: DirectoryEntry, node: TreeNode): DirectoryEntryPlus {
  if (entry.name === '..') return { ...entry, attributes: null, handle: null }
  return { ...entry, attributes: node.attributes, handle: handleOf(c, grant, node) }
}
