// The RPC message (RFC 5531 section 9): reading call and reply headers, and judging whether bytes are one at all.
// Keeps the rule that a header is read as far as it goes: a capture cut after 28 bytes still names program and procedure.

import { u32be } from '../../wire/bytes.ts'
import {
  ACCEPT_SUCCESS, ACCEPT_WORDS, AUTH_BODY_BYTES_MAX, AUTH_SYS_GROUPS_MAX, AuthFlavor, isKnownFlavor, isPlausibleProgram, MACHINE_NAME_MAX,
  MessageType, ReplyStatus, RPC_VERSION,
} from './codes.ts'
import { padded, type XdrReader } from './xdr.ts'

/** xid, type, RPC version, program, version, procedure. */
export const CALL_FIXED_BYTES = 24
/** xid, type, reply status, verifier flavour and length, accept status: the shortest accepted reply. */
export const REPLY_FIXED_BYTES = 24
/** The shortest whole call: the fixed part, an empty credential and an empty verifier. */
export const CALL_BYTES_MIN = 40
/** Versions and procedures in the IANA lists are small; sadmind is version 10, NFSv4 callbacks go to procedure 1. */
const VERSION_MAX = 255
const PROCEDURE_MAX = 255
/** Flavour of a call that the capture cut before its credential; 0 would claim AUTH_NONE. */
export const FLAVOR_NOT_SEEN = -1

export interface CallHeader {
  readonly xid: number
  readonly program: number
  readonly version: number
  readonly procedure: number
  readonly authFlavor: number
  readonly machine: string | null
  readonly uid: number | null
  readonly gid: number | null
  /** RPCSEC_GSS context messages, and arguments wrapped for integrity or privacy (RFC 2203 section 5.3): not to be decoded. */
  readonly wrapped: boolean
}

export interface ReplyHeader {
  /** A word of ACCEPT_WORDS, `denied`, or `accept-N` for a number the RFC does not have. */
  readonly accepted: string
  /** True when a result follows. */
  readonly success: boolean
}

interface Credential {
  machine: string | null
  uid: number | null
  gid: number | null
  wrapped: boolean
}

/**
 * Reads a call from its xid up to its arguments; null when not even the procedure number is there or the RPC version is not 2.
 * Later faults stay in the reader: what was read before them is in the header.
 */
export function readCall(r: XdrReader): CallHeader | null {
  const xid = r.u32()
  r.u32()
  const rpcVersion = r.u32()
  const program = r.u32()
  const version = r.u32()
  const procedure = r.u32()
  if (r.fault === null && rpcVersion !== RPC_VERSION) r.fail('rpc-version')
  if (r.fault !== null) return null
  const credential: Credential = { machine: null, uid: null, gid: null, wrapped: false }
  const authFlavor = readCredential(r, credential)
  readVerifier(r)
  const { machine, uid, gid, wrapped } = credential
  return { xid, program, version, procedure, authFlavor, machine, uid, gid, wrapped }
}

function readCredential(r: XdrReader, into: Credential): number {
  const flavor = r.u32()
  if (r.fault !== null) return FLAVOR_NOT_SEEN
  const length = r.u32()
  if (length > AUTH_BODY_BYTES_MAX) r.fail('credential-length')
  if (r.fault !== null) return flavor
  const messageEnd = r.end
  const credentialEnd = r.off + padded(length)
  r.end = Math.min(messageEnd, credentialEnd)
  if (flavor === AuthFlavor.sys) readAuthSys(r, into)
  if (flavor === AuthFlavor.gss) readGss(r, into)
  if (r.fault === 'cut-short' && credentialEnd <= messageEnd) r.fault = 'credential'
  r.end = messageEnd
  if (r.fault !== null) return flavor
  r.off = Math.min(credentialEnd, messageEnd)
  if (credentialEnd > messageEnd) r.fail('cut-short')
  return flavor
}

/** authsys_parms (RFC 5531 appendix A). */
function readAuthSys(r: XdrReader, into: Credential): void {
  r.u32()
  into.machine = r.text(MACHINE_NAME_MAX, 'machine-name')
  const uid = r.u32()
  if (r.fault === null) into.uid = uid
  const gid = r.u32()
  if (r.fault === null) into.gid = gid
  const groups = r.u32()
  if (groups > AUTH_SYS_GROUPS_MAX) r.fail('group-count')
  r.skip(4 * groups)
}

/** rpc_gss_cred_vers_1_t (RFC 2203 section 5): only procedure DATA (0) with service none (1) carries plain arguments. */
function readGss(r: XdrReader, into: Credential): void {
  r.u32()
  const gssProcedure = r.u32()
  r.u32()
  const service = r.u32()
  into.wrapped = r.fault !== null || gssProcedure !== 0 || service !== 1
}

function readVerifier(r: XdrReader): void {
  r.u32()
  r.skipOpaque(AUTH_BODY_BYTES_MAX, 'verifier-length')
}

/** Reads a reply whose xid and type were judged already, up to its result; faults stay in the reader. */
export function readReply(r: XdrReader): ReplyHeader {
  r.skip(8)
  const status = r.u32()
  if (status === ReplyStatus.denied) return { accepted: 'denied', success: false }
  if (status !== ReplyStatus.accepted) r.fail('reply-status')
  readVerifier(r)
  const acceptStat = r.u32()
  const word: string | undefined = ACCEPT_WORDS[acceptStat]
  if (word === undefined) r.fail('accept-status')
  return { accepted: word ?? `accept-${acceptStat}`, success: r.fault === null && acceptStat === ACCEPT_SUCCESS }
}

/**
 * True when the bytes at `off` can be a call: message type 0, RPC version 2, an assigned program, small version and procedure,
 * and, as far as they are there, credential and verifier of known flavour and legal length. Needs CALL_FIXED_BYTES.
 */
export function looksLikeCall(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < CALL_FIXED_BYTES) return false
  if (u32be(buf, off + 4) !== MessageType.call || u32be(buf, off + 8) !== RPC_VERSION) return false
  if (!isPlausibleProgram(u32be(buf, off + 12))) return false
  if (u32be(buf, off + 16) > VERSION_MAX || u32be(buf, off + 20) > PROCEDURE_MAX) return false
  const verifier = plausibleAuth(buf, off + CALL_FIXED_BYTES, end)
  return verifier >= 0 && plausibleAuth(buf, verifier, end) >= 0
}

/** True when the bytes can be an accepted or denied reply. Weak alone: the caller needs a pending xid or a matching record mark. */
export function looksLikeReply(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < 20 || u32be(buf, off + 4) !== MessageType.reply) return false
  const status = u32be(buf, off + 8)
  if (status === ReplyStatus.denied) return u32be(buf, off + 12) <= 1 && u32be(buf, off + 16) <= 15
  if (status !== ReplyStatus.accepted) return false
  const accept = plausibleAuth(buf, off + 12, end)
  if (accept < 0) return false
  return accept + 4 > end || u32be(buf, accept) < ACCEPT_WORDS.length
}

/** Offset after an opaque_auth that can be one; `end` when it is not all there; -1 when it cannot be one. */
function plausibleAuth(buf: Uint8Array, off: number, end: number): number {
  if (off + 8 > end) return end
  const length = u32be(buf, off + 4)
  if (!isKnownFlavor(u32be(buf, off)) || length > AUTH_BODY_BYTES_MAX) return -1
  return Math.min(end, off + 8 + padded(length))
}
