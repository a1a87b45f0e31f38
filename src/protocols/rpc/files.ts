// RpcMemory: what all RPC flows of one sensor know together: export roots, names and sizes of file handles, and files that pass.
// Keeps the rule that portmap, mount and NFS of one client and server meet here, within named bounds, and that no content stays.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { FlowKey } from '../../wire/flow.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { shownName } from '../file-transfer/names.ts'
import { FileSeen } from '../file-transfer/seen.ts'
import type { FileFacts } from './procedure.ts'

/** Handles remembered per sensor, least recently used first to go: 64 clients copying 256 files each. About 8 MB. */
const FILES_MAX = 16384
/** Files being read or written at the same time per sensor, each with a hash and a prefix (about 1 KiB): read-ahead of many clients. */
const PASSES_MAX = 2048

/** Whose content it is; the fields every fact of it carries. */
export interface ReadPlace {
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
  readonly transport: 'tcp' | 'udp'
}

/** Which way the content goes: `read` from the server, `write` to it. */
export type Way = FileTransfer['kind']

interface KnownFile {
  name: string | null
  exportPath: string | null
  size: number | null
  modified: number | null
  /** What passes, or passed last, each way. */
  readonly passes: { read: FilePass | null; write: FilePass | null }
}

/**
 * Client and server as one key; handles mean something only between those two. The VLAN tags are part of it: monitors with the same
 * factory addresses stand in several segments.
 */
export function pairKey(flow: Pick<FlowKey, 'vlan' | 'innerVlan'>, client: Ip, server: Ip): string {
  return `${flow.vlan}.${flow.innerVlan} ${client} ${server}`
}

/** One file while its READ replies or its WRITE calls pass. */
export class FilePass {
  readonly file: KnownFile
  readonly way: Way
  /** Under which the memory keeps it. */
  readonly key: string
  readonly seen: FileSeen
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

  constructor(file: KnownFile, way: Way, key: string, place: ReadPlace, budget: HeldBudget, again: boolean) {
    this.file = file
    this.way = way
    this.key = key
    this.place = place
    this.seen = new FileSeen(budget)
    this.again = again
  }

  /** Attributes may be older than what was written behind them. */
  #size(): number | null {
    const { size } = this.file
    return this.way === 'write' && size !== null ? Math.max(size, this.seen.extent) : size ?? this.eofAt
  }

  /** True when every byte up to the known end was seen. */
  isComplete(): boolean {
    const end = this.#size()
    return end !== null && this.seen.isWhole(end)
  }

  /** Worth telling: the first pass, or another whole one. */
  isNews(): boolean {
    return !this.again || this.isComplete()
  }

  /** The fact as things stand, and the end of this pass. */
  finish(): FileTransfer {
    const { file, place, at, frame, way } = this
    const measure = this.seen.finish(this.#size())
    this.done = true
    this.wasComplete = measure.complete
    const name = file.name === null ? null : shownName(file.name)
    return { at, frame, protocol: 'file-transfer', kind: way, over: 'nfs', ...place, place: file.exportPath, name, ...measure }
  }
}

/** Roots and exports of NFSv4 remembered: one or a few per client and server. */
const ROOTS_MAX = 4096

function passKey(pair: string, handle: string, way: Way): string {
  return `${pair} ${way} ${handle}`
}

/** Shared by the rows of one sensor; deterministic: same packets, same memory. */
export class RpcMemory {
  /** Calls that wait for a reply, of all sessions together (session.ts counts). */
  waiting = 0
  readonly #files = new Map<string, KnownFile>()
  /** Files passing, oldest first, by pair, way and handle. */
  readonly #passes = new Map<string, FilePass>()
  /** Open sessions per pair that carried content. */
  readonly #carriers = new Map<string, number>()
  /** Root handles of NFSv4, which has no MOUNT: `pair handle`. */
  readonly #roots = new Set<string>()
  /** Exports of NFSv4 that were told: `pair path`. */
  readonly #mounts = new Set<string>()
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
  learnAttributes(pair: string, handle: string, facts: FileFacts): FileTransfer | null {
    const file = this.#file(pair, handle)
    const changed = file.modified !== null && file.modified !== facts.modified
    const ended = changed && file.passes.read !== null ? this.#close(file.passes.read) : null
    if (changed) file.passes.read = null
    file.size = facts.size
    file.modified = facts.modified
    return ended
  }

