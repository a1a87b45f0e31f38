// server: the update server without its sockets: one RPC message in, one answer and the audit's records out.
// Keeps the rules: never silent to a call, refuse unless there is a grant, time only goes forward, every procedure has an answer.

import type { Ip } from '../../../base/ip.ts'
import type { Micros } from '../../../base/time.ts'
import { u32be } from '../../../wire/bytes.ts'
import { AuthFlavor, MessageType, NfsStatus, procedureName, Program, ReplyStatus, RPC_VERSION } from '../../../protocols/rpc/codes.ts'
import { procedureRow } from '../../../protocols/rpc/decoders.ts'
import { encodeAcceptedError, encodeDenied, encodeMismatch, encodeReply } from '../../../protocols/rpc/encode.ts'
import { readCall, type CallHeader } from '../../../protocols/rpc/message.ts'
import { emptyArguments } from '../../../protocols/rpc/procedure.ts'
import { XdrReader, XdrWriter } from '../../../protocols/rpc/xdr.ts'
import { AuditBook, type AuditRecord, type FileCoverage } from './audit.ts'
import type { CallContext, Offer, Peer, Procedures, ResultWithData } from './context.ts'
import { HandleCache, type HandleKey } from './handle.ts'
import { MOUNT1, MOUNT3 } from './mount.ts'
import { NFS2 } from './nfs2.ts'
import { NFS3 } from './nfs3.ts'
import { callit, PORTMAP2 } from './portmap.ts'
import { PERMITTED_RATE, RateLimiter, STRANGER_RATE, type RateLimit } from './rate.ts'
import { windowPhase, type Grant } from './window.ts'

export interface UpdateSetup {
  readonly key: HandleKey
  readonly offer: Offer
  readonly rates?: { readonly permitted: RateLimit; readonly stranger: RateLimit }
}

export interface UpdateAnswer {
  /** Null: nothing to say. Only CALLIT, and what is no call at all. */
  readonly reply: Uint8Array | null
  /** File data that follows `reply`, to be padded with zeros to four bytes; the served memory itself. */
  readonly data: Uint8Array | null
  /** The bytes were no call: a TCP connection is given up. */
  readonly isNoCall: boolean
  readonly records: readonly AuditRecord[]
}

export interface GrantStatus {
  readonly grant: Grant
  readonly phase: 'early' | 'open' | 'completing' | 'over'
  readonly files: readonly FileCoverage[]
}

/** Grants at one time: one per isolated port; a ward has at most a few dozen monitors. */
export const GRANTS_MAX = 256

const XID_AND_TYPE_BYTES = 8
/** RFC 5531 section 9, auth_stat: the credential or verifier is broken, or of a kind that is not spoken here. */
const AuthStat = { badCredential: 1, rejectedCredential: 2, badVerifier: 3 } as const
const CREDENTIAL_FAULTS = new Set(['credential', 'credential-length', 'machine-name', 'group-count'])

/** Versions by program; DUMP lists no others, and calls of others are told these. */
const PROGRAMS: ReadonlyMap<number, { readonly [version: number]: Procedures }> = new Map<number, { readonly [version: number]: Procedures }>([
  [Program.portmap, { 2: PORTMAP2 }],
  [Program.mount, { 1: MOUNT1, 3: MOUNT3 }],
  [Program.nfs, { 2: NFS2, 3: NFS3 }],
])
const NFS_OF_MOUNT: { readonly [version: number]: 2 | 3 } = { 1: 2, 3: 3 }

/** Events in, commands out. Only `now` moves it; the same events give the same bytes. */
export class UpdateServer {
  readonly #setup: UpdateSetup
  readonly #audit = new AuditBook()
  readonly #rates = new RateLimiter()
  readonly #reader = new XdrReader()
  readonly #handles: HandleCache
  /** By address. A grant whose window has not come, or is over and not yet told, is in it. */
  #grants = new Map<Ip, Grant>()
  #highest: Micros = 0

  constructor(setup: UpdateSetup) {
    this.#setup = setup
    this.#handles = new HandleCache(setup.key)
  }

