// Traffic: what NFS and MOUNT replies teach the memory, and file content on its way through a session, READ replies and WRITE calls alike.
// Keeps the rules that a mount is believed only when the server said so, and that data passes into the hash without being kept.

import type { Micros } from '../../base/time.ts'
import { opposite, type Direction } from '../../wire/flow.ts'
import type { SessionContext } from '../protocol.ts'
import { FileType, MountProc, Nfs2Proc, Nfs3Proc, Program } from './codes.ts'
import { compoundSteps, compoundWrites, type Step } from './compound.ts'
import { type FilePass, pairKey, type ReadPlace, type RpcMemory, type Way } from './files.ts'
import type { CallHeader } from './message.ts'
import type { CallArguments, CallResult, ListedEntry } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** Fields of RpcBase, `at` and `frame` included. */
export interface Base extends ReadPlace {
  readonly at: Micros
  readonly frame: number
  readonly protocol: 'rpc'
}

/** Content that is passing in one direction. */
interface Transfer {
  readonly pass: FilePass
  /** File offset of the next data byte, and of the stretch seen without a hole. */
  next: number
  from: number
  left: number
}

/** Where data lies: in the reader's buffer from `off` on, `bytes` of it, of the file from `offset` on. */
interface Data {
  readonly off: number
  readonly bytes: number
  readonly offset: number
}

type Procedure = Pick<CallHeader, 'program' | 'version' | 'procedure'>

function isNfs(p: Procedure, version: number, procedure: number): boolean {
  return p.program === Program.nfs && p.version === version && p.procedure === procedure
}

export function isCompound(p: Procedure): boolean {
  return isNfs(p, 4, 1)
}

/** May the reply carry so much file content that it shall pass through? */
export function isNfsRead(p: Procedure): boolean {
  return isNfs(p, 2, Nfs2Proc.read) || isNfs(p, 3, Nfs3Proc.read)
}

export function isNfsWrite(p: Procedure): boolean {
  return isNfs(p, 2, Nfs2Proc.write) || isNfs(p, 3, Nfs3Proc.write)
}

/** One session's part in the files of its client and server. `fault` is told the direction of calls, and a fixed word. */
export class FileTraffic {
  readonly #context: SessionContext
  readonly #memory: RpcMemory
  readonly #fault: (callDirection: Direction, reason: string) => void
  /** By direction of the data. */
  readonly #transfers: [Transfer | null, Transfer | null] = [null, null]
  /** Pairs whose content this session carried. */
  readonly #pairs = new Set<string>()

  constructor(context: SessionContext, memory: RpcMemory, fault: (callDirection: Direction, reason: string) => void) {
    this.#context = context
    this.#memory = memory
    this.#fault = fault
  }

  // ---- content

  bulk(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    const bytes = Math.min(transfer.left, end - off)
    if (bytes <= 0) return
    transfer.pass.seen.pass(transfer.next, buf, off, off + bytes)
    transfer.next += bytes
    transfer.left -= bytes
  }

