// update-world: a release, a device with a grant, and one RPC call with its answer read back: for tests of the update server.
// Keeps the rule that what a test serves is made here: bytes from a seed, names that mean nothing.

import { ok } from 'node:assert/strict'
import type { Ip } from '../base/ip.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import type { AuditRecord } from '../gateway/core/update/audit.ts'
import type { Offer, Peer } from '../gateway/core/update/context.ts'
import { hmacSha256, hexOfBytes, sha256Bytes } from '../gateway/core/update/hmac.ts'
import { UpdateServer, type UpdateSetup } from '../gateway/core/update/server.ts'
import { makeTree, type ReleaseTree, type ServedFile } from '../gateway/core/update/tree.ts'
import type { Grant } from '../gateway/core/update/window.ts'
import { encodeCall, type AuthSys, type RpcCallBody } from '../protocols/rpc/encode.ts'
import { readReply, type ReplyHeader } from '../protocols/rpc/message.ts'
import { XdrReader, XdrWriter } from '../protocols/rpc/xdr.ts'

/** 2026-01-05T07:30:00Z. */
export const START: Micros = 1_767_598_200 * MICROS_PER_SECOND
export const ROOT_USER: AuthSys = { machine: 'monitor', uid: 0, gid: 0, groups: [0] }
export const BED_7 = '202.114.4.31' as Ip
export const BED_8 = '202.114.4.32' as Ip
export const OFFER: Offer = { ports: { portmap: 111, mount: 635, nfs: 2049 }, nfsVersions: [2, 3], reservedPortsOnly: true }
export const KEY = { key: Uint8Array.from({ length: 32 }, (_, i) => i * 7), mac: hmacSha256 }

/** Bytes that differ at every place a test may mix up. */
export function noise(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i * 2_654_435_761 + seed * 40_503) >>> 13) & 255)
}

export function servedFile(path: string, content: Uint8Array, mode = 0o755): ServedFile {
  return { path, mode, content, sha256: hexOfBytes(sha256Bytes(content)) }
}

export const FILES: readonly ServedFile[] = [
  servedFile('monitor', noise(300_001)), servedFile('run.sh', new TextEncoder().encode('#!/bin/sh\necho ZZTEST\n')),
  servedFile('lib/table', noise(5_000, 2), 0o644), servedFile('lib/empty', new Uint8Array(0)),
]

export function testTree(id = 'release-1', files: readonly ServedFile[] = FILES): ReleaseTree {
  const tree = makeTree({ id, exportPath: '/pm', modified: 1_767_000_000, files })
  ok(tree.ok, tree.ok ? '' : tree.error)
  return tree.value
}

/** Ten minutes from START, five more to finish. */
export function testGrant(over: Partial<Grant> = {}): Grant {
  return {
    permitId: 'permit-1', deviceId: 'SN-0007', ip: BED_7, from: START, until: START + 10 * MICROS_PER_MINUTE,
    completeBy: START + 15 * MICROS_PER_MINUTE, tree: testTree(), ...over,
  }
}

export interface Said {
  readonly reply: ReplyHeader | null
  /** At the result; for errors at what follows the accept status. */
  readonly r: XdrReader
  readonly bytes: Uint8Array | null
  readonly records: readonly AuditRecord[]
  readonly isNoCall: boolean
}

/** A server and a clock that tests move. Each `ask` is a new xid from the same socket of the device. */
export class UpdateWorld {
  readonly server: UpdateServer
  now: Micros = START
  records: AuditRecord[] = []
  xid = 0x1000

  constructor(grants: readonly Grant[] = [testGrant()], setup: Partial<UpdateSetup> = {}) {
    this.server = new UpdateServer({ key: KEY, offer: OFFER, ...setup })
    this.records.push(...this.server.setGrants(grants, this.now))
  }

  peer(ip: Ip = BED_7, transport: 'udp' | 'tcp' = 'udp', port = 800): Peer {
    return { ip, port, transport }
  }

  ask(body: RpcCallBody, peer: Peer = this.peer(), credential: AuthSys | null = ROOT_USER): Said {
    this.xid++
    return this.say(encodeCall(this.xid, body, credential), peer)
  }

  say(message: Uint8Array, peer: Peer = this.peer(), whole = true): Said {
    const { reply: head, data, records, isNoCall } = this.server.answer(message, peer, this.now, whole)
    const reply = head && data ? new XdrWriter().raw(head).fixed(data).bytes() : head
    this.records.push(...records)
    const r = new XdrReader()
    if (reply === null) return { reply: null, r, bytes: null, records, isNoCall }
    r.reset(reply, 0, reply.length)
    return { reply: readReply(r), r, bytes: reply, records, isNoCall }
  }

  tick(): readonly AuditRecord[] {
    const records = this.server.tick(this.now)
    this.records.push(...records)
    return records
  }

  kinds(): string[] {
    return this.records.map((r) => r.kind)
  }
}
