// Compound: NFSv4 calls and results for tests, operation by operation, and the talk of a client that mounts and opens.
// Keeps the rule that what is written here is not read by its own decoder's code: tshark is the judge in nfs4-shapes.test.ts.

import { Program } from '../codes.ts'
import type { RpcCallBody } from '../encode.ts'
import { XdrWriter } from '../xdr.ts'
import { fakeHandle, type Talk } from './talk.ts'

export const STATEID = new Uint8Array(16).fill(9)
export const ROOT = fakeHandle(1)
export const DIR = fakeHandle(2)
export const FILE = fakeHandle(3)

export type Op = (w: XdrWriter) => XdrWriter

export const op = (number: number, body: Op = (w) => w): Op => (w) => body(w.u32(number))
export const done = (number: number, body: Op = (w) => w): Op => (w) => body(w.u32(number).u32(0))

export function compound(minor: number, ops: readonly Op[]): RpcCallBody {
  const w = new XdrWriter().string('tag').u32(minor).u32(ops.length)
  for (const one of ops) one(w)
  return { program: Program.nfs, version: 4, procedure: 1, args: w.bytes() }
}

export function results(ops: readonly Op[], status = 0): Uint8Array {
  const w = new XdrWriter().u32(status).string('tag').u32(ops.length)
  for (const one of ops) one(w)
  return w.bytes()
}

/** Type, change and size: bits 1, 3 and 4. */
export const attributes = (type: number, size: number, change = 1): Op => (w) =>
  w.u32(1).u32((1 << 1) | (1 << 3) | (1 << 4)).opaque(new XdrWriter().u32(type).u64(change).u64(size).bytes())
export const sequence = op(53, (w) => w.fixed(STATEID).u32(1).u32(0).u32(0).bool(false))
export const sequenced = done(53, (w) => w.fixed(STATEID).u32(1).u32(0).u32(0).u32(0).u32(0))
export const putfh = (handle: Uint8Array): Op => op(22, (w) => w.opaque(handle))
export const getattr = op(9, (w) => w.u32(1).u32(0x1a))
export const gotattr = (type: number, size: number, change = 1): Op => done(9, attributes(type, size, change))
export const gotfh = (handle: Uint8Array): Op => done(10, (w) => w.opaque(handle))
export const open = (name: string, create: boolean): Op => op(18, (w) => {
  w.u32(0).u32(3).u32(0).u64(5).string('ZZTEST-owner').u32(create ? 1 : 0)
  if (create) attributes(1, 0)(w.u32(0))
  return w.u32(0).string(name)
})
export const opened = done(18, (w) => w.fixed(STATEID).bool(true).u64(1).u64(2).u32(0).u32(0).u32(0))
export const read = (offset: number, count: number): Op => op(25, (w) => w.fixed(STATEID).u64(offset).u32(count))
export const gave = (data: Uint8Array, eof: boolean): Op => done(25, (w) => w.bool(eof).opaque(data))
export const write = (offset: number, data: Uint8Array): Op => op(38, (w) => w.fixed(STATEID).u64(offset).u32(2).opaque(data))
export const took = (count: number): Op => done(38, (w) => w.u32(count).u32(2).u64(7))
export const close = op(4, (w) => w.u32(0).fixed(STATEID))
export const closed = done(4, (w) => w.fixed(STATEID))

/** Root, /pm in it, and a file opened there: what a 4.0 or 4.1 client does to mount and open. */
export function mountTalk(talk: Talk, minor: number): void {
  const [s, t] = minor > 0 ? [[sequence], [sequenced]] : [[], []]
  talk.ask(compound(minor, [...s, op(24), op(10), getattr]), results([...t, done(24), gotfh(ROOT), gotattr(2, 4096)]))
  talk.ask(compound(minor, [...s, putfh(ROOT), op(15, (w) => w.string('pm')), op(10), getattr]),
    results([...t, done(22), done(15), gotfh(DIR), gotattr(2, 4096)]))
}

export function openTalk(talk: Talk, minor: number, name: string, size: number, create = false): void {
  const [s, t] = minor > 0 ? [[sequence], [sequenced]] : [[], []]
  talk.ask(compound(minor, [...s, putfh(DIR), open(name, create), op(10), op(3, (w) => w.u32(1)), getattr]),
    results([...t, done(22), opened, gotfh(FILE), done(3, (w) => w.u32(1).u32(1)), gotattr(1, size)]))
}
