// Talk: hand-made RPC conversations for tests, built with our encoder: calls and replies as chunks with running xids.
// Keeps the rule that test data is obviously fake: files hold counters and ZZTEST texts, addresses come from fake-context.

import type { Direction } from '../../../wire/flow.ts'
import { FileType } from '../codes.ts'
import { type AuthSys, encodeCall, encodeReply, type RpcCallBody, withRecordMark } from '../encode.ts'
import type { FileAttributes } from '../encode-nfs.ts'

/** What one packet adds to one direction; `lost` bytes of it were lost before. The shape src/testing/everysplit.ts takes. */
export interface TalkChunk {
  readonly direction: Direction
  readonly bytes: Uint8Array
  readonly lost?: number
}

export const MONITOR: AuthSys = { machine: 'zztest-monitor', uid: 0, gid: 0, groups: [0] }
const FIRST_XID = 0x10000001

/** A handle of `length` bytes that starts with 'ZZTEST' and the number, so that no two are equal. */
export function fakeHandle(number: number, length = 32): Uint8Array {
  const handle = new Uint8Array(length)
  handle.set(Uint8Array.from('ZZTEST', (c) => c.charCodeAt(0)))
  handle.set([(number >>> 8) & 255, number & 255], length - 2)
  return handle
}

/** Attributes of a file (or of a directory) with `size` bytes. */
export function fakeAttributes(fileId: number, size: number, overrides: Partial<FileAttributes> = {}): FileAttributes {
  return {
    type: FileType.regular, mode: 0o755, links: 1, uid: 0, gid: 0, size, fsId: 7, fileId,
    modified: { seconds: 1_700_000_000, nanoseconds: 0 }, ...overrides,
  }
}

export function fakeDirectory(fileId: number): FileAttributes {
  return fakeAttributes(fileId, 4096, { type: FileType.directory })
}

/** `size` bytes that differ along the file, starting with `head`. */
export function fakeContent(size: number, head: readonly number[] = []): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => head[i] ?? (i * 7 + (i >>> 8)) & 255)
}

export const ELF_HEAD = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0]

/** Collects a conversation. On TCP every message becomes one record. */
export class Talk {
  readonly chunks: TalkChunk[] = []
  readonly #transport: 'tcp' | 'udp'
  #xid = FIRST_XID

  constructor(transport: 'tcp' | 'udp') {
    this.#transport = transport
  }

  /** Sends a call from the initiator and gives its xid. */
  call(body: RpcCallBody, credential: AuthSys | null = MONITOR): number {
    const xid = this.#xid++
    this.raw(0, encodeCall(xid, body, credential))
    return xid
  }

  reply(xid: number, result: Uint8Array): void {
    this.raw(1, encodeReply(xid, result))
  }

  /** A call and its reply, next to each other. */
  ask(body: RpcCallBody, result: Uint8Array, credential: AuthSys | null = MONITOR): void {
    this.reply(this.call(body, credential), result)
  }

  /** Any message bytes; marked on TCP, in fragments of at most `fragmentBytes`. */
  raw(direction: Direction, message: Uint8Array, fragmentBytes?: number): void {
    this.chunks.push({ direction, bytes: this.#transport === 'tcp' ? withRecordMark(message, fragmentBytes) : message })
  }

  /** Bytes of a direction that the capture lost before the next chunk of it. */
  lose(direction: Direction, bytes: number, next: Uint8Array): void {
    this.chunks.push({ direction, bytes: next, lost: bytes })
  }
}
