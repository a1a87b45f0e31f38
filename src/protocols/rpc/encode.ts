// Building ONC RPC messages: headers, credentials, record marks, and the bodies of PORTMAP and MOUNT. NFS bodies: encode-nfs.ts.
// Used by the ward twin and by our own file server; keeps the rule that only we choose the values, so wrong ones assert.
//
// How to use it:
//   const body = mountMnt(3, '/pm')                                  what is asked (RpcCallBody)
//   const call = encodeCall(xid, body, { machine: 'monitor', uid: 0, gid: 0, groups: [] })
//   const reply = encodeReply(xid, mntResult(3, handle))
//   const segment = withRecordMark(call)                             on TCP only; a UDP datagram is the message itself
// Errors instead of results: encodeAcceptedError, encodeMismatch, encodeDenied.

import { assert } from '../../base/assert.ts'
import {
  ACCEPT_SUCCESS, ACCEPT_WORDS, AUTH_SYS_GROUPS_MAX, AuthFlavor, FH2_BYTES, FH3_BYTES_MAX, MessageType, MountProc, NfsStatus, PortmapProc,
  Program, ReplyStatus, RPC_VERSION,
} from './codes.ts'
import { XdrWriter } from './xdr.ts'

/** Who asks, and what; the arguments are XDR already. */
export interface RpcCallBody {
  readonly program: number
  readonly version: number
  readonly procedure: number
  readonly args: Uint8Array
}

/** AUTH_SYS (RFC 5531 appendix A). `stamp` is any number, default 0. */
export interface AuthSys {
  readonly machine: string
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  readonly stamp?: number
}

const NOTHING = new Uint8Array(0)

/** A call without arguments. */
export function bareCall(program: number, version: number, procedure: number): RpcCallBody {
  return { program, version, procedure, args: NOTHING }
}

/** RFC 5531 section 9, call_body; null credential is AUTH_NONE. The verifier is AUTH_NONE, as with every AUTH_SYS client. */
export function encodeCall(xid: number, body: RpcCallBody, credential: AuthSys | null): Uint8Array {
  const w = new XdrWriter()
  w.u32(xid).u32(MessageType.call).u32(RPC_VERSION).u32(body.program).u32(body.version).u32(body.procedure)
  if (credential) w.u32(AuthFlavor.sys).opaque(authSysBytes(credential))
  else w.u32(AuthFlavor.none).u32(0)
  w.u32(AuthFlavor.none).u32(0)
  return w.raw(body.args).bytes()
}

function authSysBytes(credential: AuthSys): Uint8Array {
  assert(credential.groups.length <= AUTH_SYS_GROUPS_MAX, 'AUTH_SYS carries at most 16 groups')
  const w = new XdrWriter()
  w.u32(credential.stamp ?? 0).string(credential.machine).u32(credential.uid).u32(credential.gid).u32(credential.groups.length)
  for (const group of credential.groups) w.u32(group)
  return w.bytes()
}

function acceptedHead(xid: number, acceptStat: number): XdrWriter {
  return new XdrWriter().u32(xid).u32(MessageType.reply).u32(ReplyStatus.accepted).u32(AuthFlavor.none).u32(0).u32(acceptStat)
}

/** An accepted reply with its result. */
export function encodeReply(xid: number, result: Uint8Array): Uint8Array {
  return acceptedHead(xid, ACCEPT_SUCCESS).raw(result).bytes()
}

export type AcceptedError = 'prog-unavail' | 'proc-unavail' | 'garbage-args' | 'system-err'

/** The server knows RPC but not this program or procedure, or cannot read the arguments. */
export function encodeAcceptedError(xid: number, error: AcceptedError): Uint8Array {
  return acceptedHead(xid, ACCEPT_WORDS.indexOf(error)).bytes()
}

/** PROG_MISMATCH: the program is here in versions low..high. */
export function encodeMismatch(xid: number, low: number, high: number): Uint8Array {
  return acceptedHead(xid, ACCEPT_WORDS.indexOf('prog-mismatch')).u32(low).u32(high).bytes()
}

/** MSG_DENIED with AUTH_ERROR; `authStat` as in RFC 5531 section 9 (5: AUTH_TOOWEAK). */
export function encodeDenied(xid: number, authStat: number): Uint8Array {
  return new XdrWriter().u32(xid).u32(MessageType.reply).u32(ReplyStatus.denied).u32(1).u32(authStat).bytes()
}

/** Most bytes a fragment header can state (RFC 5531 section 11: 31 bits). */
const FRAGMENT_BYTES_LIMIT = 0x7fff_ffff

