// SMB session: requests meet responses by id; dialects, names, shares and files leave as facts. Versions 1 and 2 meet here.
// Keeps the rules of the seam: never throws on bytes, every table bounded, facts few, data passes into the hash and is gone.

import type { Micros } from '../../base/time.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { FileSeen } from '../file-transfer/seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import { Magic, SMB2_HEADER_BYTES, Session as SessionType } from './codes.ts'
import { OpenFiles, type ToldFile } from './files.ts'
import { hasSmb1, type SmbHeader, treeKey } from './message.ts'
import { findNtlm, readNtlm, type NtlmAuthenticate, type NtlmChallenge } from './ntlm.ts'
import { netbiosName, TEXT_CHARS_MAX } from './text.ts'
import { SmbStream, type SmbSink } from './stream.ts'
import { bulkOfSmb1, readSmb1 } from './version1.ts'
import { bulkOfSmb2, readSmb2 } from './version2.ts'

/** Requests without a response: servers grant at most 8192 credits (MS-SMB2 3.3.1.2), clients use some dozens. */
const PENDING_MAX = 1024
const TREES_MAX = 64
const SHARES_TOLD_MAX = 16
const MALFORMED_MAX = 8
/** A session request's name of the server when the client does not know one (RFC 1002 custom). */
const ANY_SERVER = '*SMBSERVER'

/** A request, as far as its response needs it. */
export interface Pending {
  readonly command: number
  /** File key, or null for the file that the chain opened. */
  readonly file: string | null
  readonly path: string | null
  readonly share: string | null
  readonly offset: number
}

/** Content on its way in one direction. */
interface Transfer {
  readonly seen: FileSeen
  next: number
  left: number
}

export class SmbSession implements Session, SmbSink {
  readonly #context: SessionContext
  readonly #streams: readonly [SmbStream, SmbStream]
  readonly files: OpenFiles
  readonly #pending = new Map<number, Pending>()
  readonly #trees = new Map<string, string>()
  readonly #transfers: [Transfer | null, Transfer | null] = [null, null]
  readonly #told = new Set<string>()
  #client: Direction = 0
  #at: Micros = 0
  #malformed = 0
  /**
   * Another connection may carry a part of a file (multichannel): its beginning was not seen, or it asked where further channels might be, or
   * is one. A written file then has the size that CLOSE says, or none.
   */
  mayShareFiles: boolean
  /** Key of the file that the last CREATE opened. */
  lastOpened: string | null = null