  hole(direction: Direction, bytes: number): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    const lost = Math.min(transfer.left, bytes)
    transfer.pass.seen.cover(transfer.from, transfer.next)
    transfer.next += lost
    transfer.from = transfer.next
    transfer.left -= lost
  }

  /** The record that carried the data is over. */
  recordEnd(direction: Direction, at: Micros): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    this.#transfers[direction] = null
    const { pass, from, next, left } = transfer
    pass.seen.cover(from, next)
    pass.at = at
    pass.frame = this.#context.frame()
    const isRead = pass.way === 'read'
    if (left > 0) this.#fault(isRead === (direction === 1) ? 0 : 1, isRead ? 'read-short' : 'write-short')
    this.#emitIf(this.#memory.finishIfComplete(pass))
  }

  end(): void {
    for (const pair of this.#pairs) {
      for (const fact of this.#memory.closeCarrier(pair)) this.#context.emit(fact)
    }
    this.#pairs.clear()
  }

  /** Data of `way` begins: what is here of it goes into the file, the rest comes by bulk(). */
  #start(direction: Direction, base: Base, pair: string, handle: string, way: Way, data: Data, r: XdrReader): FilePass | null {
    if (!Number.isSafeInteger(data.offset + data.bytes)) {
      this.#fault(way === 'read' ? opposite(direction) : direction, `${way}-offset`)
      return null
    }
    this.recordEnd(direction, base.at)
    if (!this.#pairs.has(pair)) {
      this.#pairs.add(pair)
      this.#memory.openCarrier(pair)
    }
    const { flowId, client, server, transport } = base
    const { pass, evicted } = this.#memory.begin(pair, handle, way, { flowId, client, server, transport })
    this.#emitIf(evicted)
    this.#transfers[direction] = { pass, next: data.offset, from: data.offset, left: data.bytes }
    this.bulk(direction, r.buf, data.off, r.end)
    return pass
  }

  // ---- calls

  /** A call that was not seen before: what it writes begins to pass, before the server has agreed. */
  called(direction: Direction, base: Base, call: CallHeader, args: CallArguments, r: XdrReader): void {
    if (call.program !== Program.nfs) return
    const pair = pairKey(this.#context.flow, base.client, base.server)
    if (isNfsWrite(call) && args.dataBytes >= 0 && args.handle !== null) {
      this.#write(direction, base, pair, args.handle, { off: args.dataOff, bytes: args.dataBytes, offset: args.offset }, r)
    }
    for (const { handle, data } of args.ops.length > 0 ? compoundWrites(args.ops) : []) {
      this.#write(direction, base, pair, handle, { off: data.dataOff, bytes: data.dataBytes, offset: data.offset }, r)
    }
  }

  /** The first byte written again is the file written anew; any other byte makes its hash doubtful. */
  #write(direction: Direction, base: Base, pair: string, handle: string, data: Data, r: XdrReader): void {
    const running = this.#memory.running(pair, handle, 'write')
    const isAgain = data.bytes > 0 && running !== null && running.seen.has(data.offset)
    if (isAgain && data.offset === 0) this.#emitIf(this.#memory.endWrite(pair, handle))
    else if (isAgain) running.seen.doubt()
    this.#start(direction, base, pair, handle, 'write', data, r)
  }

  // ---- replies

  /** A result of an accepted call. `direction` is the reply's. */
  learn(direction: Direction, base: Base, call: CallHeader, args: CallArguments, result: CallResult, r: XdrReader): void {
    const pair = pairKey(this.#context.flow, base.client, base.server)
    if (isCompound(call)) return this.#learnSteps(direction, base, pair, compoundSteps(args.ops, result.ops), r)
    if (isNfsWrite(call)) this.#took(pair, args.handle, args.dataBytes, result.status === 0 ? result.count : 0)
    if (result.status !== 0) return
    if (call.program === Program.mount) {
      if (call.procedure === MountProc.mnt && args.path !== null) this.#mounted(base, pair, call.version, args.path, result.handle)
      return
    }
    if (call.program !== Program.nfs) return
    this.#learnFiles(pair, args, result)
    if (result.dataBytes < 0 || args.handle === null) return
    this.#read(direction, base, pair, args.handle, { off: result.dataOff, bytes: result.dataBytes, offset: args.offset }, result.eof, r)
  }

  #read(direction: Direction, base: Base, pair: string, handle: string, data: Data, eof: boolean, r: XdrReader): void {
    const pass = this.#start(direction, base, pair, handle, 'read', data, r)
    if (pass !== null && eof) pass.eofAt = data.offset + data.bytes
  }

  /** Version 2 does not say how many bytes it took: `took` is null. */
  #took(pair: string, handle: string | null, asked: number, took: number | null): void {
    if (handle === null || took === null || took >= asked) return
    this.#memory.running(pair, handle, 'write')?.seen.doubt()
  }

  #mounted(base: Base, pair: string, version: number, path: string, handle: string | null): void {
    if (handle !== null) this.#memory.learnExport(pair, handle, path)
    this.#context.emit({ ...base, kind: 'mount', path, version })
  }

  #learnFiles(pair: string, args: CallArguments, result: CallResult): void {
    if (result.handle !== null && args.name !== null) this.#memory.learnName(pair, args.handle, args.name, result.handle)
    const subject = result.handle ?? args.handle
    if (subject !== null && result.file !== null) this.#emitIf(this.#memory.learnAttributes(pair, subject, result.file))
    this.#listed(pair, args.handle, result.entries)
  }

  #listed(pair: string, parent: string | null, entries: readonly ListedEntry[]): void {
    for (const entry of entries) {
      if (entry.handle === null) continue
      this.#memory.learnName(pair, parent, entry.name, entry.handle)
      if (entry.file !== null) this.#emitIf(this.#memory.learnAttributes(pair, entry.handle, entry.file))
    }
  }

  #learnSteps(direction: Direction, base: Base, pair: string, steps: readonly Step[], r: XdrReader): void {
    for (const step of steps) {
      switch (step.kind) {
        case 'root': this.#memory.learnRoot(pair, step.handle); break
        case 'found': this.#found(base, pair, step); break
        case 'attributes': this.#emitIf(this.#memory.learnAttributes(pair, step.handle, step.file)); break
        case 'listed': this.#listed(pair, step.parent, step.entries); break
        case 'layout': for (const { handle } of step.entries) if (handle !== null) this.#memory.learnAlias(pair, step.handle, handle); break
        case 'wrote': this.#took(pair, step.handle, step.asked, step.took); break
        case 'refused': this.#memory.running(pair, step.handle, 'write')?.seen.doubt(); break
        case 'closed': this.#emitIf(this.#memory.endWrite(pair, step.handle)); break
        default: this.#readStep(direction, base, pair, step, r)
      }
    }
  }

  #readStep(direction: Direction, base: Base, pair: string, { handle, offset, data }: Extract<Step, { kind: 'read' }>, r: XdrReader): void {
    if (data.dataBytes < 0) return
    this.#read(direction, base, pair, handle, { off: data.dataOff, bytes: data.dataBytes, offset }, data.eof, r)
  }

  /** Version 4 has no MOUNT: a directory found in the root is what a client mounts. */
  #found(base: Base, pair: string, step: Extract<Step, { kind: 'found' }>): void {
    this.#memory.learnName(pair, step.parent, step.name, step.handle)
    if (step.file !== null) this.#emitIf(this.#memory.learnAttributes(pair, step.handle, step.file))
    const inRoot = step.inRoot || (step.parent !== null && this.#memory.isRoot(pair, step.parent))
    const path = `/${step.name}`
    if (!inRoot || step.file?.type !== FileType.directory) return
    if (this.#memory.isNewMount(pair, path)) this.#mounted(base, pair, 4, path, step.handle)
    else this.#memory.learnExport(pair, step.handle, path)
  }

  #emitIf(fact: Parameters<SessionContext['emit']>[0] | null): void {
    if (fact !== null) this.#context.emit(fact)
  }
}
