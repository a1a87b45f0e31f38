// The RPC session: calls meet replies by xid, facts leave, and file content flows into the file it belongs to (traffic.ts).
// Keeps the rules of the seam: never throws on bytes, every table bounded, no content and no handle in a fact.

import type { Micros } from '../../base/time.ts'
import { u32be } from '../../wire/bytes.ts'
import { opposite, type Direction } from '../../wire/flow.ts'
import { shownName } from '../file-transfer/names.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { MessageType, procedureName, Program } from './codes.ts'
import { compoundWrites } from './compound.ts'
import { procedureRow } from './decoders.ts'
import type { RpcMemory } from './files.ts'
import { type CallHeader, looksLikeCall, looksLikeReply, readCall, readReply } from './message.ts'
import { Op4, operationName } from './nfs4-codes.ts'
import { type CallArguments, emptyArguments, emptyResult, type ProcedureRow } from './procedure.ts'
import { type RecordSink, RecordStream } from './stream.ts'
import { type CallKind, CallTally, TOLD_MAX } from './tally.ts'
import { type Base, FileTraffic, isCompound, isNfsRead, isNfsWrite } from './traffic.ts'
import { XdrReader } from './xdr.ts'

/** Calls that wait for a reply, per direction. A Linux client has up to 128 slots in use; the rest is for lost replies. */
export const PENDING_MAX = 1024
/**
 * The same of all sessions that share a memory: 128 clients with a Linux client's 128 slots all in use, at some 500 bytes a call. Beyond it a
 * flood of calls that nobody answers pushes out its own.
 */
export const WAITING_MAX = 16_384
/** Malformed facts per session: enough to see the pattern, too few to fill a disk. */
export const MALFORMED_FACTS_MAX = 64

/** What calls beyond the kinds that are counted apart are told as. */
const OTHER_CALLS = 'others'
const NO_OPERATIONS: readonly string[] = []

interface Pending {
  readonly call: CallHeader
  readonly args: CallArguments
  readonly row: ProcedureRow | undefined
  readonly kind: CallKind
}

/**
 * One for all sessions, as a message is read to its end before the next one begins: a session with one of its own would keep the bytes of the
 * capture that its last message stood in, thousands of sessions as many pieces of 64 kB.
 */
const reader = new XdrReader()
const NO_CALLS: ReadonlyMap<number, Pending> = new Map()

export class RpcSession implements Session, RecordSink {
  readonly #context: SessionContext
  readonly #memory: RpcMemory
  readonly #traffic: FileTraffic
  readonly #streams: readonly [RecordStream, RecordStream] | null
  /** By direction of the call: NFSv4 servers call back on the client's connection. Made with the first call. */
  readonly #pending: [Map<number, Pending> | null, Map<number, Pending> | null] = [null, null]
  /** Where the search for the oldest pending call of each direction stands. */
  readonly #oldestFirst: [Iterator<Pending> | null, Iterator<Pending> | null] = [null, null]
  /** By direction of the call. */
  readonly #tallies: readonly [CallTally, CallTally] = [new CallTally(), new CallTally()]
  readonly #lossTold: [boolean, boolean] = [false, false]
  /** Who calls whom, by the first message that told; for faults of bytes that are no message. */
  #caller: Direction | null = null
  #malformed = 0
  #at: Micros = 0

  constructor(context: SessionContext, memory: RpcMemory) {
    this.#context = context
    this.#memory = memory
    this.#traffic = new FileTraffic(context, memory, (direction, reason) => this.#malformedFact(direction, reason))
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
      for (const pending of this.#waiting(direction).values()) this.#unanswered(direction, pending)
      this.#memory.waiting -= this.#waiting(direction).size
      this.#pending[direction] = this.#oldestFirst[direction] = null
      this.#totals(direction)
    }
    this.#traffic.end()
  }

  // ---- RecordSink

  plausible(direction: Direction, buf: Uint8Array, off: number, end: number): boolean {
    if (looksLikeCall(buf, off, end)) return true
    return this.#callsAnsweredIn(direction).has(u32be(buf, off)) && looksLikeReply(buf, off, end)
  }

