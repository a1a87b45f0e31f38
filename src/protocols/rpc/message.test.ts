// RPC headers: read as far as they go, judged by every field, at every length.
// Keeps the rule that a cut header is not a malformed one: the caller decides by what it knows of the capture.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AuthFlavor, Program } from './codes.ts'
import {
  bareCall, encodeAcceptedError, encodeCall, encodeDenied, encodeMismatch, encodeReply, mountMnt, portmapGetport,
} from './encode.ts'
import { CALL_FIXED_BYTES, type CallHeader, FLAVOR_NOT_SEEN, looksLikeCall, looksLikeReply, readCall, readReply } from './message.ts'
import { MONITOR } from './testdata/talk.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

const XID = 0xcafe0001

function reader(bytes: Uint8Array, end = bytes.length): XdrReader {
  const r = new XdrReader()
  r.reset(bytes, 0, end)
  return r
}

function callOf(bytes: Uint8Array): { header: CallHeader | null; r: XdrReader } {
  const r = reader(bytes)
  return { header: readCall(r), r }
}

/** A call whose credential is given byte by byte. */
function callWith(flavor: number, body: Uint8Array, length = body.length, verifierLength = 0): Uint8Array {
  const w = new XdrWriter().u32(XID).u32(0).u32(2).u32(Program.nfs).u32(3).u32(1)
  w.u32(flavor).u32(length).fixed(body).u32(0).u32(verifierLength)
  return w.bytes()
}

describe('readCall', () => {
  test('a call with AUTH_SYS gives machine, uid and gid, and stops at the arguments', () => {
    const { header, r } = callOf(encodeCall(XID, mountMnt(3, '/pm'), { machine: 'zztest', uid: 1000, gid: 100, groups: [4, 24] }))
    deepStrictEqual(header, {
      xid: XID, program: Program.mount, version: 3, procedure: 1, authFlavor: AuthFlavor.sys, machine: 'zztest', uid: 1000, gid: 100,
      wrapped: false,
    })
    equal(r.fault, null)
    equal(r.text(1024, 'path-length'), '/pm')
  })

  test('AUTH_NONE has no names', () => {
    const { header, r } = callOf(encodeCall(XID, portmapGetport(Program.nfs, 3, 17), null))
    equal(header?.machine, null)
    equal(header?.uid, null)
    equal(header?.authFlavor, 0)
    equal(r.u32(), Program.nfs)
  })

  test('RPC version 3 does not exist', () => {
    const bytes = encodeCall(XID, mountMnt(3, '/pm'), null)
    bytes[11] = 3
    const { header, r } = callOf(bytes)
    equal(header, null)
    equal(r.fault, 'rpc-version')
  })

  test('cut anywhere: nothing below 24 bytes, then the procedure, then more and more of the credential', () => {
    const bytes = encodeCall(XID, mountMnt(3, '/pm'), MONITOR)
    for (let end = 0; end < bytes.length; end++) {
      const r = reader(bytes, end)
      const header = readCall(r)
      if (end < CALL_FIXED_BYTES) equal(header, null)
      else equal(header?.procedure, 1)
      const credentialEnd = bytes.length - 8 - 8
      equal(r.fault, end < credentialEnd + 8 ? 'cut-short' : null, `cut at ${end}`)
      equal(header?.authFlavor ?? FLAVOR_NOT_SEEN, end < CALL_FIXED_BYTES + 4 ? FLAVOR_NOT_SEEN : AuthFlavor.sys, `cut at ${end}`)
    }
  })

  test('a credential of more than 400 bytes is a fault (RFC 5531 section 8.2)', () => {
    equal(callOf(callWith(0, new Uint8Array(0), 401)).r.fault, 'credential-length')
    equal(callOf(callWith(0, new Uint8Array(0), 0xffffffff)).r.fault, 'credential-length')
    equal(callOf(callWith(9, new Uint8Array(400))).r.fault, null)
    equal(callOf(callWith(0, new Uint8Array(0), 0, 0x7fffffff)).r.fault, 'verifier-length')
  })

  test('AUTH_SYS whose own lengths leave the credential is a fault, not a read into the arguments', () => {
    const body = new XdrWriter().u32(0).u32(200).u32(0).bytes()
    const { header, r } = callOf(callWith(AuthFlavor.sys, body))
    equal(r.fault, 'credential')
    equal(header?.machine, null)
  })

  test('a machine name longer than its credential does not read on into the arguments', () => {
    const body = new XdrWriter().u32(0).u32(20).u32(0x41414141).bytes()
    const call = new XdrWriter().u32(XID).u32(0).u32(2).u32(Program.mount).u32(3).u32(1)
      .u32(AuthFlavor.sys).opaque(body).u32(0).u32(0).string('/pm/secret/path/of/the/arguments').bytes()
    const { header, r } = callOf(call)
    equal(header?.machine, null)
    equal(r.fault, 'credential')
  })

  test('more than 16 groups is a fault, and the names before it stay (capture nfs-seg-fault-1)', () => {
    const body = new XdrWriter().u32(0).string('zztest').u32(5).u32(6).u32(42).fixed(new Uint8Array(168)).bytes()
    const { header, r } = callOf(callWith(AuthFlavor.sys, body))
    equal(r.fault, 'group-count')
    deepStrictEqual([header?.machine, header?.uid, header?.gid], ['zztest', 5, 6])
  })

  test('a credential length that is no multiple of four is stepped over with its padding', () => {
    const bytes = new XdrWriter().u32(XID).u32(0).u32(2).u32(Program.nfs).u32(3).u32(1)
      .u32(AuthFlavor.short).opaque(Uint8Array.of(1, 2, 3, 4, 5)).u32(0).u32(0).u32(77).bytes()
    const { r } = callOf(bytes)
    equal(r.fault, null)
    equal(r.u32(), 77)
  })

  test('RPCSEC_GSS: only plain DATA may be decoded (RFC 2203 section 5.3)', () => {
    const gss = (procedure: number, service: number): boolean | undefined => {
      const body = new XdrWriter().u32(1).u32(procedure).u32(9).u32(service).opaque(new Uint8Array(4)).bytes()
      return callOf(callWith(AuthFlavor.gss, body)).header?.wrapped
    }
    equal(gss(0, 1), false)
    equal(gss(0, 2), true)
    equal(gss(0, 3), true)
    equal(gss(1, 1), true)
  })
})

