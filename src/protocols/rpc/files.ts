// RpcMemory: what all RPC flows of one sensor know together: export roots, names and sizes of file handles, and files being read.
// Keeps the rule that portmap, mount and NFS of one client and server meet here, within named bounds, and that no content stays.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { FlowKey } from '../../wire/flow.ts'
import { Content, type HeldBudget } from './content.ts'
import { Coverage } from './coverage.ts'
import type { RpcFileRead } from './facts.ts'
import type { FileFacts } from './procedure.ts'

/** Handles remembered per sensor, least recently used first to go: 64 clients copying 256 files each. About 8 MB. */
const FILES_MAX = 16384
/** Files being read at the same time per sensor, each with a hash and a prefix (about 1 KiB): read-ahead of many clients. */
const READS_MAX = 2048

/** Who a read belongs to; the fields every fact of it carries. */
export interface ReadPlace {
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
  readonly transport: 'tcp' | 'udp'
}

interface KnownFile {
  name: string | null
  exportPath: string | null
  size: number | null
  modified: number | null
  read: FileRead | null
}

/**
 * Client and server as one key; handles mean something only between those two. The VLAN tags are part of it: monitors with the same
 * factory addresses stand in several segments.
 */
export function pairKey(flow: Pick<FlowKey, 'vlan' | 'innerVlan'>, client: Ip, server: Ip): string {
  return `${flow.vlan}.${flow.innerVlan} ${client} ${server}`
}

/** One file while its READ replies pass. */
export class FileRead {
  readonly file: KnownFile
  readonly content: Content
  readonly coverage = new Coverage()
  place: ReadPlace
  at: Micros = 0
  frame = 0
  /** End of the file as an EOF reply stated it. */
  eofAt: number | null = null
  /** True when an earlier read of the unchanged file was complete: only another complete one is news. */
  readonly again: boolean
  done = false
  /** Set by finish(): whether every byte was seen. */
  wasComplete = false

  constructor(file: KnownFile, place: ReadPlace, budget: HeldBudget, again: boolean) {
    this.file = file
    this.place = place
    this.content = new Content(budget)
    this.again = again
  }

  /** True when every byte up to the known end was seen. */
  isComplete(): boolean {
    const end = this.file.size ?? this.eofAt
    return end !== null && this.coverage.isWhole(end)
  }

  /** The fact as things stand, and the end of this read. */
  finish(): RpcFileRead {
    const complete = this.isComplete()
    const size = this.file.size ?? this.eofAt
    const sha256 = complete && size !== null ? this.content.sha256(size) : null
    this.done = true
    this.wasComplete = complete
    this.content.release()
    return {
      at: this.at, frame: this.frame, protocol: 'rpc', kind: 'file-read', ...this.place,
      exportPath: this.file.exportPath, name: this.file.name, size, covered: this.coverage.total, complete, sha256,
      magic: this.content.magic(),
    }
  }
}

/** Shared by the rows of one sensor; deterministic: same packets, same memory. */
export class RpcMemory {
  readonly #files = new Map<string, KnownFile>()
  /** Reads not finished, oldest first, by file key. */
  readonly #reads = new Map<string, FileRead>()
  /** Open sessions per pair that carried READ replies. */
  readonly #readers = new Map<string, number>()
  readonly #held: HeldBudget = { bytes: 0 }

  /** A mount was accepted: `handle` is the root of `path`. */
  learnExport(pair: string, handle: string, path: string): void {
    this.#file(pair, handle).exportPath = path
  }

  /** `name` in `directory` is `handle`. Dot names say nothing new. */
  learnName(pair: string, directory: string | null, name: string, handle: string): void {
    if (name === '.' || name === '..') return
    const parent = directory === null ? undefined : this.#files.get(`${pair} ${directory}`)
    const file = this.#file(pair, handle)
    file.name = name
    if (parent && parent !== file) file.exportPath = parent.exportPath
  }

  /** Attributes of a handle. A changed file ends a read of its old content: that fact is returned. */
  learnAttributes(pair: string, handle: string, facts: FileFacts): RpcFileRead | null {
    const file = this.#file(pair, handle)
    const changed = file.modified !== null && file.modified !== facts.modified
    const ended = changed && file.read !== null ? this.#close(pair, handle, file.read) : null
    if (changed) file.read = null
    file.size = facts.size
    file.modified = facts.modified
    return ended
  }

  nameOf(pair: string, handle: string | null): string | null {
    return handle === null ? null : this.#files.get(`${pair} ${handle}`)?.name ?? null
  }

  /** The running read of a handle, begun now when there is none; `evicted` is one that had to make room. */
  beginRead(pair: string, handle: string, place: ReadPlace): { read: FileRead; evicted: RpcFileRead | null } {
    const key = `${pair} ${handle}`
    const file = this.#file(pair, handle)
    let evicted: RpcFileRead | null = null
    if (file.read === null || file.read.done) {
      evicted = this.#makeRoomForRead()
      file.read = new FileRead(file, place, this.#held, file.read?.wasComplete ?? false)
      this.#reads.set(key, file.read)
    }
    file.read.place = place
    return { read: file.read, evicted }
  }

  /** The fact of a read that has become complete, else null. */
  finishIfComplete(pair: string, handle: string, read: FileRead): RpcFileRead | null {
    return !read.done && read.isComplete() ? this.#close(pair, handle, read) : null
  }

  openReader(pair: string): void {
    this.#readers.set(pair, (this.#readers.get(pair) ?? 0) + 1)
  }

  /** A session that carried READs of this pair ended; after the last one, the unfinished reads are told. */
  closeReader(pair: string): RpcFileRead[] {
    const left = (this.#readers.get(pair) ?? 1) - 1
    if (left > 0) {
      this.#readers.set(pair, left)
      return []
    }
    this.#readers.delete(pair)
    const facts: RpcFileRead[] = []
    for (const [key, read] of this.#reads) {
      if (!key.startsWith(`${pair} `)) continue
      this.#reads.delete(key)
      const news = !read.again
      const fact = read.finish()
      if (news) facts.push(fact)
    }
    return facts
  }

  #close(pair: string, handle: string, read: FileRead): RpcFileRead | null {
    this.#reads.delete(`${pair} ${handle}`)
    if (read.done) return null
    const news = !read.again || read.isComplete()
    const fact = read.finish()
    return news ? fact : null
  }

  #makeRoomForRead(): RpcFileRead | null {
    if (this.#reads.size < READS_MAX) return null
    for (const [key, read] of this.#reads) {
      this.#reads.delete(key)
      const news = !read.again
      const fact = read.finish()
      return news ? fact : null
    }
    return null
  }

  /** The record of a handle, made when new, and most recently used from now on. */
  #file(pair: string, handle: string): KnownFile {
    const key = `${pair} ${handle}`
    let file = this.#files.get(key)
    if (file) this.#files.delete(key)
    else file = this.#reads.get(key)?.file ?? { name: null, exportPath: null, size: null, modified: null, read: null }
    this.#files.set(key, file)
    if (this.#files.size > FILES_MAX) this.#forgetOldest()
    return file
  }

  /** An evicted file's read stays in #reads until its pair ends, so nothing seen goes untold. */
  #forgetOldest(): void {
    for (const key of this.#files.keys()) {
      this.#files.delete(key)
      return
    }
  }
}
