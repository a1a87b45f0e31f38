// The RPC session: calls meet replies by xid, facts leave, and READ data flows into the file it belongs to.
// Keeps the rules of the seam: never throws on bytes, every table bounded, no content and no handle in a fact.

import type { Micros } from '../../base/time.ts'
import { u32be } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { MessageType, MountProc, Nfs2Proc, Nfs3Proc, procedureName, Program } from './codes.ts'
import { procedureRow } from './decoders.ts'
import { type FileRead, pairKey, type ReadPlace, type RpcMemory } from './files.ts'
import { type CallHeader, looksLikeCall, looksLikeReply, readCall, readReply } from './message.ts'
import { type CallArguments, type CallResult, emptyArguments, emptyResult, type ProcedureRow } from './procedure.ts'
import { type RecordSink, RecordStream } from './stream.ts'
import { XdrReader } from './xdr.ts'

/** Calls that wait for a reply, per direction. A Linux client has up to 128 slots in use; the rest is for lost replies. */
export const PENDING_MAX = 1024
/** Malformed facts per session: enough to see the pattern, too few to fill a disk. */
export const MALFORMED_FACTS_MAX = 64

interface Pending {
  readonly call: CallHeader
  readonly args: CallArguments
  readonly row: ProcedureRow | undefined
}

/** A READ reply whose data is passing. */
interface Transfer {
  readonly read: FileRead
  readonly pair: string
  readonly handle: string
  /** File offset of the next data byte, and of the stretch seen without a hole. */
  next: number
  from: number
  left: number
}

/** Fields of RpcBase, `at` and `frame` included. */
interface Base extends ReadPlace {
  readonly at: Micros
  readonly frame: number
  readonly protocol: 'rpc'
}

export class RpcSession implements Session, RecordSink {
  readonly #context: SessionContext
  readonly #memory: RpcMemory
  readonly #reader = new XdrReader()
  readonly #streams: readonly [RecordStream, RecordStream] | null
  /** By direction of the call: NFSv4 servers call back on the client's connection. */
  readonly #pending: readonly [Map<number, Pending>, Map<number, Pending>] = [new Map(), new Map()]
  /** Where the search for the oldest pending call of each direction stands. */
  readonly #oldestFirst: [Iterator<Pending>, Iterator<Pending>] = [this.#pending[0].values(), this.#pending[1].values()]
  /** By direction of the reply. */
  readonly #transfers: [Transfer | null, Transfer | null] = [null, null]
  readonly #pairsRead = new Set<string>()
  readonly #lossTold: [boolean, boolean] = [false, false]
  /** Who calls whom, by the first message that told; for faults of bytes that are no message. */
  #caller: Direction | null = null
  #malformed = 0
  #at: Micros = 0

