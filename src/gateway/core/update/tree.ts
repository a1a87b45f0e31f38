// tree: the files of one release as numbered nodes in memory, made once from bytes that were verified before.
// Keeps the rules: exact names, no "..", no symbolic links, nothing is opened again, and the same release gives the same numbers.

import { assert } from '../../../base/assert.ts'
import { err, ok, type Result } from '../../../base/result.ts'
import { FileType, NAME_MAX, PATH_MAX } from '../../../protocols/rpc/codes.ts'
import type { FileAttributes } from '../../../protocols/rpc/encode-nfs.ts'
import { FILE_NO_MAX, idTag } from './handle.ts'

/** One file as the monitor shall see it. */
export interface ServedFile {
  /** Below the export, with slashes, e.g. `bin/monitor`. */
  readonly path: string
  /** Permission bits; write bits are taken away. */
  readonly mode: number
  readonly content: Uint8Array
  /** Hexadecimal, of `content`; it was verified by whoever made this. */
  readonly sha256: string
}

export interface ServedRelease {
  readonly id: string
  /** What the monitor mounts, e.g. `/pm`. */
  readonly exportPath: string
  /** Seconds since 1970, the same in each session: clients read again what seems to have changed. */
  readonly modified: number
  readonly files: readonly ServedFile[]
}

export interface DirectoryNode {
  readonly kind: 'directory'
  readonly no: number
  readonly name: string
  readonly parent: number
  readonly children: ReadonlyMap<string, number>
  readonly attributes: FileAttributes
}

export interface FileNode {
  readonly kind: 'file'
  readonly no: number
  readonly name: string
  readonly path: string
  readonly parent: number
  readonly content: Uint8Array
  readonly sha256: string
  readonly attributes: FileAttributes
}

export type TreeNode = DirectoryNode | FileNode

export interface ReleaseTree {
  readonly release: { readonly id: string; readonly exportPath: string }
  /** Index is the file number; 0 is the root. */
  readonly nodes: readonly TreeNode[]
  readonly files: readonly FileNode[]
  readonly totalBytes: number
}

/** Entries of one release: real updates have a few dozen files; handles could count 65,535. */
export const NODES_MAX = 4096
/** Bytes of one release held in memory: the device's flash is 64 MB or less (facts cms8000 section 5). */
export const RELEASE_BYTES_MAX = 256 * 1024 * 1024
/** File numbers start at 2, as on disks: 0 and 1 are special to old clients. */
const FILE_ID_FIRST = 2
const DIRECTORY_MODE = 0o555
const NO_WRITE = 0o555

/** Why a path cannot be served, or null. Names are printable ASCII without `?`, which is what unreadable bytes of a request become. */
export function pathFault(path: string): string | null {
  if (path.length === 0 || path.length > PATH_MAX) return `is ${path.length} characters long; 1 to ${PATH_MAX} can be served`
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return 'has an empty, "." or ".." part'
    if (name.length > NAME_MAX) return `has a name longer than ${NAME_MAX} characters`
    if (!/^[!->@-~]+$/.test(name) || name.includes('\\')) return 'has a character that is not printable ASCII, or a blank, "?" or "\\"'
  }
  return null
}

interface Draft {
  readonly name: string
  readonly parent: number
  readonly children: Map<string, number>
  readonly file: ServedFile | null
}

/** The tree of a release, or why it cannot be served: a bad path, a name twice, a file where a folder should be, too much. */
export function makeTree(release: ServedRelease): Result<ReleaseTree> {
  const drafts: Draft[] = [{ name: '', parent: 0, children: new Map(), file: null }]
  const totalBytes = release.files.reduce((sum, f) => sum + f.content.length, 0)
  if (totalBytes > RELEASE_BYTES_MAX) return err(`release ${release.id} holds ${totalBytes} bytes; at most ${RELEASE_BYTES_MAX} can be served`)
  for (const file of [...release.files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const fault = pathFault(file.path) ?? place(drafts, file)
    if (fault !== null) return err(`file "${file.path}" of release ${release.id} ${fault}`)
  }
  assert(NODES_MAX <= FILE_NO_MAX, 'every node has a number that fits into a handle')
  const nodes = drafts.map((draft, no) => finish(draft, no, release))
  const files = nodes.filter((n): n is FileNode => n.kind === 'file')
  return ok({ release: { id: release.id, exportPath: release.exportPath }, nodes, files, totalBytes })
}

function place(drafts: Draft[], file: ServedFile): string | null {
  const names = file.path.split('/')
  let at = 0
  for (const [i, name] of names.entries()) {
    const directory = drafts[at] as Draft
    if (directory.file !== null) return 'lies below a path that is a file'
    const found = directory.children.get(name)
    const isLast = i === names.length - 1
    if (isLast && found !== undefined) return 'is there twice, or is a folder too'
    if (found === undefined) {
      if (drafts.length >= NODES_MAX) return `is one too many; at most ${NODES_MAX} files and folders can be served`
      directory.children.set(name, drafts.length)
      drafts.push({ name, parent: at, children: new Map(), file: isLast ? file : null })
    }
    at = found ?? drafts.length - 1
  }
  return null
}

function finish(draft: Draft, no: number, release: ServedRelease): TreeNode {
  const { name, parent, file } = draft
  const common = { uid: 0, gid: 0, fsId: idTag(release.id), fileId: FILE_ID_FIRST + no, modified: { seconds: release.modified, nanoseconds: 0 } }
  if (file === null) {
    const attributes: FileAttributes = { ...common, type: FileType.directory, mode: DIRECTORY_MODE, links: 2, size: 4096 }
    return { kind: 'directory', no, name, parent, children: draft.children, attributes }
  }
  const attributes: FileAttributes = { ...common, type: FileType.regular, mode: file.mode & NO_WRITE, links: 1, size: file.content.length }
  // A copy of our own, whoever holds the original cannot change what is served. Not slice(): some byte arrays then share their memory.
  return { kind: 'file', no, name, path: file.path, parent, content: Uint8Array.from(file.content), sha256: file.sha256, attributes }
}