  /** Replaces all grants. Those that are gone are closed, for `reason`; one that is the same permit goes on where it stood. */
  setGrants(grants: readonly Grant[], at: Micros, reason = 'revoked'): AuditRecord[] {
    const now = this.#forward(at)
    const next = new Map(grants.slice(0, GRANTS_MAX).map((g) => [g.ip, g]))
    for (const old of this.#grants.values()) if (next.get(old.ip)?.permitId !== old.permitId) this.#audit.close(old, now, reason)
    for (const grant of next.values()) if (this.#grants.get(grant.ip)?.permitId !== grant.permitId) this.#audit.begin(grant, now)
    this.#grants = next
    return this.tick(now)
  }

  /** Time passes: windows end, copies stall. */
  tick(at: Micros): AuditRecord[] {
    const now = this.#forward(at)
    this.#audit.noticeStalls(now)
    for (const grant of this.#grants.values()) {
      const phase = windowPhase(grant, now)
      const isOver = phase === 'over' || (phase === 'completing' && !this.#audit.isUnfinished(grant))
      if (!isOver) continue
      this.#audit.close(grant, now, 'window-over')
      this.#grants.delete(grant.ip)
    }
    return this.#audit.take()
  }

  status(at: Micros): GrantStatus[] {
    const now = this.#forward(at)
    return [...this.#grants.values()].map((grant) => ({ grant, phase: windowPhase(grant, now), files: this.#audit.files(grant) }))
  }

  counts(): ReturnType<AuditBook['counts']> {
    return this.#audit.counts()
  }

  /** One message: a datagram, or a record (its head, when `whole` is false) of a connection. */
  answer(message: Uint8Array, peer: Peer, at: Micros, whole = true): UpdateAnswer {
    const now = this.#forward(at)
    const reply = this.#reply(message, peer, now, whole)
    const records = this.#audit.take()
    if (reply === 'no-call' || reply === null) return { reply: null, data: null, isNoCall: reply !== null, records }
    return reply instanceof Uint8Array ? { reply, data: null, isNoCall: false, records } : { reply: reply.head, data: reply.data, isNoCall: false, records }
  }

  /** The clock set back opens no window again: the latest hour ever seen counts. */
  #forward(at: Micros): Micros {
    this.#highest = Math.max(this.#highest, at)
    return this.#highest
  }

  #reply(message: Uint8Array, peer: Peer, now: Micros, whole: boolean): Uint8Array | ResultWithData | null | 'no-call' {
    const isCall = message.length >= XID_AND_TYPE_BYTES && u32be(message, 4) === MessageType.call
    if (!isCall) {
      this.#audit.note(now, 'unreadable', peer.ip, this.#grants.get(peer.ip) ?? null, { reason: 'no-call' })
      return 'no-call'
    }
    const r = this.#reader
    r.reset(message, 0, message.length)
    const header = readCall(r)
    const xid = u32be(message, 0)
    const isRepeat = this.#audit.isRepeat(
      header === null ? 'unreadable' : procedureName(header.program, header.version, header.procedure),
      `${peer.ip} ${peer.port} ${peer.transport} ${xid} ${header?.program ?? 0} ${header?.procedure ?? 0}`)
    if (!this.#rates.take(peer.ip, this.#rateOf(peer.ip), now)) return this.#overLimit(xid, header, peer, now)
    if (header === null || r.fault !== null) return this.#unreadable(xid, peer, now)
    if (header.procedure !== 0 && header.authFlavor !== AuthFlavor.none && header.authFlavor !== AuthFlavor.sys) {
      return encodeDenied(xid, AuthStat.rejectedCredential)
    }
    return this.#dispatch(header, peer, now, whole, isRepeat)
  }

  #rateOf(ip: Ip): RateLimit {
    const { permitted, stranger } = this.#setup.rates ?? { permitted: PERMITTED_RATE, stranger: STRANGER_RATE }
    return this.#grants.has(ip) ? permitted : stranger
  }

  /** "Later" where the protocol can say it (RFC 1813 section 2.6, JUKEBOX), else a server error: an answer in any case. */
  #overLimit(xid: number, header: CallHeader | null, peer: Peer, now: Micros): Uint8Array {
    this.#audit.note(now, 'rate-limited', peer.ip, this.#grants.get(peer.ip) ?? null)
    const isNfs3Read = header?.program === Program.nfs && header.version === 3 && header.procedure === 6
    return isNfs3Read ? encodeReply(xid, new XdrWriter().u32(NfsStatus.jukebox).bool(false).bytes()) : encodeAcceptedError(xid, 'system-err')
  }