  constructor(context: SessionContext, memory: RpcMemory) {
    this.#context = context
    this.#memory = memory
    this.#streams = context.transport === 'tcp' ? [new RecordStream(0, this), new RecordStream(1, this)] : null
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    if (this.#streams) return this.#streams[direction].feed(buf, off, end)
    this.message(direction, buf, off, end, true)
    this.recordEnd(direction)
  }

  gap(direction: Direction, bytes: number, at: Micros): void {
    this.#at = at
    this.#streams?.[direction].gap(bytes)
  }

  end(at: Micros): void {
    this.#at = at
    this.#streams?.[0].end()
    this.#streams?.[1].end()
    for (const direction of [0, 1] as const) {
      for (const pending of this.#pending[direction].values()) this.#unanswered(direction, pending)
      this.#pending[direction].clear()
    }
    for (const pair of this.#pairsRead) {
      for (const fact of this.#memory.closeReader(pair)) this.#context.emit(fact)
    }
    this.#pairsRead.clear()
  }

  // ---- RecordSink

  plausible(direction: Direction, buf: Uint8Array, off: number, end: number): boolean {
    if (looksLikeCall(buf, off, end)) return true
    return this.#callsAnsweredIn(direction).has(u32be(buf, off)) && looksLikeReply(buf, off, end)
  }

  isBulk(direction: Direction, buf: Uint8Array, off: number): boolean {
    if (u32be(buf, off + 4) === MessageType.reply) {
      const call = this.#callsAnsweredIn(direction).get(u32be(buf, off))?.call
      return call !== undefined && isNfsRead(call)
    }
    const head = { program: u32be(buf, off + 12), version: u32be(buf, off + 16), procedure: u32be(buf, off + 20) }
    return isNfsWrite(head)
  }

  message(direction: Direction, buf: Uint8Array, off: number, end: number, whole: boolean): void {
    if (end - off < 8) {
      if (whole) this.#malformedFact(this.#caller ?? direction, 'cut-short')
      return
    }
    const type = u32be(buf, off + 4)
    this.#reader.reset(buf, off, end)
    if (type > MessageType.reply) return this.#malformedFact(this.#caller ?? direction, 'message-type')
    this.#caller ??= type === MessageType.call ? direction : other(direction)
    if (type === MessageType.call) this.#call(direction, whole)
    else this.#reply(direction, u32be(buf, off), whole)
  }

  bulk(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    const bytes = Math.min(transfer.left, end - off)
    transfer.read.content.add(transfer.next, buf, off, off + bytes)
    transfer.next += bytes
    transfer.left -= bytes
  }

  hole(direction: Direction, bytes: number): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    const lost = Math.min(transfer.left, bytes)
    transfer.read.coverage.add(transfer.from, transfer.next)
    transfer.next += lost
    transfer.from = transfer.next
    transfer.left -= lost
  }

  recordEnd(direction: Direction): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    this.#transfers[direction] = null
    const { read, pair, handle, from, next, left } = transfer
    read.coverage.add(from, next)
    read.at = this.#at
    read.frame = this.#context.frame()
    if (left > 0) this.#malformedFact(other(direction), 'read-short')
    this.#emitIf(this.#memory.finishIfComplete(pair, handle, read))
  }

  /** A capture that loses packets loses many; it is told once per direction. */
  lost(direction: Direction, reason: string): void {
    if (reason === 'lost-sync') {
      if (this.#lossTold[direction]) return
      this.#lossTold[direction] = true
    }
    this.#malformedFact(this.#caller ?? direction, reason)
  }

  // ---- calls

  #call(direction: Direction, whole: boolean): void {
    const r = this.#reader
    const call = readCall(r)
    if (call === null) return this.#fault(direction, whole)
    const row = procedureRow(call.program, call.version, call.procedure)
    const args = emptyArguments()
    if (row?.args && !call.wrapped && r.fault === null) row.args(r, args)
    const { machine, uid, gid, authFlavor } = call
    const { path, name, asks } = args
    this.#context.emit({
      ...this.#base(direction), kind: 'call', xid: call.xid, ...named(call), authFlavor, machine, uid, gid, path, name, asks,
    })
    this.#fault(direction, whole)
    this.#remember(direction, { call, args, row })
  }

  /** A retransmission keeps its first entry; another call under the same xid, or a full table, leaves the older one unanswered. */
  #remember(direction: Direction, pending: Pending): void {
    const table = this.#pending[direction]
    const earlier = table.get(pending.call.xid)
    if (earlier && sameProcedure(earlier.call, pending.call)) return
    if (earlier) this.#drop(direction, earlier)
    else if (table.size >= PENDING_MAX) {
      const oldest = this.#oldest(direction)
      if (oldest) this.#drop(direction, oldest)
    }
    table.set(pending.call.xid, pending)
  }

  /**
   * An iterator goes on where it stood and sees what is added behind it. A new one would walk over every entry that was deleted before
   * the first live one: in a flood of calls that is the whole table, for each call.
   */
  #oldest(direction: Direction): Pending | undefined {
    const next = this.#oldestFirst[direction].next()
    if (next.done !== true) return next.value
    this.#oldestFirst[direction] = this.#pending[direction].values()
    return this.#oldestFirst[direction].next().value
  }

  #drop(direction: Direction, pending: Pending): void {
    this.#pending[direction].delete(pending.call.xid)
    this.#unanswered(direction, pending)
  }

  #unanswered(direction: Direction, { call, args }: Pending): void {
    const { xid, program, version, procedure } = call
    const name = procedureName(program, version, procedure)
    this.#context.emit({ ...this.#base(direction), kind: 'unanswered', xid, procedureName: name, path: args.path })
  }

  // ---- replies

  #reply(direction: Direction, xid: number, whole: boolean): void {
    const callDirection = other(direction)
    const pending = this.#pending[callDirection].get(xid)
    if (!pending) return
    this.#pending[callDirection].delete(xid)
    const r = this.#reader
    const header = readReply(r)
    const { call, row } = pending
    const result = emptyResult()
    if (header.success && row?.result && !call.wrapped) row.result(r, result)
    // A reply cut inside its header by the capture met its call, but what it said is not known.
    if (r.fault === 'cut-short' && !header.success && header.accepted !== 'denied') return this.#cutReply(callDirection, pending, whole)
    const { status, port, names } = result
    this.#context.emit({
      ...this.#base(callDirection), kind: 'reply', xid, ...named(call), accepted: header.accepted, status, port, names,
    })
    this.#fault(callDirection, whole)
    if (header.success) this.#learn(direction, pending, result)
  }

  #cutReply(callDirection: Direction, pending: Pending, whole: boolean): void {
    this.#fault(callDirection, whole)
    this.#pending[callDirection].set(pending.call.xid, pending)
  }

  #learn(direction: Direction, { call, args }: Pending, result: CallResult): void {
    if (result.status !== 0) return
    const base = this.#base(other(direction))
    const pair = pairKey(this.#context.flow, base.client, base.server)
    if (call.program === Program.mount) {
      if (call.procedure === MountProc.mnt && args.path !== null) this.#mounted(base, pair, call.version, args.path, result.handle)
      return
    }
    if (call.program !== Program.nfs) return
    this.#learnFiles(pair, args, result)
    if (isNfsWrite(call)) {
      const name = this.#memory.nameOf(pair, args.handle)
      this.#context.emit({ ...base, kind: 'file-write', name, bytes: result.count ?? args.count })
    }
    if (result.dataBytes >= 0 && args.handle !== null) this.#startTransfer(direction, base, pair, args.handle, args.offset, result)
  }

  #mounted(base: Base, pair: string, version: number, path: string, handle: string | null): void {
    if (handle !== null) this.#memory.learnExport(pair, handle, path)
    this.#context.emit({ ...base, kind: 'mount', path, version })
  }

  #learnFiles(pair: string, args: CallArguments, result: CallResult): void {
    if (result.handle !== null && args.name !== null) this.#memory.learnName(pair, args.handle, args.name, result.handle)
    const subject = result.handle ?? args.handle
    if (subject !== null && result.file !== null) this.#emitIf(this.#memory.learnAttributes(pair, subject, result.file))
    for (const entry of result.entries) {
      if (entry.handle === null) continue
      this.#memory.learnName(pair, args.handle, entry.name, entry.handle)
      if (entry.file !== null) this.#emitIf(this.#memory.learnAttributes(pair, entry.handle, entry.file))
    }
  }

  /** The reader stands at the first byte of data; what is here of it goes into the file, the rest comes by bulk(). */
  #startTransfer(direction: Direction, base: Base, pair: string, handle: string, offset: number, result: CallResult): void {
    if (!Number.isSafeInteger(offset + result.dataBytes)) return this.#malformedFact(other(direction), 'read-offset')
    if (!this.#pairsRead.has(pair)) {
      this.#pairsRead.add(pair)
      this.#memory.openReader(pair)
    }
    const { flowId, client, server, transport } = base
    const { read, evicted } = this.#memory.beginRead(pair, handle, { flowId, client, server, transport })
    this.#emitIf(evicted)
    if (result.eof) read.eofAt = offset + result.dataBytes
    this.#transfers[direction] = { read, pair, handle, next: offset, from: offset, left: result.dataBytes }
    this.bulk(direction, this.#reader.buf, this.#reader.off, this.#reader.end)
  }

  // ---- small things

  #callsAnsweredIn(direction: Direction): Map<number, Pending> {
    return this.#pending[other(direction)]
  }

  #emitIf(fact: Parameters<SessionContext['emit']>[0] | null): void {
    if (fact !== null) this.#context.emit(fact)
  }

  /** Tells the reader's fault, unless bytes are only missing because the record goes on or was cut by the capture. */
  #fault(callDirection: Direction, whole: boolean): void {
    const { fault } = this.#reader
    if (fault !== null && (whole || fault !== 'cut-short')) this.#malformedFact(callDirection, fault)
  }

  #malformedFact(callDirection: Direction, reason: string): void {
    if (++this.#malformed > MALFORMED_FACTS_MAX) return
    this.#context.emit({ ...this.#base(callDirection), kind: 'malformed', reason })
  }

  /** `callDirection` is where calls of this message's kind come from: its sender is the client. */
  #base(callDirection: Direction): Base {
    const { flow, transport } = this.#context
    const [client, server] = callDirection === 0 ? [flow.src, flow.dst] : [flow.dst, flow.src]
    return { at: this.#at, frame: this.#context.frame(), protocol: 'rpc', flowId: flow.id, client, server, transport }
  }
}

function other(direction: Direction): Direction {
  return direction === 0 ? 1 : 0
}

type Procedure = Pick<CallHeader, 'program' | 'version' | 'procedure'>

function named(call: Procedure): Procedure & { readonly procedureName: string } {
  const { program, version, procedure } = call
  return { program, version, procedure, procedureName: procedureName(program, version, procedure) }
}

function sameProcedure(a: Procedure, b: Procedure): boolean {
  return a.program === b.program && a.version === b.version && a.procedure === b.procedure
}

function isNfs(p: Procedure, version: number, procedure: number): boolean {
  return p.program === Program.nfs && p.version === version && p.procedure === procedure
}

function isNfsRead(p: Procedure): boolean {
  return isNfs(p, 2, Nfs2Proc.read) || isNfs(p, 3, Nfs3Proc.read)
}

function isNfsWrite(p: Procedure): boolean {
  return isNfs(p, 2, Nfs2Proc.write) || isNfs(p, 3, Nfs3Proc.write)
}