describe('readReply', () => {
  test('accepted with a result', () => {
    const r = reader(encodeReply(XID, Uint8Array.of(0, 0, 0, 42)))
    deepStrictEqual(readReply(r), { accepted: 'success', success: true })
    equal(r.u32(), 42)
  })

  test('every refusal has its word', () => {
    const word = (bytes: Uint8Array): string => readReply(reader(bytes)).accepted
    equal(word(encodeAcceptedError(XID, 'prog-unavail')), 'prog-unavail')
    equal(word(encodeAcceptedError(XID, 'proc-unavail')), 'proc-unavail')
    equal(word(encodeAcceptedError(XID, 'garbage-args')), 'garbage-args')
    equal(word(encodeAcceptedError(XID, 'system-err')), 'system-err')
    equal(word(encodeMismatch(XID, 2, 3)), 'prog-mismatch')
    equal(word(encodeDenied(XID, 5)), 'denied')
  })

  test('numbers the RFC does not have survive and are faults', () => {
    const bytes = encodeReply(XID, new Uint8Array(0))
    bytes[23] = 9
    const r = reader(bytes)
    deepStrictEqual(readReply(r), { accepted: 'accept-9', success: false })
    equal(r.fault, 'accept-status')
    bytes[11] = 2
    const s = reader(bytes)
    readReply(s)
    equal(s.fault, 'reply-status')
  })

  test('cut before the accept status: no success', () => {
    const bytes = encodeReply(XID, new Uint8Array(0))
    for (let end = 8; end < 24; end++) {
      const r = reader(bytes, end)
      equal(readReply(r).success, false)
      equal(r.fault, 'cut-short')
    }
  })
})

describe('looksLikeCall', () => {
  const call = encodeCall(XID, mountMnt(3, '/pm'), MONITOR)

  test('a call, at its fixed length and at every length above', () => {
    for (let end = 0; end <= call.length; end++) equal(looksLikeCall(call, 0, end), end >= CALL_FIXED_BYTES, `length ${end}`)
  })

  test('each word is looked at', () => {
    const wrong: readonly (readonly [string, number, number])[] = [
      ['message type', 7, 1], ['RPC version', 11, 1], ['RPC version high byte', 8, 1], ['program', 12, 0x80], ['version', 18, 1],
      ['procedure', 22, 1], ['credential flavour', 24, 0x10], ['credential length', 29, 2],
    ]
    for (const [what, at, value] of wrong) {
      const bytes = call.slice()
      bytes[at] = value
      equal(looksLikeCall(bytes, 0, bytes.length), false, what)
    }
  })

  test('site and transient programs are believed, program 0 and defined-by-nobody blocks are not', () => {
    const of = (program: number): boolean => {
      const bytes = encodeCall(XID, bareCall(program, 1, 0), null)
      return looksLikeCall(bytes, 0, bytes.length)
    }
    ok(of(100232) && of(0x40000000) && of(0x20000001) && of(390113))
    ok(!of(0) && !of(1) && !of(99_999) && !of(0x7fffffff) && !of(0xffffffff))
  })
})

describe('looksLikeReply', () => {
  test('accepted, refused and denied replies, not calls, not noise', () => {
    for (const bytes of [encodeReply(XID, new Uint8Array(8)), encodeAcceptedError(XID, 'prog-unavail'), encodeDenied(XID, 1)]) {
      ok(looksLikeReply(bytes, 0, bytes.length))
    }
    const call = encodeCall(XID, mountMnt(3, '/pm'), null)
    ok(!looksLikeReply(call, 0, call.length))
    ok(!looksLikeReply(new Uint8Array(64), 0, 64))
    ok(!looksLikeReply(Uint8Array.from({ length: 64 }, () => 0x41), 0, 64))
  })

  test('impossible verifier and accept status are seen', () => {
    const bytes = encodeReply(XID, new Uint8Array(8))
    for (const [at, value] of [[12, 1], [18, 2], [23, 6], [11, 2]] as const) {
      const wrong = bytes.slice()
      wrong[at] = value
      ok(!looksLikeReply(wrong, 0, wrong.length), `byte ${at}`)
    }
  })
})