  /** The header is broken: the answer names the part that is. */
  #unreadable(xid: number, peer: Peer, now: Micros): Uint8Array {
    const fault = this.#reader.fault ?? 'cut-short'
    this.#audit.note(now, 'unreadable', peer.ip, this.#grants.get(peer.ip) ?? null, { reason: fault })
    if (fault === 'rpc-version') return rpcMismatch(xid)
    if (CREDENTIAL_FAULTS.has(fault)) return encodeDenied(xid, AuthStat.badCredential)
    if (fault === 'verifier-length') return encodeDenied(xid, AuthStat.badVerifier)
    return encodeAcceptedError(xid, 'garbage-args')
  }

  #dispatch(header: CallHeader, peer: Peer, now: Micros, whole: boolean, isRepeat: boolean): Uint8Array | ResultWithData | null {
    const { xid, program, version, procedure } = header
    const versions = this.#versionsOf(program)
    if (versions === null) return encodeAcceptedError(xid, 'prog-unavail')
    const procedures = versions.has(version) ? PROGRAMS.get(program)?.[version] : undefined
    if (!procedures) return encodeMismatch(xid, Math.min(...versions), Math.max(...versions))
    const run = procedures[procedure]
    if (!run) return encodeAcceptedError(xid, 'proc-unavail')
    if (whole && run !== callit && !this.#hasReadableArguments(header)) return this.#unreadableArguments(xid, peer, now)
    const answer = run(this.#context(peer, now, isRepeat))
    if (answer === 'silent') return null
    if (answer === 'garbage') return this.#unreadableArguments(xid, peer, now)
    return answer instanceof Uint8Array ? encodeReply(xid, answer) : { head: encodeReply(xid, answer.head), data: answer.data }
  }

  #versionsOf(program: number): ReadonlySet<number> | null {
    const known = PROGRAMS.get(program)
    if (!known) return null
    const offered = new Set<number>(this.#setup.offer.nfsVersions)
    const versions = Object.keys(known).map(Number)
    if (program === Program.portmap) return new Set(versions)
    return new Set(versions.filter((v) => offered.has(program === Program.nfs ? v : (NFS_OF_MOUNT[v] ?? v))))
  }

  /** By the decoder of the sensor, an independent reader. Too long a name has its own status, so it is no garbage. */
  #hasReadableArguments(header: CallHeader): boolean {
    const args = procedureRow(header.program, header.version, header.procedure)?.args
    if (!args) return true
    const { buf, off, end } = this.#reader
    const probe = new XdrReader()
    probe.reset(buf, off, end)
    args(probe, emptyArguments())
    return probe.fault === null || probe.fault === 'name-length' || probe.fault === 'path-length'
  }

  #unreadableArguments(xid: number, peer: Peer, now: Micros): Uint8Array {
    this.#audit.note(now, 'unreadable', peer.ip, this.#grants.get(peer.ip) ?? null, { reason: 'arguments' })
    return encodeAcceptedError(xid, 'garbage-args')
  }

  #context(peer: Peer, now: Micros, isRepeat: boolean): CallContext {
    const { key, offer } = this.#setup
    const grant = this.#grants.get(peer.ip)
    const phase = grant ? windowPhase(grant, now) : 'over'
    const usable = grant && (phase === 'open' || (phase === 'completing' && this.#audit.isUnfinished(grant)))
    const refusal = grant === undefined ? 'no-permit' : phase === 'early' ? 'window-not-open' : 'window-over'
    return {
      r: this.#reader, peer, now, offer, key, handles: this.#handles, audit: this.#audit, isRepeat, refusal, grant: usable ? grant : null,
      mayMount: phase === 'open',
    }
  }
}

/** MSG_DENIED with RPC_MISMATCH: version 2 is the only one (RFC 5531 section 9). */
function rpcMismatch(xid: number): Uint8Array {
  return new XdrWriter().u32(xid).u32(MessageType.reply).u32(ReplyStatus.denied).u32(0).u32(RPC_VERSION).u32(RPC_VERSION).bytes()
}
