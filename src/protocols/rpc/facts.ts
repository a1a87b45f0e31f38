// What ONC RPC teaches: which program and procedure, which export path and file names, and what a file that was read was.
// File content never leaves: only name, size, coverage, SHA-256 and magic.

import type { FactBase } from '../facts.ts'
import type { Ip } from '../../base/ip.ts'

interface RpcBase extends FactBase {
  readonly protocol: 'rpc'
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
  readonly transport: 'tcp' | 'udp'
}

/** RFC 5531 call. `procedureName` like `PORTMAP.GETPORT`, `MOUNT.MNT`, `NFS.READ`, or `PROG-100021.4` when unknown. */
export interface RpcCall extends RpcBase {
  readonly kind: 'call'
  readonly xid: number
  readonly program: number
  readonly version: number
  readonly procedure: number
  readonly procedureName: string
  /** 0 none, 1 AUTH_SYS, 6 GSS; other numbers survive. -1: the capture cut the call before it. */
  readonly authFlavor: number
  /** AUTH_SYS machine name and ids; null without. */
  readonly machine: string | null
  readonly uid: number | null
  readonly gid: number | null
  /** MNT/UMNT directory path. */
  readonly path: string | null
  /** File name argument of LOOKUP, CREATE, REMOVE, ... */
  readonly name: string | null
  /** GETPORT question: program, version, protocol; null otherwise. */
  readonly asks: { readonly program: number; readonly version: number; readonly protocol: number } | null
}

/** The reply that met a call of the same xid. */
export interface RpcReply extends RpcBase {
  readonly kind: 'reply'
  readonly xid: number
  readonly program: number
  readonly version: number
  readonly procedure: number
  readonly procedureName: string
  /** `success`, `prog-unavail`, `prog-mismatch`, `proc-unavail`, `garbage-args`, `system-err`, `denied`. */
  readonly accepted: string
  /** First status word of the result (mountstat3, nfsstat); null where the procedure has none. 0 is OK. */
  readonly status: number | null
  /** GETPORT answer. */
  readonly port: number | null
  /** File names of READDIR/READDIRPLUS replies, bounded. */
  readonly names: readonly string[]
}

/** A mount accepted by the server. */
export interface RpcMount extends RpcBase {
  readonly kind: 'mount'
  readonly path: string
  readonly version: number
}

/** A file of which at least one READ reply was seen; emitted when the client moves on, or at the end. */
export interface RpcFileRead extends RpcBase {
  readonly kind: 'file-read'
  /** Export path if its MNT was seen, else null. */
  readonly exportPath: string | null
  /** Name from LOOKUP or READDIRPLUS, else null. */
  readonly name: string | null
  /** Size from attributes, else null. */
  readonly size: number | null
  /** Distinct bytes seen. */
  readonly covered: number
  /** True when every byte of the known size (or up to an EOF reply) was seen. */
  readonly complete: boolean
  /** SHA-256 hex of the whole file; null unless complete. */
  readonly sha256: string | null
  /** `elf`, `script`, `gzip`, `zip`, `pe`, `cramfs`, `squashfs`, `text`, `unknown`; null when byte 0 was not seen. */
  readonly magic: string | null
}

/** A write-like procedure succeeded on a file: content went to the server. */
export interface RpcFileWrite extends RpcBase {
  readonly kind: 'file-write'
  readonly name: string | null
  readonly bytes: number
}

/** A call without reply when the session ended or its slot was needed. */
export interface RpcUnanswered extends RpcBase {
  readonly kind: 'unanswered'
  readonly xid: number
  readonly procedureName: string
  readonly path: string | null
}

export interface RpcMalformed extends RpcBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type RpcFact = RpcCall | RpcReply | RpcMount | RpcFileRead | RpcFileWrite | RpcUnanswered | RpcMalformed
