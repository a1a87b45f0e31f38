// What ONC RPC teaches: which program and procedure, which export path and file names, which hosts. Files that pass: ../file-transfer/facts.ts.
// Keeps the rule that names are bounded and that handles and content never leave.

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
  /** MNT and UMNT directory path, RQUOTA path. */
  readonly path: string | null
  /** File name argument of LOOKUP, CREATE, REMOVE, ... */
  readonly name: string | null
  /** What GETPORT, GETADDR, SET, UNSET and CALLIT are about: program, version, protocol; null otherwise. */
  readonly asks: { readonly program: number; readonly version: number; readonly protocol: number } | null
  /** NLM caller_name, NSM mon_name: the host that locks, is watched, or says that it restarted. */
  readonly host: string | null
  /** NFSv4 COMPOUND: its operations by name, as far as they were read; empty otherwise. */
  readonly operations: readonly string[]
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
  /** READDIR file names; EXPORT paths; mounts as `host:path`; registrations as `NFS.3 tcp 2049`. Bounded. */
  readonly names: readonly string[]
}

/** A mount accepted by the server. */
export interface RpcMount extends RpcBase {
  readonly kind: 'mount'
  readonly path: string
  readonly version: number
}

/** What implements a side of NFSv4.1, in its own words (EXCHANGE_ID, RFC 8881 section 18.35). */
export interface RpcSoftware extends RpcBase {
  readonly kind: 'software'
  readonly side: 'client' | 'server'
  readonly software: string
}

/** A call without reply when the session ended or its slot was needed. */
export interface RpcUnanswered extends RpcBase {
  readonly kind: 'unanswered'
  readonly xid: number
  readonly procedureName: string
  readonly path: string | null
}

/** How often a procedure was called in a session, when not every call, reply or missing reply was told one by one. At the session's end. */
export interface RpcTotals extends RpcBase {
  readonly kind: 'totals'
  readonly procedureName: string
  readonly calls: number
  readonly replies: number
  readonly unanswered: number
  /** Of `calls`, those that were facts of their own. */
  readonly callsTold: number
}

export interface RpcMalformed extends RpcBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type RpcFact = RpcCall | RpcReply | RpcMount | RpcSoftware | RpcUnanswered | RpcTotals | RpcMalformed