  constructor(context: SessionContext, held: HeldBudget) {
    this.#context = context
    this.#streams = [new SmbStream(0, this), new SmbStream(1, this)]
    this.mayShareFiles = context.flow.state === 'midstream'
    this.files = new OpenFiles(held, (file) => this.#passed(file))
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    this.#streams[direction].feed(buf, off, end)
  }

  gap(direction: Direction, bytes: number, at: Micros): void {
    this.#at = at
    this.#streams[direction].gap(bytes)
  }

  end(at: Micros): void {
    this.#at = at
    for (const stream of this.#streams) stream.end()
    this.files.end()
  }

  // ---- SmbSink

  bulkAt(_direction: Direction, buf: Uint8Array, off: number, end: number): number {
    return u8(buf, off) === Magic.smb2 ? bulkOfSmb2(this, buf, off, end) : u8(buf, off) === Magic.smb1 ? bulkOfSmb1(this, buf, off, end) : -1
  }

  message(direction: Direction, buf: Uint8Array, off: number, end: number, whole: boolean): void {
    const magic = off < end ? u8(buf, off) : 0
    if (magic === Magic.smb2 && end - off >= SMB2_HEADER_BYTES) readSmb2(this, direction, buf, off, end)
    else if (magic === Magic.smb1 && hasSmb1(off, end)) readSmb1(this, direction, buf, off, end)
    else if (magic === Magic.encrypted) this.once('encrypted', () => this.#context.emit({ ...this.#base(), kind: 'encrypted' }))
    else if (magic !== Magic.compressed && whole && off < end) this.malformed('message')
  }

  bulk(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    const stop = Math.min(end, off + transfer.left)
    transfer.seen.add(transfer.next, buf, off, stop)
    transfer.next += stop - off
    transfer.left -= stop - off
  }

  hole(direction: Direction, bytes: number): void {
    const transfer = this.#transfers[direction]
    if (transfer === null) return
    const lost = Math.min(transfer.left, bytes)
    transfer.next += lost
    transfer.left -= lost
  }

  messageEnd(direction: Direction): void {
    this.#transfers[direction] = null
  }

  /** RFC 1002 section 4.3.2: called name, calling name. */
  sessionPacket(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void {
    if (type !== SessionType.request) return
    this.#client = direction
    const called = netbiosName(buf, off, end)
    const calling = netbiosName(buf, off + 34, end)
    if (called !== null && called !== ANY_SERVER) this.names('server', { host: called })
    if (calling !== null) this.names('client', { host: calling })
  }

  lost(_direction: Direction, reason: string): void {
    this.malformed(reason)
  }

  // ---- for version1.ts and version2.ts

  get at(): Micros {
    return this.#at
  }

  asks(direction: Direction, isResponse: boolean): void {
    this.#client = isResponse === (direction === 1) ? 0 : 1
  }

  remember(id: number, pending: Pending): void {
    if (this.#pending.size >= PENDING_MAX) {
      for (const oldest of this.#pending.keys()) {
        this.#pending.delete(oldest)
        break
      }
    }
    this.#pending.set(id, pending)
  }

  pendingOf(id: number): Pending | undefined {
    return this.#pending.get(id)
  }

  answered(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  shareOf(header: SmbHeader): string | null {
    return this.#trees.get(treeKey(header)) ?? null
  }

  connected(header: SmbHeader, share: string): void {
    if (this.#trees.size < TREES_MAX) this.#trees.set(treeKey(header), share)
    if (this.#told.size > SHARES_TOLD_MAX + 8) return
    this.once(`share ${share}`, () => this.#context.emit({ ...this.#base(), kind: 'share', share: share.slice(0, TEXT_CHARS_MAX) }))
  }

  dialect(name: string, isVersion1: boolean): void {
    this.once('dialect', () => this.#context.emit({ ...this.#base(), kind: 'dialect', dialect: name, isVersion1 }))
  }

  /** A security blob of SESSION_SETUP. */
  security(buf: Uint8Array, off: number, end: number): void {
    const at = findNtlm(buf, off, end)
    const message = at < 0 ? null : readNtlm(buf, at, end)
    if (message !== null) this.names(message.kind === 'challenge' ? 'server' : 'client', message)
  }

  names(side: 'client' | 'server', names: Partial<Omit<NtlmChallenge, 'kind'> & Omit<NtlmAuthenticate, 'kind'>>): void {
    const { host = null, domain = null, dnsHost = null, dnsDomain = null, version = null, userSeen = false } = names
    // A first log-in without a name (as guests do) is followed by the real one.
    this.once(`${side} ${host} ${domain} ${userSeen}`, () => this.#context.emit({
      ...this.#base(), kind: 'names', side, host, domain, dnsHost, dnsDomain, version, userSeen,
    }))
  }

  malformed(reason: string): void {
    if (++this.#malformed <= MALFORMED_MAX) this.#context.emit({ ...this.#base(), kind: 'malformed', reason })
  }

  /** File content begins: what is here of it passes, the rest comes by bulk(). Nothing of a named pipe. */
  passes(direction: Direction, key: string, way: 'read' | 'write', offset: number, length: number, buf: Uint8Array, from: number, to: number): void {
    if (!Number.isSafeInteger(offset + length) || length === 0) return
    const seen = this.files.seen(this.files.at(key), way, this.#at, this.#context.frame())
    if (way === 'write' && seen.has(offset)) seen.doubt()
    this.#transfers[direction] = { seen, next: offset, left: length }
    this.bulk(direction, buf, from, Math.max(from, Math.min(to, from + length)))
  }

  once(words: string, tell: () => void): void {
    if (this.#told.has(words) || this.#told.size >= 4 * SHARES_TOLD_MAX) return
    this.#told.add(words)
    tell()
  }

  #passed({ way, share, name, at, frame, ...measure }: ToldFile): void {
    const { flowId, client, server } = this.#base()
    this.#context.emit({
      at, frame, protocol: 'file-transfer', kind: way, over: 'smb', flowId, client, server, transport: 'tcp', place: share, name, ...measure,
    })
  }

  #base() {
    const { flow } = this.#context
    const client = sender(flow, this.#client)
    return { at: this.#at, frame: this.#context.frame(), protocol: 'smb' as const, flowId: flow.id, client, server: receiver(flow, this.#client) }
  }
}