/** TCP record marking (RFC 5531 section 11). With `fragmentBytes` the message is cut into fragments of at most that many bytes. */
export function withRecordMark(message: Uint8Array, fragmentBytes: number = FRAGMENT_BYTES_LIMIT): Uint8Array {
  assert(fragmentBytes > 0 && fragmentBytes <= FRAGMENT_BYTES_LIMIT, 'a fragment holds 1..2^31-1 bytes')
  const count = Math.max(1, Math.ceil(message.length / fragmentBytes))
  const out = new Uint8Array(message.length + 4 * count)
  for (let i = 0; i < count; i++) {
    const from = i * fragmentBytes
    const to = Math.min(message.length, from + fragmentBytes)
    const mark = to - from + (i === count - 1 ? 0x8000_0000 : 0)
    out.set(new XdrWriter().u32(mark).bytes(), from + 4 * i)
    out.set(message.slice(from, to), from + 4 * i + 4)
  }
  return out
}

/** The mark of a record of one fragment, for senders that do not want the message copied. */
export function recordMark(length: number): Uint8Array {
  assert(length > 0 && length <= FRAGMENT_BYTES_LIMIT, 'a fragment holds 1..2^31-1 bytes')
  return new XdrWriter().u32(length + 0x8000_0000).bytes()
}

/** The empty result of NULL, UMNT and UMNTALL. */
export function voidResult(): Uint8Array {
  return NOTHING
}

// ---- PORTMAP version 2 (RFC 1833 section 3)

export interface PortMapping {
  readonly program: number
  readonly version: number
  /** 6 TCP, 17 UDP. */
  readonly protocol: number
  readonly port: number
}

export function portmapNull(): RpcCallBody {
  return bareCall(Program.portmap, 2, PortmapProc.null)
}

/** "Where is this program?" The answer is getportResult. */
export function portmapGetport(program: number, version: number, protocol: number): RpcCallBody {
  const args = new XdrWriter().u32(program).u32(version).u32(protocol).u32(0).bytes()
  return { program: Program.portmap, version: 2, procedure: PortmapProc.getport, args }
}

export function portmapDump(): RpcCallBody {
  return bareCall(Program.portmap, 2, PortmapProc.dump)
}

/** 0: not registered. */
export function getportResult(port: number): Uint8Array {
  return new XdrWriter().u32(port).bytes()
}

export function dumpResult(mappings: readonly PortMapping[]): Uint8Array {
  const w = new XdrWriter()
  for (const m of mappings) w.bool(true).u32(m.program).u32(m.version).u32(m.protocol).u32(m.port)
  return w.bool(false).bytes()
}

// ---- MOUNT versions 1 (RFC 1094 appendix A) and 3 (RFC 1813 section 5)

export type MountVersion = 1 | 2 | 3

export function mountNull(version: MountVersion): RpcCallBody {
  return bareCall(Program.mount, version, MountProc.null)
}

export function mountMnt(version: MountVersion, path: string): RpcCallBody {
  return { program: Program.mount, version, procedure: MountProc.mnt, args: new XdrWriter().string(path).bytes() }
}

export function mountUmnt(version: MountVersion, path: string): RpcCallBody {
  return { program: Program.mount, version, procedure: MountProc.umnt, args: new XdrWriter().string(path).bytes() }
}

export function mountExport(version: MountVersion): RpcCallBody {
  return bareCall(Program.mount, version, MountProc.export)
}

/** MNT accepted: 32-byte handle in versions 1 and 2; up to 64 bytes and the accepted flavours (default AUTH_SYS) in version 3. */
export function mntResult(version: MountVersion, handle: Uint8Array, flavors: readonly number[] = [AuthFlavor.sys]): Uint8Array {
  const w = new XdrWriter().u32(NfsStatus.ok)
  if (version < 3) return w.fixed(handle2(handle)).bytes()
  assert(handle.length <= FH3_BYTES_MAX, 'an NFSv3 handle holds at most 64 bytes')
  w.opaque(handle).u32(flavors.length)
  for (const flavor of flavors) w.u32(flavor)
  return w.bytes()
}

/** MNT refused, any version: e.g. NfsStatus.acces or noent. */
export function mntError(status: number): Uint8Array {
  return new XdrWriter().u32(status).bytes()
}

/** Asserts the fixed length of NFSv2 handles and gives the handle back. */
export function handle2(handle: Uint8Array): Uint8Array {
  assert(handle.length === FH2_BYTES, 'an NFSv2 handle is 32 bytes')
  return handle
}

export interface ExportEntry {
  readonly path: string
  /** Who may mount it; empty for everyone. */
  readonly groups: readonly string[]
}

export function exportResult(entries: readonly ExportEntry[]): Uint8Array {
  const w = new XdrWriter()
  for (const entry of entries) {
    w.bool(true).string(entry.path)
    for (const group of entry.groups) w.bool(true).string(group)
    w.bool(false)
  }
  return w.bool(false).bytes()
}