  /** PUTROOTFH gave this handle. */
  learnRoot(pair: string, handle: string): void {
    if (this.#roots.size < ROOTS_MAX) this.#roots.add(`${pair} ${handle}`)
    this.#file(pair, handle).exportPath = '/'
  }

  isRoot(pair: string, handle: string): boolean {
    return this.#roots.has(`${pair} ${handle}`)
  }

  /** True the first time that this client is seen to find this export. */
  isNewMount(pair: string, path: string): boolean {
    const key = `${pair} ${path}`
    if (this.#mounts.has(key) || this.#mounts.size >= ROOTS_MAX) return false
    this.#mounts.add(key)
    return true
  }

  /** pNFS: a data server knows the file of `handle` by another handle. */
  learnAlias(pair: string, handle: string, dataHandle: string): void {
    this.#put(`${pair} ${dataHandle}`, this.#file(pair, handle))
  }

  nameOf(pair: string, handle: string | null): string | null {
    return handle === null ? null : this.#files.get(`${pair} ${handle}`)?.name ?? null
  }

  /** The running pass of a handle, begun now when there is none; `evicted` is one that had to make room. */
  begin(pair: string, handle: string, way: Way, place: ReadPlace): { pass: FilePass; evicted: FileTransfer | null } {
    const file = this.#file(pair, handle)
    let pass = file.passes[way]
    let evicted: FileTransfer | null = null
    if (pass === null || pass.done) {
      evicted = this.#makeRoom()
      pass = new FilePass(file, way, passKey(pair, handle, way), place, this.#held, way === 'read' && (pass?.wasComplete ?? false))
      file.passes[way] = pass
      this.#passes.set(pass.key, pass)
    }
    pass.place = place
    return { pass, evicted }
  }

  /** The fact of a read that has become complete, else null. What is written may always grow. */
  finishIfComplete(pass: FilePass): FileTransfer | null {
    return !pass.done && pass.way === 'read' && pass.isComplete() ? this.#close(pass) : null
  }

  /** The file was closed, or is written anew: what was written is told. */
  endWrite(pair: string, handle: string): FileTransfer | null {
    const pass = this.running(pair, handle, 'write')
    return pass === null ? null : this.#close(pass)
  }

  /** What passes of a handle now, or null. */
  running(pair: string, handle: string, way: Way): FilePass | null {
    const pass = this.#files.get(`${pair} ${handle}`)?.passes[way] ?? null
    return pass === null || pass.done ? null : pass
  }

  openCarrier(pair: string): void {
    this.#carriers.set(pair, (this.#carriers.get(pair) ?? 0) + 1)
  }

  /** A session that carried content of this pair ended; after the last one, what is unfinished is told. */
  closeCarrier(pair: string): FileTransfer[] {
    const left = (this.#carriers.get(pair) ?? 1) - 1
    if (left > 0) {
      this.#carriers.set(pair, left)
      return []
    }
    this.#carriers.delete(pair)
    const facts: FileTransfer[] = []
    for (const [key, pass] of this.#passes) {
      if (!key.startsWith(`${pair} `)) continue
      this.#passes.delete(key)
      const news = !pass.again
      const fact = pass.finish()
      if (news) facts.push(fact)
    }
    return facts
  }

  #close(pass: FilePass): FileTransfer | null {
    this.#passes.delete(pass.key)
    if (pass.done) return null
    const news = pass.isNews()
    const fact = pass.finish()
    return news ? fact : null
  }

  #makeRoom(): FileTransfer | null {
    if (this.#passes.size < PASSES_MAX) return null
    for (const [key, pass] of this.#passes) {
      this.#passes.delete(key)
      const news = !pass.again
      const fact = pass.finish()
      return news ? fact : null
    }
    return null
  }

  /** The record of a handle, made when new, and most recently used from now on. */
  #file(pair: string, handle: string): KnownFile {
    const key = `${pair} ${handle}`
    let file = this.#files.get(key)
    if (file) this.#files.delete(key)
    else file = this.#passing(pair, handle)?.file ?? { name: null, exportPath: null, size: null, modified: null, passes: { read: null, write: null } }
    this.#put(key, file)
    return file
  }

  #put(key: string, file: KnownFile): void {
    this.#files.set(key, file)
    if (this.#files.size > FILES_MAX) this.#forgetOldest()
  }

  #passing(pair: string, handle: string): FilePass | undefined {
    return this.#passes.get(passKey(pair, handle, 'read')) ?? this.#passes.get(passKey(pair, handle, 'write'))
  }

  /** An evicted file's pass stays in #passes until its pair ends, so nothing seen goes untold. */
  #forgetOldest(): void {
    for (const key of this.#files.keys()) {
      this.#files.delete(key)
      return
    }
  }
}