  isBulk(direction: Direction, buf: Uint8Array, off: number, end: number): boolean {
    if (u32be(buf, off + 4) === MessageType.reply) {
      const pending = this.#callsAnsweredIn(direction).get(u32be(buf, off))
      return pending !== undefined && (isNfsRead(pending.call) || pending.args.ops.some(({ op }) => op === Op4.read || op === Op4.readPlus))
    }
    const head = { program: u32be(buf, off + 12), version: u32be(buf, off + 16), procedure: u32be(buf, off + 20) }
    return isNfsWrite(head) || (isCompound(head) && this.#writesCompound(buf, off, end))
  }

  /** The first bytes of a long COMPOUND: does it write? */
  #writesCompound(buf: Uint8Array, off: number, end: number): boolean {
    const r = reader
    r.reset(buf, off, end)
    const call = readCall(r)
    if (call === null || call.wrapped) return false
    const args = emptyArguments()
    procedureRow(call.program, call.version, call.procedure)?.args?.(r, args)
    return compoundWrites(args.ops).length > 0
  }

  message(direction: Direction, buf: Uint8Array, off: number, end: number, whole: boolean): void {
    if (end - off < 8) {
      if (whole) this.#malformedFact(this.#caller ?? direction, 'cut-short')
      return
    }
    const type = u32be(buf, off + 4)
    reader.reset(buf, off, end)
    if (type > MessageType.reply) return this.#malformedFact(this.#caller ?? direction, 'message-type')
    this.#caller ??= type === MessageType.call ? direction : opposite(direction)
    if (type === MessageType.call) this.#call(direction, whole)
    else this.#reply(direction, u32be(buf, off), whole)
  }

  bulk(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    this.#traffic.bulk(direction, buf, off, end)
  }

  hole(direction: Direction, bytes: number): void {
    this.#traffic.hole(direction, bytes)
  }

  recordEnd(direction: Direction): void {
    this.#traffic.recordEnd(direction, this.#at)
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
    const r = reader
    const call = readCall(r)
    if (call === null) return this.#fault(direction, whole)
    const row = procedureRow(call.program, call.version, call.procedure)
    const args = emptyArguments()
    if (row?.args && !call.wrapped && r.fault === null) row.args(r, args)
    const kind = this.#tallies[direction].of(call, args.ops)
    const base = this.#base(direction)
    if (++kind.calls <= TOLD_MAX) this.#tellCall(base, call, args)
    this.#fault(direction, whole)
    if (args.software !== null) this.#context.emit({ ...base, kind: 'software', side: 'client', software: args.software })
    if (this.#remember(direction, { call, args, row, kind })) this.#traffic.called(direction, base, call, args, r)
  }

  #tellCall(base: Base, call: CallHeader, args: CallArguments): void {
    const { machine, uid, gid, authFlavor } = call
    const { path, asks, host } = args
    const name = args.name === null ? null : shownName(args.name)
    const operations = args.ops.length === 0 ? NO_OPERATIONS : args.ops.map(({ op }) => operationName(op))
    this.#context.emit({
      ...base, kind: 'call', xid: call.xid, ...named(call), authFlavor, machine, uid, gid, path, name, asks, host, operations,
    })
  }

  /**
   * False for a retransmission, whose first entry stays; another call under the same xid, or a full table, leaves the older one unanswered.
   * A session that has none of its own to give does not wait for this one.
   */
  #remember(direction: Direction, pending: Pending): boolean {
    const table = (this.#pending[direction] ??= new Map())
    const earlier = table.get(pending.call.xid)
    if (earlier && sameProcedure(earlier.call, pending.call)) return false
    if (earlier) this.#drop(direction, earlier)
    else if (table.size >= PENDING_MAX || this.#memory.waiting >= WAITING_MAX) {
      const oldest = this.#oldest(direction)
      if (oldest) this.#drop(direction, oldest)
      else {
        this.#unanswered(direction, pending)
        return true
      }
    }
    this.#memory.waiting++
    table.set(pending.call.xid, pending)
    return true
  }

  /**
   * An iterator goes on where it stood and sees what is added behind it. A new one would walk over every entry that was deleted before
   * the first live one: in a flood of calls that is the whole table, for each call.
   */
  #oldest(direction: Direction): Pending | undefined {
    const next = this.#oldestFirst[direction]?.next()
    if (next !== undefined && next.done !== true) return next.value
    const first = this.#waiting(direction).values()
    this.#oldestFirst[direction] = first
    return first.next().value
  }

  #drop(direction: Direction, pending: Pending): void {
    if (this.#pending[direction]?.delete(pending.call.xid) === true) this.#memory.waiting--
    this.#unanswered(direction, pending)
  }

  #unanswered(direction: Direction, { call, args, kind }: Pending): void {
    if (++kind.unanswered > TOLD_MAX) return
    const { xid, program, version, procedure } = call
    const name = procedureName(program, version, procedure)
    this.#context.emit({ ...this.#base(direction), kind: 'unanswered', xid, procedureName: name, path: args.path })
  }

  #totals(direction: Direction): void {
    const byName = new Map<string, { calls: number; replies: number; unanswered: number; callsTold: number }>()
    const tally = this.#tallies[direction]
    for (const kind of tally.untold()) {
      const name = kind === tally.others ? OTHER_CALLS : procedureName(kind.program, kind.version, kind.procedure)
      // COMPOUNDs of several shapes have one name.
      const sum = byName.get(name) ?? { calls: 0, replies: 0, unanswered: 0, callsTold: 0 }
      byName.set(name, sum)
      sum.calls += kind.calls
      sum.replies += kind.replies
      sum.unanswered += kind.unanswered
      sum.callsTold += Math.min(kind.calls, TOLD_MAX)
    }
    for (const [name, sum] of byName) this.#context.emit({ ...this.#base(direction), kind: 'totals', procedureName: name, ...sum })
  }

  // ---- replies

  #reply(direction: Direction, xid: number, whole: boolean): void {
    const callDirection = opposite(direction)
    const pending = this.#waiting(callDirection).get(xid)
    if (!pending) return
    this.#pending[callDirection]?.delete(xid)
    this.#memory.waiting--
    const r = reader
    const header = readReply(r)
    const { call, row } = pending
    const result = emptyResult()
    if (header.success && row?.result && !call.wrapped) row.result(r, result)
    // A reply cut inside its header by the capture met its call, but what it said is not known.
    if (r.fault === 'cut-short' && !header.success && header.accepted !== 'denied') return this.#cutReply(callDirection, pending, whole)
    const base = this.#base(callDirection)
    if (++pending.kind.replies <= TOLD_MAX) {
      const { status, port } = result
      // The others list programs, exports and hosts.
      const names = call.program === Program.nfs ? result.names.map(shownName) : result.names
      this.#context.emit({ ...base, kind: 'reply', xid, ...named(call), accepted: header.accepted, status, port, names })
    }
    this.#fault(callDirection, whole)
    if (!header.success) return
    if (result.software !== null) this.#context.emit({ ...base, kind: 'software', side: 'server', software: result.software })
    this.#traffic.learn(direction, base, call, pending.args, result, r)
  }

  #cutReply(callDirection: Direction, pending: Pending, whole: boolean): void {
    this.#fault(callDirection, whole)
    this.#pending[callDirection]?.set(pending.call.xid, pending)
    this.#memory.waiting++
  }

  // ---- small things

  #callsAnsweredIn(direction: Direction): ReadonlyMap<number, Pending> {
    return this.#waiting(opposite(direction))
  }

  #waiting(direction: Direction): ReadonlyMap<number, Pending> {
    return this.#pending[direction] ?? NO_CALLS
  }

  /** Tells the reader's fault, unless bytes are only missing because the record goes on or was cut by the capture. */
  #fault(callDirection: Direction, whole: boolean): void {
    const { fault } = reader
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

type Procedure = Pick<CallHeader, 'program' | 'version' | 'procedure'>

function named(call: Procedure): Procedure & { readonly procedureName: string } {
  const { program, version, procedure } = call
  return { program, version, procedure, procedureName: procedureName(program, version, procedure) }
}

function sameProcedure(a: Procedure, b: Procedure): boolean {
  return a.program === b.program && a.version === b.version && a.procedure === b.procedure
}
